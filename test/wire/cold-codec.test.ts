import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import t from 'tap';
import { loadProto } from '../../proto/generate.ts';
import { decodeCold, encodeCold } from '../../src/wire/cold-codec.ts';
import * as cold from '../../src/wire/cold-messages.ts';
import { headerIdBytes } from '../../src/wire/kv-codec.ts';
import * as m from './messages.ts';

const allTypes = (function collect(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => {
    if (child instanceof protobuf.Type) return [child, ...collect(child)];
    return child instanceof protobuf.Namespace ? collect(child) : [];
  });
})(loadProto());

const scalars: Record<string, fc.Arbitrary<unknown>> = {
  bytes: m.bytesArbitrary,
  string: fc.string({ unit: 'grapheme', maxLength: 50 }),
  bool: fc.boolean(),
  int64: m.leaseArbitrary,
  uint64: m.idArbitrary,
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int32: fc.integer(),
};

function fieldArbitrary(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  let one: fc.Arbitrary<unknown>;
  if (resolvedType instanceof protobuf.Type) one = messageArbitrary(resolvedType, depth + 1);
  else if (resolvedType instanceof protobuf.Enum)
    one = fc.constantFrom(...Object.values(resolvedType.values), 77);
  else one = scalars[field.type]!;
  return field.repeated ? fc.array(one, { maxLength: depth > 1 ? 1 : 3 }) : one;
}

/** Any message of a type: fields are there or not, of a oneof at most one is. */
function messageArbitrary(type: protobuf.Type, depth = 0): fc.Arbitrary<m.Wire> {
  if (depth > 4) return fc.constant({});
  const plain = type.fieldsArray.filter((field) => field.partOf === null);
  const model = Object.fromEntries(plain.map((field) => [field.name, fieldArbitrary(field, depth)]));
  const choices = type.oneofsArray.map((oneof) =>
    fc.oneof(
      fc.constant<m.Wire>({}),
      ...oneof.fieldsArray.map((field) =>
        fieldArbitrary(field, depth).map((value): m.Wire => ({ [field.name]: value })),
      ),
    ),
  );
  return fc
    .tuple(fc.record(model, { requiredKeys: [] }), ...choices)
    .map(([fields, ...chosen]) => Object.assign({ ...(fields as m.Wire) }, ...chosen) as m.Wire);
}

t.test(
  'every message of every service is the same on the wire as protobufjs makes it, both ways',
  async (t) => {
    for (const type of allTypes) {
      const name = type.fullName.slice(1);
      fc.assert(
        fc.property(messageArbitrary(type), (message) => {
          const reference = m.referenceEncode(name, message);
          assert.equal(m.hex(encodeCold(name, message)), m.hex(reference));
          const decoded = m.comparable(decodeCold(name, reference));
          assert.deepEqual(decoded, m.comparable(m.referenceDecode(name, reference)));
        }),
        { numRuns: 30 },
      );
    }
    t.ok(allTypes.length > 100, `${allTypes.length} messages`);
  },
);

t.test('what is absent is read as its default', async (t) => {
  t.same(m.comparable(decodeCold('etcdserverpb.SnapshotResponse', new Uint8Array(0))), {
    header: null,
    remaining_bytes: 0n,
    blob: '',
    version: '',
  });
  t.same(decodeCold('etcdserverpb.RequestOp', new Uint8Array(0)), {}, 'of a oneof nothing is set');
  t.same(decodeCold('etcdserverpb.MemberListResponse', new Uint8Array(0)), { header: null, members: [] });
});

t.test('64-bit integers keep every bit; safe integers may be given as numbers', async (t) => {
  for (const ID of [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    t.same(
      decodeCold(
        'etcdserverpb.MemberPromoteRequest',
        encodeCold('etcdserverpb.MemberPromoteRequest', { ID }),
      ),
      {
        ID,
      },
    );
  }
  for (const ID of [-1n, -(2n ** 63n), 2n ** 63n - 1n]) {
    t.same(
      decodeCold('etcdserverpb.LeaseRevokeRequest', encodeCold('etcdserverpb.LeaseRevokeRequest', { ID })),
      {
        ID,
      },
    );
  }
  t.same(encodeCold('etcdserverpb.LeaseRevokeRequest', { ID: 0n }).length, 0);
  t.same(
    encodeCold('etcdserverpb.LeaseRevokeRequest', { ID: 5 }),
    encodeCold('etcdserverpb.LeaseRevokeRequest', { ID: 5n }),
  );
});

t.test('a field or a type that does not exist is a defect of the caller, and said to be', async (t) => {
  t.throws(() => encodeCold('etcdserverpb.Member', { id: 1n }), /has no field id/);
  t.throws(() => encodeCold('etcdserverpb.Nothing', {}), /Nothing/);
});

t.test(
  'the switches of protobufjs, which belong to the application, are neither used nor touched',
  async (t) => {
    const script = `
    import protobuf from 'protobufjs';
    const int64 = protobuf.Reader.prototype.int64;
    const { decodeCold, encodeCold } = await import('./src/wire/cold-codec.ts');
    encodeCold('etcdserverpb.Member', { ID: 1n });
    if (protobuf.util.Long === null || protobuf.Reader.prototype.int64 !== int64) throw new Error('touched');
    protobuf.util.Long = null;
    protobuf.configure();
    const ID = 2n ** 64n - 1n;
    const again = decodeCold('etcdserverpb.Member', encodeCold('etcdserverpb.Member', { ID }));
    console.log(again.ID === ID);
  `;
    const output = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      {
        encoding: 'utf8',
      },
    );
    t.equal(output.trim(), 'true');
  },
);

const header = { idBytes: headerIdBytes(2n ** 64n - 1n, 7n), revision: 42, raftTerm: 3 };
const decodedHeader = { clusterId: 2n ** 64n - 1n, memberId: 7n, revision: 42, raftTerm: 3 };

t.test('status: what goes in comes out, and the header is the one of the hot messages', async (t) => {
  const status: cold.Status = {
    version: '3.6.0',
    dbSize: 20480,
    leader: 2n ** 63n + 5n,
    raftIndex: 2 ** 40,
    raftTerm: 3,
    raftAppliedIndex: 2 ** 40 - 1,
    errors: ['etcdserver: no leader'],
    dbSizeInUse: 4096,
    isLearner: false,
    storageVersion: '3.6.0',
    dbSizeQuota: 2147483648,
    downgradeInfo: { enabled: false, targetVersion: '' },
  };
  const bytes = cold.encodeStatusResponse(header, status);
  t.same(cold.decodeStatusResponse(bytes), { header: decodedHeader, ...status });
  t.same(m.hex(bytes).slice(-4), '6a00', 'an empty downgradeInfo is there');
  t.equal(cold.encodeStatusRequest().length, 0);
  t.doesNotThrow(() => cold.decodeStatusRequest(Buffer.from('0801', 'hex')));
});

t.test('members, alarms and health: what goes in comes out', async (t) => {
  const members = [
    { id: 1n, name: 'a', peerUrls: ['http://a:2380'], clientUrls: ['http://a:2379'], isLearner: false },
    {
      id: 2n ** 64n - 1n,
      name: '',
      peerUrls: ['http://b:2380', 'http://c'],
      clientUrls: [],
      isLearner: true,
    },
  ];
  const list = cold.decodeMemberListResponse(cold.encodeMemberListResponse(header, members));
  t.same(list, { header: decodedHeader, members });
  t.same(cold.decodeMemberListRequest(cold.encodeMemberListRequest(true)), { linearizable: true });
  t.same(cold.decodeMemberListRequest(new Uint8Array(0)), { linearizable: false });

  const alarms = [{ memberId: 9n, alarm: cold.AlarmType.NoSpace }];
  t.same(cold.decodeAlarmResponse(cold.encodeAlarmResponse(header, alarms)), {
    header: decodedHeader,
    alarms,
  });
  const request = { action: cold.AlarmAction.Deactivate, memberId: 9n, alarm: 77 };
  t.same(cold.decodeAlarmRequest(cold.encodeAlarmRequest(request)), request, 'unknown numbers are kept');

  t.same(cold.decodeHealthCheckRequest(cold.encodeHealthCheckRequest('etcdserverpb.KV')), {
    service: 'etcdserverpb.KV',
  });
  const serving = cold.encodeHealthCheckResponse(cold.ServingStatus.Serving);
  t.equal(m.hex(serving), '0801');
  t.equal(cold.decodeHealthCheckResponse(serving), cold.ServingStatus.Serving);
});
