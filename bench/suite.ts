/**
 * Runs a workload: all clusters run all the time, and rounds alternate between them with the same generator, so that whatever
 * else the machine does meets both. What is compared is a round of one system with the same round of the other.
 *
 * h2load makes the load where it can, for it costs the machine least; our own generator makes the rest.
 */

import { choiceFlag, integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type ClusterMember, type SystemName } from './cluster.ts';
import { describeEnvironment } from './environment.ts';
import { fill } from './fill.ts';
import type { LoadOptions, LoadResult } from './generator.ts';
import { h2loadInstalled, runH2load } from './h2load.ts';
import { Histogram } from './histogram.ts';
import { Loader } from './loader.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import type { SuiteReport, SuiteRound } from './suite-report.ts';
import type { WatchLoad } from './watch-load.ts';
import type { Case, Workload } from './workloads/workload.ts';

export const suiteFlags = {
  ...systemFlags,
  seconds: integerFlag({ help: 'length of a measurement', initial: 3, min: 1, max: 3600 }),
  warmUpMs: integerFlag({ help: 'load before each measurement, not counted', initial: 1000, min: 0 }),
  rounds: integerFlag({ help: 'measurements per system and case', initial: 3, min: 1, max: 100 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 256, min: 8, max: 1024 * 1024 }),
  keyBytes: integerFlag({ help: 'size of a key', initial: 16, min: 8, max: 120 }),
  keys: integerFlag({ help: 'keys that are there to be read', initial: 10_000, min: 1, max: 10_000_000 }),
  generator: choiceFlag({
    help: 'what makes the load; auto is h2load where it is installed and can',
    initial: 'auto',
    choices: ['auto', 'own', 'h2load'],
  }),
} as const;

export type SuiteOptions = ReturnType<typeof parseFlags<typeof suiteFlags>>['values'];

interface Running {
  readonly system: SystemName;
  readonly cluster: Cluster;
  keyNext: number;
}

/** Puts that the writer of `bench watch` may be ahead of its watchers. */
const WATCH_WINDOW = 100;
const FILL_MS = 2_000;
const START_MS = 2_000;

class Suite {
  readonly #name: string;
  readonly #workload: Workload;
  readonly #options: SuiteOptions;
  readonly #workplace: Workplace;
  readonly #progress: Progress;
  readonly #loader: Loader;
  readonly #hasH2load: boolean;
  readonly #rounds: SuiteRound[] = [];

  constructor(
    name: string,
    workload: Workload,
    options: SuiteOptions,
    workplace: Workplace,
    progress: Progress,
  ) {
    this.#name = name;
    this.#workload = workload;
    this.#options = options;
    this.#workplace = workplace;
    this.#progress = progress;
    this.#loader = new Loader(workplace);
    this.#hasH2load = options.generator !== 'own' && h2loadInstalled();
  }

  async run(systems: readonly SystemName[]): Promise<SuiteReport> {
    const running: Running[] = [];
    for (const system of systems) running.push(await this.#start(system));
    for (const one of this.#workload.cases) {
      for (let round = 1; round <= this.#options.rounds; round++) {
        for (const subject of roundOrder(running, round)) await this.#measure(subject, one, round);
      }
    }
    this.#loader.close();
    return {
      kind: 'suite',
      name: this.#name,
      unit: this.#workload.unit,
      environment: describeEnvironment(systems),
      options: this.#options,
      cases: this.#workload.cases.map((one) => ({
        label: one.label,
        isInBytes: this.#workload.isInBytes(one),
      })),
      rounds: this.#rounds,
    };
  }

  async #start(system: SystemName): Promise<Running> {
    const { nodes, keys, keyBytes, valueBytes } = this.#options;
    this.#progress.step(`starting ${system}`, START_MS);
    const cluster = await Cluster.prepare(system, nodes, this.#workplace, this.#name);
    cluster.start();
    await cluster.waitHealthy();
    if (this.#workload.isFilled) {
      this.#progress.step(`${system}: filling`, FILL_MS);
      const { port } = await cluster.leader();
      await fill({ port, from: 0, to: keys, keyBytes, valueBytes, connections: 4, streams: 50 });
    }
    return { system, cluster, keyNext: this.#workload.isFilled ? 0 : 1 };
  }

  async #measure(running: Running, one: Case, round: number): Promise<void> {
    const { system, cluster } = running;
    const { rounds, warmUpMs, seconds } = this.#options;
    const label = `${system}: ${one.label}, round ${round} of ${rounds}`;
    this.#progress.step(label, warmUpMs + seconds * 1000);
    const leader = await cluster.leader();
    const leaderAt = cluster.members.indexOf(leader);
    const before = cluster.members.map((member) => member.usage().cpuSeconds);
    const from = performance.now();
    const { result, generator } = await this.#load(running, one, leader);
    const wall = (performance.now() - from) / 1000;
    cluster.assertRunning();
    const cpu = cluster.members.map((member, index) => member.usage().cpuSeconds - before[index]!);
    if (result.completed === 0) {
      const why = result.firstFailure ?? `--seconds ${seconds} is too short on this machine`;
      throw new Error(`${label}: nothing was answered: ${why}`);
    }
    if (result.keyNext > 0) running.keyNext = result.keyNext;
    const histogram = new Histogram();
    histogram.add(result.latency);
    const knows = histogram.count > 0;
    const perSecond = result.completed / result.seconds;
    const sentBytes = one.request === 'put' ? result.completed * (one.valueBytes ?? 0) : 0;
    // Of the whole load, warm-up included, at the rate that was measured.
    const calls = perSecond * wall;
    this.#rounds.push({
      system,
      label: one.label,
      round,
      generator,
      perSecond,
      mebibytesPerSecond: (result.receivedBytes + sentBytes) / result.seconds / 1024 / 1024,
      failed: result.failed,
      firstFailure: result.firstFailure,
      meanUs: knows ? histogram.meanUs : result.latency.sumUs / result.completed,
      p50Us: knows ? histogram.percentileUs(50) : null,
      p99Us: knows ? histogram.percentileUs(99) : null,
      membersCores: cpu.reduce((sum, value) => sum + value, 0) / wall,
      leaderUsPerCall: (cpu[leaderAt]! * 1e6) / calls,
      generatorCores: result.cpuSeconds / result.seconds,
    });
  }

  async #load(
    running: Running,
    one: Case,
    leader: ClusterMember,
  ): Promise<{ result: LoadResult; generator: 'own' | 'h2load' }> {
    if (one.watchers !== undefined) {
      return { result: await this.#loader.run(this.#watchLoad(one, one.watchers, leader)), generator: 'own' };
    }
    const load = this.#loadOptions(running, one, leader);
    const generator = this.#hasH2load && one.ownGeneratorOnly === undefined ? 'h2load' : 'own';
    const run = generator === 'h2load' ? runH2load(load, this.#workplace) : this.#loader.run(load);
    return { result: await run, generator };
  }

  #watchLoad(one: Case, watchers: number, leader: ClusterMember): WatchLoad {
    const { valueBytes, warmUpMs, seconds } = this.#options;
    return {
      kind: 'watch',
      host: '127.0.0.1',
      port: leader.port,
      watchers,
      streams: one.streams,
      valueBytes,
      window: WATCH_WINDOW,
      warmUpMs,
      measureMs: seconds * 1000,
    };
  }

  #loadOptions(running: Running, one: Case, leader: ClusterMember): LoadOptions {
    const { keyBytes, valueBytes, warmUpMs, seconds, keys } = this.#options;
    const { isFilled } = this.#workload;
    const keysPerRange = one.keysPerRange ?? 1;
    return {
      targets: [{ host: '127.0.0.1', port: leader.port }],
      connections: one.connections,
      streams: one.streams,
      request: one.request ?? 'put',
      keysPerRange,
      valueBytes: one.valueBytes ?? valueBytes,
      keyBytes,
      keySpace: isFilled ? Math.max(1, keys - keysPerRange) : Number.MAX_SAFE_INTEGER,
      keyOrder: isFilled ? 'random' : 'sequential',
      keyFrom: running.keyNext,
      warmUpMs,
      measureMs: seconds * 1000,
      rate: null,
    };
  }
}

/**
 * Runs one workload.
 * @throws Error when a system is missing, does not start, or answers nothing.
 */
export async function runSuite(
  name: string,
  workload: Workload,
  options: SuiteOptions,
): Promise<SuiteReport> {
  const systems = chosenSystems(options.against, options.only);
  if (options.generator === 'h2load') {
    if (!h2loadInstalled())
      throw new Error('no `h2load` on the PATH: install nghttp2, or leave out --generator');
    const why = workload.cases.find((one) => one.ownGeneratorOnly !== undefined)?.ownGeneratorOnly;
    if (why !== undefined) throw new Error(`--generator h2load cannot make this load: ${why}`);
  }
  const measuring = options.rounds * workload.cases.length * (options.warmUpMs + options.seconds * 1000);
  const preparing = START_MS + (workload.isFilled ? FILL_MS : 0);
  const workplace = new Workplace();
  const progress = new Progress(systems.length * (measuring + preparing));
  try {
    return await new Suite(name, workload, options, workplace, progress).run(systems);
  } finally {
    progress.close();
    await workplace.close();
  }
}
