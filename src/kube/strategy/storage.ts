/** Kinds of storage.k8s.io (reference §4.4): classes, drivers, attachments. Most of what they say never changes. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { has, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isSame, validateImmutable, validateLabelName, validateSubdomain } from '../validation/pod-fields.ts';

const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const reclaimPolicies = ['Delete', 'Retain'];
const parametersMax = 512;

function validateProvisioner(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  return validateLabelName(field, name.toLowerCase());
}

function validateStorageClass(object: ApiObject): FieldError[] {
  const json = asJson(object);
  const errors = validateProvisioner('provisioner', textOf(json, 'provisioner'));
  const parameters = Object.keys(objectOf(json, 'parameters'));
  if (parameters.length > parametersMax) {
    errors.push(invalidValue('parameters', '', `must have at most ${parametersMax} items`));
  }
  if (parameters.includes('')) {
    errors.push(invalidValue('parameters', '', 'field can not be empty.'));
  }
  const policy = textOf(json, 'reclaimPolicy');
  if (!reclaimPolicies.includes(policy)) {
    errors.push(notSupported('reclaimPolicy', policy, reclaimPolicies));
  }
  const mode = textOf(json, 'volumeBindingMode');
  if (!bindingModes.includes(mode)) errors.push(notSupported('volumeBindingMode', mode, bindingModes));
  return errors;
}

function immutable(object: ApiObject, old: ApiObject, members: readonly string[]): FieldError[] {
  return members.flatMap((member) => validateImmutable(member, asJson(object)[member], asJson(old)[member]));
}

export const storageClassStrategy: Strategy = {
  validateCreate: validateStorageClass,
  validateUpdate: (object, old) => [
    ...validateStorageClass(object),
    ...immutable(object, old, ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode']),
  ],
};

function validateAttachment(object: ApiObject): FieldError[] {
  const spec = object.spec ?? {};
  const errors = validateProvisioner('spec.attacher', textOf(spec, 'attacher'));
  if (textOf(spec, 'nodeName') === '') errors.push(required('spec.nodeName'));
  else errors.push(...validateSubdomain('spec.nodeName', textOf(spec, 'nodeName')));
  const source = objectOf(spec, 'source');
  if (textOf(source, 'persistentVolumeName') === '' && !has(source, 'inlineVolumeSpec')) {
    errors.push(
      required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'),
    );
  }
  return errors;
}

export const volumeAttachmentStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = { attached: false };
  },
  validateCreate: validateAttachment,
  validateUpdate(object, old) {
    const errors = validateAttachment(object);
    if (!isSame(object.spec, old.spec)) {
      errors.push(invalidValue('spec', (object.spec ?? {}) as JsonObject, 'field is immutable'));
    }
    return errors;
  },
};

function validateDriver(object: ApiObject): FieldError[] {
  const spec = object.spec ?? {};
  const errors: FieldError[] = [];
  const name = object.metadata.name ?? '';
  if (name.length > 63)
    errors.push(invalidValue('metadata.name', name, 'must be no more than 63 characters'));
  const modes = ['Persistent', 'Ephemeral'];
  textsOf(spec, 'volumeLifecycleModes').forEach((mode) => {
    if (!modes.includes(mode)) {
      errors.push(notSupported('spec.volumeLifecycleModes', mode, [...modes].sort()));
    }
  });
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
  const policy = textOf(spec, 'fsGroupPolicy');
  if (!policies.includes(policy)) errors.push(notSupported('spec.fsGroupPolicy', policy, policies));
  return errors;
}

export const storageDriverStrategy: Strategy = {
  validateCreate: validateDriver,
  validateUpdate(object, old) {
    const errors = validateDriver(object);
    for (const member of ['attachRequired', 'volumeLifecycleModes']) {
      errors.push(...validateImmutable(`spec.${member}`, object.spec?.[member], old.spec?.[member]));
    }
    return errors;
  },
};

function validateStorageNode(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  objectsOf(object.spec ?? {}, 'drivers').forEach((driver, at) => {
    const field = `spec.drivers[${at}]`;
    if (textOf(driver, 'name') === '') errors.push(required(`${field}.name`));
    if (textOf(driver, 'nodeID') === '') errors.push(required(`${field}.nodeID`));
  });
  return errors;
}

export const storageNodeStrategy: Strategy = {
  validateCreate: validateStorageNode,
  validateUpdate: validateStorageNode,
};

function validateAttributesClass(object: ApiObject): FieldError[] {
  const json = asJson(object);
  const errors = validateProvisioner('driverName', textOf(json, 'driverName'));
  if (Object.keys(objectOf(json, 'parameters')).length === 0) {
    errors.push(required('parameters', 'must contain at least one key/value pair'));
  }
  return errors;
}

export const attributesClassStrategy: Strategy = {
  validateCreate: validateAttributesClass,
  validateUpdate: (object, old) => [
    ...validateAttributesClass(object),
    ...immutable(object, old, ['driverName', 'parameters']),
  ],
};
