/**
 * What expressions of policies see, as schemas: objects of built-in kinds by their definitions, custom ones by theirs, the
 * request and the namespace by what Kubernetes says of them (k8s.io/apiserver, pkg/admission/plugin/cel/compile.go). With them a
 * misspelt member is told before a request comes.
 */

import { isJsonObject, type JsonObject } from '../api/objects.ts';
import { propertiesOf, type Schema } from '../crd/structural.ts';
import type { ResourceType } from '../registry/types.ts';
import { type Definition, definitionOf, type Field, type ScalarType } from '../schema/schema.ts';

const text: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const boolean: Schema = { type: 'boolean' };
const time: Schema = { type: 'string', format: 'date-time' };
/** Of which nothing is known. */
const open: Schema = { 'x-kubernetes-int-or-string': true };
const texts: Schema = { type: 'array', items: text };

function objectOf(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties };
}

function mapOf(additionalProperties: Schema): Schema {
  return { type: 'object', additionalProperties };
}

const groupVersion = { group: text, version: text };
const kind = objectOf({ ...groupVersion, kind: text });
const resource = objectOf({ ...groupVersion, resource: text });

export const requestSchema: Schema = objectOf({
  kind,
  resource,
  subResource: text,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: text,
  name: text,
  namespace: text,
  operation: text,
  userInfo: objectOf({ username: text, uid: text, groups: texts, extra: mapOf(texts) }),
  dryRun: boolean,
  options: open,
});

export const namespaceSchema: Schema = objectOf({
  metadata: objectOf({
    name: text,
    generateName: text,
    namespace: text,
    labels: mapOf(text),
    annotations: mapOf(text),
    UID: text,
    creationTimestamp: time,
    deletionGracePeriodSeconds: integer,
    deletionTimestamp: time,
    generation: integer,
    resourceVersion: text,
    finalizers: texts,
  }),
  spec: objectOf({ finalizers: texts }),
  status: objectOf({
    conditions: {
      type: 'array',
      items: objectOf({ status: text, type: text, lastTransitionTime: time, message: text, reason: text }),
    },
    phase: text,
  }),
});

const scalars: Readonly<Record<ScalarType, Schema>> = {
  string: text,
  bytes: { type: 'string', format: 'byte' },
  bool: boolean,
  int32: integer,
  int64: integer,
  double: { type: 'number' },
  any: {},
};

/** @param within the definitions that this one is part of: one that holds itself is not looked into again */
function schemaOf(definition: Definition, within: readonly Definition[]): Schema {
  switch (definition.form) {
    case 'quantity':
    case 'intOrString':
      return open;
    case 'time':
    case 'microTime':
      return time;
    case 'duration':
      return text;
    case 'any':
      return {};
    case 'object':
      return objectOf({});
    case 'strings':
      return texts;
  }
  if (within.includes(definition)) return {};
  const inner = [...within, definition];
  const fields = [...definition.fields.values()].map((field) => [field.name, fieldSchema(field, inner)]);
  return objectOf(Object.fromEntries(fields) as Record<string, Schema>);
}

function fieldSchema({ shape, scalar, definition }: Field, within: readonly Definition[]): Schema {
  const value = scalar === null ? schemaOf(definitionOf(definition), within) : scalars[scalar];
  if (shape === 'list') return { type: 'array', items: value };
  return shape === 'map' ? mapOf(value) : value;
}

/** Objects of a resource; null: nothing is known of them. */
export function resourceSchema({ custom, definition }: ResourceType): Schema | null {
  if (custom === null) return schemaOf(definitionOf(definition), []);
  const given = custom.openApiSchema;
  if (given === undefined || !isJsonObject(given)) return null;
  const properties: JsonObject = {
    ...(propertiesOf(given) ?? {}),
    apiVersion: text,
    kind: text,
    metadata: schemaOf(definitionOf('meta.v1.ObjectMeta'), []),
  };
  return { ...given, properties };
}
