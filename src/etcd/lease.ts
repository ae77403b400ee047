/**
 * `etcdserverpb.Lease`. A lease that does not exist is an error for LeaseRevoke alone: a keep-alive answers TTL 0 and the
 * stream goes on, LeaseTimeToLive answers TTL -1.
 *
 * The keep-alives of a stream run at once and are answered as they come back, so that one that has to wait does not
 * hold up the others; clients tell them apart by the id. (etcd works on one after another.)
 *
 * With auth on, who ends or renews a lease must be allowed to write all its keys, and who sees its keys, or that it is
 * there, to read them. Grants and revocations are checked when they are applied, the rest where it is answered.
 */

import type { LeaseGrantResult, LeaseTimeLeft, ServedLeases } from '../member/lease-types.ts';
import { type RpcStatus, type RpcStream, SplitMessage, type UnaryReply } from '../rpc/transport.ts';
import type { Failure } from '../util/failure.ts';
import {
  decodeLeaseGrantRequest,
  decodeLeaseKeepAliveRequest,
  decodeLeaseLeasesRequest,
  decodeLeaseRevokeRequest,
  decodeLeaseTimeToLiveRequest,
  encodeLeaseGrantResponse,
  encodeLeaseKeepAliveResponse,
  encodeLeaseLeasesResponse,
  encodeLeaseRevokeResponse,
  encodeLeaseTimeToLiveResponse,
  encodeMoreLeaseKeys,
} from '../wire/lease-codec.ts';
import type { ResponseHeader } from '../wire/messages.ts';
import type { ServiceContext } from './context.ts';
import { statusOf } from './errors.ts';
import { type ServiceMethod, type ServiceMethods, stream, unary } from './guard.ts';

/** Keep-alives of one stream that may be under way; with more the stream is not read on. */
const maxRenewalsPerStream = 1000;
/** Keys of a lease that are encoded without looking up. */
const keysAtOnce = 4096;

export function leaseMethods(context: ServiceContext, leases: ServedLeases): ServiceMethods {
  return {
    LeaseGrant: grantMethod(context, leases),
    LeaseRevoke: revokeMethod(context, leases),
    LeaseKeepAlive: stream((rpc) => new KeepAlives(context, leases, rpc).start()),
    LeaseTimeToLive: timeToLiveMethod(context, leases),
    LeaseLeases: unary((body, call, reply) => {
      decodeLeaseLeasesRequest(body);
      const { authorizer } = context;
      const list = leases.list();
      if (authorizer.enabled) {
        const caller = authorizer.callerOf(call);
        for (const id of list) authorizer.checks.leaseRead(caller, id);
        authorizer.checks.unchanged(caller);
      }
      reply(null, encodeLeaseLeasesResponse(context.header(context.store.revision), list));
    }),
  };
}

function grantMethod(context: ServiceContext, leases: ServedLeases): ServiceMethod {
  return unary((body, call, reply) => {
    const { id, ttl } = decodeLeaseGrantRequest(body);
    const done = context.answer<LeaseGrantResult>(reply, (header, result) =>
      encodeLeaseGrantResponse(header, result.id, result.ttl),
    );
    leases.grant(id, ttl, done, context.authorizer.callerOf(call));
  });
}

function revokeMethod(context: ServiceContext, leases: ServedLeases): ServiceMethod {
  return unary((body, call, reply) => {
    const id = decodeLeaseRevokeRequest(body);
    const done = context.answer(reply, encodeLeaseRevokeResponse);
    leases.revoke(id, done, context.authorizer.callerOf(call));
  });
}

function timeToLiveMethod(context: ServiceContext, leases: ServedLeases): ServiceMethod {
  const { checks } = context.authorizer;
  return unary((body, call, reply) => {
    const request = decodeLeaseTimeToLiveRequest(body);
    const caller = context.authorizer.callerOf(call);
    if (request.keys) checks.leaseRead(caller, request.id);
    const done = (failure: Failure | null, left: LeaseTimeLeft | null): void => {
      try {
        if (failure !== null) {
          reply(statusOf(failure), null);
          return;
        }
        if (request.keys) {
          checks.unchanged(caller);
          // The leader may know of keys that were attached after the check.
          checks.keysRead(caller, left?.keys ?? []);
        }
        answerTimeLeft(context, request.id, left, reply);
      } catch (error) {
        reply(context.statusOf(error), null);
      }
    };
    leases.timeToLive(request.id, request.keys, done);
  });
}

const noTimeLeft: LeaseTimeLeft = { ttl: -1, grantedTtl: 0, keys: [] };

/**
 * Keys that are many are encoded some at a time, between which others have their turn.
 * @param left null when there is no such lease
 */
function answerTimeLeft(
  context: ServiceContext,
  id: bigint,
  left: LeaseTimeLeft | null,
  reply: UnaryReply,
): void {
  const { ttl, grantedTtl, keys } = left ?? noTimeLeft;
  const keysFrom = (at: number): Uint8Array[] =>
    keys.slice(at, at + keysAtOnce).map((key) => Buffer.from(key, 'latin1'));
  const header = context.header(context.store.revision);
  const first = encodeLeaseTimeToLiveResponse(header, { id, ttl, grantedTtl, keys: keysFrom(0) });
  if (keys.length <= keysAtOnce) {
    reply(null, first);
    return;
  }
  const parts = [first];
  let bytes = first.length;
  let at = keysAtOnce;
  const { scheduler } = context.member.runtime;
  const goOn = (): void => {
    const part = encodeMoreLeaseKeys(keysFrom(at));
    parts.push(part);
    bytes += part.length;
    at += keysAtOnce;
    if (at < keys.length) scheduler.defer(goOn);
    else reply(null, new SplitMessage(parts, bytes));
  };
  scheduler.defer(goOn);
}

/** One LeaseKeepAlive stream. */
class KeepAlives {
  readonly #context: ServiceContext;
  readonly #leases: ServedLeases;
  readonly #rpc: RpcStream;
  #underWay = 0;
  #isFull = false;
  #isHalfClosed = false;
  #isOver = false;

  constructor(context: ServiceContext, leases: ServedLeases, rpc: RpcStream) {
    this.#context = context;
    this.#leases = leases;
    this.#rpc = rpc;
  }

  start(): void {
    this.#rpc.onCancel(() => {
      this.#isOver = true;
    });
    this.#rpc.onDrain(() => {
      this.#isFull = false;
      this.#goOn();
    });
    this.#rpc.onMessage((request) => this.#onRequest(request));
    this.#rpc.onHalfClose(() => {
      this.#isHalfClosed = true;
      this.#goOn();
    });
  }

  #onRequest(bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      const id = decodeLeaseKeepAliveRequest(bytes);
      this.#check(id);
      // From before the renewal: else a client could see a renewal succeed at a revision at which the lease was gone.
      const header = this.#context.header(this.#context.store.revision);
      this.#underWay++;
      if (this.#underWay >= maxRenewalsPerStream) this.#rpc.pause();
      this.#leases.renew(id, (failure, ttl) => this.#answer(header, id, failure, ttl));
    } catch (error) {
      this.#end(this.#context.streamStatusOf(error));
    }
  }

  /** For each message: what the caller may do can change while the stream is open. */
  #check(id: bigint): void {
    const { authorizer } = this.#context;
    if (!authorizer.enabled) return;
    const caller = authorizer.callerOf(this.#rpc);
    authorizer.checks.named(caller);
    authorizer.checks.leaseWrite(caller, id);
  }

  #answer(header: ResponseHeader, id: bigint, failure: Failure | null, ttl: number): void {
    this.#underWay--;
    if (this.#isOver) return;
    if (failure !== null) {
      this.#end(statusOf(failure));
      return;
    }
    if (!this.#rpc.write(encodeLeaseKeepAliveResponse(header, id, ttl))) {
      this.#isFull = true;
      this.#rpc.pause();
    }
    this.#goOn();
  }

  /** Reads on if it may; ends when the client has nothing more to say and everything was answered. */
  #goOn(): void {
    if (this.#isOver) return;
    if (this.#isHalfClosed) {
      if (this.#underWay === 0) this.#end(null);
    } else if (!this.#isFull && this.#underWay < maxRenewalsPerStream) {
      this.#rpc.resume();
    }
  }

  #end(status: RpcStatus | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rpc.end(status);
  }
}
