import fc from 'fast-check';
import t from 'tap';
import { JsonValues } from '../../src/http/json-values.ts';

t.test('objects are found wherever the stream is cut', async (t) => {
  const object = fc
    .dictionary(fc.string(), fc.anything({ maxDepth: 3 }))
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(
      fc.array(object),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('', '\n', ' \t\r\n'),
      (texts, step, blank) => {
        const bytes = Buffer.from(texts.map((text) => `${text}${blank}`).join(''));
        const values = new JsonValues(1_000_000);
        const found: string[] = [];
        for (let at = 0; at < bytes.length; at += step)
          found.push(...values.read(bytes.subarray(at, at + step)));
        t.same(found, texts);
        t.equal(values.fault, null);
        t.equal(values.isInside, false);
      },
    ),
    { numRuns: 200 },
  );
});

t.test('a chunk may be used again after it was read', async (t) => {
  const values = new JsonValues(100);
  const chunk = Buffer.from('{"a":"b');
  t.same(values.read(chunk), []);
  t.equal(values.isInside, true);
  chunk.fill(0);
  t.same(values.read(Buffer.from('c"}')), ['{"a":"bc"}']);
});

t.test('what is no object, or has no end, is not read on', async (t) => {
  const wrong = new JsonValues(100);
  t.same(wrong.read(Buffer.from('{} [1] {}')), ['{}']);
  t.equal(wrong.fault, 'noObject');
  t.same(wrong.read(Buffer.from('{}')), []);
  const long = new JsonValues(100);
  for (let i = 0; i < 10; i++) long.read(Buffer.from(i === 0 ? '{"aaaaaaaaa' : 'aaaaaaaaaaa'));
  t.equal(long.fault, 'tooLong');
  const exact = new JsonValues(100);
  exact.read(Buffer.from(`{${' '.repeat(99)}`));
  t.equal(exact.fault, null);
});
