/**
 * Sessions of frames drawn at random, some well-formed, some not. Whatever comes, the server has no fault of its own,
 * every call is answered or cancelled, and a client that was told nothing bad is still served.
 *
 * `FUZZ_RUNS` says how many sessions. @default 300
 */

import fc from 'fast-check';
import t from 'tap';
import { FrameType } from '../../src/rpc/http2/frames.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import type { RpcMethod } from '../../src/rpc/transport.ts';
import { pauseFor, until } from '../waiting.ts';
import { framed, Harness } from './grpc-harness.ts';
import { callHeaders, frame, NO_TABLE, opening, RawClient, settings, wholeCall, word } from './http2-raw.ts';

const { Data, Headers, Priority, RstStream, Ping, Goaway, WindowUpdate, Continuation } = FrameType;

/** Calls that were begun and have neither been answered nor cancelled. */
let open = 0;
const METHODS = new Map<string, RpcMethod>([
  ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
  [
    '/s/Wait',
    {
      kind: 'unary',
      handle: (_request, call) => {
        open += 1;
        call.onCancel(() => {
          open -= 1;
        });
      },
    },
  ],
  [
    '/s/Repeat',
    {
      kind: 'stream',
      handle: (stream) => {
        open += 1;
        let ended = false;
        stream.onCancel(() => {
          open -= 1;
        });
        stream.onMessage((message) => {
          for (let copies = 0; copies < 3; copies += 1) {
            if (!stream.write(message)) stream.pause();
          }
        });
        stream.onDrain(() => stream.resume());
        stream.onHalfClose(() => {
          if (ended) throw new Error('half-closed twice');
          ended = true;
          open -= 1;
          stream.end(null);
        });
      },
    },
  ],
]);

const id = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 3, 5, 7, 9) },
  { weight: 1, arbitrary: fc.nat(12) },
);
const path = fc.constantFrom('/s/Echo', '/s/Wait', '/s/Repeat', '/s/Nothing');
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 36), fc.nat(255));
const bytes = fc.uint8Array({ maxLength: 40 });

/** Makes a frame, given the id that a client would use for its next call. */
type Step = (fresh: () => number) => Buffer;

/** Frames in the spirit of a client. */
const goodStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(path, bytes).map(
    ([to, message]): Step =>
      (fresh) =>
        wholeCall(fresh(), to, message),
  ),
  fc.tuple(path, bytes).map(
    ([to, message]): Step =>
      (fresh) => {
        const on = fresh();
        return Buffer.concat([opening(on, to), frame(Data, 0, on, framed(message))]);
      },
  ),
  path.map(
    (to): Step =>
      (fresh) =>
        opening(fresh(), to, [['grpc-timeout', '5m']]),
  ),
  path.map(
    (to): Step =>
      (fresh) =>
        frame(Headers, 5, fresh(), callHeaders(to)),
  ),
  fc.tuple(path, fc.nat(20)).map(
    ([to, cut]): Step =>
      (fresh) => {
        const on = fresh();
        const block = callHeaders(to);
        return Buffer.concat([
          frame(Headers, 0, on, block.subarray(0, cut)),
          frame(Continuation, 4, on, block.subarray(cut)),
        ]);
      },
  ),
  fc.tuple(id, bytes, fc.nat(1)).map(
    ([on, message, end]): Step =>
      () =>
        frame(Data, end, on, framed(message)),
  ),
  fc.tuple(id, fc.nat(3)).map(
    ([on, code]): Step =>
      () =>
        frame(RstStream, 0, on, word(code)),
  ),
  fc.tuple(id, fc.nat(100_000)).map(
    ([on, by]): Step =>
      () =>
        frame(WindowUpdate, 0, on, word(by + 1)),
  ),
  fc.nat(200).map(
    (window): Step =>
      () =>
        settings(1, 0, 4, window),
  ),
  fc.constant<Step>(() => frame(Ping, 0, 0, Buffer.alloc(8))),
);
const badFrame = fc.oneof(
  fc.tuple(fc.nat(12), flags, id, bytes).map(([type, flag, on, payload]) => frame(type, flag, on, payload)),
  fc.tuple(flags, id, bytes).map(([flag, on, payload]) => frame(Headers, flag, on, payload)),
  fc.tuple(flags, id, bytes).map(([flag, on, payload]) => frame(Data, flag, on, payload)),
  bytes.map((noise) => Buffer.from(noise)),
  fc.constant(frame(Goaway, 0, 0, Buffer.alloc(8))),
  fc.constant(frame(Priority, 0, 1, Buffer.alloc(5))),
);
const badStep = badFrame.map(
  (made): Step =>
    () =>
      made,
);
const session = fc.array(fc.oneof({ weight: 30, arbitrary: goodStep }, { weight: 1, arbitrary: badStep }), {
  maxLength: 40,
});

t.test('no session of frames, good or bad, makes the server fail or forget a call', async (t) => {
  const harness = await Harness.open(http2Transport, METHODS);
  const { FUZZ_RUNS } = process.env;
  const runs = Number(FUZZ_RUNS ?? 300);
  try {
    await fc.assert(
      fc.asyncProperty(session, fc.array(fc.nat(400), { maxLength: 4 }), async (steps, sizes) => {
        const raw = new RawClient(harness, NO_TABLE);
        let last = -1;
        const fresh = (): number => {
          last += 2;
          return last;
        };
        const all = Buffer.concat(steps.map((step) => step(fresh)));
        let at = 0;
        for (const size of sizes) {
          raw.socket.write(all.subarray(at, at + size));
          at += size;
          await new Promise((resolve) => setImmediate(resolve));
        }
        raw.socket.write(all.subarray(at));
        await pauseFor(1);
        raw.socket.destroy();
        await until('the connection is gone', () => harness.sockets.size === 0);
        await new Promise((resolve) => setImmediate(resolve));
        const left = open;
        open = 0;
        if (left !== 0) throw new Error(`${left} calls are neither answered nor cancelled`);
        if (harness.errors.lines.length > 0) throw new Error(harness.errors.lines.join());
      }),
      { numRuns: runs },
    );
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(wholeCall(1, '/s/Echo', Buffer.from('x')));
    t.equal((await raw.answer(1))['grpc-status'], '0');
    raw.socket.destroy();
  } finally {
    await harness.close();
  }
});
