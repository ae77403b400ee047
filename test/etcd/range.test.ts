import { connect } from 'node:http2';
import t, { type Test } from 'tap';
import { etcdMethods } from '../../src/etcd/services.ts';
import { MESSAGE_PREFIX_BYTES, MessageDecoder } from '../../src/rpc/message-decoder.ts';
import type { RangeResponse } from '../../src/wire/kv-codec.ts';
import {
  decodeRangeResponse,
  decodeRangeStreamResponse,
  encodeRangeRequest,
} from '../../src/wire/kv-codec.ts';
import { bytes, put, range, text } from '../mvcc/requests.ts';
import { framed, requestHeaders } from '../rpc/grpc-harness.ts';
import { pauseFor, until } from '../waiting.ts';
import { Served, type StreamLog } from './served.ts';

const all = (fields: Parameters<typeof range>[1] = {}): Uint8Array =>
  encodeRangeRequest(range('k', { end: 'l', ...fields }));

/** `count` keys k000, k001, … with values of `valueBytes`. */
async function filled(t: Test, count: number, valueBytes: number): Promise<Served> {
  const served = await Served.open(t);
  const { store } = served.member;
  for (let i = 0; i < count; i++) {
    const key = `k${String(i).padStart(4, '0')}`;
    store.put({ ...put(key, ''), value: Buffer.alloc(valueBytes, i % 251) });
  }
  return served;
}

function keysOf({ kvs }: RangeResponse): string[] {
  return kvs.map((kv) => text(kv.key));
}

t.test('a range of many megabytes is the same as the sum of its pages', async (t) => {
  const served = await filled(t, 50, 100_000);
  const whole = decodeRangeResponse(await served.response('KV/Range', all()));
  t.equal(whole.count, 50);
  t.equal(whole.more, false);
  t.equal(whole.header.revision, 51);
  t.strictSame(
    keysOf(whole),
    Array.from({ length: 50 }, (_, i) => `k${String(i).padStart(4, '0')}`),
  );
  t.ok(whole.kvs.every((kv, i) => kv.value.length === 100_000 && kv.value[99_999] === i));
  const limited = decodeRangeResponse(await served.response('KV/Range', all({ limit: 30 })));
  t.equal(limited.kvs.length, 30);
  t.equal(limited.more, true);
  t.equal(limited.count, 50);
});

t.test('a large range lets others have their turn between its chunks', async (t) => {
  const served = await filled(t, 60, 100_000);
  const { store, runtime } = served.member;
  const turns: number[] = [];
  let reads = 0;
  const original = store.rangeChunks.bind(store);
  store.rangeChunks = (request, maxBytes) => {
    const chunks = original(request, maxBytes);
    return {
      next: (maxKeys) => {
        reads++;
        runtime.scheduler.defer(() => turns.push(reads));
        return chunks.next(maxKeys);
      },
    };
  };
  await served.response('KV/Range', all());
  t.ok(reads > 5);
  t.ok(new Set(turns).size > 5, 'other work ran between one chunk and the next');
});

// maxRunning of etcd/large-ranges
t.test('a few large ranges are put together at a time, and all are answered', async (t) => {
  const served = await filled(t, 30, 100_000);
  const { store } = served.member;
  let begun = 0;
  let open = 0;
  let most = 0;
  const original = store.rangeChunks.bind(store);
  store.rangeChunks = (request, maxBytes) => {
    const chunks = original(request, maxBytes);
    let index = 0;
    return {
      next: (maxKeys) => {
        const chunk = chunks.next(maxKeys);
        // The second chunk is only read by one that is being put together.
        if (index++ === 1) {
          begun++;
          most = Math.max(most, ++open);
        }
        if (chunk.isLast && index > 1) open--;
        return chunk;
      },
    };
  };
  const answers = await Promise.all(Array.from({ length: 10 }, () => served.response('KV/Range', all())));
  for (const answer of answers) t.equal(decodeRangeResponse(answer).kvs.length, 30);
  t.equal(begun, 10);
  t.ok(most <= 4, `${most} at a time`);
});

t.test(
  'a compaction in the middle starts a read of the latest state anew, and fails one of the past',
  async (t) => {
    const served = await filled(t, 30, 100_000);
    const { store } = served.member;
    const original = store.rangeChunks.bind(store);
    let compacts = true;
    store.rangeChunks = (request, maxBytes) => {
      const chunks = original(request, maxBytes);
      let index = 0;
      return {
        next: (maxKeys) => {
          // Behind the first look, which the service takes to see whether the range is large.
          if (compacts && index++ === 1) {
            compacts = false;
            store.put({ ...put('k0000', ''), value: bytes('new') });
            store.compact(store.revision);
          }
          return chunks.next(maxKeys);
        },
      };
    };
    const latest = decodeRangeResponse(await served.response('KV/Range', all()));
    t.equal(latest.header.revision, 32);
    t.equal(text(latest.kvs[0]!.value), 'new', 'all of one revision, the newer one');
    t.equal(latest.kvs.length, 30);
    compacts = true;
    t.equal(
      await served.outcome('KV/Range', all({ revision: 32 })),
      '11 etcdserver: mvcc: required revision has been compacted',
    );
  },
);

t.test('maxRestarts of etcd/large-ranges: a read that is overtaken a fourth time is refused', async (t) => {
  const read = async (overtakings: number): Promise<string> => {
    const served = await filled(t, 30, 100_000);
    const { store } = served.member;
    const original = store.rangeChunks.bind(store);
    let left = overtakings;
    store.rangeChunks = (request, maxBytes) => {
      const chunks = original(request, maxBytes);
      let index = 0;
      return {
        next: (maxKeys) => {
          if (index++ === 1 && left-- > 0) {
            store.put({ ...put('k0000', ''), value: bytes('new') });
            store.compact(store.revision);
          }
          return chunks.next(maxKeys);
        },
      };
    };
    return served.outcome('KV/Range', all());
  };
  t.equal(await read(3), '0 ');
  t.equal(await read(4), '11 etcdserver: mvcc: required revision has been compacted');
});

t.test('a client that goes away frees the place of its large range, and is not answered', async (t) => {
  const served = await filled(t, 30, 100_000);
  const method = etcdMethods(served.member).get('/etcdserverpb.KV/Range')!;
  if (method.kind !== 'unary') throw new Error('Range is unary');
  let answers = 0;
  const ask = (): (() => void) => {
    let cancel = (): void => {};
    const onCancel = (listener: () => void): void => {
      cancel = listener;
    };
    const call = { path: '', peer: '', commonName: '', metadata: () => undefined, onCancel };
    method.handle(all({ serializable: true }), call, () => answers++);
    return () => cancel();
  };
  const cancels = Array.from({ length: 12 }, ask);
  for (const cancel of cancels) cancel();
  ask();
  await until('the answer', () => answers > 0);
  await pauseFor(20);
  t.equal(answers, 1);
});

t.test(
  'thousands of large ranges that can all not be read any more are refused one after another',
  async (t) => {
    const served = await filled(t, 30, 100_000);
    const method = etcdMethods(served.member).get('/etcdserverpb.KV/Range')!;
    if (method.kind !== 'unary') throw new Error('Range is unary');
    const { store } = served.member;
    const { revision } = store;
    const call = { path: '', peer: '', commonName: '', metadata: () => undefined, onCancel: () => {} };
    const refused: string[] = [];
    for (let at = 0; at < 5000; at++)
      method.handle(all({ serializable: true, revision }), call, (status) =>
        refused.push(status?.message ?? ''),
      );
    store.put({ ...put('k0000', ''), value: bytes('new') });
    store.compact(store.revision);
    await until('all are refused', () => refused.length === 5000);
    t.same(new Set(refused), new Set(['etcdserver: mvcc: required revision has been compacted']));
  },
);

async function streamed(served: Served, request: Uint8Array): Promise<RangeResponse[]> {
  const stream: StreamLog = served.stream('KV/RangeStream');
  stream.send(request);
  stream.call.end();
  await until('the end of the stream', () => stream.ended !== null);
  if (stream.ended !== '0 OK' && stream.ended !== '0 ') throw new Error(stream.ended!);
  return stream.messages.map(decodeRangeStreamResponse);
}

t.test(
  'a streamed range comes in disjoint chunks, and only the last says header, more and count',
  async (t) => {
    const served = await filled(t, 200, 40_000);
    const chunks = await streamed(served, all({ limit: 190 }));
    t.equal(chunks[0]!.kvs.length, 10, 'the first chunk is small, so that it comes soon');
    t.ok(chunks.length > 5);
    t.strictSame(
      chunks.flatMap(keysOf),
      Array.from({ length: 190 }, (_, i) => `k${String(i).padStart(4, '0')}`),
    );
    const last = chunks.pop()!;
    t.strictSame([last.header.revision, last.more, last.count], [201, true, 200]);
    for (const { header, more, count } of chunks) {
      t.strictSame([header.revision, header.clusterId, more, count], [0, 0n, false, 0]);
    }
  },
);

t.test('a streamed range of nothing, and of a count, is one message', async (t) => {
  const served = await filled(t, 20, 10);
  const nothing = await streamed(served, encodeRangeRequest(range('x', { end: 'z' })));
  t.strictSame(
    nothing.map(({ kvs, count, header }) => [kvs.length, count, header.revision]),
    [[0, 0, 21]],
  );
  const counted = await streamed(served, all({ countOnly: true }));
  t.strictSame(
    counted.map(({ kvs, count, header }) => [kvs.length, count, header.revision]),
    [[0, 20, 21]],
  );
  const keys = await streamed(served, all({ keysOnly: true }));
  t.equal(keys.flatMap(keysOf).length, 20);
  t.ok(keys.every(({ kvs }) => kvs.every((kv) => kv.value.length === 0)));
});

/** A client with HTTP/2's small windows that reads nothing until it is told to. */
function slowClient(served: Served, request: Uint8Array): () => Promise<RangeResponse[]> {
  const session = connect(served.url);
  const stream = session.request(requestHeaders('/etcdserverpb.KV/RangeStream'));
  stream.end(framed(request));
  const decoder = new MessageDecoder(2 ** 31);
  return async () => {
    const chunks: RangeResponse[] = [];
    stream.on('data', (data: Buffer) => {
      for (const message of decoder.write(data)) {
        chunks.push(decodeRangeStreamResponse(message.subarray(MESSAGE_PREFIX_BYTES)));
      }
    });
    await new Promise((resolve) => stream.on('end', resolve));
    session.destroy();
    return chunks;
  };
}

t.test('a streamed range shows one revision, whatever is written meanwhile', async (t) => {
  const served = await filled(t, 60, 100_000);
  const { store } = served.member;
  const original = store.rangeChunks.bind(store);
  let isRead = false;
  store.rangeChunks = (request, maxBytes) => {
    isRead = true;
    return original(request, maxBytes);
  };
  const read = slowClient(served, all());
  await until('it is being read', () => isRead, 20_000);
  served.member.store.put({ ...put('k0059', ''), value: bytes('new') });
  served.member.store.put(put('k9999', 'new'));
  const chunks = await read();
  const kvs = chunks.flatMap((chunk) => chunk.kvs);
  t.equal(kvs.length, 60);
  t.equal(kvs[59]!.value.length, 100_000);
  t.equal(chunks.at(-1)!.header.revision, 61);
});

t.test('a streamed range is read no faster than its client takes it', async (t) => {
  const served = await filled(t, 200, 100_000);
  const { store } = served.member;
  const original = store.rangeChunks.bind(store);
  let keys = 0;
  store.rangeChunks = (request, maxBytes) => {
    const chunks = original(request, maxBytes);
    return {
      next: (maxKeys) => {
        const chunk = chunks.next(maxKeys);
        keys += chunk.kvs.length;
        return chunk;
      },
    };
  };
  const read = slowClient(served, all());
  await until('the first key', () => keys > 0);
  await pauseFor(100);
  t.ok(keys < 20, `${keys} keys were read for a client that reads nothing`);
  await read();
  t.equal(keys, 200);
});

t.test('what a streamed range cannot do is UNIMPLEMENTED, so that clients fall back to Range', async (t) => {
  const served = await filled(t, 3, 10);
  const order = '12 RangeStream does not support custom sort orders';
  const filter = '12 RangeStream does not support revision filters';
  const cases: [Uint8Array, string][] = [
    [all({ sortOrder: 2 }), order],
    [all({ sortOrder: 1, sortTarget: 3 }), order],
    [all({ sortTarget: 1 }), order],
    [all({ minModRevision: 1 }), filter],
    [all({ maxCreateRevision: 1 }), filter],
  ];
  for (const [request, expected] of cases) t.equal(await served.outcome('KV/RangeStream', request), expected);
  t.equal(
    (await streamed(served, all({ sortOrder: 1 }))).flatMap(keysOf).length,
    3,
    'the order of keys is fine',
  );
});
