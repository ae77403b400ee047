import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import * as codec from '../../src/wire/kv-codec.ts';
import { shuffled } from './fields.ts';
import * as m from './messages.ts';
import { refusal } from './refusal.ts';

const numRuns = 300;

t.test('a put is found in its bytes where it is decoded from, and refused where it is refused', async (t) => {
  const cases = m.putRequestArbitrary.chain((request) =>
    shuffled(codec.encodePutRequest(request)).map((mixed) => Buffer.from(mixed)),
  );
  const check = (bytes: Buffer, padding: number): void => {
    const around = Buffer.alloc(padding, 0x0a);
    const entry = Buffer.concat([around, bytes, around]);
    const [from, to] = [padding, padding + bytes.length];
    const refused = refusal(() => codec.decodePutRequest(entry, from, to));
    assert.equal(
      refusal(() => codec.locatePut(entry, from, to)),
      refused,
    );
    if (refused !== null) return;
    const request = codec.decodePutRequest(entry, from, to);
    const put = codec.locatePut(entry, from, to);
    if (request.prevKv || request.ignoreValue || request.ignoreLease) assert.equal(put.asksMore, true);
    assert.equal(m.hex(put.key.subarray(put.keyStart, put.keyEnd)), m.hex(request.key));
    assert.equal(
      m.hex(new Uint8Array(put.buffer, put.valueStart, put.valueEnd - put.valueStart)),
      m.hex(request.value),
    );
    assert.equal(put.lease, request.lease);
  };
  fc.assert(
    fc.property(cases, fc.nat(3), fc.nat(20), (bytes, padding, cut) => {
      check(bytes, padding);
      check(bytes.subarray(0, Math.max(0, bytes.length - cut)), padding);
    }),
    { numRuns },
  );
  t.equal(codec.locatePut(Buffer.from('0a01611201622001', 'hex'), 0, 8).asksMore, true);
  t.equal(codec.locatePut(Buffer.from('0a01611201622000', 'hex'), 0, 8).asksMore, false);
  t.pass(`${numRuns} messages`);
});
