/**
 * RFC 9113 and RFC 7541 once more, along the sections that suites for any HTTP/2 server walk through: what
 * `http2-protocol.test.ts` and `http2-headers.test.ts` leave out. What a server may not do to our client is here, too.
 */

import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { RpcChannel } from '../../src/rpc/channel.ts';
import { http2Channel } from '../../src/rpc/http2/client-channel.ts';
import { FrameReader } from '../../src/rpc/http2/frame-reader.ts';
import { ErrorCode, FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { literal } from '../../src/rpc/http2/hpack-encode.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import type { RpcMethod } from '../../src/rpc/transport.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { call } from '../suites/rpc-channel.ts';
import { until } from '../waiting.ts';
import { framed } from './grpc-harness.ts';
import { harnessTests } from './harness-tests.ts';
import {
  callHeaders,
  encodeHeaders,
  type Frame,
  frame,
  type Header,
  NO_TABLE,
  opening,
  RawClient,
  settings,
  wholeCall,
  word,
} from './http2-raw.ts';

t.setTimeout(600_000);

const { Data, Headers, Priority, RstStream, Settings, Ping, Goaway, WindowUpdate, Continuation } = FrameType;
const {
  ProtocolError: PROTOCOL,
  FrameSizeError: SIZE,
  StreamClosed: CLOSED,
  CompressionError: COMPRESSION,
} = ErrorCode;

const METHODS = new Map<string, RpcMethod>([
  ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
  ['/s/Hold', { kind: 'stream', handle: () => {} }],
]);

const withHarness = harnessTests(http2Transport, METHODS);

interface Breach {
  readonly title: string;
  readonly send: readonly Buffer[];
  readonly code: number;
}

const HOLD = callHeaders('/s/Hold');
const whole = (id: number): Buffer => wholeCall(id, '/s/Echo', Buffer.from('x'));
const block = (...octets: number[]): Buffer => frame(Headers, 5, 1, Buffer.from(octets));
const broken = (title: string, ...octets: number[]): Breach => ({
  title,
  send: [block(...octets)],
  code: COMPRESSION,
});

/** `x-test`, Huffman-coded. */
const coded = [0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff];

const fatal: readonly Breach[] = [
  {
    title: '§4.2 HEADERS beyond 16,384 bytes',
    send: [frame(Headers, 5, 1, Buffer.alloc(16_385))],
    code: SIZE,
  },
  {
    title: '§4.2 SETTINGS beyond 16,384 bytes',
    send: [frame(Settings, 0, 0, Buffer.alloc(16_386))],
    code: SIZE,
  },
  {
    title: '§4.2 an unknown frame beyond 16,384 bytes',
    send: [frame(0x77, 0, 1, Buffer.alloc(16_385))],
    code: SIZE,
  },
  {
    title: '§4.3 PRIORITY within a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(Priority, 0, 1, Buffer.alloc(5))],
    code: PROTOCOL,
  },
  {
    title: '§4.3 HEADERS of another stream within a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(Headers, 4, 3, HOLD)],
    code: PROTOCOL,
  },
  {
    title: '§4.3 HEADERS of the same stream within a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(Headers, 4, 1, HOLD)],
    code: PROTOCOL,
  },
  {
    title: '§4.3 a broken block that continues',
    send: [frame(Headers, 1, 1, HOLD), frame(Continuation, 4, 1, Buffer.from([0xff, 0xff]))],
    code: COMPRESSION,
  },
  {
    title: '§4.3 a broken block of a call that is refused',
    send: [frame(Headers, 5, 1, Buffer.concat([callHeaders('/none'), Buffer.from([0x80])]))],
    code: COMPRESSION,
  },
  {
    title: '§4.3 a broken block of trailers',
    send: [opening(1, '/s/Hold'), frame(Headers, 5, 1, Buffer.from([0x80]))],
    code: COMPRESSION,
  },
  {
    title: '§5.1 CONTINUATION on a stream that the client has ended',
    send: [frame(Headers, 5, 1, HOLD), frame(Continuation, 4, 1)],
    code: PROTOCOL,
  },
  {
    title: '§5.1 CONTINUATION on a closed stream',
    send: [opening(1, '/s/Hold'), frame(RstStream, 0, 1, word(8)), frame(Continuation, 4, 1)],
    code: PROTOCOL,
  },
  {
    title: '§5.1 RST_STREAM on a stream that was skipped and one beyond',
    send: [opening(3, '/s/Hold'), frame(RstStream, 0, 5, word(8))],
    code: PROTOCOL,
  },
  {
    title: '§5.1.1 a stream that was skipped, later',
    send: [opening(3, '/s/Hold'), opening(1, '/s/Hold')],
    code: PROTOCOL,
  },
  {
    title: '§5.5 an unknown frame within a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(0x16, 0, 1, Buffer.alloc(8))],
    code: PROTOCOL,
  },
  {
    title: '§6.1 padding as long as the payload',
    send: [opening(1, '/s/Hold'), frame(Data, 8, 1, Buffer.from([4, 0, 0, 0]))],
    code: PROTOCOL,
  },
  {
    title: '§6.2 padding that reaches into the priority',
    send: [frame(Headers, 0x2c, 1, Buffer.from([1, 0, 0, 0, 0, 0]))],
    code: PROTOCOL,
  },
  { title: '§6.2 HEADERS without their pad length', send: [frame(Headers, 12, 1)], code: SIZE },
  { title: '§6.3 PRIORITY of six bytes', send: [frame(Priority, 0, 1, Buffer.alloc(6))], code: SIZE },
  {
    title: '§6.4 RST_STREAM of five bytes',
    send: [opening(1, '/s/Hold'), frame(RstStream, 0, 1, Buffer.alloc(5))],
    code: SIZE,
  },
  { title: '§6.5 SETTINGS of three bytes', send: [frame(Settings, 0, 0, Buffer.alloc(3))], code: SIZE },
  { title: '§6.5 an acknowledgement on a stream', send: [frame(Settings, 1, 1)], code: PROTOCOL },
  { title: '§6.5.2 ENABLE_PUSH of 2^32-1', send: [settings(2, 0xffff_ffff)], code: PROTOCOL },
  {
    title: '§6.5.2 a bad value behind good ones',
    send: [settings(1, 4096, 3, 5, 5, 16_384, 4, 0x8000_0000)],
    code: ErrorCode.FlowControlError,
  },
  { title: '§6.5.2 frames of at most 0 bytes', send: [settings(5, 0)], code: PROTOCOL },
  { title: '§6.7 PING of nine bytes', send: [frame(Ping, 0, 0, Buffer.alloc(9))], code: SIZE },
  { title: '§6.7 PING of no bytes', send: [frame(Ping, 0, 0)], code: SIZE },
  {
    title: '§6.7 an acknowledgement on a stream',
    send: [frame(Ping, 1, 3, Buffer.alloc(8))],
    code: PROTOCOL,
  },
  {
    title: '§6.9 WINDOW_UPDATE of five bytes on a stream',
    send: [opening(1, '/s/Hold'), frame(WindowUpdate, 0, 1, Buffer.alloc(5))],
    code: SIZE,
  },
  {
    title: '§6.9.1 the connection’s window beyond 2^31-1 in two steps',
    send: [frame(WindowUpdate, 0, 0, word(2 ** 30)), frame(WindowUpdate, 0, 0, word(2 ** 30))],
    code: ErrorCode.FlowControlError,
  },
  { title: '§6.10 CONTINUATION on stream 0', send: [frame(Continuation, 4, 0, HOLD)], code: PROTOCOL },
  {
    title: '§6.10 CONTINUATION of stream 0 within a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(Continuation, 4, 0)],
    code: PROTOCOL,
  },
  {
    title: '§6.10 CONTINUATION after the end of a header block',
    send: [frame(Headers, 0, 1, HOLD), frame(Continuation, 4, 1), frame(Continuation, 4, 1)],
    code: PROTOCOL,
  },
  {
    title: '§6.10 CONTINUATION after DATA',
    send: [opening(1, '/s/Hold'), frame(Data, 0, 1, Buffer.alloc(1)), frame(Continuation, 4, 1)],
    code: PROTOCOL,
  },
  {
    title: '§6.10 DATA after a CONTINUATION that does not end the block',
    send: [frame(Headers, 0, 1, HOLD), frame(Continuation, 0, 1), frame(Data, 1, 1, Buffer.alloc(1))],
    code: PROTOCOL,
  },
  broken('RFC 7541 §2.3.3 an index between the tables', 0xbe),
  broken('RFC 7541 §2.3.3 a far index', 0xff, 0x80, 0x01),
  broken('RFC 7541 §2.3.3 a name of no entry', 0x7e, 1, 0x61),
  broken('RFC 7541 §4.2 a size update at the end of a block', 0x82, 0x20),
  broken('RFC 7541 §4.2 a size update between fields', 0x82, 0x20, 0x86),
  broken('RFC 7541 §5.1 an integer that is cut', 0x3f, 0xff),
  broken('RFC 7541 §5.1 an integer beyond all limits', 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  broken('RFC 7541 §5.2 padding of more than seven bits', 0, ...coded, 0x85, 0x49, 0x50, 0x9f, 0xff, 0xff),
  broken('RFC 7541 §5.2 padding of zeros', 0, ...coded, 0x83, 0x49, 0x50, 0x90),
  broken('RFC 7541 §5.2 the end-of-string symbol', 0, ...coded, 0x84, 0xff, 0xff, 0xff, 0xff),
  broken('RFC 7541 §5.2 a string longer than its block', 0x00, 0x7f, 0xff, 0x3f),
  broken('RFC 7541 §6.1 index 0', 0x80),
  broken('RFC 7541 §6.3 a table larger than ours', 0x3f, 0xe2, 0x1f),
];

withHarness('what breaks the connection is named in its GOAWAY, section by section', async (t, harness) => {
  for (const { title, send, code } of fatal) {
    const raw = new RawClient(harness);
    raw.send(...send);
    t.equal((await raw.goaway()).code, code, title);
    raw.socket.destroy();
  }
  const other = new RawClient(harness, NO_TABLE);
  other.send(whole(1));
  t.equal((await other.answer(1))['grpc-status'], '0', 'others are served');
});

const GRPC: readonly Header[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/s/Echo'],
  [':authority', 'a'],
  ['content-type', 'application/grpc'],
];
const headersOf = (flags: number, headers: readonly Header[]): Buffer =>
  frame(Headers, flags, 1, encodeHeaders(headers));
const withHeader = (name: string, value: string): readonly Buffer[] => [
  headersOf(4, [...GRPC, [name, value]]),
];
const withTrailer = (name: string, value: string): readonly Buffer[] => [
  opening(1, '/s/Hold'),
  headersOf(5, [[name, value]]),
];

const ofStream: readonly Breach[] = [
  {
    title: '§5.1 DATA on a stream that has ended on both sides',
    send: [whole(1), frame(Data, 0, 1, Buffer.alloc(1))],
    code: CLOSED,
  },
  { title: '§8.1 upper case in a trailer', send: withTrailer('Token', 'x'), code: PROTOCOL },
  { title: '§8.1 a pseudo-header in trailers', send: withTrailer(':method', 'POST'), code: PROTOCOL },
  {
    title: '§8.1 a pseudo-header of responses in trailers',
    send: withTrailer(':status', '200'),
    code: PROTOCOL,
  },
  { title: '§8.1 an authority in trailers', send: withTrailer(':authority', 'a'), code: PROTOCOL },
  { title: '§8.2.1 a colon in a name', send: withHeader('to:ken', 'x'), code: PROTOCOL },
  { title: '§8.2.1 DEL in a name', send: withHeader('token\x7f', 'x'), code: PROTOCOL },
  { title: '§8.2.1 a carriage return in a value', send: withHeader('token', 'x\ry'), code: PROTOCOL },
  { title: '§8.2.1 a zero in a value', send: withHeader('token', 'x\0y'), code: PROTOCOL },
  { title: '§8.2.2 keep-alive', send: withHeader('keep-alive', 'timeout=5'), code: PROTOCOL },
  { title: '§8.2.2 proxy-connection', send: withHeader('proxy-connection', 'close'), code: PROTOCOL },
  { title: '§8.2.2 transfer-encoding', send: withHeader('transfer-encoding', 'chunked'), code: PROTOCOL },
  { title: '§8.2.2 upgrade', send: withHeader('upgrade', 'h2c'), code: PROTOCOL },
  { title: '§8.2.2 te of more than trailers', send: withHeader('te', 'trailers, deflate'), code: PROTOCOL },
  { title: '§8.2.2 connection in trailers', send: withTrailer('connection', 'close'), code: PROTOCOL },
  ...GRPC.filter(([name]) => name.startsWith(':')).map(
    (header): Breach => ({
      title: `§8.3.1 ${header[0]} twice`,
      send: [headersOf(4, [header, ...GRPC])],
      code: PROTOCOL,
    }),
  ),
  {
    title: '§8.3 a pseudo-header among others',
    send: [headersOf(4, [['a', 'b'], ...GRPC])],
    code: PROTOCOL,
  },
  { title: '§8.3.2 :status', send: [headersOf(4, [[':status', '200'], ...GRPC])], code: PROTOCOL },
];

withHarness('what breaks a stream resets it, section by section', async (t, harness) => {
  for (const { title, send, code } of ofStream) {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(...send);
    t.equal(await raw.resetCode(1), code, title);
    raw.send(whole(3));
    t.equal((await raw.answer(3))['grpc-status'], '0', 'the connection goes on');
    raw.socket.destroy();
  }
});

withHarness('what is missing in the head of a call is answered as grpc-go answers it', async (t, harness) => {
  const without = (name: string): Buffer =>
    headersOf(
      4,
      GRPC.filter((header) => header[0] !== name),
    );
  const answered: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    [':method', { ':status': '405', 'grpc-status': '13' }],
    [':path', { ':status': '200', 'grpc-status': '12' }],
    [':scheme', { ':status': '200', 'grpc-status': '0' }],
    [':authority', { ':status': '200', 'grpc-status': '0' }],
    ['content-type', { ':status': '415' }],
  ];
  for (const [name, answer] of answered) {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(without(name), frame(Data, 1, 1, framed(Buffer.from('x'))));
    t.match(await raw.answer(1), answer, `§8.3.1 no ${name}`);
    raw.socket.destroy();
  }
});

/** `send` on a connection on which streams 1 and 3 are over, and 5 is open: nothing of it changes anything. */
const harmless: readonly (readonly [title: string, ...send: Buffer[]])[] = [
  ['§4.1 flags that mean nothing', frame(Ping, 0x16, 0, Buffer.alloc(8)), frame(Data, 0xf6, 5)],
  ['§4.2 the largest frame', frame(0x77, 0, 0, Buffer.alloc(16_384))],
  ['§5.1 WINDOW_UPDATE on a closed stream', frame(WindowUpdate, 0, 1, word(1))],
  ['§5.1 RST_STREAM on a closed stream', frame(RstStream, 0, 1, word(8)), frame(RstStream, 0, 3, word(8))],
  [
    '§5.1 PRIORITY on idle and closed streams',
    frame(Priority, 0, 99, Buffer.alloc(5)),
    frame(Priority, 0, 1, Buffer.alloc(5)),
  ],
  ['§5.5 an unknown frame on an idle stream', frame(0x16, 0xff, 77, Buffer.alloc(8))],
  ['§6.1 DATA of nothing but padding', frame(Data, 8, 5, Buffer.from([3, 0, 0, 0]))],
  ['§6.5 SETTINGS without settings', settings()],
  ['§6.5.2 unknown settings', settings(0xffff, 0xffff_ffff, 0, 1)],
  ['§6.5.2 the largest values', settings(4, 2 ** 31 - 1, 5, 2 ** 24 - 1, 6, 2 ** 32 - 1, 4, 65_535)],
  ['§6.7 an acknowledgement that nobody asked for', frame(Ping, 1, 0, Buffer.from('whatever'))],
  ['§6.9 the reserved bit of a window', frame(WindowUpdate, 0, 0, word(2 ** 31 + 5))],
  ['§7 GOAWAY with a code that nobody knows', frame(Goaway, 0, 0, Buffer.concat([word(0), word(0xdead)]))],
  [
    'RFC 7541 §4.2 two size updates at the beginning',
    frame(Headers, 5, 7, Buffer.concat([Buffer.from([0x20, 0x3f, 0xe1, 0x1f]), callHeaders('/none')])),
  ],
];

withHarness('what looks odd and is allowed changes nothing', async (t, harness) => {
  for (const [title, ...send] of harmless) {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(whole(1), opening(3, '/s/Hold'), frame(RstStream, 0, 3, word(0xdead)), opening(5, '/s/Hold'));
    await raw.answer(1);
    raw.send(...send, whole(9));
    t.equal((await raw.answer(9))['grpc-status'], '0', title);
    t.same([raw.of(Goaway), raw.of(RstStream)], [[], []], `${title}: no complaint`);
    raw.socket.destroy();
  }
});

withHarness(
  '§6.5.3 settings count in the order in which they come, and each frame is acknowledged',
  async (t, harness) => {
    const raw = new RawClient(harness, settings(1, 0, 4, 100, 4, 1));
    raw.send(wholeCall(1, '/s/Echo', Buffer.alloc(10)), settings(), frame(Ping, 0, 0, Buffer.alloc(8)));
    await raw.next(Ping);
    await until('the one byte that is allowed', () => raw.body(1).length === 1);
    t.equal(raw.of(Settings).filter(({ flags }) => flags === 1).length, 2);
    raw.send(frame(WindowUpdate, 0, 1, word(1000)));
    t.equal((await raw.answer(1))['grpc-status'], '0');
    t.equal(raw.body(1).length, 15);
  },
);

withHarness('§6.7 an acknowledgement is not answered', async (t, harness) => {
  const raw = new RawClient(harness);
  raw.send(frame(Ping, 1, 0, Buffer.from('not this')), frame(Ping, 0, 0, Buffer.from('but that')));
  await raw.next(Ping);
  raw.send(whole(1));
  await raw.next(Data, 1);
  t.same(
    raw.of(Ping).map(({ payload }) => payload.toString()),
    ['but that'],
  );
});

withHarness('§3.4 what begins otherwise than HTTP/2 does is not served', async (t, harness) => {
  for (const begin of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.concat([PREFACE.subarray(0, 20), Buffer.from('nope')]),
  ]) {
    const socket = harness.raw();
    let heard = Buffer.alloc(0);
    let isOver = false;
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
    });
    socket.on('close', () => {
      isOver = true;
    });
    socket.write(begin);
    await until('the connection ends', () => isOver);
    const goaway = heard.indexOf(frame(Goaway, 0, 0, Buffer.alloc(8)).subarray(3, 9));
    t.ok(goaway < 0 || heard.readUInt32BE(goaway + 10) === PROTOCOL, 'with PROTOCOL_ERROR, if with anything');
  }
});

// A server, and our client

const HEAD = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')]);

interface ServerFault {
  readonly title: string;
  /** In answer to the call on stream 1. */
  readonly send: readonly Buffer[];
  readonly code: number;
}

const byServer: readonly ServerFault[] = [
  { title: '§5.1 HEADERS on an idle stream', send: [frame(Headers, 4, 9, HEAD)], code: PROTOCOL },
  { title: '§5.1 RST_STREAM on an idle stream', send: [frame(RstStream, 0, 9, word(8))], code: PROTOCOL },
  { title: '§5.1.1 a stream of the server', send: [frame(Headers, 4, 2, HEAD)], code: PROTOCOL },
  { title: '§6.1 DATA on stream 0', send: [frame(Data, 0, 0, Buffer.alloc(1))], code: PROTOCOL },
  {
    title: '§6.1 more padding than payload',
    send: [frame(Headers, 4, 1, HEAD), frame(Data, 8, 1, Buffer.from([2, 0]))],
    code: PROTOCOL,
  },
  { title: '§6.2 HEADERS on stream 0', send: [frame(Headers, 4, 0, HEAD)], code: PROTOCOL },
  { title: '§6.3 PRIORITY of four bytes', send: [frame(Priority, 0, 1, Buffer.alloc(4))], code: SIZE },
  { title: '§6.4 RST_STREAM of three bytes', send: [frame(RstStream, 0, 1, Buffer.alloc(3))], code: SIZE },
  { title: '§6.5 SETTINGS on a stream', send: [frame(Settings, 0, 1)], code: PROTOCOL },
  { title: '§6.5 SETTINGS of five bytes', send: [frame(Settings, 0, 0, Buffer.alloc(5))], code: SIZE },
  {
    title: '§6.5.2 an initial window of 2^31',
    send: [settings(4, 2 ** 31)],
    code: ErrorCode.FlowControlError,
  },
  { title: '§6.5.2 a server that asks for pushes', send: [settings(2, 1)], code: PROTOCOL },
  { title: '§6.5.2 frames of at most 16,383 bytes', send: [settings(5, 16_383)], code: PROTOCOL },
  { title: '§6.7 PING of seven bytes', send: [frame(Ping, 0, 0, Buffer.alloc(7))], code: SIZE },
  { title: '§6.7 PING on a stream', send: [frame(Ping, 0, 1, Buffer.alloc(8))], code: PROTOCOL },
  { title: '§6.8 GOAWAY on a stream', send: [frame(Goaway, 0, 1, Buffer.alloc(8))], code: PROTOCOL },
  {
    title: '§6.9 WINDOW_UPDATE of three bytes',
    send: [frame(WindowUpdate, 0, 0, Buffer.alloc(3))],
    code: SIZE,
  },
  { title: '§6.10 CONTINUATION without HEADERS', send: [frame(Continuation, 4, 1, HEAD)], code: PROTOCOL },
  {
    title: '§6.10 another frame within a header block',
    send: [frame(Headers, 0, 1, HEAD), frame(Ping, 0, 0, Buffer.alloc(8))],
    code: PROTOCOL,
  },
  {
    title: 'RFC 7541 §6.3 a table larger than the client’s',
    send: [frame(Headers, 4, 1, Buffer.from([0x3f, 0xe2, 0x1f]))],
    code: COMPRESSION,
  },
];

interface Told {
  readonly channel: RpcChannel;
  /** What our client has said. */
  readonly heard: readonly Frame[];
  readonly isClosed: () => boolean;
  readonly close: () => Promise<void>;
}

/** A server that begins with `first` and sends what `answer` has for each request that is whole, and our client. */
async function serverThat(answer: (id: number) => readonly Buffer[], first = settings()): Promise<Told> {
  const heard: Frame[] = [];
  let isClosed = false;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => {
      isClosed = true;
    });
    const reader = new FrameReader({
      onFrame: (type, flags, id, bytes, from, to) => {
        heard.push({ type, flags, id, payload: Buffer.from(bytes.subarray(from, to)) });
        if (type === Data && (flags & 1) === 1) socket.write(Buffer.concat(answer(id)));
      },
    });
    // It passes over the preface by itself.
    socket.on('data', (chunk: Buffer) => reader.read(chunk));
    socket.write(first);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const channel = http2Channel({
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ tls: null, keepaliveMs: 10_000, keepaliveTimeoutMs: 5000, maxReceiveBytes: 1024 * 1024 },
    ...{ reconnectMinMs: 600_000, reconnectMaxMs: 600_000, runtime: nodeRuntime() },
  });
  const close = async (): Promise<void> => {
    channel.close();
    await until('the connection ends', () => isClosed);
    await new Promise((resolve) => server.close(resolve));
  };
  return { channel, heard, isClosed: () => isClosed, close };
}

/** What our client says to a server that begins with `first` and answers the first call with `send`, up to the end. */
async function heardBy(t: Test, first: Buffer, send: readonly Buffer[]): Promise<readonly Frame[]> {
  const { channel, heard, isClosed, close } = await serverThat(() => send, first);
  t.match(await call(channel, '/a/Echo', Buffer.from('1')), { code: 14 });
  await until('the connection ends', isClosed);
  await close();
  return heard;
}

const codeOf = (heard: readonly Frame[]): number | undefined =>
  heard.find(({ type }) => type === Goaway)?.payload.readUInt32BE(4);

t.test(
  'what a server may not do ends the client’s connection with its code, section by section',
  async (t) => {
    for (const { title, send, code } of byServer)
      t.equal(codeOf(await heardBy(t, settings(), send)), code, title);
    t.equal(
      codeOf(await heardBy(t, frame(Ping, 0, 0, Buffer.alloc(8)), [])),
      PROTOCOL,
      '§3.4 another frame first',
    );
  },
);

const malformed: readonly (readonly [title: string, ...headers: Header[]])[] = [
  ['§8.2.1 upper case in a name', [':status', '200'], ['Token', 'x']],
  ['§8.2.1 a line break in a value', [':status', '200'], ['token', 'x\ny']],
  ['§8.2.2 connection', [':status', '200'], ['connection', 'close']],
  ['§8.2.2 transfer-encoding', [':status', '200'], ['transfer-encoding', 'chunked']],
  ['§8.3 :status after others', ['token', 'x'], [':status', '200']],
  ['§8.3 :status twice', [':status', '200'], [':status', '200']],
  ['§8.3 an unknown pseudo-header', [':status', '200'], [':x', 'y']],
  ['§8.3.2 a pseudo-header of requests', [':status', '200'], [':path', '/']],
  ['§8.3.2 a :status that is none', [':status', 'fine']],
];

t.test('a response that is malformed is not accepted, and costs that call alone', async (t) => {
  const whole = (id: number): Buffer[] => [
    frame(Headers, 4, id, HEAD),
    frame(Data, 0, id, framed(Buffer.from('1'))),
    frame(Headers, 5, id, literal('grpc-status', '0')),
  ];
  const faults: readonly (readonly [string, ...Buffer[]])[] = [
    ...malformed.map(([title, ...headers]) => [title, frame(Headers, 4, 1, encodeHeaders(headers))] as const),
    [
      '§8.1 :status in trailers',
      frame(Headers, 4, 1, HEAD),
      frame(Headers, 5, 1, Buffer.concat([Buffer.from([0x88]), literal('grpc-status', '0')])),
    ],
    [
      '§8.1 HEADERS in between',
      frame(Headers, 4, 1, HEAD),
      frame(Headers, 4, 1, literal('grpc-status', '0')),
    ],
    ['§6.9 a window that opens by 0', frame(Headers, 4, 1, HEAD), frame(WindowUpdate, 0, 1, word(0))],
  ];
  for (const [title, ...send] of faults) {
    const { channel, heard, close } = await serverThat((id) => (id === 1 ? send : whole(id)));
    t.match(await call(channel, '/a/Echo', Buffer.from('1')), { code: 13 }, title);
    t.equal(await call(channel, '/a/Echo', Buffer.from('1')), '1', 'the connection goes on');
    t.equal(heard.find(({ type, id }) => type === RstStream && id === 1)?.payload.readUInt32BE(0), PROTOCOL);
    await close();
  }
});
