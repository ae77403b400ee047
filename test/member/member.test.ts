import t from 'tap';
import { nobody } from '../../src/auth/types.ts';
import { countedBytes } from '../../src/member/envelope.ts';
import type { Member } from '../../src/member/member.ts';
import { AlarmKind, defaultLimits } from '../../src/member/types.ts';
import { Failure } from '../../src/util/failure.ts';
import { encodePutRequest } from '../../src/wire/kv-codec.ts';
import { failing } from '../suites/failing.ts';
import { until } from '../waiting.ts';
import { changeMembers, get, linearize, put, putRequest, TestCluster } from './cluster.ts';

t.test('three members elect one leader, and a write through any of them is on all', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  await cluster.leader();
  for (const member of cluster.running) await put(member, `by ${member.id}`, 'value');
  await Promise.all(cluster.running.map((member) => linearize(member)));
  for (const member of cluster.running) {
    t.equal(member.store.revision, 4);
    t.equal(member.store.keyCount, 3);
    t.equal(member.store.digest, cluster.member(0).store.digest);
  }
});

t.test(
  'a linearizable read on a follower sees a write that was acknowledged by another member',
  async (t) => {
    const cluster = await new TestCluster(3).startAll();
    t.teardown(() => cluster.close());
    const leader = await cluster.leader();
    const followers = cluster.running.filter((member) => member !== leader);
    for (let i = 0; i < 50; i++) {
      await put(followers[0]!, 'counter', `${i}`);
      await linearize(followers[1]!);
      t.equal(get(followers[1]!, 'counter'), `${i}`);
    }
  },
);

t.test('members learn names and client addresses of all', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  const isPublished = (): boolean =>
    cluster.running.every((member) => member.members().every((record) => record.name !== ''));
  await until('everybody is published', isPublished);
  const records = cluster.member(2).members();
  t.same(records.map(({ name }) => name).sort(), ['m1', 'm2', 'm3']);
  t.same(records.find(({ name }) => name === 'm1')!.clientUrls, ['http://m1:2379']);
  t.same(
    [...records].sort((a, b) => (a.id < b.id ? -1 : 1)),
    records,
    'ascending by id',
  );
});

t.test('a leader that stops hands over, and nothing acknowledged is lost', async (t) => {
  // So long it waits for another one to stand.
  const cluster = await new TestCluster(3, { electionMs: 2000 }).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  await put(leader, 'before', '1');
  const { term } = leader;
  await cluster.stop(cluster.indexOf(leader));
  const next = await cluster.leader();
  t.not(next.id, leader.id);
  t.ok(leader.term > term, 'another one stood for election before it was gone');
  await put(next, 'after', '2');
  t.equal(get(next, 'before'), '1');
});

t.test('what a member was asked before it stops is answered, and what it is asked meanwhile', async (t) => {
  // It waits half an election timeout for those who wait, at most.
  const cluster = await new TestCluster(1, { electionMs: 60_000 }).startAll();
  t.teardown(() => cluster.close());
  const member = await cluster.leader();
  const asked = Array.from({ length: 100 }, (_, i) => put(member, `before ${i}`, 'value'));
  const stopped = cluster.stop(0);
  for (let i = 0; i < 100; i++) asked.push(put(member, `meanwhile ${i}`, 'value'));
  await Promise.all(asked);
  await stopped;
  await t.rejects(put(member, 'afterwards', 'value'), failing('stopped'));
  t.equal(member.store.keyCount, 200);
});

t.test('a member that was away catches up from the log', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  const away = (cluster.indexOf(leader) + 1) % 3;
  await cluster.stop(away);
  for (let i = 0; i < 100; i++) await put(leader, `key ${i}`, 'value');
  const back = await cluster.start(away);
  await linearize(back);
  t.equal(back.store.digest, leader.store.digest);
  t.equal(back.store.revision, 101);
});

t.test('a member that is behind the log is sent the state, and serves it after a restart too', async (t) => {
  const cluster = new TestCluster(3, { catchUpEntries: 5, catchUpBytes: 100, flushMs: 20 });
  await cluster.startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  const away = (cluster.indexOf(leader) + 1) % 3;
  await cluster.stop(away);
  for (let i = 0; i < 300; i++) await put(leader, `key ${i % 50}`, 'v'.repeat(200));
  await until('the log is short', () => leader.raft.firstIndex > 250);
  const back = await cluster.start(away);
  await linearize(back);
  t.ok(back.raft.firstIndex > 250, 'the log begins behind the state that was sent');
  t.equal(back.store.digest, leader.store.digest);
  t.equal(back.members().length, 3);
  await put(back, 'more', '1');
  await cluster.stop(away);
  const again = await cluster.start(away);
  await linearize(again);
  t.equal(get(again, 'more'), '1');
  t.equal(again.store.digest, leader.store.digest);
});

t.test(
  'without a quorum writes and linearizable reads time out, and serializable reads answer',
  async (t) => {
    const cluster = await new TestCluster(3).startAll();
    t.teardown(() => cluster.close());
    const leader = await cluster.leader();
    await put(leader, 'key', 'value');
    const left = cluster.indexOf(leader);
    await Promise.all([0, 1, 2].filter((index) => index !== left).map((index) => cluster.stop(index)));
    const write = t.rejects(put(leader, 'key', 'other'), failing('timeout'));
    const read = t.rejects(linearize(leader), failing('timeout'));
    t.equal(get(leader, 'key'), 'value');
    await until('the leader steps down', () => !leader.hasLeader);
    await t.rejects(put(leader, 'key', 'late'), failing('deadlineExceeded'));
    await Promise.all([write, read]);
  },
);

t.test('the largest request that etcd takes is accepted, one byte more is not', async (t) => {
  const cluster = await new TestCluster(1).startAll();
  t.teardown(() => cluster.close());
  const member = cluster.member(0);
  const around = encodePutRequest(putRequest('k', 'v'.repeat(1_500_000))).length - 1_500_000;
  const room =
    defaultLimits.maxRequestBytes - countedBytes(new Uint8Array(1_500_000 + around), nobody) + 1_500_000;
  // Of etcd 3.5.30, with a key of one byte.
  t.equal(room, 1_572_840);
  t.equal((await put(member, 'k', 'v'.repeat(room))).revision, 2);
  await t.rejects(put(member, 'k', 'v'.repeat(room + 1)), failing('requestTooLarge'));
});

t.test('more requests than may wait are refused at once', async (t) => {
  const cluster = new TestCluster(3, { maxPendingRequests: 10 });
  await cluster.start(0);
  t.teardown(() => cluster.close());
  const member = cluster.member(0);
  const waiting = Array.from({ length: 10 }, (_, i) =>
    put(member, `${i}`, 'v').catch((error) => error.reason),
  );
  await t.rejects(put(member, 'more', 'v'), failing('tooManyRequests'));
  await cluster.stop(0);
  t.same(await Promise.all(waiting), Array(10).fill('stopped'));
});

t.test('a stopped member refuses and may be stopped again', async (t) => {
  const cluster = await new TestCluster(1).startAll();
  const member = cluster.member(0);
  await put(member, 'a', 'b');
  await cluster.stop(0);
  await t.rejects(put(member, 'a', 'c'), failing('stopped'));
  await t.rejects(linearize(member), failing('stopped'));
  await new Promise<void>((resolve) => member.stop(resolve));
});

t.test('a member joins as a learner, is promoted by a request to a follower, and leaves again', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  await until('all are published', () => leader.members().every(({ name }) => name !== ''));
  for (let i = 0; i < 20; i++) await put(leader, `key ${i}`, 'value');
  const follower = cluster.running.find((member) => member !== leader)!;
  const peerUrls = ['http://m4:2380'];
  const added = await changeMembers(follower, { kind: 'add', peerUrls, isLearner: true });
  t.equal(added.members.length, 4);
  t.ok(added.member.isLearner);
  await t.rejects(
    changeMembers(leader, { kind: 'add', peerUrls: [...peerUrls, 'http://m4:2390'], isLearner: false }),
    failing('peerUrlExists'),
  );
  await t.rejects(
    changeMembers(leader, { kind: 'add', peerUrls: ['http://m5:2380'], isLearner: true }),
    failing('tooManyLearners'),
  );
  const { id } = added.member;
  await t.rejects(changeMembers(follower, { kind: 'promote', id }), failing('learnerNotReady'));
  const joined = await cluster.start(cluster.addSeat(), { join: { origin: leader.origin(), memberId: id } });
  await until('the learner has it all', () => joined.store.keyCount === 20);
  t.ok(joined.isLearner);
  await until('it is published', () => leader.members().every(({ name }) => name !== ''));
  const promoted = await changeMembers(follower, { kind: 'promote', id });
  t.equal(promoted.member.isLearner, false);
  await put(joined, 'by the new one', 'value');
  await t.rejects(changeMembers(leader, { kind: 'promote', id }), failing('memberNotLearner'));
  await changeMembers(joined, { kind: 'remove', id });
  await until('it gives up', () => cluster.seats[3]!.fatal !== null);
  t.match(cluster.seats[3]!.fatal, failing('memberRemoved'));
  cluster.seats[3]!.member = null;
  t.equal(leader.members().length, 3);
  await t.rejects(changeMembers(leader, { kind: 'remove', id }), failing('memberNotFound'));
  await put(leader, 'still', 'there');
});

t.test(
  'a cluster of one grows by voters, and whoever joins reads of the changes before without harm',
  async (t) => {
    const cluster = await new TestCluster(1).startAll();
    t.teardown(() => cluster.close());
    const first = await cluster.leader();
    await until('it is published', () => first.members().every(({ name }) => name !== ''));
    await put(first, 'before', 'value');
    for (const size of [2, 3]) {
      const peerUrls = [`http://m${size}:2380`];
      const { member } = await changeMembers(first, { kind: 'add', peerUrls, isLearner: false });
      await put(first, `with ${size} to come`, 'value');
      const joined = await cluster.start(cluster.addSeat(), {
        join: { origin: first.origin(), memberId: member.id },
      });
      await until('it votes', () => !joined.isLearner);
      await until('all are published', () => first.members().every(({ name }) => name !== ''));
    }
    // Longer than a member waits that has learned of its removal.
    await new Promise((resolve) => setTimeout(resolve, 3 * first.limits.electionMs));
    t.same(
      cluster.seats.map(({ fatal }) => fatal),
      [null, null, null],
    );
    t.ok(first.members().every(({ isLearner }) => !isLearner));
    await put(cluster.running[2]!, 'after', 'value');
  },
);

t.test('nobody is added or removed while members are not known to be well', async (t) => {
  const cluster = await new TestCluster(3, { healthMs: 3_600_000 }).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  await until('names', () => leader.members().every(({ name }) => name !== ''));
  const unhealthy = new Failure('unhealthyCluster');
  for (const isLearner of [true, false]) {
    await t.rejects(
      changeMembers(leader, { kind: 'add', peerUrls: ['http://m4:2380'], isLearner }),
      unhealthy,
    );
  }
  await t.rejects(changeMembers(leader, { kind: 'remove', id: leader.members()[0]!.id }), unhealthy);

  const alone = await new TestCluster(1, { healthMs: 3_600_000 }).startAll();
  t.teardown(() => alone.close());
  const one = await alone.leader();
  const added = await changeMembers(one, { kind: 'add', peerUrls: ['http://m2:2380'], isLearner: true });
  t.equal(added.members.length, 2, 'one that is alone has nobody to be connected to');
});

t.test('the leader can be removed while others write', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  await until('all are published', () => leader.members().every(({ name }) => name !== ''));
  await changeMembers(leader, { kind: 'remove', id: leader.id });
  const at = cluster.indexOf(leader);
  await until('it gives up', () => cluster.seats[at]!.fatal !== null);
  cluster.seats[at]!.member = null;
  const next = await cluster.leader();
  await put(next, 'key', 'value');
  t.equal(next.members().length, 2);
});

t.test('leadership moves where it is asked to, and nowhere else', async (t) => {
  // So long the other one has to stand.
  const cluster = await new TestCluster(3, { electionMs: 5000 }).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  const [target, other] = cluster.running.filter((member) => member !== leader);
  const move = (member: Member, id: string): Promise<Failure | null> =>
    new Promise((resolve) => member.moveLeader(id, resolve));
  t.match(await move(other!, target!.id), failing('notLeader'));
  t.match(await move(leader, '0000000000000001'), failing('badLeaderTransferee'));
  t.equal(await move(leader, target!.id), null);
  await until('the target leads', () => target!.raft.role === 'leader');
});

t.test('a member that is over its own quota says so, also when others are asked who have room', async (t) => {
  const cluster = new TestCluster(3, { flushMs: 20 });
  t.teardown(() => cluster.close());
  const small = await cluster.start(0, { limits: { ...cluster.limits, quotaBytes: 50_000 } });
  const roomy = [await cluster.start(1), await cluster.start(2)];
  await cluster.leader();
  await put(roomy[0]!, 'small', 'v');
  t.same(roomy[0]!.alarms(), []);
  await put(roomy[1]!, 'large', 'v'.repeat(60_000));
  const alarm = { memberId: small.id, alarm: AlarmKind.NoSpace };
  await until('all know', () => cluster.running.every((member) => member.alarms().length > 0));
  t.same(roomy[1]!.alarms(), [alarm]);
  await t.rejects(put(roomy[1]!, 'key', 'v'), failing('noSpace'));
});

t.test('a state that is too large raises NOSPACE, which refuses puts until it is cleared', async (t) => {
  const cluster = await new TestCluster(3, { quotaBytes: 200_000, flushMs: 20 }).startAll();
  t.teardown(() => cluster.close());
  const leader = await cluster.leader();
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await put(leader, `key ${i}`, 'v'.repeat(10_000));
  };
  await t.rejects(fill(), failing('noSpace'));
  await until('all know', () => cluster.running.every((member) => member.alarms().length > 0));
  const alarm = { memberId: leader.id, alarm: AlarmKind.NoSpace };
  await until('the leader has said so', () => leader.alarms().some((known) => known.memberId === leader.id));
  t.same(
    leader.alarms().find(({ memberId }) => memberId === leader.id),
    alarm,
  );
  for (const member of cluster.running) await t.rejects(put(member, 'key', 'v'), failing('noSpace'));
});
