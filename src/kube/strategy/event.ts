/** Events, in both versions (reference §4.4): where an event may stand, and what the new version asks for. */

import { type FieldError, invalidValue, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { has, isSet, numberOf, objectOf, textOf } from '../validation/members.ts';
import { validateLabelName } from '../validation/pod-fields.ts';

const textMax = 128;
const noteMax = 1024;

/** Names of the members in the version that is written. */
interface EventNames {
  readonly object: string;
  readonly controller: string;
  readonly note: string;
}

const coreNames: EventNames = { object: 'involvedObject', controller: 'reportingComponent', note: 'message' };
const groupNames: EventNames = { object: 'regarding', controller: 'reportingController', note: 'note' };

function validatePlace(event: ApiObject, names: EventNames): FieldError[] {
  const { namespace = '' } = event.metadata;
  const of = textOf(objectOf(asJson(event), names.object), 'namespace');
  const isRight = of === '' ? ['', 'default', 'kube-system'].includes(namespace) : of === namespace;
  return isRight ? [] : [invalidValue('involvedObject.namespace', of, 'does not match event.namespace')];
}

function validateText(json: JsonObject, name: string, field: string): FieldError[] {
  const value = textOf(json, name);
  if (value === '') return [required(field)];
  if (value.length <= textMax) return [];
  return [invalidValue(field, value, `can have at most ${textMax} characters`)];
}

/** What whoever gives `eventTime` must say as well. */
function validateReport(json: JsonObject, names: EventNames): FieldError[] {
  const errors: FieldError[] = [];
  const controller = textOf(json, names.controller);
  if (controller === '') errors.push(required('reportingController'));
  else errors.push(...validateLabelName('reportingController', controller));
  errors.push(...validateText(json, 'reportingInstance', 'reportingInstance'));
  errors.push(...validateText(json, 'action', 'action'));
  errors.push(...validateText(json, 'reason', 'reason'));
  const note = textOf(json, names.note);
  if (note.length > noteMax) {
    errors.push(invalidValue('message', note, `can have at most ${noteMax} characters`));
  }
  return errors;
}

function validateNew(event: ApiObject, version: string): FieldError[] {
  const json = asJson(event);
  const names = version === 'events.k8s.io' ? groupNames : coreNames;
  const errors = validatePlace(event, names);
  if (has(json, 'eventTime')) errors.push(...validateReport(json, names));
  if (version !== 'events.k8s.io') return errors;
  if (!has(json, 'eventTime')) errors.push(required('eventTime'));
  const type = textOf(json, 'type');
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalidValue('type', '', `has invalid value: ${type}`));
  }
  for (const [member, field] of [
    ['deprecatedFirstTimestamp', 'firstTimestamp'],
    ['deprecatedLastTimestamp', 'lastTimestamp'],
  ] as const) {
    if (has(json, member)) errors.push(invalidValue(field, '', 'needs to be unset'));
  }
  if ((numberOf(json, 'deprecatedCount') ?? 0) !== 0) {
    errors.push(invalidValue('count', '', 'needs to be unset'));
  }
  if (isSet(json['deprecatedSource'])) errors.push(invalidValue('source', '', 'needs to be unset'));
  return errors;
}

export const eventStrategy: Strategy = {
  validateCreate: (event, { resource }) => validateNew(event, resource.group),
  validateUpdate: (event, _old, { resource }) =>
    validatePlace(event, resource.group === 'events.k8s.io' ? groupNames : coreNames),
};
