/**
 * An etcd that is killed has acknowledged writes that stand in its log alone: a restore from its data directory must bring
 * them along. The judge is that etcd itself, started again on a copy: it has to find the same.
 */

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { endChild, Workplace } from '../../bench/children.ts';
import { type Client, compare, connect, EtcdError, op } from '../../src/client/index.ts';
import { restoreEtcd } from '../../src/embed/restore-etcd.ts';
import { startMember } from '../../src/index.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { findTools, type Tool } from '../tools.ts';
import { startServers } from './harness.ts';

t.setTimeout(600_000);

const tools = findTools('etcd');
const auth = { username: 'root', password: 'secret' };

/** Users, and a past: etcd writes its database at a compaction, and from 3.5 on when users change. */
async function prepare(client: Client, withPasswords: boolean): Promise<void> {
  for (let at = 0; at < 30; at++) await client.put(`key/${at % 7}`, `${at}`);
  await client.compact(20, { physical: true });
  await client.auth.roles.add('reader');
  await client.auth.roles.grantPermission('reader', 'read', { prefix: 'key/' });
  await client.auth.users.add('ann', withPasswords ? auth.password : null);
  await client.auth.users.grantRole('ann', 'reader');
  if (!withPasswords) return;
  await client.auth.users.add('root', auth.password);
  await client.auth.users.grantRole('root', 'root');
  await client.auth.enable();
}

/** Some of everything that changes keys and leases. */
async function live(client: Client): Promise<void> {
  await client.delete({ from: 'key/2', to: 'key/4' });
  const lease = await client.leases.grant(500, { id: 4711n });
  await client.put('leased', 'x', { lease });
  await client.put('leased/too', 'y', { lease });
  const gone = await client.leases.grant(500, { id: 4712n });
  await client.put('gone', 'z', { lease: gone });
  await gone.revoke();
  const inner = client.txn().then(op.put('inner', '1'));
  await client
    .txn()
    .if(compare.value('key/1', '=', '29'))
    .then(op.put('txn', 'yes'), op.delete('key/5'), op.txn(inner))
    .else(op.put('txn', 'no'))
    .commit();
  // What is refused when it is applied is refused again, or else revisions would not stay.
  await client.put('refused', 'x', { lease: 99n }).catch(() => {});
  for (let at = 0; at < 10; at++) await client.put('last', `${at}`);
}

/** What is to be the same in both. */
async function stateOf(client: Client, hasStatus: boolean): Promise<object> {
  const [endpoint] = client.endpoints;
  const { hash, compactRevision, header } = await client.maintenance.hashKv({ endpoint: endpoint! });
  const { pairs } = await client.range({ prefix: '' });
  const users: object[] = [];
  for (const user of await client.auth.users.list()) {
    users.push({ user, roles: await client.auth.users.roles(user) });
  }
  const roles = await client.auth.roles.list();
  return {
    hash,
    compactRevision,
    revision: header.revision,
    pairs: pairs.map(({ keyText, text, modRevision, lease }) => [keyText, text, modRevision, lease]),
    leases: await client.leases.list(),
    attached: (await client.leases.timeToLive(4711n, { keys: true }))?.keys.map(String).sort(),
    users,
    reader: await client.auth.roles.permissions('reader'),
    roles,
    auth: hasStatus ? await client.auth.status() : null,
  };
}

/** An etcd that writes its database late, killed after all of that. @returns its data directory */
async function killedEtcd(
  workplace: Workplace,
  etcd: Tool,
  withPasswords: boolean,
): Promise<{ readonly dataDir: string; readonly flags: Readonly<Record<string, string>> }> {
  const dataDir = join(workplace.folder, `killed-${etcd.version}`);
  const flags = { 'backend-batch-interval': '10m', 'backend-batch-limit': '100000', 'data-dir': dataDir };
  const servers = await startServers('etcd', 1, workplace, undefined, flags, [etcd.path, '--logger=zap']);
  const [endpoint] = servers.endpoints;
  await using client = connect({ endpoints: endpoint! });
  await prepare(client, withPasswords);
  await using root = connect({ endpoints: endpoint!, ...(withPasswords ? { auth } : {}) });
  await live(root);
  if (withPasswords) {
    await using ann = connect({ endpoints: endpoint!, auth: { ...auth, username: 'ann' } });
    await t.rejects(ann.put('key/9', 'not hers'), EtcdError);
  }
  await endChild(servers.members[0]!.child, 'SIGKILL');
  return { dataDir, flags };
}

for (const etcd of tools) {
  const withPasswords = !etcd.version.startsWith('3.4.');
  t.test(`what is in the log of a killed etcd ${etcd.version} alone comes along`, async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const { dataDir, flags } = await killedEtcd(workplace, etcd, withPasswords);
    const copy = `${dataDir}-copy`;
    cpSync(dataDir, copy, { recursive: true });

    const { requests } = await restoreEtcd(
      {
        from: copy,
        dataDir: join(workplace.folder, 'restored'),
        scratchDir: join(workplace.folder, 'scratch'),
        name: 'default',
        initialCluster: [{ name: 'default', peerUrls: ['http://localhost:2380'] }],
        clusterToken: 'etcd-cluster',
        bumpRevision: 0,
        progress: () => {},
      },
      nodeRuntime(),
    );
    t.ok(requests > 0, `${requests} requests`);
    const credentials = withPasswords ? { auth } : {};
    const servers = await startServers('etcd', 1, workplace, undefined, flags, [etcd.path, '--logger=zap']);
    await using there = connect({ endpoints: servers.endpoints[0]!, ...credentials });
    await using member = await startMember({
      dataDir: join(workplace.folder, 'restored'),
      listenClientUrls: ['http://127.0.0.1:0'],
    });
    await using here = connect({ endpoints: member.clientUrls, ...credentials });
    t.same(await stateOf(here, withPasswords), await stateOf(there, withPasswords));
  });
}

t.test('nothing is restored without a word when the log is not there', async (t) => {
  const folder = t.testdir({ member: { snap: { db: '' } } });
  const options = {
    from: folder,
    dataDir: join(folder, 'new'),
    scratchDir: join(folder, 'scratch'),
    name: 'default',
    initialCluster: [{ name: 'default', peerUrls: ['http://localhost:2380'] }],
    clusterToken: 'etcd-cluster',
    bumpRevision: 0,
    progress: () => {},
  };
  await t.rejects(restoreEtcd(options, nodeRuntime()), { reason: 'badConfig', message: /--etcd-wal-dir/ });
  const nowhere = { ...options, from: join(folder, 'nowhere') };
  await t.rejects(restoreEtcd(nowhere, nodeRuntime()), { message: /no database of an etcd/ });
});
