/**
 * Definitions as OpenAPI schemas: version 3 for `kubectl explain` and the patches of `kubectl apply`, version
 * 2 for older clients. They differ in how they refer to each other and in types that are two.
 */

import type { JsonObject } from '../api/objects.ts';
import { type Definition, definitionOf, type Field, type ScalarType } from '../schema/schema.ts';
import type { Descriptions } from './descriptions.ts';
import { kindOf, schemaName } from './names.ts';

export type OpenApiVersion = 2 | 3;

const scalars: Readonly<Record<ScalarType, JsonObject>> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  any: {},
};

/** Not referred to: written out where they are used. */
function isInlined({ form }: Definition): boolean {
  return form === 'strings';
}

class SchemaWriter {
  readonly #version: OpenApiVersion;
  readonly #prefix: string;
  readonly #descriptions: Descriptions;
  /** Every definition that was referred to. */
  readonly referred: Set<string> = new Set();

  constructor(version: OpenApiVersion, descriptions: Descriptions) {
    this.#version = version;
    this.#descriptions = descriptions;
    this.#prefix = version === 3 ? '#/components/schemas/' : '#/definitions/';
  }

  definition(definition: Definition): JsonObject {
    const schema: JsonObject = {};
    const text = this.#descriptions.type(definition);
    if (text !== '') schema['description'] = text;
    if (definition.form !== null) return Object.assign(schema, this.#special(definition));
    const kind = kindOf(definition);
    schema['type'] = 'object';
    const fields = [...definition.fields.values()];
    const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    if (required.length > 0) schema['required'] = required;
    if (fields.length > 0) {
      schema['properties'] = Object.fromEntries(
        fields.map((field) => [field.name, this.#property(definition, field)]),
      );
    }
    if (kind !== null) schema['x-kubernetes-group-version-kind'] = [{ ...kind }];
    if (definition.isAtomic) schema['x-kubernetes-map-type'] = 'atomic';
    return schema;
  }

  #property(owner: Definition, field: Field): JsonObject {
    const schema: JsonObject = {};
    const text = this.#descriptions.field(owner, field.name);
    if (text !== '') schema['description'] = text;
    const choices = field.choices.length > 0 ? { enum: [...field.choices] } : {};
    const held = { ...this.#type(field, field.shape !== 'single'), ...choices };
    if (field.shape === 'list') Object.assign(schema, { type: 'array', items: held });
    else if (field.shape === 'map') Object.assign(schema, { type: 'object', additionalProperties: held });
    else Object.assign(schema, held);
    if (field.listType !== null) schema['x-kubernetes-list-type'] = field.listType;
    if (field.listKeys.length > 0) schema['x-kubernetes-list-map-keys'] = [...field.listKeys];
    if (field.isAtomicMap) schema['x-kubernetes-map-type'] = 'atomic';
    if (field.mergeKey !== '') schema['x-kubernetes-patch-merge-key'] = field.mergeKey;
    if (field.patchStrategies.length > 0) {
      schema['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',');
    }
    return schema;
  }

  /** @param isPlain true: a reference may stand alone, for it has no members beside it */
  #type(field: Field, isPlain: boolean): JsonObject {
    if (field.scalar !== null) return scalars[field.scalar];
    const definition = definitionOf(field.definition);
    if (isInlined(definition)) return this.#special(definition);
    this.referred.add(definition.name);
    const reference: JsonObject = { $ref: this.#prefix + schemaName(definition) };
    return this.#version === 3 && !isPlain ? { allOf: [reference] } : reference;
  }

  #special({ form }: Definition): JsonObject {
    switch (form) {
      case 'quantity':
        return this.#version === 3 ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' };
      case 'intOrString':
        return this.#version === 3
          ? { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
          : { type: 'string', format: 'int-or-string' };
      case 'time':
      case 'microTime':
        return { type: 'string', format: 'date-time' };
      case 'duration':
        return { type: 'string' };
      case 'strings':
        return { type: 'array', items: { type: 'string' } };
      case 'object':
        return { type: 'object' };
      default:
        return {};
    }
  }
}

/**
 * The schemas of definitions and of all that they refer to, by name, sorted.
 * @param roots names of definitions
 */
export function schemasOf(
  roots: Iterable<string>,
  version: OpenApiVersion,
  descriptions: Descriptions,
): JsonObject {
  const writer = new SchemaWriter(version, descriptions);
  for (const root of roots) writer.referred.add(root);
  const schemas: [string, JsonObject][] = [];
  // The set grows while it is walked: whatever is found is visited too.
  for (const name of writer.referred) {
    const definition = definitionOf(name);
    schemas.push([schemaName(definition), writer.definition(definition)]);
  }
  return Object.fromEntries(schemas.sort(([a], [b]) => (a < b ? -1 : 1)));
}
