import t from 'tap';
import { compare, op } from '../../src/client/index.ts';
import { startCluster, startMember } from '../../src/index.ts';

t.test('a member is read and written in its own process, without a port', async (t) => {
  await using member = await startMember({ memory: true });
  const { client } = member;
  t.equal(member.client, client, 'there is one');
  await client.put('a', '1');
  t.equal((await client.get('a'))?.text, '1');
  t.equal(await client.get('b'), null);
  const { succeeded } = await client
    .txn()
    .if(compare.version('a', '=', 1))
    .then(op.put('a', '2'))
    .commit();
  t.equal(succeeded, true);
  await t.rejects(client.put('', 'x'), new Error('etcdserver: key is not provided'));
  await t.rejects(
    client.get('a', { revision: 99 }),
    new Error('etcdserver: mvcc: required revision is a future revision'),
  );
});

t.test('what is watched comes in order, however much it is, and a slow reader loses nothing', async (t) => {
  await using member = await startMember({ memory: true });
  const { client } = member;
  const value = 'v'.repeat(20_000);
  const count = 300;
  const watch = client.watch({ prefix: 'k/' }, { startRevision: 1 });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { pair } of watch) {
      seen.push(pair.keyText);
      if (seen.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      if (seen.length >= count) break;
    }
  })();
  const keys = Array.from({ length: count }, (_, index) => `k/${String(index).padStart(4, '0')}`);
  for (const key of keys) await client.put(key, value);
  await reading;
  t.same(seen, keys);
});

t.test('leases and locks work too', async (t) => {
  await using member = await startMember({ memory: true });
  const lease = await member.client.lease(60);
  await member.client.put('held', 'x', { lease: lease.id });
  const lock = await member.client.lock('door');
  await lock.release();
  await lease.revoke();
  t.equal(await member.client.get('held'), null);
});

t.test('each member of a cluster has its own, and a write through one is seen through another', async (t) => {
  await using cluster = await startCluster({ members: 3 });
  const [one, two, three] = cluster.members.map(({ client }) => client);
  await one!.put('a', '1');
  t.equal((await two!.get('a'))?.text, '1');
  await three!.delete('a');
  t.equal(await one!.get('a'), null);
});

t.test('with auth on a user comes with its password, and nobody may do nothing', async (t) => {
  await using member = await startMember({ memory: true, bcryptCost: 4 });
  const { auth } = member.client;
  await auth.users.add('root', 'secret');
  await auth.users.grantRole('root', 'root');
  await auth.enable();
  await t.rejects(member.client.get('a'), new Error('etcdserver: user name is empty'));
  await using root = member.openClient({ auth: { username: 'root', password: 'secret' } });
  await root.put('a', '1');
  t.equal((await root.get('a'))?.text, '1');
});

t.test('the client ends with its member', async (t) => {
  const member = await startMember({ memory: true });
  const { client } = member;
  const watch = client.watch('a');
  await client.put('a', '1');
  const other = member.openClient({ timeoutMs: 300 });
  await member.close();
  t.equal(client.isClosed, true);
  await t.rejects(client.get('a'));
  await t.rejects(other.get('a'), 'the member does not answer any more');
  await other.close();
  for await (const _ of watch) break;
});
