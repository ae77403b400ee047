import t from 'tap';

import type { WalMutant } from '../../src/wal/types.ts';
import {
  everythingSurvives,
  FaultDisk,
  nothingSurvives,
  PowerFailure,
  prefixSurvival,
  randomSurvival,
  type Survival,
} from './fault-disk.ts';
import { appendNow, contentOf, entriesOf, generator, makeWorld, newLog, openLog, settle } from './harness.ts';
import { judgeCrash, Life } from './workload.ts';

/** Lives the life of `seed` until the power fails in operation `crashAt`. */
function lifeOf(seed: number, crashAt: number, mutant: WalMutant | null, steps = 25): Life {
  const world = makeWorld(seed);
  const disk = new FaultDisk(world.defer);
  disk.crashAt = crashAt;
  const delays = generator(seed);
  disk.delay = () => (seed % 2 === 0 ? 0 : delays() % 12);
  const life = new Life(world, disk, undefined, mutant);
  try {
    life.open(true);
    life.live(steps);
    world.run();
  } catch (error) {
    if (!(error instanceof PowerFailure) && disk.powered) throw error;
  }
  return life;
}

function survivalsOf(seed: number): [string, Survival][] {
  const uint32 = generator(seed);
  return [
    ['nothing', nothingSurvives],
    ['everything', everythingSurvives],
    ['sectors', randomSurvival(uint32)],
    ['other sectors', randomSurvival(uint32)],
    ['prefixes', prefixSurvival(uint32)],
  ];
}

/** Crashes a life in every operation, with every survival; the first problem found, or null. */
function torture(
  seed: number,
  mutant: WalMutant | null,
  onCrash: (life: Life) => void = () => {},
): string | null {
  const { operations } = lifeOf(seed, Number.POSITIVE_INFINITY, mutant).disk;
  for (let crashAt = 1; crashAt <= operations; crashAt++) {
    const life = lifeOf(seed, crashAt, mutant);
    onCrash(life);
    for (const [name, survival] of survivalsOf(seed * 1000 + crashAt)) {
      const world = makeWorld(seed + crashAt);
      const { problem } = judgeCrash(life, world, life.disk.crash(survival, world.defer));
      if (problem !== null) return `seed ${seed}, operation ${crashAt}, surviving ${name}: ${problem}`;
    }
  }
  return null;
}

t.test('whatever a crash at any operation leaves, what is recovered has everything acknowledged', (t) => {
  let crashes = 0;
  let acknowledged = 0;
  let reused = 0;
  for (let seed = 1; seed <= 16; seed++) {
    const problem = torture(seed, null, (life) => {
      crashes++;
      const { journal } = life.disk;
      if (journal.slice(journal.indexOf('rename spare.tmp') + 1).includes('rename next.tmp')) reused++;
      acknowledged += life.acknowledged;
    });
    t.equal(problem, null);
  }
  t.ok(crashes > 1000, `${crashes} crashes`);
  t.ok(acknowledged > crashes, 'and there was something to lose');
  t.ok(reused > 100, `after ${reused} of them a file that was used again was there`);
  t.end();
});

t.test(
  'what a start has read and built upon is there after the next crash, whatever the first one left undone',
  (t) => {
    for (let seed = 1; seed <= 4; seed++) {
      const { operations } = lifeOf(seed, Number.POSITIVE_INFINITY, null).disk;
      for (let crashAt = 1; crashAt <= operations; crashAt++) {
        const life = lifeOf(seed, crashAt, null);
        const world = makeWorld(seed + crashAt);
        // Only the process dies; the next one appends something, and then the power fails.
        const { problem, next } = judgeCrash(life, world, life.disk.kill(world.defer));
        if (next === null) {
          t.fail(`seed ${seed}, operation ${crashAt}: ${problem}`);
          continue;
        }
        next.live(1);
        world.run();
        const after = makeWorld(seed);
        const judged = judgeCrash(next, after, next.disk.crash(nothingSurvives, after.defer));
        if (judged.problem !== null)
          t.fail(`seed ${seed}, operation ${crashAt}, second crash: ${judged.problem}`);
      }
    }
    t.pass('no crash lost anything');
    t.end();
  },
);

t.test('a log lives through crash after crash, also while it recovers', (t) => {
  let lives = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const uint32 = generator(seed + 500);
    let life = lifeOf(seed, 20 + (uint32() % 150), null);
    for (let crash = 0; crash < 8; crash++) {
      const [name, survival] = survivalsOf(uint32())[uint32() % 5]!;
      let world = makeWorld(uint32());
      let disk = uint32() % 3 === 0 ? life.disk.kill(world.defer) : life.disk.crash(survival, world.defer);
      // The first start may not get far: the power fails again in one of its first operations.
      disk.crashAt = 1 + (uint32() % 12);
      try {
        openLog(world, disk);
      } catch (error) {
        if (disk.powered) t.fail(`seed ${seed}, crash ${crash}, ${name}: ${(error as Error).message}`);
      }
      world = makeWorld(uint32());
      disk =
        uint32() % 3 === 0
          ? disk.kill(world.defer)
          : disk.crash(survivalsOf(uint32())[uint32() % 5]![1], world.defer);
      const { problem, next } = judgeCrash(life, world, disk);
      if (next === null) {
        t.fail(`seed ${seed}, crash ${crash}, surviving ${name}: ${problem}`);
        break;
      }
      disk.crashAt = disk.operations + 1 + (uint32() % (uint32() % 2 === 0 ? 5 : 100));
      try {
        next.live(20);
      } catch (error) {
        if (disk.powered) throw error;
      }
      life = next;
      lives++;
    }
  }
  t.equal(lives, 60 * 8);
  t.end();
});

t.test(
  'a write torn at any byte, from the front, the back or in the middle, is cut to whole records',
  (t) => {
    const { world, disk, wal } = newLog();
    appendNow(world, wal, entriesOf(1, 3, 1, 30));
    // Two appends in one group: two records, of which the first may get there alone.
    wal.append(entriesOf(4, 1, 1), null, () => {});
    wal.append(entriesOf(5, 2, 1, 40), null, () => {});
    wal.append(entriesOf(7, 2, 1, 50), { term: 1, vote: 'a', commit: 8 }, () => {});
    world.run(2);
    const length = 300;
    const seen = new Set<number>();
    for (let cut = 0; cut <= length; cut++) {
      const shapes: Survival[] = [
        { name: () => true, byte: (_write, at) => at < cut },
        { name: () => true, byte: (_write, at) => at >= cut },
        { name: () => true, byte: (_write, at) => at !== cut },
        { name: () => true, byte: (_write, at) => at % 64 !== cut % 64 },
      ];
      for (const survival of shapes) {
        const { entries, hardState } = contentOf(disk.crash(survival));
        t.ok(
          [4, 6, 8].includes(entries.length) || entries.length === 4,
          `${entries.length} entries, cut at ${cut}`,
        );
        t.equal(hardState.commit, entries.length === 8 ? 8 : 0);
        seen.add(entries.length);
      }
    }
    t.same([...seen].sort(), [4, 6, 8]);
    t.end();
  },
);

t.test('what was cut does not come back when the same is appended again', (t) => {
  const { world, disk, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 2, 1));
  wal.append(entriesOf(3, 1, 1, 600), null, () => {});
  wal.append(entriesOf(4, 1, 1, 600), null, () => {});
  wal.append(entriesOf(5, 1, 1, 600), null, () => {});
  world.run(2);
  // Of the group of 4 and 5, the beginning is lost.
  const torn = disk.crash({ name: () => true, byte: (_write, at) => at >= 100 });
  const opened = openLog(world, torn);
  t.equal(opened.recovered.entries.length, 3);
  t.ok(opened.recovered.tornBytes > 1000);
  t.equal(contentOf(torn).tornBytes, 0, 'what was cut is gone from the file');
  appendNow(world, opened.wal, entriesOf(4, 1, 1, 600));
  t.equal(contentOf(torn).entries.length, 4);
  t.end();
});

t.test('what recovery read is durable before anybody acts on it, even after a sync that failed', (t) => {
  const { world, disk, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 1, 1));
  disk.failWhen = (line) => line.startsWith('sync 0000');
  wal.append(entriesOf(2, 1, 1), { term: 1, vote: 'a', commit: 0 }, () => {});
  world.run();
  disk.failWhen = () => false;
  // Only the process ends: the next one reads what the system still has in memory, and votes accordingly.
  const { recovered } = openLog(world, disk);
  t.equal(recovered.hardState.vote, 'a');
  t.equal(contentOf(disk.crash(nothingSurvives)).hardState.vote, 'a');
  t.end();
});

t.test('an error of the disk ends the log: everybody who waits is told, nothing more is written', (t) => {
  for (const kind of ['write', 'sync']) {
    const { world, disk, wal } = newLog();
    appendNow(world, wal, entriesOf(1, 1, 1));
    disk.failWhen = (line) => line.startsWith(`${kind} 0000`);
    const told: string[] = [];
    const tell = (error: Error | null): void =>
      void told.push((error as { reason?: string } | null)?.reason ?? 'fine');
    wal.append(entriesOf(2, 1, 1), null, tell);
    wal.append(entriesOf(3, 1, 1), null, tell);
    world.run();
    disk.failWhen = () => false;
    const before = disk.operations;
    wal.append(entriesOf(4, 1, 1), null, tell);
    wal.restart({ index: 9, term: 1 }, { term: 1, vote: '', commit: 9 }, tell);
    t.equal(told.length, 2, 'never before the call returns');
    wal.release(1);
    world.run();
    t.same(told, ['diskFailed', 'diskFailed', 'diskFailed', 'diskFailed']);
    t.equal(disk.operations, before, 'nothing is tried again');
    t.match(wal.failure, {
      reason: 'diskFailed',
      message: /ing \/data\/wal\/0000000000000001.wal failed: EIO/,
    });
    settle(world, (done) => wal.close(done));
    t.equal(contentOf(disk.crash(nothingSurvives)).entries.length, 1);
  }
  t.end();
});

t.test('an error in the file being made ahead ends the log as well, and leaves no file open', (t) => {
  // It is filled first, and given its header when its turn has come.
  for (const kind of ['write', 'sync']) {
    for (const times of [1, 2]) {
      const { world, disk, wal } = newLog();
      let left = times;
      disk.failWhen = (line) => line === `${kind} next.tmp` && --left === 0;
      let failure: Error | null = null;
      for (let i = 1; i <= 30 && failure === null; i++) {
        wal.append(entriesOf(i, 1, 1, 200), null, (error) => {
          failure = error;
        });
        world.run();
      }
      t.match(failure, { reason: 'diskFailed' });
      settle(world, (done) => wal.close(done));
      const open = [...disk.names].filter(([, { handles }]) => handles > 0).map(([path]) => path);
      t.same(open, [], `${kind} ${times}`);
    }
  }
  t.end();
});

t.test('a crash while a log is created leaves none, or one that opens', (t) => {
  for (let crashAt = 1; crashAt < 12; crashAt++) {
    for (const [name, survival] of survivalsOf(crashAt)) {
      const world = makeWorld(1);
      const disk = new FaultDisk(world.defer);
      disk.crashAt = crashAt;
      t.ok(
        judgeCrash(lifeOf(1, crashAt, null, 0), world, disk.crash(survival)).problem === null,
        `${crashAt} ${name}`,
      );
    }
  }
  t.end();
});

t.test('each rule is needed: without it, crashes lose what was acknowledged', (t) => {
  for (const mutant of ['ackBeforeSync', 'skipDirectorySync'] as const) {
    let caught: string | null = null;
    for (let seed = 1; seed <= 6 && caught === null; seed++) caught = torture(seed, mutant);
    t.ok(caught !== null, `${mutant} is caught: ${caught}`);
  }
  t.end();
});

t.test('going on after an error loses what was acknowledged', (t) => {
  for (const [mutant, lost] of [
    ['goOnAfterError', true],
    [null, false],
  ] as const) {
    const { world, disk, wal } = newLog({ mutant });
    disk.failWhen = (line) => line.startsWith('sync 0000');
    let acknowledged = 0;
    wal.append(entriesOf(1, 1, 1), null, (error) => {
      if (error === null) acknowledged = 1;
    });
    world.run();
    const recovered = contentOf(disk.crash(nothingSurvives)).entries.length;
    t.equal(recovered < acknowledged, lost);
  }
  t.end();
});
