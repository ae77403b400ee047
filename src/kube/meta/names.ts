/**
 * What names may look like. Each rule gives the details of what is wrong, in the words of a real server;
 * an empty list is a good name.
 */

import type { NameRule } from '../registry/types.ts';

const labelPart = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainPattern = `${labelPart}(\\.${labelPart})*`;
const labelRegex = new RegExp(`^${labelPart}$`);
const subdomainRegex = new RegExp(`^${subdomainPattern}$`);
const qualifiedPattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const qualifiedRegex = new RegExp(`^${qualifiedPattern}$`);
const labelValuePattern = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
const labelValueRegex = new RegExp(`^${labelValuePattern}$`);

export const subdomainMax = 253;
const labelMax = 63;

const subdomainText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainPattern}')`;
const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${labelPart}')`;
const qualifiedText = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPattern}')`;
const labelValueText = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValuePattern}')`;

function longerThan(max: number, unit: 'bytes' | 'characters' = 'characters'): string {
  return `must be no more than ${max} ${unit}`;
}

/** @param unit in which the limit is told: that of keys is told in bytes */
export function subdomainProblems(name: string, unit: 'bytes' | 'characters' = 'characters'): string[] {
  const problems: string[] = [];
  if (name.length > subdomainMax) problems.push(longerThan(subdomainMax, unit));
  if (!subdomainRegex.test(name)) problems.push(subdomainText);
  return problems;
}

export function labelProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > labelMax) problems.push(longerThan(labelMax));
  if (!labelRegex.test(name)) {
    problems.push(name.includes('.') && subdomainRegex.test(name) ? 'must not contain dots' : labelText);
  }
  return problems;
}

export function pathSegmentProblems(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  const problems: string[] = [];
  for (const part of ['/', '%']) if (name.includes(part)) problems.push(`may not contain '${part}'`);
  return problems;
}

/** @param isPrefix the start of a generated name: it may end in a dash */
export function nameProblems(rule: NameRule, name: string, isPrefix: boolean): string[] {
  const checked = isPrefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name;
  switch (rule) {
    case 'pathSegment':
      return pathSegmentProblems(checked);
    case 'label':
      return labelProblems(checked);
    case 'subdomain':
      return subdomainProblems(checked);
    case 'subdomain63':
    case 'subdomain52': {
      const problems = subdomainProblems(checked);
      const max = rule === 'subdomain63' ? 63 : 52;
      if (problems.length === 0 && checked.length > max) problems.push(longerThan(max));
      return problems;
    }
  }
}

/** Keys of labels and annotations, names of finalizers: `prefix/name`. */
export function qualifiedNameProblems(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  const name = parts[parts.length - 1]!;
  if (parts.length === 2) {
    if (parts[0] === '') problems.push('prefix part must be non-empty');
    else {
      const found = subdomainProblems(parts[0]!, 'bytes');
      for (const problem of found) problems.push(`prefix part ${problem}`);
    }
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > labelMax) problems.push(`name part ${longerThan(labelMax, 'bytes')}`);
  if (!qualifiedRegex.test(name)) problems.push(`name part ${qualifiedText}`);
  return problems;
}

export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (Buffer.byteLength(value) > labelMax) problems.push(longerThan(labelMax, 'bytes'));
  if (!labelValueRegex.test(value)) problems.push(labelValueText);
  return problems;
}
