/** What a client could do without end: each has a limit, and beyond it the right code. */

import t, { type Test } from 'tap';
import { ErrorCode, FrameType } from '../../src/rpc/http2/frames.ts';
import { type Http2TransportOptions, http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import * as limits from '../../src/rpc/http2/limits.ts';
import type { RpcMethod, RpcStream } from '../../src/rpc/transport.ts';
import { pauseFor, until } from '../waiting.ts';
import { framed, Harness, MAX_RECEIVE_BYTES } from './grpc-harness.ts';
import { callHeaders, frame, NO_TABLE, opening, RawClient, settings, wholeCall, word } from './http2-raw.ts';

const { Data, Headers, Priority, RstStream, Settings, Ping, WindowUpdate, Continuation } = FrameType;
const CALM = ErrorCode.EnhanceYourCalm;

let calls = 0;
let cancels = 0;
let held: RpcStream | null = null;
const BIG_BYTES = 4 * 1024 * 1024;
const METHODS = new Map<string, RpcMethod>([
  ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
  [
    '/s/Never',
    {
      kind: 'unary',
      handle: (_request, call) => {
        calls += 1;
        call.onCancel(() => {
          cancels += 1;
        });
      },
    },
  ],
  [
    '/s/Big',
    {
      kind: 'unary',
      handle: (_request, _call, reply) => {
        calls += 1;
        reply(null, Buffer.alloc(BIG_BYTES));
      },
    },
  ],
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

function withHarness(
  title: string,
  body: (t: Test, harness: Harness) => Promise<void>,
  options: Partial<Http2TransportOptions> = {},
): void {
  t.test(title, async (t) => {
    calls = 0;
    cancels = 0;
    held = null;
    const harness = await Harness.open((given) => http2Transport({ ...given, ...options }), METHODS);
    try {
      await body(t, harness);
      const other = new RawClient(harness, NO_TABLE);
      other.send(wholeCall(1, '/s/Echo', Buffer.from('x')));
      t.equal((await other.answer(1))['grpc-status'], '0', 'others are served');
      other.socket.destroy();
    } finally {
      await harness.close();
    }
  });
}

/** So many frames, in a few writes. */
function flood(raw: RawClient, count: number, make: (index: number) => Buffer): void {
  for (let index = 0; index < count; index += 1000) {
    const size = Math.min(1000, count - index);
    raw.send(...Array.from({ length: size }, (_, offset) => make(index + offset)));
  }
}

const id = (index: number): number => index * 2 + 1;

withHarness('rapid reset: calls that are opened and reset at once', async (t, harness) => {
  const raw = new RawClient(harness);
  const message = frame(Data, 1, 1, framed(Buffer.from('x')));
  flood(raw, limits.RESET_BURST + limits.RESETS_PER_SECOND * 10, (index) => {
    message.writeUInt32BE(id(index), 5);
    return Buffer.concat([opening(id(index), '/s/Never'), message, frame(RstStream, 0, id(index), word(8))]);
  });
  t.equal((await raw.goaway()).code, CALM);
  t.ok(calls >= limits.RESET_BURST, 'not before the allowance is used up');
  t.equal(cancels, calls, 'every handler hears of it');
});

withHarness('resets of ours that a client provokes count as well', async (t, harness) => {
  const raw = new RawClient(harness);
  flood(raw, limits.RESET_BURST + limits.RESETS_PER_SECOND * 10, (index) =>
    Buffer.concat([opening(id(index), '/s/Hold'), frame(WindowUpdate, 0, id(index), word(0))]),
  );
  t.equal((await raw.goaway()).code, CALM);
});

// CONTINUATION_FRAMES_MAX of rpc/http2/limits
withHarness('a header block that never ends: by frames', async (t, harness) => {
  const raw = new RawClient(harness);
  raw.send(frame(Headers, 0, 1, callHeaders('/s/Echo')));
  flood(raw, limits.CONTINUATION_FRAMES_MAX + 1, () => frame(Continuation, 0, 1));
  t.equal((await raw.goaway()).code, CALM);
});

// HEADER_BLOCK_BYTES_MAX of rpc/http2/limits
withHarness('a header block that never ends: by bytes', async (t, harness) => {
  const raw = new RawClient(harness);
  const part = Buffer.alloc(16_384, 0x82);
  raw.send(frame(Headers, 0, 1, part));
  flood(raw, limits.HEADER_BLOCK_BYTES_MAX / part.length, () => frame(Continuation, 0, 1, part));
  t.equal((await raw.goaway()).code, CALM);
});

// HEADER_LIST_BYTES_MAX of rpc/http2/limits
withHarness(
  'a header bomb: few octets that stand for a long list',
  async (t, harness) => {
    const raw = new RawClient(harness, NO_TABLE);
    const value = Buffer.alloc(3000, 0x61);
    // A literal with incremental indexing, then references to it.
    const entry = Buffer.concat([Buffer.from([0x40, 1, 0x62, 0x7f, 0xb9, 0x16]), value]);
    const bomb = Buffer.concat([callHeaders('/s/Echo'), entry, Buffer.alloc(10_000, 0xbe)]);
    raw.send(frame(Headers, 5, 1, bomb));
    t.equal(await raw.resetCode(1), ErrorCode.FrameSizeError);
    raw.send(frame(Headers, 4, 3, Buffer.concat([callHeaders('/s/Echo'), Buffer.from([0xbe])])));
    raw.send(frame(Data, 1, 3, framed(Buffer.from('x'))));
    t.equal((await raw.answer(3))['grpc-status'], '0', 'and the table is as it should be');
  },
  { maxHeaderListBytes: 64 * 1024 },
);

// OPEN_HEADER_BYTES_MAX of rpc/http2/limits
withHarness('large headers of many open calls', async (t, harness) => {
  const raw = new RawClient(harness);
  const header = Buffer.concat([Buffer.from([0, 1, 0x62, 0x7f, 0x81, 0x7a]), Buffer.alloc(15_744, 0x61)]);
  const block = Buffer.concat([callHeaders('/s/Hold'), header]);
  const fitting = Math.floor(limits.OPEN_HEADER_BYTES_MAX / block.length);
  flood(raw, fitting + 50, (index) => frame(Headers, 4, id(index), block));
  const reset = await raw.next(RstStream);
  t.equal(reset.payload.readUInt32BE(0), CALM);
  t.ok(Math.abs(reset.id - id(fitting)) < 40, `call ${(reset.id + 1) / 2} of ${fitting}`);
});

withHarness('SETTINGS without end', async (t, harness) => {
  const raw = new RawClient(harness);
  flood(raw, limits.SETTINGS_BURST + limits.SETTINGS_PER_SECOND * 10, () => settings(4, 65_535));
  t.equal((await raw.goaway()).code, CALM);
});

const idle: Record<string, Buffer> = {
  'empty DATA': frame(Data, 0, 1),
  'padding without data': frame(Data, 8, 1, Buffer.from([0])),
  PRIORITY: frame(Priority, 0, 1, Buffer.alloc(5)),
  'unknown frames': frame(0x99, 0, 1),
  'acknowledgements of SETTINGS': frame(Settings, 1, 0),
  'acknowledgements of PING': frame(Ping, 1, 0, Buffer.alloc(8)),
  'RST_STREAM of a closed stream': frame(RstStream, 0, 3, word(8)),
};
withHarness('frames that move nothing, without end', async (t, harness) => {
  for (const [title, bytes] of Object.entries(idle)) {
    const raw = new RawClient(harness);
    raw.send(opening(1, '/s/Hold'), opening(3, '/s/Hold'), frame(RstStream, 0, 3, word(8)));
    flood(raw, limits.IDLE_FRAME_BURST + limits.IDLE_FRAMES_PER_SECOND * 10, () => bytes);
    t.equal((await raw.goaway()).code, CALM, title);
  }
});

withHarness('WINDOW_UPDATE without end', async (t, harness) => {
  const raw = new RawClient(harness);
  raw.send(opening(1, '/s/Hold'));
  const update = frame(WindowUpdate, 0, 1, word(1));
  flood(raw, limits.WINDOW_UPDATE_BURST + limits.WINDOW_UPDATES_PER_SECOND * 10, () => update);
  t.equal((await raw.goaway()).code, CALM);
});

// PING_STRIKES_MAX of rpc/http2/limits
withHarness('pings without end', async (t, harness) => {
  const raw = new RawClient(harness);
  flood(raw, 1000, () => frame(Ping, 0, 0, Buffer.alloc(8)));
  const { code, text } = await raw.goaway();
  t.same([code, text], [CALM, 'too_many_pings']);
  t.ok(raw.of(Ping).length <= limits.PING_STRIKES_MAX + 1);
});

withHarness('a client that reads nothing is not read from for long', async (t, harness) => {
  const raw = new RawClient(harness);
  raw.send(opening(1, '/s/Hold'));
  await until('the stream opens', () => held !== null);
  raw.socket.pause();
  raw.send(frame(WindowUpdate, 0, 0, word(2 ** 30)), frame(WindowUpdate, 0, 1, word(2 ** 30)));
  let written = 0;
  for (let round = 0; round < 50 && written < 64 * 1024 * 1024; round += 1) {
    while (held!.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
    await pauseFor(2);
  }
  t.ok(written < 32 * 1024 * 1024, `${written} bytes written to a client that reads none`);
  // Each request for what does not exist is answered at once.
  const [serverSide] = harness.sockets;
  const readBefore = serverSide!.bytesRead;
  flood(raw, 50_000, (index) => wholeCall(id(index + 1), '/s/Nothing', Buffer.alloc(0)));
  await pauseFor(100);
  const read = serverSide!.bytesRead - readBefore;
  t.ok(read < 1024 * 1024, `${read} bytes are read of ${raw.socket.bytesWritten}`);
  raw.socket.resume();
  await until('all is answered once it reads', () => raw.of(Headers, id(50_000)).length > 0);
});

// WAITING_OUTPUT_BYTES_MAX of rpc/http2/limits
withHarness(
  'answers that a slow reader leaves waiting keep its further calls waiting',
  async (t, harness) => {
    const raw = new RawClient(harness, settings(1, 0, 4, 0));
    const count = 64;
    for (let index = 0; index < count; index += 1) raw.send(wholeCall(id(index), '/s/Big', Buffer.from('x')));
    await pauseFor(100);
    const bound = limits.WAITING_OUTPUT_BYTES_MAX / BIG_BYTES + 1;
    t.ok(calls <= bound, `${calls} of ${count} calls were handled`);
    raw.send(frame(WindowUpdate, 0, 0, word(2 ** 30)), settings(4, BIG_BYTES + 5));
    await raw.answer(id(count - 1));
    t.equal(calls, count);
    t.equal(raw.body(id(count - 1)).length, BIG_BYTES + 5);
  },
);

withHarness('requests that are never completed', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(MAX_RECEIVE_BYTES, 1);
  // An announced length alone costs nothing.
  for (let index = 0; index < 1000; index += 1) {
    raw.send(opening(id(index), '/s/Echo'), frame(Data, 0, id(index), prefix));
  }
  await pauseFor(20);
  raw.send(wholeCall(id(1000), '/s/Echo', Buffer.from('x')));
  t.equal((await raw.answer(id(1000)))['grpc-status'], '0');
  t.ok(process.memoryUsage().arrayBuffers < 512 * 1024 * 1024);
});

// HELD_BYTES_MAX of rpc/http2/limits
withHarness(
  'request bytes that wait, of all calls of a connection together',
  async (t, harness) => {
    const raw = new RawClient(harness, NO_TABLE);
    const part = framed(Buffer.alloc(50_000)).subarray(0, 16_384);
    for (let index = 0; index < 10; index += 1) {
      raw.send(opening(id(index), '/s/Echo'), frame(Data, 0, id(index), part));
    }
    const refused = await raw.next(Headers);
    const answer = await raw.answer(refused.id);
    t.equal(answer['grpc-status'], '8');
    // Room is made for twice as much as has come.
    t.equal(refused.id, id(4), 'the first beyond it');
    for (let index = 1; index < 4; index += 1) raw.send(frame(RstStream, 0, id(index), word(8)));
    const rest = framed(Buffer.alloc(50_000)).subarray(16_384);
    for (let from = 0; from < rest.length; from += 16_384) {
      const end = from + 16_384 >= rest.length ? 1 : 0;
      raw.send(frame(Data, end, 1, rest.subarray(from, from + 16_384)));
    }
    t.equal((await raw.answer(1))['grpc-status'], '0', 'what is given up makes room');
  },
  { maxHeldBytes: 128 * 1024 },
);
