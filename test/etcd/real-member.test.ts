/** The services on a real member: what only the whole can show. */

import t, { type Test } from 'tap';
import { startMember } from '../../src/index.ts';
import {
  decodeAlarmResponse,
  decodeStatusResponse,
  encodeAlarmRequest,
} from '../../src/wire/cold-messages.ts';
import {
  decodePutResponse,
  decodeRangeResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import type { WatchCreateRequest } from '../../src/wire/messages.ts';
import {
  type DecodedWatchResponse,
  decodeWatchResponse,
  encodeWatchRequest,
} from '../../src/wire/watch-codec.ts';
import { bytes, del, put, putOp, range, text, txn } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { Caller, type StreamLog } from './served.ts';

async function open(t: Test): Promise<{ caller: Caller; url: string }> {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const url = member.clientUrls[0]!;
  const caller = new Caller(url.slice('http://'.length));
  t.teardown(async () => {
    caller.closeClient();
    await member.close();
  });
  return { caller, url };
}

const putBytes = (...args: Parameters<typeof put>): Uint8Array => encodePutRequest(put(...args));

function create(fields: Partial<WatchCreateRequest> = {}): Uint8Array {
  const request: WatchCreateRequest = {
    key: bytes('k'),
    rangeEnd: bytes('l'),
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
    ...fields,
  };
  return encodeWatchRequest({ kind: 'create', create: request });
}

function show(response: DecodedWatchResponse): string {
  const { watchId, created, canceled, compactRevision, cancelReason, header } = response;
  const flags = `${created ? ' created' : ''}${canceled ? ' canceled' : ''}`;
  const compacted = compactRevision === 0 ? '' : ` compacted ${compactRevision}`;
  const events = response.events.map(({ type, kv, prevKv }) => {
    const previous = prevKv === null ? '' : `<${text(prevKv.value)}`;
    return ` ${type === 0 ? 'put' : 'del'} ${text(kv.key)}@${kv.modRevision}=${text(kv.value)}${previous}`;
  });
  const reason = cancelReason === '' ? '' : ` (${cancelReason})`;
  return `#${watchId} r${header.revision}${flags}${compacted}${reason}${events.join('')}`;
}

async function shown(stream: StreamLog, count: number): Promise<string[]> {
  await until(`${count} responses`, () => stream.messages.length >= count);
  return stream.messages.map((message) => show(decodeWatchResponse(message)));
}

t.test('what is written can be read, and is refused when the state says so', async (t) => {
  const { caller } = await open(t);
  t.equal(decodePutResponse(await caller.response('KV/Put', putBytes('a', '1'))).header.revision, 2);
  const read = decodeRangeResponse(await caller.response('KV/Range', encodeRangeRequest(range('a'))));
  t.equal(text(read.kvs[0]!.value), '1');
  t.equal(
    await caller.outcome('KV/Put', putBytes('a', '', { lease: 5n })),
    '5 etcdserver: requested lease not found',
  );
  const tooLarge = putBytes('a', 'x'.repeat(1_572_864));
  t.equal(await caller.outcome('KV/Put', tooLarge), '3 etcdserver: request is too large');
  const future = encodeCompactionRequest({ revision: 9, physical: true });
  t.equal(
    await caller.outcome('KV/Compact', future),
    '11 etcdserver: mvcc: required revision is a future revision',
  );
  t.equal(await caller.outcome('KV/Compact', encodeCompactionRequest({ revision: 2, physical: true })), '0 ');
  const status = decodeStatusResponse(await caller.response('Maintenance/Status', new Uint8Array(0)));
  t.ok(status.dbSize > 0 && status.raftIndex > 0 && status.leader === status.header.memberId);
  const list = encodeAlarmRequest({ action: 0, memberId: 0n, alarm: 0 });
  t.strictSame(decodeAlarmResponse(await caller.response('Maintenance/Alarm', list)).alarms, []);
});

t.test('a watch tells creation first, then every change, all of a revision together', async (t) => {
  const { caller } = await open(t);
  await caller.response('KV/Put', putBytes('k1', 'old'));
  const stream = caller.stream('Watch/Watch', { hasleader: 'true' });
  stream.send(create({ prevKv: true }));
  stream.send(create({ startRevision: 2, filters: [1] }));
  await shown(stream, 3);
  await caller.response('KV/Txn', encodeTxnRequest(txn([putOp(put('k1', 'new')), putOp(put('k2', '1'))])));
  await shown(stream, 5);
  await caller.response('KV/DeleteRange', encodeDeleteRangeRequest(del('k1')));
  await shown(stream, 6);
  stream.send(encodeWatchRequest({ kind: 'progress' }));
  await shown(stream, 7);
  stream.send(encodeWatchRequest({ kind: 'cancel', watchId: 1 }));
  const all = await shown(stream, 8);
  t.strictSame(all.slice(0, 3), ['#0 r2 created', '#1 r2 created', '#1 r2 put k1@2=old']);
  t.strictSame(all.slice(3, 5).sort(), [
    '#0 r3 put k1@3=new<old put k2@3=1',
    '#1 r3 put k1@3=new put k2@3=1',
  ]);
  t.strictSame(all.slice(5), ['#0 r4 del k1@4=<new', '#-1 r4', '#1 r4 canceled']);
});

t.test('watches that cannot be are refused within the stream, in etcd words', async (t) => {
  const { caller } = await open(t);
  for (let i = 0; i < 4; i++) await caller.response('KV/Put', putBytes('k', `${i}`));
  await caller.response('KV/Compact', encodeCompactionRequest({ revision: 4, physical: false }));
  const stream = caller.stream('Watch/Watch');
  stream.send(create({ startRevision: -1 }));
  stream.send(create({ rangeEnd: bytes('j') }));
  stream.send(create({ watchId: 7 }));
  stream.send(create({ watchId: 7 }));
  stream.send(create({ startRevision: 2 }));
  t.strictSame(await shown(stream, 6), [
    '#-1 r5 created canceled (etcdserver: mvcc: required revision has been compacted)',
    '#-1 r5 created canceled (mvcc: watcher range is empty)',
    '#7 r5 created',
    '#-1 r5 created canceled (mvcc: duplicate watch ID provided on the WatchStream)',
    '#0 r5 created',
    '#0 r0 canceled compacted 4',
  ]);
});

t.test('a watcher that never reads delays nobody and misses nothing', async (t) => {
  const { caller } = await open(t);
  const slow = caller.stream('Watch/Watch');
  slow.send(create());
  await shown(slow, 1);
  slow.call.pause();
  const quick = caller.stream('Watch/Watch');
  quick.send(create());
  const value = 'v'.repeat(50_000);
  for (let i = 0; i < 100; i++) await caller.response('KV/Put', putBytes(`k${i}`, value));
  const eventsOf = (stream: StreamLog): number =>
    stream.messages.reduce((sum, message) => sum + decodeWatchResponse(message).events.length, 0);
  await until('all events at the quick one', () => eventsOf(quick) === 100);
  slow.call.resume();
  await until('all events at the slow one', () => eventsOf(slow) === 100);
  const revisions = slow.messages.flatMap((message) =>
    decodeWatchResponse(message).events.map(({ kv }) => kv.modRevision),
  );
  t.strictSame(
    revisions,
    Array.from({ length: 100 }, (_, i) => i + 2),
  );
});

t.test('the member is ready over HTTP on the same port', async (t) => {
  const { caller, url } = await open(t);
  await caller.response('KV/Put', putBytes('a', '1'));
  const ready = await fetch(`${url}/readyz?verbose`);
  t.equal(ready.status, 200);
  t.match(await ready.text(), /\[\+\]linearizable_read ok\n/);
  t.equal(await (await fetch(`${url}/health`)).text(), '{"health":"true","reason":""}');
});
