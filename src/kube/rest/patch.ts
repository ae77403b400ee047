/**
 * PATCH with a JSON, merge or strategic merge patch: reads the object, applies the patch to its JSON, decodes the result and
 * goes the way of an update. A patch is laid on the newest state again as often as somebody else was faster.
 * Server-side apply is `apply.ts`.
 */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
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
import { JsonTextError, parseJsonText } from '../schema/json-text.ts';
import { definitionOf } from '../schema/schema.ts';
import { strategyOf } from '../strategy/index.ts';
import { applyPatch } from './apply.ts';
import { mediaTypeOf } from './body.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { checkIdentity, keepReset } from './identity.ts';
import { modify } from './modify.ts';
import { type WriteOptions, writeOptions } from './options.ts';

const mergeType = 'application/merge-patch+json';
export const jsonType: string = 'application/json-patch+json';
const strategicType = 'application/strategic-merge-patch+json';
export const applyType: string = 'application/apply-patch+yaml';

const decodingPrefix = 'error decoding patch: ';

interface PatchFunction {
  readonly apply: (current: JsonObject) => Json;
  /** The value that a refusal of the result quotes. */
  readonly quote: (patched: Json) => string;
  /** Why the result is no object of the kind. */
  readonly explain: (error: DecodeError) => string;
  /** What strict decoding says of the patch itself. */
  readonly problems: readonly string[];
}

/** The types of patches that are taken. */
export function acceptedTypes({ parts, resource }: Endpoint): string[] {
  const types: string[] = [];
  if (parts.patches.json !== null) types.push(jsonType);
  types.push(mergeType);
  if (parts.patches.strategic !== null && resource.custom === null) types.push(strategicType);
  if (parts.fields !== null) types.push(applyType);
  return types;
}

/** A type that is no patch at all is refused in other words, where the kind is built in. */
export function unsupported(endpoint: Endpoint, type: string): StatusError {
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
  const quote = JSON.stringify;
  const explain = ({ message }: DecodeError): string => message;
  if (type === mergeType) {
    const { value: changes, problems } = parsePatchText(body, decodingPrefix);
    if (changes === null) throw badRequest('Invalid JSON Patch');
    if (!isJsonObject(changes)) throw badRequest(decodingPrefix + notAnObject(changes));
    return { apply: (current) => patches.merge(current, changes), quote, explain, problems };
  }
  if (type === jsonType && json !== null) {
    const { value: changes, problems } = parsePatchText(body, decodingPrefix);
    const told = [...problems, ...unknownMembers(changes)].map((problem) => `json patch ${problem}`);
    return { apply: (current) => json(current, changes), quote, explain, problems: told };
  }
  if (type === strategicType && strategic !== null && endpoint.resource.custom === null) {
    const definition = definitionOf(endpoint.resource.definition);
    const { value, problems } = parsePatchText(body, '');
    const changes = value ?? {};
    if (!isJsonObject(changes)) throw badRequest(notAnObject(changes));
    const apply = (current: JsonObject): Json => withKindOf(current, strategic(current, changes, definition));
    return { apply, quote: () => goText(changes), explain: ({ converted }) => converted, problems };
  }
  throw unsupported(endpoint, type);
}

/**
 * What a strategic merge patch leads to is converted to the kind at hand, and not decoded: no one asks which kind it says it is.
 * Ansible scales with the kind of what is scaled.
 */
function withKindOf(current: JsonObject, patched: Json): Json {
  if (!isJsonObject(patched)) return patched;
  const { kind = '', apiVersion = '' } = patched;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return patched;
  return { ...patched, kind: current['kind']!, apiVersion: current['apiVersion']! };
}

function notAnObject(value: Json): string {
  let kind: string = typeof value;
  if (Array.isArray(value)) kind = 'array';
  else if (kind === 'boolean') kind = 'bool';
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

/** Members that operations of a JSON patch do not have. */
function unknownMembers(operations: Json): string[] {
  const unknown: string[] = [];
  if (!Array.isArray(operations)) return unknown;
  operations.forEach((operation, at) => {
    if (!isJsonObject(operation)) return;
    for (const name of Object.keys(operation)) {
      if (!['op', 'path', 'from', 'value'].includes(name)) unknown.push(`unknown field "[${at}].${name}"`);
    }
  });
  return unknown;
}

/** @param prefix what a refusal begins with @throws StatusError 400 */
function parsePatchText(body: Uint8Array, prefix: string): { value: Json; problems: readonly string[] } {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    const { value, duplicates } = parseJsonText(text);
    return { value, problems: duplicates.map((path) => `duplicate field "${path}"`) };
  } catch (error) {
    if (error instanceof JsonTextError) throw badRequest(prefix + error.message);
    throw error;
  }
}

/** @throws StatusError 400 */
export function parsePatch(body: Uint8Array): Json {
  return parsePatchText(body, decodingPrefix).value;
}

/** The result of a patch that is no object of the kind: 422 with an empty kind. */
export function refusal(quoted: string, problem: string): StatusError {
  return invalid({ group: '', kind: '' }, '', [invalidValue('patch', quoted, problem)]);
}

/** A custom resource that is patched into another kind or version is one that is not valid. */
function refusalOfKind(current: ApiObject, kind: Json, apiVersion: Json): StatusError {
  const errors: FieldError[] = [];
  if (kind !== current.kind) errors.push(invalidValue('kind', kind, `must be ${current.kind}`));
  if (apiVersion !== current.apiVersion) {
    errors.push(invalidValue('apiVersion', apiVersion, `must be ${current.apiVersion}`));
  }
  const version = String(apiVersion);
  const group = version.includes('/') ? version.slice(0, version.indexOf('/')) : '';
  return invalid({ group, kind: String(kind) }, current.metadata.name ?? '', errors);
}

function versionOf({ resource }: Endpoint): string {
  return groupVersionText(resource.group, resource.version);
}

/** The spec that a patch leaves alone, of kinds whose specs are shared: it is as it should be. Null: it is to be decoded. */
function keptSpec({ resource }: Endpoint, current: ApiObject, patched: JsonObject): JsonObject | null {
  const { spec } = current;
  if (spec === undefined || patched['spec'] !== spec) return null;
  return strategyOf(resource).hasSharedSpec === true ? spec : null;
}

/** The spec comes before the status. */
function withSpec({ status, ...others }: JsonObject, spec: JsonObject): JsonObject {
  return { ...others, spec, ...(status === undefined ? {} : { status }) };
}

/** @throws StatusError 422 */
function decodePatched(
  endpoint: Endpoint,
  current: ApiObject,
  patched: Json,
  { quote, explain, problems: ofPatch }: PatchFunction,
  { fieldValidation }: WriteOptions,
): ApiObject {
  const { context, resource } = endpoint;
  if (!isJsonObject(patched)) throw refusal(quote(patched), notAnObject(patched));
  const { kind = '', apiVersion = '' } = patched;
  if (kind !== current.kind || apiVersion !== current.apiVersion) {
    if (resource.custom !== null) throw refusalOfKind(current, kind, apiVersion);
    const version = JSON.stringify(apiVersion);
    const why = `no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`;
    throw refusal(quote(patched), why);
  }
  const kept = keptSpec(endpoint, current, patched);
  try {
    // What a patch leaves alone the result shares with what it was laid on, and with the next try: decoding copies.
    const given: JsonObject = { ...patched, kind: resource.kind, apiVersion: versionOf(endpoint) };
    if (kept !== null) delete given['spec'];
    const decoded =
      resource.custom === null
        ? decodeBy(definitionOf(resource.definition), given)
        : resource.custom.decode(copyJson(given));
    const { value } = decoded;
    const problems = [...ofPatch, ...decoded.problems];
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw refusal(quote(patched), `strict decoding error: ${problems.join(', ')}`);
    }
    if (fieldValidation === 'Warn') context.warnings.push(...problems);
    if (!isJsonObject(value['metadata'])) value['metadata'] = {};
    return (kept === null ? value : withSpec(value, kept)) as unknown as ApiObject;
  } catch (error) {
    if (error instanceof DecodeError) throw refusal(quote(patched), explain(error));
    throw error;
  }
}

/** @throws StatusError */
export async function patch(endpoint: Endpoint): Promise<ApiAnswer> {
  const { context, path } = endpoint;
  const type = mediaTypeOf(context.request.header('content-type'));
  if (type === applyType && endpoint.parts.fields !== null) return applyPatch(endpoint);
  if (!acceptedTypes(endpoint).includes(type)) throw unsupported(endpoint, type);
  const options = writeOptions(context, 'PatchOptions');
  const way = patchFunction(endpoint, type, await context.request.readBody());
  const next = (current: ApiObject): ApiObject => {
    const patched = way.apply(asJson(current));
    const object = decodePatched(endpoint, current, patched, way, options);
    checkIdentity(endpoint, object);
    keepReset(patched as JsonObject, object);
    return object;
  };
  const ways = { isRelative: true, isCopying: true };
  const object = await modify(endpoint, { subresource: path.subresource, options, next, ...ways });
  return answerObject(endpoint, 200, object);
}
