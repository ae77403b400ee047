/**
 * What a server does now and then beside requests: bookmarks for watchers, so that those of quiet kinds know a revision that
 * is still there, and compaction of the store's history, as kube-apiserver does: after an interval, up to where the store
 * was an interval ago.
 */

import type { Runtime, Timer } from '../../util/runtime.ts';
import type { KubeStore } from '../store.ts';
import type { Storages } from './resource-storage.ts';
import type { WatchCache } from './watch-cache.ts';

/** Bookmarks go out this often. */
const bookmarkMs = 60_000;

export class Upkeep {
  readonly #runtime: Runtime;
  readonly #store: KubeStore;
  readonly #storages: Storages;
  readonly #timers = new Map<string, Timer>();
  /** Where the store was when it was last looked at; 0: not yet. */
  #seen = 0;
  #isClosed = false;

  /** @param compactionMs 0: no compactions */
  constructor(runtime: Runtime, store: KubeStore, storages: Storages, compactionMs: number) {
    this.#runtime = runtime;
    this.#store = store;
    this.#storages = storages;
    this.#again('bookmarks', bookmarkMs, () => this.#tellProgress());
    if (compactionMs > 0) this.#again('compaction', compactionMs, () => this.#compact());
  }

  #again(name: string, ms: number, work: () => Promise<void>): void {
    const timer = this.#runtime.clock.setTimer(ms, () => {
      // A store that does not answer now is asked again the next time.
      work()
        .catch(() => {})
        .finally(() => {
          if (!this.#isClosed) this.#again(name, ms, work);
        });
    });
    this.#timers.set(name, timer);
  }

  async #tellProgress(): Promise<void> {
    const watched = [...this.#storages.caches()].filter(({ watcherCount }) => watcherCount > 0);
    if (watched.length === 0) return;
    const revision = await this.#store.revision();
    for (const cache of watched) void this.#tell(cache, revision);
  }

  async #tell(cache: WatchCache, revision: number): Promise<void> {
    await cache.reach(revision);
    if (!this.#isClosed) cache.tellProgress();
  }

  async #compact(): Promise<void> {
    const before = this.#seen;
    this.#seen = await this.#store.revision();
    if (before > 0 && !this.#isClosed) await this.#store.compact(before);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }
}
