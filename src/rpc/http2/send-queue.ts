/**
 * What waits in one stream to be sent, as octets: prefixes and small messages are put together in chunks, large
 * messages stand between them as they are.
 *
 *     pieces:  [ chunk: prefix message prefix message … prefix ][ large message ][ chunk … room ]
 *
 * Thousands of small messages, such as those of a stream with many watchers, are so a few large pieces, which go to the
 * socket without another copy. Chunks are used again once the socket has let go of them.
 *
 * The invariant: octets that were moved to the output are not written to before the output gives their chunk back.
 */

import type { Output } from './output.ts';
import { BODY_BYTES_NOT_COPIED, CHUNK_BYTES, takeChunk } from './output.ts';

/** With less than this waiting, there is no saying that more will come: chunks are as small as what they are for. */
const FEW_BYTES = 4096;
/** Pieces that have left, which may stay at the head of the list. */
const GARBAGE_MAX = 1024;

class Piece {
  readonly bytes: Uint8Array;
  /** Octets `[from, to)` wait, or have waited. */
  readonly from: number;
  to: number;
  /** The chunk that goes back with it. */
  chunk: Buffer | null = null;
  hasLeft = false;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }
}

export class SendQueue {
  /** Octets that wait. */
  bytes = 0;
  /** Where `reserve` makes room, filled up to `chunkEnd`. */
  chunk: Buffer = NO_BYTES;
  private chunkEnd = 0;
  private isPooled = false;
  /** The newest piece of the chunk. */
  private newest: Piece | null = null;
  private pieces: Piece[] = [];
  private head = 0;
  /** Of the first piece: what leaves next. */
  private at = 0;

  /** @returns where in `chunk` there is room for so many octets, all of which the caller writes at once. */
  reserve(bytes: number): number {
    if (this.chunkEnd + bytes > this.chunk.length) this.renew(bytes);
    const at = this.chunkEnd;
    const { newest } = this;
    this.chunkEnd = at + bytes;
    this.bytes += bytes;
    if (newest !== null && newest === this.pieces[this.pieces.length - 1]) newest.to = this.chunkEnd;
    else {
      this.newest = new Piece(this.chunk, at, this.chunkEnd);
      this.push(this.newest);
    }
    return at;
  }

  /** Adds octets. Many of them are not copied, and must not change before they have left. */
  append(bytes: Uint8Array): void {
    if (bytes.length < BODY_BYTES_NOT_COPIED) {
      // Not in one expression: `reserve` may exchange the chunk.
      const at = this.reserve(bytes.length);
      this.chunk.set(bytes, at);
      return;
    }
    this.bytes += bytes.length;
    this.push(new Piece(bytes, 0, bytes.length));
  }

  /** Moves the first so many octets to the output. */
  moveTo(output: Output, bytes: number): void {
    let left = bytes;
    this.bytes -= bytes;
    while (left > 0) {
      const piece = this.pieces[this.head]!;
      const to = Math.min(piece.to, this.at + left);
      const isWhole = this.at === 0 && to === piece.bytes.length;
      output.append(isWhole ? piece.bytes : piece.bytes.subarray(this.at, to));
      left -= to - this.at;
      this.at = to;
      if (to === piece.to) this.dropFirst(piece, output);
    }
  }

  clear(): void {
    this.bytes = 0;
    this.pieces = [];
    this.head = 0;
    this.forgetChunk();
  }

  private push(piece: Piece): void {
    if (this.head === this.pieces.length) this.at = piece.from;
    this.pieces.push(piece);
  }

  private renew(bytes: number): void {
    // A chunk whose pieces have left before it was full is left to the garbage collector.
    if (this.isPooled && this.newest?.hasLeft === false) this.newest.chunk = this.chunk;
    this.newest = null;
    this.isPooled = this.bytes >= FEW_BYTES && bytes <= CHUNK_BYTES;
    this.chunk = this.isPooled ? takeChunk() : Buffer.allocUnsafe(bytes);
    this.chunkEnd = 0;
  }

  private dropFirst(piece: Piece, output: Output): void {
    piece.hasLeft = true;
    if (piece.chunk !== null) output.giveBack(piece.chunk);
    this.head += 1;
    if (this.head === this.pieces.length) {
      if (this.isPooled) output.giveBack(this.chunk);
      this.forgetChunk();
      this.pieces = [];
      this.head = 0;
      return;
    }
    this.at = this.pieces[this.head]!.from;
    // What has left must not stay reachable behind a slow reader.
    this.pieces[this.head - 1] = NO_PIECE;
    if (this.head < GARBAGE_MAX) return;
    this.pieces.splice(0, this.head);
    this.head = 0;
  }

  private forgetChunk(): void {
    this.newest = null;
    this.isPooled = false;
    this.chunk = NO_BYTES;
    this.chunkEnd = 0;
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);
const NO_PIECE: Piece = new Piece(NO_BYTES, 0, 0);
