/** The judges of a chaos run find what is wrong, and nothing where nothing is. */

import t from 'tap';
import { type Change, judgeAnswers, judgeAppends, judgeLeases, judgeWatcher, logOf } from './judge.ts';
import { Record } from './record.ts';
import { type RoundTotals, sumOf } from './totals.ts';

const change = (revision: number, key: string, value: string | null): Change => ({ revision, key, value });

t.test('a list that lost what was appended is found', async (t) => {
  const good = [change(2, 'append/1', ',a'), change(3, 'other', 'x'), change(4, 'append/1', ',a,b')];
  t.same(judgeAppends(logOf(good)), []);
  t.equal(judgeAppends(logOf([...good, change(5, 'append/1', ',a,c')])).length, 1);
});

t.test('a key that went before its lease was over is found; one that went after it is not', async (t) => {
  const promises = new Map([['lease/1', 5000]]);
  const told = (at: number) => [{ revision: 9, changes: [change(9, 'lease/1', null)], at }];
  t.same(judgeLeases(promises, told(5001)), []);
  t.equal(judgeLeases(promises, told(4000)).length, 1);
  t.same(judgeLeases(new Map(), told(4000)), [], 'nothing was promised');
});

t.test('a watcher that was not told something is found', async (t) => {
  const changes = [change(2, 'a', '1'), change(3, 'b', '2')];
  const log = logOf(changes);
  t.same(judgeWatcher('w', 1, [{ revision: 3, changes }], log), []);
  t.equal(judgeWatcher('w', 1, [{ revision: 3, changes: [changes[1]!] }], log).length, 1);
});

t.test('a read of the past, or of what one member has, must be a state that was', async (t) => {
  const log = logOf([change(2, 'a', '1'), change(4, 'a', '2')]);
  const wrong = (kind: 'stale' | 'past', asked: string, revision: number, seen: string): number => {
    const record = new Record();
    record.answer(record.begin('get', 'a'), 4, '2');
    record.answer(record.begin(kind, 'a', '', asked), revision, seen);
    return judgeAnswers(record.all, log).length;
  };
  t.equal(wrong('stale', '', 3, '1'), 0, 'an old state is one');
  t.equal(wrong('stale', '', 3, '2'), 1);
  t.equal(wrong('past', '2', 4, '1'), 0);
  t.equal(wrong('past', '2', 4, '2'), 1);
  t.equal(wrong('past', '2', 3, '1'), 1, 'it asks the others how far they are, as every read does');
});

t.test('rounds that do not count are in no sum, but for their violations', async (t) => {
  const round: RoundTotals = {
    ...{ at: '', members: 3, isLossy: false, load: 1, seconds: 60, operations: 5000, answered: 4990 },
    ...{ inDoubt: 10, byKind: { put: 4990 }, revisions: 5000, registers: 9, givenUp: 0, watchers: 4 },
    ...{ told: 20_000, sessions: { 'fan-out': [40, 100] }, reflections: 1, guarded: 2, leases: 3, memory: 9 },
    ...{ outages: [{ kind: 'kill', ms: 80 }], counts: true, problems: [] },
  };
  const lines = sumOf([round, round, { ...round, counts: false, problems: ['wrong'] }]);
  t.match(lines[0], /^2 rounds that count of 3, 120 s .*, 10000 operations \(83\/s\)/);
  t.match(lines.join('\n'), /kill +2 times; .* median 80 ms/);
  t.equal(lines.at(-1), 'violations 1');
});
