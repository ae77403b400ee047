/** Who may do what, through every service: each of them asks, in etcd's order and with etcd's words. */

import t, { type Test } from 'tap';
import { nobody } from '../../src/auth/types.ts';
import { ServiceContext } from '../../src/etcd/context.ts';
import { serverStream } from '../../src/etcd/guard.ts';
import { etcdMethods } from '../../src/etcd/services.ts';
import { startMember } from '../../src/index.ts';
import { type RpcCall, type RpcStatus, type RpcStream, wholeOf } from '../../src/rpc/transport.ts';
import { encodeAuthRequest } from '../../src/wire/auth-codec.ts';
import type { AuthRequest } from '../../src/wire/auth-messages.ts';
import { encodeMemberAddRequest } from '../../src/wire/client-messages.ts';
import { decodeCold } from '../../src/wire/cold-codec.ts';
import { encodeAlarmRequest, encodeMemberListRequest } from '../../src/wire/cold-messages.ts';
import {
  decodeRangeResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import * as lease from '../../src/wire/lease-codec.ts';
import { decodeWatchResponse, encodeWatchRequest } from '../../src/wire/watch-codec.ts';
import { bytes, compare, del, put, putOp, range, rangeOp, txn } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { FakeAuth } from './fake-auth.ts';
import { FakeMember } from './fake-member.ts';
import { Caller } from './served.ts';

const OK = '0 ';
const DENIED = '7 etcdserver: permission denied';
const NAMELESS = '3 etcdserver: user name is empty';
const BAD_TOKEN = '16 etcdserver: invalid auth token';
const OLD = '3 etcdserver: revision of auth store is old';

const methodOf: Readonly<Record<string, string>> = {
  enable: 'AuthEnable',
  disable: 'AuthDisable',
  authenticate: 'Authenticate',
  status: 'AuthStatus',
};

interface Cluster {
  readonly caller: Caller;
  readonly root: Record<string, string>;
  readonly alice: Record<string, string>;
  readonly reader: Record<string, string>;
  readonly bad: Record<string, string>;
  ask(request: AuthRequest, metadata?: Record<string, string>): Promise<string>;
}

async function token(caller: Caller, name: string): Promise<Record<string, string>> {
  const request = encodeAuthRequest({ kind: 'authenticate', name, password: name });
  const answer = await caller.response('Auth/Authenticate', request);
  return { token: decodeCold<{ token: string }>('etcdserverpb.AuthenticateResponse', answer).token };
}

/** Alice may read and write from `a` up to `b`, the reader may read there; auth is on. */
async function open(t: Test): Promise<Cluster> {
  const member = await startMember({
    memory: true,
    bcryptCost: 4,
    listenClientUrls: ['http://127.0.0.1:0'],
  });
  const caller = new Caller(member.clientUrls[0]!.slice('http://'.length));
  t.teardown(async () => {
    caller.closeClient();
    await member.close();
  });
  const ask = (request: AuthRequest, metadata = {}): Promise<string> => {
    const { kind } = request;
    const method = methodOf[kind] ?? kind[0]!.toUpperCase() + kind.slice(1);
    return caller.outcome(`Auth/${method}`, encodeAuthRequest(request), metadata);
  };
  for (const name of ['root', 'alice', 'reader']) {
    t.equal(await ask({ kind: 'userAdd', name, password: name, noPassword: false }), OK);
    t.equal(await ask({ kind: 'roleAdd', role: name }), OK);
    t.equal(await ask({ kind: 'userGrantRole', name, role: name }), OK);
  }
  const interval = { key: bytes('a'), rangeEnd: bytes('b') };
  const grant = (role: string, type: number): Promise<string> =>
    ask({ kind: 'roleGrantPermission', role, permission: { type, ...interval } });
  t.equal(await grant('alice', 2), OK);
  t.equal(await grant('reader', 0), OK);
  t.equal(await ask({ kind: 'enable' }), OK);
  const [root, alice, reader] = await Promise.all(
    ['root', 'alice', 'reader'].map((name) => token(caller, name)),
  );
  return { caller, root: root!, alice: alice!, reader: reader!, bad: { token: 'nonsense.1' }, ask };
}

/** A name for what each of alice, the reader, nobody, and a wrong token get. */
async function outcomes(
  { caller, alice, reader, bad }: Cluster,
  path: string,
  request: Uint8Array,
): Promise<string[]> {
  const results: string[] = [];
  for (const who of [alice, reader, {}, bad]) results.push(await caller.outcome(path, request, who));
  return results;
}

t.test('keys: reading, writing, and what a txn might do', async (t) => {
  const cluster = await open(t);
  const { caller, root, alice } = cluster;
  const same = async (path: string, request: Uint8Array, alices: string, readers: string): Promise<void> => {
    const title = `${path} ${JSON.stringify(Buffer.from(request).toString('latin1'))}`;
    const expected = [alices, readers, NAMELESS, BAD_TOKEN];
    t.same(await outcomes(cluster, `KV/${path}`, request), expected, title);
  };
  await same('Put', encodePutRequest(put('a', '1')), OK, DENIED);
  await same('Put', encodePutRequest(put('b', '1')), DENIED, DENIED);
  t.equal(await caller.outcome('KV/Put', encodePutRequest(put('b', '1')), root), OK);
  for (const serializable of [false, true]) {
    await same('Range', encodeRangeRequest(range('a', { serializable })), OK, OK);
    await same('Range', encodeRangeRequest(range('a', { end: 'b', serializable })), OK, OK);
    await same('Range', encodeRangeRequest(range('a', { end: 'c', serializable })), DENIED, DENIED);
    await same('Range', encodeRangeRequest(range('a', { end: '\0', serializable })), DENIED, DENIED);
    await same('RangeStream', encodeRangeRequest(range('a', { end: 'b', serializable })), OK, OK);
    await same('RangeStream', encodeRangeRequest(range('b', { serializable })), DENIED, DENIED);
    const read = txn([rangeOp(range('a', { serializable }))]);
    await same('Txn', encodeTxnRequest(read), OK, OK);
    await same('Txn', encodeTxnRequest({ ...read, failure: [rangeOp(range('b'))] }), DENIED, DENIED);
    await same('Txn', encodeTxnRequest({ ...read, compare: [compare('b')] }), DENIED, DENIED);
  }
  const write = txn([putOp(put('a', '2'))], [rangeOp(range('a'))], [compare('a', { target: 1 })]);
  await same('Txn', encodeTxnRequest(write), OK, DENIED);
  await same('Txn', encodeTxnRequest({ ...write, failure: [putOp(put('b', ''))] }), DENIED, DENIED);
  await same('DeleteRange', encodeDeleteRangeRequest(del('a', 'b')), OK, DENIED);
  await same('DeleteRange', encodeDeleteRangeRequest(del('a', 'c')), DENIED, DENIED);
  await same('Compact', encodeCompactionRequest({ revision: 2, physical: false }), DENIED, DENIED);
  const compact = encodeCompactionRequest({ revision: 2, physical: true });
  t.equal(await caller.outcome('KV/Compact', compact, root), OK);
  t.equal(
    await caller.outcome('KV/Range', encodeRangeRequest(range('')), { token: 'nonsense' }),
    '3 etcdserver: key is not provided',
    'what is wrong with the request comes first',
  );
  t.equal(await caller.outcome('KV/Range', encodeRangeRequest(range('a')), alice), OK);
});

t.test('leases: who ends or renews one must be allowed to write its keys', async (t) => {
  const cluster = await open(t);
  const { caller, root, alice, reader } = cluster;
  const granted = lease.encodeLeaseGrantRequest({ id: 7n, ttl: 600 });
  const again = '9 etcdserver: lease already exists';
  t.same(await outcomes(cluster, 'Lease/LeaseGrant', granted), [OK, again, NAMELESS, BAD_TOKEN]);
  t.equal(await caller.outcome('KV/Put', encodePutRequest(put('a', '', { lease: 7n })), alice), OK);
  const alsoRoots = lease.encodeLeaseGrantRequest({ id: 8n, ttl: 600 });
  t.equal(await caller.outcome('Lease/LeaseGrant', alsoRoots, root), OK);
  t.equal(await caller.outcome('KV/Put', encodePutRequest(put('z', '', { lease: 8n })), root), OK);
  t.equal(
    await caller.outcome('KV/Put', encodePutRequest(put('a1', '', { lease: 8n })), alice),
    DENIED,
    'a key of hers on a lease whose keys she may not delete',
  );
  const left = (id: bigint, keys: boolean): Promise<string[]> =>
    outcomes(cluster, 'Lease/LeaseTimeToLive', lease.encodeLeaseTimeToLiveRequest({ id, keys }));
  t.same(await left(7n, true), [OK, OK, NAMELESS, BAD_TOKEN]);
  t.same(await left(8n, true), [DENIED, DENIED, NAMELESS, BAD_TOKEN]);
  t.same(await left(8n, false), [OK, OK, NAMELESS, BAD_TOKEN]);
  t.same(await left(9n, true), [OK, OK, NAMELESS, BAD_TOKEN], 'one that is not there');
  const list = new Uint8Array(0);
  t.same(await outcomes(cluster, 'Lease/LeaseLeases', list), [DENIED, DENIED, NAMELESS, BAD_TOKEN]);
  t.equal(await caller.outcome('Lease/LeaseLeases', list, root), OK);

  const renewed = async (id: bigint, who: Record<string, string>): Promise<string> => {
    const stream = caller.stream('Lease/LeaseKeepAlive', who);
    stream.send(lease.encodeLeaseKeepAliveRequest(id));
    stream.call.end();
    await until('the end', () => stream.ended !== null);
    return `${stream.messages.length}: ${stream.ended}`;
  };
  t.equal(await renewed(7n, alice), `1: ${OK}`);
  t.equal(await renewed(7n, reader), `0: ${DENIED}`);
  t.equal(await renewed(8n, alice), `0: ${DENIED}`);
  t.equal(await renewed(9n, reader), `1: ${OK}`);
  t.equal(await renewed(7n, {}), `0: ${NAMELESS}`);
  t.equal(await renewed(7n, cluster.bad), `0: ${BAD_TOKEN}`);

  const revoke = (id: bigint): Promise<string[]> =>
    outcomes(cluster, 'Lease/LeaseRevoke', lease.encodeLeaseRevokeRequest(id));
  t.same(await revoke(8n), [DENIED, DENIED, NAMELESS, BAD_TOKEN]);
  t.same(await revoke(7n), [OK, '5 etcdserver: requested lease not found', NAMELESS, BAD_TOKEN]);
});

t.test('the cluster and its maintenance: users may look, root may act', async (t) => {
  const cluster = await open(t);
  const { caller, root } = cluster;
  const empty = new Uint8Array(0);
  const named = [OK, OK, NAMELESS, BAD_TOKEN];
  t.same(await outcomes(cluster, 'Cluster/MemberList', encodeMemberListRequest(true)), named);
  const listed = encodeAlarmRequest({ action: 0, memberId: 0n, alarm: 0 });
  t.same(await outcomes(cluster, 'Maintenance/Alarm', listed), named);
  const rootOnly = [
    'Cluster/MemberRemove',
    'Maintenance/Status',
    'Maintenance/Defragment',
    'Maintenance/HashKV',
  ];
  for (const path of rootOnly) {
    t.same(await outcomes(cluster, path, empty), [DENIED, DENIED, NAMELESS, BAD_TOKEN], path);
    t.notSame(await caller.outcome(path, empty, root), DENIED);
  }
  const add = encodeMemberAddRequest(['http://127.0.0.1:1'], true);
  const refused = await Promise.all(
    [cluster.alice, undefined].map((token) => caller.outcome('Cluster/MemberAdd', add, token)),
  );
  t.same(refused, [DENIED, NAMELESS]);
  const health = '/grpc.health.v1.Health/Check';
  t.same(await outcomes(cluster, health, empty), [OK, OK, OK, OK]);
  t.equal(await cluster.ask({ kind: 'status' }), OK);
  t.equal(await cluster.ask({ kind: 'userList' }, cluster.alice), DENIED);
  t.equal(await cluster.ask({ kind: 'disable' }, root), OK);
  t.same(await outcomes(cluster, 'Maintenance/Status', empty), [OK, OK, OK, OK], 'with auth off all may');
});

t.test('a watch is refused within its stream, in order, and the others go on', async (t) => {
  const { caller, root, alice, ask } = await open(t);
  const create = (key: string, fields: object = {}): Uint8Array =>
    encodeWatchRequest({
      kind: 'create',
      create: {
        key: bytes(key),
        rangeEnd: bytes(''),
        startRevision: 0,
        progressNotify: false,
        filters: [],
        prevKv: false,
        watchId: 0,
        fragment: false,
        ...fields,
      },
    });
  const told = async (who: Record<string, string>, ...requests: Uint8Array[]): Promise<string[]> => {
    const stream = caller.stream('Watch/Watch', who);
    for (const request of requests) stream.send(request);
    await until('all answers', () => stream.messages.length >= requests.length);
    return stream.messages.map((message) => {
      const { watchId, created, canceled, cancelReason, header } = decodeWatchResponse(message);
      t.ok(created);
      t.ok(header.revision > 0);
      return canceled ? `${watchId} ${cancelReason}` : `${watchId}`;
    });
  };
  const denied = '-1 rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  const compacted = '-1 etcdserver: mvcc: required revision has been compacted';
  const below = { startRevision: -1 };
  t.same(await told(alice, create('a'), create('z'), create('a1'), create('z', below)), [
    '0',
    denied,
    '1',
    compacted,
  ]);
  t.same(await told(alice, create(''), create('a', { rangeEnd: bytes('\0') })), [denied, denied]);
  t.same(await told(root, create('', { rangeEnd: bytes('\0') })), ['0']);
  t.same(await told({}, create('a'), create('a', below)), [
    '-1 rpc error: code = InvalidArgument desc = etcdserver: user name is empty',
    compacted,
  ]);
  t.same(await told({ token: 'nonsense' }, create('a')), [
    '-1 rpc error: code = Unauthenticated desc = etcdserver: invalid auth token',
  ]);

  const stream = caller.stream('Watch/Watch', alice);
  stream.send(create('a'));
  await until('it is there', () => stream.messages.length === 1);
  t.equal(await ask({ kind: 'roleDelete', role: 'alice' }, root), OK);
  stream.send(create('a'));
  await until('the refusal', () => stream.messages.length === 2);
  t.equal(decodeWatchResponse(stream.messages[1]!).cancelReason, denied.slice(3));
});

// What takes more than one turn, on a member whose turns the test makes.

async function fake(): Promise<{ member: FakeMember; auth: FakeAuth; change: () => void }> {
  const member = await FakeMember.open();
  const auth = await FakeAuth.open(member.runtime);
  Object.assign(member, { auth });
  const hashedPassword = 'eA==';
  auth.apply({ kind: 'userAdd', name: 'root', hashedPassword, noPassword: false }, nobody);
  auth.apply({ kind: 'userGrantRole', name: 'root', role: 'root' }, nobody);
  auth.apply({ kind: 'enable' }, nobody);
  let roles = 0;
  const change = (): void =>
    auth.apply({ kind: 'roleAdd', role: `r${roles++}` }, { user: 'root', revision: auth.auth.revision });
  return { member, auth, change };
}

/** A token of root's whose entry is the next one, and what applies that. */
function comingToken(auth: FakeAuth): { token: string; apply: () => void } {
  const prefix = 'abcdefghijklmnop';
  const checkedRevision = auth.auth.revision;
  return {
    token: `${prefix}.${auth.index + 1}`,
    apply: () => auth.apply({ kind: 'authenticate', name: 'root', prefix, checkedRevision }, nobody),
  };
}

function callOf(path: string, token: string): RpcCall {
  return {
    path: `/etcdserverpb.${path}`,
    metadata: (key) => (key === 'token' ? token : undefined),
    peer: 'test',
    commonName: '',
    onCancel: () => {},
  };
}

t.test('a unary call waits for the entry of its token', async (t) => {
  const { member, auth } = await fake();
  const { token, apply } = comingToken(auth);
  const range1 = encodeRangeRequest(range('a', { serializable: true }));
  const method = etcdMethods(member).get('/etcdserverpb.KV/Range')!;
  if (method.kind !== 'unary') throw new Error('unary');
  const answers: (RpcStatus | null)[] = [];
  method.handle(range1, callOf('KV/Range', token), (status) => answers.push(status));
  t.same(answers, []);
  apply();
  t.same(answers, [null]);
});

class FakeStream implements RpcStream {
  readonly path: string;
  readonly peer = 'test';
  readonly commonName = '';
  readonly bufferedBytes = 0;
  readonly written: Uint8Array[] = [];
  readonly #token: string;
  isPaused = false;
  ended: RpcStatus | null | undefined = undefined;
  give: (request: Uint8Array) => void = () => {};
  drain: () => void = () => {};
  cancel: () => void = () => {};
  /** Takes that many messages until it is full. */
  room = Number.POSITIVE_INFINITY;

  constructor(path: string, token: string) {
    this.path = `/etcdserverpb.${path}`;
    this.#token = token;
  }

  metadata(key: string): string | undefined {
    return key === 'token' ? this.#token : undefined;
  }

  onCancel(listener: () => void): void {
    this.cancel = listener;
  }

  onMessage(listener: (request: Uint8Array) => void): void {
    this.give = listener;
  }

  onHalfClose(): void {}

  onDrain(listener: () => void): void {
    this.drain = listener;
  }

  write(response: Uint8Array): boolean {
    this.written.push(response);
    return this.written.length < this.room;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(status: RpcStatus | null): void {
    this.ended = status;
  }
}

t.test('nothing is read from a stream before its token can be judged', async (t) => {
  const { member, auth } = await fake();
  const { token, apply } = comingToken(auth);
  const methods = etcdMethods(member);
  for (const path of ['Watch/Watch', 'Lease/LeaseKeepAlive', 'KV/RangeStream']) {
    const method = methods.get(`/etcdserverpb.${path}`)!;
    if (method.kind !== 'stream') throw new Error('stream');
    const waiting = new FakeStream(path, token);
    method.handle(waiting);
    t.equal(waiting.isPaused, true, path);
    const other = new FakeStream(path, 'nonsense');
    method.handle(other);
    t.equal(other.isPaused, false, `${path}: a token of no kind needs no waiting`);
    const { index } = auth;
    auth.auth.applied(index + 1);
    t.equal(waiting.isPaused, false, path);
    auth.auth.applied(index);
    for (const stream of [waiting, other]) stream.cancel();
  }
  apply();
});

t.test('a stream that is for root is refused when its request comes', async (t) => {
  const { member, auth } = await fake();
  const { token, apply } = comingToken(auth);
  apply();
  const asked: string[] = [];
  const method = serverStream(new ServiceContext(member), (_request, stream) => asked.push(stream.path));
  if (method.kind !== 'stream') throw new Error('stream');
  const ends = ['', 'nonsense', token].map((shown) => {
    const stream = new FakeStream('Maintenance/Snapshot', shown);
    method.handle(stream);
    stream.give(new Uint8Array(0));
    return stream.ended?.code;
  });
  t.same(ends, [16, 16, undefined]);
  t.same(asked, ['/etcdserverpb.Maintenance/Snapshot']);
});

t.test('a range that is read in chunks is refused when users or roles change meanwhile', async (t) => {
  const { member, auth, change } = await fake();
  const value = 'x'.repeat(100_000);
  for (let i = 0; i < 30; i++) member.store.put(put(`k${i}`, value));
  const { token, apply } = comingToken(auth);
  apply();
  const methods = etcdMethods(member);
  const request = encodeRangeRequest(range('k', { end: 'l', serializable: true }));
  const unary = methods.get('/etcdserverpb.KV/Range')!;
  const stream = methods.get('/etcdserverpb.KV/RangeStream')!;
  if (unary.kind !== 'unary' || stream.kind !== 'stream') throw new Error('kinds');
  const answer = (meanwhile: () => void): Promise<[RpcStatus | null, Uint8Array | null]> =>
    new Promise((resolve) => {
      unary.handle(request, callOf('KV/Range', token), (status, response) =>
        resolve([status, response === null ? null : wholeOf(response)]),
      );
      meanwhile();
    });
  const [, whole] = await answer(() => {});
  t.equal(decodeRangeResponse(whole!).kvs.length, 30);
  const shown = (status: RpcStatus | null | undefined): string => `${status?.code} ${status?.message}`;
  t.equal(shown((await answer(change))[0]), OLD);

  const full = new FakeStream('KV/RangeStream', token);
  full.room = 1;
  stream.handle(full);
  full.give(request);
  t.equal(full.written.length, 1);
  change();
  full.room = 1000;
  full.drain();
  await until('the end', () => full.ended?.code !== undefined);
  t.equal(shown(full.ended), OLD);
  t.equal(full.written.length, 1);
});
