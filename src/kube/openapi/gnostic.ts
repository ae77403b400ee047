/**
 * The document of version 2 in the protobuf form that kubectl asks for before 1.29: messages of gnostic's
 * OpenAPIv2, of which only what our documents hold is written. Extensions are texts in YAML; JSON is YAML.
 *
 * The writer goes from back to front, so whatever has an order is taken in reverse.
 */

import { WireType, Writer } from '../../wire/proto.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';

type Write = (to: Writer) => void;

function message(to: Writer, number: number, write: Write): void {
  const before = to.written;
  write(to);
  to.lengthPrefix(number, before);
}

function text(to: Writer, number: number, value: Json | undefined): void {
  if (typeof value === 'string' && value !== '') to.element(number, Buffer.from(value));
}

function texts(to: Writer, number: number, value: Json | undefined): void {
  if (Array.isArray(value)) for (const one of [...value].reverse()) text(to, number, one);
}

function flag(to: Writer, number: number, value: Json | undefined): void {
  if (value !== true) return;
  to.varint(1);
  to.tag(number, WireType.Varint);
}

/** A message with a name in field 1 and a message in field 2. */
function named(to: Writer, number: number, name: string, write: Write): void {
  message(to, number, (inner) => {
    message(inner, 2, write);
    text(inner, 1, name);
  });
}

/** `Any` with the value as YAML. */
function any(to: Writer, number: number, value: Json): void {
  message(to, number, (inner) => text(inner, 2, `${JSON.stringify(value)}\n`));
}

/** Every `x-` member. */
function extensions(to: Writer, number: number, object: JsonObject): void {
  for (const name of Object.keys(object).reverse()) {
    if (!name.startsWith('x-')) continue;
    message(to, number, (inner) => {
      any(inner, 2, object[name]!);
      text(inner, 1, name);
    });
  }
}

function schemaList(to: Writer, number: number, value: Json | undefined): void {
  if (Array.isArray(value)) {
    for (const one of [...value].reverse())
      if (isJsonObject(one)) message(to, number, (inner) => schema(inner, one));
  }
}

function properties(to: Writer, number: number, value: Json | undefined): void {
  if (!isJsonObject(value)) return;
  message(to, number, (inner) => {
    for (const name of Object.keys(value).reverse()) {
      const property = value[name];
      if (isJsonObject(property)) named(inner, 1, name, (to) => schema(to, property));
    }
  });
}

function schema(to: Writer, given: JsonObject): void {
  extensions(to, 31, given);
  properties(to, 25, given['properties']);
  schemaList(to, 24, given['allOf']);
  const { items, type, additionalProperties } = given;
  if (isJsonObject(items)) message(to, 23, (inner) => message(inner, 1, (one) => schema(one, items)));
  if (typeof type === 'string') message(to, 22, (inner) => text(inner, 1, type));
  if (isJsonObject(additionalProperties)) {
    message(to, 21, (inner) => message(inner, 1, (one) => schema(one, additionalProperties)));
  } else if (typeof additionalProperties === 'boolean') {
    message(to, 21, (inner) => flag(inner, 2, additionalProperties));
  }
  if (Array.isArray(given['enum'])) {
    for (const choice of [...given['enum']].reverse()) any(to, 20, choice);
  }
  texts(to, 19, given['required']);
  text(to, 4, given['description']);
  text(to, 2, given['format']);
  text(to, 1, given['$ref']);
}

/** Only parameters of the query are known here. */
function parameter(to: Writer, given: JsonObject): void {
  // ParametersItem.parameter, Parameter.nonBodyParameter, NonBodyParameter.queryParameter.
  const query: Write = (inner) => {
    text(inner, 6, given['type']);
    text(inner, 4, given['name']);
    text(inner, 2, given['in']);
  };
  message(to, 1, (item) => message(item, 2, (nonBody) => message(nonBody, 3, query)));
}

function operation(to: Writer, given: JsonObject): void {
  extensions(to, 13, given);
  message(to, 9, (responses) =>
    named(responses, 1, '200', (value) => message(value, 1, (response) => text(response, 1, 'OK'))),
  );
  const parameters = given['parameters'];
  if (Array.isArray(parameters)) {
    for (const one of [...parameters].reverse()) {
      if (isJsonObject(one) && one['in'] === 'query') message(to, 8, (inner) => parameter(inner, one));
    }
  }
  texts(to, 7, given['consumes']);
  text(to, 5, given['operationId']);
}

const methodNumbers: readonly (readonly [string, number])[] = [
  ['patch', 8],
  ['delete', 5],
  ['post', 4],
  ['put', 3],
  ['get', 2],
];

function pathItem(to: Writer, given: JsonObject): void {
  for (const [method, number] of methodNumbers) {
    const found = given[method];
    if (isJsonObject(found)) message(to, number, (inner) => operation(inner, found));
  }
}

/** The document as the bytes of gnostic's `Document`. */
export function gnosticDocument(document: JsonObject): Uint8Array {
  const to = new Writer();
  const { definitions, paths, info, swagger } = document;
  properties(to, 9, definitions);
  if (isJsonObject(paths)) {
    message(to, 8, (inner) => {
      for (const path of Object.keys(paths).reverse()) {
        named(inner, 2, path, (item) => pathItem(item, paths[path] as JsonObject));
      }
    });
  }
  if (isJsonObject(info)) {
    message(to, 2, (inner) => {
      text(inner, 2, info['version']);
      text(inner, 1, info['title']);
    });
  }
  text(to, 1, swagger);
  return to.finish();
}
