/**
 * From a resource path and a verb to the handler: which resource it is, whether it has the verb, which subresource is
 * meant. Subresources that are not the object itself are registered by name (`SubresourceHandler`).
 */

import { methodNotAllowed, noSuchResource, notFound, verbNotSupported } from '../api/status.ts';
import { type ResourcePath, verbOf } from '../http/route.ts';
import type { ApiAnswer, RequestContext } from '../http/types.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType, Verb } from '../registry/types.ts';
import { create } from './create.ts';
import { deleteCollection, deleteOne } from './delete.ts';
import type { Endpoint } from './endpoint.ts';
import type { ServerParts } from './parts.ts';
import { patch } from './patch.ts';
import { get, list } from './read.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export type Handler = (endpoint: Endpoint) => Promise<ApiAnswer>;

/**
 * Handlers of their own. Key: `<group>/<plural>/<subresource>`, `<group>/<plural>` for a resource whose objects are not
 * stored (reviews, bindings), or `/<subresource>` for any resource that has it; then the verb.
 */
export type SubresourceHandlers = ReadonlyMap<string, VerbHandlers>;

export type VerbHandlers = Partial<Record<Verb, Handler>>;

/** What is asked of a resource, known before its body is read. */
export interface ResourceRequest {
  readonly path: ResourcePath;
  readonly resource: ResourceType;
  readonly verb: Verb;
}

const handlers: Readonly<Record<Verb, Handler>> = {
  create,
  get,
  list,
  watch,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

/** Subresources that are read and written like the object they belong to. */
const ownSubresources: ReadonlySet<string> = new Set([
  'status',
  'finalize',
  'approval',
  'ephemeralcontainers',
  'resize',
]);

/**
 * @returns null: nobody serves this group version
 * @throws StatusError 404, 405
 */
export function resourceRequest(
  registry: Registry,
  path: ResourcePath,
  method: string,
  query: URLSearchParams,
): ResourceRequest | null {
  if (!registry.hasVersion(path.group, path.version)) return null;
  const resource = registry.find(path.group, path.version, path.plural);
  if (resource === null) throw noSuchResource();
  if (path.namespace !== '' && !resource.isNamespaced) throw noSuchResource();
  const verb = verbOf(method, path, query);
  if (verb === null || !isRouted(method, path, verb)) throw methodNotAllowed();
  if (resource.custom !== null) checkCustom(resource, path, verb);
  const needsNamespace = resource.isNamespaced && path.namespace === '';
  if (needsNamespace && (path.name !== '' || verb === 'create' || verb === 'deletecollection')) {
    if (path.name !== '' && !path.isWatchPath) throw noSuchResource();
    if (path.name === '') throw methodNotAllowed();
  }
  if (path.subresource !== '') {
    const subresource = resource.subresources.find(({ name }) => name === path.subresource);
    if (subresource === undefined) throw noSuchResource();
    if (!subresource.verbs.includes(verb)) throw methodNotAllowed();
  } else if (!resource.verbs.includes(verb) || (verb === 'create' && path.name !== '')) {
    throw methodNotAllowed();
  }
  return { path, resource, verb };
}

/**
 * Whether a path has the method at all. (Counter-example: by its verb alone, a DELETE of the old path of a watch would empty the
 * collection that it watches.)
 */
function isRouted(method: string, path: ResourcePath, verb: Verb): boolean {
  // Heads of objects cannot be had; what stands behind a proxy may have them.
  if (method === 'HEAD') return path.subresource === 'proxy';
  if (path.isWatchPath) return verb === 'watch';
  return path.name !== '' || (verb !== 'update' && verb !== 'patch');
}

/** What a definition has not asked for is told in other words than what the server has not. @throws StatusError 404, 405 */
function checkCustom(resource: ResourceType, path: ResourcePath, verb: Verb): void {
  if (path.subresource === '') return;
  const subresource = resource.subresources.find(({ name }) => name === path.subresource);
  if (subresource === undefined) throw notFound(resource, path.name);
  if (!subresource.verbs.includes(verb)) throw verbNotSupported(resource, verb);
}

/** @throws StatusError */
export async function handleResource(
  parts: ServerParts,
  subresources: SubresourceHandlers,
  context: RequestContext,
  { path, resource, verb }: ResourceRequest,
): Promise<ApiAnswer> {
  const endpoint: Endpoint = { parts, context, path, resource };
  if (resource.deprecation !== undefined) context.warnings.push(resource.deprecation);
  const name = path.subresource;
  if (name === '') {
    const unstored = subresources.get(`${resource.group}/${resource.plural}`);
    return (unstored?.[verb] ?? handlers[verb])(endpoint);
  }
  if (ownSubresources.has(name)) return handlers[verb](endpoint);
  const own =
    subresources.get(`${resource.group}/${resource.plural}/${name}`) ?? subresources.get(`/${name}`);
  const handler = own?.[verb];
  if (handler === undefined) throw noSuchResource();
  return handler(endpoint);
}
