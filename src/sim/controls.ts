/**
 * Positive controls: rules that are switched off one at a time, each of which the simulator must notice.
 *
 * A simulator that finds nothing has either nothing to find or cannot see. Each control breaks one rule on purpose, by a
 * visible `if` at the rule itself (`mutant` of the raft, wal and member rooms) or by a wrapper here, and says within how
 * many seeds that must be found. `test/sim/controls.test.ts` holds it to that.
 */

import {
  changingMembers,
  compacting,
  contestedLogs,
  failingDisks,
  fallingBehind,
  fallingLeaders,
  lateAnswers,
  leased,
  locking,
  lossyLinks,
  lostCampaigns,
  lostStates,
  manyElections,
  restless,
  slowDisks,
  withUsers,
} from './control-shapes.ts';
import type { Swarm } from './swarm.ts';

export interface Control {
  /** The name of the mutant. */
  readonly mutant: string;
  /** The rule that it breaks. */
  readonly breaks: string;
  /** It is found within this many seeds, counted from 1. */
  readonly seeds: number;
  /** It takes long to find, and is left to `npm run sim -- --controls`. @default false */
  readonly isSlow?: boolean;
  /** Tilts the runs towards what makes the rule matter. */
  readonly shape?: (swarm: Swarm) => Swarm;
}

export const controls: readonly Control[] = [
  { mutant: 'quorumHalf', breaks: 'a quorum is more than half', seeds: 5 },
  {
    mutant: 'commitOldTerm',
    isSlow: true,
    breaks: 'only entries of the own term are counted',
    seeds: 20,
    shape: fallingLeaders,
  },
  { mutant: 'commitBeyondNew', isSlow: true, breaks: 'a follower commits up to what it was sent', seeds: 40 },
  { mutant: 'countUnwritten', breaks: 'a leader counts itself when its disk has it', seeds: 20 },
  { mutant: 'ackBeforeWritten', breaks: 'a follower acknowledges what its disk has', seeds: 5 },
  { mutant: 'voteBeforeWritten', breaks: 'a vote leaves when it is on disk', seeds: 5 },
  { mutant: 'voteTwice', isSlow: true, breaks: 'one vote per term', seeds: 40, shape: manyElections },
  { mutant: 'noUpToDateCheck', isSlow: true, breaks: 'votes go to logs that are up to date', seeds: 40 },
  { mutant: 'truncateOnOverlap', isSlow: true, breaks: 'a log is cut at a conflict only', seeds: 20 },
  {
    mutant: 'readWithoutTermCommit',
    isSlow: true,
    breaks: 'reads wait for a commit in the term',
    seeds: 40,
    shape: fallingLeaders,
  },
  {
    mutant: 'readStaleAck',
    isSlow: true,
    breaks: 'an answer confirms the round it answers',
    seeds: 40,
    shape: lateAnswers,
  },
  {
    mutant: 'configOnCommit',
    breaks: 'a configuration counts from its append on',
    seeds: 40,
    shape: changingMembers,
  },
  {
    mutant: 'configKeptOnTruncation',
    isSlow: true,
    breaks: 'a configuration goes with its entry',
    seeds: 40,
    shape: changingMembers,
  },
  { mutant: 'learnersCount', breaks: 'learners have no vote', seeds: 40, shape: changingMembers },
  { mutant: 'ackBeforeSync', breaks: 'the log reports what is synced', seeds: 10, shape: restless },
  { mutant: 'syncLies', breaks: 'a sync that succeeds is durable', seeds: 10, shape: restless },
  {
    mutant: 'skipDirectorySync',
    breaks: 'a new segment is found again after a crash',
    seeds: 40,
    shape: restless,
  },
  {
    mutant: 'noChecksum',
    isSlow: true,
    breaks: 'what a crash has torn is not read',
    seeds: 40,
    shape: restless,
  },
  { mutant: 'goOnAfterError', breaks: 'a failed sync ends the member', seeds: 40, shape: failingDisks },
  {
    mutant: 'wipedDisk',
    breaks: 'a disk that is empty is not the member it was',
    seeds: 10,
    shape: restless,
  },
  {
    mutant: 'rebuildForgetsLog',
    breaks: 'a state that is rebuilt leaves the log as it is',
    seeds: 10,
    shape: lostStates,
  },
  { mutant: 'readLocal', breaks: 'a linearizable read asks a quorum', seeds: 20, shape: restless },
  { mutant: 'applyDiffers', breaks: 'all members apply the same', seeds: 5 },
  { mutant: 'writeTwice', breaks: 'a write in doubt is not repeated', seeds: 5 },
  { mutant: 'leasePromisesMore', breaks: 'a lease lives as long as was promised', seeds: 10, shape: leased },
  { mutant: 'watchSkipsEvent', breaks: 'a watcher is told everything', seeds: 10, shape: restless },
  { mutant: 'watchRepeatsEvent', breaks: 'a watcher is told once', seeds: 10, shape: restless },
  { mutant: 'watchReordersEvents', breaks: 'a watcher is told in order', seeds: 10, shape: restless },
  {
    mutant: 'watchSplitsRevision',
    isSlow: true,
    breaks: 'a revision comes whole',
    seeds: 20,
    shape: restless,
  },
  { mutant: 'watchRunsAhead', breaks: 'progress is told after what it covers', seeds: 10, shape: restless },
  {
    mutant: 'watchHidesCompaction',
    isSlow: true,
    breaks: 'a watcher of the compacted past is told so',
    seeds: 40,
    shape: restless,
  },
  {
    mutant: 'watchIgnoresStart',
    breaks: 'nothing from before the start is told',
    seeds: 10,
    shape: restless,
  },
  { mutant: 'watchIgnoresFilter', breaks: 'filters hold', seeds: 20, shape: restless },
  { mutant: 'voteNotPersisted', breaks: 'the vote is on disk with its term', seeds: 5 },
  {
    mutant: 'voteCleared',
    breaks: 'a vote survives stepping down in its term',
    seeds: 40,
    isSlow: true,
    shape: manyElections,
  },
  {
    mutant: 'logLengthOnly',
    breaks: 'logs are compared by term, then by length',
    seeds: 40,
    isSlow: true,
    shape: contestedLogs,
  },
  {
    mutant: 'learnerCampaigns',
    breaks: 'only voters campaign',
    seeds: 20,
    isSlow: true,
    shape: changingMembers,
  },
  { mutant: 'nextBelowMatch', breaks: 'next stays above match', seeds: 40, isSlow: true, shape: lossyLinks },
  {
    mutant: 'windowNeverFrees',
    breaks: 'an acknowledgement makes room in the window',
    seeds: 10,
    isSlow: true,
    shape: restless,
  },
  {
    mutant: 'readFromApplied',
    breaks: 'a read index is the commit index',
    seeds: 40,
    isSlow: true,
    shape: slowDisks,
  },
  {
    mutant: 'snapshotKeepsConf',
    breaks: 'a snapshot brings its configuration',
    seeds: 40,
    isSlow: true,
    shape: changingMembers,
  },
  {
    mutant: 'rejectedAppendCommits',
    breaks: 'an append that does not meet the log commits nothing',
    seeds: 40,
    isSlow: true,
    shape: fallingLeaders,
  },
  {
    mutant: 'preCandidateKeepsLeader',
    breaks: 'who campaigns forgets the leader',
    seeds: 5,
    shape: manyElections,
  },
  {
    mutant: 'noAnswerToEarlierTerm',
    breaks: 'whoever is of an earlier term is told of the later one',
    seeds: 60,
    isSlow: true,
    shape: lostCampaigns,
  },
  {
    mutant: 'refusalResetsTimer',
    breaks: 'only a vote sets the election timer back',
    seeds: 20,
    isSlow: true,
    shape: manyElections,
  },
  {
    mutant: 'campaignsUnasked',
    breaks: 'nobody begins a term unless a quorum would vote for it',
    seeds: 5,
    shape: manyElections,
  },
  {
    mutant: 'noFreshLeader',
    breaks: 'votes are withheld while a leader is heard',
    seeds: 20,
    isSlow: true,
    shape: manyElections,
  },
  {
    mutant: 'learnerAnswersNoVote',
    breaks: 'a learner answers when it is asked for its vote',
    seeds: 40,
    isSlow: true,
    shape: changingMembers,
  },
  {
    mutant: 'removedLeaderStays',
    breaks: 'a leader whose removal is committed leads no longer',
    seeds: 20,
    isSlow: true,
    shape: changingMembers,
  },
  {
    mutant: 'removedLeaderLeavesEarly',
    breaks: 'a leader that is removed leads until that is committed',
    seeds: 20,
    isSlow: true,
    shape: changingMembers,
  },
  { mutant: 'applyDraws', breaks: 'what is applied depends on the log alone', seeds: 5 },
  {
    mutant: 'compactsMore',
    breaks: 'a compaction takes what it was asked to',
    seeds: 40,
    isSlow: true,
    shape: compacting,
  },
  {
    mutant: 'flushTorn',
    breaks: 'state and its index are durable together',
    seeds: 20,
    isSlow: true,
    shape: restless,
  },
  {
    mutant: 'oldState',
    breaks: 'the log reaches back to the state',
    seeds: 20,
    isSlow: true,
    shape: fallingBehind,
  },
  { mutant: 'oldDisk', breaks: 'a disk does not go back in time', seeds: 20, isSlow: true, shape: restless },
  {
    mutant: 'watchMissesInstall',
    breaks: 'watchers are told from the state that was installed',
    seeds: 20,
    isSlow: true,
    shape: fallingBehind,
  },
  {
    mutant: 'authDiffers',
    breaks: 'all members decide alike who may write',
    seeds: 20,
    isSlow: true,
    shape: withUsers,
  },
  {
    mutant: 'rightsOutdated',
    breaks: 'a caller is found out anew when rights change',
    seeds: 20,
    isSlow: true,
    shape: withUsers,
  },
  { mutant: 'rangeUnchecked', breaks: 'reads ask for rights', seeds: 20, isSlow: true, shape: withUsers },
  {
    mutant: 'lockUnguarded',
    breaks: 'what a lock guards compares the turn of the holder',
    seeds: 20,
    isSlow: true,
    shape: locking,
  },
];

/** Mutants that are made here, by wrapping, and are unknown to the member. */
export const wrappedMutants: ReadonlySet<string> = new Set([
  'applyDraws',
  'compactsMore',
  'authDiffers',
  'rightsOutdated',
  'rangeUnchecked',
  'watchMissesInstall',
  'flushTorn',
  'oldState',
  'oldDisk',
  'lockUnguarded',
  'syncLies',
  'wipedDisk',
  'readLocal',
  'applyDiffers',
  'writeTwice',
  'leasePromisesMore',
  'watchSkipsEvent',
  'watchRepeatsEvent',
  'watchReordersEvents',
  'watchSplitsRevision',
  'watchRunsAhead',
  'watchHidesCompaction',
  'watchIgnoresStart',
  'watchIgnoresFilter',
]);
