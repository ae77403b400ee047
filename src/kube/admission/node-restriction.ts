/**
 * What a node's agent may write (kube-apiserver's plugin NodeRestriction): its own node without taints and labels of others,
 * the status of pods that are bound to it, mirror pods that refer to nothing, its own lease and CSINode, and tokens for
 * its pods. It is about members of `system:nodes` by the name `system:node:<name>` alone, and only in force when it is asked for.
 */

import { isEqualJson } from '../api/json.ts';
import { type ApiObject, asJson, type Json, type JsonObject } from '../api/objects.ts';
import { forbidden, notFound } from '../api/status.ts';
import { isMirrorPod, namesIn, nodeNameOf } from '../auth/node-identity.ts';
import type { ResourceType } from '../registry/types.ts';
import { maybeObject, objectsOf, textOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const leaseNamespace = 'kube-node-lease';

/** Labels that a kubelet sets, of those that are Kubernetes' own. */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]);
const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const restrictedDomains = ['node-restriction.kubernetes.io'];
const ownDomains = ['kubernetes.io', 'k8s.io'];

function isWithin(label: string, domains: readonly string[]): boolean {
  const at = label.indexOf('/');
  const domain = at < 0 ? '' : label.slice(0, at);
  return domains.some((one) => domain === one || domain.endsWith(`.${one}`));
}

function isForbiddenLabel(label: string): boolean {
  if (isWithin(label, restrictedDomains)) return true;
  return isWithin(label, ownDomains) && !kubeletLabels.has(label) && !isWithin(label, kubeletDomains);
}

type Labels = Readonly<Record<string, string>>;

/** Labels that differ and are not a node's to set, sorted. */
function forbiddenLabels(now: Labels, before: Labels): string[] {
  const all = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...all].filter((label) => now[label] !== before[label] && isForbiddenLabel(label)).sort();
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function specOf(object: ApiObject | null): JsonObject {
  return object?.spec ?? {};
}

function isBoundTo(pod: ApiObject | null, node: string): boolean {
  return textOf(specOf(pod), 'nodeName') === node;
}

/** Why a write of a node is refused; null: it is not. */
type Problem = string | null;

class NodeRestriction {
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  async problem(attributes: AdmissionAttributes, node: string): Promise<Problem> {
    const { resource, subresource, user, operation } = attributes;
    if (node === '') return `could not determine node from user ${quoted(user.username)}`;
    if (operation === 'connect') return null;
    switch (`${resource.group}/${resource.plural}`) {
      case '/pods':
        return this.#pod(attributes, node);
      case '/nodes':
        return ofNode(attributes, node);
      case '/persistentvolumeclaims':
        return subresource === 'status' ? ofClaim(attributes, node) : 'may only update PVC status';
      case '/serviceaccounts':
        return this.#token(attributes, node);
      case 'coordination.k8s.io/leases':
        if (attributes.namespace !== leaseNamespace) {
          return `can only access leases in the ${quoted(leaseNamespace)} system namespace`;
        }
        return isOwn(attributes, node)
          ? null
          : 'can only access node lease with the same name as the requesting node';
      case 'storage.k8s.io/csinodes':
        return isOwn(attributes, node)
          ? null
          : 'can only access CSINode with the same name as the requesting node';
      default:
        return null;
    }
  }

  #pod(attributes: AdmissionAttributes, node: string): Promise<Problem> | Problem {
    switch (attributes.subresource) {
      case '':
        return this.#wholePod(attributes, node);
      case 'status':
        return ofPodStatus(attributes, node);
      case 'eviction':
        return this.#eviction(attributes, node);
      default:
        return `unexpected pod subresource ${quoted(attributes.subresource)}, only 'status' and 'eviction' are allowed`;
    }
  }

  async #wholePod(
    { operation, object, namespace, name }: AdmissionAttributes,
    node: string,
  ): Promise<Problem> {
    if (operation === 'create') return this.#mirror(object!, node);
    if (operation !== 'delete') {
      return `unexpected operation ${quoted(operation.toUpperCase())}, node ${quoted(node)} can only create and delete mirror pods`;
    }
    const pod = await this.#found('pods', namespace, name);
    return isBoundTo(pod, node)
      ? null
      : `node ${quoted(node)} can only delete pods with spec.nodeName set to itself`;
  }

  /** A pod that a node makes stands for one that it runs from a file. */
  async #mirror(pod: ApiObject, node: string): Promise<Problem> {
    const by = `node ${quoted(node)}`;
    if (!isMirrorPod(pod)) {
      return `pod does not have "kubernetes.io/config.mirror" annotation, ${by} can only create mirror pods`;
    }
    if (!isBoundTo(pod, node)) return `${by} can only create pods with spec.nodeName set to itself`;
    const owners = (pod.metadata.ownerReferences ?? []) as unknown as readonly JsonObject[];
    if (owners.length > 1) return `${by} can only create pods with a single owner reference set to itself`;
    const [owner = {}] = owners;
    const isItself = owner['apiVersion'] === 'v1' && owner['kind'] === 'Node' && owner['name'] === node;
    if (!isItself) return `${by} can only create pods with an owner reference set to itself`;
    if (owner['controller'] !== true) {
      return `${by} can only create pods with a controller owner reference set to itself`;
    }
    if (owner['blockOwnerDeletion'] === true) {
      return `${by} must not set blockOwnerDeletion on an owner reference`;
    }
    const { metadata } = await this.#found('nodes', '', node);
    if (owner['uid'] !== metadata.uid) {
      return `node ${node} UID mismatch: expected ${String(owner['uid'])} got ${metadata.uid ?? ''}`;
    }
    return referenceProblem(pod, by);
  }

  async #eviction(
    { operation, object, namespace, name }: AdmissionAttributes,
    node: string,
  ): Promise<Problem> {
    if (operation !== 'create') return `unexpected operation ${operation.toUpperCase()}`;
    const podName = name === '' ? (object?.metadata.name ?? '') : name;
    if (podName === '') return 'could not determine pod from request data';
    const pod = await this.#found('pods', namespace, podName);
    return isBoundTo(pod, node) ? null : `node ${node} can only evict pods with spec.nodeName set to itself`;
  }

  async #token(
    { operation, subresource, object, namespace }: AdmissionAttributes,
    node: string,
  ): Promise<Problem> {
    if (operation !== 'create' || subresource !== 'token') return null;
    const bound = maybeObject(specOf(object), 'boundObjectRef') ?? {};
    const [name, uid] = [textOf(bound, 'name'), textOf(bound, 'uid')];
    if (bound['apiVersion'] !== 'v1' || bound['kind'] !== 'Pod' || name === '') {
      return 'node requested token not bound to a pod';
    }
    if (uid === '') return 'node requested token with a pod binding without a uid';
    const pod = await this.#found('pods', namespace, name);
    if (pod.metadata.uid !== uid) {
      return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    }
    return isBoundTo(pod, node) ? null : 'node requested token bound to a pod scheduled on a different node';
  }

  /** @throws StatusError 404 */
  async #found(plural: string, namespace: string, name: string): Promise<ApiObject> {
    const resource = this.#lookup.resource('', 'v1', plural)!;
    const object = await this.#lookup.find(resource, namespace, name);
    if (object === null) throw notFound(resource, name);
    return object;
  }
}

/** Nothing that a node could read by making a pod that refers to it. */
function referenceProblem(pod: ApiObject, by: string): Problem {
  if (namesIn(pod, 'serviceaccounts').size > 0) {
    return `${by} can not create pods that reference a service account`;
  }
  for (const plural of ['secrets', 'configmaps', 'persistentvolumeclaims', 'resourceclaims']) {
    if (namesIn(pod, plural).size > 0) return `${by} can not create pods that reference ${plural}`;
  }
  return null;
}

function ofPodStatus({ operation, object, old }: AdmissionAttributes, node: string): Problem {
  if (operation !== 'update') return `unexpected operation ${quoted(operation.toUpperCase())}`;
  if (!isBoundTo(old, node)) {
    return `node ${quoted(node)} can only update pod status for pods with spec.nodeName set to itself`;
  }
  const [now, before] = [object?.metadata.labels ?? {}, old?.metadata.labels ?? {}];
  return isEqualJson(now, before) ? null : `node ${quoted(node)} cannot update labels through pod status`;
}

/** A claim of which a node has set what it may. */
function withoutProgress(claim: ApiObject | null): Json {
  if (claim === null) return null;
  const { metadata, status, ...rest } = asJson(claim) as { metadata: JsonObject; status?: JsonObject };
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  const {
    capacity: _capacity,
    conditions: _conditions,
    allocatedResources: _allocated,
    allocatedResourceStatuses: _statuses,
    currentVolumeAttributesClassName: _class,
    modifyVolumeStatus: _modify,
    ...others
  } = status ?? {};
  return { ...rest, metadata: kept, status: others } as unknown as Json;
}

function ofClaim({ operation, object, old }: AdmissionAttributes, node: string): Problem {
  if (operation !== 'update') return `unexpected operation ${quoted(operation.toUpperCase())}`;
  if (isEqualJson(withoutProgress(object), withoutProgress(old))) return null;
  return `node ${quoted(node)} is not allowed to update fields other than status.capacity and status.conditions`;
}

function ofNode({ operation, name, object, old }: AdmissionAttributes, node: string): Problem {
  const by = `node ${quoted(node)} is not allowed`;
  const asked = name === '' ? (object?.metadata.name ?? '') : name;
  if (asked !== node) return `${by} to modify node ${quoted(asked)}`;
  const config = specOf(object)['configSource'];
  const labels = object?.metadata.labels ?? {};
  if (operation === 'create') {
    if (config !== undefined && config !== null) return `${by} to create pods with a non-nil configSource`;
    const wrong = forbiddenLabels(labels, {});
    return wrong.length === 0 ? null : `${by} to set the following labels: ${wrong.join(', ')}`;
  }
  if (operation !== 'update') return null;
  if (config !== undefined && config !== null && !isEqualJson(config, specOf(old)['configSource'] ?? null)) {
    return `${by} to update configSource to a new non-nil configSource`;
  }
  if (
    !isEqualJson(objectsOf(specOf(object), 'taints') as Json[], objectsOf(specOf(old), 'taints') as Json[])
  ) {
    return `${by} to modify taints`;
  }
  const wrong = forbiddenLabels(labels, old?.metadata.labels ?? {});
  return wrong.length === 0 ? null : `is not allowed to modify labels: ${wrong.join(', ')}`;
}

/** The object of the node's own name; what is created has it in itself alone. */
function isOwn({ operation, name, object }: AdmissionAttributes, node: string): boolean {
  return (operation === 'create' ? (object?.metadata.name ?? '') : name) === node;
}

/** The name that a refusal tells of. */
function shownName({ name, object }: AdmissionAttributes): string {
  return name === '' ? (object?.metadata.name ?? '') : name;
}

function checked(lookup: Lookup): (attributes: AdmissionAttributes) => Promise<void> | void {
  const restriction = new NodeRestriction(lookup);
  return (attributes) => {
    const node = nodeNameOf(attributes.user);
    if (node === null) return;
    return restriction.problem(attributes, node).then((problem) => {
      const resource: ResourceType = attributes.resource;
      if (problem !== null) throw forbidden(resource, shownName(attributes), problem);
    });
  };
}

export function nodeRestriction(lookup: Lookup): AdmissionPlugin {
  return { name: 'NodeRestriction', check: checked(lookup) };
}
