/**
 * Transactions as etcdctl reads them from its input: comparisons, an empty line, the operations for success, an empty line,
 * the operations for failure.
 *
 *     mod("key") > "0"          put key "a value"
 *     value("key") = "text"     get key [end]
 *                               del key [end]
 */

import { prefixEnd } from '../../client/index.ts';
import { type FlagSpecs, flag, integer, parseArguments, text, UsageError } from './arguments.ts';

export const exitInvalidInput = 3;

export interface TxnText {
  readonly compare: readonly object[];
  readonly success: readonly object[];
  readonly failure: readonly object[];
}

/** @throws UsageError that shows the line */
export function parseTxn(input: string): TxnText {
  const sections: string[][] = [[], [], []];
  let section = 0;
  for (const line of input.split('\n').map((one) => one.trim())) {
    if (line === '') section++;
    else if (section < 3) sections[section]!.push(line);
    if (section >= 3) break;
  }
  const [compare, success, failure] = sections as [string[], string[], string[]];
  return {
    compare: compare.map(parseComparison),
    success: success.map(parseOperation),
    failure: failure.map(parseOperation),
  };
}

function refuse(line: string, why: string): UsageError {
  return new UsageError(`Invalid txn line ${JSON.stringify(line)}: ${why}`, exitInvalidInput);
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

function parseComparison(line: string): object {
  const match = /^(\w+)\((.+)\)\s*(!=|=|<|>)\s*(.+)$/.exec(line);
  if (match === null) throw refuse(line, 'expected a comparison such as mod("key") > "0"');
  const [, name, key, relation, operand] = match;
  const target = targets[name!];
  if (target === undefined) throw refuse(line, `there is no target ${name}`);
  const value = unquote(operand!);
  const common = { target: target.target, result: results[relation!]!, key: Buffer.from(unquote(key!)) };
  if (target.field === 'value') return { ...common, value: Buffer.from(value) };
  const isLease = target.field === 'lease';
  if (!(isLease ? /^[0-9a-fA-F]+$/ : /^-?\d+$/).test(value)) throw refuse(line, `"${value}" is no number`);
  return { ...common, [target.field]: BigInt(isLease ? `0x${value}` : value) };
}

function unquote(word: string): string {
  const trimmed = word.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? unescaped(trimmed.slice(1, -1))
    : trimmed;
}

const named: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** The escapes of a quoted text in Go. */
function unescaped(quotedText: string): string {
  return quotedText.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return named[code] ?? code;
  });
}

/** Words of a line: separated by spaces; in double quotes with escapes, in single quotes as they are. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quotedText, literal, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    words.push(quotedText !== undefined ? unescaped(quotedText) : (literal ?? bare!));
  }
  return words;
}

const operationFlags: FlagSpecs = {
  prefix: flag(''),
  'from-key': flag(''),
  'prev-kv': flag(''),
  'keys-only': flag(''),
  'count-only': flag(''),
  limit: integer(''),
  rev: integer(''),
  lease: text('', '0'),
};

function parseOperation(line: string): object {
  const { words, flags } = parseArguments(wordsOf(line), operationFlags);
  const [verb, key, other] = words;
  if (key === undefined) throw refuse(line, 'expected put, get or del, and a key');
  const bytes = Buffer.from(key);
  if (verb === 'put') {
    if (other === undefined) throw refuse(line, 'put needs a key and a value');
    const lease = BigInt(`0x${flags['lease'] as string}`);
    return { request_put: { key: bytes, value: Buffer.from(other), lease, prev_kv: flags['prev-kv'] } };
  }
  const end =
    flags['prefix'] === true
      ? prefixEnd(bytes)
      : flags['from-key'] === true
        ? Buffer.of(0)
        : Buffer.from(other ?? '');
  if (verb === 'get') {
    const { limit, rev: revision } = flags;
    const options = { keys_only: flags['keys-only'], count_only: flags['count-only'] };
    return { request_range: { key: bytes, range_end: end, limit, revision, ...options } };
  }
  if (verb === 'del')
    return { request_delete_range: { key: bytes, range_end: end, prev_kv: flags['prev-kv'] } };
  throw refuse(line, `there is no operation ${verb}`);
}
