import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from '../../src/client/index.ts';
import { failing } from './failing.ts';
import { MemberProxy } from './proxy.ts';
import type { Promises } from './suite.ts';

/** On three members, which lose one at the end. */
export const failoverPromises: Promises = (t, bench) => {
  t.test('a move of the leader is nothing that a client notices', async (t) => {
    const client = bench.client(t);
    await client.put('failover/a', '1');
    const members = await client.members.list();
    const leader = (await client.maintenance.status()).leader;
    const target = members.find(({ id }) => id !== leader)!;
    if (!(await bench.serves('move of the leader', () => client.maintenance.moveLeader(leader)))) return;
    await client.maintenance.moveLeader(target.id);
    // Asked is any member, and the third may know of the new term and not yet of its leader.
    let seen = 0n;
    while (seen === 0n) seen = (await client.maintenance.status()).leader;
    t.equal(seen, target.id);
    t.equal((await client.get('failover/a'))!.text, '1');
    await t.rejects(client.maintenance.moveLeader(1n), failing({ reason: 'badLeaderTransferee' }));
  });

  t.test('calls go round the endpoints', async (t) => {
    const client = bench.client(t);
    await client.put('failover/b', '1');
    // It goes round those that it is connected to, and connecting takes its time.
    const members = new Set<bigint>();
    while (members.size < 3) members.add((await client.range('failover/b')).header.memberId);
    const last = new Set<bigint>();
    for (let at = 0; at < 3; at++) last.add((await client.range('failover/b')).header.memberId);
    t.equal(last.size, 3, 'each in turn');
  });

  t.test('a member that does not answer is left for another', async (t) => {
    const proxies = await Promise.all(bench.cluster.endpoints.map((endpoint) => MemberProxy.start(endpoint)));
    t.teardown(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const endpoints = proxies.map(({ url }) => url);
    const client = bench.client(t, {
      endpoints,
      keepaliveMs: 400,
      keepaliveTimeoutMs: 300,
      dialTimeoutMs: 500,
    });
    const lease = await client.lease(10);
    const watch = client.watch('failover/silent');
    await watch.created;
    for (let at = 0; at < 6; at++) await client.get('failover/silent');
    for (const silent of proxies) {
      silent.silence();
      const reads = await Promise.all(Array.from({ length: 6 }, () => client.get('failover/none')));
      t.same(new Set(reads), new Set([null]));
      await bench.client(t).put('failover/silent', 'x');
      t.match((await watch.messages().next()).value, { kind: 'events' });
      silent.mend();
      silent.cut();
    }
    t.equal(lease.isLost, false);
    await lease.revoke();
  });

  t.test('the death of a member: watches, leases, locks and calls go on elsewhere', async (t) => {
    const client = bench.client(t, { timeoutMs: 60_000 });
    const lease = await client.lease(20);
    const lock = await client.lock('failover/lock', { lease });
    const seen: number[] = [];
    const watches = Array.from({ length: 3 }, () => client.watch('failover/count'));
    await Promise.all(watches.map(({ created }) => created));
    const consuming = watches.map(async (watch) => {
      const own: number[] = [];
      for await (const { pair } of watch) {
        own.push(Number(pair.text));
        if (pair.text === 'end') break;
      }
      return own.slice(0, -1);
    });
    const leader = await client.maintenance.leaderEndpoint();
    const never: number[] = [];
    let acknowledged = 0;
    let isDead = false;
    const killing = pause(150).then(async () => {
      await bench.cluster.kill(bench.cluster.endpoints.indexOf(leader!));
      isDead = true;
    });
    for (let at = 0; !isDead || at < 40 || acknowledged < 40; at++) {
      try {
        await client.put('failover/count', `${at}`, { timeoutMs: 500 });
        acknowledged++;
        seen.push(at);
      } catch (error) {
        t.type(error, EtcdError);
        if (!(error as EtcdError).mayHaveHappened) never.push(at);
      }
      await pause(5);
    }
    await killing;
    await client.put('failover/count', 'end');
    for (const own of await Promise.all(consuming)) {
      // A put that was given up may be carried out late, behind puts that were made after it.
      t.same(
        own.filter((at) => seen.includes(at)),
        seen,
        'what was acknowledged came, and in its order',
      );
      t.equal(new Set(own).size, own.length, 'nothing came twice');
      t.notOk(
        never.some((at) => own.includes(at)),
        'nor what was said not to have happened',
      );
    }
    t.equal(lock.isHeld, true);
    t.equal(lease.isLost, false);
    await lock.release();
    await lease.revoke();
    const health = await client.health({ timeoutMs: 20_000 });
    t.equal(health.filter(({ isHealthy }) => isHealthy).length, 2);
  });
};
