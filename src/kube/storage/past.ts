/**
 * What happened to a prefix before a watch cache began to follow it, read from the store's history: a client that comes from
 * another server, or from before a restart, goes on where it was instead of listing again.
 *
 *     list at `from`  ──▶  state then  ──  changes up to `to`  ──▶  events with what was there before
 */

import type { KubeStore, StoreChange, StoreWatch } from '../store.ts';

export interface PastChange extends StoreChange {
  /** What the key had before, and since when; null: nothing. */
  readonly previous: { readonly value: Uint8Array; readonly revision: number } | null;
}

/** More changes than this are not read: a list is quicker. */
const changesMax = 8192;

/**
 * The changes after `from` up to `to`, ascending.
 * @returns null: there are too many, or the watch broke
 * Rejects with Failure 'compacted' when the history is gone.
 */
export async function pastOf(
  store: KubeStore,
  prefix: string,
  from: number,
  to: number,
): Promise<PastChange[] | null> {
  const { entries } = await store.list(prefix, { revision: from });
  const state = new Map(
    entries.map(({ key, value, modRevision }) => [key, { value, revision: modRevision }]),
  );
  const changes = await changesBetween(store, prefix, from, to);
  if (changes === null) return null;
  return changes.map((change) => {
    const { key, value, revision } = change;
    const previous = state.get(key) ?? null;
    if (value === null) state.delete(key);
    else state.set(key, { value, revision });
    return { ...change, previous };
  });
}

function changesBetween(
  store: KubeStore,
  prefix: string,
  from: number,
  to: number,
): Promise<StoreChange[] | null> {
  return new Promise((resolve) => {
    const found: StoreChange[] = [];
    let watch: StoreWatch | null = null;
    const finish = (result: StoreChange[] | null): void => {
      watch?.close();
      resolve(result);
    };
    watch = store.watch(prefix, from, {
      changes: (changes) => {
        for (const change of changes) if (change.revision <= to) found.push(change);
        if (found.length > changesMax) finish(null);
        else if (changes[changes.length - 1]!.revision >= to) finish(found);
      },
      progress: (revision) => {
        if (revision >= to) finish(found);
      },
      failed: () => finish(null),
    });
    watch.requestProgress();
  });
}
