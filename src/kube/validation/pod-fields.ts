/** Checks of single values that pods are made of: names, ports, paths, numbers. Texts are those of a real API server. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { Json } from '../api/objects.ts';
import { labelProblems, qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';

export const int32Max = 2_147_483_647;
export const notNegativeText: string = 'must be greater than or equal to 0';
export const positiveText: string = 'must be greater than zero';
const immutableText = 'field is immutable';

/** A value as an error may show it. */
export function shown(value: unknown): Json {
  return (value ?? null) as Json;
}

/** One error for each problem. */
export function problemsAt(field: string, value: Json, problems: readonly string[]): FieldError[] {
  return problems.map((problem) => invalidValue(field, value, problem));
}

export function validateLabelName(field: string, key: string): FieldError[] {
  return problemsAt(field, key, qualifiedNameProblems(key));
}

export function validateDnsLabel(field: string, value: string): FieldError[] {
  return problemsAt(field, value, labelProblems(value));
}

export function validateSubdomain(field: string, value: string): FieldError[] {
  return problemsAt(field, value, subdomainProblems(value));
}

/** @param value undefined: not given, which is fine */
export function validateNotNegative(field: string, value: number | undefined): FieldError[] {
  return value !== undefined && value < 0 ? [invalidValue(field, value, notNegativeText)] : [];
}

export function rangeText(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

/** @param value undefined: not given, which is fine */
export function validateRange(
  field: string,
  value: number | undefined,
  min: number,
  max: number,
): FieldError[] {
  if (value === undefined || (value >= min && value <= max)) return [];
  return [invalidValue(field, value, rangeText(min, max))];
}

/** @param supported in the order in which they are shown; a value that is not given is required */
export function validateChoice(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  if ((value ?? '') === '') return [required(field)];
  return supported.includes(value!) ? [] : [notSupported(field, value, supported)];
}

export function validatePortNumber(field: string, port: number): FieldError[] {
  return validateRange(field, port, 1, 65535);
}

export function portNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function validatePort(field: string, port: number | string | undefined): FieldError[] {
  if (typeof port === 'string') return problemsAt(field, port, portNameProblems(port));
  return validatePortNumber(field, port ?? 0);
}

export function isAddress(text: string): boolean {
  if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  if (!text.includes(':') || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  return URL.canParse(`http://[${text}]/`);
}

export function validateAddress(field: string, text: string): FieldError[] {
  if (isAddress(text)) return [];
  return [invalidValue(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}

/** No `..` between slashes. */
export function validateNoBacksteps(field: string, path: string): FieldError[] {
  return path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : [];
}

/** A relative path that stays below where it begins. */
export function validateDescendingPath(field: string, path: string): FieldError[] {
  const errors = path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : [];
  return [...errors, ...validateNoBacksteps(field, path)];
}

/** Also not one of the names with two dots that the kubelet keeps for itself. */
export function validateFilePath(field: string, path: string): FieldError[] {
  const errors = validateDescendingPath(field, path);
  if (path.startsWith('..') && !path.split('/').includes('..')) {
    errors.push(invalidValue(field, path, "must not start with '..'"));
  }
  return errors;
}

/** The name of a variable, or the start of one. */
export function variableNameProblems(name: string): string[] {
  if (/^[\x20-\x3c\x3e-\x7e]+$/.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function configKeyProblems(key: string): string[] {
  const problems: string[] = [];
  if (key.length > 253) problems.push('must be no more than 253 characters');
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (key === '.') problems.push("must not be '.'");
  else if (key === '..') problems.push("must not be '..'");
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

export function headerNameProblems(name: string): string[] {
  if (/^[-A-Za-z0-9]+$/.test(name)) return [];
  return [
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ];
}

/** Equal as JSON; members are in order, so the texts are. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

export function validateImmutable(field: string, value: unknown, old: unknown): FieldError[] {
  return isSame(value, old) ? [] : [invalidValue(field, shown(value), immutableText)];
}
