/** Unary calls that answer by themselves: the same to a client as those that are answered by a function. */

import { gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { FrameType } from '../../src/rpc/http2/frames.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import { type DirectCall, numbered, type RpcMethod, type RpcStatus } from '../../src/rpc/transport.ts';
import { until } from '../waiting.ts';
import { framed, Harness, requestHeaders } from './grpc-harness.ts';
import { frame, NO_TABLE, opening, RawClient, settings, wholeCall, word } from './http2-raw.ts';

const { Data, RstStream, WindowUpdate } = FrameType;

const head = Buffer.from('head ');
const tail = Buffer.from(' tail');
const number = 2 ** 35 + 7;
const answer = numbered(head, number, tail);
const refused: RpcStatus = { code: 9, message: 'not now' };

/** What observers were told: status code or 0, bytes, and what `beganAt` held. */
let told: [number, number, number][] = [];
let late: DirectCall | null = null;

function method(direct: (request: Uint8Array, call: DirectCall) => void): RpcMethod {
  return {
    kind: 'unary',
    handle: () => {
      throw new Error('a transport with direct calls has no need of this one');
    },
    direct: (request, call) => {
      call.observer = { replied: (status, bytes, beganAt) => told.push([status?.code ?? 0, bytes, beganAt]) };
      call.beganAt = 42;
      direct(request, call);
    },
  };
}

const METHODS = new Map<string, RpcMethod>([
  ['/s/Plain', { kind: 'unary', handle: (_request, _call, reply) => reply(null, answer) }],
  ['/s/Whole', method((_request, call) => call.reply(null, answer))],
  ['/s/Number', method((_request, call) => call.replyNumbered(head, number, tail))],
  ['/s/Echo', method((request, call) => call.reply(null, request))],
  ['/s/Refuse', method((_request, call) => call.reply(refused, null))],
  [
    '/s/Twice',
    method((_request, call) => {
      call.replyNumbered(head, number, tail);
      call.reply(refused, null);
      call.replyNumbered(tail, 1, head);
    }),
  ],
  [
    '/s/Late',
    method((_request, call) => {
      late = call;
    }),
  ],
  [
    '/s/Throw',
    method(() => {
      throw new Error('on purpose');
    }),
  ],
]);

function withHarness(title: string, body: (t: Test, harness: Harness) => Promise<void>): void {
  t.test(title, async (t) => {
    told = [];
    late = null;
    const harness = await Harness.open(http2Transport, METHODS);
    try {
      await body(t, harness);
    } finally {
      await harness.close();
    }
  });
}

withHarness('a client cannot tell how a call is answered', async (t, harness) => {
  for (const path of ['/s/Whole', '/s/Number']) {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(wholeCall(1, '/s/Plain', Buffer.from('x')));
    raw.send(wholeCall(3, path, Buffer.from('x')));
    const plain = await raw.answer(1);
    t.same(await raw.answer(3), plain);
    t.same(raw.body(3), raw.body(1));
    t.same(raw.body(3), framed(Buffer.from(answer)));
    raw.socket.destroy();
  }
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(wholeCall(1, '/s/Refuse', Buffer.from('x')), wholeCall(3, '/s/Throw', Buffer.from('x')));
  t.match(await raw.answer(1), { 'grpc-status': '9', 'grpc-message': 'not now' });
  t.match(await raw.answer(3), { 'grpc-status': '13' });
  t.same(told, [
    [0, answer.length, 42],
    [0, answer.length, 42],
    [9, -1, 42],
  ]);
});

withHarness('an answer that the client has no window for waits, and arrives whole', async (t, harness) => {
  const raw = new RawClient(harness, settings(1, 0, 4, 7));
  for (const [id, path] of [
    [1, '/s/Number'],
    [3, '/s/Whole'],
  ] as const) {
    raw.send(wholeCall(id, path, Buffer.from('x')));
    await until('a part has come', () => raw.body(id).length === 7);
    raw.send(frame(WindowUpdate, 0, id, word(1000)));
    t.match(await raw.answer(id), { 'grpc-status': '0' });
    t.same(raw.body(id), framed(Buffer.from(answer)));
  }
});

withHarness('requests of any size, in pieces or compressed, reach a direct handler', async (t, harness) => {
  const raw = new RawClient(harness, settings(1, 0, 4, 1_000_000));
  raw.send(frame(WindowUpdate, 0, 0, word(1_000_000)));
  for (const [index, bytes] of [0, 1, 500, 9000, 40_000].entries()) {
    const message = Buffer.alloc(bytes, 'abcdefg');
    raw.send(wholeCall(index * 2 + 1, '/s/Echo', message));
    await raw.answer(index * 2 + 1);
    t.same(raw.body(index * 2 + 1), framed(message));
  }
  const message = framed(Buffer.from('in two pieces'));
  raw.send(opening(21, '/s/Echo'), frame(Data, 0, 21, message.subarray(0, 8)));
  raw.send(frame(Data, 1, 21, message.subarray(8)));
  await raw.answer(21);
  t.same(raw.body(21), message);

  const session = harness.http2();
  const packed = framed(gzipSync('compressed'));
  packed[0] = 1;
  const request = session.request({ ...requestHeaders('/s/Echo'), 'grpc-encoding': 'gzip' });
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.end(packed);
  await new Promise((resolve) => request.on('close', resolve));
  const answered = Buffer.concat(parts);
  t.equal(answered[0], 1);
  t.equal(gunzipSync(answered.subarray(5)).toString(), 'compressed');
});

withHarness('only the first reply counts, for the client and for who observes', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(wholeCall(1, '/s/Twice', Buffer.from('x')));
  t.match(await raw.answer(1), { 'grpc-status': '0' });
  t.same(raw.body(1), framed(Buffer.from(answer)));
  t.same(told, [[0, answer.length, 42]]);
});

withHarness('a reply to a client that has left goes nowhere, and is observed', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(wholeCall(1, '/s/Late', Buffer.from('x')));
  await until('it runs', () => late !== null);
  let cancelled = false;
  late!.onCancel(() => {
    cancelled = true;
  });
  raw.send(frame(RstStream, 0, 1, word(8)), wholeCall(3, '/s/Plain', Buffer.from('x')));
  await raw.answer(3);
  t.ok(cancelled);
  late!.replyNumbered(head, number, tail);
  raw.send(wholeCall(5, '/s/Plain', Buffer.from('x')));
  await raw.answer(5);
  t.equal(raw.of(Data, 1).length, 0);
  t.same(told, [[0, answer.length, 42]]);
});
