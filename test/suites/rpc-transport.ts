/**
 * What every `RpcTransport` promises. `@grpc/grpc-js` and `node:http2` are the clients; raw sockets play the
 * ones that break the rules.
 */

import { constants } from 'node:http2';
import { Metadata } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { type RpcMethod, type RpcStream, SplitMessage } from '../../src/rpc/transport.ts';
import type { Answer, MakeTransport } from '../rpc/grpc-harness.ts';
import { asIs, framed, Harness, MAX_RECEIVE_BYTES, requestHeaders, unary } from '../rpc/grpc-harness.ts';
import { pauseFor, until } from '../waiting.ts';

type Methods = Record<string, RpcMethod>;

const ECHO: RpcMethod = { kind: 'unary', handle: (request, _call, reply) => reply(null, request) };
const NEVER: RpcMethod = { kind: 'unary', handle: () => {} };

/** Larger than what kernel and windows may hold of a stream that nobody reads. */
const FAR_MORE_BYTES = 64 * 1024 * 1024;

export function rpcTransportSuite(t: Test, make: MakeTransport): void {
  const withServer = (
    title: string,
    methods: Methods,
    body: (harness: Harness, t: Test) => Promise<void>,
  ): void => {
    t.test(title, async (t) => {
      const harness = await Harness.open(make, new Map(Object.entries({ '/s/Echo': ECHO, ...methods })));
      try {
        await body(harness, t);
      } finally {
        await harness.close();
      }
    });
  };
  unaryTests(withServer);
  cancelTests(withServer);
  streamTests(withServer);
  backPressureTests(withServer);
  closeTests(t, make);
  abuseTests(withServer);
}

type WithServer = (
  title: string,
  methods: Methods,
  body: (harness: Harness, t: Test) => Promise<void>,
) => void;

function unaryTests(withServer: WithServer): void {
  withServer('a unary call carries bytes both ways as they are, none included', {}, async (harness, t) => {
    const client = harness.client();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    t.same(await unary(client, '/s/Echo', bytes), { code: 0, message: '', response: bytes });
    t.same((await unary(client, '/s/Echo', Buffer.alloc(0))).response, Buffer.alloc(0));
  });

  withServer(
    'a response may be a view on a larger buffer',
    {
      '/s/View': {
        kind: 'unary',
        handle: (_request, _call, reply) => reply(null, new Uint8Array([9, 1, 2, 9]).subarray(1, 3)),
      },
    },
    async (harness, t) => {
      t.same((await unary(harness.client(), '/s/View', Buffer.alloc(0))).response, Buffer.from([1, 2]));
    },
  );

  const split = Array.from({ length: 40 }, (_, index) =>
    Buffer.alloc(index % 3 === 0 ? 300_000 : index, index),
  );
  withServer(
    'an answer in parts arrives as one message, and the next one behind it',
    {
      '/s/Parts': {
        kind: 'unary',
        handle: (_request, _call, reply) => reply(null, new SplitMessage(split, Buffer.concat(split).length)),
      },
      '/s/NoParts': {
        kind: 'unary',
        handle: (_request, _call, reply) => reply(null, new SplitMessage([], 0)),
      },
    },
    async (harness, t) => {
      const client = harness.client();
      for (let round = 0; round < 2; round++) {
        const { code, response } = await unary(client, '/s/Parts', Buffer.alloc(0));
        t.equal(code, 0);
        t.ok(response?.equals(Buffer.concat(split)), `round ${round}`);
      }
      t.same((await unary(client, '/s/NoParts', Buffer.alloc(0))).response, Buffer.alloc(0));
    },
  );

  withServer(
    'every status code and any text arrive as the handler gave them',
    {
      '/s/Fail': {
        kind: 'unary',
        handle: (request, _call, reply) =>
          reply({ code: request[0]!, message: Buffer.from(request.subarray(1)).toString() }, null),
      },
    },
    async (harness, t) => {
      const client = harness.client();
      const fail = (code: number, text: string): Promise<Answer> =>
        unary(client, '/s/Fail', Buffer.concat([Buffer.from([code]), Buffer.from(text)]));
      for (let code = 1; code <= 16; code += 1) {
        t.same(await fail(code, `etcdserver: text ${code}`), {
          code,
          message: `etcdserver: text ${code}`,
          response: null,
        });
      }
      const texts = [
        '',
        '100% %41 %',
        'line\nbreak\r\ttab',
        'Grüße 鍵 🔑',
        '"quoted" <a> \\ #?&+',
        'x'.repeat(4000),
      ];
      for (const text of texts) t.equal((await fail(2, text)).message, text);
    },
  );

  withServer(
    'half a surrogate pair in a status text becomes U+FFFD and harms nobody',
    {
      '/s/Lone': {
        kind: 'unary',
        handle: (_request, _call, reply) => reply({ code: 5, message: 'a\ud800b' }, null),
      },
    },
    async (harness, t) => {
      t.same(await unary(harness.client(), '/s/Lone', Buffer.alloc(0)), {
        code: 5,
        message: 'a\ufffdb',
        response: null,
      });
    },
  );

  withServer(
    'large messages pass: 1.9 MiB to the server, 20 MiB to the client',
    {
      '/s/Big': {
        kind: 'unary',
        handle: (request, _call, reply) => reply(null, Buffer.alloc(20 * 1024 * 1024, request[0]!)),
      },
      '/s/Size': {
        kind: 'unary',
        handle: (request, _call, reply) => reply(null, Buffer.from(`${request.length} ${request.at(-1)}`)),
      },
    },
    async (harness, t) => {
      const client = harness.client();
      const request = Buffer.alloc(1_992_294, 7);
      t.equal((await unary(client, '/s/Size', request)).response?.toString(), '1992294 7');
      t.equal(
        (await unary(client, '/s/Size', Buffer.alloc(MAX_RECEIVE_BYTES))).response?.toString(),
        '2097152 0',
      );
      const reply = await unary(client, '/s/Big', Buffer.from([5]));
      t.equal(reply.response?.length, 20 * 1024 * 1024);
      t.equal(reply.response?.at(-1), 5);
    },
  );

  withServer('a request beyond the limit is refused in grpc-go’s words', {}, async (harness, t) => {
    const client = harness.client();
    const refused = {
      code: 8,
      message: 'grpc: received message larger than max (2097153 vs. 2097152)',
      response: null,
    };
    t.same(await unary(client, '/s/Echo', Buffer.alloc(MAX_RECEIVE_BYTES + 1)), refused);
    t.equal((await unary(client, '/s/Echo', Buffer.alloc(8 * 1024 * 1024))).code, 8);
    t.equal((await unary(client, '/s/Echo', Buffer.from('still here'))).response?.toString(), 'still here');
  });

  withServer(
    'metadata arrives, bytes as base64, and the peer has an address',
    {
      '/s/Meta': {
        kind: 'unary',
        handle: (_request, call, reply) => {
          const values = ['token', 'hasleader', 'raw-bin', 'absent'].map((key) => call.metadata(key) ?? null);
          reply(null, Buffer.from(JSON.stringify([...values, call.path, call.commonName, call.peer])));
        },
      },
    },
    async (harness, t) => {
      const metadata = new Metadata();
      metadata.add('token', 'first');
      metadata.add('token', 'second');
      metadata.set('hasleader', 'true');
      metadata.set('raw-bin', Buffer.from([0, 255, 128]));
      const answer = await unary(harness.client(), '/s/Meta', Buffer.alloc(0), metadata);
      const values = JSON.parse(answer.response?.toString() ?? '[]') as string[];
      t.match(values[0], /^first/);
      t.same(values.slice(1, 6), ['true', 'AP+A', null, '/s/Meta', '']);
      t.match(values[6], /^127\.0\.0\.1:\d+$/);
    },
  );

  withServer('an unknown method is UNIMPLEMENTED in the server’s words', {}, async (harness, t) => {
    const client = harness.client();
    for (const path of ['/s/Nothing', '/other.Service/Echo']) {
      t.same(await unary(client, path, Buffer.from('x')), {
        code: 12,
        message: `unknown method 100% ${path}`,
        response: null,
      });
    }
    t.equal((await unary(client, '/s/Echo', Buffer.from('x'))).code, 0);
  });

  withServer('hundreds of calls on one connection run side by side', {}, async (harness, t) => {
    const client = harness.client();
    const calls = Array.from({ length: 500 }, (_, index) =>
      unary(client, '/s/Echo', Buffer.from(`call ${index}`)),
    );
    const answers = await Promise.all(calls);
    t.same(
      answers.map((answer) => answer.response?.toString()),
      answers.map((_, index) => `call ${index}`),
    );
    t.equal(harness.sockets.size, 1);
  });

  withServer(
    'a handler that throws costs its own call only, and is logged',
    {
      '/s/Throw': {
        kind: 'unary',
        handle: () => {
          throw new Error('secret detail');
        },
      },
    },
    async (harness, t) => {
      const client = harness.client();
      t.same(await unary(client, '/s/Throw', Buffer.alloc(0)), {
        code: 13,
        message: 'internal error',
        response: null,
      });
      t.equal(harness.errors.lines.length, 1);
      t.equal((await unary(client, '/s/Echo', Buffer.from('x'))).code, 0);
    },
  );

  withServer(
    'only the first reply counts',
    {
      '/s/Twice': {
        kind: 'unary',
        handle: (_request, _call, reply) => {
          reply(null, Buffer.from('one'));
          reply(null, Buffer.from('two'));
          reply({ code: 5, message: 'three' }, null);
        },
      },
    },
    async (harness, t) => {
      t.equal((await unary(harness.client(), '/s/Twice', Buffer.alloc(0))).response?.toString(), 'one');
    },
  );
}

function cancelTests(withServer: WithServer): void {
  let cancels = 0;
  let lateReply: (() => void) | null = null;
  const watched: RpcMethod = {
    kind: 'unary',
    handle: (request, call, reply) => {
      call.onCancel(() => {
        cancels += 1;
      });
      lateReply = () => reply(null, request);
      if (request[0] === 1) reply(null, request);
    },
  };

  withServer(
    'a deadline ends the call and tells the handler, once',
    { '/s/Watched': watched },
    async (harness, t) => {
      cancels = 0;
      lateReply = null;
      // On a busy machine the time may be over before the call arrives.
      for (let limitMs = 60; lateReply === null && limitMs < 60_000; limitMs *= 4) {
        const answer = await unary(harness.client(), '/s/Watched', Buffer.from([0]), new Metadata(), limitMs);
        t.equal(answer.code, 4);
      }
      await until('the handler hears of it', () => cancels === 1);
      (lateReply as (() => void) | null)?.();
      await pauseFor(20);
      t.equal(cancels, 1);
      t.equal((await unary(harness.client(), '/s/Echo', Buffer.from('x'))).code, 0);
    },
  );

  withServer('a call that the client cancels is reported', { '/s/Watched': watched }, async (harness, t) => {
    cancels = 0;
    lateReply = null;
    const client = harness.client();
    const done = new Promise<number>((resolve) => {
      const call = client.makeUnaryRequest('/s/Watched', asIs, asIs, Buffer.from([0]), (error) =>
        resolve(error?.code ?? 0),
      );
      void until('the call arrives', () => lateReply !== null).then(() => call.cancel());
    });
    t.equal(await done, 1);
    await until('the handler hears of it', () => cancels === 1);
  });

  withServer(
    'an answered call is never reported as cancelled',
    { '/s/Watched': watched },
    async (harness, t) => {
      cancels = 0;
      const client = harness.client();
      for (let round = 0; round < 20; round += 1) await unary(client, '/s/Watched', Buffer.from([1]));
      client.close();
      await until('the connection ends', () => harness.sockets.size === 0);
      await pauseFor(10);
      t.equal(cancels, 0);
    },
  );

  let streamCancels = 0;
  let openStreams = 0;
  const held: RpcMethod = {
    kind: 'stream',
    handle: (stream) => {
      openStreams += 1;
      stream.onCancel(() => {
        streamCancels += 1;
      });
      stream.write(Buffer.from('hello'));
    },
  };

  withServer(
    'a client that vanishes cancels its calls and its streams',
    { '/s/Watched': watched, '/s/Held': held },
    async (harness, t) => {
      cancels = 0;
      streamCancels = 0;
      openStreams = 0;
      lateReply = null;
      const session = harness.http2();
      for (const path of ['/s/Watched', '/s/Held']) {
        const request = session.request(requestHeaders(path));
        request.on('error', () => {});
        request.write(framed(Buffer.from([0])));
      }
      await until('both run', () => openStreams === 1 && lateReply !== null);
      session.destroy();
      await until('both are cancelled', () => cancels === 1 && streamCancels === 1);
      t.equal((await unary(harness.client(), '/s/Echo', Buffer.from('x'))).code, 0);
    },
  );

  withServer(
    'a deadline ends a stream too, and its writer hears of it',
    { '/s/Held': held },
    async (harness, t) => {
      streamCancels = 0;
      openStreams = 0;
      for (let limitMs = 80; openStreams === 0 && limitMs < 60_000; limitMs *= 4) {
        const call = harness
          .client()
          .makeBidiStreamRequest('/s/Held', asIs, asIs, new Metadata(), { deadline: Date.now() + limitMs });
        call.on('data', () => {});
        const code = await new Promise<number>((resolve) => {
          call.on('error', (error) => resolve((error as unknown as { code: number }).code));
        });
        t.equal(code, 4);
      }
      await until('the handler hears of it', () => streamCancels === 1);
    },
  );
}

function streamTests(withServer: WithServer): void {
  const collect: Extract<RpcMethod, { kind: 'stream' }> = {
    kind: 'stream',
    handle: (stream) => {
      const parts: string[] = [];
      stream.onMessage((message) => parts.push(Buffer.from(message).toString()));
      stream.onHalfClose(() => {
        stream.write(Buffer.from(parts.join()));
        stream.end(null);
      });
    },
  };
  const count: RpcMethod = {
    kind: 'stream',
    handle: (stream) => {
      stream.onMessage((message) => {
        for (let number = 0; number < message[0]!; number += 1) stream.write(Buffer.from([number]));
        stream.end(message[1] === 0 ? null : { code: message[1]!, message: 'after all' });
      });
    },
  };

  withServer('a client streams and gets one answer', { '/s/Collect': collect }, async (harness, t) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const call = harness.client().makeClientStreamRequest('/s/Collect', asIs, asIs, (error, response) => {
        if (error === null) resolve(response?.toString() ?? '');
        else reject(error);
      });
      for (const part of ['a', '', 'b', 'c']) call.write(Buffer.from(part));
      call.end();
    });
    t.equal(answer, 'a,,b,c');
  });

  withServer(
    'a server streams in order, and its status comes after the last message',
    { '/s/Count': count },
    async (harness, t) => {
      const read = (request: number[]): Promise<{ messages: number[]; code: number; details: string }> =>
        new Promise((resolve) => {
          const messages: number[] = [];
          const call = harness.client().makeServerStreamRequest('/s/Count', asIs, asIs, Buffer.from(request));
          call.on('data', (message: Buffer) => messages.push(message[0]!));
          call.on('error', () => {});
          call.on('status', ({ code, details }) => resolve({ messages, code, details }));
        });
      const numbers = Array.from({ length: 200 }, (_, number) => number);
      t.same(await read([200, 0]), { messages: numbers, code: 0, details: '' });
      t.same(await read([200, 11]), { messages: numbers, code: 11, details: 'after all' });
      t.same(await read([0, 5]), { messages: [], code: 5, details: 'after all' });
    },
  );

  let held: RpcStream | null = null;
  let halfClosed = false;
  withServer(
    'a half-closed stream stays open until the server ends it',
    {
      '/s/Hold': {
        kind: 'stream',
        handle: (stream) => {
          held = stream;
          stream.onHalfClose(() => {
            halfClosed = true;
          });
        },
      },
    },
    async (harness, t) => {
      const messages: string[] = [];
      const call = harness.client().makeBidiStreamRequest('/s/Hold', asIs, asIs);
      call.on('data', (message: Buffer) => messages.push(message.toString()));
      const status = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)));
      call.end();
      await until('the half-close is reported', () => halfClosed);
      await pauseFor(20);
      t.equal(held?.write(Buffer.from('later')), true);
      await until('the message arrives', () => messages.length === 1);
      held?.end(null);
      t.equal(held?.write(Buffer.from('too late')), false);
      t.equal(await status, 0);
      t.same(messages, ['later']);
    },
  );

  withServer(
    'a two-way stream answers message by message',
    {
      '/s/Double': {
        kind: 'stream',
        handle: (stream) => {
          stream.onMessage((message) => stream.write(Buffer.from([message[0]! * 2])));
          stream.onHalfClose(() => stream.end(null));
        },
      },
    },
    async (harness, t) => {
      const call = harness.client().makeBidiStreamRequest('/s/Double', asIs, asIs);
      const answers: number[] = [];
      const ended = new Promise<void>((resolve) => call.on('end', resolve));
      call.on('data', (message: Buffer) => {
        answers.push(message[0]!);
        if (answers.length === 50) call.end();
        else call.write(Buffer.from([answers.length]));
      });
      call.write(Buffer.from([0]));
      await ended;
      t.same(
        answers,
        Array.from({ length: 50 }, (_, index) => index * 2),
      );
    },
  );

  let collectCancels = 0;
  const watchedCollect: RpcMethod = {
    kind: 'stream',
    handle: (stream) => {
      stream.onCancel(() => {
        collectCancels += 1;
      });
      collect.handle(stream);
    },
  };
  withServer(
    'too large a message ends a stream with code 8, and its handler hears of it',
    { '/s/Collect': watchedCollect },
    async (harness, t) => {
      collectCancels = 0;
      const call = harness.client().makeBidiStreamRequest('/s/Collect', asIs, asIs);
      call.on('data', () => {});
      call.on('error', () => {});
      const status = new Promise<{ code: number; details: string }>((resolve) => call.on('status', resolve));
      call.write(Buffer.from('fine'));
      call.write(Buffer.alloc(3 * 1024 * 1024));
      const { code, details } = await status;
      t.same([code, details], [8, 'grpc: received message larger than max (3145728 vs. 2097152)']);
      await until('the handler hears of it', () => collectCancels === 1);
    },
  );

  withServer(
    'a stream handler that throws costs its own call only',
    {
      '/s/Throw': {
        kind: 'stream',
        handle: (stream) => {
          stream.onMessage(() => {
            throw new Error('secret detail');
          });
        },
      },
    },
    async (harness, t) => {
      const call = harness.client().makeBidiStreamRequest('/s/Throw', asIs, asIs);
      call.on('data', () => {});
      call.on('error', () => {});
      const status = new Promise<{ code: number; details: string }>((resolve) => call.on('status', resolve));
      call.write(Buffer.from('x'));
      const { code, details } = await status;
      t.same([code, details], [13, 'internal error']);
      t.equal(harness.errors.lines.length, 1);
    },
  );
}

function backPressureTests(withServer: WithServer): void {
  let stream: RpcStream | null = null;
  let drains = 0;
  let received = 0;
  const open: RpcMethod = {
    kind: 'stream',
    handle: (opened) => {
      stream = opened;
      drains = 0;
      received = 0;
      opened.onDrain(() => {
        drains += 1;
      });
      opened.onMessage(() => {
        received += 1;
      });
    },
  };

  withServer('a client that never reads stops the writer', { '/s/Open': open }, async (harness, t) => {
    const request = harness.http2().request(requestHeaders('/s/Open'));
    request.on('error', () => {});
    request.pause();
    await until('the stream opens', () => stream !== null);
    const chunk = Buffer.alloc(32 * 1024);
    let written = 0;
    for (let rounds = 0; rounds < 20; rounds += 1) {
      while (written < FAR_MORE_BYTES && stream!.write(chunk)) written += chunk.length;
      await pauseFor(5);
      if (stream!.bufferedBytes > 4 * 1024 * 1024) break;
      if (drains === 0 && rounds > 3) break;
    }
    t.ok(written < 8 * 1024 * 1024, `${written} bytes written to a client that reads none`);
    const waiting = stream!.bufferedBytes;
    t.ok(waiting > 0 && waiting < 2 * 1024 * 1024, `${waiting} bytes wait`);
    const drainsBefore = drains;
    let read = 0;
    request.on('data', (data: Buffer) => {
      read += data.length;
    });
    request.resume();
    await until('all of it leaves once it is read', () => stream!.bufferedBytes === 0);
    t.ok(drains > drainsBefore, 'the writer is told');
    t.ok(read > 0);
    request.close(constants.NGHTTP2_CANCEL);
  });

  withServer(
    'a paused reader stops the client, and loses nothing',
    { '/s/Open': open },
    async (harness, t) => {
      stream = null;
      const request = harness.http2().request(requestHeaders('/s/Open'));
      request.on('error', () => {});
      await until('the stream opens', () => stream !== null);
      stream!.pause();
      const messages = 512;
      let sent = 0;
      const message = framed(Buffer.alloc(32 * 1024));
      for (let index = 0; index < messages; index += 1) {
        request.write(message, () => {
          sent += 1;
        });
      }
      await pauseFor(100);
      // The read that was pending when the reader paused may still be answered.
      t.ok(received <= 1, `${received} messages delivered to a paused reader`);
      t.ok(sent * message.length < 8 * 1024 * 1024, `${sent} of ${messages} messages left the client`);
      stream!.resume();
      await until('everything arrives', () => received === messages);
      request.close(constants.NGHTTP2_CANCEL);
    },
  );

  withServer(
    'thousands of small messages may wait for a paused reader',
    { '/s/Open': open },
    async (harness, t) => {
      stream = null;
      const request = harness.http2().request(requestHeaders('/s/Open'));
      request.on('error', () => {});
      await until('the stream opens', () => stream !== null);
      stream!.pause();
      const count = 100_000;
      request.write(Buffer.concat(Array.from({ length: count }, () => framed(Buffer.alloc(0)))));
      await pauseFor(50);
      stream!.resume();
      await until('everything arrives', () => received === count);
      t.equal(received, count);
      request.close(constants.NGHTTP2_CANCEL);
    },
  );
}

function closeTests(t: Test, make: MakeTransport): void {
  t.test('closing lets running calls finish and takes no new ones', async (t) => {
    let answer: (() => void) | null = null;
    const slow: RpcMethod = {
      kind: 'unary',
      handle: (request, _call, reply) => {
        answer = () => reply(null, request);
      },
    };
    const harness = await Harness.open(make, new Map([['/s/Slow', slow]]));
    const client = harness.client();
    const running = unary(client, '/s/Slow', Buffer.from('kept'));
    await until('the call runs', () => answer !== null);
    let closed = false;
    harness.transport.close(5000, () => {
      closed = true;
    });
    await pauseFor(30);
    t.equal(closed, false, 'waits for the running call');
    t.equal((await unary(client, '/s/Slow', Buffer.from('new'), new Metadata(), 100)).response, null);
    answer!();
    t.equal((await running).response?.toString(), 'kept');
    await until('the transport is closed', () => closed);
    t.equal(harness.sockets.size, 0);
    await harness.close();
  });

  t.test('closing cuts what runs longer than the grace', async (t) => {
    const harness = await Harness.open(make, new Map([['/s/Never', NEVER]]));
    const running = unary(harness.client(), '/s/Never', Buffer.from('x'));
    const idle = harness.raw();
    await until('the connections are there', () => harness.sockets.size === 2);
    await pauseFor(20);
    const begun = Date.now();
    await new Promise<void>((resolve) => harness.transport.close(80, resolve));
    const tookMs = Date.now() - begun;
    t.ok(tookMs >= 75 && tookMs < 60_000, `took ${tookMs} ms`);
    t.not((await running).code, 0);
    t.equal(harness.sockets.size, 0);
    idle.destroy();
    await harness.close();
  });
}

/** Whether a whole GOAWAY frame is among the bytes that a server sent (RFC 9113 §6.8). */
function saysGoaway(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 7) return true;
  }
  return false;
}

function abuseTests(withServer: WithServer): void {
  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const frame = (length: number, type: number, flags: number, stream: number, body: Buffer): Buffer => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(length, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flags, 4);
    header.writeUInt32BE(stream, 5);
    return Buffer.concat([header, body]);
  };
  const garbage: Record<string, Buffer> = {
    'a false preface': Buffer.from('PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n'),
    'noise instead of a preface': Buffer.from(
      Array.from({ length: 300 }, (_, index) => (index * 89 + 7) % 256),
    ),
    'noise behind the preface': Buffer.concat([Buffer.from(PREFACE), Buffer.alloc(200, 0xa5)]),
    'a frame larger than allowed': Buffer.concat([
      Buffer.from(PREFACE),
      settings,
      frame(0xffffff, 0, 0, 1, Buffer.alloc(0)),
    ]),
    'data on a stream that was never opened': Buffer.concat([
      Buffer.from(PREFACE),
      settings,
      frame(4, 0, 0, 7, Buffer.alloc(4)),
    ]),
    'a header block that is none': Buffer.concat([
      Buffer.from(PREFACE),
      settings,
      frame(6, 1, 4, 1, Buffer.alloc(6, 0xff)),
    ]),
  };

  withServer('malformed bytes end their connection and nothing else', {}, async (harness, t) => {
    const client = harness.client();
    for (const [title, bytes] of Object.entries(garbage)) {
      const socket = harness.raw();
      let answer: Buffer = Buffer.alloc(0);
      const ended = new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
        socket.on('data', (chunk) => {
          answer = Buffer.concat([answer, chunk]);
          if (saysGoaway(answer)) resolve();
        });
      });
      socket.write(bytes);
      await ended;
      socket.destroy();
      t.equal((await unary(client, '/s/Echo', Buffer.from('x'))).code, 0, title);
    }
  });

  withServer('a unary call without a message, or of another kind, is refused', {}, async (harness, t) => {
    const session = harness.http2();
    const ask = (headers: Record<string, string>, body: Buffer): Promise<Record<string, unknown>> =>
      new Promise((resolve) => {
        const request = session.request({ ...requestHeaders('/s/Echo'), ...headers });
        let seen: Record<string, unknown> = {};
        request.on('response', (response) => {
          seen = { ...seen, ...response };
        });
        request.on('trailers', (trailers) => {
          seen = { ...seen, ...trailers };
        });
        request.on('error', () => {});
        request.on('close', () => resolve(seen));
        request.resume();
        request.end(body);
      });
    t.equal((await ask({}, Buffer.alloc(0)))['grpc-status'], '13');
    t.equal((await ask({ 'content-type': 'application/json' }, Buffer.from('{}')))[':status'], 415);
    t.equal((await ask({ 'grpc-timeout': 'soon' }, framed(Buffer.from('x'))))['grpc-status'], '13');
    t.equal((await ask({}, framed(Buffer.from('x'))))['grpc-status'], '0');
  });

  withServer(
    'calls opened and reset by the hundred harm nobody',
    { '/s/Never': NEVER },
    async (harness, t) => {
      const session = harness.http2();
      for (let index = 0; index < 300; index += 1) {
        const request = session.request(requestHeaders('/s/Never'));
        request.on('error', () => {});
        request.write(framed(Buffer.from('x')));
        setImmediate(() => request.close(constants.NGHTTP2_CANCEL));
      }
      await pauseFor(50);
      t.equal((await unary(harness.client(), '/s/Echo', Buffer.from('x'))).code, 0);
    },
  );
}
