/** The files that hold the records of a state: their space, their readers, and what a crash leaves of them. */

import * as fs from 'node:fs';
import t from 'tap';
import type { Backend } from '../../src/backend/backend.ts';
import { openLevelBackend } from '../../src/backend/level-backend.ts';
import { RecordFiles, recordFileName } from '../../src/backend/record-files.ts';
import type { Disk, DiskFile } from '../../src/util/disk.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';
import { close, flush, readOut, scan, snapshot, visited } from '../suites/backend.ts';
import { failing } from '../suites/failing.ts';

const scheduler = { defer: (job: () => void): void => void setImmediate(job) };
const key = (i: number): string => `k${String(i).padStart(6, '0')}`;

function open(directory: string, disk: Disk = nodeDisk()): Promise<Backend> {
  return new Promise((resolve, reject) => {
    const options = { directory, disk, scheduler, packedTables: 'k', packBytes: 256 };
    openLevelBackend(options, (error, backend) => (backend === null ? reject(error) : resolve(backend)));
  });
}

function commit(files: RecordFiles): Promise<void> {
  return new Promise((resolve, reject) => {
    files.commit((error) => (error === null ? resolve() : reject(error)));
  });
}

const recordFiles = (directory: string): string[] =>
  fs.readdirSync(`${directory}/state-000001`).filter((name) => name.endsWith('.records'));

t.test('what is appended stands where it was said to stand, over several files', async (t) => {
  const path = t.testdir();
  const disk = nodeDisk();
  const files = new RecordFiles(disk, path, 100);
  const places = Array.from({ length: 20 }, (_, i) =>
    files.append([Buffer.alloc(i, i), Buffer.alloc(10, i)], i),
  );
  const large = files.append([Buffer.alloc(250, 99)], 99);
  t.ok(files.isDirty);
  await commit(files);
  t.notOk(files.isDirty);
  for (const [i, place] of places.entries()) t.same(files.readSync(place), Buffer.alloc(i + 10, i));
  t.same(files.readSync(large), Buffer.alloc(250, 99), 'a piece that is larger than a file has its own');
  t.ok(fs.readdirSync(path).length > 4);
  files.close();

  const again = new RecordFiles(disk, path, 100);
  for (const place of places.slice(0, 15)) again.claim(place);
  again.settle();
  const { file, offset, bytes } = places[14]!;
  t.equal(fs.statSync(`${path}/${recordFileName(file)}`).size, offset + bytes, 'the rest is cut off');
  t.equal(fs.readdirSync(path).sort().at(-1), recordFileName(file), 'files without a reference are gone');
  const next = again.append([Buffer.from('next')], 1);
  await commit(again);
  t.equal(again.readSync(next).toString(), 'next');
  t.throws(() => again.claim({ ...next, file: 77 }), failing('backendDamaged', /000077\.records is missing/));
  again.close();
});

t.test('a file goes when nothing in it is wanted, and not before its readers have ended', async (t) => {
  const path = t.testdir();
  const files = new RecordFiles(nodeDisk(), path, 10);
  const first = files.append([Buffer.from('0123456789')], 1);
  files.append([Buffer.from('abc')], 2);
  await commit(files);
  const reader = files.beginRead();
  files.release(first);
  files.sweep();
  const later = files.beginRead();
  t.equal(files.readSync(first).toString(), '0123456789');
  files.endRead(reader);
  t.same(fs.readdirSync(path), ['000002.records'], 'who began later does not know of it');
  files.endRead(later);
  files.close();
});

t.test('large records stand in files as they came, and are not copied into LevelDB', async (t) => {
  const directory = `${t.testdir()}/data`;
  const backend = await open(directory);
  const values = [5000, 70_000, 300_000, 3].map((length, i) => Buffer.alloc(length, 65 + i));
  for (const [i, value] of values.entries()) backend.put(key(i), value);
  for (const [i, value] of values.entries()) t.same(backend.get(key(i)), value, 'before the flush');
  t.equal((await scan(backend, 'k', 'l')).length, 4);
  backend.mark(1, Buffer.alloc(0));
  await flush(backend);
  for (const [i, value] of values.entries()) t.same(backend.get(key(i)), value, 'after it');
  const all = values.map((value, i) => `${key(i)}=${value.toString()}`);
  t.same(await scan(backend, 'k', 'l'), all);
  t.same(await visited(backend, 'k', 'l'), all);
  t.same(await visited(backend, key(1), key(3)), all.slice(1, 3));
  await close(backend);
  const bytesOf = (name: string): number => fs.statSync(`${directory}/state-000001/${name}`).size;
  const names = fs.readdirSync(`${directory}/state-000001`);
  const inFiles = names
    .filter((name) => name.endsWith('.records'))
    .reduce((sum, name) => sum + bytesOf(name), 0);
  const inAll = names.reduce((sum, name) => sum + bytesOf(name), 0);
  t.ok(inFiles > 375_000 && inAll < inFiles + 10_000, `${inFiles} of ${inAll} bytes`);
});

t.test('bytes that a crash left without a reference are nothing', async (t) => {
  const directory = `${t.testdir()}/data`;
  let backend = await open(directory);
  for (let i = 0; i < 50; i++) backend.put(key(i), Buffer.alloc(20, i));
  backend.mark(1, Buffer.alloc(0));
  await flush(backend);
  const before = await scan(backend, 'k', 'l');
  await close(backend);
  const state = `${directory}/state-000001`;
  const { size } = fs.statSync(`${state}/000001.records`);
  fs.appendFileSync(`${state}/000001.records`, Buffer.alloc(1000, 7));
  fs.writeFileSync(`${state}/000002.records`, Buffer.alloc(1000, 7));
  backend = await open(directory);
  t.same(recordFiles(directory), ['000001.records']);
  t.equal(fs.statSync(`${state}/000001.records`).size, size);
  t.same(await scan(backend, 'k', 'l'), before);
  backend.put(key(60), Buffer.from('more'));
  backend.mark(2, Buffer.alloc(0));
  await flush(backend);
  await close(backend);
  backend = await open(directory);
  t.same(await scan(backend, 'k', 'l'), [...before, `${key(60)}=more`]);
  await close(backend);
});

t.test('a crash between the bytes and the reference leaves the state before', async (t) => {
  const directory = `${t.testdir()}/data`;
  const real = nodeDisk();
  let isOff = false;
  const backend = await open(directory, {
    ...real,
    syncNames: (path, done) => {
      if (isOff) setImmediate(done, new Error('power cut'));
      else real.syncNames!(path, done);
    },
  });
  backend.mark(1, Buffer.alloc(0));
  await flush(backend);
  // The first bytes need a file, whose name is synced before there is a reference.
  isOff = true;
  backend.put(key(1), Buffer.from('lost'));
  backend.mark(2, Buffer.alloc(0));
  await t.rejects(flush(backend), failing('diskFailed', /power cut/));
  await close(backend).catch(() => {});
  const again = await open(directory);
  t.equal(again.openedAt.index, 1);
  t.same(await scan(again, 'k', 'l'), []);
  t.same(recordFiles(directory), []);
  await close(again);
});

/** A disk that counts what is read of record files while the caller waits. */
function countingReads(reads: { count: number }): Disk {
  const real = nodeDisk();
  const counted = (file: DiskFile): DiskFile => {
    const readSync = file.readSync.bind(file);
    file.readSync = (offset, length) => {
      reads.count++;
      return readSync(offset, length);
    };
    return file;
  };
  return { ...real, create: (path) => counted(real.create(path)), open: (path) => counted(real.open(path)) };
}

t.test(
  'a large record that is deleted is not read, nor are its neighbours, also after a start',
  async (t) => {
    const directory = `${t.testdir()}/data`;
    const reads = { count: 0 };
    const all = Array.from({ length: 40 }, (_, i) => i);
    let backend = await open(directory, countingReads(reads));
    for (const i of all) backend.put(key(i), Buffer.alloc(6000, i));
    backend.mark(1, Buffer.alloc(0));
    await flush(backend);
    const remove = async (wanted: (i: number) => boolean, line: number): Promise<void> => {
      for (const i of all.filter(wanted)) backend.delete(key(i));
      backend.mark(line, Buffer.alloc(0));
      reads.count = 0;
      await flush(backend);
      t.equal(reads.count, 0);
    };
    await remove((i) => i % 4 === 1, 2);
    await close(backend);
    backend = await open(directory, countingReads(reads));
    await remove((i) => i % 4 === 3, 3);
    const left = (await scan(backend, 'k', 'l')).map((entry) => entry.slice(0, 7));
    t.same(left, all.filter((i) => i % 2 === 0).map(key));
    await close(backend);
  },
);

t.test('space of deleted records comes back, while a snapshot keeps what it shows', async (t) => {
  const directory = `${t.testdir()}/data`;
  let backend = await open(directory);
  const count = 1500;
  for (let i = 0; i < count; i++) backend.put(key(i), Buffer.alloc(1000, i));
  backend.mark(1, Buffer.alloc(0));
  await flush(backend);
  const all = await scan(backend, 'k', 'l');
  const view = await snapshot(backend);
  for (let i = 0; i < count; i++) if (i % 100 !== 0) backend.delete(key(i));
  backend.mark(2, Buffer.alloc(0));
  await flush(backend);
  const left = all.filter((_, i) => i % 100 === 0);
  const before = backend.sizeBytes;
  const compacted = new Promise<void>((resolve, reject) => {
    backend.compact((error) => (error === null ? resolve() : reject(error)));
  });
  backend.put(key(count), Buffer.from('meanwhile'));
  backend.mark(3, Buffer.alloc(0));
  await flush(backend);
  await compacted;
  t.ok(backend.sizeBytes < before / 8, `${before} bytes before, ${backend.sizeBytes} after`);
  left.push(`${key(count)}=meanwhile`);
  t.same(await scan(backend, 'k', 'l'), left);
  t.same(await readOut(view), all, 'the snapshot is what it was');
  await close(backend);
  backend = await open(directory);
  t.same(await visited(backend, 'k', 'l'), left);
  await close(backend);
});

t.test('flushes empty files that are hardly wanted any more, without being asked', async (t) => {
  const directory = `${t.testdir()}/data`;
  const backend = await open(directory);
  let line = 0;
  const flushAll = (): Promise<number> => {
    backend.mark(++line, Buffer.alloc(0));
    return flush(backend);
  };
  // 40 MiB, more than a file; the oldest are deleted but for every 20th.
  const value = Buffer.alloc(512 * 1024, 1);
  for (let i = 0; i < 80; i++) backend.put(key(i), value);
  await flushAll();
  t.equal(recordFiles(directory).length, 2);
  for (let i = 0; i < 60; i++) if (i % 20 !== 0) backend.delete(key(i));
  await flushAll();
  for (let i = 0; i < 4; i++) {
    backend.put('m', Buffer.from(String(i)));
    await flushAll();
  }
  t.notOk(recordFiles(directory).includes('000001.records'), 'the first file is gone');
  t.equal((await scan(backend, 'k', 'l')).length, 23);
  await close(backend);
});
