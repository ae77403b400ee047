/**
 * The leases of a member: what clients ask, and on the leader the clock that ends them.
 *
 * A renewal is the leader's word alone, not an entry of the log: it is told to the client only when the leader was found
 * to lead after it (a read round), so that whoever leads next begins behind it (`lease/lease-clock.ts`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import { type Checkpoint, encodeCheckpoints, encodeExpiry } from '../lease/commands.ts';
import { LeaseClock, Renewal, type TimeLeft } from '../lease/lease-clock.ts';
import type { Leases } from '../lease/leases.ts';
import { drawLeaseId, minTtlSeconds, raisedTtl } from '../lease/limits.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { Role } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { encodeLeaseGrantRequest, encodeLeaseRevokeRequest } from '../wire/lease-codec.ts';
import { listKeys } from './key-listing.ts';
import { LeaderMethod, type LeaderReply } from './leader-calls.ts';
import type { LeaseGrantResult, LeaseRevokeResult, LeaseTimeLeft, ServedLeases } from './lease-types.ts';
import { type MemberLimits, type ProposeDone, type ReadDone, RequestKind } from './types.ts';

/** Leases that one proposal ends or checkpoints. */
const leasesPerProposal = 500;

const noKeys: readonly string[] = [];

export interface MemberLeasesOptions {
  readonly leases: Leases;
  readonly raft: RaftNode;
  readonly runtime: Runtime;
  readonly limits: MemberLimits;
  readonly propose: <T>(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    done: ProposeDone<T>,
    caller: Caller,
  ) => void;
  /** For what the member asks of itself: never refused for want of room. */
  readonly proposeOwn: (kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>) => void;
  readonly callLeader: (method: LeaderMethod, body: unknown, repeatable: boolean, done: LeaderReply) => void;
  readonly linearize: (done: ReadDone) => void;
}

export class MemberLeases implements ServedLeases {
  readonly #options: MemberLeasesOptions;
  readonly #leases: Leases;
  readonly #clock: LeaseClock;
  readonly #minTtl: number;
  /** Renewed and ended by this member while it led. */
  renewed = 0;
  expired = 0;

  constructor(options: MemberLeasesOptions) {
    this.#options = options;
    this.#leases = options.leases;
    this.#clock = new LeaseClock(options.leases);
    this.#minTtl = minTtlSeconds(options.limits);
  }

  grant(id: bigint, ttl: number, done: ProposeDone<LeaseGrantResult>, caller: Caller = nobody): void {
    const isTaken = (drawn: bigint): boolean => this.#leases.exists(drawn);
    const chosen = id === 0n ? drawLeaseId(this.#options.runtime.random, isTaken) : id;
    const request = { id: chosen, ttl: raisedTtl(ttl, this.#minTtl) };
    this.#options.propose(RequestKind.LeaseGrant, encodeLeaseGrantRequest(request), request, done, caller);
  }

  revoke(id: bigint, done: ProposeDone<LeaseRevokeResult>, caller: Caller = nobody): void {
    this.#options.propose(RequestKind.LeaseRevoke, encodeLeaseRevokeRequest(id), id, done, caller);
  }

  renew(id: bigint, done: (failure: Failure | null, ttl: number) => void): void {
    this.#options.callLeader(LeaderMethod.RenewLease, `${id}`, true, (failure, ttl) => {
      done(failure, failure === null ? (ttl as number) : 0);
    });
  }

  timeToLive(
    id: bigint,
    wantsKeys: boolean,
    done: (failure: Failure | null, left: LeaseTimeLeft | null) => void,
  ): void {
    this.#options.callLeader(LeaderMethod.LeaseTimeToLive, { id: `${id}` }, true, (failure, told) => {
      const left = told as TimeLeft | null;
      if (left === null) done(failure, null);
      else if (wantsKeys) this.#addKeys(id, left, done);
      else done(null, { ...left, keys: noKeys });
    });
  }

  /**
   * The keys are part of the state, and so they are here: the leader need not say what may be millions of them, in one frame,
   * before it may be asked again.
   */
  #addKeys(
    id: bigint,
    left: TimeLeft,
    done: (failure: Failure | null, left: LeaseTimeLeft | null) => void,
  ): void {
    const { linearize, runtime } = this.#options;
    linearize((failure) => {
      const lease = this.#leases.get(id);
      if (failure !== null || lease === undefined) done(failure, null);
      else if (lease.keys === null) done(null, { ...left, keys: noKeys });
      else listKeys(lease.keys, runtime.scheduler, (keys) => done(null, { ...left, keys }));
    });
  }

  list(): readonly bigint[] {
    return this.#clock.list();
  }

  /** On the leader: a member renews for its client. Answers the seconds, 0 for a lease that is gone. */
  serveRenewal(id: bigint, reply: LeaderReply): void {
    const { term } = this.#clock;
    switch (this.#clock.renew(id, this.#now)) {
      case Renewal.Gone:
        // Gone as far as a leader knows that may have been deposed.
        this.#asLeader(term, reply, () => {
          if (this.#leases.exists(id)) reply(new Failure('notLeader'), null);
          else reply(null, 0);
        });
        return;
      case Renewal.Renewed:
        this.renewed++;
        this.#asLeader(term, reply, () => reply(null, this.#leases.get(id)?.ttl ?? 0));
        return;
      case Renewal.NeedsReset:
        this.renewed++;
        this.#reset(id, term, reply);
        return;
      case Renewal.Ending: {
        const over = (isGone: boolean): void => reply(isGone ? null : new Failure('notLeader'), 0);
        if (!this.#clock.whenOver(id, over)) reply(new Failure('tooManyRequests'), null);
        return;
      }
      default:
        reply(new Failure('notLeader'), null);
    }
  }

  /**
   * Goes on when this member led `term` after now. The core is asked, not the clock: a member that was deposed a moment
   * ago has its read confirmed by the new leader, while its own clock learns of it at the next tick only.
   */
  #asLeader(term: number, reply: LeaderReply, next: () => void): void {
    const { raft, linearize } = this.#options;
    linearize((failure) => {
      if (failure !== null) reply(failure, null);
      else if (raft.role !== Role.Leader || raft.term !== term) reply(new Failure('notLeader'), null);
      else next();
    });
  }

  #reset(id: bigint, term: number, reply: LeaderReply): void {
    const body = encodeCheckpoints({ term, checkpoints: [{ id, remainingTtl: 0 }] });
    this.#options.proposeOwn(RequestKind.LeaseCheckpoint, body, (failure, counted) => {
      if (failure !== null) reply(failure, null);
      else if (counted !== true) reply(new Failure('notLeader'), null);
      else reply(null, this.#leases.get(id)?.ttl ?? 0);
    });
  }

  /** On the leader: what is left of a lease, or null. */
  serveTimeToLive(asked: unknown, reply: LeaderReply): void {
    const id = BigInt((asked as { readonly id: string }).id);
    const { term } = this.#clock;
    if (term === 0) {
      reply(new Failure('notLeader'), null);
      return;
    }
    this.#asLeader(term, reply, () => reply(null, this.#clock.timeToLive(id, this.#now)));
  }

  get #now(): number {
    return this.#options.runtime.clock.now();
  }

  /** Begins or ends to watch the time, and proposes what is due. */
  tick(): void {
    const { raft, limits } = this.#options;
    const leads = raft.role === Role.Leader && raft.termAt(raft.appliedIndex) === raft.term;
    if (!leads) {
      if (raft.role !== Role.Leader || this.#clock.term !== raft.term) this.#clock.demote();
      return;
    }
    if (this.#clock.term !== raft.term) this.#clock.promote(raft.term, this.#now, limits.electionMs);
    const { term } = this.#clock;
    const ids = this.#clock.takeExpired(this.#now, leasesPerProposal);
    if (ids.length > 0) {
      this.expired += ids.length;
      this.#options.proposeOwn(RequestKind.LeaseExpire, encodeExpiry({ term, ids }), ignoreOutcome);
    }
    const checkpoints = this.#clock.takeCheckpoints(this.#now, leasesPerProposal);
    if (checkpoints.length > 0) this.#propose(term, checkpoints);
  }

  #propose(term: number, checkpoints: readonly Checkpoint[]): void {
    const body = encodeCheckpoints({ term, checkpoints });
    this.#options.proposeOwn(RequestKind.LeaseCheckpoint, body, (failure) => {
      if (failure?.reason === 'deadlineExceeded') this.#clock.withdraw(checkpoints);
    });
  }

  /** The member has stopped: nobody is waited for. */
  stop(): void {
    this.#clock.demote();
  }
}

function ignoreOutcome(): void {}
