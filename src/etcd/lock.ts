/** `v3lockpb.Lock`: whoever stands first in a line holds the lock; see `line.ts`. */

import { RequestKind } from '../member/types.ts';
import { checkDeleteRange } from '../mvcc/request-checks.ts';
import type { RpcCall, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeKeyValue } from '../wire/key-value.ts';
import { encodeDeleteRangeRequest } from '../wire/kv-codec.ts';
import type { DeleteRangeResult, TxnResult } from '../wire/messages.ts';
import {
  decodeLockRequest,
  decodeUnlockRequest,
  encodeLockResponse,
  encodeUnlockResponse,
  type LockRequest,
} from '../wire/recipe-messages.ts';
import type { ServiceContext } from './context.ts';
import type { ServiceMethods } from './guard.ts';
import {
  codelessMethod,
  codelessStatus,
  createdAt,
  firstPair,
  keyRange,
  LineCall,
  lineKey,
  linePrefix,
  oldestRange,
  putOp,
  rangeOp,
} from './line.ts';

const noValue = new Uint8Array(0);

export function lockMethods(context: ServiceContext): ServiceMethods {
  return {
    Lock: codelessMethod(context, decodeLockRequest, (request, call, reply) =>
      new Locking(context, request, call, reply).start(),
    ),
    Unlock: codelessMethod(context, decodeUnlockRequest, (key, call, reply) => {
      const request = { key, rangeEnd: noValue, prevKv: false };
      checkDeleteRange(request);
      const done = (failure: Failure | null, result: DeleteRangeResult | null): void => {
        if (failure !== null) reply(codelessStatus(context, failure), null);
        else reply(null, encodeUnlockResponse(context.header(result!.revision)));
      };
      const caller = context.authorizer.callerOf(call);
      const body = encodeDeleteRangeRequest(request);
      context.member.propose(RequestKind.DeleteRange, body, request, done, caller);
    }),
  };
}

/** One call of Lock. Every step may throw or fail, and then the call is over. */
class Locking {
  readonly #context: ServiceContext;
  readonly #request: LockRequest;
  readonly #line: LineCall;
  readonly #reply: UnaryReply;
  #key: Buffer = Buffer.alloc(0);
  /** Create revision of the key. */
  #revision = 0;

  constructor(context: ServiceContext, request: LockRequest, call: RpcCall, reply: UnaryReply) {
    this.#context = context;
    this.#request = request;
    this.#line = new LineCall(context, call);
    this.#reply = reply;
  }

  start(): void {
    this.#line.session(this.#request.lease, (failure, lease) =>
      this.#step(failure, () => this.#standInLine(lease!)),
    );
  }

  #standInLine(lease: bigint): void {
    const prefix = linePrefix(this.#request.name);
    this.#key = lineKey(prefix, lease);
    const owner = rangeOp(oldestRange(prefix));
    this.#line.txn(
      createdAt(this.#key, 0),
      [putOp(this.#key, noValue, lease), owner],
      [rangeOp(keyRange(this.#key)), owner],
      (failure, result) => this.#step(failure, () => this.#afterTxn(prefix, result!)),
    );
  }

  #afterTxn(prefix: string, { succeeded, responses, revision }: TxnResult): void {
    const own = succeeded ? null : firstPair(responses[0]);
    this.#revision = own === null ? revision : decodeKeyValue(own).createRevision;
    const owner = firstPair(responses[1]);
    if (this.#line.isCanceled) {
      // Whoever asked twice with one lease stands there for the other call still.
      if (succeeded) this.#line.leave(this.#key, this.#revision);
    } else if (owner === null || decodeKeyValue(owner).createRevision === this.#revision) {
      this.#answer(revision);
    } else {
      this.#line.waitForOlder(prefix, this.#revision, (failure) => this.#afterWait(failure));
    }
  }

  #afterWait(failure: Failure | null): void {
    if (failure !== null) this.#line.leave(this.#key, this.#revision);
    // Is it still there? The lease may have ended while it waited.
    this.#step(failure, () =>
      this.#context.member.linearize((failure) => {
        if (failure !== null) this.#line.leave(this.#key, this.#revision);
        this.#step(failure, () => {
          if (this.#line.first(keyRange(this.#key)) === null) throw new Failure('lockSessionExpired');
          if (this.#line.isCanceled) this.#line.leave(this.#key, this.#revision);
          else this.#answer(this.#context.store.revision);
        });
      }),
    );
  }

  #answer(revision: number): void {
    this.#reply(null, encodeLockResponse(this.#context.header(revision), this.#key));
  }

  #step(failure: Failure | null, proceed: () => void): void {
    try {
      if (failure !== null) throw failure;
      proceed();
    } catch (error) {
      this.#reply(codelessStatus(this.#context, error), null);
    }
  }
}
