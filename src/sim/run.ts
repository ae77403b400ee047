/**
 * One seed, one run, in two phases.
 *
 *   safety     everything that the seed drew goes wrong while clients and watchers work; nothing false may be said
 *   liveness   all is healed; the cluster has to elect, serve, and come to one state on every member, and every watcher
 *              to the head, within a bounded time
 *
 * Two phases, because without the first nothing is tested and without the second a cluster that does nothing passes.
 */

import { SimCluster } from './cluster.ts';
import { Violation } from './invariants/invariant.ts';
import { type FaultCounts, Nemesis } from './nemesis.ts';
import { Operator } from './operator.ts';
import { Administrator } from './oracle/administrator.ts';
import { History } from './oracle/history.ts';
import { LeaseFleet } from './oracle/lease-fleet.ts';
import { Locks } from './oracle/locks.ts';
import { showModel, showRange } from './oracle/render.ts';
import { Replay } from './oracle/replay.ts';
import { Watchers } from './oracle/watchers.ts';
import { type MemberPort, rangeOf, Workload } from './oracle/workload.ts';
import { openLogged } from './sim-member.ts';
import type { SimNode } from './sim-node.ts';
import { SimRandom } from './sim-random.ts';
import {
  drawSwarm,
  heartbeatLimits,
  paced,
  paces,
  quietStretch,
  type Swarm,
  stretched,
  stretches,
} from './swarm.ts';
import { Trace, type TraceOptions } from './trace.ts';

export interface RunOptions {
  /** Number of members; null draws it. @default null */
  readonly nodes?: number | null;
  /**
   * Virtual milliseconds of the first phase, of a cluster with the usual timeouts.
   * @default 20000, longer for seeds that draw a quiet run, and in proportion to the heartbeat that the seed draws
   */
  readonly safetyMs?: number;
  /** Virtual milliseconds that a healed cluster may take to converge. @default 60000, in proportion to the heartbeat */
  readonly livenessMs?: number;
  /**
   * A long and quiet life: the slowest heartbeats that etcd takes, and days between what strikes or acts. Nothing but time
   * passes for most of it, as in most clusters. @default false
   */
  readonly isQuiet?: boolean;
  /** A rule switched off, for positive controls. @default '' */
  readonly mutant?: string;
  readonly trace?: TraceOptions;
  /** Changes what the seed drew, for runs that look for one thing. */
  readonly shape?: (swarm: Swarm) => Swarm;
}

export interface Outcome {
  readonly seed: number;
  /** Null when everything held. */
  readonly violation: Violation | null;
  readonly traceHash: string;
  readonly simulatedMs: number;
  readonly steps: number;
  readonly faults: FaultCounts;
  /** What the clients saw and the cluster did. */
  readonly counts: Readonly<Record<string, number>>;
  readonly swarm: Swarm;
  readonly trace: Trace;
}

/** A run under way; `runSeed` drives it to its end. */
export class Run {
  readonly swarm: Swarm;
  readonly cluster: SimCluster;
  readonly trace: Trace;
  readonly nemesis: Nemesis;
  readonly operator: Operator;
  readonly history: History;
  private readonly replay: Replay = new Replay(openLogged);
  private readonly workload: Workload;
  private readonly watchers: Watchers;
  private readonly fleet: LeaseFleet;
  private readonly administrator: Administrator;
  private readonly locks: Locks;
  private isHealed = false;
  private readonly livenessMs: number;
  private readonly safetyMs: number;

  constructor(seed: number, options: RunOptions) {
    const random = new SimRandom(seed);
    const drawn = drawSwarm(random.fork('swarm'), options.nodes ?? null);
    const shaped = options.shape === undefined ? drawn : options.shape(drawn);
    const isFree = options.safetyMs === undefined;
    const isQuiet = options.isQuiet === true;
    const drawnPace = isFree ? random.fork('pace').pick(paces) : 1;
    const drawnStretch = isFree ? random.fork('stretch').pick(stretches) : 1;
    const pace = isQuiet ? heartbeatLimits.most / shaped.heartbeatMs : drawnPace;
    const stretch = isQuiet ? quietStretch : drawnStretch;
    const set = pace === 1 ? shaped : paced(shaped, pace);
    this.swarm = stretch === 1 ? set : stretched(set, stretch);
    const { swarm } = this;
    this.safetyMs = options.safetyMs ?? 20_000 * swarm.stretch * swarm.pace;
    this.livenessMs = options.livenessMs ?? 60_000 * Math.max(1, swarm.pace);
    this.trace = new Trace(options.trace);
    this.history = new History(this.replay);
    this.cluster = new SimCluster({
      random: random.fork('cluster'),
      swarm: this.swarm,
      trace: this.trace,
      mutant: options.mutant ?? '',
      hooks: {
        died: (node) => {
          this.workload.memberDied(node);
          this.watchers.memberDied(node);
          this.nemesis.died(node);
        },
        stepped: () => this.stepped(),
      },
    });
    const { clock, network } = this.cluster;
    // Who is healed knows where the cluster is: a machine that was removed and has not heard of it keeps nobody waiting.
    const portOf = (node: number): MemberPort | null =>
      this.isHealed && !this.cluster.belongs(node) ? null : this.cluster.portOf(node);
    this.workload = new Workload(clock, random.fork('clients'), this.swarm, this.history, portOf);
    this.locks = new Locks({
      clock,
      random: random.fork('locks'),
      swarm: this.swarm,
      history: this.history,
      replay: this.replay,
      portOf,
      isUnguarded: options.mutant === 'lockUnguarded',
    });
    this.fleet = new LeaseFleet(clock, random.fork('leases'), this.swarm, (node) =>
      this.cluster.portOf(node),
    );
    this.administrator = new Administrator(
      clock,
      random.fork('users'),
      this.swarm,
      this.replay.auth,
      (operation) => {
        const port = this.cluster.portOf(random.below(this.cluster.count));
        port?.changeUsers(operation);
        return port !== null;
      },
    );
    this.replay.onExpired = (lease) => this.fleet.expired(lease);
    this.workload.pickLease = () => this.fleet.pick();
    this.watchers = new Watchers(
      clock,
      random.fork('watchers'),
      this.swarm,
      this.replay,
      this.history,
      (node) => this.cluster.watchPortOf(node),
    );
    this.operator = new Operator(this.cluster, random.fork('operator'), this.swarm);
    this.nemesis = new Nemesis(
      clock,
      random.fork('nemesis'),
      this.swarm,
      network,
      this.cluster,
      (kind, node, detail) => this.trace.note(clock.now, kind, node, 0, detail),
    );
  }

  /** @throws Violation */
  safety(): void {
    this.cluster.startAll();
    this.workload.start();
    this.watchers.start();
    this.fleet.start();
    this.locks.start();
    this.administrator.start();
    this.nemesis.start();
    this.operator.start();
    this.until(this.safetyMs, () => false);
  }

  /** @throws Violation */
  liveness(): void {
    const { cluster } = this;
    this.isHealed = true;
    this.nemesis.heal();
    this.operator.settle();
    cluster.calmDisks();
    this.watchers.settle();
    this.workload.hurry();
    this.administrator.hurry();
    const healedAt = cluster.clock.now;
    const deadline = healedAt + this.livenessMs;
    // A write that is refused for want of rights has been through the log: that is found out where it is applied.
    const { history } = this;
    const served = (): number => history.counts.answered + history.deniedWrites;
    const before = served();
    const serving = this.until(deadline, () => served() >= before + 5 * this.swarm.clients);
    if (!serving)
      throw new Violation(
        'L1',
        `healed for ${this.livenessMs} ms, the cluster does not serve: ${this.situation()}`,
      );
    this.workload.stop();
    this.fleet.stop();
    this.locks.stop();
    this.administrator.stop();
    let problem: string | null = 'not looked at';
    const converged = this.until(deadline, (steps) => {
      if (steps % 64 !== 0) return false;
      problem = this.unsettled();
      return problem === null;
    });
    if (!converged)
      throw new Violation('L2', `healed for ${this.livenessMs} ms: ${problem}; ${this.situation()}`);
    this.history.judgeLog();
    this.judgeContents();
  }

  counts(): Record<string, number> {
    const { network, clock, nodes } = this.cluster;
    return {
      ...this.cluster.counts,
      ...network.counts,
      diskErrors: nodes.reduce((sum, node) => sum + node.disk.errors, 0),
      ...this.history.counts,
      ...this.fleet.counts,
      ...this.locks.counts,
      ...this.administrator.counts,
      authRevisions: this.replay.auth.revision - 1,
      refusedForRights: this.replay.refusals,
      watchesOpened: this.watchers.counts.opened,
      watchEvents: this.watchers.counts.events,
      watchesCompacted: this.watchers.counts.compacted,
      committed: this.cluster.memory.committed,
      terms: this.cluster.memory.leaders.size,
      steps: clock.steps,
    };
  }

  private until(time: number, enough: (steps: number) => boolean): boolean {
    const { clock } = this.cluster;
    for (let steps = 1; clock.nextAt() <= time; steps++) {
      if (!this.cluster.step()) return enough(0);
      if (enough(steps)) return true;
    }
    clock.now = Math.max(clock.now, time);
    return false;
  }

  private stepped(): void {
    const { ledger } = this.cluster.memory;
    while (this.replay.applied + 1 < ledger.length)
      this.replay.advance(ledger[this.replay.applied + 1]!.entry);
    this.history.judge();
    this.watchers.judge();
    this.locks.judge();
  }

  /** Each machine in a few words, for whoever has to find out why. */
  private situation(): string {
    const { nodes, conf } = this.cluster;
    const names = (ids: readonly string[]): string =>
      ids.map((id) => nodes.find((node) => node.id === id)?.name ?? id).join(' ');
    const told = nodes
      .filter(({ id }) => id !== '')
      .map(({ name, view, retired }) => {
        if (!view.up) return `${name} ${retired ? 'removed' : 'down'}`;
        const voters = `${names(view.conf.voters)}/${names(view.conf.votersOutgoing)}+${names(view.conf.learners)}`;
        return `${name} ${view.role} term ${view.term} committed ${view.commit} of ${view.last} by ${voters}`;
      });
    return `${told.join('; ')}; committed are voters ${names(conf.voters)}, learners ${names(conf.learners)}`;
  }

  /** The machines that belong to the cluster as it was left. */
  private members(): readonly SimNode[] {
    return this.cluster.nodes.filter((node) => this.cluster.belongs(node.index));
  }

  /** What still keeps the healed cluster from being at rest in one state; null when nothing does. */
  private unsettled(): string | null {
    const { memory } = this.cluster;
    const nodes = this.members();
    if (this.workload.pending > 0) return `${this.workload.pending} requests have no answer`;
    let first = nodes[0]!.view;
    for (const { view, name } of nodes) {
      if (!view.up) return `${name} is down`;
      if (view.applied !== memory.committed || view.last !== memory.committed) {
        return `${name} has applied ${view.applied} of ${view.last}, committed is ${memory.committed}`;
      }
      if (view.digest !== first.digest)
        return `${name} has digest ${view.digest}, ${first.id} has ${first.digest}`;
      if (view.conf.votersOutgoing.length > 0) return `${name} is in a joint configuration`;
      first = view;
    }
    const { leases } = this.replay.model;
    if (leases.size > 0) return `I38: ${leases.size} leases that nobody renews do not end`;
    return this.watchers.behind(this.replay.model.revision);
  }

  /** I42: with the same log applied, every member holds what the plain model of the store holds. */
  private judgeContents(): void {
    const request = { ...rangeOf('\0', '\0'), serializable: true };
    const expected = showModel(this.replay.model.rangeAt(request, this.replay.model.revision));
    for (const node of this.members()) {
      const found = showRange(node.member!.store.range(request));
      if (found !== expected) {
        throw new Violation('I42', `${node.name} holds «${found}», its log says «${expected}»`);
      }
    }
  }
}

/** Runs one seed to its end; never throws for what the run found. */
export function runSeed(seed: number, options: RunOptions = {}): Outcome {
  // Refusals are errors, and there are many: only a run that fails is worth the stacks, and is made again for them.
  const lines = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  let outcome: Outcome;
  try {
    outcome = runOnce(seed, options);
  } finally {
    Error.stackTraceLimit = lines;
  }
  const isQuiet = options.trace?.onLine === undefined;
  return outcome.violation?.invariant === 'I45' && isQuiet ? runOnce(seed, options) : outcome;
}

function runOnce(seed: number, options: RunOptions): Outcome {
  const run = new Run(seed, options);
  let violation: Violation | null = null;
  try {
    run.safety();
    run.liveness();
  } catch (error) {
    violation = error instanceof Violation ? error : unexpected(error as Error);
  }
  return {
    seed,
    violation,
    traceHash: run.trace.hash,
    simulatedMs: run.cluster.clock.now,
    steps: run.cluster.clock.steps,
    faults: { ...run.nemesis.counts, ...run.operator.counts },
    counts: run.counts(),
    swarm: run.swarm,
    trace: run.trace,
  };
}

/** An assertion of the code under test that failed is a finding like any other. */
function unexpected(error: Error): Violation {
  const lines = (error.stack ?? error.message).split('\n').slice(0, 12);
  return new Violation('I45', `a callback threw: ${lines.map((line) => line.slice(0, 200)).join('\n')}`);
}
