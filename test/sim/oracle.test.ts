/** The oracle is shown right and wrong answers to a log that was made by hand. */

import t from 'tap';
import type { WatchCreate, WatchNotice } from '../../src/mvcc/types.ts';
import { EntryType } from '../../src/raft/types.ts';
import { type Asked, History } from '../../src/sim/oracle/history.ts';
import { type Logged, Replay } from '../../src/sim/oracle/replay.ts';
import { WatchHistory } from '../../src/sim/oracle/watch-history.ts';
import { rangeOf } from '../../src/sim/oracle/workload.ts';
import { encodeKeyValue } from '../../src/wire/key-value.ts';
import type { Event, PutRequest } from '../../src/wire/messages.ts';
import { CompareResult, CompareTarget, OpKind } from '../../src/wire/messages.ts';

const none = new Uint8Array(0);

function put(key: string, value: string): PutRequest {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

function asPut(key: string, value: string): { asked: Asked; body: Uint8Array } {
  return { asked: { kind: 'put', request: put(key, value) }, body: Buffer.from(`put ${key} ${value}`) };
}

interface Bench {
  replay: Replay;
  history: History;
  log(asked: Asked, body: Uint8Array): void;
}

function bench(): Bench {
  const logged: Logged[] = [];
  const replay = new Replay((entry) => [logged[entry.index - 1]!]);
  return {
    replay,
    history: new History(replay),
    log(asked, body) {
      if (asked.kind === 'range') throw new Error('a range is not logged');
      logged.push({ what: asked as Logged['what'], body });
      const index = logged.length;
      replay.advance({ index, term: 1, type: EntryType.Normal, data: Buffer.from('x') });
    },
  };
}

function kv(key: string, value: string, create: number, mod: number, version: number): Uint8Array {
  return encodeKeyValue({
    key: Buffer.from(key),
    value: Buffer.from(value),
    createRevision: create,
    modRevision: mod,
    version,
    lease: 0n,
  });
}

const range: Asked = { kind: 'range', request: rangeOf('a', '') };

t.test('a write that was logged and answered with its revision passes, once', async (t) => {
  const b = bench();
  const { asked, body } = asPut('a', '1');
  const first = b.history.invoke(0, '1/1', asked, body, 0);
  const second = b.history.invoke(1, '1/1', asked, body, 0);
  b.log(asked, body);
  b.history.answer(first, null, { prevKv: null, revision: 2 });
  b.history.judge();
  b.history.answer(second, null, { prevKv: null, revision: 2 });
  t.throws(() => b.history.judge(), /given to operation 1 too/);
});

t.test('an acknowledged write that is not in the log is found', async (t) => {
  const b = bench();
  const { asked, body } = asPut('a', '1');
  b.history.answer(b.history.invoke(0, '1/1', asked, body, 0), null, { prevKv: null, revision: 2 });
  b.history.judge();
  t.throws(() => b.history.judgeLog(), /never committed/);
});

t.test('a request that nobody sent, or one that stands in the log too often, is found', async (t) => {
  const phantom = bench();
  phantom.log(asPut('a', '1').asked, asPut('a', '1').body);
  t.throws(() => phantom.history.judgeLog(), /nobody sent/);

  const twice = bench();
  const { asked, body } = asPut('a', '1');
  twice.history.abandon(twice.history.invoke(0, '1/1', asked, body, 0));
  twice.log(asked, body);
  t.doesNotThrow(() => twice.history.judgeLog(), 'an unknown outcome may be once in the log');
  twice.log(asked, body);
  t.throws(() => twice.history.judgeLog(), /2 times what was sent 1/);

  const refused = bench();
  refused.history.answer(refused.history.invoke(0, '1/1', asked, body, 0), 'tooManyRequests', null);
  refused.history.judge();
  refused.log(asked, body);
  t.throws(() => refused.history.judgeLog(), /refused 1 times/);
});

t.test(
  'a linearizable read below an answer given before it began is stale; a serializable one may be',
  async (t) => {
    for (const serializable of [false, true]) {
      const b = bench();
      const { asked, body } = asPut('a', '1');
      const write = b.history.invoke(0, '1/1', asked, body, 0);
      b.log(asked, body);
      b.history.answer(write, null, { prevKv: null, revision: 2 });
      const request = { ...rangeOf('a', ''), serializable };
      const read = b.history.invoke(1, '2/1', { kind: 'range', request }, null, 1);
      b.history.answer(read, null, { kvs: [], more: false, count: 0, revision: 1 });
      if (serializable) t.doesNotThrow(() => b.history.judge());
      else t.throws(() => b.history.judge(), /I22/);
    }
  },
);

t.test('a serializable read never goes back on the same member', async (t) => {
  const b = bench();
  const { asked, body } = asPut('a', '1');
  const write = b.history.invoke(0, '1/1', asked, body, 0);
  b.log(asked, body);
  b.history.answer(write, null, { prevKv: null, revision: 2 });
  const request = { ...rangeOf('a', ''), serializable: true };
  const read = b.history.invoke(1, '1/1', { kind: 'range', request }, null, 1);
  b.history.answer(read, null, { kvs: [], more: false, count: 0, revision: 1 });
  t.throws(() => b.history.judge(), /I22/);
});

t.test('a write answered with a revision that was known before it was asked is found', async (t) => {
  const b = bench();
  const one = asPut('a', '1');
  const two = asPut('a', '2');
  const write = b.history.invoke(0, '1/1', one.asked, one.body, 0);
  b.log(two.asked, two.body);
  b.log(one.asked, one.body);
  b.history.answer(write, null, { prevKv: null, revision: 3 });
  const late = b.history.invoke(1, '1/1', two.asked, two.body, 5);
  b.history.answer(late, null, { prevKv: null, revision: 2 });
  t.throws(() => b.history.judge(), /I22/);
});

t.test('a read of the wrong state is found, and says both', async (t) => {
  const b = bench();
  const { asked, body } = asPut('a', '1');
  b.history.abandon(b.history.invoke(0, '1/1', asked, body, 0));
  b.log(asked, body);
  const right = b.history.invoke(0, '1/1', range, null, 0);
  b.history.answer(right, null, { kvs: [kv('a', '1', 2, 2, 1)], more: false, count: 1, revision: 2 });
  t.doesNotThrow(() => b.history.judge());
  const wrong = b.history.invoke(0, '1/1', range, null, 0);
  b.history.answer(wrong, null, { kvs: [kv('a', '0', 2, 2, 1)], more: false, count: 1, revision: 2 });
  t.throws(() => b.history.judge(), /a=0.*the log says.*a=1/s);
});

t.test('a compare-and-set that answers what its moment does not allow is found', async (t) => {
  const b = bench();
  const { asked, body } = asPut('a', '1');
  b.history.abandon(b.history.invoke(0, '1/1', asked, body, 0));
  b.log(asked, body);
  const compare = {
    result: CompareResult.Equal,
    target: CompareTarget.Mod,
    key: Buffer.from('a'),
    rangeEnd: none,
    number: 2,
    value: none,
    lease: 0n,
  };
  const request = {
    compare: [compare],
    success: [{ kind: OpKind.Put, request: put('a', '2') } as const],
    failure: [{ kind: OpKind.Range, request: rangeOf('a', '') } as const],
  };
  const txn: Asked = { kind: 'txn', request };
  const operation = b.history.invoke(0, '1/1', txn, Buffer.from('txn'), 0);
  b.history.answer(operation, null, { succeeded: false, responses: [], revision: 2 });
  t.throws(() => b.history.judge(), /has to change something/);
});

const everything: WatchCreate = {
  key: 'a',
  end: '\0',
  startRevision: 2,
  progressNotify: false,
  noPut: false,
  noDelete: false,
  prevKv: false,
  watchId: 1,
  fragment: false,
};

function notice(revision: number, rest: Partial<WatchNotice> = {}): WatchNotice {
  return {
    watchId: 1,
    revision,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    events: [],
    ...rest,
  };
}

function event(key: string, value: string, create: number, mod: number, version: number): Event {
  return { type: 0, kv: kv(key, value, create, mod, version), prevKv: null };
}

const one = event('a', '1', 2, 2, 1);
const two = event('b', '2', 3, 3, 1);
const three = event('a', '3', 2, 4, 2);

/** a=1 at 2, b=2 at 3, a=3 at 4; compacted at 3. */
function watched(notices: WatchNotice[], create: Partial<WatchCreate> = {}): () => void {
  const b = bench();
  for (const [key, value] of [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ] as const) {
    b.log(asPut(key, value).asked, asPut(key, value).body);
  }
  b.log({ kind: 'compact', request: { revision: 3, physical: false } }, Buffer.from('compact'));
  const history = new WatchHistory('w', { ...everything, ...create }, b.replay);
  for (const each of [notice(4, { created: true }), ...notices]) history.notice(each);
  return () => {
    history.judge();
    history.judgeAtHead(4);
  };
}

t.test('a watcher that is told everything in order passes', async (t) => {
  t.doesNotThrow(watched([notice(4, { events: [one] }), notice(4, { events: [two, three] }), notice(4)]));
  t.doesNotThrow(watched([notice(4, { events: [two] })], { key: 'b', end: '' }));
  t.doesNotThrow(watched([], { startRevision: 0 }), 'from now on, nothing has happened');
  t.doesNotThrow(watched([], { noPut: true }));
});

for (const [id, what, notices, create] of [
  ['I28', 'a revision after a later one', [notice(4, { events: [one, two] }), notice(4, { events: [one] })]],
  ['I29', 'an event twice', [notice(4, { events: [one, one] })]],
  ['I30', 'a skipped event', [notice(4, { events: [one, three] })]],
  ['I31', 'a revision in two pieces', [notice(4, { events: [one] }), notice(4, { events: [one] })]],
  ['I33', 'progress before its events', [notice(4, { events: [one] }), notice(3)]],
  ['I34', 'an event of another content', [notice(4, { events: [event('a', 'x', 2, 2, 1)] })]],
  ['I34', 'an event that is no creation', [notice(4, { events: [event('a', '1', 1, 2, 2)] })]],
  ['I34', 'a missing previous value', [notice(4, { events: [three] })], { startRevision: 4, prevKv: true }],
  ['I35', 'an event from before its start', [notice(4, { events: [two, three] })], { startRevision: 4 }],
  ['I36', 'a compaction that there was not', [notice(4, { canceled: true, compactRevision: 4 })]],
  [
    'I36',
    'an end by a compaction behind it',
    [notice(4, { canceled: true, compactRevision: 3 })],
    { startRevision: 4 },
  ],
  ['L3', 'silence', [notice(4, { events: [one] })]],
] as [string, string, WatchNotice[], Partial<WatchCreate>?][]) {
  t.test(`${id}: a watcher that is told ${what} is noticed`, async (t) => {
    t.throws(watched(notices, create), new RegExp(`^(Error: )?${id}`));
  });
}

t.test('a watcher of the compacted past may be told so', async (t) => {
  t.doesNotThrow(watched([notice(4, { canceled: true, compactRevision: 3 })]));
});
