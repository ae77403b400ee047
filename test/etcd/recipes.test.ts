import t, { type Test } from 'tap';
import { linePrefix, oldestRange } from '../../src/etcd/line.ts';
import { type Cluster, startCluster } from '../../src/index.ts';
import { decodeCold, encodeCold } from '../../src/wire/cold-codec.ts';
import {
  decodeRangeResponse,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
} from '../../src/wire/kv-codec.ts';
import {
  decodeLeaseLeasesResponse,
  decodeLeaseTimeToLiveResponse,
  encodeLeaseTimeToLiveRequest,
} from '../../src/wire/lease-codec.ts';
import {
  decodeLockResponse,
  encodeCampaignRequest,
  encodeLeaderRequest,
  encodeLockRequest,
} from '../../src/wire/recipe-messages.ts';
import { bytes, del, put, text } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { electionSession, lockSession, RecipeSession, shownLeader } from './recipe-session.ts';
import { Caller } from './served.ts';

async function open(
  t: Test,
  members = 1,
): Promise<{ cluster: Cluster; callers: Caller[]; session: RecipeSession }> {
  const cluster = await startCluster({ members, listen: true, heartbeatMs: 100, electionMs: 2000 });
  const callers = cluster.clientUrls.map((url) => new Caller(url.slice('http://'.length)));
  t.teardown(async () => {
    for (const caller of callers) caller.closeClient();
    await cluster.close();
  });
  return { cluster, callers, session: new RecipeSession(callers[0]!) };
}

t.test('locks are handed on in the order in which they were asked for', async (t) => {
  const { callers } = await open(t);
  t.strictSame(await lockSession(callers[0]!), [
    'unknown lease: 2 etcdserver: requested lease not found',
    'negative lease: 2 etcdserver: requested lease not found',
    'first: l/1f r2',
    'again with the same lease: l/1f r2',
    'second: l/1 r5',
    'third: l/2 r6',
    'unlock: 0 ',
    'unlock: 0 ',
    'unlock: 0 ',
    'unlock what is not locked: 0 ',
    'unlock nothing: 2 etcdserver: key is not provided',
    'without a name: /3 r8',
    'left: 0',
  ]);
});

t.test('elections: one leads at a time, proclaims, and is observed', async (t) => {
  const { callers } = await open(t);
  t.strictSame(await electionSession(callers[0]!), [
    'nobody: 2 election: no leader',
    'no leader key: 2 "leader" field must be provided',
    'no leader key: 2 "leader" field must be provided',
    'with a key that is not there: 2 election: not leader',
    'with a key that is not there: 0 ',
    'with an empty key: 2 etcdserver: key is not provided',
    'unknown lease: 2 etcdserver: requested lease not found',
    'first: e e/1@2 lease 1 r2',
    'first: e/1@2/2/1=a lease 1 r2',
    'first: 0 ',
    'first: e/1@2/3/2=b lease 1 r3',
    'again with another value: e e/1@2 lease 1 r3',
    'again with the same value: e e/1@2 lease 1 r4',
    'second: e e/2@5 lease 2 r5',
    'still the first: e/1@2/4/3=c lease 1 r5',
    'first: 0 ',
    'too late: 2 election: not leader',
    'twice: 0 ',
    'second: e/2@5/5/1=x lease 2 r6',
    'second: 0 ',
    'nobody: 2 election: no leader',
    'first once more: e e/1@9 lease 1 r9',
    'observed: e/1@2/2/1=a lease 1 r2',
    'observed: e/1@2/3/2=b lease 1 r3',
    'observed: e/1@2/4/3=c lease 1 r4',
    'observed: e/2@5/5/1=x lease 2 r6',
    'observed: e/2@5/7/2=y lease 2 r7',
    'observed: e/1@9/9/1=z lease 1 r9',
  ]);
});

t.test('members hand a lock on to each other, and nobody holds it beside another', async (t) => {
  const { callers, session } = await open(t, 3);
  let holders = 0;
  let most = 0;
  await session.grant(99n);
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const own = new RecipeSession(callers[index % 3]!);
      const lease = BigInt(index + 1);
      await own.grant(lease);
      await own.lock('mine', 'l', lease);
      most = Math.max(most, ++holders);
      await new Promise(setImmediate);
      holders--;
      await own.unlock('done', `l/${lease.toString(16)}`);
      t.match(own.log[0], `mine: l/${lease.toString(16)} `);
    }),
  );
  t.equal(most, 1);
  t.equal(await session.standing('l'), 0);
});

t.test('whose lease ends while waiting does not get the lock', async (t) => {
  const { session } = await open(t);
  for (const id of [1n, 2n, 3n]) await session.grant(id);
  await session.lock('first', 'l', 1n);
  const second = session.lock('second', 'l', 2n);
  await session.untilStanding('l', 2);
  const third = session.lock('third', 'l', 3n);
  await session.untilStanding('l', 3);
  await session.revoke(2n);
  await session.unlock('unlock', 'l/1');
  await Promise.all([second, third]);
  t.ok(session.log.includes('second: 2 mutex: session is expired'), session.log.join('\n'));
  t.ok(session.log.includes('third: l/3 r6'), session.log.join('\n'));
});

t.test('whoever goes away while waiting leaves the line', async (t) => {
  const { callers, session } = await open(t);
  for (const id of [1n, 2n, 3n]) await session.grant(id);
  await session.lock('first', 'l', 1n);
  const waiting = callers[0]!.stream('/v3lockpb.Lock/Lock');
  waiting.send(encodeLockRequest({ name: bytes('l'), lease: 2n }));
  waiting.call.end();
  await session.untilStanding('l', 2);
  waiting.call.cancel();
  await session.untilStanding('l', 1);
  await session.campaign('first', 'e', 1n, 'v');
  const candidate = callers[0]!.stream('/v3electionpb.Election/Campaign');
  candidate.send(encodeCampaignRequest({ name: bytes('e'), lease: 2n, value: bytes('v') }));
  candidate.call.end();
  await session.untilStanding('e', 2);
  candidate.call.cancel();
  await session.untilStanding('e', 1);
});

t.test(
  'without a lease one of a minute is granted, and not renewed; a given one is renewed once',
  async (t) => {
    const { callers, session } = await open(t);
    const response = await callers[0]!.response(
      '/v3lockpb.Lock/Lock',
      encodeLockRequest({ name: bytes('l'), lease: 0n }),
    );
    const leases = await callers[0]!.response('Lease/LeaseLeases', new Uint8Array(0));
    const [lease] = decodeLeaseLeasesResponse(leases).ids;
    t.equal(text(decodeLockResponse(response).key), `l/${lease!.toString(16)}`);
    const left = decodeLeaseTimeToLiveResponse(
      await callers[0]!.response(
        'Lease/LeaseTimeToLive',
        encodeLeaseTimeToLiveRequest({ id: lease!, keys: true }),
      ),
    );
    t.equal(left.grantedTtl, 60);
    t.strictSame(left.keys.map(text), [`l/${lease!.toString(16)}`]);
    await session.grant(5n);
  },
);

t.test('a compaction does not disturb those who wait and observe', async (t) => {
  const { callers, session } = await open(t);
  for (const id of [1n, 2n]) await session.grant(id);
  const seen = session.observe('e');
  await session.campaign('first', 'e', 1n, 'a');
  await until('the leader is seen', () => seen.messages.length === 1);
  const second = session.campaign('second', 'e', 2n, 'b');
  await session.untilStanding('e', 2);
  for (let i = 0; i < 10; i++) await callers[0]!.response('KV/Put', encodePutRequest(put('other', `${i}`)));
  await session.compact(10);
  await callers[0]!.response('KV/DeleteRange', encodeDeleteRangeRequest(del('e/1')));
  await second;
  await until('the next is seen', () => seen.messages.length === 2);
  t.strictSame(seen.messages.map(shownLeader), ['e/1@2/2/1=a lease 1 r2', 'e/2@3/3/1=b lease 2 r14']);
});

t.test('an observer that does not read loses nothing that is proclaimed', async (t) => {
  const { session } = await open(t);
  await session.grant(1n);
  const seen = session.observe('e');
  const leader = await session.campaign('first', 'e', 1n, 'a');
  await until('the leader is seen', () => seen.messages.length === 1);
  seen.call.pause();
  const value = 'v'.repeat(50_000);
  for (let i = 0; i < 60; i++) await session.proclaim('more', leader, `${i}${value}`);
  await session.resign('first', leader);
  await session.campaign('again', 'e', 1n, 'z');
  seen.call.resume();
  await until('everything is seen', () => seen.messages.length === 62);
  const numbers = seen.messages
    .slice(1, -1)
    .map((message) => Number.parseInt(shownLeader(message).split('=')[1]!, 10));
  t.strictSame(
    numbers,
    Array.from({ length: 60 }, (_, i) => i),
  );
  t.match(shownLeader(seen.messages[61]!), '=z lease 1');
});

t.test('a line is all keys behind its name and a slash, and no other', async (t) => {
  const { callers } = await open(t);
  for (const key of ['a', 'a.', 'a/2', 'a/1', 'a0', 'a/x']) {
    await callers[0]!.response('KV/Put', encodePutRequest(put(key, '')));
  }
  const { kvs } = decodeRangeResponse(
    await callers[0]!.response(
      'KV/Range',
      encodeRangeRequest({ ...oldestRange(linePrefix(bytes('a'))), limit: 0 }),
    ),
  );
  t.strictSame(
    kvs.map((kv) => text(kv.key)),
    ['a/2', 'a/1', 'a/x'],
  );
});

t.test('who stands in a line must be allowed to read and write its keys', async (t) => {
  const { callers } = await open(t);
  const caller = callers[0]!;
  const ask = async (method: string, request: object): Promise<Buffer> =>
    caller.response(
      `Auth/${method}`,
      encodeCold(`etcdserverpb.Auth${method.replace('Auth', '')}Request`, request),
    );
  for (const [name, role] of [
    ['root', 'root'],
    ['ann', 'locks'],
    ['bob', 'reads'],
  ] as const) {
    await ask('UserAdd', { name, password: 'p' });
    if (role !== 'root') await ask('RoleAdd', { name: role });
    await ask('UserGrantRole', { user: name, role });
  }
  const all = { key: bytes('l/'), range_end: bytes('l0') };
  await ask('RoleGrantPermission', { name: 'locks', perm: { permType: 2, ...all } });
  await ask('RoleGrantPermission', { name: 'reads', perm: { permType: 0, ...all } });
  await ask('AuthEnable', {});
  const tokenOf = async (name: string): Promise<Record<string, string>> => {
    const request = encodeCold('etcdserverpb.AuthenticateRequest', { name, password: 'p' });
    const bytes = await caller.response('Auth/Authenticate', request);
    return { token: decodeCold<{ token: string }>('etcdserverpb.AuthenticateResponse', bytes).token };
  };
  const [ann, bob] = [await tokenOf('ann'), await tokenOf('bob')];
  const lock = encodeLockRequest({ name: bytes('l'), lease: 0n });
  const other = encodeLockRequest({ name: bytes('m'), lease: 0n });
  t.equal(await caller.outcome('/v3lockpb.Lock/Lock', lock), '2 etcdserver: user name is empty');
  t.equal(
    await caller.outcome('/v3lockpb.Lock/Lock', lock, { token: 'no' }),
    '2 etcdserver: invalid auth token',
  );
  t.equal(await caller.outcome('/v3lockpb.Lock/Lock', lock, bob), '2 etcdserver: permission denied');
  t.equal(await caller.outcome('/v3lockpb.Lock/Lock', other, ann), '2 etcdserver: permission denied');
  t.equal(await caller.outcome('/v3lockpb.Lock/Lock', lock, ann), '0 ');
  const leader = '/v3electionpb.Election/Leader';
  t.equal(await caller.outcome(leader, encodeLeaderRequest(bytes('l')), bob), '0 ');
  t.equal(
    await caller.outcome(leader, encodeLeaderRequest(bytes('m')), bob),
    '2 etcdserver: permission denied',
  );
  const observing = caller.stream('/v3electionpb.Election/Observe', bob);
  observing.send(encodeLeaderRequest(bytes('m')));
  await until('the end', () => observing.ended !== null);
  t.equal(observing.ended, '2 etcdserver: permission denied');
});
