/**
 * As much HPACK (RFC 7541) as a load generator needs: request headers are encoded once as literals without indexing,
 * so there is no encoder state; responses are decoded with the static table only, because we announce a dynamic
 * table of zero bytes (SETTINGS_HEADER_TABLE_SIZE = 0) and a server must then not refer to one.
 */

import { STATIC_TABLE } from '../src/rpc/http2/header-table.ts';
import { decodeHuffman } from '../src/rpc/http2/huffman.ts';

export type Header = readonly [name: string, value: string];

function pushInteger(out: number[], pattern: number, prefixBits: number, value: number): void {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) {
    out.push(pattern | value);
    return;
  }
  out.push(pattern | limit);
  let rest = value - limit;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

function pushString(out: number[], text: string): void {
  const octets = Buffer.from(text, 'latin1');
  pushInteger(out, 0, 7, octets.length);
  out.push(...octets);
}

/** Encodes headers as literals without indexing and without Huffman (§6.2.2): the same bytes at every time. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  const out: number[] = [];
  for (const [name, value] of headers) {
    const whole = STATIC_TABLE.findIndex(
      (entry) => entry.name === name && entry.value === value && value !== '',
    );
    if (whole >= 0) {
      pushInteger(out, 0x80, 7, whole + 1);
      continue;
    }
    const index = STATIC_TABLE.findIndex((entry) => entry.name === name);
    pushInteger(out, 0, 4, index + 1);
    if (index < 0) pushString(out, name);
    pushString(out, value);
  }
  return Buffer.from(out);
}

class Reader {
  readonly #block: Uint8Array;
  #at = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get done(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    if (this.done) throw new Error('HPACK: header block ends too early');
    return this.#block[this.#at]!;
  }

  /** §5.1 */
  integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1;
    let value = this.peek() & limit;
    this.#at++;
    if (value < limit) return value;
    for (let scale = 1; ; scale *= 128) {
      if (scale > 2 ** 28) throw new Error('HPACK: integer too large');
      const octet = this.peek();
      this.#at++;
      value += (octet & 127) * scale;
      if (octet < 128) return value;
    }
  }

  /** §5.2 */
  string(): string {
    const coded = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (this.#at + length > this.#block.length) throw new Error('HPACK: header block ends too early');
    const octets = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return coded ? decodeHuffman(octets) : Buffer.from(octets).toString('latin1');
  }
}

function staticEntry(index: number): Header {
  const entry = STATIC_TABLE[index - 1];
  if (entry === undefined)
    throw new Error(`HPACK: index ${index} refers to the dynamic table, which has no room`);
  return [entry.name, entry.value];
}

/**
 * Decodes one header block.
 * @throws Error when the block is malformed or refers to the dynamic table.
 */
export function decodeHeaders(block: Uint8Array): Header[] {
  const headers: Header[] = [];
  const reader = new Reader(block);
  while (!reader.done) {
    const first = reader.peek();
    if (first >= 0x80) {
      headers.push(staticEntry(reader.integer(7)));
    } else if (first >= 0x20 && first < 0x40) {
      if (reader.integer(5) !== 0) throw new Error('HPACK: the server raised the table above what we allow');
    } else {
      // With incremental indexing (01), without (0000) or never (0001): an entry does not fit a table of zero bytes.
      const index = reader.integer(first >= 0x40 ? 6 : 4);
      const name = index === 0 ? reader.string() : staticEntry(index)[0];
      headers.push([name, reader.string()]);
    }
  }
  return headers;
}
