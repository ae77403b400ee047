/**
 * What etcd's locks and elections are made of: a line. Everybody in it has a key, `name/lease` with the lease's id in
 * hexadecimal digits, which goes when the lease does; the oldest key, by create revision, is whose turn it is.
 *
 *     name/1f  created 12  ◄─ holds the lock, leads
 *     name/a3  created 15  ◄─ waits for the deletion of name/1f
 *     name/07  created 20  ◄─ waits for the deletion of name/a3
 *
 * Each waits for the key just before its own alone, so that one deletion wakes one. Who stands before a key is known as
 * soon as the key is: no older one can appear afterwards. So this member's own store tells, without asking others.
 *
 * Errors have etcd's texts and no codes: its servers lose them inside these two services.
 */

import { RequestKind } from '../member/types.ts';
import { binaryString } from '../mvcc/key-range.ts';
import type { WatchCreate, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import type { RpcCall, RpcStatus, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeKeyValue } from '../wire/key-value.ts';
import { encodeTxnRequest } from '../wire/kv-codec.ts';
import {
  type Compare,
  CompareResult,
  CompareTarget,
  EventType,
  type KeyValueBytes,
  OpKind,
  type OpResult,
  plainRange,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
  type TxnResult,
} from '../wire/messages.ts';
import type { ServiceContext } from './context.ts';
import { Code } from './errors.ts';
import { type ServiceMethod, unary } from './guard.ts';

/** Seconds of the lease that whoever brings none is given; nobody renews it. */
const ownLeaseTtl = 60;
const noBytes = new Uint8Array(0);

export type Done<T> = (failure: Failure | null, result: T | null) => void;

/** The status of an error that has lost its code on the way. */
export function codelessStatus(context: ServiceContext, error: unknown): RpcStatus {
  const status = context.statusOf(error);
  const isKept = !(error instanceof Failure) || status.code === Code.DeadlineExceeded;
  return isKept ? status : { code: Code.Unknown, message: status.message };
}

/** A method whose failures have no codes, but for a request that is none. */
export function codelessMethod<T>(
  context: ServiceContext,
  decode: (body: Uint8Array) => T,
  handle: (request: T, call: RpcCall, reply: UnaryReply) => void,
): ServiceMethod {
  return unary((body, call, reply) => {
    const request = decode(body);
    try {
      handle(request, call, reply);
    } catch (error) {
      reply(codelessStatus(context, error), null);
    }
  });
}

/** The key of a lease in a line. */
export function lineKey(prefix: string, lease: bigint): Buffer {
  return Buffer.from(prefix + lease.toString(16), 'latin1');
}

/** What all keys of a line begin with. Binary strings. */
export function linePrefix(name: Uint8Array): string {
  return `${binaryString(name)}/`;
}

/** The least key behind all that begin with the prefix of a line. */
export function lineEnd(prefix: string): string {
  return `${prefix.slice(0, -1)}${String.fromCharCode('/'.charCodeAt(0) + 1)}`;
}

/** A read of one pair. */
const readOne: RangeRequest = { ...plainRange(noBytes, noBytes), limit: 1 };

export function keyRange(key: Uint8Array): RangeRequest {
  return { ...readOne, key };
}

/** Of a line: its oldest pair. */
export function oldestRange(prefix: string): RangeRequest {
  const key = Buffer.from(prefix, 'latin1');
  const rangeEnd = Buffer.from(lineEnd(prefix), 'latin1');
  return { ...readOne, key, rangeEnd, sortOrder: SortOrder.Ascend, sortTarget: SortTarget.Create };
}

/** Of a line: its newest pair among those created before `revision`. */
function newestBefore(prefix: string, revision: number): RangeRequest {
  return { ...oldestRange(prefix), sortOrder: SortOrder.Descend, maxCreateRevision: revision - 1 };
}

/** True while the key is the one that was created at `revision`; 0 while there is none. */
export function createdAt(key: Uint8Array, revision: number): Compare {
  return {
    result: CompareResult.Equal,
    target: CompareTarget.Create,
    key,
    rangeEnd: noBytes,
    number: revision,
    value: noBytes,
    lease: 0n,
  };
}

export const putOp = (key: Uint8Array, value: Uint8Array, lease: bigint): RequestOp => ({
  kind: OpKind.Put,
  request: { key, value, lease, prevKv: false, ignoreValue: false, ignoreLease: false },
});

export const rangeOp = (request: RangeRequest): RequestOp => ({ kind: OpKind.Range, request });

export const deleteOp = (key: Uint8Array): RequestOp => ({
  kind: OpKind.DeleteRange,
  request: { key, rangeEnd: noBytes, prevKv: false },
});

/** The first pair of a range's result. */
export function firstPair(result: OpResult | undefined): KeyValueBytes | null {
  return result?.kind === OpKind.Range ? (result.result.kvs[0] ?? null) : null;
}

/** One call's doings with a line. Knows whether the client is still there. */
export class LineCall {
  readonly context: ServiceContext;
  readonly #call: RpcCall;
  #wait: Wait | null = null;
  #isCanceled = false;

  constructor(context: ServiceContext, call: RpcCall) {
    this.context = context;
    this.#call = call;
    call.onCancel(() => {
      this.#isCanceled = true;
      this.#wait?.cancel();
    });
  }

  get isCanceled(): boolean {
    return this.#isCanceled;
  }

  /** The lease to stand in line with: the client's, renewed this once, or a new one. `done` may be called at once. */
  session(lease: bigint, done: Done<bigint>): void {
    const { member, authorizer } = this.context;
    const caller = authorizer.callerOf(this.#call);
    if (lease === 0n) {
      member.leases.grant(0n, ownLeaseTtl, (failure, granted) => done(failure, granted?.id ?? null), caller);
      return;
    }
    if (this.#mayRenew(lease)) member.leases.renew(lease, () => {});
    done(null, lease);
  }

  #mayRenew(lease: bigint): boolean {
    const { authorizer } = this.context;
    try {
      authorizer.checks.leaseWrite(authorizer.callerOf(this.#call), lease);
      return true;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  }

  txn(compare: Compare, success: RequestOp[], failure: RequestOp[], done: Done<TxnResult>): void {
    const request: TxnRequest = { compare: [compare], success, failure };
    const { member, authorizer } = this.context;
    const caller = authorizer.callerOf(this.#call);
    member.propose(RequestKind.Txn, encodeTxnRequest(request), request, done, caller);
  }

  /** The first pair of a range as this member has it. @throws Failure of permission */
  first(request: RangeRequest): KeyValueBytes | null {
    const { authorizer, store } = this.context;
    authorizer.checks.range(authorizer.callerOf(this.#call), request);
    return store.range(request).kvs[0] ?? null;
  }

  /** Leaves the line: nobody waits for it. A key that was created anew meanwhile stays. */
  leave(key: Uint8Array, revision: number): void {
    try {
      this.txn(createdAt(key, revision), [deleteOp(key)], [], () => {});
    } catch (error) {
      // Who may not leave any more goes with the lease.
      if (!(error instanceof Failure)) throw error;
    }
  }

  /**
   * Waits until every key of the line that was created before `revision` is gone.
   * @param done Failure 'requestCanceled' when the client is gone. Called once, never before this returns
   */
  waitForOlder(prefix: string, revision: number, done: (failure: Failure | null) => void): void {
    const older = newestBefore(prefix, revision);
    this.#wait = new Wait(this.context, () => this.first(older), done);
    if (this.#isCanceled) this.#wait.cancel();
  }
}

/** Waits for the deletion of one key after the other, until none is left. */
class Wait implements WatchSink {
  readonly #context: ServiceContext;
  /** The key to wait for next. */
  readonly #next: () => KeyValueBytes | null;
  readonly #done: (failure: Failure | null) => void;
  #watch: WatchStream | null = null;
  #isLookDue = false;
  #isOver = false;

  constructor(
    context: ServiceContext,
    next: () => KeyValueBytes | null,
    done: (failure: Failure | null) => void,
  ) {
    this.#context = context;
    this.#next = next;
    this.#done = done;
    this.#lookSoon();
  }

  cancel(): void {
    this.#end(new Failure('requestCanceled'));
  }

  /** Not at once: the hub must not be changed while it tells of something. */
  #lookSoon(): void {
    if (this.#isLookDue || this.#isOver) return;
    this.#isLookDue = true;
    this.#context.member.runtime.scheduler.defer(() => {
      this.#isLookDue = false;
      if (!this.#isOver) this.#look();
    });
  }

  #look(): void {
    this.#watch?.close();
    this.#watch = null;
    try {
      const before = this.#next();
      if (before === null) {
        this.#end(null);
        return;
      }
      const { watches } = this.#context.store;
      this.#watch = watches.open(this);
      this.#watch.create(watchOf(binaryString(decodeKeyValue(before).key), ''));
    } catch (error) {
      this.#end(error instanceof Failure ? error : this.#defect(error));
    }
  }

  #defect(error: unknown): Failure {
    this.#context.member.runtime.log.error('waiting in a line hit a defect', { error });
    return new Failure('stopped');
  }

  send(notice: WatchNotice): boolean {
    const isDeleted = notice.events.some(({ type }) => type === EventType.Delete);
    // A watch that was ended, by a compaction or for the state was replaced, says: look again.
    if (isDeleted || notice.canceled) this.#lookSoon();
    return true;
  }

  #end(failure: Failure | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { scheduler } = this.#context.member.runtime;
    scheduler.defer(() => {
      this.#watch?.close();
      this.#watch = null;
      this.#done(failure);
    });
  }
}

/** @param fromRevision 0: from now on */
export function watchOf(key: string, end: string, fromRevision: number = 0): WatchCreate {
  return {
    key,
    end,
    startRevision: fromRevision,
    progressNotify: false,
    noPut: false,
    noDelete: false,
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
}
