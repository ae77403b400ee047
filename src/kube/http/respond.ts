/** Sends answers: bodies in the negotiated form, compressed where that pays, and errors as Statuses. */

import type { ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { Failure } from '../../util/failure.ts';
import { internalError, requestTimeout, StatusError, tooManyRequests, unavailable } from '../api/status.ts';
import { type Encoding, encodeBody } from './encode.ts';
import { mediaTypes } from './negotiate.ts';
import type { ApiAnswer, ApiRequest } from './types.ts';

/** Answers beyond this are compressed for clients that accept it. */
const gzipBytesMin = 128 << 10;

/** Headers of an answer; a name that comes several times has a list. */
export type AnswerHeaders = Record<string, string | number | string[]>;

/** A refusal of the store, as a client sees it. */
export function statusOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof Failure)) {
    return internalError(error instanceof Error ? error.message : String(error));
  }
  if (error.reason === 'tooManyRequests') {
    return tooManyRequests('Too many requests, please try again later.', 1);
  }
  if (error.reason === 'noLeader' || error.reason === 'stopped') return unavailable(error.message);
  if (error.reason.startsWith('timeout')) return requestTimeout(`request did not complete: ${error.message}`);
  return internalError(error.message);
}

function packed(bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(bytes, { level: 1 }, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** @returns the size of the body */
export async function sendBody(
  request: ApiRequest,
  response: ServerResponse,
  code: number,
  headers: AnswerHeaders,
  body: Buffer | string,
): Promise<number> {
  let sent = body;
  let size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (size > gzipBytesMin && /\bgzip\b/.test(request.header('accept-encoding'))) {
    sent = await packed(typeof body === 'string' ? Buffer.from(body) : body);
    size = sent.length;
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'Accept-Encoding';
  }
  // The deadline may have answered meanwhile.
  if (response.headersSent) return 0;
  headers['content-length'] = size;
  response.writeHead(code, headers);
  if (request.method === 'HEAD') response.end();
  else response.end(sent);
  return size;
}

/** The body and its type of an answer that is an object, a list or a Status. */
export function bodyOf(
  answer: ApiAnswer & { readonly type: 'object' },
  encoding: Encoding,
  headers: AnswerHeaders,
): Buffer | string {
  const { body, type } = encodeBody(answer.body, encoding, answer.isShared === true);
  headers['content-type'] = type;
  return body;
}

/** Sends the head of a watch at once: a client waits for it. */
export function beginStream(response: ServerResponse, headers: AnswerHeaders, isProtobuf: boolean): void {
  headers['content-type'] = isProtobuf ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json;
  response.writeHead(200, headers);
  response.flushHeaders();
}

/** @returns the code that was sent */
export function sendError(
  response: ServerResponse,
  error: StatusError,
  encoding: Encoding,
  headers: AnswerHeaders,
): number {
  const { status, code } = error;
  if (status.details?.retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(status.details.retryAfterSeconds);
  }
  const { body, type } = encodeBody(status, encoding, false);
  headers['content-type'] = type;
  headers['content-length'] = Buffer.byteLength(body);
  response.writeHead(code, headers);
  response.end(body);
  return code;
}

/** One header per warning, code 299 (RFC 7234 §5.5). */
export function addWarnings(headers: AnswerHeaders, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const plain = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, '\\$&');
  headers['warning'] = warnings.map((text) => `299 - "${plain(text)}"`);
}
