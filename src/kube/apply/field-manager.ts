/**
 * Field management as the rest of the server sees it: which managers an object has, what a write makes of them, and the
 * object that an apply makes. Order of things and words of refusals are those of a real server.
 */

import { FieldsText } from '../api/fields-text.ts';
import { isEqualJson } from '../api/json.ts';
import { type ApiObject, asJson, groupVersionText, isJsonObject, type JsonObject } from '../api/objects.ts';
import { badRequest, bareError } from '../api/status.ts';
import type { CustomType } from '../crd/types.ts';
import type { ResourceType } from '../registry/types.ts';
import { typeProblems } from './check.ts';
import { conflictError } from './conflicts.ts';
import { difference, isEmptySet } from './field-set.ts';
import { type FieldType, typeOfCustom, typeOfDefinition } from './field-types.ts';
import { isSameManagers } from './fields-texts.ts';
import { fieldsOfShape, keepFieldsOfShape, shapeText } from './first-fields.ts';
import { fieldFilter } from './ignored-fields.ts';
import { forgivenFields, kubectlManager, withLastApplied } from './last-applied.ts';
import {
  capUpdaters,
  isReset,
  keyOf,
  type ManagerName,
  type Managers,
  type Operation,
  readManagers,
  writeEntry,
  writeManagers,
} from './managers.ts';
import { type Applied, afterApply, afterUpdate } from './ownership.ts';
import { ElementError } from './path-elements.ts';
import type { FieldManagement, ManagerInfo } from './types.ts';

/** Who owned the fields of an object when nobody kept account of it. */
const beforeFirstApply = 'before-first-apply';

const nothing: JsonObject = Object.freeze({});
const noManagers: Managers = new Map();

const customTypes: WeakMap<CustomType, FieldType> = new WeakMap();

function typeOf(resource: ResourceType): FieldType {
  const { custom } = resource;
  if (custom === null) return typeOfDefinition(resource.definition);
  let type = customTypes.get(custom);
  if (type === undefined) {
    type = typeOfCustom(custom.openApiSchema ?? null);
    customTypes.set(custom, type);
  }
  return type;
}

function nameOf(info: ManagerInfo, manager: string, operation: Operation): ManagerName {
  const { resource, subresource } = info;
  return { manager, operation, apiVersion: groupVersionText(resource.group, resource.version), subresource };
}

function withoutManagers(object: ApiObject): ApiObject {
  const { managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/**
 * The managers that a write begins with: those it brings with it (a client may edit them), or those of the live object when
 * it brings none, brings nonsense, or writes a subresource.
 */
function managersOfUpdate(live: ApiObject | null, next: ApiObject, isSubresource: boolean): Managers {
  const known = live?.metadata.managedFields;
  const given = next.metadata.managedFields;
  if (!isSubresource && isReset(given)) return noManagers;
  const old = readManagers(known, true) ?? noManagers;
  if (isSubresource || given === undefined || isSameManagers(given, known ?? [])) return old;
  const managers = readManagers(given, false);
  return managers === null || managers.size === 0 ? old : managers;
}

function setManagers(object: ApiObject, managers: Managers): void {
  if (managers.size === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = writeManagers(managers);
}

function recordUpdate(live: ApiObject | null, next: ApiObject, info: ManagerInfo): void {
  const managers = managersOfUpdate(live, next, info.subresource !== '');
  // An object whose managers are not known stays so until it is applied.
  if (live !== null && managers.size === 0) {
    delete next.metadata.managedFields;
    return;
  }
  if (live === null && managers.size === 0 && info.subresource === '') {
    recordFirst(next, info);
    return;
  }
  const filter = fieldFilter(info.resource, info.subresource);
  const name = nameOf(info, info.manager, 'Update');
  const before = live === null ? nothing : asJson(live);
  try {
    const result = afterUpdate(typeOf(info.resource), filter, before, asJson(next), managers, name, info.now);
    capUpdaters(result);
    setManagers(next, result);
  } catch (error) {
    // Items without identity cannot be told apart: nobody's ownership changes.
    if (!(error instanceof ElementError)) throw error;
    setManagers(next, managers);
  }
}

/** The one manager of a new object. */
function recordFirst(next: ApiObject, info: ManagerInfo): void {
  const shape = shapeText(info.resource, asJson(next));
  const name = nameOf(info, info.manager, 'Update');
  const fields = shape === null ? undefined : fieldsOfShape(shape);
  if (fields !== undefined) {
    next.metadata.managedFields = [writeEntry(name, info.now, fields)];
    return;
  }
  const filter = fieldFilter(info.resource, '');
  try {
    const result = afterUpdate(
      typeOf(info.resource),
      filter,
      nothing,
      asJson(next),
      noManagers,
      name,
      info.now,
    );
    setManagers(next, result);
  } catch (error) {
    if (!(error instanceof ElementError)) throw error;
    setManagers(next, noManagers);
  }
  const written = next.metadata.managedFields?.[0]?.fieldsV1;
  if (shape !== null && written instanceof FieldsText) keepFieldsOfShape(shape, written);
}

function kindText(intent: JsonObject): { text: string; apiVersion: string; kind: string } {
  const apiVersion = typeof intent['apiVersion'] === 'string' ? intent['apiVersion'] : '';
  const kind = typeof intent['kind'] === 'string' ? intent['kind'] : '';
  const groupVersion = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return { text: `${groupVersion}, Kind=${kind}`, apiVersion, kind };
}

/** @throws StatusError 400, 500 */
function checkIntent(type: FieldType, intent: JsonObject, { resource }: ManagerInfo): void {
  const { text, apiVersion, kind } = kindText(intent);
  const expected = groupVersionText(resource.group, resource.version);
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  if (kind !== resource.kind || apiVersion === '' || group !== resource.group) {
    throw badRequest(`invalid object type: ${text}`);
  }
  if (apiVersion !== expected) {
    // Versions of custom resources are converted before anybody looks at them.
    if (resource.custom !== null) throw badRequest(`invalid object type: ${text}`);
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${expected}`,
    );
  }
  const metadata = isJsonObject(intent['metadata']) ? intent['metadata'] : {};
  if (metadata['managedFields'] != null) throw badRequest('metadata.managedFields must be nil');
  const problems = typeProblems(type, intent);
  if (problems.length === 0) return;
  const { namespace = '', name = '' } = metadata as { namespace?: string; name?: string };
  const what =
    problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  throw bareError(`failed to create typed patch object (${namespace}/${name}; ${text}): ${what}`);
}

/** @throws StatusError 409 */
function refuseConflicts(type: FieldType, live: JsonObject, { conflicts }: Applied, name: ManagerName): void {
  let left = conflicts;
  if (name.manager === kubectlManager && left.length > 0) {
    const forgiven = forgivenFields(type, live, name.apiVersion);
    left = conflicts
      .map(({ manager, set }) => ({ manager, set: difference(set, forgiven) }))
      .filter(({ set }) => !isEmptySet(set));
  }
  if (left.length > 0) throw conflictError(left);
}

function managersOfApply(type: FieldType, live: ApiObject | null, info: ManagerInfo): Managers {
  if (live === null) return noManagers;
  const managers = readManagers(live.metadata.managedFields, true) ?? noManagers;
  if (managers.size > 0) return managers;
  const name = nameOf(info, beforeFirstApply, 'Update');
  const filter = fieldFilter(info.resource, info.subresource);
  return afterUpdate(type, filter, nothing, asJson(live), noManagers, name, info.now);
}

function apply(live: ApiObject | null, intent: JsonObject, info: ManagerInfo, isForced: boolean): ApiObject {
  const type = typeOf(info.resource);
  checkIntent(type, intent, info);
  const current = live === null ? { metadata: {} } : asJson(withoutManagers(live));
  const name = nameOf(info, info.manager, 'Apply');
  const filter = fieldFilter(info.resource, info.subresource);
  const managers = managersOfApply(type, live, info);
  const applied = afterApply(type, filter, current, intent, managers, name);
  if (!isForced) refuseConflicts(type, current, applied, name);
  const hasChanged = !isEqualJson(current, applied.object);
  let object = hasChanged ? applied.object : current;
  if (info.manager === kubectlManager) object = withLastApplied(object, intent);
  const result = { ...object, metadata: { ...(object['metadata'] as JsonObject) } } as unknown as ApiObject;
  const after = new Map(applied.managers);
  const own = after.get(keyOf(name));
  // A time says when something changed: an apply that changes nothing keeps the one it has.
  if (own !== undefined && hasChanged) after.set(keyOf(name), { ...own, time: info.now, entry: null });
  setManagers(result, after);
  return result;
}

export const fieldManager: FieldManagement = { recordUpdate, apply };
