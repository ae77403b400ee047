/** GET of one object and of a collection. */

import { Failure } from '../../util/failure.ts';
import { type ApiList, type ApiObject, groupVersionText } from '../api/objects.ts';
import { expired, notFound, revisionTooLarge } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { Endpoint } from './endpoint.ts';
import { type ListOptions, listOptions, parseResourceVersion } from './options.ts';
import { type Selection, selectionOf } from './select.ts';

/** How long a read waits for a revision that this server has not seen. */
const futureWaitMs = 3000;
/** How long a list waits for the watch cache before it asks the store. */
const cacheWaitMs = 500;
/** Entries read at once while a selector looks for matches. */
const selectChunk = 1000;

const tooOldText = 'The resourceVersion for the provided list is too old.';
const continueTooOldText =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export async function get(endpoint: Endpoint): Promise<ApiAnswer> {
  const { context, path, resource } = endpoint;
  const wanted = parseResourceVersion(context.request.query.get('resourceVersion'), false);
  if (wanted !== null && wanted > 0) await reachRevision(endpoint, wanted);
  const namespace = resource.isNamespaced ? path.namespace : '';
  const body = await endpoint.parts.storages.of(resource).read(namespace, path.name);
  if (body === null) throw notFound(resource, path.name);
  return { type: 'object', code: 200, body, resource, isShared: true };
}

/** @throws StatusError 504 when the store does not get there in time */
export async function reachRevision({ parts }: Endpoint, wanted: number): Promise<void> {
  const { clock } = parts.runtime;
  const deadline = clock.now() + futureWaitMs;
  for (;;) {
    const current = await parts.storages.store.revision();
    if (current >= wanted) return;
    if (clock.now() >= deadline) throw revisionTooLarge(wanted, current);
    await new Promise<void>((resolve) => clock.setTimer(100, resolve));
  }
}

export async function list(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const options = listOptions(context.request.query, false);
  const selection = selectionOf(resource, options, '');
  const { cache } = parts.storages.of(resource);
  // So that a watch from this list's revision finds its past in the cache.
  await cache.start();
  const namespace = resource.isNamespaced ? path.namespace : '';
  const page = await readPage(endpoint, namespace, options, selection);
  return { type: 'object', code: 200, body: listOf(endpoint, page), resource, isShared: true };
}

interface Page {
  readonly items: ApiObject[];
  readonly revision: number;
  /** Empty: this was the last. */
  readonly continueToken: string;
  /** Null: not known. */
  readonly remaining: number | null;
}

function listOf({ resource }: Endpoint, page: Page): ApiList {
  const metadata: ApiList['metadata'] = { resourceVersion: String(page.revision) };
  // Lists of custom resources say so when they are whole.
  if (page.continueToken !== '' || resource.custom !== null) metadata.continue = page.continueToken;
  if (page.remaining !== null) metadata.remainingItemCount = page.remaining;
  return {
    kind: resource.listKind,
    apiVersion: groupVersionText(resource.group, resource.version),
    metadata,
    items: page.items,
  };
}

/** Where and at which revision a list begins; `limit` 0 is all. */
interface Start {
  readonly startKey: string;
  readonly revision: number;
  readonly limit: number;
}

async function startOf(endpoint: Endpoint, options: ListOptions): Promise<Start> {
  const { limit, resourceVersion, match } = options;
  if (options.continueToken !== '') {
    const token = decodeContinue(options.continueToken);
    return { startKey: token.startKey, revision: Math.max(0, token.revision), limit };
  }
  if (resourceVersion === null) return { startKey: '', revision: 0, limit };
  if (resourceVersion === 0) return { startKey: '', revision: 0, limit: 0 };
  await reachRevision(endpoint, resourceVersion);
  const isExact = match === 'Exact' || (match === '' && limit > 0);
  return { startKey: '', revision: isExact ? resourceVersion : 0, limit };
}

async function readPage(
  endpoint: Endpoint,
  namespace: string,
  options: ListOptions,
  selection: Selection,
): Promise<Page> {
  const cached = await cachedPage(endpoint, namespace, options, selection);
  if (cached !== null) return cached;
  const start = await startOf(endpoint, options);
  try {
    return await collect(endpoint, namespace, start, selection);
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'compacted') throw error;
    if (options.continueToken === '') throw expired(tooOldText);
    throw expired(continueTooOldText, encodeContinue({ revision: -1, startKey: start.startKey }));
  }
}

/**
 * The whole of a collection from the watch cache, which costs the store a look at its revision: as new as a read of the store
 * would be, or as old as the client allows.
 * @returns null: the store is to be asked, as for pages and for states of the past
 */
async function cachedPage(
  { parts, resource }: Endpoint,
  namespace: string,
  options: ListOptions,
  selection: Selection,
): Promise<Page | null> {
  const { limit, continueToken, resourceVersion, match } = options;
  if (continueToken !== '' || match === 'Exact') return null;
  const isAny = resourceVersion === 0;
  if (resourceVersion !== null && !isAny) return null;
  const storage = parts.storages.of(resource);
  const { cache } = storage;
  if (!isAny) {
    const isReached = await reachesSoon(parts, cache, await parts.storages.store.revision());
    if (!isReached) return null;
  }
  if (!cache.isLive) return null;
  const { revision } = cache;
  const all = cache.list(storage.prefixOf(namespace));
  const items = selection.isEverything ? all : all.filter(selection.matches);
  // The next page is read at the same revision, by the store.
  if (limit > 0 && !isAny && items.length > limit) return null;
  return { items, revision, continueToken: '', remaining: null };
}

/** @returns false: the cache does not get there in time, and the store is quicker */
async function reachesSoon(
  { runtime }: Endpoint['parts'],
  cache: WatchCache,
  revision: number,
): Promise<boolean> {
  if (revision <= cache.revision) return true;
  return new Promise((resolve) => {
    const timer = runtime.clock.setTimer(cacheWaitMs, () => resolve(false));
    void cache.reach(revision).then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}

/** Reads on until there are enough matches or no more entries, all at the revision of the first read. */
async function collect(
  { parts, resource }: Endpoint,
  namespace: string,
  start: Start,
  selection: Selection,
): Promise<Page> {
  const storage = parts.storages.of(resource);
  const prefixLength = storage.prefixOf(namespace).length;
  const items: ApiObject[] = [];
  let { startKey, revision } = start;
  for (;;) {
    const chunk = selection.isEverything || start.limit === 0 ? start.limit : selectChunk;
    const result = await storage.list(namespace, startKey, chunk, revision);
    revision = result.revision;
    for (let at = 0; at < result.entries.length; at++) {
      const entry = result.entries[at]!;
      startKey = `${entry.key.slice(prefixLength)}\0`;
      const object = storage.sharedOf(entry);
      if (!selection.matches(object)) continue;
      items.push(object);
      if (start.limit === 0 || items.length < start.limit) continue;
      const left = result.count - at - 1;
      if (left === 0) return { items, revision, continueToken: '', remaining: null };
      const continueToken = encodeContinue({ revision, startKey });
      return { items, revision, continueToken, remaining: selection.isEverything ? left : null };
    }
    if (result.entries.length === result.count) {
      return { items, revision, continueToken: '', remaining: null };
    }
  }
}
