/**
 * The guarded writes and reads of `KubeStore` as etcd v3 requests: what the stores over a member or a client have in
 * common. A guard is a compare of the key's modRevision; the failure branch reads what stands there instead.
 */

import {
  CompareResult,
  CompareTarget,
  OpKind,
  plainRange,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from '../../wire/messages.ts';

const noBytes = new Uint8Array(0);

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'utf8');
}

/** The key after every key that begins with `prefix`, which must not end in 0xff. */
export function prefixEnd(prefix: string): Uint8Array {
  const end = Buffer.from(prefix, 'utf8');
  const last = end[end.length - 1];
  if (last === undefined || last === 0xff) throw new Error(`no key follows the prefix ${prefix}`);
  end[end.length - 1] = last + 1;
  return end;
}

/** @param limit 0 is all; @param revision 0 is the newest */
export function rangeRequest(
  key: Uint8Array,
  rangeEnd: Uint8Array,
  limit: number,
  revision: number,
): RangeRequest {
  const request = plainRange(key, rangeEnd);
  request.limit = limit;
  request.revision = revision;
  return request;
}

/** Does `write` if the key's modRevision is `expectedRevision` (0: the key is not there), else reads the key. */
export function guardedTxn(key: Uint8Array, expectedRevision: number, write: RequestOp): TxnRequest {
  return {
    compare: [
      {
        result: CompareResult.Equal,
        target: CompareTarget.Mod,
        key,
        rangeEnd: noBytes,
        number: expectedRevision,
        value: noBytes,
        lease: 0n,
      },
    ],
    success: [write],
    failure: [{ kind: OpKind.Range, request: rangeRequest(key, noBytes, 1, 0) }],
  };
}

/** @param ignoreLease keeps the lease the key has */
export function putOp(key: Uint8Array, value: Uint8Array, lease: bigint, ignoreLease: boolean): RequestOp {
  return {
    kind: OpKind.Put,
    request: { key, value, lease, prevKv: false, ignoreValue: false, ignoreLease },
  };
}

export function deleteOp(key: Uint8Array): RequestOp {
  return { kind: OpKind.DeleteRange, request: { key, rangeEnd: noBytes, prevKv: false } };
}
