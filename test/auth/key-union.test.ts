import fc from 'fast-check';
import t from 'tap';
import { isGrantable, KeyUnion } from '../../src/auth/key-union.ts';

interface Range {
  readonly key: string;
  readonly rangeEnd: string;
}

/** Keys and ends that are short enough for every boundary between them to be one of `universe`. */
const short = fc.string({ unit: fc.constantFrom('\0', 'a', 'b'), maxLength: 2 });
const range: fc.Arbitrary<Range> = fc.record({ key: short, rangeEnd: fc.oneof(short, fc.constant('\0')) });

/** All keys of up to three signs. A gap between ranges begins at an end of one, so a key of these is in it. */
const universe: string[] = ['\0', 'a', 'b'];
for (let from = 0, length = 1; length < 3; length++) {
  const to = universe.length;
  for (; from < to; from++) for (const sign of ['\0', 'a', 'b']) universe.push(universe[from]! + sign);
}

function holds({ key, rangeEnd }: Range, asked: string): boolean {
  if (key === '') return false;
  if (rangeEnd === '') return asked === key;
  return asked >= key && (rangeEnd === '\0' || asked < rangeEnd);
}

t.test('a union covers a range exactly if every key of it is in one of its ranges', async (t) => {
  t.equal(universe.length, 3 + 9 + 27);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), range, (ranges, asked) => {
      const union = new KeyUnion(ranges);
      const keys = universe.filter((key) => holds(asked, key));
      // What has no key at all is asked for its start.
      if (keys.length === 0) keys.push(asked.key);
      const expected = keys.every((key) => ranges.some((one) => holds(one, key)));
      if (union.covers(asked.key, asked.rangeEnd) !== expected) {
        throw new Error(`${JSON.stringify({ ranges, asked })}: should be ${expected}`);
      }
      return true;
    }),
    { numRuns: 20_000 },
  );
});

t.test('ranges that overlap or touch become one, and others stay apart', async (t) => {
  const union = new KeyUnion([
    { key: 'c', rangeEnd: 'e' },
    { key: 'a', rangeEnd: 'c' },
    { key: 'x', rangeEnd: '' },
    { key: 'x\0', rangeEnd: 'y' },
    { key: 'd', rangeEnd: 'd5' },
  ]);
  t.equal(union.size, 2);
  t.ok(union.covers('b', 'd'), 'over the seam');
  t.ok(union.covers('a', 'e'));
  t.notOk(union.covers('a', 'e\0'));
  t.ok(union.covers('x', 'y'), 'one key and what follows it');
  t.notOk(union.covers('d', 'y'), 'not over the gap');
});

t.test('an open end is covered by an open end only', async (t) => {
  const open = new KeyUnion([{ key: 'm', rangeEnd: '\0' }]);
  t.ok(open.covers('m', '\0'));
  t.ok(open.covers('z', '\0'));
  t.ok(open.covers('m', '\xff\xff'));
  t.ok(open.covers('zz', ''));
  t.notOk(open.covers('l', '\0'));
  t.notOk(new KeyUnion([{ key: '\0', rangeEnd: '\xff\xff\xff' }]).covers('a', '\0'));
  t.ok(new KeyUnion([{ key: '\0', rangeEnd: '\0' }]).covers('\0', '\0'), 'all keys');
});

t.test(
  'a prefix permits the keys that begin with it, and neither its neighbours nor the whole',
  async (t) => {
    const prefix = new KeyUnion([{ key: '/app/', rangeEnd: '/app0' }]);
    t.ok(prefix.covers('/app/', '/app0'));
    t.ok(prefix.covers('/app/\xff\xff', ''));
    t.notOk(prefix.covers('/app', ''));
    t.notOk(prefix.covers('/app0', ''));
    t.notOk(prefix.covers('/app/', '\0'));
  },
);

t.test('a range without keys is asked for its start, as in etcd', async (t) => {
  const union = new KeyUnion([{ key: 'a', rangeEnd: 'b' }]);
  t.ok(union.covers('a5', 'a'));
  t.notOk(union.covers('b', 'a'));
});

t.test('nothing is permitted by a range that holds no key, nor by an empty key', async (t) => {
  const union = new KeyUnion([
    { key: 'b', rangeEnd: 'a' },
    { key: 'c', rangeEnd: 'c' },
    { key: '', rangeEnd: '\0' },
    { key: '', rangeEnd: '' },
  ]);
  t.equal(union.size, 0);
  t.notOk(union.covers('b', ''));
  t.notOk(union.covers('', ''));
  t.same(
    [
      ['a', ''],
      ['a', 'b'],
      ['a', '\0'],
      ['\0', '\0'],
      ['', '\0'],
      ['', ''],
      ['b', 'a'],
      ['a', 'a'],
    ].map(([key, rangeEnd]) => isGrantable(key!, rangeEnd!)),
    [true, true, true, true, false, false, false, false],
  );
});
