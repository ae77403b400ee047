/** The rules of etcd's watches one by one. */

import t from 'tap';
import { compactAll, del, delOp, put, putOp, txn } from './requests.ts';
import { filled, told, WatchRig, watch } from './watch-rig.ts';

t.test('ids: 0, 1, 2 … by themselves, others as the client wants them, none twice', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  const { stream } = reader;
  stream.create(watch('a'));
  stream.create(watch('a', { watchId: 1 }));
  stream.create(watch('a'));
  stream.create(watch('a', { watchId: 7 }));
  stream.create(watch('a', { watchId: -1 }));
  t.same(reader.read(), ['0@1 created', '1@1 created', '2@1 created', '7@1 created', '-1@1 created']);
  stream.create(watch('b', { watchId: 7 }));
  t.same(reader.read(), ['-1@1 created canceled "mvcc: duplicate watch ID provided on the WatchStream"']);
  stream.cancel(0);
  stream.cancel(7);
  stream.create(watch('a'));
  stream.create(watch('a', { watchId: 7 }));
  t.same(reader.read(), ['0@1 canceled', '7@1 canceled', '3@1 created', '7@1 created'], 'a freed id');
  const other = rig.reader();
  other.stream.create(watch('a'));
  t.same(other.read(), ['0@1 created'], 'ids are of a stream');
  t.equal(rig.hub.watcherCount, 6);
});

t.test('refusals: one response, created and canceled, id -1, in the order of etcd', async (t) => {
  const rig = filled(3);
  const reader = rig.reader();
  const { stream } = reader;
  const compacted = '-1@4 created canceled "etcdserver: mvcc: required revision has been compacted"';
  const empty = '-1@4 created canceled "mvcc: watcher range is empty"';
  stream.create(watch('b', { end: 'a', startRevision: -1 }));
  stream.create(watch('b', { end: 'a' }));
  stream.create(watch('b', { end: 'b', watchId: 5 }));
  stream.create(watch('', { end: '\0' }));
  stream.create(watch('\xff', { end: '\0' }));
  t.same(reader.read(), [compacted, empty, empty, '0@4 created', '1@4 created']);
  t.equal(rig.hub.watcherCount, 2, 'what is refused leaves nothing');
  rig.put('\xff\xff');
  t.same(told(rig, reader), ['0@5 [5 create \xff\xff@5/5/1=v]', '1@5 [5 create \xff\xff@5/5/1=v]']);
});

t.test('ranges: a key, from-to, from on; an empty key is the least key', async (t) => {
  const rig = new WatchRig();
  const ranges: [string, string][] = [
    ['b', ''],
    ['a', 'c'],
    ['b', '\0'],
    ['', ''],
    ['', 'b'],
  ];
  const readers = ranges.map(([key, end]) => {
    const reader = rig.reader();
    reader.stream.create(watch(key, { end }));
    reader.take();
    return reader;
  });
  for (const key of ['\0', 'a', 'b', 'b\0', 'c', '\xff']) rig.put(key, '');
  rig.settle();
  t.same(
    readers.map((reader) => reader.take().flatMap((notice) => notice.events).length),
    [1, 3, 4, 1, 2],
  );
});

t.test('create: created comes first, start 0 is from now on, the past is replayed', async (t) => {
  const rig = filled(2);
  const reader = rig.reader();
  rig.put('k', 'x');
  reader.stream.create(watch('k'));
  reader.stream.create(watch('k', { startRevision: 3 }));
  reader.stream.create(watch('k', { startRevision: 5 }));
  t.same(reader.read(), ['0@4 created', '1@4 created', '2@4 created']);
  t.same(told(rig, reader), ['1@4 [3 update k@2/3/2=1] [4 update k@2/4/3=x]']);
  rig.put('k', 'y');
  t.same(told(rig, reader), [
    '0@5 [5 update k@2/5/4=y]',
    '2@5 [5 update k@2/5/4=y]',
    '1@5 [5 update k@2/5/4=y]',
  ]);
});

t.test('create: a future start is waited for, without events or progress before', async (t) => {
  const rig = filled(1);
  const reader = rig.reader();
  reader.stream.create(watch('k', { startRevision: 5, progressNotify: true }));
  reader.stream.create(watch('k', { startRevision: 3, progressNotify: true }));
  reader.take();
  const ask = (): void => {
    rig.hub.progressTick();
    reader.stream.requestProgress();
  };
  ask();
  t.same(told(rig, reader), [], 'revision 2: both wait');
  rig.put('x');
  ask();
  t.same(told(rig, reader), ['1@3'], 'revision 3: one has begun');
  rig.put('k', '4');
  rig.put('k', '5');
  rig.put('k', '6');
  t.same(
    told(rig, reader).sort(),
    [
      '0@6 [5 update k@2/5/3=5] [6 update k@2/6/4=6]',
      '1@6 [4 update k@2/4/2=4] [5 update k@2/5/3=5] [6 update k@2/6/4=6]',
    ],
    'although 4 was pending when 5 came',
  );
  rig.hub.progressTick();
  ask();
  t.same(reader.read(), ['0@6', '1@6', '-1@6']);
});

t.test('a compacted start is created and then canceled with header 0 and no reason', async (t) => {
  const rig = filled(8);
  rig.store.compact(6);
  compactAll(rig.store);
  const reader = rig.reader();
  reader.stream.create(watch('k', { startRevision: 5 }));
  reader.stream.create(watch('k', { startRevision: 6 }));
  t.same(told(rig, reader), [
    '0@9 created',
    '1@9 created',
    '0@0 canceled compacted 6',
    '1@9 [6 update k@2/6/5=4] [7 update k@2/7/6=5] [8 update k@2/8/7=6] [9 update k@2/9/8=7]',
  ]);
  rig.put('k', 'x');
  reader.stream.requestProgress();
  t.same(
    told(rig, reader),
    ['1@10 [10 update k@2/10/9=x]'],
    'nothing for its id any more, and no progress with it',
  );
  reader.stream.create(watch('k', { watchId: 0 }));
  t.same(reader.read(), ['2@10 created'], 'its id stays taken');
  t.equal(rig.hub.watcherCount, 3);
  reader.stream.cancel(0);
  reader.stream.requestProgress();
  t.same(reader.read(), ['0@10 canceled', '-1@10'], 'until it is cancelled');
});

t.test('a txn is told in one notice; a deletion is key and revision', async (t) => {
  const rig = filled(1);
  rig.put('l');
  const reader = rig.reader();
  reader.stream.create(watch('a', { end: '\0', prevKv: true }));
  reader.take();
  rig.store.txn(txn([putOp(put('k', 'new')), delOp(del('l')), putOp(put('m', 'v'))]));
  t.same(told(rig, reader), [
    '0@4 [4 update k@2/4/2=new was k@2/2/1=0] [4 delete l@0/4/0= was l@3/3/1=v] [4 create m@4/4/1=v]',
  ]);
});

t.test('filters drop puts or deletions; what is left empty is not sent', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  reader.stream.create(watch('k', { noPut: true }));
  reader.stream.create(watch('k', { noDelete: true, startRevision: 1 }));
  reader.stream.create(watch('k', { noDelete: true, noPut: true, startRevision: 1 }));
  reader.take();
  rig.put('k');
  t.same(told(rig, reader), ['1@2 [2 create k@2/2/1=v]']);
  rig.store.deleteRange(del('k'));
  t.same(told(rig, reader), ['0@3 [3 delete k@0/3/0=]']);
});

t.test('catch-up: 1000 revisions in a notice, the header is the newest revision', async (t) => {
  const rig = filled(1500);
  const reader = rig.reader();
  reader.stream.create(watch('k', { startRevision: 1 }));
  reader.take();
  rig.settle();
  t.same(
    reader.take().map(({ events, revision }) => [events.length, revision]),
    [
      [1000, 1501],
      [500, 1501],
    ],
  );
});

t.test('live: the header is the revision of the last event, and never goes back on a stream', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  for (const key of ['c', 'a', 'b']) reader.stream.create(watch(key));
  reader.take();
  for (const key of ['a', 'b', 'a', 'c', 'b', 'x']) rig.put(key, '');
  t.same(told(rig, reader), [
    '1@4 [2 create a@2/2/1=] [4 update a@2/4/2=]',
    '0@5 [5 create c@5/5/1=]',
    '2@6 [3 create b@3/3/1=] [6 update b@3/6/2=]',
  ]);
  rig.put('a', '');
  reader.stream.create(watch('a'));
  rig.put('b', '');
  reader.stream.cancel(0);
  rig.put('b', '');
  reader.stream.requestProgress();
  t.same(
    reader.read(),
    [
      '1@8 [8 update a@2/8/3=]',
      '3@8 created',
      '2@9 [9 update b@3/9/3=]',
      '0@9 canceled',
      '2@10 [10 update b@3/10/4=]',
      '-1@10',
    ],
    'an answer does not overtake what was published before',
  );
});

t.test('prev_kv is looked up at once: a compaction before the turn ends does not take it away', async (t) => {
  const rig = filled(1, { batchBytes: 1_000_000 });
  const [live, slow, late] = [rig.reader(), rig.reader(), rig.reader()];
  live.stream.create(watch('k', { prevKv: true }));
  slow.stream.create(watch('k', { prevKv: true }));
  slow.room = 2;
  live.take();
  rig.put('k', 'a');
  rig.settle();
  rig.put('k', 'b');
  rig.settle();
  t.ok(slow.isFull, 'it does not see b for now');
  live.stream.close();
  rig.put('k', 'c');
  rig.store.compact(5);
  compactAll(rig.store);
  slow.take();
  slow.room = 100;
  slow.resume();
  late.stream.create(watch('k', { prevKv: true, startRevision: 5 }));
  late.take();
  t.same(
    told(rig, slow),
    ['0@5 [4 update k@2/4/3=b was k@2/3/2=a] [5 update k@2/5/4=c was k@2/4/3=b]'],
    'nor where only watchers that are behind want it',
  );
  t.same(late.read(), ['0@5 [5 update k@2/5/4=c was k@2/4/3=b]']);
});

t.test('a compaction ends who needs what is gone, and nobody who was told of it in time', async (t) => {
  const rig = filled(3, { ringChanges: 2 });
  const [head, slow, future] = [rig.reader(), rig.reader(), rig.reader()];
  slow.room = 1;
  for (const reader of [head, slow]) reader.stream.create(watch('k'));
  future.stream.create(watch('k', { startRevision: 6 }));
  rig.put('k', 'a');
  rig.put('k', 'b');
  rig.store.compact(6);
  t.same(told(rig, head), ['0@4 created', '0@6 [5 update k@2/5/4=a] [6 update k@2/6/5=b]']);
  t.same(future.read(), ['0@4 created', '0@6 [6 update k@2/6/5=b]']);
  t.same(slow.read(), ['0@4 created']);
  slow.resume();
  t.same(
    told(rig, slow),
    ['0@6 [5 update k@2/5/4=a] [6 update k@2/6/5=b]'],
    'the ring has what came since it was created',
  );
  for (const value of ['c', 'd', 'e']) rig.put('k', value);
  rig.store.compact(9);
  rig.settle();
  slow.resume();
  t.same(told(rig, slow), ['0@0 canceled compacted 9'], 'it fell off the ring');
  t.same(told(rig, head).length, 1);
});

t.test('who asks for the past gets no more from the ring than the state has', async (t) => {
  const rig = filled(2);
  const [other, reader] = [rig.reader(), rig.reader()];
  other.stream.create(watch('x'));
  for (const value of ['a', 'b', 'c']) rig.put('k', value);
  t.equal(rig.hub.ring.first, 4);
  reader.stream.create(watch('k', { startRevision: 5, prevKv: true }));
  rig.store.compact(6);
  compactAll(rig.store);
  t.same(told(rig, reader), ['0@6 created', '0@0 canceled compacted 6'], 'the previous value of 5 is gone');
});

t.test('fragment: split at the size, between events; all pieces but the last say so', async (t) => {
  const rig = new WatchRig({ maxNoticeBytes: 200 });
  const [whole, cut] = [rig.reader(), rig.reader()];
  whole.stream.create(watch('a', { end: '\0' }));
  cut.stream.create(watch('a', { end: '\0', fragment: true }));
  rig.settle();
  whole.take();
  cut.take();
  const ops = ['a', 'b', 'c', 'd', 'e'].map((key) => putOp(put(key, 'x'.repeat(20))));
  rig.store.txn(txn(ops));
  rig.put('f', 'y'.repeat(500));
  rig.put('g');
  rig.settle();
  const pieces = cut.take();
  t.same(
    pieces.map(({ fragment, events, revision }) => [fragment, events.length, revision]),
    [
      [true, 2, 4],
      [true, 2, 4],
      [true, 1, 4],
      [true, 1, 4],
      [false, 1, 4],
    ],
  );
  const [one, ...none] = whole.take();
  t.same(
    pieces.flatMap(({ events }) => events),
    one!.events,
  );
  t.same([none.length, one!.fragment], [0, false], 'not unless it was asked for');
});

t.test('fragment: a stream that is full amid the pieces gets the rest later, in order', async (t) => {
  const rig = new WatchRig({ maxNoticeBytes: 1 });
  const reader = rig.reader();
  reader.stream.create(watch('a', { end: '\0', fragment: true }));
  reader.stream.create(watch('b'));
  reader.take();
  reader.room = 2;
  rig.store.txn(txn(['a', 'b', 'c'].map((key) => putOp(put(key, '')))));
  rig.put('b', '');
  t.same(told(rig, reader), ['0@3 fragment [2 create a@2/2/1=]', '0@3 fragment [2 create b@2/2/1=]']);
  reader.stream.cancel(1);
  reader.stream.create(watch('c'));
  reader.stream.requestProgress();
  rig.put('c', '');
  reader.resume();
  t.same(told(rig, reader), ['0@3 fragment [2 create c@2/2/1=]', '0@3 [3 update b@2/3/2=]']);
  reader.resume();
  t.same(told(rig, reader), ['1@3 canceled', '2@3 created']);
  reader.resume();
  t.same(told(rig, reader).sort(), ['0@4 [4 update c@2/4/2=]', '2@4 [4 update c@2/4/2=]']);
});

t.test('cancel: an answer for a known id, none for another, and nothing for the id afterwards', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  const { stream } = reader;
  for (const startRevision of [0, 1, 9]) stream.create(watch('k', { startRevision }));
  reader.take();
  rig.put('k');
  stream.cancel(1);
  stream.cancel(4);
  t.same(reader.read(), ['0@2 [2 create k@2/2/1=v]', '1@2 canceled']);
  stream.cancel(1);
  stream.cancel(0);
  stream.cancel(2);
  t.same(reader.read(), ['0@2 canceled', '2@2 canceled']);
  for (let i = 0; i < 9; i++) rig.put('k');
  t.same(told(rig, reader), []);
  t.equal(rig.hub.watcherCount, 0);
});

t.test('manual progress: once for all, when every watcher is at the head; silent otherwise', async (t) => {
  const rig = filled(2);
  const reader = rig.reader();
  reader.stream.requestProgress();
  t.same(told(rig, reader), [], 'no watchers, no answer');
  reader.stream.create(watch('k'));
  reader.stream.create(watch('l'));
  reader.take();
  rig.put('k', 'x');
  reader.stream.requestProgress();
  t.same(reader.read(), ['0@4 [4 update k@2/4/3=x]', '-1@4'], 'behind the events');
  reader.stream.create(watch('k', { startRevision: 1 }));
  reader.stream.requestProgress();
  t.same(reader.read(), ['2@4 created'], 'one is behind');
  rig.settle();
  reader.take();
  reader.stream.requestProgress();
  t.same(reader.read(), ['-1@4']);
});

t.test('periodic progress: to whom asked for it and was told nothing since the last tick', async (t) => {
  const rig = new WatchRig();
  const reader = rig.reader();
  reader.stream.create(watch('k', { progressNotify: true }));
  reader.stream.create(watch('l', { progressNotify: true }));
  reader.stream.create(watch('k'));
  reader.take();
  rig.hub.progressTick();
  t.same(reader.read(), ['0@1', '1@1']);
  rig.put('k');
  rig.hub.progressTick();
  t.same(reader.read().slice(2), ['1@2'], 'one tick is left out');
  rig.hub.progressTick();
  t.same(reader.read(), ['0@2', '1@2']);
  reader.room = 1;
  rig.hub.progressTick();
  t.same(reader.read(), ['0@2'], 'a full stream is sent no more');
  rig.put('l');
  rig.hub.progressTick();
  reader.room = 9;
  reader.resume();
  rig.hub.progressTick();
  t.same(reader.read(), ['0@3'], 'a watcher that is behind gets none');
});
