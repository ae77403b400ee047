/**
 * What sources of volumes may say beyond the members they need: names of iSCSI, ranges of partitions and units, references to
 * secrets, addresses of registries. The same for volumes of pods and PersistentVolumes; texts are those of a real API server.
 */

import { type FieldError, invalidValue, notSupported, required, tooLong } from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { labelProblems, subdomainProblems } from '../meta/names.ts';
import { has, mapOf, maybeObject, numberOf, textOf, textsOf } from './members.ts';
import {
  problemsAt,
  validateDescendingPath,
  validateDnsLabel,
  validateNoBacksteps,
  validateRange,
} from './pod-fields.ts';

const diskCaching = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedDisk =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const registryText = 'must be a host:port pair or multiple pairs separated by commas';

const initiatorLetters = 64;

/** Names of initiators and targets by how they begin. */
const iscsiNames: readonly (readonly [string, RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];

function validateIscsiName(field: string, name: string): FieldError[] {
  const form = iscsiNames.find(([prefix]) => name.startsWith(prefix));
  if (form === undefined) {
    return [invalidValue(field, name, 'must be valid format starting with iqn, eui, or naa')];
  }
  return form[1].test(name) ? [] : [invalidValue(field, name, 'must be valid format')];
}

/** @param volume the name of the volume: an initiator's is made of it and of the portal */
function validateIscsi(field: string, source: JsonObject, volume: string): FieldError[] {
  const errors: FieldError[] = [];
  const portal = textOf(source, 'targetPortal');
  if (has(source, 'initiatorName') && `${volume}:${portal}`.length > initiatorLetters) {
    const why = `Total length of <volume name>:<iscsi.targetPortal> must be under ${initiatorLetters} characters if iscsi.initiatorName is specified.`;
    errors.push(invalidValue(`${field}.targetportal`, portal, why));
  }
  const name = textOf(source, 'iqn');
  if (name !== '') errors.push(...validateIscsiName(`${field}.iqn`, name));
  errors.push(...validateRange(`${field}.lun`, numberOf(source, 'lun'), 0, 255));
  const asksSecret = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true;
  if (asksSecret && !has(source, 'secretRef')) errors.push(required(`${field}.secretRef`));
  if (has(source, 'initiatorName')) {
    errors.push(...validateIscsiName(`${field}.initiatorname`, textOf(source, 'initiatorName')));
  }
  return errors;
}

function validateFibreChannel(field: string, source: JsonObject): FieldError[] {
  const names = textsOf(source, 'targetWWNs');
  const ids = textsOf(source, 'wwids');
  const place = `${field}.targetWWNs`;
  const errors: FieldError[] = [];
  if (names.length + ids.length === 0) {
    errors.push(required(place, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (names.length === 0) return errors;
  if (ids.length > 0) {
    const why = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalidValue(place, [...names], why));
  }
  const unit = numberOf(source, 'lun');
  if (unit === undefined) {
    errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'));
  } else errors.push(...validateRange(`${field}.lun`, unit, 0, 255));
  return errors;
}

function validateFlocker(field: string, source: JsonObject): FieldError[] {
  const name = textOf(source, 'datasetName');
  const uid = textOf(source, 'datasetUUID');
  const errors: FieldError[] = [];
  if (name === '' && uid === '') {
    errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  }
  if (name !== '' && uid !== '') {
    const why = 'datasetName and datasetUUID can not be specified simultaneously';
    errors.push(invalidValue(field, 'resource', why));
  }
  if (name.includes('/')) errors.push(invalidValue(`${field}.datasetName`, name, "must not contain '/'"));
  return errors;
}

/** `host:port`, or `[address]:port` where the address has colons. */
function isAddress(pair: string): boolean {
  return /^([^[\]:]*|\[[^[\]]*\]):[^[\]:]*$/.test(pair);
}

function validateQuobyte(field: string, source: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const registry = textOf(source, 'registry');
  if (registry === '') errors.push(required(`${field}.registry`, registryText));
  else if (Buffer.byteLength(textOf(source, 'tenant')) >= 65) {
    const why = 'must be a UUID and may not exceed a length of 64 characters';
    errors.push(required(`${field}.tenant`, why));
  } else {
    for (const pair of registry.split(',')) {
      if (!isAddress(pair)) errors.push(invalidValue(`${field}.registry`, registry, registryText));
    }
  }
  if (textOf(source, 'volume') === '') errors.push(required(`${field}.volume`));
  return errors;
}

function validateFlexOptions(field: string, source: JsonObject): FieldError[] {
  return Object.keys(mapOf(source, 'options')).flatMap((key) => {
    const space = `.${key.split('/')[0]!.toLowerCase()}`;
    if (!space.endsWith('.kubernetes.io') && !space.endsWith('.k8s.io')) return [];
    const why = 'kubernetes.io and k8s.io namespaces are reserved';
    return [invalidValue(`${field}.options[${key}]`, key, why)];
  });
}

function validateAzureDisk(field: string, source: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const address = textOf(source, 'diskURI');
  for (const [member, supported] of [
    ['cachingMode', diskCaching],
    ['kind', diskKinds],
  ] as const) {
    const value = textOf(source, member);
    if (has(source, member) && !supported.includes(value)) {
      errors.push(notSupported(`${field}.${member}`, value, supported));
    }
  }
  if (!has(source, 'kind')) return errors;
  const isManaged = textOf(source, 'kind') === 'Managed';
  if (!address.startsWith(isManaged ? '/subscriptions/' : 'https://')) {
    errors.push(notSupported(`${field}.diskURI`, address, [isManaged ? managedDisk : blobDisk]));
  }
  return errors;
}

function validateStorageOs(field: string, source: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(source, 'volumeName');
  const namespace = textOf(source, 'volumeNamespace');
  if (name === '') errors.push(required(`${field}.volumeName`));
  else errors.push(...validateDnsLabel(`${field}.volumeName`, name));
  if (namespace !== '') errors.push(...validateDnsLabel(`${field}.volumeNamespace`, namespace));
  return errors;
}

/** @param needsNamespace the volume has none of its own */
function validateSecretNames(field: string, source: JsonObject, needsNamespace: boolean): FieldError[] {
  const reference = maybeObject(source, 'secretRef');
  if (reference === null) return [];
  const members = needsNamespace ? ['name', 'namespace'] : ['name'];
  return members
    .filter((member) => textOf(reference, member) === '')
    .map((member) => required(`${field}.secretRef.${member}`));
}

function validateDriver(field: string, driver: string): FieldError[] {
  const errors: FieldError[] = [];
  if (driver === '') errors.push(required(field));
  if (driver.length > 63) errors.push(tooLong(field, 63));
  return [...errors, ...problemsAt(field, driver, subdomainProblems(driver.toLowerCase()))];
}

/** The secrets of a PersistentVolume's driver. */
const driverSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
];

function validateDriverSecrets(field: string, source: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of driverSecrets) {
    const reference = maybeObject(source, member);
    if (reference === null) continue;
    const [name, namespace] = [textOf(reference, 'name'), textOf(reference, 'namespace')];
    const place = `${field}.${member}`;
    if (name === '') errors.push(required(`${place}.name`));
    else errors.push(...problemsAt(`${place}.name`, name, subdomainProblems(name)));
    if (namespace === '') errors.push(required(`${place}.namespace`));
    else errors.push(...problemsAt(`${place}.namespace`, namespace, labelProblems(namespace)));
  }
  return errors;
}

function validatePodSecret(field: string, source: JsonObject): FieldError[] {
  const reference = maybeObject(source, 'nodePublishSecretRef');
  if (reference === null) return [];
  const name = textOf(reference, 'name');
  // A real server has that blank, and names no member otherwise.
  if (name === '') return [required(`${field}.nodePublishSecretRef .name`)];
  return problemsAt(`${field}.name`, name, subdomainProblems(name));
}

function validatePartition(field: string, source: JsonObject): FieldError[] {
  const partition = numberOf(source, 'partition') ?? 0;
  return partition === 0 ? [] : validateRange(`${field}.partition`, partition, 1, 255);
}

/** How errors call the source: by its member, but for one that once had another name. */
export function sourcePlace(kind: string): string {
  return kind === 'gcePersistentDisk' ? 'persistentDisk' : kind;
}

/**
 * @param kind the member of the volume that the source is
 * @param isPersistent of a PersistentVolume, which is in no namespace
 * @param volume its name
 */
export function validateSourceDetails(
  field: string,
  kind: string,
  source: JsonObject,
  isPersistent: boolean,
  volume: string,
): FieldError[] {
  switch (kind) {
    case 'awsElasticBlockStore':
    case 'gcePersistentDisk':
      return validatePartition(field, source);
    case 'azureDisk':
      return validateAzureDisk(field, source);
    case 'cinder':
      return validateSecretNames(field, source, isPersistent);
    case 'csi': {
      const errors = validateDriver(`${field}.driver`, textOf(source, 'driver'));
      if (!isPersistent) return [...errors, ...validatePodSecret(field, source)];
      if (textOf(source, 'volumeHandle') === '') errors.push(required(`${field}.volumeHandle`));
      return [...errors, ...validateDriverSecrets(field, source)];
    }
    case 'fc':
      return validateFibreChannel(field, source);
    case 'flexVolume':
      return validateFlexOptions(field, source);
    case 'flocker':
      return validateFlocker(field, source);
    case 'gitRepo': {
      const directory = textOf(source, 'directory');
      return directory === '' ? [] : validateDescendingPath(`${field}.directory`, directory);
    }
    case 'iscsi': {
      const errors = validateIscsi(field, source, volume);
      return isPersistent ? [...errors, ...validateSecretNames(field, source, false)] : errors;
    }
    case 'local':
      return validateNoBacksteps(`${field}.path`, textOf(source, 'path'));
    case 'quobyte':
      return validateQuobyte(field, source);
    case 'storageos':
      return [...validateStorageOs(field, source), ...validateSecretNames(field, source, isPersistent)];
    default:
      return [];
  }
}
