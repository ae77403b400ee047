/**
 * /scale (reference §2.11): `spec.replicas` of the parent under the name of autoscaling/v1 Scale, read and written with the
 * parent's resourceVersion.
 */

import { invalidValue } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { badRequest, invalid, notFound } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { mediaTypeOf, parseBody, toObject } from './body.ts';
import type { Handler } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { parsePatch } from './patch.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', definition: 'autoscaling.v1.Scale' };

interface SelectorSpec {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** A selector as text: of a LabelSelector, or of a plain map as ReplicationControllers have it. */
export function selectorText(selector: JsonObject | undefined): string {
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

function scaleOf(parent: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata;
  const spec = (parent.spec ?? {}) as { replicas?: number; selector?: JsonObject };
  const { replicas = 0 } = (parent.status ?? {}) as { replicas?: number };
  const status: JsonObject = { replicas };
  const selector = selectorText(spec.selector);
  if (selector !== '') status['selector'] = selector;
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp } as ApiObject['metadata'];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: { replicas: spec.replicas ?? 0 },
    status,
  };
}

function answer(parent: ApiObject): ApiAnswer {
  return { type: 'object', code: 200, body: scaleOf(parent), resource: null };
}

async function getScale({ parts, path, resource }: Endpoint): Promise<ApiAnswer> {
  const parent = await parts.storages.of(resource).get(path.namespace, path.name);
  if (parent === null) throw notFound(resource, path.name);
  return answer(parent);
}

/** Writes the replicas of `wanted` to the parent. */
async function writeScale(
  endpoint: Endpoint,
  options: WriteOptions,
  wanted: (current: ApiObject) => ApiObject,
): Promise<ApiAnswer> {
  const { path } = endpoint;
  const next = (current: ApiObject): ApiObject => {
    const scale = wanted(scaleOf(current));
    const { replicas = 0 } = (scale.spec ?? {}) as { replicas?: number };
    if (replicas < 0) {
      const why = 'must be greater than or equal to 0';
      throw invalid(scaleKind, path.name, [invalidValue('spec.replicas', replicas, why)]);
    }
    const { resourceVersion = '' } = scale.metadata;
    const metadata = { ...current.metadata, resourceVersion };
    return { ...current, metadata, spec: { ...current.spec, replicas } };
  };
  return answer(await modify(endpoint, { subresource: 'scale', options, next }));
}

async function putScale(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path } = endpoint;
  const options = writeOptions(context, 'UpdateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), 'Scale');
  const scale = toObject(parts, value, scaleKind, options.fieldValidation, context.warnings);
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
  const options = writeOptions(context, 'PatchOptions');
  const { json } = parts.patches;
  const isJsonPatch = mediaTypeOf(context.request.header('content-type')) === 'application/json-patch+json';
  const changes = parsePatch(await context.request.readBody()) as JsonObject;
  return writeScale(endpoint, options, (current) => {
    const { resourceVersion: _seen, ...metadata } = current.metadata;
    const target = { ...current, metadata } as unknown as JsonObject;
    const patched = isJsonPatch && json !== null ? json(target, changes) : mergePatch(target, changes);
    return toObject(parts, patched as JsonObject, scaleKind, options.fieldValidation, context.warnings);
  });
}

/** For every resource that has /scale in its row. */
export const scaleHandlers: Partial<Record<'get' | 'update' | 'patch', Handler>> = {
  get: getScale,
  update: putScale,
  patch: patchScale,
};
