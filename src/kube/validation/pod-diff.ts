/**
 * What changed between two specs, as the refusal of a pod update shows it: a line for each value that went or came, in the
 * surroundings of the struct they are in. A real API server prints the fields of its internal types; these are the names
 * with which the fields are declared.
 */

import { isJsonObject, type Json } from '../api/objects.ts';

const initialisms: ReadonlySet<string> = new Set(['dns', 'ip', 'os', 'tty', 'ipc', 'pid', 'uid']);

function fieldName(name: string): string {
  const first = /^[a-z]+/.exec(name)?.[0] ?? '';
  if (initialisms.has(first)) return first.toUpperCase() + name.slice(first.length);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function valueText(value: Json | undefined): string {
  if (value === undefined) return 'nil';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `{${value.map(valueText).join(', ')}}`;
  const members = Object.entries(value).map(([name, inner]) => `${fieldName(name)}: ${valueText(inner)}`);
  return `{${members.join(', ')}}`;
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function write(
  lines: string[],
  depth: number,
  label: string,
  old: Json | undefined,
  value: Json | undefined,
): void {
  const indent = '\t'.repeat(depth);
  if (isJsonObject(old) && isJsonObject(value)) {
    lines.push(`  ${indent}${label}{`);
    members(lines, depth + 1, old, value);
    lines.push(`  ${indent}},`);
    return;
  }
  if (Array.isArray(old) && Array.isArray(value) && old.length === value.length) {
    lines.push(`  ${indent}${label}{`);
    old.forEach((item, at) => {
      if (isEqual(item, value[at])) return;
      write(lines, depth + 1, '', item, value[at]);
    });
    lines.push(`  ${indent}},`);
    return;
  }
  if (old !== undefined) lines.push(`- ${indent}${label}${valueText(old)},`);
  if (value !== undefined) lines.push(`+ ${indent}${label}${valueText(value)},`);
}

function members(
  lines: string[],
  depth: number,
  old: { readonly [name: string]: Json },
  value: { readonly [name: string]: Json },
): void {
  const names = [...new Set([...Object.keys(old), ...Object.keys(value)])];
  const changed = names.filter((name) => !isEqual(old[name], value[name]));
  const same = names.length - changed.length;
  if (same > 0) lines.push(`  ${'\t'.repeat(depth)}... // ${same} identical field${same === 1 ? '' : 's'}`);
  for (const name of changed) write(lines, depth, `${fieldName(name)}: `, old[name], value[name]);
}

/** @param type as it is declared, `core.PodSpec` */
export function diffText(type: string, old: unknown, value: unknown): string {
  const lines: string[] = [];
  write(lines, 0, type, (old ?? {}) as Json, (value ?? {}) as Json);
  const text = lines.join('\n');
  return `${text.endsWith(',') ? text.slice(0, -1) : text}\n`;
}
