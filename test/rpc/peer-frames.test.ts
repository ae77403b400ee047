import fc from 'fast-check';
import t from 'tap';
import {
  decodeIntroduction,
  encodeIntroduction,
  FrameReader,
  FrameWriter,
  MAX_INTRODUCTION_BYTES,
  SIGN_OF_LIFE,
} from '../../src/rpc/peer-frames.ts';

/** All bytes of the batches, with a sign of life before each. */
function wire(batches: readonly (readonly Uint8Array[])[]): Buffer {
  const writer = new FrameWriter();
  return Buffer.concat(batches.flatMap((batch) => [SIGN_OF_LIFE, ...writer.encode(batch)]));
}

function readIn(reader: FrameReader, bytes: Buffer, chunkBytes: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    found.push(...reader.read(bytes.subarray(at, at + chunkBytes)));
  }
  return found;
}

t.test('frames come out whole and in order, however they were cut; signs of life do not', async () => {
  const batch = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(batch), fc.integer({ min: 1, max: 70 }), (batches, chunkBytes) => {
      const reader = new FrameReader(50);
      const found = readIn(reader, wire(batches), chunkBytes);
      const sent = batches.flat();
      if (reader.failure !== null || found.length !== sent.length) return false;
      return found.every((frame, index) => frame.equals(sent[index]!));
    }),
  );
});

t.test('a large batch is not copied and reads the same', async (t) => {
  const payloads = [Buffer.alloc(100_000, 1), Buffer.alloc(0), Buffer.alloc(70_000, 2)];
  const buffers = new FrameWriter().encode(payloads);
  t.ok(buffers.includes(payloads[0]!), 'the payload itself is written');
  t.equal(new FrameWriter().encode([Buffer.alloc(10), Buffer.alloc(10)]).length, 1);
  t.same(readIn(new FrameReader(100_000), Buffer.concat(buffers), 64 * 1024), payloads);
});

t.test('any flipped bit of a payload or its checksum is noticed', async () => {
  const bytes = Buffer.concat(new FrameWriter().encode([Buffer.from('first'), Buffer.from('second')]));
  const second = 8 + 5;
  fc.assert(
    fc.property(
      fc.integer({ min: second + 4, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 7 }),
      (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << bit;
        const reader = new FrameReader(100);
        return reader.read(damaged).length === 1 && reader.failure !== null;
      },
    ),
  );
});

t.test('a frame left out, doubled or swapped is noticed', async (t) => {
  const writer = new FrameWriter();
  const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.concat(writer.encode([Buffer.from(text)])));
  for (const order of [
    [a, c],
    [a, a, b],
    [b, a],
  ]) {
    const reader = new FrameReader(10);
    reader.read(Buffer.concat(order as Buffer[]));
    t.match(reader.failure, /checksum/);
  }
});

t.test('a frame beyond the limit is refused at its header', async (t) => {
  const reader = new FrameReader(1000);
  t.same(reader.read(Buffer.from([0, 0, 3, 0xe9, 0, 0, 0, 0])), []);
  t.equal(reader.failure, 'a frame of 1001 bytes is larger than the 1000 that are allowed');
  t.same(
    reader.read(Buffer.concat(new FrameWriter().encode([Buffer.from('x')]))),
    [],
    'nothing is read any more',
  );
});

t.test('introductions survive the trip, byte by byte', async (t) => {
  const strings = ['cluster', '00000000000000a1', ''];
  const bytes = encodeIntroduction(strings);
  for (let length = 0; length < bytes.length; length += 1) {
    t.equal(decodeIntroduction(bytes.subarray(0, length)), null);
  }
  t.same(decodeIntroduction(Buffer.concat([bytes, Buffer.from('more')])), { strings, bytes: bytes.length });
  t.throws(() => encodeIntroduction(['x'.repeat(256)]));
});

t.test('an introduction that is none is refused with what is wrong', async (t) => {
  const good = encodeIntroduction(['a', 'b', 'c']);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  t.throws(() => decodeIntroduction(Buffer.from('GET /')), /does not speak the peer protocol/);
  t.throws(() => decodeIntroduction(changed(4, 9)), /version 9 of the peer protocol, not 1/);
  t.throws(() => decodeIntroduction(changed(8, 0x7a)), /damaged/);
  t.throws(() => decodeIntroduction(changed(5, 0xff)), /too long/);
  t.ok(good.length < MAX_INTRODUCTION_BYTES);
});

t.test('random bytes never get past reader or introduction with an exception of another kind', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const reader = new FrameReader(1000);
      reader.read(Buffer.from(noise));
      try {
        decodeIntroduction(Buffer.concat([encodeIntroduction([]).subarray(0, 5), noise]));
      } catch (error) {
        return error instanceof Error && !(error instanceof RangeError) && !(error instanceof TypeError);
      }
      return true;
    }),
  );
});

t.test('a payload in pieces reads as if it had been one', async () => {
  const payload = fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(Buffer.alloc(5000, 7))), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(fc.array(payload, { minLength: 1, maxLength: 4 }), (payloads) => {
      const bytes = Buffer.concat(new FrameWriter().encode(payloads));
      const whole = Buffer.concat(new FrameWriter().encode(payloads.map((pieces) => Buffer.concat(pieces))));
      return bytes.equals(whole);
    }),
  );
});
