/** Admission plugins of a few lines: each adds something to what is being created. */

import type { JsonObject } from '../api/objects.ts';
import { changeSpec, type SpecHolder } from '../storage/template-specs.ts';
import { objectsOf, textOf } from '../validation/members.ts';
import { settleSpec, writtenPod } from './pods.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

/** How long a pod stays on a node that is not ready or cannot be reached. */
const tolerationSeconds = 300;

function tolerates(tolerations: readonly JsonObject[], key: string): boolean {
  return tolerations.some((toleration) => {
    const ofKey = textOf(toleration, 'key');
    const effect = textOf(toleration, 'effect');
    return (ofKey === key || ofKey === '') && (effect === 'NoExecute' || effect === '');
  });
}

function addTolerations(holder: SpecHolder): void {
  holder.spec ??= {};
  const tolerations = [...objectsOf(holder.spec, 'tolerations')];
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) => !tolerates(tolerations, key),
  );
  for (const key of added) {
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });
  }
  if (added.length === 0) return;
  holder.spec['tolerations'] = tolerations;
  settleSpec(holder);
}

export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(attributes) {
    const pod = writtenPod(attributes);
    if (pod !== null) changeSpec(pod, 'DefaultTolerationSeconds', addTolerations);
  },
};

function isNew({ operation, resource, subresource }: AdmissionAttributes, plural: string): boolean {
  return operation === 'create' && subresource === '' && resource.group === '' && resource.plural === plural;
}

export const taintNewNodes: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate(attributes) {
    const { object } = attributes;
    if (object === null || !isNew(attributes, 'nodes')) return;
    const key = 'node.kubernetes.io/not-ready';
    object.spec ??= {};
    const taints = objectsOf(object.spec, 'taints');
    if (taints.some((taint) => taint['key'] === key && taint['effect'] === 'NoSchedule')) return;
    object.spec['taints'] = [...taints, { key, effect: 'NoSchedule' }];
  },
};

const protection: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

export const protectStorage: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate(attributes) {
    const { object, resource } = attributes;
    const finalizer = protection[resource.plural];
    if (object === null || finalizer === undefined || !isNew(attributes, resource.plural)) return;
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
  },
};
