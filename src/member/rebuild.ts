/**
 * A member whose applied state is lost, damaged or other than the majority's throws it away and goes on from a healthy
 * one's. Its log and its hard state are sound, so it keeps its id, its vote and its promises: it goes on to store and to
 * vote meanwhile, but answers no client and does not stand for election (`RaftNode.forgetState`).
 *
 *     sound ──(a comparison names this member)──► named ──(somebody else leads)──► hollow ──(a state arrives)──► checked
 *       ▲                                                                            ▲                             │
 *       │                                        a start that finds no state ────────┘                             │
 *       └──────────────(the alarm is gone)◄── ends its alarm ◄──(its keys hash to what the leader's do)────────────┘
 *
 * The rules, and what goes wrong without them:
 * - Only an alarm that a comparison has raised, in which a majority agrees (`corruption.ts`), makes a member throw anything
 *   away. Else: of members a and b that differ, b, which has what clients were told, would rebuild itself from a.
 * - The state comes from the leader, and never from one that is named itself or has no state. A leader that is named hands
 *   leadership on first.
 * - The state is thrown away on disk before another one is asked for: a start in between finds none and goes on from there.
 * - The log is not cut. Else: entry 7 is acknowledged by a and b; b, rebuilt from a state at 6 with an empty log, votes for
 *   c, which lacks 7.
 * - A few attempts. What is wrong again after them is wrong for another reason, and an operator has to look.
 */

import { type NodeId, nobody } from '../raft/types.ts';
import type { Clock, Logger } from '../util/runtime.ts';
import { LeaderMethod, type LeaderReply } from './leader-calls.ts';

/** The leader is asked for its state again after this. It sends one at a time to each. */
const askAgainMs = 2000;
/** What is still not to be had is told so often. */
const tellAgainMs = 30_000;
/** Rebuilds of one life, after each of which this member still differed. */
const maxAttempts = 3;
/** A leader that cannot hand leadership on stops leading after so many ticks. */
const patienceTicks = 30;

/** What is rebuilt, of the member that does it. */
export interface RebuiltMember {
  readonly id: NodeId;
  /** Itself where it leads; empty while there is none. */
  readonly leader: NodeId;
  /** There is no state, and none is being put in force. */
  readonly isHollow: boolean;
  readonly isReplacingState: boolean;
  /** A comparison has named this member, or that one. */
  isNamed(id: NodeId): boolean;
  /** Hands leadership to somebody whom no comparison has named, if there is anybody. */
  handOver(): void;
  stepDown(): void;
  /** @param done it is gone from the disk too */
  discardState(done: () => void): void;
  callLeader(method: LeaderMethod, body: unknown, done: LeaderReply): void;
  /** @param done null where there was nothing to compare with */
  compareKeys(done: (isSame: boolean | null) => void): void;
  /** Ends the alarm that names this member. */
  clearAlarm(): void;
}

export class StateRebuild {
  readonly #member: RebuiltMember;
  readonly #isEnabled: boolean;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Logger;
  #isDiscarding = false;
  #wasHollow = false;
  #isComparing = false;
  /** The state is that of another member, in this life, and agrees with the leader's. */
  #isChecked = false;
  /** Since its state arrived it was not compared. */
  #isRebuilt = false;
  #attempts = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #ticksAsLeader = 0;
  /** The state is damaged on this member's disk, and will be thrown away as soon as another member leads. */
  #isCondemned = false;
  /** States that were put in the place of lost or wrong ones. */
  rebuilds = 0;

  constructor(member: RebuiltMember, isEnabled: boolean, clock: Pick<Clock, 'now'>, log: Logger) {
    this.#member = member;
    this.#isEnabled = isEnabled;
    this.#clock = clock;
    this.#log = log;
  }

  /** Clients get no answer from this member: it has no state, or a wrong one that it will throw away. */
  get isUnderWay(): boolean {
    const { isHollow, id } = this.#member;
    return isHollow || (this.#isEnabled && this.#member.isNamed(id));
  }

  /** The state on disk was found damaged. It is served until another one can take its place. @returns whether one will */
  condemn(): boolean {
    if (!this.#isEnabled) return false;
    this.#isCondemned = true;
    return true;
  }

  /** Now and then. */
  tick(): void {
    const member = this.#member;
    if (this.#isDiscarding || member.isReplacingState) return;
    if (member.isHollow) {
      this.#wasHollow = true;
      if (member.leader === member.id) this.#letLead();
      else this.#ask();
      return;
    }
    if (this.#wasHollow) this.#noteRebuilt();
    if (this.#isCondemned) this.#replace();
    else if (!member.isNamed(member.id)) this.#forget();
    else if (this.#isEnabled && this.#attempts < maxAttempts) this.#repair();
  }

  #replace(): void {
    const { id, leader } = this.#member;
    if (leader === id) this.#offerLeadership();
    else if (leader !== nobody && !this.#member.isNamed(leader))
      this.#discard('the state is damaged on disk: this member throws it away');
  }

  /**
   * Somebody else shall lead, so that there is a state to be had. A few times only, and without stepping down: what is damaged
   * may not be needed for long, and where all others have no state this member is the only one that can lead.
   */
  #offerLeadership(): void {
    const ticks = this.#ticksAsLeader++;
    if (ticks < maxAttempts * patienceTicks) {
      if (ticks % patienceTicks === 0) this.#member.handOver();
      return;
    }
    this.#isCondemned = false;
    this.#ticksAsLeader = 0;
    this.#log.error('nobody else can lead: the damaged state stays for now');
  }

  #forget(): void {
    this.#isRebuilt = false;
    this.#isChecked = false;
    this.#attempts = 0;
    this.#ticksAsLeader = 0;
  }

  #noteRebuilt(): void {
    this.#wasHollow = false;
    this.#isRebuilt = true;
    this.#isChecked = false;
    this.rebuilds++;
    this.#log.info('this member has a state again, from a healthy one', { from: this.#member.leader });
  }

  #repair(): void {
    const member = this.#member;
    const { id, leader } = member;
    if (leader === id) this.#letLead();
    else if (leader === nobody || member.isNamed(leader)) return;
    else if (this.#isChecked) this.#clear();
    else if (this.#isRebuilt) this.#check();
    else this.#discard('this member has applied other things than the majority: it throws its state away');
  }

  /** Somebody else shall lead: a state that is wrong or lost is of no use to anybody. */
  #letLead(): void {
    this.#ticksAsLeader++;
    if (this.#ticksAsLeader % patienceTicks === 0) this.#member.stepDown();
    else this.#member.handOver();
  }

  #discard(told: string): void {
    this.#isCondemned = false;
    this.#ticksAsLeader = 0;
    this.#log.error(told, { leader: this.#member.leader, attempt: this.#attempts + 1 });
    this.#isDiscarding = true;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#member.discardState(() => {
      this.#isDiscarding = false;
    });
  }

  #ask(): void {
    const { leader, id } = this.#member;
    const now = this.#clock.now();
    if (leader === nobody || now - this.#askedAt < askAgainMs) {
      if (leader === nobody) this.#tell('there is no leader');
      return;
    }
    this.#askedAt = now;
    this.#member.callLeader(LeaderMethod.SendState, { id }, (failure) => {
      if (failure !== null) this.#tell(failure.message);
    });
  }

  #tell(why: string): void {
    const now = this.#clock.now();
    if (now - this.#toldAt < tellAgainMs) return;
    this.#toldAt = now;
    this.#log.warn('this member has no state and waits for that of a healthy one', { why });
  }

  #clear(): void {
    const now = this.#clock.now();
    if (now - this.#askedAt < askAgainMs) return;
    this.#askedAt = now;
    this.#member.clearAlarm();
  }

  /** The alarm ends when the keys are those of the leader, read from the disk. */
  #check(): void {
    const now = this.#clock.now();
    if (this.#isComparing || now - this.#askedAt < askAgainMs / 10) return;
    this.#askedAt = now;
    this.#isComparing = true;
    this.#member.compareKeys((isSame) => {
      this.#isComparing = false;
      if (isSame === null || !this.#isRebuilt) return;
      if (isSame) {
        this.#isChecked = true;
        this.#askedAt = Number.NEGATIVE_INFINITY;
        this.#log.info('this member holds again what the leader holds, and serves', {});
        return;
      }
      this.#isRebuilt = false;
      this.#attempts++;
      if (this.#attempts < maxAttempts) return;
      const told = 'this member differs from its leader again and again: an operator has to look at it';
      this.#log.error(told, { attempts: this.#attempts });
    });
  }
}
