import { setTimeout as pause } from 'node:timers/promises';
import { LeaseLostError } from '../../src/client/index.ts';
import { failing } from './failing.ts';
import type { Promises } from './suite.ts';

/** They take their time, and do so side by side. */
const beside = { buffered: true };

export const leasePromises: Promises = (t, bench) => {
  t.jobs = 6;
  t.test('a lease keeps itself alive for as long as it is held', beside, async (t) => {
    const client = bench.client(t);
    const lease = await client.lease(5);
    t.ok(lease.id > 0n);
    t.equal(lease.ttl, 5);
    await client.put('lease/kept', '1', { lease });
    await pause(6500);
    t.equal((await client.get('lease/kept'))?.lease, lease.id);
    t.equal(lease.isLost, false);
    t.ok(lease.remainingMs > 0 && lease.remainingMs <= 5000);
    await lease.revoke();
    t.equal(await client.get('lease/kept'), null);
    t.equal(lease.isLost, false, 'giving it up is not losing it');
    await lease.revoke();
  });

  t.test('a lease that is revoked elsewhere is lost at the next renewal', beside, async (t) => {
    const client = bench.client(t);
    const other = bench.client(t);
    const lease = await client.lease(2);
    await other.leases.revoke(lease.id);
    const error = await lease.lost;
    t.type(error, LeaseLostError);
    t.match(error, { reason: 'leaseLost', leaseId: lease.id });
    t.equal(lease.signal.aborted, true);
    t.equal(lease.signal.reason, error);
  });

  t.test('a lease that cannot be renewed is lost no later than the server may end it', beside, async (t) => {
    const { client, proxy } = await bench.proxied(t);
    const start = performance.now();
    const lease = await client.lease(2);
    proxy.silence();
    await lease.lost;
    const tookMs = performance.now() - start;
    t.ok(tookMs > 1000 && tookMs < 60_000, `${tookMs} ms`);
    proxy.mend();
  });

  t.test('a lease survives a broken connection', beside, async (t) => {
    const { client, proxy } = await bench.proxied(t);
    const lease = await client.lease(5);
    for (let at = 0; at < 13; at++) {
      await pause(500);
      proxy.cut();
    }
    t.equal(lease.isLost, false);
    t.equal((await client.leases.timeToLive(lease.id)).grantedTtl, 5);
    await lease.revoke();
  });

  t.test('leases can be asked about, renewed by hand, and left to run out', beside, async (t) => {
    const client = bench.client(t);
    const id = 0x7000_0000_0000_0001n;
    const lease = await client.lease(100, { id, keepAlive: false });
    t.equal(lease.id, id, 'beyond what a number can hold');
    await t.rejects(client.lease(100, { id }), failing({ reason: 'leaseExists', code: 9 }));
    await client.put('lease/asked', '1', { lease });
    const left = await client.leases.timeToLive(id, { keys: true });
    t.match(left, { id, grantedTtl: 100 });
    t.ok(left.ttl > 0 && left.ttl <= 100);
    t.same(
      left.keys.map((key) => Buffer.from(key).toString()),
      ['lease/asked'],
    );
    t.ok((await client.leases.list()).includes(id));
    t.equal(await client.leases.keepAliveOnce(id), 100);
    await client.leases.revoke(id);
    await t.rejects(client.leases.revoke(id), failing({ reason: 'leaseNotFound' }));
    t.match(await client.leases.timeToLive(id), { ttl: -1 });
    await t.rejects(client.leases.keepAliveOnce(id), failing({ reason: 'leaseLost' }));
    await t.rejects(client.lease(10_000_000_000), failing({ reason: 'leaseTtlTooLarge' }));
  });

  t.test('leaving `await using` revokes the lease, closing the client loses it', beside, async (t) => {
    const client = bench.client(t);
    {
      await using lease = await client.lease(60);
      await client.put('lease/using', '1', { lease });
    }
    t.equal(await client.get('lease/using'), null);
    const lease = await client.lease(60);
    const other = bench.client(t);
    await client.close();
    t.match(await lease.lost, { reason: 'leaseLost' });
    await other.leases.revoke(lease.id);
  });
};
