/** Addresses and ranges as numbers. */

import { isRange } from './services.ts';

/** An address as a number, and how many bits its family has. The text must be an address. */
export function addressNumber(text: string): { readonly value: bigint; readonly bits: number } {
  if (!text.includes(':')) {
    const value = text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { value, bits: 32 };
  }
  const [head = '', tail] = withoutDots(text).split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...last];
  return { value: all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n), bits: 128 };
}

/** `::ffff:1.2.3.4` without dots. */
function withoutDots(text: string): string {
  const at = text.lastIndexOf(':');
  const end = text.slice(at + 1);
  if (!end.includes('.')) return text;
  const { value } = addressNumber(end);
  return `${text.slice(0, at + 1)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** An IPv4 address as text. */
export function addressText(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

export interface AddressRange {
  /** The first address, with the bits behind the prefix zero. */
  readonly first: bigint;
  /** How many addresses it has. */
  readonly size: bigint;
  readonly bits: number;
}

/** @throws Error when it is no range */
export function parseRange(text: string): AddressRange {
  if (!isRange(text)) throw new Error(`${text} is no range of addresses`);
  const [address = '', length = ''] = text.split('/');
  const { value, bits } = addressNumber(address);
  const size = 1n << BigInt(bits - Number(length));
  return { first: value - (value % size), size, bits };
}

/** The first range is a part of the second, and not all of it. */
export function isWithin(inner: string, outer: string): boolean {
  const a = parseRange(inner);
  const b = parseRange(outer);
  return a.bits === b.bits && a.size < b.size && a.first >= b.first && a.first < b.first + b.size;
}
