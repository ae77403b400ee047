/** What every `RpcChannel` promises, whoever moves the bytes. */

import {
  constants,
  createServer as createHttp2Server,
  createSecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type {
  ChannelTls,
  OpenChannel,
  RpcChannel,
  RpcChannelOptions,
  RpcFailure,
} from '../../src/rpc/channel.ts';
import { grpcJsTransport } from '../../src/rpc/grpc-js-transport.ts';
import { makeCertificate } from '../../src/rpc/self-signed.ts';
import type { RpcMethod } from '../../src/rpc/transport.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { MemberProxy } from '../client/proxy.ts';

const ONE: Buffer = Buffer.from('1');

/** A gRPC server whose methods show what a channel does with them. */
async function serve(t: Test, path?: string): Promise<{ address: string; sockets: Set<Socket> }> {
  const seen: string[] = [];
  const methods = new Map<string, RpcMethod>([
    ['/a/Echo', { kind: 'unary', handle: (request, _, reply) => reply(null, request) }],
    [
      '/a/Token',
      { kind: 'unary', handle: (_, call, reply) => reply(null, Buffer.from(call.metadata('token') ?? '')) },
    ],
    ['/a/Refuse', { kind: 'unary', handle: (_, __, reply) => reply({ code: 5, message: 'not here' }, null) }],
    ['/a/Never', { kind: 'unary', handle: () => seen.push('never') }],
    [
      '/a/Stream',
      {
        kind: 'stream',
        handle: (stream) => {
          stream.onMessage((request) => {
            if (request.length === 0) stream.end({ code: 9, message: 'enough' });
            else stream.write(request);
          });
          stream.onHalfClose(() => stream.end(null));
        },
      },
    ],
  ]);
  const transport = grpcJsTransport({
    methods,
    unknownMethod: (path) => `no ${path}`,
    maxReceiveBytes: 16 * 1024 * 1024,
    maxConcurrentStreams: 100,
    runtime: nodeRuntime(),
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    transport.accept(socket);
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  t.teardown(async () => {
    await new Promise<void>((resolve) => transport.close(0, resolve));
    await new Promise((resolve) => server.close(resolve));
  });
  if (path !== undefined) return { address: `unix:${path}`, sockets };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

/** A server made of `node:http2`, for what no transport of ours says. */
export async function serveHttp2(
  t: Test,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings = {},
  secure: SecureServerOptions | null = null,
): Promise<string> {
  const server =
    secure === null ? createHttp2Server({ settings }) : createSecureServer({ ...secure, settings });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gRPC message as it is in DATA. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function call(
  channel: RpcChannel,
  path: string,
  request: Uint8Array,
  metadata = {},
): Promise<RpcFailure | string> {
  return new Promise((resolve) => {
    channel.unary(path, request, metadata, (failure, response) => {
      resolve(failure ?? Buffer.from(response!).toString());
    });
  });
}

export function rpcChannelSuite(make: OpenChannel): void {
  function open(t: Test, address: string, options: Partial<RpcChannelOptions> = {}): RpcChannel {
    const channel = make({
      address,
      tls: null,
      keepaliveMs: 10_000,
      keepaliveTimeoutMs: 5000,
      maxReceiveBytes: 1024 * 1024,
      reconnectMinMs: 50,
      reconnectMaxMs: 100,
      runtime: nodeRuntime(),
      ...options,
    });
    t.teardown(() => channel.close());
    return channel;
  }

  t.test('a call has its answer, its metadata or its failure', async (t) => {
    const { address } = await serve(t);
    const channel = open(t, address);
    t.equal(channel.isReady, false);
    t.equal(await call(channel, '/a/Echo', Buffer.from('hello')), 'hello');
    t.equal(channel.isReady, true);
    t.equal(await call(channel, '/a/Token', Buffer.alloc(0), { token: 'abc' }), 'abc');
    t.same(await call(channel, '/a/Refuse', Buffer.alloc(0)), { code: 5, message: 'not here', sent: true });
    t.match(await call(channel, '/a/Unknown', Buffer.alloc(0)), { code: 12 });
  });

  t.test('a failure tells whether the request can have left', async (t) => {
    const nowhere = open(t, '127.0.0.1:1');
    t.match(await call(nowhere, '/a/Echo', Buffer.from('x')), { code: 14, sent: false });
    const { address, sockets } = await serve(t);
    const channel = open(t, address);
    await call(channel, '/a/Echo', Buffer.from('x'));
    const broken = call(channel, '/a/Never', Buffer.from('x'));
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 20);
    t.match(await broken, { code: 14, sent: true });
    channel.close();
    t.match(await call(channel, '/a/Echo', Buffer.from('x')), { code: 14, sent: false });
  });

  t.test('a cancelled call is never heard of again', async (t) => {
    const { address } = await serve(t);
    const channel = open(t, address);
    const heard: unknown[] = [];
    channel.unary('/a/Echo', Buffer.from('x'), {}, () => heard.push('unary')).cancel();
    const stream = channel.stream(
      '/a/Stream',
      {},
      { onMessage: () => heard.push('message'), onEnd: () => heard.push('end') },
    );
    stream.write(Buffer.from('x'));
    stream.cancel();
    channel.close();
    channel.unary('/a/Echo', Buffer.from('x'), {}, () => heard.push('closed')).cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.same(heard, []);
  });

  t.test('a stream carries messages both ways, stops when it is paused, and ends well or not', async (t) => {
    const { address } = await serve(t);
    const channel = open(t, address);
    const begin = () => {
      const got: string[] = [];
      let wake = (): void => {};
      let end: RpcFailure | null | undefined;
      const stream = channel.stream(
        '/a/Stream',
        {},
        {
          onMessage: (response) => {
            got.push(Buffer.from(response).toString());
            wake();
          },
          onEnd: (failure) => {
            end = failure;
            wake();
          },
        },
      );
      const until = async (isTrue: () => boolean) => {
        while (!isTrue()) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      };
      return { stream, got, until, end: () => end };
    };
    const well = begin();
    well.stream.write(Buffer.from('one'));
    await well.until(() => well.got.length === 1);
    well.stream.pause();
    for (let at = 0; at < 100; at++) well.stream.write(Buffer.from(`${at}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.ok(well.got.length < 40, `${well.got.length} messages while paused`);
    well.stream.resume();
    await well.until(() => well.got.length === 101);
    t.same(
      well.got.slice(1),
      Array.from({ length: 100 }, (_, at) => `${at}`),
    );
    well.stream.halfClose();
    await well.until(() => well.end() !== undefined);
    t.equal(well.end(), null);
    const ill = begin();
    ill.stream.write(Buffer.alloc(0));
    await ill.until(() => ill.end() !== undefined);
    t.match(ill.end(), { code: 9, message: 'enough' });
  });

  t.test('every way in which a server can end a call has its code', async (t) => {
    const { NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = constants;
    const resets: Record<string, number> = {
      refused: NGHTTP2_REFUSED_STREAM,
      cancel: NGHTTP2_CANCEL,
      calm: NGHTTP2_ENHANCE_YOUR_CALM,
      internal: constants.NGHTTP2_INTERNAL_ERROR,
      flow: constants.NGHTTP2_FLOW_CONTROL_ERROR,
    };
    const address = await serveHttp2(t, (stream, headers) => {
      const [, , method] = headers[':path']!.split('/');
      const head = { ':status': 200, 'content-type': 'application/grpc' };
      stream.resume();
      if (resets[method!] !== undefined) stream.close(resets[method!]);
      else if (method === 'status') {
        stream.respond(
          { ...head, 'grpc-status': '9', 'grpc-message': 'k%C3%A4se 100%25' },
          { endStream: true },
        );
      } else if (method === 'http') stream.respond({ ':status': 503 }, { endStream: true });
      else if (method === 'page') {
        stream.respond({ ':status': 404, 'content-type': 'text/html' });
        stream.end('<html>there is no such page here</html>');
      } else if (method === 'silent') {
        stream.respond(head);
        stream.end(framed(Buffer.from('x')));
      } else {
        stream.respond(head, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end();
      }
    });
    const channel = open(t, address);
    const ask = (method: string) => call(channel, `/a/${method}`, Buffer.from('x'));
    t.same(await ask('status'), { code: 9, message: 'käse 100%', sent: true });
    t.same(await ask('refused'), { code: 14, message: 'Stream refused by server', sent: false });
    t.match(await ask('cancel'), { code: 1, sent: true });
    t.match(await ask('calm'), { code: 8, sent: true });
    t.match(await ask('internal'), { code: 13, sent: true });
    t.match(await ask('flow'), { code: 13, sent: true });
    t.match(await ask('http'), { code: 14, message: 'Received HTTP status code 503' });
    t.match(await ask('page'), { code: 12, message: 'Received HTTP status code 404' });
    t.match(await ask('silent'), { code: 13 });
    t.match(await ask('nothing'), { code: 12, message: 'No message received' });
  });

  t.test('compressed answers are read, small and large, between others and in their order', async (t) => {
    const texts = ['a', 'b'.repeat(300_000), 'c', 'd'.repeat(100_000)];
    const address = await serveHttp2(t, (stream) => {
      stream.resume();
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const parts = texts.map((text, at) =>
        at === 2 ? framed(Buffer.from(text)) : framed(gzipSync(Buffer.from(text)), 1),
      );
      stream.end(Buffer.concat(parts));
    });
    const got: string[] = [];
    const failure = await new Promise<RpcFailure | null>((resolve) => {
      const listener = {
        onMessage: (response: Uint8Array) => got.push(Buffer.from(response).toString()),
        onEnd: resolve,
      };
      open(t, address).stream('/a/Stream', {}, listener).halfClose();
    });
    t.equal(failure, null);
    t.same(got, texts);
  });

  t.test('a call ends at its deadline, of which the server knows', async (t) => {
    let timeout: string | string[] | undefined;
    const address = await serveHttp2(t, (stream, headers) => {
      stream.resume();
      timeout = headers['grpc-timeout'];
    });
    const channel = open(t, address);
    const failure = await new Promise((resolve) => {
      channel.unary('/a/Never', ONE, {}, resolve, 150);
    });
    t.match(failure, { code: 4, message: /Deadline exceeded/ });
    t.match(timeout, /^[0-9]{1,3}m$/);
  });

  t.test('no more calls are under way than the server wants, and none is lost', async (t) => {
    let running = 0;
    let most = 0;
    const address = await serveHttp2(
      t,
      (stream) => {
        running += 1;
        most = Math.max(most, running);
        stream.resume();
        stream.on('close', () => {
          running -= 1;
        });
        setTimeout(() => {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(framed(ONE));
        }, 5);
      },
      { maxConcurrentStreams: 3 },
    );
    const channel = open(t, address);
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(channel, '/a/Echo', ONE)));
    t.same(new Set(answers), new Set(['1']));
    t.ok(most <= 3, `${most} at a time`);
  });

  t.test('messages larger than all windows go both ways, beside small ones', async (t) => {
    const { address } = await serve(t);
    const channel = open(t, address, { maxReceiveBytes: 16 * 1024 * 1024 });
    const large = Buffer.alloc(9 * 1024 * 1024);
    for (let at = 0; at < large.length; at += 4096) large.writeUInt32BE(at, at);
    const echoed = new Promise<boolean>((resolve) => {
      channel.unary('/a/Echo', large, {}, (_, response) => resolve(large.equals(response ?? ONE)));
    });
    t.equal(await call(channel, '/a/Echo', Buffer.from('small')), 'small');
    t.equal(await echoed, true);
    t.match(await call(open(t, address), '/a/Echo', large), { code: 8, sent: true });
  });

  t.test('after a GOAWAY calls under way end well, and others take a new connection', async (t) => {
    const held: ServerHttp2Stream[] = [];
    const sessions = new Set<unknown>();
    const finish = (stream: ServerHttp2Stream): void => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(framed(ONE));
    };
    const address = await serveHttp2(t, (stream, headers) => {
      stream.resume();
      sessions.add(stream.session);
      if (headers[':path'] !== '/a/Held') finish(stream);
      else {
        held.push(stream);
        stream.session!.close();
      }
    });
    const channel = open(t, address);
    t.equal(await call(channel, '/a/Echo', ONE), '1');
    const slow = call(channel, '/a/Held', ONE);
    while (channel.isReady) await new Promise((resolve) => setTimeout(resolve, 2));
    t.equal(await call(channel, '/a/Echo', ONE), '1');
    t.equal(sessions.size, 2);
    finish(held[0]!);
    t.equal(await slow, '1');
  });

  t.test('a server that falls silent is found out', async (t) => {
    const { address } = await serve(t);
    const proxy = await MemberProxy.start(`http://${address}`);
    t.teardown(() => proxy.close());
    const options = { keepaliveMs: 300, keepaliveTimeoutMs: 2000 };
    const channel = open(t, new URL(proxy.url).host, options);
    t.equal(await call(channel, '/a/Echo', ONE), '1');
    proxy.silence();
    t.match(await call(channel, '/a/Echo', ONE), { code: 14, sent: true });
    t.equal(channel.isReady, false);
    proxy.mend();
    t.equal(await call(channel, '/a/Echo', ONE), '1', 'and the next call takes a new connection');
  });

  t.test('TLS, with certificates of both ends or without, and another name', async (t) => {
    const { clock, random } = nodeRuntime();
    const make = (hosts: string[], commonName: string) =>
      makeCertificate({ hosts, years: 1, clock, random, commonName });
    const own = make(['127.0.0.1', 'member.test'], 'member');
    const mine = make(['127.0.0.1'], 'caller');
    const address = await serveHttp2(
      t,
      (stream) => {
        stream.resume();
        const socket = stream.session!.socket as unknown as TLSSocket;
        const name = String(socket.getPeerCertificate().subject?.CN ?? 'nobody');
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(framed(Buffer.from(name)));
      },
      {},
      {
        cert: own.certificate,
        key: own.key,
        ca: mine.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      },
    );
    const ask = (tls: ChannelTls) => call(open(t, address, { tls }), '/a/Who', ONE);
    const ca = own.certificate;
    t.equal(await ask({ ca }), 'nobody');
    t.equal(await ask({ ca: Buffer.from(ca), cert: mine.certificate, key: mine.key }), 'caller');
    t.equal(await ask({ ca, serverName: 'member.test' }), 'nobody');
    t.equal(await ask({ insecureSkipVerify: true }), 'nobody');
    t.match(await ask({}), { code: 14, sent: false, message: /certificate/ });
    t.match(await ask({ ca, serverName: 'other.test' }), { code: 14, sent: false, message: /other\.test/ });
  });

  t.test('over a Unix socket', async (t) => {
    const path = join(t.testdir(), 's');
    const address = await serve(t, path);
    t.equal(await call(open(t, address.address), '/a/Echo', ONE), '1');
  });
}
