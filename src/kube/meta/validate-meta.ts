/**
 * Validation of ObjectMeta, on create and on update (reference §2.9 and §2.10). Errors stand in the order in which a real
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
  finalizers.forEach((finalizer, at) => {
    const path = `${field}[${at}]`;
    const problems = qualifiedNameProblems(finalizer);
    for (const problem of problems) errors.push(invalidValue(path, finalizer, problem));
    if (problems.length === 0 && !finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      errors.push(invalidValue(path, finalizer, why));
    }
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = "finalizer(s) 'orphan' and 'foregroundDeletion' cannot be both set";
    errors.push(invalidValue(field, [...finalizers], why));
  }
  return errors;
}

function validateOwners(field: string, meta: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  let controllers = 0;
  for (const owner of meta.ownerReferences ?? []) {
    const must = 'must not be empty';
    if (!owner.apiVersion) errors.push(invalidValue(`${field}.apiVersion`, owner.apiVersion ?? '', must));
    if (!owner.kind) errors.push(invalidValue(`${field}.kind`, owner.kind ?? '', must));
    if (!owner.name) errors.push(invalidValue(`${field}.name`, owner.name ?? '', must));
    if (!owner.uid) errors.push(invalidValue(`${field}.uid`, owner.uid ?? '', must));
    if (owner.controller === true) controllers++;
  }
  if (controllers > 1) {
    const why = 'Only one reference can have Controller set to true';
    errors.push(invalidValue(field, (meta.ownerReferences ?? []) as never, why));
  }
  return errors;
}

function validateCommon(meta: ObjectMeta): FieldError[] {
  return [
    ...validateLabels('metadata.labels', meta.labels ?? {}),
    ...validateAnnotations('metadata.annotations', meta.annotations ?? {}),
    ...validateOwners('metadata.ownerReferences', meta),
    ...validateFinalizers('metadata.finalizers', meta.finalizers ?? []),
  ];
}

export function validateMetaOnCreate(meta: ObjectMeta, resource: ResourceType): FieldError[] {
  const errors: FieldError[] = [];
  const { name = '', generateName = '', namespace = '' } = meta;
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
  return [...errors, ...validateCommon(meta)];
}

export function validateMetaOnUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
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
  if (meta.name !== old.name) errors.push(invalidValue('metadata.name', meta.name, immutable));
  if (meta.namespace !== old.namespace) {
    errors.push(invalidValue('metadata.namespace', meta.namespace, immutable));
  }
  if (meta.uid !== old.uid) errors.push(invalidValue('metadata.uid', meta.uid, immutable));
  return [...errors, ...validateCommon(meta)];
}
