import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { chainCrc, joinCrc, rememberedBytes } from '../../src/util/chain-crc.ts';

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
