/**
 * Walks over a state in LevelDB, records that stand alone and records in packs, in the order of their keys.
 *
 * Both are read from one snapshot of LevelDB, so a pack and what was taken out of it are never seen at different times.
 */

import type { BackendEntry } from './backend.ts';
import type { BaseCursor } from './base-state.ts';
import type { LevelDb, LevelIterator } from './level-db.ts';
import { decodeDead, expandPack } from './pack.ts';
import { firstKeyOf, isDeadKey, packFrom, packTableEnd } from './pack-directory.ts';

/** Packs are read so many at a time: LevelDB's iterator holds on to the last that it gave until it is collected. */
const packsAtOnce = 64;

/** Entries that were read and not yet taken. */
class Ahead {
  entries: BackendEntry[] = [];
  at = 0;
  isEnded = false;

  /** The key at hand; undefined when there is none now. */
  get key(): string | undefined {
    return this.entries[this.at]?.key;
  }

  get isDry(): boolean {
    return this.at === this.entries.length && !this.isEnded;
  }
}

export interface LevelCursorOptions {
  readonly db: LevelDb;
  readonly from: string;
  /** null is no bound. */
  readonly to: string | null;
  /** About what the reader will take at a time. */
  readonly chunkBytes: number;
  /** Where packs with such keys begin; null when there are none. */
  readonly firstPack: { readonly table: string; readonly id: number } | null;
  /** Gives the bytes back, or throws what is wrong with them. */
  readonly wholePack: (pack: { readonly firstKey: string }, bytes: Buffer) => Buffer;
  readonly defer: (job: () => void) => void;
  readonly closed: () => void;
}

export class LevelCursor implements BaseCursor {
  readonly #options: LevelCursorOptions;
  readonly #alone: LevelIterator;
  readonly #packs: LevelIterator | null;
  readonly #snapshot: { close(): Promise<void> } | null;
  readonly #aloneAhead = new Ahead();
  readonly #packAhead = new Ahead();
  #dead: { readonly of: string; readonly keys: ReadonlySet<string> } | null = null;
  #closed = false;

  constructor(options: LevelCursorOptions) {
    this.#options = options;
    const { db, from, to, chunkBytes, firstPack } = options;
    const range = to === null ? { gte: from } : { gte: from, lt: to };
    const ahead = { highWaterMarkBytes: chunkBytes };
    if (firstPack === null) {
      this.#snapshot = null;
      this.#packs = null;
      this.#packAhead.isEnded = true;
      this.#alone = db.iterator({ ...range, ...ahead });
    } else {
      const snapshot = db.snapshot();
      this.#snapshot = snapshot;
      this.#alone = db.iterator({ ...range, ...ahead, snapshot });
      const packRange = { gte: packFrom(firstPack.table, firstPack.id), lt: packTableEnd };
      this.#packs = db.iterator({ ...packRange, ...ahead, snapshot });
    }
  }

  next(
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void {
    const { defer } = this.#options;
    this.#fill(Math.max(1, limit)).then(
      () => {
        const entries = this.#merge(limit, maxBytes);
        defer(() => done(null, entries));
      },
      (error) => defer(() => done(error as Error, [])),
    );
  }

  async #fill(limit: number): Promise<void> {
    if (this.#aloneAhead.isDry) {
      const pairs = await this.#alone.nextv(limit);
      this.#aloneAhead.at = 0;
      this.#aloneAhead.entries = pairs.map(([key, value]) => ({ key, value }));
      this.#aloneAhead.isEnded = pairs.length === 0;
    }
    while (this.#packAhead.isDry) {
      const pairs = await this.#packs!.nextv(Math.min(limit, packsAtOnce));
      this.#packAhead.at = 0;
      this.#packAhead.entries = [];
      this.#packAhead.isEnded = pairs.length === 0;
      for (const [key, value] of pairs) this.#takePack(key, value);
    }
  }

  #takePack(key: string, value: Buffer): void {
    if (this.#packAhead.isEnded) return;
    const { from, to, wholePack } = this.#options;
    if (isDeadKey(key)) {
      this.#dead = { of: key.slice(0, -1), keys: decodeDead(value) };
      return;
    }
    const firstKey = firstKeyOf(key);
    if (to !== null && firstKey >= to) {
      this.#packAhead.isEnded = true;
      return;
    }
    const dead = this.#dead !== null && key.startsWith(this.#dead.of) ? this.#dead.keys : null;
    this.#dead = null;
    expandPack(wholePack({ firstKey }, value), dead, from, to, this.#packAhead.entries);
  }

  /** Entries of both in order, until a limit is reached or one of them has to be read on. */
  #merge(limit: number, maxBytes: number): BackendEntry[] {
    const alone = this.#aloneAhead;
    const packed = this.#packAhead;
    const taken: BackendEntry[] = [];
    for (let bytes = 0; taken.length < limit && bytes < maxBytes && !alone.isDry && !packed.isDry; ) {
      const aloneKey = alone.key;
      const packedKey = packed.key;
      const takesPacked = aloneKey === undefined || (packedKey !== undefined && packedKey <= aloneKey);
      const source = takesPacked ? packed : alone;
      const entry = source.entries[source.at];
      if (entry === undefined) break;
      // A record of a pack that is not dead is the newest of its key.
      if (takesPacked && aloneKey === packedKey) alone.at++;
      source.at++;
      taken.push(entry);
      bytes += entry.key.length + entry.value.length;
    }
    return taken;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#aloneAhead.entries = [];
    this.#packAhead.entries = [];
    const { closed } = this.#options;
    Promise.all([this.#alone.close(), this.#packs?.close()])
      .then(() => this.#snapshot?.close())
      .then(closed, closed);
  }
}
