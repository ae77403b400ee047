import t, { type Test } from 'tap';
import { MemoryImage } from '../../src/backend/memory-backend.ts';
import type { Member } from '../../src/member/member.ts';
import { StateRebuild } from '../../src/member/rebuild.ts';
import { AlarmKind, type MemberLimits } from '../../src/member/types.ts';
import { revisionKey } from '../../src/mvcc/revision.ts';
import { Failure } from '../../src/util/failure.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { decodeSegmentHeader, parseSegmentName } from '../../src/wal/segment.ts';
import { segmentSteps } from '../../src/wal/segment-check.ts';
import { failing } from '../suites/failing.ts';
import { until } from '../waiting.ts';
import { changeMembers, get, linearize, put, putRequest, TestCluster } from './cluster.ts';

const watching: Partial<MemberLimits> = { digestCheckMs: 30 };
/** The log is cut early, so that a state is needed and entries alone do not do. */
const shortLog: Partial<MemberLimits> = {
  catchUpEntries: 1,
  catchUpBytes: 100,
  flushMs: 10,
  walSegmentBytes: 4096,
};

async function started(t: Test, count: number, limits: Partial<MemberLimits>): Promise<TestCluster> {
  const cluster = await new TestCluster(count, limits).startAll();
  t.teardown(() => cluster.close());
  await cluster.leader();
  return cluster;
}

async function write(member: Member, from = 0): Promise<void> {
  for (let index = from; index < from + 40; index++) await put(member, `key ${index}`, 'value');
}

/** A put that no log knows of. */
function damage(member: Member): void {
  member.store.put(putRequest('stray', 'x'));
}

function isNamed(member: Member): boolean {
  return member.alarms().some(({ alarm }) => alarm === AlarmKind.Corrupt);
}

function hash(member: Member): Promise<string> {
  return new Promise((resolve, reject) => {
    member.store.hashKv(0, (error, result) =>
      error === null ? resolve(JSON.stringify(result)) : reject(error),
    );
  });
}

async function agree(t: Test, cluster: TestCluster): Promise<void> {
  for (const member of cluster.running) await linearize(member);
  const hashes = await Promise.all(cluster.running.map(hash));
  t.equal(new Set(hashes).size, 1, hashes.join(' '));
  t.equal(new Set(cluster.running.map(({ digest }) => digest)).size, 1);
}

async function cutLog(cluster: TestCluster, index: number): Promise<void> {
  const leader = await cluster.leader();
  for (let i = 0; i < 30; i++) await put(leader, 'filler', 'v'.repeat(1000));
  await until('old segments are gone', () => !cluster.seats[index]!.disk.list('wal')[0]!.includes('01.wal'));
}

for (const which of ['follower', 'leader'] as const) {
  t.test(
    `a ${which} that differs from the majority answers nobody, is rebuilt and serves again`,
    async (t) => {
      const cluster = await started(t, 3, watching);
      const leader = await cluster.leader();
      const wrong = which === 'leader' ? leader : cluster.running.find((member) => member !== leader)!;
      const { id } = wrong;
      await write(leader);
      damage(wrong);
      await write(leader, 100).catch(() => {});
      await until('it notices', () => wrong.isRebuilding);
      await t.rejects(linearize(wrong), new Failure('corrupt'));
      await t.rejects(put(wrong, 'more', 'x'), new Failure('corrupt'));
      await until('the alarm is gone', () => cluster.running.every((member) => !isNamed(member)));
      await until('it serves', () => !wrong.isRebuilding);
      t.equal(wrong.id, id, 'it is who it was');
      t.equal(get(wrong, 'stray'), null);
      await write(await cluster.leader(), 200);
      await agree(t, cluster);
      t.ok(
        (await cluster.leader()).members().every(({ isLearner }) => !isLearner),
        'and has its vote',
      );
    },
  );
}

t.test('of two that differ nobody rebuilds himself from the other', async (t) => {
  const cluster = await started(t, 2, watching);
  const leader = await cluster.leader();
  await write(leader);
  damage(cluster.running.find((member) => member !== leader)!);
  await write(leader, 100).catch(() => {});
  await until('an alarm', () => cluster.running.every(isNamed));
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(cluster.running.every((member) => isNamed(member) && !member.isRebuilding));
});

t.test('where all three differ nobody is rebuilt', async (t) => {
  const cluster = await started(t, 3, watching);
  const leader = await cluster.leader();
  await write(leader);
  cluster.running.forEach((member, index) => {
    for (let i = 0; i < index; i++) damage(member);
  });
  await write(leader, 100).catch(() => {});
  await until('an alarm', () => cluster.running.every(isNamed));
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.same(leader.alarms(), [{ memberId: '', alarm: AlarmKind.Corrupt, isFound: true }]);
  t.ok(cluster.running.every((member) => !member.isRebuilding));
});

t.test('an alarm that an operator raises makes nobody throw his state away', async (t) => {
  const cluster = await started(t, 3, watching);
  const leader = await cluster.leader();
  const record = {
    memberId: cluster.running.find((member) => member !== leader)!.id,
    alarm: AlarmKind.Corrupt,
  };
  const { encodeAlarm } = await import('../../src/member/applier.ts');
  const { RequestKind } = await import('../../src/member/types.ts');
  await new Promise<void>((resolve) => {
    leader.propose(RequestKind.AlarmRaise, encodeAlarm(record), null, () => resolve());
  });
  await until('the alarm', () => cluster.running.every(isNamed));
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.ok(cluster.running.every((member) => isNamed(member) && !member.isRebuilding));
});

t.test('a member that stops in the middle of it goes on with it', async (t) => {
  const cluster = await started(t, 3, { ...watching, ...shortLog });
  const leader = await cluster.leader();
  const wrong = cluster.running.find((member) => member !== leader)!;
  const index = cluster.indexOf(wrong);
  await write(leader);
  await cutLog(cluster, index);
  // It cannot be sent anything: only its own part is done.
  damage(wrong);
  await write(leader, 100).catch(() => {});
  await until('it has thrown its state away', () => cluster.seats[index]!.image.index === 0);
  await cluster.stop(index);
  if (cluster.seats[index]!.image.index !== 0) cluster.seats[index]!.image = new MemoryImage();
  const back = await cluster.start(index);
  await until('the alarm is gone', () => cluster.running.every((member) => !isNamed(member)));
  await until('it serves', () => !back.isRebuilding);
  await write(await cluster.leader(), 300);
  await agree(t, cluster);
});

t.test('a member whose state is lost keeps its log and its vote, and is sent a state', async (t) => {
  const cluster = await started(t, 3, shortLog);
  const leader = await cluster.leader();
  const index = cluster.indexOf(cluster.running.find((member) => member !== leader)!);
  await cutLog(cluster, index);
  const { id } = cluster.member(index);
  await cluster.stop(index);
  cluster.seats[index]!.image = new MemoryImage();
  const other = cluster.seats.findIndex((seat, at) => at !== index && seat.member !== leader);
  await cluster.stop(other);
  // Two of three: nothing is committed without the one that has no state yet.
  const back = await cluster.start(index);
  await t.rejects(linearize(back), new Failure('corrupt'), 'it does not answer before');
  await put(leader, 'with its log', 'alone');
  await until('it has a state', () => !back.isRebuilding);
  await linearize(back);
  t.equal(get(back, 'with its log'), 'alone');
  t.equal(back.id, id);
  await cluster.start(other);
  await agree(t, cluster);
});

t.test('a log that reaches back to its beginning brings a lost state back alone', async (t) => {
  const cluster = await started(t, 3, {});
  const leader = await cluster.leader();
  await write(leader);
  const index = cluster.indexOf(cluster.running.find((member) => member !== leader)!);
  await cluster.stop(index);
  cluster.seats[index]!.image = new MemoryImage();
  const back = await cluster.start(index);
  await linearize(back);
  t.equal(get(back, 'key 7'), 'value');
  await agree(t, cluster);
});

t.test('a state that changed on disk is refused, as one that is to be moved aside', async (t) => {
  const cluster = await started(t, 3, {});
  const leader = await cluster.leader();
  await write(leader);
  const index = cluster.indexOf(cluster.running.find((member) => member !== leader)!);
  await linearize(cluster.member(index));
  const { backend } = cluster.seats[index]!;
  const record = Buffer.from(backend!.get(revisionKey(9, 0, false))!);
  record[record.length - 1]! ^= 1;
  backend!.put(revisionKey(9, 0, false), record);
  await cluster.stop(index);
  await t.rejects(cluster.start(index), failing('backendDamaged', /is not the one that was written/));
});

t.test('without repair a member that lost its state is refused', async (t) => {
  const cluster = await started(t, 3, shortLog);
  const leader = await cluster.leader();
  const index = cluster.indexOf(cluster.running.find((member) => member !== leader)!);
  await cutLog(cluster, index);
  await cluster.stop(index);
  cluster.seats[index]!.image = new MemoryImage();
  await t.rejects(cluster.start(index, { selfRepair: false }), failing('backendDamaged'));
});

t.test('a member that was away when it was removed is told, and stops', async (t) => {
  const cluster = await started(t, 3, {});
  const leader = await cluster.leader();
  const index = cluster.indexOf(cluster.running.find((member) => member !== leader)!);
  const { id } = cluster.member(index);
  await until('all have told their names', () => leader.members().every(({ name }) => name !== ''));
  await cluster.stop(index);
  await new Promise<void>((resolve, reject) => {
    leader.changeMembers({ kind: 'remove', id }, (failure) =>
      failure === null ? resolve() : reject(failure),
    );
  });
  // Links to it are given up after a while.
  await new Promise((resolve) => setTimeout(resolve, 3 * cluster.limits.electionMs));
  await cluster.start(index);
  await until('it gives up', () => cluster.seats[index]!.fatal !== null);
  t.match(cluster.seats[index]!.fatal, { reason: 'memberRemoved' });
  cluster.seats[index]!.member = null;
});

t.test(
  'a state that is damaged on disk is replaced by the leader’s while its member runs, also where it led',
  async (t) => {
    const cluster = await started(t, 3, { digestCheckMs: 3_600_000, electionMs: 1000 });
    const [first, second] = [
      await cluster.leader(),
      cluster.running.find(({ raft }) => raft.role !== 'leader')!,
    ];
    await write(first);
    for (const member of [second, first]) {
      await linearize(member);
      // It shows which state is there: comparisons are off, so nobody else throws it away.
      damage(member);
      t.ok(member.replaceState());
      await until('it has another state', () => {
        if (member.isRebuilding || member.isInstalling) return false;
        // Offers of leadership may come to nothing where the machine is busy; the scrub would come again, too.
        return get(member, 'stray') === null || !member.replaceState();
      });
      await put(member, `after ${member.id}`, 'value');
    }
    t.notOk(
      cluster.seats.some(({ fatal }) => fatal !== null),
      'nobody gave up',
    );
    await agree(t, cluster);
  },
);

t.test(
  'where nobody takes leadership, a leader whose state is damaged on disk leads on with it',
  async (t) => {
    const log: string[] = [];
    let offers = 0;
    const member = {
      ...{ id: 'a', leader: 'a', isHollow: false, isReplacingState: false, isNamed: () => false },
      handOver: () => {
        offers++;
      },
      stepDown: () => t.fail('it stepped down'),
      discardState: () => t.fail('it threw its state away'),
      ...{ callLeader: () => {}, compareKeys: () => {}, clearAlarm: () => {} },
    };
    const told = { ...silentLogger, error: (text: string) => log.push(text) };
    const rebuild = new StateRebuild(member, true, { now: () => 0 }, told);
    t.ok(rebuild.condemn());
    for (let tick = 0; tick < 1000; tick++) rebuild.tick();
    t.equal(offers, 3);
    t.notOk(rebuild.isUnderWay, 'and answers its clients');
    t.match(log, ['nobody else can lead: the damaged state stays for now']);
  },
);

t.test('alone, there is nobody to have a state from', async (t) => {
  const cluster = await started(t, 1, {});
  t.notOk(cluster.member(0).replaceState());
});

t.test(
  'a log that is damaged on disk is let go of up to what the state holds, and the member goes on with the rest',
  async (t) => {
    const cluster = await started(t, 1, { walSegmentBytes: 4096 });
    const member = cluster.member(0);
    for (let i = 0; i < 40; i++) await put(member, `key ${i}`, 'v'.repeat(1000));
    const { disk } = cluster.seats[0]!;
    const segments = (): string[] => disk.list('wal').filter((name) => name.endsWith('.wal'));
    const [oldest] = segments();
    t.ok(segments().length > 3, 'nothing was let go of before');
    member.shedLog();
    await until('the old segments are gone', () => segments().length <= 2);
    t.notOk(segments().includes(oldest!));
    await put(member, 'after', 'value');
    await cluster.stop(0);
    const again = await cluster.start(0);
    await linearize(again);
    t.equal(again.store.keyCount, 41);
  },
);

t.test('where the segment that is written to is damaged on disk, the log goes on without it', async (t) => {
  const cluster = await started(t, 1, { walSegmentBytes: 1024 * 1024 });
  const member = cluster.member(0);
  for (let i = 0; i < 40; i++) await put(member, `key ${i}`, 'v'.repeat(1000));
  const { disk } = cluster.seats[0]!;
  const { path, bytes } = member.durableLog;
  const file = disk.open(path);
  const at = Math.floor(bytes / 2);
  file.writeSync(Buffer.from([file.readSync(at, 1)[0]! ^ 4]), at);
  file.closeSync();
  const fault = (): unknown => {
    const { path: newest, bytes: durable } = member.durableLog;
    const steps = segmentSteps(disk, newest, durable);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  };
  t.match(fault(), { path }, 'it shows');
  member.renewLog();
  await until('another one is written to', () => member.durableLog.path !== path);
  t.equal(fault(), null);
  member.shedLog();
  await until('it is gone', () => !disk.exists(path));
  await put(member, 'after', 'value');
  await cluster.stop(0);
  const again = await cluster.start(0);
  await linearize(again);
  t.equal(again.store.keyCount, 41);
});

t.test(
  'the first member of a cluster that grew long ago has a state that is lost from the others, and one that is alone again does not wait for any',
  async (t) => {
    const cluster = await started(t, 1, shortLog);
    const first = cluster.member(0);
    await until('it is published', () => first.members().every(({ name }) => name !== ''));
    const { member } = await changeMembers(first, {
      kind: 'add',
      peerUrls: ['http://m2:2380'],
      isLearner: false,
    });
    const second = await cluster.start(cluster.addSeat(), {
      join: { origin: first.origin(), memberId: member.id },
    });
    await until('it votes', () => !second.isLearner && first.raft.conf.voters.length === 2);
    await cutLog(cluster, 0);
    await cluster.stop(0);
    cluster.seats[0]!.image = new MemoryImage();
    const back = await cluster.start(0);
    await until('it has a state', () => !back.isInstalling);
    await agree(t, cluster);

    await changeMembers(await cluster.leader(), { kind: 'remove', id: second.id });
    await cluster.stop(1);
    await until('it is alone', () => back.raft.conf.voters.length === 1 && back.raft.role === 'leader');
    // A segment that began before it knew says that there are others, and counts as long as it is there.
    const { disk } = cluster.seats[0]!;
    const saysOthers = (name: string): boolean => {
      const file = disk.open(`wal/${name}`);
      const header = decodeSegmentHeader((offset, length) => file.readSync(offset, length));
      file.closeSync();
      return typeof header !== 'string' && header.header.hasOthers;
    };
    const segments = (): string[] => disk.list('wal').filter((name) => parseSegmentName(name) !== null);
    const isCut = (): boolean => !segments()[0]!.includes('01.wal') && !segments().some(saysOthers);
    for (let i = 0; i < 1000 && !isCut(); i++) await put(back, 'filler', 'v'.repeat(1000));
    t.ok(isCut());
    await cluster.stop(0);
    cluster.seats[0]!.image = new MemoryImage();
    await t.rejects(cluster.start(0), failing('backendDamaged', /the log begins after/));
  },
);
