import { once } from 'node:events';
import { Etcd3, EtcdLockFailedError, EtcdPermissionDeniedError, Range } from 'etcd3';
import t, { type Test } from 'tap';
import { Workplace } from '../../bench/children.ts';
import { startMember } from '../../src/index.ts';
import { missingPrograms, startServers } from './harness.ts';

t.setTimeout(600_000);

/** What programs do with the package `etcd3`, on a fresh server. */
async function session(t: Test, url: string): Promise<void> {
  const client = new Etcd3({ hosts: url });
  const others: Etcd3[] = [];
  try {
    await keys(t, client);
    await watches(t, client);
    await leases(t, client);
    await locks(t, client);
    await elections(t, client);
    await users(t, client, (options) => {
      const other = new Etcd3({ hosts: url, ...options });
      others.push(other);
      return other;
    });
  } finally {
    for (const one of [client, ...others]) one.close();
  }
}

async function keys(t: Test, client: Etcd3): Promise<void> {
  t.equal(await client.get('a').string(), null);
  await client.put('a').value('1');
  await client.put('b').value('2');
  t.equal(await client.get('a').number(), 1);
  t.same(await client.getAll().prefix('').strings(), { a: '1', b: '2' });
  const swap = client.if('a', 'Value', '==', '1').then(client.put('a').value('3'), client.get('b'));
  t.equal((await swap.else(client.get('a')).commit()).succeeded, true);
  t.equal((await client.if('a', 'Version', '>', 5).then(client.get('a')).commit()).succeeded, false);
  const counted = await client.stm().transact(async (tx) => {
    const now = Number(await tx.get('a').string());
    await tx.put('a').value(now + 1);
    return now + 1;
  });
  t.equal(counted, 4, 'read and written in one transaction');
  t.equal((await client.delete().key('b')).deleted, '1');
  const names = client.namespace('space/');
  await names.put('x').value('y');
  t.equal(await client.get('space/x').string(), 'y');
}

async function watches(t: Test, client: Etcd3): Promise<void> {
  const watcher = await client.watch().prefix('w/').withPreviousKV().create();
  const seen: string[] = [];
  watcher.on('put', (kv, previous) => seen.push(`${kv.key}=${kv.value} was ${previous?.value ?? 'nothing'}`));
  const deleted = once(watcher, 'delete');
  await client.put('w/1').value('a');
  await client.put('w/1').value('b');
  await client.put('elsewhere').value('c');
  await client.delete().key('w/1');
  const [kv] = (await deleted) as [{ key: Buffer }];
  t.equal(kv.key.toString(), 'w/1');
  t.same(seen, ['w/1=a was nothing', 'w/1=b was a']);
  await watcher.cancel();

  const { revision } = (await client.put('w/2').value('first')).header;
  await client.put('w/2').value('second');
  const later = await client.watch().key('w/2').startRevision(revision).create();
  const [first] = (await once(later, 'put')) as [{ value: Buffer }];
  t.equal(first.value.toString(), 'first', 'from history');
  await later.cancel();
}

async function leases(t: Test, client: Etcd3): Promise<void> {
  const lease = client.lease(60);
  await lease.put('leased').value('x');
  const { leases: ids } = await client.leaseClient.leaseLeases();
  t.ok(ids.length >= 1);
  await lease.keepaliveOnce();
  await lease.revoke();
  t.equal(await client.get('leased').string(), null);

  const lost = client.lease(60);
  const id = await lost.grant();
  const told = once(lost, 'lost');
  await client.leaseClient.leaseRevoke({ ID: id });
  await lost.keepaliveOnce().catch(() => {});
  await told;
  t.pass('a lease that is gone is told to be lost');
}

async function locks(t: Test, client: Etcd3): Promise<void> {
  const lock = client.lock('door').ttl(60);
  await lock.acquire();
  const taken = await client
    .lock('door')
    .acquire()
    .catch((error: unknown) => error);
  t.ok(taken instanceof EtcdLockFailedError, String(taken));
  await lock.release();
  t.equal(await client.lock('door').do(async () => 'inside'), 'inside');
}

async function elections(t: Test, client: Etcd3): Promise<void> {
  const one = client.election('chair', 60).campaign('one');
  await once(one, 'elected');
  const observer = await client.election('chair', 60).observe();
  if (observer.leader() === undefined) await once(observer, 'change');
  t.equal(observer.leader(), 'one');
  const two = client.election('chair', 60).campaign('two');
  const elected = once(two, 'elected');
  await one.resign();
  await elected;
  t.equal(await client.election('chair', 60).leader(), 'two');
  await observer.cancel();
  await two.resign();
}

type Options = { auth: { username: string; password: string } };

async function users(t: Test, client: Etcd3, connect: (options: Options) => Etcd3): Promise<void> {
  const reader = client.role('reader');
  await reader.create();
  await reader.grant({ permission: 'Read', range: new Range('a', 'b') });
  const rootRole = client.role('root');
  await rootRole.create();
  await client.user('root').create('secret');
  await client.user('root').addRole('root');
  await client.user('ann').create('hers');
  await client.user('ann').addRole('reader');
  t.same((await client.getUsers()).map(({ name }) => name).sort(), ['ann', 'root']);
  await client.auth.authEnable();
  const ann = connect({ auth: { username: 'ann', password: 'hers' } });
  t.equal(await ann.get('a').string(), '4');
  const refused = await ann
    .put('a')
    .value('5')
    .exec()
    .catch((error: unknown) => error);
  t.ok(refused instanceof EtcdPermissionDeniedError, String(refused));
  const root = connect({ auth: { username: 'root', password: 'secret' } });
  await root.put('a').value('6');
  t.equal(await ann.get('a').string(), '6');
  await t.rejects(
    connect({ auth: { username: 'ann', password: 'wrong' } })
      .get('a')
      .string(),
  );
  await root.auth.authDisable();
}

for (const rpcTransport of ['http2', 'grpc-js'] as const) {
  t.test(`programs that use the package etcd3 find an etcd, over ${rpcTransport}`, async (t) => {
    await using member = await startMember({
      memory: true,
      bcryptCost: 4,
      listenClientUrls: ['http://127.0.0.1:0'],
      rpcTransport,
    });
    await session(t, member.clientUrls[0]!);
  });
}

t.test('what is expected of it is what etcd does', { skip: missingPrograms('etcd') }, async (t) => {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const etcd = await startServers('etcd', 1, workplace, async () => {}, { 'bcrypt-cost': '4' });
  await session(t, etcd.members[0]!.clientUrl);
});
