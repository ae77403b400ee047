/**
 * The way of a value that has nothing wrong about it: decoded in one pass by functions that are made once per definition, which
 * look only at the members there are. Whatever is not as it should be, an unknown member, a wrong type, a null where
 * none belongs, gives undefined: `decode.ts` then finds the words for it.
 *
 * Invariant: what this gives is what `decode.ts` would have given, and a copy (but for what is free of any type).
 */

import type { Json, JsonObject } from '../api/objects.ts';
import { inPlaces } from './order.ts';
import { canonicalQuantity } from './quantity.ts';
import { type Definition, definitionOf, dropsZero, type Field, isZero } from './schema.ts';
import { canonicalTime, parseDuration, timeProblem } from './times.ts';

/** Undefined: not plain. */
type Read = (value: Json) => Json | undefined;

const int32Bound = 2 ** 31;
const int64Bound = 2 ** 63;
const wholeBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Times that were found to be right; most objects of a moment have the same. */
const timesMax = 1024;

function integerReader(bound: number): Read {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= -bound && value < bound
      ? value
      : undefined;
}

function remembering(read: (text: string) => string | undefined, most: number): Read {
  const known = new Map<string, string>();
  return (value) => {
    if (typeof value !== 'string') return undefined;
    let result = known.get(value);
    if (result !== undefined) return result;
    result = read(value);
    if (result === undefined) return undefined;
    if (known.size >= most) known.clear();
    known.set(value, result);
    return result;
  };
}

function timeReader(isMicro: boolean): Read {
  return remembering(
    (text) => (timeProblem(text, isMicro) === null ? canonicalTime(text, isMicro) : undefined),
    timesMax,
  );
}

function quantity(value: Json): Json | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return canonicalQuantity(String(value));
  } catch {
    return undefined;
  }
}

const anything: Read = (value) => value;
const nothing: Read = () => undefined;
const int32 = integerReader(int32Bound);

const scalars: Readonly<Record<string, Read>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  double: (value) => (typeof value === 'number' ? value : undefined),
  int32,
  int64: integerReader(int64Bound),
  bytes: (value) => (typeof value === 'string' && wholeBase64.test(value) ? value : undefined),
  any: anything,
};

const forms: Readonly<Record<string, Read>> = {
  quantity,
  intOrString: (value) => (typeof value === 'string' ? value : int32(value)),
  time: timeReader(false),
  microTime: timeReader(true),
  duration: (value) => (typeof value === 'string' && parseDuration(value) !== null ? value : undefined),
  strings: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined,
  object: anything,
};

/** Types that contain themselves, or are several: bodies of them may be of any depth. */
const careful: ReadonlySet<string> = new Set(['apiextensions.v1.JSONSchemaProps']);

function singleReader(field: Field): Read {
  if (field.scalar !== null) return scalars[field.scalar]!;
  const definition = definitionOf(field.definition);
  if (definition.form === null) {
    // A definition may be met again inside of itself before its reader is made.
    let read: Read | null = null;
    return (value) => {
      read ??= plainReader(definition);
      return read(value);
    };
  }
  // Any value at all, or one of several types.
  if (definition.form === 'any') {
    return definition.name.startsWith('apiextensions.v1.JSONSchemaPropsOr') ? nothing : anything;
  }
  return forms[definition.form]!;
}

function listReader(item: Read): Read {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const result: Json[] = [];
    for (let at = 0; at < value.length; at++) {
      const given = value[at]!;
      const read = given === null ? undefined : item(given);
      if (read === undefined) return undefined;
      result.push(read);
    }
    return result;
  };
}

function isSorted(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at++) if (names[at - 1]! > names[at]!) return false;
  return true;
}

function mapReader(item: Read): Read {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const result: JsonObject = {};
    const names = Object.keys(value);
    if (!isSorted(names)) names.sort();
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      const given = value[name]!;
      if (given === null || name === '__proto__') return undefined;
      const read = item(given);
      if (read === undefined) return undefined;
      result[name] = read;
    }
    return result;
  };
}

function fieldReader(field: Field): Read {
  const single = singleReader(field);
  if (field.shape === 'list') return listReader(single);
  return field.shape === 'map' ? mapReader(single) : single;
}

interface Place {
  readonly at: number;
  readonly dropsZero: boolean;
  readonly read: Read;
}

function structReader(definition: Definition): Read {
  const places = new Map<string, Place>();
  for (const field of definition.fields.values()) {
    places.set(field.name, { at: places.size, dropsZero: dropsZero(field), read: fieldReader(field) });
  }
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const result: JsonObject = {};
    let last = -1;
    let isOrdered = true;
    for (const name in value) {
      const place = places.get(name);
      if (place === undefined) return undefined;
      const given = value[name]!;
      if (given === null) continue;
      const read = place.read(given);
      if (read === undefined) return undefined;
      if (place.dropsZero && isZero(read)) continue;
      if (place.at < last) isOrdered = false;
      last = place.at;
      result[name] = read;
    }
    return isOrdered ? result : ordered(places, result);
  };
}

function ordered(places: ReadonlyMap<string, Place>, object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name of inPlaces(places, object)) result[name] = object[name]!;
  return result;
}

const readers: WeakMap<Definition, Read> = new WeakMap();

function plainReader(definition: Definition): Read {
  let read = readers.get(definition);
  if (read === undefined) {
    read = careful.has(definition.name) ? nothing : structReader(definition);
    readers.set(definition, read);
  }
  return read;
}

/** @returns undefined: something is not plain */
export function decodePlain(definition: Definition, value: JsonObject): JsonObject | undefined {
  return plainReader(definition)(value) as JsonObject | undefined;
}
