/**
 * Decodes header blocks (RFC 7541 §3, §6) into fields, with the dynamic table of one connection.
 *
 * A malformed block cannot be skipped, for the table would be unknown from then on: it ends the connection
 * (COMPRESSION_ERROR). A list beyond its limit is decoded to its end for the table's sake, but not kept.
 */

import { ConnectionError, ErrorCode } from './frames.ts';
import { DynamicTable, type HeaderField, headerField, STATIC_TABLE } from './header-table.ts';
import { decodeHuffman } from './huffman.ts';
import { HEADER_TABLE_BYTES } from './limits.ts';

/** An integer of HPACK has at most so many octets after its prefix: 28 bits, more than any limit of ours. */
const INTEGER_OCTETS_MAX = 4;

export class HeaderDecoder {
  private readonly table = new DynamicTable(HEADER_TABLE_BYTES);
  private readonly listBytesMax: number;
  private block: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  /** Of the last block: whether its list was too large, and the octets that came as literals. */
  truncated = false;
  literalBytes = 0;

  constructor(listBytesMax: number) {
    this.listBytesMax = listBytesMax;
  }

  /** Equal blocks have equal meanings as long as this number does not change. */
  get generation(): number {
    return this.table.generation;
  }

  /**
   * Decodes the octets `[from, to)` of `block`.
   * @throws ConnectionError COMPRESSION_ERROR
   */
  decode(block: Buffer, from: number, to: number): HeaderField[] {
    this.block = block;
    this.at = from;
    this.end = to;
    this.truncated = false;
    this.literalBytes = 0;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let mayResize = true;
    while (this.at < to) {
      const first = block[this.at]!;
      if (first >= 0x20 && first < 0x40) {
        if (!mayResize) throw broken('a table size update inside of a block');
        this.resize();
        continue;
      }
      mayResize = false;
      const field = first >= 0x80 ? this.entry(this.integer(7)) : this.literal(first);
      listBytes += field.size;
      if (listBytes <= this.listBytesMax) fields.push(field);
      else this.truncated = true;
    }
    this.block = EMPTY;
    return fields;
  }

  private resize(): void {
    const bytes = this.integer(5);
    if (bytes > HEADER_TABLE_BYTES) throw broken(`a table of ${bytes} bytes`);
    this.table.resize(bytes);
  }

  /** With incremental indexing (01), without (0000) or never to be indexed (0001). */
  private literal(first: number): HeaderField {
    const indexed = first >= 0x40;
    const index = this.integer(indexed ? 6 : 4);
    const before = this.at;
    const name = index === 0 ? this.string() : this.entry(index).name;
    const field = headerField(name, this.string());
    this.literalBytes += this.at - before;
    if (indexed) this.table.insert(field);
    return field;
  }

  private entry(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.table.get(index);
    if (field === undefined) throw broken(`no entry has the index ${index}`);
    return field;
  }

  /** §5.1 */
  private integer(prefixBits: number): number {
    const { block, end } = this;
    const limit = (1 << prefixBits) - 1;
    let value = block[this.at++]! & limit;
    if (value < limit) return value;
    for (let octets = 0; octets < INTEGER_OCTETS_MAX; octets++) {
      if (this.at >= end) throw broken('the block ends inside of an integer');
      const octet = block[this.at++]!;
      value += (octet & 127) * 2 ** (7 * octets);
      if (octet < 128) return value;
    }
    throw broken('an integer is too large');
  }

  /** §5.2 */
  private string(): string {
    if (this.at >= this.end) throw broken('the block ends before a string');
    const coded = this.block[this.at]! >= 0x80;
    const length = this.integer(7);
    const from = this.at;
    if (length > this.end - from) throw broken('the block ends inside of a string');
    this.at = from + length;
    if (!coded) return this.block.toString('latin1', from, this.at);
    try {
      return decodeHuffman(this.block, from, this.at);
    } catch (error) {
      throw broken(error instanceof Error ? error.message : String(error));
    }
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

function broken(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.CompressionError, `header block: ${what}`);
}
