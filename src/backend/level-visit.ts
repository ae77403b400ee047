/**
 * Goes over all entries of a range without making an object for each: what a start does with every record there is.
 *
 * One piece is read while the one before is gone through, in two buffers that are used again. Where records of the range
 * stand outside of packs, which those of the store do in states of former versions only, a cursor puts both in order.
 */

import type { BackendEntry, EntryVisitor } from './backend.ts';
import { LevelCursor, type LevelCursorOptions } from './level-cursor.ts';
import { expandPack, visitEntries, visitPack } from './pack.ts';
import type { Pack } from './pack-list.ts';
import { type PackRun, PackWalk } from './pack-walk.ts';

const pieceBytes = 1024 * 1024;
const cursorEntries = 4096;

export type LevelVisitOptions = Omit<LevelCursorOptions, 'chunkBytes'>;

/** Tells the visitor of entries in order; ends with the first error, also of the visitor. */
export async function visitLevel(options: LevelVisitOptions, visitor: EntryVisitor): Promise<void> {
  if (await hasEntriesAlone(options)) await visitByCursor(options, visitor);
  else await visitPacks(options, visitor);
}

async function hasEntriesAlone({ source, snapshot, from, to }: LevelVisitOptions): Promise<boolean> {
  const range = to === null ? { gte: from } : { gte: from, lt: to };
  const options = { ...range, limit: 1, values: false, snapshot: snapshot.snapshot };
  const iterator = source.db.iterator(options);
  try {
    return (await iterator.nextv(1)).length > 0;
  } finally {
    await iterator.close();
  }
}

async function visitByCursor(options: LevelVisitOptions, visitor: EntryVisitor): Promise<void> {
  // The cursor's end is not the end of the visit.
  const cursor = new LevelCursor({
    ...options,
    snapshot: options.snapshot.share(),
    chunkBytes: pieceBytes,
    closed: () => {},
  });
  try {
    for (;;) {
      const entries = await new Promise<readonly BackendEntry[]>((resolve, reject) => {
        cursor.next(cursorEntries, pieceBytes, (error, found) =>
          error === null ? resolve(found) : reject(error),
        );
      });
      if (entries.length === 0) return;
      visitEntries(entries, visitor);
    }
  } finally {
    cursor.close();
  }
}

async function visitPacks(options: LevelVisitOptions, visitor: EntryVisitor): Promise<void> {
  const { source, snapshot } = options;
  const { ends } = options.packs;
  const walk = new PackWalk(source, snapshot.snapshot, options.packs);
  const rooms = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const;
  const readTo = (room: Buffer): Promise<PackRun> => walk.read(Number.POSITIVE_INFINITY, pieceBytes, room);
  try {
    let next = readTo(rooms[0]);
    for (let round = 1; ; round++) {
      const { packs, bytes } = await next;
      if (packs.length === 0) return;
      next = readTo(rooms[round % 2]!);
      // An error of the visitor comes first; that of a read ahead of it is then nobody's.
      next.catch(() => {});
      for (let i = 0; i < packs.length; i++) {
        if (ends.has(packs[i]!)) visitBounded(packs[i]!, bytes[i]!, options, visitor);
        else visitPack(bytes[i]!, packs[i]!.dead, visitor);
      }
    }
  } finally {
    await walk.close();
  }
}

function visitBounded(
  pack: Pack,
  bytes: Buffer,
  { from, to }: LevelVisitOptions,
  visitor: EntryVisitor,
): void {
  const entries: BackendEntry[] = [];
  expandPack(bytes, pack.dead, from, to, entries);
  visitEntries(entries, visitor);
}
