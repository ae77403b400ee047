/**
 * Sets of fields, as the trie that `fieldsV1` is:
 *
 *   { "f:spec": { "f:replicas": {}, "f:ports": { "k:{\"name\":\"web\"}": { ".": {}, "f:port": {} } } } }
 *
 * A node stands for a path. It is a member of the set when it is empty or has `.`; what else it has are the paths below.
 * Invariant: no node but the root is empty of both, so that `{}` at the root is the empty set and elsewhere a member.
 *
 * Sets are never changed: operations share what stays the same, and give back their first argument when nothing changes.
 * Source: fieldpath.Set of structured-merge-diff.
 */

import type { Json, JsonObject } from '../api/objects.ts';

export type FieldSet = JsonObject;

export const emptySet: FieldSet = Object.freeze({});
/** A member with nothing below. */
export const leaf: FieldSet = emptySet;
const self = '.';

export function isEmptySet(set: FieldSet): boolean {
  for (const _element in set) return false;
  return true;
}

const knownNames: Map<string, string> = new Map();
/** Members of types are few; names that clients choose are not kept here. */
const knownNamesMax = 20_000;

/** `f:<name>` of a member that a type names. Making the text anew each time is what costs most in making a set. */
export function elementOfName(name: string): string {
  let element = knownNames.get(name);
  if (element === undefined) {
    element = `f:${name}`;
    if (knownNames.size < knownNamesMax) knownNames.set(name, element);
  }
  return element;
}

/** For a node that is not the root. */
function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmptySet(node);
}

/** Null: neither a member nor anything below. */
function nodeOf(isOwn: boolean, below: FieldSet): FieldSet | null {
  if (isEmptySet(below)) return isOwn ? leaf : null;
  if (!isOwn || below[self] !== undefined) return below;
  return { [self]: leaf, ...below };
}

/** The paths below a node, as a root. */
function belowOf(node: FieldSet): FieldSet {
  if (node[self] === undefined) return node;
  const { [self]: _own, ...below } = node;
  return below;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a)) return b;
  if (isEmptySet(b) || a === b) return a;
  const result = { ...a };
  let hasChanged = false;
  for (const element in b) {
    if (element === self) continue;
    const left = a[element] as FieldSet | undefined;
    const right = b[element] as FieldSet;
    const node =
      left === undefined
        ? right
        : nodeOf(isMember(left) || isMember(right), union(belowOf(left), belowOf(right)))!;
    if (node === left) continue;
    if (left !== undefined && isSameSet(node, left)) continue;
    result[element] = node;
    hasChanged = true;
  }
  return hasChanged ? result : a;
}

type Combine = (left: FieldSet, right: FieldSet) => FieldSet | null;

function combine(a: FieldSet, b: FieldSet, both: Combine): FieldSet {
  let result: FieldSet | null = null;
  for (const element in b) {
    const left = a[element] as FieldSet | undefined;
    if (element === self || left === undefined) continue;
    const node = both(left, b[element] as FieldSet);
    if (node === left) continue;
    result ??= { ...a };
    if (node === null) delete result[element];
    else result[element] = node;
  }
  return result ?? a;
}

function differenceOfNodes(left: FieldSet, right: FieldSet): FieldSet | null {
  const own = isMember(left);
  const stays = own && !isMember(right);
  const below = belowOf(left);
  const rest = difference(below, belowOf(right));
  return stays === own && rest === below ? left : nodeOf(stays, rest);
}

/** The members of `a` that are not members of `b`. A path below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(a) ? a : combine(a, b, differenceOfNodes);
}

function withoutBelow(left: FieldSet, right: FieldSet): FieldSet | null {
  if (isMember(right)) return null;
  const own = left[self] !== undefined || isEmptySet(left);
  const below = belowOf(left);
  const rest = deepDifference(below, right);
  return rest === below ? left : nodeOf(own, rest);
}

/** `a` without the members of `b` and all that is below them. */
export function deepDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(a) ? a : combine(a, b, withoutBelow);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {};
  for (const element in a) {
    const right = b[element] as FieldSet | undefined;
    if (element === self || right === undefined) continue;
    const left = a[element] as FieldSet;
    const node = nodeOf(isMember(left) && isMember(right), intersection(belowOf(left), belowOf(right)));
    if (node !== null) result[element] = node;
  }
  return result;
}

export function hasElement(set: FieldSet, element: string): boolean {
  const node = set[element] as FieldSet | undefined;
  return node !== undefined && isMember(node);
}

/** What is below an element, as a root. */
export function belowElement(set: FieldSet, element: string): FieldSet {
  const node = set[element] as FieldSet | undefined;
  return node === undefined ? emptySet : belowOf(node);
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const other = b[element] as FieldSet | undefined;
    if (other === undefined || !isSameSet(a[element] as FieldSet, other)) return false;
    count++;
  }
  for (const _element in b) count--;
  return count === 0;
}

/** Members first, then what is below them, as a real server lists conflicts. @param visit gets the elements of a path */
export function eachMember(set: FieldSet, visit: (path: readonly string[]) => void): void {
  const walk = (node: FieldSet, path: readonly string[]): void => {
    const elements = Object.keys(node).filter((element) => element !== self);
    elements.sort(compareElements);
    for (const element of elements) {
      if (isMember(node[element] as FieldSet)) visit([...path, element]);
    }
    for (const element of elements) {
      const below = belowOf(node[element] as FieldSet);
      if (!isEmptySet(below)) walk(below, [...path, element]);
    }
  };
  walk(set, []);
}

const rankOfKind: Readonly<Record<string, number>> = { '.': -1, f: 0, k: 1, v: 2, i: 3 };

function rankOfValue(value: Json): number {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareValues(a: Json, b: Json): number {
  const ranks = rankOfValue(a) - rankOfValue(b);
  if (ranks !== 0) return ranks;
  if (typeof a === 'number') return a - (b as number);
  return compareTexts(JSON.stringify(a), JSON.stringify(b));
}

function compareKeys(a: JsonObject, b: JsonObject): number {
  const left = Object.keys(a);
  const right = Object.keys(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const names = compareTexts(left[i]!, right[i]!);
    if (names !== 0) return names;
    const values = compareValues(a[left[i]!]!, b[right[i]!]!);
    if (values !== 0) return values;
  }
  return left.length - right.length;
}

/** Members by name, then list items by their keys (numbers as numbers), then values, then places. */
export function compareElements(a: string, b: string): number {
  if (a[0] === 'f' && b[0] === 'f') return compareTexts(a, b);
  const ranks = (rankOfKind[a[0]!] ?? 9) - (rankOfKind[b[0]!] ?? 9);
  if (ranks !== 0) return ranks;
  if (a[0] === 'k') return compareKeys(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  if (a[0] === 'v') return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  if (a[0] === 'i') return Number(a.slice(2)) - Number(b.slice(2));
  return compareTexts(a, b);
}

/** The same set with its elements in order at every level: itself when they are. */
export function inOrder(set: FieldSet): FieldSet {
  let previous: string | null = null;
  let isSorted = true;
  let ordered: FieldSet | null = null;
  for (const element in set) {
    if (previous !== null && isSorted && compareElements(previous, element) > 0) isSorted = false;
    previous = element;
    const node = set[element] as FieldSet;
    if (node === leaf) continue;
    const inner = inOrder(node);
    if (inner === node) continue;
    ordered ??= { ...set };
    ordered[element] = inner;
  }
  if (isSorted) return ordered ?? set;
  const nodes = ordered ?? set;
  const result: FieldSet = {};
  for (const element of Object.keys(set).sort(compareElements)) result[element] = nodes[element]!;
  return result;
}

function isKeyText(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function isValueText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isElement(element: string): boolean {
  if (element === self) return true;
  const text = element.slice(2);
  if (element[1] !== ':') return false;
  if (element[0] === 'f') return true;
  if (element[0] === 'k') return isKeyText(text);
  if (element[0] === 'v') return isValueText(text);
  return element[0] === 'i' && /^\d+$/.test(text);
}

/** Whether a value that a client sent is a set. */
export function isFieldSet(value: unknown, depth: number = 0): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 100) return false;
  for (const element of Object.keys(value)) {
    if (!isElement(element) || !isFieldSet((value as FieldSet)[element], depth + 1)) return false;
  }
  return true;
}
