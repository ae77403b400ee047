/**
 * What a response's header list means to a gRPC client, its head as well as its trailers. Codes and texts for what is
 * no proper end of a call are those of `@grpc/grpc-js`, which clients of etcd in JavaScript know.
 */

import type { RpcFailure } from '../channel.ts';
import { ErrorCode } from './frames.ts';
import { type HeaderField, HeaderKind } from './header-table.ts';

export interface ResponseHead {
  /** Against HTTP/2 itself: a client must not accept it (RFC 9113 §8.1.1). */
  readonly malformed: boolean;
  /** -1: there is none, as in trailers. */
  readonly httpStatus: number;
  /** How the messages may be compressed; empty for not at all. */
  readonly encoding: string;
  /** The gRPC status; -1: there is none. */
  readonly code: number;
  readonly message: string;
}

const CANCELLED = 1;
const UNKNOWN = 2;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const STATUS = /^[1-9][0-9]{2}$/;

/** Reads a decoded header list. */
export function responseHead(fields: readonly HeaderField[]): ResponseHead {
  let httpStatus = -1;
  let encoding = '';
  let code = -1;
  let message = '';
  let malformed = false;
  let regular = false;
  for (const { kind, name, value } of fields) {
    if (name === ':status') {
      malformed ||= regular || httpStatus >= 0 || !STATUS.test(value);
      httpStatus = Number(value);
      continue;
    }
    regular = true;
    malformed ||= kind >= HeaderKind.Malformed && kind <= HeaderKind.Protocol;
    malformed ||= kind === HeaderKind.Connection;
    if (kind === HeaderKind.Encoding) encoding = value === 'identity' ? '' : value;
    else if (name === 'grpc-status') code = statusCode(value);
    else if (name === 'grpc-message') message = percentDecoded(value);
  }
  return { malformed, httpStatus, encoding, code, message };
}

function statusCode(value: string): number {
  return /^[0-9]{1,3}$/.test(value) ? Number(value) : UNKNOWN;
}

/** The inverse of what gRPC does to a status message; what was not encoded like that stays as it is. */
function percentDecoded(value: string): string {
  if (!value.includes('%')) return utf8Of(value);
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Octets that a server sent as they are. */
function utf8Of(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : Buffer.from(value, 'latin1').toString();
}

const CODES_OF_HTTP: ReadonlyMap<number, number> = new Map([
  [400, INTERNAL],
  [401, UNAUTHENTICATED],
  [403, PERMISSION_DENIED],
  [404, UNIMPLEMENTED],
  [429, UNAVAILABLE],
  [502, UNAVAILABLE],
  [503, UNAVAILABLE],
  [504, UNAVAILABLE],
]);

/** A response that says only its HTTP status. */
export function statusOfHttp(httpStatus: number): RpcFailure {
  if (httpStatus < 0) return { code: UNKNOWN, message: 'No status information received', sent: true };
  const code = CODES_OF_HTTP.get(httpStatus) ?? UNKNOWN;
  return { code, message: `Received HTTP status code ${httpStatus}`, sent: true };
}

const REFUSED: RpcFailure = { code: UNAVAILABLE, message: 'Stream refused by server', sent: false };
const INADEQUATE_SECURITY = 12;

/** A response that ended without trailers, by RST_STREAM or (code 0) by the end of its body. */
export function statusOfReset(code: number, httpStatus: number): RpcFailure {
  switch (code) {
    case ErrorCode.NoError:
      if (httpStatus >= 0 && httpStatus !== 200) return statusOfHttp(httpStatus);
      return internal('Received RST_STREAM with code 0 (Call ended without gRPC status)');
    case ErrorCode.RefusedStream:
      return REFUSED;
    case ErrorCode.Cancel:
      return { code: CANCELLED, message: 'Call cancelled', sent: true };
    case ErrorCode.EnhanceYourCalm: {
      const message = 'Bandwidth exhausted or memory limit exceeded';
      return { code: RESOURCE_EXHAUSTED, message, sent: true };
    }
    case INADEQUATE_SECURITY:
      return { code: PERMISSION_DENIED, message: 'Protocol not secure enough', sent: true };
    case ErrorCode.InternalError:
      return internal('Received RST_STREAM with code 2 (Internal server error)');
    default:
      return internal(`Received RST_STREAM with code ${code}`);
  }
}

function internal(message: string): RpcFailure {
  return { code: INTERNAL, message, sent: true };
}

/** The connection broke. */
export function statusOfDrop(why: string, sent: boolean): RpcFailure {
  return {
    code: UNAVAILABLE,
    message: why === '' ? 'Connection dropped' : `Connection dropped: ${why}`,
    sent,
  };
}

/** GOAWAY named a smaller stream: the server has not looked at this one (RFC 9113 §6.8). */
export const statusOfUnseen: RpcFailure = REFUSED;
