import { runInNewContext } from 'node:vm';
import t from 'tap';
import { Endpoints } from '../../src/client/endpoints.ts';
import { EtcdError, errorOf, errorOfCancelReason, reasonOf } from '../../src/client/errors.ts';
import { prefixEnd, toBytes, toWireRange } from '../../src/client/keys.ts';
import { MessageQueue } from '../../src/client/message-queue.ts';
import { parseEndpoint, resolveClientOptions } from '../../src/client/options.ts';
import { Tokens } from '../../src/client/tokens.ts';
import { statuses } from '../../src/etcd/errors.ts';
import type { RpcChannel } from '../../src/rpc/channel.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Runtime } from '../../src/util/runtime.ts';

t.test('every text of a server gives the reason that the server had', async (t) => {
  // Texts that come with an ending, or with none of their own.
  const open = new Set(['malformedRequest', 'unimplemented']);
  for (const [reason, { code, message }] of Object.entries(statuses)) {
    if (!open.has(reason)) t.equal(reasonOf(code, message), reason, message);
  }
  t.equal(reasonOf(12, 'anything'), 'unimplemented');
  t.equal(reasonOf(14, 'Connection dropped'), 'connectionFailed');
  t.equal(reasonOf(4, ''), 'deadlineExceeded');
  t.equal(reasonOf(2, 'who knows'), 'unknown');
});

t.test('a write is in doubt unless a refusal, or not having left, says otherwise', async (t) => {
  const inDoubt = (code: number, message: string, sent = true, isWrite = true) =>
    errorOf({ code, message, sent }, 'http://a', isWrite).mayHaveHappened;
  t.equal(inDoubt(14, 'Connection dropped'), true);
  t.equal(inDoubt(14, 'Connection dropped', false), false);
  t.equal(inDoubt(14, 'Connection dropped', true, false), false);
  t.equal(inDoubt(14, 'etcdserver: request timed out'), true);
  t.equal(inDoubt(14, 'etcdserver: leader changed'), true);
  t.equal(inDoubt(14, 'etcdserver: no leader'), false);
  t.equal(inDoubt(2, 'etcdserver: too many requests'), false);
  t.equal(inDoubt(2, 'something else'), true);
  t.equal(inDoubt(7, 'etcdserver: permission denied'), false);
});

t.test('an error as Go prints it, inside a cancelled watch, is read', async (t) => {
  const text = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  t.match(errorOfCancelReason(text, ''), {
    reason: 'permissionDenied',
    code: 7,
    text: 'etcdserver: permission denied',
  });
  t.match(errorOfCancelReason('mvcc: watcher range is empty', ''), { reason: 'watchCanceled', code: 2 });
  t.match(errorOfCancelReason('rpc error: code = Strange desc = x', ''), {
    reason: 'watchCanceled',
    code: 2,
  });
});

t.test('what is neither text nor bytes is refused, and nothing is cut to bytes', async (t) => {
  const text = /^keys and values are text or bytes \(Uint8Array\), not /;
  const wrong: readonly unknown[] = [5, undefined, null, {}, Uint16Array.of(258), new ArrayBuffer(1), [1]];
  for (const value of wrong)
    t.throws(() => toBytes(value as Uint8Array), { name: 'TypeError', message: text });
  t.throws(() => toWireRange(null as unknown as string), { name: 'TypeError', message: text });
  t.same([...toBytes('ä')], [0xc3, 0xa4]);
  const { Bytes } = runInNewContext('({ Bytes: Uint8Array })') as { Bytes: typeof Uint8Array };
  t.same([...toWireRange(Bytes.of(1)).key], [1], 'of another realm, too');
});

t.test('ranges end where they should, and what is given stays as it is', async (t) => {
  const prefix = Buffer.from('ab');
  t.same([...prefixEnd(prefix)], [0x61, 0x63]);
  t.equal(prefix.toString(), 'ab');
  t.same([...prefixEnd(Uint8Array.of(1, 0xff, 0xff))], [2]);
  t.same([...prefixEnd(Uint8Array.of(0xff, 0xff))], [0], 'no end');
  const wire = (range: Parameters<typeof toWireRange>[0]) => {
    const { key, rangeEnd } = toWireRange(range);
    return [[...key], [...rangeEnd]];
  };
  t.same(wire('a'), [[0x61], []]);
  t.same(wire({ prefix: '' }), [[0], [0]]);
  t.same(wire({ from: 'a' }), [[0x61], [0]]);
  t.same(wire({ from: '' }), [[0], [0]]);
  t.same(wire({ from: 'a', to: 'b' }), [[0x61], [0x62]]);
  t.throws(() => toWireRange({ from: 'a', to: '' }), TypeError);
  t.throws(() => toWireRange({} as { prefix: string }), TypeError);
});

t.test('endpoints in all their forms', async (t) => {
  const parse = (text: string, hasTls = false) => {
    const problems: string[] = [];
    const { address, isSecure } = parseEndpoint(text, hasTls, problems);
    return problems.length > 0 ? 'refused' : `${address}${isSecure ? ' TLS' : ''}`;
  };
  t.equal(parse('http://a:1'), 'a:1');
  t.equal(parse('http://a:1/'), 'a:1');
  t.equal(parse('https://a.b:1'), 'a.b:1 TLS');
  t.equal(parse('http://a:1', true), 'a:1', 'said to be plain');
  t.equal(parse('a:1'), 'a:1');
  t.equal(parse('a:1', true), 'a:1 TLS');
  t.equal(parse('a'), 'a:2379');
  t.equal(parse('http://[::1]:5'), '[::1]:5');
  t.equal(parse('unix:///tmp/x.sock'), 'unix:/tmp/x.sock');
  t.equal(parse('unix:x.sock'), 'unix:x.sock');
  for (const bad of ['', 'ftp://a:1', 'http://a:1/x', 'http://u@a:1', 'a:65536', 'a b']) {
    t.equal(parse(bad), 'refused', bad);
  }
});

interface FakeChannel extends RpcChannel {
  ready: boolean;
  connects: number;
  closed: boolean;
}

function endpointsOf(count: number) {
  let now = 0;
  const real = nodeRuntime();
  const runtime: Runtime = {
    ...real,
    random: { uint32: () => 0 },
    clock: { ...real.clock, now: () => now, wallNow: () => 0, setTimer: () => ({ cancel() {} }) },
  };
  const channels: FakeChannel[] = [];
  const urls = Array.from({ length: count }, (_, at) => `http://m${at}:1`);
  const endpoints = new Endpoints(resolveClientOptions({ endpoints: urls, runtime }), () => {
    const channel: FakeChannel = {
      ready: true,
      connects: 0,
      closed: false,
      get isReady() {
        return this.ready;
      },
      connect() {
        this.connects++;
      },
      unary: () => ({ cancel() {} }),
      stream: () => {
        throw new Error('not asked for here');
      },
      close() {
        this.closed = true;
      },
    };
    channels.push(channel);
    return channel;
  });
  const picked = (times: number) => Array.from({ length: times }, () => endpoints.pick().url.at(8)).join('');
  const pass = (ms: number) => {
    now += ms;
  };
  return { endpoints, channels, picked, pass };
}

t.test('calls go round, past those that rest, and back to them in time', async (t) => {
  const { endpoints, channels, picked, pass } = endpointsOf(3);
  t.equal(picked(6), '012012');
  t.same(
    channels.map(({ connects }) => connects),
    [1, 1, 1],
    'all were told to connect, once',
  );
  const [first, second] = endpoints.all;
  endpoints.failed(first!);
  t.equal(picked(4), '1212');
  channels[1]!.ready = false;
  t.equal(picked(2), '22', 'whoever has a connection goes first');
  endpoints.failed(second!);
  channels[2]!.ready = false;
  endpoints.failed(endpoints.all[2]!);
  endpoints.failed(endpoints.all[2]!);
  t.equal(endpoints.hasFresh(), false);
  t.equal(picked(1).length, 1, 'somebody is tried all the same');
  pass(150);
  t.equal(endpoints.hasFresh(), true);
  t.not(picked(1), '2', 'who failed twice rests longer');
  endpoints.succeeded(first!);
  endpoints.succeeded(second!);
  channels[1]!.ready = true;
  pass(10_000);
  t.equal(picked(3), '101', 'connected ones only');
});

t.test('calls go to the endpoint that is preferred, while it answers', async (t) => {
  const { endpoints, channels, picked } = endpointsOf(3);
  endpoints.prefer(endpoints.urls[1]!);
  t.equal(picked(4), '1111');
  channels[1]!.ready = false;
  t.notMatch(picked(4), '1');
  channels[1]!.ready = true;
  endpoints.failed(endpoints.all[1]!);
  t.notMatch(picked(4), '1');
  endpoints.succeeded(endpoints.all[1]!);
  t.equal(picked(2), '11');
  endpoints.prefer(null);
  t.equal(new Set(picked(3)).size, 3);
});

t.test('other endpoints take the place of old ones, whose connections end', async (t) => {
  const { endpoints, channels, picked } = endpointsOf(2);
  endpoints.replace([
    { url: 'http://m1:1', address: 'm1:1', isSecure: false },
    { url: 'http://m7:1', address: 'm7:1', isSecure: false },
  ]);
  t.same(
    channels.map(({ closed }) => closed),
    [true, false, false],
  );
  t.same([...picked(4)].sort().join(''), '1177');
  t.throws(() => endpoints.named('http://m0:1'), /none of this client's endpoints/);
});

t.test(
  'a token is fetched once for all who wait, and again only when that very one is refused',
  async (t) => {
    const fetches: ((error: Error | null, token: string | null) => void)[] = [];
    const tokens = new Tokens((done) => fetches.push(done));
    const got: unknown[] = [];
    const take = () => tokens.get((error, token) => got.push(error?.message ?? token));
    take();
    take();
    t.equal(fetches.length, 1);
    fetches[0]!(null, 'one');
    take();
    t.same(got, ['one', 'one', 'one']);
    tokens.refused('one');
    take();
    fetches[1]!(null, 'two');
    tokens.refused('one');
    take();
    t.same(got.slice(3), ['two', 'two'], 'a late refusal of the old one is no news');
    tokens.refused('two');
    take();
    fetches[2]!(new Error('down'), null);
    take();
    t.equal(fetches.length, 4, 'a failure is not kept');
  },
);

t.test('a queue holds its producer back, delivers what waits before its end, and lets go', async (t) => {
  const heard: string[] = [];
  const queue = new MessageQueue<number>({
    fullAt: 2,
    onFull: () => heard.push('full'),
    onDrained: () => heard.push('drained'),
    onLeft: () => heard.push('left'),
  });
  const waiting = queue.next();
  queue.push(1);
  t.same(await waiting, { done: false, value: 1 });
  queue.push(2);
  queue.push(3);
  queue.push(4);
  t.same(heard, ['full']);
  t.same((await queue.next()).value, 2);
  t.same((await queue.next()).value, 3);
  t.same(heard, ['full']);
  queue.fail(new EtcdError('unknown', 'broken', { code: 2 }));
  queue.push(5);
  t.same((await queue.next()).value, 4);
  t.same(heard, ['full', 'drained']);
  await t.rejects(queue.next(), /broken/);
  t.same(await queue.next(), { done: true, value: undefined });
  await queue.return();
  t.same(heard, ['full', 'drained', 'left']);
});
