/** How Go prints things: JSON of messages, quoted text, durations, sizes. etcdctl's scripts have come to rely on it. */

import type { ColdMessage } from '../../wire/cold-codec.ts';

function isZero(value: unknown): boolean {
  if (
    value === null ||
    value === undefined ||
    value === 0 ||
    value === 0n ||
    value === '' ||
    value === false
  ) {
    return true;
  }
  return (value instanceof Uint8Array || Array.isArray(value)) && value.length === 0;
}

/** The members of a oneof that Go wraps by its name. Until 3.4 they were called `ResponseRange` and so on. */
const wrapped: ReadonlySet<string> = new Set([
  'response_range',
  'response_put',
  'response_delete_range',
  'response_txn',
]);

/**
 * A value as Go's encoding/json prints it. Objects are messages as the cold codec decodes them: fields with their zero
 * value are left out, bytes are base64, 64-bit integers bare numbers.
 */
export function goJson(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (value === null || value === undefined) return 'null';
  const fields: string[] = [];
  for (const [name, field] of Object.entries(value as ColdMessage)) {
    if (wrapped.has(name)) fields.push(`"Response":{"${name}":${goJson(field)}}`);
    else if (!isZero(field)) fields.push(`${jsonString(name)}:${goJson(field)}`);
  }
  return `{${fields.join(',')}}`;
}

/** An object of Go's own (no message): every field is printed, zero or not. */
export function goObject(fields: readonly (readonly [name: string, json: string])[]): string {
  return `{${fields.map(([name, json]) => `${jsonString(name)}:${json}`).join(',')}}`;
}

function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const escapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** Bytes as `%q` prints them: text where it is printable UTF-8, escapes elsewhere. */
export function quoted(bytes: Uint8Array | string): string {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
  let out = '"';
  for (let at = 0; at < buffer.length; ) {
    const first = buffer[at]!;
    const known = escapes[first];
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = buffer.toString('utf8', at, at + length);
    const isOne = [...character].length === 1 && !character.includes('\ufffd');
    if (known !== undefined) out += known;
    else if (!isOne) {
      out += `\\x${first.toString(16).padStart(2, '0')}`;
      at++;
      continue;
    } else if (first < 0x20 || first === 0x7f) out += `\\x${first.toString(16).padStart(2, '0')}`;
    else if (/^[\p{C}\p{Z}]$/u.test(character) && character !== ' ') {
      out += `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
    } else out += character;
    at += length;
  }
  return `${out}"`;
}

/** A length of time as Go prints it. */
export function goDuration(ms: number): string {
  const ns = Math.round(ms * 1e6);
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${trimmed(ns / 1e3, 3)}µs`;
  if (ns < 1e9) return `${trimmed(ns / 1e6, 6)}ms`;
  const seconds = ns / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${trimmed(seconds % 60, 9)}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** Bytes for people, as etcdctl prints them: powers of 1000, one digit behind the point below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.min(sizeUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : halfToEven(value)} ${sizeUnits[power]}`;
}

/** Go's `%.0f`: 20.5 becomes 20, 21.5 becomes 22. */
function halfToEven(value: number): number {
  const whole = Math.floor(value);
  return value - whole === 0.5 && whole % 2 === 0 ? whole : Math.round(value);
}

/** An id as etcdctl shows it. */
export function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}

/** A lease id as etcdctl shows it: 16 digits. */
export function leaseHex(id: bigint): string {
  return hex(id).padStart(16, '0');
}

/** A table in the frame that etcdctl draws: titles centred, cells to the right. */
export function framedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const titles = head.map((title, column) => {
    const left = Math.floor((widths[column]! - title.length) / 2);
    return `${' '.repeat(left)}${title.toUpperCase()}`.padEnd(widths[column]!);
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(row.map((cell, column) => cell.padStart(widths[column]!))));
  return [rule, line(titles), rule, ...body, ...(rows.length > 0 ? [rule] : [])].join('\n');
}
