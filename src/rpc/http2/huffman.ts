/**
 * The Huffman code of HPACK (RFC 7541 §5.2, appendix B), decoding only: everything we send is short or sent once.
 *
 * The code is canonical: codes of one length are consecutive numbers in symbol order, and the first code of a length
 * follows from the lengths before it. So the code lengths below are the whole table.
 *
 * Decoding looks up eight bits at a time in a tree of tables with 256 entries each. An entry is either the number of
 * the next table, or a symbol and how many of the eight bits its code uses.
 */

/** Code length of each symbol 0..255 and of the end-of-string symbol 256, in order; `28x7` is 28 seven times. */
const LENGTHS =
  '13 23 28x7 24 30 28x2 30 28x8 30 28x9 6 10x2 12 13 6 8 11 10x2 8 11 8 6x3 5x3 6x7 7 8 15 6 12 ' +
  '10 13 6 7x22 8 7 8 13 19 13 14 6 15 5 6 5 6 5 6x3 5 7x2 6x3 5 6 7 6 5x2 6 7x5 15 11 14 13 28 20 ' +
  '22 20x2 22x3 23 22 23x5 24 23 24x2 22 23 24 23x4 21 22 23 22 23x2 24 22 21 20 22x2 23x2 21 23 ' +
  '22x2 24 21 22 23x2 21x2 22 21 23 22 23x2 20 22x3 23 22x2 23 26x2 20 19 22 23 22 25 26x3 27x2 26 ' +
  '24 25 19 21 26 27x2 26 27 24 21x2 26x2 28 27x3 20 24 20 21 22 21x2 23 22x2 25x2 24x2 26 23 26 ' +
  '27 26x2 27x5 28 27x5 26 30';

const END_OF_STRING = 256;
const LONGEST = 30;
const TABLE_ENTRIES = 256;
/** An entry with this bit is a symbol: bits 0..8, and from bit 9 on how many bits of the byte its code uses. */
const LEAF = 1 << 16;

function codeLengths(): number[] {
  const lengths: number[] = [];
  for (const run of LENGTHS.split(' ')) {
    const [length, count = 1] = run.split('x').map(Number);
    for (let repeat = 0; repeat < count; repeat++) lengths.push(length!);
  }
  if (lengths.length !== END_OF_STRING + 1)
    throw new Error(`the Huffman table has ${lengths.length} symbols`);
  return lengths;
}

function buildTables(): Int32Array {
  const lengths = codeLengths();
  const tables: number[] = new Array<number>(TABLE_ENTRIES).fill(0);
  let code = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code *= 2;
    for (let symbol = 0; symbol <= END_OF_STRING; symbol++) {
      if (lengths[symbol] !== length) continue;
      insert(tables, code, length, symbol);
      code += 1;
    }
  }
  if (code !== 2 ** LONGEST) throw new Error('the Huffman code is not complete');
  return Int32Array.from(tables);
}

function insert(tables: number[], code: number, length: number, symbol: number): void {
  let table = 0;
  let rest = length;
  while (rest > 8) {
    rest -= 8;
    const at = table * TABLE_ENTRIES + (Math.floor(code / 2 ** rest) & 0xff);
    if (tables[at] === 0) {
      tables[at] = tables.length / TABLE_ENTRIES;
      for (let entry = 0; entry < TABLE_ENTRIES; entry++) tables.push(0);
    }
    table = tables[at]!;
  }
  const first = table * TABLE_ENTRIES + ((code << (8 - rest)) & 0xff);
  for (let entry = 0; entry < 1 << (8 - rest); entry++) tables[first + entry] = LEAF | (rest << 9) | symbol;
}

const TABLES: Int32Array = buildTables();

/** Octets of the string that is being decoded; grows to the longest one seen, up to `SCRATCH_KEPT_BYTES`. */
let scratch: Buffer = Buffer.allocUnsafeSlow(512);
const SCRATCH_KEPT_BYTES = 64 * 1024;
/** The shortest code has five bits. */
const SHORTEST = 5;

function scratchFor(octets: number): Buffer {
  const bytes = Math.floor((octets * 8) / SHORTEST) + 1;
  if (bytes <= scratch.length) return scratch;
  const larger = Buffer.allocUnsafeSlow(bytes);
  if (bytes <= SCRATCH_KEPT_BYTES) scratch = larger;
  return larger;
}

/**
 * Decodes the Huffman-coded octets `[from, to)` of `source`.
 *
 * @returns the octets as a latin1 string.
 * @throws Error on the end-of-string symbol and on padding that is not fewer than eight one bits (§5.2).
 */
export function decodeHuffman(source: Uint8Array, from = 0, to: number = source.length): string {
  const out = scratchFor(to - from);
  let length = 0;
  let table = 0;
  let bits = 0;
  let count = 0;
  /** Bits since the last symbol ended. */
  let open = 0;
  for (let at = from; at < to; at++) {
    bits = ((bits << 8) | source[at]!) & 0xffff;
    count += 8;
    open += 8;
    while (count >= 8) {
      const entry = TABLES[table * TABLE_ENTRIES + ((bits >> (count - 8)) & 0xff)]!;
      if (entry < LEAF) {
        table = entry;
        count -= 8;
        continue;
      }
      const symbol = entry & 0x1ff;
      if (symbol === END_OF_STRING) throw new Error('HPACK: end-of-string symbol inside a string');
      out[length++] = symbol;
      table = 0;
      count -= (entry >> 9) & 0xf;
      open = count;
    }
  }
  // Fewer than eight bits are left: the ends of short codes, then padding of ones.
  while (count > 0) {
    const entry = TABLES[table * TABLE_ENTRIES + ((bits << (8 - count)) & 0xff)]!;
    const used = (entry >> 9) & 0xf;
    if (entry < LEAF || used > count) break;
    const symbol = entry & 0x1ff;
    if (symbol === END_OF_STRING) throw new Error('HPACK: end-of-string symbol inside a string');
    out[length++] = symbol;
    table = 0;
    count -= used;
    open = count;
  }
  const ones = (1 << count) - 1;
  if (open > 7 || (bits & ones) !== ones) throw new Error('HPACK: wrong padding of a Huffman string');
  return out.toString('latin1', 0, length);
}
