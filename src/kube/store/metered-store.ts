/** A KubeStore that counts what is asked of it and how long the answers take, as kube-apiserver counts its calls to etcd. */

import { Histogram, type Metrics } from '../../util/metrics.ts';
import type { Clock } from '../../util/runtime.ts';
import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';

const bounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** Resources of custom definitions come and go: beyond so many they are one. */
const seriesMax = 2000;

interface Series {
  readonly operation: string;
  readonly type: string;
  readonly duration: Histogram;
  errors: number;
}

/** `pods` of `/registry/pods/default/web`: the part of a key that names what is stored. */
function typeOf(key: string): string {
  const from = key.indexOf('/', 1) + 1;
  const to = key.indexOf('/', from);
  if (from > 0 && to > 0 && key.indexOf('.', from) < 0) return key.slice(from, to);
  const [, , first = '', second = ''] = key.split('/', 4);
  return first.includes('.') ? `${second}.${first}` : first;
}

export class MeteredStore implements KubeStore {
  readonly #store: KubeStore;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();

  constructor(store: KubeStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get(key: string): Promise<GetResult> {
    return this.#metered('get', key, this.#store.get(key));
  }

  isCurrent(key: string, modRevision: number): Promise<boolean> {
    return this.#metered('get', key, this.#store.isCurrent(key, modRevision));
  }

  list(prefix: string, options?: ListOptions): Promise<ListResult> {
    return this.#metered('list', prefix, this.#store.list(prefix, options));
  }

  create(key: string, value: Uint8Array, options?: CreateOptions): Promise<WriteResult> {
    return this.#metered('create', key, this.#store.create(key, value, options));
  }

  update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#metered('update', key, this.#store.update(key, value, expectedRevision));
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#metered('delete', key, this.#store.delete(key, expectedRevision));
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    return this.#store.watch(prefix, afterRevision, sink);
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

  async #metered<T>(operation: string, key: string, pending: Promise<T>): Promise<T> {
    const began = this.#clock.now();
    const series = this.#seriesOf(operation, typeOf(key));
    try {
      return await pending;
    } catch (error) {
      series.errors++;
      throw error;
    } finally {
      series.duration.observe((this.#clock.now() - began) / 1000);
    }
  }

  #seriesOf(operation: string, type: string): Series {
    const key = `${operation} ${type}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= seriesMax) return this.#series.values().next().value!;
      series = { operation, type, duration: new Histogram(bounds), errors: 0 };
      this.#series.set(key, series);
    }
    return series;
  }

  register(metrics: Metrics): void {
    metrics.histograms('etcd_request_duration_seconds', 'Time of calls to the store.', (add) => {
      for (const { operation, type, duration } of this.#series.values()) add({ operation, type }, duration);
    });
    metrics.family('counter', 'etcd_requests_total', 'Calls to the store.', (add) => {
      for (const { operation, type, duration } of this.#series.values()) {
        const count = duration.counts.reduce((sum, one) => sum + one, 0);
        add({ operation, type }, count);
      }
    });
    metrics.family('counter', 'etcd_request_errors_total', 'Calls to the store that failed.', (add) => {
      for (const { operation, type, errors } of this.#series.values()) add({ operation, type }, errors);
    });
  }
}
