/**
 * The revisions of one key before its newest, ascending, each as its main revision, `sub * 2 + isTombstone` and its bytes.
 *
 *     head  [ main mark bytes | … ]      the oldest, of which the first `skip` are forgotten
 *     more  [ [ main mark bytes | … ] … ] what follows, `chunkRevisions` in each array
 *
 * In pieces, because a key may have millions: one array that long is copied whole when it grows and when its beginning
 * is cut off, and a compaction cuts a little at a time.
 */

const stride = 3;
const chunkBits = 10;
/** Revisions in an array. */
const chunkRevisions = 1 << chunkBits;
const chunkMask = chunkRevisions - 1;

const none: number[][] = [];

export class OlderRevisions {
  #head: number[] = [];
  #more: number[][] = none;
  #skip = 0;
  /** How many there are. */
  length = 0;

  push(main: number, mark: number, bytes: number): void {
    const end = this.#skip + this.length;
    let chunk = this.#head;
    if (end >= chunkRevisions) {
      const at = (end >>> chunkBits) - 1;
      if (this.#more === none) this.#more = [];
      if (at === this.#more.length) this.#more.push([]);
      chunk = this.#more[at]!;
    }
    chunk.push(main, mark, bytes);
    this.length++;
  }

  mainAt(place: number): number {
    return this.#field(place, 0);
  }

  markAt(place: number): number {
    return this.#field(place, 1);
  }

  bytesAt(place: number): number {
    return this.#field(place, 2);
  }

  #field(place: number, field: number): number {
    const at = place + this.#skip;
    const chunk = at < chunkRevisions ? this.#head : this.#more[(at >>> chunkBits) - 1]!;
    return chunk[(at & chunkMask) * stride + field]!;
  }

  /** Forgets the oldest `count`, which must be there. */
  forget(count: number): void {
    this.length -= count;
    this.#skip += count;
    if (this.#skip >= chunkRevisions && this.#more.length > 0) {
      const gone = this.#skip >>> chunkBits;
      this.#head = this.#more[gone - 1] ?? [];
      this.#more = this.#more.slice(gone);
      this.#skip &= chunkMask;
    }
    // While nothing follows, places may move: what was forgotten is given back once it is the larger part.
    if (this.#more.length === 0 && this.#skip > this.length) {
      this.#head = this.#head.slice(this.#skip * stride);
      this.#skip = 0;
    }
  }
}
