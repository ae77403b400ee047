import t from 'tap';
import { MemoryImage } from '../../src/backend/memory-backend.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { failing } from '../suites/failing.ts';
import { until } from '../waiting.ts';
import { get, linearize, put, TestCluster } from './cluster.ts';

t.test('a member alone finds its data after a stop, and after its state was never flushed', async (t) => {
  const cluster = await new TestCluster(1, { flushMs: 1_000_000 }).startAll();
  t.teardown(() => cluster.close());
  await put(cluster.member(0), 'key', 'value');
  await cluster.stop(0);
  t.equal(cluster.seats[0]!.image.index, cluster.seats[0]!.image.index);
  cluster.seats[0]!.image = new MemoryImage();
  const back = await cluster.start(0);
  await linearize(back);
  t.equal(get(back, 'key'), 'value', 'the log alone brings everything back');
});

t.test('a log that was emptied under its state is refused', async (t) => {
  const cluster = await new TestCluster(1).startAll();
  t.teardown(() => cluster.close());
  await put(cluster.member(0), 'key', 'value');
  await cluster.stop(0);
  cluster.seats[0]!.disk = memoryDisk(cluster.runtime.scheduler);
  await t.rejects(cluster.start(0), failing('walDamaged', /the log is missing/));
});

t.test('a state that ends before the log begins is refused', async (t) => {
  const cluster = await new TestCluster(1, { catchUpEntries: 1, catchUpBytes: 10, flushMs: 10 }).startAll();
  t.teardown(() => cluster.close());
  const member = cluster.member(0);
  const early = new MemoryImage();
  Object.assign(early, { entries: cluster.seats[0]!.image.entries, line: cluster.seats[0]!.image.line });
  // A new segment must begin before whole old ones can go.
  for (let i = 0; i < 40; i++) await put(member, 'key', 'v'.repeat(1_000_000));
  await until('the log was cut', () => member.raft.firstIndex > 30);
  await until('old segments are gone', () => cluster.seats[0]!.disk.list('wal').length < 4);
  await cluster.stop(0);
  cluster.seats[0]!.image = early;
  await t.rejects(cluster.start(0), failing('backendDamaged'));
});

t.test('the data of another cluster is refused, that of the same one under a new name is not', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  await cluster.leader();
  await cluster.stop(0);
  const named = (host: string) =>
    cluster.seats.map(({ name }) => ({ name, peerUrls: [`http://${host}-${name}:2380`] }));
  await t.rejects(
    cluster.start(0, { initialCluster: named('other') }),
    failing('dataDirForeign', /belongs to member m1 .* not to m1/),
  );
  await t.rejects(cluster.start(0, { clusterToken: 'another' }), failing('dataDirForeign'));
  await t.rejects(cluster.start(0, { name: 'm9' }), failing('badConfig', /"m9"/));
  const back = await cluster.start(0);
  await linearize(back);
});

t.test('a log beside the state of another cluster is refused', async (t) => {
  const one = await new TestCluster(1).startAll();
  await put(one.member(0), 'key', 'value');
  await one.stop(0);
  const other = new TestCluster(2);
  other.seats[0]!.image = one.seats[0]!.image;
  await t.rejects(other.start(0), failing('dataDirForeign'));
});
