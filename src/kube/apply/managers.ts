/**
 * The managers of one object: managedFields read, and written in the order of a real server. A manager is known by name,
 * operation and subresource, and for Updates by the version too: an applier keeps its entry when it moves to another version.
 */

import type { FieldsText } from '../api/fields-text.ts';
import { isJsonObject, type ManagedFieldsEntry } from '../api/objects.ts';
import { type FieldSet, isEmptySet, isFieldSet, union } from './field-set.ts';
import { setOf, textOf } from './fields-texts.ts';

export type Operation = 'Apply' | 'Update';

export interface ManagerName {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface Manager extends ManagerName {
  readonly set: FieldSet;
  /** Empty: never told. */
  readonly time: string;
  /** As it stands in the store, when nothing of it has changed since; null: to be written anew. */
  readonly entry: ManagedFieldsEntry | null;
}

/** By `keyOf`. */
export type Managers = ReadonlyMap<string, Manager>;

/** Updates of more managers than these are told apart no more. */
const maxUpdaters = 10;
const oldUpdates = 'ancient-changes';

export function keyOf({ manager, operation, apiVersion, subresource }: ManagerName): string {
  const version = operation === 'Apply' ? '' : apiVersion;
  return `${operation}\n${subresource}\n${version}\n${manager}`;
}

function readEntry(entry: ManagedFieldsEntry, isStored: boolean): Manager | null {
  const { manager = '', operation, apiVersion = '', subresource = '', time = '', fieldsType } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return null;
  if (fieldsType !== 'FieldsV1' || apiVersion === '') return null;
  const set = setOf(entry.fieldsV1);
  if (!isStored && !isFieldSet(set)) return null;
  const kept = isStored ? entry : null;
  return { manager, operation, apiVersion, subresource, set, time: time ?? '', entry: kept };
}

/**
 * @param isStored they come from the store: their sets are as `writeManagers` wrote them
 * @returns null: they are not what managedFields are
 */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
  isStored: boolean,
): Managers | null {
  const managers = new Map<string, Manager>();
  for (const entry of entries ?? []) {
    const manager = isJsonObject(entry) ? readEntry(entry as ManagedFieldsEntry, isStored) : null;
    if (manager === null) return null;
    managers.set(keyOf(manager), manager);
  }
  return managers;
}

/** An empty list, or one with one empty entry: the writer wants ownership forgotten. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined || entries.length > 1) return false;
  return entries.length === 0 || Object.keys(entries[0]!).length === 0;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Appliers first, then by time, name, version and subresource. Times of one form sort as texts. */
function compareManagers(a: Manager, b: Manager): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time, b.time) ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

/** @param time empty: never told */
export function writeEntry(name: ManagerName, time: string, fields: FieldsText): ManagedFieldsEntry {
  const { manager, operation, apiVersion, subresource } = name;
  const entry: ManagedFieldsEntry = {};
  if (manager !== '') entry.manager = manager;
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time !== '') entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = fields;
  if (subresource !== '') entry.subresource = subresource;
  return entry;
}

export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .sort(compareManagers)
    .map((one) => one.entry ?? writeEntry(one, one.time, textOf(one.set)));
}

/** What is left of the managers when a change of their sets leaves some of them nothing. */
export function mapManagers(
  managers: Managers,
  change: (manager: Manager) => FieldSet,
): Map<string, Manager> {
  const result = new Map<string, Manager>();
  for (const [key, manager] of managers) {
    const set = change(manager);
    if (set === manager.set) result.set(key, manager);
    else if (!isEmptySet(set)) result.set(key, { ...manager, set, entry: null });
  }
  return result;
}

/** The oldest Updates become one entry per version until there are no more than `maxUpdaters`. */
export function capUpdaters(managers: Map<string, Manager>): void {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= maxUpdaters) return;
  updaters.sort(([a, left], [b, right]) => compareTexts(left.time, right.time) || compareTexts(a, b));
  const firsts = new Map<string, string>();
  let count = updaters.length;
  for (const [key, updater] of updaters) {
    if (count <= maxUpdaters) return;
    const { apiVersion } = updater;
    const bucketName: ManagerName = { manager: oldUpdates, operation: 'Update', apiVersion, subresource: '' };
    const bucketKey = keyOf(bucketName);
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, key);
      continue;
    }
    let bucket = managers.get(bucketKey);
    if (bucket === undefined) {
      bucket = { ...bucketName, set: managers.get(first)!.set, time: '', entry: null };
      managers.delete(first);
    }
    managers.delete(key);
    managers.set(bucketKey, {
      ...bucket,
      set: union(updater.set, bucket.set),
      time: updater.time,
      entry: null,
    });
    count--;
  }
}
