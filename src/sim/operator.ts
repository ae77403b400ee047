/**
 * Whoever runs the cluster: adds machines as learners or voters, promotes, removes (the leader too), moves the
 * leadership, and starts what was added. Several changes may be asked for at once, of any member, and an answer that did
 * not come leaves it open whether the change was made; then the list of members tells, as it would a human.
 *
 * A machine is a member once and under one id. Removed for good, it may be started again by mistake (`cluster.ts`).
 */

import type { MemberChange } from '../member/types.ts';
import type { SimCluster } from './cluster.ts';
import type { FaultCounts } from './nemesis.ts';
import { peerUrl, type SimNode } from './sim-node.ts';
import type { SimRandom } from './sim-random.ts';
import type { Swarm } from './swarm.ts';

/** How often the operator looks for machines to start, at the usual pace. */
const lookEveryMs = 150;

/** Refusals after which a change is certain not to be made. */
const certainRefusals: ReadonlySet<string> = new Set([
  'notEnoughStartedMembers',
  'unhealthyCluster',
  'tooManyLearners',
  'notLeader',
]);

export class Operator {
  private readonly cluster: SimCluster;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private active = false;
  /** Machines that may have been added already: a request whose answer never came may still be carried out. */
  private readonly asked: Set<number> = new Set();
  /** Machines whose log has rotted and for which another one was asked for. */
  private readonly replaced: Set<number> = new Set();
  readonly counts: FaultCounts = {};

  constructor(cluster: SimCluster, random: SimRandom, swarm: Swarm) {
    this.cluster = cluster;
    this.random = random;
    this.swarm = swarm;
  }

  start(): void {
    this.active = this.swarm.spares > 0 || Number.isFinite(this.swarm.operateEveryMs);
    if (Number.isFinite(this.swarm.operateEveryMs)) this.later();
    if (this.swarm.spares > 0) this.look();
  }

  /** Changes nothing any more, but still starts what was added and takes out whose log has rotted, and soon. */
  settle(): void {
    const hadTime = this.active;
    // First: who looks from now on has none.
    this.active = false;
    if (hadTime && this.swarm.spares > 0 && this.swarm.stretch > 1) this.look();
  }

  private later(): void {
    this.cluster.clock.schedule(this.random.exponential(this.swarm.operateEveryMs), null, () => {
      if (!this.active) return;
      this.operate();
      this.later();
    });
  }

  /** A member that can be asked, or null. */
  private anyone(): SimNode | null {
    const up = this.cluster.nodes.filter(
      ({ member, process, stopping }) => member !== null && process?.state === 'up' && !stopping,
    );
    return up.length === 0 ? null : this.random.pick(up);
  }

  private look(): void {
    const isPatient = this.active;
    const everyMs = lookEveryMs * this.swarm.pace * (isPatient ? this.swarm.stretch : 1);
    this.cluster.clock.schedule(everyMs, null, () => {
      // Whoever had time has been succeeded by one who has none.
      if (isPatient && !this.active && this.swarm.stretch > 1) return;
      const node = this.anyone();
      if (node !== null) {
        this.startAdded(node);
        this.replaceRotten(node);
      }
      this.look();
    });
  }

  private startAdded({ member }: SimNode): void {
    for (const record of member!.members()) {
      const added = this.cluster.nodes.find(({ index }) => record.peerUrls.includes(peerUrl(index)));
      if (added === undefined || added.id !== '') continue;
      this.cluster.admit(added.index, { origin: member!.origin(), memberId: record.id });
    }
  }

  /** Takes out who has lost his log, then adds a machine that stands by. */
  private replaceRotten(node: SimNode): void {
    for (const { rotten, id, index } of this.cluster.nodes) {
      if (!rotten || this.replaced.has(index)) continue;
      if (this.cluster.belongs(index)) {
        this.ask(node, { kind: 'remove', id });
        return;
      }
      const spare = this.cluster.nodes.find((one) => one.id === '' && !this.asked.has(one.index));
      if (!this.active || spare === undefined) continue;
      this.replaced.add(index);
      this.ask(node, { kind: 'add', peerUrls: [peerUrl(spare.index)], isLearner: false });
      return;
    }
  }

  private operate(): void {
    const node = this.anyone();
    if (node === null) return;
    if (this.random.chance(this.swarm.moveChance)) {
      this.moveLeader(node);
      return;
    }
    const change = this.drawChange(node);
    if (change !== null) this.ask(node, change);
  }

  private ask(node: SimNode, change: MemberChange): void {
    const { member, process } = node;
    this.count(change.kind, node.index);
    this.cluster.touch(node.index);
    const spare = change.kind === 'add' ? this.spareAt(change.peerUrls[0]!) : null;
    if (spare !== null) this.asked.add(spare.index);
    member!.changeMembers(change, (reason) => {
      if (process!.state === 'dead') return;
      if (spare !== null && reason !== null && certainRefusals.has(reason)) this.asked.delete(spare.index);
      this.cluster.trace.note(this.cluster.clock.now, 'changed', node.index, 0, reason ?? change.kind);
      if (reason === null) this.count(`${change.kind}-done`, node.index);
    });
  }

  private moveLeader({ index, member, process }: SimNode): void {
    const target = this.random.pick(member!.members());
    if (target === undefined) return;
    this.count('move-leader', index);
    this.cluster.touch(index);
    member!.moveLeader(target.id, (reason) => {
      if (process!.state !== 'dead' && reason === null) this.count('move-leader-done', index);
    });
  }

  private drawChange({ member }: SimNode): MemberChange | null {
    const members = member!.members();
    const learners = members.filter(({ isLearner }) => isLearner);
    if (learners.length > 0 && this.random.chance(0.5)) {
      return { kind: 'promote', id: this.random.pick(learners).id };
    }
    const spare = this.cluster.nodes.find(({ id, index }) => id === '' && !this.asked.has(index));
    if (spare !== undefined && this.random.chance(0.6)) {
      return { kind: 'add', peerUrls: [peerUrl(spare.index)], isLearner: this.random.chance(0.6) };
    }
    if (members.length <= 1) return null;
    return { kind: 'remove', id: this.random.pick(members).id };
  }

  private spareAt(url: string): SimNode | null {
    return this.cluster.nodes.find(({ index }) => peerUrl(index) === url) ?? null;
  }

  private count(kind: string, node: number): void {
    const name = `member-${kind}`;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    this.cluster.trace.note(this.cluster.clock.now, name, node);
  }
}
