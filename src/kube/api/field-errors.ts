/**
 * What validation finds: one error per field, with the texts of a real server. A cause's message is
 * `<Type>: <value>: <detail>`; the value is shown for some types only, strings quoted, numbers and booleans bare,
 * everything else as JSON.
 */

import type { Json } from './objects.ts';

export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTooShort'
  | 'InternalError';

export interface FieldError {
  readonly reason: FieldErrorReason;
  /** `spec.containers[0].name`, `data[a b]`, `[]` for the whole object. */
  readonly field: string;
  /** The cause's message, without the field. */
  readonly message: string;
}

const bell = String.fromCharCode(7);
const namedEscapes: Readonly<Record<string, string>> = { [bell]: '\\a', '\v': '\\v' };

/** An escape of JSON, or what JSON shows and Go does not: all that is not printable, and no blank. */
const unlikeGo = /\\u00([01][\da-f])|\\[^u]|(?! )[\p{C}\p{Z}]/gu;

/** A text between quotes, as Go's `%q` writes it: what is not printable is escaped. */
export function quotedText(text: string): string {
  const json = JSON.stringify(text);
  // Most texts are words of ASCII.
  if (/^"[\x20-\x7e]*"$/.test(json) && !json.includes('\\u')) return json;
  return json.replace(unlikeGo, (part, control: string | undefined) => {
    if (control !== undefined) {
      return namedEscapes[String.fromCharCode(Number.parseInt(control, 16))] ?? `\\x${control}`;
    }
    if (part.startsWith('\\')) return part;
    const code = part.codePointAt(0)!.toString(16);
    if (code.length <= 2 && part.charCodeAt(0) < 0x80) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });
}

/** A value as it stands in a message. */
export function shownValue(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quotedText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

export function required(field: string, detail: string = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: withDetail('Required value', detail) };
}

export function invalidValue(field: string, value: Json | undefined, detail: string): FieldError {
  return {
    reason: 'FieldValueInvalid',
    field,
    message: withDetail(`Invalid value: ${shownValue(value)}`, detail),
  };
}

export function typeInvalid(field: string, value: Json | undefined, detail: string): FieldError {
  return {
    reason: 'FieldValueTypeInvalid',
    field,
    message: withDetail(`Invalid value: ${shownValue(value)}`, detail),
  };
}

/** @param supported in the order in which they are to be shown */
export function notSupported(
  field: string,
  value: Json | undefined,
  supported: readonly string[],
): FieldError {
  const list = supported.map((choice) => JSON.stringify(choice)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: withDetail(
      `Unsupported value: ${shownValue(value)}`,
      list === '' ? '' : `supported values: ${list}`,
    ),
  };
}

export function duplicate(field: string, value: Json): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${shownValue(value)}` };
}

export function notFoundValue(field: string, value: Json): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${shownValue(value)}` };
}

export function forbiddenValue(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

export function tooLong(field: string, maxBytes: number): FieldError {
  return {
    reason: 'FieldValueTooLong',
    field,
    message: `Too long: may not be more than ${maxBytes} bytes`,
  };
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${actual}: must have at most ${max} items`,
  };
}

/** The whole error as it stands in a Status message. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${error.message}`;
}
