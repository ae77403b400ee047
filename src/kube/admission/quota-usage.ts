/** What objects count for in quotas, and which quotas are about them. */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { has, mapOf, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { needsNodePort } from '../validation/services.ts';
import { type Amounts, podAmounts } from './pod-usage.ts';
import { allContainers } from './pods.ts';

const one = 1_000_000_000n;

/** Counted under their plural as well as under `count/…`. */
const plainCounts: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
]);

/** Resources whose name in a quota has no `requests.` before it. */
const plainRequests: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

function countName({ group, plural }: ResourceType): string {
  return group === '' ? `count/${plural}` : `count/${plural}.${group}`;
}

function isFinished(pod: ApiObject): boolean {
  const phase = textOf(pod.status ?? {}, 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

function addPod(usage: Amounts, pod: ApiObject): void {
  if (isFinished(pod)) {
    usage.delete('pods');
    return;
  }
  const spec = pod.spec ?? {};
  for (const [name, nanos] of podAmounts(spec, 'requests')) {
    if (plainRequests.has(name) || name.startsWith('hugepages-')) usage.set(name, nanos);
    usage.set(`requests.${name}`, nanos);
  }
  for (const [name, nanos] of podAmounts(spec, 'limits')) {
    if (plainRequests.has(name)) usage.set(`limits.${name}`, nanos);
  }
}

function addService(usage: Amounts, service: ApiObject): void {
  const spec = service.spec ?? {};
  if (textOf(spec, 'type') === 'LoadBalancer') usage.set('services.loadbalancers', one);
  if (needsNodePort(spec)) usage.set('services.nodeports', BigInt(objectsOf(spec, 'ports').length) * one);
}

function addClaim(usage: Amounts, claim: ApiObject): void {
  const spec = claim.spec ?? {};
  const size = mapOf(objectOf(spec, 'resources'), 'requests')['storage'];
  const className = textOf(spec, 'storageClassName');
  const byClass = `${className}.storageclass.storage.k8s.io`;
  if (className !== '') usage.set(`${byClass}/persistentvolumeclaims`, one);
  if (size === undefined) return;
  const { nanos } = parseQuantity(size);
  usage.set('requests.storage', nanos);
  if (className !== '') usage.set(`${byClass}/requests.storage`, nanos);
}

/** Names as quotas have them, and how much of each. */
export function usageOf(resource: ResourceType, object: ApiObject): Amounts {
  const usage: Amounts = new Map([[countName(resource), one]]);
  if (resource.group !== '') return usage;
  if (plainCounts.has(resource.plural)) usage.set(resource.plural, one);
  if (resource.plural === 'pods') addPod(usage, object);
  else if (resource.plural === 'services') addService(usage, object);
  else if (resource.plural === 'persistentvolumeclaims') addClaim(usage, object);
  return usage;
}

/** Which resource, `pods` or `deployments.apps`, a name of a quota is about. */
export function countedResource(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (name.startsWith('services')) return 'services';
  if (name.includes('.storageclass.storage.k8s.io/')) return 'persistentvolumeclaims';
  if (name === 'requests.storage') return 'persistentvolumeclaims';
  return plainCounts.has(name) ? name : 'pods';
}

function isBestEffort(spec: JsonObject): boolean {
  return allContainers(spec).every((container) => {
    const resources = objectOf(container, 'resources');
    return ['requests', 'limits'].every((side) =>
      Object.entries(mapOf(resources, side)).every(
        ([name, text]) => (name !== 'cpu' && name !== 'memory') || parseQuantity(text).nanos === 0n,
      ),
    );
  });
}

interface ScopeTerm {
  readonly scope: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function termsOf(quota: ApiObject): readonly ScopeTerm[] {
  const spec = quota.spec ?? {};
  const plain = textsOf(spec, 'scopes').map((scope) => ({ scope, operator: 'Exists', values: [] }));
  const selected = objectsOf(objectOf(spec, 'scopeSelector'), 'matchExpressions').map((term) => ({
    scope: textOf(term, 'scopeName'),
    operator: textOf(term, 'operator'),
    values: textsOf(term, 'values'),
  }));
  return [...plain, ...selected];
}

function matchesClass({ operator, values }: ScopeTerm, name: string): boolean {
  switch (operator) {
    case 'In':
      return values.includes(name);
    case 'NotIn':
      return !values.includes(name);
    case 'DoesNotExist':
      return name === '';
    default:
      return name !== '';
  }
}

function reachesOtherNamespaces(spec: JsonObject): boolean {
  const affinity = objectOf(spec, 'affinity');
  return ['podAffinity', 'podAntiAffinity'].some((kind) => {
    const side = objectOf(affinity, kind);
    const terms = [
      ...objectsOf(side, 'requiredDuringSchedulingIgnoredDuringExecution'),
      ...objectsOf(side, 'preferredDuringSchedulingIgnoredDuringExecution').map((term) =>
        objectOf(term, 'podAffinityTerm'),
      ),
    ];
    return terms.some((term) => textsOf(term, 'namespaces').length > 0 || has(term, 'namespaceSelector'));
  });
}

function matchesPod(term: ScopeTerm, pod: ApiObject): boolean {
  const spec = pod.spec ?? {};
  const isTerminating = (numberOf(spec, 'activeDeadlineSeconds') ?? -1) >= 0;
  switch (term.scope) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'PriorityClass':
      return matchesClass(term, textOf(spec, 'priorityClassName'));
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec);
    default:
      return false;
  }
}

/** Whether the object is within the scopes of the quota; a quota without scopes is about everything. */
export function isInScope(quota: ApiObject, resource: ResourceType, object: ApiObject): boolean {
  const terms = termsOf(quota);
  if (terms.length === 0) return true;
  if (resource.group !== '') return false;
  if (resource.plural === 'pods') return terms.every((term) => matchesPod(term, object));
  if (resource.plural !== 'persistentvolumeclaims') return false;
  const name = textOf(object.spec ?? {}, 'volumeAttributesClassName');
  return terms.every((term) => term.scope === 'VolumeAttributesClass' && matchesClass(term, name));
}

const validated: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);

/** Which of the names every container must say, and the containers that do not: `requests.cpu for: c`. */
export function missingAmounts(names: readonly string[], pod: ApiObject): readonly string[] {
  const spec = pod.spec ?? {};
  const missing: string[] = [];
  for (const name of names.filter((candidate) => validated.has(candidate)).sort()) {
    const side = name.startsWith('limits.') ? 'limits' : 'requests';
    const plain = name.replace(/^(requests|limits)\./, '');
    const silent = allContainers(spec)
      .filter((container) => mapOf(objectOf(container, 'resources'), side)[plain] === undefined)
      .map((container) => textOf(container, 'name'))
      .sort();
    if (silent.length > 0) missing.push(`${name} for: ${silent.join(',')}`);
  }
  return missing;
}
