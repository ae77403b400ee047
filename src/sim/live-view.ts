/** A member that runs, as the invariants see it; while it is down only its disk can be seen. */

import type { RaftNode } from '../raft/raft-node.ts';
import type { ConfState, Entry, NodeId, Role } from '../raft/types.ts';
import type { DurableView, NodeView, ProgressView } from './view.ts';

/** What of a member the view reads. */
export interface Probe {
  readonly raft: RaftNode;
  /** Digest and revision of the applied state, read anew each time: an installed snapshot replaces the store. */
  readonly digest: number;
  readonly revision: number;
  readonly applied: number;
  /** True while a state from elsewhere is being put in force: log and state do not match. */
  readonly isInstalling: boolean;
}

const noConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export class LiveView implements NodeView {
  id: NodeId;
  readonly index: number;
  private readonly readDisk: () => DurableView;
  private probe: Probe | null = null;
  life = 0;
  forgotten = 0;

  constructor(id: NodeId, index: number, readDisk: () => DurableView) {
    this.id = id;
    this.index = index;
    this.readDisk = readDisk;
  }

  /** The cluster has given it an id. */
  named(id: NodeId): void {
    this.id = id;
  }

  begin(life: number, probe: Probe): void {
    this.life = life;
    this.probe = probe;
  }

  end(): void {
    this.probe = null;
  }

  get up(): boolean {
    return this.probe !== null;
  }

  get installing(): boolean {
    return this.probe?.isInstalling ?? false;
  }

  get role(): Role {
    return this.probe === null ? 'follower' : this.probe.raft.role;
  }

  get term(): number {
    return this.probe === null ? 0 : this.probe.raft.term;
  }

  get leader(): NodeId {
    return this.probe === null ? '' : this.probe.raft.leader;
  }

  get electionElapsed(): number {
    return this.probe === null ? 0 : this.probe.raft.electionElapsed;
  }

  get vote(): NodeId {
    return this.probe === null ? '' : this.probe.raft.vote;
  }

  get commit(): number {
    return this.probe === null ? 0 : this.probe.raft.commit;
  }

  get applied(): number {
    return this.probe === null ? 0 : this.probe.applied;
  }

  get compacted(): number {
    return this.probe === null ? 0 : this.probe.raft.firstIndex - 1;
  }

  get last(): number {
    return this.probe === null ? 0 : this.probe.raft.lastIndex;
  }

  get conf(): ConfState {
    return this.probe === null ? noConf : this.probe.raft.conf;
  }

  get settled(): boolean {
    return this.probe?.raft.isSettled ?? false;
  }

  get uncommittedBytes(): number {
    return this.probe === null || this.role !== 'leader' ? 0 : this.probe.raft.status().uncommittedBytes;
  }

  get digest(): number {
    return this.probe === null ? 0 : this.probe.digest;
  }

  get revision(): number {
    return this.probe === null ? 0 : this.probe.revision;
  }

  termAt(index: number): number {
    return this.probe === null ? -1 : this.probe.raft.termAt(index);
  }

  entryAt(index: number): Entry | null {
    return this.probe?.raft.entryAt(index) ?? null;
  }

  progress(): readonly ProgressView[] {
    const probe = this.probe;
    if (probe === null || this.role !== 'leader') return [];
    const status = probe.raft.status();
    const stable = status.stableIndex;
    const list: ProgressView[] = [
      { id: this.id, match: stable, next: stable + 1, inflightMessages: 0, inflightBytes: 0 },
    ];
    for (const [id, { match, next, inflightMessages, inflightBytes }] of status.progress) {
      list.push({ id, match, next, inflightMessages, inflightBytes });
    }
    return list;
  }

  durable(): DurableView {
    return this.readDisk();
  }
}
