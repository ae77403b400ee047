/**
 * One batch of writes to a LevelDB that keeps some tables in packs.
 *
 * A record goes into a pack when its key is behind all that were ever packed of its table, which for records of revisions
 * is always so, and when it is small. All others stand alone; where a pack may have an older record of the same key, or
 * one that is deleted, the key is written down as dead. A pack of which half is dead is written anew, with what is left
 * of it; the few records that are left of an old pack stand alone again.
 *
 * Nothing of the directory changes before `apply`: until the batch is written, reads find what was there.
 */

import { Failure } from '../util/failure.ts';
import type { BackendEntry } from './backend.ts';
import type { LevelBatch } from './level-db.ts';
import type { ReadyPack } from './overlay-runs.ts';
import { encodeDead, expandPack, fitsInPack, isPackWhole, PackBuilder, type Packing } from './pack.ts';
import { deadKey, type Pack, PackDirectory, packKey } from './pack-directory.ts';

/** So few records are not worth a pack. */
const maxAlone = 4;

export class LevelWriter {
  readonly #batch: LevelBatch;
  readonly #directory: PackDirectory;
  readonly #packing: Packing;
  readonly #readPack: (pack: Pack) => Buffer;
  readonly #builder: PackBuilder;
  /** Packs of this batch, also in the order they were made, with their last keys. */
  readonly #fresh = new PackDirectory();
  readonly #made: (readonly [pack: Pack, lastKey: string])[] = [];
  /** Packs that lose records, with all that are dead in them. */
  readonly #touched = new Map<Pack, Set<string>>();
  #settling: Iterator<[Pack, Set<string>]> | null = null;
  readonly #changes = new Map<Pack, Pack | null>();
  /** About what was written so far. */
  bytes = 0;

  /** @param readPack gives the bytes of a pack of the directory */
  constructor(
    batch: LevelBatch,
    directory: PackDirectory,
    packing: Packing,
    readPack: (pack: Pack) => Buffer,
  ) {
    this.#batch = batch;
    this.#directory = directory;
    this.#packing = packing;
    this.#readPack = readPack;
    this.#builder = new PackBuilder(packing.packBytes);
  }

  put(key: string, value: Uint8Array): void {
    this.bytes += key.length + value.length;
    if (this.#appends(key) && fitsInPack(key, value)) {
      this.#builder.add(key, value);
      if (this.#builder.isFull) this.#closePack();
      return;
    }
    this.#kill(key);
    this.#batch.put(key, value);
  }

  /** Puts all records of a pack: before any other write of their keys. */
  putPack(ready: ReadyPack): void {
    if (this.#appends(ready.firstKey)) {
      this.#closePack();
      this.bytes += ready.bytes.length;
      this.#addPack(ready);
      return;
    }
    const entries: BackendEntry[] = [];
    expandPack(ready.bytes, null, '', null, entries);
    for (const { key, value } of entries) this.put(key, value);
  }

  delete(key: string): void {
    this.bytes += key.length;
    this.#kill(key);
    this.#batch.del(key);
  }

  /** Whether a key may go into the pack that is being filled, or a new one behind all others. */
  #appends(key: string): boolean {
    if (!this.#packing.tables.includes(key[0]!)) return false;
    const builder = this.#builder;
    if (builder.count > 0) {
      if (builder.firstKey[0] === key[0]) return key > builder.lastKey;
      this.#closePack();
    }
    return key > this.#fresh.lastKey(key) && key > this.#directory.lastKey(key);
  }

  #closePack(): void {
    const { firstKey, lastKey, count } = this.#builder;
    if (count > 0) this.#addPack({ firstKey, lastKey, count, bytes: this.#builder.take() });
  }

  #addPack({ firstKey, lastKey, count, bytes }: ReadyPack): void {
    const id = Math.max(this.#fresh.nextId(firstKey), this.#directory.nextId(firstKey));
    const pack: Pack = { key: packKey(id, firstKey), id, firstKey, count, dead: null };
    this.#batch.put(pack.key, bytes);
    this.#fresh.append(pack, lastKey);
    this.#made.push([pack, lastKey]);
  }

  /** What a pack may have of a key is no longer its newest record. */
  #kill(key: string): void {
    if (this.#directory.isEmpty && this.#made.length === 0 && this.#builder.count === 0) return;
    const builder = this.#builder;
    if (builder.count > 0 && key >= builder.firstKey && key <= builder.lastKey) this.#closePack();
    const pack = this.#fresh.find(key) ?? this.#directory.find(key);
    if (pack === null) return;
    const dead = this.#touched.get(pack);
    if (dead === undefined) this.#touched.set(pack, new Set(pack.dead).add(key));
    else dead.add(key);
  }

  /** Call when everything was put and deleted, until it returns false: each call deals with one pack that lost records. */
  settle(): boolean {
    if (this.#settling === null) {
      this.#closePack();
      this.#settling = this.#touched.entries();
    }
    const { done, value } = this.#settling.next();
    if (done === true) return false;
    const [pack, dead] = value;
    const isFresh = this.#fresh.find(pack.firstKey) === pack;
    this.#changes.set(
      pack,
      isFresh || dead.size * 2 < pack.count ? this.#note(pack, dead) : this.#renew(pack, dead),
    );
    return true;
  }

  #note(pack: Pack, dead: ReadonlySet<string>): Pack {
    const list = encodeDead(dead);
    this.#batch.put(deadKey(pack), list);
    this.bytes += list.length;
    return { ...pack, dead };
  }

  #renew(pack: Pack, dead: ReadonlySet<string>): Pack | null {
    const bytes = this.#readPack(pack);
    const all: BackendEntry[] = [];
    expandPack(bytes, null, '', null, all);
    const live = all.filter(({ key }) => !dead.has(key));
    this.bytes += bytes.length;
    if (live.length * 2 > all.length) {
      // What stands alone between a pack's keys was counted with it.
      const inPack = new Set(all.map(({ key }) => key).filter((key) => dead.has(key)));
      return this.#note({ ...pack, count: all.length }, inPack);
    }
    if (pack.dead !== null) this.#batch.del(deadKey(pack));
    if (live.length <= maxAlone) {
      this.#batch.del(pack.key);
      for (const { key, value } of live) this.#batch.put(key, value);
      return null;
    }
    for (const { key, value } of live) this.#builder.add(key, value);
    this.#batch.put(pack.key, this.#builder.take());
    return { ...pack, count: live.length, dead: null };
  }

  /** The batch is written: takes it into the directory. */
  apply(): void {
    for (const [pack, lastKey] of this.#made) this.#directory.append(pack, lastKey);
    this.#directory.replace(this.#changes);
  }

  /** Packs that are no longer what they were. */
  get changed(): Iterable<Pack> {
    return this.#changes.keys();
  }
}

/** @throws Failure 'backendDamaged' when a pack is missing or fails its checksum */
export function wholePack(
  path: string,
  pack: { readonly firstKey: string },
  bytes: Buffer | undefined,
): Buffer {
  if (bytes !== undefined && isPackWhole(bytes)) return bytes;
  const what = bytes === undefined ? 'is missing' : 'fails its checksum';
  throw new Failure(
    'backendDamaged',
    `The state in ${path} is damaged: the pack from ${JSON.stringify(pack.firstKey)} on ${what}. The disk or its file system has lost data. Do not go on ` +
      'with this directory: remove this member from its cluster, empty the directory and add it again, or restore a backup.',
  );
}
