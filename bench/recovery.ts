/**
 * `bench recovery`: what many keys cost. A cluster is filled with keys; then, of the same cluster: the memory of its members,
 * the rate of puts as against the empty store, and how long a member takes to start on its data.
 *
 * A start is measured from the process to the first answer to a serializable read of a key that was written: the port is
 * open, the state is there. The others go on meanwhile. Each member in turn is stopped in good order and then by kill -9.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type ClusterMember, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { fill, numberedKey } from './fill.ts';
import { grouped, mebibytes, median, ratio, table } from './format.ts';
import { Loader } from './loader.ts';
import { RANGE_PATH, serializableRequest } from './messages.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { barChart } from './svg.ts';

export const recoveryFlags = {
  ...systemFlags,
  keys: integerFlag({ help: 'keys to fill in', initial: 1_000_000, min: 1 }),
  keyBytes: integerFlag({ help: 'size of a key', initial: 16, min: 8, max: 120 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 256, min: 0, max: 1024 * 1024 }),
  connections: integerFlag({ help: 'connections', initial: 10, min: 1, max: 1000 }),
  streams: integerFlag({ help: 'puts in flight per connection', initial: 100, min: 1, max: 10_000 }),
  seconds: integerFlag({ help: 'length of a measurement of puts', initial: 3, min: 1, max: 3600 }),
  rewrites: integerFlag({
    help: 'puts to the same keys before memory is measured; all puts go to these keys then',
    initial: 0,
    min: 0,
  }),
  settleMs: integerFlag({ help: 'rest before memory is measured', initial: 5000, min: 0 }),
  rounds: integerFlag({ help: 'clusters per system', initial: 1, min: 1, max: 100 }),
} as const;

export type RecoveryOptions = ReturnType<typeof parseFlags<typeof recoveryFlags>>['values'];

export interface RecoveryRound {
  readonly system: SystemName;
  readonly round: number;
  /** Per member, before there were keys. */
  readonly emptyBytes: readonly number[];
  /** Per member, when the last key was written (for the last time), and after the rest. */
  readonly filledBytes: readonly number[];
  readonly restedBytes: readonly number[];
  /** Per member, after it was started on its data and has rested. */
  readonly restartedBytes: readonly number[];
  /** Per member, the most there ever was, measurements of puts included. */
  readonly peakBytes: readonly number[];
  readonly putsPerSecondEmpty: number;
  readonly putsPerSecondFilled: number;
  /** Per member. */
  readonly startMs: readonly number[];
  readonly startAfterKillMs: readonly number[];
}

export interface RecoveryReport {
  readonly kind: 'recovery';
  readonly environment: Environment;
  readonly options: RecoveryOptions;
  readonly rounds: readonly RecoveryRound[];
}

const WARM_UP_MS = 1000;
const PROBE_EVERY_MS = 2;
const PROBE_TIMEOUT_MS = 500;
const START_WITHIN_MS = 120_000;

function residentBytes(cluster: Cluster): number[] {
  return cluster.members.map((member) => member.usage().residentBytes);
}

/** Starts a stopped member; resolves with the time it took to answer a read of its data. */
async function startAgain(member: ClusterMember, key: string): Promise<number> {
  const message = serializableRequest(Buffer.from(key));
  const from = performance.now();
  member.start();
  for (;;) {
    const answer = await member.asker.call(RANGE_PATH, message, PROBE_TIMEOUT_MS);
    const took = performance.now() - from;
    if (answer.code === 0) return took;
    member.assertRunning();
    if (took > START_WITHIN_MS) throw new Error(`${member.system} ${member.name} does not start`);
    await pause(PROBE_EVERY_MS);
  }
}

class RecoveryBench {
  readonly #options: RecoveryOptions;
  readonly #progress: Progress;

  constructor(options: RecoveryOptions, progress: Progress) {
    this.#options = options;
    this.#progress = progress;
  }

  async round(system: SystemName, round: number): Promise<RecoveryRound> {
    const { nodes, keys, keyBytes, rewrites, settleMs } = this.#options;
    const workplace = new Workplace();
    const loader = new Loader(workplace);
    try {
      this.#progress.step(`${system}: filling, round ${round}`, 30_000);
      const cluster = await Cluster.prepare(system, nodes, workplace, `recovery${round}`);
      cluster.start();
      await cluster.waitHealthy();
      await pause(settleMs);
      const emptyBytes = residentBytes(cluster);
      const leader = await cluster.leader();
      const empty = await this.#putRate(loader, leader, 0);
      await fill({ ...this.#options, port: leader.port, from: empty.keyNext, to: keys });
      await fill({ ...this.#options, port: leader.port, from: keys, to: keys + rewrites, keySpace: keys });
      const filledBytes = residentBytes(cluster);
      await pause(settleMs);
      const restedBytes = residentBytes(cluster);
      this.#progress.step(`${system}: puts, round ${round}`, WARM_UP_MS + this.#options.seconds * 1000);
      const filled = await this.#putRate(loader, leader, Math.max(keys, empty.keyNext));
      this.#progress.step(`${system}: starting, round ${round}`, 10_000);
      const peakBytes = cluster.members.map((member) => member.usage().peakBytes);
      const key = numberedKey(keys - 1, keyBytes);
      const startMs = await this.#starts(cluster, 'SIGTERM', key);
      const startAfterKillMs = await this.#starts(cluster, 'SIGKILL', key);
      await pause(settleMs);
      const restartedBytes = residentBytes(cluster);
      loader.close();
      return {
        system,
        round,
        emptyBytes,
        filledBytes,
        restedBytes,
        restartedBytes,
        peakBytes,
        putsPerSecondEmpty: empty.rate,
        putsPerSecondFilled: filled.rate,
        startMs,
        startAfterKillMs,
      };
    } finally {
      await workplace.close();
    }
  }

  /** Each member in turn, while the others go on. */
  async #starts(cluster: Cluster, signal: NodeJS.Signals, key: string): Promise<number[]> {
    const took: number[] = [];
    for (const member of cluster.members) {
      await member.end(signal);
      took.push(await startAgain(member, key));
      await cluster.waitHealthy();
    }
    return took;
  }

  async #putRate(
    loader: Loader,
    leader: ClusterMember,
    keyFrom: number,
  ): Promise<{ rate: number; keyNext: number }> {
    const { connections, streams, valueBytes, keyBytes, seconds, keys, rewrites } = this.#options;
    const result = await loader.run({
      targets: [{ host: '127.0.0.1', port: leader.port }],
      connections,
      streams,
      valueBytes,
      keyBytes,
      keySpace: rewrites > 0 ? keys : Number.MAX_SAFE_INTEGER,
      keyOrder: 'sequential',
      keyFrom,
      warmUpMs: WARM_UP_MS,
      measureMs: seconds * 1000,
      rate: null,
    });
    if (result.completed === 0) throw new Error(`no put was accepted: ${result.firstFailure ?? ''}`);
    return { rate: result.completed / result.seconds, keyNext: result.keyNext };
  }
}

/** Runs the benchmark. @throws Error when a system is missing, does not start or refuses a put. */
export async function runRecovery(options: RecoveryOptions): Promise<RecoveryReport> {
  const systems = chosenSystems(options.against, options.only);
  const each = 40_000 + WARM_UP_MS + options.seconds * 1000;
  const progress = new Progress(options.rounds * systems.length * each);
  const bench = new RecoveryBench(options, progress);
  const rounds: RecoveryRound[] = [];
  try {
    for (let round = 1; round <= options.rounds; round++) {
      for (const system of roundOrder(systems, round)) rounds.push(await bench.round(system, round));
    }
  } finally {
    progress.close();
  }
  return { kind: 'recovery', environment: describeEnvironment(systems), options, rounds };
}

interface Figure {
  readonly title: string;
  readonly of: (round: RecoveryRound) => readonly number[];
  readonly text: (value: number) => string;
}

const whole = (value: number): string => value.toFixed(0);
const FIGURES: readonly Figure[] = [
  { title: 'memory without keys, MiB', of: (round) => round.emptyBytes, text: mebibytes },
  { title: 'memory when filled, MiB', of: (round) => round.filledBytes, text: mebibytes },
  { title: 'memory after a rest, MiB', of: (round) => round.restedBytes, text: mebibytes },
  { title: 'memory at its peak, MiB', of: (round) => round.peakBytes, text: mebibytes },
  { title: 'memory after a start, MiB', of: (round) => round.restartedBytes, text: mebibytes },
  { title: 'puts/s, empty store', of: (round) => [round.putsPerSecondEmpty], text: grouped },
  { title: 'puts/s, filled store', of: (round) => [round.putsPerSecondFilled], text: grouped },
  { title: 'start after SIGTERM, ms', of: (round) => round.startMs, text: whole },
  { title: 'start after kill -9, ms', of: (round) => round.startAfterKillMs, text: whole },
];

/** Median over members and rounds. */
function typical(report: RecoveryReport, system: SystemName, figure: Figure): number {
  return median(
    report.rounds.filter((round) => round.system === system).flatMap((round) => figure.of(round)),
  );
}

export function recoveryText(report: RecoveryReport): string {
  const { options } = report;
  const systems = [...new Set(report.rounds.map((round) => round.system))];
  const both = systems.includes('keelson') && systems.includes('etcd');
  const rows = FIGURES.map((figure) => {
    const cells = systems.map((system) => figure.text(typical(report, system, figure)));
    const share = typical(report, 'keelson', figure) / typical(report, 'etcd', figure);
    return [figure.title, ...cells, ...(both ? [ratio(share)] : [])];
  });
  return [
    `recovery: ${grouped(options.keys)} keys${options.rewrites > 0 ? `, ${grouped(options.rewrites)} puts to them again,` : ''} with values of ${options.valueBytes} bytes, ${options.nodes} members; medians per member`,
    table(['', ...systems, ...(both ? ['keelson / etcd'] : [])], rows),
  ].join('\n');
}

export function recoveryCharts(report: RecoveryReport): Record<string, string> {
  const subtitle = `${grouped(report.options.keys)} keys, ${report.options.nodes} members`;
  const systems = [...new Set(report.rounds.map((round) => round.system))];
  const series = (of: Figure['of'], unit: number): { name: string; values: number[] }[] =>
    systems.map((name) => ({
      name,
      values: report.rounds
        .filter((round) => round.system === name)
        .flatMap((round) => of(round))
        .map((value) => value / unit),
    }));
  const MiB = 1024 * 1024;
  return {
    'recovery-memory.svg': barChart('Memory of a member', subtitle, 'MiB, less is better', [
      ...series((round) => round.restedBytes, MiB),
    ]),
    'recovery-start.svg': barChart(
      'Start of a member on its data',
      subtitle,
      'milliseconds, less is better',
      [...series((round) => round.startAfterKillMs, 1)],
    ),
  };
}
