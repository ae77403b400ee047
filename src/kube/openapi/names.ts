/** What definitions are called in OpenAPI documents: the Go packages that they come from, turned around. */

import type { Definition } from '../schema/schema.ts';

const packages: readonly (readonly [string, string])[] = [
  ['meta.', 'io.k8s.apimachinery.pkg.apis.meta.'],
  ['api.resource.', 'io.k8s.apimachinery.pkg.api.resource.'],
  ['util.intstr.', 'io.k8s.apimachinery.pkg.util.intstr.'],
  ['runtime.', 'io.k8s.apimachinery.pkg.runtime.'],
  ['version.', 'io.k8s.apimachinery.pkg.version.'],
  ['apiextensions.', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.'],
  ['apiregistration.', 'io.k8s.kube-aggregator.pkg.apis.apiregistration.'],
];

/** `io.k8s.api.apps.v1.Deployment` of `apps.v1.Deployment`. */
export function schemaName({ name }: Definition): string {
  const known = packages.find(([prefix]) => name.startsWith(prefix));
  return known === undefined ? `io.k8s.api.${name}` : known[1] + name.slice(known[0].length);
}

/** `org.example.v1.Thing` of a custom resource's kind. */
export function customSchemaName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

export interface KindName {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

/** The group, version and kind that a definition is; null: it is a part of others. */
export function kindOf({ kind }: Definition): KindName | null {
  if (kind === '') return null;
  const parts = kind.split('/');
  const name = parts.pop()!;
  const version = parts.pop()!;
  return { group: parts[0] ?? '', kind: name, version };
}
