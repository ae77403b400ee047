/**
 * A soak: `npm run soak -- --help`. Three members under a steady mixed load, with compaction, snapshots
 * for clients and one member that is restarted again and again; memory, handles, disk and latency are looked at every few
 * seconds and drawn over time. What grows without end shows as a slope.
 *
 * The first two members run from beginning to end, so that their slopes mean something; the third is the one that restarts.
 * The first is left to itself; the second collects its whole heap every minute, and what is left then is alive: a leak shows
 * there, garbage that waits does not.
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { usageOf } from '../../bench/usage.ts';
import { customFlag, integerFlag, textFlag } from '../../src/cli/flags.ts';
import { type Client, compare, connect, op } from '../../src/client/index.ts';
import { scratchFlag, scriptFlags } from '../script-flags.ts';
import { Machines } from './machines.ts';
import { type MemoryReport, type Sample, slopes, soakPage } from './soak-page.ts';

const { values: flags } = scriptFlags({
  name: 'soak',
  about: `Three members under a steady mixed load, with compaction, snapshots for clients and one member that is restarted again and
again. Memory, handles, disk and latency are drawn over time: what grows without end shows as a slope.`,
  flags: {
    minutes: customFlag(
      { help: 'how long', initial: 60, shownDefault: '60', placeholder: 'N' },
      positiveNumber,
    ),
    rate: integerFlag({ help: 'requests per second', initial: 200, min: 1 }),
    page: textFlag({ help: 'the page that is written', initial: 'soak.html', placeholder: 'FILE' }),
    directory: scratchFlag('soak'),
  },
});
const { minutes, rate } = flags;
const sampleMs = Math.max(1000, Math.min(10_000, minutes * 100));
const collectSeconds = 60;
const restartMs = Math.max(30_000, (minutes * 60_000) / 8);

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`must be a number above 0, not "${text}"`);
  return number;
}

function diskBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    try {
      if (entry.isFile()) bytes += statSync(`${entry.parentPath}/${entry.name}`).size;
    } catch {
      // It was removed meanwhile.
    }
  }
  return bytes;
}

const load = { operations: 0, failed: 0, events: 0, restarts: 0, snapshots: 0, compactions: 0 };
let latencies: number[] = [];

/** One request of the mix: half are puts, some with leases; reads, transactions and deletions. */
async function ask(client: Client): Promise<void> {
  const key = `soak/${Math.floor(Math.random() * 2000)}`;
  const dice = Math.random();
  if (dice < 0.5) {
    const began = performance.now();
    await client.put(key, 'x'.repeat(Math.floor(Math.random() * 512)));
    latencies.push(performance.now() - began);
  } else if (dice < 0.75) await client.range(key);
  else if (dice < 0.8) await client.range({ prefix: 'soak/1' });
  else if (dice < 0.9) {
    await client
      .txn()
      .if(compare.modRevision(key, '>', 0))
      .then(op.put(key, 'y'))
      .commit();
  } else if (dice < 0.97) await client.delete(key);
  else {
    const lease = await client.leases.grant(20, { keepAlive: false });
    await client.put(`${key}/leased`, 'z', { lease });
    lease.release();
  }
}

/** Watchers that come and go. */
async function watch(client: Client, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const handlers = {
      onEvents: (events: readonly unknown[]) => {
        load.events += events.length;
      },
      onProgress: () => {},
      onEnd: () => {},
    };
    const all = Array.from({ length: 5 }, () => client.watch({ prefix: 'soak/' }, {}, handlers));
    await pause(20_000 + Math.random() * 10_000);
    for (const each of all) await each.close();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds().catch(() => false)) return;
    await pause(200);
  }
  throw new Error('the cluster does not serve');
}

async function run(): Promise<void> {
  const options = ['--auto-compaction-mode', 'revision', '--auto-compaction-retention', '2000'];
  const machines = await Machines.make({
    count: 3,
    directory: flags.directory,
    flags: options,
    collectSeconds,
  });
  const urls = machines.all.map(({ clientUrl }) => clientUrl);
  const client = connect({ endpoints: urls, timeoutMs: 10_000 });
  const samples: Sample[] = [];
  let isOver = false;
  const jobs: Promise<void>[] = [];
  try {
    for (const { index } of machines.all) machines.start(index);
    await until(async () => (await client.put('begin', 'now')).revision > 0);
    const workers = 8;
    const work = async (): Promise<void> => {
      while (!isOver) {
        await ask(client).catch(() => load.failed++);
        load.operations++;
        await pause((1000 * workers) / rate);
      }
    };
    for (let at = 0; at < workers; at++) jobs.push(work());
    jobs.push(watch(client, () => isOver));
    const began = performance.now();
    let restartAt = began + restartMs;
    while (performance.now() - began < minutes * 60_000) {
      await pause(sampleMs);
      samples.push(sample(machines, (performance.now() - began) / 1000));
      if (performance.now() < restartAt) continue;
      restartAt += restartMs;
      for await (const _ of client.maintenance.snapshot());
      load.snapshots++;
      const { revision } = (await client.range('begin')).header;
      await client.compact(Math.max(1, revision - 500)).then(
        () => load.compactions++,
        () => {},
      );
      await machines.end(2, load.restarts % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      machines.start(2);
      load.restarts++;
    }
    isOver = true;
  } finally {
    await client.close();
    await machines.close();
  }
  await Promise.allSettled(jobs);
  const names = machines.all.map(({ name }, at) => (at === 2 ? `${name}, restarted` : name));
  const notes = [
    Object.entries(load)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  ];
  writeFileSync(flags.page, soakPage(`${minutes} minutes, ${rate} requests a second`, samples, names, notes));
  process.stdout.write(`${[...slopes(samples, names), ...notes].join('\n')}\n`);
}

const noMemory: MemoryReport = { heapUsed: 0, external: 0, wholeCollections: 0, alive: null };

/** What a member has written down of its memory. */
function memoryOf(machines: Machines, index: number): MemoryReport {
  try {
    return JSON.parse(readFileSync(machines.memoryFileOf(index), 'utf8')) as MemoryReport;
  } catch {
    // It has only just begun.
    return noMemory;
  }
}

function sample(machines: Machines, at: number): Sample {
  const sorted = latencies.sort((a, b) => a - b);
  latencies = [];
  const pids = machines.all.map(({ process }) => process?.pid ?? 0);
  const reports = machines.all.map(({ index }) => memoryOf(machines, index));
  return {
    at,
    memoryMiB: pids.map((pid) => usageOf(pid).residentBytes / 2 ** 20),
    heapMiB: reports.map(({ heapUsed }) => heapUsed / 2 ** 20),
    outsideMiB: reports.map(({ external }) => external / 2 ** 20),
    collections: reports.map(({ wholeCollections }) => wholeCollections),
    aliveHeapMiB: (reports[1]?.alive?.heapUsed ?? 0) / 2 ** 20,
    aliveOutsideMiB: (reports[1]?.alive?.external ?? 0) / 2 ** 20,
    aliveResidentMiB: (reports[1]?.alive?.rss ?? 0) / 2 ** 20,
    handles: pids.map((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).length;
      } catch {
        return 0;
      }
    }),
    diskMiB: machines.all.map(({ directory }) => diskBytes(directory) / 2 ** 20),
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    slowMs: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    operations: load.operations,
  };
}

await run();
