/** The checker is shown histories whose verdict is known, and random ones whose verdict a plain search gives too. */

import t from 'tap';
import { SimRandom } from '../../src/sim/index.ts';
import {
  checkLinearizable,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from './linearizability.ts';

type Register = Operation<RegisterInput, RegisterOutput>;
const never = Number.POSITIVE_INFINITY;

function read(call: number, end: number, value: string): Register {
  return { call, return: end, input: { kind: 'read' }, output: { value, swapped: false } };
}

function write(call: number, end: number, value: string): Register {
  const output = end === never ? null : { value: '', swapped: false };
  return { call, return: end, input: { kind: 'write', value }, output };
}

function swap(call: number, end: number, expected: string, value: string, swapped: boolean): Register {
  const output = end === never ? null : { value: '', swapped };
  return { call, return: end, input: { kind: 'swap', expected, value }, output };
}

const verdict = (...history: Register[]) => checkLinearizable(registerModel, history);

t.test('histories that are linearizable pass', async (t) => {
  t.equal(verdict(), 'linearizable');
  t.equal(verdict(write(0, 1, 'a'), read(2, 3, 'a')), 'linearizable');
  t.equal(
    verdict(write(0, 9, 'a'), read(1, 2, ''), read(3, 4, 'a')),
    'linearizable',
    'during a write either',
  );
  t.equal(
    verdict(write(0, never, 'a'), read(1, 2, ''), read(3, 4, 'a')),
    'linearizable',
    'late, without an answer',
  );
  t.equal(
    verdict(write(0, never, 'a'), read(1, 2, ''), read(3, 4, '')),
    'linearizable',
    'never, without an answer',
  );
  t.equal(verdict(write(0, 1, 'a'), swap(2, 9, 'a', 'b', true), swap(3, 8, 'b', 'c', true)), 'linearizable');
  t.equal(verdict(swap(0, never, '', 'a', true), read(5, 6, 'a')), 'linearizable');
});

t.test('known bad histories are found', async (t) => {
  const bad = 'not linearizable';
  t.equal(verdict(write(0, 1, 'a'), read(2, 3, '')), bad, 'a stale read');
  t.equal(verdict(write(0, 1, 'a'), write(2, 3, 'b'), read(4, 5, 'a')), bad, 'a write that is lost');
  t.equal(verdict(write(0, 9, 'a'), read(1, 2, 'a'), read(3, 4, '')), bad, 'a read that goes back');
  t.equal(verdict(read(0, 1, 'z')), bad, 'a value that nobody wrote');
  t.equal(verdict(write(5, 6, 'a'), read(0, 1, 'a')), bad, 'a value from the future');
  t.equal(verdict(swap(0, 1, '', 'a', true), swap(0, 1, '', 'b', true)), bad, 'two swaps of one value');
  t.equal(verdict(write(0, 1, 'a'), swap(2, 3, 'a', 'b', false)), bad, 'a swap refused without reason');
  t.equal(
    verdict(write(0, never, 'a'), write(1, 2, 'b'), read(3, 4, 'a'), read(5, 6, 'b')),
    bad,
    'a write without an answer that happens and is undone',
  );
});

t.test('it gives up rather than search for ever', async (t) => {
  const many = Array.from({ length: 40 }, (_, at) => write(0, 100, `${at}`));
  t.equal(checkLinearizable(registerModel, [...many, read(101, 102, 'none')], 1000), 'given up');
});

/** Every order that respects time, and every subset of what has no answer. */
function plainSearch(history: readonly Register[], state: string): boolean {
  if (history.every((operation) => operation.return === never)) return true;
  const firstEnd = Math.min(...history.map((operation) => operation.return));
  return history.some((operation, at) => {
    if (operation.call > firstEnd) return false;
    const next = registerModel.step(state, operation.input, operation.output);
    return next !== null && plainSearch(history.toSpliced(at, 1), next);
  });
}

t.test('on random short histories it says what a plain search says', async (t) => {
  const random = new SimRandom(7);
  let good = 0;
  for (let round = 0; round < 600; round++) {
    const history = Array.from({ length: 2 + random.below(5) }, (_, at): Register => {
      const call = random.below(12);
      const end = random.chance(0.2) ? never : call + 1 + random.below(6);
      const value = ['', 'v0', 'v1', 'v2'][random.below(4)]!;
      if (random.chance(0.4) && end !== never) return read(call, end, value);
      if (random.chance(0.5)) return write(call, end, `v${at}`);
      return swap(call, end, value, `v${at}`, random.chance(0.5));
    });
    const expected = plainSearch(history, '');
    if (expected) good++;
    t.equal(verdict(...history) === 'linearizable', expected, JSON.stringify(history));
  }
  t.ok(good > 50 && good < 550, `both kinds came up (${good})`);
});
