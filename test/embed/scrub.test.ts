/** Files of a running member in which a bit flips: the scrub finds it, and asks for what mends it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Backend } from '../../src/backend/backend.ts';
import { Scrub } from '../../src/embed/scrub.ts';
import { openStorage } from '../../src/embed/storage.ts';
import { recordTable } from '../../src/mvcc/revision.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Wal } from '../../src/wal/wal.ts';
import { until } from '../waiting.ts';

function called(work: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error === null ? resolve() : reject(error))));
}

function numbered(table: string, number: number): string {
  return table + String(number).padStart(16, '0');
}

async function fill(backend: Backend): Promise<void> {
  for (let index = 1; index <= 300; index++) {
    // Those of the table with packs, of which every tenth is too large for one with others; and others.
    backend.put(numbered(recordTable, index), Buffer.alloc(index % 10 === 0 ? 6000 : 300, index % 251));
    backend.put(numbered('z', index), Buffer.alloc(300, index % 251));
  }
  backend.mark(1, new Uint8Array(0));
  await called((done) => backend.flush(done));
  await called((done) => backend.compact(done));
}

/** A state with tables and files of records, a log of several segments, and a scrub of both. */
async function place(
  t: Test,
  restMs = 5,
): Promise<{ folder: string; backend: Backend; scrub: Scrub; calls: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'k-'));
  const runtime = nodeRuntime();
  const storage = await openStorage(folder, runtime);
  await fill(storage.backend);
  const { wal } = Wal.open({
    disk: storage.disk,
    directory: storage.walDirectory,
    metadata: new Uint8Array(1),
    runtime,
    create: true,
    segmentBytes: 4096,
    preallocate: false,
  });
  const segments = (): number =>
    readdirSync(join(folder, 'wal')).filter((name) => name.endsWith('.wal')).length;
  for (let index = 1; segments() < 4; index++) {
    const entry = { index, term: 1, type: 0, data: Buffer.alloc(500, 7) };
    await called((done) => wal.append([entry], { term: 1, vote: 'a', commit: 0 }, done));
  }
  const calls: string[] = [];
  const member = {
    replaceState: () => calls.push('replaceState') > 0,
    shedLog: () => {
      calls.push('shedLog');
    },
    get durableLog() {
      return wal.durable;
    },
    renewLog: () => {
      calls.push('renewLog');
    },
  };
  const scrub = new Scrub({
    ...{ storage, stateDirectory: join(folder, 'state'), member, runtime },
    ...{ bytesPerSecond: 1e9, confirmMs: 5, restMs },
  });
  t.teardown(async () => {
    await scrub.stop();
    await new Promise<void>((resolve) => wal.close(() => resolve()));
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, backend: storage.backend, scrub, calls };
}

/** The largest file below a folder whose name fits. */
function largest(folder: string, name: RegExp): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => name.test(path))
    .map((path) => join(folder, path))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (found.length === 0) throw new Error(`no file like ${name} in ${folder}`);
  return found[0]!;
}

function flip(path: string, share: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length * share);
  bytes[at] = bytes[at]! ^ 4;
  writeFileSync(path, bytes);
}

t.test('what is whole is read from front to back again and again, and nothing is mended', async (t) => {
  const { scrub, calls } = await place(t);
  scrub.start();
  await until('three passes', () => scrub.passes >= 3);
  t.same(calls, []);
});

t.test('a bit that flips in a table of the state has it replaced', async (t) => {
  const { folder, scrub, calls } = await place(t);
  flip(largest(join(folder, 'state'), /\.ldb$/), 0.3);
  scrub.start();
  await until('it is noticed', () => calls.length > 0);
  t.equal(calls[0], 'replaceState');
});

t.test('a bit that flips in a file of records has the state replaced', async (t) => {
  const { folder, scrub, calls } = await place(t);
  flip(largest(join(folder, 'state'), /\.records$/), 0.5);
  scrub.start();
  await until('it is noticed', () => calls.length > 0);
  t.equal(calls[0], 'replaceState');
});

t.test(
  'a record that somebody reads and that is damaged has the state replaced before its turn',
  async (t) => {
    const { folder, backend, scrub, calls } = await place(t, 3_600_000);
    const path = largest(join(folder, 'state'), /\.records$/);
    for (let share = 0.02; share < 1; share += 0.02) flip(path, share);
    scrub.start();
    t.throws(() => {
      for (let index = 1; index <= 300; index++) backend.get(numbered(recordTable, index));
    }, /fails its checksum/);
    t.same(calls, ['replaceState']);
    t.throws(() => {
      for (let index = 300; index > 0; index--) backend.get(numbered(recordTable, index));
    }, /fails its checksum/);
    t.same(calls, ['replaceState'], 'once is enough');
    t.equal(scrub.passes, 0);
  },
);

t.test('a bit that flips in a segment of the log has it let go of', async (t) => {
  const { folder, scrub, calls } = await place(t);
  const [first] = readdirSync(join(folder, 'wal'))
    .filter((name) => name.endsWith('.wal'))
    .sort();
  flip(join(folder, 'wal', first!), 0.4);
  scrub.start();
  await until('it is noticed', () => calls.length > 0);
  t.equal(calls[0], 'shedLog');
});

t.test(
  'a bit that flips in the segment that is written to has the log go on in another one first',
  async (t) => {
    const { folder, scrub, calls } = await place(t);
    const last = readdirSync(join(folder, 'wal'))
      .filter((name) => name.endsWith('.wal'))
      .sort()
      .at(-1)!;
    flip(join(folder, 'wal', last), 0.9);
    scrub.start();
    await until('it is noticed', () => calls.length > 1);
    t.same(calls.slice(0, 2), ['renewLog', 'shedLog']);
  },
);

t.test('a scrub that is stopped in the middle of a pause or a file ends at once', async (t) => {
  const { folder } = await place(t);
  const runtime = nodeRuntime();
  const storage = {
    disk: (await import('../../src/util/node-disk.ts')).nodeDisk(),
    walDirectory: join(folder, 'wal'),
  };
  const backend = { scan: () => {} } as unknown as Backend;
  const durableLog = { path: '', bytes: 0 };
  const member = { replaceState: () => true, shedLog: () => {}, renewLog: () => {}, durableLog };
  const slow = new Scrub({
    ...{
      storage: { ...storage, backend, onDamage: () => {} },
      stateDirectory: join(folder, 'state'),
      runtime,
    },
    ...{ bytesPerSecond: 1, restMs: 3_600_000, member },
  });
  slow.start();
  await slow.stop();
  t.equal(slow.passes <= 1, true);
});
