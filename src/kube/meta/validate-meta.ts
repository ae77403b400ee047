/**
 * Validation of ObjectMeta, on create and on update. Errors stand in the order in which a real
 * API server lists them.
 */

import { type FieldError, forbiddenValue, invalidValue, required, tooLong } from '../api/field-errors.ts';
import type { ObjectMeta } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { labelValueProblems, nameProblems, qualifiedNameProblems } from './names.ts';

/** All annotations of an object together, keys and values. */
export const annotationBytesMax = 262_144;

const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function validateLabels(field: string, labels: Record<string, string>): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const problem of qualifiedNameProblems(key)) errors.push(invalidValue(field, key, problem));
    for (const problem of labelValueProblems(value)) errors.push(invalidValue(field, value, problem));
  }
  return errors;
}

export function validateAnnotations(field: string, annotations: Record<string, string>): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      errors.push(invalidValue(field, key, problem));
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > annotationBytesMax) errors.push(tooLong(field, annotationBytesMax));
  return errors;
}

function validateFinalizers(field: string, finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers) {
    for (const problem of qualifiedNameProblems(finalizer)) {
      errors.push(invalidValue(field, finalizer, problem));
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalidValue(field, [...finalizers], why));
  }
  return errors;
}

/** Of kinds that definitions bring, and of definitions, no more is asked than a name that may have a prefix. */
function validateBuiltInFinalizers(meta: ObjectMeta, { custom, group }: ResourceType): FieldError[] {
  if (custom !== null || group === 'apiextensions.k8s.io') return [];
  return (meta.finalizers ?? []).flatMap((finalizer, at) => {
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return [];
    const why = 'name is neither a standard finalizer name nor is it fully qualified';
    return [invalidValue(`metadata.finalizers[${at}]`, finalizer, why)];
  });
}

/** What real servers warn of, where they do not refuse it. */
export function finalizerWarnings(meta: ObjectMeta, old: ObjectMeta | null): string[] {
  const known = new Set(old?.finalizers ?? []);
  const added = (meta.finalizers ?? []).filter((name) => !known.has(name));
  return [...new Set(added)].sort().flatMap((name) => {
    if (name.includes('/') || standardFinalizers.has(name)) return [];
    const words = name.includes('.') ? 'name including a path (/)' : 'name';
    return [
      `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer ${words} to avoid accidental conflicts with other finalizer writers`,
    ];
  });
}

/** The version of `apps/v1`, of `v1`; empty where there are more slashes. */
function versionOf(apiVersion: string): string {
  const parts = apiVersion.split('/');
  return parts.length > 2 ? '' : parts[parts.length - 1]!;
}

function validateOwners(field: string, meta: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  let first = '';
  const owners = meta.ownerReferences ?? [];
  for (const owner of owners) {
    const { apiVersion = '', kind = '', name = '' } = owner;
    const must = 'must not be empty';
    const isParsed = versionOf(apiVersion) !== '';
    if (!isParsed) errors.push(invalidValue(`${field}.apiVersion`, apiVersion, 'version must not be empty'));
    if (!kind) errors.push(invalidValue(`${field}.kind`, kind, must));
    if (!name) errors.push(invalidValue(`${field}.name`, name, must));
    if (!owner.uid) errors.push(invalidValue(`${field}.uid`, owner.uid ?? '', must));
    if (apiVersion === 'v1' && kind === 'Event') {
      const why = '/v1, Kind=Event is disallowed from being an owner';
      errors.push(invalidValue(field, owner as never, why));
    }
    if (owner.controller !== true) continue;
    const shown = `${kind}/${name}`;
    if (first !== '') {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${shown}`;
      errors.push(invalidValue(field, owners as never, why));
    } else first = shown;
  }
  return errors;
}

/** What every kind's metadata may say, but for names. @param place `metadata`, or where an embedded object has it */
export function validateMetaMembers(meta: ObjectMeta, place: string): FieldError[] {
  return [
    ...validateLabels(`${place}.labels`, meta.labels ?? {}),
    ...validateAnnotations(`${place}.annotations`, meta.annotations ?? {}),
    ...validateOwners(`${place}.ownerReferences`, meta),
    ...validateFinalizers(`${place}.finalizers`, meta.finalizers ?? []),
  ];
}

function validateCommon(meta: ObjectMeta, resource: ResourceType): FieldError[] {
  return [...validateMetaMembers(meta, 'metadata'), ...validateBuiltInFinalizers(meta, resource)];
}

export function validateMetaOnCreate(meta: ObjectMeta, resource: ResourceType): FieldError[] {
  const errors: FieldError[] = [];
  const { name = '', generateName = '', namespace = '', generation = 0 } = meta;
  if (generateName !== '') {
    for (const problem of nameProblems(resource.nameRule, generateName, true)) {
      errors.push(invalidValue('metadata.generateName', generateName, problem));
    }
  }
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else {
    for (const problem of nameProblems(resource.nameRule, name, false)) {
      errors.push(invalidValue('metadata.name', name, problem));
    }
  }
  if (resource.isNamespaced && namespace === '') errors.push(required('metadata.namespace'));
  if (generation < 0) {
    const why = 'must be greater than or equal to 0';
    errors.push(invalidValue('metadata.generation', generation, why));
  }
  return [...errors, ...validateCommon(meta, resource)];
}

const immutableMembers = [
  'name',
  'namespace',
  'uid',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export function validateMetaOnUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  resource: ResourceType,
): FieldError[] {
  const errors: FieldError[] = [];
  const immutable = 'field is immutable';
  if (old.deletionTimestamp != null) {
    const added = (meta.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name));
    if (added.length > 0) {
      const list = added.map((name) => JSON.stringify(name)).join(', ');
      const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbiddenValue('metadata.finalizers', why));
    }
  }
  const changed: FieldError[] = [];
  for (const member of immutableMembers) {
    if (meta[member] === old[member]) continue;
    changed.push(invalidValue(`metadata.${member}`, meta[member] ?? null, immutable));
  }
  // Twice: for all objects, and for those of its kind.
  return [...errors, ...changed, ...errors, ...changed, ...validateCommon(meta, resource)];
}
