/**
 * APIServices: `<version>.<group>`, served here when they name no service. Those of others are stored and checked; nothing is
 * passed on to them.
 */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { labelProblems as labelProblems1035 } from '../crd/label-problems.ts';
import { pathSegmentProblems, subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { maybeObject, numberOf, objectsOf, textOf } from '../validation/members.ts';
import { problemsAt, rangeText } from '../validation/pod-fields.ts';

const groupPriorityMax = 20_000;
const versionPriorityMax = 1000;
const statuses = ['True', 'False', 'Unknown'];

function validateName(name: string, expected: string): FieldError[] {
  if (name === '' || pathSegmentProblems(name).length > 0 || name === expected) return [];
  const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`;
  return [invalidValue('metadata.name', name, why)];
}

function validatePriority(spec: JsonObject, member: string, max: number): FieldError[] {
  const priority = numberOf(spec, member) ?? 0;
  if (priority > 0 && priority <= max) return [];
  return [invalidValue(`spec.${member}`, priority, `must be positive and less than ${max}`)];
}

/** One that no service stands behind is served by this server, over no connection that could be trusted or not. */
function validateLocal(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const bundle = textOf(spec, 'caBundle');
  if (bundle !== '') {
    const size = `${Buffer.from(bundle, 'base64').length} bytes`;
    errors.push(invalidValue('spec.caBundle', size, 'local APIServices may not have a caBundle'));
  }
  if (spec['insecureSkipTLSVerify'] === true) {
    const why = 'local APIServices may not have insecureSkipTLSVerify';
    errors.push(invalidValue('spec.insecureSkipTLSVerify', true, why));
  }
  return errors;
}

function validateService(spec: JsonObject, service: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ['namespace', 'name']) {
    if (textOf(service, member) === '') errors.push(required(`spec.service.${member}`));
  }
  const port = numberOf(service, 'port') ?? 0;
  if (port < 1 || port > 65_535) {
    errors.push(invalidValue('spec.service.port', port, `port is not valid: ${rangeText(1, 65_535)}`));
  }
  if (spec['insecureSkipTLSVerify'] === true && textOf(spec, 'caBundle') !== '') {
    errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  }
  return errors;
}

function validate(object: ApiObject): FieldError[] {
  const spec = object.spec ?? {};
  const group = textOf(spec, 'group');
  const version = textOf(spec, 'version');
  const errors = validateName(object.metadata.name ?? '', `${version}.${group}`);
  if (group === '') {
    const why = 'only v1 may have an empty group and it better be legacy kube';
    if (version !== 'v1') errors.push(required('spec.group', why));
  } else errors.push(...problemsAt('spec.group', group, subdomainProblems(group)));
  errors.push(...problemsAt('spec.version', version, labelProblems1035(version)));
  errors.push(...validatePriority(spec, 'groupPriorityMinimum', groupPriorityMax));
  errors.push(...validatePriority(spec, 'versionPriority', versionPriorityMax));
  const service = maybeObject(spec, 'service');
  return [...errors, ...(service === null ? validateLocal(spec) : validateService(spec, service))];
}

function validateStatus(object: ApiObject): FieldError[] {
  return objectsOf(object.status ?? {}, 'conditions').flatMap((condition, at) => {
    const status = textOf(condition, 'status');
    if (statuses.includes(status)) return [];
    return [notSupported(`status.conditions[${at}].status`, status, statuses)];
  });
}

export const apiServiceStrategy: Strategy = {
  prepareForCreate(object, { now }) {
    object.status = {};
    if (maybeObject(object.spec ?? {}, 'service') !== null) return;
    const available = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: now,
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    object.status = { conditions: [available] };
  },
  validateCreate: validate,
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'status' ? validateStatus(object) : validate(object),
};
