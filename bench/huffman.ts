/**
 * The Huffman code of HPACK (RFC 7541 §5.2, appendix B), decoding only.
 *
 * The code is canonical: codes of one length are consecutive numbers in symbol order, and the first code of a length
 * follows from the lengths before it. So the code lengths below are the whole table.
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

interface Code {
  /** First code of each length, and the symbols of that length in order. */
  readonly first: readonly number[];
  readonly symbols: readonly (readonly number[])[];
}

function buildCode(): Code {
  const symbols: number[][] = Array.from({ length: LONGEST + 1 }, () => []);
  let symbol = 0;
  for (const run of LENGTHS.split(' ')) {
    const [length, count = 1] = run.split('x').map(Number);
    for (let repeat = 0; repeat < count; repeat++) symbols[length!]!.push(symbol++);
  }
  if (symbol !== END_OF_STRING + 1) throw new Error(`the Huffman table has ${symbol} symbols, not 257`);
  const first: number[] = [0];
  let code = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code = (code + symbols[length - 1]!.length) * 2;
    first.push(code);
  }
  if (code + symbols[LONGEST]!.length !== 2 ** LONGEST) throw new Error('the Huffman code is not complete');
  return { first, symbols };
}

const CODE = buildCode();

/**
 * Decodes one Huffman-coded string literal. Bit by bit: it runs once per error reply, not per call.
 * @returns the octets as a latin1 string.
 * @throws Error on the end-of-string symbol and on padding that is not fewer than eight one bits (§5.2).
 */
export function decodeHuffman(octets: Uint8Array): string {
  let text = '';
  let code = 0;
  let length = 0;
  for (const octet of octets) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((octet >> bit) & 1);
      length++;
      const offset = code - CODE.first[length]!;
      const symbols = CODE.symbols[length]!;
      if (offset < symbols.length) {
        const symbol = symbols[offset]!;
        if (symbol === END_OF_STRING) throw new Error('HPACK: end-of-string symbol inside a string');
        text += String.fromCharCode(symbol);
        code = 0;
        length = 0;
      }
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new Error('HPACK: wrong padding of a Huffman string');
  return text;
}
