/** The hub by itself: full streams, limits, sharing, sinks that talk back, states that are replaced. */

import t from 'tap';
import type { History } from '../../src/mvcc/types.ts';
import { Failure } from '../../src/util/failure.ts';
import { encodeRecord } from '../../src/wire/key-value.ts';
import { failing } from '../suites/failing.ts';
import { bytes, compactAll, put, putOp, txn } from './requests.ts';
import { filled, install, showNotice, told, WatchRig, watch } from './watch-rig.ts';

t.test('a full stream is sent nothing and costs a cursor; it catches up when it can', async (t) => {
  const rig = new WatchRig({ ringChanges: 10, batchRevisions: 50 });
  const reader = rig.reader();
  reader.room = 1;
  reader.stream.create(watch('k'));
  for (let i = 0; i < 500; i++) {
    rig.put('k', 'x'.repeat(100));
    if (i % 7 === 0) rig.settle();
  }
  t.same([rig.hub.ring.length, rig.hub.slowWatcherCount], [10, 1]);
  t.same(reader.take().map(showNotice), ['0@1 created']);
  let events = 0;
  while (reader.isFull) {
    reader.resume();
    rig.settle();
    for (const notice of reader.take()) events += notice.events.length;
  }
  t.same([events, rig.hub.slowWatcherCount], [500, 0]);
  rig.put('k');
  t.equal(told(rig, reader).length, 1);
});

t.test('answers for a full stream are kept in order and bounded, and so are watchers', async (t) => {
  const rig = new WatchRig({ maxQueuedAnswers: 3, maxWatchers: 4 });
  const reader = rig.reader();
  reader.room = 1;
  const { stream } = reader;
  for (let i = 0; i < 3; i++) stream.create(watch('k'));
  stream.cancel(1);
  t.throws(() => stream.create(watch('k')), failing('tooManyRequests'));
  t.throws(() => stream.cancel(0), failing('tooManyRequests'));
  stream.cancel(99);
  rig.put('k');
  reader.take();
  reader.room = 100;
  reader.resume();
  t.same(told(rig, reader), [
    '1@1 created',
    '2@1 created',
    '1@1 canceled',
    '0@2 [2 create k@2/2/1=v]',
    '2@2 [2 create k@2/2/1=v]',
  ]);
  for (let i = 0; i < 3; i++) stream.create(watch('k'));
  t.same(reader.read(), [
    '3@2 created',
    '4@2 created',
    '-1@2 created canceled "etcdserver: too many requests"',
  ]);
});

t.test('like watchers share events and arrays; one change is one event object', async (t) => {
  const rig = filled(5);
  const readers = Array.from({ length: 6 }, () => rig.reader());
  readers.forEach((reader, i) => {
    reader.stream.create(watch('k', { startRevision: i < 3 ? 2 : 0, noDelete: i === 5 }));
    reader.take();
  });
  rig.settle();
  const past = readers.slice(0, 3).map((reader) => reader.take()[0]!.events);
  t.ok(
    past.every((events) => events === past[0] && events.length === 5),
    'read once from the state',
  );
  rig.put('k', 'a');
  rig.put('k', 'b');
  rig.settle();
  const live = readers.map((reader) => reader.take()[0]!.events);
  t.ok(live.slice(0, 5).every((events) => events === live[0]));
  t.not(live[5], live[0]);
  t.equal(live[5]![1], live[0]![1]);
});

t.test('watchers that start together share the reads of the past; nobody waits for them', async (t) => {
  let reads = 0;
  const rig = new WatchRig({ historyReadBytes: 1, pumpChanges: 40 }, (history) => ({
    get revision() {
      return history.revision;
    },
    get compactRevision() {
      return history.compactRevision;
    },
    previous: (key, revision) => history.previous(key, revision),
    read: (from, bytes, done) => {
      reads++;
      history.read(from, bytes, done);
    },
  }));
  for (let i = 0; i < 4000; i++) rig.put('k', 'x'.repeat(100));
  const alone = rig.reader();
  alone.stream.create(watch('k', { startRevision: 1 }));
  rig.settle();
  t.equal(alone.take().flatMap(({ events }) => events).length, 4000);
  const readsOfOne = reads;
  t.ok(readsOfOne > 3);
  reads = 0;
  const many = Array.from({ length: 50 }, () => rig.reader());
  for (const reader of many) reader.stream.create(watch('k', { startRevision: 1 }));
  const live = rig.reader();
  live.stream.create(watch('k'));
  live.take();
  rig.hub.pump();
  rig.put('k', 'live');
  rig.hub.pump();
  t.same(live.read().length, 1);
  t.ok(rig.hub.slowWatcherCount > 0, 'while the others are still reading');
  rig.settle();
  t.ok(reads <= readsOfOne, `${reads} reads for 50, ${readsOfOne} for one`);
  t.ok(many.every((reader) => reader.take().flatMap(({ events }) => events).length === 4001));
});

t.test('a stream may be closed while the past is read, and from within send', async (t) => {
  const rig = filled(10, { batchRevisions: 2 });
  const reader = rig.reader();
  reader.stream.create(watch('k', { startRevision: 1 }));
  reader.take();
  rig.hub.pump();
  t.ok(rig.jobs.length > 0, 'a read is under way');
  reader.stream.close();
  t.same(told(rig, reader), []);
  const closers = [0, 1, 0].map((startRevision) => {
    const closer = rig.reader();
    closer.stream.create(watch('k', { startRevision, fragment: true }));
    closer.take();
    closer.send = (notice) => {
      closer.notices.push(notice);
      closer.stream.close();
      return true;
    };
    return closer;
  });
  rig.settle();
  rig.put('k', 'x');
  rig.settle();
  rig.put('k', 'y');
  rig.settle();
  t.same(
    closers.map((closer) => closer.take().length),
    [1, 1, 1],
  );
  t.same([rig.hub.watcherCount, rig.hub.streamCount], [0, 0]);
  reader.stream.create(watch('k'));
  reader.stream.resume();
  reader.stream.requestProgress();
  reader.stream.cancel(0);
  t.same([rig.hub.watcherCount, reader.read()], [0, []], 'a closed stream does nothing');
});

t.test('a watcher that is created from within send sees nothing from before', async (t) => {
  const rig = new WatchRig();
  const [first, second] = [rig.reader(), rig.reader()];
  first.stream.create(watch('k'));
  first.take();
  const send = first.send.bind(first);
  first.send = (notice) => {
    if (notice.events.length > 0 && rig.hub.watcherCount === 1) second.stream.create(watch('k'));
    return send(notice);
  };
  rig.put('k', 'a');
  rig.settle();
  t.same(second.read(), ['0@2 created']);
  rig.put('k', 'b');
  t.same(told(rig, second), ['0@3 [3 update k@2/3/2=b]']);
});

t.test('a sink may cancel, and pump, from within send', async (t) => {
  const rig = filled(1);
  const reader = rig.reader();
  const send = reader.send.bind(reader);
  reader.send = (notice) => {
    const more = send(notice);
    if (notice.created && notice.watchId === 0) reader.stream.cancel(0);
    rig.hub.pump();
    return more;
  };
  reader.stream.create(watch('a'));
  for (const key of ['a', 'b']) reader.stream.create(watch(key));
  t.same(reader.read(), ['0@2 created', '0@2 canceled', '1@2 created', '2@2 created']);
  const { send: pumping } = reader;
  reader.send = send;
  reader.stream.create(watch('k', { startRevision: 1 }));
  reader.take();
  reader.send = pumping;
  rig.put('a', '');
  rig.put('b', '');
  t.same(told(rig, reader), [
    '1@3 [3 create a@3/3/1=]',
    '2@4 [4 create b@4/4/1=]',
    '3@4 [2 create k@2/2/1=0]',
  ]);
  reader.stream.requestProgress();
  t.same([rig.hub.watcherCount, reader.read()], [3, ['-1@4']]);
});

t.test('a notice is bounded by bytes and revisions, and holds whole revisions', async (t) => {
  const bounds = { batchRevisions: 4, batchBytes: 1000 };
  const ops = ['a', 'b', 'c'].map((key) => putOp(put(key, '')));
  for (const startRevision of [0, 1]) {
    const rig = new WatchRig(bounds);
    const reader = rig.reader();
    if (startRevision === 0) reader.stream.create(watch('a', { end: '\0' }));
    for (let i = 0; i < 10; i++) rig.store.txn(txn(ops));
    for (let i = 0; i < 3; i++) rig.put('d', 'x'.repeat(600));
    if (startRevision === 1) reader.stream.create(watch('a', { end: '\0', startRevision }));
    rig.settle();
    t.same(
      reader.take().map(({ events }) => events.length),
      [0, 12, 12, 8, 1],
    );
  }
});

/** A past that answers when the test says so. */
class SlowHistory implements History {
  revision = 9;
  compactRevision = -1;
  readonly asked: { from: number; done: Parameters<History['read']>[2] }[] = [];

  previous(): null {
    return null;
  }

  read(from: number, _maxBytes: number, done: Parameters<History['read']>[2]): void {
    this.asked.push({ from, done });
  }
}

let line = 0;

function installWhole(from: WatchRig, to: WatchRig): void {
  let isDone = false;
  install(from, to, ++line, () => {
    isDone = true;
  });
  while (!isDone) {
    from.jobs.runOne();
    to.jobs.runOne();
    to.hub.pump();
  }
}

t.test('snapshot: what was read across a change of the state is not told', async (t) => {
  const record = encodeRecord('k', 5, 5, 1, bytes('x'), 0n);
  const changes = [{ revision: 5, key: 'k', type: 0, record, isCreate: true }];
  for (const answerWhen of ['suspended', 'reloaded', 'later', 'before'] as const) {
    const history = new SlowHistory();
    const rig = new WatchRig({}, () => history);
    const reader = rig.reader();
    reader.stream.create(watch('k', { startRevision: 2 }));
    rig.hub.pump();
    reader.take();
    const answer = (): void => {
      history.asked[0]!.done(null, changes, 10);
      if (answerWhen !== 'before') rig.hub.pump();
    };
    if (answerWhen === 'before') answer();
    rig.hub.suspend();
    rig.hub.pump();
    if (answerWhen === 'suspended') answer();
    history.revision = 20;
    rig.hub.pump();
    if (answerWhen === 'reloaded') answer();
    rig.hub.resync();
    rig.hub.pump();
    if (answerWhen === 'later') answer();
    rig.hub.pump();
    t.same([reader.read(), history.asked.map(({ from }) => from)], [[], [2, 2]], answerWhen);
    history.asked[1]!.done(null, changes, 21);
    t.same(told(rig, reader), ['0@20 [5 create k@5/5/1=x]']);
  }
});

t.test('snapshot: every watcher goes on from its next revision, or is compacted', async (t) => {
  const [leader, rig] = [filled(5), filled(5)];
  const [idle, busy, future] = [rig.reader(), rig.reader(), rig.reader()];
  idle.stream.create(watch('x'));
  busy.stream.create(watch('k', { prevKv: true }));
  future.stream.create(watch('k', { startRevision: 9 }));
  for (const one of [leader, rig]) one.put('k', 'a');
  leader.put('k', 'b');
  leader.put('k', 'c');
  leader.store.compact(8);
  compactAll(leader.store);
  rig.settle();
  const before = [idle, busy, future].map((reader) => reader.read());
  t.same(before, [
    ['0@6 created'],
    ['0@6 created', '0@7 [7 update k@2/7/6=a was k@2/6/5=4]'],
    ['0@6 created'],
  ]);
  installWhole(leader, rig);
  t.same(
    [idle, busy, future].map((reader) => told(rig, reader)),
    [[], ['0@9 [8 update k@2/8/7=b] [9 update k@2/9/8=c was k@2/8/7=b]'], ['0@9 [9 update k@2/9/8=c]']],
    'the value before 8 is compacted',
  );
  for (const one of [leader, rig]) one.put('k', 'd');
  t.same(told(rig, busy), ['0@10 [10 update k@2/10/9=d was k@2/9/8=c]']);
  leader.put('x');
  leader.store.compact(11);
  leader.put('x');
  installWhole(leader, rig);
  t.same(told(rig, idle), ['0@12 [11 create x@11/11/1=v] [12 update x@11/12/2=v]']);
  leader.put('x');
  leader.put('x');
  leader.store.compact(14);
  installWhole(leader, rig);
  t.same(told(rig, idle), ['0@0 canceled compacted 14']);
});

t.test('changes are made up only while somebody watches, and no revision is left out', async (t) => {
  const rig = new WatchRig();
  t.equal(rig.hub.isEmpty, true);
  const before = rig.put('k');
  t.throws(() => rig.hub.passed(before), /is published behind/);
  const reader = rig.reader();
  reader.stream.create(watch('k', { startRevision: before }));
  t.equal(rig.hub.isEmpty, false);
  t.throws(() => rig.hub.passed(before + 1), /wants to see/);
  rig.put('k', 'w');
  rig.settle();
  t.equal(told(rig, reader).length > 0, true, 'what came before, and what came after');
  t.equal(rig.hub.newest, before + 1);
});

t.test('what was published before a resync is told, whoever forgot to suspend', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  reader.stream.create(watch('k'));
  rig.put('k');
  rig.hub.resync();
  rig.put('k');
  t.same(told(rig, reader), ['0@1 created', '0@2 [2 create k@2/2/1=v]', '0@3 [3 update k@2/3/2=v]']);
});

t.test('a revision that was left out, and a state that cannot be read, are not passed over', async (t) => {
  const change = { revision: 3, key: 'k', type: 0, record: Buffer.alloc(0), isCreate: true };
  t.throws(() => new WatchRig().hub.publish([change]), /revision 3 is published behind 1/);
  for (const reason of ['backendDamaged', 'stopped'] as const) {
    const rig: WatchRig = new WatchRig({}, () => ({
      revision: 3,
      compactRevision: -1,
      previous: () => null,
      read: (from, _, done) => rig.jobs.defer(() => done(new Failure(reason), [], from)),
    }));
    rig.reader().stream.create(watch('k', { startRevision: 1 }));
    rig.hub.pump();
    rig.jobs.runOne();
    if (reason === 'stopped') t.doesNotThrow(() => rig.settle(), 'at the end of the member');
    else t.throws(() => rig.hub.pump(), failing(reason));
  }
});

t.test('ten thousand idle watchers of other keys are not looked at by a put', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  for (let i = 0; i < 5000; i++) {
    const name = `/registry/${String(i).padStart(5, '0')}/`;
    reader.stream.create(watch(name, { prevKv: true }));
    reader.stream.create(
      watch(name, { end: name.replace(/\/$/, '0'), startRevision: i % 2 === 0 ? 0 : 1e6 + i }),
    );
  }
  reader.stream.create(watch('k'));
  const gone = rig.reader();
  for (let i = 0; i < 100; i++) gone.stream.create(watch('k', { end: `l${i}` }));
  gone.stream.close();
  rig.settle();
  reader.take();
  const before = rig.hub.visitedCount;
  for (let i = 0; i < 100; i++) rig.put('k');
  for (let i = 0; i < 100; i++) rig.put('/registry/02500/x');
  const visited = (rig.hub.visitedCount - before) / 200;
  t.ok(visited < 30, `${visited} visits per put`);
  rig.settle();
  t.same(
    reader.take().map(({ watchId, events }) => [watchId, events.length]),
    [
      [10_000, 100],
      [5001, 100],
    ],
  );
});
