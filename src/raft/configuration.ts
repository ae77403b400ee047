/**
 * Changes of who takes part, as pure functions from one ConfState to the next (thesis chapter 4).
 *
 * Invariant of every ConfState that leaves this file: there is a voter; nobody is voter and learner at once;
 * `learnersNext` are voters of the outgoing half and nothing else; outside a joint configuration `votersOutgoing` and
 * `learnersNext` are empty and `autoLeave` is false.
 */

import type { ConfigChange, ConfigRefusal } from './options.ts';
import type { ConfState, NodeId } from './types.ts';

export const nobodyTakesPart: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0;
}

/** Whether `id` votes, in either half. */
export function isVoter(conf: ConfState, id: NodeId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id);
}

export function isLearner(conf: ConfState, id: NodeId): boolean {
  return conf.learners.includes(id);
}

/** Everybody who is sent the log, each once. */
export function memberIds(conf: ConfState): NodeId[] {
  const ids = [...conf.voters];
  for (const id of conf.votersOutgoing) if (!ids.includes(id)) ids.push(id);
  for (const id of conf.learners) if (!ids.includes(id)) ids.push(id);
  return ids;
}

/** Names what is wrong with `conf`, or '' when it is sound. */
export function confProblem(conf: ConfState): string {
  if (conf.voters.length === 0) return 'no voters';
  for (const ids of [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext]) {
    if (new Set(ids).size !== ids.length) return 'a node is named twice';
  }
  for (const id of conf.learners) if (isVoter(conf, id)) return `${id} is voter and learner`;
  for (const id of conf.learnersNext) {
    if (conf.voters.includes(id)) return `${id} is to be voter and learner`;
    if (!conf.votersOutgoing.includes(id)) return `${id} is to be demoted but does not vote`;
  }
  if (!isJoint(conf) && conf.autoLeave) return 'nothing to leave';
  return '';
}

/** @throws Error when `conf` breaks the invariant. */
export function assertSound(conf: ConfState): void {
  const problem = confProblem(conf);
  if (problem !== '') throw new Error(`configuration ${JSON.stringify(conf)}: ${problem}`);
}

export type ChangeOutcome =
  | { readonly conf: ConfState; readonly refusal: null }
  | { readonly conf: null; readonly refusal: ConfigRefusal };

function refused(refusal: ConfigRefusal): ChangeOutcome {
  return { conf: null, refusal };
}

/** The configuration that `change` leads to from `conf`; `conf` itself stays as it is. */
export function changedConfiguration(conf: ConfState, change: ConfigChange): ChangeOutcome {
  const add = change.add ?? [];
  const addLearners = change.addLearners ?? [];
  const remove = change.remove ?? [];
  const named = [...add, ...addLearners, ...remove];
  if (new Set(named).size !== named.length || named.includes('')) return refused('contradictory');
  if (named.length === 0) return endOrKeep(conf, change);
  if (isJoint(conf)) return refused('alreadyJoint');
  const voters = conf.voters.filter((id) => !addLearners.includes(id) && !remove.includes(id));
  for (const id of add) if (!voters.includes(id)) voters.push(id);
  if (voters.length === 0) return refused('noVotersLeft');
  const joint = change.transition !== 'auto' || votersChanged(conf.voters, voters) > 1;
  const learners = conf.learners.filter((id) => !add.includes(id) && !remove.includes(id));
  const learnersNext: NodeId[] = [];
  for (const id of addLearners) {
    if (learners.includes(id)) continue;
    // A voter that still votes in the outgoing half must not be a learner before that half is gone.
    if (joint && conf.voters.includes(id)) learnersNext.push(id);
    else learners.push(id);
  }
  const next: ConfState = {
    voters,
    votersOutgoing: joint ? conf.voters : [],
    learners,
    learnersNext,
    autoLeave: joint && change.transition !== 'explicit',
  };
  assertSound(next);
  return { conf: next, refusal: null };
}

function endOrKeep(conf: ConfState, change: ConfigChange): ChangeOutcome {
  if (isJoint(conf)) return { conf: leftJoint(conf), refusal: null };
  if (change.transition !== 'auto') return refused('notJoint');
  return { conf, refusal: null };
}

/** The configuration after the joint one `conf`. */
export function leftJoint(conf: ConfState): ConfState {
  if (!isJoint(conf)) throw new Error('configuration: only a joint one can be left');
  const next: ConfState = {
    voters: conf.voters,
    votersOutgoing: [],
    learners: [...conf.learners, ...conf.learnersNext],
    learnersNext: [],
    autoLeave: false,
  };
  assertSound(next);
  return next;
}

function votersChanged(before: readonly NodeId[], after: readonly NodeId[]): number {
  const left = before.filter((id) => !after.includes(id)).length;
  const joined = after.filter((id) => !before.includes(id)).length;
  return left + joined;
}
