/** All invariants over states and steps, in the order of their ids. Those over client histories are in `../oracle`. */

import type { Memory } from '../memory.ts';
import type { World } from '../view.ts';
import { campaignerHasNoLeader } from './campaigner-has-no-leader.ts';
import { committedImmutable } from './committed-immutable.ts';
import { committedPrefixesAgree } from './committed-prefixes-agree.ts';
import { configIsLastInLog } from './config-is-last-in-log.ts';
import { countedIsDurable } from './counted-is-durable.ts';
import { electionSafety } from './election-safety.ts';
import { everythingIsBounded } from './everything-is-bounded.ts';
import { indexOrder } from './index-order.ts';
import { type Invariant, Violation } from './invariant.ts';
import { leaderAppendOnly } from './leader-append-only.ts';
import { leaderCompleteness } from './leader-completeness.ts';
import { logMatching } from './log-matching.ts';
import { majoritiesOverlap } from './majorities-overlap.ts';
import { memoryIsDisk } from './memory-is-disk.ts';
import { monotonic } from './monotonic.ts';
import { oneConfigAtATime } from './one-config-at-a-time.ts';
import { oneVote } from './one-vote.ts';
import { onlyVotersCount } from './only-voters-count.ts';
import { progressInWindow } from './progress-in-window.ts';
import { promiseAfterDurable } from './promise-after-durable.ts';
import { quorumHoldsCommitted } from './quorum-holds-committed.ts';
import { removedLeaderStepsAside } from './removed-leader-steps-aside.ts';
import { revisionsStepByOne } from './revisions-step-by-one.ts';
import { snapshotIsCommitted } from './snapshot-is-committed.ts';
import { stateMachineSafety } from './state-machine-safety.ts';
import { termsAreEncouraged } from './terms-are-encouraged.ts';
import { timerRunsOn } from './timer-runs-on.ts';
import { upToDateIsSound } from './up-to-date-is-sound.ts';

export const invariants: readonly Invariant[] = [
  electionSafety,
  leaderAppendOnly,
  logMatching,
  leaderCompleteness,
  stateMachineSafety,
  committedPrefixesAgree,
  quorumHoldsCommitted,
  countedIsDurable,
  committedImmutable,
  indexOrder,
  monotonic,
  oneVote,
  promiseAfterDurable,
  upToDateIsSound,
  progressInWindow,
  oneConfigAtATime,
  majoritiesOverlap,
  onlyVotersCount,
  configIsLastInLog,
  memoryIsDisk,
  snapshotIsCommitted,
  revisionsStepByOne,
  everythingIsBounded,
  campaignerHasNoLeader,
  timerRunsOn,
  termsAreEncouraged,
  removedLeaderStepsAside,
];

/** What there is to see where no member has changed and only something was sent. */
const ofMessages: readonly Invariant[] = [oneVote, promiseAfterDurable, termsAreEncouraged];

/**
 * Runs every invariant over one step and then takes the step into memory.
 * @throws Violation the first one that does not hold.
 */
export function checkInvariants(world: World, memory: Memory): void {
  const isQuiet = world.deltas.length === 0 && !world.deep;
  for (const invariant of isQuiet ? ofMessages : invariants) {
    const seen = invariant.check(world, memory);
    if (seen !== null) throw new Violation(invariant.id, `${seen} (${invariant.says})`);
  }
  memory.learn(world);
}
