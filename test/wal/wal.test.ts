import { crc32 } from 'node:zlib';
import t from 'tap';

import { memoryDisk } from '../../src/util/memory-disk.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { WalEntry } from '../../src/wal/types.ts';
import { Wal } from '../../src/wal/wal.ts';
import type { FaultDisk } from './fault-disk.ts';
import {
  appended,
  appendNow,
  contentOf,
  difference,
  emptyContent,
  entriesOf,
  type LogContent,
  makeWorld,
  metadata,
  newLog,
  openLog,
  segmentPaths,
  settle,
  type World,
} from './harness.ts';

t.test('what was appended comes back: entries, hard state and metadata', (t) => {
  const { world, disk, wal } = newLog();
  const entries: WalEntry[] = [
    { index: 1, term: 1, type: 0, data: new Uint8Array(0) },
    { index: 2, term: 1, type: 1, data: Buffer.from('config') },
    { index: 3, term: 2, type: 0, data: Buffer.alloc(9000, 'large, not copied ') },
    { index: 4, term: 2, type: 0, data: Buffer.alloc(20_000, 'x') },
    { index: 5, term: 2 ** 40, type: 0, data: Buffer.from('a term beyond 32 bits') },
  ];
  appendNow(world, wal, entries, { term: 2 ** 40, vote: 'κéel-'.repeat(5), commit: 3 });
  appendNow(world, wal, [], { term: 2 ** 40, vote: '', commit: 4 });
  t.equal(wal.lastIndex, 5);
  settle(world, (done) => wal.close(done));
  const recovered = contentOf(disk);
  t.equal(
    difference(
      recovered,
      { ...emptyContent(), entries, hardState: { term: 2 ** 40, vote: '', commit: 4 } },
      0,
    ),
    null,
  );
  t.same(recovered.metadata, new Uint8Array(metadata));
  t.equal(recovered.tornBytes, 0);
  t.equal(recovered.created, false);
  t.end();
});

t.test('a new log is created when asked for, and its absence is refused otherwise', (t) => {
  const { world, disk, wal } = newLog();
  settle(world, (done) => wal.close(done));
  const { recovered } = openLog(world, disk);
  t.equal(recovered.created, false);
  t.same(recovered.base, { index: 0, term: 0 });
  t.throws(() => contentOf(disk.with({ [segmentPaths(disk)[0]!]: null })), {
    reason: 'walDamaged',
    message: /there is no write-ahead log in \/data\/wal, though this member has run before/,
  });
  t.end();
});

t.test('a log that a later version wrote is refused as that, and one of the first version is read', (t) => {
  const { world, disk, wal } = newLog();
  settle(world, (done) => wal.close(done));
  const path = segmentPaths(disk)[0]!;
  const written = disk.content(path);
  const ofVersion = (version: number): FaultDisk => {
    const bytes = Buffer.from(written);
    bytes.writeUInt16LE(version, 38);
    bytes.writeUInt32LE(crc32(bytes.subarray(12, bytes.readUInt32LE(12))), 8);
    return disk.with({ [path]: bytes });
  };
  t.equal(written.readUInt16LE(38), 2);
  t.same(contentOf(ofVersion(1)).entries, []);
  t.throws(() => contentOf(ofVersion(3)), {
    reason: 'dataDirNewer',
    message: 'a segment of the log has format 3, and this program knows formats up to 2',
  });
  t.end();
});

t.test('what is appended during a write is the next group: one write and one sync for all of it', (t) => {
  const { world, disk, wal } = newLog();
  disk.journal.length = 0;
  const order: number[] = [];
  for (let i = 0; i < 50; i++) {
    wal.append(
      entriesOf(1 + 2 * i, 2, 1),
      i % 2 === 0 ? null : { term: 1, vote: 'a', commit: i },
      (error) => {
        t.equal(error, null);
        order.push(i);
      },
    );
  }
  t.same(order, [], 'nobody is told before the call returns');
  world.run();
  const file = '0000000000000001.wal';
  t.same(disk.journal.slice(0, 4), [`write ${file}`, `sync ${file}`, `write ${file}`, `sync ${file}`]);
  t.same(
    order,
    Array.from({ length: 50 }, (_, i) => i),
    'told in the order of the appends',
  );
  t.equal(disk.journal.filter((line) => line === `sync ${file}`).length, 2);
  t.end();
});

t.test('appends made by an acknowledgement wait for the others of its group', (t) => {
  const { world, disk, wal } = newLog();
  disk.journal.length = 0;
  const again = (first: number) => () => wal.append(entriesOf(first, 1, 1), null, () => {});
  wal.append(entriesOf(1, 1, 1), null, () => {});
  wal.append(entriesOf(2, 1, 1), null, () => again(4)());
  wal.append(entriesOf(3, 1, 1), null, () => again(5)());
  world.run();
  t.equal(disk.journal.filter((line) => line.startsWith('sync')).length, 3);
  t.end();
});

t.test('nothing is acknowledged before the sync of its group has ended', (t) => {
  const { world, disk, wal } = newLog();
  disk.journal.length = 0;
  let syncs = -1;
  wal.append(entriesOf(1, 1, 1), null, () => {
    syncs = disk.journal.filter((line) => line.startsWith('sync')).length;
  });
  world.run(1);
  t.equal(syncs, -1);
  world.run(1);
  t.equal(syncs, 1);
  t.end();
});

t.test('entries that begin at or before the last one replace what is there', (t) => {
  const { world, disk, wal } = newLog();
  let content: LogContent = emptyContent();
  const add = (first: number, count: number, term: number): void => {
    content = appended(content, entriesOf(first, count, term), null);
    wal.append(entriesOf(first, count, term), null, () => {});
  };
  add(1, 10, 1);
  add(6, 2, 2);
  add(8, 5, 2);
  add(7, 1, 3);
  add(1, 3, 4);
  world.run();
  t.equal(wal.lastIndex, 3);
  t.equal(difference(contentOf(disk), content, 0), null);
  t.end();
});

t.test('what the log cannot hold is refused as a bug of the caller', (t) => {
  const { world, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 5, 3), { term: 3, vote: 'a', commit: 2 });
  const done = (): void => void t.fail('not accepted');
  t.throws(() => wal.append(entriesOf(7, 1, 3), null, done), /cannot be cut|cannot follow/);
  t.throws(() => wal.append(entriesOf(2, 1, 4), null, done), /is committed/);
  t.throws(() => wal.release(6), /not in the log/);
  t.throws(() => wal.append([], { term: 2, vote: '', commit: 2 }, done), /term cannot go back/);
  t.throws(() => wal.append([], { term: 3, vote: 'v'.repeat(65), commit: 2 }, done), /more than 64 bytes/);
  t.end();
});

t.test('an entry whose term is below the one before is refused', (t) => {
  const { world, wal } = newLog();
  appendNow(world, wal, entriesOf(1, 5, 3));
  t.throws(() => wal.append(entriesOf(6, 1, 2), null, () => {}), /has term 2, the one before 3/);
  t.end();
});

t.test('segments rotate: made ahead under another name, named and synced before use', (t) => {
  const { world, disk, wal } = newLog();
  let content: LogContent = emptyContent();
  for (let i = 1; i <= 60; i++) {
    content = appended(content, entriesOf(i, 1, 1, 200), null);
    appendNow(world, wal, entriesOf(i, 1, 1, 200));
  }
  const names = disk.list('/data/wal').filter((name) => name.endsWith('.wal'));
  t.ok(names.length >= 4, `${names.length} segments`);
  t.equal(difference(contentOf(disk), content, 0), null);

  const second = '0000000000000002.wal';
  const begins = disk.journal.indexOf(`rename ${second}`);
  t.same(
    disk.journal.slice(begins - 2, begins),
    ['write next.tmp', 'sync next.tmp'],
    'its header is durable first',
  );
  t.equal(disk.journal[begins + 1], 'names wal', 'its name is durable before anything is written to it');
  for (const path of segmentPaths(disk))
    t.ok(disk.content(path).length <= 4096, 'no segment outgrew its size');
  settle(world, (done) => wal.close(done));
  t.notOk(disk.list('/data/wal').includes('next.tmp'), 'closing takes the unused file away');
  t.end();
});

t.test('without preallocation segments rotate just the same', (t) => {
  const { world, disk, wal } = newLog({ preallocate: false });
  let content: LogContent = emptyContent();
  t.ok(disk.content(segmentPaths(disk)[0]!).length < 1024);
  for (let i = 1; i <= 40; i++) {
    content = appended(content, entriesOf(i, 1, 1, 200), null);
    appendNow(world, wal, entriesOf(i, 1, 1, 200));
  }
  t.ok(segmentPaths(disk).length >= 3);
  t.equal(difference(contentOf(disk, { preallocate: false }), content, 0), null);
  t.end();
});

t.test(
  'a log that is renewed goes on in another segment at once, written to or not, and loses nothing',
  (t) => {
    for (const preallocate of [true, false]) {
      const { world, disk, wal } = newLog({ preallocate });
      appendNow(world, wal, entriesOf(1, 3, 1), { term: 1, vote: 'a', commit: 2 });
      wal.renew();
      world.run();
      t.equal(segmentPaths(disk).length, 2, 'though there was room, and nothing more to write');
      t.equal(wal.durable.path, segmentPaths(disk)[1]);
      wal.append(entriesOf(4, 3, 1), null, () => {});
      wal.renew();
      appendNow(world, wal, entriesOf(7, 3, 1));
      t.equal(segmentPaths(disk).length, 3, 'in the middle of writes');
      const { hardState, entries } = contentOf(disk, { preallocate });
      t.same(hardState, { term: 1, vote: 'a', commit: 2 });
      t.equal(entries.length, 9);
      wal.release(9);
      world.run();
      t.equal(segmentPaths(disk).length, 1, 'what stood in them is let go of as ever');
      t.equal(
        contentOf(disk, { preallocate }).base.index + contentOf(disk, { preallocate }).entries.length,
        9,
      );
      wal.renew();
      settle(world, (done) => wal.close(done));
      t.equal(contentOf(disk, { preallocate }).entries.at(-1)?.index ?? contentOf(disk).base.index, 9);
    }
    t.end();
  },
);

t.test('that others have what it leads to is told when the entries that show it are gone', (t) => {
  const { world, disk, wal } = newLog({ preallocate: false });
  t.equal(contentOf(disk).hasOthers, false);
  const fill = (count: number): void => {
    for (let i = 0; i < count; i++) appendNow(world, wal, entriesOf(wal.lastIndex + 1, 1, 1, 3000));
  };
  wal.hasOthers = true;
  fill(6);
  wal.release(wal.lastIndex);
  world.run();
  t.equal(contentOf(disk).hasOthers, true);
  wal.hasOthers = false;
  t.equal(contentOf(disk).hasOthers, true, 'no segment says otherwise yet');
  fill(6);
  wal.release(wal.lastIndex);
  world.run();
  t.equal(contentOf(disk).hasOthers, false);
  settle(world, (done) => wal.restart({ index: 100, term: 1 }, { term: 1, vote: '', commit: 100 }, done));
  t.equal(contentOf(disk).hasOthers, true, 'the state that it goes on behind came from somebody');
  t.end();
});

t.test('a group larger than a segment is taken whole', (t) => {
  const { world, disk, wal } = newLog();
  const entries = entriesOf(1, 50, 1, 500);
  appendNow(world, wal, entries);
  appendNow(world, wal, entriesOf(51, 20, 1, 12_000));
  appendNow(world, wal, entriesOf(71, 1, 1));
  const content = {
    ...emptyContent(),
    entries: [...entries, ...entriesOf(51, 20, 1, 12_000), ...entriesOf(71, 1, 1)],
  };
  t.equal(difference(contentOf(disk), content, 0), null);
  t.end();
});

t.test('release removes whole older segments, oldest first, each durably, never the active one', (t) => {
  const { world, disk, wal } = newLog();
  let content: LogContent = emptyContent();
  for (let i = 1; i <= 60; i++) {
    content = appended(content, entriesOf(i, 1, 2, 200), null);
    appendNow(world, wal, entriesOf(i, 1, 2, 200));
  }
  const before = segmentPaths(disk);
  wal.release(0);
  world.run();
  t.same(segmentPaths(disk), before);

  disk.journal.length = 0;
  wal.release(30);
  t.same(disk.journal, [], 'not in the call itself');
  world.run();
  const removed = disk.journal.filter((line) => line.startsWith('remove') || line === 'rename spare.tmp');
  t.equal(removed[0], 'rename spare.tmp', 'the first one is kept under another name');
  t.ok(removed.length > 0 && removed.length < before.length - 1);
  t.same(
    disk.journal,
    removed.flatMap((line) => [line, 'names wal']),
  );
  const { base } = contentOf(disk);
  t.ok(base.index > 0 && base.index <= 30 && base.term === 2);
  t.equal(difference(contentOf(disk), content, 30), null);

  wal.release(60);
  wal.release(10);
  world.run();
  t.same(segmentPaths(disk), before.slice(-1));
  appendNow(world, wal, entriesOf(61, 1, 2));
  t.equal(difference(contentOf(disk), appended(content, entriesOf(61, 1, 2), null), 60), null);
  t.end();
});

/** A log whose segment in use stands in the file of one that was released, and what it holds. */
function logOnUsedFile(): { world: World; disk: FaultDisk; wal: Wal; content: LogContent; path: string } {
  const { world, disk, wal } = newLog();
  let content: LogContent = emptyContent();
  const reused = (): string | undefined =>
    segmentPaths(disk).find((path) => disk.content(path).readUInt32LE(76) === 1);
  for (let i = 1; reused() === undefined; i++) {
    if (i > 200) throw new Error('no file was used again');
    content = appended(content, entriesOf(i, 1, 2, 200), null);
    appendNow(world, wal, entriesOf(i, 1, 2, 200));
    if (i > 8) wal.release(i - 8);
    world.run();
  }
  return { world, disk, wal, content, path: reused()! };
}

t.test('the file of a released segment is used again, without being filled', (t) => {
  const { world, disk, wal, content, path } = logOnUsedFile();
  const whole = disk.content(path);
  t.equal(whole.length, 4096);
  t.not(whole.readUInt32LE(whole.length - 300), 0, 'what it held before is still there');
  t.same(
    disk.journal
      .slice(disk.journal.lastIndexOf('rename spare.tmp'))
      .filter((line) => line === 'write next.tmp').length,
    1,
    'only its header was written ahead',
  );
  const released = content.entries.length - 8;
  t.equal(difference(contentOf(disk), content, released), null);
  t.equal(contentOf(disk).tornBytes, 0, 'its old records are no torn write');
  settle(world, (done) => wal.close(done));
  t.notOk(
    disk.list('/data/wal').some((name) => name.endsWith('.tmp')),
    'closing takes unused files away',
  );
  const again = openLog(world, disk);
  t.equal(difference(again.recovered, content, released), null);
  t.end();
});

t.test(
  'a write torn at any byte of a file that is used again leaves what was acknowledged, and no old record',
  (t) => {
    const { world, disk, wal, content } = logOnUsedFile();
    const next = content.entries.length + 1;
    const states = [content];
    for (const [first, count, size] of [
      [next, 1, 200],
      [next + 1, 2, 40],
      [next + 3, 1, 50],
    ] as const) {
      states.push(appended(states[states.length - 1]!, entriesOf(first, count, 2, size), null));
      // The first append is a group; the others wait for it and are the next one together.
      wal.append(entriesOf(first, count, 2, size), null, () => {});
    }
    world.run(2);
    const seen = new Set<number>();
    for (let cut = 0; cut <= 320; cut++) {
      for (const byte of [
        (at: number) => at < cut,
        (at: number) => at >= cut,
        (at: number) => at !== cut,
        (at: number) => at % 64 !== cut % 64,
      ]) {
        const torn = disk.crash({ name: () => true, byte: (_write, at) => byte(at) });
        const { wal: opened, recovered } = openLog(world, torn);
        const found = states.findIndex((state) => difference(recovered, state, next - 1) === null);
        if (found < 1) t.fail(`cut at ${cut}: ${recovered.entries.length} entries`);
        seen.add(found);
        // What is appended now stands where the rest of the torn write was, and behind it old records.
        const last = recovered.entries[recovered.entries.length - 1]!.index;
        const after = appended(states[found]!, entriesOf(last + 1, 1, 2, 30), null);
        appendNow(world, opened, entriesOf(last + 1, 1, 2, 30));
        const problem = difference(contentOf(torn), after, next - 1);
        if (problem !== null) t.fail(`cut at ${cut}, and then: ${problem}`);
      }
    }
    t.same([...seen].sort(), [1, 2, 3]);
    t.end();
  },
);

t.test('rot in a file that is used again is told from a torn write by what came after it', (t) => {
  const { world, disk, wal, content, path } = logOnUsedFile();
  const next = content.entries.length + 1;
  appendNow(world, wal, entriesOf(next, 1, 2, 100));
  const at = disk.content(path).indexOf(`${next}.2;`);
  appendNow(world, wal, entriesOf(next + 1, 1, 2, 100));
  const rotten = Buffer.from(disk.content(path));
  rotten[at + 50] = rotten[at + 50]! ^ 1;
  t.throws(() => contentOf(disk.with({ [path]: rotten })), /a later write at offset/);
  t.end();
});

t.test(
  'an older segment that is still being ended is neither removed nor closed, however slow that is',
  (t) => {
    const { world, disk, wal } = newLog();
    const [first] = segmentPaths(disk);
    disk.delay = (path) => (path === first && segmentPaths(disk).length > 1 ? 5000 : 0);
    let acknowledged = 0;
    for (let i = 1; i <= 80; i++) {
      wal.append(entriesOf(i, 1, 1, 200), null, () => acknowledged++);
      world.run(8);
      wal.release(acknowledged);
    }
    t.equal(acknowledged, 80, 'nobody waits for it');
    t.ok(disk.exists(first!));
    const begun = segmentPaths(disk).length;
    t.equal(begun, 2, 'the next segment waits');
    let closed = false;
    wal.close(() => {
      closed = true;
    });
    world.run(20);
    t.notOk(closed);
    world.run();
    t.ok(closed);
    t.equal(contentOf(disk).entries.at(-1)!.index, 80);
    t.end();
  },
);

t.test('a cut that reached behind the oldest segment left is followed', (t) => {
  const { world, disk, wal } = newLog();
  for (let i = 1; segmentPaths(disk).length < 2; i++) appendNow(world, wal, entriesOf(i, 1, 1, 300));
  const last = wal.lastIndex;
  const replaced = entriesOf(last - 3, 6, 2);
  appendNow(world, wal, replaced);
  wal.release(last);
  world.run();
  t.equal(segmentPaths(disk).length, 1);
  const { base, entries } = contentOf(disk);
  t.same(base, { index: last - 4, term: 1 });
  t.same(
    entries.map(({ index, term }) => [index, term]),
    replaced.map(({ index, term }) => [index, term]),
  );
  t.end();
});

t.test('restart voids everything: the log goes on behind the snapshot, older segments go', (t) => {
  const { world, disk, wal } = newLog();
  for (let i = 1; i <= 40; i++) appendNow(world, wal, entriesOf(i, 1, 1, 200));
  const hardState = { term: 7, vote: 'b', commit: 25 };
  wal.append(entriesOf(41, 1, 1), null, () => {});
  settle(world, (done) => wal.restart({ index: 25, term: 6 }, hardState, done));
  t.equal(segmentPaths(disk).length, 1);
  t.equal(difference(contentOf(disk), { base: { index: 25, term: 6 }, hardState, entries: [] }, 0), null);

  const entries = entriesOf(26, 30, 7, 200);
  for (const entry of entries) appendNow(world, wal, [entry]);
  t.throws(() => wal.append(entriesOf(25, 1, 8), null, () => {}), /is committed/);
  t.equal(difference(contentOf(disk), { base: { index: 25, term: 6 }, hardState, entries }, 0), null);
  settle(world, (done) => wal.restart({ index: 900, term: 7 }, { ...hardState, commit: 900 }, done));
  t.same(contentOf(disk).base, { index: 900, term: 7 });
  t.end();
});

t.test('opened again and again, the log stays what it was and goes on', (t) => {
  const { world, disk: first, wal } = newLog();
  let disk = first;
  let content: LogContent = emptyContent();
  let current = wal;
  for (let life = 0; life < 12; life++) {
    const entries = entriesOf(current.lastIndex + 1, 4, life + 1, 150);
    content = appended(content, entries, { term: life + 1, vote: `${life}`, commit: 0 });
    appendNow(world, current, entries, content.hardState);
    if (life % 3 > 0) settle(world, (done) => current.close(done));
    else disk = disk.kill(world.defer);
    const opened = openLog(world, disk);
    t.equal(difference(opened.recovered, content, 0), null);
    t.equal(opened.recovered.tornBytes, 0);
    current = opened.wal;
  }
  t.end();
});

t.test('closing finishes what was appended, and refuses what comes later', (t) => {
  const { world, disk, wal } = newLog();
  const told: string[] = [];
  wal.append(entriesOf(1, 1, 1), null, () => told.push('first'));
  wal.append(entriesOf(2, 1, 1), null, () => told.push('second'));
  wal.close((error) => told.push(`closed ${error}`));
  wal.append(entriesOf(3, 1, 1), null, (error) =>
    told.push(`${(error as { reason?: string } | null)?.reason}`),
  );
  wal.release(1);
  t.same(told, []);
  world.run();
  t.same(told, ['stopped', 'first', 'second', 'closed null']);
  t.throws(() => wal.close(() => {}), /closed already/);
  t.equal(contentOf(disk).entries.length, 2);
  t.end();
});

t.test('the same on real files', async (t) => {
  const runtime = nodeRuntime();
  const directory = `${t.testdir()}/member/wal`;
  const open = (create: boolean): ReturnType<typeof Wal.open> =>
    Wal.open({ disk: nodeDisk(), directory, metadata, runtime, create, segmentBytes: 64 * 1024 });
  let { wal, recovered } = open(true);
  t.equal(recovered.created, true);
  let content: LogContent = emptyContent();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 40; i++) {
      const entries = entriesOf(wal.lastIndex + 1, 8, round + 1, 100 + i * 40 + (i === 9 ? 9000 : 0));
      content = appended(content, entries, { term: round + 1, vote: 'x', commit: 0 });
      const { hardState } = content;
      await new Promise<void>((resolve, reject) => {
        wal.append(entries, hardState, (error) => (error === null ? resolve() : reject(error)));
      });
    }
    await new Promise<void>((resolve) => wal.close(() => resolve()));
    ({ wal, recovered } = open(false));
    t.equal(difference(recovered, content, 0), null);
  }
  t.ok(nodeDisk().list(directory).length > 4);
  wal.release(wal.lastIndex);
  await new Promise<void>((resolve) => wal.close(() => resolve()));
});

t.test('the same in memory', (t) => {
  const world = makeWorld(3);
  const disk = memoryDisk(world.scheduler);
  const options = { disk, directory: '/m/wal', metadata, runtime: world, create: true, preallocate: false };
  const { wal } = Wal.open(options);
  appendNow(world, wal, entriesOf(1, 100, 1));
  settle(world, (done) => wal.close(done));
  t.equal(Wal.open(options).recovered.entries.length, 100);
  t.end();
});
