/**
 * From HEADERS and CONTINUATION frames (RFC 9113 §6.2, §6.10) to heads of requests, or of responses.
 *
 * Between HEADERS without END_HEADERS and the last CONTINUATION no other frame may come, so at most one block is
 * incomplete per connection, bounded in bytes and in frames.
 *
 * Peers that keep a dynamic table send the same few octets for every call of a kind. While the table does not
 * change, equal octets mean equal headers, so the heads of the last blocks are kept and found again by their octets.
 */

import { ConnectionError, ErrorCode, Flag } from './frames.ts';
import { HeaderDecoder } from './header-decoder.ts';
import type { HeaderField } from './header-table.ts';
import { CONTINUATION_FRAMES_MAX, HEADER_BLOCK_BYTES_MAX } from './limits.ts';

interface KnownBlock<Head> {
  readonly octets: Buffer;
  readonly generation: number;
  readonly head: Head;
}

const KNOWN_BLOCKS = 4;
const KNOWN_BLOCK_BYTES_MAX = 256;
const PRIORITY_BYTES = 5;

export class HeaderReader<Head> {
  private readonly decoder: HeaderDecoder;
  private readonly interpret: (fields: readonly HeaderField[]) => Head;
  private readonly known: (KnownBlock<Head> | undefined)[] = new Array<KnownBlock<Head> | undefined>(
    KNOWN_BLOCKS,
  );
  private oldest = 0;
  /** The stream whose block is not complete; 0: none. */
  openStream = 0;
  /** Of the block that was completed last: END_STREAM of its HEADERS frame; a too large list; octets of literals. */
  endStream = false;
  truncated = false;
  literalBytes = 0;
  private parts: Buffer[] = [];
  private partBytes = 0;

  constructor(listBytesMax: number, interpret: (fields: readonly HeaderField[]) => Head) {
    this.interpret = interpret;
    this.decoder = new HeaderDecoder(listBytesMax);
  }

  /**
   * @returns the head when the block is complete, else null.
   * @throws ConnectionError
   */
  headers(flags: number, id: number, bytes: Buffer, from: number, to: number): Head | null {
    let begin = from;
    let end = to;
    if ((flags & Flag.Padded) !== 0) {
      if (begin === end)
        throw new ConnectionError(ErrorCode.FrameSizeError, 'HEADERS without its pad length');
      end -= bytes[begin]!;
      begin += 1;
    }
    if ((flags & Flag.Priority) !== 0) begin += PRIORITY_BYTES;
    if (begin > end)
      throw new ConnectionError(ErrorCode.ProtocolError, 'HEADERS with more padding than payload');
    this.endStream = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0) return this.complete(bytes, begin, end);
    this.openStream = id;
    this.parts = [Buffer.from(bytes.subarray(begin, end))];
    this.partBytes = end - begin;
    return null;
  }

  /** As `headers`. The caller has checked that it is this block's turn. */
  continuation(flags: number, bytes: Buffer, from: number, to: number): Head | null {
    this.partBytes += to - from;
    if (this.partBytes > HEADER_BLOCK_BYTES_MAX || this.parts.length > CONTINUATION_FRAMES_MAX) {
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'a header block without end');
    }
    this.parts.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & Flag.EndHeaders) === 0) return null;
    const block = Buffer.concat(this.parts, this.partBytes);
    this.openStream = 0;
    this.parts = [];
    return this.complete(block, 0, block.length);
  }

  private complete(bytes: Buffer, from: number, to: number): Head {
    const known = this.find(bytes, from, to);
    if (known !== null) {
      this.truncated = false;
      this.literalBytes = 0;
      return known;
    }
    const { decoder } = this;
    const { generation } = decoder;
    const head = this.interpret(decoder.decode(bytes, from, to));
    this.truncated = decoder.truncated;
    this.literalBytes = decoder.literalBytes;
    if (decoder.generation === generation && !decoder.truncated && to - from <= KNOWN_BLOCK_BYTES_MAX) {
      this.known[this.oldest] = { octets: Buffer.from(bytes.subarray(from, to)), generation, head };
      this.oldest = (this.oldest + 1) % KNOWN_BLOCKS;
    }
    return head;
  }

  private find(bytes: Buffer, from: number, to: number): Head | null {
    const { generation } = this.decoder;
    const length = to - from;
    for (let index = 0; index < KNOWN_BLOCKS; index++) {
      const known = this.known[index];
      if (known === undefined || known.generation !== generation) continue;
      const { octets } = known;
      if (octets.length !== length) continue;
      let equal = 0;
      while (equal < length && octets[equal] === bytes[from + equal]) equal += 1;
      if (equal === length) return known.head;
    }
    return null;
  }
}
