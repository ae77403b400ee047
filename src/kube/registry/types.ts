/**
 * What the registry knows of a resource: one row per group, version and plural, with everything that generic code has to
 * ask. Behaviour that is data stands here; behaviour that is code (`Strategy`) is found by kind (`strategy/index.ts`).
 */

import type { FieldError } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { CustomType } from '../crd/types.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const standardVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export interface Subresource {
  readonly name: string;
  /** Group and version are those of the resource when empty. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly Verb[];
}

/** Which rule `metadata.name` follows. */
export type NameRule = 'subdomain' | 'label' | 'subdomain63' | 'subdomain52' | 'pathSegment';

/** When `metadata.generation` moves. */
export type GenerationRule =
  | 'none'
  | 'spec'
  /** Also when annotations change. */
  | 'specOrAnnotations'
  | 'constant'
  /** Everything but metadata and status. */
  | 'allButStatus'
  /** Everything but metadata, or labels. */
  | 'allOrLabels';

export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
  /** Name of the definition in `schema/`; empty for custom resources. */
  readonly definition: string;
  /** Objects are at `<storagePrefix>/<namespace>/<name>`. Versions of one kind share it. */
  readonly storagePrefix: string;
  /** The version in which objects of this kind are stored. */
  readonly storageVersion: string;
  readonly nameRule: NameRule;
  readonly generation: GenerationRule;
  /** PUT to a missing name creates. */
  readonly createsOnUpdate: boolean;
  /** PUT without resourceVersion is accepted. */
  readonly updatesUnconditionally: boolean;
  /** An immediate delete answers the object, not a Status. */
  readonly answersDeleted: boolean;
  /** Without a propagation policy, dependents are orphaned. */
  readonly orphansByDefault: boolean;
  /** The status sent with a new object is kept. @default false */
  readonly keepsStatusOnCreate?: boolean;
  /** A write of /status keeps the labels and annotations sent with it. */
  readonly statusKeepsMetadata: boolean;
  /** Beyond metadata.name and metadata.namespace: `spec.nodeName`, `spec.unschedulable:boolean`, `status.replicas:number`. */
  readonly fieldSelectors: readonly string[];
  /** A Warning with every answer. @default none */
  readonly deprecation?: string;
  /** Objects go by themselves after so many seconds; 0 is never. */
  readonly ttlSeconds: number;
  /** What its CustomResourceDefinition says; null for built-in resources. */
  readonly custom: CustomType | null;
}

/** What hooks of a write may ask. */
export interface StrategyContext {
  readonly resource: ResourceType;
  /** Empty: the resource itself. */
  readonly subresource: string;
  readonly user: UserInfo;
  readonly isDryRun: boolean;
  /** Now, as `metav1.Time` shows it. */
  readonly now: string;
  /** Texts for Warning headers that come up on the way. */
  readonly warnings: string[];
}

/**
 * The code a kind adds to a write. Order of a write: decode, defaults, mutating admission, prepare, metadata, validate,
 * validating admission, store. Hooks change the object they are given; `old` must not be changed.
 */
export interface Strategy {
  /** Many objects have the same spec, which nothing changes after `prepareForCreate`. @default false */
  readonly hasSharedSpec?: boolean;
  prepareForCreate?(object: ApiObject, context: StrategyContext): void;
  /** Also resets what the endpoint may not change, apart from status and spec, which generic code keeps apart. */
  prepareForUpdate?(object: ApiObject, old: ApiObject, context: StrategyContext): void;
  validateCreate?(object: ApiObject, context: StrategyContext): readonly FieldError[];
  validateUpdate?(object: ApiObject, old: ApiObject, context: StrategyContext): readonly FieldError[];
  /** Texts for Warning headers; `old` is null on create. */
  warnings?(object: ApiObject, old: ApiObject | null, context: StrategyContext): readonly string[];
  /** The object begins to be deleted and stays for a while. */
  prepareForDelete?(object: ApiObject, context: StrategyContext): void;
  /** False: the object stays although no finalizer of its metadata is left. @default true */
  mayBeRemoved?(object: ApiObject): boolean;
}
