/**
 * Reads packs in order, many at a time: those that stand side by side in a file are one read.
 *
 * What is read is what stood there when the walk was made: files stay until `close`, and LevelDB is asked through a
 * snapshot.
 */

import type { LevelDb, LevelSnapshot } from './level-db.ts';
import { wholePack } from './level-writer.ts';
import { packKey } from './pack-directory.ts';
import type { Pack, PackCursor } from './pack-list.ts';
import type { RecordFiles } from './record-files.ts';

/** Packs that LevelDB holds are asked for so many at a time. */
const inlineAtOnce = 64;

export interface PackSource {
  readonly db: LevelDb;
  readonly files: RecordFiles;
  /** Of the state, for what is said of damage. */
  readonly path: string;
  readonly onDamage: (damage: Error) => void;
}

/** The pack as it was written; what is not is told. @throws Failure 'backendDamaged' */
export function soundPack(source: PackSource, pack: Pack, bytes: Buffer | undefined): Buffer {
  try {
    return wholePack(source.path, pack, bytes);
  } catch (error) {
    source.onDamage(error as Error);
    throw error;
  }
}

/** Packs that were read together. */
export interface PackRun {
  readonly packs: readonly Pack[];
  readonly bytes: readonly Buffer[];
}

export class PackWalk {
  readonly #source: PackSource;
  readonly #snapshot: LevelSnapshot;
  readonly #packs: PackCursor;
  readonly #reader: number;
  /** Ends when nothing is being read. */
  #reading: Promise<unknown> = Promise.resolve();

  constructor(source: PackSource, snapshot: LevelSnapshot, packs: PackCursor) {
    this.#source = source;
    this.#snapshot = snapshot;
    this.#packs = packs;
    this.#reader = source.files.beginRead();
  }

  /**
   * Reads on: at least one pack, none at the end. One call at a time.
   * @param into room for what is read; null makes some
   */
  read(maxPacks: number, maxBytes: number, into: Buffer | null = null): Promise<PackRun> {
    const packs = this.#nextRun(maxPacks, maxBytes);
    const first = packs[0]?.place;
    if (first === undefined) return Promise.resolve({ packs, bytes: [] });
    const run = first === null ? this.#readInline(packs) : this.#readFile(packs, into);
    this.#reading = run.catch(() => {});
    return run;
  }

  /** The next packs that can be read at once. */
  #nextRun(maxPacks: number, maxBytes: number): Pack[] {
    const run: Pack[] = [];
    let bytes = 0;
    for (;;) {
      const { pack } = this.#packs;
      if (pack === undefined) break;
      const last = run[run.length - 1];
      const size = pack.place?.bytes ?? 0;
      if (last !== undefined) {
        if (run.length >= maxPacks || bytes + size > maxBytes || !standsBehind(last, pack)) break;
        if (pack.place === null && run.length >= inlineAtOnce) break;
      }
      run.push(pack);
      bytes += size;
      this.#packs.next();
    }
    return run;
  }

  async #readInline(packs: Pack[]): Promise<PackRun> {
    const found = await this.#source.db.getMany(packs.map(packKey), { snapshot: this.#snapshot });
    return { packs, bytes: packs.map((pack, i) => soundPack(this.#source, pack, found[i])) };
  }

  async #readFile(packs: Pack[], into: Buffer | null): Promise<PackRun> {
    const { files } = this.#source;
    const { file, offset } = packs[0]!.place!;
    const last = packs[packs.length - 1]!.place!;
    const length = last.offset + last.bytes - offset;
    const room = into !== null && into.length >= length ? into : Buffer.allocUnsafeSlow(length);
    const filled = await new Promise<number>((resolve, reject) => {
      files.read(file, offset, room.subarray(0, length), (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
    const bytes = packs.map((pack) => {
      const from = pack.place!.offset - offset;
      return soundPack(this.#source, pack, room.subarray(from, Math.min(filled, from + pack.place!.bytes)));
    });
    return { packs, bytes };
  }

  async close(): Promise<void> {
    await this.#reading;
    this.#source.files.endRead(this.#reader);
  }
}

function standsBehind({ place: last }: Pack, { place }: Pack): boolean {
  if (last === null || place === null) return last === place;
  return last.file === place.file && last.offset + last.bytes === place.offset;
}
