/**
 * What one consensus node is told when it is made, what it is asked to change, and what it tells of itself.
 *
 * Every limit has a name, a default and a behaviour at the limit; `resolveConfig` collects all that is wrong with a
 * configuration into one error.
 */

import type { ConfState, Entry, HardState, NodeId, Role, SnapshotMeta } from './types.ts';

/** What storage gave back when the node starts. */
export interface RaftInitialState {
  readonly hardState: HardState;
  /**
   * The log holds the entries after `base.index`; `base.conf` is in effect there. (The configuration at `applied` will do
   * as well: any change between the two is an entry of the log.) A new log begins at index and term 0.
   */
  readonly base: SnapshotMeta;
  /** Consecutive, the first one at `base.index + 1`. */
  readonly entries: readonly Entry[];
  /** What the state machine holds; at least `base.index`. */
  readonly applied: number;
  /** The state machine holds nothing that belongs to this log; see `RaftNode.forgetState`. @default false */
  readonly isHollow?: boolean;
}

export interface RaftConfig {
  readonly id: NodeId;
  readonly initial: RaftInitialState;
  /** Draws a uniform integer in [0, 2^32): election timeouts and the start of read tickets. */
  readonly random: () => number;
  /** Shortest election timeout in ticks; each timeout is drawn from [n, 2n). @default 10 */
  readonly electionTicks?: number;
  /** Ticks between heartbeats. @default 1 */
  readonly heartbeatTicks?: number;
  /** Ask whether an election could be won before raising the term (thesis 9.6). @default true */
  readonly preVote?: boolean;
  /** A leader that hears from no quorum for an election timeout steps down; fresh leaders are protected. @default true */
  readonly checkQuorum?: boolean;
  /** A follower hands proposals on to the leader; otherwise it refuses them. @default true */
  readonly forwardProposals?: boolean;
  /** Entries of one message, in bytes; one entry is always let through. @default 1 MiB */
  readonly maxMessageBytes?: number;
  /** Append messages under way to one follower; then it is not sent more. @default 256 */
  readonly maxInflightMessages?: number;
  /** Bytes of entries under way to one follower; one message is always let through. @default 16 MiB */
  readonly maxInflightBytes?: number;
  /** Data proposed and not committed; beyond it proposals are refused, but never the first one. @default 64 MiB */
  readonly maxUncommittedBytes?: number;
  /** Committed data handed out by one Ready; the rest follows in the next. @default 16 MiB */
  readonly maxCommittedBytes?: number;
  /** Read rounds that wait, own and forwarded; more are refused. @default 4096 */
  readonly maxPendingReads?: number;
  /** @internal A rule switched off on purpose, so that tests can show that they would notice. */
  readonly mutant?: RaftMutant | undefined;
}

/** The rules that can be switched off; each is one visible `if` at the rule. */
const mutants = [
  'quorumHalf',
  'commitOldTerm',
  'commitBeyondNew',
  'countUnwritten',
  'ackBeforeWritten',
  'voteBeforeWritten',
  'voteTwice',
  'noUpToDateCheck',
  'truncateOnOverlap',
  'truncateCommitted',
  'writtenIgnoresTruncation',
  'staleResponses',
  'readWithoutTermCommit',
  'readStaleAck',
  'configOnCommit',
  'configKeptOnTruncation',
  'configBeforeTermCommit',
  'twoConfigs',
  'learnersCount',
  'voteNotPersisted',
  'voteCleared',
  'logLengthOnly',
  'preCandidateKeepsLeader',
  'noAnswerToEarlierTerm',
  'noFreshLeader',
  'learnerCampaigns',
  'nextBelowMatch',
  'windowNeverFrees',
  'readFromApplied',
  'snapshotKeepsConf',
  'snapshotWhileInstalling',
  'rejectedAppendCommits',
  'refusalResetsTimer',
  'campaignsUnasked',
  'learnerAnswersNoVote',
  'removedLeaderStays',
  'removedLeaderLeavesEarly',
] as const;

export type RaftMutant = (typeof mutants)[number];

/** Tells the mutants of this room from those of others. */
export function isRaftMutant(name: string): name is RaftMutant {
  return (mutants as readonly string[]).includes(name);
}

export interface ResolvedConfig {
  readonly id: NodeId;
  readonly initial: RaftInitialState;
  readonly random: () => number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly forwardProposals: boolean;
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  readonly maxCommittedBytes: number;
  readonly maxPendingReads: number;
  readonly mutant: RaftMutant | undefined;
}

/**
 * How a change takes effect. `auto`: at once when at most one voter changes, else through a joint configuration that
 * the leader ends by itself. `implicit`: always joint, ended by the leader. `explicit`: always joint, ended by a
 * further, empty change.
 */
export type ConfigTransition = 'auto' | 'implicit' | 'explicit';

/** Naming nobody ends a joint configuration, or outside one changes only what `context` stands for. */
export interface ConfigChange {
  /** Become voters; learners among them are promoted. */
  readonly add?: readonly NodeId[];
  /** Become learners; voters among them are demoted. */
  readonly addLearners?: readonly NodeId[];
  readonly remove?: readonly NodeId[];
  /** Carried by the entry, opaque to the core. */
  readonly context: Uint8Array;
  readonly transition: ConfigTransition;
}

/** Why the last proposal of a configuration was refused. */
export type ConfigRefusal =
  | 'notLeader'
  | 'transferInProgress'
  | 'changePending'
  | 'noCommitInTerm'
  | 'alreadyJoint'
  | 'notJoint'
  | 'noVotersLeft'
  | 'contradictory';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** How the leader sees one peer. */
export interface ProgressStatus {
  readonly state: ProgressState;
  /** Known to be durable on the peer up to here. */
  readonly match: number;
  readonly next: number;
  /** Heard from since the last check of the quorum but one. */
  readonly recentActive: boolean;
  readonly isLearner: boolean;
  /** Index of the snapshot on its way, 0 for none. */
  readonly pendingSnapshot: number;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly vote: NodeId;
  readonly leader: NodeId;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly stableIndex: number;
  /** In effect, from its append on. */
  readonly conf: ConfState;
  /** Index of the entry that brought `conf`. */
  readonly confIndex: number;
  /** Empty unless this node leads; without the node itself. */
  readonly progress: ReadonlyMap<NodeId, ProgressStatus>;
  readonly uncommittedBytes: number;
  readonly leadTransferee: NodeId;
}

const mebibyte = 1 << 20;

/** Fills in the defaults. @throws Error that names everything that is wrong. */
export function resolveConfig(config: RaftConfig): ResolvedConfig {
  const resolved: ResolvedConfig = {
    id: config.id,
    initial: config.initial,
    random: config.random,
    electionTicks: config.electionTicks ?? 10,
    heartbeatTicks: config.heartbeatTicks ?? 1,
    preVote: config.preVote ?? true,
    checkQuorum: config.checkQuorum ?? true,
    forwardProposals: config.forwardProposals ?? true,
    maxMessageBytes: config.maxMessageBytes ?? mebibyte,
    maxInflightMessages: config.maxInflightMessages ?? 256,
    maxInflightBytes: config.maxInflightBytes ?? 16 * mebibyte,
    maxUncommittedBytes: config.maxUncommittedBytes ?? 64 * mebibyte,
    maxCommittedBytes: config.maxCommittedBytes ?? 16 * mebibyte,
    maxPendingReads: config.maxPendingReads ?? 4096,
    mutant: config.mutant,
  };
  const problems = problemsOf(resolved);
  if (problems.length > 0) throw new Error(`raft configuration: ${problems.join('; ')}`);
  return resolved;
}

function problemsOf(config: ResolvedConfig): string[] {
  const problems: string[] = [];
  if (config.id === '') problems.push('id is empty');
  const counts: [string, number][] = [
    ['electionTicks', config.electionTicks],
    ['heartbeatTicks', config.heartbeatTicks],
    ['maxMessageBytes', config.maxMessageBytes],
    ['maxInflightMessages', config.maxInflightMessages],
    ['maxInflightBytes', config.maxInflightBytes],
    ['maxUncommittedBytes', config.maxUncommittedBytes],
    ['maxCommittedBytes', config.maxCommittedBytes],
    ['maxPendingReads', config.maxPendingReads],
  ];
  for (const [name, value] of counts) {
    if (!Number.isSafeInteger(value) || value < 1) problems.push(`${name} must be a positive integer`);
  }
  if (config.electionTicks <= config.heartbeatTicks)
    problems.push('electionTicks must exceed heartbeatTicks');
  return problems;
}
