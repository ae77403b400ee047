/**
 * What a request's header list means to a gRPC server. The judgements, their order and their texts are those of
 * grpc-go: it looks at no `:authority` or `:scheme`, so that etcdctl 3.4, which sends a whole URL as `:authority`, is
 * served; a request is malformed where Go's framer says so, or for headers that belong to HTTP/1.1 (RFC 9113 §8.2.2).
 */

import type { RpcMethod, RpcStatus } from '../transport.ts';
import { type HeaderField, HeaderKind } from './header-table.ts';

export interface RequestHead {
  readonly fields: readonly HeaderField[];
  /** Against HTTP/2 itself: the stream is reset with PROTOCOL_ERROR. */
  readonly malformed: boolean;
  readonly method: string;
  /** Begins with a slash, unless the client sent none: then empty. */
  readonly path: string;
  /** Whether the content type is gRPC's. */
  readonly grpc: boolean;
  readonly contentType: string;
  /** Milliseconds until the deadline, or -1. */
  readonly timeoutMs: number;
  /** How the client's messages may be compressed; empty for not at all. */
  readonly encoding: string;
  /** Why the request is refused with `httpStatus`; only then is it other than 200. */
  readonly refusal: RpcStatus | null;
  readonly httpStatus: number;
  /** What the transport found for the path, once it has looked. Many calls of a connection have one head. */
  route: RpcMethod | null;
  /** See `RpcCall.shared`. */
  note: unknown;
}

export const INTERNAL = 13;
const INVALID_ARGUMENT = 3;

const GRPC_TYPE = 'application/grpc';

class Head implements RequestHead {
  readonly fields: readonly HeaderField[];
  malformed = false;
  method = '';
  path = '';
  grpc = false;
  contentType = '';
  timeoutMs = -1;
  encoding = '';
  refusal: RpcStatus | null = null;
  httpStatus = 200;
  route: RpcMethod | null = null;
  note: unknown = null;

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }
}

/** Whether a list has a field that may stand at its beginning only, and never in trailers (RFC 9113 §8.1). */
export function hasPseudoHeader({ fields }: RequestHead): boolean {
  return fields.some(({ name }) => name.startsWith(':'));
}

/** Reads a decoded header list. */
export function requestHead(fields: readonly HeaderField[]): RequestHead {
  const head = new Head(fields);
  let pseudo = 0;
  let regular = false;
  let hosts = 0;
  let badTimeout: string | null = null;
  for (let index = 0; index < fields.length; index++) {
    const { kind, value } = fields[index]!;
    if (kind >= HeaderKind.Method && kind <= HeaderKind.Protocol) {
      // None twice, and none after a regular field (RFC 9113 §8.3).
      if (regular || (pseudo & (1 << kind)) !== 0) head.malformed = true;
      pseudo |= 1 << kind;
      if (kind === HeaderKind.Method) head.method = value;
      else if (kind === HeaderKind.Path) head.path = value;
      continue;
    }
    regular = true;
    if (kind === HeaderKind.Metadata) continue;
    if (kind === HeaderKind.ContentType) {
      head.contentType = value;
      head.grpc = isGrpc(value);
    } else if (kind === HeaderKind.Timeout) {
      head.timeoutMs = timeoutMs(value);
      if (head.timeoutMs < 0) badTimeout = value;
    } else if (kind === HeaderKind.Encoding) head.encoding = value === 'identity' ? '' : value;
    else if (kind === HeaderKind.Host) hosts += 1;
    else head.malformed = true;
  }
  if (hosts > 1) refuse(head, 400, INTERNAL, 'more than one host header');
  else if (!head.grpc) {
    refuse(
      head,
      415,
      INVALID_ARGUMENT,
      `invalid gRPC request content-type ${JSON.stringify(head.contentType)}`,
    );
  } else if (badTimeout !== null) {
    refuse(head, 400, INTERNAL, `malformed grpc-timeout: ${timeoutFault(badTimeout)}`);
  } else if (head.method !== 'POST') {
    const method = JSON.stringify(head.method);
    refuse(head, 405, INTERNAL, `Received a HEADERS frame with :method ${method} which should be POST`);
  }
  return head;
}

function refuse(head: Head, httpStatus: number, code: number, message: string): void {
  head.httpStatus = httpStatus;
  head.refusal = { code, message };
}

/** `application/grpc`, alone or followed by `+proto` or by parameters. */
function isGrpc(contentType: string): boolean {
  if (!contentType.startsWith(GRPC_TYPE)) return false;
  if (contentType.length === GRPC_TYPE.length) return true;
  const next = contentType[GRPC_TYPE.length];
  return next === '+' || next === ';';
}

/** The content type of the answers to a gRPC request: with the same `+proto`, without parameters. */
export function answerContentType(contentType: string): string {
  const parameters = contentType.indexOf(';');
  const type = parameters < 0 ? contentType : contentType.slice(0, parameters);
  return type === '' || !isGrpc(type) ? GRPC_TYPE : type;
}

const UNIT_MS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1e3, M: 60e3, H: 3600e3 };
const TIMEOUT: RegExp = /^[0-9]{1,8}[numSMH]$/;

/** gRPC over HTTP/2: at most eight digits and a unit. -1: malformed. */
function timeoutMs(value: string): number {
  if (!TIMEOUT.test(value)) return -1;
  return Number(value.slice(0, -1)) * UNIT_MS[value[value.length - 1]!]!;
}

function timeoutFault(value: string): string {
  if (value.length < 2) return `transport: timeout string is too short: ${JSON.stringify(value)}`;
  if (value.length > 9) return `transport: timeout string is too long: ${JSON.stringify(value)}`;
  if (UNIT_MS[value[value.length - 1]!] === undefined) {
    return `transport: timeout unit is not recognized: ${JSON.stringify(value)}`;
  }
  return `strconv.ParseInt: parsing ${JSON.stringify(value.slice(0, -1))}: invalid syntax`;
}

/** The first value of a metadata key; the bytes of a `-bin` key as padded base64, however the client wrote them. */
export function metadataOf(head: RequestHead, key: string): string | undefined {
  const { fields } = head;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    if (field.name !== key) continue;
    if (!key.endsWith('-bin')) return field.value;
    return Buffer.from(field.value.split(',', 1)[0]!, 'base64').toString('base64');
  }
  return undefined;
}
