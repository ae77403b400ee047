/**
 * What clients do while members fail: registers, a bank, unique puts, and a lock whose holder writes with a fencing token.
 *
 * Each worker has one request under way; `lanes` of them share a client, and with it a connection. It talks to one
 * member first and to all of them otherwise, as clients do. Keys of registers change every few seconds, and there are the
 * more of them the more workers there are, so that the history of each stays short enough to be searched.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { type Client, compare, connect, op } from '../../src/client/index.ts';
import type { Noted, Record } from './record.ts';
import { listThenWatch, ManyWatchers } from './watch-workloads.ts';

const registerKeysAtOnce = 3;
const registerSeconds = 4;
const accounts = 5;
const startingBalance = 100;
/** Pause between two requests of a worker that all others meet, so that one machine bears members and clients. */
const thinkMs = 4;

export interface Workload {
  /** Lets the workers finish what they are at. */
  stop(): Promise<void>;
}

export interface WorkloadOptions {
  readonly urls: readonly string[];
  readonly record: Record;
  /** How many times as many workers as usual, for a machine that bears them. */
  readonly load: number;
  /** How many requests the clients of registers and unique puts have under way. @default 1 */
  readonly lanes?: number;
  /** Pause between two requests of the workers that there are more of. @default as all others */
  readonly thinkMs?: number;
}

export function startWorkloads(options: WorkloadOptions): Workload {
  const { urls, record, load, lanes = 1, thinkMs: quick = thinkMs } = options;
  const clients: Client[] = [];
  const workers: Promise<void>[] = [];
  let isRunning = true;
  const open = (at: number): Client => {
    const first = urls[at % urls.length]!;
    const endpoints = [first, ...urls.filter((url) => url !== first)];
    // Those with many requests under way mostly go elsewhere when their member is lost.
    const isFixed = lanes > 1 ? at % 3 === 0 : at % 3 !== 2;
    const client = connect({
      endpoints: isFixed ? [first] : endpoints,
      timeoutMs: 8000,
      dialTimeoutMs: 1000,
    });
    clients.push(client);
    return client;
  };
  const work = (next: () => Promise<void>, restMs = thinkMs): void => {
    const run = async (): Promise<void> => {
      while (isRunning) {
        try {
          await next();
        } catch {
          // In doubt: the record has it so already.
          record.inDoubt++;
          await pause(50);
        }
        if (restMs > 0) await pause(restMs);
      }
    };
    workers.push(run());
  };
  const registers = new Registers(record, registerKeysAtOnce * load * lanes);
  for (let at = 0; at < 6 * load; at++) {
    const client = open(at);
    for (let lane = 0; lane < lanes; lane++) work(() => registers.use(client, at * lanes + lane), quick);
  }
  for (let at = 0; at < 2 * load; at++) {
    const client = open(at);
    for (let lane = 0; lane < lanes; lane++) work(uniquePuts(client, record, at * lanes + lane), quick);
  }
  const few = Math.ceil(load / 2);
  startFew(few, open, work, record);
  for (const kind of ['fan-out', 'slow-reader'] as const) {
    const watchers = new ManyWatchers(kind, urls, record);
    work(() => watchers.watch());
  }
  return {
    async stop() {
      isRunning = false;
      await Promise.all(workers);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** The workers that meet all others: more of them would mostly be in each other's way. */
function startFew(
  few: number,
  open: (at: number) => Client,
  work: (next: () => Promise<void>) => void,
  record: Record,
): void {
  const each = (count: number, use: (client: Client, at: number) => Promise<void>): void => {
    for (let at = 0; at < count; at++) {
      const client = open(at);
      work(() => use(client, at));
    }
  };
  each(3 * few, (client) => useBank(client, record));
  each(2, (client, at) => useLock(client, record, at));
  each(2 * few, (client, at) => append(client, record, at));
  each(3 * few, (client) => holdLease(client, record));
  each(2 * few, (client) => listThenWatch(client, record));
}

let written = 0;

/** Keys that are read, put and compared with what was seen last. */
class Registers {
  private readonly record: Record;
  private readonly keys: number;
  private lastSeen = new Map<string, string>();
  private epoch = 0;

  constructor(record: Record, keys: number) {
    this.record = record;
    this.keys = keys;
  }

  async use(client: Client, worker: number): Promise<void> {
    const { record } = this;
    const key = this.draw();
    const choice = Math.random();
    if (choice < 0.5) return await this.read(client, key);
    if (choice < 0.6) return await readOld(client, record, key);
    const value = `${worker}:${++written}`;
    if (choice < 0.8) {
      const noted = record.begin('put', key, value);
      const answer = await client.put(key, value);
      record.answer(noted, answer.revision);
      return;
    }
    const expected = this.lastSeen.get(key) ?? '';
    const noted = record.begin('swap', key, value, expected);
    const holds = expected === '' ? compare.modRevision(key, '=', 0) : compare.value(key, '=', expected);
    const answer = await client.txn().if(holds).then(op.put(key, value)).commit();
    record.answer(noted, answer.header.revision, '', answer.succeeded);
  }

  private async read(client: Client, key: string): Promise<void> {
    const noted = this.record.begin('get', key);
    const answer = await client.range(key);
    const seen = answer.pairs[0]?.text ?? '';
    this.lastSeen.set(key, seen);
    this.record.answer(noted, answer.header.revision, seen);
  }

  private draw(): string {
    const epoch = Math.floor(performance.now() / 1000 / registerSeconds);
    if (epoch !== this.epoch) this.lastSeen = new Map();
    this.epoch = epoch;
    return `register/${epoch}/${Math.floor(Math.random() * this.keys)}`;
  }
}

/** A state that was: a serializable read of what a member has, or one of a revision that somebody has seen. */
async function readOld(client: Client, record: Record, key: string): Promise<void> {
  const revision = Math.random() < 0.5 ? 0 : Math.max(1, record.newest - Math.floor(Math.random() * 500));
  const noted = revision === 0 ? record.begin('stale', key) : record.begin('past', key, '', String(revision));
  const answer = await client.range(key, revision === 0 ? { serializable: true } : { revision });
  record.answer(noted, answer.header.revision, answer.pairs[0]?.text ?? '');
}

async function useBank(client: Client, record: Record): Promise<void> {
  const total = String(accounts * startingBalance);
  if (Math.random() < 0.4) {
    const noted = record.begin('total', 'bank', total);
    const { pairs, header } = await client.range({ prefix: 'bank/' });
    // Before the accounts are opened there is nothing to add up.
    const sum = pairs.length === 0 ? Number(total) : pairs.reduce((all, pair) => all + Number(pair.text), 0);
    record.answer(noted, header.revision, String(sum));
    return;
  }
  const [from, to] = [
    `bank/${Math.floor(Math.random() * accounts)}`,
    `bank/${Math.floor(Math.random() * accounts)}`,
  ];
  if (from === to) return;
  const { pairs } = await client.range({ prefix: 'bank/' });
  const [source, target] = [from, to].map((key) => pairs.find((pair) => pair.keyText === key));
  const noted = record.begin('transfer', `${from} ${to}`);
  const answer =
    source === undefined || target === undefined
      ? await openAccounts(client)
      : await client
          .txn()
          .if(
            compare.modRevision(from, '=', source.modRevision),
            compare.modRevision(to, '=', target.modRevision),
          )
          .then(op.put(from, String(Number(source.text) - 7)), op.put(to, String(Number(target.text) + 7)))
          .commit();
  record.answer(noted, answer.header.revision, '', answer.succeeded);
}

async function openAccounts(client: Client) {
  const keys = Array.from({ length: accounts }, (_, at) => `bank/${at}`);
  return await client
    .txn()
    .if(...keys.map((key) => compare.modRevision(key, '=', 0)))
    .then(...keys.map((key) => op.put(key, String(startingBalance))))
    .commit();
}

function uniquePuts(client: Client, record: Record, worker: number): () => Promise<void> {
  let count = 0;
  return async () => {
    const value = `${worker}-${++count}`;
    const noted = record.begin('put', `set/${value}`, value);
    const answer = await client.put(`set/${value}`, value);
    record.answer(noted, answer.revision);
  };
}

/** Adds to a list what nobody else adds. */
async function append(client: Client, record: Record, worker: number): Promise<void> {
  const key = `append/${worker >> 1}/${Math.floor(performance.now() / 1000 / registerSeconds)}`;
  const { pairs } = await client.range(key);
  const before = pairs[0]?.text ?? '';
  const noted = record.begin('swap', key, `${before},${worker}:${++written}`, before);
  const holds = before === '' ? compare.modRevision(key, '=', 0) : compare.value(key, '=', before);
  const answer = await client.txn().if(holds).then(op.put(key, noted.value)).commit();
  record.answer(noted, answer.header.revision, '', answer.succeeded);
}

/** Takes a lease, renews it for a while by hand, noting what each answer promises, and leaves it to its end. */
async function holdLease(client: Client, record: Record): Promise<void> {
  const key = `lease/${++written}`;
  let askedAt = performance.now();
  const lease = await client.leases.grant(4, { keepAlive: false });
  try {
    record.leased.set(key, askedAt + lease.ttl * 1000);
    const noted = record.begin('put', key, key);
    const answer = await client.put(key, key, { lease });
    record.answer(noted, answer.revision);
    for (let left = Math.floor(Math.random() * 5); left > 0; left--) {
      await pause(1000);
      askedAt = performance.now();
      const { ttl } = await client.leases.renew(lease.id);
      if (ttl <= 0) return;
      record.leased.set(key, askedAt + ttl * 1000);
    }
  } finally {
    lease.release();
  }
}

/** The key of the lock's holder names its turn; what is guarded takes a write only while that key is there. */
async function useLock(client: Client, record: Record, worker: number): Promise<void> {
  const lease = await client.leases.grant(3);
  try {
    const token = `lock/holder`;
    const taken = await client
      .txn()
      .if(compare.createRevision(token, '=', 0))
      .then(op.put(token, `${worker}`, { lease }))
      .commit();
    if (!taken.succeeded) {
      await pause(100);
      return;
    }
    const fence = taken.revision;
    for (let turn = 0; turn < 5; turn++) {
      const noted: Noted = record.begin(
        'guarded',
        'lock/guarded',
        `${String(fence).padStart(12, '0')}.${worker}.${++written}`,
      );
      const answer = await client
        .txn()
        .if(compare.createRevision(token, '=', fence))
        .then(op.put('lock/guarded', noted.value))
        .commit();
      record.answer(noted, answer.header.revision, '', answer.succeeded);
      if (!answer.succeeded) return;
    }
  } finally {
    // Whoever fails here leaves the lease to end by itself.
    await lease.revoke({ timeoutMs: 2000 }).catch(() => lease.release());
  }
}
