import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import * as codec from '../../src/wire/key-value.ts';
import * as m from './messages.ts';
import { refusal } from './refusal.ts';

const numRuns = 500;
const type = 'mvccpb.KeyValue';

t.test('a pair is the same on the wire as protobufjs makes it, both ways', async (t) => {
  fc.assert(
    fc.property(m.keyValueArbitrary, (kv) => {
      const reference = m.referenceEncode(type, m.wireKeyValue(kv));
      assert.equal(m.hex(codec.encodeKeyValue(kv)), m.hex(reference));
      assert.deepEqual(m.comparable(codec.decodeKeyValue(reference)), m.comparable(kv));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} pairs`);
});

t.test('key, value and the pair without its value are read from a record', async (t) => {
  fc.assert(
    fc.property(m.keyValueArbitrary, (kv) => {
      const key = Buffer.from(kv.key).toString('latin1');
      const { createRevision, modRevision, version, value, lease } = kv;
      const record = codec.encodeRecord(key, createRevision, modRevision, version, value, lease);
      const plain = new Uint8Array(record);
      for (const bytes of [record, plain]) {
        assert.equal(codec.recordKey(bytes), key);
        assert.equal(m.hex(codec.recordValue(bytes)), m.hex(value));
        const bare = m.referenceEncode(type, m.wireKeyValue({ ...kv, value: new Uint8Array(0) }));
        assert.equal(m.hex(codec.withoutValue(bytes)), m.hex(bare));
      }
    }),
    { numRuns },
  );
  t.pass(`${numRuns} pairs`);
});

t.test('a tombstone holds key and mod_revision only', async (t) => {
  const tombstone = codec.encodeTombstone('a\xff', 300);
  t.equal(m.hex(tombstone), '0a0261ff18ac02');
  t.equal(codec.withoutValue(tombstone), tombstone, 'and is not copied when it has no value to lose');
  t.equal(m.hex(codec.recordValue(tombstone)), '');
});

t.test('a record is a copy: what happens to the request afterwards does not matter', async (t) => {
  const value = Buffer.from('before');
  const record = codec.encodeRecord('k', 1, 1, 1, value, 0n);
  value.write('after!');
  t.equal(Buffer.from(codec.recordValue(record)).toString(), 'before');
});

t.test('a record that is written to its place is the same as one that is made by itself', async (t) => {
  const put = codec.placedPut();
  fc.assert(
    fc.property(m.keyValueArbitrary, fc.nat(70), fc.nat(9), (kv, padding, start) => {
      const { createRevision, modRevision, version } = kv;
      // Keys on both sides of what a loop copies.
      const key = Buffer.concat([kv.key, Buffer.alloc(padding, 'k')]);
      const name = key.toString('latin1');
      const request = Buffer.concat([Buffer.alloc(start), key, kv.value, Buffer.alloc(start)]);
      put.key = request.subarray(1);
      put.keyStart = start - 1;
      put.keyEnd = put.keyStart + key.length;
      if (start === 0) {
        put.key = key;
        put.keyStart = 0;
        put.keyEnd = key.length;
      }
      put.buffer = request.buffer;
      put.valueStart = request.byteOffset + start + key.length;
      put.valueEnd = put.valueStart + kv.value.length;
      put.lease = kv.lease;
      const record = codec.encodeRecord(name, createRevision, modRevision, version, kv.value, kv.lease);
      const size = codec.putRecordBytes(put, createRevision, modRevision, version);
      assert.equal(size, record.length);
      const room = Buffer.alloc(size + 2 * start, 0xee);
      const end = codec.writePutRecord(room, start, put, createRevision, modRevision, version);
      assert.equal(end, start + size);
      const around = Buffer.alloc(start, 0xee);
      assert.equal(m.hex(room), m.hex(Buffer.concat([around, record, around])));
      const tombstone = codec.encodeTombstone(name, modRevision);
      assert.equal(codec.tombstoneBytes(name, modRevision), tombstone.length);
      const grave = Buffer.alloc(start + tombstone.length);
      assert.equal(codec.writeTombstone(grave, start, name, modRevision), grave.length);
      assert.equal(m.hex(grave.subarray(start)), m.hex(tombstone));
    }),
    { numRuns },
  );
  t.pass(`${numRuns} records`);
});

t.test('records do not run into each other, of any size', async (t) => {
  const values: Buffer[] = [];
  const records: Uint8Array[] = [];
  for (let i = 0; i < 400; i++) {
    values.push(Buffer.alloc((i * 37) % 3000, i));
    records.push(codec.encodeRecord(`key-${i}`, i, i, i, values[i]!, 0n));
  }
  for (let i = 0; i < 400; i++) {
    if (codec.recordKey(records[i]!) !== `key-${i}`) t.fail(`key ${i}`);
    if (!values[i]!.equals(codec.recordValue(records[i]!))) t.fail(`value ${i}`);
  }
  t.pass('400 records');
});

t.test('damaged records are refused', async (t) => {
  for (const text of ['0a', '0a05', '0a0561', '0a0161', '0a01612a', '0a01612a0561']) {
    const bytes = Buffer.from(text, 'hex');
    if (text === '0a0161') t.equal(codec.recordKey(bytes), 'a');
    else
      t.equal(
        refusal(() => codec.decodeKeyValue(bytes)),
        'malformedRequest',
        text,
      );
  }
  t.equal(
    refusal(() => codec.recordKey(Buffer.from('0a0561', 'hex'))),
    'malformedRequest',
  );
  t.equal(
    refusal(() => codec.recordValue(Buffer.from('0a01612a0561', 'hex'))),
    'malformedRequest',
  );
  t.equal(
    refusal(() => codec.withoutValue(Buffer.from('0a01612a0561', 'hex'))),
    'malformedRequest',
  );
});
