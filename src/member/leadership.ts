/**
 * Who leads, as this member sees it: since when, over which links, and what can be done to have a leader sooner.
 *
 * A broken link tells of a dead leader long before its silence does. A follower that loses the link to its leader
 * forgets it and stands for a pre-vote after a moment, members one after another, so that they do not split the vote.
 * Nothing is risked by that: a leader that lives keeps the others' votes, and the next heartbeat restores it here.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { type NodeId, nobody, Role } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { LeaderSituation } from './timeouts.ts';

/** A member stands this much later than the one before it in the order of ids. */
const turnOfOneMs = 60;
/** Spread within one's turn. */
const jitterMs = 30;

export interface LeadershipOptions {
  readonly raft: RaftNode;
  readonly network: PeerNetwork;
  readonly runtime: Runtime;
  readonly heartbeatMs: number;
  /** Something changed in the core. */
  readonly changed: () => void;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #listeners = new Set<() => void>();
  readonly #connectedSince = new Map<NodeId, number>();
  #leader: NodeId = nobody;
  #term = 0;
  #electedAt = 0;
  #eager: Timer | null = null;
  #stopped = false;
  /** How often a member came to lead, as seen from here. */
  changes = 0;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get leader(): NodeId {
    return this.#leader;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at the core after a turn. */
  observe(): void {
    const { raft, runtime } = this.#options;
    if (raft.leader === this.#leader && raft.term === this.#term) return;
    const hadLeader = this.#leader !== nobody;
    this.#term = raft.term;
    if (raft.leader !== this.#leader) {
      this.#leader = raft.leader;
      this.#electedAt = runtime.clock.now();
      if (this.#leader === nobody) {
        runtime.log.warn('lost the leader', { term: raft.term });
      } else {
        this.changes++;
        runtime.log.info('follows a leader', { leader: this.#leader, term: raft.term });
      }
    }
    if (hadLeader !== (this.#leader !== nobody)) for (const listener of [...this.#listeners]) listener();
  }

  onConnect(peer: NodeId): void {
    const { raft, runtime, heartbeatMs } = this.#options;
    this.#connectedSince.set(peer, runtime.clock.now());
    // In a cluster that has a history somebody may lead already: one heartbeat tells.
    if (raft.leader === nobody) this.#standSoon(raft.lastIndex === 0 ? 0 : 2 * heartbeatMs);
  }

  onDisconnect(peer: NodeId): void {
    const { raft } = this.#options;
    this.#connectedSince.delete(peer);
    raft.reportUnreachable(peer);
    if (peer !== raft.leader) return;
    raft.forgetLeader();
    this.#standSoon(0);
  }

  situation(startedAt: number): LeaderSituation {
    return {
      electedAt: this.#electedAt,
      hasLeader: this.#leader !== nobody,
      isConnected: this.#isConnectedSince(startedAt),
    };
  }

  /** Whether there has been a link to `peer` for so long. */
  isConnectedFor(peer: NodeId, ms: number): boolean {
    const since = this.#connectedSince.get(peer);
    return since !== undefined && this.#options.runtime.clock.now() - since >= ms;
  }

  #isConnectedSince(startedAt: number): boolean {
    const { raft } = this.#options;
    const held = (peer: NodeId): boolean => {
      if (peer === raft.id) return true;
      const since = this.#connectedSince.get(peer);
      return since !== undefined && since <= startedAt;
    };
    if (raft.role !== Role.Leader) return held(this.#leader);
    const { voters } = raft.conf;
    return voters.filter(held).length * 2 > voters.length;
  }

  #standSoon(afterMs: number): void {
    const { raft, runtime, heartbeatMs, changed } = this.#options;
    if (this.#eager !== null || this.#stopped) return;
    const rank = [...raft.conf.voters].sort().indexOf(raft.id);
    if (rank < 0) return;
    const jitter = (runtime.random.uint32() / 2 ** 32) * jitterMs;
    const { term } = raft;
    this.#eager = runtime.clock.setTimer(afterMs + rank * turnOfOneMs + jitter, () => {
      this.#eager = null;
      if (raft.leader !== nobody || raft.role !== Role.Follower || !this.#reachesQuorum()) return;
      if (raft.term !== term) {
        // Somebody stands already: the heir of a leader that has stopped in order, for one.
        this.#standSoon(2 * heartbeatMs);
        return;
      }
      raft.campaign();
      changed();
    });
  }

  #reachesQuorum(): boolean {
    const { raft, network } = this.#options;
    const { voters } = raft.conf;
    const reached = voters.filter((voter) => voter === raft.id || network.isConnected(voter));
    return reached.length * 2 > voters.length;
  }

  stop(): void {
    this.#stopped = true;
    this.#eager?.cancel();
    this.#listeners.clear();
  }
}
