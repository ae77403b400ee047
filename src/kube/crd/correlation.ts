/**
 * A value beside what it was: members by name, items of maps by their keys; items of other lists have no past. What is wrong
 * with a value that is as it was does not stand in the way of an update (source: CRDValidationRatcheting of Kubernetes 1.33).
 */

import { isEqualJson, memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { additionalOf, itemsOf, propertyOf, type Schema } from './structural.ts';

export class Correlation {
  readonly #value: Json;
  readonly #old: Json;
  readonly #schema: Schema;
  #itemsBefore: ItemsBefore | null = null;
  #isUnchanged: boolean | null = null;

  constructor(value: Json, old: Json, schema: Schema) {
    this.#value = value;
    this.#old = old;
    this.#schema = schema;
  }

  /** Null: there was none, or the schema does not know it. */
  member(name: string): Correlation | null {
    if (!isJsonObject(this.#value) || !isJsonObject(this.#old)) return null;
    const value = memberOf(this.#value, name);
    const old = memberOf(this.#old, name);
    const schema = propertyOf(this.#schema, name) ?? additionalOf(this.#schema);
    if (value === undefined || old === undefined || schema === null) return null;
    return new Correlation(value, old, schema);
  }

  /** Null: no item was there by its keys, or nothing tells which. */
  item(at: number): Correlation | null {
    const schema = itemsOf(this.#schema);
    if (!Array.isArray(this.#value) || schema === null) return null;
    const value = this.#value[at]!;
    this.#itemsBefore ??= new ItemsBefore(this.#old, this.#schema);
    const old = this.#itemsBefore.of(value);
    return old === undefined ? null : new Correlation(value, old, schema);
  }

  /** Looked at once: many errors may ask. */
  get isUnchanged(): boolean {
    this.#isUnchanged ??= this.#compare(this.#value, this.#old);
    return this.#isUnchanged;
  }

  /** A member that the schema does not know cannot be told to be as it was, nor can what has it. */
  #compare(value: Json, old: Json): boolean {
    if (Array.isArray(value)) {
      if (!isOfMap(this.#schema)) return isEqualJson(value, old);
      if (!Array.isArray(old) || value.length !== old.length) return false;
      return value.every((_item, at) => this.item(at)?.isUnchanged === true);
    }
    if (!isJsonObject(value) || !isJsonObject(old)) return isEqualJson(value, old);
    const names = Object.keys(value);
    if (names.length !== Object.keys(old).length) return false;
    return names.every((name) => this.member(name)?.isUnchanged === true);
  }
}

function isOfMap(schema: Schema): boolean {
  return schema['x-kubernetes-list-type'] === 'map';
}

/** What tells an item of a map from the others; null: it has not all of the keys. */
function keyOf(item: Json, schema: Schema): string | null {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!isJsonObject(item) || !Array.isArray(keys)) return null;
  const values: Json[] = [];
  for (const key of keys) {
    const value = typeof key === 'string' ? memberOf(item, key) : undefined;
    if (value === undefined || typeof value === 'object') return null;
    values.push(value);
  }
  return JSON.stringify(values);
}

/** Finds what items of a map were; there is nothing to find in other lists. */
export class ItemsBefore {
  readonly #schema: Schema;
  readonly #items: Map<string, Json> = new Map();

  constructor(old: Json | undefined, schema: Schema) {
    this.#schema = schema;
    if (!isOfMap(schema) || !Array.isArray(old)) return;
    for (const item of old) {
      const key = keyOf(item, schema);
      if (key !== null && !this.#items.has(key)) this.#items.set(key, item);
    }
  }

  of(item: Json): Json | undefined {
    if (this.#items.size === 0) return undefined;
    const key = keyOf(item, this.#schema);
    return key === null ? undefined : this.#items.get(key);
  }
}

/** Where a walk is in what it correlates: at a value that has a past, or below the last that had one. */
export class Trail {
  readonly #last: Correlation | null;
  readonly #isHere: boolean;

  private constructor(last: Correlation | null, isHere: boolean) {
    this.#last = last;
    this.#isHere = isHere;
  }

  /** @param old null on create: nothing has a past */
  static from(value: JsonObject, old: JsonObject | null, schema: Schema): Trail {
    return old === null ? new Trail(null, false) : new Trail(new Correlation(value, old, schema), true);
  }

  member(name: string): Trail {
    return this.#isHere ? this.#to(this.#last!.member(name)) : this;
  }

  item(at: number): Trail {
    return this.#isHere ? this.#to(this.#last!.item(at)) : this;
  }

  #to(next: Correlation | null): Trail {
    return next === null ? new Trail(this.#last, false) : new Trail(next, true);
  }

  /** The value, or the last above it that has a past, is as it was. */
  get isUnchanged(): boolean {
    return this.#last?.isUnchanged === true;
  }
}
