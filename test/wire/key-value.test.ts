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
