/**
 * Changes of who belongs to the cluster, on the leader: etcd's rules, one change at a time, each an entry of the log
 * that carries both the new configuration of the consensus and the records of the members.
 *
 * What would leave the cluster without a working quorum is refused (etcd's `--strict-reconfig-check`).
 *
 * A voter that is added to a cluster of one learns first and is made a voter when it has the log. As a configuration
 * counts from its append on, it could not be committed otherwise: two are needed for that, and the second one is only
 * told who it is by the list of members, which changes at the commit. The first member would wait for ever.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { type ConfState, type NodeId, Role } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import { memberIdOf } from './identity.ts';
import type { LeaderReply } from './leader-calls.ts';
import { encodeMembershipChange, type MembershipChange } from './membership.ts';
import type { MemberChange, MemberRecord } from './types.ts';

/** A learner must have this part of the leader's log before it may vote. */
const readyPart = 0.9;

export interface ReconfigurationOptions {
  readonly raft: RaftNode;
  readonly members: () => readonly MemberRecord[];
  /** Whether a member of this id was removed once. */
  readonly wasRemoved: (id: NodeId) => boolean;
  readonly isConnected: (peer: NodeId) => boolean;
  /** Connected, and for some time: what etcd asks for, so that no cluster is changed while it comes together. */
  readonly isHealthy: (peer: NodeId) => boolean;
  readonly clusterToken: string;
  readonly maxLearners: number;
  /** Refuses changes that would endanger the quorum. */
  readonly strict: boolean;
}

interface Asked {
  readonly change: MemberChange;
  /** Makes the id of an added member; seconds since 1970. */
  readonly seconds: number;
  readonly reply: LeaderReply;
}

interface Running {
  readonly asked: Asked;
  readonly index: number;
  readonly term: number;
  /** The member that is added, promoted, updated or removed. */
  readonly member: MemberRecord;
}

/** What is proposed for a change. */
interface Plan extends MembershipChange {
  readonly add: readonly NodeId[];
  readonly addLearners: readonly NodeId[];
  readonly member: MemberRecord;
}

export class Reconfiguration {
  readonly #options: ReconfigurationOptions;
  readonly #queue: Asked[] = [];
  #running: Running | null = null;

  constructor(options: ReconfigurationOptions) {
    this.#options = options;
  }

  /** Answers `{ member, members }` when the change is applied. */
  ask(change: MemberChange, seconds: number, reply: LeaderReply): void {
    this.#queue.push({ change, seconds, reply });
  }

  /** Proposes the next change when none is under way. */
  pump(): void {
    const { raft } = this.#options;
    if (raft.role !== Role.Leader) {
      for (const { reply } of this.#queue.splice(0)) reply(new Failure('notLeader'), null);
      return;
    }
    // Begun in an earlier term of this member's: whether it survived is not known here.
    if (this.#running !== null && this.#running.term !== raft.term) {
      this.#running.asked.reply(new Failure('timeout'), null);
      this.#running = null;
    }
    while (this.#running === null && this.#queue.length > 0) {
      if (!this.#begin(this.#queue[0]!)) return;
      this.#queue.shift();
    }
  }

  /** False when it has to wait. */
  #begin(asked: Asked): boolean {
    const { raft } = this.#options;
    let plan: Plan;
    try {
      plan = this.#plan(asked);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      asked.reply(error, null);
      return true;
    }
    const { add, addLearners, remove, upsert, member } = plan;
    const context = encodeMembershipChange({ upsert, remove });
    if (!raft.proposeConfig({ add, addLearners, remove, context, transition: 'auto' })) {
      const refusal = raft.configRefusal;
      if (refusal === 'contradictory' || refusal === 'noVotersLeft') {
        asked.reply(new Failure('notEnoughStartedMembers', refusal), null);
        return true;
      }
      return false;
    }
    this.#running = { asked, index: raft.lastIndex, term: raft.term, member };
    return true;
  }

  /** Makes voters of those that were added as such and have learned enough. For every tick. */
  promoteReady(): void {
    const { raft, members, isConnected } = this.#options;
    if (raft.role !== Role.Leader || this.#running !== null || this.#queue.length > 0) return;
    for (const { id, isLearner, becomesVoter } of members()) {
      if (becomesVoter !== true || !isLearner || !isConnected(id) || !this.#isReady(id)) continue;
      this.ask({ kind: 'promote', id }, 0, () => {});
      return;
    }
  }

  #isReady(id: NodeId): boolean {
    const { raft } = this.#options;
    return (raft.status().progress.get(id)?.match ?? 0) >= raft.lastIndex * readyPart;
  }

  /** A configuration was applied. */
  applied(index: number, term: number): void {
    const running = this.#running;
    if (running === null || index < running.index) return;
    this.#running = null;
    if (index === running.index && term === running.term) {
      const members = this.#options.members();
      running.asked.reply(null, { member: running.member, members });
    } else running.asked.reply(new Failure('timeout'), null);
  }

  #plan({ change, seconds }: Asked): Plan {
    switch (change.kind) {
      case 'add':
        return this.#planAdd(change.peerUrls, change.isLearner, seconds);
      case 'remove':
        return this.#planRemove(change.id);
      case 'promote':
        return this.#planPromote(change.id);
      case 'update':
        return this.#planUpdate(change.id, change.peerUrls);
      case 'replace':
        return this.#planReplace(change.id, seconds);
      default:
        throw new Error('unknown change of membership');
    }
  }

  #planAdd(peerUrls: readonly string[], isLearner: boolean, seconds: number): Plan {
    const { strict, maxLearners } = this.#options;
    const members = this.#options.members();
    if (strict) this.#checkCanAdd(isLearner);
    const id = this.#freeId(peerUrls, seconds);
    if (members.some((member) => member.id === id)) throw new Failure('memberExists');
    this.#checkUrlsFree(peerUrls, id);
    const learners = members.filter((member) => member.isLearner && member.becomesVoter !== true);
    if (isLearner && learners.length >= maxLearners) throw new Failure('tooManyLearners');
    const becomesVoter = !isLearner && this.#voters().length === 1;
    const record = { id, name: '', peerUrls, clientUrls: [] };
    const member = becomesVoter ? { ...record, isLearner: true, becomesVoter } : { ...record, isLearner };
    const [add, addLearners] = member.isLearner ? [[], [id]] : [[id], []];
    return { add, addLearners, remove: [], upsert: [member], member };
  }

  #freeId(peerUrls: readonly string[], seconds: number): NodeId {
    const { clusterToken, wasRemoved } = this.#options;
    // Removed and added again within a second, a member would get the same id.
    let id = memberIdOf(peerUrls, clusterToken + seconds);
    for (let later = seconds + 1; wasRemoved(id); later++) id = memberIdOf(peerUrls, clusterToken + later);
    return id;
  }

  /**
   * One entry takes the old id out and the new one in, as a learner that is made a voter when it has the log: so the others
   * alone decide, and what the old id had promised counts no more. All of them have to be there. Counter-example: entry 7
   * is on a and b of a, b and c; b is away, a has forgotten it and is taken out; c and the new a lead without it.
   */
  #planReplace(old: NodeId, seconds: number): Plan {
    const { raft } = this.#options;
    const former = this.#find(old);
    if (old === raft.id || this.#isHere(old)) {
      throw new Failure('unhealthyCluster', `member ${old} still runs: it is replaced when it does not`);
    }
    const others = this.#options.members().filter(({ id }) => id !== old);
    const away = others.find(({ id }) => !this.#isHere(id));
    if (away !== undefined) {
      throw new Failure(
        'unhealthyCluster',
        `member ${away.id} is away: nobody is replaced before it is back`,
      );
    }
    const voters = this.#voters();
    const left = voters.filter(({ id }) => id !== old).length;
    if (left < quorumOf(voters.length)) throw new Failure('notEnoughStartedMembers');
    const { peerUrls } = former;
    const id = this.#freeId(peerUrls, seconds);
    const becomesVoter = !former.isLearner || former.becomesVoter === true;
    const member = { id, name: '', peerUrls, clientUrls: [], isLearner: true, becomesVoter };
    return { add: [], addLearners: [id], remove: [old], upsert: [member], member };
  }

  #planRemove(id: NodeId): Plan {
    const member = this.#find(id);
    if (this.#options.strict && !member.isLearner) this.#checkCanRemoveVoter(id);
    return { add: [], addLearners: [], remove: [id], upsert: [], member };
  }

  #planPromote(id: NodeId): Plan {
    const { strict } = this.#options;
    const learner = this.#find(id);
    if (!learner.isLearner) throw new Failure('memberNotLearner');
    if (!this.#isReady(id)) throw new Failure('learnerNotReady');
    const voters = this.#voters();
    const started = voters.filter(isStarted).length + 1;
    if (strict && started < quorumOf(voters.length + 1)) throw new Failure('notEnoughStartedMembers');
    const member = { ...learner, isLearner: false, becomesVoter: false };
    return { add: [id], addLearners: [], remove: [], upsert: [member], member };
  }

  #planUpdate(id: NodeId, peerUrls: readonly string[]): Plan {
    const member = { ...this.#find(id), peerUrls };
    this.#checkUrlsFree(peerUrls, id);
    return { add: [], addLearners: [], remove: [], upsert: [member], member };
  }

  #find(id: NodeId): MemberRecord {
    const member = this.#options.members().find((record) => record.id === id);
    if (member === undefined) throw new Failure('memberNotFound');
    return member;
  }

  #voters(): MemberRecord[] {
    return this.#options.members().filter((member) => !member.isLearner);
  }

  #checkUrlsFree(peerUrls: readonly string[], id: NodeId): void {
    for (const member of this.#options.members()) {
      if (member.id === id) continue;
      if (member.peerUrls.some((url) => peerUrls.includes(url))) throw new Failure('peerUrlExists');
    }
  }

  /** Who is added counts as one that is not there. */
  #checkCanAdd(isLearner: boolean): void {
    const voters = this.#voters();
    const started = voters.filter(isStarted).length;
    // A cluster of one cannot have a started quorum of two, and has to begin somewhere.
    if (voters.length === 1 && (isLearner || started === 1)) return;
    const quorum = quorumOf(voters.length + 1);
    if (!isLearner && started < quorum) throw new Failure('notEnoughStartedMembers');
    if (this.#healthy(voters) < quorum) throw new Failure('unhealthyCluster');
  }

  #checkCanRemoveVoter(id: NodeId): void {
    const rest = this.#voters().filter((member) => member.id !== id);
    if (rest.filter(isStarted).length < quorumOf(rest.length)) throw new Failure('notEnoughStartedMembers');
    // Removing one that is dead already takes nothing away.
    if (!this.#isHere(id)) return;
    if (this.#healthy(rest) < quorumOf(rest.length)) throw new Failure('unhealthyCluster');
  }

  #isHere(id: NodeId): boolean {
    return id === this.#options.raft.id || this.#options.isConnected(id);
  }

  #healthy(members: readonly MemberRecord[]): number {
    const { raft, isHealthy } = this.#options;
    return members.filter(({ id }) => id === raft.id || isHealthy(id)).length;
  }
}

function isStarted(member: MemberRecord): boolean {
  return member.name !== '';
}

function quorumOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** True when `id` neither votes nor learns any more. */
export function hasLeft(conf: ConfState, id: NodeId): boolean {
  const { voters, votersOutgoing, learners, learnersNext } = conf;
  return ![voters, votersOutgoing, learners, learnersNext].some((group) => group.includes(id));
}
