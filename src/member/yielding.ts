/**
 * A leader that had better not lead hands leadership to another member: because its disk does not answer, or because its
 * state is wrong.
 *
 * Nothing can be acknowledged here while the disk is silent; somebody else's may not be. Leases suffer nothing: who leads
 * next gives them an election timeout more. Half the time is for noticing, the rest for the election. Who leads since a
 * short time only has more patience: where all disks are slow, leadership would otherwise go round and round.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { type NodeId, Role } from '../raft/types.ts';
import type { Runtime } from '../util/runtime.ts';
import type { Handover } from './handover.ts';
import type { MemberLimits } from './types.ts';

/** Election timeouts after which a leader is no new one any more. */
const settledElections = 10;

export interface YieldingOptions {
  readonly raft: RaftNode;
  readonly handover: Handover;
  readonly limits: MemberLimits;
  readonly runtime: Runtime;
  readonly diskSilenceMs: () => number;
  /** When this member came to lead. */
  readonly electedAt: () => number;
  /** Something changed in the core. */
  readonly changed: () => void;
}

export class Yielding {
  readonly #options: YieldingOptions;
  #isUnderWay = false;

  constructor(options: YieldingOptions) {
    this.#options = options;
  }

  /** For every tick. */
  tick(): void {
    const { raft, limits, runtime, electedAt } = this.#options;
    const { electionMs } = limits;
    const silentMs = this.#options.diskSilenceMs();
    if (silentMs < electionMs / 2 || raft.role !== Role.Leader) return;
    const isNew = runtime.clock.now() - electedAt() < settledElections * electionMs;
    if (isNew && silentMs < 2 * electionMs) return;
    const context = { 'silent-ms': Math.round(silentMs) };
    this.yield('the disk does not answer: another member shall lead', context, () => true);
  }

  /** @param mayLead who may be handed leadership */
  yield(why: string, context: Record<string, unknown>, mayLead: (id: NodeId) => boolean): void {
    const { raft, handover, runtime, changed } = this.#options;
    const heir = handover.heir(mayLead);
    if (heir === null || this.#isUnderWay) return;
    const hasYielded = (): boolean => raft.role !== Role.Leader;
    this.#isUnderWay = handover.begin(heir, hasYielded, () => {
      this.#isUnderWay = false;
    });
    if (!this.#isUnderWay) return;
    runtime.log.warn(why, { heir, ...context });
    changed();
  }
}
