import t, { type Test } from 'tap';
import type { Member } from '../../src/member/member.ts';
import { AlarmKind, type MemberLimits, RequestKind } from '../../src/member/types.ts';
import { revisionKey } from '../../src/mvcc/revision.ts';
import { Failure } from '../../src/util/failure.ts';
import { encodeCompactionRequest } from '../../src/wire/kv-codec.ts';
import { until } from '../waiting.ts';
import { linearize, put, putRequest, TestCluster } from './cluster.ts';

const onlyDigests: Partial<MemberLimits> = { digestCheckMs: 30 };

async function started(t: Test, count: number, limits: Partial<MemberLimits>): Promise<TestCluster> {
  const cluster = await new TestCluster(count, limits).startAll({ selfRepair: false });
  t.teardown(() => cluster.close());
  await cluster.leader();
  return cluster;
}

/** Enough for two digests. */
async function write(member: Member, from = 0): Promise<void> {
  for (let index = from; index < from + 40; index++) await put(member, `key ${index}`, 'value');
}

/** A put that no log knows of. */
function damage(member: Member): void {
  member.store.put(putRequest('stray', 'x'));
}

const namedBy = (member: Member): string[] =>
  member.alarms().flatMap(({ memberId, alarm }) => (alarm === AlarmKind.Corrupt ? [memberId] : []));

/** What has the record of a revision on one member's disk alone, changed in its last byte. */
function damageDisk(cluster: TestCluster, member: Member, revision: number): void {
  const backend = cluster.seats[cluster.indexOf(member)]!.backend!;
  const key = revisionKey(revision, 0, false);
  const record = Buffer.from(backend.get(key)!);
  record[record.length - 1]! ^= 1;
  backend.put(key, record);
}

function compact(member: Member, revision: number): Promise<void> {
  const request = { revision, physical: false };
  return new Promise((resolve, reject) => {
    const done = (failure: Failure | null): void => (failure === null ? resolve() : reject(failure));
    member.propose(RequestKind.Compact, encodeCompactionRequest(request), request, done);
  });
}

function follower(cluster: TestCluster, leader: Member): Member {
  return cluster.running.find((member) => member !== leader)!;
}

t.test('a follower that has applied something else is named, and nothing is written any more', async (t) => {
  const cluster = await started(t, 3, onlyDigests);
  const leader = await cluster.leader();
  const wrong = follower(cluster, leader);
  await write(leader);
  damage(wrong);
  await write(leader, 100).catch(() => {});
  await until('an alarm', () => namedBy(leader).length > 0);
  t.same(namedBy(leader), [wrong.id]);
  await t.rejects(put(leader, 'more', 'x'), new Failure('corrupt'));
  await linearize(leader);
});

t.test('a leader that has applied something else is named by the majority', async (t) => {
  const cluster = await started(t, 3, onlyDigests);
  const leader = await cluster.leader();
  damage(leader);
  await write(leader).catch(() => {});
  await until('an alarm', () => namedBy(leader).length > 0);
  t.same(namedBy(leader), [leader.id]);
});

t.test('of two that differ nobody can be named', async (t) => {
  const cluster = await started(t, 2, onlyDigests);
  const leader = await cluster.leader();
  damage(follower(cluster, leader));
  await write(leader).catch(() => {});
  await until('an alarm', () => namedBy(leader).length > 0);
  t.same(namedBy(leader), ['']);
});

t.test('a record that changed on disk is found by its hash', async (t) => {
  const cluster = await started(t, 3, { digestCheckMs: 30, hashCheckMs: 60 });
  const leader = await cluster.leader();
  const wrong = follower(cluster, leader);
  await write(leader);
  await linearize(wrong);
  t.same(namedBy(leader), [], 'no alarm while all is well');
  damageDisk(cluster, wrong, 7);
  await until('an alarm', () => namedBy(leader).length > 0);
  t.same(namedBy(leader), [wrong.id]);
});

t.test('and at a compaction, where that is wanted alone', async (t) => {
  const cluster = await started(t, 3, { digestCheckMs: 0, compactHashCheckMs: 60 });
  const leader = await cluster.leader();
  const wrong = follower(cluster, leader);
  await write(leader);
  await linearize(wrong);
  damageDisk(cluster, wrong, 7);
  await compact(leader, 20);
  await until('an alarm', () => namedBy(leader).length > 0);
  t.same(namedBy(leader), [wrong.id]);
});

t.test('a member that finds at its start that it differs gives up', async (t) => {
  const cluster = await started(t, 3, {});
  const leader = await cluster.leader();
  const index = cluster.indexOf(follower(cluster, leader));
  await write(leader);
  // The digest that a start computes begins behind the last compaction.
  await compact(leader, 20);
  await linearize(cluster.member(index));
  damageDisk(cluster, cluster.member(index), 7);
  await cluster.stop(index);
  const limits = { ...cluster.limits, hashCheckAtStart: true };
  await cluster.start(index, { limits });
  await until('its end', () => cluster.seats[index]!.fatal !== null);
  t.match(cluster.seats[index]!.fatal, { reason: 'corrupt' });
  cluster.seats[index]!.member = null;
});

t.test('members that agree go on without alarm, through compaction, leases and a new leader', async (t) => {
  const limits = { digestCheckMs: 30, hashCheckMs: 60, compactHashCheckMs: 60, hashCheckAtStart: true };
  const cluster = await started(t, 3, limits);
  const leader = await cluster.leader();
  await write(leader);
  const target = follower(cluster, leader);
  await new Promise<void>((resolve) => leader.moveLeader(target.id, () => resolve()));
  const next = await cluster.leader();
  await compact(next, 15);
  for (let round = 0; round < 4; round++) {
    await write(next, round * 100);
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  t.same(namedBy(next), []);
  t.same(
    cluster.seats.map(({ fatal }) => fatal),
    [null, null, null],
  );
});
