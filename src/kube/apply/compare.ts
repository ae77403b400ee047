/**
 * Which fields an object has (`fieldSetOf`), and in which fields two objects differ (`compareValues`).
 *
 * A container is a member of a set of its own only where that says something: when it is empty, when it is an item of a list
 * or a member of a map that the type does not name, and in a comparison when it has newly come or gone as a whole.
 *
 * Source: ToFieldSet and Compare of structured-merge-diff's typed values.
 */

import { isEqualJson } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { elementOfName, emptySet, type FieldSet, isEmptySet, leaf } from './field-set.ts';
import type { FieldType, NamedMember } from './field-types.ts';
import { itemsByElement } from './path-elements.ts';

/** Undefined: nothing there. */
type Value = Json | undefined;

function isEmptyObject(value: JsonObject): boolean {
  for (const _name in value) return false;
  return true;
}

function elementOfMember(type: FieldType, name: string): string {
  return type.fields.size > 0 && type.fields.has(name) ? elementOfName(name) : `f:${name}`;
}

/** The type of a member of a map; null: the type knows no such member. */
export function memberType(type: FieldType, name: string): FieldType | null {
  return type.fields.get(name) ?? type.element;
}

/** How a value of a type is taken: as the type says, or as it looks. */
export function formOfValue(type: FieldType, value: Json): 'scalar' | 'list' | 'map' {
  if (type.form !== 'deduced') return type.form;
  if (Array.isArray(value)) return 'list';
  return isJsonObject(value) ? 'map' : 'scalar';
}

/** Atomic as such, or because nothing is known of the items of a list. */
export function isOneValue(type: FieldType, form: 'scalar' | 'list' | 'map'): boolean {
  return type.isAtomic || form === 'scalar' || (type.form === 'deduced' && form === 'list');
}

/** The fields of a value, without those above it; the value itself is a member of it as a leaf only. */
export function fieldSetOf(type: FieldType, value: Json): FieldSet {
  const form = formOfValue(type, value);
  const set: FieldSet = {};
  if (form === 'map' && isJsonObject(value)) {
    for (const name in value) {
      const member = memberType(type, name);
      if (member === null) continue;
      const node = fieldNode(member, value[name]!, !type.fields.has(name));
      if (node !== null) set[elementOfMember(type, name)] = node;
    }
  } else if (form === 'list' && Array.isArray(value)) {
    for (const [element, items] of itemsByElement(type, value)) {
      // An element that several items have is owned as a whole.
      set[element] = items.length > 1 ? leaf : fieldNode(type.element!, items[0]!, true)!;
    }
  }
  return set;
}

/** @param isOwn the container itself is a member too @returns null: nothing of it is owned */
function fieldNode(type: FieldType, value: Json, isOwn: boolean): FieldSet | null {
  const form = formOfValue(type, value);
  if (value === null || isOneValue(type, form)) return leaf;
  if (form === 'map' && isJsonObject(value) && isEmptyObject(value)) return leaf;
  const below = fieldSetOf(type, value);
  if (isEmptySet(below)) return isOwn ? leaf : null;
  return isOwn ? { '.': leaf, ...below } : below;
}

/** The node of a value that has newly come, or gone: all that is in it, and every container. */
function wholeNode(type: FieldType, value: Json): FieldSet {
  const form = formOfValue(type, value);
  if (value === null || isOneValue(type, form)) return leaf;
  const node: FieldSet = { '.': leaf };
  if (form === 'map' && isJsonObject(value)) {
    if (type.members !== null) addMembers(node, type, type.members, value);
    else {
      for (const name in value) {
        const member = memberType(type, name);
        if (member !== null) node[elementOfMember(type, name)] = wholeNode(member, value[name]!);
      }
    }
  } else if (form === 'list' && Array.isArray(value)) {
    for (const [element, items] of itemsByElement(type, value)) {
      node[element] = items.length > 1 ? leaf : wholeNode(type.element!, items[0]!);
    }
  }
  // A container with nothing in it is a leaf.
  for (const element in node) if (element !== '.') return node;
  return leaf;
}

/** Of a structure: in order, so that the set needs no sorting. */
function addMembers(
  node: FieldSet,
  { embedded }: FieldType,
  members: readonly NamedMember[],
  value: JsonObject,
): void {
  for (let i = 0; i < members.length; i++) {
    const { name, element, type } = members[i]!;
    const member = value[name];
    if (member !== undefined) node[element] = wholeNode(type, member);
    else if (embedded.get(name) != null) node[element] = leaf;
  }
}

/** What differs between two values. Each is a node, null where there is nothing of the kind. */
interface Difference {
  added: FieldSet | null;
  modified: FieldSet | null;
  removed: FieldSet | null;
}

const same: Difference = Object.freeze({ added: null, modified: null, removed: null });
const changedLeaf: Difference = Object.freeze({ added: null, modified: leaf, removed: null });

function collect(into: Difference, element: string, found: Difference): void {
  if (found === same) return;
  if (found.added !== null) {
    into.added ??= {};
    into.added[element] = found.added;
  }
  if (found.modified !== null) {
    into.modified ??= {};
    into.modified[element] = found.modified;
  }
  if (found.removed !== null) {
    into.removed ??= {};
    into.removed[element] = found.removed;
  }
}

function compareNodes(type: FieldType, left: Value, right: Value): Difference {
  if (left === right) return same;
  if (left === undefined) return { added: wholeNode(type, right!), modified: null, removed: null };
  if (right === undefined) return { added: null, modified: null, removed: wholeNode(type, left) };
  const form = formOfValue(type, left ?? right);
  const isMixed = right !== null && formOfValue(type, right) !== form;
  if (isMixed || isOneValue(type, form)) return isEqualJson(left, right) ? same : changedLeaf;
  return form === 'map' ? compareMaps(type, left, right) : compareLists(type, left, right);
}

function compareMaps(type: FieldType, left: Json, right: Json): Difference {
  const a = isJsonObject(left) ? left : null;
  const b = isJsonObject(right) ? right : null;
  if ((a === null || isEmptyObject(a)) && (b === null || isEmptyObject(b))) {
    return (a === null) === (b === null) ? same : changedLeaf;
  }
  let result: Difference | null = null;
  const compareMember = (name: string): void => {
    const member = memberType(type, name);
    if (member === null) return;
    const embedded = type.embedded.get(name);
    const found = compareNodes(member, a?.[name] ?? embedded, b?.[name] ?? embedded);
    if (found === same) return;
    result ??= { added: null, modified: null, removed: null };
    collect(result, elementOfMember(type, name), found);
  };
  if (a !== null) for (const name in a) compareMember(name);
  if (b !== null) for (const name in b) if (a === null || !Object.hasOwn(a, name)) compareMember(name);
  return result ?? same;
}

function compareLists(type: FieldType, left: Json, right: Json): Difference {
  const a = Array.isArray(left) ? left : [];
  const b = Array.isArray(right) ? right : [];
  // Null is a list that is always shown and that nobody wrote. To see that lists are equal is far cheaper than to walk them.
  if ((a.length === 0 && b.length === 0) || isEqualJson(a, b)) return same;
  const result: Difference = { added: null, modified: null, removed: null };
  const before = itemsByElement(type, a);
  const after = itemsByElement(type, b);
  for (const [element, items] of before)
    collect(result, element, compareItems(type, items, after.get(element)));
  for (const [element, items] of after) {
    if (!before.has(element)) collect(result, element, compareItems(type, undefined, items));
  }
  return result;
}

function compareItems(
  type: FieldType,
  before: readonly Json[] | undefined,
  after: readonly Json[] | undefined,
): Difference {
  if ((before?.length ?? 0) <= 1 && (after?.length ?? 0) <= 1) {
    return compareNodes(type.element!, before?.[0], after?.[0]);
  }
  if (before === undefined) return { added: leaf, modified: null, removed: null };
  if (after === undefined) return { added: null, modified: null, removed: leaf };
  return isEqualJson(before as Json, after as Json) ? same : changedLeaf;
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What the second object has and the first has not, has otherwise, and has no more. @throws ElementError */
export function compareValues(type: FieldType, left: JsonObject, right: JsonObject): Comparison {
  const found = compareNodes(type, left, right);
  return {
    added: found.added ?? emptySet,
    modified: found.modified ?? emptySet,
    removed: found.removed ?? emptySet,
  };
}

/** The members of a type that a set names only by what is below them, as members. */
export function withNamedMembers(type: FieldType, set: FieldSet): FieldSet {
  if (isEmptySet(set)) return set;
  const result: FieldSet = {};
  for (const element in set) {
    if (element === '.') continue;
    const node = set[element] as FieldSet;
    const isItem = element[0] !== 'f';
    const name = element.slice(2);
    const inner = isItem ? type.element : memberType(type, name);
    const { '.': own, ...below } = node;
    const isOwn = own !== undefined || isEmptySet(node) || (!isItem && type.fields.has(name));
    const deeper = inner === null ? below : withNamedMembers(inner, below as FieldSet);
    if (isEmptySet(deeper as FieldSet)) result[element] = leaf;
    else result[element] = isOwn ? { '.': leaf, ...deeper } : deeper;
  }
  return result;
}
