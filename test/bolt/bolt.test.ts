import fc from 'fast-check';
import t from 'tap';
import { BoltReader } from '../../src/bolt/bolt-reader.ts';
import { BoltWriter } from '../../src/bolt/bolt-writer.ts';
import { pageBytes } from '../../src/bolt/format.ts';
import { failing } from '../suites/failing.ts';

type Buckets = Record<string, readonly (readonly [Buffer, Buffer])[]>;

function write(buckets: Buckets): Buffer {
  const pages: Buffer[] = [];
  const writer = new BoltWriter((page) => pages.push(page));
  for (const [name, entries] of Object.entries(buckets)) {
    writer.begin(name);
    for (const [key, value] of entries) writer.put(key, value);
    writer.end();
  }
  const metas = writer.finish();
  return Buffer.concat([metas, ...pages]);
}

function read(file: Buffer): Buckets {
  const reader = new BoltReader((offset, length) => file.subarray(offset, offset + length));
  return Object.fromEntries(
    reader.bucketNames.map((name) => [name, [...reader.entries(name)].map(({ key, value }) => [key, value])]),
  );
}

const entries = (count: number, valueBytes: number): [Buffer, Buffer][] =>
  Array.from({ length: count }, (_, i) => [
    Buffer.from(String(i).padStart(8, '0')),
    Buffer.alloc(valueBytes, i),
  ]);

t.test('what was written is read again, whatever its size', async (t) => {
  const buckets = {
    empty: [],
    one: entries(1, 10),
    many: entries(20_000, 50),
    large: entries(5, 100_000),
    'exactly a page': entries(1, pageBytes - 16 - 16 - 8),
    'a byte more': entries(1, pageBytes - 16 - 16 - 7),
  };
  const file = write(buckets);
  t.equal(file.length % pageBytes, 0);
  const found = read(file);
  t.same(Object.keys(found), Object.keys(buckets).sort());
  for (const [name, expected] of Object.entries(buckets)) t.same(found[name], expected, name);
});

t.test('any entries come back', async (t) => {
  const bytes = (max: number) =>
    fc.uint8Array({ minLength: 1, maxLength: max }).map((array) => Buffer.from(array));
  const bucket = fc.uniqueArray(fc.tuple(bytes(40), bytes(3000)), {
    selector: ([key]) => key.toString('hex'),
  });
  fc.assert(
    fc.property(bucket, (drawn) => {
      const sorted = [...drawn].sort(([a], [b]) => Buffer.compare(a, b));
      t.same(read(write({ key: sorted }))['key'], sorted);
    }),
    { numRuns: 50 },
  );
});

t.test('a file that is cut or no bbolt file is refused', async (t) => {
  const file = write({ many: entries(2000, 50) });
  t.throws(() => read(Buffer.alloc(10_000)), failing('backendDamaged', /no valid meta page/));
  t.throws(() => read(file.subarray(0, 8192)), failing('backendDamaged', /missing/));
  for (const page of [2, 5, 20]) {
    const spoilt = Buffer.from(file);
    spoilt.fill(0xff, page * pageBytes, (page + 1) * pageBytes);
    t.throws(() => read(spoilt), failing('backendDamaged'));
  }
});
