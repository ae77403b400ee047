/**
 * Strategic merge patch: a merge patch that knows from the types which lists are merged and by which member
 * of their items. Directives: `$patch` (replace, delete, merge) in a map or in an item of a merged list, `$retainKeys`,
 * `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
 *
 * Levels that change are copied, what does not change is shared with the target; neither target nor patch is changed.
 */

import { isEqualJson, memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest, bareError, requestInvalid, type StatusError } from '../api/status.ts';
import { type Definition, definitionOf, type Field } from '../schema/schema.ts';
import { identifyBy, inElementOrder } from './element-order.ts';
import { goText, goTypeOf } from './go-text.ts';

const patchDirective = '$patch';
const retainKeysDirective = '$retainKeys';
const orderPrefix = '$setElementOrder';
const deletePrefix = '$deleteFromPrimitiveList';

const badOrderList = 'invalid patch format of setElementOrder list';

/** What is known of the members of a map. Null: nothing; its lists are replaced and its maps merged. */
type Shape = Definition | null;

interface MemberShape {
  readonly shape: Shape;
  readonly mergesLists: boolean;
  readonly replacesMaps: boolean;
  /** Empty: a list of scalars, or none that is merged. */
  readonly mergeKey: string;
}

const unknownMember: MemberShape = { shape: null, mergesLists: false, replacesMaps: false, mergeKey: '' };

const memberShapes: WeakMap<Field, MemberShape> = new WeakMap();

function shapeOfField(field: Field): MemberShape {
  let known = memberShapes.get(field);
  if (known === undefined) {
    const definition = field.definition === '' ? null : definitionOf(field.definition);
    const isStruct = definition !== null && definition.form === null;
    known = {
      // The members of a map from string are its values: a patch names them by keys that no type knows.
      shape: isStruct && field.shape !== 'map' ? definition : null,
      mergesLists: field.patchStrategies.includes('merge'),
      replacesMaps: field.patchStrategies.includes('replace'),
      mergeKey: field.mergeKey,
    };
    memberShapes.set(field, known);
  }
  return known;
}

/** @throws StatusError 500 when the type has no such member */
function memberShape(shape: Shape, name: string): MemberShape {
  if (shape === null) return unknownMember;
  const field = shape.fields.get(name);
  if (field !== undefined) return shapeOfField(field);
  const struct = shape.name.slice(shape.name.lastIndexOf('.') + 1);
  throw bareError(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(name)}`);
}

function noMergeKey(item: Json, mergeKey: string): StatusError {
  return bareError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

function noArray(actual: Json | undefined): StatusError {
  return bareError(`expected a []interface {}, but received a ${goTypeOf(actual)}`);
}

function unknownDirective(directive: Json, map: JsonObject): StatusError {
  return bareError(`unknown patch type: ${goText(directive)} in map: ${goText(map)}`);
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _gone, ...rest } = object;
  return rest;
}

function isDirective(name: string): boolean {
  return (
    name === patchDirective ||
    name === retainKeysDirective ||
    name.startsWith(orderPrefix) ||
    name.startsWith(deletePrefix)
  );
}

/** A part of the patch that meets nothing in the target: nulls and directives are left out. Undefined: all of it. */
function plainPatch(patch: Json): Json | undefined {
  if (Array.isArray(patch)) {
    return patch.map(plainPatch).filter((item): item is Json => item !== undefined);
  }
  if (!isJsonObject(patch)) return patch;
  const directive = patch[patchDirective];
  if (directive !== undefined && directive !== 'merge' && directive !== 'replace') return undefined;
  const result: JsonObject = {};
  for (const name of Object.keys(patch)) {
    if (isDirective(name) || patch[name] === null) continue;
    const value = plainPatch(patch[name]!);
    if (value !== undefined) setMember(result, name, value);
  }
  return result;
}

/** The text behind `$setElementOrder/` and the like. */
function directiveTarget(name: string, prefix: string, problem: string): string {
  if (!name.startsWith(`${prefix}/`)) throw badRequest(problem);
  return name.slice(prefix.length + 1);
}

function retain(target: JsonObject, patch: JsonObject): JsonObject {
  const list = patch[retainKeysDirective];
  if (list === undefined) return target;
  const problem = 'invalid patch format of retainKeys';
  if (!Array.isArray(list)) throw badRequest(problem);
  const kept = new Set<Json>(list);
  for (const name of Object.keys(patch)) {
    if (patch[name] === null || isDirective(name)) continue;
    if (!kept.has(name)) throw badRequest(problem);
  }
  const result: JsonObject = {};
  for (const name of Object.keys(target)) if (kept.has(name)) setMember(result, name, target[name]!);
  return result;
}

function mergeMap(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  const directive = patch[patchDirective];
  if (directive === 'replace') return without(patch, patchDirective);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive, patch);
  const result = { ...retain(target, patch) };
  const done = orderLists(result, patch, shape);
  for (const name of Object.keys(patch)) {
    if (done.has(name) || name === patchDirective || name === retainKeysDirective) continue;
    if (name.startsWith(orderPrefix)) continue;
    if (name.startsWith(deletePrefix)) {
      deleteValues(result, name, patch[name]!, shape);
      continue;
    }
    mergeMember(result, name, patch[name]!, shape);
  }
  return result;
}

function mergeMember(result: JsonObject, name: string, value: Json, shape: Shape): void {
  if (value === null) {
    delete result[name];
    return;
  }
  const current = memberOf(result, name);
  if (Array.isArray(current) && Array.isArray(value)) {
    result[name] = mergeList(current, value, memberShape(shape, name));
  } else if (isJsonObject(current) && isJsonObject(value)) {
    const member = memberShape(shape, name);
    setMember(result, name, member.replacesMaps ? value : mergeMap(current, value, member.shape));
  } else {
    const plain = plainPatch(value);
    if (plain === undefined) delete result[name];
    else setMember(result, name, plain);
  }
}

function deleteValues(result: JsonObject, directive: string, value: Json, shape: Shape): void {
  const name = directiveTarget(directive, deletePrefix, 'invalid patch format of primitive list');
  const current = memberOf(result, name);
  if (!Array.isArray(current) || value === null) return;
  if (!Array.isArray(value)) throw noArray(value);
  if (!memberShape(shape, name).mergesLists) return;
  const gone = new Set(value);
  result[name] = current.filter((item) => !gone.has(item));
}

/** @throws StatusError for lists of lists and for mixed ones @returns whether the items are maps */
function hasMapItems(...lists: readonly (readonly Json[])[]): boolean {
  let kind: string | null = null;
  for (const list of lists) {
    for (const item of list) {
      if (Array.isArray(item)) throw requestInvalid();
      const own = goTypeOf(item);
      if (kind !== null && kind !== own) {
        throw bareError(`list element types are not identical: ${goText([kind, own])}`);
      }
      kind = own;
    }
  }
  return kind === 'map[string]interface {}';
}

function mergeList(target: readonly Json[], patch: readonly Json[], member: MemberShape): Json[] {
  if (!member.mergesLists) return [...patch];
  if (target.length === 0 && patch.length === 0) return [];
  const { mergeKey } = member;
  if (!hasMapItems(target, patch)) {
    const merged = [...new Set([...target, ...patch])];
    return inElementOrder(merged, patch, target, identifyBy(''));
  }
  if (mergeKey === '') throw bareError('cannot merge lists without merge key for type struct');
  const { left, rest } = applyItemDirectives(target, patch as readonly JsonObject[], mergeKey);
  const merged = mergeItems(left, rest, member);
  return inElementOrder(merged, rest, left, identifyBy(mergeKey));
}

/** Items that say `$patch`. `left` is what they leave of the target, `rest` the other items of the patch. */
function applyItemDirectives(
  target: readonly Json[],
  patch: readonly JsonObject[],
  mergeKey: string,
): { left: readonly Json[]; rest: readonly JsonObject[] } {
  let left: readonly Json[] = target;
  let isReplaced = false;
  const rest: JsonObject[] = [];
  for (const item of patch) {
    const directive = item[patchDirective];
    if (directive === undefined) rest.push(item);
    else if (directive === 'merge') rest.push(without(item, patchDirective));
    else if (directive === 'replace') isReplaced = true;
    else if (directive === 'delete') {
      if (item[mergeKey] === undefined) throw noMergeKey(item, mergeKey);
      left = left.filter((other) => (other as JsonObject)[mergeKey] !== item[mergeKey]);
    } else throw unknownDirective(directive, item);
  }
  return isReplaced ? { left: rest, rest: [] } : { left, rest };
}

function mergeItems(
  left: readonly Json[],
  rest: readonly JsonObject[],
  { mergeKey, shape }: MemberShape,
): Json[] {
  const merged = [...left];
  for (const item of rest) {
    const id = item[mergeKey];
    if (id === undefined) throw noMergeKey(item, mergeKey);
    const at = merged.findIndex((other) => (other as JsonObject)[mergeKey] === id);
    if (at >= 0) merged[at] = mergeMap(merged[at] as JsonObject, item, shape);
    else {
      const plain = plainPatch(item);
      if (plain !== undefined) merged.push(plain);
    }
  }
  for (const item of merged) {
    if ((item as JsonObject)[mergeKey] === undefined) throw noMergeKey(item, mergeKey);
  }
  return merged;
}

/** The lists that have a `$setElementOrder`, merged and ordered. @returns the members that need no more merging */
function orderLists(result: JsonObject, patch: JsonObject, shape: Shape): ReadonlySet<string> {
  const done = new Set<string>();
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(orderPrefix)) continue;
    const order = patch[directive];
    if (!Array.isArray(order)) throw noArray(order);
    const name = directiveTarget(directive, orderPrefix, badOrderList);
    const current = memberOf(result, name);
    const changes = memberOf(patch, name);
    if (current !== undefined && !Array.isArray(current)) throw noArray(current);
    if (changes !== undefined && !Array.isArray(changes)) throw noArray(changes);
    const member = memberShape(shape, name);
    checkOrder(changes ?? [], order, member.mergeKey);
    if (current === undefined && changes === undefined) continue;
    let merged: readonly Json[];
    if (current !== undefined && changes !== undefined) merged = mergeList(current, changes, member);
    else merged = current ?? (plainPatch(changes!) as Json[]);
    hasMapItems(merged);
    if (member.mergeKey !== '') {
      for (const item of [...merged, ...order]) {
        const id = isJsonObject(item) ? item[member.mergeKey] : undefined;
        if (id === undefined) throw noMergeKey(item, member.mergeKey);
      }
    }
    result[name] = inElementOrder(merged, order, current ?? [], identifyBy(member.mergeKey));
    done.add(name);
  }
  return done;
}

/** The items of the patch must stand in the order list, in the same order. Items with a directive are let pass. */
function checkOrder(changes: readonly Json[], order: readonly Json[], mergeKey: string): void {
  if (order.length === 0 || changes.length === 0) return;
  const identify = identifyBy(mergeKey);
  const plain = changes.filter((item) => !isJsonObject(item) || item[patchDirective] === undefined);
  let at = 0;
  for (const item of plain) {
    const id = identify(item);
    if (mergeKey !== '' && id === undefined) throw noMergeKey(item, mergeKey);
    while (at < order.length && !isEqualJson(identify(order[at]!), id)) at++;
    if (at >= order.length) {
      throw bareError(
        `The order in patch list:\n${goText(changes as Json)}\n doesn't match ${orderPrefix} list:\n${goText(order as Json)}\n`,
      );
    }
    at++;
  }
}

/**
 * The target with the patch merged into it.
 * @throws StatusError 400 for malformed directives, 422 for lists of lists, else 500 as a real server answers: an item
 *   without its merge key, an unknown directive, a type that does not fit
 */
export function strategicMergePatch(
  target: JsonObject,
  patch: JsonObject,
  definition: Definition,
): JsonObject {
  return mergeMap(target, patch, definition);
}
