/**
 * The language of rules: CEL with the functions that Kubernetes adds to it (its CEL libraries of lists, regular expressions,
 * URLs, quantities, addresses and texts). The language itself is `@marcbachmann/cel-js`. Two things of it are worked around:
 * it takes `has(e.f)` only where `e` is a path of names, so `has(a[0].f)` is rewritten as a function; numbers of objects are
 * BigInts where the schema says integer, or `1 + self.replicas` would add an integer and a double.
 */

import { isIP } from 'node:net';
import { Environment } from '@marcbachmann/cel-js';
import { compareQuantities, parseQuantity, quantityText } from '../schema/quantity.ts';
import { addressNumber, addressText } from '../validation/addresses.ts';
import { registerTexts } from './cel-texts.ts';

class Quantity {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
    parseQuantity(text);
  }
  get nanos(): bigint {
    return parseQuantity(this.text).nanos;
  }
}

class Url {
  readonly url: URL;
  constructor(url: URL) {
    this.url = url;
  }
}

class Ip {
  readonly text: string;
  constructor(text: string) {
    if (isIP(text) === 0)
      throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
    this.text = text;
  }
}

/** `ip` is a function, and in `ip.isCanonical(…)` a name. */
class IpNames {}

class Cidr {
  readonly address: Ip;
  readonly prefix: number;
  constructor(text: string) {
    const [address = '', bits = ''] = text.split('/');
    const most = isIP(address) === 4 ? 32 : 128;
    if (isIP(address) === 0 || !/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > most) {
      throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
    }
    this.address = new Ip(address);
    this.prefix = Number(bits);
  }
}

const nanosPerUnit = 1_000_000_000n;

function isMade(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

function registerQuantities(language: Environment): void {
  const type = 'kubernetes.Quantity';
  const changed = (left: Quantity, nanos: bigint): Quantity =>
    new Quantity(quantityText({ ...parseQuantity(left.text), nanos }));
  language
    .registerType(type, Quantity)
    .registerFunction(`quantity(string): ${type}`, (text: string) => new Quantity(text))
    .registerFunction('isQuantity(string): bool', (text: string) => isMade(() => new Quantity(text)))
    .registerOperator(
      `${type} == ${type}`,
      (left: Quantity, right: Quantity) => compareQuantities(left.text, right.text) === 0,
    )
    .registerFunction(`${type}.isInteger(): bool`, (value: Quantity) => value.nanos % nanosPerUnit === 0n)
    .registerFunction(`${type}.asInteger(): int`, (value: Quantity) => {
      if (value.nanos % nanosPerUnit !== 0n) throw new Error('cannot convert value to integer');
      return value.nanos / nanosPerUnit;
    })
    .registerFunction(`${type}.asApproximateFloat(): double`, (value: Quantity) => Number(value.nanos) / 1e9)
    .registerFunction(`${type}.sign(): int`, ({ nanos }: Quantity) =>
      nanos > 0n ? 1n : nanos < 0n ? -1n : 0n,
    );
  const compare = (name: string, holds: (order: number) => boolean): void => {
    language.registerFunction(`${type}.${name}(${type}): bool`, (left: Quantity, right: Quantity) =>
      holds(compareQuantities(left.text, right.text)),
    );
  };
  compare('isGreaterThan', (order) => order > 0);
  compare('isLessThan', (order) => order < 0);
  language.registerFunction(`${type}.compareTo(${type}): int`, (left: Quantity, right: Quantity) =>
    BigInt(Math.sign(compareQuantities(left.text, right.text))),
  );
  for (const [name, sign] of [
    ['add', 1n],
    ['sub', -1n],
  ] as const) {
    language
      .registerFunction(`${type}.${name}(${type}): ${type}`, (left: Quantity, right: Quantity) =>
        changed(left, left.nanos + sign * right.nanos),
      )
      .registerFunction(`${type}.${name}(int): ${type}`, (left: Quantity, right: bigint) =>
        changed(left, left.nanos + sign * right * nanosPerUnit),
      );
  }
}

/** A text as Go's url.ParseRequestURI takes it: an absolute URL, or a path. */
function parseUrl(text: string): URL {
  if (text.startsWith('/')) return new URL(`http://unset.invalid${text}`);
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text))
    throw new Error(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  return new URL(text);
}

function registerUrls(language: Environment): void {
  const type = 'kubernetes.URL';
  const own = (url: URL, part: string): string => (url.hostname === 'unset.invalid' ? '' : part);
  language
    .registerType(type, Url)
    .registerFunction(`url(string): ${type}`, (text: string) => new Url(parseUrl(text)))
    .registerOperator(`${type} == ${type}`, (a: Url, b: Url) => a.url.href === b.url.href)
    .registerFunction('isURL(string): bool', (text: string) => isMade(() => parseUrl(text)))
    .registerFunction(`${type}.getScheme(): string`, ({ url }: Url) => own(url, url.protocol.slice(0, -1)))
    .registerFunction(`${type}.getHost(): string`, ({ url }: Url) => own(url, url.host))
    .registerFunction(`${type}.getHostname(): string`, ({ url }: Url) =>
      own(url, url.hostname.replace(/^\[|\]$/g, '')),
    )
    .registerFunction(`${type}.getPort(): string`, ({ url }: Url) => url.port)
    .registerFunction(`${type}.getEscapedPath(): string`, ({ url }: Url) => url.pathname)
    .registerFunction(`${type}.getQuery(): map<string, list<string>>`, ({ url }: Url) => {
      const names = new Map<string, string[]>();
      for (const [name, value] of url.searchParams) names.set(name, [...(names.get(name) ?? []), value]);
      return names;
    });
}

/** An IPv6 address as text, the longest run of zeros left out. */
function sixText(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_none, at) =>
    ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function registerAddresses(language: Environment): void {
  const [ip, cidr] = ['net.IP', 'net.CIDR'];
  const family = ({ text }: Ip): bigint => BigInt(isIP(text));
  const within = (outer: Cidr, { text }: Ip): boolean => {
    if (family(outer.address) !== BigInt(isIP(text))) return false;
    const shift = BigInt((isIP(text) === 4 ? 32 : 128) - outer.prefix);
    return addressNumber(outer.address.text).value >> shift === addressNumber(text).value >> shift;
  };
  const first = ({ text }: Ip): number =>
    Number(addressNumber(text).value >> (isIP(text) === 4 ? 24n : 112n));
  const isLoopback = (value: Ip): boolean =>
    isIP(value.text) === 4 ? first(value) === 127 : addressNumber(value.text).value === 1n;
  const isMulticast = (value: Ip): boolean =>
    isIP(value.text) === 4 ? first(value) >> 4 === 0xe : first(value) >> 8 === 0xff;
  const isLocalMulticast = (value: Ip): boolean =>
    isIP(value.text) === 4
      ? addressNumber(value.text).value >> 8n === 0xe00000n
      : (first(value) & 0xff0f) === 0xff02;
  const isLocalUnicast = (value: Ip): boolean =>
    isIP(value.text) === 4
      ? addressNumber(value.text).value >> 16n === 0xa9fen
      : first(value) >> 6 === 0xfe80 >> 6;
  language
    .registerType(ip, Ip)
    .registerType(cidr, Cidr)
    .registerType('kubernetes.IpNames', IpNames)
    .registerConstant('ip', 'kubernetes.IpNames', new IpNames())
    .registerFunction(`ip(string): ${ip}`, (text: string) => new Ip(text))
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerFunction(
      'kubernetes.IpNames.isCanonical(string): bool',
      (_names: IpNames, text: string) =>
        (isIP(text) === 6 ? sixText : addressText)(addressNumber(new Ip(text).text).value) === text,
    )
    .registerOperator(
      `${ip} == ${ip}`,
      (a: Ip, b: Ip) =>
        isIP(a.text) === isIP(b.text) && addressNumber(a.text).value === addressNumber(b.text).value,
    )
    .registerOperator(
      `${cidr} == ${cidr}`,
      (a: Cidr, b: Cidr) =>
        a.prefix === b.prefix &&
        isIP(a.address.text) === isIP(b.address.text) &&
        addressNumber(a.address.text).value === addressNumber(b.address.text).value,
    )
    .registerFunction(`${ip}.family(): int`, family)
    .registerFunction(`${ip}.isLoopback(): bool`, isLoopback)
    .registerFunction(`${ip}.isUnspecified(): bool`, ({ text }: Ip) => addressNumber(text).value === 0n)
    .registerFunction(`${ip}.isLinkLocalMulticast(): bool`, isLocalMulticast)
    .registerFunction(`${ip}.isLinkLocalUnicast(): bool`, isLocalUnicast)
    .registerFunction(
      `${ip}.isGlobalUnicast(): bool`,
      (value: Ip) =>
        !(isIP(value.text) === 4 && addressNumber(value.text).value === 0xffff_ffffn) &&
        addressNumber(value.text).value !== 0n &&
        !isLoopback(value) &&
        !isMulticast(value) &&
        !isLocalUnicast(value),
    )
    .registerFunction(`string(${ip}): string`, ({ text }: Ip) => text)
    .registerFunction(`string(${cidr}): string`, ({ address, prefix }: Cidr) => `${address.text}/${prefix}`)
    .registerFunction(`${cidr}.masked(): ${cidr}`, ({ address, prefix }: Cidr) => {
      const bits = isIP(address.text) === 4 ? 32 : 128;
      const shift = BigInt(bits - prefix);
      const { value } = addressNumber(address.text);
      const masked = (value >> shift) << shift;
      const text = bits === 32 ? addressText(masked) : sixText(masked);
      return new Cidr(`${text}/${prefix}`);
    })
    .registerFunction(`cidr(string): ${cidr}`, (text: string) => new Cidr(text))
    .registerFunction('isCIDR(string): bool', (text: string) => isMade(() => new Cidr(text)))
    .registerFunction(`${cidr}.ip(): ${ip}`, ({ address }: Cidr) => address)
    .registerFunction(`${cidr}.prefixLength(): int`, ({ prefix }: Cidr) => BigInt(prefix))
    .registerFunction(`${cidr}.containsIP(${ip}): bool`, within)
    .registerFunction(`${cidr}.containsIP(string): bool`, (outer: Cidr, text: string) =>
      within(outer, new Ip(text)),
    )
    .registerFunction(
      `${cidr}.containsCIDR(${cidr}): bool`,
      (outer: Cidr, inner: Cidr) => inner.prefix >= outer.prefix && within(outer, inner.address),
    )
    .registerFunction(`${cidr}.containsCIDR(string): bool`, (outer: Cidr, text: string) => {
      const inner = new Cidr(text);
      return inner.prefix >= outer.prefix && within(outer, inner.address);
    });
}

/** `has(a[0].f)`, rewritten. */
function hasMember(value: unknown, name: string): boolean {
  if (value instanceof Map) return value.has(name);
  throw new Error('no such overload');
}

/** Of every rule; each schema makes its own of it. */
export const language: Environment = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
});
language.registerFunction('keelsonHas(dyn, string): bool', hasMember);
registerQuantities(language);
registerUrls(language);
registerTexts(language);
registerAddresses(language);

/** The end of what begins with an opening parenthesis at `open`, or -1. Texts in quotes are passed over. */
export function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"' || char === "'") at = endOfQuote(text, at);
    else if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char) && --depth === 0) return at;
  }
  return -1;
}

function endOfQuote(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== text[begin]) at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** A rule that the language takes: `has` and `matches` are rewritten. */
export function rewritten(rule: string): string {
  return rewriteHas(withMatches(rule));
}

/** With calls of `matches` as calls of our own, by a name that is as long: places in messages stay as they are. */
function withMatches(rule: string): string {
  if (!rule.includes('matches')) return rule;
  let result = '';
  for (let at = 0; at < rule.length; ) {
    const char = rule[at]!;
    if (char === '"' || char === "'") {
      const end = Math.min(endOfQuote(rule, at) + 1, rule.length);
      result += rule.slice(at, end);
      at = end;
      continue;
    }
    if (char === '.') {
      const call = /^\.\s*matches\s*\(/.exec(rule.slice(at));
      if (call !== null) {
        result += call[0].replace('matches', 'Matches');
        at += call[0].length;
        continue;
      }
    }
    result += char;
    at++;
  }
  return result;
}

/** A rule with each `has(e.f)` whose `e` is more than a path of names as a call that the language takes. */
function rewriteHas(rule: string): string {
  let rewritten = '';
  let rest = 0;
  for (const { index } of rule.matchAll(/\bhas\(/g)) {
    if (index < rest) continue;
    const end = closing(rule, index + 3);
    const match = end < 0 ? null : /^([\s\S]+)\.\s*([A-Za-z_]\w*)\s*$/.exec(rule.slice(index + 4, end));
    if (match === null || /^[\s\w.?]*$/.test(match[1]!)) continue;
    rewritten += `${rule.slice(rest, index)}keelsonHas(${rewriteHas(match[1]!)}, "${match[2]}")`;
    rest = end + 1;
  }
  return rewritten + rule.slice(rest);
}
