import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { catalog } from '../../src/etcd/catalog.ts';
import { LeaderGuard } from '../../src/etcd/leader-guard.ts';
import { etcdMethods, unknownMethod } from '../../src/etcd/services.ts';
import type { RpcStatus, RpcStream } from '../../src/rpc/transport.ts';
import { encodeStatusRequest } from '../../src/wire/cold-messages.ts';
import { encodePutRequest, encodeRangeRequest, encodeTxnRequest } from '../../src/wire/kv-codec.ts';
import { put, range, rangeOp, txn } from '../mvcc/requests.ts';
import { pauseFor, until } from '../waiting.ts';
import { FakeMember } from './fake-member.ts';
import { Served } from './served.ts';

const NO_LEADER = '14 etcdserver: no leader';
const hasleader = { hasleader: 'true' };
const local = encodeRangeRequest(range('a', { serializable: true }));

t.test('the catalog of RPCs is that of the .proto files', (t) => {
  const declared: string[] = [];
  const root = new URL('../../proto/', import.meta.url);
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.proto')) continue;
    const source = readFileSync(new URL(file, root), 'utf8');
    const pack = /^package (.+);/m.exec(source)![1]!;
    let service = '';
    for (const line of source.split('\n')) {
      service = /^service (\w+)/.exec(line)?.[1] ?? service;
      const rpc = /^ {2}rpc (\w+)\((stream )?\w+\) returns \((stream )?/.exec(line);
      if (rpc === null) continue;
      const shape = rpc[2] !== undefined ? 'bidi_stream' : rpc[3] !== undefined ? 'server_stream' : 'unary';
      declared.push(`${pack}.${service}/${rpc[1]} ${shape}`);
    }
  }
  const ours = [...catalog].flatMap(([service, shapes]) =>
    [...shapes].map(([name, shape]) => `${service}/${name} ${shape}`),
  );
  t.strictSame(ours.sort(), declared.sort());
  t.equal(ours.length, 54);
  t.end();
});

t.test('every RPC of etcd 3.7 has a method, and there is a service behind each', async (t) => {
  const served = await Served.open(t);
  const methods = etcdMethods(served.member);
  const paths = [...catalog].flatMap(([service, shapes]) =>
    [...shapes.keys()].map((name) => `/${service}/${name}`),
  );
  t.strictSame([...methods.keys()].sort(), paths.sort());
  // A message that no decoder takes: whoever is there says so, and does nothing.
  const malformed = new Uint8Array([0xff]);
  for (const path of paths) t.notMatch(await served.outcome(path, malformed), /is not served/, path);
});

t.test('a path that etcd does not have is refused in the words of grpc-go', async (t) => {
  const served = await Served.open(t);
  t.equal(
    await served.outcome('KV/RangeBackwards', local),
    '12 unknown method RangeBackwards for service etcdserverpb.KV',
  );
  t.equal(await served.outcome('/some.Service/Method', local), '12 unknown service some.Service');
  t.equal(unknownMethod('/a/b/c'), 'unknown service a/b');
  t.equal(unknownMethod('/nothing'), 'malformed method name: "/nothing"');
  t.equal(unknownMethod(''), 'malformed method name: ""');
});

t.test('a call that asks for a leader is refused while there is none', async (t) => {
  const served = await Served.open(t);
  t.equal(await served.outcome('KV/Range', local, hasleader), '0 ');
  served.member.hasLeader = false;
  t.equal(await served.outcome('KV/Range', local, hasleader), NO_LEADER);
  t.equal(await served.outcome('Maintenance/Status', encodeStatusRequest(), hasleader), NO_LEADER);
  t.equal(await served.outcome('Watch/Watch', new Uint8Array(0), hasleader), NO_LEADER);
  t.equal(await served.outcome('KV/Range', local), '0 ');
  t.equal(await served.outcome('KV/Range', local, { hasleader: 'false' }), '0 ');
});

t.test(
  'a stream that asked for a leader is cut when there is none for three election timeouts',
  async (t) => {
    const served = await Served.open(t, { electionMs: 30 });
    const { member } = served;
    const strict = served.stream('Watch/Watch', hasleader);
    const patient = served.stream('Watch/Watch');
    await until('both open', () => member.hub.streams.length === 2);
    const began = performance.now();
    member.hasLeader = false;
    await until('the cut', () => strict.ended !== null);
    t.ok(performance.now() - began >= 89, 'not before three election timeouts');
    t.equal(strict.ended, NO_LEADER);
    t.equal(patient.ended, null);
    t.strictSame(
      member.hub.streams.map(({ isClosed }) => isClosed).sort(),
      [false, true],
      'the hub was told of the one that was cut',
    );
    t.equal(member.leaderListenerCount, 0, 'nothing is held for streams that are over');
  },
);

t.test('a leader that comes back in time saves the streams', async (t) => {
  const served = await Served.open(t, { electionMs: 30 });
  const { member } = served;
  const stream = served.stream('Watch/Watch', hasleader);
  await until('it is open', () => member.hub.streams.length === 1);
  for (let i = 0; i < 3; i++) {
    member.hasLeader = false;
    await pauseFor(60);
    member.hasLeader = true;
  }
  await pauseFor(60);
  t.equal(stream.ended, null);
  stream.call.cancel();
  await until('it is forgotten', () => member.leaderListenerCount === 0);
});

t.test('a stream that is canceled before it is served is not watched over', async (t) => {
  const member = await FakeMember.open();
  const leaders = new LeaderGuard(member);
  const gone = { onCancel: (listener: () => void) => listener() } as RpcStream;
  const watched = leaders.watch(gone);
  let told = false;
  watched.onCancel(() => {
    told = true;
  });
  t.equal(told, true);
  t.equal(leaders.size, 0);
  t.equal(member.leaderListenerCount, 0);
});

t.test('a learner answers Status and serializable ranges, and nothing else', async (t) => {
  const served = await Served.open(t);
  served.member.isLearner = true;
  const refused = '9 etcdserver: rpc not supported for learner';
  t.equal(await served.outcome('Maintenance/Status', encodeStatusRequest()), '0 ');
  t.equal(await served.outcome('KV/Range', local), '0 ');
  t.equal(await served.outcome('KV/Range', encodeRangeRequest(range('a'))), refused);
  t.equal(await served.outcome('KV/RangeStream', local), refused);
  t.equal(await served.outcome('KV/Put', encodePutRequest(put('a', ''))), refused);
  const localTxn = encodeTxnRequest(txn([rangeOp(range('a', { serializable: true }))]));
  t.equal(await served.outcome('KV/Txn', localTxn), refused);
  t.equal(await served.outcome('Cluster/MemberList', new Uint8Array(0)), refused);
  t.equal(await served.outcome('Watch/Watch', new Uint8Array(0)), refused);
});

t.test('the version of a client must be text', async (t) => {
  const member = await FakeMember.open();
  const method = etcdMethods(member).get('/etcdserverpb.KV/Range')!;
  if (method.kind !== 'unary') throw new Error('Range is unary');
  const outcomeOf = (version: string): RpcStatus | null | undefined => {
    let outcome: RpcStatus | null | undefined;
    const metadata = (key: string): string | undefined =>
      key === 'client-api-version' ? version : undefined;
    const call = { path: '', peer: '', commonName: '', metadata, onCancel: () => {} };
    method.handle(local, call, (status) => {
      outcome = status;
    });
    return outcome;
  };
  t.equal(outcomeOf('3.6'), null);
  t.equal(outcomeOf('\xc3\xa4'), null);
  t.strictSame(outcomeOf('3.6\xff'), { code: 3, message: 'etcdserver: invalid client api version' });
});
