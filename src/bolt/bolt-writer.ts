/**
 * Writes a bbolt file from front to back, from entries that come in order: leaves as they fill, then the branches above
 * them, the root at the end. Nothing is kept but the first key of each page.
 *
 *     pages 0, 1: meta (written last) │ leaves and branches of the first bucket │ … │ root
 */

import {
  bucketFlag,
  bucketHeaderBytes,
  elementBytes,
  fnv1a,
  magic,
  metaBytes,
  noFreelist,
  PageFlag,
  pageBytes,
  pageHeaderBytes,
  version,
} from './format.ts';

interface Element {
  readonly flags: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Child {
  readonly key: Uint8Array;
  readonly page: number;
}

const metaPages = 2;
const noBytes = new Uint8Array(0);

/** Writes one page; returns its number. `bytes` is what header, elements and their bytes take. */
type Emit = (flags: number, elements: readonly Element[] | readonly Child[], bytes: number) => number;

/** The elements of one bucket, or of the root, on their way into pages. */
class Tree {
  readonly #emit: Emit;
  #leaf: Element[] = [];
  #leafBytes = pageHeaderBytes;
  #children: Child[] = [];

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  add(element: Element): void {
    const bytes = elementBytes + element.key.length + element.value.length;
    if (this.#leaf.length > 0 && this.#leafBytes + bytes > pageBytes) this.#endLeaf();
    this.#leaf.push(element);
    this.#leafBytes += bytes;
  }

  #endLeaf(): void {
    const page = this.#emit(PageFlag.Leaf, this.#leaf, this.#leafBytes);
    this.#children.push({ key: this.#leaf[0]?.key ?? noBytes, page });
    this.#leaf = [];
    this.#leafBytes = pageHeaderBytes;
  }

  /** Writes what is left and the branches. Returns the root page, 0 for a tree without elements. */
  end(): number {
    if (this.#leaf.length > 0) this.#endLeaf();
    let children = this.#children;
    while (children.length > 1) children = this.#branches(children);
    return children[0]?.page ?? 0;
  }

  #branches(children: readonly Child[]): Child[] {
    const parents: Child[] = [];
    let group: Child[] = [];
    let bytes = pageHeaderBytes;
    const end = (): void => {
      parents.push({ key: group[0]!.key, page: this.#emit(PageFlag.Branch, group, bytes) });
      group = [];
      bytes = pageHeaderBytes;
    };
    for (const child of children) {
      const more = elementBytes + child.key.length;
      // A branch with one child would make no progress towards one root.
      if (group.length > 1 && bytes + more > pageBytes) end();
      group.push(child);
      bytes += more;
    }
    end();
    return parents;
  }
}

export class BoltWriter {
  readonly #write: (page: Buffer) => void;
  readonly #buckets: Element[] = [];
  #next = metaPages;
  #name: string | null = null;
  #tree: Tree | null = null;

  /** @param write takes the pages from the third on, in order */
  constructor(write: (page: Buffer) => void) {
    this.#write = write;
  }

  /** Begins a bucket; each name once. */
  begin(name: string): void {
    if (this.#tree !== null) throw new Error(`bucket ${this.#name} is not ended`);
    this.#name = name;
    this.#tree = new Tree(this.#emit);
  }

  /** Keys ascend. The bytes must not change until `end`. */
  put(key: Uint8Array, value: Uint8Array): void {
    if (this.#tree === null) throw new Error('no bucket is begun');
    this.#tree.add({ flags: 0, key, value });
  }

  end(): void {
    if (this.#tree === null || this.#name === null) throw new Error('no bucket is begun');
    const root = this.#tree.end();
    const value = root === 0 ? emptyBucket() : bucketAt(root);
    this.#buckets.push({ flags: bucketFlag, key: Buffer.from(this.#name), value });
    this.#tree = null;
    this.#name = null;
  }

  /** Writes the root. Returns the first two pages, which belong to the beginning of the file. */
  finish(): Buffer {
    const root = new Tree(this.#emit);
    this.#buckets.sort((a, b) => Buffer.compare(a.key, b.key));
    for (const bucket of this.#buckets) root.add(bucket);
    const page = root.end();
    return Buffer.concat([this.#meta(0, page), this.#meta(1, page)]);
  }

  readonly #emit: Emit = (flags, elements, bytes) => {
    const pages = Math.ceil(bytes / pageBytes);
    const id = this.#next;
    this.#next += pages;
    const page = Buffer.alloc(pages * pageBytes);
    writeHeader(page, id, flags, elements.length, pages - 1);
    let at = pageHeaderBytes;
    let dataAt = pageHeaderBytes + elements.length * elementBytes;
    for (const element of elements) {
      if ('page' in element) {
        page.writeUInt32LE(dataAt - at, at);
        page.writeUInt32LE(element.key.length, at + 4);
        page.writeBigUInt64LE(BigInt(element.page), at + 8);
      } else {
        page.writeUInt32LE(element.flags, at);
        page.writeUInt32LE(dataAt - at, at + 4);
        page.writeUInt32LE(element.key.length, at + 8);
        page.writeUInt32LE(element.value.length, at + 12);
      }
      page.set(element.key, dataAt);
      dataAt += element.key.length;
      if (!('page' in element)) {
        page.set(element.value, dataAt);
        dataAt += element.value.length;
      }
      at += elementBytes;
    }
    this.#write(page);
    return id;
  };

  #meta(index: number, root: number): Buffer {
    const page = Buffer.alloc(pageBytes);
    writeHeader(page, index, PageFlag.Meta, 0, 0);
    const meta = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
    meta.writeUInt32LE(magic, 0);
    meta.writeUInt32LE(version, 4);
    meta.writeUInt32LE(pageBytes, 8);
    meta.writeBigUInt64LE(BigInt(root), 16);
    meta.writeBigUInt64LE(noFreelist, 32);
    meta.writeBigUInt64LE(BigInt(this.#next), 40);
    meta.writeBigUInt64LE(BigInt(index), 48);
    meta.writeBigUInt64LE(fnv1a(meta.subarray(0, metaBytes - 8)), metaBytes - 8);
    return page;
  }
}

function writeHeader(page: Buffer, id: number, flags: number, count: number, overflow: number): void {
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  page.writeUInt32LE(overflow, 12);
}

function bucketAt(root: number): Buffer {
  const value = Buffer.alloc(bucketHeaderBytes);
  value.writeBigUInt64LE(BigInt(root), 0);
  return value;
}

/** A bucket without elements stands in its parent's page. */
function emptyBucket(): Buffer {
  const value = Buffer.alloc(bucketHeaderBytes + pageHeaderBytes);
  value.writeUInt16LE(PageFlag.Leaf, bucketHeaderBytes + 8);
  return value;
}
