import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { checkPeerUrls } from '../../src/etcd/peer-urls.ts';
import { type Member, type StartOptions, startMember } from '../../src/index.ts';
import { Failure } from '../../src/util/failure.ts';
import {
  decodeMemberAddResponse,
  decodeMembersResponse,
  encodeMemberAddRequest,
  encodeMemberPromoteRequest,
  encodeMemberRemoveRequest,
  encodeMemberUpdateRequest,
} from '../../src/wire/client-messages.ts';
import { decodeMemberListResponse, encodeMemberListRequest } from '../../src/wire/cold-messages.ts';
import { decodePutResponse, encodePutRequest } from '../../src/wire/kv-codec.ts';
import { put } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { Caller } from './served.ts';

interface Place {
  readonly name: string;
  readonly peerUrl: string;
}

const quick = { memory: true, heartbeatMs: 100, electionMs: 2000, listenClientUrls: ['http://127.0.0.1:0'] };

async function places(count: number): Promise<Place[]> {
  return (await freePorts(count)).map((port, at) => ({
    name: `m${at + 1}`,
    peerUrl: `http://127.0.0.1:${port}`,
  }));
}

function clusterOf(members: readonly Place[]): Record<string, string[]> {
  return Object.fromEntries(members.map(({ name, peerUrl }) => [name, [peerUrl]]));
}

async function start(t: Test, place: Place, options: StartOptions): Promise<Member> {
  const member = await startMember({
    ...quick,
    name: place.name,
    listenPeerUrls: [place.peerUrl],
    ...options,
  });
  t.teardown(() => member.close());
  return member;
}

function callerOf(t: Test, member: Member): Caller {
  const caller = new Caller(member.clientUrls[0]!.slice('http://'.length));
  t.teardown(() => caller.closeClient());
  return caller;
}

const idOf = (member: { id: string }): bigint => BigInt(`0x${member.id}`);

async function members(caller: Caller): Promise<ReturnType<typeof decodeMemberListResponse>['members']> {
  const bytes = await caller.response('Cluster/MemberList', encodeMemberListRequest(true));
  return decodeMemberListResponse(bytes).members;
}

t.test('only what etcd takes for a peer URL is one, and they are kept sorted', async (t) => {
  const good = [
    'http://a:1',
    'https://[::1]:2380',
    'unix://sock',
    'unixs://s:1',
    ' http://b:2 ',
    'HTTP://c:3',
  ];
  t.strictSame(checkPeerUrls(['http://b:2', ' http://a:1 ']), ['http://a:1', 'http://b:2']);
  for (const url of good) t.equal(checkPeerUrls([url])[0], url.trim());
  const refused = new Failure('memberUrlsInvalid');
  const bad = [
    '',
    'a',
    'a:1',
    'ftp://a:1',
    'http://a',
    'http://a:1/',
    'http://a:1/p',
    'http://a:b',
    'http://::1:2',
  ];
  for (const url of [...bad, 'http://a:99999', 'http://a:1?x', 'http:// a:1']) {
    t.throws(() => checkPeerUrls([url]), refused, url);
    t.throws(() => checkPeerUrls(['http://ok:1', url]), refused, url);
  }
  t.throws(() => checkPeerUrls([]), refused);
});

t.test('a change of membership that cannot be is refused in etcd words', async (t) => {
  const [first] = await places(1);
  const caller = callerOf(t, await start(t, first!, { initialCluster: clusterOf([first!]) }));
  await until('the member has published itself', async () => (await members(caller))[0]?.name !== '');
  const outcomes: [string, Uint8Array, string][] = [
    ['MemberAdd', encodeMemberAddRequest([], false), '3 etcdserver: given member URLs are invalid'],
    ['MemberAdd', encodeMemberAddRequest(['ftp://a:1'], true), '3 etcdserver: given member URLs are invalid'],
    ['MemberAdd', encodeMemberAddRequest([first!.peerUrl], true), '9 etcdserver: Peer URLs already exists'],
    ['MemberRemove', encodeMemberRemoveRequest(5n), '5 etcdserver: member not found'],
    ['MemberRemove', encodeMemberRemoveRequest(0n), '5 etcdserver: member not found'],
    ['MemberPromote', encodeMemberPromoteRequest(5n), '5 etcdserver: member not found'],
    ['MemberUpdate', encodeMemberUpdateRequest(5n, ['http://a:1']), '5 etcdserver: member not found'],
    ['MemberUpdate', encodeMemberUpdateRequest(5n, ['a']), '5 etcdserver: member not found'],
  ];
  for (const [method, request, outcome] of outcomes) {
    t.equal(await caller.outcome(`Cluster/${method}`, request), outcome, method);
  }
  const own = (await members(caller))[0]!.id;
  t.equal(
    await caller.outcome('Cluster/MemberUpdate', encodeMemberUpdateRequest(own, ['a'])),
    '3 etcdserver: given member URLs are invalid',
  );
  t.equal(
    await caller.outcome('Cluster/MemberPromote', encodeMemberPromoteRequest(own)),
    '9 etcdserver: can only promote a learner member',
  );
  t.equal(
    await caller.outcome('Cluster/MemberRemove', encodeMemberRemoveRequest(own)),
    '2 etcdserver: re-configuration failed due to not enough started members',
  );
  const learner = encodeMemberAddRequest(['http://127.0.0.1:1', 'http://127.0.0.1:2'], true);
  const added = decodeMemberAddResponse(await caller.response('Cluster/MemberAdd', learner));
  t.equal(added.header.revision, 0, 'headers of this service carry no revision');
  t.ok(added.header.raftTerm > 0);
  t.match(added.member, { name: '', clientUrls: [], isLearner: true });
  t.equal(
    await caller.outcome('Cluster/MemberPromote', encodeMemberPromoteRequest(added.member!.id)),
    '9 etcdserver: can only promote a learner member which is in sync with leader',
  );
  t.equal(
    await caller.outcome('Cluster/MemberAdd', encodeMemberAddRequest(['http://127.0.0.1:3'], true)),
    '9 etcdserver: too many learner members in cluster',
  );
  const update = encodeMemberUpdateRequest(added.member!.id, ['http://127.0.0.1:9']);
  const updated = decodeMembersResponse(await caller.response('Cluster/MemberUpdate', update));
  t.strictSame(updated.members.find(({ id }) => id === added.member!.id)!.peerUrls, ['http://127.0.0.1:9']);
});

t.test(
  'a member joins as a learner, is promoted, leads, and the first one leaves, while clients write',
  async (t) => {
    const all = await places(3);
    const initialCluster = clusterOf(all.slice(0, 2));
    const [first, second] = await Promise.all(
      all.slice(0, 2).map((place) => start(t, place, { initialCluster })),
    );
    const firstCaller = callerOf(t, first!);
    const secondCaller = callerOf(t, second!);
    await until('both have published themselves', async () =>
      (await members(firstCaller)).every(({ name }) => name !== ''),
    );
    let writes = 0;
    let isWriting = true;
    const writing = (async () => {
      for (; isWriting; writes++)
        await secondCaller.response('KV/Put', encodePutRequest(put('k', `${writes}`)));
    })();
    // Through a follower as well as through the leader: whoever is asked asks the one who leads.
    const add = encodeMemberAddRequest([all[2]!.peerUrl], true);
    const { member } = decodeMemberAddResponse(await secondCaller.response('Cluster/MemberAdd', add));
    const third = await start(t, all[2]!, {
      initialCluster: clusterOf(all),
      initialClusterState: 'existing',
    });
    t.equal(idOf(third), member!.id);
    const thirdCaller = callerOf(t, third);
    t.equal(
      await thirdCaller.outcome('Cluster/MemberList', encodeMemberListRequest(false)),
      '9 etcdserver: rpc not supported for learner',
    );
    const promote = encodeMemberPromoteRequest(member!.id);
    await until(
      'the learner is in sync',
      async () => (await firstCaller.outcome('Cluster/MemberPromote', promote)) === '0 ',
    );
    await until(
      'the learner knows it',
      async () => (await thirdCaller.outcome('Cluster/MemberList', encodeMemberListRequest(true))) === '0 ',
    );
    await until('all have published themselves', async () =>
      (await members(thirdCaller)).every(({ name }) => name !== ''),
    );
    const remove = encodeMemberRemoveRequest(idOf(first!));
    const left = decodeMembersResponse(await thirdCaller.response('Cluster/MemberRemove', remove));
    t.strictSame(
      left.members.map(({ id }) => id),
      [idOf(second!), idOf(third)].sort((a, b) => (a < b ? -1 : 1)),
    );
    t.match(await first!.failed, { reason: 'memberRemoved' });
    isWriting = false;
    await writing;
    t.ok(writes > 0);
    const { revision } = decodePutResponse(
      await thirdCaller.response('KV/Put', encodePutRequest(put('k', 'last'))),
    ).header;
    t.equal(revision, writes + 2, 'every write happened once');
    const again = encodeMemberAddRequest([all[0]!.peerUrl], true);
    const readded = decodeMemberAddResponse(await thirdCaller.response('Cluster/MemberAdd', again));
    t.not(readded.member!.id, idOf(first!), 'an id never comes back');
  },
);
