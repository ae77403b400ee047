/**
 * The revisions of one key before its newest, ascending, each as its main revision, `sub * 2 + isTombstone` and its bytes.
 *
 *     main mark bytes                     the first
 *     head  [ main mark bytes | … ]       what follows
 *     more  [ [ main mark bytes | … ] … ] what follows that, `chunkRevisions` in each array
 *
 * Of all in a row the first `skip` are forgotten.
 *
 * In pieces, because a key may have millions: one array that long is copied whole when it grows and when its beginning
 * is cut off, and a compaction cuts a little at a time.
 */

const stride = 3;
const chunkBits = 10;
/** Revisions in an array. */
const chunkRevisions = 1 << chunkBits;
const chunkMask = chunkRevisions - 1;

const noHead: number[] = [];
const noMore: Float64Array[] = [];

export class OlderRevisions {
  #main: number;
  #mark: number;
  #bytes: number;
  #head: number[] = noHead;
  #more: Float64Array[] = noMore;
  #skip = 0;
  /** How many there are. */
  length = 1;

  /** Begins with one: that of a key which has no more stands in columns (`key-table.ts`). */
  constructor(main: number, mark: number, bytes: number) {
    this.#main = main;
    this.#mark = mark;
    this.#bytes = bytes;
  }

  push(main: number, mark: number, bytes: number): void {
    const end = this.#skip + this.length;
    this.length++;
    if (end === 0) this.#setFirst(main, mark, bytes);
    else if (end > chunkRevisions) this.#pushMore(end - 1, main, mark, bytes);
    else if (this.#head === noHead) this.#head = [main, mark, bytes];
    else this.#head.push(main, mark, bytes);
  }

  #setFirst(main: number, mark: number, bytes: number): void {
    this.#main = main;
    this.#mark = mark;
    this.#bytes = bytes;
  }

  #pushMore(place: number, main: number, mark: number, bytes: number): void {
    const chunk = (place >>> chunkBits) - 1;
    if (this.#more === noMore) this.#more = [];
    if (chunk === this.#more.length) this.#more.push(new Float64Array(chunkRevisions * stride));
    const numbers = this.#more[chunk]!;
    const at = (place & chunkMask) * stride;
    numbers[at] = main;
    numbers[at + 1] = mark;
    numbers[at + 2] = bytes;
  }

  mainAt(place: number): number {
    return place + this.#skip === 0 ? this.#main : this.#field(place, 0);
  }

  markAt(place: number): number {
    return place + this.#skip === 0 ? this.#mark : this.#field(place, 1);
  }

  bytesAt(place: number): number {
    return place + this.#skip === 0 ? this.#bytes : this.#field(place, 2);
  }

  #field(place: number, field: number): number {
    const at = place + this.#skip - 1;
    if (at < chunkRevisions) return this.#head[at * stride + field]!;
    return this.#more[(at >>> chunkBits) - 1]![(at & chunkMask) * stride + field]!;
  }

  /** Forgets the oldest `count`, which must be there. */
  forget(count: number): void {
    this.length -= count;
    this.#skip += count;
    if (this.#skip > chunkRevisions && this.#more.length > 0) {
      const gone = (this.#skip - 1) >>> chunkBits;
      const chunk = this.#more[gone - 1];
      this.#more = this.#more.slice(gone);
      this.#skip -= gone << chunkBits;
      const held = Math.min(chunkRevisions, this.#skip + this.length - 1);
      this.#head = chunk === undefined ? noHead : Array.from(chunk.subarray(0, held * stride));
    }
    // While nothing follows, places may move: what was forgotten is given back once it is the larger part.
    if (this.#more.length === 0 && this.#skip > this.length) this.#restart();
  }

  /** Makes the oldest that is left the first. */
  #restart(): void {
    const head: number[] = [];
    for (let place = 1; place < this.length; place++) {
      for (let field = 0; field < stride; field++) head.push(this.#field(place, field));
    }
    if (this.length > 0) this.#setFirst(this.mainAt(0), this.markAt(0), this.bytesAt(0));
    this.#head = head.length === 0 ? noHead : head;
    this.#skip = 0;
  }
}
