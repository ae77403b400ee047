import { connect } from 'node:http2';
import t from 'tap';
import { SharedEvents } from '../../src/etcd/shared-events.ts';
import { encodeKeyValue } from '../../src/wire/key-value.ts';
import type { WatchCreateRequest, WatchRequest } from '../../src/wire/messages.ts';
import { decodeWatchResponse, encodeWatchEvents, encodeWatchRequest } from '../../src/wire/watch-codec.ts';
import { bytes, text } from '../mvcc/requests.ts';
import { framed, requestHeaders } from '../rpc/grpc-harness.ts';
import { pauseFor, until } from '../waiting.ts';
import { CLUSTER_ID, type FakeWatchStream, MEMBER_ID, notice, TERM } from './fake-member.ts';
import { Served, type StreamLog } from './served.ts';

function create(fields: Partial<WatchCreateRequest> = {}): Uint8Array {
  const request: WatchCreateRequest = {
    key: bytes('k'),
    rangeEnd: bytes(''),
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
    ...fields,
  };
  return encodeWatchRequest({ kind: 'create', create: request });
}

const encoded = (request: WatchRequest): Uint8Array => encodeWatchRequest(request);

function eventOf(key: string, revision: number, valueBytes = 1): { type: number; kv: Buffer; prevKv: null } {
  const kv = encodeKeyValue({
    key: bytes(key),
    createRevision: revision,
    modRevision: revision,
    version: 1,
    value: Buffer.alloc(valueBytes, 'v'),
    lease: 0n,
  });
  return { type: 0, kv: Buffer.from(kv), prevKv: null };
}

interface Open {
  readonly stream: StreamLog;
  readonly hub: FakeWatchStream;
}

async function open(served: Served, metadata: Record<string, string> = {}): Promise<Open> {
  const count = served.member.hub.streams.length;
  const stream = served.stream('Watch/Watch', metadata);
  await until('the stream at the hub', () => served.member.hub.streams.length > count);
  return { stream, hub: served.member.hub.streams[count]! };
}

t.test('requests reach the hub as they were meant', async (t) => {
  const served = await Served.open(t);
  const { stream, hub } = await open(served);
  stream.send(create());
  stream.send(create({ key: bytes(''), rangeEnd: bytes('\0') }));
  stream.send(
    create({
      key: bytes('\xff\x00'),
      rangeEnd: bytes('\xff\x01'),
      startRevision: 5,
      progressNotify: true,
      filters: [0, 1],
      prevKv: true,
      watchId: 9,
      fragment: true,
    }),
  );
  stream.send(create({ filters: [1], startRevision: -3 }));
  stream.send(encoded({ kind: 'cancel', watchId: 9 }));
  stream.send(encoded({ kind: 'unset' }));
  stream.send(encoded({ kind: 'progress' }));
  await until('all requests', () => hub.asked.length === 6);
  const plain = {
    key: 'k',
    end: '',
    startRevision: 0,
    progressNotify: false,
    noPut: false,
    noDelete: false,
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
  t.strictSame(hub.asked, [
    plain,
    { ...plain, key: '\0', end: '\0' },
    {
      key: '\xff\x00',
      end: '\xff\x01',
      startRevision: 5,
      progressNotify: true,
      noPut: true,
      noDelete: true,
      prevKv: true,
      watchId: 9,
      fragment: true,
    },
    { ...plain, startRevision: -3, noDelete: true },
    { cancel: 9 },
    'progress',
  ]);
});

t.test('what the hub tells becomes responses with a header each', async (t) => {
  const served = await Served.open(t);
  const { stream, hub } = await open(served);
  hub.sink.send(notice({ created: true, watchId: 3, revision: 8 }));
  hub.sink.send(notice({ watchId: 3, revision: 9, events: [eventOf('k', 9)], fragment: true }));
  hub.sink.send(notice({ watchId: 3, canceled: true, compactRevision: 7, revision: 0 }));
  hub.sink.send(notice({ watchId: -1, revision: 9 }));
  hub.sink.send(notice({ watchId: -1, created: true, canceled: true, cancelReason: 'why', revision: 9 }));
  await until('all responses', () => stream.messages.length === 5);
  const responses = stream.messages.map(decodeWatchResponse);
  const ids = { clusterId: BigInt(`0x${CLUSTER_ID}`), memberId: BigInt(`0x${MEMBER_ID}`), raftTerm: TERM };
  t.strictSame(
    responses.map(({ header }) => header),
    [8, 9, 0, 9, 9].map((revision) => ({ ...ids, revision })),
  );
  t.strictSame(
    responses.map(({ watchId, created, canceled, compactRevision, cancelReason, fragment, events }) => [
      watchId,
      created,
      canceled,
      compactRevision,
      cancelReason,
      fragment,
      events.map(({ kv }) => `${text(kv.key)}@${kv.modRevision}`),
    ]),
    [
      [3, true, false, 0, '', false, []],
      [3, false, false, 0, '', true, ['k@9']],
      [3, false, true, 7, '', false, []],
      [-1, false, false, 0, '', false, []],
      [-1, true, true, 0, 'why', false, []],
    ],
  );
});

t.test('half-closing does not end a watch, going away does', async (t) => {
  const served = await Served.open(t);
  const { stream, hub } = await open(served);
  stream.call.end();
  await pauseFor(20);
  t.equal(hub.isClosed, false);
  hub.sink.send(notice({ created: true }));
  await until('the response', () => stream.messages.length === 1);
  t.equal(stream.ended, null);
  stream.call.cancel();
  await until('the hub to know', () => hub.isClosed);
});

t.test('a request that is no message ends the stream and its watchers', async (t) => {
  const served = await Served.open(t);
  const { stream, hub } = await open(served);
  stream.send(Buffer.from([0x0a, 0x7f]));
  await until('the end', () => stream.ended !== null);
  t.match(stream.ended, /^13 grpc: failed to unmarshal the received message: /);
  t.equal(hub.isClosed, true);
});

t.test('a full stream takes no requests until it has room, and then tells the hub to go on', async (t) => {
  const served = await Served.open(t);
  // HTTP/2's own windows are small, and nothing is read until somebody listens.
  const session = connect(served.url);
  const stream = session.request(requestHeaders('/etcdserverpb.Watch/Watch'));
  await until('the stream at the hub', () => served.member.hub.streams.length === 1);
  const hub = served.member.hub.streams[0]!;
  const big = [eventOf('k', 2, 100_000)];
  let sent = 1;
  while (sent < 100 && hub.sink.send(notice({ events: big }))) sent++;
  t.ok(sent < 10, `${sent} notices were taken for a client that reads nothing`);
  for (let i = 0; i < 50; i++) stream.write(framed(create({ watchId: i + 1 })));
  await pauseFor(50);
  // One was asked for before the stream was full.
  t.ok(hub.asked.length <= 1, `${hub.asked.length} requests were taken`);
  stream.resume();
  await until('all requests', () => hub.asked.length === 51);
  t.equal(hub.asked.filter((asked) => asked === 'resume').length, 1);
  session.destroy();
  await until('the hub to know', () => hub.isClosed);
});

t.test('an event that cannot be encoded ends its stream and nothing else', async (t) => {
  const served = await Served.open(t);
  const { stream, hub } = await open(served);
  const other = await open(served);
  const broken = { type: 0, kv: null as never, prevKv: null };
  t.equal(hub.sink.send(notice({ events: [broken] })), false);
  await until('the end', () => stream.ended !== null);
  t.match(stream.ended, /^13 internal error/);
  t.equal(hub.isClosed, true);
  t.equal(other.hub.isClosed, false);
  t.equal(served.member.errors.lines.length, 1);
});

t.test('progress ticks come while there are streams, and only then', async (t) => {
  const served = await Served.open(t, {}, { watchProgressIntervalMs: 1 });
  const { hub } = served.member;
  const { stream } = await open(served);
  const second = await open(served);
  await until('two ticks', () => hub.ticks >= 2);
  stream.call.cancel();
  second.stream.call.cancel();
  await until('both closed', () => hub.streams.every(({ isClosed }) => isClosed));
  const { ticks } = hub;
  await pauseFor(250);
  t.equal(hub.ticks, ticks);
  const third = await open(served);
  await until('another tick', () => hub.ticks > ticks);
  third.stream.call.cancel();
});

t.test('the interval of progress ticks is at least 100 ms', async (t) => {
  const served = await Served.open(t, {}, { watchProgressIntervalMs: 1 });
  const began = performance.now();
  await open(served);
  await until('a tick', () => served.member.hub.ticks > 0);
  t.ok(performance.now() - began >= 99);
});

t.test('events that many streams are told are encoded once, and their bytes are the same', (t) => {
  const shared = new SharedEvents();
  const event = eventOf('k', 5);
  const first = shared.encode([event]);
  t.equal(shared.encode([event]), first, 'one event, whatever list it stands in');
  t.strictSame(Buffer.from(first), Buffer.from(encodeWatchEvents([event])));
  const list = [eventOf('a', 6), eventOf('b', 6)];
  const two = shared.encode(list);
  t.equal(shared.encode(list), two);
  t.not(shared.encode([...list]), two);
  for (let i = 0; i < 100; i++) shared.encode([eventOf('k', i)]);
  t.not(shared.encode([event]), first, 'forgotten when others came');
  const large = [eventOf('k', 7, 300_000)];
  t.not(shared.encode(large), shared.encode(large), 'large ones are not kept');
  t.end();
});
