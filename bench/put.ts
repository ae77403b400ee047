/**
 * `bench put`: write throughput (closed loop) and latency (open loop) of one or two clusters.
 *
 * All clusters run all the time; rounds alternate between them with the same generator, so that whatever else the
 * machine does meets both. The open loop runs at one rate for all: by default half of what the slowest managed in the
 * closed loop, so that nobody is saturated and latency means something.
 */

import { choiceFlag, integerFlag, type parseFlags, switchFlag } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type ClusterMember, type SystemName } from './cluster.ts';
import { describeEnvironment } from './environment.ts';
import { median } from './format.ts';
import type { LoadOptions, LoadResult } from './generator.ts';
import { h2loadInstalled, runH2load } from './h2load.ts';
import { Loader } from './loader.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { type PutReport, type PutRound, putRound } from './put-report.ts';

export const putFlags = {
  ...systemFlags,
  connections: integerFlag({ help: 'connections', initial: 10, min: 1, max: 10_000 }),
  streams: integerFlag({ help: 'puts in flight per connection', initial: 100, min: 1, max: 10_000 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 256, min: 0, max: 1024 * 1024 }),
  keyBytes: integerFlag({ help: 'size of a key', initial: 16, min: 8, max: 120 }),
  keySpace: integerFlag({ help: 'different keys', initial: 10_000_000, min: 1 }),
  keyOrder: choiceFlag({
    help: 'keys one after another, or drawn at random',
    initial: 'sequential',
    choices: ['sequential', 'random'],
  }),
  endpoints: choiceFlag({
    help: 'where the connections go: to the leader, or round over all members',
    initial: 'leader',
    choices: ['leader', 'all'],
  }),
  seconds: integerFlag({ help: 'length of a measurement', initial: 5, min: 1, max: 3600 }),
  warmUpMs: integerFlag({ help: 'load before each measurement, not counted', initial: 1000, min: 0 }),
  rounds: integerFlag({ help: 'measurements per system and loop', initial: 3, min: 1, max: 100 }),
  rate: integerFlag({
    help: 'puts per second of the open loop',
    initial: 0,
    min: 0,
    shownDefault: 'half of what the slowest system manages',
  }),
  generator: choiceFlag({
    help: 'what makes the closed-loop load; h2load sends one fixed key and knows no percentiles',
    initial: 'own',
    choices: ['own', 'h2load'],
  }),
  profile: switchFlag('measure where the CPU of the Keelson leader goes (slows it down a little)'),
} as const;

export type PutOptions = ReturnType<typeof parseFlags<typeof putFlags>>['values'];

interface Running {
  readonly system: SystemName;
  readonly cluster: Cluster;
  keyNext: number;
  /** Puts of all measurements, warm-up included. */
  written: number;
}

class PutBench {
  readonly #options: PutOptions;
  readonly #workplace: Workplace;
  readonly #progress: Progress;
  readonly #loader: Loader;
  readonly #rounds: PutRound[] = [];

  constructor(options: PutOptions, workplace: Workplace, progress: Progress) {
    this.#options = options;
    this.#workplace = workplace;
    this.#progress = progress;
    this.#loader = new Loader(workplace);
  }

  async run(systems: readonly SystemName[]): Promise<PutReport> {
    const running: Running[] = [];
    for (const system of systems) {
      this.#progress.step(`starting ${system}`, 2_000);
      const cluster = await Cluster.prepare(system, this.#options.nodes, this.#workplace, 'put', {
        profile: this.#options.profile,
      });
      cluster.start();
      await cluster.waitHealthy();
      running.push({ system, cluster, keyNext: 0, written: 0 });
    }
    const total = this.#options.rounds;
    for (let round = 1; round <= total; round++) {
      for (const one of roundOrder(running, round)) await this.#measure(one, round, null);
    }
    const rate = this.#options.rate || Math.max(1, Math.floor(this.#slowest(systems) / 2));
    for (let round = 1; round <= total; round++) {
      for (const one of roundOrder(running, round)) await this.#measure(one, round, rate);
    }
    this.#loader.close();
    const profile = this.#options.profile ? await leaderProfile(running) : [];
    const environment = describeEnvironment(systems);
    return {
      kind: 'put',
      environment,
      options: this.#options,
      openLoopRate: rate,
      rounds: this.#rounds,
      profile,
    };
  }

  #slowest(systems: readonly SystemName[]): number {
    return Math.min(
      ...systems.map((system) =>
        median(this.#rounds.filter((round) => round.system === system).map((round) => round.putsPerSecond)),
      ),
    );
  }

  async #measure(running: Running, round: number, rate: number | null): Promise<void> {
    const { system, cluster } = running;
    const options = this.#options;
    this.#progress.step(
      `${system}: ${rate === null ? 'closed' : 'open'} loop, round ${round} of ${options.rounds}`,
      options.warmUpMs + options.seconds * 1000,
    );
    const leader = await cluster.leader();
    const load = this.#loadOptions(running, leader, rate);
    const before = cluster.members.map((member) => member.usage());
    const revisionBefore = await storeRevision(leader);
    const from = performance.now();
    const result = await this.#load(load);
    const seconds = (performance.now() - from) / 1000;
    cluster.assertRunning();
    const after = cluster.members.map((member) => member.usage());
    const written = (await storeRevision(leader)) - revisionBefore;
    running.keyNext = result.keyNext;
    running.written += written;
    if (result.completed === 0) throw new Error(`${system} accepted no put: ${result.firstFailure ?? ''}`);
    if (written < result.acceptedInAll) {
      throw new Error(`${system} acknowledged ${result.acceptedInAll} puts but holds ${written} of them`);
    }
    const leaderAt = cluster.members.indexOf(leader);
    this.#rounds.push(putRound({ system, round, rate, result, before, after, seconds, leaderAt, written }));
  }

  #load(load: LoadOptions): Promise<LoadResult> {
    if (this.#options.generator === 'h2load' && load.rate === null) return runH2load(load, this.#workplace);
    return this.#loader.run(load);
  }

  #loadOptions(running: Running, leader: ClusterMember, rate: number | null): LoadOptions {
    const options = this.#options;
    const members = options.endpoints === 'leader' ? [leader] : running.cluster.members;
    return {
      targets: members.map((member) => ({ host: '127.0.0.1', port: member.port })),
      connections: options.connections,
      streams: options.streams,
      valueBytes: options.valueBytes,
      keyBytes: options.keyBytes,
      keySpace: options.keySpace,
      keyOrder: options.keyOrder,
      keyFrom: running.keyNext,
      warmUpMs: options.warmUpMs,
      measureMs: options.seconds * 1000,
      rate,
    };
  }
}

/** Stops the Keelson leader and reads its profile. */
async function leaderProfile(running: readonly Running[]): Promise<PutReport['profile']> {
  const keelson = running.find((one) => one.system === 'keelson');
  if (keelson === undefined) throw new Error('--profile: only Keelson can be profiled');
  const leader = await keelson.cluster.leader();
  await leader.end('SIGTERM');
  const shares = leader.profile();
  if (shares === null) throw new Error('the leader left no profile');
  return shares.map(({ owner, microseconds }) => ({ owner, usPerPut: microseconds / keelson.written }));
}

/** Every accepted put raises it by one. */
async function storeRevision(member: ClusterMember): Promise<number> {
  return (await member.asker.count('bench-health', 'bench-health', 5_000)).revision;
}

/**
 * Runs the benchmark.
 * @throws Error when a system is missing, does not start, or acknowledges puts that it does not hold.
 */
export async function runPut(options: PutOptions): Promise<PutReport> {
  const systems = chosenSystems(options.against, options.only);
  if (options.generator === 'h2load') {
    if (!h2loadInstalled())
      throw new Error('no `h2load` on the PATH: install nghttp2, or leave out --generator');
    if (options.endpoints === 'all')
      throw new Error('--generator h2load knows one endpoint: leave out --endpoints all');
  }
  const measuring = 2 * options.rounds * (options.warmUpMs + options.seconds * 1000);
  const workplace = new Workplace();
  const progress = new Progress(systems.length * (measuring + 2_000));
  try {
    return await new PutBench(options, workplace, progress).run(systems);
  } finally {
    progress.close();
    await workplace.close();
  }
}
