/**
 * Which packs a state has, in memory: by table, ascending.
 *
 *     '\0' 'p' table id(8) 'd'              keys of records that are no longer there, until the pack is written anew
 *     '\0' 'p' table id(8) 'r' first key    the pack
 *
 * A table's packs have ascending ids and their keys ascend in the same order, none overlapping: a pack is only made of
 * keys behind all that were ever packed. The list of the dead stands before its pack, so that a cursor meets it first.
 *
 * Not every key between a pack's first and last is in it: large records stand alone, and so does what was written a
 * second time. A record in a pack that is not dead is the newest of its key.
 */

import { reservedTable } from './base-state.ts';

export const packTable: string = `${reservedTable}p`;
export const packTableEnd: string = `${reservedTable}q`;
const deadMark = 'd';
const recordsMark = 'r';
const idBytes = 8;
/** Behind the reserved table, the letter, the table and the id. */
const markAt: number = packTable.length + 1 + idBytes;

export interface Pack {
  /** What it stands under. */
  readonly key: string;
  readonly id: number;
  readonly firstKey: string;
  /** Records in it, dead ones too; -1 is not known yet. */
  readonly count: number;
  readonly dead: ReadonlySet<string> | null;
}

function idChars(id: number): string {
  const bytes = Buffer.alloc(idBytes);
  bytes.writeBigUInt64BE(BigInt(id));
  return bytes.toString('latin1');
}

/** The first key under which anything of the pack may stand. */
export function packFrom(table: string, id: number): string {
  return packTable + table + idChars(id);
}

export function packKey(id: number, firstKey: string): string {
  return packFrom(firstKey[0]!, id) + recordsMark + firstKey;
}

/** What the list of a pack's dead records stands under. */
export function deadKey(pack: Pack): string {
  return pack.key.slice(0, markAt) + deadMark;
}

/** Whether a key of the pack table names a list of dead records, and not a pack. */
export function isDeadKey(key: string): boolean {
  return key[markAt] === deadMark;
}

export function firstKeyOf(key: string): string {
  return key.slice(markAt + 1);
}

function idOf(key: string): number {
  const id = Buffer.from(key.slice(packTable.length + 1, markAt), 'latin1').readBigUInt64BE();
  return Number(id);
}

interface Table {
  packs: Pack[];
  lastKey: string;
  nextId: number;
}

export class PackDirectory {
  readonly #tables = new Map<string, Table>();

  /** Takes up what was found on disk; keys of the pack table, in their order. */
  static fromKeys(keys: readonly string[], readDead: (key: string) => ReadonlySet<string>): PackDirectory {
    const directory = new PackDirectory();
    let dead: ReadonlySet<string> | null = null;
    for (const key of keys) {
      if (isDeadKey(key)) {
        dead = readDead(key);
        continue;
      }
      const firstKey = firstKeyOf(key);
      directory.append({ key, id: idOf(key), firstKey, count: -1, dead }, firstKey);
      dead = null;
    }
    return directory;
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  /** The last pack of each table. */
  lastPacks(): Pack[] {
    return [...this.#tables.values()].map(({ packs }) => packs[packs.length - 1]!);
  }

  #table(key: string): Table {
    const name = key[0]!;
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = { packs: [], lastKey: '', nextId: 1 };
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
    const at = behind(table.packs, key) - 1;
    return at < 0 ? null : table.packs[at]!;
  }

  /** Where a walk over the packs with keys of `from` <= key < `to` begins; null when there are none. */
  firstAt(from: string, to: string | null): { readonly table: string; readonly id: number } | null {
    let first: string | null = null;
    for (const [name, { packs, lastKey }] of this.#tables) {
      if (packs.length === 0 || lastKey < from || (to !== null && packs[0]!.firstKey >= to)) continue;
      if (first === null || name < first) first = name;
    }
    if (first === null) return null;
    const { packs } = this.#tables.get(first)!;
    return { table: first, id: packs[Math.max(0, behind(packs, from) - 1)]!.id };
  }

  append(pack: Pack, lastKey: string): void {
    const table = this.#table(pack.firstKey);
    if (lastKey < pack.firstKey || pack.firstKey <= table.lastKey) throw new Error('packs must ascend');
    table.packs.push(pack);
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
    const removals = new Set<Table>();
    for (const [pack, change] of changes) {
      const table = this.#table(pack.firstKey);
      if (change === null) removals.add(table);
      else table.packs[behind(table.packs, pack.firstKey) - 1] = change;
    }
    for (const table of removals) table.packs = table.packs.filter((pack) => changes.get(pack) !== null);
  }
}

/** The place behind the last pack that begins at or before a key. */
function behind(packs: readonly Pack[], key: string): number {
  let low = 0;
  let high = packs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (packs[middle]!.firstKey <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
