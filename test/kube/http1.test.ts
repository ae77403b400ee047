/**
 * Plain requests of HTTP/1.1 do not go through node's server. Whatever a client sends, it must not be able to tell: the same bytes
 * are sent to our port and to one of node's own, with one handler behind both.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import {
  type AddressInfo,
  connect,
  createServer as createPlainServer,
  type Server as PlainServer,
  type Socket,
} from 'node:net';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import { Http1Connections } from '../../src/kube/http/http1-connection.ts';
import { apiRequest } from '../../src/kube/http/request.ts';
import { beginStream, sendBody } from '../../src/kube/http/respond.ts';
import { type Listener, listen } from '../../src/kube/http/server.ts';
import { makeCertificate } from '../../src/rpc/self-signed.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Clock } from '../../src/util/runtime.ts';

const { clock, random } = nodeRuntime();

/** Says what it was asked; some paths do something else. */
async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = apiRequest(message);
  const body = request.path === '/early' ? '' : Buffer.from(await request.readBody()).toString();
  if (request.path === '/slow') await new Promise((resolve) => clock.setTimer(30, () => resolve(null)));
  if (request.path === '/stream') {
    beginStream(response, { 'cache-control': 'no-cache' }, false);
    response.write(Buffer.from('one\n'));
    response.write(Buffer.from('two, with ä\n'));
    response.end();
    return;
  }
  const names = [...request.headerNames()].filter((name) => name !== 'x-not-told').sort();
  const told = { method: request.method, path: request.path, query: String(request.query), body, names };
  const values = names.map((name) => request.header(name));
  const text = request.path === '/empty' ? '' : `${JSON.stringify({ ...told, values })}\n`;
  const headers = { 'content-type': 'text/plain', 'x-list': ['a', 'b'] };
  const sent = request.path === '/bytes' ? Buffer.from(text) : text;
  await sendBody(request, response, request.path === '/none' ? 404 : 200, headers, sent);
}

const handle = (message: IncomingMessage, response: ServerResponse): void => {
  answer(message, response).catch(() => response.destroy());
};

/** All that comes back for `pieces`, which are sent one after the other, until the other side ends or `until` was seen. */
async function talk(port: number, pieces: readonly (string | Buffer)[], until: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  const isOver = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (until.test(text)) resolve();
    });
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.setNoDelay(true);
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => clock.setTimer(15, () => resolve(null)));
  }
  await isOver;
  socket.destroy();
  return text.replace(/Date: [^\r]*\r\n/g, 'Date: now\r\n');
}

const host = 'host: here\r\n';
const end = 'GET /end HTTP/1.1\r\nhost: here\r\n\r\n';
/** The answer to `end` is complete. */
const seen = /"path":"\/end"[^\n]*\n|HTTP\/1\.1 4\d\d [\s\S]*\r\n\r\n/;

function post(path: string, body: string, more = ''): string {
  return `POST ${path} HTTP/1.1\r\n${host}${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const conversations: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  'a request': [`GET /a?b=c&d=%20 HTTP/1.1\r\n${host}Accept:  application/json \r\nX-Empty:\r\n\r\n`, end],
  'the same headers again': [end.replace('end', 'a'), end.replace('end', 'b'), end],
  'other headers of the same length': [
    `GET /a HTTP/1.1\r\n${host}x-a: 1\r\n\r\n`,
    `GET /a HTTP/1.1\r\n${host}x-a: 2\r\n\r\n`,
    end,
  ],
  'a body': [post('/a', 'hello, ä'), end],
  'a body of nothing': [post('/a', ''), end],
  'a body in pieces': [post('/a', 'hello').slice(0, -3), 'l', 'lo', end],
  'a body that comes after its head': [post('/a', 'hello').slice(0, -5), 'hello', end],
  'a body that nobody waits for': [post('/early', 'hello').slice(0, -3), 'l', 'lo', end],
  'a head in pieces': ['GET /a HTT', `P/1.1\r\n${host}\r\n`, end],
  'requests that come together': [post('/a', 'one') + post('/slow', 'two') + post('/c', 'three') + end],
  'requests behind one that is at work': [post('/slow', 'one'), post('/b', 'two'), end],
  'a request and the half of another': [
    post('/a', 'one') + post('/b', 'two').slice(0, 30),
    post('/b', 'two').slice(30),
    end,
  ],
  'a body in chunks': [
    `POST /a HTTP/1.1\r\n${host}transfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n`,
    post('/b', 'two'),
    end,
  ],
  'chunks behind a plain request': [
    end.replace('end', 'a'),
    `POST /a HTTP/1.1\r\n${host}transfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n`,
    end,
  ],
  'an expectation': [
    `POST /a HTTP/1.1\r\n${host}expect: 100-continue\r\ncontent-length: 3\r\n\r\n`,
    'one',
    end,
  ],
  'a large body': [post('/a', 'x'.repeat(100_000)), end],
  'a head, and no more': [`HEAD /a HTTP/1.1\r\n${host}\r\n`, end],
  'no body to tell': [`GET /empty HTTP/1.1\r\n${host}\r\n`, end],
  'bytes to tell': [`GET /bytes HTTP/1.1\r\n${host}\r\n`, end],
  'letters beyond ASCII in the answer': [post('/a', 'größer'), end],
  'something that is not there': [`GET /none HTTP/1.1\r\n${host}\r\n`, end],
  'a stream': [`GET /stream HTTP/1.1\r\n${host}\r\n`, end],
  'a header that comes twice': [
    `GET /a HTTP/1.1\r\n${host}x-a: 1\r\nx-a: 2\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n`,
    end,
  ],
  'two lengths': [`POST /a HTTP/1.1\r\n${host}content-length: 3\r\ncontent-length: 4\r\n\r\nonex`, end],
  'a length that is none': [`POST /a HTTP/1.1\r\n${host}content-length: +3\r\n\r\none`, end],
  'no host': ['GET /a HTTP/1.1\r\n\r\n', end],
  'a client that does not stay': [`GET /end HTTP/1.1\r\n${host}connection: close\r\n\r\n`],
  'an older version': [`GET /end HTTP/1.0\r\n${host}\r\n`],
  'a name with a space': [`GET /a HTTP/1.1\r\n${host}x a: 1\r\n\r\n`],
  'a value with a control character': [Buffer.from(`GET /a HTTP/1.1\r\n${host}x-a: \u0001\r\n\r\n`)],
  'a value beyond ASCII': [Buffer.from(`GET /a HTTP/1.1\r\n${host}x-not-told: ä\r\n\r\n`, 'latin1'), end],
  'a folded header': [`GET /a HTTP/1.1\r\n${host}x-a: 1\r\n 2\r\n\r\n`, end],
  'line feeds alone': ['GET /a HTTP/1.1\nhost: here\n\n', end],
  'an empty line before the request': [`\r\n${end}`],
  'another method': [`OPTIONS /a HTTP/1.1\r\n${host}\r\n`, end],
  'no method at all': [`HELLO /a HTTP/1.1\r\n${host}\r\n`],
  'a target that is none': [`GET a HTTP/1.1\r\n${host}\r\n`],
  'too long a head': [`GET /a HTTP/1.1\r\n${host}x-a: ${'x'.repeat(20_000)}\r\n\r\n`],
};

async function nodes(): Promise<{ port: number; close(): void }> {
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, handle);
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

t.test('a client cannot tell our HTTP/1.1 from that of node', async (t) => {
  const ours = await listen({ host: '127.0.0.1', port: 0, tls: null, clock, handle });
  const theirs = await nodes();
  t.teardown(async () => {
    theirs.close();
    await ours.close();
  });
  const names = Object.keys(conversations);
  const told = await Promise.all(
    names.map((name) =>
      Promise.all([ours.port, theirs.port].map((port) => talk(port, conversations[name]!, seen))),
    ),
  );
  names.forEach((name, at) => {
    const [own, other] = told[at]!;
    t.equal(own, other, name);
  });
  const answered = told.filter(([own]) => own!.includes('200 OK'));
  t.ok(answered.length > names.length / 2, 'most of it is answered');
});

async function open(listener: Listener, text: string): Promise<Socket> {
  const socket = connect(listener.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

t.test('a drained port ends idle connections at once and busy ones with their answer', async (t) => {
  let finish = (): void => {};
  let began = (): void => {};
  const hasBegun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const waiting = (message: IncomingMessage, response: ServerResponse): void => {
    if (message.url !== '/wait') {
      handle(message, response);
      return;
    }
    finish = () => handle(message, response);
    began();
  };
  const listener = await listen({ host: '127.0.0.1', port: 0, tls: null, clock, handle: waiting });
  const idle = await open(listener, end);
  await once(idle, 'data');
  const busy = await open(listener, post('/wait', 'last words'));
  await hasBegun;
  const idleEnds = once(idle, 'close');
  const busyEnds = once(busy, 'close');
  let text = '';
  busy.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  idle.resume();
  listener.drain();
  await idleEnds;
  finish();
  await busyEnds;
  t.match(text, /200 OK[\s\S]*Connection: close[\s\S]*last words/, 'what was asked is answered');
  await listener.close();
});

t.test('behind TLS it is the same, and HTTP/2 goes on', async (t) => {
  const { certificate: cert, key } = makeCertificate({
    hosts: ['127.0.0.1'],
    years: 1,
    clock,
    random,
  });
  const tls = { key, cert, clientAuthorities: '' };
  const listener = await listen({ host: '127.0.0.1', port: 0, tls, clock, handle });
  const socket = connectTls({
    port: listener.port,
    host: '127.0.0.1',
    ca: cert,
    ALPNProtocols: ['http/1.1'],
  });
  await once(socket, 'secureConnect');
  const pieces = conversations['chunks behind a plain request']!;
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  for (const piece of pieces) {
    socket.write(piece);
    while (!text.endsWith('\n')) await once(socket, 'data');
    t.match(text, /200 OK/);
    text = '';
  }
  socket.destroy();
  const session = connectHttp2(listener.url, { ca: cert });
  const stream = session.request({ ':path': '/a' });
  let body = '';
  stream.setEncoding('utf8').on('data', (part: string) => {
    body += part;
  });
  await once(stream, 'end');
  t.match(body, /"path":"\/a"/);
  session.close();
  await listener.close();
});

t.test('who forgets TLS is told so, and the connection ends', async (t) => {
  const { certificate: cert, key } = makeCertificate({ hosts: ['127.0.0.1'], years: 1, clock, random });
  const tls = { key, cert, clientAuthorities: '' };
  const listener = await listen({ host: '127.0.0.1', port: 0, tls, clock, handle });
  const socket = connect(listener.port, '127.0.0.1');
  await once(socket, 'connect');
  const ended = once(socket, 'close');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n');
  await ended;
  t.equal(text, 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
  await listener.close();
});

t.test('a client that goes away in the middle leaves nothing behind', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0, tls: null, clock, handle });
  for (const text of [post('/slow', 'gone'), post('/a', 'half').slice(0, -2), 'GET /', end]) {
    const socket = await open(listener, text);
    await new Promise((resolve) => clock.setTimer(5, () => resolve(null)));
    socket.destroy();
  }
  await listener.close();
});

t.test(
  'connections that ask for nothing end: new ones after a minute, others after what they were told',
  async (t) => {
    let now = 0;
    const looks: (() => void)[] = [];
    const timer = { cancel: () => {} };
    const slow: Clock = {
      now: () => now,
      wallNow: () => now,
      setTimer: (_ms: number, job: () => void) => {
        looks.push(job);
        return timer;
      },
    } as unknown as Clock;
    const look = (ms: number): void => {
      now += ms;
      for (const job of looks.splice(0)) job();
    };
    const options = { clock: slow, handle, elsewhere: (socket: Socket) => socket.destroy() };
    const http1 = new Http1Connections({ ...options, keepAliveMs: 120_000 });
    const server = createPlainServer((socket) => http1.take(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const taken = async (text: string): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
      socket.write(text);
      return socket;
    };
    const asked = await taken(end);
    const [answer] = (await once(asked, 'data')) as [Buffer];
    t.match(answer.toString(), /Keep-Alive: timeout=120\r\n/);
    const silent = await taken('');
    const isSilentOver = once(silent.resume(), 'close');
    const isAskedOver = once(asked.resume(), 'close');
    look(59_000);
    t.equal(await connections(server), 2, 'nobody is impatient');
    look(2000);
    await isSilentOver;
    t.equal(await connections(server), 1, 'who has asked may rest for longer');
    look(60_000);
    await isAskedOver;
    await new Promise((resolve) => server.close(resolve));
  },
);

function connections(server: PlainServer): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count));
  });
}
