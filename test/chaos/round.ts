/**
 * One round of chaos: starts members, lets clients work and watchers watch, does harm for the time given, lets all of it
 * heal, and judges what was answered and told.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { type Client, connect, type Watch } from '../../src/client/index.ts';
import { judgeCompacted } from './compaction-check.ts';
import type { Change, Told } from './judge.ts';
import { Machines } from './machines.ts';
import { type Kind, mountSmallDisks, possible, troubleOf, unmountSmallDisks } from './nemesis.ts';
import { Record } from './record.ts';
import { judge, logUpTo, outages, type Watched, type Window, wordsOf } from './report.ts';
import { outagesOf, type RoundTotals } from './totals.ts';
import { startWorkloads } from './workloads.ts';

export interface Settings {
  readonly members: number;
  readonly seconds: number;
  readonly holdMs: number;
  readonly directory: string;
  readonly faults: readonly Kind[];
  readonly isLossy: boolean;
  readonly load: number;
  /** Requests that a client has under way, of those that there are more of. */
  readonly lanes: number;
  /** Pause between two requests of a worker, where there are many. */
  readonly thinkMs: number;
}

/** How long a machine that has far too much to do may take to come to rest. */
const patienceS = 600;

interface Watcher extends Watched {
  readonly told: Told[];
  readonly watch: Watch;
  readonly client: Client;
  ended: unknown;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await holds().catch(() => false)) return;
    await pause(200);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** Tells all changes from the first revision on, wherever it is: it goes on elsewhere when a member dies. */
function startWatcher(name: string, endpoints: readonly string[], record: Record): Watcher {
  const client = connect({ endpoints, dialTimeoutMs: 1000 });
  const told: Told[] = [];
  const watcher = { name, told, client, ended: undefined as unknown };
  const watch = client.watch(
    { prefix: '' },
    { startRevision: 1, progress: true },
    {
      onEvents: (events, revision) => {
        const changes = events.map(
          ({ type, revision, pair }): Change =>
            record.change({ revision, key: pair.keyText, value: type === 'put' ? pair.text : null }),
        );
        told.push({ revision, changes, at: performance.now() });
      },
      onProgress: (revision) => void told.push({ revision, changes: [] }),
      onEnd: (error) => {
        watcher.ended = error;
      },
    },
  );
  return Object.assign(watcher, { watch });
}

async function allServe(client: Client): Promise<boolean> {
  return (await client.health({ timeoutMs: 5000 })).every(({ isHealthy }) => isHealthy);
}

async function harm(
  machines: Machines,
  client: Client,
  { seconds, holdMs, faults }: Settings,
  canFill: boolean,
) {
  const leader = async (): Promise<number> => {
    const url = await client.maintenance.leaderEndpoint({ timeoutMs: 1500 }).catch(() => null);
    return machines.all.findIndex(({ clientUrl }) => clientUrl === url);
  };
  const options = { machines, leader, canFill, client };
  const usable = faults.filter((kind) => possible(kind, options));
  const windows: Window[] = [];
  const end = performance.now() + seconds * 1000;
  for (let at = Math.floor(Math.random() * usable.length); performance.now() < end; at++) {
    const kind = usable[at % usable.length]!;
    const trouble = troubleOf(kind, options);
    await pause(1500 + Math.random() * 1500);
    // One trouble at a time: on a busy machine a member may need long to come back from the one before.
    await until('all members serve again', patienceS, async () => {
      // One that gave up may have needed its time to end.
      for (const { index } of machines.all) machines.start(index);
      return await allServe(client);
    });
    const begin = performance.now();
    await trouble.begin();
    await pause(holdMs * (0.25 + 0.75 * Math.random()));
    await trouble.end();
    windows.push({ kind, begin, end: performance.now() });
  }
  machines.mendAll();
  return { windows, skipped: faults.filter((kind) => !usable.includes(kind)) };
}

/** Takes the first half of the history away, and asks every member what it says to those who want it. */
async function compactHalf(
  client: Client,
  urls: readonly string[],
  told: readonly Told[],
  end: number,
): Promise<string[]> {
  const middle = Math.max(2, Math.floor(end / 2));
  await client.compact(middle, { physical: true, timeoutMs: 120_000 });
  // Each member applies the compaction by itself: a read that it confirms comes after it.
  for (const url of urls) {
    const one = connect({ endpoints: [url], timeoutMs: 120_000 });
    await one.range('end').finally(() => one.close());
  }
  const log = logUpTo(end, told);
  const found = await Promise.all(urls.map((url) => judgeCompacted(url, middle, end, log)));
  say(`compacted ${middle} of ${end} revisions, and asked ${urls.length} members for what was before`);
  return found.flat();
}

/** @param onLoadOver called when clients have stopped and only judging is left */
export async function runRound(settings: Settings, onLoadOver: () => void = () => {}): Promise<RoundTotals> {
  const { members, directory, load } = settings;
  const machines = await Machines.make({ count: members, directory, isLossy: settings.isLossy });
  const canFill = settings.faults.includes('disk-full') && mountSmallDisks(machines, load > 1 ? 640 : 192);
  const urls = machines.all.map(({ clientUrl }) => clientUrl);
  const client = connect({ endpoints: urls, timeoutMs: 5000, dialTimeoutMs: 1000 });
  const watchers: Watcher[] = [];
  // Whoever gives up for what was done to it before is started again.
  let supervisor: NodeJS.Timeout | undefined;
  try {
    for (let index = 0; index < members; index++) machines.start(index);
    await until('the cluster serves', patienceS, async () => (await client.put('begin', 'now')).revision > 0);
    const record = new Record();
    for (const url of urls) {
      const others = urls.filter((other) => other !== url);
      watchers.push(startWatcher(`watcher at ${url}`, [url, ...others], record));
    }
    const began = performance.now();
    const workload = startWorkloads({ urls, record, load, lanes: settings.lanes, thinkMs: settings.thinkMs });
    const { windows, skipped } = await harm(machines, client, settings, canFill);
    supervisor = setInterval(() => {
      for (let index = 0; index < members; index++) machines.start(index);
    }, 1000);
    await until(
      'the healed cluster serves',
      patienceS,
      async () => (await client.put('healed', 'now')).revision > 0,
    );
    await pause(2000);
    await workload.stop();
    const seconds = (performance.now() - began) / 1000;
    onLoadOver();
    const { revision } = await client.put('end', 'now');
    const final = startWatcher('the log', urls, record);
    watchers.push(final);
    const reached = (watcher: Watcher): boolean => (watcher.told.at(-1)?.revision ?? 0) >= revision;
    await until('every watcher is told the last change', patienceS, async () => watchers.every(reached));
    if (skipped.length > 0) say(`not possible here: ${skipped.join(' ')}`);
    const judged = judge(record, watchers, final.told, revision);
    const unserved = outages(record, windows);
    for (const line of [...outagesOf(unserved), ...wordsOf(judged)]) say(line);
    const problems = [...judged.problems, ...(await compactHalf(client, urls, final.told, revision))];
    const counts = record.answered >= settings.seconds * 50;
    const memory = Math.round(process.resourceUsage().maxRSS / 1024);
    const at = new Date().toISOString();
    const shape = { at, members, isLossy: settings.isLossy, load, seconds: Math.round(seconds) };
    return { ...shape, ...judged, outages: unserved, memory, counts, problems };
  } finally {
    clearInterval(supervisor);
    for (const watcher of watchers) await watcher.client.close();
    await client.close();
    await machines.close();
    if (canFill) unmountSmallDisks(machines);
  }
}
