/** Query options of writes and lists, checked. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../api/field-errors.ts';
import { badRequest, bareError, invalidOptions } from '../api/status.ts';
import { booleanParameter, integerParameter } from '../http/route.ts';
import type { RequestContext } from '../http/types.ts';
import { decodeContinue } from './continue-token.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly isForced: boolean;
}

const fieldManagerMax = 128;
const fieldValidations = ['Ignore', 'Strict', 'Warn'];

/** What stands before the first slash of the User-Agent. */
function defaultManager(userAgent: string): string {
  const name = userAgent.split('/')[0]!.slice(0, fieldManagerMax);
  return name === '' ? 'unknown' : name;
}

function dryRunErrors(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  return [notSupported('dryRun', [...values], ['All'])];
}

/** Characters that Go calls not printable, by their place in bytes. */
function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (manager.length > fieldManagerMax) errors.push(tooLong('fieldManager', fieldManagerMax));
  let at = 0;
  for (const letter of manager) {
    if (/^(?! )[\p{C}\p{Z}]$/u.test(letter)) {
      const code = letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      const why = `invalid character U+${code} (at position ${at})`;
      errors.push(invalidValue('fieldManager', manager, why));
    }
    at += Buffer.byteLength(letter);
  }
  return errors;
}

/**
 * @param kind 'CreateOptions', 'UpdateOptions', 'PatchOptions'
 * @param isApply a server-side apply: it must name its manager and may be forced
 * @throws StatusError 422
 */
export function writeOptions(context: RequestContext, kind: string, isApply: boolean = false): WriteOptions {
  const { query } = context.request;
  const given = query.get('fieldManager') ?? '';
  const errors = managerErrors(given);
  if (isApply && given === '') errors.push(required('fieldManager', 'is required for apply patch'));
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    errors.push(forbiddenValue('force', 'may not be specified for non-apply patch'));
  }
  const dryRun = query.getAll('dryRun');
  errors.push(...dryRunErrors(dryRun));
  const validation = query.get('fieldValidation') ?? '';
  if (validation !== '' && !fieldValidations.includes(validation)) {
    errors.push(notSupported('fieldValidation', validation, ['', ...fieldValidations]));
  }
  if (errors.length > 0) throw invalidOptions(kind, errors);
  return {
    isDryRun: dryRun.length > 0,
    fieldManager: given === '' ? defaultManager(context.request.header('user-agent')) : given,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    isForced: booleanParameter(query, 'force'),
  };
}

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: all. */
  readonly limit: number;
  readonly continueToken: string;
  /** Null: not given. */
  readonly resourceVersion: number | null;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly allowsBookmarks: boolean;
  /** Null: not given. */
  readonly sendsInitialEvents: boolean | null;
  /** 0: the server's choice; less: a watch is over at once. */
  readonly timeoutSeconds: number;
}

/** @param isList others are answered with 500, as by a real server @throws StatusError 400, 500 */
export function parseResourceVersion(text: string | null, isList: boolean): number | null {
  if (text === null || text === '') return null;
  if (/^\d+$/.test(text)) return Number(text);
  const shown = JSON.stringify(text);
  const why = `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
  throw isList ? badRequest(`invalid resource version: ${why}`) : bareError(why);
}

function matchErrors(options: ListOptions, match: string, isWatch: boolean): FieldError[] {
  const field = 'resourceVersionMatch';
  if (isWatch) return watchMatchErrors(options, match);
  if (match === '') return [];
  const errors: FieldError[] = [];
  if (options.resourceVersion === null) {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
    errors.push(forbiddenValue(field, why));
  }
  if (options.continueToken !== '') {
    errors.push(forbiddenValue(field, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(field, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && options.resourceVersion === 0) {
    const why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
    errors.push(forbiddenValue(field, why));
  }
  return errors;
}

function watchMatchErrors(options: ListOptions, match: string): FieldError[] {
  const field = 'resourceVersionMatch';
  const errors: FieldError[] = [];
  if (match !== '' && options.sendsInitialEvents === null) {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    errors.push(forbiddenValue(field, why));
  }
  if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported(field, match, ['NotOlderThan']));
  if (options.continueToken !== '') {
    errors.push(forbiddenValue(field, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  return errors;
}

function initialEventErrors(options: ListOptions, match: string, isWatch: boolean): FieldError[] {
  if (options.sendsInitialEvents === null) return [];
  if (!isWatch) {
    return [forbiddenValue('sendInitialEvents', 'sendInitialEvents is forbidden for list')];
  }
  if (match === 'NotOlderThan') return [];
  const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
  return [forbiddenValue('resourceVersionMatch', why)];
}

/** Who watches from no revision of their own gets the state at the start, and its end is told to those who take bookmarks. */
function withInitialEvents(options: ListOptions): ListOptions {
  const isFromStart = (options.resourceVersion ?? 0) === 0;
  const isAsked = options.sendsInitialEvents !== null;
  return isFromStart && !isAsked ? { ...options, sendsInitialEvents: true } : options;
}

/** @throws StatusError 400, 422 */
export function listOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const limit = integerParameter(query, 'limit') ?? 0;
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: Math.max(0, limit),
    continueToken: query.get('continue') ?? '',
    resourceVersion: parseResourceVersion(query.get('resourceVersion'), !isWatch),
    match: match as ListOptions['match'],
    allowsBookmarks: booleanParameter(query, 'allowWatchBookmarks'),
    sendsInitialEvents: query.has('sendInitialEvents') ? booleanParameter(query, 'sendInitialEvents') : null,
    timeoutSeconds: integerParameter(query, 'timeoutSeconds') ?? 0,
  };
  const [ofEvents, ofMatch] = [
    initialEventErrors(options, match, isWatch),
    matchErrors(options, match, isWatch),
  ];
  const errors = isWatch ? [...ofEvents, ...ofMatch] : [...ofMatch, ...ofEvents];
  if (errors.length > 0) throw invalidOptions('ListOptions', errors);
  if (options.continueToken !== '' && (options.resourceVersion ?? 0) !== 0) {
    decodeContinue(options.continueToken);
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return isWatch ? withInitialEvents(options) : options;
}
