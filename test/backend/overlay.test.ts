import fc from 'fast-check';
import t from 'tap';
import { mergedSlice, Overlay, type OverlayEntry } from '../../src/backend/overlay.ts';
import { noPacking } from '../../src/backend/pack.ts';

const packing = { ...noPacking, tables: 'k', packBytes: 256 };
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const shown = (entries: readonly OverlayEntry[]): string[] =>
  entries.map(
    ({ key, value }) => `${key}=${value === null ? 'gone' : Buffer.from(value).toString('latin1')}`,
  );

t.test('a read of few bytes takes up no more of what is not on disk than it can tell of', async (t) => {
  for (const table of ['k', 'm']) {
    const layer = new Overlay(packing);
    for (let i = 1000; i < 3000; i++) layer.set(`${table}${i}`, bytes('v'.repeat(15)));
    // A key of five bytes and a value of fifteen.
    t.equal(mergedSlice([layer], table, 'z', 1000, 2000).length, 100);
    t.equal(mergedSlice([layer], table, 'z', 1000, 2001).length, 101);
    t.equal(mergedSlice([layer], table, 'z', 7, 2000).length, 7);
    t.equal(mergedSlice([layer], table, `${table}1003`, 1000, 2000).length, 3);
  }
});

const key = fc.tuple(fc.constantFrom('k', 'm'), fc.integer({ min: 0, max: 60 })).map(([table, n]) => {
  return table + String(n).padStart(2, '0');
});
const write = fc.record({
  key,
  value: fc.option(fc.string({ unit: fc.constantFrom('a', '\xff'), maxLength: 40 }), { freq: 4 }),
});

t.test(
  'layers of writes say of each key what was written last, until a limit or bytes are reached',
  async () => {
    const layers = fc.array(fc.array(write, { maxLength: 60 }), { minLength: 1, maxLength: 3 });
    const limits = fc.record({
      limit: fc.integer({ min: 1, max: 40 }),
      maxBytes: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(layers, key, key, limits, (written, from, to, { limit, maxBytes }) => {
        const model = new Map<string, string | null>();
        const overlays = written.map((writes) => {
          const overlay = new Overlay(packing);
          for (const one of writes) {
            overlay.set(one.key, one.value === null ? null : bytes(one.value));
            model.set(one.key, one.value);
          }
          return overlay;
        });
        const wanted: string[] = [];
        let left = limit;
        let bytesLeft = maxBytes;
        for (const [name, value] of [...model].sort(([a], [b]) => (a < b ? -1 : 1))) {
          if (name < from || name >= to || left <= 0 || bytesLeft <= 0) continue;
          wanted.push(`${name}=${value ?? 'gone'}`);
          if (value === null) continue;
          left--;
          bytesLeft -= name.length + value.length;
        }
        const found = shown(mergedSlice(overlays.reverse(), from, to, limit, maxBytes));
        if (JSON.stringify(found) !== JSON.stringify(wanted))
          throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
      }),
      { numRuns: 500 },
    );
  },
);
