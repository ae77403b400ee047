import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { numbered } from '../../src/rpc/transport.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import { headerIdBytes } from '../../src/wire/kv-codec.ts';
import type { WatchRequest } from '../../src/wire/messages.ts';
import * as codec from '../../src/wire/watch-codec.ts';
import { shuffled } from './fields.ts';
import * as m from './messages.ts';
import { refusal } from './refusal.ts';

const numRuns = 300;
const requestType = 'etcdserverpb.WatchRequest';

t.test('WatchRequest is the same on the wire as protobufjs makes it, both ways', async (t) => {
  const cases = m.watchRequestArbitrary.chain((request) =>
    shuffled(m.referenceEncode(requestType, m.wireWatchRequest(request))).map((mixed) => ({
      request,
      mixed,
    })),
  );
  fc.assert(
    fc.property(cases, ({ request, mixed }) => {
      const reference = m.referenceEncode(requestType, m.wireWatchRequest(request));
      assert.equal(m.hex(codec.encodeWatchRequest(request)), m.hex(reference));
      assert.deepEqual(m.comparable(codec.decodeWatchRequest(reference)), m.comparable(request));
      assert.deepEqual(m.comparable(codec.decodeWatchRequest(mixed)), m.comparable(request));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} messages`);
});

t.test('head, watch id and events are a response that tells events and nothing else', async (t) => {
  const nothingElse = {
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
  };
  const cases = fc.record({
    header: m.headerArbitrary,
    watchId: m.numberArbitrary.filter((id) => id !== 0),
    events: fc.array(m.eventArbitrary, { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(cases, ({ header: { clusterId, memberId, revision, raftTerm }, watchId, events }) => {
      const header = { idBytes: headerIdBytes(clusterId, memberId), revision, raftTerm };
      const whole = codec.encodeWatchResponse({ header, watchId, events, ...nothingElse });
      const parts = numbered(codec.encodeWatchHead(header), watchId, codec.encodeWatchEvents(events));
      assert.equal(m.hex(parts), m.hex(whole));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} messages`);
});

const responseArbitrary = fc.record({
  header: m.headerArbitrary,
  watchId: m.numberArbitrary,
  created: fc.boolean(),
  canceled: fc.boolean(),
  compactRevision: m.numberArbitrary,
  cancelReason: fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme' })),
  fragment: fc.boolean(),
  events: fc.array(m.eventArbitrary, { maxLength: 5 }),
});

t.test(
  'WatchResponse is the same on the wire as protobufjs makes it, with its events shared or not',
  async (t) => {
    fc.assert(
      fc.property(responseArbitrary, (fields) => {
        const { clusterId, memberId, revision, raftTerm } = fields.header;
        const header = { idBytes: headerIdBytes(clusterId, memberId), revision, raftTerm };
        const response = { ...fields, header };
        const bytes = codec.encodeWatchResponse(response);
        const wire = {
          header: m.wireHeader(fields.header),
          watch_id: BigInt(fields.watchId),
          created: fields.created,
          canceled: fields.canceled,
          compact_revision: BigInt(fields.compactRevision),
          cancel_reason: fields.cancelReason,
          fragment: fields.fragment,
          events: fields.events.map(m.wireEvent),
        };
        assert.equal(m.hex(bytes), m.hex(m.referenceEncode('etcdserverpb.WatchResponse', wire)));
        const events = codec.encodeWatchEvents(fields.events);
        assert.equal(m.hex(codec.encodeWatchResponse({ ...response, events: [] }, events)), m.hex(bytes));
        const bound = fields.events.reduce((sum, event) => sum + codec.watchEventBytes(event), 0);
        assert.ok(events.length <= bound, `${events.length} bytes of events, ${bound} announced`);
        const decoded = fields.events.map((event) => ({
          type: event.type,
          kv: decodeKeyValue(event.kv),
          prevKv: event.prevKv === null ? null : decodeKeyValue(event.prevKv),
        }));
        const expected = m.comparable({ ...fields, events: decoded });
        assert.deepEqual(m.comparable(codec.decodeWatchResponse(bytes)), expected);
      }),
      { numRuns },
    );
    t.pass(`${numRuns} messages`);
  },
);

function decode(text: string): WatchRequest {
  return codec.decodeWatchRequest(Buffer.from(text, 'hex'));
}

t.test('filters are read packed, one by one and mixed', async (t) => {
  const filters = (text: string): number[] => {
    const request = decode(`0a${(text.length / 2).toString(16).padStart(2, '0')}${text}`);
    return request.kind === 'create' ? request.create.filters : [];
  };
  t.same(filters('2a020001'), [0, 1]);
  t.same(filters('28002801'), [0, 1]);
  t.same(filters('28012a0200012800'), [1, 0, 1, 0]);
  t.same(filters('2a00'), []);
  t.equal(
    refusal(() => filters('2a0180')),
    'malformedRequest',
    'a varint does not leave the packed list',
  );
});

// maxWatchFilters of wire/watch-codec
t.test('filters are bounded', async (t) => {
  const list = (count: number): Uint8Array => {
    const request = m.wireWatchRequest({
      kind: 'create',
      create: {
        key: new Uint8Array([1]),
        rangeEnd: new Uint8Array(0),
        startRevision: 0,
        progressNotify: false,
        filters: new Array<number>(count).fill(1),
        prevKv: false,
        watchId: 0,
        fragment: false,
      },
    });
    return m.referenceEncode(requestType, request);
  };
  t.doesNotThrow(() => codec.decodeWatchRequest(list(codec.maxWatchFilters)));
  t.equal(
    refusal(() => codec.decodeWatchRequest(list(codec.maxWatchFilters + 1))),
    'malformedRequest',
  );
});

t.test(
  'of a request that asks for several things the last counts, and the same thing twice is not merged',
  async (t) => {
    t.same(decode('0a030a0161' + '12020805'), { kind: 'cancel', watchId: 5 });
    t.same(decode('12020805' + '1a00'), { kind: 'progress' });
    t.same(decode('12020805' + '1200'), { kind: 'cancel', watchId: 0 });
    t.match(m.comparable(decode('0a030a0161' + '0a021805')), {
      kind: 'create',
      create: { key: '', startRevision: 5 },
    });
    t.same(decode(''), { kind: 'unset' });
    t.same(decode('1a0308a006'), { kind: 'progress' }, 'fields that a progress request may have one day');
  },
);
