/**
 * One batch of writes to a LevelDB beside which the records of some tables stand in packs (`record-files.ts`).
 *
 * A record goes into a pack when its key is behind all that were ever packed of its table, which for records of revisions
 * is always so. All others stand in LevelDB; where a pack may have an older record of the same key, or one that is
 * deleted, the key is written down as dead. A pack of which half is dead is written anew with what is left of it, together
 * with what is left of its neighbours. Packs move out of files that hold little else that is wanted (`moveOut`).
 *
 * Nothing of the directory changes before `apply`: until the batch is written, reads find what was there.
 */

import { Failure } from '../util/failure.ts';
import type { BackendEntry } from './backend.ts';
import type { LevelBatch } from './level-db.ts';
import { entriesOf } from './overlay-runs.ts';
import {
  checkOf,
  encodeDead,
  expandPack,
  isPackWhole,
  maxPackedKeyBytes,
  PackBuilder,
  type Packing,
  packOfOne,
  type ReadyPack,
  sharesPack,
} from './pack.ts';
import { deadKey, encodeReference, PackDirectory, packKey } from './pack-directory.ts';
import { isWorn, type Pack, type PackCursor } from './pack-list.ts';
import type { RecordFiles } from './record-files.ts';

export interface LevelWriterOptions {
  readonly batch: LevelBatch;
  readonly directory: PackDirectory;
  readonly files: RecordFiles;
  readonly packing: Packing;
  /** Gives the bytes of a pack of the directory. */
  readonly readPack: (pack: Pack) => Buffer;
}

export class LevelWriter {
  readonly #batch: LevelBatch;
  readonly #directory: PackDirectory;
  readonly #files: RecordFiles;
  readonly #packing: Packing;
  readonly #readPack: (pack: Pack) => Buffer;
  readonly #builder: PackBuilder;
  /** Packs of this batch, also in the order they were made, with their last keys. */
  readonly #fresh = new PackDirectory();
  readonly #made: (readonly [pack: Pack, lastKey: string])[] = [];
  /** Packs that lose records, with all that are dead in them. */
  readonly #touched = new Map<Pack, Set<string>>();
  #settling: Iterator<[Pack, Set<string>]> | null = null;
  /** Packs that stand side by side and are about to become one, with what is left of them. */
  #merging: Pack[] = [];
  readonly #remains: PackBuilder;
  readonly #changes = new Map<Pack, Pack | null>();
  /** About what was written so far, and what of it LevelDB gets. */
  bytes = 0;
  levelBytes = 0;

  constructor({ batch, directory, files, packing, readPack }: LevelWriterOptions) {
    this.#batch = batch;
    this.#directory = directory;
    this.#files = files;
    this.#packing = packing;
    this.#readPack = readPack;
    this.#builder = new PackBuilder(packing.packBytes);
    this.#remains = new PackBuilder(packing.packBytes);
  }

  put(key: string, value: Uint8Array): void {
    this.bytes += key.length + value.length;
    if (key.length <= maxPackedKeyBytes && this.#appends(key)) {
      if (sharesPack(key, value)) {
        this.#builder.add(key, value);
        if (this.#builder.isFull) this.#closePack();
      } else {
        this.#closePack();
        this.#addPack(packOfOne(key, value));
      }
      return;
    }
    this.#kill(key);
    this.#levelPut(key, value);
  }

  /** Puts all records of a pack: before any other write of their keys. */
  putPack(ready: ReadyPack): void {
    if (this.#appends(ready.firstKey)) {
      this.#closePack();
      this.bytes += ready.bytes.length + (ready.value?.length ?? 0);
      this.#addPack(ready);
      return;
    }
    const entries: BackendEntry[] = [];
    entriesOf(ready, '', entries);
    for (const { key, value } of entries) this.put(key, value);
  }

  delete(key: string): void {
    this.bytes += key.length;
    this.#kill(key);
    this.#levelDelete(key);
  }

  #levelPut(key: string, value: Uint8Array): void {
    this.levelBytes += key.length + value.length;
    this.#batch.put(key, value);
  }

  #levelDelete(key: string): void {
    this.levelBytes += key.length;
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
    if (this.#builder.count > 0) this.#addPack(this.#builder.take());
  }

  #addPack(ready: ReadyPack): void {
    const { firstKey, lastKey } = ready;
    const id = Math.max(this.#fresh.nextId(firstKey), this.#directory.nextId(firstKey));
    const pack = this.#store(id, firstKey, ready);
    this.#fresh.append(pack, lastKey);
    this.#made.push([pack, lastKey]);
  }

  /** Gives a pack a place, and refers to it. */
  #store(id: number, firstKey: string, ready: ReadyPack): Pack {
    const { bytes, value, count } = ready;
    const place = this.#files.append(value === null ? [bytes] : [bytes, value], checkOf(bytes));
    const hasFirst = ready.firstKey === firstKey;
    const pack: Pack = { id, firstKey, count, dead: null, hasFirst, place };
    this.#levelPut(packKey(pack), encodeReference(place, count, hasFirst));
    return pack;
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

  /** `settle` shall deal with a worn pack, though this batch takes nothing from it. */
  revisit(firstKey: string): void {
    const pack = this.#directory.find(firstKey);
    if (pack !== null && isWorn(pack) && !this.#touched.has(pack))
      this.#touched.set(pack, new Set(pack.dead));
  }

  /** The first keys of packs that are worn since this batch. */
  *worn(): Generator<string> {
    for (const pack of this.#changes.values()) if (pack !== null && isWorn(pack)) yield pack.firstKey;
  }

  /** Call when everything was put and deleted, until it returns false: each call deals with one pack that lost records. */
  settle(): boolean {
    if (this.#settling === null) {
      this.#closePack();
      const touched = [...this.#touched].sort(([a], [b]) => inOrder(a, b));
      this.#settling = touched.values();
    }
    const { done, value } = this.#settling.next();
    if (done === true) {
      this.#merge();
      return false;
    }
    const [pack, dead] = value;
    const isFresh = this.#fresh.find(pack.firstKey) === pack;
    if (isFresh || dead.size * 2 < pack.count) this.#note(pack, dead, pack.count);
    else this.#renew(pack, dead);
    return true;
  }

  #note(pack: Pack, dead: ReadonlySet<string>, count: number): void {
    const list = encodeDead(dead);
    this.#levelPut(deadKey(pack), list);
    this.bytes += list.length;
    this.#changes.set(pack, { ...pack, count, dead });
  }

  #renew(pack: Pack, dead: ReadonlySet<string>): void {
    const last = this.#merging[this.#merging.length - 1];
    // Counter-example without the look at `hasFirst`: one record is left of a pack, and stands under its first key, which is
    // put and deleted alone later: that would end the record too.
    if (pack.count === 1 && pack.hasFirst && dead.has(pack.firstKey)) {
      if (last !== undefined && this.#directory.next(last) !== pack) this.#merge();
      this.#mergeIn(pack, []);
      return;
    }
    const all: BackendEntry[] = [];
    const bytes = this.#readPack(pack);
    expandPack(bytes, null, '', null, all);
    this.bytes += bytes.length;
    const live = all.filter(({ key }) => !dead.has(key));
    if (live.length * 2 > all.length) {
      // What stands alone between a pack's keys was counted with it.
      const inPack = new Set(all.map(({ key }) => key).filter((key) => dead.has(key)));
      this.#note(pack, inPack, all.length);
      return;
    }
    if (last !== undefined && this.#directory.next(last) !== pack) this.#merge();
    this.#mergeIn(pack, live);
    if (this.#remains.isFull) this.#merge();
  }

  #mergeIn(pack: Pack, live: readonly BackendEntry[]): void {
    this.#merging.push(pack);
    for (const { key, value } of live) this.#remains.add(key, value);
  }

  /** Small packs behind those that are about to become one join them: else packs would become ever smaller. */
  #mergeNeighbours(): void {
    // Nothing that could stay small. Counter-example: each large record that goes would have its neighbours written anew.
    if (this.#remains.count === 0) return;
    const small = this.#packing.packBytes / 2;
    while (this.#merging.length > 0 && this.#remains.bytes.length < small) {
      const next = this.#directory.next(this.#merging[this.#merging.length - 1]!);
      const isSmall = next !== null && next.place !== null && next.place.bytes < small;
      if (!isSmall || this.#touched.has(next) || this.#changes.has(next)) return;
      const all: BackendEntry[] = [];
      const bytes = this.#readPack(next);
      this.bytes += bytes.length;
      expandPack(bytes, next.dead, '', null, all);
      this.#mergeIn(next, all);
    }
  }

  /** What is left of packs side by side takes the place of the first; the others are no more. */
  #merge(): void {
    this.#mergeNeighbours();
    const merging = this.#merging;
    this.#merging = [];
    for (const pack of merging) {
      if (pack.dead !== null) this.#levelDelete(deadKey(pack));
      this.#levelDelete(packKey(pack));
      this.#changes.set(pack, null);
    }
    if (this.#remains.count === 0) return;
    const [first] = merging;
    this.#changes.set(first!, this.#store(first!.id, first!.firstKey, this.#remains.take()));
  }

  /**
   * Moves packs out of a file, or looks for them.
   * @param packs goes over those that may stand there
   * @param maxPacks looks at so many
   * @returns false when it came to their end
   */
  move(packs: PackCursor, file: number, maxPacks: number, maxBytes: number): boolean {
    for (let bytes = 0, count = 0; bytes < maxBytes && count < maxPacks; count++) {
      const { pack } = packs;
      if (pack === undefined) return false;
      packs.next();
      const { place } = pack;
      if (place?.file !== file || this.#changes.has(pack) || this.#directory.find(pack.firstKey) !== pack)
        continue;
      const moved = { ...pack, place: this.#files.append([this.#readPack(pack)], place.check) };
      this.#levelPut(packKey(moved), encodeReference(moved.place, moved.count, moved.hasFirst));
      this.#changes.set(pack, moved);
      bytes += place.bytes;
      this.bytes += place.bytes;
    }
    return true;
  }

  /** The batch is written: takes it into the directory. */
  apply(): void {
    for (const [pack, lastKey] of this.#made) this.#directory.append(pack, lastKey);
    this.#directory.replace(this.#changes);
    for (const [pack, change] of this.#changes) {
      if (pack.place !== null && pack.place !== change?.place) this.#files.release(pack.place);
    }
    this.#files.sweep();
  }
}

/** By table, and within one by number: numbers ascend as keys do. */
function inOrder(a: Pack, b: Pack): number {
  const tables = a.firstKey.charCodeAt(0) - b.firstKey.charCodeAt(0);
  return tables === 0 ? a.id - b.id : tables;
}

/** @throws Failure 'backendDamaged' when a pack is missing, is another one or fails its checksum */
export function wholePack(path: string, pack: Pack, bytes: Buffer | undefined): Buffer {
  const isIt = bytes !== undefined && isPackWhole(bytes);
  if (isIt && (pack.place === null || checkOf(bytes) === pack.place.check)) return bytes;
  const what = bytes === undefined ? 'is missing' : 'fails its checksum';
  throw new Failure(
    'backendDamaged',
    `The state in ${path} is damaged: the pack from ${JSON.stringify(pack.firstKey)} on ${what}. The disk or its file system has lost data. Do not go on ` +
      'with this directory: remove this member from its cluster, empty the directory and add it again, or restore a backup.',
  );
}
