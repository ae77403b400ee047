/**
 * The one way in which a stored object changes: read, make the next state, check it, write it where the old one was, and
 * begin again when somebody was faster. PUT, PATCH, /status and /scale differ in how they make the next state.
 *
 * What changes nothing is not written: no new resourceVersion, no event.
 */

import { copyJson, isEqualJson } from '../api/json.ts';
import {
  type ApiObject,
  asJson,
  type Json,
  type JsonObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
} from '../api/objects.ts';
import { bareError, conflict, invalid, modifiedText, notFound } from '../api/status.ts';
import { applyDefaults } from '../defaults/index.ts';
import { orderedMeta } from '../meta/order.ts';
import { validateMetaOnUpdate } from '../meta/validate-meta.ts';
import type { GenerationRule, ResourceType, StrategyContext } from '../registry/types.ts';
import { strategyOf } from '../strategy/index.ts';
import { privilegedErrors } from '../validation/privileged.ts';
import { type Attempt, repeated } from './attempts.ts';
import { admissionAttributes, type Endpoint, hasStatus, strategyContext } from './endpoint.ts';
import type { WriteOptions } from './options.ts';

/**
 * Tries of a write that does not depend on the state its writer saw. A try is lost only to a write that was stored, so among
 * so many writers of one object each gets its turn.
 */
const conflictTries = 256;

export interface Modification {
  /** Empty: the resource itself. */
  readonly subresource: string;
  readonly options: WriteOptions;
  /** Makes the next state; it gets a copy of its own and may give it back changed, unless it is `isCopying`. */
  readonly next: (current: ApiObject) => ApiObject | Promise<ApiObject>;
  /** `next` has written managedFields itself. */
  readonly ownsFields?: boolean;
  /** `next` begins from the state it is given: a lost try is repeated even when the state names its resourceVersion. */
  readonly isRelative?: boolean;
  /** `next` gets the shared object itself, and makes one that has nothing of it but what is never changed. */
  readonly isCopying?: boolean;
  /** What to do when there is no such object. @default 404 */
  readonly absent?: () => Promise<ApiObject>;
}

/** @throws StatusError 404 when there is no such object, 409, 422 */
export function modify(endpoint: Endpoint, modification: Modification): Promise<ApiObject> {
  const { parts, context, path, resource } = endpoint;
  const { isCopying = false, isRelative = false, absent, options } = modification;
  const { warnings } = context;
  const told = warnings.length;
  let isLocked = false;
  return repeated({
    storage: parts.storages.of(resource),
    namespace: resource.isNamespaced ? path.namespace : '',
    name: path.name,
    isExact: options.isDryRun,
    attempt: async (current) => {
      if (current === null) {
        if (absent !== undefined) return { result: await absent(), current, isSame: false };
        throw notFound(resource, path.name);
      }
      // A lost try's warnings are not told twice.
      warnings.length = told;
      const next = await modification.next(isCopying ? current : copyJson(current));
      isLocked = checkLocks(resource, next.metadata, current, isRelative) && !isRelative;
      return writeNext(endpoint, modification, current, next);
    },
    lost: (tries) => {
      if (isLocked || tries >= conflictTries) throw conflict(resource, path.name, modifiedText);
    },
  });
}

/** @throws StatusError 500, as a real server answers what is no number */
export function checkVersionText(text: string): void {
  if (/^\d*$/.test(text)) return;
  throw bareError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** @returns true when the writer named the state it saw @throws StatusError 409 when that is not the current one */
function checkLocks(
  resource: ResourceType,
  next: ObjectMeta,
  current: ApiObject,
  isRelative: boolean,
): boolean {
  const { name = '', uid = '', resourceVersion = '' } = current.metadata;
  // Of a patch, another uid is a change that is refused, and no condition.
  if (!isRelative && (next.uid ?? '') !== '' && next.uid !== uid) {
    const why = `StorageError: invalid object, Code: 4, Key: ${resource.storagePrefix}/${current.metadata.namespace === undefined ? '' : `${current.metadata.namespace}/`}${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${next.uid}, UID in object meta: ${uid}`;
    throw conflict(resource, name, why);
  }
  const wanted = next.resourceVersion ?? '';
  if (wanted === '' || wanted === '0') return false;
  checkVersionText(wanted);
  if (wanted !== resourceVersion) throw conflict(resource, name, modifiedText);
  return true;
}

/** Whoever writes by these is asked about the whole spec. */
const specWriters: ReadonlySet<string> = new Set(['', 'scale', 'ephemeralcontainers', 'resize']);

async function writeNext(
  endpoint: Endpoint,
  modification: Modification,
  current: ApiObject,
  next: ApiObject,
): Promise<Attempt<ApiObject>> {
  const { parts, context, resource } = endpoint;
  const { subresource, options } = modification;
  const strategy = strategyOf(resource);
  const hooks = strategyContext(endpoint, subresource, options.isDryRun);
  // A spec that is shared and left alone has its defaults.
  const isKept = strategy.hasSharedSpec === true && next.spec !== undefined && next.spec === current.spec;
  const object = isolate(resource, subresource, current, next, isKept);
  restoreMeta(object.metadata, current.metadata);
  if (!isKept) applyDefaults(resource, object);
  // What admission and the kind change belongs to nobody.
  if (modification.ownsFields !== true) recordFields(endpoint, modification, current, object, hooks);
  // Plugins put members into the spec, and change nothing in those it has; what users have configured may change anything.
  if (isKept) object.spec = parts.admission.isMutatedByOthers ? copyJson(object.spec!) : { ...object.spec };
  const attributes = admissionAttributes(endpoint, 'update', subresource, object, current, options.isDryRun);
  await parts.admission.mutate(attributes);
  strategy.prepareForUpdate?.(object, current, hooks);
  shareMembers(object, current);
  // The status is no wish of anybody's: it makes no generation.
  if (subresource !== 'status' && hasNewGeneration(object, current, resource.generation)) {
    object.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  const errors = [
    ...validateMetaOnUpdate(object.metadata, current.metadata, resource),
    ...(strategy.validateUpdate?.(object, current, hooks) ?? []),
  ];
  if (!parts.allowsPrivileged && specWriters.has(subresource)) {
    errors.push(...privilegedErrors(resource, object));
  }
  if (errors.length > 0) throw invalid(resource, current.metadata.name ?? '', errors);
  context.warnings.push(...(strategy.warnings?.(object, current, hooks) ?? []));
  object.metadata = orderedMeta(object.metadata);
  await parts.admission.validate(attributes);
  if (isSame(object, current)) return { result: current, current, isSame: true };
  if (options.isDryRun) return { result: object, current, isSame: false };
  return write(endpoint, current, object, hooks);
}

async function write(
  endpoint: Endpoint,
  current: ApiObject,
  object: ApiObject,
  hooks: StrategyContext,
): Promise<Attempt<ApiObject>> {
  const { parts, resource } = endpoint;
  const storage = parts.storages.of(resource);
  const isEnd = isFinished(object, current, resource);
  const attributes = isEnd
    ? admissionAttributes(endpoint, 'delete', '', null, current, false)
    : admissionAttributes(endpoint, 'update', hooks.subresource, object, current, false);
  const reservation = await parts.admission.reserve(attributes);
  let isWritten = false;
  try {
    const outcome = isEnd ? await storage.delete(current) : await storage.update(object, current);
    isWritten = outcome.written;
    if (!outcome.written) return { result: null, current: outcome.current, isSame: false };
    if (!isEnd) return { result: outcome.object, current, isSame: false };
    object.metadata.resourceVersion = outcome.object.metadata.resourceVersion!;
    return { result: object, current, isSame: false };
  } finally {
    if (isWritten) await reservation.commit();
    else await reservation.release();
  }
}

/** An object that waits for its last finalizer goes with the write that takes it away. */
function isFinished(object: ApiObject, current: ApiObject, resource: ResourceType): boolean {
  const { metadata } = object;
  return (
    current.metadata.deletionTimestamp != null &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (strategyOf(resource).mayBeRemoved?.(object) ?? true)
  );
}

function recordFields(
  endpoint: Endpoint,
  { options, subresource }: Modification,
  current: ApiObject,
  object: ApiObject,
  hooks: StrategyContext,
): void {
  const { parts, resource } = endpoint;
  const { fieldManager: manager } = options;
  if (parts.fields !== null) {
    const seen = { ...object };
    shareMembers(seen, current);
    parts.fields.recordUpdate(current, seen, { manager, subresource, resource, now: hooks.now });
  } else if (object.metadata.managedFields === undefined && current.metadata.managedFields !== undefined) {
    object.metadata.managedFields = current.metadata.managedFields;
  }
}

/**
 * Takes from `next` what the endpoint may change, and the rest from `current`.
 * @param isKept the object holds the spec of `current` itself
 */
function isolate(
  resource: ResourceType,
  subresource: string,
  current: ApiObject,
  next: ApiObject,
  isKept: boolean,
): ApiObject {
  if (subresource === '') {
    if (!hasStatus(resource)) return next;
    const object = { ...next };
    delete object.status;
    if (current.status !== undefined) object.status = copyJson(current.status);
    return object;
  }
  if (subresource !== 'status') return next;
  if (resource.custom !== null) return statusAlone(current, next);
  const metadata = { ...next.metadata };
  if (!resource.statusKeepsMetadata) {
    delete metadata.labels;
    if (current.metadata.labels !== undefined) metadata.labels = current.metadata.labels;
  }
  const object: ApiObject = { ...(isKept ? current : copyJson(current)), metadata };
  delete object.status;
  if (next.status !== undefined) object.status = next.status;
  return object;
}

/** Of a custom resource, /status changes the status and nothing of the metadata. */
function statusAlone(current: ApiObject, next: ApiObject): ApiObject {
  const { managedFields, uid, resourceVersion } = next.metadata;
  const metadata = {
    ...copyJson(current.metadata),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
  };
  delete metadata.managedFields;
  if (managedFields !== undefined) metadata.managedFields = managedFields;
  const object: ApiObject = { ...copyJson(current), metadata };
  delete object.status;
  if (next.status !== undefined) object.status = next.status;
  return object;
}

/** Members of metadata that a writer cannot change are as they were; who begins a deletion this way is told that it is none. */
function restoreMeta(metadata: ObjectMeta, old: ObjectMeta): void {
  const restored: (keyof ObjectMeta)[] = ['creationTimestamp', 'generation'];
  if (old.deletionTimestamp != null) restored.push('deletionTimestamp');
  const target = metadata as Record<string, unknown>;
  for (const member of restored) {
    delete target[member];
    if (old[member] != null) target[member] = old[member];
  }
  if (old.deletionGracePeriodSeconds != null) {
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  }
  if ((metadata.uid ?? '') === '' && old.uid !== undefined) metadata.uid = old.uid;
  metadata.resourceVersion = old.resourceVersion!;
}

/** Members that are as they were become the very same: who compares them sees that at once. Nobody changes them after this. */
function shareMembers(object: ApiObject, current: ApiObject): void {
  const members = asJson(object);
  const old = asJson(current);
  for (const name in members) {
    const value = members[name];
    const known = old[name];
    if (name === 'metadata' || typeof value !== 'object' || known === undefined) continue;
    if (isEqualJson(value, known)) members[name] = known;
  }
}

function hasNewGeneration(object: ApiObject, current: ApiObject, rule: GenerationRule): boolean {
  const differs = (a: object | undefined, b: object | undefined): boolean =>
    !isEqualJson(a as Json | undefined, b as Json | undefined);
  const rest = ({ metadata: _metadata, status: _status, ...others }: ApiObject): object => others;
  switch (rule) {
    case 'none':
    case 'constant':
      return false;
    case 'spec':
      return differs(object.spec, current.spec);
    case 'specOrAnnotations':
      return (
        differs(object.spec, current.spec) ||
        differs(object.metadata.annotations ?? {}, current.metadata.annotations ?? {})
      );
    case 'allButStatus':
      return differs(rest(object), rest(current));
    case 'allOrLabels':
      return (
        differs(rest(object), rest(current)) ||
        differs(object.metadata.labels ?? {}, current.metadata.labels ?? {})
      );
  }
}

/** Times of managedFields do not count: a write that would only move them changes nothing. */
function isSame(object: ApiObject, current: ApiObject): boolean {
  const { managedFields, ...metadata } = object.metadata;
  const { managedFields: known, ...old } = current.metadata;
  const hasSameRest = isEqualJson(asJson({ ...object, metadata }), asJson({ ...current, metadata: old }));
  return hasSameRest && hasSameManagers(managedFields ?? [], known ?? []);
}

function hasSameManagers(
  entries: readonly ManagedFieldsEntry[],
  known: readonly ManagedFieldsEntry[],
): boolean {
  if (entries === known) return true;
  const timeless = (entry: ManagedFieldsEntry): JsonObject => asJson({ ...entry, time: '' });
  return (
    entries.length === known.length &&
    entries.every((entry) => known.some((other) => isEqualJson(timeless(entry), timeless(other))))
  );
}
