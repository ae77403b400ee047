import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { headerIdBytes } from '../../src/wire/kv-codec.ts';
import * as codec from '../../src/wire/lease-codec.ts';
import { shuffled } from './fields.ts';
import * as m from './messages.ts';
import { refusal } from './refusal.ts';

const numRuns = 200;

interface Shape<T> {
  readonly type: string;
  readonly arbitrary: fc.Arbitrary<T>;
  /** The message in the words of its .proto file, without a header. */
  readonly wire: (message: T) => m.Wire;
  readonly decode: (bytes: Uint8Array) => unknown;
}

interface RequestShape<T> extends Shape<T> {
  readonly encode: (message: T) => Uint8Array;
}

interface ResponseShape<T> extends Shape<T> {
  readonly encode: (
    header: { idBytes: Uint8Array; revision: number; raftTerm: number },
    message: T,
  ) => Uint8Array;
}

function checkRequest<T>({ type, arbitrary, wire, encode, decode }: RequestShape<T>): void {
  const cases = arbitrary.chain((message) =>
    shuffled(m.referenceEncode(`etcdserverpb.${type}`, wire(message))).map((mixed) => ({ message, mixed })),
  );
  fc.assert(
    fc.property(cases, ({ message, mixed }) => {
      const reference = m.referenceEncode(`etcdserverpb.${type}`, wire(message));
      assert.equal(m.hex(encode(message)), m.hex(reference));
      assert.deepEqual(m.comparable(decode(reference)), m.comparable(message));
      assert.deepEqual(m.comparable(decode(mixed)), m.comparable(message));
    }),
    { numRuns },
  );
}

function checkResponse<T extends object>({ type, arbitrary, wire, encode, decode }: ResponseShape<T>): void {
  fc.assert(
    fc.property(arbitrary, m.headerArbitrary, (message, fields) => {
      const { clusterId, memberId, revision, raftTerm } = fields;
      const header = { idBytes: headerIdBytes(clusterId, memberId), revision, raftTerm };
      const reference = m.referenceEncode(`etcdserverpb.${type}`, {
        header: m.wireHeader(fields),
        ...wire(message),
      });
      assert.equal(m.hex(encode(header, message)), m.hex(reference));
      assert.deepEqual(m.comparable(decode(reference)), m.comparable({ header: fields, ...message }));
    }),
    { numRuns },
  );
}

const idOnly = fc.record({ id: m.leaseArbitrary });
const granted = fc.record({ id: m.leaseArbitrary, ttl: m.numberArbitrary });
const wireId = ({ id }: { id: bigint }): m.Wire => ({ ID: id });
const wireGranted = ({ id, ttl }: { id: bigint; ttl: number }): m.Wire => ({ ID: id, TTL: BigInt(ttl) });

t.test('requests are the same on the wire as protobufjs makes them, both ways', async (t) => {
  checkRequest({
    type: 'LeaseGrantRequest',
    arbitrary: fc.record({ ttl: m.numberArbitrary, id: m.leaseArbitrary }),
    wire: wireGranted,
    encode: codec.encodeLeaseGrantRequest,
    decode: codec.decodeLeaseGrantRequest,
  });
  checkRequest({
    type: 'LeaseRevokeRequest',
    arbitrary: idOnly,
    wire: wireId,
    encode: ({ id }) => codec.encodeLeaseRevokeRequest(id),
    decode: (bytes) => ({ id: codec.decodeLeaseRevokeRequest(bytes) }),
  });
  checkRequest({
    type: 'LeaseKeepAliveRequest',
    arbitrary: idOnly,
    wire: wireId,
    encode: ({ id }) => codec.encodeLeaseKeepAliveRequest(id),
    decode: (bytes) => ({ id: codec.decodeLeaseKeepAliveRequest(bytes) }),
  });
  checkRequest({
    type: 'LeaseTimeToLiveRequest',
    arbitrary: fc.record({ id: m.leaseArbitrary, keys: fc.boolean() }),
    wire: ({ id, keys }) => ({ ID: id, keys }),
    encode: codec.encodeLeaseTimeToLiveRequest,
    decode: codec.decodeLeaseTimeToLiveRequest,
  });
  t.equal(codec.decodeLeaseLeasesRequest(new Uint8Array(0)), undefined);
});

t.test('responses are the same on the wire as protobufjs makes them, both ways', async (t) => {
  checkResponse({
    type: 'LeaseGrantResponse',
    arbitrary: granted,
    wire: wireGranted,
    encode: (header, { id, ttl }) => codec.encodeLeaseGrantResponse(header, id, ttl),
    decode: codec.decodeLeaseGrantResponse,
  });
  checkResponse({
    type: 'LeaseKeepAliveResponse',
    arbitrary: granted,
    wire: wireGranted,
    encode: (header, { id, ttl }) => codec.encodeLeaseKeepAliveResponse(header, id, ttl),
    decode: codec.decodeLeaseKeepAliveResponse,
  });
  checkResponse({
    type: 'LeaseRevokeResponse',
    arbitrary: fc.constant({}),
    wire: () => ({}),
    encode: (header) => codec.encodeLeaseRevokeResponse(header),
    decode: codec.decodeLeaseRevokeResponse,
  });
  checkResponse({
    type: 'LeaseTimeToLiveResponse',
    arbitrary: fc.record({
      id: m.leaseArbitrary,
      ttl: m.numberArbitrary,
      grantedTtl: m.numberArbitrary,
      keys: fc.array(m.bytesArbitrary, { maxLength: 4 }),
    }),
    wire: ({ id, ttl, grantedTtl, keys }) => ({
      ID: id,
      TTL: BigInt(ttl),
      grantedTTL: BigInt(grantedTtl),
      keys,
    }),
    encode: codec.encodeLeaseTimeToLiveResponse,
    decode: codec.decodeLeaseTimeToLiveResponse,
  });
  checkResponse({
    type: 'LeaseLeasesResponse',
    arbitrary: fc.record({ ids: fc.array(m.leaseArbitrary, { maxLength: 5 }) }),
    wire: ({ ids }) => ({ leases: ids.map((id) => ({ ID: id })) }),
    encode: (header, { ids }) => codec.encodeLeaseLeasesResponse(header, ids),
    decode: codec.decodeLeaseLeasesResponse,
  });
  t.pass(`${numRuns} of each`);
});

const decoders: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'field 1 is a varint': codec.decodeLeaseGrantRequest,
  'of a revocation': codec.decodeLeaseRevokeRequest,
  'of a keep-alive': codec.decodeLeaseKeepAliveRequest,
  'of a question': codec.decodeLeaseTimeToLiveRequest,
};

t.test(
  'a wrong wire type, a field cut short and the end of a group are refused, an unknown field is passed over',
  async (t) => {
    for (const [what, decode] of Object.entries(decoders)) {
      t.equal(
        refusal(() => decode(Buffer.from('0a00', 'hex'))),
        'malformedRequest',
        what,
      );
      t.equal(
        refusal(() => decode(Buffer.from('08', 'hex'))),
        'malformedRequest',
        what,
      );
      t.equal(
        refusal(() => decode(Buffer.from('a406', 'hex'))),
        'malformedRequest',
        what,
      );
      t.equal(
        refusal(() => decode(Buffer.from('a306a406', 'hex'))),
        null,
        what,
      );
      t.equal(
        refusal(() => decode(Buffer.from('a00601', 'hex'))),
        null,
        what,
      );
    }
    t.equal(
      refusal(() => codec.decodeLeaseLeasesRequest(Buffer.from('0a', 'hex'))),
      'malformedRequest',
    );
    t.equal(
      refusal(() => codec.decodeLeaseLeasesRequest(Buffer.from('0801', 'hex'))),
      null,
    );
  },
);

t.test('the text of LeaseGrantResponse.error, which no server sends, is passed over', async (t) => {
  const bytes = m.referenceEncode('etcdserverpb.LeaseGrantResponse', { ID: 7n, TTL: 9n, error: 'none' });
  t.match(codec.decodeLeaseGrantResponse(bytes), { id: 7n, ttl: 9 });
});
