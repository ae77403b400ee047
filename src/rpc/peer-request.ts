/** One question over HTTP/1.1 to the peer port of another member. */

import { request as ask, type RequestOptions } from 'node:http';
import { type Endpoint, hostNameOf } from './address.ts';
import type { Dialer } from './dial.ts';

const usualPatienceMs = 5000;
const answerBytesMax = 16 * 1024 * 1024;

export interface PeerAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws Error when the answer is not there in time. @param answerWithinMs how long that is. @default 5000 */
export function getText(
  dialer: Dialer,
  endpoint: Endpoint,
  path: string,
  answerWithinMs: number = usualPatienceMs,
): Promise<PeerAnswer> {
  return exchange(dialer, endpoint, { path }, null, answerWithinMs);
}

/** Sends `body`, JSON, and gets the answer. @throws as `getText` */
export function postText(
  dialer: Dialer,
  endpoint: Endpoint,
  path: string,
  body: string,
  answerWithinMs: number = usualPatienceMs,
): Promise<PeerAnswer> {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  return exchange(dialer, endpoint, { path, method: 'POST', headers }, body, answerWithinMs);
}

function exchange(
  dialer: Dialer,
  endpoint: Endpoint,
  asked: RequestOptions,
  sent: string | null,
  answerWithinMs: number,
): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    // The whole of it, from the call to the last byte: a limit of silence would not hold who cannot be reached at all.
    const limit = AbortSignal.timeout(answerWithinMs);
    const fail = (error: Error): void =>
      reject(limit.aborted ? new Error(`no answer within ${answerWithinMs} ms`) : error);
    const request = ask({
      ...asked,
      host: hostNameOf(endpoint),
      signal: limit,
      // Without an agent, which would make connections of its own.
      createConnection: () => dialer.dial(endpoint, () => {}),
    });
    request.on('error', fail);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
        if (body.length > answerBytesMax) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end(sent ?? undefined);
  });
}
