/** Maintenance on three real members: what has to hold for all of them. */

import t, { type Test } from 'tap';
import { downgradeTarget } from '../../src/etcd/downgrade.ts';
import { OneByOne } from '../../src/etcd/one-by-one.ts';
import { type Cluster, startCluster, startMember } from '../../src/index.ts';
import { Failure } from '../../src/util/failure.ts';
import {
  DowngradeAction,
  decodeDowngradeResponse,
  decodeHashKvResponse,
  decodeHashResponse,
  encodeDowngradeRequest,
  encodeHashKvRequest,
  encodeMoveLeaderRequest,
} from '../../src/wire/client-messages.ts';
import { decodeCold } from '../../src/wire/cold-codec.ts';
import {
  AlarmAction,
  AlarmType,
  decodeAlarmResponse,
  decodeStatusResponse,
  encodeAlarmRequest,
} from '../../src/wire/cold-messages.ts';
import {
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
} from '../../src/wire/kv-codec.ts';
import { del, put, range } from '../mvcc/requests.ts';
import { pauseFor } from '../waiting.ts';
import { Caller } from './served.ts';

const nothing = new Uint8Array(0);

async function open(t: Test): Promise<{ cluster: Cluster; callers: Caller[] }> {
  const cluster = await startCluster({ listen: true, heartbeatMs: 100, electionMs: 5000 });
  const callers = cluster.clientUrls.map((url) => new Caller(url.slice('http://'.length)));
  t.teardown(async () => {
    for (const caller of callers) caller.closeClient();
    await cluster.close();
  });
  // The first write waits for a leader, and a linearizable read until its member knows it.
  await callers[0]!.response('KV/Put', encodePutRequest(put('first', '')));
  await settled(callers);
  return { cluster, callers };
}

/** Until every member has applied what was acknowledged. */
async function settled(callers: readonly Caller[]): Promise<void> {
  for (const caller of callers) await caller.response('KV/Range', encodeRangeRequest(range('first')));
}

function indexOfLeader(cluster: Cluster): number {
  return cluster.members.findIndex((member) => member.status().role === 'leader');
}

t.test(
  'leadership is moved by the leader alone, and the answer comes when the other one leads',
  async (t) => {
    const { cluster, callers } = await open(t);
    const from = indexOfLeader(cluster);
    const to = (from + 1) % 3;
    const target = BigInt(`0x${cluster.members[to]!.id}`);
    const move = (at: number, id: bigint): Promise<string> =>
      callers[at]!.outcome('Maintenance/MoveLeader', encodeMoveLeaderRequest(id));
    t.equal(await move(to, target), '9 etcdserver: not leader');
    t.equal(await move(from, 5n), '9 etcdserver: bad leader transferee');
    t.equal(await move(from, 0n), '9 etcdserver: bad leader transferee');
    const answer = await callers[from]!.response('Maintenance/MoveLeader', encodeMoveLeaderRequest(target));
    t.equal(answer.length, 0, 'without a header');
    t.equal(cluster.members[from]!.status().leader, cluster.members[to]!.id);
    t.equal(await move(to, target), '0 ', 'to itself there is nothing to do');
  },
);

t.test('alarms are set and cleared for all members, and do what they say', async (t) => {
  const { callers } = await open(t);
  const alarm = async (at: number, action: number, kind: number, memberId = 0n): Promise<unknown> => {
    const request = encodeAlarmRequest({ action, memberId, alarm: kind });
    const { header, alarms } = decodeAlarmResponse(await callers[at]!.response('Maintenance/Alarm', request));
    t.ok(header.revision > 1 && header.raftTerm > 0, 'a full header');
    return alarms;
  };
  const { Get, Activate, Deactivate } = AlarmAction;
  const space = { memberId: 0n, alarm: AlarmType.NoSpace };
  const corrupt = { memberId: 2n ** 64n - 1n, alarm: AlarmType.Corrupt };
  t.strictSame(await alarm(0, Activate, AlarmType.None), [], 'no kind, no alarm');
  t.strictSame(await alarm(0, Activate, AlarmType.NoSpace), [space]);
  t.strictSame(await alarm(1, Activate, AlarmType.NoSpace), [space], 'the same again');
  t.strictSame(await alarm(1, Get, AlarmType.None), [space]);
  const write = encodePutRequest(put('a', '1'));
  t.equal(await callers[2]!.outcome('KV/Put', write), '8 etcdserver: mvcc: database space exceeded');
  t.strictSame(await alarm(2, Activate, AlarmType.Corrupt, corrupt.memberId), [corrupt]);
  t.strictSame(await alarm(2, Get, AlarmType.Corrupt), [corrupt]);
  t.equal(await callers[0]!.outcome('KV/Put', write), '15 etcdserver: corrupt cluster');
  await settled(callers);
  const status = decodeStatusResponse(await callers[1]!.response('Maintenance/Status', nothing));
  t.strictSame(status.errors, ['alarm:NOSPACE ', 'memberID:18446744073709551615 alarm:CORRUPT ']);
  t.strictSame(await alarm(1, Deactivate, AlarmType.Corrupt), [], 'another member has not raised it');
  t.strictSame(await alarm(1, Deactivate, AlarmType.Corrupt, corrupt.memberId), [corrupt]);
  t.strictSame(await alarm(1, Deactivate, AlarmType.NoSpace), [space]);
  t.strictSame(await alarm(1, Deactivate, AlarmType.NoSpace), []);
  t.strictSame(await alarm(0, Get, AlarmType.None), []);
  t.equal(await callers[2]!.outcome('KV/Put', write), '0 ');
});

t.test('all members have the same hashes, also while a compaction is being tidied up', async (t) => {
  const { callers } = await open(t);
  for (let i = 0; i < 60; i++) {
    const body = i % 7 === 6 ? null : encodePutRequest(put(`k${i % 20}`, `${i}`));
    if (body === null)
      await callers[0]!.response('KV/DeleteRange', encodeDeleteRangeRequest(del(`k${i % 20}`)));
    else await callers[i % 3]!.response('KV/Put', body);
  }
  await callers[0]!.response('KV/Compact', encodeCompactionRequest({ revision: 30, physical: false }));
  await settled(callers);
  for (const revision of [0, 30, 31, 45]) {
    const answers = await Promise.all(
      callers.map(async (caller) =>
        decodeHashKvResponse(await caller.response('Maintenance/HashKV', encodeHashKvRequest(revision))),
      ),
    );
    const { header, ...first } = answers[0]!;
    for (const { hash, compactRevision, hashRevision } of answers) {
      t.strictSame({ hash, compactRevision, hashRevision }, first);
    }
    t.equal(first.compactRevision, 30);
    t.equal(first.hashRevision, revision === 0 ? header.revision : revision);
  }
  t.equal(
    await callers[1]!.outcome('Maintenance/HashKV', encodeHashKvRequest(29)),
    '11 etcdserver: mvcc: required revision has been compacted',
  );
  t.equal(
    await callers[1]!.outcome('Maintenance/HashKV', encodeHashKvRequest(99)),
    '11 etcdserver: mvcc: required revision is a future revision',
  );
  const hash = async (caller: Caller): Promise<number> =>
    decodeHashResponse(await caller.response('Maintenance/Hash', nothing)).hash;
  // The records go in steps of each member's own.
  const end = Date.now() + 60_000;
  let hashes = await Promise.all(callers.map(hash));
  while (new Set(hashes).size > 1 && Date.now() < end) {
    await pauseFor(20);
    hashes = await Promise.all(callers.map(hash));
  }
  t.equal(new Set(hashes).size, 1);
  await callers[0]!.response('KV/Put', encodePutRequest(put('k1', 'other')));
  t.not(await hash(callers[0]!), hashes[0]);
});

t.test('space can be given back while clients go on', async (t) => {
  const { callers } = await open(t);
  const [answer] = await Promise.all([
    callers[0]!.response('Maintenance/Defragment', nothing),
    callers[0]!.response('KV/Put', encodePutRequest(put('a', '1'))),
  ]);
  t.equal(answer.length, 0, 'without a header');
});

t.test('space is given back by a defragmentation that follows a compaction at once', async (t) => {
  const member = await startMember({ dataDir: t.testdir(), listenClientUrls: ['http://127.0.0.1:0'] });
  const caller = new Caller(member.clientUrls[0]!.slice('http://'.length));
  t.teardown(async () => {
    caller.closeClient();
    await member.close();
  });
  const size = async (): Promise<number> =>
    decodeStatusResponse(await caller.response('Maintenance/Status', nothing)).dbSize;
  const request = encodePutRequest(put('one', 'x'.repeat(4096)));
  for (let times = 0; times < 25; times++) await caller.response('KV/Put', request);
  t.ok((await size()) > 25 * 4096);
  await caller.response('KV/Compact', encodeCompactionRequest({ revision: 26, physical: true }));
  await caller.response('Maintenance/Defragment', nothing);
  t.ok((await size()) < 10 * 4096, 'one value is left of twenty-five');
});

t.test('a downgrade is checked, kept by all members, and canceled', async (t) => {
  const { callers } = await open(t);
  const { Validate, Enable, Cancel } = DowngradeAction;
  const ask = (at: number, action: number, version: string): Promise<string> =>
    callers[at]!.outcome('Maintenance/Downgrade', encodeDowngradeRequest(action, version));
  const info = async (at: number): Promise<unknown> =>
    decodeStatusResponse(await callers[at]!.response('Maintenance/Status', nothing)).downgradeInfo;
  t.equal(await ask(0, Validate, 'three'), '3 etcdserver: wrong downgrade target version format');
  t.equal(await ask(0, Enable, ''), '3 etcdserver: wrong downgrade target version format');
  t.equal(await ask(0, Enable, '3.5'), '3 etcdserver: invalid downgrade target version');
  t.equal(await ask(0, 9, '3.6'), '2 etcdserver: unknown method');
  t.equal(await ask(0, Cancel, ''), '0 ', 'with none under way, too');
  const request = encodeDowngradeRequest(Validate, '3.6');
  const bytes = await callers[0]!.response('Maintenance/Downgrade', request);
  t.equal(decodeDowngradeResponse(bytes), '3.7');
  const { header } = decodeCold<{ header: { revision: bigint } }>('etcdserverpb.DowngradeResponse', bytes);
  t.equal(header.revision, 2n);
  t.strictSame(await info(0), { enabled: false, targetVersion: '' }, 'which changed nothing');
  t.equal(await ask(1, Enable, '3.6.2'), '0 ');
  await settled(callers);
  for (const at of [0, 1, 2]) t.strictSame(await info(at), { enabled: true, targetVersion: '3.6.0' });
  t.equal(await ask(2, Validate, '3.6'), '9 etcdserver: cluster has a downgrade job in progress');
  t.equal(await ask(0, Enable, '3.6'), '9 etcdserver: cluster has a downgrade job in progress');
  const storage = async (at: number): Promise<string> =>
    decodeStatusResponse(await callers[at]!.response('Maintenance/Status', nothing)).storageVersion;
  for (const at of [0, 1, 2]) t.equal(await storage(at), '3.6.0', 'lowered');
  const cancel = await callers[2]!.response('Maintenance/Downgrade', encodeDowngradeRequest(Cancel, ''));
  t.equal(decodeDowngradeResponse(cancel), '3.6', 'what it was until now');
  t.equal(await storage(2), '3.7.0', 'raised again');
  t.equal(await ask(0, Validate, '3.6'), '0 ');
});

t.test('versions to go back to', async (t) => {
  for (const text of ['3.6', '3.6.0', '3.6.14', '3.6.0-rc.1', '03.06', '3.6.1+build']) {
    t.equal(downgradeTarget(text), '3.6.0', text);
  }
  for (const text of ['3', '3.6.', '3.6.x', 'v3.6', '3.6-rc.1', ' 3.6', '3.6.0.0', '-3.6']) {
    t.throws(() => downgradeTarget(text), new Failure('wrongDowngradeVersionFormat'), text);
  }
  for (const text of ['3.7', '3.8', '2.6', '3.5.9']) {
    t.throws(() => downgradeTarget(text), new Failure('invalidDowngradeTarget'), text);
  }
});

t.test('long work is done one by one, in order, and not without bound', async (t) => {
  const queue = new OneByOne();
  const log: string[] = [];
  const ends: (() => void)[] = [];
  for (const name of ['a', 'b', 'c']) {
    queue.run((ended) => {
      log.push(name);
      ends.push(ended);
    });
  }
  t.strictSame(log, ['a']);
  ends[0]!();
  ends[0]!();
  t.strictSame(log, ['a', 'b'], 'ending twice is ending once');
  ends[1]!();
  t.strictSame(log, ['a', 'b', 'c']);
  for (let i = 0; i < 100; i++) queue.run(() => log.push('more'));
  t.throws(() => queue.run(() => {}), new Failure('tooManyRequests'));
  t.equal(log.length, 3);
});
