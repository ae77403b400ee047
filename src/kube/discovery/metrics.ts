/** `/metrics`: the figures of the API server in the text form of Prometheus, under kube-apiserver's names. */

import { Metrics } from '../../util/metrics.ts';
import { processFigures } from '../../util/node-process.ts';
import type { Clock } from '../../util/runtime.ts';
import type { AdmissionFigures } from '../admission/figures.ts';
import type { Audit } from '../http/audit.ts';
import type { PageHandler } from '../http/handler.ts';
import type { InFlight } from '../http/limits.ts';
import type { RequestFigures } from '../http/request-figures.ts';
import type { WatchTurns } from '../http/watch-writer.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Storages } from '../storage/resource-storage.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { MeteredStore } from '../store/metered-store.ts';
import { servedVersion } from './pages.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricSources {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly storages: Storages;
  readonly store: MeteredStore;
  readonly requests: RequestFigures;
  /** Null: admission is not counted. */
  readonly admission: AdmissionFigures | null;
  readonly inFlight: InFlight;
  readonly turns: WatchTurns;
  readonly audit: Audit | null;
}

/**
 * The watch caches that were filled, with what they are of: the first, if several versions or groups have one. Each is told
 * once; Prometheus takes two samples of one series for a mistake.
 */
function liveCaches({ registry, storages }: MetricSources): { resource: ResourceType; cache: WatchCache }[] {
  const found = new Map<WatchCache, ResourceType>();
  for (const resource of registry.resources()) {
    const cache = storages.cacheOf(resource);
    if (cache?.isLive === true && !found.has(cache)) found.set(cache, resource);
  }
  return Array.from(found, ([cache, resource]) => ({ cache, resource }));
}

function registerCaches(metrics: Metrics, sources: MetricSources): void {
  const labels = ({ group, plural }: ResourceType): { group: string; resource: string } => ({
    group,
    resource: plural,
  });
  metrics.family('gauge', 'apiserver_resource_objects', 'Objects that are stored.', (add) => {
    for (const { resource, cache } of liveCaches(sources)) add(labels(resource), cache.size);
  });
  metrics.family(
    'gauge',
    'apiserver_storage_objects',
    'Objects that are stored, as it was called.',
    (add) => {
      for (const { resource, cache } of liveCaches(sources)) {
        const { group, plural } = resource;
        add({ resource: group === '' ? plural : `${plural}.${group}` }, cache.size);
      }
    },
  );
  metrics.family('gauge', 'apiserver_registered_watchers', 'Watches that are open.', (add) => {
    for (const { resource, cache } of liveCaches(sources)) {
      const { group, version, kind } = resource;
      if (cache.watcherCount > 0) add({ group, version, kind }, cache.watcherCount);
    }
  });
  metrics.family('counter', 'apiserver_watch_cache_events_received_total', 'Changes of the store.', (add) => {
    for (const { resource, cache } of liveCaches(sources)) add(labels(resource), cache.eventCount);
  });
}

function registerProcess(metrics: Metrics, clock: Clock): void {
  const started = clock.wallNow() / 1000 - processFigures().uptimeSeconds;
  metrics.counter('process_cpu_seconds_total', 'CPU time.', () => processFigures().cpuSeconds);
  metrics.gauge('process_resident_memory_bytes', 'Memory.', () => processFigures().residentBytes);
  metrics.gauge('process_open_fds', 'Open files.', () => processFigures().openFiles ?? 0);
  metrics.gauge('process_start_time_seconds', 'When it began, since 1970.', () => started);
  metrics.family('gauge', 'kubernetes_build_info', 'The version that is served.', (add) => {
    const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, compiler, platform } =
      servedVersion;
    add(
      {
        ...{ major, minor, compiler, platform },
        git_version: gitVersion,
        git_commit: gitCommit,
        git_tree_state: gitTreeState,
        build_date: buildDate,
        go_version: servedVersion.goVersion,
      },
      1,
    );
  });
}

export function metricsPage(sources: MetricSources): PageHandler {
  const metrics = new Metrics();
  const { audit, turns } = sources;
  sources.requests.register(metrics, sources.inFlight);
  sources.admission?.register(metrics);
  sources.store.register(metrics);
  metrics.counter('apiserver_watch_events_total', 'Events that were sent.', () => turns.frameCount);
  metrics.counter('apiserver_audit_event_total', 'Audit events that were written.', () => audit?.count ?? 0);
  registerCaches(metrics, sources);
  registerProcess(metrics, sources.clock);
  return pageOfMetrics('/metrics', metrics);
}

/** Figures as they are when somebody asks. */
export function pageOfMetrics(path: string, metrics: Metrics): PageHandler {
  return (request) => {
    if (request.path !== path || (request.method !== 'GET' && request.method !== 'HEAD')) return null;
    return { type: 'bytes', code: 200, headers: { 'content-type': contentType }, body: metrics.text() };
  };
}
