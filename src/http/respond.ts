/** Answers in the form of Go's net/http. */

import type { ServerResponse } from 'node:http';

/** A text as `http.Error` sends it: with a newline behind it. */
export function sendError(response: ServerResponse, status: number, text: string): void {
  sendText(response, status, `${text}\n`);
}

/** As a handler that writes text: nothing is said of sniffing. */
export function sendPlain(response: ServerResponse, text: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(text);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}
