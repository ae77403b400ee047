/** Limits of what comes from the network, at their edges. As `limits.test.ts`. */

import { PassThrough } from 'node:stream';
import t from 'tap';
import { runCluster } from '../src/cli/cluster.ts';
import { Caller } from '../src/client/caller.ts';
import { resolveClientOptions } from '../src/client/options.ts';
import { SteadyStream } from '../src/client/steady-stream.ts';
import { maxSendBytes, sendTooLargeText } from '../src/etcd/limits.ts';
import { RpcMeter } from '../src/etcd/metering.ts';
import { peerHandler } from '../src/http/peer-handler.ts';
import { plainHandler } from '../src/http/plain-requests.ts';
import { http2Channel } from '../src/rpc/http2/client-channel.ts';
import { FrameReader } from '../src/rpc/http2/frame-reader.ts';
import { ErrorCode, FrameType, PREFACE, Setting } from '../src/rpc/http2/frames.ts';
import { HeaderDecoder } from '../src/rpc/http2/header-decoder.ts';
import { RequestBlocks } from '../src/rpc/http2/request-blocks.ts';
import { readSettings } from '../src/rpc/http2/settings.ts';
import { tcpPeerNetwork } from '../src/rpc/tcp-peer-network.ts';
import { Metrics } from '../src/util/metrics.ts';
import { nodeRuntime } from '../src/util/node-runtime.ts';
import { TestClock } from './auth/rig.ts';

t.setTimeout(600_000); // The machine may be busy.

function setting(id: number, value: number): ReturnType<typeof readSettings> {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return readSettings(bytes, 0, 6);
}

t.test('WINDOW_BYTES_MAX of rpc/http2/frames: a first window of 2^31 - 1, and none larger', async (t) => {
  t.equal(setting(Setting.InitialWindowSize, 0x7fff_ffff).initialWindowBytes, 0x7fff_ffff);
  t.throws(() => setting(Setting.InitialWindowSize, 0x8000_0000), { code: ErrorCode.FlowControlError });
});

t.test('FRAME_PAYLOAD_BYTES_MAX of rpc/http2/frames: frames of 16,384 bytes, and none larger', async (t) => {
  t.doesNotThrow(() => setting(Setting.MaxFrameSize, 16_384));
  t.throws(() => setting(Setting.MaxFrameSize, 16_383), { code: ErrorCode.ProtocolError });
  const lengths: number[] = [];
  const reader = new FrameReader({ onFrame: (...frame) => lengths.push(frame[5] - frame[4]) });
  reader.read(PREFACE);
  const head = (bytes: number): Buffer =>
    Buffer.of(bytes >>> 16, (bytes >>> 8) & 255, bytes & 255, FrameType.Data, 0, 0, 0, 0, 1);
  reader.read(Buffer.concat([head(16_384), Buffer.alloc(16_384)]));
  t.same(lengths, [16_384]);
  t.throws(() => reader.read(head(16_385)), { code: ErrorCode.FrameSizeError });
});

t.test('STREAM_ID_MAX of rpc/http2/frames: the bit above the largest id means nothing', async (t) => {
  const ids: number[] = [];
  const reader = new FrameReader({ onFrame: (_type, _flags, id) => ids.push(id) });
  reader.read(PREFACE);
  reader.read(Buffer.of(0, 0, 0, FrameType.Data, 0, 0x7f, 0xff, 0xff, 0xff));
  reader.read(Buffer.of(0, 0, 0, FrameType.Data, 0, 0x80, 0, 0, 1));
  t.same(ids, [0x7fff_ffff, 1]);
});

t.test(
  'INTEGER_OCTETS_MAX of rpc/http2/header-decoder: an integer of four more octets, and none of five',
  async (t) => {
    const decode = (hex: string) =>
      new HeaderDecoder(1000).decode(Buffer.from(hex, 'hex'), 0, hex.length / 2);
    // The index 127 and more of an indexed field: read, and not in the table.
    t.throws(() => decode('ff80808001'), /no entry has the index/);
    t.throws(() => decode('ff8080808001'), /an integer is too large/);
  },
);

t.test('TIMEOUT_MAX of rpc/http2/request-blocks: eight digits of milliseconds, then seconds', async (t) => {
  const blocks = new RequestBlocks('http', 'a', 'b');
  const timeout = (ms: number): string => blocks.timeout(ms).toString('latin1').slice(-9);
  t.equal(timeout(99_999_999), '99999999m');
  t.match(timeout(100_000_000), /100000S$/);
  t.equal(timeout(99_999_999_000), '99999999S');
  t.equal(timeout(99_999_999_001), '99999999S');
});

t.test('maxClientVersions of etcd/metering: one name more is counted with those that say none', async (t) => {
  const meter = new RpcMeter(new TestClock(), false);
  const metrics = new Metrics();
  meter.register(metrics);
  const series = (): string[] =>
    metrics
      .text()
      .split('\n')
      .filter((line) => line.startsWith('etcd_server_client_requests_total{'));
  for (let at = 0; at < 100; at++) meter.client(`v${at}`).unary++;
  const before = series();
  t.ok(before.some((line) => line.includes('"v99"')));
  meter.client('v100').unary++;
  meter.client('v101').unary++;
  const added = series().filter((line) => !before.includes(line));
  t.ok(added.length > 0 && added.every((line) => line.includes('"unknown"')), added.join());
});

t.test('maxSendBytes of etcd/limits: what is too large is said as grpc-go says it', async (t) => {
  t.equal(maxSendBytes, 2 ** 31 - 1);
  t.equal(
    sendTooLargeText(maxSendBytes + 1),
    'grpc: trying to send message larger than max (2147483648 vs. 2147483647)',
  );
});

t.test('requestBytesMax of http/peer-handler: a longer request is none, in however many parts', async (t) => {
  const ask = (body: string, parts: number): Promise<number> =>
    new Promise((resolve) => {
      const request = Object.assign(new PassThrough(), { method: 'POST', url: '/keelson/replace' });
      const response = {
        statusCode: 200,
        setHeader() {},
        writeHead(status: number) {
          this.statusCode = status;
          return this;
        },
        end() {
          resolve(this.statusCode);
        },
      };
      peerHandler(
        () => null,
        () => ({}) as never,
      )(request as never, response as never);
      const size = Math.ceil(body.length / parts);
      for (let at = 0; at < body.length; at += size) request.write(body.slice(at, at + size));
      request.end();
    });
  const body = (bytes: number): string =>
    JSON.stringify({ clusterId: 'a', memberId: 'b', pad: '' }).replace('""', `"${'x'.repeat(bytes)}"`);
  const longest = 1024 - body(0).length;
  for (const parts of [1, 7]) {
    t.equal(await ask(body(longest), parts), 503, 'understood: there is no member yet');
    t.equal(await ask(body(longest + 1), parts), 400);
  }
});

t.test(
  'maxWaitingBytes of http/plain-requests: a body of 8 MiB waits for its reader, more is 413',
  async (t) => {
    const send = (parts: number): { answered: number[]; isAlive: () => boolean } => {
      const answered: number[] = [];
      let onBody: (part: Buffer) => void = () => {};
      let isDestroyed = false;
      const exchange = {
        ...{ path: '/', method: 'POST', peer: '', commonName: '', headerNames: [], headerValues: [] },
        header: () => undefined,
        onCancel() {},
        onEnd() {},
        onDrain() {},
        onBody(listener: (part: Buffer) => void) {
          onBody = listener;
        },
        respond: (status: number) => answered.push(status),
        end() {},
      };
      const handler = plainHandler((request) => {
        request.on('close', () => {
          isDestroyed = true;
        });
      }, false);
      handler(exchange as never);
      const part = Buffer.alloc(1024 * 1024);
      for (let at = 0; at < parts; at++) onBody(part);
      return { answered, isAlive: () => !isDestroyed };
    };
    t.same(send(8).answered, []);
    t.same(send(9).answered, [413]);
  },
);

/** A caller whose calls fail as `failure` says, on a clock that the test turns. */
function failingCaller(failure: { code: number; message: string; sent: boolean }, withUser: boolean) {
  const clock = new TestClock();
  let calls = 0;
  const runtime = { ...nodeRuntime(), clock, random: { uint32: () => 2 ** 32 - 1 } };
  const options = resolveClientOptions({
    endpoints: ['http://m:1'],
    runtime: runtime as never,
    ...(withUser ? { auth: { username: 'u', password: 'p' } } : {}),
  });
  const caller = new Caller(
    options,
    () =>
      ({
        isReady: true,
        connect() {},
        unary(path: string, _request: unknown, _metadata: unknown, done: (...result: unknown[]) => void) {
          if (path.endsWith('/Authenticate')) done(null, Buffer.from('12017412017a', 'hex').subarray(0, 3));
          else {
            calls++;
            done(failure as never, null);
          }
          return { cancel() {} };
        },
        stream(_path: string, _metadata: unknown, handlers: { onEnd(failure: unknown): void }) {
          calls++;
          queueMicrotask(() => handlers.onEnd(failure as never));
          return { write: () => true, halfClose() {}, cancel() {}, pause() {}, resume() {} };
        },
        close() {},
      }) as never,
  );
  return { caller, clock, calls: () => calls };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

t.test('retryMaxMs of client/caller: waits double up to a second, and are drawn around it', async (t) => {
  const { caller } = failingCaller({ code: 14, message: 'x', sent: false }, false);
  const waits = [1, 2, 20].map((attempt) => caller.backoffMs(attempt));
  t.ok(waits[0]! < waits[1]! && waits[1]! < 1500);
  t.ok(waits[2]! > 1499 && waits[2]! <= 1500, `${waits[2]}`);
});

t.test('fixedAttemptsMax of client/caller: one member is asked three times, and no more', async (t) => {
  const rig = failingCaller({ code: 14, message: 'x', sent: false }, false);
  const spec = {
    ...{ path: '/s/m', request: new Uint8Array(0), decode: () => null, effect: 'read', requireLeader: false },
    endpoint: rig.caller.endpoints.all[0]!,
  };
  const outcome = rig.caller.call(spec as never).then(
    () => 'ok',
    () => 'failed',
  );
  for (let at = 0; at < 10; at++) {
    await soon();
    rig.clock.turn(5000);
  }
  t.equal(await outcome, 'failed');
  t.equal(rig.calls(), 3);
});

const badToken = { code: 16, message: 'etcdserver: invalid auth token', sent: true };

t.test('tokenRefreshesMax of client/caller: a refused token is fetched anew three times', async (t) => {
  const rig = failingCaller(badToken, true);
  const spec = {
    ...{ path: '/s/m', request: new Uint8Array(0), decode: () => null, effect: 'read', requireLeader: false },
  };
  const outcome = rig.caller.call(spec as never).then(
    () => 'ok',
    () => 'failed',
  );
  for (let at = 0; at < 10; at++) {
    await soon();
    rig.clock.turn(1);
  }
  t.equal(await outcome, 'failed');
  t.equal(rig.calls(), 4);
});

t.test(
  'tokenRefreshesMax of client/steady-stream: a refused token is fetched anew three times',
  async (t) => {
    const rig = failingCaller(badToken, true);
    let failures = 0;
    const stream = new SteadyStream(
      rig.caller,
      { path: '/s/m', requireLeader: false },
      {
        onOpen() {},
        onMessage() {},
        onInterrupted() {},
        onFailed() {
          failures++;
        },
      },
    );
    stream.start();
    for (let at = 0; at < 20; at++) {
      await soon();
      rig.clock.turn(5000);
    }
    t.equal(failures, 1);
    t.equal(rig.calls(), 4);
  },
);

t.test('restMaxMs of client/endpoints: who fails again and again rests five seconds', async (t) => {
  const { caller, clock } = failingCaller({ code: 14, message: 'x', sent: false }, false);
  for (let at = 0; at < 20; at++) caller.endpoints.failed(caller.endpoints.all[0]!);
  clock.turn(4999);
  t.notOk(caller.endpoints.hasFresh());
  clock.turn(1);
  t.ok(caller.endpoints.hasFresh());
});

t.test('MEMBERS_MAX of cli/cluster-layout: a cluster of six is refused', async (t) => {
  const { write } = process.stderr;
  let said = '';
  process.stderr.write = ((text: string) => {
    said += text;
    return true;
  }) as never;
  try {
    t.equal(await runCluster(['--nodes=6', '--kubernetes=what']), 2);
    t.equal(await runCluster(['--nodes=5', '--kubernetes=what']), 2);
  } finally {
    process.stderr.write = write;
  }
  t.match(said, /--nodes: must be from 1 to 5, not 6/);
  t.notMatch(said, /not 5/);
});

t.test('toldUrlBytesMax of rpc/tcp-peer-network: three short URLs are told', async (t) => {
  // toldUrlsMax of rpc/tcp-peer-network
  const url = (bytes: number): string => `http://${'h'.repeat(bytes - 'http://:1'.length)}:1`;
  const network = tcpPeerNetwork({
    ...{ id: 'a', clusterId: 'c', runtime: nodeRuntime(), http: () => {}, listen: [], tls: null },
    urls: [url(201), url(200), url(100), url(101), url(102)],
  } as never) as unknown as { readonly ownUrls: readonly string[]; close(): void };
  t.same(
    network.ownUrls.map((told) => told.length),
    [200, 100, 101],
  );
});

interface ChannelInside {
  keepaliveMs: number;
  waiting: unknown[];
  current: object | null;
  onDraining(connection: object, tooManyPings: boolean): void;
}

function channelInside() {
  const channel = http2Channel({
    ...{ address: '127.0.0.1:1', tls: null, keepaliveMs: 25 * 60 * 1000, keepaliveTimeoutMs: 1000 },
    ...{ maxReceiveBytes: 1000, reconnectMinMs: 100_000, reconnectMaxMs: 100_000, runtime: nodeRuntime() },
  });
  return { channel, inside: channel as unknown as ChannelInside };
}

t.test(
  'KEEPALIVE_MS_MAX of rpc/http2/client-channel: pings that are too many become rarer, to one an hour',
  async (t) => {
    const { channel, inside } = channelInside();
    const minutes = [1, 2, 3].map(() => {
      inside.onDraining({ destroy() {} }, true);
      return inside.keepaliveMs / 60_000;
    });
    t.same(minutes, [50, 60, 60]);
    channel.close();
  },
);

t.test(
  'WAITING_CALLS_MAX of rpc/http2/limits: a million calls wait for a connection, one more fails',
  async (t) => {
    const { channel, inside } = channelInside();
    // As if it were being made.
    inside.current = { isReady: false, isUsable: true, destroy() {}, close() {} };
    inside.waiting.length = 999_999;
    const outcomes: string[] = [];
    const call = (name: string) =>
      channel.unary('/s/m', new Uint8Array(0), {}, (failure) => outcomes.push(`${name} ${failure?.code}`));
    call('last');
    t.equal(inside.waiting.length, 1_000_000);
    call('first');
    await new Promise((resolve) => setImmediate(resolve));
    t.same(outcomes, ['first 14']);
    t.equal(inside.waiting.length, 1_000_000);
    inside.waiting = [];
    inside.current = null;
    channel.close();
  },
);
