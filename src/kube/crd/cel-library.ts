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
  language
    .registerType(ip, Ip)
    .registerType(cidr, Cidr)
    .registerType('kubernetes.IpNames', IpNames)
    .registerConstant('ip', 'kubernetes.IpNames', new IpNames())
    .registerFunction(`ip(string): ${ip}`, (text: string) => new Ip(text))
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerFunction(
      'kubernetes.IpNames.isCanonical(string): bool',
      (text: string) => addressText(addressNumber(text).value) === text,
    )
    .registerFunction(`${ip}.family(): int`, family)
    .registerFunction(`${ip}.isLoopback(): bool`, (value: Ip) =>
      isIP(value.text) === 4 ? first(value) === 127 : addressNumber(value.text).value === 1n,
    )
    .registerFunction(`${ip}.isUnspecified(): bool`, ({ text }: Ip) => addressNumber(text).value === 0n)
    .registerFunction(`string(${ip}): string`, ({ text }: Ip) => text)
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
function closing(text: string, open: number): number {
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

/** A rule with each `has(e.f)` whose `e` is more than a path of names as a call that the language takes. */
export function rewriteHas(rule: string): string {
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
