/**
 * Rows of the resource table, written short: a row gives what is not the rule.
 */

import type { GenerationRule, NameRule, ResourceType, Subresource, Verb } from './types.ts';
import { standardVerbs } from './types.ts';

export interface ResourceRow {
  readonly plural: string;
  readonly kind: string;
  /** @default the kind in lower case */
  readonly singular?: string;
  /** @default [] */
  readonly shortNames?: readonly string[];
  /** @default [] */
  readonly categories?: readonly string[];
  /** @default true */
  readonly isNamespaced?: boolean;
  /** @default the eight standard ones */
  readonly verbs?: readonly Verb[];
  /** `status` and `scale` as words, others in full. @default [] */
  readonly subresources?: readonly ('status' | 'scale' | Subresource)[];
  /** @default '<group without .k8s.io>.<version>.<Kind>', see `definitionPrefix` */
  readonly definition?: string;
  /** @default '/registry/<plural>' */
  readonly storagePrefix?: string;
  /** @default the row's version */
  readonly storageVersion?: string;
  /** @default 'subdomain' */
  readonly nameRule?: NameRule;
  /** @default 'none' */
  readonly generation?: GenerationRule;
  /** @default false */
  readonly createsOnUpdate?: boolean;
  /** @default true */
  readonly updatesUnconditionally?: boolean;
  /** @default false */
  readonly answersDeleted?: boolean;
  /** @default false */
  readonly orphansByDefault?: boolean;
  /** @default false */
  readonly keepsStatusOnCreate?: boolean;
  /** @default true */
  readonly statusKeepsMetadata?: boolean;
  /** @default [] */
  readonly fieldSelectors?: readonly string[];
  /** @default none */
  readonly deprecation?: string;
  /** @default 0 */
  readonly ttlSeconds?: number;
}

const statusVerbs: readonly Verb[] = ['get', 'patch', 'update'];

function subresource(given: 'status' | 'scale' | Subresource, kind: string): Subresource {
  if (given === 'status') return { name: 'status', group: '', version: '', kind, verbs: statusVerbs };
  if (given === 'scale') {
    return { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: statusVerbs };
  }
  return given;
}

/** One row in full. @param definitionPrefix how the schema names the group, `core`, `apps`, `rbac` */
function resourceType(
  group: string,
  version: string,
  definitionPrefix: string,
  row: ResourceRow,
): ResourceType {
  return {
    group,
    version,
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.singular ?? row.kind.toLowerCase(),
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    isNamespaced: row.isNamespaced ?? true,
    verbs: row.verbs ?? standardVerbs,
    subresources: (row.subresources ?? []).map((given) => subresource(given, row.kind)),
    definition: row.definition ?? `${definitionPrefix}.${version}.${row.kind}`,
    storagePrefix: row.storagePrefix ?? `/registry/${row.plural}`,
    storageVersion: row.storageVersion ?? version,
    nameRule: row.nameRule ?? 'subdomain',
    generation: row.generation ?? 'none',
    createsOnUpdate: row.createsOnUpdate ?? false,
    updatesUnconditionally: row.updatesUnconditionally ?? true,
    answersDeleted: row.answersDeleted ?? false,
    orphansByDefault: row.orphansByDefault ?? false,
    keepsStatusOnCreate: row.keepsStatusOnCreate ?? false,
    statusKeepsMetadata: row.statusKeepsMetadata ?? true,
    fieldSelectors: row.fieldSelectors ?? [],
    ttlSeconds: row.ttlSeconds ?? 0,
    ...(row.deprecation === undefined ? {} : { deprecation: row.deprecation }),
    custom: null,
  };
}

/** The rows of one group version. */
export function groupRows(
  group: string,
  version: string,
  definitionPrefix: string,
  rows: readonly ResourceRow[],
): readonly ResourceType[] {
  return rows.map((row) => resourceType(group, version, definitionPrefix, row));
}
