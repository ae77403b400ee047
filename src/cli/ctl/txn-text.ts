/**
 * Transactions as etcdctl reads them from its input: comparisons, an empty line, the operations for success, an empty line,
 * the operations for failure, an empty line. Input that ends before the last empty line is refused: whatever wrote it may
 * have been cut off.
 *
 *     mod("key") > "0"          put key "a value"
 *     value("key") = "text"     get key [end]
 *                               del key [end]
 */

import { type FlagSpecs, givenOf, parseArguments, UsageError } from './arguments.ts';
import { deleteRequest, delFlags, getFlags, putFlags, putRequest, rangeRequest } from './kv-requests.ts';
import { bytesOf, unescaped, wordsOf } from './words.ts';

export const exitInvalidInput = 3;

export interface TxnText {
  readonly compare: readonly object[];
  readonly success: readonly object[];
  readonly failure: readonly object[];
}

const titles = [
  'compares:',
  'success requests (get, put, del):',
  'failure requests (get, put, del):',
] as const;

function refuse(what: string): UsageError {
  return new UsageError(what, exitInvalidInput);
}

/**
 * @param next the next line, null when there is none
 * @param prompt told what comes next
 * @throws UsageError as soon as a line is read that is wrong
 */
export async function readTxn(
  next: () => Promise<string | null>,
  prompt: (title: string) => void,
): Promise<TxnText> {
  const section = async <T>(title: string, parse: (line: string) => T | Promise<T>): Promise<T[]> => {
    prompt(title);
    const found: T[] = [];
    for (;;) {
      const line = (await next())?.trim();
      if (line === undefined) throw refuse('EOF');
      if (line === '') return found;
      found.push(await parse(line));
    }
  };
  return {
    compare: await section(titles[0], parseComparison),
    success: await section(titles[1], parseOperation),
    failure: await section(titles[2], parseOperation),
  };
}

const targets: Readonly<Record<string, { readonly target: number; readonly field: string }>> = {
  ver: { target: 0, field: 'version' },
  version: { target: 0, field: 'version' },
  c: { target: 1, field: 'create_revision' },
  create: { target: 1, field: 'create_revision' },
  m: { target: 2, field: 'mod_revision' },
  mod: { target: 2, field: 'mod_revision' },
  val: { target: 3, field: 'value' },
  value: { target: 3, field: 'value' },
  lease: { target: 4, field: 'lease' },
};
const results: Readonly<Record<string, number>> = { '=': 0, '>': 1, '<': 2, '!=': 3 };

const quotedText = /^\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/;

interface Scanned {
  readonly key: string;
  readonly relation: string;
  readonly value: string;
  readonly isWhole: boolean;
}

/** What is behind the opening bracket: a quoted key, the closing bracket, a relation, a quoted value. */
function scanComparison(rest: string): Scanned {
  const key = quotedText.exec(rest);
  if (key === null) return { key: '', relation: '', value: '', isWhole: false };
  const found = { key: key[2] ?? unescaped(key[1]!), relation: '', value: '', isWhole: false };
  const relation = /^\)\s*(\S+)/.exec(rest.slice(key[0].length));
  if (relation === null) return found;
  const value = quotedText.exec(rest.slice(key[0].length + relation[0].length));
  if (value === null) return { ...found, relation: relation[1]! };
  return { ...found, relation: relation[1]!, value: value[2] ?? unescaped(value[1]!), isWhole: true };
}

function parseComparison(line: string): object {
  const open = line.indexOf('(');
  if (open === -1) throw refuse(`malformed comparison: ${line}`);
  const name = line.slice(0, open);
  const { key, relation, value, isWhole } = scanComparison(line.slice(open + 1));
  if (!isWhole) {
    const got = `${name}(${JSON.stringify(key)}) ${relation} ${JSON.stringify(value)}`;
    throw refuse(`malformed comparison: ${line}; got ${got}`);
  }
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target === undefined) throw refuse(`malformed comparison: ${line} (unknown target ${name})`);
  const result = results[relation];
  if (result === undefined) throw refuse(`malformed comparison: ${line} (unknown result op ${relation})`);
  const common = { target: target.target, result, key: bytesOf(key) };
  if (target.field === 'value') return { ...common, value: bytesOf(value) };
  return { ...common, [target.field]: parseNumber(line, value, target.field === 'lease') };
}

function parseNumber(line: string, value: string, isHex: boolean): bigint {
  const digits = /^([+-]?)([0-9a-fA-F]+)$/.exec(value);
  const isDecimal = /^[+-]?\d+$/.test(value);
  if (digits === null || !(isHex || isDecimal)) {
    const why = `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`;
    throw refuse(`invalid txn compare request: ${line} (${why})`);
  }
  const size = BigInt(isHex ? `0x${digits[2]}` : digits[2]!);
  const number = digits[1] === '-' ? -size : size;
  if (BigInt.asIntN(64, number) !== number) {
    const why = `strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`;
    throw refuse(`invalid txn compare request: ${line} (${why})`);
  }
  return number;
}

const operationFlags: Readonly<Record<string, FlagSpecs>> = { get: getFlags, put: putFlags, del: delFlags };

async function parseOperation(line: string): Promise<object> {
  const words = wordsOf(line);
  if (words.length < 2) throw refuse(`invalid txn compare request: ${line}`);
  const [verb] = words as [string];
  const specs = Object.hasOwn(operationFlags, verb) ? operationFlags[verb] : undefined;
  if (specs === undefined) throw refuse(`invalid txn request: ${line}`);
  const given = givenOf(parsed(line, words, specs));
  if (verb === 'get') return { request_range: rangeRequest(given) };
  if (verb === 'del') return { request_delete_range: deleteRequest(given) };
  return { request_put: await putRequest(given, async () => new Uint8Array(0)) };
}

function parsed(line: string, words: readonly string[], specs: FlagSpecs): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(words, specs);
  } catch {
    throw refuse(`invalid txn request: ${line}`);
  }
}
