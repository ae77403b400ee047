/** NetworkPolicies, and the addresses and ranges of services. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { isWithin } from '../validation/addresses.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import {
  portNameProblems,
  problemsAt,
  validateImmutable,
  validatePortNumber,
} from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';
import { isRange } from '../validation/services.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const rangeText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

function validatePolicyPort(field: string, port: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const protocol = textOf(port, 'protocol');
  if (!protocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  const number = port['port'];
  const end = numberOf(port, 'endPort');
  if (typeof number === 'number') {
    errors.push(...validatePortNumber(`${field}.port`, number));
    if (end !== undefined && end < number) {
      errors.push(invalidValue(`${field}.endPort`, end, 'must be greater than or equal to `port`'));
    }
  } else if (typeof number === 'string') {
    errors.push(...problemsAt(`${field}.port`, number, portNameProblems(number)));
    if (end !== undefined) {
      errors.push(invalidValue(`${field}.endPort`, end, 'may not be specified when `port` is non-numeric'));
    }
  } else if (end !== undefined) {
    errors.push(invalidValue(`${field}.endPort`, end, 'may not be specified when `port` is not specified'));
  }
  if (end !== undefined) errors.push(...validatePortNumber(`${field}.endPort`, end));
  return errors;
}

function validatePeer(field: string, peer: JsonObject): FieldError[] {
  const block = maybeObject(peer, 'ipBlock');
  const selectors = ['podSelector', 'namespaceSelector'].filter((name) => has(peer, name));
  const errors = selectors.flatMap((name) =>
    validateSelectorObject(`${field}.${name}`, maybeObject(peer, name)),
  );
  if (block === null) return selectors.length > 0 ? errors : [required(field, 'must specify a peer')];
  errors.push(...validateBlock(`${field}.ipBlock`, block));
  if (selectors.length > 0) {
    errors.push(forbiddenValue(field, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock(field: string, block: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const cidr = textOf(block, 'cidr');
  if (cidr === '') return [required(`${field}.cidr`)];
  if (!isRange(cidr)) return [invalidValue(`${field}.cidr`, cidr, rangeText)];
  textsOf(block, 'except').forEach((except, at) => {
    const path = `${field}.except[${at}]`;
    if (!isRange(except)) errors.push(invalidValue(path, except, rangeText));
    else if (!isWithin(except, cidr)) {
      errors.push(invalidValue(path, except, 'must be a strict subset of `cidr`'));
    }
  });
  return errors;
}

function validatePolicy(policy: ApiObject): FieldError[] {
  const spec = policy.spec ?? {};
  const errors = validateSelectorObject('spec.podSelector', maybeObject(spec, 'podSelector'));
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    objectsOf(spec, direction).forEach((rule, at) => {
      const field = `spec.${direction}[${at}]`;
      objectsOf(rule, 'ports').forEach((port, i) => {
        errors.push(...validatePolicyPort(`${field}.ports[${i}]`, port));
      });
      objectsOf(rule, peers).forEach((peer, i) => {
        errors.push(...validatePeer(`${field}.${peers}[${i}]`, peer));
      });
    });
  }
  const types = textsOf(spec, 'policyTypes');
  if (types.length > 2) {
    errors.push(invalidValue('spec.policyTypes', [...types], 'may not specify more than two policyTypes'));
    return errors;
  }
  types.forEach((type, at) => {
    if (type !== 'Ingress' && type !== 'Egress') {
      errors.push(notSupported(`spec.policyTypes[${at}]`, type, ['Ingress', 'Egress']));
    }
  });
  return errors;
}

export const networkPolicyStrategy: Strategy = {
  validateCreate: validatePolicy,
  validateUpdate: validatePolicy,
};

function validateAddressObject(object: ApiObject): FieldError[] {
  const parent = objectOf(object.spec ?? {}, 'parentRef');
  if (!has(object.spec ?? {}, 'parentRef')) return [required('spec.parentRef')];
  const errors: FieldError[] = [];
  if (textOf(parent, 'resource') === '') errors.push(required('spec.parentRef.resource'));
  if (textOf(parent, 'name') === '') errors.push(required('spec.parentRef.name'));
  return errors;
}

export const addressStrategy: Strategy = {
  validateCreate: validateAddressObject,
  validateUpdate: (object, old) => [
    ...validateAddressObject(object),
    ...validateImmutable('spec.parentRef', object.spec?.['parentRef'], old.spec?.['parentRef']),
  ],
};

export const serviceRangeStrategy: Strategy = {
  validateCreate(object) {
    const ranges = textsOf(object.spec ?? {}, 'cidrs');
    if (ranges.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
    return ranges.flatMap((range, at) =>
      isRange(range) ? [] : [invalidValue(`spec.cidrs[${at}]`, range, rangeText)],
    );
  },
  validateUpdate: (object, old, { subresource }) =>
    subresource === '' ? validateImmutable('spec.cidrs', object.spec?.['cidrs'], old.spec?.['cidrs']) : [],
};
