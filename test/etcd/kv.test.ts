import t from 'tap';
import { RequestKind } from '../../src/member/types.ts';
import { Failure, type RequestReason } from '../../src/util/failure.ts';
import {
  decodeCompactionResponse,
  decodeDeleteRangeResponse,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import { OpKind, type RequestOp, type TxnRequest } from '../../src/wire/messages.ts';
import {
  compactAll,
  compare,
  del,
  delOp,
  put,
  putOp,
  range,
  rangeOp,
  text,
  txn,
  txnOp,
} from '../mvcc/requests.ts';
import { pauseFor, until } from '../waiting.ts';
import { CLUSTER_ID, MEMBER_ID, TERM } from './fake-member.ts';
import { Served } from './served.ts';

const putBytes = (...args: Parameters<typeof put>): Uint8Array => encodePutRequest(put(...args));
const rangeBytes = (...args: Parameters<typeof range>): Uint8Array => encodeRangeRequest(range(...args));
const delBytes = (...args: Parameters<typeof del>): Uint8Array => encodeDeleteRangeRequest(del(...args));
const txnBytes = (request: TxnRequest): Uint8Array => encodeTxnRequest(request);
const compactBytes = (revision: number, physical = false): Uint8Array =>
  encodeCompactionRequest({ revision, physical });

t.test('every answer carries both ids, the revision and the term', async (t) => {
  const served = await Served.open(t);
  const header = (revision: number): unknown => ({
    clusterId: BigInt(`0x${CLUSTER_ID}`),
    memberId: BigInt(`0x${MEMBER_ID}`),
    revision,
    raftTerm: TERM,
  });
  t.strictSame(decodePutResponse(await served.response('KV/Put', putBytes('a', '1'))).header, header(2));
  await served.response('KV/Put', putBytes('a', '2'));
  const past = decodeRangeResponse(await served.response('KV/Range', rangeBytes('a', { revision: 2 })));
  t.strictSame(past.header, header(3), 'the current revision, also for a read of the past');
  t.equal(text(past.kvs[0]!.value), '1');
  const txnResponse = await served.response('KV/Txn', txnBytes(txn([putOp(put('b', '1'))])));
  t.strictSame(decodeTxnResponse(txnResponse).header, header(4));
  const deleted = decodeDeleteRangeResponse(await served.response('KV/DeleteRange', delBytes('a', '', true)));
  t.strictSame(deleted.header, header(5));
  t.equal(text(deleted.prevKvs[0]!.value), '2');
  const compacted = await served.response('KV/Compact', compactBytes(3));
  t.strictSame(decodeCompactionResponse(compacted).header, header(5));
});

t.test('requests that no state could accept are refused in etcd words and never proposed', async (t) => {
  const served = await Served.open(t);
  const unset: RequestOp = { kind: OpKind.Unset };
  const many = (count: number): RequestOp[] =>
    Array.from({ length: count }, (_, i) => putOp(put(`k${i}`, '')));
  const noKey = '3 etcdserver: key is not provided';
  const duplicate = '3 etcdserver: duplicate key given in txn request';
  const tooMany = '3 etcdserver: too many operations in txn request';
  const sort = '3 etcdserver: invalid sort option';
  const cases: [string, Uint8Array, string][] = [
    ['KV/Range', rangeBytes(''), noKey],
    ['KV/Range', rangeBytes('', { serializable: true }), noKey],
    ['KV/RangeStream', rangeBytes(''), noKey],
    ['KV/Put', putBytes('', 'x'), noKey],
    ['KV/DeleteRange', delBytes(''), noKey],
    ['KV/Txn', txnBytes(txn([], [], [compare('')])), noKey],
    ['KV/Txn', txnBytes(txn([rangeOp(range(''))])), noKey],
    ['KV/Txn', txnBytes(txn([], [putOp(put('', ''))])), noKey],
    ['KV/Txn', txnBytes(txn([delOp(del(''))])), noKey],
    ['KV/Txn', txnBytes(txn([txnOp(txn([putOp(put('', ''))]))])), noKey],
    ['KV/Txn', txnBytes(txn([unset])), '3 etcdserver: key not found'],
    ['KV/Put', putBytes('a', 'x', { ignoreValue: true }), '3 etcdserver: value is provided'],
    ['KV/Put', putBytes('a', '', { ignoreLease: true, lease: 5n }), '3 etcdserver: lease is provided'],
    ['KV/Txn', txnBytes(txn(many(129))), tooMany],
    [
      'KV/Txn',
      txnBytes(
        txn(
          [],
          [],
          Array.from({ length: 129 }, () => compare('a')),
        ),
      ),
      tooMany,
    ],
    ['KV/Txn', txnBytes(txn([txnOp(txn(many(128)))])), tooMany],
    ['KV/Txn', txnBytes(txn([putOp(put('a', '1')), putOp(put('a', '2'))])), duplicate],
    ['KV/Txn', txnBytes(txn([], [delOp(del('a', 'c')), putOp(put('b', '2'))])), duplicate],
    ['KV/Range', rangeBytes('a', { sortOrder: 3 }), sort],
    ['KV/Range', rangeBytes('a', { sortTarget: 5 }), sort],
    ['KV/Put', Buffer.from([0x0a, 0x7f]), '13 grpc: error unmarshalling request: '],
    ['KV/Txn', Buffer.from([0x07]), '13 grpc: error unmarshalling request: '],
    ['KV/RangeStream', Buffer.from([0x0a, 0x7f]), '13 grpc: failed to unmarshal the received message: '],
  ];
  for (const [path, request, expected] of cases) {
    const outcome = await served.outcome(path, request);
    t.ok(
      expected.endsWith(': ') ? outcome.startsWith(expected) : outcome === expected,
      `${path}: ${outcome}`,
    );
  }
  t.equal(served.member.proposed.length, 0);
  t.equal(served.member.linearized, 0);
});

t.test('what the state does not permit is refused at apply, in etcd words', async (t) => {
  const served = await Served.open(t);
  await served.response('KV/Put', putBytes('a', '1'));
  await served.response('KV/Put', putBytes('a', '2'));
  await served.response('KV/Compact', compactBytes(3));
  const compacted = '11 etcdserver: mvcc: required revision has been compacted';
  const future = '11 etcdserver: mvcc: required revision is a future revision';
  const cases: [string, Uint8Array, string][] = [
    ['KV/Put', putBytes('b', '', { ignoreValue: true }), '3 etcdserver: key not found'],
    ['KV/Put', putBytes('b', '', { lease: 9n }), '5 etcdserver: requested lease not found'],
    [
      'KV/Txn',
      txnBytes(txn([putOp(put('b', '', { lease: 9n }))])),
      '5 etcdserver: requested lease not found',
    ],
    ['KV/Range', rangeBytes('a', { revision: 2 }), compacted],
    ['KV/Range', rangeBytes('a', { revision: 9 }), future],
    ['KV/Range', rangeBytes('a', { end: 'z', revision: 2, serializable: true }), compacted],
    ['KV/RangeStream', rangeBytes('a', { end: 'z', revision: 2 }), compacted],
    ['KV/RangeStream', rangeBytes('a', { end: 'z', revision: 9 }), future],
    ['KV/Txn', txnBytes(txn([rangeOp(range('a', { revision: 9 }))])), future],
    ['KV/Txn', txnBytes(txn([rangeOp(range('a', { revision: -1 }))])), compacted],
    ['KV/Compact', compactBytes(3), compacted],
    ['KV/Compact', compactBytes(9), future],
  ];
  for (const [path, request, expected] of cases) t.equal(await served.outcome(path, request), expected);
});

t.test('what the cluster could not do is told in etcd words, by reads and writes alike', async (t) => {
  const served = await Served.open(t);
  const reasons: [RequestReason, string][] = [
    ['requestTooLarge', '3 etcdserver: request is too large'],
    ['noSpace', '8 etcdserver: mvcc: database space exceeded'],
    ['tooManyRequests', '2 etcdserver: too many requests'],
    ['corrupt', '15 etcdserver: corrupt cluster'],
    ['noLeader', '14 etcdserver: no leader'],
    ['leaderChanged', '14 etcdserver: leader changed'],
    ['stopped', '14 etcdserver: server stopped'],
    ['timeout', '14 etcdserver: request timed out'],
    ['timeoutLeaderFailure', '14 etcdserver: request timed out, possibly due to previous leader failure'],
    ['timeoutConnectionLost', '14 etcdserver: request timed out, possibly due to connection lost'],
    ['deadlineExceeded', '4 context deadline exceeded'],
  ];
  for (const [reason, expected] of reasons) {
    served.member.refusal = new Failure(reason, 'a detail that nobody sees');
    const requests: [string, Uint8Array][] = [
      ['KV/Put', putBytes('a', '')],
      ['KV/DeleteRange', delBytes('a')],
      ['KV/Txn', txnBytes(txn([putOp(put('a', ''))]))],
      ['KV/Txn', txnBytes(txn([rangeOp(range('a'))]))],
      ['KV/Compact', compactBytes(1)],
      ['KV/Range', rangeBytes('a')],
      ['KV/RangeStream', rangeBytes('a')],
    ];
    for (const [path, request] of requests) t.equal(await served.outcome(path, request), expected, path);
  }
  const local = await served.call('KV/Range', rangeBytes('a', { serializable: true }));
  t.equal(local.code, 0, 'a serializable read asks nobody');
});

t.test('a message beyond the limit of the transport is refused in the words of gRPC', async (t) => {
  const served = await Served.open(t);
  const outcome = await served.outcome('KV/Put', putBytes('a', 'x'.repeat(2 * 1024 * 1024)));
  t.match(outcome, /^8 grpc: received message larger than max \(20971\d\d vs\. 2097152\)$/);
});

t.test('only what has to be linearizable asks the cluster, and reads never go through the log', async (t) => {
  const served = await Served.open(t);
  const { member } = served;
  const read = rangeOp(range('a'));
  const local = rangeOp(range('a', { serializable: true }));
  const cases: [string, Uint8Array, number, number][] = [
    ['KV/Range', rangeBytes('a'), 1, 0],
    ['KV/Range', rangeBytes('a', { serializable: true }), 0, 0],
    ['KV/Txn', txnBytes(txn([read], [local])), 1, 0],
    ['KV/Txn', txnBytes(txn([local], [local])), 0, 0],
    ['KV/Txn', txnBytes(txn([])), 0, 0],
    ['KV/Txn', txnBytes(txn([local], [putOp(put('a', ''))])), 0, 1],
    ['KV/Txn', txnBytes(txn([txnOp(txn([read]))])), 0, 1],
    ['KV/RangeStream', rangeBytes('a'), 1, 0],
    ['KV/RangeStream', rangeBytes('a', { serializable: true }), 0, 0],
  ];
  for (const [index, [path, request, reads, proposals]] of cases.entries()) {
    const before = [member.linearized, member.proposed.length] as const;
    await served.response(path, request);
    t.equal(member.linearized - before[0], reads, `linearizable reads of case ${index}`);
    t.equal(member.proposed.length - before[1], proposals, `proposals of case ${index}`);
  }
});

t.test('a read waits for its linearizable point and then sees everything before it', async (t) => {
  const served = await Served.open(t);
  const held: ((failure: Failure | null) => void)[] = [];
  served.member.heldReads = held;
  const answer = served.response('KV/Range', rangeBytes('a'));
  await until('the read waits', () => held.length > 0);
  await served.response('KV/Put', putBytes('a', 'later'));
  for (const done of held) done(null);
  t.equal(text(decodeRangeResponse(await answer).kvs[0]!.value), 'later');
});

t.test('a request travels on as the bytes that came, fields that nobody knows included', async (t) => {
  const served = await Served.open(t);
  const unknown = Buffer.from([0xf8, 0x07, 0x05]); // field 127
  const request = Buffer.concat([putBytes('a', '1'), unknown]);
  await served.response('KV/Put', request);
  t.strictSame(served.member.proposed[0]!.kind, RequestKind.Put);
  t.equal(Buffer.from(served.member.proposed[0]!.body).toString('hex'), request.toString('hex'));
});

t.test('operations inside a txn answer with a revision, which clients read', async (t) => {
  const served = await Served.open(t);
  const request = txn([putOp(put('a', '1')), rangeOp(range('a')), delOp(del('b'))]);
  const { succeeded, responses } = decodeTxnResponse(await served.response('KV/Txn', txnBytes(request)));
  t.equal(succeeded, true);
  t.strictSame(
    responses.map((op) => (op.kind === OpKind.Unset ? null : op.response.header.revision)),
    [2, 2, 2],
  );
});

t.test('a physical compaction is answered when the records are gone, any other at once', async (t) => {
  const served = await Served.open(t);
  const { store } = served.member;
  for (let i = 0; i < 5; i++) await served.response('KV/Put', putBytes('a', `${i}`));
  await served.response('KV/Compact', compactBytes(3));
  t.equal(store.isCompacting, true);
  let answered = false;
  const before = served.member.proposed.length;
  const answer = served.response('KV/Compact', compactBytes(4, true)).then((bytes) => {
    answered = true;
    return bytes;
  });
  await until('it is taken', () => served.member.proposed.length > before);
  await pauseFor(50);
  t.equal(answered, false);
  compactAll(store);
  t.equal(decodeCompactionResponse(await answer).header.revision, 6);
});

t.test('a defect in a service is an INTERNAL error with its cause, and stands in the log', async (t) => {
  const served = await Served.open(t);
  served.member.store.range = () => {
    throw new TypeError('broken');
  };
  t.equal(await served.outcome('KV/Range', rangeBytes('a')), '13 internal error: broken');
  t.equal(
    await served.outcome('KV/Range', rangeBytes('a', { serializable: true })),
    '13 internal error: broken',
  );
  t.equal(served.member.errors.lines.length, 2);
});
