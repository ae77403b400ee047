/**
 * When a member can serve: the cluster has a leader, this member has caught up with it, and the cluster knows under which
 * name and where this member serves. etcd answers nobody before that; after a while without a quorum it answers what it
 * can.
 */

import type { MemberRecord } from '../member/types.ts';
import type { Failure } from '../util/failure.ts';
import type { Clock, Timer } from '../util/runtime.ts';

/** What is looked at. */
export interface Starting {
  readonly hasLeader: boolean;
  readonly id: string;
  readonly name: string;
  members(): readonly MemberRecord[];
  linearize(done: (failure: Failure | null) => void): void;
}

const pollMs = 10;

export class Readiness {
  readonly #member: Starting;
  readonly #clock: Clock;
  readonly #ready: () => void;
  #timer: Timer | null = null;
  #ended = false;

  /** @param ready called once, unless `stop` comes first */
  constructor(member: Starting, clock: Clock, ready: () => void) {
    this.#member = member;
    this.#clock = clock;
    this.#ready = ready;
    this.#look();
  }

  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #look(): void {
    if (this.#ended) return;
    if (!this.#member.hasLeader) {
      this.#again();
      return;
    }
    this.#member.linearize((failure) => {
      if (this.#ended) return;
      if (failure !== null || !this.#isPublished) {
        this.#again();
        return;
      }
      this.#ended = true;
      this.#ready();
    });
  }

  get #isPublished(): boolean {
    const { id, name } = this.#member;
    return this.#member.members().some((member) => member.id === id && member.name === name);
  }

  #again(): void {
    this.#timer = this.#clock.setTimer(pollMs, () => this.#look());
  }
}
