/**
 * What the invariants may see: each member as plain facts, what changed in the last step, and what is remembered.
 *
 * The invariants know nothing of `Member`: they look through these interfaces, so that each can be tested on a state
 * that was made by hand. A view reads the live member; nothing in it may be kept beyond the step, except through
 * `Memory`.
 */

import type { ConfState, Entry, Message, NodeId, Role } from '../raft/types.ts';
import type { WalEntry } from '../wal/types.ts';

/** How a leader sees one peer. */
export interface ProgressView {
  readonly id: NodeId;
  readonly match: number;
  readonly next: number;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
}

/** What a node's log holds on disk for certain: the worst that a crash now could leave. */
export interface DurableView {
  readonly term: number;
  readonly vote: NodeId;
  /** The log holds the entries after `baseIndex`; the entry at it had `baseTerm`. */
  readonly baseIndex: number;
  readonly baseTerm: number;
  readonly entries: readonly WalEntry[];
}

export interface NodeView {
  readonly index: number;
  readonly id: NodeId;
  /** Counts the starts of this node. */
  readonly life: number;
  readonly up: boolean;
  readonly role: Role;
  readonly term: number;
  readonly vote: NodeId;
  /** Whom it takes for the leader of its term; '' for nobody. */
  readonly leader: NodeId;
  /** Ticks since its election timer was set back. */
  readonly electionElapsed: number;
  readonly commit: number;
  readonly applied: number;
  /** Index of the last entry that is no longer in the log; 0 when none was ever compacted. */
  readonly compacted: number;
  readonly last: number;
  readonly conf: ConfState;
  /** No storage write is under way: memory and disk must agree. */
  readonly settled: boolean;
  /** Bytes of entries that are proposed and not committed; leaders only, else 0. */
  readonly uncommittedBytes: number;
  /** Digest and revision of the applied state. */
  readonly digest: number;
  readonly revision: number;
  /** Term of the entry, also at `compacted`; -1 when the log does not know. */
  termAt(index: number): number;
  entryAt(index: number): Entry | null;
  /** Empty unless this node leads. */
  progress(): readonly ProgressView[];
  durable(): DurableView;
  /** Up to here its disk has lost what it promised; 0 for nothing. That was done to it, and most hold it without it. */
  readonly forgotten: number;
}

/** A message that left a node in this step. */
export interface SentMessage {
  readonly from: number;
  readonly message: Message;
}

/** What was last seen of a node; plain data. */
export interface Seen {
  life: number;
  role: Role;
  term: number;
  vote: NodeId;
  leader: NodeId;
  electionElapsed: number;
  /** The same at the look before. */
  electionElapsedBefore: number;
  commit: number;
  applied: number;
  compacted: number;
  last: number;
  revision: number;
  conf: ConfState;
}

/** What the last step did to one node, found by comparing it with what was seen of it before. */
export interface Delta {
  readonly node: NodeView;
  /** Null on the first look at a life. */
  readonly before: Seen | null;
  /** The first index whose entry is new or replaced; `last + 1` when none is. */
  readonly changedFrom: number;
  /** It leads a term in which it did not lead before. */
  readonly becameLeader: boolean;
}

export interface Limits {
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly uncommittedBytes: number;
  /** Entries of a log beyond what is not yet applied everywhere. */
  readonly logEntries: number;
  readonly pathBytes: number;
  /** Ticks in which nobody else is voted for when a leader has been heard. */
  readonly electionTicks: number;
}

/** All facts of one step. */
export interface World {
  readonly now: number;
  readonly nodes: readonly NodeView[];
  /** The nodes that this step changed. */
  readonly deltas: readonly Delta[];
  readonly sent: readonly SentMessage[];
  /** True in one step of many: the dear checks, which read disks, run then. */
  readonly deep: boolean;
  readonly limits: Limits;
  readonly fullestPathBytes: number;
  confOf(entry: Entry): ConfState;
  /** How many requests an entry holds: each may raise the revision by one. */
  requestsIn(entry: Entry): number;
}
