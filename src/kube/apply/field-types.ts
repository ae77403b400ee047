/**
 * Types as server-side apply sees them: what is one value, what is a map of members, what is a list with an identity per
 * item. Made of the schema for built-in kinds, of a structural schema for custom ones, and of nothing at all where a custom
 * kind has no schema: then maps are maps and lists are one value.
 *
 * Types are read lazily and may contain themselves.
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { type Definition, definitionOf, type Field } from '../schema/schema.ts';
import { embeddedMembers } from './embedded.ts';

/** 'deduced': as the value at hand looks. */
export type FieldForm = 'scalar' | 'list' | 'map' | 'deduced';

/** 'any': every scalar. */
export type ScalarForm = 'string' | 'numeric' | 'boolean' | 'any';

/** A member that a type names. */
export interface NamedMember {
  readonly name: string;
  /** `f:<name>` */
  readonly element: string;
  readonly type: FieldType;
}

export interface FieldType {
  readonly form: FieldForm;
  readonly scalar: ScalarForm;
  /** One value: nobody owns a part of it. */
  readonly isAtomic: boolean;
  /** Of a list that is not atomic: the members that identify an item, sorted; empty: a set of scalars. */
  readonly keys: readonly string[];
  /** What a key is when an item leaves it out. */
  readonly keyDefaults: Readonly<Record<string, Json>>;
  /** Of list items, and of members that `fields` does not name. Null: there are none. */
  readonly element: FieldType | null;
  readonly fields: ReadonlyMap<string, FieldType>;
  /** Of a structure of the schema, whose members are all named: `fields` in the order of a set. Null: to be looked up. */
  readonly members: readonly NamedMember[] | null;
  /** Members that are there, if empty, wherever their owner is: structures that are no pointers, lists always shown. */
  readonly embedded: ReadonlyMap<string, Json>;
}

const none: ReadonlyMap<string, never> = new Map<string, never>();
const noDefaults: Readonly<Record<string, Json>> = {};

function scalarType(scalar: ScalarForm): FieldType {
  return {
    form: 'scalar',
    scalar,
    isAtomic: true,
    keys: [],
    keyDefaults: noDefaults,
    element: null,
    fields: none,
    members: null,
    embedded: none,
  };
}

const stringType = scalarType('string');
const numericType = scalarType('numeric');
const booleanType = scalarType('boolean');
const anyScalar = scalarType('any');
const textList: FieldType = { ...stringType, form: 'list', element: stringType };

const deducedType: FieldType = {
  form: 'deduced',
  scalar: 'any',
  isAtomic: false,
  keys: [],
  keyDefaults: noDefaults,
  get element() {
    return deducedType;
  },
  fields: none,
  members: null,
  embedded: none,
};

/** Any value, and one value. */
const opaqueType: FieldType = { ...deducedType, isAtomic: true, element: null };

/** A key that may be left out: the protocol of a port. */
const portDefaults: Readonly<Record<string, Json>> = { protocol: 'TCP' };

const scalarOf: Readonly<Record<string, FieldType>> = {
  string: stringType,
  bytes: stringType,
  bool: booleanType,
  int32: numericType,
  int64: numericType,
  double: numericType,
  any: opaqueType,
};

const formOf: Readonly<Record<string, FieldType>> = {
  quantity: anyScalar,
  intOrString: anyScalar,
  time: anyScalar,
  microTime: anyScalar,
  duration: stringType,
  any: opaqueType,
  object: opaqueType,
  strings: textList,
};

/** A structure of the schema; its members are read when first asked for. */
class StructType implements FieldType {
  readonly form = 'map';
  readonly scalar = 'any';
  readonly keys: readonly string[] = [];
  readonly keyDefaults = noDefaults;
  readonly element = null;
  readonly isAtomic: boolean;
  readonly #definition: Definition;
  #fields: ReadonlyMap<string, FieldType> | null = null;
  #members: readonly NamedMember[] | null = null;
  #embedded: ReadonlyMap<string, Json> | null = null;

  constructor(definition: Definition) {
    this.#definition = definition;
    this.isAtomic = definition.isAtomic;
  }

  get fields(): ReadonlyMap<string, FieldType> {
    if (this.#fields === null) {
      const fields = new Map<string, FieldType>();
      for (const field of this.#definition.fields.values()) fields.set(field.name, typeOfField(field));
      this.#fields = fields;
    }
    return this.#fields;
  }

  get members(): readonly NamedMember[] {
    this.#members ??= [...this.fields]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, type]) => ({ name, element: `f:${name}`, type }));
    return this.#members;
  }

  get embedded(): ReadonlyMap<string, Json> {
    this.#embedded ??= embeddedMembers(this.#definition);
    return this.#embedded;
  }
}

const structs: Map<string, FieldType> = new Map();

/** The type of a definition of the schema. */
export function typeOfDefinition(name: string): FieldType {
  let type = structs.get(name);
  if (type === undefined) {
    const definition = definitionOf(name);
    type = definition.form === null ? new StructType(definition) : formOf[definition.form]!;
    structs.set(name, type);
  }
  return type;
}

function itemType(field: Field): FieldType {
  return field.scalar === null ? typeOfDefinition(field.definition) : scalarOf[field.scalar]!;
}

/** Of the items the type is asked for only when there are any: a definition may contain itself. */
function lazily(type: Omit<FieldType, 'element'>, element: () => FieldType): FieldType {
  let known: FieldType | null = null;
  return {
    ...type,
    get element() {
      known ??= element();
      return known;
    },
  };
}

function typeOfField(field: Field): FieldType {
  const base = { ...opaqueType, isAtomic: true };
  if (field.shape === 'list') {
    const isAtomic = field.listType === null || field.listType === 'atomic';
    const keys = [...field.listKeys].sort();
    const keyDefaults = keys.includes('protocol') ? portDefaults : noDefaults;
    return lazily({ ...base, form: 'list', isAtomic, keys, keyDefaults }, () => itemType(field));
  }
  if (field.shape === 'map') {
    return lazily({ ...base, form: 'map', isAtomic: field.isAtomicMap }, () => itemType(field));
  }
  if (field.scalar !== null) return scalarOf[field.scalar]!;
  return typeOfDefinition(field.definition);
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function schemaScalar(schema: JsonObject): FieldType {
  if (schema['x-kubernetes-int-or-string'] === true) return anyScalar;
  if (schema['type'] === 'string') return stringType;
  if (schema['type'] === 'integer' || schema['type'] === 'number') return numericType;
  return schema['type'] === 'boolean' ? booleanType : deducedType;
}

function schemaList(schema: JsonObject): FieldType {
  const items = isJsonObject(schema['items']) ? schema['items'] : {};
  const listType = schema['x-kubernetes-list-type'];
  const isAtomic = listType !== 'set' && listType !== 'map';
  const keys = listType === 'map' ? textsOf(schema['x-kubernetes-list-map-keys']).sort() : [];
  const properties = isJsonObject(items['properties']) ? items['properties'] : {};
  const keyDefaults: Record<string, Json> = {};
  for (const key of keys) {
    const property = properties[key];
    if (isJsonObject(property) && property['default'] !== undefined) keyDefaults[key] = property['default'];
  }
  return lazily({ ...opaqueType, form: 'list', isAtomic, keys, keyDefaults }, () => typeOfSchema(items));
}

/**
 * The type of a structural schema (OpenAPI v3 as a CustomResourceDefinition has it).
 * @param schema `properties`, `items`, `additionalProperties` and the `x-kubernetes-` extensions are read
 */
function typeOfSchema(schema: JsonObject): FieldType {
  const { properties, additionalProperties } = schema;
  if (schema['type'] === 'array') return schemaList(schema);
  if (schema['type'] !== 'object' && properties === undefined) {
    return schema['x-kubernetes-preserve-unknown-fields'] === true ? deducedType : schemaScalar(schema);
  }
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic';
  const fields = new Map<string, FieldType>();
  if (isJsonObject(properties)) {
    for (const [name, property] of Object.entries(properties)) {
      if (isJsonObject(property)) fields.set(name, typeOfSchema(property));
    }
  }
  const keepsUnknown =
    schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
  let element: FieldType | null = keepsUnknown ? deducedType : null;
  if (isJsonObject(additionalProperties)) element = typeOfSchema(additionalProperties);
  if (schema['x-kubernetes-embedded-resource'] === true) addTypeMeta(fields);
  return { ...opaqueType, form: 'map', isAtomic, fields, element };
}

function addTypeMeta(fields: Map<string, FieldType>): void {
  fields.set('apiVersion', stringType);
  fields.set('kind', stringType);
  fields.set('metadata', typeOfDefinition('meta.v1.ObjectMeta'));
}

/** The type of a custom resource's objects. @param schema of its version; null: it has none */
export function typeOfCustom(schema: JsonObject | null): FieldType {
  const type = schema === null ? deducedType : typeOfSchema(schema);
  const fields = new Map(type.fields);
  addTypeMeta(fields);
  const element = type.form === 'deduced' ? deducedType : type.element;
  return { ...opaqueType, form: 'map', isAtomic: false, fields, element };
}
