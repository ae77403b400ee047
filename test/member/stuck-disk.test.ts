import t from 'tap';
import { requestCount } from '../../src/member/envelope.ts';
import type { Disk, DiskDone, DiskFile } from '../../src/util/disk.ts';
import { until } from '../waiting.ts';
import { get, linearize, put, TestCluster } from './cluster.ts';

/** A disk that can be made to take nothing: what is given to it is written when it is released. */
class StickyDisk {
  readonly disk: Disk;
  #isStuck = false;
  #held: (() => void)[] = [];

  constructor(disk: Disk) {
    this.disk = this.#wrapped(disk, (name, value) =>
      name === 'create' || name === 'open' ? (path: never) => this.#file(value(path) as DiskFile) : null,
    );
  }

  stick(): void {
    this.#isStuck = true;
  }

  release(): void {
    this.#isStuck = false;
    for (const work of this.#held.splice(0)) work();
  }

  #file(file: DiskFile): DiskFile {
    return this.#wrapped(file, (name) => {
      if (name !== 'sync') return null;
      return (done: DiskDone) => {
        if (this.#isStuck) this.#held.push(() => file.sync(done));
        else file.sync(done);
      };
    });
  }

  /** As `target`, but for the methods that `instead` has another one for. */
  #wrapped<T extends object>(
    target: T,
    instead: (name: string, value: (...args: never[]) => unknown) => unknown,
  ): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const bound = value.bind(target) as (...args: never[]) => unknown;
        return instead(String(name), bound) ?? bound;
      },
    });
  }
}

function stickyDisks(cluster: TestCluster): StickyDisk[] {
  return cluster.seats.map((seat) => {
    const sticky = new StickyDisk(seat.disk);
    seat.disk = sticky.disk;
    return sticky;
  });
}

t.test('a leader whose disk is stuck hands leadership on, and writes go on', async (t) => {
  const cluster = new TestCluster(3, { electionMs: 100, heartbeatMs: 20 });
  t.teardown(() => cluster.close());
  const disks = stickyDisks(cluster);
  await cluster.startAll();
  const leader = await cluster.leader();
  await put(leader, 'before', '1');
  const stuck = disks[cluster.indexOf(leader)]!;
  // One that has just been elected would have more patience.
  await new Promise((resolve) => setTimeout(resolve, 10 * 100));
  stuck.stick();
  const caught = put(leader, 'caught', '2').catch((error: Error) => error);
  await until('another leader', () =>
    cluster.running.some((member) => member !== leader && member.raft.role === 'leader'),
  );
  const next = cluster.running.find((member) => member !== leader && member.raft.role === 'leader')!;
  await put(next, 'after', '3');
  await linearize(next);
  t.equal(get(next, 'after'), '3');
  stuck.release();
  await caught;
  await until('the old leader to catch up', () => get(leader, 'after') === '3');
  t.equal(get(next, 'before'), '1');
});

t.test('what comes while the disk of a leader is busy shares an entry, whenever it came', async (t) => {
  const cluster = new TestCluster(3, { electionMs: 1000, heartbeatMs: 100 });
  t.teardown(() => cluster.close());
  const disks = stickyDisks(cluster);
  await cluster.startAll();
  const leader = await cluster.leader();
  await put(leader, 'before', '1');
  await until('rest', () => leader.raft.isSettled);
  const disk = disks[cluster.indexOf(leader)]!;
  const first = leader.raft.lastIndex + 1;
  disk.stick();
  const answers = [put(leader, 'a', '1')];
  await until('the first to be proposed', () => leader.raft.lastIndex === first);
  for (const key of ['b', 'c', 'd']) {
    answers.push(put(leader, key, '1'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.equal(leader.raft.lastIndex, first, 'the others wait for the disk');
  disk.release();
  await Promise.all(answers);
  t.equal(requestCount(leader.raft.entryAt(first)!.data), 1);
  t.equal(requestCount(leader.raft.entryAt(first + 1)!.data), 3);
  await until('the others to have it', () => cluster.running.every((member) => get(member, 'd') === '1'));
});
