/** What the comparison of states (`corruption.ts`) and the rebuilding of one (`rebuild.ts`) see of their member. */

import type { NodeId } from '../raft/types.ts';
import { encodeAlarm } from './applier.ts';
import type { ComparedMember } from './corruption.ts';
import type { LeaderMethod, LeaderReply } from './leader-calls.ts';
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
      return !loop.keeper.isInstalling && !parts.hasStopped && !state.alarms.has(AlarmKind.Corrupt);
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

/** Asked at every call of a client: a class, for an object that is written down with getters is looked up like a dictionary. */
class RebuiltView implements RebuiltMember {
  readonly id: NodeId;
  readonly #parts: MemberParts;
  readonly #cleared: Uint8Array;

  constructor(parts: MemberParts, id: NodeId) {
    this.id = id;
    this.#parts = parts;
    this.#cleared = encodeAlarm({ memberId: id, alarm: AlarmKind.Corrupt });
  }

  get leader(): NodeId {
    return this.#parts.raft.leader;
  }

  get isHollow(): boolean {
    return this.#parts.raft.isHollow;
  }

  get isReplacingState(): boolean {
    return this.#parts.loop.keeper.isReplacing;
  }

  isNamed(member: NodeId): boolean {
    const alarms = this.#parts.state.alarms.list();
    return alarms.length > 0 && isNamed(alarms, member);
  }

  handOver(): void {
    const isSound = (heir: NodeId): boolean => !this.isNamed(heir);
    this.#parts.yielding.yield('a member with a sound state shall lead', {}, isSound);
  }

  stepDown(): void {
    this.#parts.raft.stepDown();
  }

  discardState(done: () => void): void {
    this.#parts.loop.discardState(done);
  }

  callLeader(method: LeaderMethod, body: unknown, done: LeaderReply): void {
    this.#parts.requests.callLeader(method, body, true, done);
  }

  compareKeys(done: (isSame: boolean | null) => void): void {
    this.#parts.corruption.compareKeys(done);
  }

  clearAlarm(): void {
    this.#parts.requests.proposeOwn(RequestKind.AlarmClear, this.#cleared, () => {});
  }
}

export function rebuiltMember(parts: MemberParts, id: NodeId): RebuiltMember {
  return new RebuiltView(parts, id);
}

/** A comparison has shown that this member differs from the majority. */
export function isNamed(alarms: readonly AlarmRecord[], id: NodeId): boolean {
  return alarms.some(
    ({ memberId, alarm, isFound }) => memberId === id && alarm === AlarmKind.Corrupt && isFound === true,
  );
}
