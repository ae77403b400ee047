/**
 * Claims and ingresses that name no class get the default one, the newest when there are several; and claims
 * grow only where their class says so.
 */

import { type ApiObject, asJson } from '../api/objects.ts';
import { forbidden } from '../api/status.ts';
import { settle } from '../defaults/pod.ts';
import type { ResourceType } from '../registry/types.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { has, objectOf, textOf } from '../validation/members.ts';
import type { Lookup } from './lookup.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

interface ClassRule {
  readonly name: string;
  readonly group: string;
  readonly plural: string;
  readonly definition: string;
  /** Member of the spec. */
  readonly member: string;
  /** On a class: it is the default. */
  readonly annotation: string;
  /** On an object: it has named a class the old way. */
  readonly oldName: string;
}

const storageRule: ClassRule = {
  name: 'DefaultStorageClass',
  group: '',
  plural: 'persistentvolumeclaims',
  definition: 'core.v1.PersistentVolumeClaim',
  member: 'storageClassName',
  annotation: 'storageclass.kubernetes.io/is-default-class',
  oldName: 'volume.beta.kubernetes.io/storage-class',
};

const ingressRule: ClassRule = {
  name: 'DefaultIngressClass',
  group: 'networking.k8s.io',
  plural: 'ingresses',
  definition: 'networking.v1.Ingress',
  member: 'ingressClassName',
  annotation: 'ingressclass.kubernetes.io/is-default-class',
  oldName: 'kubernetes.io/ingress.class',
};

/** The newest first; of two that are of one second, the first by name. */
function newestFirst(a: ApiObject, b: ApiObject): number {
  const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (x !== y) return x > y ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

function defaultClass(lookup: Lookup, classes: ResourceType, rule: ClassRule): AdmissionPlugin {
  async function fill(object: ApiObject): Promise<void> {
    object.spec ??= {};
    if (has(object.spec, rule.member) || object.metadata.annotations?.[rule.oldName] !== undefined) return;
    const all = await lookup.list(classes, '');
    const defaults = all.filter(({ metadata }) => metadata.annotations?.[rule.annotation] === 'true');
    const [newest] = defaults.sort(newestFirst);
    if (newest === undefined) return;
    object.spec[rule.member] = newest.metadata.name ?? '';
    settle(object, rule.definition);
  }
  return {
    name: rule.name,
    mutate({ operation, resource, subresource, object }) {
      if (operation !== 'create' || object === null || subresource !== '') return undefined;
      if (resource.group !== rule.group || resource.plural !== rule.plural) return undefined;
      return fill(object);
    },
  };
}

export function defaultStorageClass(lookup: Lookup, classes: ResourceType): AdmissionPlugin {
  return defaultClass(lookup, classes, storageRule);
}

export function defaultIngressClass(lookup: Lookup, classes: ResourceType): AdmissionPlugin {
  return defaultClass(lookup, classes, ingressRule);
}

const resizeText =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

function sizeOf(claim: ApiObject): string {
  return textOf(objectOf(objectOf(claim.spec ?? {}, 'resources'), 'requests'), 'storage');
}

export function claimResize(lookup: Lookup, classes: ResourceType): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    async validate(attributes: AdmissionAttributes) {
      const { operation, resource, subresource, object, old, name } = attributes;
      if (operation !== 'update' || object === null || old === null || subresource !== '') return;
      if (resource.group !== '' || resource.plural !== 'persistentvolumeclaims') return;
      const [size, before] = [sizeOf(object), sizeOf(old)];
      if (size === '' || before === '' || compareQuantities(size, before) <= 0) return;
      if (textOf(old.status ?? {}, 'phase') !== 'Bound') return;
      const className = textOf(object.spec ?? {}, 'storageClassName');
      const found = className === '' ? null : await lookup.find(classes, '', className);
      if (found !== null && asJson(found)['allowVolumeExpansion'] === true) return;
      throw forbidden(resource, name, resizeText);
    },
  };
}
