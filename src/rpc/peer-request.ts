/** One question over HTTP/1.1 to the peer port of another member. */

import { get } from 'node:http';
import { type Endpoint, hostNameOf } from './address.ts';
import type { Dialer } from './dial.ts';

const answerWithinMs = 5000;
const answerBytesMax = 16 * 1024 * 1024;

export interface PeerAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws Error when nobody answers within five seconds */
export function getText(dialer: Dialer, endpoint: Endpoint, path: string): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    const request = get({
      path,
      host: hostNameOf(endpoint),
      timeout: answerWithinMs,
      // Without an agent, which would make connections of its own.
      createConnection: () => dialer.dial(endpoint, () => {}),
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${answerWithinMs} ms`)));
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
        if (body.length > answerBytesMax) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}
