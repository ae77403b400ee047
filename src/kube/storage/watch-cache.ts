/**
 * The newest state of one kind in memory and its recent changes, fed by one watch of the store: any number of watchers
 * costs the store nothing. Given to watchers are decoded objects that are shared: nobody may change them.
 *
 *     store ── list at R, watch from R ──▶ objects by key, ring of events ──▶ watchers
 *
 * A watcher sees an event if the object matches its selector now or did before: entering is ADDED, leaving is DELETED with
 * the old state and the new revision.
 */

import { Failure } from '../../util/failure.ts';
import { OrderedMap } from '../../util/ordered-map.ts';
import type { ApiObject } from '../api/objects.ts';
import type { Conversion } from '../registry/conversion.ts';
import type { KubeStore, StoreChange, StoreWatch } from '../store.ts';
import { decodeEntry, decodeObject } from './codec.ts';
import { OwnWrites } from './own-writes.ts';
import { pastOf } from './past.ts';
import { shared } from './shared-objects.ts';

/** Events kept for watchers that come with a revision of the past. */
const ringSize = 8192;

/** So many revisions more are read of the past than somebody asks for. */
const marginRevisions = 1000;
/** Watches of the store that may break one after the other before everything begins again. */
const breaksMax = 3;

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface CacheEvent {
  readonly key: string;
  readonly revision: number;
  /** Null: deleted. */
  readonly object: ApiObject | null;
  /** What was there before; null: nothing. */
  readonly previous: ApiObject | null;
  /** `previous` with the revision of the deletion; made once for all watchers, when needed. */
  gone: ApiObject | null;
}

export interface WatchSink {
  /** @param event what happened for everybody; @param type what it is for this watcher */
  event(type: EventType, object: ApiObject, event: CacheEvent | null): void;
  /** Everything up to here was given; @param isInitialEnd the state at the start is complete */
  progress(revision: number, isInitialEnd: boolean): void;
  /** Over: the store was lost. */
  lost(): void;
}

export interface CacheWatchOptions {
  /** Keys that begin with it. */
  readonly prefix: string;
  /** Null: begin with the objects there are, as ADDED. */
  readonly afterRevision: number | null;
  readonly matches: (object: ApiObject) => boolean;
  readonly sink: WatchSink;
}

class Watcher {
  readonly options: CacheWatchOptions;
  isClosed = false;

  constructor(options: CacheWatchOptions) {
    this.options = options;
  }

  see(event: CacheEvent): void {
    const { prefix, afterRevision, matches, sink } = this.options;
    if (this.isClosed || !event.key.startsWith(prefix)) return;
    if (afterRevision !== null && event.revision <= afterRevision) return;
    const was = event.previous !== null && matches(event.previous);
    const is = event.object !== null && matches(event.object);
    if (is) sink.event(was ? 'MODIFIED' : 'ADDED', event.object, event);
    else if (was) sink.event('DELETED', goneObject(event), event);
  }
}

function goneObject(event: CacheEvent): ApiObject {
  if (event.gone === null) {
    const previous = event.previous!;
    const metadata = { ...previous.metadata, resourceVersion: String(event.revision) };
    event.gone = shared({ ...previous, metadata });
  }
  return event.gone;
}

export class WatchCache {
  readonly #store: KubeStore;
  readonly #prefix: string;
  readonly #conversion: Conversion | null;
  #objects: OrderedMap<ApiObject> = new OrderedMap<ApiObject>();
  #ring: CacheEvent[] = [];
  /** Watchers may begin after this revision or later. */
  #oldestRevision = 0;
  #revision = 0;
  #eventCount = 0;
  /** Watches of the store that broke since one gave something. */
  #breaks = 0;
  #reading: Promise<boolean> | null = null;
  #watch: StoreWatch | null = null;
  #starting: Promise<void> | null = null;
  #isClosed = false;
  /** Only of objects that are stored as they are served. */
  readonly own: OwnWrites = new OwnWrites();
  readonly #watchers: Set<Watcher> = new Set();
  readonly #waiting: { revision: number; resolve: () => void }[] = [];

  /** @param prefix of the keys, ending in a slash; @param conversion null: objects are stored as they are served */
  constructor(store: KubeStore, prefix: string, conversion: Conversion | null) {
    this.#store = store;
    this.#prefix = prefix;
    this.#conversion = conversion;
  }

  /** Everything up to this revision is in. */
  get revision(): number {
    return this.#revision;
  }

  /** It has been filled and follows the store. */
  get isLive(): boolean {
    return this.#watch !== null;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Changes that were taken since it was made. */
  get eventCount(): number {
    return this.#eventCount;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Fills the cache, once; later calls wait for the same. */
  start(): Promise<void> {
    this.#starting ??= this.#fill().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  get(key: string): ApiObject | undefined {
    return this.#objects.get(key);
  }

  /** Resolves when everything up to `revision` is in. */
  reach(revision: number): Promise<void> {
    if (revision <= this.#revision || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ revision, resolve });
      this.#watch?.requestProgress();
    });
  }

  /** All objects whose key begins with `prefix`, ascending. */
  list(prefix: string): ApiObject[] {
    const found: ApiObject[] = [];
    const to = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    this.#objects.collect(prefix, to, Number.MAX_SAFE_INTEGER, false, found);
    return found;
  }

  /**
   * Begins to give events; first those of the past, in this call.
   * @returns how to end it, or null: the start is too old
   */
  watch(options: CacheWatchOptions): (() => void) | null {
    const watcher = new Watcher(options);
    if (options.afterRevision === null) {
      for (const object of this.list(options.prefix)) {
        if (options.matches(object)) options.sink.event('ADDED', object, null);
      }
      options.sink.progress(this.#revision, true);
    } else {
      if (options.afterRevision < this.#oldestRevision) return null;
      const ring = this.#ring;
      for (let at = this.#firstAfter(options.afterRevision); at < ring.length; at++) watcher.see(ring[at]!);
    }
    this.#watchers.add(watcher);
    return () => {
      watcher.isClosed = true;
      this.#watchers.delete(watcher);
    };
  }

  /** Index in the ring of the first event after a revision. */
  #firstAfter(revision: number): number {
    let from = 0;
    let to = this.#ring.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#ring[middle]!.revision <= revision) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /**
   * Sees to it that watchers may begin after `revision`, with the history of the store where the cache began later.
   * @returns false: the history is gone, or too long
   */
  async reachBack(revision: number): Promise<boolean> {
    await this.start();
    // One reads at a time: who waits may find what they need.
    while (this.#reading !== null) await this.#reading;
    if (revision >= this.#oldestRevision) return true;
    this.#reading = this.#readPast(revision).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readPast(revision: number): Promise<boolean> {
    const to = this.#oldestRevision;
    try {
      // Others come from about the same time.
      const wider = Math.max(1, revision - marginRevisions);
      const from = (await this.#hasHistory(wider)) ? wider : revision;
      const past = await pastOf(this.#store, this.#prefix, from, to);
      if (past === null || this.#oldestRevision !== to) return revision >= this.#oldestRevision;
      const events = past.map(({ key, value, revision: at, previous }): CacheEvent => {
        const object = value === null ? null : this.#converted(decodeObject(value, at));
        const before =
          previous === null ? null : this.#converted(decodeObject(previous.value, previous.revision));
        return { key, revision: at, object, previous: before, gone: null };
      });
      this.#ring = [...events, ...this.#ring];
      this.#oldestRevision = from;
      return true;
    } catch (error) {
      if (error instanceof Failure && error.reason === 'compacted') return false;
      throw error;
    }
  }

  async #hasHistory(revision: number): Promise<boolean> {
    try {
      await this.#store.list(this.#prefix, { limit: 1, revision });
      return true;
    } catch (error) {
      if (error instanceof Failure && error.reason === 'compacted') return false;
      throw error;
    }
  }

  /** Bookmarks are made of this. */
  tellProgress(): void {
    for (const { options } of this.#watchers) options.sink.progress(this.#revision, false);
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    this.#watch = null;
    this.#loseWatchers();
  }

  async #fill(): Promise<void> {
    const { entries, revision } = await this.#store.list(this.#prefix);
    if (this.#isClosed) return;
    this.#objects = new OrderedMap<ApiObject>();
    this.own.clear();
    for (const entry of entries) this.#objects.set(entry.key, this.#converted(decodeEntry(entry)));
    this.#ring = [];
    this.#oldestRevision = revision;
    this.#follow(revision);
    this.#reached(revision);
  }

  #follow(revision: number): void {
    this.#watch = this.#store.watch(this.#prefix, revision, {
      changes: (changes) => this.#take(changes),
      progress: (reached) => this.#reached(reached),
      failed: (reason) => void this.#resume(reason),
    });
  }

  /** The store's watch broke. What it has not given it gives from the revision on that was reached, if it still can. */
  async #resume(reason: 'compacted' | 'lost'): Promise<void> {
    if (this.#isClosed) return;
    this.#watch = null;
    this.#breaks++;
    try {
      if (reason === 'compacted' || this.#breaks > breaksMax) throw new Error('begin again');
      await this.#store.list(this.#prefix, { limit: 1, revision: this.#revision });
      if (!this.#isClosed) this.#follow(this.#revision);
    } catch {
      this.#restart();
    }
  }

  /** Watchers begin again with a list of their own, and so does the cache. */
  #restart(): void {
    if (this.#isClosed) return;
    this.#breaks = 0;
    this.#loseWatchers();
    this.#starting = null;
    this.start().catch(() => {});
  }

  #loseWatchers(): void {
    const lost = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of lost) {
      watcher.isClosed = true;
      watcher.options.sink.lost();
    }
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #take(changes: readonly StoreChange[]): void {
    this.#breaks = 0;
    for (const change of changes) this.#apply(change);
    this.#reached(changes[changes.length - 1]!.revision);
  }

  #apply(change: StoreChange): void {
    const { key, value, revision } = change;
    const previous = this.#objects.get(key) ?? null;
    const own = this.own.take(key, value, revision);
    const object = value === null ? null : (own ?? this.#converted(decodeObject(value, revision)));
    if (object === null) this.#objects.delete(key);
    else this.#objects.set(key, object);
    const event: CacheEvent = { key, revision, object, previous, gone: object === null ? own : null };
    this.#eventCount++;
    this.#ring.push(event);
    if (this.#ring.length > ringSize * 2) {
      const dropped = this.#ring.splice(0, this.#ring.length - ringSize);
      this.#oldestRevision = dropped[dropped.length - 1]!.revision;
    }
    for (const watcher of this.#watchers) watcher.see(event);
  }

  #converted(object: ApiObject): ApiObject {
    return shared(this.#conversion === null ? object : this.#conversion.fromStorage(object));
  }

  #reached(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((waiting) => waiting.revision <= this.#revision);
    for (const waiting of ready) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}
