/** The requests of get, put and del, from their words and flags: of a command line, or of a line of a transaction. */

import { prefixEnd } from '../../client/index.ts';
import { exitBadArgs, type FlagSpecs, flag, type Given, integer, text, UsageError } from './arguments.ts';
import { bytesOf } from './words.ts';

/** What etcdctl ends with for a value of a flag that it does not know. */
const exitUnknownValue = 4;

const zero: Uint8Array = Uint8Array.of(0);
const nothing: Uint8Array = new Uint8Array(0);

/** The range that `--prefix`, `--from-key` and a second argument mean. @throws UsageError */
export function rangeOf(
  given: Given,
  key: string,
  end: string | undefined,
): { key: Uint8Array; range_end: Uint8Array } {
  const isPrefix = given.isSet('prefix');
  const isFrom = given.isSet('from-key');
  if (isPrefix && isFrom) {
    throw new UsageError(
      '`--prefix` and `--from-key` cannot be set at the same time, choose one',
      exitBadArgs,
    );
  }
  if (end !== undefined && (isPrefix || isFrom)) {
    throw new UsageError(
      'too many arguments, only accept one argument when `--prefix` or `--from-key` is set',
      exitBadArgs,
    );
  }
  const bytes = bytesOf(key);
  if (isPrefix) {
    return bytes.length === 0 ? { key: zero, range_end: zero } : { key: bytes, range_end: prefixEnd(bytes) };
  }
  if (isFrom) return { key: bytes.length === 0 ? zero : bytes, range_end: zero };
  return { key: bytes, range_end: end === undefined ? nothing : bytesOf(end) };
}

const sortTargets: Readonly<Record<string, number>> = { CREATE: 2, KEY: 0, MODIFY: 3, VALUE: 4, VERSION: 1 };

/** @throws UsageError */
function sortOf(given: Given): { sort_order: number; sort_target: number } {
  const order = given.text('order').toUpperCase();
  const by = given.text('sort-by').toUpperCase();
  const orders: Readonly<Record<string, number>> = { ASCEND: 1, DESCEND: 2, '': by === '' ? 0 : 1 };
  const sortOrder = orders[order];
  if (sortOrder === undefined)
    throw new UsageError(`bad sort order ${given.text('order')}`, exitUnknownValue);
  const target = by === '' ? 0 : sortTargets[by];
  if (target === undefined)
    throw new UsageError(`bad sort target ${given.text('sort-by')}`, exitUnknownValue);
  // Without an order, keys come ascending as it is.
  return { sort_order: order === '' && target === 0 ? 0 : sortOrder, sort_target: target };
}

/** @throws UsageError for what is neither `l` nor `s` */
function isSerializable(given: Given): boolean {
  const consistency = given.text('consistency');
  if (consistency !== 'l' && consistency !== 's') {
    throw new UsageError(`unknown consistency flag ${JSON.stringify(consistency)}`, exitUnknownValue);
  }
  return consistency === 's';
}

export const getFlags: FlagSpecs = {
  consistency: text('linearizable (l) or serializable (s)', 'l'),
  order: text('order of results: ASCEND or DESCEND'),
  'sort-by': text('what to sort by: CREATE, KEY, MODIFY, VALUE or VERSION'),
  limit: integer('largest number of results'),
  prefix: flag('get keys with this prefix'),
  'from-key': flag('get keys that are equal to or after this key'),
  rev: integer('revision to read at'),
  'keys-only': flag('get only the keys'),
  'count-only': flag('get only the count'),
  'print-value-only': flag('print only the values, in the simple format'),
  'min-create-rev': integer('lowest create revision'),
  'max-create-rev': integer('highest create revision'),
  'min-mod-rev': integer('lowest mod revision'),
  'max-mod-rev': integer('highest mod revision'),
};

/** @throws UsageError */
export function rangeRequest(given: Given): object {
  const [key, end] = given.words;
  if (key === undefined) {
    throw new UsageError(
      'get command needs one argument as key and an optional argument as range_end',
      exitBadArgs,
    );
  }
  const keysOnly = given.isSet('keys-only');
  const countOnly = given.isSet('count-only');
  if (keysOnly && countOnly) {
    throw new UsageError(
      '`--keys-only` and `--count-only` cannot be set at the same time, choose one',
      exitBadArgs,
    );
  }
  return {
    ...rangeOf(given, key, end),
    ...sortOf(given),
    limit: given.number('limit'),
    revision: given.number('rev'),
    serializable: isSerializable(given),
    keys_only: keysOnly,
    count_only: countOnly,
    min_create_revision: given.number('min-create-rev'),
    max_create_revision: given.number('max-create-rev'),
    min_mod_revision: given.number('min-mod-rev'),
    max_mod_revision: given.number('max-mod-rev'),
  };
}

/** A lease id as people write it, in hexadecimal. @throws UsageError */
export function parseLease(given: string, refusal: string): bigint {
  if (!/^[0-9a-fA-F]{1,16}$/.test(given)) {
    throw new UsageError(
      `${refusal} (strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax), expecting ID in Hex`,
      exitBadArgs,
    );
  }
  return BigInt.asIntN(64, BigInt(`0x${given}`));
}

export const putFlags: FlagSpecs = {
  lease: text('lease (in hexadecimal) to attach the key to', '0'),
  'prev-kv': flag('answer with the pair as it was before'),
  'ignore-value': flag('keep the value that is there'),
  'ignore-lease': flag('keep the lease that is there'),
};

/**
 * @param value asked for a value that is not among the words; none, or an empty one, is refused
 * @throws UsageError
 */
export async function putRequest(given: Given, value: () => Promise<Uint8Array>): Promise<object> {
  const [key, word] = given.words;
  const ignoresValue = given.isSet('ignore-value');
  const needs = 'put command needs 1 argument and input from stdin or 2 arguments';
  if (key === undefined) throw new UsageError(needs, exitBadArgs);
  if (ignoresValue && given.words.length > 1) {
    throw new UsageError("put command needs only 1 argument when 'ignore-value' is set", exitBadArgs);
  }
  let bytes = nothing;
  if (!ignoresValue) {
    bytes = word === undefined ? await value() : bytesOf(word);
    if (word === undefined && bytes.length === 0) throw new UsageError(needs, exitBadArgs);
  }
  return {
    key: bytesOf(key),
    value: bytes,
    lease: parseLease(given.text('lease'), 'bad lease ID'),
    prev_kv: given.isSet('prev-kv'),
    ignore_value: ignoresValue,
    ignore_lease: given.isSet('ignore-lease'),
  };
}

export const delFlags: FlagSpecs = {
  prefix: flag('delete keys with this prefix'),
  'from-key': flag('delete keys that are equal to or after this key'),
  range: flag('delete the range from the key to range_end, which is needed then'),
  'prev-kv': flag('answer with the pairs that were deleted'),
};

/** @throws UsageError */
export function deleteRequest(given: Given): object {
  const [key, end] = given.words;
  if (key === undefined || given.words.length > 2) {
    throw new UsageError(
      'del command needs one argument as key and an optional argument as range_end',
      exitBadArgs,
    );
  }
  if (given.isSet('range') && end === undefined) {
    throw new UsageError('del command needs range_end when `--range` is set', exitBadArgs);
  }
  return { ...rangeOf(given, key, end), prev_kv: given.isSet('prev-kv') };
}
