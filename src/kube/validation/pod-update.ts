/** What may change in a pod that exists: little by an update, more by /resize and /ephemeralcontainers. */

import { type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { isRestartable, validateImage } from './pod-containers.ts';
import { diffText } from './pod-diff.ts';
import { int32Max, isSame, rangeText } from './pod-fields.ts';
import { qosClassOf } from './pod-resources.ts';
import { validateTolerations } from './pod-scheduling.ts';
import { isRightSpec, mirrorAnnotation, validatePod } from './pod-spec.ts';
import type { Affinity, Container, NodeAffinity, PodSpec, Toleration } from './pod-types.ts';

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** How an error names no field in particular. */
const wholeObject = '[]';

function specOf(pod: ApiObject): PodSpec {
  return (pod.spec ?? {}) as PodSpec;
}

function validateMirror(pod: ApiObject, old: ApiObject): FieldError[] {
  const field = `metadata.annotations[${mirrorAnnotation}]`;
  const before = old.metadata.annotations?.[mirrorAnnotation];
  const after = pod.metadata.annotations?.[mirrorAnnotation];
  if (before === after) return [];
  const what = before === undefined ? 'add' : 'remove or update';
  return [forbiddenValue(field, `may not ${what} mirror pod annotation`)];
}

/** @returns null: the lists are of different lengths, and nothing more is to be compared */
function validateImages(
  field: string,
  containers: readonly Container[],
  old: readonly Container[],
): FieldError[] | null {
  if (containers.length !== old.length) return null;
  return containers.flatMap((container, at) => {
    const path = `${field}[${at}]`;
    const errors = (container.image ?? '') === '' ? [required(`${path}.image`)] : [];
    return [...errors, ...validateImage(path, container)];
  });
}

/** A deadline may come, and come nearer. @returns null: fine */
function deadlineError(spec: PodSpec, old: PodSpec): FieldError | null {
  const field = 'spec.activeDeadlineSeconds';
  const after = spec.activeDeadlineSeconds;
  const before = old.activeDeadlineSeconds;
  if (after === undefined) {
    if (before === undefined) return null;
    return invalidValue(field, null, 'must not update from a positive integer to nil value');
  }
  if (after < 0 || after > int32Max) return invalidValue(field, after, rangeText(0, int32Max));
  if (before !== undefined && before < after) {
    return invalidValue(field, after, 'must be less than or equal to previous value');
  }
  return null;
}

function validateAddedTolerations(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
): FieldError[] {
  const field = 'spec.tolerations';
  const keyOf = ({ tolerationSeconds: _seconds, ...rest }: Toleration): string => JSON.stringify(rest);
  const keys = new Set(tolerations.map(keyOf));
  if (!old.every((toleration) => keys.has(keyOf(toleration)))) {
    const why = 'existing toleration can not be modified except its tolerationSeconds';
    return [forbiddenValue(field, why)];
  }
  return validateTolerations(field, tolerations);
}

function validateRemovedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map(({ name = '' }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name = '' }, at) => {
    if (before.has(name)) return [];
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbiddenValue(`spec.schedulingGates[${at}].name`, why)];
  });
}

/** Of a gated pod, selectors may become narrower. */
function validateGatedSelectors(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const selector = spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (selector[key] === value) continue;
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalidValue('spec.nodeSelector', { ...selector }, why));
    break;
  }
  const hard = (
    affinity: NodeAffinity | undefined,
  ): NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution'] =>
    affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const before = hard(old.affinity?.nodeAffinity)?.nodeSelectorTerms;
  const after = hard(spec.affinity?.nodeAffinity)?.nodeSelectorTerms;
  if (before === undefined || isSame(before, after)) return errors;
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  if (after === undefined || after.length !== before.length) {
    const why = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [...errors, invalidValue(field, (after ?? null) as never, why)];
  }
  before.forEach((term, at) => {
    const wide = [...(term.matchExpressions ?? []), ...(term.matchFields ?? [])];
    const narrow = [...(after[at]!.matchExpressions ?? []), ...(after[at]!.matchFields ?? [])];
    if (wide.every((expression) => narrow.some((other) => isSame(expression, other)))) return;
    const why = 'only additions are allowed (no mutations or deletions)';
    errors.push(invalidValue(`${field}[${at}]`, after[at] as never, why));
  });
  return errors;
}

function withImages(
  containers: readonly Container[] | undefined,
  old: readonly Container[],
): Container[] | undefined {
  return containers?.map((container, at) => ({ ...container, image: old[at]!.image! }));
}

/** The new spec with everything that may change as it was. */
function masked(spec: PodSpec, old: PodSpec): PodSpec {
  const copy: Record<string, unknown> = { ...spec };
  const restore = (...members: (keyof PodSpec)[]): void => {
    for (const member of members) {
      if (old[member] === undefined) delete copy[member];
      else copy[member] = old[member];
    }
  };
  copy['containers'] = withImages(spec.containers, old.containers ?? []);
  if (spec.initContainers !== undefined) {
    copy['initContainers'] = withImages(spec.initContainers, old.initContainers ?? []);
  }
  restore('activeDeadlineSeconds', 'tolerations', 'schedulingGates');
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && spec.terminationGracePeriodSeconds === 1) {
    restore('terminationGracePeriodSeconds');
  }
  if ((old.schedulingGates ?? []).length > 0) {
    restore('nodeSelector');
    const { nodeAffinity: _own, ...others } = (spec.affinity ?? {}) as Affinity;
    const before = old.affinity?.nodeAffinity;
    const affinity = before === undefined ? others : { nodeAffinity: before, ...others };
    if (Object.keys(affinity).length > 0 || old.affinity !== undefined) copy['affinity'] = affinity;
    else delete copy['affinity'];
  }
  return copy as PodSpec;
}

/** Members in one order, so that a mask does not look like a change. */
function sorted(spec: PodSpec): unknown {
  return Object.fromEntries(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function validatePodUpdate(pod: ApiObject, old: ApiObject): FieldError[] {
  const spec = specOf(pod);
  const before = specOf(old);
  const errors = [...validatePod(pod), ...validateMirror(pod, old)];
  // The very spec that there was: nothing of it has changed, and what is wrong with it was told.
  if (spec === before && isRightSpec(pod)) return errors;
  for (const list of ['containers', 'initContainers'] as const) {
    const found = validateImages(`spec.${list}`, spec[list] ?? [], before[list] ?? []);
    if (found === null) {
      return [...errors, forbiddenValue(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
    errors.push(...found);
  }
  const deadline = deadlineError(spec, before);
  if (deadline !== null) {
    errors.push(deadline);
    if (spec.activeDeadlineSeconds !== undefined) return errors;
  }
  errors.push(...validateAddedTolerations(spec.tolerations ?? [], before.tolerations ?? []));
  errors.push(...validateRemovedGates(spec, before));
  if (isSame(spec, before)) return errors;
  if ((before.schedulingGates ?? []).length > 0) errors.push(...validateGatedSelectors(spec, before));
  const rest = masked(spec, before);
  if (!isSame(sorted(rest), sorted(before))) {
    const diff = diffText('core.PodSpec', before, rest);
    errors.push(forbiddenValue('spec', `pod updates may not change fields other than ${updatable}\n${diff}`));
  }
  return errors;
}

export function validateEphemeralUpdate(pod: ApiObject, old: ApiObject): FieldError[] {
  const errors = [...validatePod(pod), ...validateMirror(pod, old)];
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenValue(wholeObject, 'static pods do not support ephemeral containers')];
  }
  const field = 'spec.ephemeralContainers';
  const after = new Map(
    (specOf(pod).ephemeralContainers ?? []).map((container) => [container.name, container]),
  );
  for (const container of specOf(old).ephemeralContainers ?? []) {
    const name = JSON.stringify(container.name);
    const now = after.get(container.name);
    if (now === undefined) {
      errors.push(forbiddenValue(field, `existing ephemeral containers ${name} may not be removed\n`));
    } else if (!isSame(container, now)) {
      const diff = diffText('core.EphemeralContainer', container, now);
      errors.push(forbiddenValue(field, `existing ephemeral containers ${name} may not be changed\n${diff}`));
    }
  }
  return errors;
}

type Amounts = Record<string, string>;

function isRemoved(after: Amounts = {}, before: Amounts = {}): boolean {
  return Object.keys(before).some((name) => after[name] === undefined);
}

function validateContainerResize(field: string, container: Container, old: Container): FieldError[] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const before = old.resources ?? {};
  const errors: FieldError[] = [];
  if (isRemoved(requests, before.requests)) {
    errors.push(forbiddenValue(`${field}.requests`, 'resource requests cannot be removed'));
  }
  if (isRemoved(limits, before.limits)) {
    errors.push(forbiddenValue(`${field}.limits`, 'resource limits cannot be removed'));
  }
  return errors;
}

/** A container without what a resize may change. */
function withoutResources(container: Container): unknown {
  const other = (amounts: Amounts = {}): Amounts => {
    const { cpu: _cpu, memory: _memory, ...rest } = amounts;
    return rest;
  };
  const { resources = {}, resizePolicy: _policy, ...rest } = container;
  const { limits, requests, ...others } = resources;
  return { ...rest, resources: { ...others, limits: other(limits), requests: other(requests) } };
}

function validateResizedContainers(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  (old.initContainers ?? []).forEach((before, at) => {
    const after = spec.initContainers?.[at];
    if (after === undefined || !isRestartable(before)) return;
    errors.push(...validateContainerResize(`spec.initContainers[${at}].resources`, after, before));
  });
  (old.containers ?? []).forEach((before, at) => {
    const after = spec.containers?.[at];
    if (after === undefined) return;
    errors.push(...validateContainerResize(`spec.containers[${at}].resources`, after, before));
  });
  (old.containers ?? []).forEach((before, at) => {
    const after = spec.containers?.[at];
    if (after !== undefined && isSame(withoutResources(after), withoutResources(before))) return;
    errors.push(forbiddenValue('spec', 'only cpu and memory resources are mutable'));
  });
  (old.initContainers ?? []).forEach((before, at) => {
    const after = spec.initContainers?.[at];
    if (!isRestartable(before)) {
      if (isSame(after, before)) return;
      errors.push(forbiddenValue('spec', 'resources for non-sidecar init containers are immutable'));
    } else if (after === undefined || !isSame(withoutResources(after), withoutResources(before))) {
      errors.push(forbiddenValue('spec', 'only cpu and memory resources for sidecar containers are mutable'));
    }
  });
  return errors;
}

function qosOf({ containers = [], initContainers = [], resources }: PodSpec): string {
  return qosClassOf([...containers, ...initContainers], resources);
}

export function validateResize(pod: ApiObject, old: ApiObject): FieldError[] {
  const spec = specOf(pod);
  const before = specOf(old);
  const errors = validatePod(pod);
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenValue(wholeObject, 'static pods cannot be resized')];
  }
  if (before.os?.name === 'windows') return [forbiddenValue(wholeObject, 'windows pods cannot be resized')];
  const isLonger = (list: 'containers' | 'initContainers'): boolean =>
    (spec[list] ?? []).length !== (before[list] ?? []).length;
  if (isLonger('containers') || isLonger('initContainers')) {
    return [...errors, forbiddenValue('spec', 'only cpu and memory resources are mutable')];
  }
  if (qosOf(spec) !== qosOf(before)) {
    const why = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalidValue('spec', (old.status?.['qosClass'] ?? '') as string, why));
  }
  return [...errors, ...validateResizedContainers(spec, before)];
}
