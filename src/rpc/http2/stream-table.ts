/**
 * The open streams of a connection, and as much memory of the closed ones as it takes to judge a late frame: after a
 * reset of ours, whatever was on its way is ignored; after a proper end, it is a fault (RFC 9113 §5.1).
 */

import type { Http2Stream } from './stream.ts';

const CLOSED_REMEMBERED = 256;
const RESET_REMEMBERED = 1024;

export class StreamTable {
  private readonly open = new Map<number, Http2Stream>();
  /** The last ids that were closed, as a ring. */
  private readonly closedIds = new Uint32Array(CLOSED_REMEMBERED);
  private closedCount = 0;
  /** Ids that we reset while the client could still send on them, oldest first. */
  private readonly resetIds = new Set<number>();
  /** The largest id that a client has used. */
  lastId = 0;
  /** Octets of literals in the header blocks of the open streams. */
  headerBytes = 0;

  get size(): number {
    return this.open.size;
  }

  get(id: number): Http2Stream | undefined {
    return this.open.get(id);
  }

  values(): IterableIterator<Http2Stream> {
    return this.open.values();
  }

  add(stream: Http2Stream): void {
    this.open.set(stream.id, stream);
    this.headerBytes += stream.headerBytes;
  }

  /** @returns false when it is not open. */
  remove(stream: Http2Stream): boolean {
    if (!this.open.delete(stream.id)) return false;
    this.headerBytes -= stream.headerBytes;
    this.rememberClosed(stream.id);
    return true;
  }

  /** @returns those that were open. */
  clear(): Http2Stream[] {
    const streams = [...this.open.values()];
    this.open.clear();
    this.headerBytes = 0;
    return streams;
  }

  rememberClosed(id: number): void {
    this.closedIds[this.closedCount % CLOSED_REMEMBERED] = id;
    this.closedCount += 1;
  }

  rememberReset(id: number): void {
    if (this.resetIds.size >= RESET_REMEMBERED) {
      const oldest = this.resetIds.values().next();
      if (oldest.done !== true) this.resetIds.delete(oldest.value);
    }
    this.resetIds.add(id);
  }

  wasReset(id: number): boolean {
    return this.resetIds.has(id);
  }

  /** Whether it is known to have been closed. */
  wasClosed(id: number): boolean {
    return this.closedIds.includes(id);
  }
}
