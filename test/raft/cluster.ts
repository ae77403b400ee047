/**
 * A few nodes in memory, driven by hand: each with a disk that survives a restart, writes that complete when they are
 * told to, and a queue of messages that are delivered when they are told to.
 */

import { nobodyTakesPart } from '../../src/raft/configuration.ts';
import type { ConfigChange, RaftConfig } from '../../src/raft/options.ts';
import { RaftNode } from '../../src/raft/raft-node.ts';
import {
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  type MessageType,
  type NodeId,
  type ReadState,
  type Ready,
  type SnapshotMeta,
} from '../../src/raft/types.ts';

export type NodeOptions = Partial<Omit<RaftConfig, 'id' | 'initial'>>;

export interface DiskState {
  hardState: HardState;
  base: SnapshotMeta;
  entries: Entry[];
}

export function conf(voters: readonly NodeId[], learners: readonly NodeId[] = []): ConfState {
  return { ...nobodyTakesPart, voters, learners };
}

export function text(data: string): Uint8Array {
  return new TextEncoder().encode(data);
}

export function dataOf(entry: Entry): string {
  return new TextDecoder().decode(entry.data);
}

/** A fresh disk that holds `base` and entries of the given terms, one after the other. */
export function diskWith(
  base: SnapshotMeta,
  terms: readonly number[] = [],
  hardState: Partial<HardState> = {},
): DiskState {
  const entries = terms.map((term, i) => ({
    index: base.index + 1 + i,
    term,
    type: EntryType.Normal,
    data: text(`t${term}`),
  }));
  const term = hardState.term ?? terms.at(-1) ?? base.term;
  return { hardState: { term, vote: '', commit: base.index, ...hardState }, base, entries };
}

interface Write {
  readonly token: number;
  readonly ready: Ready;
}

/** What storage does with one write. */
function store(disk: DiskState, { snapshot, entries, hardState }: Ready): void {
  if (snapshot !== null) {
    disk.base = snapshot;
    disk.entries = [];
  }
  if (entries.length > 0) {
    disk.entries.length = entries[0]!.index - disk.base.index - 1;
    disk.entries.push(...entries);
  }
  if (hardState !== null) disk.hardState = hardState;
}

export class TestNode {
  readonly id: NodeId;
  readonly options: NodeOptions;
  readonly disk: DiskState;
  raft: RaftNode;
  writes: Write[] = [];
  /** Handed out for apply and not applied yet. */
  unapplied: Entry[] = [];
  applied: Entry[] = [];
  reads: ReadState[] = [];
  droppedReads: number[] = [];
  snapshotsWanted: NodeId[] = [];
  /** The state's index, durable like the state of a backend; follows installs and flushes. */
  flushed: number;
  /** Writes complete within the turn. */
  autoWrite = true;
  autoApply = true;
  /** Sees every Ready before it is carried out. */
  onReady: (ready: Ready) => void = () => {};

  constructor(id: NodeId, disk: DiskState, options: NodeOptions) {
    this.id = id;
    this.disk = disk;
    this.options = options;
    this.flushed = disk.base.index;
    this.raft = this.#start();
  }

  #start(): RaftNode {
    const { hardState, base, entries } = this.disk;
    return new RaftNode({
      id: this.id,
      random: () => 0,
      ...this.options,
      initial: { hardState, base, entries: [...entries], applied: this.flushed },
    });
  }

  /** Loses what was not written, and everything in memory. */
  restart(): void {
    this.writes = [];
    this.unapplied = [];
    this.applied = this.applied.filter((entry) => entry.index <= this.flushed);
    this.reads = [];
    this.droppedReads = [];
    this.snapshotsWanted = [];
    this.raft = this.#start();
  }

  /** Takes everything that is ready and returns what is to be sent. */
  turn(): Message[] {
    const sent: Message[] = [];
    while (this.raft.hasReady()) {
      const ready = this.raft.ready();
      this.onReady(ready);
      sent.push(...ready.messages);
      this.reads.push(...ready.reads);
      this.droppedReads.push(...ready.droppedReads);
      this.snapshotsWanted.push(...ready.snapshotsWanted);
      this.unapplied.push(...ready.committed);
      if (ready.write > 0) this.writes.push({ token: ready.write, ready });
      if (this.autoWrite) this.completeWrites();
      if (this.autoApply) this.apply();
    }
    return sent;
  }

  /** The oldest `count` writes become durable, and are acknowledged one by one. */
  completeWrites(count: number = this.writes.length): void {
    for (const write of this.writes.splice(0, count)) {
      store(this.disk, write.ready);
      if (write.ready.snapshot !== null) {
        this.flushed = write.ready.snapshot.index;
        this.unapplied = [];
      }
      this.raft.written(write.token);
    }
  }

  apply(): void {
    const last = this.unapplied.at(-1);
    this.applied.push(...this.unapplied);
    this.unapplied = [];
    if (last !== undefined) this.raft.applied(last.index);
  }
}

export class TestCluster {
  readonly nodes = new Map<NodeId, TestNode>();
  queue: Message[] = [];
  /** Messages that this refuses are lost. */
  passes: (message: Message) => boolean = () => true;

  constructor(ids: readonly NodeId[] = [], options: NodeOptions = {}, learners: readonly NodeId[] = []) {
    const base = { index: 0, term: 0, conf: conf(ids, learners) };
    for (const id of [...ids, ...learners]) this.add(id, diskWith(base), options);
  }

  add(id: NodeId, disk: DiskState, options: NodeOptions = {}): TestNode {
    const node = new TestNode(id, disk, options);
    this.nodes.set(id, node);
    return node;
  }

  node(id: NodeId): TestNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  raft(id: NodeId): RaftNode {
    return this.node(id).raft;
  }

  /** Lets every node take one turn; what it sends waits in the queue. */
  collect(): void {
    for (const node of this.nodes.values()) {
      for (const message of node.turn()) if (this.passes(message)) this.queue.push(message);
    }
  }

  /** Delivers what waits, in order. */
  deliver(): void {
    const messages = this.queue;
    this.queue = [];
    for (const message of messages) this.nodes.get(message.to)?.raft.step(message);
  }

  /** Until nothing is left to do. */
  settle(): void {
    for (let i = 0; i < 1000; i++) {
      this.collect();
      if (this.queue.length === 0) return;
      this.deliver();
    }
    throw new Error('the cluster does not come to rest');
  }

  elect(id: NodeId): TestNode {
    this.raft(id).campaign();
    this.settle();
    const node = this.node(id);
    if (node.raft.role !== 'leader') throw new Error(`${id} was not elected, it is ${node.raft.role}`);
    return node;
  }

  propose(id: NodeId, ...datas: string[]): boolean {
    const accepted = this.raft(id).propose(datas.map(text));
    this.settle();
    return accepted;
  }

  change(id: NodeId, change: Partial<ConfigChange>): boolean {
    const accepted = this.raft(id).proposeConfig({ context: text(''), transition: 'auto', ...change });
    this.settle();
    return accepted;
  }

  tick(ticks: number, ids: Iterable<NodeId> = this.nodes.keys()): void {
    const list = [...ids];
    for (let i = 0; i < ticks; i++) {
      for (const id of list) this.raft(id).tick();
      this.settle();
    }
  }

  /** Nobody reaches `ids`, and they reach nobody. */
  isolate(...ids: NodeId[]): void {
    this.passes = (message) => !ids.includes(message.from) && !ids.includes(message.to);
  }

  heal(): void {
    this.passes = () => true;
  }

  /** What was handed to the state machine, without the entries that begin terms. */
  appliedData(id: NodeId): string[] {
    return this.node(id)
      .applied.filter((entry) => entry.type === EntryType.Normal && entry.data.length > 0)
      .map(dataOf);
  }
}

/** A message with every field at rest but `fields`. */
export function message(type: MessageType, fields: Partial<Message>): Message {
  return {
    type,
    from: '',
    to: '',
    term: 0,
    index: 0,
    logTerm: 0,
    commit: 0,
    entries: [],
    reject: false,
    hint: 0,
    context: 0,
    snapshot: null,
    ...fields,
  };
}

export function entry(index: number, term: number, data = `${index}.${term}`): Entry {
  return { index, term, type: EntryType.Normal, data: text(data) };
}
