/** What the comparison of states (`corruption.ts`) and the rebuilding of one (`rebuild.ts`) see of their member. */

import type { NodeId } from '../raft/types.ts';
import { encodeAlarm } from './applier.ts';
import type { ComparedMember } from './corruption.ts';
import type { MemberParts } from './member-parts.ts';
import type { RebuiltMember } from './rebuild.ts';
import { stateDigest } from './state.ts';
import { AlarmKind, type AlarmRecord, RequestKind } from './types.ts';

export function comparedMember(parts: MemberParts, id: NodeId): ComparedMember {
  const { loop, raft, state } = parts;
  return {
    id,
    get leader() {
      return raft.leader;
    },
    get isReady() {
      return !loop.isInstalling && !parts.hasStopped && !state.alarms.has(AlarmKind.Corrupt);
    },
    get digest() {
      return stateDigest(state);
    },
    get compactRevision() {
      return state.store.compactRevision;
    },
    members: () => state.membership.list(),
    hashKv: (revision, done) => state.store.hashKv(revision, done),
    callLeader: (method, body, done) => parts.requests.callLeader(method, body, true, done),
    raise: (memberId) => parts.raiseAlarm({ memberId, alarm: AlarmKind.Corrupt, isFound: true }),
    giveUp: (failure) => loop.fail(failure),
  };
}

export function rebuiltMember(parts: MemberParts, id: NodeId): RebuiltMember {
  const { loop, raft, state } = parts;
  const cleared = encodeAlarm({ memberId: id, alarm: AlarmKind.Corrupt });
  const isWrong = (member: NodeId): boolean => isNamed(state.alarms.list(), member);
  return {
    id,
    get leader() {
      return raft.leader;
    },
    get isHollow() {
      return raft.isHollow;
    },
    get isReplacingState() {
      return loop.isReplacingState;
    },
    isNamed: isWrong,
    handOver: () =>
      parts.yielding.yield('a member with a sound state shall lead', {}, (heir) => !isWrong(heir)),
    stepDown: () => raft.stepDown(),
    discardState: (done) => loop.discardState(done),
    callLeader: (method, body, done) => parts.requests.callLeader(method, body, true, done),
    compareKeys: (done) => parts.corruption.compareKeys(done),
    clearAlarm: () => parts.requests.proposeOwn(RequestKind.AlarmClear, cleared, () => {}),
  };
}

/** A comparison has shown that this member differs from the majority. */
export function isNamed(alarms: readonly AlarmRecord[], id: NodeId): boolean {
  return alarms.some(
    ({ memberId, alarm, isFound }) => memberId === id && alarm === AlarmKind.Corrupt && isFound === true,
  );
}
