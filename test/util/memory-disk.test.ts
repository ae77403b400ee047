import t from 'tap';

import { memoryDisk } from '../../src/util/memory-disk.ts';
import type { Scheduler } from '../../src/util/runtime.ts';

function queueScheduler(): Scheduler & { run(): void } {
  const jobs: (() => void)[] = [];
  return {
    defer: (job) => void jobs.push(job),
    run: () => {
      while (jobs.length > 0) jobs.shift()!();
    },
  };
}

t.test('files in memory read back what was written, across pages, with zeros between', (t) => {
  const scheduler = queueScheduler();
  const disk = memoryDisk(scheduler);
  disk.makeDirectory('/m/wal');
  const file = disk.create('/m/wal/1');
  const big = Buffer.alloc(200_000, 7);
  const calls: string[] = [];
  file.write([Buffer.from('ab'), big], 65_000, (error) => {
    t.equal(error, null);
    calls.push('write');
    file.sync(() => calls.push('sync'));
  });
  t.same(calls, [], 'not before the call returns');
  scheduler.run();
  t.same(calls, ['write', 'sync']);
  t.equal(file.size(), 265_002);
  t.same(file.readSync(64_999, 300_000), Buffer.concat([Buffer.from('\0ab'), big]));
  file.closeSync();
  t.throws(() => file.size(), /closed/);

  const again = disk.open('/m/wal/1');
  again.truncateSync(65_001);
  again.allocateSync(70_000);
  t.same(again.readSync(64_999, 4), Buffer.from('\0a\0\0'), 'what was cut off does not come back');
  t.equal(again.size(), 70_000);
  again.allocateSync(10);
  t.equal(again.size(), 70_000);
  t.end();
});

t.test('directories in memory list, rename and remove', (t) => {
  const disk = memoryDisk(queueScheduler());
  t.same(disk.list('/m'), []);
  t.throws(() => disk.create('/m/1'), /no such directory/);
  disk.makeDirectory('/m/sub/deep');
  disk.create('/m/2');
  disk.create('/m/1');
  t.throws(() => disk.create('/m/1'), /exists already/);
  t.throws(() => disk.open('/m/9'), /no such file/);
  disk.rename('/m/1', '/m/3');
  disk.remove('/m/2');
  disk.syncDirectory('/m');
  t.same(disk.list('/m'), ['3', 'sub']);
  t.ok(disk.exists('/m/3') && disk.exists('/m/sub') && !disk.exists('/m/1'));
  t.end();
});

t.test('a directory in memory serves one member at a time', (t) => {
  const disk = memoryDisk(queueScheduler());
  const lock = disk.lock('/m/LOCK');
  t.throws(() => disk.lock('/m/LOCK'), { reason: 'dataDirLocked', message: /is locked/ });
  lock.release();
  const next = disk.lock('/m/LOCK');
  lock.release();
  t.throws(
    () => disk.lock('/m/LOCK'),
    { reason: 'dataDirLocked', message: /is locked/ },
    'a release frees its own hold only',
  );
  next.release();
  t.end();
});
