/** Leases on the wire: on a real member what etcd's clients see, and by hand what a stream does at its bounds. */

import t, { type Test } from 'tap';
import { ServiceContext } from '../../src/etcd/context.ts';
import { leaseMethods } from '../../src/etcd/lease.ts';
import { startMember } from '../../src/index.ts';
import type { ServedLeases } from '../../src/member/lease-types.ts';
import type { RpcStatus, RpcStream } from '../../src/rpc/transport.ts';
import { Failure } from '../../src/util/failure.ts';
import {
  decodeRangeResponse,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import * as codec from '../../src/wire/lease-codec.ts';
import { put, putOp, range, text, txn } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { FakeMember } from './fake-member.ts';
import { Caller } from './served.ts';

async function open(t: Test): Promise<Caller> {
  const member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  const caller = new Caller(member.clientUrls[0]!.slice('http://'.length));
  t.teardown(async () => {
    caller.closeClient();
    await member.close();
  });
  return caller;
}

const grantBytes = (id: bigint, ttl: number): Uint8Array => codec.encodeLeaseGrantRequest({ id, ttl });

async function grant(caller: Caller, id: bigint, ttl: number): Promise<{ id: bigint; ttl: number }> {
  return codec.decodeLeaseGrantResponse(await caller.response('Lease/LeaseGrant', grantBytes(id, ttl)));
}

async function putWith(caller: Caller, key: string, lease: bigint): Promise<string> {
  return caller.outcome('KV/Put', encodePutRequest(put(key, '1', { lease })));
}

async function timeToLive(caller: Caller, id: bigint): Promise<unknown> {
  const request = codec.encodeLeaseTimeToLiveRequest({ id, keys: true });
  const left = codec.decodeLeaseTimeToLiveResponse(await caller.response('Lease/LeaseTimeToLive', request));
  return { ttl: left.ttl, granted: left.grantedTtl, keys: left.keys.map(text), id: left.id };
}

async function keys(caller: Caller): Promise<{ keys: string[]; revision: number }> {
  const request = encodeRangeRequest(range('\0', { end: '\0' }));
  const { kvs, header } = decodeRangeResponse(await caller.response('KV/Range', request));
  return { keys: kvs.map((kv) => text(kv.key)), revision: header.revision };
}

t.test('grants, refusals, time to live, revocation and the list, as etcd answers them', async (t) => {
  const caller = await open(t);
  t.match(await grant(caller, 77n, 600), { id: 77n, ttl: 600 });
  t.match(await grant(caller, -3n, 600), { id: -3n, ttl: 600 });
  t.match(await grant(caller, 5n, -1), { ttl: 2 }, 'zero and less are raised');
  const picked = await grant(caller, 0n, 0);
  t.ok(picked.id > 0n);
  t.equal(await caller.outcome('Lease/LeaseGrant', grantBytes(77n, 5)), '9 etcdserver: lease already exists');
  const tooLong = grantBytes(9n, 9_000_000_001);
  t.equal(await caller.outcome('Lease/LeaseGrant', tooLong), '11 etcdserver: too large lease TTL');
  t.equal(await caller.outcome('Lease/LeaseGrant', grantBytes(8n, 9_000_000_000)), '0 ');

  const notFound = '5 etcdserver: requested lease not found';
  t.equal(await putWith(caller, 'a', 123n), notFound);
  t.equal(await caller.outcome('Lease/LeaseRevoke', codec.encodeLeaseRevokeRequest(123n)), notFound);
  t.same(await timeToLive(caller, 123n), { ttl: -1, granted: 0, keys: [], id: 123n });

  for (const key of ['b', 'a', 'c']) t.equal(await putWith(caller, key, 77n), '0 ');
  await putWith(caller, 'c', -3n);
  await putWith(caller, 'd', 0n);
  t.match(await timeToLive(caller, 77n), { granted: 600, keys: ['a', 'b'], id: 77n });

  const list = codec.decodeLeaseLeasesResponse(await caller.response('Lease/LeaseLeases', new Uint8Array(0)));
  // Those of two seconds may be over on a slow machine.
  const lasting = list.ids.filter((id) => id !== 5n && id !== picked.id);
  t.same([...lasting].sort(), [-3n, 77n, 8n].sort());

  const before = await keys(caller);
  const revoke = codec.encodeLeaseRevokeRequest(77n);
  const { header } = codec.decodeLeaseRevokeResponse(await caller.response('Lease/LeaseRevoke', revoke));
  t.equal(header.revision, before.revision + 1, 'two keys, one revision');
  t.same(await keys(caller), { keys: ['c', 'd'], revision: before.revision + 1 });
  const empty = await caller.response('Lease/LeaseRevoke', codec.encodeLeaseRevokeRequest(8n));
  t.equal(codec.decodeLeaseRevokeResponse(empty).header.revision, header.revision, 'no keys, no revision');
});

t.test('a lease ends with its keys when nobody renews it, and lives while somebody does', async (t) => {
  const caller = await open(t);
  const started = performance.now();
  await grant(caller, 1n, 4);
  await grant(caller, 2n, 4);
  await putWith(caller, 'renewed', 1n);
  await putWith(caller, 'left', 2n);
  const stream = caller.stream('Lease/LeaseKeepAlive');
  const answers = (): { id: bigint; ttl: number }[] =>
    stream.messages.map(codec.decodeLeaseKeepAliveResponse).map(({ id, ttl }) => ({ id, ttl }));
  const renewals = setInterval(() => stream.send(codec.encodeLeaseKeepAliveRequest(1n)), 300);
  t.teardown(() => clearInterval(renewals));
  let left: string[] = [];
  while (performance.now() - started < 60_000) {
    left = (await keys(caller)).keys;
    if (left.length < 2) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.same(left, ['renewed']);
  const lived = performance.now() - started;
  t.ok(lived >= 4000, `${lived} ms`);
  await until('four answers', () => answers().length >= 4);
  t.ok(answers().every(({ id, ttl }) => id === 1n && ttl === 4));
  clearInterval(renewals);

  stream.send(codec.encodeLeaseKeepAliveRequest(2n));
  await until('an answer for the lease that is gone', () => answers().some(({ id }) => id === 2n));
  t.same(answers().at(-1), { id: 2n, ttl: 0 });
  t.equal(stream.ended, null, 'the stream goes on');
  stream.call.end();
  await until('the end', () => stream.ended !== null);
  t.equal(stream.ended, '0 ', 'half-closing finishes it');
});

type Renewed = (failure: Failure | null, ttl: number) => void;

/** A stream in hand: what the service writes and how it treats its client. */
class FakeStream {
  readonly written: string[] = [];
  ended: RpcStatus | null | undefined;
  isPaused = false;
  /** What `write` returns. */
  hasRoom = true;
  message: (request: Uint8Array) => void = () => {};
  halfClose: () => void = () => {};
  drain: () => void = () => {};
  cancel: () => void = () => {};

  readonly rpc = {
    onMessage: (listener: (request: Uint8Array) => void) => {
      this.message = listener;
    },
    onHalfClose: (listener: () => void) => {
      this.halfClose = listener;
    },
    onDrain: (listener: () => void) => {
      this.drain = listener;
    },
    onCancel: (listener: () => void) => {
      this.cancel = listener;
    },
    write: (bytes: Uint8Array) => {
      const { id, ttl, header } = codec.decodeLeaseKeepAliveResponse(bytes);
      this.written.push(`${id} ${ttl} @${header.revision}`);
      return this.hasRoom;
    },
    pause: () => {
      this.isPaused = true;
    },
    resume: () => {
      this.isPaused = false;
    },
    end: (status: RpcStatus | null) => {
      this.ended = status;
    },
  } as unknown as RpcStream;

  ask(id: bigint): void {
    this.message(codec.encodeLeaseKeepAliveRequest(id));
  }
}

async function keepAlives(): Promise<{ stream: FakeStream; asked: Renewed[]; member: FakeMember }> {
  const member = await FakeMember.open();
  const asked: Renewed[] = [];
  const leases = { renew: (_id: bigint, done: Renewed) => asked.push(done) } as unknown as ServedLeases;
  const { LeaseKeepAlive: method } = leaseMethods(new ServiceContext(member), leases);
  const stream = new FakeStream();
  if (method?.kind !== 'stream') throw new Error('no stream');
  method.handle(stream.rpc);
  return { stream, asked, member };
}

t.test(
  'a renewal that has to wait does not hold up the others, and tells the revision it came at',
  async (t) => {
    const { stream, asked, member } = await keepAlives();
    stream.ask(1n);
    member.store.put(put('a', '1'));
    stream.ask(2n);
    asked[1]!(null, 20);
    t.same(stream.written, ['2 20 @2']);
    asked[0]!(null, 0);
    t.same(stream.written, ['2 20 @2', '1 0 @1']);
    t.equal(stream.ended, undefined);
  },
);

t.test('half-closing ends the stream when everything was answered', async (t) => {
  const { stream, asked } = await keepAlives();
  stream.ask(1n);
  stream.halfClose();
  t.equal(stream.ended, undefined);
  asked[0]!(null, 7);
  t.same([stream.written, stream.ended], [['1 7 @1'], null]);
  const idle = await keepAlives();
  idle.stream.halfClose();
  t.equal(idle.stream.ended, null);
});

t.test('a failure ends the stream in the words of etcd, once', async (t) => {
  const { stream, asked } = await keepAlives();
  stream.ask(1n);
  stream.ask(2n);
  asked[0]!(new Failure('noLeader'), 0);
  t.same(stream.ended, { code: 14, message: 'etcdserver: no leader' });
  asked[1]!(null, 5);
  stream.ask(3n);
  t.same([stream.written, asked.length], [[], 2], 'nothing follows');
  const primary = await keepAlives();
  primary.stream.ask(1n);
  primary.asked[0]!(new Failure('notPrimaryLessor'), 0);
  t.same(primary.stream.ended, { code: 2, message: 'not a primary lessor' });
  const malformed = await keepAlives();
  malformed.stream.message(Buffer.from('0a00', 'hex'));
  t.match(malformed.stream.ended, { code: 13, message: /^grpc: failed to unmarshal the received message: / });
});

// maxRenewalsPerStream of etcd/lease
t.test(
  'a client that does not read is not read, nor one that asks faster than it can be answered',
  async (t) => {
    const { stream, asked } = await keepAlives();
    stream.hasRoom = false;
    stream.ask(1n);
    asked[0]!(null, 5);
    t.equal(stream.isPaused, true);
    stream.hasRoom = true;
    stream.drain();
    t.equal(stream.isPaused, false);

    const greedy = await keepAlives();
    for (let i = 0; i < 999; i++) greedy.stream.ask(1n);
    t.equal(greedy.stream.isPaused, false);
    greedy.stream.ask(1n);
    t.equal(greedy.stream.isPaused, true);
    greedy.asked[500]!(null, 5);
    t.equal(greedy.stream.isPaused, false);
  },
);

t.test('a client that went away gets nothing any more', async (t) => {
  const { stream, asked } = await keepAlives();
  stream.ask(1n);
  stream.cancel();
  asked[0]!(null, 5);
  stream.drain();
  stream.halfClose();
  t.same([stream.written, stream.ended], [[], undefined]);
});

t.test('thousands of keys of a lease are listed in order, and go with it in one revision', async (t) => {
  const caller = await open(t);
  await grant(caller, 7n, 600);
  const count = 4500;
  const names = Array.from({ length: count }, (_, i) => `key/${String((i * 7919) % count).padStart(5, '0')}`);
  for (let from = 0; from < count; from += 125) {
    const puts = names.slice(from, from + 125).map((name) => putOp(put(name, '1', { lease: 7n })));
    t.equal(await caller.outcome('KV/Txn', encodeTxnRequest(txn(puts))), '0 ');
  }
  await putWith(caller, 'key/00500+', 0n);
  const listed = await timeToLive(caller, 7n);
  t.same((listed as { keys: string[] }).keys, [...names].sort());
  const before = await keys(caller);
  t.equal(await caller.outcome('Lease/LeaseRevoke', codec.encodeLeaseRevokeRequest(7n)), '0 ');
  t.same(await keys(caller), { keys: ['key/00500+'], revision: before.revision + 1 });
});
