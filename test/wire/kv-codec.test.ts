import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { numbered } from '../../src/rpc/transport.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import * as codec from '../../src/wire/kv-codec.ts';
import type { OpResult, ResponseHeader, TxnRequest, TxnResult } from '../../src/wire/messages.ts';
import { CompareTarget, OpKind } from '../../src/wire/messages.ts';
import { maxMessageDepth } from '../../src/wire/proto.ts';
import { shuffled } from './fields.ts';
import * as m from './messages.ts';
import { refusal } from './refusal.ts';

const numRuns = 300;

function header(fields: m.HeaderFields): ResponseHeader {
  const idBytes = codec.headerIdBytes(fields.clusterId, fields.memberId);
  return { idBytes, revision: fields.revision, raftTerm: fields.raftTerm };
}

/** Encodes as protobufjs does, decodes to what was encoded, also from shuffled fields with strangers between them. */
function checkRequest<T>(
  typeName: string,
  arbitrary: fc.Arbitrary<T>,
  toWire: (request: T) => m.Wire,
  encode: (request: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
): void {
  const cases = arbitrary.chain((request) =>
    shuffled(m.referenceEncode(typeName, toWire(request))).map((mixed) => ({ request, mixed })),
  );
  fc.assert(
    fc.property(cases, ({ request, mixed }) => {
      const reference = m.referenceEncode(typeName, toWire(request));
      assert.equal(m.hex(encode(request)), m.hex(reference));
      assert.deepEqual(m.comparable(decode(reference)), m.comparable(request));
      assert.deepEqual(m.comparable(decode(mixed)), m.comparable(request));
    }),
    { numRuns },
  );
}

t.test('RangeRequest is the same on the wire as protobufjs makes it, both ways', async (t) => {
  checkRequest(
    'etcdserverpb.RangeRequest',
    m.rangeRequestArbitrary,
    m.wireRange,
    codec.encodeRangeRequest,
    codec.decodeRangeRequest,
  );
  t.pass(`${numRuns} messages`);
});

t.test('PutRequest is the same on the wire as protobufjs makes it, both ways', async (t) => {
  checkRequest(
    'etcdserverpb.PutRequest',
    m.putRequestArbitrary,
    m.wirePut,
    codec.encodePutRequest,
    codec.decodePutRequest,
  );
  t.pass(`${numRuns} messages`);
});

t.test('DeleteRangeRequest is the same on the wire as protobufjs makes it, both ways', async (t) => {
  checkRequest(
    'etcdserverpb.DeleteRangeRequest',
    m.deleteRangeRequestArbitrary,
    m.wireDeleteRange,
    codec.encodeDeleteRangeRequest,
    codec.decodeDeleteRangeRequest,
  );
  t.pass(`${numRuns} messages`);
});

t.test('CompactionRequest is the same on the wire as protobufjs makes it, both ways', async (t) => {
  checkRequest(
    'etcdserverpb.CompactionRequest',
    m.compactionRequestArbitrary,
    (request) => ({ revision: BigInt(request.revision), physical: request.physical }),
    codec.encodeCompactionRequest,
    codec.decodeCompactionRequest,
  );
  t.pass(`${numRuns} messages`);
});

t.test('TxnRequest, with what is nested in it, is the same on the wire as protobufjs makes it', async (t) => {
  checkRequest('etcdserverpb.TxnRequest', m.txnRequestArbitrary, m.wireTxn, codec.encodeTxnRequest, (bytes) =>
    codec.decodeTxnRequest(bytes),
  );
  t.pass(`${numRuns} messages`);
});

t.test(
  'RangeResponse and RangeStreamResponse are the same on the wire as protobufjs makes them',
  async (t) => {
    fc.assert(
      fc.property(m.headerArbitrary, m.rangeResultArbitrary, (fields, result) => {
        const bytes = codec.encodeRangeResponse(header(fields), result);
        const wire = m.wireRangeResult(result, m.wireHeader(fields));
        assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.RangeResponse', wire)));
        const expected = {
          header: fields,
          kvs: result.kvs.map((pair) => decodeKeyValue(pair)),
          more: result.more,
          count: result.count,
        };
        assert.deepEqual(m.comparable(codec.decodeRangeResponse(bytes)), m.comparable(expected));

        const streamed = codec.encodeRangeStreamResponse(null, result);
        const envelope = { range_response: m.wireRangeResult(result, null) };
        assert.equal(m.hex(streamed), m.hex(m.referenceEncode('etcdserverpb.RangeStreamResponse', envelope)));
        const again = codec.encodeRangeStreamResponse(header(fields), result);
        assert.deepEqual(m.comparable(codec.decodeRangeStreamResponse(again)), m.comparable(expected));
      }),
      { numRuns },
    );
    t.pass(`${numRuns} messages`);
  },
);

t.test('PutResponse is the same on the wire as protobufjs makes it', async (t) => {
  fc.assert(
    fc.property(m.headerArbitrary, m.putResultArbitrary, (fields, result) => {
      const bytes = codec.encodePutResponse(header(fields), result);
      const wire = m.wirePutResult(result, m.wireHeader(fields));
      assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.PutResponse', wire)));
      const prevKv = result.prevKv === null ? null : decodeKeyValue(result.prevKv);
      assert.deepEqual(
        m.comparable(codec.decodePutResponse(bytes)),
        m.comparable({ header: fields, prevKv }),
      );
    }),
    { numRuns },
  );
  t.pass(`${numRuns} messages`);
});

t.test('what the answers of puts have in common is put together to the same bytes', async (t) => {
  let others: codec.PutAnswers | null = null;
  fc.assert(
    fc.property(m.headerArbitrary, fc.array(fc.maxSafeNat(), { maxLength: 4 }), (fields, more) => {
      const { idBytes, raftTerm } = header(fields);
      const answers = new codec.PutAnswers(idBytes);
      for (const given of [fields.revision, ...more]) {
        const revision = Math.max(1, given);
        answers.fit(revision, raftTerm);
        const bytes = codec.encodePutResponse({ idBytes, revision, raftTerm }, { prevKv: null, revision });
        assert.equal(m.hex(numbered(answers.head, revision, answers.tail)), m.hex(bytes));
        others?.fit(revision, raftTerm);
      }
      others = answers;
    }),
    { numRuns },
  );
  t.pass(`${numRuns} headers`);
});

t.test('DeleteRangeResponse is the same on the wire as protobufjs makes it', async (t) => {
  fc.assert(
    fc.property(m.headerArbitrary, m.deleteRangeResultArbitrary, (fields, result) => {
      const bytes = codec.encodeDeleteRangeResponse(header(fields), result);
      const wire = m.wireDeleteRangeResult(result, m.wireHeader(fields));
      assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.DeleteRangeResponse', wire)));
      const prevKvs = result.prevKvs.map((pair) => decodeKeyValue(pair));
      const expected = { header: fields, deleted: result.deleted, prevKvs };
      assert.deepEqual(m.comparable(codec.decodeDeleteRangeResponse(bytes)), m.comparable(expected));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} messages`);
});

t.test('CompactionResponse is the same on the wire as protobufjs makes it', async (t) => {
  fc.assert(
    fc.property(m.headerArbitrary, (fields) => {
      const bytes = codec.encodeCompactionResponse(header(fields));
      const wire = { header: m.wireHeader(fields) };
      assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.CompactionResponse', wire)));
      assert.deepEqual(m.comparable(codec.decodeCompactionResponse(bytes)), m.comparable({ header: fields }));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} messages`);
});

/** What a client reads of an operation: in a txn the header of an operation has its revision, of a nested txn nothing. */
function expectedOp(op: OpResult): unknown {
  const inside = { clusterId: 0n, memberId: 0n, revision: op.result.revision, raftTerm: 0 };
  if (op.kind === OpKind.Txn) {
    return { kind: op.kind, response: expectedTxn(op.result, { ...inside, revision: 0 }) };
  }
  if (op.kind === OpKind.Range) {
    const { kvs, more, count } = op.result;
    return {
      kind: op.kind,
      response: { header: inside, kvs: kvs.map((pair) => decodeKeyValue(pair)), more, count },
    };
  }
  if (op.kind === OpKind.Put) {
    const prevKv = op.result.prevKv === null ? null : decodeKeyValue(op.result.prevKv);
    return { kind: op.kind, response: { header: inside, prevKv } };
  }
  const prevKvs = op.result.prevKvs.map((pair) => decodeKeyValue(pair));
  return { kind: op.kind, response: { header: inside, deleted: op.result.deleted, prevKvs } };
}

function expectedTxn(result: TxnResult, fields: m.HeaderFields): unknown {
  return { header: fields, succeeded: result.succeeded, responses: result.responses.map(expectedOp) };
}

t.test(
  'TxnResponse, with headers inside it as etcd fills them, is the same as protobufjs makes it',
  async (t) => {
    fc.assert(
      fc.property(m.headerArbitrary, m.txnResultArbitrary, (fields, result) => {
        const bytes = codec.encodeTxnResponse(header(fields), result);
        const wire = m.wireTxnResult(result, m.wireHeader(fields));
        assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.TxnResponse', wire)));
        const expected = m.comparable(expectedTxn(result, fields));
        assert.deepEqual(m.comparable(codec.decodeTxnResponse(bytes)), expected);
      }),
      { numRuns },
    );
    t.pass(`${numRuns} messages`);
  },
);

t.test('of a scalar that comes twice the last counts', async (t) => {
  const twice = Buffer.from('0a01610a01621805180a20012000', 'hex');
  const request = codec.decodePutRequest(twice);
  t.equal(Buffer.from(request.key).toString(), 'b');
  t.equal(request.lease, 10n);
  t.equal(request.prevKv, false);
  t.equal(codec.decodeCompactionRequest(Buffer.from('08050807', 'hex')).revision, 7);
});

t.test('an operation given twice is replaced, not merged, as gogo/protobuf decodes a oneof', async (t) => {
  const putKey = '12030a0161';
  const putValue = '1203120162';
  const range = '0a030a0163';
  const txn = (op: string): string => `12${(op.length / 2).toString(16).padStart(2, '0')}${op}`;
  const decode = (op: string): TxnRequest => codec.decodeTxnRequest(Buffer.from(txn(op), 'hex'));
  const replaced = decode(putKey + putValue).success[0]!;
  t.match(m.comparable(replaced), { kind: OpKind.Put, request: { key: '', value: '62' } });
  const other = decode(putKey + range).success[0]!;
  t.match(m.comparable(other), { kind: OpKind.Range, request: { key: '63' } });
});

t.test('of a compare the last operand counts, and only if it is the one of the target', async (t) => {
  const compare = (fields: string): unknown => {
    const length = (fields.length / 2).toString(16).padStart(2, '0');
    return m.comparable(codec.decodeTxnRequest(Buffer.from(`0a${length}${fields}`, 'hex')).compare[0]);
  };
  t.match(compare('10022007280830093a01614005'), {
    target: CompareTarget.Mod,
    number: 0,
    value: '',
    lease: 0n,
  });
  t.match(compare('10023a01612007280830094005300b'), { number: 11, value: '', lease: 0n });
  t.match(compare('10032007'), { target: CompareTarget.Value, number: 0, value: '' });
  t.match(compare('100320073a0161'), { number: 0, value: '61' });
  t.match(compare('20054007'), { target: CompareTarget.Version, number: 0, lease: 0n });
  t.match(
    compare('100940052007'),
    { target: 9, number: 0, lease: 0n },
    'a target nobody knows has no operand',
  );
});

t.test('a header or a pair that comes twice is merged, as fields that are messages are', async (t) => {
  const bytes = Buffer.from('0a0208010a02180512030a01611203' + '2a0162', 'hex');
  t.match(m.comparable(codec.decodePutResponse(bytes)), {
    header: { clusterId: 1n, revision: 5 },
    prevKv: { key: '61', value: '62' },
  });
});

function nested(levels: number): TxnRequest {
  let request: TxnRequest = { compare: [], success: [], failure: [] };
  for (let i = 1; i < levels; i++) {
    request = { compare: [], success: [{ kind: OpKind.Txn, request }], failure: [] };
  }
  return request;
}

// maxMessageDepth of wire/proto-reader
t.test('transactions nest to the depth of other protobuf implementations and no deeper', async (t) => {
  const deepest = maxMessageDepth / 2;
  t.same(codec.decodeTxnRequest(codec.encodeTxnRequest(nested(deepest))), nested(deepest));
  const deeper = codec.encodeTxnRequest(nested(deepest + 1));
  t.equal(
    refusal(() => codec.decodeTxnRequest(deeper)),
    'malformedRequest',
    'one level more is refused',
  );
});

t.test('a list beyond the given number of operations is refused while it is read', async (t) => {
  const ops = (count: number): Uint8Array => Buffer.from('1200'.repeat(count), 'hex');
  t.equal(codec.decodeTxnRequest(ops(128), 128).success.length, 128);
  for (const bytes of [
    ops(129),
    Buffer.from('0a00'.repeat(129), 'hex'),
    Buffer.from('1a00'.repeat(129), 'hex'),
  ]) {
    t.equal(
      refusal(() => codec.decodeTxnRequest(bytes, 128)),
      'tooManyOps',
      '129 are refused',
    );
  }
});
