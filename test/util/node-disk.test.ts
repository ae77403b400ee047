import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

import { closeSoon, syncNames } from '../../src/util/disk.ts';
import type { Failure } from '../../src/util/failure.ts';
import { memoryDisk } from '../../src/util/memory-disk.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';
import { failing } from '../suites/failing.ts';

const holder = fileURLToPath(new URL('lock-holder.ts', import.meta.url));

async function startHolder(path: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--import=tsx', holder, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let line = '';
  for await (const chunk of child.stdout!) {
    line += chunk;
    if (line.includes('\n')) break;
  }
  return { child, line: line.trim() };
}

t.test('chunks are written one after another and survive reopening', (t) => {
  const disk = nodeDisk();
  const path = `${t.testdir()}/file`;
  const file = disk.create(path);
  const chunks = Array.from({ length: 1500 }, (_, i) => Buffer.alloc(1 + (i % 7), i));
  let returned = false;
  file.write(chunks, 3, (error) => {
    t.equal(error, null);
    t.ok(returned, 'never before the call returns');
    file.sync((syncError) => {
      t.equal(syncError, null);
      file.closeSync();
      const again = disk.open(path);
      t.equal(again.size(), 3 + Buffer.concat(chunks).length);
      t.same(again.readSync(0, 1e6), Buffer.concat([Buffer.alloc(3), ...chunks]));
      t.equal(again.readSync(again.size() - 2, 10).length, 2, 'fewer only at the end');
      again.closeSync();
      t.end();
    });
  });
  returned = true;
});

for (const [size, where] of [
  [200_000, 'over what is there'],
  [200_000, 'beyond the end'],
  [300_000, 'over what is there'],
] as const) {
  t.test(`a write of ${size} bytes ${where} is whole, and done after the call has returned`, (t) => {
    const file = nodeDisk().create(`${t.testdir()}/file`);
    const offset = where === 'over what is there' ? 1000 : 400_000;
    file.allocateSync(400_000);
    const chunks = [Buffer.alloc(10, 1), Buffer.alloc(size - 30, 2), Buffer.alloc(20, 3)];
    let returned = false;
    file.write(chunks, offset, (error) => {
      t.equal(error, null);
      t.ok(returned);
      t.ok(file.readSync(offset, size).equals(Buffer.concat(chunks)));
      t.same(file.readSync(offset - 1, 1), Buffer.alloc(1));
      t.equal(file.size(), Math.max(400_000, offset + size));
      file.closeSync();
      t.end();
    });
    returned = true;
  });
}

t.test('an empty write completes, and a write at a time is all a file takes', (t) => {
  const file = nodeDisk().create(`${t.testdir()}/file`);
  file.write([], 0, (error) => {
    t.equal(error, null);
    file.closeSync();
    t.end();
  });
  t.throws(() => file.write([Buffer.alloc(1)], 0, () => {}), /in flight/);
});

t.test('allocating fills with zeros up to the size and keeps what is there', (t) => {
  const file = nodeDisk().create(`${t.testdir()}/file`);
  file.writeSync(Buffer.from('keel'), 0);
  file.allocateSync(2_500_000);
  t.equal(file.size(), 2_500_000);
  const read = file.readSync(0, 2_500_000);
  t.equal(read.toString('latin1', 0, 4), 'keel');
  t.ok(read.subarray(4).every((byte) => byte === 0));
  file.truncateSync(2);
  t.equal(file.size(), 2);
  file.syncSync();
  file.closeSync();
  t.end();
});

t.test('directories: made with parents, listed in order, renamed, removed, synced', (t) => {
  const disk = nodeDisk();
  const directory = `${t.testdir()}/a/b`;
  t.same(disk.list(directory), []);
  disk.makeDirectory(directory);
  disk.makeDirectory(directory);
  disk.create(`${directory}/2`).closeSync();
  disk.create(`${directory}/1`).closeSync();
  t.throws(() => disk.create(`${directory}/1`), /EEXIST/);
  t.throws(() => disk.open(`${directory}/3`), /ENOENT/);
  disk.rename(`${directory}/2`, `${directory}/3`);
  disk.remove(`${directory}/1`);
  disk.syncDirectory(directory);
  t.same(disk.list(directory), ['3']);
  t.ok(disk.exists(`${directory}/3`));
  t.notOk(disk.exists(`${directory}/1`));
  t.end();
});

t.test('names are made durable and removed files closed while the caller goes on', async (t) => {
  const disk = nodeDisk();
  const directory = t.testdir();
  const file = disk.create(`${directory}/1`);
  disk.remove(`${directory}/1`);
  closeSoon(file);
  const sync = (path: string): Promise<Error | null> =>
    new Promise((resolve) => syncNames(disk, path, resolve));
  t.equal(await sync(directory), null);
  t.match(await sync(`${directory}/2`), { code: 'ENOENT' });
  const inMemory = memoryDisk({ defer: (job) => void setImmediate(job) });
  const answer = await new Promise<Error | null>((resolve) => syncNames(inMemory, '/m', resolve));
  t.match(answer, { message: /no such directory/ }, 'a disk that cannot do it beside does it at once');
});

t.test(
  'a file is removed whether it can be opened or not, and its name may be used again at once',
  async (t) => {
    const disk = nodeDisk();
    const directory = t.testdir({ sealed: 'x', large: 'x'.repeat(1 << 20) });
    chmodSync(`${directory}/sealed`, 0);
    for (const name of ['sealed', 'large']) {
      disk.remove(`${directory}/${name}`);
      t.notOk(disk.exists(`${directory}/${name}`));
      disk.create(`${directory}/${name}`).closeSync();
    }
    t.same(disk.list(directory), ['large', 'sealed']);
    t.throws(() => disk.remove(`${directory}/none`), { code: 'ENOENT' });
    t.throws(() => disk.remove(directory), { code: /EISDIR|EPERM/ });
  },
);

t.test('a directory that cannot be written is refused with a word on what to do', (t) => {
  const path = `${t.testdir({ file: 'x' })}/file`;
  for (const call of [() => nodeDisk().makeDirectory(path), () => nodeDisk().create(`${path}/new`)]) {
    t.throws(call, {
      reason: 'dataDirNotWritable',
      message: /cannot be used \(ENOTDIR\): a file stands .*\. Move it/,
    });
  }
  t.end();
});

t.test('a second member in the same process does not get the lock', (t) => {
  const directory = t.testdir();
  const lock = nodeDisk().lock(`${directory}/LOCK`);
  t.throws(() => nodeDisk().lock(`${directory}/LOCK`), {
    reason: 'dataDirLocked',
    message: new RegExp(`this process \\(${process.pid}\\)`),
  });
  lock.release();
  lock.release();
  t.same(readdirSync(directory), [], 'released, it leaves nothing');
  nodeDisk().lock(`${directory}/LOCK`).release();
  t.end();
});

t.test('another process does not get the lock, and is told who holds it', async (t) => {
  const path = `${t.testdir()}/LOCK`;
  const lock = nodeDisk().lock(path);
  const { child, line } = await startHolder(path);
  t.match(line, `dataDirLocked: ${path} is locked by process ${process.pid}`);
  await once(child, 'exit');
  lock.release();
});

t.test('a lock dies with its process, and a number given out again is not the holder', async (t) => {
  const directory = t.testdir();
  const path = `${directory}/LOCK`;
  const { child, line } = await startHolder(path);
  t.equal(line, 'locked');
  try {
    nodeDisk().lock(path);
    t.fail('the lock is held');
  } catch (error) {
    t.equal((error as Failure).reason, 'dataDirLocked');
    t.match((error as Failure).message, `process ${child.pid}`);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(readdirSync(directory).length, 1, 'killed, it leaves its claim');
  // A live process with another start time, one of another boot, and a name that is no claim at all.
  writeFileSync(`${path}.${process.ppid}.1.${'0'.repeat(31)}1`, '');
  writeFileSync(`${path}.keep`, '');
  nodeDisk().lock(path).release();
  t.same(readdirSync(directory), ['LOCK.keep']);
});

t.test('a directory that nobody can make is refused at once', async (t) => {
  if (!existsSync('/proc/self')) {
    t.comment('there is no /proc here');
    return;
  }
  t.throws(
    () => nodeDisk().makeDirectory('/proc/keelson/deep'),
    failing('dataDirNotWritable', /\/proc\/keelson/),
  );
});
