/**
 * What clients do while members fail: registers, a bank, unique puts, and a lock whose holder writes with a fencing token.
 *
 * Each worker has one request under way. It talks to one member first and to all of them otherwise, as clients do. Keys
 * of registers change every few seconds, so that the history of each stays short enough to be searched.
 */

import { type Client, compare, connect, op } from '../../src/client/index.ts';
import type { Noted, Record } from './record.ts';
import { listThenWatch, ManyWatchers } from './watch-workloads.ts';

const registerKeysAtOnce = 3;
const registerSeconds = 4;
const accounts = 5;
const startingBalance = 100;
/** Pause between two requests of a worker, so that one machine bears members and clients. */
const thinkMs = 4;

export interface Workload {
  /** Lets the workers finish what they are at. */
  stop(): Promise<void>;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param load how many times as many workers as usual, for a machine that bears them */
export function startWorkloads(urls: readonly string[], record: Record, load: number): Workload {
  registerKeys = registerKeysAtOnce * load;
  const clients: Client[] = [];
  const workers: Promise<void>[] = [];
  let isRunning = true;
  const work = (at: number, begin: (client: Client) => () => Promise<void>): void => {
    const first = urls[at % urls.length]!;
    const endpoints = [first, ...urls.filter((url) => url !== first)];
    const client = connect({
      endpoints: at % 3 === 2 ? endpoints : [first],
      timeoutMs: 8000,
      dialTimeoutMs: 1000,
    });
    clients.push(client);
    const next = begin(client);
    const run = async (): Promise<void> => {
      while (isRunning) {
        try {
          await next();
        } catch {
          // In doubt: the record has it so already.
          record.inDoubt++;
          await pause(50);
        }
        await pause(thinkMs);
      }
    };
    workers.push(run());
  };
  for (let at = 0; at < 6 * load; at++) work(at, (client) => () => useRegister(client, record, at));
  for (let at = 0; at < 3; at++) work(at, (client) => () => useBank(client, record));
  for (let at = 0; at < 3 * load; at++) work(at, (client) => uniquePuts(client, record, at));
  for (let at = 0; at < 2; at++) work(at + 2, (client) => () => useLock(client, record, at));
  for (let at = 0; at < 2; at++) work(at, (client) => () => append(client, record, at));
  for (let at = 0; at < 3; at++) work(at, (client) => () => holdLease(client, record));
  for (let at = 0; at < 2; at++) work(at * 2 + 1, (client) => () => listThenWatch(client, record));
  for (const kind of ['fan-out', 'slow-reader'] as const) {
    const watchers = new ManyWatchers(kind, urls, record);
    work(0, () => () => watchers.watch());
  }
  return {
    async stop() {
      isRunning = false;
      await Promise.all(workers);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

let written = 0;
let registerKeys = registerKeysAtOnce;
const lastSeen = new Map<string, string>();

async function useRegister(client: Client, record: Record, worker: number): Promise<void> {
  const epoch = Math.floor(performance.now() / 1000 / registerSeconds);
  const key = `register/${epoch}/${Math.floor(Math.random() * registerKeys)}`;
  const choice = Math.random();
  if (choice < 0.4) {
    const noted = record.begin('get', key);
    const answer = await client.range(key);
    const seen = answer.pairs[0]?.text ?? '';
    lastSeen.set(key, seen);
    record.answer(noted, answer.header.revision, seen);
    return;
  }
  const value = `${worker}:${++written}`;
  if (choice < 0.7) {
    const noted = record.begin('put', key, value);
    const answer = await client.put(key, value);
    record.answer(noted, answer.revision);
    return;
  }
  const expected = lastSeen.get(key) ?? '';
  const noted = record.begin('swap', key, value, expected);
  const holds = expected === '' ? compare.modRevision(key, '=', 0) : compare.value(key, '=', expected);
  const answer = await client.txn().if(holds).then(op.put(key, value)).commit();
  record.answer(noted, answer.header.revision, '', answer.succeeded);
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
  const key = `append/${Math.floor(performance.now() / 1000 / registerSeconds)}`;
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
