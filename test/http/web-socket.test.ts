/** WebSockets of the gateway: a client that writes and reads frames by itself, and frames that no client should write. */

import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { CloseCode, Opcode, WebSocketReader, webSocketFrame } from '../../src/http/web-socket.ts';
import { type Member, startMember } from '../../src/index.ts';
import { until } from '../waiting.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function open(t: Test, options: object = {}): Promise<{ url: string; member: Member }> {
  const member = await startMember({
    ...{ memory: true, bcryptCost: 4, listenClientUrls: ['http://127.0.0.1:0'] },
    ...options,
  });
  t.teardown(() => member.close());
  return { url: member.clientUrls[0]!, member };
}

/** A frame of a client. */
function masked(opcode: number, text: string | Buffer, isLast = true): Buffer {
  const payload = Buffer.from(text as string);
  const frame = webSocketFrame(opcode, payload);
  const head = Buffer.from(frame.subarray(0, frame.length - payload.length));
  head[0] = (isLast ? 0x80 : 0) | opcode;
  head[1]! |= 0x80;
  const mask = Buffer.of(1, 2, 3, 4);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at & 3]!)]);
}

/** A page with one WebSocket. */
class Page {
  readonly messages: Record<string, Record<string, unknown>>[] = [];
  readonly pongs: string[] = [];
  protocol = '';
  closedWith: number | null = null;
  readonly #socket: Socket;
  #unread = Buffer.alloc(0);
  #isOpen = false;

  constructor(url: string, path: string, protocols: readonly string[]) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk) => this.#read(chunk));
    const asked = protocols.length === 0 ? '' : `Sec-WebSocket-Protocol: ${protocols.join(', ')}\r\n`;
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${asked}\r\n`,
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(message: string | Buffer, opcode: number = Opcode.Text): void {
    this.#socket.write(masked(opcode, message));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#isOpen && !this.#readHead()) return;
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) return;
      const short = bytes[1]!;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) return;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < head + length) return;
      this.#unread = bytes.subarray(head + length);
      this.#hear(bytes[0]! & 0x0f, bytes.subarray(head, head + length));
    }
  }

  #readHead(): boolean {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#unread.toString('latin1', 0, end + 2);
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head);
    this.protocol = /Sec-WebSocket-Protocol: (.*)\r\n/.exec(head)?.[1] ?? '';
    this.#unread = this.#unread.subarray(end + 4);
    this.#isOpen = true;
    return true;
  }

  #hear(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.Close) this.closedWith = payload.readUInt16BE(0);
    else if (opcode === Opcode.Pong) this.pongs.push(String(payload));
    else this.messages.push(JSON.parse(String(payload)));
  }
}

async function dial(t: Test, url: string, path: string, ...protocols: string[]): Promise<Page> {
  const page = new Page(url, path, protocols);
  t.teardown(() => page.close());
  await until('the handshake', () => page.isOpen);
  return page;
}

async function put(url: string, key: string, value: string): Promise<void> {
  const body = JSON.stringify({ key: base64(key), value: base64(value) });
  await fetch(`${url}/v3/kv/put`, { method: 'POST', body });
}

t.test('a watch over a WebSocket: a message for each request, a message for each answer', async (t) => {
  const { url } = await open(t);
  const page = await dial(t, url, '/v3/watch');
  page.send(JSON.stringify({ create_request: { key: base64('a') } }));
  page.send(JSON.stringify({ create_request: { key: base64('b') } }), Opcode.Binary);
  await until('what was asked for', () => page.messages.length === 2);
  t.match(page.messages, [{ result: { created: true } }, { result: { created: true, watch_id: '1' } }]);
  await put(url, 'a', '1');
  await put(url, 'b', 'x'.repeat(100_000));
  await until('what was asked for', () => page.messages.length === 4);
  t.match(page.messages[2], { result: { events: [{ kv: { key: base64('a'), value: base64('1') } }] } });
  t.match(page.messages[3], { result: { watch_id: '1' } });
  page.send('still there?', Opcode.Ping);
  await until('a pong', () => page.pongs.length === 1);
  t.same(page.pongs, ['still there?']);
  page.send('', Opcode.Close);
  await until('its end', () => page.closedWith === CloseCode.Normal);
  const gone = async (): Promise<boolean> =>
    /etcd_debugging_mvcc_watcher_total 0\n/.test(await (await fetch(`${url}/metrics`)).text());
  let isGone = false;
  for (let i = 0; i < 100 && !isGone; i++) isGone = await gone();
  t.ok(isGone, 'its watchers are gone');
});

t.test('leases are kept alive, and single calls answered', async (t) => {
  const { url } = await open(t);
  await fetch(`${url}/v3/lease/grant`, { method: 'POST', body: '{"ID":7,"TTL":600}' });
  const page = await dial(t, url, '/v3/lease/keepalive');
  page.send('{"ID":"7"}');
  await until('what was asked for', () => page.messages.length === 1);
  page.send('{"ID":');
  page.send('"7"}');
  await until('what was asked for', () => page.messages.length === 2);
  t.match(page.messages, [{ result: { ID: '7', TTL: '600' } }, { result: { ID: '7', TTL: '600' } }]);
  const single = await dial(t, url, '/v3/kv/put');
  single.send(JSON.stringify({ key: base64('a') }));
  await until('what was asked for', () => single.closedWith !== null);
  t.match(single, { closedWith: 1000, messages: [{ header: { revision: '2' } }] });
});

t.test('a token comes as the protocol, for pages cannot set headers', async (t) => {
  const { url } = await open(t);
  const ask = async (path: string, body: object): Promise<Record<string, string>> =>
    (await (
      await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    ).json()) as Record<string, string>;
  await ask('auth/user/add', { name: 'root', password: 'p' });
  await ask('auth/role/add', { name: 'root' });
  await ask('auth/user/grant', { user: 'root', role: 'root' });
  await ask('auth/enable', {});
  const { token } = await ask('auth/authenticate', { name: 'root', password: 'p' });
  const page = await dial(t, url, '/v3/watch', 'Bearer', token!);
  t.equal(page.protocol, 'Bearer');
  page.send(JSON.stringify({ create_request: { key: base64('a') } }));
  await until('what was asked for', () => page.messages.length === 1);
  t.notOk('canceled' in page.messages[0]!['result']!);
  const nobody = await dial(t, url, '/v3/watch');
  nobody.send(JSON.stringify({ create_request: { key: base64('a') } }));
  await until('what was asked for', () => nobody.messages.length === 1);
  t.match(nobody.messages[0], { result: { canceled: true } });
});

t.test('what is no JSON ends the call, and a message that is too large the connection', async (t) => {
  const { url } = await open(t, { maxRequestBytes: 1000 });
  const page = await dial(t, url, '/v3/watch');
  page.send('{"create_request":{"key":5}}');
  await until('what was asked for', () => page.closedWith !== null);
  t.match(page, { closedWith: 1000, messages: [{ error: { code: 3 } }] });
  const large = await dial(t, url, '/v3/watch');
  large.send(Buffer.alloc(4 * 1024 * 1024, 'x'));
  await until('what was asked for', () => large.closedWith !== null);
  t.equal(large.closedWith, CloseCode.TooLarge);
});

/** Writes a head by hand and reads what comes. */
async function shake(t: Test, url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.write(head);
  await until('what was asked for', () => text.includes('\r\n\r\n'));
  return text;
}

t.test('handshakes: what is not one is refused, and other protocols are passed over', async (t) => {
  const { url } = await open(t, { hostWhitelist: ['127.0.0.1'], cors: ['http://page'] });
  const head = (path: string, more: string, host = '127.0.0.1'): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;
  const right = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const accepted = await shake(t, url, head('/v3/watch', right));
  t.match(accepted, /^HTTP\/1\.1 101 /);
  t.match(accepted, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
  const refusals: [string, RegExp][] = [
    [head('/v3/nothing', right), /^HTTP\/1\.1 404 /],
    [head('/health', right), /^HTTP\/1\.1 404 /],
    [head('/v3/watch', right.replace('13', '8')), /^HTTP\/1\.1 426 .*\r\nSec-WebSocket-Version: 13\r\n/],
    [head('/v3/watch', 'Sec-WebSocket-Version: 13\r\n'), /^HTTP\/1\.1 400 /],
    [head('/v3/watch', right.replace('dGhl', 'dGh')), /^HTTP\/1\.1 400 /],
    [head('/v3/nothing', right).replace('GET', 'POST'), /^HTTP\/1\.1 404 /],
    [head('/v3/watch', right, 'elsewhere'), /^HTTP\/1\.1 403 /],
    [head('/v3/watch', `${right}Origin: http://another\r\n`), /^HTTP\/1\.1 403 /],
    [head('/v3/watch', `${right}Origin: http://page\r\n`), /^HTTP\/1\.1 101 /],
    [head('/health', '').replace('websocket', 'h2c'), /^HTTP\/1\.1 200 /],
  ];
  for (const [asked, answer] of refusals) t.match(await shake(t, url, asked), answer, asked);
});

/** What becomes of frames, given in pieces of `size` bytes. */
function readFrames(frames: readonly Buffer[], size: number, maxBytes = 100): string[] {
  const heard: string[] = [];
  const reader = new WebSocketReader(maxBytes, {
    message: (payload) => heard.push(`message ${payload}`),
    ping: (payload) => heard.push(`ping ${payload}`),
    closed: () => heard.push('closed'),
    fault: (code) => heard.push(`fault ${code}`),
  });
  const bytes = Buffer.concat(frames);
  for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
  return heard;
}

t.test('frames are put together, however they come; what breaks the protocol ends it', (t) => {
  const talk = [
    masked(Opcode.Text, 'hel', false),
    masked(Opcode.Ping, 'now'),
    masked(Opcode.More, 'lo'),
    masked(Opcode.Pong, ''),
    masked(Opcode.Binary, 'b'),
    masked(Opcode.Text, ''),
    masked(Opcode.Close, ''),
    masked(Opcode.Text, 'after'),
  ];
  for (const size of [1, 2, 3, 7, 1000]) {
    t.same(
      readFrames(talk, size),
      ['ping now', 'message hello', 'message b', 'message ', 'closed'],
      `${size}`,
    );
  }
  const text = (bytes: number): Buffer => masked(Opcode.Text, 'x'.repeat(bytes));
  const cases: [string, readonly Buffer[], number, string[]][] = [
    ['a message of the largest size', [text(100)], 100, [`message ${'x'.repeat(100)}`]],
    ['one byte more', [text(101)], 100, ['fault 1009']],
    [
      'one byte more in parts',
      [masked(Opcode.Text, 'x'.repeat(60), false), masked(Opcode.More, 'x'.repeat(41))],
      100,
      ['fault 1009'],
    ],
    ['a length of 16 bits', [text(126)], 70_000, [`message ${'x'.repeat(126)}`]],
    ['a length of 64 bits', [text(65_536)], 70_000, [`message ${'x'.repeat(65_536)}`]],
    ['a length that nobody has', [Buffer.from('81ffffffffffffffffff00000000', 'hex')], 100, ['fault 1009']],
    ['no mask', [webSocketFrame(Opcode.Text, Buffer.from('a'))], 100, ['fault 1002']],
    ['a reserved bit', [Buffer.of(0xc1, 0x80, 0, 0, 0, 0)], 100, ['fault 1002']],
    ['an unknown opcode', [masked(3, '')], 100, ['fault 1002']],
    ['a ping of 126 bytes', [masked(Opcode.Ping, 'x'.repeat(126))], 1000, ['fault 1002']],
    ['a ping in parts', [masked(Opcode.Ping, 'x', false)], 100, ['fault 1002']],
    ['a part of no message', [masked(Opcode.More, 'x')], 100, ['fault 1002']],
    ['a message within a message', [masked(Opcode.Text, 'x', false), text(1)], 100, ['fault 1002']],
    ['text that is none', [masked(Opcode.Text, Buffer.of(0xff))], 100, ['fault 1007']],
  ];
  for (const [name, frames, maxBytes, expected] of cases)
    t.same(readFrames(frames, 1000, maxBytes), expected, name);
  t.end();
});

t.test('SOCKET_HEAD_BYTES_MAX of rpc/port: a longer head asks for no WebSocket', async (t) => {
  const { url } = await open(t);
  const { hostname, port } = new URL(url);
  const ask = (bytes: number): Promise<string> =>
    new Promise((resolve) => {
      const start = `GET /v3/watch HTTP/1.1\r\nHost: ${hostname}\r\nPad: `;
      const end =
        '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
      const head = start + 'x'.repeat(bytes - start.length - end.length) + end;
      const socket = connect(Number(port), hostname);
      socket.on('error', () => resolve('closed'));
      socket.on('data', (chunk) => {
        resolve(chunk.toString('latin1').slice(9, 12));
        socket.destroy();
      });
      socket.on('close', () => resolve('closed'));
      socket.write(head);
    });
  t.equal(await ask(16_000), '101');
  t.not(await ask(40_000), '101');
});
