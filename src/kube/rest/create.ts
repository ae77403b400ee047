/**
 * POST of an object, and every other way to bring one into being. Order: metadata, defaults, mutating
 * admission, the kind's own preparation, validation, ownership of fields, admission, store.
 */

import type { Reservation } from '../admission/types.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject, ObjectMeta } from '../api/objects.ts';
import { alreadyExists, badRequest, bareError, invalid, nameExhausted } from '../api/status.ts';
import { applyDefaults } from '../defaults/index.ts';
import { mediaTypes } from '../http/negotiate.ts';
import type { ApiAnswer } from '../http/types.ts';
import { orderedMeta } from '../meta/order.ts';
import { randomNameSuffix, randomUid } from '../meta/time.ts';
import { validateMetaOnCreate } from '../meta/validate-meta.ts';
import type { ResourceType, Strategy, StrategyContext } from '../registry/types.ts';
import { sharedSpec } from '../storage/shared-specs.ts';
import { templateId } from '../storage/template-specs.ts';
import { strategyOf } from '../strategy/index.ts';
import { privilegedErrors } from '../validation/privileged.ts';
import { mediaTypeOf, parseBody, toObject } from './body.ts';
import { admissionAttributes, answerObject, type Endpoint, hasStatus, strategyContext } from './endpoint.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { objectOfTemplate } from './template-bodies.ts';

/** Tries at a free name for an object with generateName. */
const nameTries = 8;
const suffixLength = 5;
/** So that the whole is a label. */
const generatedBaseMax = 63 - suffixLength;

export async function create(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, resource } = endpoint;
  const options = writeOptions(context, 'CreateOptions');
  const body = await context.request.readBody();
  const type = context.request.header('content-type');
  let object = isOfTemplates(resource, type) ? objectOfTemplate(resource, body) : null;
  if (object === null) {
    const value = parseBody(parts, body, type, resource);
    object = toObject(parts, value, resource, options.fieldValidation, context.warnings);
  }
  settleNamespace(endpoint, object.metadata);
  return answerObject(endpoint, 201, await createObject(endpoint, object, options));
}

/** Bodies of its objects may be known in part. */
function isOfTemplates(resource: ResourceType, contentType: string): boolean {
  return strategyOf(resource).hasSharedSpec === true && mediaTypeOf(contentType) === mediaTypes.json;
}

/** @throws StatusError 400 when body and path name different namespaces */
export function settleNamespace(endpoint: Endpoint, metadata: ObjectMeta): void {
  const { path, resource } = endpoint;
  if (!resource.isNamespaced) {
    delete metadata.namespace;
    return;
  }
  if ((metadata.namespace ?? '') !== '' && metadata.namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = path.namespace;
}

/**
 * Creates a decoded object; the answer is what is stored.
 * @param ownsFields its managedFields are what they are to be: server-side apply has written them
 * @throws StatusError
 */
export async function createObject(
  endpoint: Endpoint,
  object: ApiObject,
  options: WriteOptions,
  ownsFields: boolean = false,
): Promise<ApiObject> {
  const { parts, resource } = endpoint;
  const { generateName = '' } = object.metadata;
  if ((object.metadata.resourceVersion ?? '') !== '' && !options.isDryRun) {
    throw bareError('resourceVersion should not be set on objects to be created');
  }
  const hasName = (object.metadata.name ?? '') !== '';
  for (let tries = 1; ; tries++) {
    const candidate = hasName || generateName === '' ? object : copyObject(object);
    if (!hasName && generateName !== '') {
      const base = generateName.slice(0, generatedBaseMax);
      candidate.metadata.name = base + randomNameSuffix(parts.runtime.random, suffixLength);
    }
    const stored = await tryCreate(endpoint, candidate, options, ownsFields);
    if (stored !== null) return stored;
    if (!hasName && generateName !== '' && tries < nameTries) continue;
    const name = candidate.metadata.name ?? '';
    if (!hasName && generateName !== '') throw nameExhausted(resource, name);
    const current = await parts.storages.of(resource).get(candidate.metadata.namespace ?? '', name);
    throw alreadyExists(resource, name, current?.metadata.deletionTimestamp != null);
  }
}

/** A copy for another try; a spec that is shared stays shared. */
function copyObject(object: ApiObject): ApiObject {
  if (templateId(object.spec) === null) return copyJson(object);
  const { spec, ...rest } = object;
  return { ...copyJson(rest), spec: spec! };
}

/** @returns null: an object of that name exists */
async function tryCreate(
  endpoint: Endpoint,
  object: ApiObject,
  options: WriteOptions,
  ownsFields: boolean,
): Promise<ApiObject | null> {
  const { parts, context, resource } = endpoint;
  const strategy = strategyOf(resource);
  const hooks = strategyContext(endpoint, '', options.isDryRun);
  fillMeta(endpoint, object, hooks);
  // A spec that is shared has its defaults, and what stands beside it was put in order when it was read.
  if (templateId(object.spec) === null) applyDefaults(resource, object);
  // What admission and the kind add belongs to nobody.
  if (!ownsFields) recordFields(endpoint, object, options, hooks);
  const attributes = admissionAttributes(endpoint, 'create', '', object, null, options.isDryRun);
  await parts.admission.mutate(attributes);
  if (hasStatus(resource) && resource.keepsStatusOnCreate !== true) delete object.status;
  strategy.prepareForCreate?.(object, hooks);
  if (strategy.hasSharedSpec === true && object.spec !== undefined) object.spec = sharedSpec(object.spec);
  validateNew(endpoint, object, strategy, hooks);
  context.warnings.push(...(strategy.warnings?.(object, null, hooks) ?? []));
  await parts.admission.validate(attributes);
  if (options.isDryRun) return dryCreate(endpoint, object);
  return store(endpoint, object, await parts.admission.reserve(attributes));
}

function recordFields(
  { parts, resource }: Endpoint,
  object: ApiObject,
  { fieldManager: manager }: WriteOptions,
  { now }: StrategyContext,
): void {
  parts.fields?.recordUpdate(null, object, { manager, subresource: '', resource, now });
  object.metadata = orderedMeta(object.metadata);
}

async function store(
  endpoint: Endpoint,
  object: ApiObject,
  reservation: Reservation,
): Promise<ApiObject | null> {
  const { parts, resource } = endpoint;
  let isWritten = false;
  try {
    const outcome = await parts.storages.of(resource).create(object, resource.ttlSeconds);
    isWritten = outcome.written;
    return outcome.written ? outcome.object : null;
  } finally {
    if (isWritten) await reservation.commit();
    else await reservation.release();
  }
}

async function dryCreate(endpoint: Endpoint, object: ApiObject): Promise<ApiObject | null> {
  const { namespace = '', name = '' } = object.metadata;
  const current = await endpoint.parts.storages.of(endpoint.resource).get(namespace, name);
  if (current !== null) return null;
  delete object.metadata.resourceVersion;
  return object;
}

function fillMeta(endpoint: Endpoint, object: ApiObject, hooks: StrategyContext): void {
  const { parts, resource } = endpoint;
  const { metadata } = object;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.uid = randomUid(parts.runtime.random);
  metadata.creationTimestamp = hooks.now;
  // Kinds that count generations begin anew; of others nobody looks at what a client says.
  if (resource.generation !== 'none') metadata.generation = 1;
  else if (metadata.generation === 0) delete metadata.generation;
  object.metadata = orderedMeta(metadata);
}

function validateNew(
  { parts }: Endpoint,
  object: ApiObject,
  strategy: Strategy,
  hooks: StrategyContext,
): void {
  const errors = [
    ...validateMetaOnCreate(object.metadata, hooks.resource),
    ...(strategy.validateCreate?.(object, hooks) ?? []),
  ];
  if (!parts.allowsPrivileged) errors.push(...privilegedErrors(hooks.resource, object));
  if (errors.length > 0) throw invalid(hooks.resource, object.metadata.name ?? '', errors);
}
