/** The judges of a chaos run find what is wrong, and nothing where nothing is. */

import t from 'tap';
import { type Change, judgeAppends, judgeLeases, judgeWatcher, logOf } from './judge.ts';

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
