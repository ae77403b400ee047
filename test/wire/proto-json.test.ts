import fc from 'fast-check';
import t from 'tap';
import { Failure } from '../../src/util/failure.ts';
import { decodeCold, encodeCold } from '../../src/wire/cold-codec.ts';
import { protoDescriptor } from '../../src/wire/proto-descriptor.ts';
import { decodeProtoJson, decodeProtoJsonParts, encodeProtoJson } from '../../src/wire/proto-json.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (type: string, json: string): Record<string, unknown> =>
  decodeCold(`etcdserverpb.${type}`, encodeProtoJson(`etcdserverpb.${type}`, json));

function problem(type: string, json: string): string {
  try {
    read(type, json);
    return 'none';
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'malformedRequest') throw error;
    return error.message;
  }
}

t.test('fields come under either name, and in every form that the mapping allows', async (t) => {
  const whole = read(
    'RangeRequest',
    '{"key":"/+8=","rangeEnd":"_-8","limit":7,"revision":"-9223372036854775808","sort_order":"DESCEND",' +
      '"sortTarget":3,"serializable":true,"min_mod_revision":9223372036854775807,"max_mod_revision":1e3,' +
      '"keys_only":null,"noSuchField":{"a":[1]}}',
  );
  t.match(whole, {
    key: bytes('\xff\xef'),
    range_end: bytes('\xff\xef'),
    limit: 7n,
    revision: -(2n ** 63n),
    sort_order: 2,
    sort_target: 3,
    serializable: true,
    keys_only: false,
    min_mod_revision: 2n ** 63n - 1n,
    max_mod_revision: 1000n,
  });
  t.match(read('LeaseGrantRequest', '{"TTL":"5","ID":7587848943239472555}'), {
    TTL: 5n,
    ID: 7587848943239472555n,
  });
  const name = '{"name":"1234567890123456789 \\" 12345678901234567890","password":""}';
  t.equal(
    read('AuthUserAddRequest', name)['name'],
    '1234567890123456789 " 12345678901234567890',
    'digits in a text stay as they are',
  );
  t.match(read('WatchRequest', '{"create_request":{"filters":["NOPUT",1],"watch_id":"3"}}'), {
    create_request: { filters: [0, 1], watch_id: 3n },
  });
  t.match(read('TxnRequest', '{"compare":[{"target":"LEASE","lease":0}],"success":[{"request_txn":{}}]}'), {
    compare: [{ target: 4, lease: 0n }],
    success: [{ request_txn: { compare: [] } }],
  });
});

t.test('what is wrong is told', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /JSON/],
    ['{"key":', /JSON/],
    ['[]', /is an object, not \[\]/],
    ['3', /is an object, not 3/],
    ['{"key":5}', /^key is a bytes, not 5$/],
    ['{"key":"*"}', /^key is no base64$/],
    ['{"key":"YWJjZ"}', /^key is no base64$/],
    ['{"key":"YQ=="}{', /JSON/],
    ['{"limit":1.5}', /^limit is an int64, not 1.5$/],
    ['{"limit":"0x10"}', /^limit is an int64/],
    ['{"limit":"9223372036854775808"}', /^limit is an int64/],
    ['{"limit":99999999999999999999}', /^limit is an int64/],
    ['{"serializable":"true"}', /^serializable is a bool, not "true"$/],
    ['{"sort_order":2147483648}', /int32/],
    ['{"rangeEnd":"","range_end":""}', /^range_end is given twice$/],
  ];
  for (const [json, words] of cases) t.match(problem('RangeRequest', json), words, json);
  t.match(problem('MemberAddRequest', '{"peerURLs":"http://a"}'), /^peerURLs is a list/);
  t.match(problem('MemberAddRequest', '{"peerURLs":[5]}'), /^peerURLs is a string, not 5$/);
  t.match(problem('MemberRemoveRequest', '{"ID":-1}'), /^ID is an uint64, not -1$/);
  t.match(
    problem('WatchRequest', '{"create_request":{},"cancel_request":{}}'),
    /^cancel_request: another one of request_union is set already$/,
  );
  const deep = `${'{"success":[{"request_txn":'.repeat(200)}{}${'}]}'.repeat(200)}`;
  t.match(problem('TxnRequest', deep), /nested too deep/);
});

t.test('names of enums that do not exist are passed over, as fields are', async (t) => {
  const encoded = (type: string, json: string): string =>
    Buffer.from(encodeProtoJson(`etcdserverpb.${type}`, json)).toString('hex');
  t.equal(encoded('RangeRequest', '{"sort_order":"UP","limit":1}'), encoded('RangeRequest', '{"limit":1}'));
  const filtered = (filters: string): string => `{"create_request":{"filters":[${filters}]}}`;
  t.equal(encoded('WatchRequest', filtered('"NOPE","NODELETE"')), encoded('WatchRequest', filtered('1')));
});

t.test('answers have the names of the contracts, and nothing that is default', async (t) => {
  const shown = (type: string, message: object): string =>
    decodeProtoJson(`etcdserverpb.${type}`, encodeCold(`etcdserverpb.${type}`, message));
  t.equal(shown('RangeResponse', {}), '{}');
  const header = { cluster_id: 2n ** 64n - 1n, revision: 0n };
  const kv = { key: bytes('\xff'), value: bytes(''), lease: -1n };
  t.equal(
    shown('RangeResponse', { header, kvs: [kv, {}], more: true, count: 3n }),
    '{"header":{"cluster_id":"18446744073709551615"},"kvs":[{"key":"/w==","lease":"-1"},{}],"more":true,"count":"3"}',
  );
  t.equal(
    shown('TxnResponse', { responses: [{ response_txn: {} }, {}] }),
    '{"responses":[{"response_txn":{}},{}]}',
  );
  t.equal(shown('HashResponse', { hash: 4294967295 }), '{"hash":4294967295}');
  t.equal(
    shown('AlarmResponse', { alarms: [{ memberID: 1n, alarm: 2 }, { alarm: 77 }] }),
    '{"alarms":[{"memberID":"1","alarm":"CORRUPT"},{"alarm":77}]}',
  );
  t.equal(shown('MemberListResponse', { members: [{ name: 'a"\n' }] }), '{"members":[{"name":"a\\"\\n"}]}');
});

t.test('a message that comes in parts has the text of the whole, whatever is in each of them', async (t) => {
  const pair = fc.record({
    key: fc.uint8Array({ maxLength: 3 }),
    create_revision: fc.bigInt({ min: 0n, max: 2n }),
  });
  const filled = {
    header: fc.constant({ revision: 7n }),
    more: fc.boolean(),
    count: fc.constantFrom(0n, 9n),
  };
  const type = 'etcdserverpb.RangeResponse';
  fc.assert(
    fc.property(
      fc.record(filled),
      fc.array(fc.array(pair, { maxLength: 3 }), { maxLength: 4 }),
      (others, lists) => {
        const { header, more, count } = others;
        const parts = [{ header }, ...lists.map((kvs) => ({ kvs })), {}, { more }, { count }, {}];
        const encoded = parts.map((part) => encodeCold(type, part));
        const whole = decodeProtoJson(type, Buffer.concat(encoded));
        const text = [...decodeProtoJsonParts(type, encoded)].join('');
        if (text !== whole) throw new Error(`${text} is not ${whole}`);
      },
    ),
  );
  const kvs = Array.from({ length: 3000 }, () => ({ key: Buffer.alloc(100) }));
  const long = [{ kvs }, { count: 3000n }].map((part) => encodeCold(type, part));
  const pieces = [...decodeProtoJsonParts(type, long)];
  t.equal(pieces.join(''), decodeProtoJson(type, Buffer.concat(long)));
  // Of 64 KiB of message, and a third more in base64.
  t.ok(pieces.length >= 6 && pieces.every((piece) => piece.length < 128 * 1024), 'no part is one piece');
  const disordered = [{ count: 1n }, { more: true }].map((part) => encodeCold(type, part));
  t.throws(() => [...decodeProtoJsonParts(type, disordered)], /not in the order of its fields/);
});

t.test('every message of the contracts goes there and back', async (t) => {
  const integers = { int64: [-(2n ** 63n), 2n ** 63n - 1n], uint64: [0n, 2n ** 64n - 1n] } as const;
  type Declared = { fields?: Record<string, { type: string; rule?: string }>; oneofs?: unknown };
  let count = 0;
  for (const [space, declarations] of Object.entries(protoDescriptor)) {
    for (const [name, json] of Object.entries(declarations)) {
      const { fields, oneofs } = JSON.parse(json) as Declared;
      if (fields === undefined || oneofs !== undefined) continue;
      const arbitraries: Record<string, fc.Arbitrary<unknown>> = {};
      for (const [field, { type, rule }] of Object.entries(fields)) {
        let value: fc.Arbitrary<unknown>;
        if (type === 'bytes') value = fc.uint8Array({ maxLength: 9 }).map((octets) => Buffer.from(octets));
        else if (type === 'string') value = fc.string({ unit: 'grapheme', maxLength: 9 });
        else if (type === 'bool') value = fc.boolean();
        else if (type === 'int64' || type === 'uint64') {
          const [min, max] = integers[type];
          value = fc.bigInt({ min, max });
        } else if (type === 'uint32') value = fc.nat();
        else continue;
        arbitraries[field] = rule === 'repeated' ? fc.array(value, { maxLength: 3 }) : value;
      }
      count++;
      const type = `${space}.${name}`;
      fc.assert(
        fc.property(fc.record(arbitraries), (message) => {
          const encoded = encodeCold(type, message);
          const back = encodeProtoJson(type, decodeProtoJson(type, encoded));
          t.same(decodeCold(type, back), decodeCold(type, encoded), type);
        }),
        { numRuns: 5 },
      );
    }
  }
  t.ok(count > 80, `${count} messages`);
});
