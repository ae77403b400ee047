/**
 * Namespaces: the label with their own name is forced on every write; one that is deleted stays Terminating until its
 * content is gone and somebody has emptied `spec.finalizers` through /finalize, which changes nothing else.
 */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject } from '../api/objects.ts';
import { qualifiedNameProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { textOf, textsOf } from '../validation/members.ts';
import { problemsAt } from '../validation/pod-fields.ts';

const nameLabel = 'kubernetes.io/metadata.name';

function label(object: ApiObject): void {
  const { name = '', labels = {} } = object.metadata;
  const all = Object.entries({ ...labels, [nameLabel]: name });
  object.metadata.labels = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function validateFinalizers(object: ApiObject): FieldError[] {
  return textsOf(object.spec ?? {}, 'finalizers').flatMap((name, at) => {
    const field = `spec.finalizers[${at}]`;
    const errors = problemsAt(field, name, qualifiedNameProblems(name));
    if (errors.length === 0 && !name.includes('/') && name !== 'kubernetes') {
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      errors.push(invalidValue(field, name, why));
    }
    return errors;
  });
}

function validatePhase(object: ApiObject): FieldError[] {
  const phase = textOf(object.status ?? {}, 'phase');
  const isDeleted = object.metadata.deletionTimestamp != null;
  if (!isDeleted && phase !== 'Active') {
    const why = "may only be 'Active' if `deletionTimestamp` is empty";
    return [invalidValue('status.Phase', phase, why)];
  }
  if (isDeleted && phase !== 'Terminating') {
    const why = "may only be 'Terminating' if `deletionTimestamp` is not empty";
    return [invalidValue('status.Phase', phase, why)];
  }
  return [];
}

export const namespaceStrategy: Strategy = {
  prepareForCreate(object) {
    label(object);
    const finalizers = textsOf(object.spec ?? {}, 'finalizers').filter((name) => name !== 'kubernetes');
    object.spec = { finalizers: [...finalizers, 'kubernetes'] };
    object.status = { phase: 'Active' };
  },
  prepareForUpdate(object, old, { subresource }) {
    if (subresource === '') {
      object.spec = copyJson(old.spec ?? {});
    } else if (subresource === 'finalize') {
      const finalizers = [...textsOf(object.spec ?? {}, 'finalizers')];
      object.spec = finalizers.length > 0 ? { finalizers } : {};
      object.metadata = { ...copyJson(old.metadata), resourceVersion: '' };
      if (old.status !== undefined) object.status = copyJson(old.status);
    }
    label(object);
  },
  validateCreate: validateFinalizers,
  validateUpdate(object, _old, { subresource }) {
    if (subresource === 'finalize') return validateFinalizers(object);
    return subresource === 'status' ? validatePhase(object) : [];
  },
  prepareForDelete(object) {
    object.status = { ...object.status, phase: 'Terminating' };
  },
  mayBeRemoved(object) {
    return textsOf(object.spec ?? {}, 'finalizers').length === 0;
  },
};
