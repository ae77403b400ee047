/**
 * Fuzzers for HTTP/2: header blocks; a server that is told things by a client; a client that is told things by a server. What
 * the peer says is a script (`http2-script.ts`), so that most changes give frames that are well-formed and mean something.
 *
 * Whatever comes: nothing of ours fails, every call is answered or cancelled once, what we say is frames, and when the
 * connection is gone nothing waits and no timer is left.
 */

import { ClientStreaming, ClientUnary } from '../../src/rpc/http2/client-calls.ts';
import { ClientConnection } from '../../src/rpc/http2/client-connection.ts';
import { Unconnected } from '../../src/rpc/http2/client-stream.ts';
import { ConnectionError, FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { HeaderDecoder } from '../../src/rpc/http2/header-decoder.ts';
import { http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import { TimerWheel } from '../../src/rpc/http2/timer-wheel.ts';
import type { RpcMethod } from '../../src/rpc/transport.ts';
import { framed } from '../rpc/grpc-harness.ts';
import { callHeaders, encodeHeaders, type Header, settings, word } from '../rpc/http2-raw.ts';
import { FakeSocket, FakeWorld } from './fake-world.ts';
import type { Target } from './fuzz.ts';
import { act, arrive, arriveInPart, frameStep, letPass, play } from './http2-script.ts';

const { Data, Headers, RstStream, Settings, Ping, Goaway, WindowUpdate, Continuation } = FrameType;
const hourMs = 3_600_000;
const maxReceiveBytes = 20_000;

/** The other side broke a rule and was told so; which rule leads the search. */
class Refused extends Error {}

function refusedIn(world: FakeWorld): void {
  if (world.errors.length > 0) throw new Error(world.errors.join('\n'));
  const [first] = world.refusals;
  if (first !== undefined) throw new Refused(first);
}

/** What we have written is whole frames of sizes that HTTP/2 allows. */
function checkFrames(output: Buffer): void {
  let at = 0;
  while (at < output.length) {
    const length = at + 9 <= output.length ? output.readUIntBE(at, 3) : Number.POSITIVE_INFINITY;
    if (length > 16_384 || at + 9 + length > output.length)
      throw new Error(`at ${at} of ${output.length} of what was sent is no frame`);
    at += 9 + length;
  }
}

const listBytesMax = 1000;

/** Blocks of one connection, each with its length in two bytes before it. */
function headerTarget(): Target {
  const blocks = (...all: readonly Uint8Array[]): Buffer =>
    Buffer.concat(
      all.flatMap((block) => [Buffer.from([block.length >> 8, block.length & 255]), Buffer.from(block)]),
    );
  const coded = Buffer.from([
    ...[0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff],
  ]);
  const kept = Buffer.concat([Buffer.from([0x40, 1, 97, 2, 98, 99]), Buffer.from([0xbe, 0x3f, 0x21])]);
  return {
    name: 'header-blocks',
    about: 'header blocks of HTTP/2 (HPACK)',
    samples: () => [
      blocks(callHeaders('/s/Echo'), callHeaders('/s/Wait', [['grpc-timeout', '5m']])),
      blocks(coded, Buffer.from([0x82, 0x86, 0x84, 0xbe, 0x58, 0x08, ...Buffer.from('no-cache')])),
      blocks(kept, Buffer.from([0x20, 0x3f, 0xe1, 0x1f, 0xbe])),
      blocks(encodeHeaders([['authorization', 'x'.repeat(400)]]), Buffer.from([0x10, 0, 0, 0x7f, 0x80, 0])),
    ],
    read: (input) => {
      const decoder = new HeaderDecoder(listBytesMax);
      for (let at = 0; at + 2 <= input.length; ) {
        const length = Math.min(input.readUInt16BE(at), input.length - at - 2);
        const fields = decoder.decode(input, at + 2, at + 2 + length);
        at += 2 + length;
        const size = fields.reduce((sum, field) => sum + field.size, 0);
        if (size > listBytesMax) throw new Error(`${size} bytes of headers were kept`);
        const headers = fields.map(({ name, value }): Header => [name, value]);
        if (headers.some((texts) => texts.join('').match(/[^\0-\x7f]/) || texts.join('').length > 120))
          continue;
        const again = encodeHeaders(headers);
        const read = new HeaderDecoder(listBytesMax).decode(again, 0, again.length);
        if (JSON.stringify(read.map(({ name, value }) => [name, value])) !== JSON.stringify(headers))
          throw new Error('what was read is not what is written again');
      }
    },
    means: (error) => error instanceof ConnectionError,
  };
}

/** Handlers of every kind. @returns how many calls they have that were neither answered nor cancelled */
function methodsOf(): { readonly methods: ReadonlyMap<string, RpcMethod>; readonly open: () => number } {
  let open = 0;
  const echo: RpcMethod = { kind: 'unary', handle: (request, _call, reply) => reply(null, request) };
  const wait: RpcMethod = {
    kind: 'unary',
    handle: (_request, call) => {
      open++;
      call.onCancel(() => void open--);
    },
  };
  const repeat: RpcMethod = {
    kind: 'stream',
    handle: (stream) => {
      open++;
      let isOver = false;
      const end = (): void => {
        if (isOver) throw new Error('a call has ended twice');
        isOver = true;
        open--;
      };
      stream.onCancel(end);
      stream.onMessage((message) => {
        if (isOver) throw new Error('a message came after the end');
        for (let copies = 0; copies < 3; copies++) if (!stream.write(message)) stream.pause();
      });
      stream.onDrain(() => stream.resume());
      stream.onHalfClose(() => {
        end();
        stream.end(message5);
      });
    },
  };
  const methods = new Map<string, RpcMethod>([
    ['/s/Echo', echo],
    ['/s/Wait', wait],
    ['/s/Repeat', repeat],
  ]);
  return { methods, open: () => open };
}

const message5 = { code: 5, message: 'no such thing: ü %' };

function serverSamples(): Buffer[] {
  const call = (id: number, path: string, ...more: Header[]): Buffer =>
    frameStep(Headers, 4, id, callHeaders(path, more));
  const data = (id: number, flags: number, bytes: number): Buffer =>
    frameStep(Data, flags, id, framed(Buffer.alloc(bytes, id)));
  const block = callHeaders('/s/Echo');
  const window = settings(4, 10, 1, 0).subarray(9);
  const plain = encodeHeaders([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/health'],
    [':authority', 'a'],
  ]);
  return [
    [call(1, '/s/Echo'), data(1, 1, 9), arrive, call(3, '/s/Repeat'), data(3, 0, 300), data(3, 1, 5)],
    [call(1, '/s/Wait', ['grpc-timeout', '5m']), data(1, 1, 4), letPass(1), call(3, '/s/None')],
    [call(1, '/s/Repeat'), data(1, 0, 2000), frameStep(RstStream, 0, 1, word(8)), act(0), letPass(4)],
    [frameStep(Settings, 0, 0, window), call(1, '/s/Echo'), data(1, 1, 60), arrive],
    [frameStep(WindowUpdate, 0, 1, word(20)), frameStep(WindowUpdate, 0, 0, word(20)), letPass(6)],
    [
      ...[frameStep(Headers, 0, 1, block.subarray(0, 9)), frameStep(Continuation, 4, 1, block.subarray(9))],
      ...[arriveInPart(20), data(1, 1, 1), frameStep(Ping, 0, 0, Buffer.alloc(8)), letPass(7)],
    ],
    [
      frameStep(Headers, 5, 1, plain),
      frameStep(Goaway, 0, 0, Buffer.alloc(8)),
      call(3, '/s/Echo', ['a-bin', 'AA']),
    ],
    [
      call(1, '/s/Echo', ['grpc-encoding', 'gzip']),
      frameStep(Data, 9, 1, Buffer.from([1, 1, 0, 0, 0, 2, 31, 139, 0])),
    ],
  ].map((steps) => Buffer.concat(steps));
}

function serverTarget(): Target {
  return {
    name: 'http2-server',
    about: 'frames of HTTP/2 from a client',
    samples: serverSamples,
    read: (input) => {
      const world = new FakeWorld();
      const { methods, open } = methodsOf();
      const transport = http2Transport({
        ...{ methods, maxReceiveBytes, maxConcurrentStreams: 4, runtime: world, maxHeldBytes: 30_000 },
        ...{ unknownMethod: (path: string) => `unknown method ${path}`, maxHeaderListBytes: 2000 },
        onPlain: (exchange) => {
          exchange.onBody(() => {});
          exchange.respond(200, [['x', exchange.path]]);
          exchange.onEnd(() => {
            exchange.write(Buffer.alloc(300));
            exchange.end();
          });
        },
      });
      const socket = new FakeSocket(world);
      transport.accept(socket.asSocket());
      let closed = 0;
      const before = Buffer.concat([PREFACE, settings()]);
      const doSomething = (what: number): void => {
        if (what % 4 === 0) transport.close(hourMs, () => void closed++);
        if (what % 4 === 1) socket.emit('end');
        if (what % 4 === 2) socket.destroy();
      };
      play(input, { world, socket, before, doSomething });
      checkFrames(socket.output);
      socket.destroy();
      world.settle();
      if (open() !== 0) throw new Error(`${open()} calls are neither answered nor cancelled`);
      const { waitingBytes } = transport as unknown as { readonly waitingBytes: number };
      if (waitingBytes !== 0) throw new Error(`${waitingBytes} bytes wait for a connection that is gone`);
      closed = 0;
      transport.close(0, () => void closed++);
      world.settle();
      if (closed !== 1) throw new Error('the transport does not close');
      world.pass(1);
      if (world.timerCount > 0) throw new Error(`${world.timerCount} timers are left`);
      refusedIn(world);
    },
    means: (error) => error instanceof Refused,
  };
}

function clientSamples(): Buffer[] {
  const head = encodeHeaders([
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ]);
  const end = encodeHeaders([
    ['grpc-status', '0'],
    ['grpc-message', 'a%20b'],
  ]);
  const answer = (id: number, bytes: number): Buffer[] => [
    frameStep(Headers, 4, id, head),
    frameStep(Data, 0, id, framed(Buffer.alloc(bytes, id))),
    frameStep(Headers, 5, id, end),
  ];
  const refusal = encodeHeaders([
    [':status', '200'],
    ['grpc-status', '14'],
    ['grpc-message', 'no leader'],
  ]);
  const page = encodeHeaders([
    [':status', '503'],
    ['content-type', 'text/html'],
  ]);
  const gone = Buffer.concat([word(1), word(11), Buffer.from('too_many_pings')]);
  return [
    [act(0), ...answer(1, 9), arrive, act(1), ...answer(3, 200)],
    [
      act(1),
      act(2),
      frameStep(Headers, 4, 1, head),
      frameStep(Data, 0, 1, framed(Buffer.alloc(40))),
      act(5),
      arrive,
    ],
    [act(0), act(0), frameStep(Headers, 5, 1, refusal), frameStep(RstStream, 0, 3, word(7)), letPass(2)],
    [act(0), act(1), frameStep(Goaway, 0, 0, gone), arrive, ...answer(1, 0), letPass(4)],
    [
      frameStep(Settings, 0, 0, settings(3, 1, 4, 5).subarray(9)),
      act(0),
      act(0),
      act(1),
      act(2),
      ...answer(1, 3),
    ],
    [act(1), act(4), ...answer(1, 70), arrive, act(5), act(3), letPass(5), letPass(6)],
    [act(0), frameStep(Headers, 4, 1, page), frameStep(Data, 1, 1, Buffer.from('<html>'))],
    [act(1), act(6), frameStep(WindowUpdate, 0, 1, word(9)), frameStep(Ping, 0, 0, Buffer.alloc(8)), act(7)],
  ].map((steps) => Buffer.concat(steps));
}

/** Calls of one connection, and how often each has ended. */
class Calls {
  private readonly all: {
    readonly call: ClientUnary | ClientStreaming;
    ended: number;
    cancelled: boolean;
  }[] = [];
  readonly connection: ClientConnection;
  /** Where calls stand until they are opened, as those of a channel do. */
  private readonly unconnected: Unconnected;

  constructor(connection: ClientConnection, wheel: TimerWheel) {
    this.connection = connection;
    this.unconnected = new Unconnected(wheel);
  }

  doSomething(what: number): void {
    const { connection, unconnected } = this;
    const last = this.all.at(-1);
    const streaming = this.all.findLast(({ call }) => call instanceof ClientStreaming)?.call as
      | ClientStreaming
      | undefined;
    switch (what % 8) {
      case 0:
        this.start(
          (end) =>
            new ClientUnary(unconnected, '/s/Echo', {}, what > 127 ? 1000 : 0, Buffer.alloc(what), end),
        );
        break;
      case 1:
        this.start((end) => {
          const listener = { onMessage: (): void => this.expectOpen(), onEnd: end };
          return new ClientStreaming(unconnected, '/s/Repeat', {}, listener);
        });
        break;
      case 2:
        streaming?.write(Buffer.alloc(what * 40));
        break;
      case 3:
        streaming?.halfClose();
        break;
      case 4:
        streaming?.pause();
        break;
      case 5:
        streaming?.resume();
        break;
      case 6:
        if (last?.ended === 0) last.cancelled = true;
        last?.call.cancel();
        break;
      default:
        connection.destroy('given up');
    }
  }

  private start(make: (end: () => void) => ClientUnary | ClientStreaming): void {
    if (!this.connection.isReady || this.all.length >= 6) return;
    const entry = {
      call: make(() => {
        entry.ended++;
        if (entry.ended > 1) throw new Error('a call has ended twice');
        if (entry.cancelled) throw new Error('a call that was cancelled was told of its end');
      }),
      ended: 0,
      cancelled: false,
    };
    this.all.push(entry);
    this.connection.start(entry.call);
  }

  private expectOpen(): void {
    if (this.all.every(({ ended }) => ended > 0)) throw new Error('a message came after the end');
  }

  /** What was held back is read. */
  resume(): void {
    for (const { call } of this.all) if (call instanceof ClientStreaming) call.resume();
  }

  /** Calls that were told nothing; those that decompress a message are, a little later. */
  get untold(): number {
    return this.all.filter(({ call, ended, cancelled }) => {
      const { inflating } = call as unknown as { readonly inflating: boolean };
      return ended === 0 && !cancelled && !inflating;
    }).length;
  }
}

function clientTarget(): Target {
  return {
    name: 'http2-client',
    about: 'frames of HTTP/2 from a server',
    samples: clientSamples,
    read: (input) => {
      const world = new FakeWorld();
      const socket = new FakeSocket(world);
      const wheel = new TimerWheel(world.clock);
      let closed = 0;
      const connection = new ClientConnection(
        socket.asSocket(),
        {
          ...{ scheme: 'http', authority: 'a:1', userAgent: 'u', maxReceiveBytes, keepaliveMs: 10_000 },
          ...{ keepaliveTimeoutMs: 5000, wheel, scheduler: world.scheduler, log: world.log },
        },
        { onReady: () => {}, onDraining: () => {}, onClosed: () => void closed++ },
      );
      connection.begin();
      socket.feed(settings());
      world.settle();
      const calls = new Calls(connection, wheel);
      const doSomething = (what: number): void => calls.doSomething(what);
      play(input, { world, socket, before: Buffer.alloc(0), doSomething });
      checkFrames(socket.output.subarray(PREFACE.length));
      connection.destroy('over');
      calls.resume();
      world.settle();
      if (closed !== 1) throw new Error(`the connection was over ${closed} times`);
      if (calls.untold > 0) throw new Error(`${calls.untold} calls were not told that they are over`);
      wheel.close();
      if (world.timerCount > 0) throw new Error(`${world.timerCount} timers are left`);
      refusedIn(world);
    },
    means: (error) => error instanceof Refused,
  };
}

export const http2Targets: readonly Target[] = [headerTarget(), serverTarget(), clientTarget()];
