/** Takes out what a structural schema does not know, and puts members in alphabetical order. */

import { shownValue } from '../api/field-errors.ts';
import { memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { DecodeError, decodeBy } from '../schema/decode.ts';
import { definitionOf } from '../schema/schema.ts';
import { additionalOf, isEmbedded, itemsOf, keepsUnknown, propertyOf, type Schema } from './structural.ts';

/** So many unknown members are told. */
const maxProblems = 100;
const maxDepth = 200;

export class Pruner {
  /** Of the object's metadata; of what the schema does not know; of the metadata of objects within. */
  readonly #problems: readonly [string[], string[], string[]] = [[], [], []];

  /** In the order in which a real server looks. */
  get problems(): readonly string[] {
    return this.#problems.flat().slice(0, maxProblems);
  }

  /** A whole object: its `metadata` is that of every kind. @throws DecodeError for metadata of a wrong type */
  object(value: JsonObject, schema: Schema, path: string, depth: number): JsonObject {
    const result: JsonObject = {};
    for (const name of Object.keys(value).sort()) {
      const given = value[name]!;
      if (name === 'metadata') result[name] = this.#metadata(given, path);
      else if (name === 'apiVersion' || name === 'kind') {
        if (depth > 0 && typeof given !== 'string') {
          throw new DecodeError(`${path}${name}: Invalid value: ${shownValue(given)}: must be a string`);
        }
        result[name] = given;
      } else this.#member(result, name, given, schema, path + name, depth);
    }
    return result;
  }

  /** A value that is no whole object: what is unknown in it is told. */
  value(value: Json, schema: Schema): Json {
    return this.#value(value, schema, '', 0);
  }

  /** @param path of the object, with a dot; empty: the whole */
  #metadata(value: Json, path: string): Json {
    if (value === null) return {};
    try {
      if (!isJsonObject(value)) {
        const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
        throw new DecodeError(`json: cannot unmarshal ${type} into Go value of type v1.ObjectMeta`);
      }
      const { value: metadata, problems } = decodeBy(definitionOf('meta.v1.ObjectMeta'), value);
      const told = this.#problems[path === '' ? 0 : 2];
      for (const problem of problems) told.push(problem.replace('"', `"${path}metadata.`));
      return metadata;
    } catch (error) {
      if (path === '' || !(error instanceof DecodeError)) throw error;
      throw new DecodeError(`${path}metadata: Invalid value: ${shownValue(value)}: ${error.message}`);
    }
  }

  #member(target: JsonObject, name: string, given: Json, schema: Schema, path: string, depth: number): void {
    const inner = propertyOf(schema, name) ?? additionalOf(schema);
    if (inner !== null) setMember(target, name, this.#value(given, inner, path, depth + 1));
    else if (keepsUnknown(schema) || schema['additionalProperties'] === true)
      setMember(target, name, sorted(given));
    else if (this.#problems[1].length < maxProblems) this.#problems[1].push(`unknown field "${path}"`);
  }

  #value(value: Json, schema: Schema, path: string, depth: number): Json {
    if (depth > maxDepth) throw new DecodeError('exceeded max depth');
    if (Array.isArray(value)) {
      const items = itemsOf(schema);
      if (items === null) return sorted(value);
      return value.map((item, at) => this.#value(item, items, `${path}[${at}]`, depth + 1));
    }
    if (!isJsonObject(value)) return value;
    if (isEmbedded(schema)) return this.object(value, schema, `${path}.`, depth);
    const result: JsonObject = {};
    for (const name of Object.keys(value).sort()) {
      this.#member(result, name, memberOf(value, name)!, schema, `${path}.${name}`, depth);
    }
    return result;
  }
}

/** A copy with members in alphabetical order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value).sort()) setMember(result, name, sorted(memberOf(value, name)!));
  return result;
}
