/**
 * Heartbeats that came late because this leader was stopped, or busy with one thing. Nothing here relies on what it was
 * before: reads take a round through a quorum, leases are not charged for the time (`lease/lease-clock.ts`), what ends
 * them names the term.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import type { Logger } from '../util/runtime.ts';

export class LateHeartbeats {
  /** So far. */
  count = 0;
  readonly #raft: RaftNode;
  readonly #electionMs: number;
  readonly #log: Logger;

  constructor(raft: RaftNode, electionMs: number, log: Logger) {
    this.#raft = raft;
    this.#electionMs = electionMs;
    this.#log = log;
  }

  /** @param byMs since the one before */
  note(byMs: number): void {
    this.count++;
    if (byMs <= this.#electionMs) return;
    this.#raft.stoodStill();
    const told =
      'this leader stood still for longer than an election timeout: another one may have been elected';
    this.#log.warn(told, { 'stood-still-ms': Math.round(byMs) });
  }
}
