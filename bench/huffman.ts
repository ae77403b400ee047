/**
 * The Huffman code of HPACK (RFC 7541 §5.2, appendix B), decoding only.
 *
 * The code is canonical: codes of one length are consecutive numbers in symbol order, and the first code of a length
 * follows from the lengths before it. So the code lengths below are the whole table.
 */

/** Code length of each symbol 0..255 and of the end-of-string symbol 256, as [length, how many times] runs. */
const LENGTH_RUNS: readonly (readonly [length: number, count: number])[] = [
  ...[
    [13, 1],
    [23, 1],
    [28, 7],
    [24, 1],
    [30, 1],
    [28, 2],
    [30, 1],
    [28, 8],
    [30, 1],
    [28, 9],
  ],
  ...[
    [6, 1],
    [10, 2],
    [12, 1],
    [13, 1],
    [6, 1],
    [8, 1],
    [11, 1],
    [10, 2],
    [8, 1],
    [11, 1],
    [8, 1],
    [6, 3],
  ],
  ...[
    [5, 3],
    [6, 7],
    [7, 1],
    [8, 1],
    [15, 1],
    [6, 1],
    [12, 1],
    [10, 1],
    [13, 1],
    [6, 1],
    [7, 22],
    [8, 1],
  ],
  ...[
    [7, 1],
    [8, 1],
    [13, 1],
    [19, 1],
    [13, 1],
    [14, 1],
    [6, 1],
    [15, 1],
    [5, 1],
    [6, 1],
    [5, 1],
    [6, 1],
  ],
  ...[
    [5, 1],
    [6, 3],
    [5, 1],
    [7, 2],
    [6, 3],
    [5, 1],
    [6, 1],
    [7, 1],
    [6, 1],
    [5, 2],
    [6, 1],
    [7, 5],
    [15, 1],
  ],
  ...[
    [11, 1],
    [14, 1],
    [13, 1],
    [28, 1],
    [20, 1],
    [22, 1],
    [20, 2],
    [22, 3],
    [23, 1],
    [22, 1],
    [23, 5],
  ],
  ...[
    [24, 1],
    [23, 1],
    [24, 2],
    [22, 1],
    [23, 1],
    [24, 1],
    [23, 4],
    [21, 1],
    [22, 1],
    [23, 1],
    [22, 1],
  ],
  ...[
    [23, 2],
    [24, 1],
    [22, 1],
    [21, 1],
    [20, 1],
    [22, 2],
    [23, 2],
    [21, 1],
    [23, 1],
    [22, 2],
    [24, 1],
  ],
  ...[
    [21, 1],
    [22, 1],
    [23, 2],
    [21, 2],
    [22, 1],
    [21, 1],
    [23, 1],
    [22, 1],
    [23, 2],
    [20, 1],
    [22, 3],
  ],
  ...[
    [23, 1],
    [22, 2],
    [23, 1],
    [26, 2],
    [20, 1],
    [19, 1],
    [22, 1],
    [23, 1],
    [22, 1],
    [25, 1],
    [26, 3],
  ],
  ...[
    [27, 2],
    [26, 1],
    [24, 1],
    [25, 1],
    [19, 1],
    [21, 1],
    [26, 1],
    [27, 2],
    [26, 1],
    [27, 1],
    [24, 1],
  ],
  ...[
    [21, 2],
    [26, 2],
    [28, 1],
    [27, 3],
    [20, 1],
    [24, 1],
    [20, 1],
    [21, 1],
    [22, 1],
    [21, 2],
    [23, 1],
  ],
  ...[
    [22, 2],
    [25, 2],
    [24, 2],
    [26, 1],
    [23, 1],
    [26, 1],
    [27, 1],
    [26, 2],
    [27, 5],
    [28, 1],
    [27, 5],
  ],
  ...[
    [26, 1],
    [30, 1],
  ],
] as [number, number][];

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
  for (const [length, count] of LENGTH_RUNS) {
    for (let repeat = 0; repeat < count; repeat++) symbols[length]!.push(symbol++);
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
