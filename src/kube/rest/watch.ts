/**
 * Watches: from the objects there are, or from a revision on. The answer's head is sent at once; frames go
 * out as they come; the end, at the timeout, is clean, and the client comes back with the last revision it saw.
 */

import type { ApiObject } from '../api/objects.ts';
import { groupVersionText } from '../api/objects.ts';
import { expired, type Status, StatusError } from '../api/status.ts';
import type { ApiAnswer, WatchWriter } from '../http/types.ts';
import type { CacheWatchOptions, WatchSink } from '../storage/watch-cache.ts';
import type { Endpoint } from './endpoint.ts';
import { type ListOptions, listOptions } from './options.ts';
import { reachRevision } from './read.ts';
import { selectionOf } from './select.ts';

const minTimeoutMs = 30 * 60_000;

export async function watch(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const options = listOptions(context.request.query, true);
  const selection = selectionOf(resource, options, path.isWatchPath ? path.name : '');
  const storage = parts.storages.of(resource);
  await storage.cache.start();
  if (options.resourceVersion === null) {
    await storage.cache.reach(await parts.storages.store.revision());
  }
  const refusal = await refusalOf(endpoint, options);
  const after = afterRevision(options, storage.cache.revision);
  // A client may come from another server, which saw more of the past.
  if (after !== null) await storage.cache.reachBack(after);
  const namespace = resource.isNamespaced ? path.namespace : '';
  return {
    type: 'watch',
    resource,
    open: (writer) => {
      if (refusal !== null) refuse(writer, refusal);
      else if (options.timeoutSeconds < 0) writer.end();
      else {
        openWatch(endpoint, options, writer, {
          prefix: storage.prefixOf(namespace),
          afterRevision: after,
          matches: selection.matches,
        });
      }
    },
  };
}

/** The state at the start is to be no older than what the client has seen: one that does not come is told in the stream. */
async function refusalOf(endpoint: Endpoint, options: ListOptions): Promise<Status | null> {
  const { resourceVersion } = options;
  if (options.sendsInitialEvents !== true || resourceVersion === null || resourceVersion === 0) return null;
  try {
    await reachRevision(endpoint, resourceVersion);
    return null;
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
}

function refuse(writer: WatchWriter, status: Status): void {
  writer.write({ type: 'ERROR', object: status, isShared: false, isInitial: false });
  writer.end();
}

/** Null: begin with the objects there are. */
function afterRevision(options: ListOptions, current: number): number | null {
  if (options.sendsInitialEvents === true) return null;
  const wanted = options.resourceVersion ?? 0;
  if (wanted !== 0) return wanted;
  return options.sendsInitialEvents === false ? current : null;
}

function bookmark({ resource }: Endpoint, revision: number, isInitialEnd: boolean): ApiObject {
  const metadata: ApiObject['metadata'] = { resourceVersion: String(revision) };
  if (isInitialEnd) metadata.annotations = { 'k8s.io/initial-events-end': 'true' };
  return {
    kind: resource.kind,
    apiVersion: groupVersionText(resource.group, resource.version),
    metadata,
  };
}

function openWatch(
  endpoint: Endpoint,
  options: ListOptions,
  writer: WatchWriter,
  where: Omit<CacheWatchOptions, 'sink'>,
): void {
  const { parts, resource } = endpoint;
  const { clock, random } = parts.runtime;
  const sink: WatchSink = {
    event: (type, object, event) => {
      writer.write({ type, object, isShared: true, isInitial: event === null });
    },
    progress: (revision, isInitialEnd) => {
      if (!options.allowsBookmarks) return;
      if (isInitialEnd && options.sendsInitialEvents !== true) return;
      writer.write({
        type: 'BOOKMARK',
        object: bookmark(endpoint, revision, isInitialEnd),
        isShared: false,
        isInitial: false,
      });
    },
    lost: () => writer.end(),
  };
  const { cache } = parts.storages.of(resource);
  const close = cache.watch({ ...where, sink });
  if (close === null) {
    const error = expired(`too old resource version: ${where.afterRevision} (${cache.revision})`);
    refuse(writer, error.status);
    return;
  }
  const timeoutMs =
    options.timeoutSeconds > 0
      ? options.timeoutSeconds * 1000
      : minTimeoutMs + (random.uint32() % minTimeoutMs);
  const timer = clock.setTimer(timeoutMs, () => {
    close();
    sink.progress(cache.revision, false);
    writer.end();
  });
  writer.onClose(() => {
    timer.cancel();
    close();
  });
}
