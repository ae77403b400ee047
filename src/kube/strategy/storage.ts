/** Kinds of storage.k8s.io: classes, drivers, attachments. Most of what they say never changes. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import {
  isSame,
  problemsAt,
  validateImmutable,
  validateLabelName,
  validateNotNegative,
  validateSubdomain,
} from '../validation/pod-fields.ts';

const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const reclaimPolicies = ['Delete', 'Retain'];
const parametersMax = 512;
const driverNameMax = 63;
const nodeNameMax = 256;

function validateProvisioner(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  return problemsAt(field, name, qualifiedNameProblems(name.toLowerCase()));
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
  if (policy !== '' && !reclaimPolicies.includes(policy)) {
    errors.push(notSupported('reclaimPolicy', policy, reclaimPolicies));
  }
  const mode = textOf(json, 'volumeBindingMode');
  if (!bindingModes.includes(mode)) errors.push(notSupported('volumeBindingMode', mode, bindingModes));
  return [...errors, ...validateTopologies('allowedTopologies', objectsOf(json, 'allowedTopologies'))];
}

/** Where volumes may be: labels and their values, each key once in a term. */
function validateTopologies(field: string, terms: readonly JsonObject[]): FieldError[] {
  const errors: FieldError[] = [];
  // A real server compares with as many empty terms as there are terms: one that says nothing is a duplicate.
  const before = terms.map(() => '[]');
  terms.forEach((term, at) => {
    const path = `${field}[${at}].matchLabelExpressions`;
    const values = new Map<string, string>();
    objectsOf(term, 'matchLabelExpressions').forEach((expression, i) => {
      const key = textOf(expression, 'key');
      const given = textsOf(expression, 'values');
      if (given.length === 0) errors.push(required(`${path}[${i}].values`));
      given.forEach((value, n) => {
        if (given.indexOf(value) < n) errors.push(duplicate(`${path}[${i}].values[${n}]`, value));
      });
      errors.push(...validateLabelName(`${path}[${i}].key`, key));
      if (values.has(key)) errors.push(duplicate(`${path}[${i}].key`, key));
      values.set(key, JSON.stringify([...new Set(given)].sort()));
    });
    const whole = JSON.stringify([...values].sort());
    if (before.includes(whole)) errors.push(duplicate(path, ''));
    before.push(whole);
  });
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

/** The name of a driver. Nothing is wrong in two ways. */
function validateDriverName(field: string, name: string): FieldError[] {
  const errors = name === '' ? [required(field)] : [];
  if (name.length > driverNameMax) errors.push(tooLong(field, driverNameMax));
  return [...errors, ...problemsAt(field, name, subdomainProblems(name.toLowerCase()))];
}

function validateAttachmentSource(field: string, source: JsonObject): FieldError[] {
  const why = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  const isNamed = has(source, 'persistentVolumeName');
  if (isNamed === has(source, 'inlineVolumeSpec')) {
    return [isNamed ? forbiddenValue(field, why) : required(field, why)];
  }
  const path = `${field}.persistentVolumeName`;
  const name = textOf(source, 'persistentVolumeName');
  if (!isNamed) return [];
  const errors = name === '' ? [required(path, 'must specify non empty persistentVolumeName')] : [];
  return [...errors, ...problemsAt(path, name, subdomainProblems(name))];
}

function validateAttachment(object: ApiObject): FieldError[] {
  const spec = object.spec ?? {};
  const errors = validateDriverName('spec.attacher', textOf(spec, 'attacher'));
  if (textOf(spec, 'nodeName') === '') errors.push(required('spec.nodeName'));
  else errors.push(...validateSubdomain('spec.nodeName', textOf(spec, 'nodeName')));
  return [...errors, ...validateAttachmentSource('spec.source', objectOf(spec, 'source'))];
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
  const names = new Set<string>();
  objectsOf(object.spec ?? {}, 'drivers').forEach((driver, at) => {
    const field = `spec.drivers[${at}]`;
    const name = textOf(driver, 'name');
    const node = textOf(driver, 'nodeID');
    errors.push(...validateDriverName(`${field}.name`, name));
    if (node === '') errors.push(required(`${field}.nodeID`));
    if (node.length > nodeNameMax) {
      const why = `must be ${nodeNameMax} characters or less`;
      errors.push(invalidValue(`${field}.nodeID`, node, why));
    }
    const count = numberOf(objectOf(driver, 'allocatable'), 'count');
    errors.push(...validateNotNegative(`${field}.allocatable.count`, count));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    errors.push(...validateTopologyKeys(field, textsOf(driver, 'topologyKeys')));
  });
  return errors;
}

function validateTopologyKeys(field: string, keys: readonly string[]): FieldError[] {
  return keys.flatMap((key, at) => {
    const errors = key === '' ? [required(field)] : [];
    if (keys.indexOf(key) < at) errors.push(duplicate(field, key));
    return [...errors, ...problemsAt(field, [...keys], qualifiedNameProblems(key))];
  });
}

/** A driver that stays on its node stays what it is. */
function validateSameDrivers(object: ApiObject, old: ApiObject): FieldError[] {
  const drivers = objectsOf(object.spec ?? {}, 'drivers');
  return objectsOf(old.spec ?? {}, 'drivers').flatMap((before) =>
    drivers
      .filter((driver) => driver['name'] === before['name'] && !isSame(driver, before))
      .map((driver) => invalidValue('CSINodeDriver', driver, 'field is immutable')),
  );
}

export const storageNodeStrategy: Strategy = {
  validateCreate: validateStorageNode,
  validateUpdate: (object, old) => [...validateStorageNode(object), ...validateSameDrivers(object, old)],
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
