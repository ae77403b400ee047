import t from 'tap';
import { maxReceiveBytes } from '../../src/etcd/services.ts';
import { etcdVersion, newestClusterVersion } from '../../src/etcd/version.ts';
import { defaultLimits } from '../../src/member/types.ts';
import { Failure } from '../../src/util/failure.ts';
import {
  decodeAlarmResponse,
  decodeHealthCheckResponse,
  decodeHealthListResponse,
  decodeMemberListResponse,
  decodeStatusResponse,
  encodeAlarmRequest,
  encodeHealthCheckRequest,
  encodeMemberListRequest,
  encodeStatusRequest,
  ServingStatus,
} from '../../src/wire/cold-messages.ts';
import { put } from '../mvcc/requests.ts';
import { pauseFor, until } from '../waiting.ts';
import { MEMBER_ID, TERM } from './fake-member.ts';
import { Served } from './served.ts';

const memberId = BigInt(`0x${MEMBER_ID}`);

t.test('a status says what this member knows, without asking anybody', async (t) => {
  const served = await Served.open(t);
  served.member.store.put(put('a', 'x'.repeat(100)));
  served.member.refusal = new Failure('noLeader');
  const status = decodeStatusResponse(await served.response('Maintenance/Status', encodeStatusRequest()));
  t.equal(status.header.revision, 2);
  t.equal(status.header.memberId, memberId);
  t.equal(status.version, etcdVersion);
  t.equal(status.storageVersion, newestClusterVersion);
  t.equal(status.leader, memberId);
  t.equal(status.raftIndex, 12);
  t.equal(status.raftAppliedIndex, 11);
  t.equal(status.raftTerm, TERM);
  t.strictSame(status.errors, []);
  t.equal(status.isLearner, false);
  t.ok(status.dbSizeInUse > 100);
  t.ok(status.dbSize >= status.dbSizeInUse);
  t.strictSame(status.downgradeInfo, { enabled: false, targetVersion: '' });
  t.equal(status.dbSizeQuota, 2 ** 31);
  t.equal(served.member.linearized + served.member.proposed.length, 0);
});

t.test('no quota is -1, as in etcd', async (t) => {
  const served = await Served.open(t, { quotaBytes: Number.POSITIVE_INFINITY });
  const status = decodeStatusResponse(await served.response('Maintenance/Status', encodeStatusRequest()));
  t.equal(status.dbSizeQuota, -1);
});

t.test('the size of an empty database is not 0, for etcdctl divides by it', async (t) => {
  const served = await Served.open(t);
  const status = decodeStatusResponse(await served.response('Maintenance/Status', encodeStatusRequest()));
  t.ok(status.dbSize > 0);
});

t.test('a status tells of a missing leader and of alarms, in the lines operators look for', async (t) => {
  const served = await Served.open(t);
  served.member.hasLeader = false;
  served.member.alarmList = [
    { memberId: '000000000000000a', alarm: 1 },
    { memberId: '', alarm: 2 },
  ];
  const status = decodeStatusResponse(await served.response('Maintenance/Status', encodeStatusRequest()));
  t.equal(status.leader, 0n);
  t.strictSame(status.errors, ['etcdserver: no leader', 'memberID:10 alarm:NOSPACE ', 'alarm:CORRUPT ']);
});

t.test('the versions are ones on which clients switch features', (t) => {
  t.match(etcdVersion, /^3\.7\.\d+$/);
  t.equal(newestClusterVersion, '3.7.0');
  t.equal(maxReceiveBytes(defaultLimits), 2_097_152);
  t.end();
});

t.test('the list of alarms goes through the log, of one kind or of all', async (t) => {
  const served = await Served.open(t);
  served.member.alarmList = [
    { memberId: MEMBER_ID, alarm: 1 },
    { memberId: MEMBER_ID, alarm: 2 },
  ];
  const list = async (alarm: number): Promise<number[]> => {
    const request = encodeAlarmRequest({ action: 0, memberId: 0n, alarm });
    const { header, alarms } = decodeAlarmResponse(await served.response('Maintenance/Alarm', request));
    t.equal(header.revision, 1);
    return alarms.map((entry) => entry.alarm);
  };
  t.strictSame(await list(0), [1, 2]);
  t.strictSame(await list(2), [2]);
  t.equal(served.member.proposed.length, 2);
  const unknown = encodeAlarmRequest({ action: 7, memberId: 0n, alarm: 1 });
  t.equal(await served.outcome('Maintenance/Alarm', unknown), '2 etcdserver: unknown method');
  served.member.refusal = new Failure('timeout');
  t.equal(
    await served.outcome('Maintenance/Alarm', encodeAlarmRequest({ action: 0, memberId: 0n, alarm: 0 })),
    '14 etcdserver: request timed out',
  );
});

t.test('the member list is linearizable when it is asked to be, and has no revision', async (t) => {
  const served = await Served.open(t);
  served.member.memberList = [
    {
      id: '000000000000000b',
      name: '',
      peerUrls: ['http://b:2380'],
      clientUrls: [],
      isLearner: true,
    },
    {
      id: MEMBER_ID,
      name: 'one',
      peerUrls: ['http://a:2380'],
      clientUrls: ['http://a:2379', 'http://a:4001'],
      isLearner: false,
    },
  ];
  const local = await served.response('Cluster/MemberList', encodeMemberListRequest(false));
  t.equal(served.member.linearized, 0);
  const { header, members } = decodeMemberListResponse(local);
  t.equal(header.revision, 0);
  t.equal(header.raftTerm, TERM);
  t.strictSame(members, [
    { id: 11n, name: '', peerUrls: ['http://b:2380'], clientUrls: [], isLearner: true },
    {
      id: memberId,
      name: 'one',
      peerUrls: ['http://a:2380'],
      clientUrls: ['http://a:2379', 'http://a:4001'],
      isLearner: false,
    },
  ]);
  await served.response('Cluster/MemberList', encodeMemberListRequest(true));
  t.equal(served.member.linearized, 1);
  served.member.refusal = new Failure('timeout');
  const outcome = await served.outcome('Cluster/MemberList', encodeMemberListRequest(true));
  t.equal(outcome, '14 etcdserver: request timed out');
});

t.test('the health service knows the server as a whole', async (t) => {
  const served = await Served.open(t);
  const check = '/grpc.health.v1.Health/Check';
  const serving = await served.response(check, encodeHealthCheckRequest(''));
  t.equal(decodeHealthCheckResponse(serving), ServingStatus.Serving);
  t.equal(await served.outcome(check, encodeHealthCheckRequest('etcdserverpb.KV')), '5 unknown service');
  const list = await served.response('/grpc.health.v1.Health/List', new Uint8Array(0));
  t.same(decodeHealthListResponse(list), [{ service: '', status: ServingStatus.Serving }]);
});

t.test('a watch of the health stays open', async (t) => {
  const served = await Served.open(t);
  const known = served.stream('/grpc.health.v1.Health/Watch');
  known.send(encodeHealthCheckRequest(''));
  known.call.end();
  const unknown = served.stream('/grpc.health.v1.Health/Watch');
  unknown.send(encodeHealthCheckRequest('other'));
  unknown.call.end();
  await until('both answers', () => known.messages.length + unknown.messages.length === 2);
  t.equal(decodeHealthCheckResponse(known.messages[0]!), ServingStatus.Serving);
  t.equal(decodeHealthCheckResponse(unknown.messages[0]!), ServingStatus.ServiceUnknown);
  await pauseFor(20);
  t.equal(known.ended, null);
  t.equal(unknown.ended, null);
});
