/**
 * etcd's Hash: one number for all of a member's state at the newest line, read chunk by chunk from a frozen view. Members
 * that have applied the same, and have removed the same after a compaction, have the same.
 *
 * What a member notes for itself, how far it is with compactions (table `m`), does not count.
 */

import type { Backend, BackendEntry } from '../backend/backend.ts';
import { crc32c } from '../util/crc32c.ts';

const ownNotes = 'm';
const chunkBytes = 256 * 1024;

/** @param done called once and never before the call returns */
export function hashBackend(backend: Backend, done: (error: Error | null, hash: number) => void): void {
  backend.snapshot((error, snapshot) => {
    if (error !== null || snapshot === null) return done(error, 0);
    let crc = 0;
    const take = (error: Error | null, entries: readonly BackendEntry[]): void => {
      if (error !== null || entries.length === 0) {
        snapshot.close();
        done(error, crc);
        return;
      }
      for (const { key, value } of entries) {
        if (key.startsWith(ownNotes)) continue;
        crc = crc32c(value, crc32c(Buffer.from(key, 'latin1'), crc));
      }
      snapshot.next(chunkBytes, take);
    };
    snapshot.next(chunkBytes, take);
  });
}
