import { get } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { ConnectionPlaces, placesOf } from '../../src/rpc/connection-places.ts';
import { grpcJsTransport } from '../../src/rpc/grpc-js-transport.ts';
import type { HttpHandler } from '../../src/rpc/http1.ts';
import { REQUEST_HEAD_BYTES_MAX, REQUEST_HEAD_TIMEOUT_MS } from '../../src/rpc/http1.ts';
import { SNIFF_TIMEOUT_MS } from '../../src/rpc/listener.ts';
import type { Port } from '../../src/rpc/port.ts';
import { listen } from '../../src/rpc/port.ts';
import type { RpcTransport } from '../../src/rpc/transport.ts';
import type { Failure } from '../../src/util/failure.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Clock, Runtime, Timer } from '../../src/util/runtime.ts';
import { pauseFor, until } from '../waiting.ts';
import { ErrorLog, unary } from './grpc-harness.ts';

/** A clock whose timers fire when the test says that so much time has passed. */
class HandClock implements Clock {
  private timers: { delayMs: number; fire: () => void }[] = [];
  now = (): number => 0;
  wallNow = (): number => 0;

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { delayMs, fire };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  get pending(): number[] {
    return this.timers.map((timer) => timer.delayMs);
  }

  fireAll(delayMs: number): void {
    const due = this.timers.filter((timer) => timer.delayMs === delayMs);
    this.timers = this.timers.filter((timer) => timer.delayMs !== delayMs);
    for (const timer of due) timer.fire();
  }
}

interface Opened {
  port: Port;
  grpc: RpcTransport;
  errors: ErrorLog;
  close(graceMs?: number): Promise<void>;
}

const HELLO: HttpHandler = (request, response) => {
  if (request.url === '/throw') throw new Error('secret detail');
  response.end(`hello ${request.url}`);
};

function tryListen(
  runtime: Runtime,
  options: {
    port?: number;
    host?: string;
    maxConnections?: number;
    places?: ConnectionPlaces;
    http?: HttpHandler;
  },
) {
  const grpc = grpcJsTransport({
    methods: new Map([
      ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
    ]),
    unknownMethod: (path) => path,
    maxReceiveBytes: 1000,
    maxConcurrentStreams: 100,
    runtime,
  });
  const all = { host: '127.0.0.1', port: 0, http: HELLO, ...options, grpc, runtime };
  return new Promise<{ failure: Failure | null; port: Port | null; grpc: RpcTransport }>((resolve) => {
    listen(all, (failure, port) => resolve({ failure, port, grpc }));
  });
}

async function open(
  options: {
    clock?: Clock;
    port?: number;
    maxConnections?: number;
    places?: ConnectionPlaces;
    http?: HttpHandler;
  } = {},
): Promise<Opened> {
  const errors = new ErrorLog();
  const node = nodeRuntime({ log: errors });
  const { clock, ...rest } = options;
  const { port, grpc } = await tryListen({ ...node, clock: clock ?? node.clock }, rest);
  const close = async (graceMs = 0): Promise<void> => {
    await Promise.all([
      new Promise<void>((resolve) => port!.close(graceMs, resolve)),
      new Promise<void>((resolve) => grpc.close(graceMs, resolve)),
    ]);
  };
  return { port: port!, grpc, errors, close };
}

function fetchText(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

interface Raw {
  socket: Socket;
  text: string;
  closed: boolean;
}

function rawConnect(port: number): Raw {
  const raw: Raw = {
    socket: connect({ port, host: '127.0.0.1', allowHalfOpen: true }),
    text: '',
    closed: false,
  };
  raw.socket.on('error', () => {});
  raw.socket.on('data', (chunk) => {
    raw.text += chunk.toString('latin1');
  });
  raw.socket.on('end', () => raw.socket.end());
  raw.socket.on('close', () => {
    raw.closed = true;
  });
  return raw;
}

t.test('gRPC and HTTP/1.1 share the port', async (t) => {
  const opened = await open();
  const client = new Client(`127.0.0.1:${opened.port.port}`, credentials.createInsecure());
  t.equal((await unary(client, '/s/Echo', Buffer.from('x'))).response?.toString(), 'x');
  t.same(await fetchText(opened.port.port, '/health'), { status: 200, body: 'hello /health' });
  client.close();
  await opened.close();
});

t.test('a preface that comes byte by byte is gRPC, and a method like PRI is HTTP', async (t) => {
  const opened = await open();
  const slow = rawConnect(opened.port.port);
  slow.socket.setNoDelay(true);
  for (const letter of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
    slow.socket.write(letter);
    await pauseFor(1);
  }
  slow.socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  await until('the server sends its settings', () => slow.text.length >= 9 && slow.text.charCodeAt(3) === 4);
  slow.socket.destroy();
  const patch = rawConnect(opened.port.port);
  patch.socket.write('PROPFIND / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await until('HTTP answers', () => patch.closed);
  t.match(patch.text, /hello \/$/);
  await opened.close();
});

t.test('malformed HTTP gets 400 and a closed socket', async (t) => {
  const opened = await open();
  for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00', 'GET\r\n\r\n', '\r\n\r\nx y z\r\n\r\n']) {
    const raw = rawConnect(opened.port.port);
    raw.socket.write(bytes, 'latin1');
    await until('the socket closes', () => raw.closed);
    t.match(raw.text, /^HTTP\/1\.1 400/);
  }
  t.equal((await fetchText(opened.port.port, '/')).status, 200);
  await opened.close();
});

t.test(
  'REQUEST_HEAD_BYTES_MAX of rpc/http1: a head of a mebibyte is read, and one that is longer is refused',
  async (t) => {
    const opened = await open();
    const asked = async (bytes: number): Promise<string> => {
      const raw = rawConnect(opened.port.port);
      raw.socket.on('error', () => {});
      raw.socket.write(
        `GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncookie: ${'b'.repeat(bytes)}\r\n\r\n`,
      );
      await until('it is answered', () => raw.closed);
      return raw.text;
    };
    t.match(await asked(REQUEST_HEAD_BYTES_MAX - 100), /^HTTP\/1\.1 200/);
    // A reset may overtake the answer: the rest of the head was not read.
    t.match(await asked(REQUEST_HEAD_BYTES_MAX), /^(HTTP\/1\.1 431|$)/);
    t.equal((await fetchText(opened.port.port, '/')).status, 200);
    await opened.close();
  },
);

t.test('a client that closes its side after asking is answered', async (t) => {
  const opened = await open({
    http: (_request, response) => setTimeout(() => response.end('late answer'), 20),
  });
  const raw = rawConnect(opened.port.port);
  raw.socket.end('GET / HTTP/1.0\r\n\r\n');
  await until('the server closes too', () => raw.closed);
  t.match(raw.text, /late answer$/);
  await opened.close();
});

t.test('an http handler that throws costs its own request only, and is logged', async (t) => {
  const opened = await open();
  t.equal((await fetchText(opened.port.port, '/throw')).status, 500);
  t.same(opened.errors.lines, ['an http handler threw']);
  t.equal((await fetchText(opened.port.port, '/')).status, 200);
  await opened.close();
});

t.test('a connection that says nothing, or half a request, is closed in time', async (t) => {
  const clock = new HandClock();
  const opened = await open({ clock });
  const silent = rawConnect(opened.port.port);
  await until('its timer runs', () => clock.pending.includes(SNIFF_TIMEOUT_MS));
  clock.fireAll(SNIFF_TIMEOUT_MS);
  await until('it is closed', () => silent.closed);
  const half = rawConnect(opened.port.port);
  half.socket.write('GET / HTTP/1.1\r\nhost:');
  await until('its timer runs', () => clock.pending.includes(REQUEST_HEAD_TIMEOUT_MS));
  t.notOk(clock.pending.includes(SNIFF_TIMEOUT_MS), 'the first timer is gone');
  clock.fireAll(REQUEST_HEAD_TIMEOUT_MS);
  await until('it is closed', () => half.closed);
  await opened.close();
  t.same(clock.pending, [], 'no timer is left');
});

t.test('more connections than allowed are closed, and places become free again', async (t) => {
  const opened = await open({ maxConnections: 2 });
  const first = [rawConnect(opened.port.port), rawConnect(opened.port.port)];
  for (const raw of first) raw.socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\n');
  await until('two are served', () => first.every((raw) => raw.text.includes('hello')));
  const third = rawConnect(opened.port.port);
  await until('the third is closed', () => third.closed);
  t.equal(third.text, '');
  first[0]!.socket.destroy();
  // It takes a moment until the server has heard of it.
  const served = async (): Promise<boolean> =>
    fetchText(opened.port.port, '/').then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await served())) await pauseFor(5);
  await opened.close();
});

t.test(
  'ports share the places that files leave for connections; a place is given back when a connection ends',
  async (t) => {
    t.same([null, 1024, 200, 64].map(placesOf), [Infinity, 768, 50, 16]);
    const places = new ConnectionPlaces(2);
    const [one, other] = [await open({ places }), await open({ places })];
    const first = [rawConnect(one.port.port), rawConnect(other.port.port)];
    for (const raw of first) raw.socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\n');
    await until('two are served', () => first.every((raw) => raw.text.includes('hello')));
    const third = rawConnect(one.port.port);
    await until('the third is closed', () => third.closed);
    for (const raw of first) raw.socket.destroy();
    await until('both places are free', () => places.free === 2);
    t.equal((await fetchText(other.port.port, '/')).status, 200);
    await Promise.all([one.close(), other.close()]);
    t.equal(places.free, 2);
  },
);

t.test('a taken port is a failure that names the address', async (t) => {
  const opened = await open();
  const { failure } = await tryListen(nodeRuntime(), { port: opened.port.port });
  t.equal(failure?.reason, 'portTaken');
  t.match(failure?.message, new RegExp(`127\\.0\\.0\\.1:${opened.port.port}.*another port`));
  const foreign = await tryListen(nodeRuntime(), { host: '192.0.2.1' });
  t.equal(foreign.failure?.reason, 'badConfig');
  t.match(foreign.failure?.message, /192\.0\.2\.1/);
  await opened.close();
});

t.test('closing drops idle connections, lets a request finish, and frees the port', async (t) => {
  let finish: (() => void) | null = null;
  const [number] = (await freePorts(1)) as [number];
  const opened = await open({
    port: number,
    http: (_request, response) => {
      finish = () => response.end('finished');
    },
  });
  const silent = rawConnect(number);
  const running = rawConnect(number);
  running.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await until('the request runs', () => finish !== null);
  let closed = false;
  const closing = opened.close(5000).then(() => {
    closed = true;
  });
  await until('the idle one is dropped', () => silent.closed);
  await pauseFor(20);
  t.equal(closed, false);
  finish!();
  await closing;
  await until('the client sees the end', () => running.closed);
  t.match(running.text, /finished$/);
  const again = await tryListen(nodeRuntime(), { port: number });
  t.equal(again.failure, null);
  await new Promise<void>((resolve) => again.port!.close(0, resolve));
});

t.test('closing cuts what outlives the grace', async (t) => {
  const opened = await open({ http: () => {} });
  const raw = rawConnect(opened.port.port);
  raw.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await pauseFor(20);
  await opened.close(30);
  await until('the connection is cut', () => raw.closed);
  t.equal(raw.text, '');
});
