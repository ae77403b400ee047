import { setTimeout as pause } from 'node:timers/promises';
import { type Client, op } from '../../src/client/index.ts';
import { failing } from './failing.ts';
import type { Promises } from './suite.ts';

export const lockPromises: Promises = (t, bench) => {
  t.test('one holds a lock at a time, in the order they came, with growing tokens', async (t) => {
    const clients = [bench.client(t), bench.client(t), bench.client(t)];
    const order: number[] = [];
    const tokens: number[] = [];
    let holders = 0;
    const first = await clients[0]!.lock('lock/order');
    t.equal(first.isHeld, true);
    const hold = async (client: Client, at: number): Promise<void> => {
      await using lock = await client.lock('lock/order');
      holders++;
      t.equal(holders, 1);
      order.push(at);
      tokens.push(lock.fencingToken);
      await pause(20);
      holders--;
    };
    const rest: Promise<void>[] = [];
    for (const [at, client] of clients.entries()) {
      rest.push(hold(client, at));
      // The next one comes when this one stands in line.
      while ((await clients[0]!.count({ prefix: 'lock/order/' })) < at + 2) await pause(5);
    }
    t.same(order, []);
    t.equal(await clients[1]!.tryLock('lock/order'), null);
    await first.release();
    t.equal(first.isHeld, false);
    await Promise.all(rest);
    t.same(order, [0, 1, 2]);
    const all = [first.fencingToken, ...tokens];
    t.same(
      all,
      [...all].sort((a, b) => a - b),
    );
    t.equal(new Set(all).size, 4);
    t.equal(await clients[0]!.count({ prefix: 'lock/order/' }), 0, 'nothing is left');
    await using now = await clients[1]!.tryLock('lock/order');
    t.ok(now);
  });

  t.test('the guard of a lock keeps a former holder out', async (t) => {
    const client = bench.client(t);
    const lock = await client.lock('lock/guard');
    const write = () => client.txn().if(lock.guard).then(op.put('lock/protected', '1')).commit();
    t.equal((await write()).succeeded, true);
    await lock.release();
    t.equal((await write()).succeeded, false);
  });

  t.test('who gives up waiting leaves the line', async (t) => {
    const client = bench.client(t);
    const holder = await client.lock('lock/abort');
    const patience = new AbortController();
    const waiting = bench.client(t).lock('lock/abort', { signal: patience.signal });
    waiting.catch(() => {}); // Looked at below.
    while ((await client.count({ prefix: 'lock/abort/' })) < 2) await pause(5);
    patience.abort(new Error('enough'));
    await t.rejects(waiting, /enough/);
    t.equal(await client.count({ prefix: 'lock/abort/' }), 1);
    await holder.release();
  });

  t.test('a lock is lost with its lease, which its signal tells', async (t) => {
    const client = bench.client(t);
    const lease = await client.lease(2);
    const lock = await client.lock('lock/lost', { lease });
    t.equal(lock.isHeld, true);
    const next = bench.client(t).lock('lock/lost');
    await bench.client(t).leases.revoke(lease.id);
    await (await next).release();
    await lease.lost;
    t.equal(lock.isHeld, false);
    t.match(lock.signal.reason, { reason: 'leaseLost' });
    await lock.release();
  });

  t.test('a lease that was given is not revoked with the lock', async (t) => {
    const client = bench.client(t);
    await using lease = await client.lease(60);
    const lock = await client.lock('lock/given', { lease });
    await lock.release();
    t.equal(await client.count({ prefix: 'lock/given/' }), 0);
    t.ok((await client.leases.timeToLive(lease.id)).ttl > 0);
  });

  t.test('candidates lead one after the other, and everybody can watch', async (t) => {
    const [one, two, observer] = [bench.client(t), bench.client(t), bench.client(t)];
    const seen: string[] = [];
    const controller = new AbortController();
    const observing = (async () => {
      for await (const pair of observer.election('lock/elect').observe({ signal: controller.signal })) {
        seen.push(pair.text);
      }
    })().catch((error: unknown) => error);
    const until = async (count: number) => {
      while (seen.length < count) await pause(5);
    };
    t.equal(await observer.election('lock/elect').leader(), null);
    const first = await one.election('lock/elect').campaign('one');
    await until(1);
    await first.proclaim('one again');
    await until(2);
    t.equal((await observer.election('lock/elect').leader())?.text, 'one again');
    const candidate = two.election('lock/elect').campaign('two');
    await pause(50);
    await first.resign();
    const second = await candidate;
    await until(3);
    t.ok(second.fencingToken > first.fencingToken);
    await t.rejects(first.proclaim('too late'), failing({ reason: 'electionNotLeader' }));
    await second.resign();
    t.same(seen, ['one', 'one again', 'two']);
    controller.abort(new Error('seen enough'));
    t.match(await observing, /seen enough/);
  });
};
