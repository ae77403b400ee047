/** A short run of every fuzzer, always with the same seed; `npm run fuzz` runs them for long. */

import t from 'tap';
import { parseYamlText } from '../../src/kube/schema/yaml-text.ts';
import { lowerBound } from '../../src/util/sorted-keys.ts';
import { Coverage } from './coverage.ts';
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

t.setTimeout(600_000);

for (const target of targets) {
  t.test(`${target.name}: whatever comes is taken or refused in words that are meant`, async (t) => {
    const { finding, taken, refused } = await fuzz(target, { seed: 1, isOver: (runs) => runs >= 400 });
    t.equal(finding, null, finding?.what ?? 'nothing is found');
    t.ok(taken + refused === 400 && refused > 0, `${taken} taken, ${refused} refused`);
  });
}

t.test('the fuzzer finds a reader that trips, and says by which input', async (t) => {
  const read = (input: Buffer): void => {
    if (input.includes('~')) throw new TypeError('tripped');
    if (input.length > 4) throw new Error('too long');
  };
  const target = {
    name: 'tripping',
    about: 'a test',
    samples: () => [Buffer.from('abc')],
    words: ['~'],
    read,
    means: (error: unknown) => (error as Error).message === 'too long',
  };
  const { finding } = await fuzz(target, { seed: 1, isOver: (runs) => runs >= 10_000 });
  t.match(finding?.what ?? '', /tripped/);
  t.ok(Buffer.from(finding!.input, 'base64').includes('~'));
});

t.test('code that is reached for the first time is noticed, and only once', async (t) => {
  const coverage = new Coverage();
  const reaches = (keys: readonly string[], key: string): boolean => {
    lowerBound(keys, key);
    const report = coverage.take();
    const isNew = coverage.isNew(report);
    coverage.keep(report);
    return isNew;
  };
  t.equal(reaches([], 'b'), true, 'a function');
  t.equal(reaches([], 'b'), false);
  t.equal(reaches(['c'], 'b'), true, 'its loop, and one way in it');
  t.equal(reaches(['c', 'd'], 'b'), false);
  t.equal(reaches(['a'], 'b'), true, 'the other way');
  t.equal(reaches(['a', 'c'], 'b'), false);
  coverage.close();
});

t.test(
  'found by the fuzzer: a YAML merge of what is no map is refused as one, and is no fault of the server',
  async (t) => {
    t.throws(
      () => parseYamlText('a: 1\n<<: 1\n'),
      /^yaml: map merge requires map or sequence of maps as the value$/,
    );
  },
);
