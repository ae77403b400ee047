/**
 * Pods: born Pending with their quality of service; hardly changed afterwards, but for /status, /resize and
 * /ephemeralcontainers, each of which changes its own part and nothing else.
 */

import { copyJson } from '../api/json.ts';
import { type ApiObject, asJson, type JsonObject, type ObjectMeta } from '../api/objects.ts';
import { settle } from '../defaults/pod.ts';
import type { Strategy } from '../registry/types.ts';
import { ownSpec, templateId } from '../storage/template-specs.ts';
import { qosClassOf } from '../validation/pod-resources.ts';
import { validatePodCreate } from '../validation/pod-spec.ts';
import { validatePodStatus } from '../validation/pod-status.ts';
import type { Container, LabelSelectorSpec, PodSpec } from '../validation/pod-types.ts';
import { validateEphemeralUpdate, validatePodUpdate, validateResize } from '../validation/pod-update.ts';
import { podWarnings } from '../validation/pod-warnings.ts';

function specOf(pod: ApiObject): PodSpec {
  return (pod.spec ?? {}) as PodSpec;
}

function firstStatus(pod: ApiObject): JsonObject {
  const { schedulingGates = [] } = specOf(pod);
  const status: JsonObject = { phase: 'Pending' };
  if (schedulingGates.length > 0) {
    status['conditions'] = [
      {
        type: 'PodScheduled',
        observedGeneration: 1,
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ];
  }
  status['qosClass'] = qosOf(specOf(pod));
  return status;
}

/** The class of specs that pods share. */
const knownQos: WeakMap<PodSpec, string> = new WeakMap();

function qosOf(spec: PodSpec): string {
  const known = knownQos.get(spec);
  if (known !== undefined) return known;
  const { containers = [], initContainers = [], resources } = spec;
  const found = qosClassOf([...containers, ...initContainers], resources);
  if (templateId(spec as JsonObject) !== null) knownQos.set(spec, found);
  return found;
}

interface KeyedTerm {
  labelSelector?: LabelSelectorSpec;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** Keys whose values are the pod's own become part of the selector. */
function mergeLabelKeys(term: KeyedTerm, labels: Record<string, string>): void {
  if (term.labelSelector === undefined) return;
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const expressions = [...(term.labelSelector.matchExpressions ?? [])];
  const before = expressions.length;
  const add = (keys: readonly string[], operator: string): void => {
    for (const key of keys) {
      const value = labels[key];
      if (value !== undefined) expressions.push({ key, operator, values: [value] });
    }
  };
  add(matchLabelKeys, 'In');
  add(mismatchLabelKeys, 'NotIn');
  if (expressions.length > before) {
    term.labelSelector = { ...term.labelSelector, matchExpressions: expressions };
  }
}

function mergeAllLabelKeys(pod: ApiObject): void {
  const { labels = {} } = pod.metadata;
  const before = specOf(pod);
  if (before.affinity === undefined && before.topologySpreadConstraints === undefined) return;
  // Labels are the pod's own.
  ownSpec(pod);
  const { affinity, topologySpreadConstraints = [] } = specOf(pod);
  for (const constraint of topologySpreadConstraints) mergeLabelKeys(constraint as KeyedTerm, labels);
  for (const rules of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    for (const term of rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      mergeLabelKeys(term as KeyedTerm, labels);
    }
    for (const { podAffinityTerm } of rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (podAffinityTerm !== undefined) mergeLabelKeys(podAffinityTerm as KeyedTerm, labels);
    }
  }
}

interface Observed {
  observedGeneration?: number;
}

interface ObservedStatus extends Observed {
  qosClass?: string;
  conditions?: (Observed & { type?: string })[];
}

/** Members that old kubelets do not know are kept when they leave them out. */
function keepUnknownStatus(pod: ApiObject, old: ApiObject): void {
  pod.status ??= {};
  const status = pod.status as ObservedStatus;
  const before = (old.status ?? {}) as ObservedStatus;
  if ((status.qosClass ?? '') === '' && before.qosClass !== undefined) status.qosClass = before.qosClass;
  if ((status.observedGeneration ?? 0) === 0 && before.observedGeneration !== undefined) {
    pod.status = { observedGeneration: before.observedGeneration, ...asJson(status) };
  }
  for (const condition of status.conditions ?? []) {
    if ((condition.observedGeneration ?? 0) !== 0) continue;
    const known = before.conditions?.find(({ type }) => type === condition.type)?.observedGeneration;
    if (known !== undefined) condition.observedGeneration = known;
  }
}

/** Members of metadata that these subresources leave alone. */
const keptMeta: readonly (keyof ObjectMeta)[] = ['finalizers', 'labels', 'annotations', 'ownerReferences'];

function keepMeta(pod: ApiObject, old: ApiObject): void {
  const target = pod.metadata as Record<string, unknown>;
  for (const member of keptMeta) {
    if (old.metadata[member] === undefined) delete target[member];
    else target[member] = copyJson(old.metadata[member]);
  }
}

function keepRest(pod: ApiObject, old: ApiObject, spec: JsonObject): void {
  pod.spec = spec;
  if (old.status !== undefined) pod.status = copyJson(old.status);
  keepMeta(pod, old);
}

/** The old spec in its order, with one member in another state. */
function withMember(old: ApiObject, member: string, value: unknown, after: string): JsonObject {
  const spec: JsonObject = {};
  for (const [name, own] of Object.entries(copyJson(old.spec ?? {}))) {
    if (name !== member) spec[name] = own;
    if (name === after && value !== undefined) spec[member] = value as JsonObject[];
  }
  return spec;
}

function onlyEphemeral(pod: ApiObject, old: ApiObject): void {
  const { ephemeralContainers } = specOf(pod);
  keepRest(pod, old, withMember(old, 'ephemeralContainers', ephemeralContainers, 'containers'));
}

/** The old containers with the resources of the new; null: they do not match one by one. */
function resized(containers: readonly Container[] = [], old: readonly Container[] = []): unknown[] | null {
  if (containers.length !== old.length) return null;
  const merged: unknown[] = [];
  for (let at = 0; at < old.length; at++) {
    const { name, resources = {}, resizePolicy } = containers[at]!;
    if (name !== old[at]!.name) return null;
    const next: Record<string, unknown> = {};
    for (const [member, value] of Object.entries(old[at]!)) {
      if (member === 'resizePolicy') continue;
      next[member] = member === 'resources' ? resources : value;
      if (member === 'resources' && resizePolicy !== undefined) next['resizePolicy'] = resizePolicy;
    }
    merged.push(next);
  }
  return merged;
}

function onlyResources(pod: ApiObject, old: ApiObject): void {
  const now = specOf(pod);
  const before = specOf(old);
  const containers = resized(now.containers, before.containers);
  const initContainers = resized(now.initContainers, before.initContainers);
  // What was renamed or reordered stays as sent: validation refuses it.
  if (containers === null || initContainers === null) return;
  const spec = copyJson(old.spec ?? {});
  spec['containers'] = copyJson(containers) as JsonObject[];
  if (before.initContainers !== undefined) spec['initContainers'] = copyJson(initContainers) as JsonObject[];
  keepRest(pod, old, spec);
}

export const podStrategy: Strategy = {
  hasSharedSpec: true,
  prepareForCreate(pod) {
    mergeAllLabelKeys(pod);
    pod.status = firstStatus(pod);
  },
  prepareForUpdate(pod, old, { subresource }) {
    if (subresource === 'ephemeralcontainers') onlyEphemeral(pod, old);
    else if (subresource === 'resize') onlyResources(pod, old);
    else if (subresource === 'status') {
      const { ownerReferences } = old.metadata;
      delete pod.metadata.ownerReferences;
      if (ownerReferences !== undefined) pod.metadata.ownerReferences = copyJson(ownerReferences);
      keepUnknownStatus(pod, old);
      settle(pod, 'core.v1.Pod');
    }
  },
  validateCreate: (pod) => validatePodCreate(pod),
  validateUpdate(pod, old, { subresource }) {
    switch (subresource) {
      case '':
        return validatePodUpdate(pod, old);
      case 'status':
        return validatePodStatus(pod, old);
      case 'resize':
        return validateResize(pod, old);
      case 'ephemeralcontainers':
        return validateEphemeralUpdate(pod, old);
      default:
        // Bindings and evictions change what nobody else may.
        return [];
    }
  },
  warnings: (pod, old) => (old === null ? podWarnings(pod) : []),
};
