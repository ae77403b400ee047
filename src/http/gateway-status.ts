/**
 * Errors as the gateway tells them. The gateway of etcd since 3.6 has `code` and `message` in them, that of before had
 * `error` besides, and within streams `grpc_code` and others: all of it is here, for the clients of either.
 */

import { STATUS_CODES } from 'node:http';
import type { RpcStatus } from '../rpc/transport.ts';

const httpStatusByCode: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** The words of those that have none in Node. */
const otherWords: Readonly<Record<number, string>> = { 499: 'Client Closed Request' };

export function httpStatusOf(code: number): number {
  return httpStatusByCode[code] ?? 500;
}

/** The body of an answer that is an error. */
export function errorText({ code, message }: RpcStatus): string {
  return JSON.stringify({ error: message, code, message });
}

/** The error that ends a stream. */
export function streamErrorText({ code, message }: RpcStatus): string {
  const httpStatus = httpStatusOf(code);
  const words = STATUS_CODES[httpStatus] ?? otherWords[httpStatus] ?? '';
  const error = { code, message, grpc_code: code, http_code: httpStatus, http_status: words };
  return JSON.stringify({ error });
}
