/**
 * The open streams of a connection, and as much memory of the closed ones as it takes to judge a late frame: after a
 * reset of ours, whatever was on its way is ignored; after a proper end, it is a fault (RFC 9113 §5.1).
 *
 * Ids rise by two, and most streams are short: nearly always each has a slot of a ring to itself. One that finds its
 * slot taken, by a stream that stays, stands in a map.
 *
 *     slots:  [ 129 | 131 | 69 | – | … ]   stream id at (id >>> 1) modulo their number      others: { 133 }
 */

import type { Http2Stream } from './stream.ts';

const CLOSED_REMEMBERED = 256;
const RESET_REMEMBERED = 1024;
/** Powers of two. The ring grows while it is half full. */
const SLOTS_MIN = 32;
const SLOTS_MAX = 8192;

type Slots = (Http2Stream | null)[];

function emptySlots(count: number): Slots {
  return new Array<Http2Stream | null>(count).fill(null);
}

export class StreamTable {
  private slots: Slots = emptySlots(SLOTS_MIN);
  private readonly others = new Map<number, Http2Stream>();
  private count = 0;
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
    return this.count;
  }

  get(id: number): Http2Stream | undefined {
    const stream = this.slots[(id >>> 1) & (this.slots.length - 1)]!;
    if (stream !== null && stream.id === id) return stream;
    return this.others.size === 0 ? undefined : this.others.get(id);
  }

  /** In no order. */
  values(): Http2Stream[] {
    return [...this.slots.filter((stream) => stream !== null), ...this.others.values()];
  }

  add(stream: Http2Stream): void {
    this.headerBytes += stream.headerBytes;
    this.count += 1;
    if (this.count * 2 > this.slots.length && this.slots.length < SLOTS_MAX) this.grow();
    this.put(stream);
  }

  /** @returns false when it is not open. */
  remove(stream: Http2Stream): boolean {
    const { id } = stream;
    const slot = (id >>> 1) & (this.slots.length - 1);
    if (this.slots[slot] === stream) this.slots[slot] = null;
    else if (!this.others.delete(id)) return false;
    this.count -= 1;
    this.headerBytes -= stream.headerBytes;
    this.rememberClosed(id);
    return true;
  }

  /** @returns those that were open. */
  clear(): Http2Stream[] {
    const streams = this.values();
    this.slots = emptySlots(SLOTS_MIN);
    this.others.clear();
    this.count = 0;
    this.headerBytes = 0;
    return streams;
  }

  private put(stream: Http2Stream): void {
    const slot = (stream.id >>> 1) & (this.slots.length - 1);
    if (this.slots[slot] === null) this.slots[slot] = stream;
    else this.others.set(stream.id, stream);
  }

  private grow(): void {
    const streams = this.values();
    this.slots = emptySlots(this.slots.length * 2);
    this.others.clear();
    for (const stream of streams) this.put(stream);
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
