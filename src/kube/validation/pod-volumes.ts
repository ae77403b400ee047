/** Volumes of pods: exactly one source each, and what each source needs. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { isJsonObject, type JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { validateFieldReference, validateResourceReference } from './pod-env.ts';
import { shown, validateDnsLabel, validateFilePath, validateNoBacksteps } from './pod-fields.ts';
import type { FieldReference, KeyToPath, PodChecks, ResourceReference } from './pod-types.ts';
import { sourcePlace, validateSourceDetails } from './volume-sources.ts';

/** Sources in the order in which they are looked at: of two, the later one is too many. */
const sources = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

/** Members that a source cannot do without. */
const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  gitRepo: ['repository'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  secret: ['secretName'],
  nfs: ['server', 'path'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  persistentVolumeClaim: ['claimName'],
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  flexVolume: ['driver'],
  configMap: ['name'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
};

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const modeText = 'must be a number between 0 and 0777 (octal), both inclusive';
const fileFieldPaths = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

interface DownwardFile extends KeyToPath {
  readonly fieldRef?: FieldReference;
  readonly resourceFieldRef?: ResourceReference;
}

interface Projection {
  readonly secret?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly downwardAPI?: { readonly items?: readonly DownwardFile[] };
  readonly serviceAccountToken?: { readonly expirationSeconds?: number; readonly path?: string };
  readonly clusterTrustBundle?: {
    readonly name?: string;
    readonly signerName?: string;
    readonly path?: string;
  };
  readonly podCertificate?: { readonly signerName?: string; readonly keyType?: string };
}

function validateMode(field: string, mode: number | undefined): FieldError[] {
  return mode === undefined || (mode >= 0 && mode <= 0o777) ? [] : [invalidValue(field, mode, modeText)];
}

function validateItem(field: string, { key = '', path = '', mode }: KeyToPath): FieldError[] {
  const errors = key === '' ? [required(`${field}.key`)] : [];
  if (path === '') errors.push(required(`${field}.path`));
  return [...errors, ...validateFilePath(`${field}.path`, path), ...validateMode(`${field}.mode`, mode)];
}

/** Of the list, not of the file: a real server's errors name no index here. */
function validateDownwardFile(field: string, file: DownwardFile): FieldError[] {
  const { path = '', fieldRef, resourceFieldRef, mode } = file;
  const errors = path === '' ? [required(`${field}.path`)] : [];
  errors.push(...validateFilePath(`${field}.path`, path));
  if (fieldRef !== undefined) {
    errors.push(...validateFieldReference(`${field}.fieldRef`, fieldRef, fileFieldPaths));
    if (resourceFieldRef !== undefined) {
      const why = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      errors.push(invalidValue(field, 'resource', why));
    }
  } else if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceReference(`${field}.resourceFieldRef`, resourceFieldRef, true));
  } else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateMode(`${field}.mode`, mode)];
}

function validateToken(
  field: string,
  volumeField: string,
  token: NonNullable<Projection['serviceAccountToken']>,
): FieldError[] {
  const { expirationSeconds = 0, path = '' } = token;
  const errors: FieldError[] = [];
  if (expirationSeconds < 600) {
    const why = 'may not specify a duration less than 10 minutes';
    errors.push(invalidValue(`${field}.expirationSeconds`, expirationSeconds, why));
  }
  if (expirationSeconds > 2 ** 32) {
    const why = 'may not specify a duration larger than 2^32 seconds';
    errors.push(invalidValue(`${field}.expirationSeconds`, expirationSeconds, why));
  }
  if (path === '') errors.push(required(`${volumeField}.path`));
  else errors.push(...validateFilePath(`${volumeField}.path`, path));
  return errors;
}

/** Checks one source and notes the paths it writes: two may not write the same. */
function validateProjection(
  field: string,
  volumeField: string,
  source: Projection,
  paths: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const claim = (path: string | undefined, value: string | undefined): void => {
    if ((path ?? '') === '') return;
    if (paths.has(path!)) errors.push(invalidValue(volumeField, value ?? '', 'conflicting duplicate paths'));
    paths.add(path!);
  };
  for (const member of ['secret', 'configMap'] as const) {
    const given = source[member];
    if (given === undefined) continue;
    if ((given.name ?? '') === '') errors.push(required(`${field}.${member}.name`));
    (given.items ?? []).forEach((item, at) => {
      errors.push(...validateItem(`${field}.${member}.items[${at}]`, item));
      claim(item.path, given.name);
    });
  }
  for (const file of source.downwardAPI?.items ?? []) {
    errors.push(...validateDownwardFile(`${field}.downwardAPI`, file));
    claim(file.path, file.path);
  }
  if (source.serviceAccountToken !== undefined) {
    errors.push(...validateToken(`${field}.serviceAccountToken`, volumeField, source.serviceAccountToken));
  }
  const bundle = source.clusterTrustBundle;
  if (bundle !== undefined) {
    const path = `${field}.clusterTrustBundle`;
    if (bundle.name !== undefined && bundle.signerName !== undefined) {
      errors.push(invalidValue(path, shown(bundle), 'only one of name and signerName may be used'));
    } else if (bundle.name === undefined && bundle.signerName === undefined) {
      errors.push(required(path, 'either name or signerName must be specified'));
    }
    if ((bundle.path ?? '') === '') errors.push(required(`${path}.path`));
    errors.push(...validateFilePath(`${path}.path`, bundle.path ?? ''));
    claim(bundle.path, bundle.path);
  }
  if (Object.keys(source).length > 1) {
    errors.push(forbiddenValue(field, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

function validateClaimTemplate(field: string, ephemeral: JsonObject): FieldError[] {
  const template = ephemeral['volumeClaimTemplate'];
  if (!isJsonObject(template)) return [required(`${field}.volumeClaimTemplate`)];
  return validateClaimSpec(`${field}.volumeClaimTemplate.spec`, template['spec']);
}

/** The spec of a claim that is made from a template. */
export function validateClaimSpec(field: string, spec: unknown): FieldError[] {
  const { accessModes = [], resources = {} } = (spec ?? {}) as {
    accessModes?: readonly string[];
    resources?: { requests?: Record<string, string> };
  };
  const errors: FieldError[] = [];
  if (accessModes.length === 0) {
    errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  }
  const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
  for (const mode of accessModes) {
    if (!modes.includes(mode)) errors.push(notSupported(`${field}.accessModes`, mode, modes));
  }
  const size = resources.requests?.['storage'];
  if (size === undefined) errors.push(required(`${field}.resources[storage]`));
  else if (parseQuantity(size).nanos <= 0n) {
    errors.push(invalidValue(`${field}.resources[storage]`, size, 'must be greater than zero'));
  }
  return errors;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** @param volume the name of the volume */
function validateSource(field: string, kind: string, source: JsonObject, volume: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of requiredMembers[kind] ?? []) {
    if (!isGiven(source[member])) errors.push(required(`${field}.${member}`));
  }
  const mode = source['defaultMode'];
  if (typeof mode === 'number') errors.push(...validateMode(`${field}.defaultMode`, mode));
  switch (kind) {
    case 'hostPath': {
      const path = String(source['path'] ?? '');
      if (path === '') return [required(`${field}.path`)];
      errors.push(...validateNoBacksteps(`${field}.path`, path));
      const type = String(source['type'] ?? '');
      if (!hostPathTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, hostPathTypes));
      return errors;
    }
    case 'emptyDir': {
      const limit = source['sizeLimit'];
      if (limit !== undefined && parseQuantity(String(limit)).nanos < 0n) {
        const why = 'SizeLimit field must be a valid resource quantity';
        errors.push(forbiddenValue(`${field}.sizeLimit`, why));
      }
      return errors;
    }
    case 'nfs': {
      const path = String(source['path'] ?? '');
      if (!path.startsWith('/')) {
        errors.push(invalidValue(`${field}.path`, path, 'must be an absolute path'));
      }
      return errors;
    }
    case 'secret':
    case 'configMap':
      ((source['items'] ?? []) as KeyToPath[]).forEach((item, at) => {
        errors.push(...validateItem(`${field}.items[${at}]`, item));
      });
      return errors;
    case 'downwardAPI':
      for (const file of (source['items'] ?? []) as DownwardFile[]) {
        errors.push(...validateDownwardFile(field, file));
      }
      return errors;
    case 'projected': {
      const paths = new Set<string>();
      ((source['sources'] ?? []) as Projection[]).forEach((projection, at) => {
        errors.push(...validateProjection(`${field}.sources[${at}]`, field, projection, paths));
      });
      return errors;
    }
    case 'ephemeral':
      return validateClaimTemplate(field, source);
    default:
      return [...errors, ...validateSourceDetails(field, kind, source, false, volume)];
  }
}

function validateVolume(field: string, volume: JsonObject, checks: PodChecks): FieldError[] {
  const name = String(volume['name'] ?? '');
  const errors: FieldError[] = [];
  let hasOne = false;
  for (const kind of sources) {
    const source = volume[kind];
    if (!isJsonObject(source)) continue;
    const path = `${field}.${kind}`;
    if (hasOne) errors.push(forbiddenValue(path, 'may not specify more than 1 volume type'));
    else errors.push(...validateSource(`${field}.${sourcePlace(kind)}`, kind, source, name));
    hasOne = true;
  }
  if (!hasOne) errors.push(required(field, 'must specify a volume type'));
  if (isJsonObject(volume['ephemeral']) && checks.podName !== '' && name !== '') {
    const claim = `${checks.podName}-${name}`;
    for (const problem of subdomainProblems(claim)) {
      const why = `PVC name ${JSON.stringify(claim)}: ${problem}`;
      errors.push(invalidValue(`${field}.name`, name, why));
    }
  }
  return errors;
}

export interface CheckedVolumes {
  readonly errors: FieldError[];
  /** Those without an error, by name: only they can be mounted. */
  readonly volumes: ReadonlyMap<string, JsonObject>;
}

export function validateVolumes(
  field: string,
  volumes: readonly JsonObject[],
  checks: PodChecks,
): CheckedVolumes {
  const errors: FieldError[] = [];
  const good = new Map<string, JsonObject>();
  volumes.forEach((volume, at) => {
    const path = `${field}[${at}]`;
    const found = validateVolume(path, volume, checks);
    const name = String(volume['name'] ?? '');
    if (name === '') found.push(required(`${path}.name`));
    else found.push(...validateDnsLabel(`${path}.name`, name));
    if (good.has(name)) found.push(duplicate(`${path}.name`, name));
    if (found.length === 0) good.set(name, volume);
    errors.push(...found);
  });
  return { errors, volumes: good };
}
