/** Between sets of fields and the texts that objects hold of them. The sets of the last texts that were read or written are kept. */

import { FieldsText, fieldsText } from '../api/fields-text.ts';
import { isEqualJson } from '../api/json.ts';
import type { JsonObject, ManagedFieldsEntry } from '../api/objects.ts';
import { emptySet, type FieldSet, inOrder } from './field-set.ts';

const setsMax = 1024;
const sets: Map<FieldsText, FieldSet> = new Map();

function keep(fields: FieldsText, set: FieldSet): void {
  if (sets.size >= setsMax) sets.clear();
  sets.set(fields, set);
}

/** What a manager's `fieldsV1` says; of what a client sent it may be no set at all. */
export function setOf(fields: JsonObject | FieldsText | undefined): FieldSet {
  if (!(fields instanceof FieldsText)) return fields ?? emptySet;
  let set = sets.get(fields);
  if (set === undefined) {
    set = fields.toJSON();
    keep(fields, set);
  }
  return set;
}

export function textOf(set: FieldSet): FieldsText {
  const ordered = inOrder(set);
  const fields = fieldsText(JSON.stringify(ordered));
  keep(fields, ordered);
  return fields;
}

/** Whether managers that a client sent are those that are known. */
export function isSameManagers(
  given: readonly ManagedFieldsEntry[],
  known: readonly ManagedFieldsEntry[],
): boolean {
  if (given === known) return true;
  return given.length === known.length && given.every((entry, at) => isSameManager(entry, known[at]!));
}

function isSameManager(given: ManagedFieldsEntry, known: ManagedFieldsEntry): boolean {
  if (given === known) return true;
  const { fieldsV1: fields, ...others } = given;
  const { fieldsV1: knownFields, ...knownOthers } = known;
  if (!isEqualJson(others as JsonObject, knownOthers as JsonObject)) return false;
  return fields === knownFields || isEqualJson(setOf(fields), setOf(knownFields));
}
