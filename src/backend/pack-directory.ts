/**
 * Which packs a state has, in memory: by table, ascending.
 *
 *     '\0' 'p' table id(8) 'd'              keys of records that are no longer there, until the pack is written anew
 *     '\0' 'p' table id(8) 'f' first key    where the pack stands: file(4) offset(4) bytes(4) checksum(4) records(4);
 *                                           records + 2 ** 31: the first of them has the first key
 *     '\0' 'p' table id(8) 'r' first key    the pack itself, as states of former versions have them
 *
 * A table's packs have ascending ids and their keys ascend in the same order, none overlapping: a pack is only made of
 * keys behind all that were ever packed, or of what is left of packs that stand side by side.
 *
 * Not every key between a pack's first and last is in it: what was written a second time stands alone. A record in a pack
 * that is not dead is the newest of its key.
 *
 * How a table's packs are kept, so that readers have them as they were, is in `pack-list.ts`.
 */

import { reservedTable } from './base-state.ts';
import { decodeDead } from './pack.ts';
import { type Pack, PackCursor, PackList, type PackRange } from './pack-list.ts';
import type { Place } from './record-files.ts';

export const packTable: string = `${reservedTable}p`;
export const packTableEnd: string = `${reservedTable}q`;
const deadMark = 'd';
const fileMark = 'f';
const inlineMark = 'r';
const idBytes = 8;
/** Behind the reserved table, the letter, the table and the id. */
const markAt: number = packTable.length + 1 + idBytes;
const referenceBytes = 20;
/** Added to a count of records; states of former versions do not have it. */
const firstMark = 2 ** 31;

/** What stands there cannot have been written. */
export class PackEntryError extends Error {}

function idChars(id: number): string {
  let chars = '';
  for (let rest = id, i = 0; i < idBytes; i++, rest = Math.floor(rest / 256)) {
    chars = String.fromCharCode(rest % 256) + chars;
  }
  return chars;
}

function idOf(key: string): number {
  let id = 0;
  for (let at = markAt - idBytes; at < markAt; at++) id = id * 256 + key.charCodeAt(at);
  return id;
}

function stem({ id, firstKey }: Pack): string {
  return packTable + firstKey[0]! + idChars(id);
}

/** What a pack, or what refers to it, stands under. */
export function packKey(pack: Pack): string {
  return stem(pack) + (pack.place === null ? inlineMark : fileMark) + pack.firstKey;
}

/** What the list of a pack's dead records stands under. */
export function deadKey(pack: Pack): string {
  return stem(pack) + deadMark;
}

export function encodeReference(
  { file, offset, bytes, check }: Place,
  count: number,
  hasFirst: boolean,
): Buffer {
  const value = Buffer.allocUnsafe(referenceBytes);
  value.writeUInt32BE(file, 0);
  value.writeUInt32BE(offset, 4);
  value.writeUInt32BE(bytes, 8);
  value.writeUInt32BE(check, 12);
  value.writeUInt32BE(hasFirst ? firstMark + count : count, 16);
  return value;
}

interface Table {
  readonly packs: PackList;
  lastKey: string;
  nextId: number;
}

export class PackDirectory {
  readonly #tables = new Map<string, Table>();
  #dead: ReadonlySet<string> | null = null;

  /**
   * Takes up what was found on disk: call with each entry of the pack table, in their order.
   * @returns the pack, unless the entry only says what is dead in the next one
   * @throws PackEntryError
   */
  take(key: string, value: Buffer): Pack | null {
    const mark = key[markAt];
    if (mark === deadMark) {
      this.#dead = decodeDead(value);
      return null;
    }
    const isInFile = mark === fileMark && value.length === referenceBytes;
    if (!isInFile && mark !== inlineMark) throw new PackEntryError('an entry of its packs makes no sense');
    const place = isInFile
      ? {
          file: value.readUInt32BE(0),
          offset: value.readUInt32BE(4),
          bytes: value.readUInt32BE(8),
          check: value.readUInt32BE(12),
        }
      : null;
    const firstKey = key.slice(markAt + 1);
    const stored = isInFile ? value.readUInt32BE(16) : -1;
    const hasFirst = stored >= firstMark;
    const count = hasFirst ? stored - firstMark : stored;
    const pack: Pack = { id: idOf(key), firstKey, count, dead: this.#dead, hasFirst, place };
    this.append(pack, firstKey);
    this.#dead = null;
    return pack;
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  /** The last pack of each table. */
  lastPacks(): Pack[] {
    const last = [...this.#tables.values()].map(({ packs }) => packs.last);
    return last.filter((pack) => pack !== undefined);
  }

  #table(key: string): Table {
    const name = key[0]!;
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = { packs: new PackList(), lastKey: '', nextId: 1 };
      this.#tables.set(name, table);
    }
    return table;
  }

  /** The last key that was packed of the table a key belongs to; empty when there is none. */
  lastKey(key: string): string {
    return this.#tables.get(key[0]!)?.lastKey ?? '';
  }

  nextId(key: string): number {
    return this.#tables.get(key[0]!)?.nextId ?? 1;
  }

  /** The pack that would have a key, if any has it. */
  find(key: string): Pack | null {
    const table = this.#tables.get(key[0]!);
    if (table === undefined || key > table.lastKey) return null;
    return table.packs.find(key);
  }

  /** The pack behind one that is there. */
  next(pack: Pack): Pack | null {
    return this.#tables.get(pack.firstKey[0]!)!.packs.findBehind(pack.firstKey);
  }

  /** Goes over all packs that may have keys of `from` <= key < `to`, as they are now, table by table. */
  cursor(from: string, to: string | null): PackCursor {
    const ranges: PackRange[] = [];
    for (const name of [...this.#tables.keys()].sort()) {
      const { packs, lastKey } = this.#tables.get(name)!;
      const range = lastKey < from ? null : packs.range(from, to);
      if (range !== null) ranges.push(range);
    }
    return new PackCursor(ranges);
  }

  append(pack: Pack, lastKey: string): void {
    const table = this.#table(pack.firstKey);
    if (lastKey < pack.firstKey || pack.firstKey <= table.lastKey) throw new Error('packs must ascend');
    table.packs.append(pack);
    table.lastKey = lastKey;
    table.nextId = pack.id + 1;
  }

  /** The last pack of a table turned out to end here. */
  extend(lastKey: string): void {
    const table = this.#table(lastKey);
    if (lastKey > table.lastKey) table.lastKey = lastKey;
  }

  /** Puts others in the place of packs; null removes one. */
  replace(changes: ReadonlyMap<Pack, Pack | null>): void {
    const byTable = new Map<Table, (readonly [Pack, Pack | null])[]>();
    for (const change of changes) {
      const table = this.#table(change[0].firstKey);
      const some = byTable.get(table);
      if (some === undefined) byTable.set(table, [change]);
      else some.push(change);
    }
    for (const [table, some] of byTable) table.packs.replace(some);
  }
}
