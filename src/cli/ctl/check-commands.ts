/**
 * check perf and check datascale: does the cluster stand the load that etcd's authors expect of one of its size, and what
 * does holding that much cost a member. Loads, limits and words are etcdctl's.
 */

import { type Client, EtcdError } from '../../client/index.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { exitBadArgs, type FlagSpecs, flag, text, UsageError } from './arguments.ts';
import { quoted } from './go-text.ts';
import { Progress } from './progress.ts';
import { type CtlCommand, type CtlCommands, exitUnsupported, type Session } from './session.ts';
import { exitInvalidInput } from './txn-text.ts';

/** How many clients put, and how much. */
export interface PutLoad {
  /** Puts per second; Infinity: as many as come through. */
  readonly rate: number;
  readonly clients: number;
  /** The load ends after so long, or after so many puts. */
  readonly seconds: number;
  readonly puts: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

const perfLoads: Readonly<Record<string, readonly [rate: number, clients: number]>> = {
  s: [150, 50],
  m: [1000, 200],
  l: [8000, 500],
  xl: [15_000, 1000],
};
const datascaleLoads: Readonly<Record<string, readonly [puts: number, clients: number]>> = {
  s: [10_000, 50],
  m: [100_000, 200],
  l: [1_000_000, 500],
  xl: [3_000_000, 1000],
};
const aliases: Readonly<Record<string, string>> = {
  s: 's',
  small: 's',
  m: 'm',
  medium: 'm',
  l: 'l',
  large: 'l',
  xl: 'xl',
  xLarge: 'xl',
};
const perfSeconds = 60;
const cleanUpMs = 30_000;
/** What a cluster must keep: nine tenths of the load, no put over this, a deviation below that. */
const passingShare = 0.9;
const slowestPassing = 0.5;
const deviationPassing = 0.1;

/** What came of a load; times in seconds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly slowest: number;
  readonly deviation: number;
  /** How often each error came. */
  readonly errors: ReadonlyMap<string, number>;
}

/** Paces takers: the n-th goes on not before n/rate seconds have passed. */
function pacer(rate: number, now: () => number): () => number {
  const begin = now();
  let taken = 0;
  return () => begin + (++taken * 1000) / rate - now();
}

/** Puts the load, each client one put at a time. @param tell how far it is, from 0 to 1 */
export async function runLoad(
  clients: readonly Client[],
  prefix: string,
  load: PutLoad,
  signal: AbortSignal,
  tell: (part: number) => void,
): Promise<LoadResult> {
  const { clock, random } = nodeRuntime();
  const begin = clock.now();
  const end = begin + load.seconds * 1000;
  const value = Buffer.alloc(load.valueBytes);
  const errors = new Map<string, number>();
  const wait = pacer(load.rate, () => clock.now());
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
  let [begun, done, slowest, sum, squares] = [0, 0, 0, 0, 0];
  const one = async (client: Client): Promise<void> => {
    while (begun < load.puts && !signal.aborted) {
      begun++;
      const delay = Number.isFinite(load.rate) ? wait() : 0;
      if (clock.now() + Math.max(0, delay) >= end) return;
      if (delay > 0) await pause(delay);
      const key = Buffer.alloc(load.keyBytes);
      key.writeUInt32BE(random.uint32(), 0);
      key.writeUInt32BE(random.uint32(), 4);
      const start = clock.now();
      try {
        await client.put(Buffer.concat([Buffer.from(prefix), key]), value, { signal });
      } catch (error) {
        const said = error instanceof EtcdError ? error.text : (error as Error).message;
        errors.set(said, (errors.get(said) ?? 0) + 1);
      }
      const took = (clock.now() - start) / 1000;
      slowest = Math.max(slowest, took);
      sum += took;
      squares += took * took;
      done++;
      tell(Number.isFinite(load.puts) ? done / load.puts : (clock.now() - begin) / (load.seconds * 1000));
    }
  };
  await Promise.all(clients.map(one));
  const mean = done === 0 ? 0 : sum / done;
  const deviation = done === 0 ? 0 : Math.sqrt(Math.max(0, squares / done - mean * mean));
  return { perSecond: done / ((clock.now() - begin) / 1000), slowest, deviation, errors };
}

/** What etcdctl says of a load, and whether the cluster passes. @param rate puts per second that were tried */
export function verdict(
  { perSecond, slowest, deviation, errors }: LoadResult,
  rate: number,
): { readonly lines: readonly string[]; readonly passes: boolean } {
  const lines: string[] = [];
  let passes = errors.size === 0;
  const check = (ok: boolean, good: string, bad: string): void => {
    lines.push(ok ? good : bad);
    passes &&= ok;
  };
  if (errors.size > 0) lines.push(...errorLines(errors));
  const whole = Math.floor(perSecond) + 1;
  check(
    perSecond / rate > passingShare,
    `PASS: Throughput is ${whole} writes/s`,
    `FAIL: Throughput too low: ${whole} writes/s`,
  );
  check(
    slowest <= slowestPassing,
    `PASS: Slowest request took ${slowest.toFixed(6)}s`,
    `Slowest request took too long: ${slowest.toFixed(6)}s`,
  );
  check(
    deviation <= deviationPassing,
    `PASS: Stddev is ${deviation.toFixed(6)}s`,
    `Stddev too high: ${deviation.toFixed(6)}s`,
  );
  lines.push(passes ? 'PASS' : 'FAIL');
  return { lines, passes };
}

function errorLines(errors: ReadonlyMap<string, number>): string[] {
  return ['FAIL: too many errors', ...[...errors].map(([said, count]) => `FAIL: ERROR(${said}) -> ${count}`)];
}

function say(session: Session, lines: readonly string[]): void {
  session.io.out(lines.map((line) => `${line}\n`).join(''));
}

/** @throws UsageError when somebody's keys are where ours would go */
async function checkEmpty(client: Client, prefix: string, signal: AbortSignal): Promise<void> {
  const { pairs } = await client.range({ prefix }, { limit: 1, keysOnly: true, signal });
  if (pairs.length === 0) return;
  const advice = `Delete with etcdctl del --prefix ${prefix} first`;
  throw new UsageError(`prefix ${quoted(prefix)} has keys. ${advice}`, exitInvalidInput);
}

/** Deletes what was put, and as asked for, compacts and defragments. */
async function cleanUp(session: Session, prefix: string): Promise<void> {
  const { client } = session;
  const patience = { timeoutMs: cleanUpMs };
  const { header } = await client.delete({ prefix }, patience);
  if (session.isSet('auto-compact')) {
    say(session, [`Compacting with revision ${header.revision}`]);
    await client.compact(header.revision, { physical: true, ...patience });
    say(session, [`Compacted with revision ${header.revision}`]);
  }
  if (!session.isSet('auto-defrag')) return;
  for (const endpoint of client.endpoints) {
    say(session, [`Defragmenting ${quoted(endpoint)}`]);
    await client.maintenance.defragment({ endpoint, ...patience });
    say(session, [`Defragmented ${quoted(endpoint)}`]);
  }
}

/** @throws UsageError */
function sizeOf(session: Session): string {
  const asked = session.text('load');
  const size = Object.hasOwn(aliases, asked) ? aliases[asked] : undefined;
  if (size === undefined) throw new UsageError(`unknown load option ${asked}`, exitUnsupported);
  if (session.words.length > 0) throw new UsageError('too many arguments', exitBadArgs);
  return size;
}

function flagsFor(prefix: string): FlagSpecs {
  return {
    load: text("the check's workload: s(small), m(medium), l(large), xl(xLarge)", 's'),
    prefix: text("the prefix for writing the check's keys", prefix),
    'auto-compact': flag('Compact storage with last revision after test is finished.'),
    'auto-defrag': flag('Defragment storage after test is finished.'),
  };
}

async function underLoad(session: Session, load: PutLoad): Promise<LoadResult> {
  const prefix = session.text('prefix');
  const { signal } = session.io;
  await checkEmpty(session.client, prefix, signal);
  const clients = Array.from({ length: load.clients }, () => session.clientOf(session.endpoints));
  const progress = new Progress(session.io);
  try {
    return await runLoad(clients, prefix, load, signal, (part) => progress.show(part));
  } finally {
    progress.end();
  }
}

const perf: CtlCommand = {
  usage: 'check perf [options]',
  summary: 'Check the performance of the etcd cluster',
  flags: flagsFor('/etcdctl-check-perf/'),
  run: async (session) => {
    const [rate, clients] = perfLoads[sizeOf(session)]!;
    const load = {
      rate,
      clients,
      seconds: perfSeconds,
      puts: Number.POSITIVE_INFINITY,
      keyBytes: 256,
      valueBytes: 1024,
    };
    const result = await underLoad(session, load);
    await cleanUp(session, session.text('prefix'));
    const { lines, passes } = verdict(result, rate);
    say(session, lines);
    return passes ? 0 : 1;
  },
};

/** Resident memory of the member that serves an endpoint, as its metrics tell; 0 when they do not. */
async function residentBytes(session: Session, endpoint: string): Promise<number> {
  const url = `${endpoint.includes('://') ? endpoint : `http://${endpoint}`}/metrics`;
  try {
    const answer = await fetch(url, { signal: session.io.signal });
    const line = /^process_resident_memory_bytes (.+)$/m.exec(await answer.text());
    if (line === null) say(session, ['could not find: process_resident_memory_bytes']);
    return line === null ? 0 : Number(line[1]);
  } catch (error) {
    say(session, [`fetch error: ${(error as Error).message}`]);
    return 0;
  }
}

const datascale: CtlCommand = {
  usage: 'check datascale [options]',
  summary: 'Check the memory usage of holding data for different workloads on a given server endpoint.',
  flags: flagsFor('/etcdctl-check-datascale/'),
  run: async (session) => {
    const [puts, clients] = datascaleLoads[sizeOf(session)]!;
    const endpoint = session.endpoints[0]!;
    const half = 512;
    const unread = (when: string): number => {
      say(session, [`FAIL: Could not read process_resident_memory_bytes ${when} the put operations.`]);
      return 1;
    };
    const before = await residentBytes(session, endpoint);
    if (before === 0) return unread('before');
    const what = `${puts} key-value pairs, ${2 * half} bytes per key-value, ${clients} concurrent clients`;
    say(session, [`Start data scale check for work load [${what}].`]);
    const seconds = Number.POSITIVE_INFINITY;
    const rate = Number.POSITIVE_INFINITY;
    const { errors } = await underLoad(session, {
      rate,
      clients,
      seconds,
      puts,
      keyBytes: half,
      valueBytes: half,
    });
    const after = await residentBytes(session, endpoint);
    if (after === 0) return unread('after');
    await cleanUp(session, session.text('prefix'));
    if (errors.size > 0) {
      say(session, errorLines(errors));
      return 1;
    }
    const used = ((after - before) / 2 ** 20).toFixed(2);
    say(session, [`PASS: Approximate system memory used : ${used} MB.`]);
    return 0;
  },
};

export const checkCommands: CtlCommands = { 'check perf': perf, 'check datascale': datascale };
