/** ConfigMaps and Secrets: keys, size, what a type of secret must hold, and no change once immutable. */

import { type FieldError, forbiddenValue, invalidValue, required, tooLong } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { objectOf, textOf } from '../validation/members.ts';
import { configKeyProblems, isSame, problemsAt, validateImmutable } from '../validation/pod-fields.ts';

/** All values together, decoded. */
const bytesMax = 1_048_576;
const frozenText = 'field is immutable when `immutable` is set';
const redacted = '<secret contents redacted>';

function decodedBytes(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value, 'base64') : 0;
}

function keyErrors(field: string, data: JsonObject): FieldError[] {
  return Object.keys(data).flatMap((key) => problemsAt(`${field}[${key}]`, key, configKeyProblems(key)));
}

function validateConfigMap(object: ApiObject): FieldError[] {
  const data = objectOf(asJson(object), 'data');
  const binary = objectOf(asJson(object), 'binaryData');
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...problemsAt(`data[${key}]`, key, configKeyProblems(key)));
    if (key in binary) {
      errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    bytes += typeof value === 'string' ? Buffer.byteLength(value) : 0;
  }
  errors.push(...keyErrors('binaryData', binary));
  for (const value of Object.values(binary)) bytes += decodedBytes(value);
  if (bytes > bytesMax) errors.push(tooLong('[]', bytesMax));
  return errors;
}

function frozenErrors(object: ApiObject, old: ApiObject, members: readonly string[]): FieldError[] {
  const next = asJson(object);
  const before = asJson(old);
  if (before['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (next['immutable'] !== true) errors.push(forbiddenValue('immutable', frozenText));
  for (const member of members) {
    const isEmpty = Object.keys(objectOf(next, member)).length + Object.keys(objectOf(before, member)).length;
    if (isEmpty > 0 && !isSame(next[member], before[member])) {
      errors.push(forbiddenValue(member, frozenText));
    }
  }
  return errors;
}

export const configMapStrategy: Strategy = {
  validateCreate: validateConfigMap,
  validateUpdate: (object, old) => [
    ...frozenErrors(object, old, ['data', 'binaryData']),
    ...validateConfigMap(object),
  ],
};

function jsonProblem(data: JsonObject, key: string): FieldError[] {
  const field = `data[${key}]`;
  if (!(key in data)) return [required(field)];
  try {
    JSON.parse(Buffer.from(textOf(data, key), 'base64').toString('utf8'));
    return [];
  } catch (error) {
    const why = error instanceof Error && /end of JSON/.test(error.message);
    return [
      invalidValue(field, redacted, why ? 'unexpected end of JSON input' : 'invalid character in JSON'),
    ];
  }
}

function typeErrors(object: ApiObject, data: JsonObject): FieldError[] {
  const need = (...keys: string[]): FieldError[] =>
    keys.filter((key) => !(key in data)).map((key) => required(`data[${key}]`));
  switch (asJson(object)['type']) {
    case 'kubernetes.io/service-account-token': {
      const name = 'kubernetes.io/service-account.name';
      const isNamed = (object.metadata.annotations?.[name] ?? '') !== '';
      return isNamed ? [] : [required(`metadata.annotations[${name}]`)];
    }
    case 'kubernetes.io/dockercfg':
      return jsonProblem(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return jsonProblem(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return 'username' in data || 'password' in data ? [] : need('username', 'password');
    case 'kubernetes.io/ssh-auth':
      return textOf(data, 'ssh-privatekey') === '' ? [required('data[ssh-privatekey]')] : [];
    case 'kubernetes.io/tls':
      return need('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateSecret(object: ApiObject): FieldError[] {
  const data = objectOf(asJson(object), 'data');
  const errors = keyErrors('data', data);
  let bytes = 0;
  for (const value of Object.values(data)) bytes += decodedBytes(value);
  if (bytes > bytesMax) errors.push(tooLong('data', bytesMax));
  return [...errors, ...typeErrors(object, data)];
}

export const secretStrategy: Strategy = {
  validateCreate: validateSecret,
  validateUpdate: (object, old) => [
    ...validateImmutable('type', asJson(object)['type'], asJson(old)['type']),
    ...frozenErrors(object, old, ['data']),
    ...validateSecret(object),
  ],
};
