/**
 * /scale: `spec.replicas` of the parent under the name of autoscaling/v1 Scale, read and written with the
 * parent's resourceVersion.
 */

import { invalidValue } from '../api/field-errors.ts';
import { copyJson, memberOf } from '../api/json.ts';
import {
  type ApiObject,
  asJson,
  groupVersionText,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../api/objects.ts';
import { badRequest, internalError, invalid, notFound, StatusError } from '../api/status.ts';
import type { FieldManagement } from '../apply/types.ts';
import type { ScalePaths } from '../crd/types.ts';
import type { ApiAnswer } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import type { ResourceType } from '../registry/types.ts';
import { DecodeError, decodeBy } from '../schema/decode.ts';
import { definitionOf } from '../schema/schema.ts';
import { parseIntent } from './apply.ts';
import { mediaTypeOf, parseBody, toObject } from './body.ts';
import type { Handler } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import { checkIdentity } from './identity.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { acceptedTypes, applyType, jsonType, parsePatch, refusal, unsupported } from './patch.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', definition: 'autoscaling.v1.Scale' };

interface SelectorSpec {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** A selector as text: of a LabelSelector, or of a plain map as ReplicationControllers have it. */
function selectorText(selector: JsonObject | undefined): string {
  if (selector === undefined) return '';
  const isPlain = selector['matchLabels'] === undefined && selector['matchExpressions'] === undefined;
  const spec = (isPlain ? { matchLabels: selector } : selector) as SelectorSpec;
  const terms = Object.entries(spec.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of spec.matchExpressions ?? []) {
    if (operator === 'Exists') terms.push(key);
    else if (operator === 'DoesNotExist') terms.push(`!${key}`);
    else terms.push(`${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`);
  }
  return terms.sort().join(',');
}

interface ScaleParts {
  /** Undefined: a custom resource says nothing of it. */
  readonly wanted: number | undefined;
  readonly replicas: number;
  readonly selector: string;
}

function memberAt(object: ApiObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = asJson(object);
  for (const name of path) value = isJsonObject(value) ? memberOf(value, name) : undefined;
  return value;
}

function partsOf(parent: ApiObject, paths: ScalePaths | null): ScaleParts {
  if (paths !== null) {
    const [wanted, replicas] = [memberAt(parent, paths.specReplicas), memberAt(parent, paths.statusReplicas)];
    const selector = paths.selector === null ? '' : memberAt(parent, paths.selector);
    return {
      wanted: typeof wanted === 'number' ? wanted : undefined,
      replicas: typeof replicas === 'number' ? replicas : 0,
      selector: typeof selector === 'string' ? selector : '',
    };
  }
  const spec = (parent.spec ?? {}) as { replicas?: number; selector?: JsonObject };
  const { replicas = 0 } = (parent.status ?? {}) as { replicas?: number };
  return { wanted: spec.replicas ?? 0, replicas, selector: selectorText(spec.selector) };
}

/** The parent with so many replicas wanted. */
export function withReplicas(parent: ApiObject, paths: ScalePaths | null, replicas: number): ApiObject {
  const names = paths?.specReplicas ?? ['spec', 'replicas'];
  const place = (value: Json | undefined, at: number): Json => {
    if (at === names.length) return replicas;
    const name = names[at]!;
    const object = isJsonObject(value) ? value : {};
    return { ...object, [name]: place(memberOf(object, name), at + 1) };
  };
  return place(asJson(parent), 0) as unknown as ApiObject;
}

/** What a writer sees where nobody has said how many are wanted; it cannot be written. */
const unset = -(2 ** 31);

/** @param isWrite nobody needs to have said how many are wanted @throws StatusError 500 when nobody has */
export function scaleOf(parent: ApiObject, { custom }: ResourceType, isWrite: boolean = false): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata;
  const paths = custom?.scale ?? null;
  const { wanted, replicas, selector } = partsOf(parent, paths);
  if (wanted === undefined && !isWrite) {
    throw internalError(
      `the spec replicas field ${JSON.stringify(`.${paths!.specReplicas.join('.')}`)} does not exist`,
    );
  }
  const status: JsonObject = { replicas };
  if (selector !== '') status['selector'] = selector;
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp } as ApiObject['metadata'];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: { replicas: wanted ?? unset },
    status,
  };
}

function answer(parent: ApiObject, resource: ResourceType): ApiAnswer {
  return { type: 'object', code: 200, body: scaleOf(parent, resource), resource: null };
}

async function getScale({ parts, path, resource }: Endpoint): Promise<ApiAnswer> {
  const parent = await parts.storages.of(resource).get(path.namespace, path.name);
  if (parent === null) {
    if (resource.custom !== null || resource.kind === 'StatefulSet') throw notFound(resource, path.name);
    // Of what is built in, it is the scale that is not there.
    const group = resource.group === '' ? scaleKind.group : resource.group;
    throw notFound({ group, plural: `${resource.plural}/scale` }, path.name);
  }
  return answer(parent, resource);
}

/** Those of a custom resource are held to its schema. @throws StatusError 422 */
function checkReplicas({ path, resource }: Endpoint, replicas: number): void {
  if (replicas >= 0 || resource.custom !== null) return;
  const why = 'must be greater than or equal to 0';
  throw invalid(scaleKind, path.name, [invalidValue('spec.replicas', replicas, why)]);
}

/** Writes the replicas of `wanted` to the parent. */
async function writeScale(
  endpoint: Endpoint,
  options: WriteOptions,
  wanted: (current: ApiObject) => ApiObject,
): Promise<ApiAnswer> {
  const { resource } = endpoint;
  const next = (current: ApiObject): ApiObject => {
    const scale = wanted(scaleOf(current, resource, true));
    const { replicas = 0 } = (scale.spec ?? {}) as { replicas?: number };
    if (replicas === unset && resource.custom !== null) {
      const place = `.${resource.custom.scale!.specReplicas.join('.')}`;
      throw badRequest(`the spec replicas field ${JSON.stringify(place)} cannot be empty`);
    }
    checkReplicas(endpoint, replicas);
    const { resourceVersion = '', uid = current.metadata.uid } = scale.metadata;
    const metadata = { ...current.metadata, resourceVersion, ...(uid && { uid }) };
    return withReplicas({ ...current, metadata }, resource.custom?.scale ?? null, replicas);
  };
  return answer(await modify(endpoint, { subresource: 'scale', options, next }), resource);
}

async function putScale(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path } = endpoint;
  const options = writeOptions(context, 'UpdateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), scaleKind);
  const scale = toObject(parts, value, scaleKind, options.fieldValidation, context.warnings);
  if ((scale.metadata.name ?? '') === '') {
    throw badRequest(
      `the name of the object (${path.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (scale.metadata.name !== path.name) {
    throw badRequest(
      `the name of the object (${scale.metadata.name ?? ''}) does not match the name on the URL (${path.name})`,
    );
  }
  return writeScale(endpoint, options, () => scale);
}

/** Of a Scale, all kinds of merge are the same: it has no lists. */
async function patchScale(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context } = endpoint;
  const type = mediaTypeOf(context.request.header('content-type'));
  if (type === applyType && parts.fields !== null) return applyScale(endpoint, parts.fields);
  if (!acceptedTypes(endpoint).includes(type)) throw unsupported(endpoint, type);
  const options = writeOptions(context, 'PatchOptions');
  const { json } = parts.patches;
  const changes = parsePatch(await context.request.readBody()) as JsonObject;
  return writeScale(endpoint, options, (current) => {
    const { resourceVersion: _seen, ...metadata } = current.metadata;
    const target = { ...current, metadata } as unknown as JsonObject;
    const patched = type === jsonType && json !== null ? json(target, changes) : mergePatch(target, changes);
    const scale = decodedScale(endpoint, patched as JsonObject, options);
    checkIdentity(endpoint, scale);
    return scale;
  });
}

/** @throws StatusError 422 */
function decodedScale(
  { context }: Endpoint,
  patched: JsonObject,
  { fieldValidation }: WriteOptions,
): ApiObject {
  try {
    const { value, problems } = decodeBy(definitionOf(scaleKind.definition), patched);
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw refusal(JSON.stringify(patched), `strict decoding error: ${problems.join(', ')}`);
    }
    if (fieldValidation === 'Warn') context.warnings.push(...problems);
    if (!isJsonObject(value['metadata'])) value['metadata'] = {};
    return value as unknown as ApiObject;
  } catch (error) {
    if (error instanceof DecodeError) throw refusal(JSON.stringify(patched), error.message);
    throw error;
  }
}

/** A conflict over the replicas of the parent, told as one over those of its scale. */
function asScaleConflict(error: unknown, { resource }: Endpoint): unknown {
  if (!(error instanceof StatusError) || error.status.details?.causes === undefined) return error;
  const { status } = error;
  const version = ` using ${groupVersionText(resource.group, resource.version)}`;
  const place = `.${(resource.custom?.scale?.specReplicas ?? ['spec', 'replicas']).join('.')}`;
  const told = (text: string): string =>
    text.replaceAll(version, ' using autoscaling/v1').replaceAll(place, '.spec.replicas');
  const causes = status.details!.causes!.map(({ message, field, ...cause }) => ({
    ...cause,
    ...(message !== undefined && { message: told(message) }),
    ...(field !== undefined && { field: told(field) }),
  }));
  return new StatusError({
    ...status,
    message: told(status.message ?? ''),
    details: { ...status.details, causes },
  });
}

/** Server-side apply of a Scale: what its manager wants of the parent is the replicas alone. */
async function applyScale(endpoint: Endpoint, fields: FieldManagement): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const options = writeOptions(context, 'PatchOptions', true);
  const intent = parseIntent(await context.request.readBody(), options, context.warnings);
  const { kind = '', apiVersion = '' } = intent;
  if (kind !== 'Scale' || apiVersion !== 'autoscaling/v1') {
    const version = String(apiVersion);
    throw badRequest(`invalid object type: ${version.includes('/') ? version : `/${version}`}, Kind=${kind}`);
  }
  const wanted = decodedScale(endpoint, intent, options);
  const { fieldManager: manager, isForced } = options;
  const info = { manager, subresource: 'scale', resource, now: nowText(parts.runtime.clock) };
  const next = (current: ApiObject): ApiObject => {
    const bare = { apiVersion: current.apiVersion!, kind: current.kind!, metadata: { name: path.name } };
    const { replicas } = (wanted.spec ?? {}) as { replicas?: number };
    const parent =
      replicas === undefined ? bare : withReplicas(bare, resource.custom?.scale ?? null, replicas);
    checkReplicas(endpoint, replicas ?? 0);
    try {
      const merged = copyJson(asJson(fields.apply(current, asJson(parent), info, isForced)));
      return toObject(parts, merged, resource, 'Ignore', context.warnings);
    } catch (error) {
      throw asScaleConflict(error, endpoint);
    }
  };
  const ways = { subresource: 'scale', ownsFields: true, isRelative: true };
  return answer(await modify(endpoint, { ...ways, options, next }), resource);
}

/** For every resource that has /scale in its row. */
export const scaleHandlers: Partial<Record<'get' | 'update' | 'patch', Handler>> = {
  get: getScale,
  update: putScale,
  patch: patchScale,
};
