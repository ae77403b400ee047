/**
 * The vocabulary of consensus, in the terms of the Raft paper and thesis.
 *
 * Indexes and terms are safe integers, 0 meaning "none". Node ids are short strings (hexadecimal member ids in
 * production, `1`, `2`, `3` in traces); the empty string means "nobody".
 */

export type NodeId = string;

export const nobody: NodeId = '';

export const EntryType = { Normal: 0, Config: 1 } as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** One log entry. A Normal entry without data is the one a leader appends when its term begins. */
export interface Entry {
  readonly index: number;
  readonly term: number;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** What must be durable before anything that depends on it is said (paper fig. 2, "persistent state"). */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId;
  readonly commit: number;
}

/**
 * Who takes part. `votersOutgoing` is empty outside a joint configuration (thesis 4.3). A Config entry carries one
 * whole ConfState, in effect from the moment it is appended; truncation brings the one before it back.
 */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing half that become learners when the joint configuration ends. */
  readonly learnersNext: readonly NodeId[];
  /** The leader ends the joint configuration by itself once it is committed. */
  readonly autoLeave: boolean;
}

/** The state that a snapshot stands for: everything up to and including `index`. */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly conf: ConfState;
}

export const MessageType = {
  Append: 1,
  AppendResponse: 2,
  Vote: 3,
  VoteResponse: 4,
  PreVote: 5,
  PreVoteResponse: 6,
  Heartbeat: 7,
  HeartbeatResponse: 8,
  /** Follower to leader: entries to append (their index and term are unset). */
  Propose: 9,
  /** Follower to leader: a request for a read index; `context` is the follower's round. */
  ReadIndex: 10,
  ReadIndexResponse: 11,
  /** Leader to the transfer target: campaign at once. */
  TimeoutNow: 12,
  /** A snapshot has arrived whole and wants to be installed. Stepped by the receiving member itself. */
  Snapshot: 13,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** One shape for all messages, so that the step functions stay monomorphic. Unused fields are 0, false, empty, null. */
export interface Message {
  type: MessageType;
  from: NodeId;
  to: NodeId;
  /** Term of the sender; 0 for Propose and ReadIndex, which belong to no term. */
  term: number;
  /** Append: index of the entry before `entries`. Vote: last index. Responses: the acknowledged or rejected index. */
  index: number;
  /** Append: term of the entry at `index`. Vote: last term. Rejection: term at `hint`. */
  logTerm: number;
  commit: number;
  entries: readonly Entry[];
  reject: boolean;
  /** Rejection: the highest index at which the follower's log might match. */
  hint: number;
  /**
   * Heartbeats and reads: the read round. Vote: 1 when the campaign comes from a leadership transfer. Append: 1 when it
   * only tells the commit index and needs no answer.
   */
  context: number;
  snapshot: SnapshotMeta | null;
}

export const Role = {
  Follower: 'follower',
  PreCandidate: 'preCandidate',
  Candidate: 'candidate',
  Leader: 'leader',
} as const;
export type Role = (typeof Role)[keyof typeof Role];

/** A read round that the quorum has confirmed; reads of it may be served once `index` has been applied. */
export interface ReadState {
  readonly context: number;
  readonly index: number;
}

/**
 * Names one storage write. Acknowledging it says "every write up to this one is durable". The core keeps what the
 * write held (last index and term), so that an acknowledgement which arrives after the log was truncated and grown
 * again cannot be mistaken for one of the new entries (the ABA race).
 */
export type WriteToken = number;

/**
 * What the core wants done, in this order:
 *   1. hand `snapshot`, then `entries` and `hardState` to storage as one durable write named `write`;
 *   2. send `messages` at once (they promise nothing that is not durable yet);
 *   3. when the write is durable, call `written(write)`, which makes more messages and commits available;
 *   4. apply `committed` in order and call `applied(index)`.
 * Nothing in it may be mutated.
 */
export interface Ready {
  /** 0 when nothing has to be written. */
  readonly write: WriteToken;
  readonly hardState: HardState | null;
  /** The first entry's index says where the log is to be cut first. */
  readonly entries: readonly Entry[];
  /** A snapshot accepted for installation: it replaces the whole state and the whole log. */
  readonly snapshot: SnapshotMeta | null;
  readonly messages: readonly Message[];
  /** Committed and locally durable entries that were not handed out before. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
  /** Read rounds that were dropped (leadership lost): fail or retry them. */
  readonly droppedReads: readonly number[];
  /** Followers that need a snapshot: the log they need has been compacted away. */
  readonly snapshotsWanted: readonly NodeId[];
}
