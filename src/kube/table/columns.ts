/**
 * What printers are made of: columns in short notation, and the words for what is empty. A server sends the wide columns
 * always and in full; it is kubectl that leaves them out, so nothing here is cut to a width.
 */

import type { Json, ObjectMeta } from '../api/objects.ts';
import { sinceText } from './age.ts';
import type { Column, Printer, RowCondition } from './types.ts';

/** What `metadata.creationTimestamp` is, in the words of the API. */
export const creationText: string =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

const nameText =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';

/** What is said of columns that show metadata. */
const descriptions: ReadonlyMap<string, string> = new Map([
  ['Name', nameText],
  ['Age', creationText],
  ['Created At', creationText],
]);

/** One column; the one called Name has the format by which clients find it. */
export function column(name: string, type: Column['type'] = 'string', priority: number = 0): Column {
  const description = descriptions.get(name) ?? '';
  return { name, type, format: name === 'Name' ? 'name' : '', description, priority };
}

/**
 * Columns from words: `Ready`, `Desired:integer`, `Node*` (wide only), `Up-to-date:integer`.
 * @param words the column Name is not among them; it always comes first
 */
export function columns(...words: readonly string[]): readonly Column[] {
  return [column('Name'), ...words.map(columnOf)];
}

/** One column from its word. */
export function columnOf(word: string): Column {
  const isWide = word.endsWith('*');
  const [name, type] = (isWide ? word.slice(0, -1) : word).split(':');
  return column(name!, (type as Column['type'] | undefined) ?? 'string', isWide ? 1 : 0);
}

/** An object as a printer reads it: the members it needs, all of which may be missing. */
export interface Printed<Spec = object, Status = object> {
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
}

/** A printer over the members of one kind. */
export function printer<Shape extends Printed>(
  shown: readonly Column[],
  cells: (object: Shape, nowMs: number) => readonly Json[],
  conditions?: (object: Shape) => readonly RowCondition[],
): Printer {
  const rowConditions = conditions;
  const print: Printer = {
    columns: shown,
    cells: (object, nowMs) => cells(object as unknown as Shape, nowMs),
  };
  if (rowConditions === undefined) return print;
  return { ...print, conditions: (object) => rowConditions(object as unknown as Shape) };
}

export function nameOf(object: Printed): string {
  return object.metadata.name ?? '';
}

export function ageOfPrinted(object: Printed, nowMs: number): string {
  return sinceText(object.metadata.creationTimestamp, nowMs);
}

/** The text, or `<none>`. */
export function orNone(text: string | null | undefined): string {
  return text === undefined || text === null || text === '' ? '<none>' : text;
}

/** The text, or `<unset>`. */
export function orUnset(text: string | null | undefined): string {
  return text === undefined || text === null || text === '' ? '<unset>' : text;
}

/** The first ones of a list, and how many more there are. @param total of which `shown` are the first */
export function withMore(
  shown: readonly string[],
  total: number,
  most: number,
  separator: string = ',',
): string {
  const text = shown.join(separator);
  return total > most ? `${text} + ${total - most} more...` : text;
}

/** `a=1,b=2` sorted by key, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | null | undefined): string {
  if (labels === undefined || labels === null) return '<none>';
  const keys = Object.keys(labels).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels[key]}`).join(',');
}

export interface LabelSelectorShape {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** A label selector in the words of `-l`, requirements sorted by key; `<none>` without any. */
export function selectorText(selector: LabelSelectorShape | null | undefined): string {
  const requirements: { readonly key: string; readonly text: string }[] = [];
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) {
    requirements.push({ key, text: `${key}=${value}` });
  }
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    requirements.push({ key, text: requirementText(key, operator, values) });
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return orNone(requirements.map(({ text }) => text).join(','));
}

function requirementText(key: string, operator: string, values: readonly string[]): string {
  const set = `(${[...values].sort().join(',')})`;
  switch (operator) {
    case 'In':
      return `${key} in ${set}`;
    case 'NotIn':
      return `${key} notin ${set}`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

export interface TemplateShape {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly containers?: readonly { readonly name: string; readonly image?: string }[];
    readonly nodeSelector?: Readonly<Record<string, string>>;
  };
}

/** Names and images of the containers of a pod template: two cells. */
export function containerCells(template: TemplateShape | null | undefined): readonly [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')];
}

/** `True`, `False` or `<unset>`. */
export function flagText(flag: boolean | null | undefined): string {
  if (flag === undefined || flag === null) return '<unset>';
  return flag ? 'True' : 'False';
}

export interface ConditionShape {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** True if there is a condition of that type with status True. */
export function isTrue(conditions: readonly ConditionShape[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}
