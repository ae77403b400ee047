/** Versions by semver.org as values of rules (Kubernetes' CEL library of semantic versions). */

import type { Environment } from '@marcbachmann/cel-js';

const pattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

class Version {
  readonly numbers: readonly bigint[];
  /** Empty: it is a release. */
  readonly pre: readonly string[];

  constructor(text: string) {
    const parts = pattern.exec(text);
    if (parts === null) throw new Error(problemOf(text));
    this.numbers = parts.slice(1, 4).map(BigInt);
    this.pre = parts[4]?.split('.') ?? [];
  }
}

function problemOf(text: string): string {
  const count = text.split(/[-+]/)[0]!.split('.').length;
  if (text === '') return 'Version string empty';
  if (count < 3) return 'No Major.Minor.Patch elements found';
  return `Invalid character(s) found in version ${JSON.stringify(text)}`;
}

/** `v1.02` as `1.2.0`. */
function normalized(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)$/.exec(text);
  if (match === null) return text;
  const plain = (digits: string | undefined): string => (digits ?? '0').replace(/^0+(?=\d)/, '');
  return `${plain(match[1])}.${plain(match[2])}.${plain(match[3])}${match[4] ?? ''}`;
}

function comparePre(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  if (left !== right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(a: Version, b: Version): number {
  for (let at = 0; at < 3; at++) {
    const [left, right] = [a.numbers[at]!, b.numbers[at]!];
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let at = 0; at < Math.min(a.pre.length, b.pre.length); at++) {
    const order = comparePre(a.pre[at]!, b.pre[at]!);
    if (order !== 0) return order;
  }
  return Math.sign(a.pre.length - b.pre.length);
}

function isVersion(text: string): boolean {
  return pattern.test(text);
}

export function registerVersions(language: Environment): void {
  const type = 'kubernetes.Semver';
  language
    .registerType(type, Version)
    .registerFunction(`semver(string): ${type}`, (text: string) => new Version(text))
    .registerFunction(
      `semver(string, bool): ${type}`,
      (text: string, normalizes: boolean) => new Version(normalizes ? normalized(text) : text),
    )
    .registerFunction('isSemver(string): bool', isVersion)
    .registerFunction('isSemver(string, bool): bool', (text: string, normalizes: boolean) =>
      isVersion(normalizes ? normalized(text) : text),
    )
    .registerFunction(`${type}.isGreaterThan(${type}): bool`, (a: Version, b: Version) => compare(a, b) > 0)
    .registerFunction(`${type}.isLessThan(${type}): bool`, (a: Version, b: Version) => compare(a, b) < 0)
    .registerFunction(`${type}.compareTo(${type}): int`, (a: Version, b: Version) => BigInt(compare(a, b)))
    .registerOperator(`${type} == ${type}`, (a: Version, b: Version) => compare(a, b) === 0);
  for (const [at, name] of ['major', 'minor', 'patch'].entries()) {
    language.registerFunction(`${type}.${name}(): int`, ({ numbers }: Version) => numbers[at]!);
  }
}
