import fc from 'fast-check';
import t from 'tap';
import { sortStrings } from '../../src/util/sort-strings.ts';

const char = fc.constantFrom('\0', '\x01', 'a', 'b', '\xfe', '\xff');
const word = fc.array(char, { maxLength: 12 }).map((chars) => chars.join(''));

t.test('strings come out in the order of <, duplicates and prefixes included', async (t) => {
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 600, size: 'max' }),
      fc.constantFrom('', 'a/long/prefix/'),
      (words, prefix) => {
        const strings = words.map((one) => prefix + one);
        const expected = [...strings].sort();
        sortStrings(strings);
        if (JSON.stringify(strings) !== JSON.stringify(expected)) throw new Error('not sorted');
      },
    ),
    { numRuns: 200 },
  );
  t.pass('200 lists');
});

t.test('a hundred thousand keys of several groups are sorted', async (t) => {
  const strings = Array.from(
    { length: 100_000 },
    (_, i) =>
      `/registry/${i % 3 === 0 ? 'pods' : 'events'}/ns-${i % 7}/name-${((i * 2654435761) % 2 ** 32).toString(16)}`,
  );
  const expected = [...strings].sort();
  sortStrings(strings);
  t.ok(strings.every((one, i) => one === expected[i]));
});
