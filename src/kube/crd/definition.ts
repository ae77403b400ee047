/** A CustomResourceDefinition (apiextensions.k8s.io/v1) as code reads it; bodies are decoded by the schema of the built-in kinds. */

import type { ApiObject, JsonObject } from '../api/objects.ts';

export interface DefinedNames {
  readonly plural: string;
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly kind: string;
  readonly listKind?: string;
  readonly categories?: readonly string[];
}

export interface DefinedColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

export interface DefinedScale {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export interface DefinedVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly schema?: { readonly openAPIV3Schema?: JsonObject };
  readonly subresources?: { readonly status?: JsonObject; readonly scale?: DefinedScale };
  readonly additionalPrinterColumns?: readonly DefinedColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

export interface DefinitionSpec {
  readonly group: string;
  readonly names: DefinedNames;
  readonly scope: string;
  readonly versions: readonly DefinedVersion[];
  readonly conversion?: {
    readonly strategy?: string;
    readonly webhook?: {
      readonly clientConfig?: JsonObject;
      readonly conversionReviewVersions?: readonly string[];
    };
  };
  readonly preserveUnknownFields?: boolean;
}

export interface DefinitionCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface DefinitionStatus {
  readonly conditions?: readonly DefinitionCondition[];
  readonly acceptedNames?: DefinedNames;
  readonly storedVersions?: readonly string[];
}

/** While it stands, the definition has instances that are to go. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** Of one that has not been looked at yet, too: what is missing is empty. */
export function specOf(definition: ApiObject): DefinitionSpec {
  const spec = (definition.spec ?? {}) as unknown as Partial<DefinitionSpec>;
  const { versions = [], names = { plural: '', kind: '' } } = spec;
  return { ...(spec as DefinitionSpec), versions, names };
}

export function statusOf(definition: ApiObject): DefinitionStatus {
  return (definition.status ?? {}) as unknown as DefinitionStatus;
}

export function hasCondition(definition: ApiObject, type: string): boolean {
  return (statusOf(definition).conditions ?? []).some(
    (condition) => condition.type === type && condition.status === 'True',
  );
}

/** The conditions with that one in its place: it keeps its time while its status stays. */
export function withCondition(
  conditions: readonly DefinitionCondition[],
  condition: DefinitionCondition,
): DefinitionCondition[] {
  const at = conditions.findIndex(({ type }) => type === condition.type);
  if (at < 0) return [...conditions, condition];
  const known = conditions[at]!;
  const { lastTransitionTime } = known.status === condition.status ? known : condition;
  return conditions.with(
    at,
    lastTransitionTime === undefined ? condition : { ...condition, lastTransitionTime },
  );
}
