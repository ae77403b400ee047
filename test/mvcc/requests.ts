/** Requests with defaults, stores in memory, and answers as plain objects: what the tests of this room share. */

import type { Backend } from '../../src/backend/backend.ts';
import { MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { Store, type StoreOptions } from '../../src/mvcc/store.ts';
import type { Change } from '../../src/mvcc/types.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import {
  type Compare,
  type DeleteRangeRequest,
  type KeyValueBytes,
  OpKind,
  type OpResult,
  type PutRequest,
  plainRange,
  type RangeRequest,
  type RangeResult,
  type RequestOp,
  type TxnRequest,
  type TxnResult,
} from '../../src/wire/messages.ts';

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
export const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');

export const scheduler = { defer: (job: () => void): void => void setImmediate(job) };

export function range(
  key: string,
  fields: Partial<Omit<RangeRequest, 'key' | 'rangeEnd'>> & { end?: string } = {},
): RangeRequest {
  const { end, ...rest } = fields;
  return { ...plainRange(bytes(key), bytes(end ?? '')), ...rest };
}

export function put(
  key: string,
  value: string,
  fields: Partial<Omit<PutRequest, 'key' | 'value'>> = {},
): PutRequest {
  return {
    key: bytes(key),
    value: bytes(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
    ...fields,
  };
}

export function del(key: string, end = '', prevKv = false): DeleteRangeRequest {
  return { key: bytes(key), rangeEnd: bytes(end), prevKv };
}

export function compare(
  key: string,
  fields: Partial<Omit<Compare, 'key' | 'rangeEnd' | 'value'>> & { end?: string; value?: string } = {},
): Compare {
  const { end, value, ...rest } = fields;
  return {
    result: 0,
    target: 0,
    key: bytes(key),
    rangeEnd: bytes(end ?? ''),
    number: 0,
    value: bytes(value ?? ''),
    lease: 0n,
    ...rest,
  };
}

export const rangeOp = (request: RangeRequest): RequestOp => ({ kind: OpKind.Range, request });
export const putOp = (request: PutRequest): RequestOp => ({ kind: OpKind.Put, request });
export const delOp = (request: DeleteRangeRequest): RequestOp => ({ kind: OpKind.DeleteRange, request });
export const txnOp = (request: TxnRequest): RequestOp => ({ kind: OpKind.Txn, request });

export function txn(success: RequestOp[], failure: RequestOp[] = [], guards: Compare[] = []): TxnRequest {
  return { compare: guards, success, failure };
}

/** `key@create/mod/version=value` and `#lease` when there is one. */
export function show(kv: KeyValueBytes): string {
  const { key, createRevision, modRevision, version, value, lease } = decodeKeyValue(kv);
  const suffix = lease === 0n ? '' : `#${lease}`;
  return `${text(key)}@${createRevision}/${modRevision}/${version}=${text(value)}${suffix}`;
}

export function showRange(result: RangeResult): unknown {
  return { kvs: result.kvs.map(show), more: result.more, count: result.count, revision: result.revision };
}

export function showTxn(result: TxnResult): unknown {
  return {
    succeeded: result.succeeded,
    revision: result.revision,
    responses: result.responses.map(showOp),
  };
}

function showOp(op: OpResult): unknown {
  switch (op.kind) {
    case OpKind.Range:
      return { range: showRange(op.result) };
    case OpKind.Put:
      return { put: op.result.prevKv === null ? null : show(op.result.prevKv), revision: op.result.revision };
    case OpKind.DeleteRange:
      return {
        deleted: op.result.deleted,
        prevKvs: op.result.prevKvs.map(show),
        revision: op.result.revision,
      };
    default:
      return { txn: showTxn(op.result) };
  }
}

export function showChange(change: Change): string {
  return `${change.revision} ${change.type === 1 ? 'delete' : change.isCreate ? 'create' : 'update'} ${show(change.record)}`;
}

export function openStore(backend: Backend, options: StoreOptions = {}): Promise<Store> {
  return new Promise((resolve, reject) => {
    Store.open(backend, options, (error, store) => (store === null ? reject(error) : resolve(store)));
  });
}

export interface Rig {
  store: Store;
  backend: Backend;
  readonly image: MemoryImage;
  readonly changes: Change[];
  readonly options: StoreOptions;
}

async function openOn(image: MemoryImage, options: StoreOptions, changes: Change[]): Promise<Rig> {
  const backend = memoryBackend({ scheduler, image });
  const store = await openStore(backend, options);
  store.attach(null as never, (published) => changes.push(...published));
  return { store, backend, image, changes, options };
}

export function freshRig(options: StoreOptions = {}): Promise<Rig> {
  return openOn(new MemoryImage(), options, []);
}

/** Flushes and opens the store again on what is durable. */
export async function reopen(rig: Rig): Promise<void> {
  rig.backend.mark(rig.image.index + 1, bytes(''));
  await new Promise<void>((resolve, reject) => {
    rig.backend.flush((error) => (error === null ? resolve() : reject(error)));
  });
  const again = await openOn(rig.image, rig.options, rig.changes);
  rig.store = again.store;
  rig.backend = again.backend;
}

export function compactAll(store: Store, maxKeys = 1000): void {
  while (store.compactStep(maxKeys)) {
    // The step says when it is done.
  }
}

/** What went wrong with a call, or what it gave. */
export function outcome(job: () => unknown): unknown {
  try {
    return job();
  } catch (error) {
    const { reason } = error as { reason?: string };
    if (reason === undefined) throw error;
    return { failed: reason };
  }
}
