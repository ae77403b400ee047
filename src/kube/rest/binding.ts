/**
 * Binding: a scheduler gives a pod its node, once. `POST pods/<name>/binding` and `POST bindings` are the
 * same. A pod that has a node, goes, or is gated keeps what it has: two schedulers cannot both win.
 */

import { type FieldError, fieldErrorText, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { accepted, badRequest, bareError, conflict } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import { parseBody, toObject } from './body.ts';
import type { VerbHandlers } from './dispatch.ts';
import { askAdmission, type Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import { writeOptions } from './options.ts';

const bindingKind = { group: '', version: 'v1', kind: 'Binding', definition: 'core.v1.Binding' };
const pods = { group: '', plural: 'pods/binding' };

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface Binding extends ApiObject {
  readonly target?: { readonly kind?: string; readonly name?: string };
}

function checkTarget({ target = {} }: Binding): void {
  const errors: FieldError[] = [];
  const { kind = '', name = '' } = target;
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']));
  if (name === '') errors.push(required('target.name'));
  if (errors.length === 0) return;
  const texts = errors.map(fieldErrorText);
  // A real server forgets to make these field errors a 422.
  throw bareError(texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`);
}

/** Why the pod cannot have a node; null when it can. */
function obstacle(pod: ApiObject): string | null {
  const { name = '', deletionTimestamp } = pod.metadata;
  const spec = (pod.spec ?? {}) as { nodeName?: string; schedulingGates?: readonly unknown[] };
  if (deletionTimestamp != null) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if ((spec.nodeName ?? '') !== '') {
    return `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
  }
  if ((spec.schedulingGates ?? []).length > 0) return `pod ${name} has non-empty .spec.schedulingGates`;
  return null;
}

/** The pod on its node. @throws StatusError 409 */
function bound(pod: ApiObject, binding: Binding, now: string): ApiObject {
  const { name = '', uid = '' } = pod.metadata;
  const wantedUid = binding.metadata.uid ?? '';
  if (wantedUid !== '' && wantedUid !== uid) {
    const why = `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid}`;
    throw conflict(pods, name, why);
  }
  const why = obstacle(pod);
  if (why !== null) throw conflict(pods, name, why);
  const annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
  if (Object.keys(annotations).length > 0) pod.metadata.annotations = sorted(annotations);
  pod.spec = { ...pod.spec, nodeName: binding.target?.name ?? '' };
  const conditions = ((pod.status?.['conditions'] ?? []) as unknown as Condition[]).filter(
    ({ type }) => type !== 'PodScheduled',
  );
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
  pod.status = { ...pod.status, conditions: [...conditions, scheduled] } as unknown as JsonObject;
  return pod;
}

function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function bind(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path } = endpoint;
  const options = writeOptions(context, 'CreateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), bindingKind);
  const binding = toObject(parts, value, bindingKind, options.fieldValidation, context.warnings) as Binding;
  const { name = '', namespace = '' } = binding.metadata;
  if (path.name !== '' && name !== path.name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  if (namespace !== '' && namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  await askAdmission(endpoint, 'create', binding, options.isDryRun);
  checkTarget(binding);
  const resource = parts.registry.find('', 'v1', 'pods');
  if (resource === null) throw new Error('pods are not served');
  const pod: Endpoint = { ...endpoint, resource, path: { ...path, plural: 'pods', name } };
  const now = nowText(parts.runtime.clock);
  const next = (current: ApiObject): ApiObject => {
    delete current.metadata.resourceVersion;
    return bound(current, binding, now);
  };
  await modify(pod, { subresource: 'binding', options, next });
  return { type: 'object', code: 201, body: accepted(), resource: null };
}

/** Rows of `SubresourceHandlers`. */
export const bindingHandlers: readonly [string, VerbHandlers][] = [
  ['/pods/binding', { create: bind }],
  ['/bindings', { create: bind }],
];
