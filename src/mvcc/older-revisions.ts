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

const none: Float64Array[] = [];

export class OlderRevisions {
  #head: number[] | Float64Array;
  #more: Float64Array[] = none;
  #skip = 0;
  /** How many there are. */
  length = 1;

  /** Begins with one: most have no more, and need no room for more. */
  constructor(main: number, mark: number, bytes: number) {
    this.#head = [main, mark, bytes];
  }

  push(main: number, mark: number, bytes: number): void {
    const end = this.#skip + this.length;
    const at = (end & chunkMask) * stride;
    const chunk = end >= chunkRevisions ? this.#chunk((end >>> chunkBits) - 1) : this.#head;
    chunk[at] = main;
    chunk[at + 1] = mark;
    chunk[at + 2] = bytes;
    this.length++;
  }

  #chunk(at: number): Float64Array {
    if (this.#more === none) this.#more = [];
    if (at === this.#more.length) this.#more.push(new Float64Array(chunkRevisions * stride));
    return this.#more[at]!;
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
      const end = (this.#skip + this.length) * stride;
      const rest: number[] = [];
      for (let at = this.#skip * stride; at < end; at++) rest.push(this.#head[at]!);
      this.#head = rest;
      this.#skip = 0;
    }
  }
}
