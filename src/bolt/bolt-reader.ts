/**
 * Reads a bbolt file (`format.ts`), whole buckets in key order. Every offset is checked before it is followed: the file
 * may come from anywhere.
 */

import { Failure } from '../util/failure.ts';
import {
  bucketFlag,
  bucketHeaderBytes,
  elementBytes,
  fnv1a,
  magic,
  metaBytes,
  PageFlag,
  pageHeaderBytes,
  version,
} from './format.ts';

export interface BoltEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Gives `length` bytes at `offset`, fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Buffer;

interface Element extends BoltEntry {
  readonly isBucket: boolean;
}

/** No tree of pages is deeper. */
const maxDepth = 64;
const maxPageBytes = 65_536;

export class BoltReader {
  readonly #read: ReadAt;
  readonly #pageBytes: number;
  readonly #pages: number;
  readonly #buckets = new Map<string, Buffer>();

  /** @throws Failure 'backendDamaged' when the file is no bbolt file, or not whole */
  constructor(read: ReadAt) {
    this.#read = read;
    const meta = this.#newestMeta();
    this.#pageBytes = meta.readUInt32LE(8);
    this.#pages = Number(meta.readBigUInt64LE(40));
    for (const element of this.#walk(Number(meta.readBigUInt64LE(16)), 0)) {
      if (!element.isBucket) throw damaged('its root holds something that is no bucket');
      this.#buckets.set(element.key.toString('latin1'), element.value);
    }
  }

  /** Bytes of all pages that were ever used; the file may be longer. */
  get sizeBytes(): number {
    return this.#pages * this.#pageBytes;
  }

  get bucketNames(): readonly string[] {
    return [...this.#buckets.keys()];
  }

  /** The entries of a bucket in order; none for one that is not there. Values are copies of the file's bytes. */
  *entries(bucket: string): Generator<BoltEntry> {
    const header = this.#buckets.get(bucket);
    if (header === undefined) return;
    if (header.length < bucketHeaderBytes) throw damaged(`bucket ${bucket} has no header`);
    const root = Number(header.readBigUInt64LE(0));
    const elements = root === 0 ? leafElements(header.subarray(bucketHeaderBytes)) : this.#walk(root, 0);
    for (const { key, value } of elements) yield { key, value };
  }

  /** Of the two, the one with the higher transaction that is whole. The second stands a page further on. */
  #newestMeta(): Buffer {
    const found: Buffer[] = [];
    for (let offset = 0; offset <= maxPageBytes; offset = offset === 0 ? 1024 : offset * 2) {
      const meta = this.#read(offset + pageHeaderBytes, metaBytes);
      if (isMeta(meta)) found.push(meta);
    }
    found.sort((a, b) => Number(b.readBigUInt64LE(48) - a.readBigUInt64LE(48)));
    if (found[0] === undefined) throw damaged('it has no valid meta page');
    return found[0];
  }

  *#walk(page: number, depth: number): Generator<Element> {
    if (depth > maxDepth) throw damaged('its pages go round in a circle');
    const bytes = this.#page(page);
    const flags = bytes.readUInt16LE(8);
    if ((flags & PageFlag.Leaf) !== 0) yield* leafElements(bytes);
    else if ((flags & PageFlag.Branch) !== 0) {
      const count = bytes.readUInt16LE(10);
      for (let i = 0; i < count; i++) {
        const at = pageHeaderBytes + i * elementBytes;
        if (at + elementBytes > bytes.length) throw damaged(`page ${page} ends inside its elements`);
        yield* this.#walk(Number(bytes.readBigUInt64LE(at + 8)), depth + 1);
      }
    } else throw damaged(`page ${page} is neither a leaf nor a branch`);
  }

  #page(page: number): Buffer {
    const offset = page * this.#pageBytes;
    const header = this.#read(offset, pageHeaderBytes);
    if (header.length < pageHeaderBytes || Number(header.readBigUInt64LE(0)) !== page) {
      throw damaged(`page ${page} is missing`);
    }
    const bytes = (header.readUInt32LE(12) + 1) * this.#pageBytes;
    const whole = this.#read(offset, bytes);
    if (whole.length < bytes) throw damaged(`page ${page} ends early`);
    return whole;
  }
}

function* leafElements(page: Buffer): Generator<Element> {
  if (page.length < pageHeaderBytes) throw damaged('a page ends early');
  const count = page.readUInt16LE(10);
  for (let i = 0; i < count; i++) {
    const at = pageHeaderBytes + i * elementBytes;
    if (at + elementBytes > page.length) throw damaged('a leaf ends inside its elements');
    const keyAt = at + page.readUInt32LE(at + 4);
    const valueAt = keyAt + page.readUInt32LE(at + 8);
    const end = valueAt + page.readUInt32LE(at + 12);
    if (end > page.length) throw damaged('a leaf ends inside an entry');
    const isBucket = (page.readUInt32LE(at) & bucketFlag) !== 0;
    yield { isBucket, key: page.subarray(keyAt, valueAt), value: page.subarray(valueAt, end) };
  }
}

function isMeta(meta: Buffer): boolean {
  if (meta.length < metaBytes) return false;
  if (meta.readUInt32LE(0) !== magic || meta.readUInt32LE(4) !== version) return false;
  return meta.readBigUInt64LE(metaBytes - 8) === fnv1a(meta.subarray(0, metaBytes - 8));
}

function damaged(what: string): Failure {
  return new Failure('backendDamaged', `invalid database: ${what}`);
}
