/**
 * PATCH with a JSON, merge or strategic merge patch: reads the object, applies the patch to its JSON, decodes the result and
 * goes the way of an update (reference §3). A patch is laid on the newest state again as often as somebody else was faster.
 * Server-side apply is `apply.ts`.
 */

import { invalidValue } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import {
  type ApiObject,
  asJson,
  groupVersionText,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../api/objects.ts';
import { badRequest, invalid, StatusError, unsupportedMediaType } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { goText } from '../patch/go-text.ts';
import { DecodeError, decodeBy } from '../schema/decode.ts';
import { definitionOf } from '../schema/schema.ts';
import { applyPatch } from './apply.ts';
import { mediaTypeOf } from './body.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';

const mergeType = 'application/merge-patch+json';
const jsonType = 'application/json-patch+json';
const strategicType = 'application/strategic-merge-patch+json';
const applyType = 'application/apply-patch+yaml';

interface PatchFunction {
  readonly apply: (current: JsonObject) => Json;
  /** The value that a refusal of the result quotes. */
  readonly quote: (patched: Json) => string;
}

function acceptedTypes({ parts, resource }: Endpoint): string[] {
  const types: string[] = [];
  if (parts.patches.json !== null) types.push(jsonType);
  types.push(mergeType);
  if (parts.patches.strategic !== null && resource.custom === null) types.push(strategicType);
  if (parts.fields !== null) types.push(applyType);
  return types;
}

/** A type that is no patch at all is refused in other words, where the kind is built in. */
function unsupported(endpoint: Endpoint, type: string): StatusError {
  const accepted = acceptedTypes(endpoint);
  const isPatch = [mergeType, jsonType, strategicType, applyType].includes(type);
  if (isPatch || endpoint.resource.custom !== null) return unsupportedMediaType(accepted);
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: '415: Unsupported Media Type',
    reason: 'UnsupportedMediaType',
    details: {},
    code: 415,
  });
}

function patchFunction(endpoint: Endpoint, type: string, body: Uint8Array): PatchFunction {
  const { patches } = endpoint.parts;
  const { json, strategic } = patches;
  if (type === mergeType) {
    const changes = parsePatch(body);
    if (!isJsonObject(changes)) throw badRequest(`error decoding patch: ${notAnObject(changes)}`);
    return { apply: (current) => patches.merge(current, changes), quote: JSON.stringify };
  }
  if (type === jsonType && json !== null) {
    const changes = parsePatch(body);
    return { apply: (current) => json(current, changes), quote: JSON.stringify };
  }
  if (type === strategicType && strategic !== null && endpoint.resource.custom === null) {
    const definition = definitionOf(endpoint.resource.definition);
    const changes = parsePatch(body, '');
    if (!isJsonObject(changes)) throw badRequest(notAnObject(changes));
    return { apply: (current) => strategic(current, changes, definition), quote: () => goText(changes) };
  }
  throw unsupported(endpoint, type);
}

function notAnObject(value: Json): string {
  let kind: string = typeof value;
  if (Array.isArray(value)) kind = 'array';
  else if (kind === 'boolean') kind = 'bool';
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

/** @param prefix what a refusal begins with @throws StatusError 400 */
export function parsePatch(body: Uint8Array, prefix: string = 'error decoding patch: '): Json {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(prefix + jsonProblem(text, error));
  }
}

/** What Go says of JSON that ends early or has a character where none may be. */
function jsonProblem(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const at = /position (\d+)/.exec(message);
  const wrong = at === null ? undefined : text[Number(at[1])];
  if (wrong === undefined || /end of JSON|Unterminated/i.test(message)) return 'unexpected end of JSON input';
  return `invalid character '${wrong}' looking for beginning of value`;
}

/** The result of a patch that is no object of the kind: 422 with an empty kind (reference §3.3). */
function refusal(quoted: string, problem: string): StatusError {
  return invalid({ group: '', kind: '' }, '', [invalidValue('patch', quoted, problem)]);
}

function versionOf({ resource }: Endpoint): string {
  return groupVersionText(resource.group, resource.version);
}

/** @throws StatusError 422 */
function decodePatched(
  endpoint: Endpoint,
  current: ApiObject,
  patched: Json,
  quote: PatchFunction['quote'],
  { fieldValidation }: WriteOptions,
): ApiObject {
  const { context, resource } = endpoint;
  if (!isJsonObject(patched)) throw refusal(quote(patched), notAnObject(patched));
  const { kind = '', apiVersion = '' } = patched;
  if (kind !== current.kind || apiVersion !== current.apiVersion) {
    const version = JSON.stringify(apiVersion);
    const why = `no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`;
    throw refusal(quote(patched), why);
  }
  try {
    // What a patch leaves alone the result shares with what it was laid on, and with the next try: decoding copies.
    const given = { ...patched, kind: resource.kind, apiVersion: versionOf(endpoint) };
    const { value, problems } =
      resource.custom === null
        ? decodeBy(definitionOf(resource.definition), given)
        : resource.custom.decode(copyJson(given));
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw refusal(quote(patched), `strict decoding error: ${problems.join(', ')}`);
    }
    if (fieldValidation === 'Warn') context.warnings.push(...problems);
    if (!isJsonObject(value['metadata'])) value['metadata'] = {};
    return value as unknown as ApiObject;
  } catch (error) {
    if (error instanceof DecodeError) throw refusal(quote(patched), error.message);
    throw error;
  }
}

/** A patch may not move an object. @throws StatusError 400 */
export function checkIdentity({ path, resource }: Endpoint, { metadata }: ApiObject): void {
  const { name = '', namespace = '' } = metadata;
  if (name === '') {
    throw badRequest(
      `the name of the object (${path.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== path.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
  }
  if (!resource.isNamespaced) return;
  if (namespace !== '' && namespace !== path.namespace) {
    throw badRequest(
      `the namespace of the object (${namespace}) does not match the namespace on the request (${path.namespace})`,
    );
  }
  metadata.namespace = path.namespace;
}

/** @throws StatusError */
export async function patch(endpoint: Endpoint): Promise<ApiAnswer> {
  const { context, path } = endpoint;
  const type = mediaTypeOf(context.request.header('content-type'));
  if (type === applyType && endpoint.parts.fields !== null) return applyPatch(endpoint);
  if (!acceptedTypes(endpoint).includes(type)) throw unsupported(endpoint, type);
  const options = writeOptions(context, 'PatchOptions');
  const { apply, quote } = patchFunction(endpoint, type, await context.request.readBody());
  const next = (current: ApiObject): ApiObject => {
    const object = decodePatched(endpoint, current, apply(asJson(current)), quote, options);
    checkIdentity(endpoint, object);
    return object;
  };
  const object = await modify(endpoint, { subresource: path.subresource, options, next, isRelative: true });
  return answerObject(endpoint, 200, object);
}
