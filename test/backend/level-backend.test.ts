import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { Level } from 'level';
import t from 'tap';
import type { Backend } from '../../src/backend/backend.ts';
import { openLevelBackend } from '../../src/backend/level-backend.ts';
import {
  encodeLedgerEntry,
  encodeLine,
  ledgerKey,
  ledgerLength,
  lineKey,
  stateFormat,
} from '../../src/backend/level-ledger.ts';
import type { Disk } from '../../src/util/disk.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';
import { backendSuite, close, flush, restore, scan } from '../suites/backend.ts';
import { failing } from '../suites/failing.ts';

const scheduler = { defer: (job: () => void): void => void setImmediate(job) };
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
let directories = 0;

function freshDirectory(base: string): string {
  directories++;
  return `${base}/data-${directories}`;
}

function open(directory: string, disk: Disk = nodeDisk(), packing: object = {}): Promise<Backend> {
  return new Promise((resolve, reject) => {
    openLevelBackend({ directory, disk, scheduler, ...packing }, (error, backend) => {
      if (backend === null) reject(error);
      else resolve(backend);
    });
  });
}

async function withRaw(directory: string, job: (db: Level<string, Buffer>) => Promise<void>): Promise<void> {
  const name = fs.readFileSync(`${directory}/CURRENT`, 'latin1').trim();
  const db = new Level<string, Buffer>(`${directory}/${name}`, {
    keyEncoding: 'utf8',
    valueEncoding: 'buffer',
  });
  await db.open();
  await job(db);
  await db.close();
}

async function fillFlushes(directory: string, count: number, paddingBytes = 0): Promise<void> {
  const backend = await open(directory);
  for (let i = 1; i <= count; i++) {
    backend.put(`k${i}`, bytes(String(i)));
    if (paddingBytes > 0) backend.put(`p${i}`, randomBytes(paddingBytes));
    backend.mark(i, bytes(''));
    await flush(backend);
  }
  await close(backend);
}

t.test('compacting gives back the space of what was deleted', async (t) => {
  const backend = await open(freshDirectory(t.testdir()));
  for (let i = 0; i < 40; i++) backend.put(`k${i}`, randomBytes(1 << 20));
  backend.mark(1, bytes(''));
  await flush(backend);
  for (let i = 0; i < 40; i++) backend.delete(`k${i}`);
  backend.mark(2, bytes(''));
  await flush(backend);
  const before = backend.sizeBytes;
  await new Promise<void>((resolve, reject) => {
    backend.compact((error) => (error === null ? resolve() : reject(error)));
  });
  t.ok(before > 4 << 20, `${before} bytes before`);
  t.ok(backend.sizeBytes < before / 8, `${backend.sizeBytes} bytes after`);
  await close(backend);
});

t.test('conformance', async (t) => {
  const base = t.testdir();
  backendSuite(t, async () => {
    const directory = freshDirectory(base);
    return { open: () => open(directory), reopen: () => open(directory) };
  });
});

t.test('conformance with tables in packs', async (t) => {
  const base = t.testdir();
  backendSuite(t, async () => {
    const directory = freshDirectory(base);
    const packed = () => open(directory, nodeDisk(), { packedTables: 'km', packBytes: 32 });
    return { open: packed, reopen: packed };
  });
});

t.test('a directory that is in use is refused with dataDirLocked', async (t) => {
  const directory = freshDirectory(t.testdir());
  const backend = await open(directory);
  await t.rejects(open(directory), failing('dataDirLocked'));
  await close(backend);
  await close(await open(directory));
});

t.test('a directory that cannot be written is refused with dataDirNotWritable', async (t) => {
  const base = t.testdir({ file: 'not a directory' });
  await t.rejects(open(`${base}/file`), failing('dataDirNotWritable'));
  await t.rejects(open(`${base}/file/below`), failing('dataDirNotWritable'));
});

t.test('a flush that the disk refuses says so, and what to do', async (t) => {
  const directory = freshDirectory(t.testdir());
  const backend = await open(directory);
  // LevelDB begins a table once it holds its write buffer: the folder it would stand in is gone.
  fs.rmSync(`${directory}/${fs.readFileSync(`${directory}/CURRENT`, 'latin1').trim()}`, { recursive: true });
  const flushAll = async (): Promise<void> => {
    for (let i = 1; i < 20; i++) {
      backend.put(`k${i}`, randomBytes(4 << 20));
      backend.mark(i, bytes(''));
      await flush(backend);
    }
  };
  await t.rejects(flushAll(), failing('diskFailed', /Nothing is lost.*start this member again/));
  await close(backend).catch(() => {});
});

t.test('a flush that vanished from the middle is noticed by the ledger', async (t) => {
  const directory = freshDirectory(t.testdir());
  await fillFlushes(directory, 5);
  await withRaw(directory, (db) => db.del(ledgerKey(3)));
  await t.rejects(open(directory), {
    reason: 'backendDamaged',
    message: /flush 3 is missing.*add it again/s,
  });
});

t.test('a record that LevelDB skips in its log is noticed', async (t) => {
  const directory = freshDirectory(t.testdir());
  // LevelDB drops the rest of a 32 KiB block with a bad record, so the flushes behind it need blocks of their own.
  await fillFlushes(directory, 5, 40_000);
  const state = `${directory}/state-000001`;
  const log = fs.readdirSync(state).filter((name) => name.endsWith('.log'));
  t.equal(log.length, 1);
  const content = fs.readFileSync(`${state}/${log[0]}`);
  const at = content.indexOf('k3');
  t.ok(at > 0);
  content[at] = content[at]! ^ 0xff;
  fs.writeFileSync(`${state}/${log[0]}`, content);
  await t.rejects(open(directory), failing('backendDamaged'));
});

t.test('a torn last flush is the state before it, whole', async (t) => {
  const directory = freshDirectory(t.testdir());
  await fillFlushes(directory, 5);
  const state = `${directory}/state-000001`;
  const log = fs.readdirSync(state).find((name) => name.endsWith('.log'))!;
  fs.truncateSync(`${state}/${log}`, fs.statSync(`${state}/${log}`).size - 3);
  const backend = await open(directory);
  t.equal(backend.openedAt.index, 4);
  t.same(await scan(backend, 'k', 'l'), ['k1=1', 'k2=2', 'k3=3', 'k4=4']);
  await close(backend);
});

t.test('a damaged line, entries without a line and a missing state are refused', async (t) => {
  const base = t.testdir();
  const one = freshDirectory(base);
  await fillFlushes(one, 2);
  await withRaw(one, (db) => db.put(lineKey, Buffer.from('garbage')));
  await t.rejects(open(one), failing('backendDamaged', /checksum/));
  await withRaw(one, (db) => db.del(lineKey));
  await t.rejects(open(one), failing('backendDamaged', /no line/));
  const two = freshDirectory(base);
  await fillFlushes(two, 1);
  fs.rmSync(`${two}/state-000001/CURRENT`);
  await t.rejects(open(two), failing('backendDamaged'), 'LevelDB must not start afresh on top of it');
  fs.rmSync(`${two}/state-000001`, { recursive: true });
  await t.rejects(open(two), failing('backendDamaged'));
  const three = freshDirectory(base);
  await fillFlushes(three, 1);
  fs.writeFileSync(`${three}/CURRENT`, 'nonsense');
  await t.rejects(open(three), failing('backendDamaged'));
});

t.test(
  'a state of a later version is refused as that, and not touched; one of a former version is read',
  async (t) => {
    const directory = freshDirectory(t.testdir());
    await fillFlushes(directory, 3);
    const entry = encodeLedgerEntry(3);
    t.same([...entry.subarray(8)], [0, stateFormat]);
    entry.writeUInt16BE(stateFormat + 1, 8);
    await withRaw(directory, async (db) => {
      await db.put(ledgerKey(3), entry);
      await db.put(lineKey, Buffer.from('in a form to come'));
    });
    const before = fs.readdirSync(directory);
    await t.rejects(
      open(directory),
      failing('dataDirNewer', /has format \d, and this program knows formats up to \d/),
    );
    t.same(fs.readdirSync(directory), before);
    const former = freshDirectory(t.testdir());
    await fillFlushes(former, 3);
    await withRaw(former, async (db) => {
      for (const sequence of [1, 2, 3])
        await db.put(ledgerKey(sequence), encodeLedgerEntry(sequence).subarray(0, 8));
    });
    await close(await open(former));
  },
);

t.test('the ledger keeps its length, and forgets a flush only when it is that old', async (t) => {
  const directory = freshDirectory(t.testdir());
  await fillFlushes(directory, 3);
  const last = ledgerLength + 500;
  await withRaw(directory, async (db) => {
    const batch = db.batch();
    for (let sequence = 1; sequence <= 3; sequence++) batch.del(ledgerKey(sequence));
    for (let sequence = 501; sequence <= last; sequence++)
      batch.put(ledgerKey(sequence), encodeLedgerEntry(3));
    batch.put(lineKey, encodeLine(last, { index: 3, meta: Buffer.alloc(0) }));
    await batch.write();
  });
  const backend = await open(directory);
  for (let index = 4; index < 7; index++) {
    backend.mark(index, bytes(''));
    await flush(backend);
  }
  await close(backend);
  await withRaw(directory, async (db) => {
    const keys = await db.keys({ gte: '\0l', lt: '\0m' }).all();
    t.equal(keys.length, ledgerLength);
    t.equal(keys[0], ledgerKey(504));
    await db.del(ledgerKey(504));
  });
  await t.rejects(open(directory), failing('backendDamaged', /flush 504 is missing/));
});

t.test('a crash at any step of a restore leaves the old state or the new one, whole', async (t) => {
  const base = t.testdir();
  // The disk calls of a commit, one after another, are made to fail: what is on disk then is what a crash there leaves.
  for (let failAt = 0; failAt < 12; failAt++) {
    const directory = freshDirectory(base);
    await fillFlushes(directory, 2);
    let calls = -1;
    const real = nodeDisk();
    const step = <A extends unknown[], R>(call: (...args: A) => R) => {
      return (...args: A): R => {
        if (calls >= 0 && calls++ >= failAt) throw new Error('power cut');
        return call(...args);
      };
    };
    const disk: Disk = {
      ...real,
      create: step(real.create),
      rename: step(real.rename),
      remove: step(real.remove),
      syncDirectory: step(real.syncDirectory),
    };
    const backend = await open(directory, disk);
    const target = backend.beginRestore();
    await new Promise<void>((resolve) => {
      target.add([{ key: 'kx', value: bytes('new') }], () => resolve());
    });
    calls = 0;
    const failed = await new Promise<boolean>((resolve) => {
      target.commit(40, bytes('meta'), (error) => resolve(error !== null));
    });
    calls = -1;
    await close(backend);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const again = await open(directory);
    const found = await scan(again, 'k', 'l');
    const isNew = again.openedAt.index === 40;
    t.same(found, isNew ? ['kx=new'] : ['k1=1', 'k2=2'], `cut at call ${failAt}`);
    if (!failed) t.ok(isNew, 'what was reported is in force');
    await close(again);
    if (!failed) break;
  }
});

t.test('a state that was being received when the process died is removed at the next start', async (t) => {
  const directory = freshDirectory(t.testdir());
  await fillFlushes(directory, 1);
  fs.cpSync(`${directory}/state-000001`, `${directory}/state-000007`, { recursive: true });
  await close(await open(directory));
  t.same(fs.readdirSync(directory).sort(), ['CURRENT', 'state-000001']);
});

t.test('a restored backend leaves one state behind', async (t) => {
  const directory = freshDirectory(t.testdir());
  const backend = await open(directory);
  await restore(backend, [['ka', '1']], 3);
  await close(backend);
  await close(await open(directory));
  t.same(fs.readdirSync(directory).sort(), ['CURRENT', 'state-000002']);
});

t.test('a process killed between flushes finds the last one it was told about', async (t) => {
  const directory = freshDirectory(t.testdir());
  const url = (path: string): string => new URL(path, import.meta.url).href;
  const script = `
    import { openLevelBackend } from ${JSON.stringify(url('../../src/backend/level-backend.ts'))};
    import { nodeDisk } from ${JSON.stringify(url('../../src/util/node-disk.ts'))};
    const scheduler = { defer: (job) => void setImmediate(job) };
    openLevelBackend({ directory: process.argv[1], disk: nodeDisk(), scheduler }, (error, backend) => {
      if (error) throw error;
      let index = 0;
      const next = () => {
        index++;
        for (let i = 0; i < 50; i++) backend.put('k' + i, Buffer.from(String(index)));
        backend.mark(index, Buffer.alloc(0));
        if (index === 40) {
          process.stdout.write('39', () => process.kill(process.pid, 'SIGKILL'));
        }
        backend.flush((failure) => { if (failure) throw failure; next(); });
      };
      next();
    });
  `;
  let output = '';
  try {
    execFileSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script, directory], {
      encoding: 'latin1',
    });
    t.fail('it should have been killed');
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  t.equal(output, '39');
  const backend = await open(directory);
  const { index } = backend.openedAt;
  t.ok(index >= 39);
  const values = new Set((await scan(backend, 'k', 'l')).map((entry) => entry.split('=')[1]));
  t.same([...values], [String(index)], 'the state at exactly one line');
  await close(backend);
});
