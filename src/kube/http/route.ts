/**
 * The grammar of resource paths:
 *
 *     /api/v1/… and /apis/<group>/<version>/…
 *     [watch/] [namespaces/<namespace>/] <plural> [/<name> [/<subresource> [/<path>]]]
 *
 * `namespaces/<name>` alone is the namespace itself, as are its `status` and `finalize`.
 */

import { badRequest } from '../api/status.ts';
import type { Verb } from '../registry/types.ts';

export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  /** Empty: of the cluster, or all namespaces. */
  readonly namespace: string;
  readonly plural: string;
  /** Empty: the collection. */
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource. */
  readonly rest: readonly string[];
  /** The old form of a watch. */
  readonly isWatchPath: boolean;
}

const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

/** @returns null: the path is not one of resources */
export function resourcePath(segments: readonly string[]): ResourcePath | null {
  let at = 0;
  let group = '';
  if (segments[0] === 'api') at = 1;
  else if (segments[0] === 'apis' && segments.length > 2) {
    group = segments[1]!;
    at = 2;
  } else return null;
  const version = segments[at++];
  if (version === undefined || segments.length <= at) return null;
  const isWatchPath = segments[at] === 'watch';
  if (isWatchPath) at++;
  let namespace = '';
  const rest = segments.length - at;
  const isInNamespace =
    segments[at] === 'namespaces' && rest > 2 && !namespaceSubresources.has(segments[at + 2]!);
  if (isInNamespace) {
    namespace = segments[at + 1]!;
    at += 2;
  }
  const plural = segments[at];
  if (plural === undefined) return null;
  return {
    group,
    version,
    namespace,
    plural,
    name: segments[at + 1] ?? '',
    subresource: segments[at + 2] ?? '',
    rest: segments.slice(at + 3),
    isWatchPath,
  };
}

/** Absent, `0` and `false` are false, everything else is true. */
export function booleanParameter(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value !== 'false' && value !== 'False' && value !== 'FALSE';
}

/** @returns null when it is absent or empty @throws StatusError 400 */
export function integerParameter(query: URLSearchParams, name: string): number | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  if (!/^[+-]?\d+$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  const number = BigInt(value.replace(/^\+/, ''));
  if (BigInt.asIntN(64, number) !== number) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
  }
  return Number(number);
}

/** What a request to a resource path asks for, or null: the method is not known. */
export function verbOf(method: string, path: ResourcePath, query: URLSearchParams): Verb | null {
  const isCollection = path.name === '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (path.isWatchPath || (isCollection && booleanParameter(query, 'watch'))) return 'watch';
      return isCollection ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete';
    default:
      return null;
  }
}
