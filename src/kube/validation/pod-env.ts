/** Environment variables of containers, and the references to fields and resources that volumes share. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';
import { canonicalQuantity } from '../schema/quantity.ts';
import { configKeyProblems, problemsAt, variableNameProblems } from './pod-fields.ts';
import type { EnvFrom, EnvVar, FieldReference, KeyReference, ResourceReference } from './pod-types.ts';

/** What a variable may show of its pod. */
const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** What can be named at all. */
const knownFieldPaths: ReadonlySet<string> = new Set([
  ...envFieldPaths,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const resourcePaths = ['cpu', 'ephemeral-storage', 'memory'].flatMap((name) => [
  `limits.${name}`,
  `requests.${name}`,
]);
const sortedResourcePaths = [...resourcePaths].sort();

const bytes = [
  '1',
  ...['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix) => `1${suffix}`),
];
const bytesText = bytes.join(', ');

/** A path with a key, `metadata.labels['app']`; null: it has none. */
function splitSubscript(path: string): { readonly path: string; readonly key: string } | null {
  const match = /^(.*)\['(.*)'\]$/.exec(path);
  return match === null ? null : { path: match[1]!, key: match[2]! };
}

/** @param supported the paths without a key, sorted */
export function validateFieldReference(
  field: string,
  { apiVersion = '', fieldPath = '' }: FieldReference,
  supported: readonly string[] = envFieldPaths,
): FieldError[] {
  if (apiVersion === '') return [required(`${field}.apiVersion`)];
  if (fieldPath === '') return [required(`${field}.fieldPath`)];
  const unknown = (why: string): FieldError[] => [
    invalidValue(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== 'v1') return unknown(`unsupported pod version: ${apiVersion}`);
  const subscript = splitSubscript(fieldPath);
  if (subscript !== null) {
    const { path, key } = subscript;
    if (path === 'metadata.annotations')
      return problemsAt(field, key.toLowerCase(), qualifiedNameProblems(key.toLowerCase()));
    if (path === 'metadata.labels') return problemsAt(field, key, qualifiedNameProblems(key));
    return unknown(`field label does not support subscript: ${fieldPath}`);
  }
  if (!knownFieldPaths.has(fieldPath)) return unknown(`field label not supported: ${fieldPath}`);
  if (supported.includes(fieldPath)) return [];
  return [notSupported(`${field}.fieldPath`, fieldPath, supported)];
}

function validateDivisor(field: string, resource: string, divisor: string): FieldError[] {
  const text = canonicalQuantity(divisor);
  if (text === '0') return [];
  const path = `${field}.divisor`;
  if (resource.endsWith('.cpu')) {
    if (text === '1m' || text === '1') return [];
    return [
      invalidValue(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource"),
    ];
  }
  if (bytes.includes(text)) return [];
  const name = resource.endsWith('.ephemeral-storage')
    ? 'local ephemeral storage'
    : resource.includes('.hugepages-')
      ? 'hugepages'
      : 'memory';
  const why = `only divisor's values ${bytesText} are supported with the ${name} resource`;
  return [invalidValue(path, resource, why)];
}

/** @param isFile a file of a volume has to name the container */
export function validateResourceReference(
  field: string,
  { containerName = '', resource = '', divisor = '0' }: ResourceReference,
  isFile: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const isHuge = /^(limits|requests)\.hugepages-/.test(resource);
  const isKnown = isHuge || resourcePaths.includes(resource);
  if (isFile && containerName === '') errors.push(required(`${field}.containerName`));
  else if (resource === '') errors.push(required(`${field}.resource`));
  else if (!isKnown) errors.push(notSupported(`${field}.resource`, resource, sortedResourcePaths));
  return isKnown ? [...errors, ...validateDivisor(field, resource, divisor)] : errors;
}

function validateKeyReference(field: string, { name = '', key = '' }: KeyReference): FieldError[] {
  const errors = problemsAt(`${field}.name`, name, subdomainProblems(name));
  if (key === '') errors.push(required(`${field}.key`));
  else errors.push(...problemsAt(`${field}.key`, key, configKeyProblems(key)));
  return errors;
}

function validateValueFrom(field: string, variable: EnvVar): FieldError[] {
  const { value = '', valueFrom } = variable;
  if (valueFrom === undefined) return [];
  const errors: FieldError[] = [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  if (fieldRef !== undefined) errors.push(...validateFieldReference(`${field}.fieldRef`, fieldRef));
  if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceReference(`${field}.resourceFieldRef`, resourceFieldRef, false));
  }
  if (configMapKeyRef !== undefined) {
    errors.push(...validateKeyReference(`${field}.configMapKeyRef`, configMapKeyRef));
  }
  if (secretKeyRef !== undefined) errors.push(...validateKeyReference(`${field}.secretKeyRef`, secretKeyRef));
  if (fileKeyRef !== undefined) {
    for (const member of ['key', 'path', 'volumeName'] as const) {
      if ((fileKeyRef[member] ?? '') === '') errors.push(required(`${field}.fileKeyRef.${member}`));
    }
  }
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef];
  const count = sources.filter((source) => source !== undefined).length;
  if (count === 0) {
    const why =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(field, '', why));
  } else if (value !== '') {
    errors.push(invalidValue(field, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) {
    errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

export function validateEnv(field: string, variables: readonly EnvVar[]): FieldError[] {
  const errors: FieldError[] = [];
  variables.forEach((variable, at) => {
    const path = `${field}[${at}]`;
    const { name = '' } = variable;
    if (name === '') errors.push(required(`${path}.name`));
    else errors.push(...problemsAt(`${path}.name`, name, variableNameProblems(name)));
    errors.push(...validateValueFrom(`${path}.valueFrom`, variable));
  });
  return errors;
}

export function validateEnvFrom(field: string, sources: readonly EnvFrom[]): FieldError[] {
  const errors: FieldError[] = [];
  sources.forEach(({ prefix = '', configMapRef, secretRef }, at) => {
    const path = `${field}[${at}]`;
    if (prefix !== '') errors.push(...problemsAt(`${path}.prefix`, prefix, variableNameProblems(prefix)));
    for (const [member, source] of Object.entries({ configMapRef, secretRef })) {
      if (source === undefined) continue;
      const { name = '' } = source;
      if (name === '') errors.push(required(`${path}.${member}.name`));
      else errors.push(...problemsAt(`${path}.${member}.name`, name, subdomainProblems(name)));
    }
    // A real server names the list here, not the item.
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalidValue(field, '', 'may not have more than one field specified at a time'));
    }
  });
  return errors;
}
