/** Events, in both versions: where an event may stand, and what the new version asks for. */

import { type FieldError, invalidValue, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { pathSegmentProblems, subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, isSet, maybeObject, numberOf, objectOf, textOf } from '../validation/members.ts';
import { problemsAt, validateLabelName } from '../validation/pod-fields.ts';

const eventsGroup = 'events.k8s.io';
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
  const json = asJson(event);
  const of = textOf(objectOf(json, names.object), 'namespace');
  let isRight = of === '' ? ['', 'default'].includes(namespace) : of === namespace;
  // With an exact time it is an event of the new kind: those may tell of objects elsewhere.
  if (has(json, 'eventTime')) isRight = of !== '' || ['default', 'kube-system'].includes(namespace);
  return isRight ? [] : [invalidValue('involvedObject.namespace', of, 'does not match event.namespace')];
}

function validateText(json: JsonObject, name: string, field: string): FieldError[] {
  const value = textOf(json, name);
  if (value === '') return [required(field)];
  if (value.length <= textMax) return [];
  return [invalidValue(field, '', `can have at most ${textMax} characters`)];
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
    errors.push(invalidValue('message', '', `can have at most ${noteMax} characters`));
  }
  return errors;
}

/** What both versions ask for, whoever writes. */
function validateEvent(event: ApiObject, group: string): FieldError[] {
  const names = group === eventsGroup ? groupNames : coreNames;
  const json = asJson(event);
  const errors = validatePlace(event, names);
  return has(json, 'eventTime') ? [...errors, ...validateReport(json, names)] : errors;
}

function validateSeries(json: JsonObject): FieldError[] {
  const series = maybeObject(json, 'series');
  if (series === null) return [];
  const isCounted = (numberOf(series, 'count') ?? 0) >= 2;
  return [
    ...(isCounted ? [] : [invalidValue('series.count', '', 'should be at least 2')]),
    ...(has(series, 'lastObservedTime') ? [] : [required('series.lastObservedTime')]),
  ];
}

function validateNew(event: ApiObject, group: string): FieldError[] {
  const json = asJson(event);
  const errors = validateEvent(event, group);
  if (group !== eventsGroup) return errors;
  const { name = '' } = event.metadata;
  // What no path could hold is refused of every kind.
  if (name !== '' && pathSegmentProblems(name).length === 0) {
    errors.push(...problemsAt('metadata.name', name, subdomainProblems(name)));
  }
  errors.push(...validateSeries(json));
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
  // A real server means to let the series change and nothing else, compares an event with itself, and lets everything change.
  validateUpdate: (event, _old, { resource }) => validateEvent(event, resource.group),
};
