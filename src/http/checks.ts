/**
 * What can be asked of a member's health. A check answers by callback, for a linearizable read takes a round through the
 * cluster.
 */

import type { ServedMember } from '../member/types.ts';
import { Failure } from '../util/failure.ts';
import { AlarmType } from '../wire/cold-messages.ts';
import { plainRange, type RangeRequest } from '../wire/messages.ts';

/** @param problem null when all is well */
export type CheckDone = (problem: string | null) => void;

export interface Check {
  readonly name: string;
  readonly run: (done: CheckDone) => void;
}

export type FailureText = (failure: Failure) => string;

const empty = new Uint8Array(0);

/** A read of one key that nobody has, as cheap as a read can be. */
const probe: RangeRequest = {
  ...plainRange(new Uint8Array(1), empty),
  limit: 1,
  serializable: true,
  keysOnly: true,
};

/** What a member says of itself that has no state, or a wrong one. */
export const rebuildingText: string = 'CORRUPT: this member is being rebuilt from a healthy one';

function problemOf(error: unknown, failureText: FailureText): string {
  return error instanceof Failure ? failureText(error) : String(error);
}

/** Reads from this member's own state. */
export function readLocally(member: ServedMember, failureText: FailureText, done: CheckDone): void {
  let problem: string | null = null;
  try {
    member.store.range(probe);
  } catch (error) {
    problem = problemOf(error, failureText);
  }
  done(problem);
}

/** Reads at a linearizable point: needs a quorum, and answers within the request timeout without one. */
export function readLinearizably(member: ServedMember, failureText: FailureText, done: CheckDone): void {
  member.linearize((failure) => {
    if (failure !== null) done(failureText(failure));
    else readLocally(member, failureText, done);
  });
}

/** Is the process alive: a member without a quorum is. */
export function livezChecks(member: ServedMember, failureText: FailureText): readonly Check[] {
  return [{ name: 'serializable_read', run: (done) => readLocally(member, failureText, done) }];
}

/** Can the member serve: NOSPACE does not count, for reads and deletes still work. */
export function readyzChecks(member: ServedMember, failureText: FailureText): readonly Check[] {
  return [
    {
      name: 'data_corruption',
      run: (done) => {
        const isCorrupt = member.alarms().some(({ alarm }) => alarm === AlarmType.Corrupt);
        if (isCorrupt) done('alarm activated: CORRUPT');
        else done(member.isRebuilding ? rebuildingText : null);
      },
    },
    { name: 'serializable_read', run: (done) => readLocally(member, failureText, done) },
    { name: 'linearizable_read', run: (done) => readLinearizably(member, failureText, done) },
    {
      name: 'non_learner',
      run: (done) => done(member.isLearner ? 'not supported for learner' : null),
    },
  ];
}
