/**
 * Schemas of custom resources as documents show them (source: `pkg/controller/openapi` of apiextensions-apiserver). Version 3 shows what the
 * definition says. Version 2 knows less, and kubectl before 1.27 checks objects by it: what it would misread is left out.
 * (Counter-example: beside `properties`, it takes any other member for unknown, whatever is said of keeping unknown ones.)
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { definitionOf } from '../schema/schema.ts';
import { memberText } from './descriptions.ts';
import { customSchemaName, schemaName } from './names.ts';
import type { OpenApiVersion } from './schemas.ts';

const keepsUnknown = 'x-kubernetes-preserve-unknown-fields';
/** Version 2 has none of these. */
const junctors: ReadonlySet<string> = new Set(['allOf', 'oneOf', 'anyOf', 'not', 'nullable']);

function isNullable(schema: Json | undefined): boolean {
  return isJsonObject(schema) && schema['nullable'] === true;
}

/** Members that may be null need not be there. */
function requiredOf(schema: JsonObject): Json[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  if (isNullable(schema['additionalProperties'])) return [];
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return required.filter((name) => !isNullable(properties[String(name)]));
}

/** A schema in the terms of version 2. */
export function schemaOfVersion2(schema: JsonObject): JsonObject {
  const isOpen = isNullable(schema) || schema[keepsUnknown] === true;
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) {
    if (junctors.has(name) || (isOpen && (name === 'items' || name === 'properties'))) continue;
    result[name] = innerSchemas(name, value);
  }
  const required = requiredOf(schema);
  if (required.length > 0) result['required'] = required;
  else delete result['required'];
  const { type } = schema;
  const hasNoItems = type === 'array' && result['items'] === undefined;
  if (isNullable(schema) || hasNoItems || (isOpen && type === 'object')) delete result['type'];
  return result;
}

function innerSchemas(name: string, value: Json): Json {
  if (!isJsonObject(value)) return value;
  if (name === 'items' || name === 'additionalProperties') return schemaOfVersion2(value);
  if (name !== 'properties') return value;
  const inner = Object.entries(value).map(([member, schema]) => [
    member,
    isJsonObject(schema) ? schemaOfVersion2(schema) : schema,
  ]);
  return Object.fromEntries(inner);
}

/** With the members that every kind has, and what it is. */
export function customSchema(resource: ResourceType, version: OpenApiVersion): JsonObject {
  const { group, version: groupVersion, kind, custom } = resource;
  const given = custom?.openApiSchema ?? { type: 'object' };
  const kinds = { 'x-kubernetes-group-version-kind': [{ group, kind, version: groupVersion }] };
  if (version === 2 && given[keepsUnknown] === true) return { type: 'object', ...kinds };
  const metadata = { $ref: referenceTo(schemaName(definitionOf('meta.v1.ObjectMeta')), version) };
  const shown = version === 3 ? given : schemaOfVersion2(given);
  const properties: JsonObject = {
    ...(shown['properties'] as JsonObject | undefined),
    apiVersion: { description: memberText('apiVersion'), type: 'string' },
    kind: { description: memberText('kind'), type: 'string' },
    metadata: {
      description: memberText('metadata'),
      ...(version === 3 ? { allOf: [metadata] } : metadata),
    },
  };
  return { ...shown, properties, ...kinds };
}

function referenceTo(name: string, version: OpenApiVersion): string {
  return (version === 3 ? '#/components/schemas/' : '#/definitions/') + name;
}

/** What a list of custom resources is. */
export function customListSchema(resource: ResourceType, version: OpenApiVersion): JsonObject {
  const { group, version: groupVersion, kind, listKind, plural } = resource;
  const item = customSchemaName(group, groupVersion, kind);
  const metadata = { $ref: referenceTo(schemaName(definitionOf('meta.v1.ListMeta')), version) };
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { description: memberText('apiVersion'), type: 'string' },
      items: {
        description: `List of ${plural}.`,
        type: 'array',
        items: { $ref: referenceTo(item, version) },
      },
      kind: { description: memberText('kind'), type: 'string' },
      metadata: {
        description: memberText('metadata'),
        ...(version === 3 ? { allOf: [metadata] } : metadata),
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version: groupVersion }],
  };
}
