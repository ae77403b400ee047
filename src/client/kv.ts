/** The calls on keys and values. */

import {
  decodeCompactionResponse,
  decodeDeleteRangeResponse,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from '../wire/kv-codec.ts';
import type { RequestOp, TxnRequest } from '../wire/messages.ts';
import { OpKind } from '../wire/messages.ts';
import type { Caller, CallSpec, Effect } from './caller.ts';
import type { Endpoint } from './endpoints.ts';
import type { Bytes, KeyRange } from './keys.ts';
import type {
  DeleteAnswer,
  DeleteOptions,
  GetOptions,
  Header,
  PutAnswer,
  PutOptions,
  RangeAnswer,
  RangeOptions,
  TxnAnswer,
} from './operations.ts';
import {
  deleteAnswer,
  deleteRequest,
  putAnswer,
  putRequest,
  rangeAnswer,
  rangeRequest,
  txnAnswer,
} from './operations.ts';
import type { CallOptions } from './options.ts';
import { type PageOptions, readPages } from './pages.ts';
import type { Pair } from './pair.ts';
import { Txn } from './txn.ts';

/** Nothing but ranges, on every level. */
function onlyReads(ops: readonly RequestOp[]): boolean {
  return ops.every((one) => one.kind === OpKind.Range || (one.kind === OpKind.Txn && isRead(one.request)));
}

function isRead(request: TxnRequest): boolean {
  return onlyReads(request.success) && onlyReads(request.failure);
}

function rangeSpec(range: KeyRange, options: RangeOptions): CallSpec<RangeAnswer> {
  return {
    path: '/etcdserverpb.KV/Range',
    request: encodeRangeRequest(rangeRequest(range, options)),
    decode: (bytes) => rangeAnswer(decodeRangeResponse(bytes)),
    effect: 'read',
  };
}

export class Kv {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The key's pair, or null when it is not there. */
  async get(key: Bytes, options: GetOptions & CallOptions = {}): Promise<Pair | null> {
    const { pairs } = await this.range(key, options);
    return pairs[0] ?? null;
  }

  /** The pairs of a range, in one answer. For ranges of any size see `pages` and `pairs`. */
  range(range: KeyRange, options: RangeOptions & CallOptions = {}): Promise<RangeAnswer> {
    return this.#caller.call(rangeSpec(range, options), options);
  }

  /** Reads a key from one endpoint and no other. */
  async getFrom(endpoint: Endpoint, key: Bytes, options: GetOptions & CallOptions): Promise<Pair | null> {
    const { pairs } = await this.#caller.call({ ...rangeSpec(key, options), endpoint }, options);
    return pairs[0] ?? null;
  }

  /** How many keys there are in a range. */
  async count(range: KeyRange, options: GetOptions & CallOptions = {}): Promise<number> {
    const { count } = await this.range(range, { ...options, countOnly: true });
    return count;
  }

  /**
   * The pairs of a range of any size, a page at a time and in key order, all as of one revision: that of the first
   * page. The next page is asked for when the one before was taken.
   * @throws EtcdError 'compacted' when that revision is compacted meanwhile
   */
  pages(range: KeyRange, options: PageOptions = {}): AsyncGenerator<RangeAnswer, void, undefined> {
    return readPages((part, partOptions) => this.range(part, partOptions), range, options);
  }

  /** As `pages`, pair by pair. */
  async *pairs(range: KeyRange, options: PageOptions = {}): AsyncGenerator<Pair, void, undefined> {
    for await (const page of this.pages(range, options)) yield* page.pairs;
  }

  put(key: Bytes, value: Bytes, options: PutOptions & CallOptions = {}): Promise<PutAnswer> {
    const spec = {
      path: '/etcdserverpb.KV/Put',
      request: encodePutRequest(putRequest(key, value, options)),
      decode: (bytes: Uint8Array) => putAnswer(decodePutResponse(bytes)),
      effect: 'write' as const,
    };
    return this.#caller.call(spec, options);
  }

  /** Deletes a key, or all keys of a range. */
  delete(range: KeyRange, options: DeleteOptions & CallOptions = {}): Promise<DeleteAnswer> {
    const spec = {
      path: '/etcdserverpb.KV/DeleteRange',
      request: encodeDeleteRangeRequest(deleteRequest(range, options)),
      decode: (bytes: Uint8Array) => deleteAnswer(decodeDeleteRangeResponse(bytes)),
      effect: 'write' as const,
    };
    return this.#caller.call(spec, options);
  }

  /** Begins a transaction; `commit` sends it. */
  txn(): Txn {
    return new Txn((request, options) => this.commit(request, options, isRead(request) ? 'read' : 'write'));
  }

  /** @param effect 'idempotent' for a transaction that does nothing the second time: it may then be sent again */
  commit(request: TxnRequest, options: CallOptions, effect: Effect): Promise<TxnAnswer> {
    const spec = {
      path: '/etcdserverpb.KV/Txn',
      request: encodeTxnRequest(request),
      decode: (bytes: Uint8Array) => {
        const response = decodeTxnResponse(bytes);
        return txnAnswer(response, response.header.revision);
      },
      effect,
    };
    return this.#caller.call(spec, options);
  }

  /**
   * Forgets what was changed before `revision`: from then on nothing older can be read or watched.
   * @param options.physical wait until the space is free as well
   * @throws EtcdError 'compacted', 'futureRevision'
   */
  compact(
    revision: number,
    options: { readonly physical?: boolean } & CallOptions = {},
  ): Promise<{ readonly header: Header }> {
    const spec = {
      path: '/etcdserverpb.KV/Compact',
      request: encodeCompactionRequest({ revision, physical: options.physical ?? false }),
      decode: decodeCompactionResponse,
      effect: 'write' as const,
    };
    return this.#caller.call(spec, options);
  }
}
