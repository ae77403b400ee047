import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { Level } from 'level';
import t from 'tap';
import type { Backend, BackendEntry, Room } from '../../src/backend/backend.ts';
import { openLevelBackend } from '../../src/backend/level-backend.ts';
import { encodeLedgerEntry, encodeLine, ledgerKey, lineKey } from '../../src/backend/level-ledger.ts';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import {
  expandPack,
  findInPack,
  isPackWhole,
  maxPackedKeyBytes,
  maxSharedValueBytes,
  PackBuilder,
  sharesPack,
} from '../../src/backend/pack.ts';
import { packKey, packTable, packTableEnd } from '../../src/backend/pack-directory.ts';
import { nodeDisk } from '../../src/util/node-disk.ts';
import { close, flush, readOut, restore, scan, snapshot, visited } from '../suites/backend.ts';
import { failing } from '../suites/failing.ts';

const scheduler = { defer: (job: () => void): void => void setImmediate(job) };
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('latin1');

function open(directory: string, packBytes: number): Promise<Backend> {
  return new Promise((resolve, reject) => {
    const options = { directory, disk: nodeDisk(), scheduler, packedTables: 'k', packBytes };
    openLevelBackend(options, (error, backend) => (backend === null ? reject(error) : resolve(backend)));
  });
}

async function withRaw<T>(directory: string, job: (db: Level<string, Buffer>) => Promise<T>): Promise<T> {
  const name = readdirSync(directory).find((entry) => entry.startsWith('state-'));
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' };
  const db = new Level<string, Buffer>(`${directory}/${name}`, encodings);
  await db.open();
  const result = await job(db);
  await db.close();
  return result;
}

const keysOfDb = (directory: string): Promise<string[]> =>
  withRaw(directory, (db) => db.keys({ gte: packTable }).all());

t.test('a pack gives back each record it was given, and none that it was not', async (t) => {
  const byteString = (maxLength: number) =>
    fc
      .array(fc.constantFrom(0, 1, 0x61, 0x7f, 0x80, 0xff), { maxLength })
      .map((chars) => String.fromCharCode(...chars));
  fc.assert(
    fc.property(
      fc.dictionary(byteString(6), fc.uint8Array({ maxLength: 300 }), { minKeys: 1, maxKeys: 20 }),
      fc.array(byteString(6)),
      fc.tuple(byteString(3), byteString(3)),
      (records, others, [from, to]) => {
        const builder = new PackBuilder(1 << 14);
        const keys = Object.keys(records).sort();
        for (const key of keys) builder.add(key, records[key]!);
        const pack = Buffer.from(builder.take().bytes);
        if (!isPackWhole(pack)) throw new Error('not whole');
        for (const key of [...keys, ...others]) {
          if (text(findInPack(pack, key)) !== text(Object.hasOwn(records, key) ? records[key] : undefined))
            throw new Error(`find ${JSON.stringify(key)}`);
        }
        const dead = new Set(others);
        const entries: BackendEntry[] = [];
        expandPack(pack, dead, from, to, entries);
        const expected = keys.filter((key) => key >= from && key < to && !dead.has(key));
        if (JSON.stringify(entries.map(({ key }) => key)) !== JSON.stringify(expected))
          throw new Error('expand');
        for (const { key, value } of entries) if (text(value) !== text(records[key]!)) throw new Error(key);
      },
    ),
    { numRuns: 300 },
  );
  t.pass('300 packs');
});

// maxPackedKeyBytes of backend/pack, maxSharedValueBytes of backend/pack
t.test('keys and values fit in a pack up to their limits', (t) => {
  const key = (length: number): string => `k${'x'.repeat(length - 1)}`;
  t.ok(sharesPack(key(maxPackedKeyBytes), Buffer.alloc(maxSharedValueBytes)));
  t.notOk(sharesPack(key(maxPackedKeyBytes + 1), Buffer.alloc(1)));
  t.notOk(sharesPack(key(1), Buffer.alloc(maxSharedValueBytes + 1)));
  const builder = new PackBuilder(1);
  builder.add(key(maxPackedKeyBytes), Buffer.alloc(maxSharedValueBytes, 7));
  const pack = Buffer.from(builder.take().bytes);
  t.same(findInPack(pack, key(maxPackedKeyBytes)), Buffer.alloc(maxSharedValueBytes, 7));
  builder.add('kb', Buffer.alloc(0));
  t.throws(() => builder.add('kb', Buffer.alloc(0)), /ascend/);
  t.end();
});

type Step = readonly [kind: 'append' | 'large' | 'again' | 'delete' | 'flush' | 'reopen' | 'look', n: number];

/** What a backend should hold, and the steps that change both. */
class Twin {
  readonly #directory: string;
  readonly #packBytes: number;
  readonly model = new Map<string, string>();
  backend: Backend;
  #next = 1;
  #line = 0;
  #puts = 0;

  constructor(directory: string, packBytes: number, backend: Backend) {
    this.#directory = directory;
    this.#packBytes = packBytes;
    this.backend = backend;
  }

  /** Every other value is written in place, if it may be. */
  #put(key: string, value: string): void {
    const bytes = Buffer.from(value);
    const name = Buffer.from(`${key} and more`);
    const room = this.#puts++ % 2 === 0 ? null : this.backend.reserve(name, key.length, bytes.length);
    if (room === null) this.backend.put(key, bytes);
    else bytes.copy(Buffer.from(room.buffer as ArrayBuffer), room.at);
    this.model.set(key, value);
  }

  #some(n: number): string {
    return `k${String(n % (this.#next + 1)).padStart(5, '0')}`;
  }

  flush(): Promise<number> {
    this.backend.mark(++this.#line, Buffer.alloc(0));
    return flush(this.backend);
  }

  async step([kind, n]: Step): Promise<void> {
    if (kind === 'append') {
      for (let i = 0; i <= n % 40; i++) this.#put(`k${String(this.#next++).padStart(5, '0')}`, `v${n}`);
    } else if (kind === 'large') {
      this.#put(`k${String(this.#next++).padStart(5, '0')}`, 'L'.repeat(maxSharedValueBytes + 1));
    } else if (kind === 'again') {
      this.#put(this.#some(n), `again${n}`);
    } else if (kind === 'delete') {
      for (let i = 0; i <= n % 60; i++) {
        const key = this.#some(n * 7 + i);
        this.backend.delete(key);
        this.model.delete(key);
      }
    } else if (kind === 'reopen') {
      await this.flush();
      await close(this.backend);
      this.backend = await open(this.#directory, this.#packBytes);
    } else if (kind === 'flush') {
      await this.flush();
    } else {
      // Reads while a flush is under way, and while more is written behind it.
      const flushed = this.flush();
      await this.#compare(n);
      this.#put('m', String(n));
      await this.#compare(n + 1);
      await flushed;
    }
    await this.#compare(n);
  }

  async #compare(n: number): Promise<void> {
    const from = this.#some(n);
    const all = [...this.model].map(([key, value]) => `${key}=${value}`).sort();
    const expected = all.filter((entry) => entry >= from).slice(0, 1 + (n % 50));
    const found = await scan(this.backend, from, 'n', 1 + (n % 50));
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new Error(`from ${from}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
    await this.#compareBytes(all, from, 1 + (n % 97) * 5);
    const visit = await visited(this.backend, from, 'n');
    if (JSON.stringify(visit) !== JSON.stringify(all.filter((entry) => entry >= from)))
      throw new Error(`from ${from}: a visit is told of ${JSON.stringify(visit)}`);
    for (let i = 0; i < 20; i++) {
      const key = this.#some(n + i * 3);
      const value = text(this.backend.get(key));
      if (value !== this.model.get(key)) throw new Error(`${key}: ${value} is not ${this.model.get(key)}`);
    }
  }

  /** What is read by bytes is the beginning of what there is, up to the entry that has the last of them. */
  async #compareBytes(all: readonly string[], from: string, maxBytes: number): Promise<void> {
    const expected: string[] = [];
    for (const entry of all.filter((one) => one >= from)) {
      // An entry has a sign between key and value.
      if (expected.reduce((sum, one) => sum + one.length - 1, 0) >= maxBytes) break;
      expected.push(entry);
    }
    const found = await scan(this.backend, from, 'n', 1000, maxBytes);
    const isBeginning = found.every((entry, at) => entry === expected[at]);
    if (!isBeginning || (found.length === 0) !== (expected.length === 0))
      throw new Error(
        `${maxBytes} bytes from ${from}: ${JSON.stringify(found)} is not of ${JSON.stringify(expected)}`,
      );
  }

  get entries(): string[] {
    return [...this.model].map(([key, value]) => `${key}=${value}`).sort();
  }
}

/** A pack is left with one record, under the first key of a pack that is gone; then that key is deleted once more. */
const loneRecordBehindItsFirstKey: Step[] = [
  ['append', 1770],
  ['append', 9333],
  ['append', 0],
  ['append', 6911],
  ['append', 5805],
  ['append', 5300],
  ['delete', 8856],
  ['look', 0],
  ['again', 239],
  ['flush', 0],
  ['append', 1888],
  ['append', 0],
  ['delete', 8219],
  ['append', 0],
  ['append', 0],
];

t.test('what is put, put again and deleted in packed tables is what a plain map has', async (t) => {
  const base = t.testdir();
  let count = 0;
  const kind = fc.constantFrom<Step[0]>(
    'append',
    'append',
    'large',
    'again',
    'delete',
    'delete',
    'flush',
    'look',
  );
  const kinds = fc.oneof(
    { weight: 12, arbitrary: kind },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
  );
  const steps = fc.array(fc.tuple(kinds, fc.nat(10_000)), { minLength: 5, maxLength: 40, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(16, 200, 8192), async (list, packBytes) => {
      const directory = `${base}/${count++}`;
      const twin = new Twin(directory, packBytes, await open(directory, packBytes));
      for (const step of list) await twin.step(step);
      await twin.flush();
      const read = await readOut(await snapshot(twin.backend));
      if (JSON.stringify(read) !== JSON.stringify(twin.entries)) throw new Error('the snapshot differs');
      await close(twin.backend);
    }),
    { numRuns: 30, examples: [[loneRecordBehindItsFirstKey, 200]] },
  );
  t.pass('30 sequences');
});

t.test(
  'records that are put in order stand in packs, and packs go when their records are deleted',
  async (t) => {
    const directory = `${t.testdir()}/data`;
    let backend = await open(directory, 512);
    const key = (i: number): string => `k${String(i).padStart(4, '0')}`;
    for (let i = 0; i < 400; i++) backend.put(key(i), Buffer.alloc(20, i));
    backend.mark(1, Buffer.alloc(0));
    await flush(backend);
    await close(backend);
    const packed = (keys: string[]): number => keys.filter((name) => name < packTableEnd).length;
    const full = await keysOfDb(directory);
    t.ok(packed(full) > 5 && packed(full) < 40, `${packed(full)} packs`);
    t.equal(full.filter((name) => name.startsWith('k')).length, 0, 'none stands alone');

    backend = await open(directory, 512);
    for (let i = 0; i < 400; i++) if (i % 100 !== 0) backend.delete(key(i));
    backend.mark(2, Buffer.alloc(0));
    await flush(backend);
    t.same(
      (await scan(backend, 'k', 'l')).map((entry) => entry.slice(0, 5)),
      [0, 100, 200, 300].map(key),
    );
    await close(backend);
    const rest = await keysOfDb(directory);
    t.equal(packed(rest), 1, 'what is left of all packs is one');
    t.equal(rest.filter((name) => name.startsWith('k')).length, 0);

    backend = await open(directory, 512);
    for (const i of [0, 100, 200, 300]) backend.delete(key(i));
    backend.mark(3, Buffer.alloc(0));
    await flush(backend);
    await close(backend);
    t.equal(packed(await keysOfDb(directory)), 0, 'no pack is left');
  },
);

t.test('records that are compacted before they are flushed give their space back', async (t) => {
  const key = (i: number): string => `k${String(i).padStart(4, '0')}`;
  const compact = (backend: Backend): Promise<void> =>
    new Promise((resolve, reject) =>
      backend.compact((error) => (error === null ? resolve() : reject(error))),
    );
  for (const way of ['next flush', 'compaction', 'compaction behind a restart']) {
    const directory = `${t.testdir()}/data`;
    let backend = await open(directory, 512);
    for (let i = 0; i < 400; i++) backend.put(key(i), Buffer.alloc(100, i));
    for (let i = 0; i < 400; i++) if (i % 100 !== 0) backend.delete(key(i));
    backend.mark(1, Buffer.alloc(0));
    await flush(backend);
    t.ok(backend.sizeBytes > 400 * 100, way);
    if (way === 'next flush') {
      backend.put('other', Buffer.alloc(1));
      backend.mark(2, Buffer.alloc(0));
      await flush(backend);
      await close(backend);
      t.ok((await keysOfDb(directory)).filter((name) => name < packTableEnd).length <= 4, way);
      continue;
    }
    if (way.endsWith('restart')) {
      await close(backend);
      backend = await open(directory, 512);
    }
    await compact(backend);
    t.ok(backend.sizeBytes < 200 * 100, `${backend.sizeBytes} bytes behind a ${way}`);
    t.same(
      (await scan(backend, 'k', 'l')).map((entry) => entry.slice(0, 5)),
      [0, 100, 200, 300].map(key),
    );
    await close(backend);
  }
});

t.test(
  'a value has room where it is going to stand, unless it is large or its key is not the last',
  async (t) => {
    for (const backend of [await open(`${t.testdir()}/data`, 64), memoryBackend({ scheduler })]) {
      const reserve = (key: string, bytes: number): Room | null =>
        backend.reserve(Buffer.from(key), key.length, bytes);
      for (const [key, value] of [
        ['k1', 'one'],
        ['k2', ''],
        ['k3', 'x'.repeat(maxSharedValueBytes)],
      ] as const) {
        const room = reserve(key, value.length)!;
        t.equal(room.bytes.buffer, room.buffer);
        room.bytes.write(value, room.at);
        t.equal(text(backend.get(key)), value, key);
      }
      t.equal(reserve('k4', maxSharedValueBytes + 1), null, 'large');
      t.equal(reserve('k3', 1), null, 'the same key again');
      t.equal(reserve('k2', 1), null, 'a key before it');
      backend.delete('k9');
      t.equal(reserve('k8', 1), null, 'a key before one that is deleted');
      t.ok(reserve('ka', 1), 'behind it there is room again');
      t.throws(() => reserve('', 1), /table/);
      t.throws(() => reserve('\0', 1), /table/);
      t.equal(text(backend.get('k1')), 'one');
      await close(backend);
      t.throws(() => reserve('kc', 1), /closed/);
    }
  },
);

t.test('a received state is kept in packs too', async (t) => {
  const directory = `${t.testdir()}/data`;
  const backend = await open(directory, 64);
  const entries = Array.from({ length: 50 }, (_, i) => [`k${100 + i}`, `value ${i}`] as const);
  await restore(backend, entries, 9);
  t.same(
    await scan(backend, 'k', 'l'),
    entries.map(([name, value]) => `${name}=${value}`),
  );
  backend.delete('k101');
  backend.mark(10, Buffer.alloc(0));
  await flush(backend);
  await close(backend);
  const again = await open(directory, 64);
  t.equal((await scan(again, 'k', 'l')).length, 49);
  await close(again);
});

t.test(
  'a state whose packs stand in LevelDB, as former versions wrote them, is read and goes on',
  async (t) => {
    const directory = `${t.testdir()}/data`;
    await close(await open(directory, 64));
    const key = (i: number): string => `k${String(i).padStart(4, '0')}`;
    await withRaw(directory, async (db) => {
      const builder = new PackBuilder(64);
      for (let id = 1; id <= 10; id++) {
        for (let i = 0; i < 10; i++) builder.add(key(id * 10 + i), Buffer.from(`old ${i}`));
        const { firstKey, count, bytes } = builder.take();
        await db.put(packKey({ id, firstKey, count, dead: null, hasFirst: false, place: null }), bytes);
      }
      await db.put(lineKey, encodeLine(1, { index: 1, meta: Buffer.alloc(0) }));
      await db.put(ledgerKey(1), encodeLedgerEntry(1));
    });
    const old = Array.from({ length: 100 }, (_, i) => `${key(10 + i)}=old ${i % 10}`);
    const backend = await open(directory, 64);
    t.same(await scan(backend, 'k', 'l'), old);
    t.equal(text(backend.get(key(57))), 'old 7');
    t.same(await visited(backend), old);

    backend.put(key(200), Buffer.from('new'));
    for (let i = 10; i < 60; i++) if (i % 10 !== 3) backend.delete(key(i));
    const view = snapshot(backend);
    backend.mark(2, Buffer.alloc(0));
    const flushed = flush(backend);
    const left = [
      ...old.filter((entry, i) => i >= 50 || entry.startsWith(key(10 + i - (i % 10) + 3))),
      `${key(200)}=new`,
    ];
    t.same(await scan(backend, 'k', 'l'), left);
    await flushed;
    t.same(await scan(backend, 'k', 'l'), left);
    t.equal(text(backend.get(key(43))), 'old 3');
    t.same(await readOut(await view), old);
    await close(backend);
    const again = await open(directory, 64);
    t.same(await scan(again, 'k', 'l'), left);
    t.same(await visited(again), left);
    await close(again);
  },
);

t.test('a pack that is damaged or missing is named, and nothing is read from it', async (t) => {
  const directory = `${t.testdir()}/data`;
  const backend = await open(directory, 64);
  for (let i = 0; i < 30; i++) backend.put(`k${100 + i}`, Buffer.alloc(10, i));
  backend.mark(1, Buffer.alloc(0));
  await flush(backend);
  await close(backend);
  const path = `${directory}/state-000001/000001.records`;
  const bytes = readFileSync(path);
  bytes[9]! ^= 1;
  writeFileSync(path, bytes);
  const again = await open(directory, 64);
  t.throws(() => again.get('k100'), failing('backendDamaged', /checksum/));
  await t.rejects(scan(again, 'k', 'l'), failing('backendDamaged'));
  await t.rejects(visited(again), failing('backendDamaged'));
  t.equal(text(again.get('k129')), text(Buffer.alloc(10, 29)));
  await close(again);
  truncateSync(path, bytes.length - 1);
  await t.rejects(open(directory, 64), failing('backendDamaged', /000001\.records ends/));
  rmSync(path);
  await t.rejects(open(directory, 64), failing('backendDamaged', /000001\.records is missing/));
});
