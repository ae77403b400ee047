/** Handing leadership to another member, on request or when this one stops. */

import type { RaftNode } from '../raft/raft-node.ts';
import { type NodeId, Role } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Clock, Timer } from '../util/runtime.ts';
import type { MemberLimits } from './types.ts';

export class Handover {
  readonly #raft: RaftNode;
  readonly #network: PeerNetwork;
  readonly #clock: Clock;
  readonly #limits: MemberLimits;
  readonly #timers = new Set<Timer>();

  constructor(raft: RaftNode, network: PeerNetwork, clock: Clock, limits: MemberLimits) {
    this.#raft = raft;
    this.#network = network;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The voter that lacks the least of the log; null where there is nothing to hand over or nobody to take it. */
  heir(accepts: (id: NodeId) => boolean = () => true): NodeId | null {
    if (this.#raft.role !== Role.Leader) return null;
    let heir: NodeId | null = null;
    let most = -1;
    for (const [peer, { match, isLearner, recentActive }] of this.#raft.status().progress) {
      if (isLearner || !recentActive || match <= most || !accepts(peer)) continue;
      most = match;
      heir = peer;
    }
    return heir;
  }

  /**
   * Begins the transfer; false when the core refuses.
   * @param isDone what is waited for
   * @param done called when it has come (true), or when `target` is gone or the time is over
   */
  begin(target: NodeId, isDone: () => boolean, done: (ok: boolean) => void): boolean {
    if (!this.#raft.transferLeadership(target)) return false;
    this.#wait(target, this.#clock.now() + this.#limits.electionMs, isDone, done);
    return true;
  }

  #wait(target: NodeId, deadline: number, isDone: () => boolean, done: (ok: boolean) => void): void {
    const timer = this.#clock.setTimer(this.#limits.heartbeatMs / 10, () => {
      this.#timers.delete(timer);
      if (isDone()) done(true);
      else if (!this.#network.isConnected(target) || this.#clock.now() >= deadline) done(false);
      else this.#wait(target, deadline, isDone, done);
    });
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}
