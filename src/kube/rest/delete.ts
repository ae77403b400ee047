/**
 * DELETE of one object and of a collection: preconditions, grace, finalizers by policy, and only then the
 * end. What must stay for a while is marked with a deletionTimestamp.
 */

import { type FieldError, invalidValue, notSupported } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiList, ApiObject, JsonObject } from '../api/objects.ts';
import {
  badRequest,
  conflict,
  deleted,
  invalidOptions,
  modifiedText,
  notFound,
  StatusError,
} from '../api/status.ts';
import { booleanParameter, integerParameter } from '../http/route.ts';
import type { ApiAnswer, RequestContext } from '../http/types.ts';
import { orderedMeta } from '../meta/order.ts';
import { timeText } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import { decodeOptions } from '../schema/decode.ts';
import type { WriteOutcome } from '../storage/resource-storage.ts';
import { strategyOf } from '../strategy/index.ts';
import { type Attempt, repeated } from './attempts.ts';
import { parseBody } from './body.ts';
import { admissionAttributes, answerObject, type Endpoint, strategyContext } from './endpoint.ts';
import type { ServerParts } from './parts.ts';
import { list } from './read.ts';

const optionsKind = { group: '', version: 'v1', kind: 'DeleteOptions' };

export interface DeleteOptions {
  /** Null: the kind's own. */
  readonly gracePeriodSeconds: number | null;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Empty: the kind's own. */
  readonly propagationPolicy: string;
  readonly isDryRun: boolean;
}

/** What a request asks for. */
interface AskedDeletion extends DeleteOptions {
  /** Null: not said. */
  readonly orphanDependents: boolean | null;
}

const conflictTries = 5;
const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';
const policies = ['Foreground', 'Background', 'Orphan'];

export interface GivenOptions {
  readonly kind?: string;
  readonly gracePeriodSeconds?: number;
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

function optionsOfQuery(query: URLSearchParams): GivenOptions {
  const given: Record<string, unknown> = {};
  const grace = integerParameter(query, 'gracePeriodSeconds');
  if (grace !== null) given['gracePeriodSeconds'] = grace;
  if (query.has('orphanDependents')) given['orphanDependents'] = booleanParameter(query, 'orphanDependents');
  if (query.has('propagationPolicy')) given['propagationPolicy'] = query.get('propagationPolicy');
  const [uid, resourceVersion] = [query.get('uid') ?? '', query.get('resourceVersion') ?? ''];
  given['preconditions'] = { uid, resourceVersion };
  given['dryRun'] = query.getAll('dryRun');
  return given as GivenOptions;
}

/** @throws StatusError 400 */
function optionsOfBody(value: JsonObject): GivenOptions {
  const { kind, apiVersion } = value;
  if (typeof kind === 'string' && kind !== '' && kind !== 'DeleteOptions') {
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion ?? '')} in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"`,
    );
  }
  return decodeOptions('meta.v1.DeleteOptions', value) as GivenOptions;
}

/** @throws StatusError 422 */
export function checkOptions(given: GivenOptions, dryRun: readonly string[]): void {
  const errors: FieldError[] = [];
  const { propagationPolicy, orphanDependents } = given;
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(invalidValue('propagationPolicy', propagationPolicy, why));
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil']));
  }
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported('dryRun', [...dryRun], ['All']));
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors);
}

/** Options of the body alone, or of the query when there is no body. @throws StatusError 400, 422 */
async function deleteOptions(parts: ServerParts, context: RequestContext): Promise<AskedDeletion> {
  const { request } = context;
  const body = await request.readBody();
  const given =
    body.length > 0
      ? optionsOfBody(parseBody(parts, body, request.header('content-type'), optionsKind))
      : optionsOfQuery(request.query);
  const dryRun = given.dryRun ?? [];
  checkOptions(given, dryRun);
  const orphans = given.orphanDependents;
  const oldPolicy = orphans === undefined ? '' : orphans ? 'Orphan' : 'Background';
  return {
    gracePeriodSeconds: given.gracePeriodSeconds ?? null,
    uid: given.preconditions?.uid ?? '',
    resourceVersion: given.preconditions?.resourceVersion ?? '',
    propagationPolicy: given.propagationPolicy ?? oldPolicy,
    orphanDependents: orphans ?? null,
    isDryRun: dryRun.length > 0,
  };
}

export async function deleteOne(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const options = await deleteOptions(parts, context);
  const namespace = resource.isNamespaced ? path.namespace : '';
  const { object, isGone } = await deleteObject(endpoint, namespace, path.name, options);
  // Dependents that go with it go later.
  const isAccepted = !isGone && options.orphanDependents === false;
  if (isAccepted) return answerObject(endpoint, 202, object);
  if (!isGone || resource.answersDeleted) return answerObject(endpoint, 200, object);
  const body = deleted(resource, path.name, object.metadata.uid ?? '');
  return { type: 'object', code: 200, body, resource: null };
}

/** Deletes what the list gives and answers the list as it was. */
export async function deleteCollection(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context } = endpoint;
  const options = await deleteOptions(parts, context);
  const answer = await list(endpoint);
  if (answer.type !== 'object') throw new Error('a list answers an object');
  for (const item of (answer.body as ApiList).items) {
    const { namespace = '', name = '' } = item.metadata;
    try {
      await deleteObject(endpoint, namespace, name, options);
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 404) throw error;
    }
  }
  return answer;
}

export interface Deletion {
  readonly object: ApiObject;
  /** False: it is marked, and stays for now. */
  readonly isGone: boolean;
}

/** @throws StatusError 404, 409 */
export function deleteObject(
  endpoint: Endpoint,
  namespace: string,
  name: string,
  options: DeleteOptions,
): Promise<Deletion> {
  const { parts, resource } = endpoint;
  return repeated({
    storage: parts.storages.of(resource),
    namespace,
    name,
    isExact: options.isDryRun,
    attempt: (current) => {
      if (current === null) throw notFound(resource, name);
      return tryDelete(endpoint, current, options);
    },
    lost: (tries) => {
      if (tries >= conflictTries) throw conflict(resource, name, modifiedText);
    },
  });
}

async function tryDelete(
  endpoint: Endpoint,
  current: ApiObject,
  options: DeleteOptions,
): Promise<Attempt<Deletion>> {
  const { parts, resource } = endpoint;
  checkPreconditions(resource, current, options);
  await admitDelete(endpoint, current, options);
  const marked = markDeleted(endpoint, current, options);
  const isGone = marked === null;
  const isSame = marked === current;
  if (options.isDryRun || isSame) return { result: { object: marked ?? current, isGone }, current, isSame };
  const outcome = isGone
    ? await removeNow(endpoint, current)
    : await parts.storages.of(resource).update(marked, current);
  if (!outcome.written) return { result: null, current: outcome.current, isSame };
  return { result: { object: outcome.object, isGone }, current, isSame };
}

/** Deletes the object, and lets go of what was taken for it. */
async function removeNow(endpoint: Endpoint, current: ApiObject): Promise<WriteOutcome> {
  const { admission, storages } = endpoint.parts;
  const attributes = admissionAttributes(endpoint, 'delete', '', null, current, false);
  const reservation = await admission.reserve(attributes);
  let isGone = false;
  try {
    const outcome = await storages.of(endpoint.resource).delete(current);
    isGone = outcome.written;
    return outcome;
  } finally {
    if (isGone) await reservation.commit();
    else await reservation.release();
  }
}

async function admitDelete(endpoint: Endpoint, current: ApiObject, options: DeleteOptions): Promise<void> {
  const { admission } = endpoint.parts;
  const attributes = admissionAttributes(endpoint, 'delete', '', null, current, options.isDryRun, options);
  await admission.mutate(attributes);
  await admission.validate(attributes);
}

function checkPreconditions(resource: ResourceType, { metadata }: ApiObject, options: DeleteOptions): void {
  const refuse = (what: string, given: string, actual: string, why: string): Error => {
    if (strategyOf(resource).mayBeRemoved !== undefined) {
      // What goes in steps has a store of its own, which looks itself.
      const seen = `${what} in precondition: ${given}, ${what} in object meta: ${actual}`;
      return conflict(resource, metadata.name ?? '', `Precondition failed: ${seen}`);
    }
    // Here a real server names the kind, not the plural.
    return conflict(
      { group: resource.group, plural: resource.kind },
      metadata.name ?? '',
      `the ${what} in the precondition (${given}) does not match the ${what} in record (${actual}). The object might have been ${why}`,
    );
  };
  const { uid = '', resourceVersion = '' } = metadata;
  if (options.uid !== '' && options.uid !== uid) {
    throw refuse('UID', options.uid, uid, 'deleted and then recreated');
  }
  if (options.resourceVersion !== '' && options.resourceVersion !== resourceVersion) {
    throw refuse('ResourceVersion', options.resourceVersion, resourceVersion, 'modified');
  }
}

/** Seconds a pod is given; null: the kind has no grace. */
function graceOf(resource: ResourceType, object: ApiObject, options: DeleteOptions): number | null {
  if (resource.group !== '' || resource.plural !== 'pods') return null;
  const spec = (object.spec ?? {}) as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const { phase = '' } = (object.status ?? {}) as { phase?: string };
  if ((spec.nodeName ?? '') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const seconds = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}

function finalizersAfter(resource: ResourceType, object: ApiObject, policy: string): string[] {
  const old = object.metadata.finalizers ?? [];
  const others = old.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (resource.plural === 'events') return others;
  if (policy === 'Orphan') return [...others, orphanFinalizer];
  if (policy === 'Foreground') return [...others, foregroundFinalizer];
  if (policy === 'Background' || others.length !== old.length) return policy === 'Background' ? others : old;
  return resource.orphansByDefault ? [...others, orphanFinalizer] : others;
}

/** The object as it stays, `current` itself when nothing changes, or null: it goes now. */
function markDeleted(endpoint: Endpoint, current: ApiObject, options: DeleteOptions): ApiObject | null {
  const { parts, resource } = endpoint;
  const strategy = strategyOf(resource);
  const finalizers = finalizersAfter(resource, current, options.propagationPolicy);
  const grace = graceOf(resource, current, options);
  const { deletionTimestamp = null, deletionGracePeriodSeconds: oldGrace = 0, generation } = current.metadata;
  const isMarked = deletionTimestamp !== null;
  const nowMs = parts.runtime.clock.wallNow();
  const mayGo = finalizers.length === 0 && (strategy.mayBeRemoved?.(current) ?? true);
  if (mayGo && (grace ?? 0) === 0) return null;
  const seconds = grace ?? 0;
  const keepsFinalizers = finalizers.join() === (current.metadata.finalizers ?? []).join();
  if (isMarked && keepsFinalizers && seconds >= oldGrace) return current;
  const object = copyJson(current);
  object.metadata.finalizers = finalizers;
  if (!isMarked || seconds < oldGrace) {
    const requestedMs = isMarked ? Date.parse(deletionTimestamp) - oldGrace * 1000 : nowMs;
    object.metadata.deletionTimestamp = timeText(requestedMs + seconds * 1000);
    object.metadata.deletionGracePeriodSeconds = seconds;
  }
  if (!isMarked && generation !== undefined && generation > 0) object.metadata.generation = generation + 1;
  strategy.prepareForDelete?.(object, strategyContext(endpoint, '', options.isDryRun));
  object.metadata = orderedMeta(object.metadata);
  return object;
}
