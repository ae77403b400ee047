/**
 * `bench space`: a store is filled, most of it deleted and compacted, and what that costs those who write and read
 * meanwhile; and puts at a fixed rate, with a compaction every second and without, in alternating rounds.
 *
 * How long a member keeps everybody waiting is told by its slices (`slices.ts`), Keelson only; latencies of probes are
 * those of both systems.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { type Client, connect, EtcdError } from '../src/client/index.ts';
import { Workplace } from './children.ts';
import { Cluster, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { fill, numberedKey } from './fill.ts';
import { mebibytes, milliseconds, ratio, table } from './format.ts';
import { runLoad } from './generator.ts';
import { Histogram } from './histogram.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { type Slices, slicesBetween, slicesFile } from './slices.ts';

export const spaceFlags = {
  ...systemFlags,
  nodes: integerFlag({ help: 'members of the cluster', initial: 1, min: 1, max: 9 }),
  bytes: integerFlag({ help: 'how much is filled in, values alone', initial: 64 * 1024 * 1024, min: 1 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 4096, min: 1, max: 1_000_000 }),
  keepPercent: integerFlag({ help: 'what is not deleted', initial: 10, min: 0, max: 100 }),
  deleteAtOnce: integerFlag({ help: 'keys of one DeleteRange', initial: 100, min: 1 }),
  probeMs: integerFlag({ help: 'a put and a range every so many milliseconds', initial: 10, min: 1 }),
  settleSeconds: integerFlag({
    help: 'how long is waited for space to come back',
    initial: 20,
    min: 1,
    max: 3600,
  }),
  rate: integerFlag({ help: 'puts per second of the second part', initial: 200, min: 1 }),
  seconds: integerFlag({ help: 'length of one of its measurements', initial: 5, min: 1, max: 600 }),
  rounds: integerFlag({
    help: 'rounds of the second part, with and without in turn',
    initial: 2,
    min: 1,
    max: 100,
  }),
} as const;

export type SpaceOptions = ReturnType<typeof parseFlags<typeof spaceFlags>>['values'];

/** What probes saw in a stretch of time. */
interface Stretch {
  readonly name: string;
  readonly seconds: number;
  readonly probes: number;
  readonly failed: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Of the member that was busy longest. Null: not measured. */
  readonly slices: Slices | null;
  /** Of one member's data directory at the end, and what it reports as its size and as in use. */
  readonly diskBytes: number;
  readonly sizeBytes: number;
  readonly inUseBytes: number;
}

export interface SpaceReport {
  readonly kind: 'space';
  readonly environment: Environment;
  readonly options: SpaceOptions;
  readonly systems: readonly {
    readonly system: SystemName;
    readonly stretches: readonly Stretch[];
    /** p99 of puts in microseconds, a measurement each. */
    readonly p99Without: readonly number[];
    readonly p99With: readonly number[];
  }[];
}

const KEY_BYTES = 24;
const GIVE_UP_MS = 120_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function directoryBytes(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    try {
      // What is allocated: both systems make files larger than what is in them.
      bytes += entry.isDirectory() ? directoryBytes(inside) : statSync(inside).blocks * 512;
    } catch {
      // It has just been removed.
    }
  }
  return bytes;
}

/** A put and a range every few milliseconds, counted from the moment at which they were due. */
class Probes {
  readonly #client: Client;
  readonly #everyMs: number;
  #latency = new Histogram();
  #failed = 0;
  #isStopped = false;
  #underWay = 0;

  constructor(client: Client, everyMs: number) {
    this.#client = client;
    this.#everyMs = everyMs;
  }

  async run(): Promise<void> {
    const from = performance.now();
    for (let count = 0; !this.#isStopped; count++) {
      const due = from + count * this.#everyMs;
      const early = due - performance.now();
      if (early > 0) await pause(early);
      void this.#probe(due, count);
    }
    while (this.#underWay > 0) await pause(5);
  }

  async #probe(due: number, count: number): Promise<void> {
    this.#underWay++;
    const latency = this.#latency;
    try {
      await Promise.all([
        this.#client.put(`probe/${count % 100}`, 'value', { timeoutMs: GIVE_UP_MS }),
        this.#client.get('probe/0', { timeoutMs: GIVE_UP_MS }),
      ]);
      latency.record((performance.now() - due) * 1000);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      this.#failed++;
    } finally {
      this.#underWay--;
    }
  }

  take(): Pick<Stretch, 'probes' | 'failed' | 'p50Us' | 'p99Us' | 'maxUs'> {
    const latency = this.#latency;
    const failed = this.#failed;
    this.#latency = new Histogram();
    this.#failed = 0;
    return {
      probes: latency.count,
      failed,
      p50Us: latency.percentileUs(50),
      p99Us: latency.percentileUs(99),
      maxUs: latency.maxUs,
    };
  }

  stop(): void {
    this.#isStopped = true;
  }
}

class Subject {
  readonly system: SystemName;
  readonly cluster: Cluster;
  readonly client: Client;
  readonly #options: SpaceOptions;
  readonly #folder: string;

  constructor(system: SystemName, cluster: Cluster, options: SpaceOptions, folder: string) {
    this.system = system;
    this.cluster = cluster;
    this.#options = options;
    this.#folder = folder;
    const endpoints = cluster.members.map(({ port }) => `http://127.0.0.1:${port}`);
    this.client = connect({ endpoints, timeoutMs: GIVE_UP_MS });
  }

  get keys(): number {
    return Math.ceil(this.#options.bytes / this.#options.valueBytes);
  }

  async fill(): Promise<void> {
    const { valueBytes } = this.#options;
    const [member] = this.cluster.members;
    await fill({
      ...{ port: member!.port, from: 0, to: this.keys, keyBytes: KEY_BYTES, valueBytes },
      ...{ connections: 4, streams: 16 },
    });
    // The first answer of its kind has its codec made, which is not what is measured.
    await this.#status();
  }

  #status() {
    const [member] = this.cluster.members;
    return this.client.maintenance.status({ endpoint: `http://127.0.0.1:${member!.port}` });
  }

  /** Deletes all but a part, in pieces, one behind the other. */
  async deleteMost(): Promise<void> {
    const { keepPercent, deleteAtOnce } = this.#options;
    const end = Math.floor((this.keys * (100 - keepPercent)) / 100);
    for (let from = 0; from < end; from += deleteAtOnce) {
      const to = Math.min(end, from + deleteAtOnce);
      await this.client.delete({ from: numberedKey(from, KEY_BYTES), to: numberedKey(to, KEY_BYTES) });
    }
  }

  /** @param behind revisions that stay readable */
  async compact(behind: number): Promise<void> {
    const { header } = await this.client.range('probe/0');
    const { revision } = header;
    if (revision - behind > 1) await this.client.compact(revision - behind);
  }

  async stretch(name: string, probes: Probes, work: () => Promise<void>): Promise<Stretch> {
    probes.take();
    const from = Date.now();
    await work();
    const to = Date.now();
    // The meters write four times a second.
    await pause(600);
    const figures = probes.take();
    const [first] = this.cluster.members;
    const status = await this.#status();
    const slices = this.cluster.members.map((member) =>
      slicesBetween(slicesFile(this.#folder, member.name), from, to),
    );
    const worst = slices.sort((a, b) => b.worstMs - a.worstMs)[0]!;
    return {
      name,
      seconds: (to - from) / 1000,
      ...figures,
      slices: this.system === 'keelson' ? worst : null,
      diskBytes: directoryBytes(first!.dataDirectory),
      sizeBytes: Number(status.dbSize),
      inUseBytes: Number(status.dbSizeInUse),
    };
  }

  /** @returns p99 in microseconds of puts at the rate, with a compaction every second or without */
  async putLatency(withCompaction: boolean): Promise<number> {
    const { seconds, rate, valueBytes } = this.#options;
    let isOver = false;
    const compacting = (async () => {
      while (withCompaction && !isOver) {
        await this.compact(rate);
        await pause(1000);
      }
    })();
    const result = await runLoad({
      targets: this.cluster.members.map(({ port }) => ({ host: '127.0.0.1', port })),
      ...{ connections: 4, streams: 1, warmUpMs: 1000, measureMs: seconds * 1000, rate, valueBytes },
      ...{ keyBytes: KEY_BYTES, keySpace: 2000, keyOrder: 'sequential', keyFrom: this.keys },
    });
    isOver = true;
    await compacting;
    if (result.failed > 0) throw new Error(`${this.system}: ${result.firstFailure}`);
    const latency = new Histogram();
    latency.add(result.latency);
    return latency.percentileUs(99);
  }
}

async function measure(
  system: SystemName,
  options: SpaceOptions,
  progress: Progress,
): Promise<SpaceReport['systems'][number]> {
  const workplace = new Workplace();
  try {
    const flags = { 'quota-backend-bytes': String(8 * 1024 ** 3) };
    const cluster = await Cluster.prepare(system, options.nodes, workplace, 'space', {
      flags,
      isMetered: true,
    });
    cluster.start();
    await cluster.waitHealthy();
    const subject = new Subject(system, cluster, options, workplace.folder);
    progress.step(`${system}: fills`, 2);
    await subject.fill();
    const probes = new Probes(subject.client, options.probeMs);
    const probing = probes.run();
    const stretches: Stretch[] = [];
    const stretch = async (name: string, work: () => Promise<void>): Promise<void> => {
      progress.step(`${system}: ${name}`, 1);
      stretches.push(await subject.stretch(name, probes, work));
    };
    await stretch('full', () => pause(3000));
    await stretch('deletes', () => subject.deleteMost());
    await stretch('compacts', async () => {
      await subject.compact(0);
      await pause(5000);
    });
    await stretch('settles', () => pause(options.settleSeconds * 1000));
    probes.stop();
    await probing;
    const p99Without: number[] = [];
    const p99With: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      for (const withCompaction of roundOrder([false, true], round)) {
        progress.step(`${system}: puts ${withCompaction ? 'with' : 'without'} compactions`, 1);
        (withCompaction ? p99With : p99Without).push(await subject.putLatency(withCompaction));
      }
    }
    await subject.client.close();
    return { system, stretches, p99Without, p99With };
  } finally {
    await workplace.close();
  }
}

/** Runs the benchmark, one system after the other. @throws Error when a system is missing or refuses something */
export async function runSpace(options: SpaceOptions): Promise<SpaceReport> {
  const names = chosenSystems(options.against, options.only);
  const progress = new Progress(names.length * (6 + 2 * options.rounds));
  try {
    const systems: SpaceReport['systems'][number][] = [];
    for (const system of names) systems.push(await measure(system, options, progress));
    return { kind: 'space', environment: describeEnvironment(names), options, systems };
  } finally {
    progress.close();
  }
}

function best(values: readonly number[]): number {
  return Math.min(...values);
}

export function spaceText(report: SpaceReport): string {
  const { bytes, valueBytes, keepPercent, nodes, rate } = report.options;
  const head = [
    's',
    'probes',
    'failed',
    'p50 ms',
    'p99',
    'max',
    'slice ms',
    '> 5 ms',
    'disk MiB',
    'size',
    'in use',
  ];
  const lines = [
    `space: ${mebibytes(bytes)} MiB in values of ${valueBytes} bytes, of which ${keepPercent} % stay; ${nodes} member(s)`,
  ];
  for (const { system, stretches, p99Without, p99With } of report.systems) {
    const rows = stretches.map((one) => [
      one.name,
      one.seconds.toFixed(1),
      String(one.probes),
      String(one.failed),
      milliseconds(one.p50Us),
      milliseconds(one.p99Us),
      milliseconds(one.maxUs),
      one.slices === null ? '–' : one.slices.worstMs.toFixed(1),
      one.slices === null ? '–' : String(one.slices.overFive),
      mebibytes(one.diskBytes),
      mebibytes(one.sizeBytes),
      mebibytes(one.inUseBytes),
    ]);
    lines.push('', table([system, ...head], rows));
    const [without, withThem] = [best(p99Without), best(p99With)];
    lines.push(
      `${rate} puts/s, p99: ${milliseconds(without)} ms without compactions, ${milliseconds(withThem)} ms with one every second` +
        ` (best of ${p99With.length} each): ${ratio(withThem / without)}`,
    );
  }
  lines.push(
    '',
    'slice: the most time of the processor that the member spent between two looks at its timers',
  );
  return lines.join('\n');
}
