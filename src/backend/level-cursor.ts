/**
 * Walks over a state, records in LevelDB and records in packs, in the order of their keys.
 *
 * Both are read as they stood at one moment: LevelDB from a snapshot, the packs from a list of that moment.
 */

import type { BackendEntry } from './backend.ts';
import type { BaseCursor } from './base-state.ts';
import type { LevelIterator, SharedSnapshot } from './level-db.ts';
import { expandPack } from './pack.ts';
import type { PackCursor } from './pack-list.ts';
import { type PackSource, PackWalk } from './pack-walk.ts';

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
  readonly source: PackSource;
  /** Released with the cursor. */
  readonly snapshot: SharedSnapshot;
  readonly from: string;
  /** null is no bound. */
  readonly to: string | null;
  /** About what the reader will take at a time. */
  readonly chunkBytes: number;
  /** Packs that may have such keys. */
  readonly packs: PackCursor;
  readonly defer: (job: () => void) => void;
  readonly closed: () => void;
}

export class LevelCursor implements BaseCursor {
  readonly #options: LevelCursorOptions;
  readonly #alone: LevelIterator;
  readonly #walk: PackWalk;
  readonly #aloneAhead = new Ahead();
  readonly #packAhead = new Ahead();
  #closed = false;

  constructor(options: LevelCursorOptions) {
    this.#options = options;
    const { source, from, to, chunkBytes, packs } = options;
    const { snapshot } = options.snapshot;
    const range = to === null ? { gte: from } : { gte: from, lt: to };
    this.#alone = source.db.iterator({ ...range, highWaterMarkBytes: chunkBytes, snapshot });
    this.#walk = new PackWalk(source, snapshot, packs);
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
    const { from, to, chunkBytes } = this.#options;
    while (this.#packAhead.isDry) {
      const { packs, bytes } = await this.#walk.read(limit, chunkBytes);
      const ahead: BackendEntry[] = [];
      for (let i = 0; i < packs.length; i++) expandPack(bytes[i]!, packs[i]!.dead, from, to, ahead);
      this.#packAhead.at = 0;
      this.#packAhead.entries = ahead;
      this.#packAhead.isEnded = packs.length === 0;
    }
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
    const { closed, snapshot } = this.#options;
    Promise.all([this.#alone.close(), this.#walk.close()])
      .then(() => snapshot.release())
      .then(closed, closed);
  }
}
