/** `v3electionpb.Election`: whoever stands first in a line leads, and its key holds what it proclaims; see `line.ts`. */

import type { RpcCall, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeKeyValue } from '../wire/key-value.ts';
import type { ResponseHeader, TxnResult } from '../wire/messages.ts';
import {
  type CampaignRequest,
  decodeCampaignRequest,
  decodeLeaderRequest,
  decodeProclaimRequest,
  decodeResignRequest,
  encodeCampaignResponse,
  encodeElectionResponse,
  encodeLeaderResponse,
  type LeaderKey,
} from '../wire/recipe-messages.ts';
import type { ServiceContext } from './context.ts';
import { type ServiceMethod, type ServiceMethods, serverStream } from './guard.ts';
import { LeaderObserver } from './leader-observer.ts';
import {
  codelessMethod,
  codelessStatus,
  createdAt,
  type Done,
  deleteOp,
  firstPair,
  keyRange,
  LineCall,
  lineKey,
  linePrefix,
  oldestRange,
  putOp,
  rangeOp,
} from './line.ts';

export function electionMethods(context: ServiceContext): ServiceMethods {
  return {
    Campaign: codelessMethod(context, decodeCampaignRequest, (request, call, reply) =>
      new Campaign(context, request, call, reply).start(),
    ),
    Proclaim: proclaimMethod(context),
    Leader: leaderMethod(context),
    Observe: serverStream(context, (body, stream) => {
      new LeaderObserver(context, linePrefix(decodeLeaderRequest(body)), stream).start();
    }),
    Resign: resignMethod(context),
  };
}

/** Puts a value where it is held that `leader` leads. @throws Failure; `done` may fail with 'electionNotLeader' */
function proclaim(line: LineCall, leader: LeaderKey, value: Uint8Array, done: Done<TxnResult>): void {
  const { key, revision, lease } = leader;
  line.txn(createdAt(key, revision), [putOp(key, value, lease)], [], (failure, result) => {
    if (failure === null && !result!.succeeded) done(new Failure('electionNotLeader'), null);
    else done(failure, result);
  });
}

/** @throws Failure 'leaderFieldMissing', 'keyNotProvided' */
function checkLeader(leader: LeaderKey | null): LeaderKey {
  if (leader === null) throw new Failure('leaderFieldMissing');
  if (leader.key.length === 0) throw new Failure('keyNotProvided');
  return leader;
}

function proclaimMethod(context: ServiceContext): ServiceMethod {
  return codelessMethod(context, decodeProclaimRequest, (request, call, reply) => {
    const leader = checkLeader(request.leader);
    const line = new LineCall(context, call);
    const ended = answered(context, 'Proclaim', reply);
    line.session(leader.lease, (failure, lease) => {
      try {
        if (failure !== null) throw failure;
        proclaim(line, { ...leader, lease: lease! }, request.value, ended);
      } catch (error) {
        reply(codelessStatus(context, error), null);
      }
    });
  });
}

/** Whoever does not lead any more has nothing to give up: that is no error. */
function resignMethod(context: ServiceContext): ServiceMethod {
  return codelessMethod(context, decodeResignRequest, (request, call, reply) => {
    const { key, revision } = checkLeader(request);
    const line = new LineCall(context, call);
    line.txn(createdAt(key, revision), [deleteOp(key)], [], answered(context, 'Resign', reply));
  });
}

function answered(context: ServiceContext, kind: 'Proclaim' | 'Resign', reply: UnaryReply): Done<TxnResult> {
  return (failure, result) => {
    if (failure !== null) reply(codelessStatus(context, failure), null);
    else reply(null, encodeElectionResponse(kind, context.header(result!.revision)));
  };
}

function leaderMethod(context: ServiceContext): ServiceMethod {
  return codelessMethod(context, decodeLeaderRequest, (name, call, reply) => {
    const line = new LineCall(context, call);
    context.member.linearize((failure) => {
      try {
        if (failure !== null) throw failure;
        const leader = line.first(oldestRange(linePrefix(name)));
        if (leader === null) throw new Failure('electionNoLeader');
        reply(null, encodeLeaderResponse(context.header(context.store.revision), leader));
      } catch (error) {
        reply(codelessStatus(context, error), null);
      }
    });
  });
}

/** One call of Campaign. Every step may throw or fail, and then the call is over. */
class Campaign {
  readonly #context: ServiceContext;
  readonly #request: CampaignRequest;
  readonly #line: LineCall;
  readonly #reply: UnaryReply;
  readonly #prefix: string;
  #leader: LeaderKey;
  /** From when the key was put; as in etcd the answer carries it, however long the wait was. */
  #header: ResponseHeader | null = null;

  constructor(context: ServiceContext, request: CampaignRequest, call: RpcCall, reply: UnaryReply) {
    this.#context = context;
    this.#request = request;
    this.#line = new LineCall(context, call);
    this.#reply = reply;
    this.#prefix = linePrefix(request.name);
    this.#leader = { name: request.name, key: new Uint8Array(0), revision: 0, lease: request.lease };
  }

  start(): void {
    this.#line.session(this.#request.lease, (failure, lease) =>
      this.#step(failure, () => this.#standInLine(lease!)),
    );
  }

  #standInLine(lease: bigint): void {
    const key = lineKey(this.#prefix, lease);
    this.#leader = { ...this.#leader, key, lease };
    this.#line.txn(
      createdAt(key, 0),
      [putOp(key, this.#request.value, lease)],
      [rangeOp(keyRange(key))],
      (failure, result) => this.#step(failure, () => this.#afterTxn(result!)),
    );
  }

  #afterTxn({ succeeded, responses, revision }: TxnResult): void {
    this.#header = this.#context.header(revision);
    this.#leader = { ...this.#leader, revision };
    if (succeeded) {
      this.#wait();
      return;
    }
    const { createRevision, value } = decodeKeyValue(firstPair(responses[0])!);
    this.#leader = { ...this.#leader, revision: createRevision };
    if (Buffer.compare(value, this.#request.value) === 0) {
      this.#wait();
      return;
    }
    proclaim(this.#line, this.#leader, this.#request.value, (failure) => {
      if (failure !== null) this.#line.leave(this.#leader.key, createRevision);
      this.#step(failure, () => this.#wait());
    });
  }

  #wait(): void {
    this.#line.waitForOlder(this.#prefix, this.#leader.revision, (failure) => {
      if (this.#line.isCanceled) this.#line.leave(this.#leader.key, this.#leader.revision);
      this.#step(failure, () => this.#reply(null, encodeCampaignResponse(this.#header!, this.#leader)));
    });
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
