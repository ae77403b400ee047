import t from 'tap';
import { renderLine, Trace } from '../../src/sim/trace.ts';

t.test('the hash tells apart events that differ in time, kind, node, value, detail or order', async (t) => {
  const base: Parameters<Trace['note']> = [1.5, 'crash', 0, 7, 'why'];
  const variants: Parameters<Trace['note']>[] = [
    base,
    [1.501, 'crash', 0, 7, 'why'],
    [1.5, 'crush', 0, 7, 'why'],
    [1.5, 'crash', 1, 7, 'why'],
    [1.5, 'crash', 0, 8, 'why'],
    [1.5, 'crash', 0, 7, 'who'],
  ];
  const hashes = variants.map((variant) => {
    const trace = new Trace();
    trace.note(...variant);
    return trace.hash;
  });
  t.equal(new Set(hashes).size, variants.length);
  const forth = new Trace();
  forth.note(1, 'a', 0);
  forth.note(1, 'b', 0);
  const back = new Trace();
  back.note(1, 'b', 0);
  back.note(1, 'a', 0);
  t.not(forth.hash, back.hash);
});

t.test('bytes count with their head, length and tail', async (t) => {
  const hashOf = (bytes: Uint8Array): string => {
    const trace = new Trace();
    trace.mixBytes(bytes);
    return trace.hash;
  };
  const one = Buffer.alloc(200, 1);
  const tail = Buffer.from(one);
  tail[199] = 2;
  t.not(hashOf(one), hashOf(tail));
  t.not(hashOf(one), hashOf(one.subarray(1)));
});

t.test('lines are kept up to the bound, the newest ones', async (t) => {
  const trace = new Trace({ keepLines: 10 });
  for (let at = 0; at < 100; at++) trace.note(at, 'tick', 2);
  const lines = trace.lines();
  t.ok(lines.length >= 10 && lines.length < 20);
  t.match(renderLine(lines.at(-1)!), /99\.000 n3 tick/);
});
