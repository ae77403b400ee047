/** Rules of roles, written short. */

import type { JsonObject } from '../api/objects.ts';

const shorts: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
  all: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  any: ['*'],
};

function words(text: string): string[] {
  return text.split(/[ ,]+/).filter((word) => word !== '');
}

/** `read`, `write`, `all`, or verbs. */
function verbsOf(text: string): string[] {
  return words(text).flatMap((word) => shorts[word] ?? [word]);
}

/**
 * A rule about resources.
 * @param verbs `read`, `write`, `all`, `any`, or verbs, separated by spaces
 * @param groups separated by spaces, `core` for the core group
 * @param names of objects; empty: all
 */
export function rule(verbs: string, groups: string, resources: string, names: string = ''): JsonObject {
  const made: JsonObject = {
    verbs: verbsOf(verbs),
    apiGroups: words(groups).map((group) => (group === 'core' ? '' : group)),
    resources: words(resources),
  };
  if (names !== '') made['resourceNames'] = words(names);
  return made;
}

/** A rule about paths that are no resources. */
export function pathRule(verbs: string, paths: string): JsonObject {
  return { verbs: verbsOf(verbs), nonResourceURLs: words(paths) };
}

/** Whoever acts tells of it. */
export const events: JsonObject = rule('create patch update', 'core events.k8s.io', 'events');
