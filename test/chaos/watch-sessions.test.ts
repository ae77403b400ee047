/** The judge of watchers finds each of the promises broken, and nothing where all are kept. */

import t from 'tap';
import { type Change, logOf } from './judge.ts';
import {
  judgeReflection,
  judgeSession,
  KeyHistories,
  type ToldChange,
  type ToldMessage,
  type WatchSession,
} from './watch-sessions.ts';

const change = (revision: number, key: string, value: string | null): Change => ({ revision, key, value });
const log = logOf([
  change(2, 'a/1', 'one'),
  change(3, 'b/1', 'other'),
  change(4, 'a/1', 'two'),
  change(4, 'a/2', 'with it'),
  change(5, 'a/1', null),
]);
const first: ToldChange = { ...change(2, 'a/1', 'one'), previous: null, isCreate: true };
const second: ToldChange = { ...change(4, 'a/1', 'two'), previous: 'one', isCreate: false };
const third: ToldChange = { ...change(4, 'a/2', 'with it'), previous: null, isCreate: true };
const fourth: ToldChange = { ...change(5, 'a/1', null), previous: 'two', isCreate: false };
const events = (...changes: ToldChange[]): ToldMessage => ({ revision: 5, changes });
const progress = (revision: number): ToldMessage => ({ revision, changes: [] });

function judged(told: readonly ToldMessage[], asked: Partial<WatchSession> = {}): string | null {
  const session: WatchSession = {
    ...{ name: 'w', kind: 'fan-out', prefix: 'a/', key: null, from: 1 },
    ...{ puts: true, deletes: true, previous: true, told: [...told], ...asked },
  };
  return judgeSession(session, log, new KeyHistories(log), 5);
}

t.test('what keeps all promises is let through', async (t) => {
  t.equal(judged([events(first), progress(3), events(second, third), events(fourth), progress(5)]), null);
  t.equal(judged([events(first, second, third, fourth)]), null, 'revisions that come together');
  t.equal(judged([events(second, third)], { from: 3 }), null, 'from the middle, and not to the end');
  t.equal(judged([events(first), events(second, third)], { deletes: false }), null, 'without deletions');
  t.equal(judged([events(first), events(second), events(fourth)], { key: 'a/1' }), null, 'of one key');
  const silent = [first, second, third].map((told) => ({ ...told, previous: null }));
  t.equal(judged([events(...silent)], { previous: false }), null, 'without what was there before');
});

const wrong: [string, readonly ToldMessage[], Partial<WatchSession>?][] = [
  ['not ordered', [events(second, third), events(first)]],
  ['not unique', [events(first), events(first), events(second, third)]],
  ['not reliable: something is missing in the middle', [events(first), events(fourth)]],
  ['not reliable: something is missing before a notice of progress', [events(first), progress(5)]],
  ['not atomic: a revision comes in two messages', [events(first), events(second), events(third)]],
  ['not bookmarkable: something comes after progress beyond it', [progress(4), events(second, third)]],
  ['told from before its start', [events(first), events(second, third)], { from: 3 }],
  ['told of other keys', [events(first, second, third)], { key: 'a/1' }],
  ['told of what was filtered', [events(first, second, third, fourth)], { deletes: false }],
  ['told another value before', [events(first), events({ ...second, previous: 'zero' }, third)]],
  ['told that an old key is new', [events(first), events({ ...second, isCreate: true }, third)]],
  ['told another value', [events({ ...first, value: 'none' })]],
];

for (const [what, told, asked] of wrong) {
  t.test(`a watcher that is wronged is found: ${what}`, async (t) => {
    t.type(judged(told, asked ?? {}), 'string');
  });
}

t.test('a cache that does not hold what a list shows is found', async (t) => {
  const listed = new Map([['a/1', 'one']]);
  const told = [events(second, third), events(fourth)];
  t.equal(judgeReflection('c', listed, told, new Map([['a/2', 'with it']])), null);
  t.type(judgeReflection('c', listed, told, new Map()), 'string', 'a key too many');
  t.type(judgeReflection('c', listed, told, new Map([['a/2', 'other']])), 'string', 'another value');
  t.type(judgeReflection('c', listed, [events(second)], new Map([['a/1', 'one']])), 'string');
});
