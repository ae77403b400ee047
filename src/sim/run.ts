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
import { History } from './oracle/history.ts';
import { showModel, showRange } from './oracle/render.ts';
import { Replay } from './oracle/replay.ts';
import { Watchers } from './oracle/watchers.ts';
import { plainRange, Workload } from './oracle/workload.ts';
import { openLogged } from './sim-member.ts';
import { SimRandom } from './sim-random.ts';
import { drawSwarm, type Swarm } from './swarm.ts';
import { Trace, type TraceOptions } from './trace.ts';

export interface RunOptions {
  /** Number of members; null draws it. @default null */
  readonly nodes?: number | null;
  /** Virtual milliseconds of the first phase. @default 20000 */
  readonly safetyMs?: number;
  /** Virtual milliseconds that a healed cluster may take to converge. @default 60000 */
  readonly livenessMs?: number;
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
  readonly history: History;
  private readonly replay: Replay = new Replay(openLogged);
  private readonly workload: Workload;
  private readonly watchers: Watchers;
  private readonly livenessMs: number;
  private readonly safetyMs: number;

  constructor(seed: number, options: RunOptions) {
    const random = new SimRandom(seed);
    const drawn = drawSwarm(random.fork('swarm'), options.nodes ?? null);
    this.swarm = options.shape === undefined ? drawn : options.shape(drawn);
    this.safetyMs = options.safetyMs ?? 20_000;
    this.livenessMs = options.livenessMs ?? 60_000;
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
    this.workload = new Workload(clock, random.fork('clients'), this.swarm, this.history, (node) =>
      this.cluster.portOf(node),
    );
    this.watchers = new Watchers(
      clock,
      random.fork('watchers'),
      this.swarm,
      this.replay,
      this.history,
      (node) => this.cluster.watchPortOf(node),
    );
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
    this.nemesis.start();
    this.until(this.safetyMs, () => false);
  }

  /** @throws Violation */
  liveness(): void {
    const { cluster } = this;
    this.nemesis.heal();
    cluster.calmDisks();
    this.watchers.settle();
    const healedAt = cluster.clock.now;
    const deadline = healedAt + this.livenessMs;
    const served = this.history.counts.answered;
    const serving = this.until(
      deadline,
      () => this.history.counts.answered >= served + 5 * this.swarm.clients,
    );
    if (!serving) throw new Violation('L1', `healed for ${this.livenessMs} ms, the cluster does not serve`);
    this.workload.stop();
    let problem: string | null = 'not looked at';
    const converged = this.until(deadline, (steps) => {
      if (steps % 64 !== 0) return false;
      problem = this.unsettled();
      return problem === null;
    });
    if (!converged) throw new Violation('L2', `healed for ${this.livenessMs} ms: ${problem}`);
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
  }

  /** What still keeps the healed cluster from being at rest in one state; null when nothing does. */
  private unsettled(): string | null {
    const { nodes, memory } = this.cluster;
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
    return this.watchers.behind(this.replay.model.revision);
  }

  /** I42: with the same log applied, every member holds what the plain model of the store holds. */
  private judgeContents(): void {
    const request = { ...plainRange('\0', '\0'), serializable: true };
    const expected = showModel(this.replay.model.rangeAt(request, this.replay.model.revision));
    for (const node of this.cluster.nodes) {
      const found = showRange(node.member!.store.range(request));
      if (found !== expected) {
        throw new Violation('I42', `${node.name} holds «${found}», its log says «${expected}»`);
      }
    }
  }
}

/** Runs one seed to its end; never throws for what the run found. */
export function runSeed(seed: number, options: RunOptions = {}): Outcome {
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
    faults: run.nemesis.counts,
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
