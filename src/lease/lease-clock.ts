/**
 * Watches the time of the leases, on the leader only and in memory only: it says which leases are over and which are to
 * be checkpointed, and what it says becomes true when it was proposed and applied (`commands.ts`, `leases.ts`).
 *
 * No clock of its own: `now` is the caller's monotonic time in milliseconds; a call with an earlier one than before counts as at the
 * latest.
 *
 * Two promises hold across leaders:
 *
 * Never early. A lease ends no sooner than its TTL after the last renewal that was acknowledged.
 * - A new leader begins, when it has applied everything of the terms before, with what was left at the last checkpoint,
 *   or with all of the TTL, and an election timeout on top. Both are at least what was left under the leader before.
 * - A renewal counts from the moment it arrived, and is acknowledged only after this member was found to lead at a later
 *   moment of the same term. So whoever leads next begins after the renewal.
 * - If a checkpoint says less than all of the TTL, or one that may say so is on its way, a renewal is acknowledged only
 *   after a checkpoint that takes it back was applied. Counter-example: a checkpoint "10 s left" is proposed, a renewal to
 *   60 s is acknowledged, the checkpoint is applied, the leader dies; the next one ends the lease after 10 s.
 * - Time in which this member stood still is not charged to leases: nobody could renew them here meanwhile.
 *
 * Not for ever. Each leader that stays for `firstShare` of a lease's TTL (or five minutes) writes down what is left, and
 * the next one goes on from there, not from the whole TTL.
 */

import type { Checkpoint } from './commands.ts';
import { DeadlineHeap, type HeapEntry, heapEntry } from './deadline-heap.ts';
import type { Lease } from './lease.ts';
import type { LeaseObserver, Leases } from './leases.ts';
import { Pacer } from './pacer.ts';

export interface LeaseClockOptions {
  /** Leases that may be ended in a second; more wait, and can be renewed until their turn. @default 1000 */
  readonly revokesPerSecond: number;
  /** Checkpoints in a second. @default 2000 */
  readonly checkpointsPerSecond: number;
  /** A lease that is over and not revoked is offered again after so many milliseconds. @default 3000 */
  readonly reofferMs: number;
  /** A lease that nobody renews is checkpointed at least this often, in milliseconds. @default 300000 */
  readonly checkpointIntervalMs: number;
  /** Those who may wait at once for a lease to be gone. @default 20000 */
  readonly maxWaiters: number;
}

const defaultLeaseClockOptions: LeaseClockOptions = {
  revokesPerSecond: 1000,
  checkpointsPerSecond: 2000,
  reofferMs: 3000,
  checkpointIntervalMs: 5 * 60 * 1000,
  maxWaiters: 20_000,
};

/** Leases shorter than this are not checkpointed: a new leader gives them all of their TTL again. */
const minCheckpointTtl = 10;
/**
 * The share of its TTL after which a lease that was not renewed gets its first checkpoint. Clients renew after a third;
 * theirs never get one, and so their renewals cost no write.
 */
const firstShare = 0.4;
/** The share of the TTL between further checkpoints: the client is probably gone. */
const nextShare = 0.1;
const minStepMs = 1000;

export const Renewal = {
  /** There is no such lease: the answer is TTL 0. */
  Gone: 0,
  /**
   * Renewed. Acknowledge as soon as this member is known to have led at a later moment of the same term. That may take
   * longer than the TTL: if the lease is gone by then the answer is TTL 0.
   */
  Renewed: 1,
  /** Renewed. Acknowledge as soon as a checkpoint of the lease with 0 was proposed and applied in the same term. */
  NeedsReset: 2,
  /** It is over and its end was proposed. Wait (`whenOver`), then answer. */
  Ending: 3,
  /** This member does not lead: ask the one who does. */
  NotLeader: 4,
} as const;
export type Renewal = (typeof Renewal)[keyof typeof Renewal];

export interface TimeLeft {
  /** Whole seconds, rounded down, from 0 to `grantedTtl`. */
  readonly ttl: number;
  readonly grantedTtl: number;
}

/** @param isGone false: this member no longer leads, and whether the lease is gone is not known here */
export type WhenOver = (isGone: boolean) => void;

/** A lease whose time is watched. */
class Timed {
  readonly lease: Lease;
  /** When it is over. */
  deadlineMs: number;
  /** When its next checkpoint is due. */
  checkpointMs: number;
  /** Its end was proposed at least once; there is no way back. */
  isEnding = false;
  /** Checkpoints below the TTL that were proposed in this term and not applied yet. */
  checkpointsUnderWay = 0;
  /** At `deadlineMs` or earlier: a renewal leaves it where it is, and it is moved when it comes up. */
  readonly expiry: HeapEntry<Timed>;
  /** The same for `checkpointMs`; in no heap if the lease is too short for checkpoints. */
  readonly checkpoint: HeapEntry<Timed>;

  constructor(lease: Lease, deadlineMs: number, checkpointMs: number) {
    this.lease = lease;
    this.deadlineMs = deadlineMs;
    this.checkpointMs = checkpointMs;
    this.expiry = heapEntry<Timed>(this, deadlineMs);
    this.checkpoint = heapEntry<Timed>(this, checkpointMs);
  }

  get hasCheckpoints(): boolean {
    return this.lease.ttl >= minCheckpointTtl;
  }
}

export class LeaseClock implements LeaseObserver {
  readonly #leases: Leases;
  readonly #options: LeaseClockOptions;
  #term = 0;
  #byId = new Map<bigint, Timed>();
  #expiries = new DeadlineHeap<Timed>();
  #checkpoints = new DeadlineHeap<Timed>();
  /** Granted since the last call that brought the time. */
  #fresh: Lease[] = [];
  #revokePacer = new Pacer(1, 0);
  #checkpointPacer = new Pacer(1, 0);
  #waiters = new Map<bigint, WhenOver[]>();
  #waiterCount = 0;
  /** The latest `now`. */
  #seenMs = 0;
  /** Time that is not charged: leases live by `now - #stoodStillMs`. */
  #stoodStillMs = 0;
  #stallMs = 0;

  constructor(leases: Leases, options: Partial<LeaseClockOptions> = {}) {
    this.#leases = leases;
    this.#options = { ...defaultLeaseClockOptions, ...options };
    leases.observe(this);
  }

  /** The term in which this member leads and watches the time; 0 when it does not. */
  get term(): number {
    return this.#term;
  }

  /**
   * This member leads in `term` and has applied an entry of it, hence everything of the terms before.
   * @param extendMs an election timeout: what leases get on top, and how long a pause between two calls may be before it
   *   counts as standing still
   */
  promote(term: number, now: number, extendMs: number): void {
    if (term <= 0) throw new Error(`no leader leads in term ${term}`);
    this.demote();
    this.#term = term;
    this.#seenMs = now;
    this.#stoodStillMs = 0;
    this.#stallMs = extendMs;
    this.#revokePacer = new Pacer(this.#options.revokesPerSecond, now);
    this.#checkpointPacer = new Pacer(this.#options.checkpointsPerSecond, now);
    for (const lease of this.#leases.all()) this.#byId.set(lease.id, this.#timed(lease, now, extendMs));
    const all = [...this.#byId.values()];
    this.#expiries = DeadlineHeap.of(all.map((timed) => timed.expiry));
    const checkpointed = all.filter((timed) => timed.hasCheckpoints);
    this.#checkpoints = DeadlineHeap.of(checkpointed.map((timed) => timed.checkpoint));
  }

  /** This member leads no more, or not in that term. */
  demote(): void {
    if (this.#term === 0) return;
    this.#term = 0;
    this.#byId = new Map();
    this.#expiries = new DeadlineHeap();
    this.#checkpoints = new DeadlineHeap();
    this.#fresh = [];
    const waiters = [...this.#waiters.values()].flat();
    this.#waiters = new Map();
    this.#waiterCount = 0;
    for (const waiter of waiters) waiter(false);
  }

  /**
   * Renews a lease from `now` on, when the request arrived at the leader. What it returns says what must happen before
   * the client is told; the TTL to tell is that of the grant.
   */
  renew(id: bigint, now: number): Renewal {
    if (this.#term === 0) return Renewal.NotLeader;
    const time = this.#leaseTime(now);
    const timed = this.#find(id, time);
    if (timed === undefined) return Renewal.Gone;
    if (timed.isEnding) return Renewal.Ending;
    const { lease, expiry } = timed;
    timed.deadlineMs = time + lease.ttl * 1000;
    // Only after what a new leader gave on top.
    if (timed.deadlineMs < expiry.atMs) this.#expiries.move(expiry, timed.deadlineMs);
    timed.checkpointMs = time + this.#firstCheckpointMs(lease);
    return lease.remainingTtl > 0 || timed.checkpointsUnderWay > 0 ? Renewal.NeedsReset : Renewal.Renewed;
  }

  /** What is left of a lease; null when it does not exist. Only on the leader. */
  timeToLive(id: bigint, now: number): TimeLeft | null {
    if (this.#term === 0) throw new Error('only the leader knows what is left of a lease');
    const time = this.#leaseTime(now);
    const timed = this.#find(id, time);
    if (timed === undefined) return null;
    const { ttl } = timed.lease;
    const left = Math.floor((timed.deadlineMs - time) / 1000);
    return { ttl: Math.min(Math.max(left, 0), ttl), grantedTtl: ttl };
  }

  /**
   * Takes the leases that are over, longest first, at the rate that is allowed. Their end is to be proposed at once, with
   * `term`; those that are not revoked are offered again after a while.
   */
  takeExpired(now: number, limit: number): bigint[] {
    const ids: bigint[] = [];
    if (this.#term === 0) return ids;
    const time = this.#leaseTime(now);
    this.#settle(time);
    const most = Math.min(limit, this.#revokePacer.allowed(now));
    while (ids.length < most) {
      const top = this.#expiries.top;
      if (top === undefined || top.atMs > time) break;
      const timed = top.item;
      if (timed.deadlineMs > time) {
        this.#expiries.move(top, timed.deadlineMs);
        continue;
      }
      timed.isEnding = true;
      this.#expiries.move(top, time + this.#options.reofferMs);
      ids.push(timed.lease.id);
    }
    this.#revokePacer.spend(ids.length);
    return ids;
  }

  /** Takes the checkpoints that are due. They are to be proposed at once, with `term`. */
  takeCheckpoints(now: number, limit: number): Checkpoint[] {
    const taken: Checkpoint[] = [];
    if (this.#term === 0) return taken;
    const time = this.#leaseTime(now);
    this.#settle(time);
    const most = Math.min(limit, this.#checkpointPacer.allowed(now));
    while (taken.length < most) {
      const top = this.#checkpoints.top;
      if (top === undefined || top.atMs > time) break;
      const timed = top.item;
      if (timed.checkpointMs > time) {
        this.#checkpoints.move(top, timed.checkpointMs);
        continue;
      }
      const { lease } = timed;
      timed.checkpointMs = time + this.#nextCheckpointMs(lease);
      this.#checkpoints.move(top, timed.checkpointMs);
      // Rounded up: a lease must not lose by it.
      const remainingTtl = Math.ceil((timed.deadlineMs - time) / 1000);
      const known = lease.remainingTtl > 0 ? lease.remainingTtl : lease.ttl;
      if (timed.isEnding || remainingTtl <= 0 || remainingTtl >= known) continue;
      timed.checkpointsUnderWay++;
      taken.push({ id: lease.id, remainingTtl });
    }
    this.#checkpointPacer.spend(taken.length);
    return taken;
  }

  /**
   * Checkpoints that were taken and certainly did not reach the log. Without this the renewals of their leases would be
   * written to the log until the next leader, to take back what nobody wrote.
   */
  withdraw(checkpoints: readonly Checkpoint[]): void {
    for (const { id } of checkpoints) {
      const timed = this.#byId.get(id);
      if (timed !== undefined && timed.checkpointsUnderWay > 0) timed.checkpointsUnderWay--;
    }
  }

  /**
   * Calls `over` when the lease is gone, or when this member leads no more: in the middle of apply, so it must not throw.
   * @returns false when too many wait already
   */
  whenOver(id: bigint, over: WhenOver): boolean {
    if (this.#waiterCount >= this.#options.maxWaiters) return false;
    this.#waiterCount++;
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) this.#waiters.set(id, [over]);
    else waiters.push(over);
    return true;
  }

  /** The ids of all leases: on the leader by the time they have left, elsewhere as the book has them. */
  list(): bigint[] {
    if (this.#term === 0) return this.#leases.list();
    const timed = [...this.#byId.values()].sort((a, b) => a.deadlineMs - b.deadlineMs);
    const fresh = this.#fresh.filter((lease) => this.#leases.get(lease.id) === lease);
    return [...timed.map(({ lease }) => lease.id), ...fresh.map((lease) => lease.id)];
  }

  granted(lease: Lease): void {
    if (this.#term !== 0) this.#fresh.push(lease);
  }

  revoked({ id }: Lease): void {
    const timed = this.#byId.get(id);
    if (timed !== undefined) {
      this.#byId.delete(id);
      this.#expiries.remove(timed.expiry);
      if (timed.hasCheckpoints) this.#checkpoints.remove(timed.checkpoint);
    }
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) return;
    this.#waiters.delete(id);
    this.#waiterCount -= waiters.length;
    for (const waiter of waiters) waiter(true);
  }

  checkpointed({ id }: Lease, remainingTtl: number): void {
    if (remainingTtl <= 0) return;
    const timed = this.#byId.get(id);
    if (timed !== undefined && timed.checkpointsUnderWay > 0) timed.checkpointsUnderWay--;
  }

  reloaded(): void {
    this.demote();
  }

  /**
   * The time leases live by, which never goes back. A pause between two calls that is longer than an election timeout counts as one: this member
   * stood still, and the renewals that came meanwhile wait to be read behind the tick that calls now.
   */
  #leaseTime(now: number): number {
    const passed = now - this.#seenMs;
    if (passed > 0) {
      if (passed > this.#stallMs) this.#stoodStillMs += passed - this.#stallMs;
      this.#seenMs = now;
    }
    return this.#seenMs - this.#stoodStillMs;
  }

  #find(id: bigint, time: number): Timed | undefined {
    if (this.#fresh.length > 0) this.#settle(time);
    return this.#byId.get(id);
  }

  /** Starts the time of the leases that were granted since the last call. They are a little late rather than early. */
  #settle(time: number): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const lease of fresh) {
      // Revoked meanwhile.
      if (this.#leases.get(lease.id) !== lease) continue;
      const timed = this.#timed(lease, time, 0);
      this.#byId.set(lease.id, timed);
      this.#expiries.add(timed.expiry);
      if (timed.hasCheckpoints) this.#checkpoints.add(timed.checkpoint);
    }
  }

  #timed(lease: Lease, time: number, extendMs: number): Timed {
    const { ttl, remainingTtl } = lease;
    // One that was not renewed for long under the leader before is probably abandoned.
    if (remainingTtl > 0) {
      return new Timed(lease, time + remainingTtl * 1000 + extendMs, time + this.#nextCheckpointMs(lease));
    }
    return new Timed(lease, time + ttl * 1000 + extendMs, time + this.#firstCheckpointMs(lease));
  }

  #firstCheckpointMs(lease: Lease): number {
    return Math.min(lease.ttl * 1000 * firstShare, this.#options.checkpointIntervalMs);
  }

  #nextCheckpointMs(lease: Lease): number {
    const step = Math.max(lease.ttl * 1000 * nextShare, minStepMs);
    return Math.min(step, this.#options.checkpointIntervalMs);
  }
}
