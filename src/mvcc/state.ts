/** What the parts of the store share: the index, the revision, the backend and the cache before it. */

import type { Backend } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import type { KeyValueBytes } from '../wire/messages.ts';
import { RollingDigest } from './digest.ts';
import { noStoreFigures, type StoreFigures } from './figures.ts';
import { Index } from './index.ts';
import type { KeyIndex } from './key-index.ts';
import { RecordCache } from './record-cache.ts';
import { revisionKey } from './revision.ts';
import type { LeaseBook } from './types.ts';

export class State {
  readonly backend: Backend;
  readonly leases: LeaseBook;
  readonly #cacheBytes: number;
  index: Index = new Index();
  cache: RecordCache;
  revision = 1;
  compactRevision = -1;
  readonly digest: RollingDigest = new RollingDigest();
  /** The revision whose digest the backend has. */
  digestRevision = 1;
  sizeInUseBytes = 0;
  readonly figures: StoreFigures = noStoreFigures();

  constructor(backend: Backend, leases: LeaseBook, cacheBytes: number) {
    this.backend = backend;
    this.leases = leases;
    this.#cacheBytes = cacheBytes;
    this.cache = new RecordCache(cacheBytes, this.index.table);
  }

  /** Takes the index of another state; everything cached was about the old one. */
  replaceIndex(index: Index): void {
    this.index = index;
    this.cache = new RecordCache(this.#cacheBytes, this.index.table);
  }

  /** The newest record of a living key. */
  newestRecord(index: KeyIndex): KeyValueBytes {
    const cached = this.cache.get(index);
    if (cached !== null) return cached;
    const record = this.#load(index.key, revisionKey(index.mod, index.sub, false), index.mod);
    this.cache.set(index, record);
    return record;
  }

  /** The record at a place of a key's index that is not a deletion. */
  recordAt(index: KeyIndex, place: number): KeyValueBytes {
    if (place === index.newest) return this.newestRecord(index);
    const main = index.mainAt(place);
    return this.#load(index.key, revisionKey(main, index.subAt(place), false), main);
  }

  #load(key: string, recordKey: string, main: number): KeyValueBytes {
    const record = this.backend.get(recordKey);
    if (record !== undefined) return record;
    throw new Failure(
      'backendDamaged',
      `The record of key ${JSON.stringify(key)} at revision ${main} is missing from the state. ` +
        'Remove this member from its cluster, empty its data directory and add it again, or restore a backup.',
    );
  }
}
