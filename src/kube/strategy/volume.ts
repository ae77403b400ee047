/** PersistentVolumes: one source, modes, capacity; the source never changes. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { ApiObject, Json, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { definitionOf } from '../schema/schema.ts';
import {
  has,
  isSet,
  mapOf,
  maybeObject,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
} from '../validation/members.ts';
import { isSame, validateSubdomain } from '../validation/pod-fields.ts';
import { validateNodeSelector } from '../validation/pod-scheduling.ts';
import { validateAmount } from '../validation/resources.ts';
import { sourcePlace, validateSourceDetails } from '../validation/volume-sources.ts';

const accessModes: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

/** Errors of `spec.accessModes` of a volume or a claim. @param detail of the error when there is none */
export function validateAccessModes(spec: JsonObject, detail: string): FieldError[] {
  const modes = textsOf(spec, 'accessModes');
  if (modes.length === 0) return [required('spec.accessModes', detail)];
  const errors = modes
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported('spec.accessModes', mode, accessModes));
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    const why = 'may not use ReadWriteOncePod with other access modes';
    errors.push(forbiddenValue('spec.accessModes', why));
  }
  return errors;
}

export function validateVolumeMode(spec: JsonObject): FieldError[] {
  const mode = textOf(spec, 'volumeMode');
  return !has(spec, 'volumeMode') || volumeModes.includes(mode)
    ? []
    : [notSupported('spec.volumeMode', mode, volumeModes)];
}

let sourceNames: readonly string[] | null = null;

/** Members that say where the bytes are. */
function sources(): readonly string[] {
  sourceNames ??= [...definitionOf('core.v1.PersistentVolumeSource').fields.keys()];
  return sourceNames;
}

/** What a source must say; `a.b` is a member of a member. */
const neededMembers: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  nfs: ['server', 'path'],
  local: ['path'],
  awsElasticBlockStore: ['volumeID'],
  gcePersistentDisk: ['pdName'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'],
  cephfs: ['monitors'],
  cinder: ['volumeID'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  azureDisk: ['diskName', 'diskURI'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  scaleIO: ['gateway', 'system', 'volumeName'],
};

function validateSource(spec: JsonObject, volume: string): FieldError[] {
  const given = sources().filter((name) => maybeObject(spec, name) !== null);
  if (given.length === 0) return [required('spec', 'must specify a volume type')];
  const errors = given
    .slice(1)
    .map((name) => forbiddenValue(`spec.${name}`, 'may not specify more than 1 volume type'));
  const [name] = given as [string];
  const source = maybeObject(spec, name) ?? {};
  const place = `spec.${sourcePlace(name)}`;
  for (const member of neededMembers[name] ?? []) {
    if (!isSet(source[member])) errors.push(required(`${place}.${member}`));
  }
  errors.push(...validateSourceDetails(place, name, source, true, volume));
  const path = textOf(source, 'path');
  if (name === 'nfs' && !path.startsWith('/')) {
    errors.push(invalidValue(`${place}.path`, path, 'must be an absolute path'));
  }
  if (name === 'local' && maybeObject(spec, 'nodeAffinity') === null) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  if (name === 'hostPath' && textOf(source, 'path') === '/') {
    if (textOf(spec, 'persistentVolumeReclaimPolicy') === 'Recycle') {
      const why = "may not be 'recycle' for a hostPath mount of '/'";
      errors.push(forbiddenValue('spec.persistentVolumeReclaimPolicy', why));
    }
  }
  return errors;
}

function validateNodes(spec: JsonObject): FieldError[] {
  const affinity = maybeObject(spec, 'nodeAffinity');
  if (affinity === null) return [];
  const field = 'spec.nodeAffinity.required';
  const selector = maybeObject(affinity, 'required');
  if (selector === null) return [required(field, 'must specify required node constraints')];
  return validateNodeSelector(field, selector);
}

/** With the names of the server's own types, as a real one shows them. */
function shownAffinity(affinity: JsonObject): JsonObject {
  const expressions = (term: JsonObject, name: string): Json => {
    if (!has(term, name)) return null;
    return objectsOf(term, name).map((one) => {
      const values = has(one, 'values') ? [...textsOf(one, 'values')] : null;
      return { Key: textOf(one, 'key'), Operator: textOf(one, 'operator'), Values: values };
    });
  };
  const terms = objectsOf(objectOf(affinity, 'required'), 'nodeSelectorTerms').map((term) => ({
    MatchExpressions: expressions(term, 'matchExpressions'),
    MatchFields: expressions(term, 'matchFields'),
  }));
  return { Required: { NodeSelectorTerms: terms } };
}

function validateVolume(volume: ApiObject): FieldError[] {
  const spec = volume.spec ?? {};
  const errors = validateAccessModes(spec, '');
  const capacity = mapOf(spec, 'capacity');
  const isEmpty = Object.keys(capacity).length === 0;
  if (isEmpty) errors.push(required('spec.capacity'));
  if (capacity['storage'] === undefined || Object.keys(capacity).length > 1) {
    errors.push(notSupported('spec.capacity', isEmpty ? null : capacity, ['storage']));
  }
  for (const [name, amount] of Object.entries(capacity)) {
    const field = `spec.capacity[${name}]`;
    errors.push(...validateAmount(field, name, amount));
    if (parseQuantity(amount).nanos <= 0n) {
      errors.push(invalidValue(field, amount, 'must be greater than zero'));
    }
  }
  const policy = textOf(spec, 'persistentVolumeReclaimPolicy');
  if (policy !== '' && !reclaimPolicies.includes(policy)) {
    errors.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, reclaimPolicies));
  }
  errors.push(...validateSource(spec, volume.metadata.name ?? ''));
  const storageClass = textOf(spec, 'storageClassName');
  if (storageClass !== '') errors.push(...validateSubdomain('spec.storageClassName', storageClass));
  return [...errors, ...validateNodes(spec), ...validateVolumeMode(spec)];
}

export const volumeStrategy: Strategy = {
  prepareForCreate(volume, { now }) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: now };
  },
  prepareForUpdate(volume, old, { subresource, now }) {
    if (subresource !== 'status' || volume.status === undefined) return;
    if (textOf(volume.status, 'phase') !== textOf(old.status ?? {}, 'phase')) {
      volume.status['lastPhaseTransitionTime'] = now;
    }
  },
  validateCreate: validateVolume,
  validateUpdate(volume, old, { subresource }) {
    if (subresource !== '') return [];
    const errors = validateVolume(volume);
    const sourceOf = (of: ApiObject): unknown => sources().map((name) => of.spec?.[name] ?? null);
    if (!isSame(sourceOf(volume), sourceOf(old))) {
      const why = 'spec.persistentvolumesource is immutable after creation';
      errors.push(forbiddenValue('spec.persistentvolumesource', why));
    }
    if (!isSame(volume.spec?.['volumeMode'], old.spec?.['volumeMode'])) {
      errors.push(forbiddenValue('spec.volumeMode', 'field is immutable'));
    }
    const [affinity, before] = [volume, old].map((of) => maybeObject(of.spec ?? {}, 'nodeAffinity'));
    if (before != null && !isSame(affinity, before)) {
      const shown = affinity == null ? null : shownAffinity(affinity);
      errors.push(invalidValue('nodeAffinity', shown, 'field is immutable'));
    }
    return errors;
  },
};
