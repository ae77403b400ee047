/** Nodes: taints, ranges of addresses, the name of the provider. A node brings its status when it is created. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
} from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { labelValueProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { mapOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isSame, problemsAt, validateLabelName } from '../validation/pod-fields.ts';
import { validateAmount } from '../validation/resources.ts';
import { isRange } from '../validation/services.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function validateTaints(node: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  objectsOf(node.spec ?? {}, 'taints').forEach((taint, at) => {
    // A real server says metadata here.
    const field = `metadata.taints[${at}]`;
    const key = textOf(taint, 'key');
    const value = textOf(taint, 'value');
    const effect = textOf(taint, 'effect');
    errors.push(...validateLabelName(`${field}.key`, key));
    errors.push(...problemsAt(`${field}.value`, value, labelValueProblems(value)));
    if (!effects.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, effects));
    if (seen.has(`${key}:${effect}`)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint['timeAdded'] ?? null };
      errors.push(duplicate(field, shown));
    }
    seen.add(`${key}:${effect}`);
  });
  return errors;
}

/** At most one of each family. */
function validateRanges(node: ApiObject): FieldError[] {
  const field = 'spec.podCIDRs';
  const ranges = textsOf(node.spec ?? {}, 'podCIDRs');
  const why = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  const errors = ranges.flatMap((range, at) =>
    isRange(range) ? [] : [invalidValue(`${field}[${at}]`, range, why)],
  );
  const isOfBoth =
    ranges.some((range) => range.includes(':')) && ranges.some((range) => !range.includes(':'));
  if (ranges.length > 2 || (ranges.length === 2 && !isOfBoth)) {
    errors.push(invalidValue(field, [...ranges], 'may specify no more than one CIDR for each IP family'));
  }
  ranges.forEach((range, at) => {
    if (ranges.indexOf(range) < at) errors.push(duplicate(`${field}[${at}]`, range));
  });
  return errors;
}

function validateAddresses(node: ApiObject): FieldError[] {
  const seen = new Set<string>();
  return objectsOf(node.status ?? {}, 'addresses').flatMap((address, at) => {
    const shown = { Type: textOf(address, 'type'), Address: textOf(address, 'address') };
    const key = JSON.stringify(shown);
    if (seen.has(key)) return [duplicate(`status.addresses[${at}]`, shown)];
    seen.add(key);
    return [];
  });
}

function validateNode(node: ApiObject): FieldError[] {
  const errors = validateTaints(node);
  for (const member of ['capacity', 'allocatable']) {
    for (const [name, amount] of Object.entries(mapOf(node.status ?? {}, member))) {
      errors.push(...validateAmount(`status.${member}[${name}]`, name, amount));
    }
  }
  return [...errors, ...validateRanges(node)];
}

export const nodeStrategy: Strategy = {
  prepareForUpdate(node, old, { subresource }) {
    if (subresource !== '') return;
    const source = old.spec?.['configSource'];
    if (node.spec !== undefined && source === undefined) delete node.spec['configSource'];
  },
  validateCreate: validateNode,
  validateUpdate(node, old) {
    const errors = [...validateNode(node), ...validateAddresses(node)];
    const before = textsOf(old.spec ?? {}, 'podCIDRs');
    if (before.length > 0 && !isSame(textsOf(node.spec ?? {}, 'podCIDRs'), before)) {
      const why = 'node updates may not change podCIDR except from "" to valid';
      errors.push(forbiddenValue('spec.podCIDRs', why));
    }
    const provider = textOf(old.spec ?? {}, 'providerID');
    if (provider !== '' && textOf(node.spec ?? {}, 'providerID') !== provider) {
      const why = 'node updates may not change providerID except from "" to valid';
      errors.push(forbiddenValue('spec.providerID', why));
    }
    return errors;
  },
};
