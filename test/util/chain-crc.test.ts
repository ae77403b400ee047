import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { chainCrc, joinCrc, rememberedBytes, rememberTail } from '../../src/util/chain-crc.ts';

t.test('the CRC of two pieces follows from theirs', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      if (joinCrc(crc32(first), crc32(second), second.length) !== whole) throw new Error('joined');
      if (chainCrc(second, crc32(first)) !== whole) throw new Error('chained');
    }),
    { numRuns: 500 },
  );
  t.pass('500 pairs');
});

t.test('a large piece has the same CRC in every chain, read or remembered', async (t) => {
  for (const length of [rememberedBytes - 1, rememberedBytes, 70_001, 1 << 20, (1 << 22) + 3]) {
    const piece = Buffer.alloc(length, 'large');
    for (const before of ['', 'a', 'another chain']) {
      const crc = crc32(before);
      t.equal(chainCrc(piece, crc), crc32(piece, crc), `${length} bytes behind ${before.length}`);
    }
  }
});

t.test(
  'headBytesMax of util/chain-crc: the CRC of what a checked piece ends with follows from its own, behind so much',
  async (t) => {
    for (const length of [rememberedBytes - 1, rememberedBytes, 70_001, 1 << 20]) {
      for (const headBytes of [0, 1, 54, 1024, 1025]) {
        const whole = Buffer.from(
          Array.from({ length: headBytes + length }, (_, at) => (at * 7 + (at >>> 8)) % 256),
        );
        const tail = whole.subarray(headBytes);
        const expected = crc32(tail, 99);
        rememberTail(whole, tail);
        t.equal(chainCrc(whole.subarray(headBytes), 99), expected, 'nothing is known of the whole');
        chainCrc(whole, 5);
        rememberTail(whole, tail);
        t.equal(chainCrc(tail, 99), expected, `${length} bytes behind ${headBytes}`);
      }
    }
    const whole = Buffer.alloc(rememberedBytes * 3);
    t.throws(() => rememberTail(whole, whole.subarray(1, whole.length - 1)), /not the end/);
  },
);

t.test('a tail that was worked out is not read', async (t) => {
  const whole = Buffer.alloc(rememberedBytes + 54, 'frame');
  const tail = whole.subarray(54);
  const expected = crc32(tail);
  chainCrc(whole, 0);
  rememberTail(whole, tail);
  // What nobody may do shows that nobody looks.
  tail[100] = tail[100]! ^ 1;
  t.equal(chainCrc(tail, 0), expected);
});
