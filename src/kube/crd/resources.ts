/** The rows of the registry that a definition brings: one per served version. */

import type { ResourceType, Subresource, Verb } from '../registry/types.ts';
import { customType } from './custom-type.ts';
import type { DefinedVersion, DefinitionSpec } from './definition.ts';

/** In the order in which discovery tells them of custom resources. */
const customVerbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];

const subresourceVerbs = ['get', 'patch', 'update'] as const;

function subresourcesOf({ subresources }: DefinedVersion, kind: string): readonly Subresource[] {
  const rows: Subresource[] = [];
  if (subresources?.status !== undefined) {
    rows.push({ name: 'status', group: '', version: '', kind, verbs: subresourceVerbs });
  }
  if (subresources?.scale !== undefined) {
    rows.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: subresourceVerbs });
  }
  return rows;
}

/** What every answer of a deprecated version warns of; undefined: it is not deprecated. */
function deprecationOf(spec: DefinitionSpec, version: DefinedVersion): string | undefined {
  if (version.deprecated !== true) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const { group, names, versions } = spec;
  const [better] = versions
    .filter(({ name, served, deprecated }) => {
      return served && deprecated !== true && compareVersions(name, version.name) < 0;
    })
    .sort((a, b) => compareVersions(a.name, b.name));
  const text = `${group}/${version.name} ${names.kind} is deprecated`;
  return better === undefined ? text : `${text}; use ${group}/${better.name} ${names.kind}`;
}

function versionRow(spec: DefinitionSpec, version: DefinedVersion, storageVersion: string): ResourceType {
  const { group, names, scope } = spec;
  const { plural, kind } = names;
  const deprecation = deprecationOf(spec, version);
  return {
    group,
    version: version.name,
    kind,
    listKind: names.listKind ?? `${kind}List`,
    plural,
    singular: names.singular ?? kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    isNamespaced: scope === 'Namespaced',
    verbs: customVerbs,
    subresources: subresourcesOf(version, kind),
    definition: '',
    storagePrefix: `/registry/${group}/${plural}`,
    storageVersion,
    nameRule: 'subdomain',
    generation: 'allButStatus',
    createsOnUpdate: false,
    updatesUnconditionally: false,
    answersDeleted: false,
    orphansByDefault: false,
    statusKeepsMetadata: false,
    fieldSelectors: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    ttlSeconds: 0,
    ...(deprecation !== undefined && { deprecation }),
    custom: customType(spec, version),
  };
}

/** Higher is better: v2, v1, v2beta1, v1alpha1, then other names. */
function versionRank(name: string): readonly [number, number, number] {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(name);
  if (match === null) return [0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  for (let at = 0; at < 3; at++) if (left[at] !== right[at]) return right[at]! - left[at]!;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The preferred version first. */
export function resourcesOf(spec: DefinitionSpec): ResourceType[] {
  const storage = spec.versions.find((version) => version.storage) ?? spec.versions[0];
  return spec.versions
    .filter(({ served }) => served)
    .sort((a, b) => compareVersions(a.name, b.name))
    .map((version) => versionRow(spec, version, storage?.name ?? version.name));
}
