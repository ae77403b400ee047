/**
 * A KubeStore whose keys stand below another prefix, as kube-apiserver's `--etcd-prefix` asks for: several API servers share
 * one store without seeing each other. Whoever asks sees keys below `/registry`, as ever.
 */

import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoredEntry,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';

/** Where keys stand when nobody says otherwise. */
const defaultPrefix = '/registry';

class PrefixedStore implements KubeStore {
  readonly #store: KubeStore;
  readonly #prefix: string;

  constructor(store: KubeStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Key of the store below. */
  #inner(key: string): string {
    if (!key.startsWith(defaultPrefix)) throw new Error(`${key} is not below ${defaultPrefix}`);
    return this.#prefix + key.slice(defaultPrefix.length);
  }

  #outer(key: string): string {
    return defaultPrefix + key.slice(this.#prefix.length);
  }

  #outerEntry(entry: StoredEntry): StoredEntry {
    return { key: this.#outer(entry.key), value: entry.value, modRevision: entry.modRevision };
  }

  async #outerResult(pending: Promise<WriteResult>): Promise<WriteResult> {
    const result = await pending;
    if (result.written || result.current === null) return result;
    return { written: false, current: this.#outerEntry(result.current) };
  }

  async get(key: string): Promise<GetResult> {
    const { entry, revision } = await this.#store.get(this.#inner(key));
    return { entry: entry === null ? null : this.#outerEntry(entry), revision };
  }

  isCurrent(key: string, modRevision: number): Promise<boolean> {
    return this.#store.isCurrent(this.#inner(key), modRevision);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    const { startKey } = options;
    const below = startKey === undefined ? options : { ...options, startKey: this.#inner(startKey) };
    const { entries, count, revision } = await this.#store.list(this.#inner(prefix), below);
    return { entries: entries.map((entry) => this.#outerEntry(entry)), count, revision };
  }

  create(key: string, value: Uint8Array, options: CreateOptions = {}): Promise<WriteResult> {
    return this.#outerResult(this.#store.create(this.#inner(key), value, options));
  }

  update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#outerResult(this.#store.update(this.#inner(key), value, expectedRevision));
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#outerResult(this.#store.delete(this.#inner(key), expectedRevision));
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    return this.#store.watch(this.#inner(prefix), afterRevision, {
      changes: (changes) =>
        sink.changes(changes.map(({ key, value, revision }) => ({ key: this.#outer(key), value, revision }))),
      progress: (revision) => sink.progress(revision),
      failed: (reason, compactRevision) => sink.failed(reason, compactRevision),
    });
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** @param prefix where keys are to stand instead of `/registry`; a slash at its end does not matter */
export function prefixedStore(store: KubeStore, prefix: string): KubeStore {
  const bare = prefix.replace(/\/+$/, '');
  const rooted = bare.startsWith('/') ? bare : `/${bare}`;
  return rooted === defaultPrefix ? store : new PrefixedStore(store, rooted);
}
