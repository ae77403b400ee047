/**
 * All peers of a leader, and what its quorums have reached. The voters of both halves are kept as arrays of Progress,
 * so that the commit index is found without looking anything up.
 */

import { isLearner, memberIds } from './configuration.ts';
import { Inflights } from './inflights.ts';
import type { ProgressStatus, ResolvedConfig } from './options.ts';
import { Progress } from './progress.ts';
import { majority, reachedBy } from './quorum.ts';
import type { ConfState, NodeId } from './types.ts';

export class Tracker {
  readonly #config: ResolvedConfig;
  readonly #byId = new Map<NodeId, Progress>();
  readonly #scratch: number[] = [];
  #incoming: Progress[] = [];
  #outgoing: Progress[] = [];
  /** Everybody who is sent appends and heartbeats: never this node itself. */
  peers: Progress[] = [];
  /** This node's own progress; it counts only while the configuration names it a voter. */
  self: Progress;

  constructor(config: ResolvedConfig) {
    this.#config = config;
    this.self = this.#create(config.id, 1);
  }

  #create(id: NodeId, next: number): Progress {
    return new Progress(
      id,
      next,
      new Inflights(this.#config.maxInflightMessages, this.#config.maxInflightBytes),
    );
  }

  get(id: NodeId): Progress | undefined {
    return this.#byId.get(id);
  }

  /** A new term begins: nothing is known of anybody. */
  reset(conf: ConfState, lastIndex: number, stableIndex: number): void {
    this.#byId.clear();
    this.peers = [];
    this.self = this.#create(this.#config.id, lastIndex + 1);
    this.self.match = stableIndex;
    this.#byId.set(this.self.id, this.self);
    this.configure(conf, lastIndex + 1, 0);
    for (const peer of this.peers) {
      peer.recentActive = false;
      peer.wasActive = false;
    }
  }

  forget(): void {
    this.#byId.clear();
    this.peers = [];
    this.#incoming = [];
    this.#outgoing = [];
  }

  /**
   * A configuration takes effect. Peers that it leaves out are kept for a while, so that they learn of it.
   * @param next where to begin with newcomers.
   */
  configure(conf: ConfState, next: number, confIndex: number): void {
    const ids = memberIds(conf);
    const peers: Progress[] = [];
    for (const id of ids) {
      if (id === this.#config.id) continue;
      const peer = this.#byId.get(id) ?? this.#newcomer(id, next);
      peer.departedAt = 0;
      peer.isLearner = isLearner(conf, id);
      peers.push(peer);
    }
    for (const peer of this.peers) {
      if (ids.includes(peer.id)) continue;
      if (peer.departedAt === 0) peer.departedAt = confIndex;
      peer.departingTicks = 2 * this.#config.electionTicks;
      peers.push(peer);
    }
    this.peers = peers;
    this.#incoming = this.#voters(conf.voters);
    this.#outgoing = this.#voters(conf.votersOutgoing);
    if (this.#config.mutant === 'learnersCount') this.#incoming = this.#voters(ids);
  }

  #newcomer(id: NodeId, next: number): Progress {
    const peer = this.#create(id, next);
    // It had no chance to be heard yet: the next check of the quorum must not count that against it.
    peer.recentActive = true;
    this.#byId.set(id, peer);
    return peer;
  }

  #voters(ids: readonly NodeId[]): Progress[] {
    return ids.map((id) => this.#byId.get(id)!);
  }

  /** Peers that were left out and have had their time are dropped. */
  tickDeparted(commit: number): void {
    let kept = 0;
    for (const peer of this.peers) {
      const leaving = peer.departedAt > 0 && commit >= peer.departedAt;
      if (leaving && --peer.departingTicks <= 0) this.#byId.delete(peer.id);
      else this.peers[kept++] = peer;
    }
    this.peers.length = kept;
  }

  quorumOf(voters: number): number {
    if (this.#config.mutant === 'quorumHalf') return Math.max(1, Math.floor(voters / 2));
    return majority(voters);
  }

  /** The highest index that is durable on a quorum. */
  committedIndex(): number {
    return Math.min(this.#matched(this.#incoming), this.#matched(this.#outgoing));
  }

  #matched(voters: readonly Progress[]): number {
    const values = this.#scratch;
    for (let i = 0; i < voters.length; i++) values[i] = voters[i]!.match;
    return reachedBy(values, voters.length, this.quorumOf(voters.length));
  }

  /** The highest read round that a quorum has acknowledged. */
  confirmedRound(): number {
    return Math.min(this.#acked(this.#incoming), this.#acked(this.#outgoing));
  }

  #acked(voters: readonly Progress[]): number {
    const values = this.#scratch;
    for (let i = 0; i < voters.length; i++) values[i] = voters[i]!.ackedRound;
    return reachedBy(values, voters.length, this.quorumOf(voters.length));
  }

  /** Whether a quorum was heard from since the last call. */
  takeQuorumActivity(): boolean {
    this.self.recentActive = true;
    const active = this.#isActive(this.#incoming) && this.#isActive(this.#outgoing);
    for (const peer of this.peers) {
      peer.wasActive = peer.recentActive;
      peer.recentActive = false;
    }
    return active;
  }

  #isActive(voters: readonly Progress[]): boolean {
    let active = 0;
    for (const voter of voters) if (voter.recentActive) active++;
    return voters.length === 0 || active >= this.quorumOf(voters.length);
  }

  status(): Map<NodeId, ProgressStatus> {
    return new Map(this.peers.map((peer) => [peer.id, peer.status()]));
  }
}
