/**
 * A store whose objects are given in one version of a custom resource and kept in another, by the webhook of their definition. It
 * stands below the storage of that version, so that everything above has one version only, as with conversions that are
 * computed; these take their time, so they are made where everything waits anyway.
 *
 * Changes of a watch are given in their order: those that need the webhook hold up the ones after them. When it cannot be asked the
 * watch is lost, and whoever begins again with a list hears why.
 */

import type { ApiObject } from '../api/objects.ts';
import { asJson, type JsonObject } from '../api/objects.ts';
import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoreChange,
  StoredEntry,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';
import { decodeObject, encodeObject } from './codec.ts';

export interface VersionsOfStore {
  /** `group/version` in which objects are given. */
  readonly served: string;
  /** And the one in which they are written. */
  readonly stored: string;
  /** Those that are in that version already stay as they are. */
  convert(objects: readonly JsonObject[], apiVersion: string): Promise<readonly JsonObject[]>;
}

/** An object without the revision, which the store keeps beside it. */
function objectOf(value: Uint8Array): JsonObject {
  const object = decodeObject(value, 0);
  delete object.metadata.resourceVersion;
  return asJson(object);
}

export class ConvertedStore implements KubeStore {
  readonly #store: KubeStore;
  readonly #versions: VersionsOfStore;

  constructor(store: KubeStore, versions: VersionsOfStore) {
    this.#store = store;
    this.#versions = versions;
  }

  async get(key: string): Promise<GetResult> {
    const { entry, revision } = await this.#store.get(key);
    return { entry: await this.#servedEntry(entry), revision };
  }

  isCurrent(key: string, modRevision: number): Promise<boolean> {
    return this.#store.isCurrent(key, modRevision);
  }

  async list(prefix: string, options?: ListOptions): Promise<ListResult> {
    const { entries, count, revision } = await this.#store.list(prefix, options);
    const values = await this.#served(entries.map(({ value }) => value));
    return { entries: entries.map((entry, at) => ({ ...entry, value: values[at]! })), count, revision };
  }

  async create(key: string, value: Uint8Array, options?: CreateOptions): Promise<WriteResult> {
    return this.#outcome(await this.#store.create(key, await this.#stored(value), options));
  }

  async update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#outcome(await this.#store.update(key, await this.#stored(value), expectedRevision));
  }

  async delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#outcome(await this.#store.delete(key, expectedRevision));
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    const line = new ChangesInLine(sink, (changes) => this.#servedChanges(changes));
    const watch = this.#store.watch(prefix, afterRevision, line);
    line.end = () => watch.close();
    return {
      requestProgress: () => watch.requestProgress(),
      close: () => {
        line.isClosed = true;
        watch.close();
      },
    };
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  /** The store below is another's to close. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #served(values: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const { served } = this.#versions;
    const objects = values.map(objectOf);
    if (objects.every(({ apiVersion }) => apiVersion === served)) return [...values];
    const converted = await this.#versions.convert(objects, served);
    return converted.map((object) => encodeObject(object as unknown as ApiObject));
  }

  async #stored(value: Uint8Array): Promise<Uint8Array> {
    const { stored, served } = this.#versions;
    if (stored === served) return value;
    const [object] = await this.#versions.convert([objectOf(value)], stored);
    return encodeObject(object as unknown as ApiObject);
  }

  async #servedEntry(entry: StoredEntry | null): Promise<StoredEntry | null> {
    if (entry === null) return null;
    const [value] = await this.#served([entry.value]);
    return { ...entry, value: value! };
  }

  async #outcome(result: WriteResult): Promise<WriteResult> {
    return result.written ? result : { written: false, current: await this.#servedEntry(result.current) };
  }

  async #servedChanges(changes: readonly StoreChange[]): Promise<StoreChange[]> {
    const kept = changes.filter(({ value }) => value !== null);
    const values = await this.#served(kept.map(({ value }) => value!));
    let at = 0;
    return changes.map((change) => (change.value === null ? change : { ...change, value: values[at++]! }));
  }
}

/** What a watch gives, in its order, each after it was converted. */
class ChangesInLine implements StoreWatchSink {
  readonly #sink: StoreWatchSink;
  readonly #convert: (changes: readonly StoreChange[]) => Promise<readonly StoreChange[]>;
  #last: Promise<void> = Promise.resolve();
  isClosed = false;
  end: () => void = () => {};

  constructor(
    sink: StoreWatchSink,
    convert: (changes: readonly StoreChange[]) => Promise<readonly StoreChange[]>,
  ) {
    this.#sink = sink;
    this.#convert = convert;
  }

  changes(changes: readonly StoreChange[]): void {
    this.#then(async () => {
      const converted = await this.#convert(changes);
      if (!this.isClosed) this.#sink.changes(converted);
    });
  }

  progress(revision: number): void {
    this.#then(() => this.#sink.progress(revision));
  }

  failed(reason: 'compacted' | 'lost', compactRevision: number): void {
    this.#then(() => {
      this.isClosed = true;
      this.#sink.failed(reason, compactRevision);
    });
  }

  #then(run: () => void | Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.isClosed) return;
      try {
        await run();
      } catch {
        this.isClosed = true;
        this.end();
        this.#sink.failed('lost', 0);
      }
    });
  }
}
