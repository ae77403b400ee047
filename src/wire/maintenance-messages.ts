/** The server's ends of the rare messages of maintenance; the client's are in `client-messages.ts`. */

import { decodeCold, encodeCold } from './cold-codec.ts';
import { coldHeader, saturated } from './cold-messages.ts';
import type { ResponseHeader } from './messages.ts';

export const DowngradeAction = { Validate: 0, Enable: 1, Cancel: 2 } as const;

export interface DowngradeRequest {
  /** A DowngradeAction; unknown numbers are kept. */
  readonly action: number;
  readonly version: string;
}

/** @throws Failure 'malformedRequest', as every decoder here does. The request has no fields. */
export function decodeDefragmentRequest(bytes: Uint8Array): void {
  decodeCold('etcdserverpb.DefragmentRequest', bytes);
}

/** Without a header, as etcd's servers answer. */
export function encodeDefragmentResponse(): Uint8Array {
  return encodeCold('etcdserverpb.DefragmentResponse', {});
}

/** The request has no fields. */
export function decodeHashRequest(bytes: Uint8Array): void {
  decodeCold('etcdserverpb.HashRequest', bytes);
}

export function encodeHashResponse(header: ResponseHeader, hash: number): Uint8Array {
  return encodeCold('etcdserverpb.HashResponse', { header: coldHeader(header), hash });
}

/** The revision, 0 for the newest. */
export function decodeHashKvRequest(bytes: Uint8Array): number {
  return saturated(decodeCold<{ revision: bigint }>('etcdserverpb.HashKVRequest', bytes).revision);
}

export function encodeHashKvResponse(
  header: ResponseHeader,
  answer: { readonly hash: number; readonly compactRevision: number; readonly revision: number },
): Uint8Array {
  return encodeCold('etcdserverpb.HashKVResponse', {
    header: coldHeader(header),
    hash: answer.hash,
    compact_revision: answer.compactRevision,
    hash_revision: answer.revision,
  });
}

/** The member that shall lead. */
export function decodeMoveLeaderRequest(bytes: Uint8Array): bigint {
  return decodeCold<{ targetID: bigint }>('etcdserverpb.MoveLeaderRequest', bytes).targetID;
}

/** Without a header, as etcd's servers answer. */
export function encodeMoveLeaderResponse(): Uint8Array {
  return encodeCold('etcdserverpb.MoveLeaderResponse', {});
}

export function decodeDowngradeRequest(bytes: Uint8Array): DowngradeRequest {
  return decodeCold<{ action: number; version: string }>('etcdserverpb.DowngradeRequest', bytes);
}

/** @param version of the cluster, `X.Y` */
export function encodeDowngradeResponse(header: ResponseHeader, version: string): Uint8Array {
  return encodeCold('etcdserverpb.DowngradeResponse', { header: coldHeader(header), version });
}
