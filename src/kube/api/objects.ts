/**
 * API objects as the whole room handles them: plain JSON values, members in the order of declaration, no member that is
 * undefined. A `resourceVersion` is set when an object is read from the store and is not part of what is stored.
 */

import type { FieldsText } from './fields-text.ts';

export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [member: string]: Json;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One manager's fields; see `apply/types.ts`. */
export interface ManagedFieldsEntry {
  manager?: string;
  /** 'Apply' or 'Update'. */
  operation?: string;
  apiVersion?: string;
  /** RFC 3339, whole seconds. */
  time?: string;
  fieldsType?: string;
  /** A text where it is not as a client sent it. */
  fieldsV1?: JsonObject | FieldsText;
  subresource?: string;
}

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, whole seconds, `Z`. */
  creationTimestamp?: string | null;
  deletionTimestamp?: string | null;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** An object of any kind. Members of one kind are read through that kind's own interface. */
export interface ApiObject {
  kind?: string;
  apiVersion?: string;
  metadata: ObjectMeta;
  spec?: JsonObject;
  status?: JsonObject;
}

export interface ListMeta {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

export interface ApiList {
  kind: string;
  apiVersion: string;
  metadata: ListMeta;
  items: ApiObject[];
}

export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** `apps/v1`, or `v1` for the core group. */
export function groupVersionText(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** An object seen as plain JSON, for code that is generic over kinds. */
export function asJson(object: object): JsonObject {
  return object as JsonObject;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
