import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { RpcChannel, RpcFailure } from '../../src/rpc/channel.ts';
import { grpcJsChannel } from '../../src/rpc/grpc-js-channel.ts';
import { grpcJsTransport } from '../../src/rpc/grpc-js-transport.ts';
import type { RpcMethod } from '../../src/rpc/transport.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

/** A gRPC server whose methods show what a channel does with them. */
async function serve(t: Test): Promise<{ address: string; sockets: Set<Socket> }> {
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
    maxReceiveBytes: 1024,
    maxConcurrentStreams: 100,
    runtime: nodeRuntime(),
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    transport.accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    await new Promise<void>((resolve) => transport.close(0, resolve));
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, sockets };
}

function channelTo(t: Test, address: string): RpcChannel {
  const channel = grpcJsChannel({
    address,
    tls: null,
    keepaliveMs: 10_000,
    keepaliveTimeoutMs: 5000,
    maxReceiveBytes: 1024,
    reconnectMinMs: 50,
    reconnectMaxMs: 100,
  });
  t.teardown(() => channel.close());
  return channel;
}

function call(
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

t.test('a call has its answer, its metadata or its failure', async (t) => {
  const { address } = await serve(t);
  const channel = channelTo(t, address);
  t.equal(channel.isReady, false);
  t.equal(await call(channel, '/a/Echo', Buffer.from('hello')), 'hello');
  t.equal(channel.isReady, true);
  t.equal(await call(channel, '/a/Token', Buffer.alloc(0), { token: 'abc' }), 'abc');
  t.same(await call(channel, '/a/Refuse', Buffer.alloc(0)), { code: 5, message: 'not here', sent: true });
  t.match(await call(channel, '/a/Unknown', Buffer.alloc(0)), { code: 12 });
});

t.test('a failure tells whether the request can have left', async (t) => {
  const nowhere = channelTo(t, '127.0.0.1:1');
  t.match(await call(nowhere, '/a/Echo', Buffer.from('x')), { code: 14, sent: false });
  const { address, sockets } = await serve(t);
  const channel = channelTo(t, address);
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
  const channel = channelTo(t, address);
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
  const channel = channelTo(t, address);
  const open = () => {
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
  const well = open();
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
  const ill = open();
  ill.stream.write(Buffer.alloc(0));
  await ill.until(() => ill.end() !== undefined);
  t.match(ill.end(), { code: 9, message: 'enough' });
});
