import { createHash } from 'node:crypto';
import { connect } from '../../src/client/index.ts';
import { failing } from './failing.ts';
import type { Promises } from './suite.ts';

export const maintenancePromises: Promises = (t, bench) => {
  t.test('a member tells its state', async (t) => {
    const client = bench.client(t);
    const [endpoint] = client.endpoints;
    const status = await client.maintenance.status({ endpoint: endpoint! });
    t.match(status.version, /^\d+\.\d+\.\d+/);
    t.equal(status.leader, status.header.memberId);
    t.ok(status.dbSize > 0 && status.raftTerm > 0 && status.raftIndex > 0);
    t.equal(status.endpoint, endpoint);
    t.equal(await client.maintenance.leaderEndpoint(), endpoint);
    await t.rejects(
      client.maintenance.status({ endpoint: 'http://other' }),
      /none of this client's endpoints/,
    );
  });

  t.test('members are listed as they are', async (t) => {
    const client = bench.client(t);
    const [member, ...others] = await client.members.list();
    t.same(others, []);
    t.equal(member!.isLearner, false);
    t.same(member!.clientUrls, bench.cluster.endpoints);
    t.same(await client.syncEndpoints(), bench.cluster.endpoints);
    t.ok(await client.put('maintenance/a', '1'));
  });

  t.test('changes of members that cannot be are refused', async (t) => {
    const client = bench.client(t);
    if (!(await bench.serves('member changes', () => client.members.remove(12345n)))) return;
    const [member] = await client.members.list();
    await t.rejects(client.members.remove(12345n), failing({ reason: 'memberNotFound', code: 5 }));
    await t.rejects(client.members.promote(member!.id), failing({ reason: 'memberNotLearner' }));
    await t.rejects(client.members.add(['nonsense']), failing({ reason: 'memberUrlsInvalid' }));
  });

  t.test('hashes tell whether members agree', async (t) => {
    const client = bench.client(t);
    if (!(await bench.serves('hashes', () => client.maintenance.hashKv()))) return;
    const { revision } = await client.put('maintenance/hash', '1');
    const before = await client.maintenance.hashKv({ revision });
    await client.put('maintenance/hash', '2');
    t.equal((await client.maintenance.hashKv({ revision })).hash, before.hash);
    t.not((await client.maintenance.hashKv()).hash, before.hash);
    t.type((await client.maintenance.hash()).hash, 'number');
    await client.maintenance.defragment();
  });

  t.test('a snapshot comes whole, and with its hash', async (t) => {
    const client = bench.client(t);
    const begin = () => client.maintenance.snapshot()[Symbol.asyncIterator]().next();
    if (!(await bench.serves('snapshots', begin))) return;
    const snapshot = client.maintenance.snapshot();
    const parts: Uint8Array[] = [];
    for await (const part of snapshot) parts.push(part);
    const file = Buffer.concat(parts);
    t.equal(file.length % 512, 32, 'the size that etcdctl wants');
    t.equal(file.length, snapshot.receivedBytes);
    t.equal(file.length, snapshot.totalBytes + 32);
    const hash = createHash('sha256').update(file.subarray(0, -32)).digest();
    t.same(file.subarray(-32), hash);
    for await (const part of client.maintenance.snapshot()) {
      t.ok(part.length > 0);
      break;
    }
    const aborted = client.maintenance.snapshot({ signal: AbortSignal.abort(new Error('no')) });
    await t.rejects(aborted[Symbol.asyncIterator]().next(), /^no$/);
  });

  t.test('alarms can be asked for and cleared', async (t) => {
    const client = bench.client(t);
    t.same(await client.maintenance.alarms(), []);
    t.same(await client.maintenance.disarmAll(), []);
  });

  t.test('health says which endpoints are well, and why others are not', async (t) => {
    const client = bench.client(t, { endpoints: [...bench.cluster.endpoints, 'http://127.0.0.1:1'] });
    const [well, ill] = await client.health({ timeoutMs: 20_000 });
    t.match(well, { endpoint: bench.cluster.endpoints[0], isHealthy: true, error: null });
    t.match(ill, { endpoint: 'http://127.0.0.1:1', isHealthy: false, error: { reason: 'connectionFailed' } });
    t.ok(well!.tookMs >= 0);
    t.ok(await client.put('maintenance/a', '2'), 'and calls go to those that are');
  });

  t.test('everything that is wrong with the options is told at once', async (t) => {
    const options = {
      endpoints: ['ftp://a', 'localhost:2379', 'host:99999'],
      tls: { cert: 'x' },
      timeoutMs: -1,
      auth: { username: '', password: '' },
    };
    t.throws(
      () => connect(options),
      failing({
        reason: 'badConfig',
        message: /ftp:\/\/a.*host:99999.*timeoutMs.*cert and key.*username/s,
      }),
    );
    t.throws(() => connect({ endpoints: [] }), failing({ reason: 'badConfig' }));
  });
};
