/** PersistentVolumeClaims: after creation only the size asked for and the attributes of a bound claim change. */

import { type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { compareQuantities, parseQuantity, QuantityError } from '../schema/quantity.ts';
import { mapOf, maybeObject, objectOf, textOf } from '../validation/members.ts';
import { isSame, validateSubdomain } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';
import { validateAccessModes, validateVolumeMode } from './volume.ts';

const frozenText =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

function storageOf(object: JsonObject | undefined, ...path: readonly string[]): string {
  let at: JsonObject = object ?? {};
  for (const name of path) at = objectOf(at, name);
  return textOf(at, 'storage');
}

function validateSize(spec: JsonObject): FieldError[] {
  const size = mapOf(objectOf(spec, 'resources'), 'requests')['storage'];
  if (size === undefined) return [required('spec.resources[storage]')];
  try {
    if (parseQuantity(size).nanos > 0n) return [];
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
  }
  return [invalidValue('spec.resources[storage]', size, 'must be greater than zero')];
}

function validateClaim(claim: ApiObject): FieldError[] {
  const spec = claim.spec ?? {};
  const errors = validateAccessModes(spec, 'at least 1 access mode is required');
  errors.push(...validateSelectorObject('spec.selector', maybeObject(spec, 'selector')));
  errors.push(...validateSize(spec));
  const storageClass = textOf(spec, 'storageClassName');
  if (storageClass !== '') errors.push(...validateSubdomain('spec.storageClassName', storageClass));
  errors.push(...validateVolumeMode(spec));
  const source = objectOf(spec, 'dataSource');
  if (spec['dataSource'] !== undefined) {
    const kind = textOf(source, 'kind');
    const group = textOf(source, 'apiGroup');
    if (textOf(source, 'name') === '') errors.push(required('spec.dataSource.name'));
    if (kind === '') errors.push(required('spec.dataSource.kind'));
    if (group !== '') errors.push(...validateSubdomain('spec.dataSource.apiGroup', group));
    else if (kind !== 'PersistentVolumeClaim') {
      const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue('spec.dataSource', kind, why));
    }
  }
  return errors;
}

/** The new spec where it may differ from the old one, else the old one. */
function allowed(claim: ApiObject, old: ApiObject): JsonObject {
  const before = copyJson(old.spec ?? {});
  const spec = claim.spec ?? {};
  if (textOf(before, 'volumeName') === '' && spec['volumeName'] !== undefined) {
    before['volumeName'] = spec['volumeName'];
  }
  // A default class may come later, also through the old annotation.
  if (before['storageClassName'] === undefined && spec['storageClassName'] !== undefined) {
    before['storageClassName'] = spec['storageClassName'];
  }
  if (textOf(old.status ?? {}, 'phase') !== 'Bound') return before;
  if (spec['resources'] !== undefined) {
    const requests = objectOf(objectOf(spec, 'resources'), 'requests');
    before['resources'] = { ...objectOf(before, 'resources'), requests };
  }
  delete before['volumeAttributesClassName'];
  if (spec['volumeAttributesClassName'] !== undefined) {
    before['volumeAttributesClassName'] = spec['volumeAttributesClassName'];
  }
  return before;
}

/** Equal, whatever the order of the members. */
function isSameSpec(a: JsonObject, b: JsonObject): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(a[name], b[name]));
}

/** Lines of what differs, as a reader wants them after the message. */
function differences(spec: JsonObject, old: JsonObject): string {
  const names = [...new Set([...Object.keys(old), ...Object.keys(spec)])];
  const lines = names.flatMap((name) => {
    if (isSame(spec[name], old[name])) return [];
    return [
      `-\t${name}: ${JSON.stringify(old[name] ?? null)},`,
      `+\t${name}: ${JSON.stringify(spec[name] ?? null)},`,
    ];
  });
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

function validateChange(claim: ApiObject, old: ApiObject): FieldError[] {
  const spec = claim.spec ?? {};
  const errors: FieldError[] = [];
  const wanted = allowed(claim, old);
  if (!isSameSpec(spec, wanted)) {
    errors.push(forbiddenValue('spec', frozenText + differences(spec, old.spec ?? {})));
  }
  const size = storageOf(spec, 'resources', 'requests');
  const granted = storageOf(old.status, 'capacity');
  const before = storageOf(old.spec, 'resources', 'requests');
  if (size !== '' && before !== '' && compareQuantities(size, before) < 0) {
    if (granted === '' || compareQuantities(size, granted) < 0) {
      const why = 'field can not be less than status.capacity';
      errors.push(forbiddenValue('spec.resources.requests.storage', why));
    }
  }
  return errors;
}

export const claimStrategy: Strategy = {
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
  },
  validateCreate: validateClaim,
  validateUpdate(claim, old, { subresource }) {
    if (subresource !== '') return [];
    return [...validateChange(claim, old), ...validateClaim(claim)];
  },
};
