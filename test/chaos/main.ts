/**
 * Chaos with real processes: `npm run chaos -- --members 3 --seconds 120`.
 *
 * Starts members, lets clients work and watchers watch, does harm for the time given, lets all of it heal, and judges
 * what was answered and told. A run that did too little does not count. Exit code 0: nothing wrong; 1: something is;
 * 3: too little was done to tell.
 */

import { parseArgs } from 'node:util';
import { type Client, connect, type Watch } from '../../src/client/index.ts';
import { judgeCompacted } from './compaction-check.ts';
import {
  type Change,
  gaps,
  judgeAnswers,
  judgeAppends,
  judgeLeases,
  judgeRegisters,
  judgeWatcher,
  logOf,
  type Told,
} from './judge.ts';
import { Machines } from './machines.ts';
import { type Kind, kinds, mountSmallDisks, possible, troubleOf, unmountSmallDisks } from './nemesis.ts';
import { Record } from './record.ts';
import { judgeSession, KeyHistories } from './watch-sessions.ts';
import { startWorkloads } from './workloads.ts';

const help = `npm run chaos -- [options]

  --members N     3 or 5 (default 3)
  --seconds S     how long to do harm (default 60)
  --faults LIST   which kinds, separated by commas (default: all that are possible here)
                  ${kinds.join(' ')}
  --hold MS       how long a trouble lasts at most (default 4000)
  --load N        N times as many workers (default 1)
  --lossy         members dial each other through links that lose, delay and break; no links can be cut then
  --directory D   where data and logs of the members go (default: a new one in the system's temporary directory)
`;

interface Watcher {
  readonly name: string;
  readonly told: Told[];
  readonly watch: Watch;
  readonly client: Client;
  ended: unknown;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
function startWatcher(name: string, endpoints: readonly string[]): Watcher {
  const client = connect({ endpoints, dialTimeoutMs: 1000 });
  const told: Told[] = [];
  const watcher = { name, told, client, ended: undefined as unknown };
  const watch = client.watch(
    { prefix: '' },
    { startRevision: 1, progress: true },
    {
      onEvents: (events, revision) => {
        const changes = events.map(
          ({ type, revision, pair }): Change => ({
            revision,
            key: pair.keyText,
            value: type === 'put' ? pair.text : null,
          }),
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

/** When a trouble began and ended. */
interface Window {
  readonly kind: Kind;
  readonly begin: number;
  readonly end: number;
}

interface Settings {
  readonly members: number;
  readonly seconds: number;
  readonly holdMs: number;
  readonly directory: string;
  readonly faults: readonly Kind[];
  readonly isLossy: boolean;
  readonly load: number;
}

function settings(): Settings | null {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '60' },
      hold: { type: 'string', default: '4000' },
      faults: { type: 'string', default: kinds.join(',') },
      directory: {
        type: 'string',
        default: `${process.env['TMPDIR'] ?? '/tmp'}/keelson-chaos-${process.pid}`,
      },
      lossy: { type: 'boolean', default: false },
      load: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const faults = values.faults.split(',').map((name) => {
    const kind = kinds.find((known) => known === name);
    if (kind === undefined) throw new Error(`no fault is called ${name}`);
    return kind;
  });
  const { directory } = values;
  return {
    members: Number(values.members),
    seconds: Number(values.seconds),
    holdMs: Number(values.hold),
    directory,
    faults,
    isLossy: values.lossy,
    load: Number(values.load),
  };
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
    await until('all members serve again', 180, async () => {
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

/** Without what came after the last write: leases that nobody renews end whenever they end. */
function upTo(end: number, told: readonly Told[]): Told[] {
  return told.flatMap((each) => {
    const changes = each.changes.filter(({ revision }) => revision <= end);
    return changes.length === 0 && each.changes.length > 0 ? [] : [{ ...each, changes }];
  });
}

function report(record: Record, watchers: readonly Watcher[], told: readonly Told[], end: number): string[] {
  const log = logOf(upTo(end, told).flatMap(({ changes }) => changes));
  const registers = judgeRegisters(record.all);
  const watched = watchers.flatMap((watcher) => judgeWatcher(watcher.name, 1, upTo(end, watcher.told), log));
  const ended = watchers
    .filter(({ ended }) => ended != null)
    .map(({ name, ended }) => `${name} ended: ${String(ended)}`);
  const guarded = log.flat().filter(({ key, value }) => key === 'lock/guarded' && value !== null);
  const fences = guarded.map(({ value }) => value!.split('.')[0]!);
  const stale = fences.filter((fence, at) => at > 0 && fence < fences[at - 1]!);
  const changes = watchers.reduce(
    (sum, { told }) => sum + told.reduce((all, each) => all + each.changes.length, 0),
    0,
  );
  say(`operations ${record.all.length}: answered ${record.answered}, in doubt ${record.inDoubt}`);
  say(`revisions ${log.length - 1}, registers checked ${registers.checked}, given up ${registers.givenUp}`);
  say(
    `changes told to ${watchers.length} watchers: ${changes}; writes under the lock ${guarded.length}; leases held ${record.leased.size}`,
  );
  const histories = new KeyHistories(log);
  const sessions = record.sessions.flatMap((session) => judgeSession(session, log, histories, end) ?? []);
  sayWatched(record);
  const longest = gaps(record.writes)
    .slice(0, 8)
    .map((ms) => `${Math.round(ms)} ms`);
  say(`longest times without an accepted write: ${longest.join(', ')}`);
  return [
    ...judgeAnswers(record.all, log),
    ...judgeAppends(log),
    ...watchers.flatMap(({ told }) => judgeLeases(record.leased, told)),
    ...registers.problems,
    ...watched,
    ...sessions,
    ...record.problems,
    ...ended,
    ...stale.map((fence) => `a write with the old token ${fence} was let through`),
  ];
}

/** What watchers of parts were told, by kind. */
function sayWatched({ sessions, reflections }: Record): void {
  for (const kind of ['list-then-watch', 'fan-out', 'slow-reader'] as const) {
    const all = sessions.filter((session) => session.kind === kind);
    const told = all.flatMap((session) => session.told);
    const changes = told.reduce((sum, message) => sum + message.changes.length, 0);
    say(`${kind}: ${all.length} watchers were told ${changes} changes in ${told.length} messages`);
  }
  say(`caches compared with a second list: ${reflections}`);
}

/** For each kind of trouble: how long no write was accepted while it lasted and until the next one. */
function sayOutages(record: Record, windows: readonly Window[]): void {
  const byKind = new Map<Kind, number[]>();
  for (const [at, { kind, begin, end }] of windows.entries()) {
    const until = windows[at + 1]?.begin ?? end + 5000;
    const longest = gaps([begin, ...record.writes.filter((time) => time > begin && time < until)])[0] ?? 0;
    byKind.set(kind, [...(byKind.get(kind) ?? []), longest]);
  }
  for (const [kind, all] of byKind) {
    all.sort((a, b) => a - b);
    const [median, most] = [all[Math.floor((all.length - 1) / 2)]!, all.at(-1)!];
    const times = `without an accepted write: median ${Math.round(median)} ms, at most ${Math.round(most)} ms`;
    say(`${kind.padEnd(12)} ${String(all.length).padStart(3)} times; ${times}`);
  }
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
  const log = logOf(upTo(end, told).flatMap(({ changes }) => changes));
  const found = await Promise.all(urls.map((url) => judgeCompacted(url, middle, end, log)));
  say(`compacted ${middle} of ${end} revisions, and asked ${urls.length} members for what was before`);
  return found.flat();
}

async function run(settings: Settings): Promise<number> {
  const { members, directory } = settings;
  const machines = await Machines.make({ count: members, directory, isLossy: settings.isLossy });
  const canFill = settings.faults.includes('disk-full') && mountSmallDisks(machines, 192);
  const urls = machines.all.map(({ clientUrl }) => clientUrl);
  const client = connect({ endpoints: urls, timeoutMs: 5000, dialTimeoutMs: 1000 });
  const watchers: Watcher[] = [];
  try {
    for (let index = 0; index < members; index++) machines.start(index);
    await until('the cluster serves', 60, async () => (await client.put('begin', 'now')).revision > 0);
    for (const url of urls) {
      watchers.push(startWatcher(`watcher at ${url}`, [url, ...urls.filter((other) => other !== url)]));
    }
    const record = new Record();
    const workload = startWorkloads(urls, record, settings.load);
    const { windows, skipped } = await harm(machines, client, settings, canFill);
    for (let index = 0; index < members; index++) machines.start(index);
    await until(
      'the healed cluster serves',
      60,
      async () => (await client.put('healed', 'now')).revision > 0,
    );
    await pause(2000);
    await workload.stop();
    const { revision } = await client.put('end', 'now');
    const final = startWatcher('the log', urls);
    watchers.push(final);
    const reached = (watcher: Watcher): boolean => (watcher.told.at(-1)?.revision ?? 0) >= revision;
    await until('every watcher is told the last change', 60, async () => watchers.every(reached));
    sayOutages(record, windows);
    if (skipped.length > 0) say(`not possible here: ${skipped.join(' ')}`);
    const problems = report(record, watchers, final.told, revision);
    problems.push(...(await compactHalf(client, urls, final.told, revision)));
    for (const problem of problems.slice(0, 20)) say(`WRONG ${problem}`);
    if (problems.length > 0) return 1;
    if (record.answered >= settings.seconds * 50) return 0;
    say(`only ${record.answered} operations were answered: this run does not count`);
    return 3;
  } finally {
    for (const watcher of watchers) await watcher.client.close();
    await client.close();
    await machines.close();
    if (canFill) unmountSmallDisks(machines);
  }
}

const wanted = settings();
if (wanted === null) process.stdout.write(help);
else {
  process.exitCode = await run(wanted);
  say(process.exitCode === 0 ? 'nothing is wrong' : `members' logs are in ${wanted.directory}`);
}
