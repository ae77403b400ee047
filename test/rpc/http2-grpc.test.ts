/** gRPC on our HTTP/2, as grpc-go's servers do it where clients can tell. */

import { connect as connectHttp2 } from 'node:http2';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { ErrorCode, FrameType } from '../../src/rpc/http2/frames.ts';
import { type Http2TransportOptions, http2Transport } from '../../src/rpc/http2/http2-transport.ts';
import type { PlainExchange } from '../../src/rpc/http2/plain-exchange.ts';
import type { RpcMethod, RpcStream } from '../../src/rpc/transport.ts';
import { pauseFor, until } from '../waiting.ts';
import { asIs, framed, Harness, MAX_RECEIVE_BYTES, requestHeaders, unary } from './grpc-harness.ts';
import {
  callHeaders,
  frame,
  type Header,
  NO_TABLE,
  opening,
  RawClient,
  settings,
  wholeCall,
  word,
} from './http2-raw.ts';

const { Data, Headers, RstStream, Ping, Goaway, WindowUpdate } = FrameType;

let held: RpcStream | null = null;
let answerLate: (() => void) | null = null;
const METHODS = new Map<string, RpcMethod>([
  ['/s/Echo', { kind: 'unary', handle: (request, _call, reply) => reply(null, request) }],
  [
    '/s/Late',
    {
      kind: 'unary',
      handle: (request, _call, reply) => {
        answerLate = () => reply(null, request);
      },
    },
  ],
  [
    '/s/Big',
    { kind: 'unary', handle: (_request, _call, reply) => reply(null, Buffer.alloc(32 * 1024 * 1024)) },
  ],
  [
    '/s/Repeat',
    {
      kind: 'stream',
      handle: (stream) => {
        stream.onMessage((message) => stream.write(message));
        stream.onHalfClose(() => stream.end(null));
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
    held = null;
    answerLate = null;
    const harness = await Harness.open((given) => http2Transport({ ...given, ...options }), METHODS);
    try {
      await body(t, harness);
    } finally {
      await harness.close();
    }
  });
}

/** A message with its prefix, compressed flag and all. */
function flagged(flag: number, message: Uint8Array): Buffer {
  const bytes = framed(message);
  bytes[0] = flag;
  return bytes;
}

withHarness('any :authority is served, a whole URL and none at all included', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  const body = frame(Data, 1, 1, framed(Buffer.from('x')));
  for (const [index, authority] of [
    'http://127.0.0.1:2379',
    '',
    'etcd',
    'a b',
    '#initially=[http://a:1;b]',
  ].entries()) {
    const id = index * 2 + 1;
    const bytes = Buffer.from(authority);
    const block = Buffer.concat([
      callHeaders('/s/Echo').subarray(0, 0),
      Buffer.from([0x83, 0x86, 0x04, 7]),
      Buffer.from('/s/Echo'),
      ...(authority === '' ? [] : [Buffer.from([0x01, bytes.length]), bytes]),
      Buffer.from([0x0f, 0x10, 16]),
      Buffer.from('application/grpc'),
    ]);
    body.writeUInt32BE(id, 5);
    raw.send(frame(Headers, 4, id, block), Buffer.from(body));
    t.equal((await raw.answer(id))['grpc-status'], '0', authority);
  }
});

withHarness('requests that are no gRPC calls are refused with grpc-go’s statuses', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  let id = -1;
  const ask = async (headers: readonly Header[]): Promise<Record<string, string>> => {
    id += 2;
    raw.send(frame(Headers, 4, id, encode(headers)), frame(Data, 1, id, framed(Buffer.from('x'))));
    return raw.answer(id);
  };
  const grpc: Header = ['content-type', 'application/grpc'];
  const path: Header = [':path', '/s/Echo'];
  const post: Header = [':method', 'POST'];
  const json = await ask([post, path, ['content-type', 'application/json']]);
  t.same(
    [json[':status'], json['grpc-status'], json['grpc-message']],
    ['415', '3', 'invalid gRPC request content-type "application/json"'],
  );
  t.equal((await ask([post, path]))[':status'], '415', 'no content type');
  t.equal((await ask([post, path, ['content-type', 'application/grpcx']]))[':status'], '415');
  const get = await ask([[':method', 'GET'], path, grpc]);
  t.same(
    [get[':status'], get['grpc-status'], get['grpc-message']],
    ['405', '13', 'Received a HEADERS frame with :method "GET" which should be POST'],
  );
  t.equal((await ask([post, path, grpc, ['host', 'a'], ['host', 'b']]))[':status'], '400');
  const timeouts = {
    '': 'too short: ""',
    S: 'too short: "S"',
    '123456789S': 'too long: "123456789S"',
    '1x': 'not recognized: "1x"',
    soon: 'strconv',
  };
  for (const [value, text] of Object.entries(timeouts)) {
    const answer = await ask([post, path, grpc, ['grpc-timeout', value]]);
    t.same([answer[':status'], answer['grpc-status']], ['400', '13']);
    t.match(answer['grpc-message'], text);
  }
  const nowhere = await ask([post, [':path', 'Echo'], grpc]);
  t.same([nowhere['grpc-status'], nowhere['grpc-message']], ['12', 'malformed method name: "Echo"']);
  t.equal((await ask([post, path, grpc, ['grpc-timeout', '99999999H']]))['grpc-status'], '0');
});

withHarness('the answer has the content type of the request, without parameters', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  const types = {
    'application/grpc': 'application/grpc',
    'application/grpc+proto': 'application/grpc+proto',
    'application/grpc+proto;a=b': 'application/grpc+proto',
    'application/grpc;a=b': 'application/grpc',
  };
  for (const [index, [asked, answered]] of Object.entries(types).entries()) {
    const id = index * 2 + 1;
    raw.send(
      frame(
        Headers,
        4,
        id,
        encode([
          [':method', 'POST'],
          [':path', '/s/Echo'],
          ['content-type', asked],
        ]),
      ),
      frame(Data, 1, id, framed(Buffer.from('x'))),
    );
    const answer = await raw.answer(id);
    t.same([answer['content-type'], answer['grpc-status']], [answered, '0']);
  }
});

withHarness(
  'an answer is compressed if the request was, and an empty message never is',
  async (t, harness) => {
    const raw = new RawClient(harness, NO_TABLE);
    const gzip: Header[] = [['grpc-encoding', 'gzip']];
    let id = -1;
    const ask = async (path: string, body: Buffer): Promise<Record<string, string>> => {
      id += 2;
      const parts = [];
      for (let from = 0; from < body.length; from += 16_384)
        parts.push(frame(Data, 0, id, body.subarray(from, from + 16_384)));
      raw.send(opening(id, path, gzip), ...parts, frame(Data, 1, id));
      return raw.answer(id);
    };
    const long = Buffer.alloc(500_000, 'etcd');
    for (const message of [Buffer.from('short'), long]) {
      const answer = await ask('/s/Echo', flagged(1, gzipSync(message)));
      t.same([answer['grpc-status'], answer['grpc-encoding']], ['0', 'gzip']);
      const body = raw.body(id);
      t.equal(body[0], 1);
      t.ok(gunzipSync(body.subarray(5)).equals(message));
    }
    t.equal(
      (await ask('/s/Echo', flagged(0, long)))['grpc-status'],
      '0',
      'a request may be sent as it is all the same',
    );
    t.equal((await ask('/s/Echo', flagged(0, Buffer.alloc(0))))['grpc-status'], '0');
    t.same(raw.body(id), Buffer.alloc(5));

    const messages = [Buffer.from('one'), long, Buffer.alloc(0), Buffer.from('three')];
    await ask(
      '/s/Repeat',
      Buffer.concat(messages.map((each) => (each.length === 0 ? framed(each) : flagged(1, gzipSync(each))))),
    );
    const body = raw.body(id);
    const came: Buffer[] = [];
    for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
      const part = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1));
      came.push(body[at] === 1 ? gunzipSync(part) : part);
    }
    t.same(
      came.map((each) => each.length),
      [3, 500_000, 0, 5],
      'in their order, large or small',
    );
  },
);

withHarness('compressed requests that cannot be read are refused in grpc-go’s words', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  let id = -1;
  const ask = async (path: string, encoding: string, body: Buffer): Promise<unknown[]> => {
    id += 2;
    raw.send(
      opening(id, path, encoding === '' ? [] : [['grpc-encoding', encoding]]),
      frame(Data, 1, id, body),
    );
    const answer = await raw.answer(id);
    return [answer['grpc-status'], answer['grpc-message']];
  };
  const small = flagged(1, gzipSync(Buffer.from('x')));
  for (const path of ['/s/Echo', '/s/Repeat']) {
    t.same(await ask(path, 'snappy', small), [
      '12',
      'grpc: Decompressor is not installed for grpc-encoding "snappy"',
    ]);
    t.same(await ask(path, '', small), ['13', 'grpc: compressed flag set with identity or empty encoding']);
    t.same(await ask(path, 'gzip', flagged(2, Buffer.alloc(1))), [
      '13',
      'grpc: received unexpected payload format 2',
    ]);
    t.match(await ask(path, 'gzip', flagged(1, Buffer.from('no gzip'))), [
      '13',
      /^grpc: failed to decompress/,
    ]);
    const bomb = gzipSync(Buffer.alloc(MAX_RECEIVE_BYTES + 1));
    const text = `grpc: received message after decompression larger than max (${MAX_RECEIVE_BYTES + 1} vs. ${MAX_RECEIVE_BYTES})`;
    t.same(await ask(path, 'gzip', flagged(1, bomb)), ['8', text]);
    const [status] = await ask(path, 'gzip', flagged(1, gzipSync(Buffer.alloc(MAX_RECEIVE_BYTES))));
    t.equal(status, '0', 'the limit itself passes');
  }
});

withHarness('a call that ends within a message is refused', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  const part = framed(Buffer.from('hello')).subarray(0, 8);
  raw.send(opening(1, '/s/Echo'), frame(Data, 1, 1, part), opening(3, '/s/Repeat'), frame(Data, 1, 3, part));
  for (const id of [1, 3]) {
    const answer = await raw.answer(id);
    t.same([answer['grpc-status'], answer['grpc-message']], ['13', 'unexpected EOF']);
  }
});

withHarness(
  'a deadline is answered with code 4, also by a server whose client does not read',
  async (t, harness) => {
    const raw = new RawClient(harness, settings(1, 0, 4, 0));
    raw.send(opening(1, '/s/Late', [['grpc-timeout', '50m']]), frame(Data, 1, 1, framed(Buffer.from('x'))));
    raw.send(wholeCall(3, '/s/Late', Buffer.from('x')), opening(5, '/s/Hold', [['grpc-timeout', '50000u']]));
    await until('the stream opens', () => held !== null);
    held!.write(Buffer.alloc(1000));
    for (const id of [1, 5]) {
      const answer = await raw.answer(id);
      t.same([answer['grpc-status'], answer['grpc-message']], ['4', 'context deadline exceeded']);
    }
    t.equal(held!.bufferedBytes, 0, 'what waited is gone');
    t.equal(raw.of(Headers, 3).length, 0, 'a call without a deadline goes on');
  },
);

withHarness(
  'a call whose client opens its windows meanwhile is answered with one head',
  async (t, harness) => {
    const endsStream = 1;
    const initialWindow = 4;
    for (const [index, opensWindow] of [
      // As grpc-go does for all calls of a connection when it finds that much comes over it.
      () => settings(initialWindow, 1 << 20),
      (id: number) => frame(WindowUpdate, 0, id, word(1000)),
    ].entries()) {
      const raw = new RawClient(harness, NO_TABLE);
      answerLate = null;
      raw.send(wholeCall(1, '/s/Late', Buffer.from('late')));
      await until('the call runs', () => answerLate !== null);
      raw.send(opensWindow(1), frame(Ping, 0, 0, Buffer.alloc(8)));
      await raw.next(Ping);
      answerLate!();
      t.equal((await raw.answer(1))['grpc-status'], '0', `${index}`);
      t.same(
        raw.of(Headers, 1).map(({ flags }) => flags & endsStream),
        [0, endsStream],
      );
    }
  },
);

withHarness('an answer before the client’s end is followed by a reset without error', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(opening(1, '/s/Echo'), frame(Data, 0, 1, framed(Buffer.from('x'))));
  t.equal((await raw.answer(1))['grpc-status'], '0');
  t.equal(await raw.resetCode(1), ErrorCode.NoError);
  raw.send(opening(3, '/s/Echo'), frame(Data, 0, 3, framed(Buffer.from('x'))), frame(Data, 1, 3));
  t.equal((await raw.answer(3))['grpc-status'], '0');
  raw.send(wholeCall(5, '/s/Echo', Buffer.from('x')));
  await raw.answer(5);
  t.equal(raw.of(RstStream, 3).length, 0, 'but not when the end came in the same turn');
});

withHarness('responses shrink to references into the client’s table', async (t, harness) => {
  const raw = new RawClient(harness);
  for (let id = 1; id <= 5; id += 2) raw.send(wholeCall(id, '/s/Echo', Buffer.from('x')));
  await until('all are answered', () => raw.of(Headers, 5).length === 2);
  t.same(
    raw.of(Headers, 5).map(({ payload }) => payload.toString('hex')),
    ['88bf', 'be'],
  );
  // A client that gives its table up is told that it is not used, and gets literals.
  raw.send(NO_TABLE, wholeCall(7, '/s/Echo', Buffer.from('x')));
  t.equal((await raw.answer(7))['grpc-status'], '0');
  t.equal(raw.of(Headers, 7)[0]!.payload[0], 0x20);
});

withHarness('everything of a turn leaves in one piece', async (t, harness) => {
  const raw = new RawClient(harness);
  // The server's own settings, and its word on ours.
  await until('settings are agreed on', () => raw.of(FrameType.Settings).length === 2);
  const chunks: number[] = [];
  raw.socket.on('data', (chunk) => chunks.push(chunk.length));
  raw.send(
    ...Array.from({ length: 50 }, (_, index) => wholeCall(index * 2 + 1, '/s/Echo', Buffer.from('x'))),
  );
  await until('all are answered', () => raw.of(Headers, 99).length === 2);
  t.equal(chunks.length, 1);
});

withHarness('a small answer does not wait for a large one', async (t, harness) => {
  const raw = new RawClient(harness, settings(1, 0, 4, 2 ** 30));
  raw.send(frame(WindowUpdate, 0, 0, word(2 ** 30)));
  raw.send(wholeCall(1, '/s/Big', Buffer.from('x')), wholeCall(3, '/s/Big', Buffer.from('x')));
  await until('the large ones are on their way', () => raw.body(1).length > 0);
  raw.send(wholeCall(5, '/s/Echo', Buffer.from('x')));
  await raw.answer(5);
  const before = raw.body(1).length;
  t.ok(before < 24 * 1024 * 1024, `${before} bytes of a large answer came first`);
  const ofLarge = () => raw.of(Data).filter(({ id }) => id < 5);
  await until('200 frames of the large ones are here', () => ofLarge().length >= 200);
  const order = ofLarge()
    .slice(0, 200)
    .map(({ id }) => id);
  const turns = order.filter((id, index) => index > 0 && id !== order[index - 1]).length;
  t.ok(turns > 150, `${turns} of 199 frames are followed by one of the other stream`);
  t.ok(raw.of(Data).every(({ payload }) => payload.length <= 16_384));
  raw.socket.destroy();
});

withHarness('many small messages share frames, and streams take turns', async (t, harness) => {
  const raw = new RawClient(harness, NO_TABLE);
  raw.send(opening(1, '/s/Hold'));
  await until('the stream opens', () => held !== null);
  for (let index = 0; index < 1000; index += 1) held!.write(Buffer.from([index % 256]));
  held!.end(null);
  await raw.answer(1);
  t.equal(raw.of(Data, 1).length, 1);
  t.equal(raw.body(1).length, 6000);
});

const KEEPALIVE = { minTimeMs: 40, idleMinTimeMs: 10_000, intervalMs: 60, timeoutMs: 1000 };

withHarness(
  'a silent client is probed, and given up when it does not answer',
  async (t, harness) => {
    const deaf = new RawClient(harness);
    const probe = await deaf.next(Ping);
    t.equal(probe.flags, 0);
    await until('the connection is ended', () => deaf.ended);
    const polite = new RawClient(harness);
    for (let answered = 0; answered < 3; answered += 1) {
      await until('another probe', () => polite.of(Ping).length > answered);
      polite.send(frame(Ping, 1, 0, polite.of(Ping)[answered]!.payload));
    }
    t.equal(polite.ended, false);
    polite.socket.destroy();
  },
  { keepalive: KEEPALIVE },
);

withHarness(
  'a client may ping as often as grpc-go lets it',
  async (t, harness) => {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(opening(1, '/s/Hold'));
    const ping = frame(Ping, 0, 0, Buffer.alloc(8));
    for (let sent = 0; sent < 6; sent += 1) {
      raw.send(ping);
      await until('it is answered', () => raw.of(Ping).length > sent);
      await pauseFor(50);
    }
    t.equal(raw.of(Ping).length, 6, 'with a call, after the least time');
    // Answers excuse pings: a client measures its bandwidth with them.
    for (let sent = 0; sent < 6; sent += 1) {
      raw.send(wholeCall(sent * 2 + 3, '/s/Echo', Buffer.from('x')));
      await raw.answer(sent * 2 + 3);
      raw.send(ping);
    }
    await until('all are answered', () => raw.of(Ping).length === 12);
    raw.send(ping, ping, ping, ping);
    t.same(await raw.goaway(), { lastId: 13, code: ErrorCode.EnhanceYourCalm, text: 'too_many_pings' });

    const idle = new RawClient(harness);
    for (let sent = 0; sent < 4; sent += 1) {
      idle.send(ping);
      await pauseFor(45);
    }
    t.equal((await idle.goaway()).text, 'too_many_pings', 'without a call, far less often');
  },
  { keepalive: { ...KEEPALIVE, intervalMs: 60_000 } },
);

withHarness(
  'closing serves what is on its way, names the last call, and ends with it',
  async (t, harness) => {
    const raw = new RawClient(harness, NO_TABLE);
    raw.send(wholeCall(1, '/s/Late', Buffer.from('late')));
    await until('the call runs', () => answerLate !== null);
    let closed = false;
    harness.transport.close(5000, () => {
      closed = true;
    });
    const first = await raw.next(Goaway);
    t.same([first.payload.readUInt32BE(0), first.payload.readUInt32BE(4)], [2 ** 31 - 1, ErrorCode.NoError]);
    const probe = await raw.next(Ping);
    raw.send(wholeCall(3, '/s/Echo', Buffer.from('on its way')), frame(Ping, 1, 0, probe.payload));
    t.equal((await raw.answer(3))['grpc-status'], '0');
    await until('the second GOAWAY', () => raw.of(Goaway).length === 2);
    t.equal(raw.of(Goaway)[1]!.payload.readUInt32BE(0), 3);
    raw.send(wholeCall(5, '/s/Echo', Buffer.from('too late')));
    t.equal(await raw.resetCode(5), ErrorCode.RefusedStream);
    t.equal(closed, false);
    answerLate!();
    t.equal((await raw.answer(1))['grpc-status'], '0');
    await until('the transport is closed', () => closed && raw.ended);
  },
);

const plain: PlainExchange[] = [];
withHarness(
  'what is not gRPC goes to its own handler, if there is one',
  async (t, harness) => {
    const session = harness.http2();
    const request = session.request({
      ':method': 'POST',
      ':path': '/v3/kv/range?a=b',
      'content-type': 'application/json',
    });
    let status = 0;
    let type = '';
    request.on('response', (headers) => {
      status = headers[':status'] ?? 0;
      type = String(headers['content-type']);
    });
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.write('{"key":');
    request.end('"YQ=="}');
    await new Promise((resolve) => request.on('end', resolve));
    t.same([status, type], [201, 'text/plain']);
    t.equal(
      Buffer.concat(parts).toString(),
      `POST /v3/kv/range?a=b application/json {"key":"YQ=="}${'.'.repeat(300_000)}`,
    );
    t.match(plain[0]!.peer, /^127\.0\.0\.1:\d+$/);

    const get = session.request({ ':path': '/health' });
    const body = new Promise<string>((resolve) =>
      get.on('data', (part: Buffer) => resolve(part.toString().slice(0, 12))),
    );
    t.equal(await body, 'GET /health ');
    get.close();
    t.equal((await unary(harness.client(), '/s/Echo', Buffer.from('x'))).code, 0, 'and gRPC to gRPC');

    const bad = session.request({ ':path': '/throw' });
    const code = await new Promise<number>((resolve) =>
      bad.on('response', (headers) => resolve(headers[':status'] ?? 0)),
    );
    t.equal(code, 500);
    t.equal(harness.errors.lines.length, 1);
  },
  {
    onPlain: (exchange) => {
      plain.push(exchange);
      if (exchange.path === '/throw') throw new Error('secret detail');
      let body = '';
      exchange.onBody((part) => {
        body += Buffer.from(part).toString();
      });
      exchange.onEnd(() => {
        exchange.respond(201, [['content-type', 'text/plain']]);
        exchange.write(
          Buffer.from(`${exchange.method} ${exchange.path} ${exchange.header('content-type') ?? ''} ${body}`),
        );
        exchange.write(Buffer.alloc(300_000, '.'));
        exchange.end();
      });
    },
  },
);

withHarness(
  'a client with a tiny header table, and one with tiny frames of patience, are served',
  async (t, harness) => {
    const session = connectHttp2(`http://127.0.0.1:${harness.port}`, {
      settings: { headerTableSize: 100, initialWindowSize: 7 },
    });
    for (let round = 0; round < 3; round += 1) {
      const request = session.request(requestHeaders('/s/Echo'));
      const message = Buffer.from(`a longer message than seven bytes ${round}`);
      request.end(framed(message));
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      const trailers = new Promise<Record<string, unknown>>((resolve) => request.on('trailers', resolve));
      t.equal((await trailers)['grpc-status'], '0');
      t.same(Buffer.concat(parts), framed(message));
    }
    session.destroy();
  },
);

withHarness('grpc-js may compress, too', async (t, harness) => {
  const client = harness.client();
  const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
    const metadata = new Metadata();
    metadata.set('grpc-accept-encoding', 'gzip');
    client.makeUnaryRequest(
      '/s/Echo',
      asIs,
      asIs,
      Buffer.alloc(100_000, 'x'),
      metadata,
      (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      },
    );
  });
  t.equal(answer?.length, 100_000);
});

function encode(headers: readonly Header[]): Buffer {
  return Buffer.concat(
    headers.map(([name, value]) => {
      const octets = Buffer.from(value, 'latin1');
      return Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name),
        Buffer.from([octets.length]),
        octets,
      ]);
    }),
  );
}
