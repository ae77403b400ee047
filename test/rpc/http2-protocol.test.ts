/** RFC 9113, rule by rule: what a client may not do, and with which code it is told. */

import { ErrorCode, FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import { STREAM_WINDOW_BYTES } from '../../src/rpc/http2/limits.ts';
import type { RpcMethod, RpcStream } from '../../src/rpc/transport.ts';
import { until } from '../waiting.ts';
import { framed, Harness } from './grpc-harness.ts';
import { harnessTests } from './harness-tests.ts';
import { callHeaders, frame, NO_TABLE, opening, RawClient, settings, wholeCall, word } from './http2-raw.ts';

const {
  Data,
  Headers,
  Priority,
  RstStream,
  Settings,
  PushPromise,
  Ping,
  Goaway,
  WindowUpdate,
  Continuation,
} = FrameType;

let held: RpcStream | null = null;
const METHODS = new Map<string, RpcMethod>([
  ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
  ['/s/Never', { kind: 'unary', handle: () => {} }],
  [
    '/s/Hold',
    {
      kind: 'stream',
      handle: (stream) => {
        held = stream;
      },
    },
  ],
]);

const withHarness = harnessTests(http2Transport, METHODS);

/** `send` follows the preface and SETTINGS. */
interface Breach {
  readonly title: string;
  readonly send: readonly Buffer[];
  readonly code: number;
}

const GRPC = callHeaders('/s/Hold');
const PROTOCOL = ErrorCode.ProtocolError;
const SIZE = ErrorCode.FrameSizeError;
const FLOW = ErrorCode.FlowControlError;

const fatal: readonly Breach[] = [
  { title: '§4.2 a frame beyond 16,384 bytes', send: [frame(Data, 0, 1, Buffer.alloc(16_385))], code: SIZE },
  {
    title: '§4.3 a broken header block',
    send: [frame(Headers, 4, 1, Buffer.from([0xff, 0xff]))],
    code: ErrorCode.CompressionError,
  },
  { title: '§5.1 DATA on an idle stream', send: [frame(Data, 0, 1, Buffer.alloc(4))], code: PROTOCOL },
  { title: '§5.1 RST_STREAM on an idle stream', send: [frame(RstStream, 0, 1, word(8))], code: PROTOCOL },
  {
    title: '§5.1 WINDOW_UPDATE on an idle stream',
    send: [frame(WindowUpdate, 0, 1, word(1))],
    code: PROTOCOL,
  },
  { title: '§5.1.1 an even stream id', send: [frame(Headers, 5, 2, GRPC)], code: PROTOCOL },
  {
    title: '§5.1.1 a smaller stream id',
    send: [frame(Headers, 4, 5, GRPC), frame(Headers, 4, 3, GRPC)],
    code: PROTOCOL,
  },
  {
    title: '§5.1 HEADERS on a closed stream',
    send: [frame(Headers, 4, 1, GRPC), frame(RstStream, 0, 1, word(8)), frame(Headers, 5, 1, GRPC)],
    code: ErrorCode.StreamClosed,
  },
  { title: '§6.1 DATA on stream 0', send: [frame(Data, 0, 0, Buffer.alloc(1))], code: PROTOCOL },
  {
    title: '§6.1 more padding than payload',
    send: [opening(1, '/s/Hold'), frame(Data, 8, 1, Buffer.from([2, 0]))],
    code: PROTOCOL,
  },
  { title: '§6.1 padding without a length', send: [opening(1, '/s/Hold'), frame(Data, 8, 1)], code: SIZE },
  { title: '§6.2 HEADERS on stream 0', send: [frame(Headers, 5, 0, GRPC)], code: PROTOCOL },
  {
    title: '§6.2 HEADERS with more padding than payload',
    send: [frame(Headers, 12, 1, Buffer.from([9, 1, 2]))],
    code: PROTOCOL,
  },
  {
    title: '§6.2 HEADERS too short for its priority',
    send: [frame(Headers, 36, 1, Buffer.alloc(3))],
    code: PROTOCOL,
  },
  { title: '§6.3 PRIORITY of stream 0', send: [frame(Priority, 0, 0, Buffer.alloc(5))], code: PROTOCOL },
  { title: '§6.3 PRIORITY of four bytes', send: [frame(Priority, 0, 1, Buffer.alloc(4))], code: SIZE },
  { title: '§6.4 RST_STREAM on stream 0', send: [frame(RstStream, 0, 0, word(8))], code: PROTOCOL },
  {
    title: '§6.4 RST_STREAM of three bytes',
    send: [opening(1, '/s/Hold'), frame(RstStream, 0, 1, Buffer.alloc(3))],
    code: SIZE,
  },
  { title: '§6.5 SETTINGS on a stream', send: [frame(Settings, 0, 1)], code: PROTOCOL },
  { title: '§6.5 SETTINGS of five bytes', send: [frame(Settings, 0, 0, Buffer.alloc(5))], code: SIZE },
  {
    title: '§6.5 an acknowledgement with a payload',
    send: [frame(Settings, 1, 0, Buffer.alloc(6))],
    code: SIZE,
  },
  { title: '§6.5.2 ENABLE_PUSH of 2', send: [settings(2, 2)], code: PROTOCOL },
  { title: '§6.5.2 an initial window of 2^31', send: [settings(4, 2 ** 31)], code: FLOW },
  { title: '§6.5.2 frames of at most 16,383 bytes', send: [settings(5, 16_383)], code: PROTOCOL },
  { title: '§6.5.2 frames of at most 2^24 bytes', send: [settings(5, 2 ** 24)], code: PROTOCOL },
  { title: '§6.6 a push by the client', send: [frame(PushPromise, 4, 1, word(2))], code: PROTOCOL },
  { title: '§6.7 PING on a stream', send: [frame(Ping, 0, 1, Buffer.alloc(8))], code: PROTOCOL },
  { title: '§6.7 PING of seven bytes', send: [frame(Ping, 0, 0, Buffer.alloc(7))], code: SIZE },
  { title: '§6.8 GOAWAY on a stream', send: [frame(Goaway, 0, 1, Buffer.alloc(8))], code: PROTOCOL },
  { title: '§6.8 GOAWAY of seven bytes', send: [frame(Goaway, 0, 0, Buffer.alloc(7))], code: SIZE },
  {
    title: '§6.9 the connection’s window opened by 0',
    send: [frame(WindowUpdate, 0, 0, word(0))],
    code: PROTOCOL,
  },
  {
    title: '§6.9 WINDOW_UPDATE of three bytes',
    send: [frame(WindowUpdate, 0, 0, Buffer.alloc(3))],
    code: SIZE,
  },
  {
    title: '§6.9.1 the connection’s window beyond 2^31-1',
    send: [frame(WindowUpdate, 0, 0, word(2 ** 31 - 1))],
    code: FLOW,
  },
  {
    title: '§6.9.2 a stream’s window beyond 2^31-1 by SETTINGS',
    send: [opening(1, '/s/Hold'), frame(WindowUpdate, 0, 1, word(2 ** 31 - 1 - 65_535)), settings(4, 65_536)],
    code: FLOW,
  },
  { title: '§6.10 CONTINUATION without HEADERS', send: [frame(Continuation, 4, 1, GRPC)], code: PROTOCOL },
  {
    title: '§6.10 another frame within a header block',
    send: [frame(Headers, 0, 1, GRPC), frame(Ping, 0, 0, Buffer.alloc(8))],
    code: PROTOCOL,
  },
  {
    title: '§6.10 CONTINUATION of another stream',
    send: [frame(Headers, 0, 1, GRPC), frame(Continuation, 4, 3)],
    code: PROTOCOL,
  },
];

withHarness('what breaks the connection is named in its GOAWAY, and harms no other', async (t, harness) => {
  const client = new RawClient(harness, NO_TABLE);
  for (const [index, { title, send, code }] of fatal.entries()) {
    const raw = new RawClient(harness);
    raw.send(...send);
    t.equal((await raw.goaway()).code, code, title);
    raw.socket.destroy();
    client.send(wholeCall(index * 2 + 1, '/s/Echo', Buffer.from('x')));
    t.equal((await client.answer(index * 2 + 1))['grpc-status'], '0');
  }
});

withHarness('a connection begins with its preface and SETTINGS, or ends', async (t, harness) => {
  const ping = new RawClient(harness, frame(Ping, 0, 0, Buffer.alloc(8)));
  t.equal((await ping.goaway()).code, PROTOCOL, '§3.4 another frame first');
  const ack = new RawClient(harness, frame(Settings, 1, 0));
  t.equal((await ack.goaway()).code, PROTOCOL, '§3.4 an acknowledgement first');
  const twice = new RawClient(harness, PREFACE);
  t.ok([PROTOCOL, SIZE].includes((await twice.goaway()).code as 1), 'the preface twice');
});

const header = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ]);
const withHeader = (name: string, value: string): Buffer =>
  frame(Headers, 4, 1, Buffer.concat([GRPC, header(name, value)]));

const ofStream: readonly Breach[] = [
  { title: '§8.2.1 upper case in a name', send: [withHeader('Token', 'x')], code: PROTOCOL },
  { title: '§8.2.1 a blank in a name', send: [withHeader('to ken', 'x')], code: PROTOCOL },
  { title: '§8.2.1 an empty name', send: [withHeader('', 'x')], code: PROTOCOL },
  { title: '§8.2.1 a line break in a value', send: [withHeader('token', 'x\ny')], code: PROTOCOL },
  { title: '§8.2.2 a connection header', send: [withHeader('connection', 'close')], code: PROTOCOL },
  {
    title: '§8.3 an unknown pseudo-header',
    send: [frame(Headers, 4, 1, Buffer.concat([header(':x', 'y'), GRPC]))],
    code: PROTOCOL,
  },
  {
    title: '§8.3 a pseudo-header of responses',
    send: [frame(Headers, 4, 1, Buffer.concat([Buffer.from([0x88]), GRPC]))],
    code: PROTOCOL,
  },
  {
    title: '§8.3 a pseudo-header twice',
    send: [frame(Headers, 4, 1, Buffer.concat([header(':path', '/s/Hold'), GRPC]))],
    code: PROTOCOL,
  },
  {
    title: '§8.3 a pseudo-header after others',
    send: [frame(Headers, 4, 1, Buffer.concat([header('token', 'x'), GRPC]))],
    code: PROTOCOL,
  },
  {
    title: '§5.1 DATA after END_STREAM',
    send: [frame(Headers, 5, 1, GRPC), frame(Data, 0, 1, Buffer.alloc(1))],
    code: ErrorCode.StreamClosed,
  },
  {
    title: '§5.1 HEADERS after END_STREAM',
    send: [frame(Headers, 5, 1, GRPC), frame(Headers, 5, 1, GRPC)],
    code: ErrorCode.StreamClosed,
  },
  {
    title: '§8.1 a second HEADERS that does not end the stream',
    send: [frame(Headers, 4, 1, GRPC), frame(Headers, 4, 1, GRPC)],
    code: PROTOCOL,
  },
  {
    title: '§6.9 a stream’s window opened by 0',
    send: [opening(1, '/s/Hold'), frame(WindowUpdate, 0, 1, word(0))],
    code: PROTOCOL,
  },
  {
    title: '§6.9.1 a stream’s window beyond 2^31-1',
    send: [opening(1, '/s/Hold'), frame(WindowUpdate, 0, 1, word(2 ** 31 - 1))],
    code: FLOW,
  },
];

withHarness(
  'what breaks a stream resets it with the right code, and the connection goes on',
  async (t, harness) => {
    for (const { title, send, code } of ofStream) {
      const raw = new RawClient(harness, NO_TABLE);
      raw.send(...send);
      t.equal(await raw.resetCode(1), code, title);
      raw.send(wholeCall(3, '/s/Echo', Buffer.from('x')));
      t.equal((await raw.answer(3))['grpc-status'], '0');
      raw.socket.destroy();
    }
  },
);

withHarness('what is odd but allowed is served', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  const block = callHeaders('/s/Echo');
  const message = framed(Buffer.from('hello'));
  let id = 1;
  const serves = async (title: string, ...frames: Buffer[]): Promise<void> => {
    raw.send(...frames);
    t.equal((await raw.answer(id))['grpc-status'], '0', title);
    t.equal(raw.body(id).toString('utf8', 5), 'hello');
    id += 2;
  };
  const end = (): Buffer => frame(Data, 1, id, message);
  await serves(
    'unknown frames and settings',
    frame(0x42, 0xff, 7, Buffer.alloc(3)),
    settings(0x99, 1),
    frame(Headers, 4, id, block),
    end(),
  );
  await serves('the reserved bit of a stream id', frame(Headers, 4, (id | 0x80000000) >>> 0, block), end());
  await serves(
    'padding',
    frame(Headers, 12, id, Buffer.concat([Buffer.from([3]), block, Buffer.alloc(3)])),
    frame(Data, 9, id, Buffer.concat([Buffer.from([2]), message, Buffer.alloc(2)])),
  );
  await serves(
    'a priority, even on itself',
    frame(Headers, 36, id, Buffer.concat([word(id), Buffer.from([1]), block])),
    frame(Priority, 0, id, Buffer.concat([word(id), Buffer.from([0])])),
    end(),
  );
  await serves(
    'a header block octet by octet',
    frame(Headers, 0, id),
    ...[...block].map((octet) => frame(Continuation, 0, id, Buffer.from([octet]))),
    frame(Continuation, 4, id),
    end(),
  );
  await serves(
    'a message octet by octet',
    frame(Headers, 4, id, block),
    ...[...message].map((octet) => frame(Data, 0, id, Buffer.from([octet]))),
    frame(Data, 1, id),
  );
  await serves(
    'trailers of a request',
    frame(Headers, 4, id, block),
    frame(Data, 0, id, message),
    frame(Headers, 5, id, header('x', 'y')),
  );
  await serves(
    'GOAWAY of the client',
    frame(Goaway, 0, 0, Buffer.alloc(8)),
    frame(Headers, 4, id, block),
    end(),
  );
});

withHarness('octets may come one at a time', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  for (const octet of wholeCall(1, '/s/Echo', Buffer.from('slow'))) {
    raw.socket.write(Buffer.from([octet]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal((await raw.answer(1))['grpc-status'], '0');
  t.equal(raw.body(1).toString('utf8', 5), 'slow');
});

withHarness('SETTINGS and PING are acknowledged, the latter with its octets', async (t, harness) => {
  const raw = new RawClient(harness);
  raw.send(frame(Ping, 0, 0, Buffer.from('12345678')));
  const ping = await raw.next(Ping);
  t.same([ping.flags, ping.payload.toString()], [1, '12345678']);
  t.ok(raw.of(Settings).some(({ flags, payload }) => flags === 1 && payload.length === 0));
});

withHarness(
  'a client that sends more than its window is reset, and keeps its connection',
  async (t, harness) => {
    held = null;
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(opening(1, '/s/Hold'));
    await until('the stream opens', () => held !== null);
    held!.pause();
    const chunk = Buffer.alloc(16_384);
    for (let sent = 0; sent <= STREAM_WINDOW_BYTES; sent += chunk.length) raw.send(frame(Data, 0, 1, chunk));
    t.equal(await raw.resetCode(1), FLOW);
    raw.send(frame(Data, 0, 1, chunk), wholeCall(3, '/s/Echo', Buffer.from('x')));
    t.equal((await raw.answer(3))['grpc-status'], '0', 'what was on its way is ignored');
    t.equal(raw.of(RstStream, 1).length, 1);
  },
);

withHarness(
  'answers keep to the windows of stream and connection, also when SETTINGS make them negative',
  async (t, harness) => {
    const raw = new RawClient(harness, settings(1, 0, 4, 100));
    raw.send(wholeCall(1, '/s/Echo', Buffer.alloc(1000, 1)));
    await until('the first hundred bytes', () => raw.body(1).length === 100);
    raw.send(settings(4, 10), frame(WindowUpdate, 0, 1, word(90)), frame(Ping, 0, 0, Buffer.alloc(8)));
    await raw.next(Ping);
    t.equal(raw.body(1).length, 100, 'the window is 0 again');
    raw.send(settings(4, 60));
    await until('fifty more', () => raw.body(1).length === 150);
    raw.send(frame(WindowUpdate, 0, 1, word(10_000)));
    t.equal((await raw.answer(1))['grpc-status'], '0');
    t.equal(raw.body(1).length, 1005);

    const large = new RawClient(harness, settings(1, 0, 4, 1_000_000));
    large.send(wholeCall(1, '/s/Echo', Buffer.alloc(100_000, 1)));
    await until('what the connection allows', () => large.body(1).length === 65_535);
    large.send(wholeCall(3, '/s/Echo', Buffer.alloc(0)), wholeCall(5, '/s/Nothing', Buffer.alloc(0)));
    t.equal((await large.answer(5))['grpc-status'], '12', 'a status needs no window');
    t.equal(large.body(3).length, 0);
    large.send(frame(WindowUpdate, 0, 0, word(50_000)));
    t.equal((await large.answer(3))['grpc-status'], '0');
    t.equal((await large.answer(1))['grpc-status'], '0');
    t.equal(large.body(1).length, 100_005);
  },
);

withHarness('a client hears of calls that it may not open, and may open them later', async (t) => {
  const harness = await Harness.open(
    (options) => http2Transport({ ...options, maxConcurrentStreams: 3 }),
    METHODS,
  );
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(
    opening(1, '/s/Never'),
    opening(3, '/s/Never'),
    opening(5, '/s/Never'),
    wholeCall(7, '/s/Echo', Buffer.from('x')),
  );
  t.equal(await raw.resetCode(7), ErrorCode.RefusedStream);
  raw.send(frame(RstStream, 0, 3, word(8)), wholeCall(9, '/s/Echo', Buffer.from('x')));
  t.equal((await raw.answer(9))['grpc-status'], '0');
  await harness.close();
});
