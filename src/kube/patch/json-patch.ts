/**
 * JSON Patch (RFC 6902), as a real API server takes it: negative indexes count from the end, `test` of an absent member passes
 * for null, and whatever fails is answered with one and the same 422 that does not say why.
 *
 * Bounded: operations by number, copies by the bytes they add, for a few hundred bytes of copies can double a document at
 * every step.
 */

import { FieldsText } from '../api/fields-text.ts';
import { copyJson, isEqualJson, memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject, type ManagedFieldsEntry } from '../api/objects.ts';
import { badRequest, requestInvalid, StatusError } from '../api/status.ts';

const maxOperations = 10_000;
/** All copies of one patch together, as JSON. */
const maxCopiedBytes = 3 << 20;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  readonly hasValue: boolean;
  readonly value: Json;
}

function goKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function textOf(operation: JsonObject, name: string): string {
  const value = memberOf(operation, name) ?? '';
  if (typeof value === 'string') return value;
  throw badRequest(
    `error decoding patch: json: cannot unmarshal ${goKind(value)} into Go struct field jsonPatchOp.${name} of type string`,
  );
}

function readOperation(given: Json): Operation {
  if (!isJsonObject(given)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(given)} into Go value of type handlers.jsonPatchOp`,
    );
  }
  return {
    op: textOf(given, 'op'),
    path: textOf(given, 'path'),
    from: textOf(given, 'from'),
    hasValue: Object.hasOwn(given, 'value'),
    value: memberOf(given, 'value') ?? null,
  };
}

function readOperations(given: Json): readonly Operation[] {
  if (given === null) return [];
  if (!Array.isArray(given)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goKind(given)} into Go value of type []handlers.jsonPatchOp`,
    );
  }
  if (given.length > maxOperations) {
    const why = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${given.length}`;
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `Request entity too large: ${why}`,
      reason: 'RequestEntityTooLarge',
      code: 413,
    });
  }
  return given.map(readOperation);
}

/** The steps of a pointer (RFC 6901). */
function stepsOf(pointer: string): string[] {
  const [first, ...steps] = pointer.split('/');
  if (first !== '') throw requestInvalid();
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** @param length how many places there are; -1 is the last of them */
function indexOf(step: string, length: number): number {
  if (!/^-?\d+$/.test(step)) throw requestInvalid();
  const given = Number(step);
  const at = given < 0 ? given + length : given;
  if (at < 0 || at >= length) throw requestInvalid();
  return at;
}

/** What stands at a step of a container; undefined: nothing. */
function childOf(container: Json, step: string): Json | undefined {
  if (Array.isArray(container)) return container[indexOf(step, container.length)];
  return isJsonObject(container) ? memberOf(container, step) : undefined;
}

/** One document while operations change it; it is a copy of its own. */
class Document {
  root: Json;
  #copiedBytes = 0;

  constructor(root: Json) {
    this.root = root;
  }

  run(operation: Operation): void {
    const { op, path, from, hasValue, value } = operation;
    const needsValue = op === 'add' || op === 'replace';
    if (needsValue && !hasValue) throw requestInvalid();
    if (op === 'add') this.#add(path, value);
    else if (op === 'remove') this.#remove(path);
    else if (op === 'replace') this.#replace(path, value);
    else if (op === 'move') this.#move(from, path);
    else if (op === 'copy') this.#copy(from, path);
    else if (op !== 'test' || !isEqualJson(this.#find(path) ?? null, value)) throw requestInvalid();
  }

  /** The container of what a pointer points at, and the last step. @throws StatusError when there is none */
  #place(pointer: string): { readonly container: Json; readonly step: string } {
    const steps = stepsOf(pointer);
    const step = steps.pop();
    if (step === undefined) throw requestInvalid();
    let container: Json | undefined = this.root;
    for (const name of steps) {
      container = childOf(container, name);
      if (container === undefined) throw requestInvalid();
    }
    if (typeof container !== 'object' || container === null) throw requestInvalid();
    return { container, step };
  }

  #find(pointer: string): Json | undefined {
    if (pointer === '') return this.root;
    const { container, step } = this.#place(pointer);
    return childOf(container, step);
  }

  #add(pointer: string, value: Json): void {
    const { container, step } = this.#place(pointer);
    if (!Array.isArray(container)) setMember(container as JsonObject, step, value);
    else if (step === '-') container.push(value);
    else container.splice(indexOf(step, container.length + 1), 0, value);
  }

  #remove(pointer: string): void {
    const { container, step } = this.#place(pointer);
    if (Array.isArray(container)) {
      container.splice(indexOf(step, container.length), 1);
      return;
    }
    if (childOf(container, step) === undefined) throw requestInvalid();
    delete (container as JsonObject)[step];
  }

  #replace(pointer: string, value: Json): void {
    if (pointer === '') {
      if (typeof value !== 'object' || value === null) throw requestInvalid();
      this.root = value;
      return;
    }
    const { container, step } = this.#place(pointer);
    if (childOf(container, step) === undefined) throw requestInvalid();
    if (Array.isArray(container)) container[indexOf(step, container.length)] = value;
    else setMember(container as JsonObject, step, value);
  }

  #move(from: string, path: string): void {
    const moved = this.#find(from);
    if (moved === undefined) throw requestInvalid();
    this.#remove(from);
    this.#add(path, moved);
  }

  #copy(from: string, path: string): void {
    const found = this.#find(from);
    if (found === undefined) throw requestInvalid();
    this.#copiedBytes += JSON.stringify(found).length;
    if (this.#copiedBytes > maxCopiedBytes) throw requestInvalid();
    this.#add(path, copyJson(found));
  }
}

function seesManagers({ op, path, from }: Operation): boolean {
  const pointers = op === 'move' || op === 'copy' ? [path, from] : [path];
  return pointers.some(
    (pointer) => pointer === '' || pointer === '/metadata' || pointer.startsWith('/metadata/managedFields'),
  );
}

/** What managers own as the members it stands for, where pointers may go into it. */
function spellManagers({ metadata }: JsonObject): void {
  const entries = isJsonObject(metadata ?? null) ? (metadata as JsonObject)['managedFields'] : undefined;
  for (const entry of Array.isArray(entries) ? entries : []) {
    const { fieldsV1 } = entry as ManagedFieldsEntry;
    if (fieldsV1 instanceof FieldsText) (entry as JsonObject)['fieldsV1'] = fieldsV1.toJSON();
  }
}

/**
 * The target after all operations; it is not changed itself.
 * @throws StatusError 400 when the patch is no list of operations, 413 beyond `maxOperations`, 422 when one fails
 */
export function jsonPatch(target: JsonObject, operations: Json): Json {
  const list = readOperations(operations);
  const copy = copyJson(target);
  if (list.some(seesManagers)) spellManagers(copy);
  const document = new Document(copy as Json);
  for (const operation of list) document.run({ ...operation, value: copyJson(operation.value) });
  return document.root;
}
