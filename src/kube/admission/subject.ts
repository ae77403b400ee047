/**
 * What a request is about as webhooks and policies see it: kinds and names in the words of `admission.k8s.io`, and the objects
 * as JSON. What they change comes back the same way: decoded by the schema, filled with defaults, put where the object stands.
 *
 * An object that is created has no uid, no time and no generated name yet for who may change it; what stands there already
 * is left out and put back.
 */

import { copyJson } from '../api/json.ts';
import {
  type ApiObject,
  asJson,
  type GroupVersionKind,
  type JsonObject,
  type ObjectMeta,
} from '../api/objects.ts';
import { badRequest, internalError } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { applyDefaults } from '../defaults/index.ts';
import { orderedMeta } from '../meta/order.ts';
import type { ResourceType } from '../registry/types.ts';
import { type ExpectedKind, toObject } from '../rest/body.ts';
import { scaleOf, withReplicas } from '../rest/scale.ts';
import type { AdmissionAttributes } from './types.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface Subject {
  readonly attributes: AdmissionAttributes;
  readonly operation: Operation;
  readonly resource: ResourceType;
  /** Of the object: the resource's own, or the subresource's. */
  readonly kind: GroupVersionKind;
  readonly subresource: string;
  /** Of a namespace its own name. */
  readonly namespace: string;
  readonly name: string;
  /** Null on delete. Nobody changes it; who has another one puts it here. */
  object: JsonObject | null;
  /** Null on create. */
  readonly old: JsonObject | null;
  /** The options of the write; null: it has none. */
  readonly options: JsonObject | null;
}

const operations: Readonly<Record<AdmissionAttributes['operation'], Operation>> = {
  create: 'CREATE',
  update: 'UPDATE',
  delete: 'DELETE',
  connect: 'CONNECT',
};

/** Parts of other writes, which are asked about as what they are to the client. */
const inner: ReadonlySet<string> = new Set(['binding', 'eviction']);

/** Configuring admission is never a matter of what is configured, or nobody could mend it. */
function isConfiguration({ group, kind }: ResourceType): boolean {
  if (group !== 'admissionregistration.k8s.io') return false;
  return /^(Mutating|Validating)(WebhookConfiguration|AdmissionPolicy(Binding)?)$/.test(kind);
}

/** True if nobody is asked about it. */
export function isExempt({ resource, operation, subresource, endpoint }: AdmissionAttributes): boolean {
  if (isConfiguration(resource)) return true;
  const { path } = endpoint;
  const isInner = inner.has(path.subresource) || path.plural === 'bindings';
  return isInner && !(operation === 'create' && (subresource === path.subresource || subresource === ''));
}

export function kindOf(resource: ResourceType, subresource: string): GroupVersionKind {
  const row = resource.subresources.find(({ name }) => name === subresource);
  const { group, version } = resource;
  if (row === undefined) return { group, version, kind: resource.kind };
  if (row.version === '') return { group, version, kind: row.kind };
  return { group: row.group, version: row.version, kind: row.kind };
}

function optionsOf({ operation, endpoint, deletion, isDryRun }: AdmissionAttributes): JsonObject | null {
  if (operation === 'connect') return null;
  const word = { create: 'Create', update: 'Update', delete: 'Delete' }[operation];
  const options: JsonObject = { kind: `${word}Options`, apiVersion: 'meta.k8s.io/v1' };
  if (operation === 'delete') {
    const { gracePeriodSeconds, uid, resourceVersion, propagationPolicy } = deletion ?? {
      gracePeriodSeconds: null,
      uid: '',
      resourceVersion: '',
      propagationPolicy: '',
    };
    if (gracePeriodSeconds !== null) options['gracePeriodSeconds'] = gracePeriodSeconds;
    const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
    if (Object.keys(preconditions).length > 0) options['preconditions'] = preconditions;
    if (propagationPolicy !== '') options['propagationPolicy'] = propagationPolicy;
    if (isDryRun) options['dryRun'] = ['All'];
    return options;
  }
  const { query } = endpoint.context.request;
  if (isDryRun) options['dryRun'] = ['All'];
  for (const name of ['fieldManager', 'fieldValidation']) {
    const value = query.get(name) ?? '';
    if (value !== '') options[name] = value;
  }
  return options;
}

/** The name that the server made of `generateName`, which nobody has seen yet. */
function isGenerated({ name = '', generateName = '' }: ObjectMeta): boolean {
  const base = generateName.slice(0, 58);
  return generateName !== '' && name.startsWith(base) && name.length === base.length + 5;
}

/** The members that a new object gets later, as far as a real server is concerned. */
const lateMembers = ['uid', 'creationTimestamp', 'generation'] as const;

function shownObject(attributes: AdmissionAttributes, object: ApiObject, isLate: boolean): JsonObject {
  const { resource, subresource, operation } = attributes;
  if (subresource === 'scale') return asJson(scaleOf(object, resource, true));
  const kind = kindOf(resource, subresource);
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const shown = { kind: kind.kind, apiVersion, ...object };
  if (operation !== 'create' || subresource !== '' || isLate) return asJson(shown);
  const metadata = { ...object.metadata };
  for (const member of lateMembers) delete metadata[member];
  if (isGenerated(metadata)) delete metadata.name;
  return asJson({ ...shown, metadata });
}

/** @param isLate nobody changes it any more: new objects have all their members */
export function subjectOf(attributes: AdmissionAttributes, isLate: boolean): Subject {
  const { operation, resource, subresource, object, old } = attributes;
  const isNamespace = resource.group === '' && resource.plural === 'namespaces';
  const isNew = !isLate && operation === 'create' && subresource === '';
  const name = isNew && isGenerated(object?.metadata ?? {}) ? '' : attributes.name;
  return {
    attributes,
    operation: operations[operation],
    resource,
    kind: kindOf(resource, subresource),
    subresource,
    namespace: isNamespace ? attributes.name : attributes.namespace,
    name,
    object: object === null ? null : shownObject(attributes, object, isLate),
    old: old === null ? null : shownObject(attributes, old, true),
    options: optionsOf(attributes),
  };
}

/** A value of that kind as the server keeps it. @throws StatusError 500 when it is none */
function decodedAs(attributes: AdmissionAttributes, value: JsonObject, kind: ExpectedKind): ApiObject {
  try {
    return toObject(attributes.endpoint.parts, copyJson(value), kind, 'Ignore', []);
  } catch (error) {
    throw internalError((error as Error).message.replace(/^.* cannot be handled as a \w+: /, ''));
  }
}

function expectedKind({ resource, kind, subresource }: Subject): ExpectedKind {
  if (subresource === '' || kind.kind === resource.kind) return resource;
  const prefix = kind.group === '' ? 'core' : kind.group.split('.')[0]!;
  return { ...kind, definition: `${prefix}.${kind.version}.${kind.kind}` };
}

/** What was put into the subject takes the place of the object of the request. @throws StatusError 400, 500 */
export function absorb(subject: Subject): void {
  const { attributes, resource, subresource } = subject;
  const { object } = attributes;
  if (object === null || subject.object === null) return;
  const next = decodedAs(attributes, subject.object, expectedKind(subject));
  if (subresource === 'scale') {
    const { replicas = 0 } = (next.spec ?? {}) as { replicas?: number };
    replace(object, withReplicas(object, resource.custom?.scale ?? null, replicas));
    return;
  }
  keepApart(attributes, object, next);
  if (object.metadata !== undefined) {
    settleMeta(attributes, object.metadata, next.metadata);
    next.metadata = orderedMeta(next.metadata);
  }
  if (subresource === '' || kindOf(resource, subresource).kind === resource.kind)
    applyDefaults(resource, next);
  replace(object, next);
}

/** Whoever writes a status changes nothing else, and whoever writes the rest no status, webhooks neither. */
function keepApart(
  { operation, resource, subresource }: AdmissionAttributes,
  was: ApiObject,
  next: ApiObject,
): void {
  const hasStatus = resource.subresources.some(({ name }) => name === 'status');
  if (operation !== 'update' || !hasStatus || (subresource !== '' && subresource !== 'status')) return;
  const [kept, changed] = [asJson(was), asJson(next)];
  const isOfStatus = subresource === 'status';
  for (const name of new Set([...Object.keys(kept), ...Object.keys(changed)])) {
    if ((name === 'status') === isOfStatus || (name === 'metadata' && !isOfStatus)) continue;
    if (name === 'metadata' && resource.statusKeepsMetadata) continue;
    if (kept[name] === undefined) delete changed[name];
    else changed[name] = kept[name];
  }
}

function settleMeta({ operation, resource }: AdmissionAttributes, was: ObjectMeta, next: ObjectMeta): void {
  if (resource.isNamespaced && (next.namespace ?? '') !== '' && next.namespace !== was.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (was.namespace !== undefined) next.namespace = was.namespace;
  if (operation !== 'create') return;
  const target = next as Record<string, unknown>;
  for (const member of lateMembers) {
    delete target[member];
    if (was[member] !== undefined) target[member] = was[member];
  }
  if ((next.name ?? '') === '' && was.name !== undefined) next.name = was.name;
}

function replace(object: ApiObject, next: ApiObject): void {
  const members = object as unknown as Record<string, unknown>;
  for (const name of Object.keys(members)) delete members[name];
  Object.assign(members, next);
}

/** `userInfo` of a review. */
export function shownUserInfo({ username, uid, groups, extra }: UserInfo): JsonObject {
  const names = Object.keys(extra);
  return {
    ...(username === '' ? {} : { username }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(names.length === 0
      ? {}
      : { extra: Object.fromEntries(names.map((name) => [name, [...extra[name]!]])) }),
  };
}

/** Adds an annotation to the audit event of the request; one that is there already stays. */
export function annotate({ endpoint }: AdmissionAttributes, key: string, value: string): void {
  const { notes } = endpoint.context;
  if (notes === undefined) return;
  notes.annotations ??= new Map();
  if (!notes.annotations.has(key)) notes.annotations.set(key, value);
}

/** Adds a Warning to the answer, once. */
export function warn({ warnings }: AdmissionAttributes, text: string): void {
  if (text !== '' && !warnings.includes(text)) warnings.push(text);
}
