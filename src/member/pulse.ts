/**
 * The time of a member: its ticks, which the consensus counts, and their larger steps while there is nothing to do. It
 * says when a tick is due and what it is worth to the core; what is done at one is the loop's.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { Role } from '../raft/types.ts';
import type { Clock, Runtime } from '../util/runtime.ts';
import { LateHeartbeats } from './late-heartbeats.ts';
import { Rest } from './rest.ts';
import { Ticker } from './ticker.ts';
import type { MemberLimits } from './types.ts';

export class Pulse {
  readonly #raft: RaftNode;
  readonly #limits: Pick<MemberLimits, 'heartbeatMs' | 'electionMs'>;
  readonly #clock: Clock;
  readonly #rest: Rest;
  readonly #late: LateHeartbeats;
  readonly #ticker: Ticker;
  #tickedAt = 0;
  /** When a tick last looked at everything that goes by ticks. */
  #lookedAt = 0;
  /** The longest step between two ticks that was meant to be since the last one. */
  #stepMs: number;

  /** @param due called when a tick is due */
  constructor(raft: RaftNode, limits: MemberLimits, runtime: Runtime, due: () => void) {
    const { heartbeatMs, electionMs } = limits;
    this.#raft = raft;
    this.#limits = limits;
    this.#clock = runtime.clock;
    this.#rest = new Rest(heartbeatMs, Math.round(electionMs / heartbeatMs), runtime.clock.now());
    this.#stepMs = heartbeatMs;
    this.#late = new LateHeartbeats(raft, electionMs, runtime.log);
    this.#ticker = new Ticker(runtime.clock, heartbeatMs, due);
  }

  get isResting(): boolean {
    return this.#rest.isResting;
  }

  get lateHeartbeats(): number {
    return this.#late.count;
  }

  /** A whole tick, at which a member looks at everything, is due: once in an election timeout it is, however much it rests. */
  get isLookDue(): boolean {
    return this.#clock.now() - this.#lookedAt >= this.#limits.electionMs;
  }

  /** @param phase part of a period until the first tick */
  start(phase: number): void {
    this.#ticker.start(phase);
  }

  stop(): void {
    this.#ticker.stop();
  }

  /** The leader has sent something. */
  heard(): void {
    this.#rest.heard(this.#clock.now());
  }

  /** @returns whether a frame of the leader's is a tick: it is for a follower that rests, whose timer is put off then */
  ticksByLeader(): boolean {
    if (!this.#rest.isResting || this.#raft.role === Role.Leader) return false;
    this.#ticker.postpone(this.#rest.patienceMs);
    return true;
  }

  /** The leader has said again what it said before, which is a tick. @returns whether it is to be answered */
  heardAgain(): boolean {
    const now = this.#clock.now();
    const answers = this.#rest.heardAgain(now);
    this.#tickedAt = now;
    this.#ticker.postpone(this.#rest.patienceMs);
    return answers;
  }

  /** Tells the core of the time that has passed. @param now of the tick that is made */
  tick(now: number): void {
    const leads = this.#raft.role === Role.Leader;
    this.#raft.tick(this.#rest.passed(now, this.#tickedAt, leads));
    const isLate = now - this.#tickedAt > this.#stepMs + this.#limits.heartbeatMs;
    if (isLate && this.#tickedAt > 0 && this.#raft.role === Role.Leader)
      this.#late.note(now - this.#tickedAt);
    this.#tickedAt = now;
  }

  /** There is something to do: no more rest. */
  disturb(): void {
    if (this.#rest.disturb(this.#clock.now())) this.#ticker.pace(this.#rest.periodMs);
  }

  /** A whole tick. @param isBusy there is something to do */
  look(now: number, isBusy: boolean): void {
    this.#lookedAt = now;
    if (isBusy) this.disturb();
    else this.#rest.look(now);
    this.#ticker.pace(this.#rest.periodMs);
    this.#stepMs = this.#rest.periodMs;
  }
}
