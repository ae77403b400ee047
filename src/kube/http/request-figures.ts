/** What is counted of requests, under the names that kube-apiserver gives it. */

import { Histogram, type Labels, type Metrics } from '../../util/metrics.ts';
import type { InFlight, RequestClass } from './limits.ts';
import type { ResourcePath } from './route.ts';

const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const sizeBounds = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Series of which a client could make any number: beyond so many they are one. */
const seriesMax = 5000;

interface Series {
  readonly labels: Labels;
  readonly duration: Histogram;
  readonly size: Histogram | null;
  readonly codes: Map<number, number>;
}

interface WatchSeries {
  readonly labels: Labels;
  count: number;
}

/** Verbs as metrics show them. */
function shownVerb(verb: string): string {
  return verb === 'update' ? 'PUT' : verb === 'create' ? 'POST' : verb.toUpperCase();
}

function scopeOf(path: ResourcePath): string {
  if (path.name !== '') return 'resource';
  return path.namespace === '' ? 'cluster' : 'namespace';
}

function labelsOf(verb: string, path: ResourcePath | null): Labels {
  return {
    verb: shownVerb(verb),
    dry_run: '',
    group: path?.group ?? '',
    version: path?.version ?? '',
    resource: path?.plural ?? '',
    subresource: path?.subresource ?? '',
    scope: path === null ? '' : scopeOf(path),
    component: 'apiserver',
  };
}

export class RequestFigures {
  readonly #series = new Map<string, Series>();
  readonly #watches = new Map<string, WatchSeries>();
  readonly #refused: Record<RequestClass, number> = { readOnly: 0, mutating: 0 };

  #seriesOf(verb: string, path: ResourcePath | null): Series {
    let key = verb;
    if (path !== null) {
      const { group, version, plural, subresource } = path;
      key = `${verb} ${group} ${version} ${plural} ${subresource} ${scopeOf(path)}`;
    }
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= seriesMax) return this.#series.values().next().value!;
      const hasSize = verb === 'get' || verb === 'list';
      series = {
        labels: labelsOf(verb, path),
        duration: new Histogram(durationBounds),
        size: hasSize ? new Histogram(sizeBounds) : null,
        codes: new Map(),
      };
      this.#series.set(key, series);
    }
    return series;
  }

  /** @param path null: no resource @param seconds from its head to its answer; for a watch to its head */
  answered(verb: string, path: ResourcePath | null, code: number, seconds: number, bytes: number): void {
    const series = this.#seriesOf(verb, path);
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
    if (verb !== 'watch') series.duration.observe(seconds);
    series.size?.observe(bytes);
  }

  refused(requestClass: RequestClass): void {
    this.#refused[requestClass]++;
  }

  watchBegan(path: ResourcePath): void {
    this.#watchesOf(path).count++;
  }

  watchEnded(path: ResourcePath): void {
    this.#watchesOf(path).count--;
  }

  #watchesOf(path: ResourcePath): WatchSeries {
    const key = `${path.group} ${path.version} ${path.plural} ${scopeOf(path)}`;
    let series = this.#watches.get(key);
    if (series === undefined) {
      series = { labels: labelsOf('watch', path), count: 0 };
      this.#watches.set(key, series);
    }
    return series;
  }

  register(metrics: Metrics, inFlight: InFlight): void {
    metrics.family('counter', 'apiserver_request_total', 'Requests that were answered.', (add) => {
      for (const { labels, codes } of this.#series.values()) {
        for (const [code, count] of codes) add({ ...labels, code: String(code) }, count);
      }
    });
    metrics.histograms('apiserver_request_duration_seconds', 'Time to the answer.', (add) => {
      for (const { labels, duration } of this.#series.values()) {
        if (labels['verb'] !== 'WATCH') add(labels, duration);
      }
    });
    metrics.histograms('apiserver_response_sizes', 'Bytes of bodies that were read.', (add) => {
      for (const { labels, size } of this.#series.values()) {
        const { dry_run: _dryRun, ...rest } = labels;
        if (size !== null) add(rest, size);
      }
    });
    metrics.family('gauge', 'apiserver_current_inflight_requests', 'Requests at work.', (add) => {
      for (const kind of ['mutating', 'readOnly'] as const) {
        add({ request_kind: kind }, inFlight.counts[kind]);
      }
    });
    metrics.family('gauge', 'apiserver_longrunning_requests', 'Watches that are open.', (add) => {
      for (const { labels, count } of this.#watches.values()) add(labels, count);
    });
    metrics.family('counter', 'apiserver_dropped_requests_total', 'Requests refused with 429.', (add) => {
      for (const kind of ['mutating', 'readOnly'] as const) {
        add({ request_kind: kind }, this.#refused[kind]);
      }
    });
  }
}
