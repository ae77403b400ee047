/** What our own HTTP/2 client does with servers that speak the protocol in their own ways, or break it. */

import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { RpcChannel, RpcFailure } from '../../src/rpc/channel.ts';
import { http2Channel } from '../../src/rpc/http2/client-channel.ts';
import { FrameReader } from '../../src/rpc/http2/frame-reader.ts';
import { FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { HeaderDecoder } from '../../src/rpc/http2/header-decoder.ts';
import { literal } from '../../src/rpc/http2/hpack-encode.ts';
import { RequestBlocks } from '../../src/rpc/http2/request-blocks.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { call, framed, serveHttp2 } from '../suites/rpc-channel.ts';
import { until } from '../waiting.ts';
import { type Frame, frame, settings, word } from './http2-raw.ts';

const ONE = Buffer.from('1');
const HEAD = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')]);
const TRAILERS = literal('grpc-status', '0');

/** One connection of a client, seen frame by frame. */
class RawServer {
  readonly frames: Frame[] = [];
  readonly decoder = new HeaderDecoder(1e6);
  socket: Socket | null = null;
  isClosed = false;

  constructor(socket: Socket, onFrame: (server: RawServer, frame: Frame) => void) {
    const reader = new FrameReader({
      onFrame: (type, flags, id, bytes, from, to) => {
        const seen = { type, flags, id, payload: Buffer.from(bytes.subarray(from, to)) };
        this.frames.push(seen);
        onFrame(this, seen);
      },
    });
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => reader.read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  send(...frames: Buffer[]): void {
    this.socket!.write(Buffer.concat(frames));
  }

  answer(id: number, message: Buffer = ONE): void {
    this.send(
      frame(FrameType.Headers, 4, id, HEAD),
      frame(FrameType.Data, 0, id, framed(message)),
      frame(FrameType.Headers, 5, id, TRAILERS),
    );
  }

  count(type: number, flags = -1): number {
    return this.frames.filter((seen) => seen.type === type && (flags < 0 || seen.flags === flags)).length;
  }
}

interface Raw {
  readonly channel: RpcChannel;
  readonly servers: RawServer[];
}

async function rawServer(
  t: Test,
  onFrame: (server: RawServer, frame: Frame) => void,
  first: Buffer | null = settings(),
): Promise<Raw> {
  const servers: RawServer[] = [];
  const server = createServer((socket) => {
    if (first === null) {
      socket.destroy();
      return;
    }
    servers.push(new RawServer(socket, onFrame));
    socket.write(first);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const channel = http2Channel({
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tls: null,
    keepaliveMs: 10_000,
    keepaliveTimeoutMs: 5000,
    maxReceiveBytes: 1024 * 1024,
    reconnectMinMs: 50,
    reconnectMaxMs: 100,
    runtime: nodeRuntime(),
  });
  t.teardown(async () => {
    channel.close();
    for (const { socket } of servers) socket?.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { channel, servers };
}

const endsRequest = ({ type, flags }: Frame): boolean => type === FrameType.Data && (flags & 1) === 1;

t.test('a connection that is let in and cut before any SETTINGS has carried no call', async (t) => {
  const { channel } = await rawServer(t, () => {}, null);
  t.match(await call(channel, '/a/Echo', ONE), { code: 14, sent: false });
});

t.test('a ping is answered, and frames of unknown types are passed over', async (t) => {
  const { channel, servers } = await rawServer(t, (server, seen) => {
    if (!endsRequest(seen)) return;
    server.send(frame(FrameType.Ping, 0, 0, Buffer.from('12345678')), frame(0xfa, 0, 0, ONE));
    server.answer(seen.id);
  });
  t.equal(await call(channel, '/a/Echo', ONE), '1');
  await until('the ping is answered', () => servers[0]!.count(FrameType.Ping, 1) === 1);
  t.same(servers[0]!.frames.find(({ type }) => type === FrameType.Ping)!.payload, Buffer.from('12345678'));
});

t.test(
  'a head in pieces, informational ones before it, padding, and a reset behind the trailers',
  async (t) => {
    const { channel } = await rawServer(t, (server, { type, flags, id }) => {
      if (type !== FrameType.Data || (flags & 1) === 0) return;
      const informational = Buffer.concat([Buffer.from([0x08, 3]), Buffer.from('103')]);
      server.send(
        frame(FrameType.Headers, 4, id, informational),
        frame(FrameType.Headers, 0, id, HEAD.subarray(0, 3)),
        frame(FrameType.Continuation, 0, id, HEAD.subarray(3, 5)),
        frame(FrameType.Continuation, 4, id, HEAD.subarray(5)),
        frame(FrameType.Data, 8, id, Buffer.concat([Buffer.from([2]), framed(ONE), Buffer.alloc(2)])),
        frame(FrameType.Headers, 5, id, TRAILERS),
        frame(FrameType.RstStream, 0, id, word(0)),
      );
    });
    t.equal(await call(channel, '/a/Echo', ONE), '1');
    t.equal(await call(channel, '/a/Echo', ONE), '1');
  },
);

t.test(
  'a request waits for windows, of its call and of the connection, and for a server that closes them',
  async (t) => {
    let received = 0;
    const { channel, servers } = await rawServer(
      t,
      (server, { type, flags, id, payload }) => {
        if (type !== FrameType.Data) return;
        received += payload.length;
        if ((flags & 1) === 1) server.answer(id);
      },
      settings(4, 0),
    );
    const answer = call(channel, '/a/Echo', Buffer.alloc(200_000));
    await until('the head is there', () => (servers[0]?.count(FrameType.Headers) ?? 0) === 1);
    t.equal(received, 0);
    const server = servers[0]!;
    server.send(frame(FrameType.WindowUpdate, 0, 1, word(1000)));
    await until('as much as the call may', () => received === 1000);
    server.send(settings(4, 1_000_000));
    await until('as much as the connection may', () => received === 65_535);
    server.send(frame(FrameType.WindowUpdate, 0, 0, word(1_000_000)));
    t.equal(await answer, '1');
    t.equal(received, 200_005);
  },
);

t.test('a server without room for headers gets none to keep', async (t) => {
  const { channel, servers } = await rawServer(
    t,
    (server, seen) => {
      if (seen.type === FrameType.Headers) server.decoder.decode(seen.payload, 0, seen.payload.length);
      if (endsRequest(seen)) server.answer(seen.id);
    },
    settings(1, 0),
  );
  for (let round = 0; round < 3; round++) t.equal(await call(channel, '/a/Echo', ONE), '1');
  t.equal(servers[0]!.decoder.generation, 1, 'but for the notice that none is used');
});

t.test(
  'what a server may not do ends the connection with the code for it, and each call in doubt',
  async (t) => {
    const faults: [why: string, code: number, fault: (id: number) => Buffer][] = [
      ['a push', 1, (id) => frame(FrameType.PushPromise, 4, id, word(2))],
      ['data for a call that never was', 1, () => frame(FrameType.Data, 0, 99, ONE)],
      [
        'a header block that refers to nothing',
        9,
        (id) => frame(FrameType.Headers, 4, id, Buffer.from([0xff, 1])),
      ],
      ['too large a frame', 6, (id) => frame(FrameType.Data, 0, id, Buffer.alloc(16_385))],
      ['a window without end', 3, () => frame(FrameType.WindowUpdate, 0, 0, word(0x7fff_ffff))],
      ['a window that opens by nothing', 1, () => frame(FrameType.WindowUpdate, 0, 0, word(0))],
    ];
    for (const [why, code, fault] of faults) {
      const { channel, servers } = await rawServer(t, (server, seen) => {
        if (endsRequest(seen)) server.send(fault(seen.id));
      });
      t.match(await call(channel, '/a/Echo', ONE), { code: 14, sent: true }, why);
      await until(`${why}: the connection ends`, () => servers[0]!.isClosed);
      const goaway = servers[0]!.frames.find(({ type }) => type === FrameType.Goaway);
      t.equal(goaway?.payload.readUInt32BE(4), code, why);
    }
  },
);

t.test('GOAWAY: a call that the server has not seen is told apart from one that it may have', async (t) => {
  const { channel, servers } = await rawServer(t, (server, seen) => {
    if (!endsRequest(seen) || seen.id !== 3 || servers.length > 1) return;
    server.send(frame(FrameType.Goaway, 0, 0, Buffer.concat([word(1), word(0)])));
    setTimeout(() => server.socket!.destroy(), 30);
  });
  const seen = call(channel, '/a/Echo', ONE);
  const unseen = call(channel, '/a/Echo', ONE);
  t.match(await unseen, { code: 14, sent: false });
  t.equal(channel.isReady, false);
  t.match(await seen, { code: 14, sent: true });
});

t.test('a call that is given up is reset, and what still comes for it is dropped', async (t) => {
  const { channel, servers } = await rawServer(t, (server, seen) => {
    if (seen.type === FrameType.RstStream) server.answer(seen.id);
    else if (endsRequest(seen) && seen.id === 3) server.answer(seen.id);
  });
  const given = channel.unary('/a/Echo', ONE, {}, () => t.fail('nothing is heard of it'));
  await until('the request is there', () => (servers[0]?.count(FrameType.Data) ?? 0) === 1);
  given.cancel();
  t.equal(await call(channel, '/a/Echo', ONE), '1');
  const reset = servers[0]!.frames.find(({ type }) => type === FrameType.RstStream);
  t.equal(reset?.payload.readUInt32BE(0), 8);
});

t.test('a paused stream takes no more than its window', async (t) => {
  let sent = 0;
  const { channel, servers } = await rawServer(t, () => {});
  const got: number[] = [];
  let end: RpcFailure | null | undefined;
  const stream = channel.stream(
    '/a/Stream',
    {},
    {
      onMessage: (message) => got.push(message.length),
      onEnd: (failure) => {
        end = failure;
      },
    },
  );
  stream.pause();
  await until('the call is there', () => (servers[0]?.count(FrameType.Headers) ?? 0) === 1);
  const server = servers[0]!;
  server.send(frame(FrameType.Headers, 4, 1, HEAD));
  const part = framed(Buffer.alloc(16_379));
  for (; sent < 256; sent++) server.send(frame(FrameType.Data, 0, 1, part));
  await until('all is there', () => server.socket!.writableLength === 0);
  server.send(frame(FrameType.Ping, 0, 0, Buffer.alloc(8)));
  await until('it has been read', () => server.count(FrameType.Ping, 1) === 1);
  t.equal(got.length, 0);
  const ofTheCall = () =>
    server.frames.filter(({ type, id }) => type === FrameType.WindowUpdate && id === 1).length;
  t.equal(ofTheCall(), 0, 'the server may not send more');
  stream.resume();
  await until('the window opens again', () => ofTheCall() === 1);
  t.equal(got.length, 256);
  server.send(frame(FrameType.Headers, 5, 1, TRAILERS));
  await until('the end', () => end !== undefined);
  t.equal(end, null);
});

t.test(
  'two answers to one question are refused, and an empty message may say that it is compressed',
  async (t) => {
    const address = await serveHttp2(t, (stream, headers) => {
      stream.resume();
      const head = { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' };
      stream.respond(head, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      if (headers[':path'] === '/a/twice') stream.end(Buffer.concat([framed(ONE), framed(ONE)]));
      else if (headers[':path'] === '/a/bomb') stream.end(framed(gzipSync(Buffer.alloc(100_000)), 1));
      else stream.end(framed(headers[':path'] === '/a/empty' ? Buffer.alloc(0) : gzipSync(ONE), 1));
    });
    const channel = http2Channel({
      address,
      tls: null,
      keepaliveMs: 10_000,
      keepaliveTimeoutMs: 5000,
      maxReceiveBytes: 1000,
      reconnectMinMs: 50,
      reconnectMaxMs: 100,
      runtime: nodeRuntime(),
    });
    t.teardown(() => channel.close());
    t.match(await call(channel, '/a/twice', ONE), { code: 12, message: 'Too many responses received' });
    t.equal(await call(channel, '/a/empty', ONE), '');
    t.equal(await call(channel, '/a/one', ONE), '1');
    t.match(await call(channel, '/a/bomb', ONE), { code: 8, sent: true });
  },
);

t.test('request heads say what they should, however many methods and metadata there are', async (t) => {
  const names = fc.constantFrom('token', 'hasleader', 'a-key', 'another');
  const values = fc.oneof(
    fc.constantFrom('true', 'käse'),
    fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
  );
  const calls = fc.array(
    fc.record({ path: fc.constantFrom('/a/B', '/c/D', '/e/F'), at: fc.nat(3), again: fc.nat(3) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(names, values), { minLength: 4, maxLength: 4 }),
      calls,
      fc.integer({ min: -1, max: 60 }),
      (metadata, wanted, limitAt) => {
        const blocks = new RequestBlocks('http', 'host:1', 'agent');
        const decoder = new HeaderDecoder(1e6);
        for (const [step, { path, at, again }] of wanted.entries()) {
          if (step === limitAt) blocks.limitTable(100);
          for (let time = 0; time <= again; time++) {
            const block = blocks.take(path, metadata[at]!);
            const fields = decoder.decode(block, 0, block.length).map(({ name, value }) => [name, value]);
            t.equal(fields.findIndex(([name]) => name === ':path') > 0, true);
            const said = new Map(fields.map(([name, value]) => [name, value]));
            if (said.get(':path') !== path || said.get(':authority') !== 'host:1') return false;
            for (const [key, value] of Object.entries(metadata[at]!)) {
              if (said.get(key) !== Buffer.from(value).toString('latin1')) return false;
            }
          }
        }
        return true;
      },
    ),
    { numRuns: 100 },
  );
  const blocks = new RequestBlocks('http', 'host:1', 'agent');
  blocks.take('/a/B', {});
  const metadata = {};
  t.ok(blocks.take('/a/B', metadata).length < 10, 'what was said before is a byte each');
  t.equal(blocks.take('/a/B', metadata), blocks.take('/a/B', metadata));
  t.equal(PREFACE.length, 24);
});
