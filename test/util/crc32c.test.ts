import t from 'tap';
import { crc32c } from '../../src/util/crc32c.ts';

/** Bit by bit, from the definition. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f6_3b78;
  }
  return ~crc >>> 0;
}

t.test('the known values', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe306_9283);
  t.equal(crc32c(new Uint8Array(32)), 0x8a91_36aa);
  t.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43);
  t.equal(crc32c(new Uint8Array(0)), 0);
});

t.test('it is what the definition says, of any length, in one piece or in two', async (t) => {
  const bytes = new Uint8Array(100).map((_, at) => at * 37 + (at >> 1));
  for (let length = 0; length <= bytes.length; length++) {
    const part = bytes.subarray(0, length);
    const wanted = slowly(part);
    if (crc32c(part) !== wanted) t.fail(`${length} bytes`);
    const cut = length >> 1;
    if (crc32c(part.subarray(cut), crc32c(part.subarray(0, cut))) !== wanted) t.fail(`${length} in two`);
  }
});
