/**
 * From the bytes of a request to an object of the kind that the endpoint has: JSON, YAML or
 * protobuf; `kind` and `apiVersion` may be missing for built-in kinds; unknown members are dropped and, by
 * `fieldValidation`, ignored, warned of or refused.
 */

import {
  type ApiObject,
  groupVersionText,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../api/objects.ts';
import { badRequest, type StatusError, unsupportedMediaType } from '../api/status.ts';
import type { CustomType } from '../crd/types.ts';
import { mediaTypes } from '../http/negotiate.ts';
import { ProtobufError } from '../proto/read.ts';
import type { KindName, ProtobufCodec } from '../proto/types.ts';
import { DecodeError, decodeBy } from '../schema/decode.ts';
import { JsonTextError, parseJsonText } from '../schema/json-text.ts';
import { definitionOf } from '../schema/schema.ts';
import { parseYamlText, YamlTextError } from '../schema/yaml-text.ts';
import type { FieldValidation } from './options.ts';
import type { ServerParts } from './parts.ts';

const acceptedBodies = [mediaTypes.json, mediaTypes.yaml, mediaTypes.protobuf];
/** So much of a body is shown in messages about it. */
const summaryBytes = 30;
const schemeName = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

/** The media type of a Content-Type header, without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';')[0]!.trim().toLowerCase();
}

/** What strict decoding says of a body's text, kept beside the value until that is decoded. */
const textProblems: WeakMap<JsonObject, readonly string[]> = new WeakMap();

/** The beginning of a body for messages: as text if it looks like JSON. */
function summaryOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const encoding = bytes[0] === 0x7b ? 'utf8' : 'hex';
  const text = Buffer.from(bytes.subarray(0, summaryBytes)).toString(encoding);
  return bytes.length > summaryBytes ? `${text} ...` : text;
}

interface ParsedText {
  readonly value: Json;
  readonly problems: readonly string[];
}

function parseText(body: Uint8Array, isYaml: boolean, kind: string): ParsedText {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    if (isYaml) return parseYamlText(text);
    const { value, duplicates } = parseJsonText(text);
    return { value, problems: duplicates.map((path) => `duplicate field "${path}"`) };
  } catch (error) {
    if (error instanceof YamlTextError) throw unrecognized(body, kind, error.message);
    if (!(error instanceof JsonTextError)) throw error;
    throw unrecognized(body, kind, `couldn't get version/kind; json parse error: ${error.message}`);
  }
}

function unrecognized(body: Uint8Array, kind: string, why: string): StatusError {
  // Options are read by others, who say less.
  if (kind === 'DeleteOptions') return badRequest(why);
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${summaryOf(body)})`,
  );
}

/** Why the value cannot be asked for its kind; null when it can. */
function shapeProblem(value: Json): string | null {
  if (!isJsonObject(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
  }
  for (const name of ['apiVersion', 'kind']) {
    const given = value[name];
    if (given === undefined || given === null || typeof given === 'string') continue;
    const type = Array.isArray(given) ? 'array' : typeof given === 'boolean' ? 'bool' : typeof given;
    return `json: cannot unmarshal ${type} into Go struct field .${name} of type string`;
  }
  return null;
}

function parseProtobuf(codec: ProtobufCodec, body: Uint8Array, wanted: KindName): JsonObject {
  try {
    return codec.decode(body, wanted);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    if (error.kind === '') throw unrecognized(body, wanted.kind, error.message);
    const { kind, version } = wanted;
    if (kind === 'DeleteOptions') throw badRequest(error.message);
    const given = `${error.kind} in version ${JSON.stringify(version)}`;
    throw badRequest(`${given} cannot be handled as a ${kind}: ${error.message}`);
  }
}

/**
 * The plain value of a body.
 * @param wanted for messages, and what a body in protobuf has that does not say it
 * @throws StatusError 400, 415
 */
export function parseBody(
  parts: ServerParts,
  body: Uint8Array,
  contentType: string,
  wanted: KindName,
): JsonObject {
  const { kind } = wanted;
  const type = mediaTypeOf(contentType);
  if (type === mediaTypes.protobuf && parts.protobuf !== null) {
    return parseProtobuf(parts.protobuf, body, wanted);
  }
  const isYaml = type === mediaTypes.yaml;
  if (!isYaml && type !== '' && type !== mediaTypes.json) throw unsupportedMediaType(acceptedBodies);
  const { value, problems } = parseText(body, isYaml, kind);
  const wrong = value === null ? null : shapeProblem(value);
  if (wrong !== null) {
    throw unrecognized(body, kind, `couldn't get version/kind; json parse error: ${wrong}`);
  }
  const object = (value ?? {}) as JsonObject;
  if (problems.length > 0) textProblems.set(object, problems);
  return object;
}

/** The kind that an endpoint takes: the resource's own, or that of a subresource. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly definition: string;
  /** A custom resource decodes by its own schema. */
  readonly custom?: CustomType | null;
}

function checkKind(parts: ServerParts, value: JsonObject, expected: ExpectedKind): void {
  const { kind, apiVersion } = value;
  const wanted = groupVersionText(expected.group, expected.version);
  if (typeof kind !== 'string' || kind === '') return;
  const version = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : wanted;
  if (kind === expected.kind && version === wanted) return;
  const [group, groupVersion] = version.includes('/') ? version.split('/') : ['', version];
  const prefix = `${kind} in version ${JSON.stringify(groupVersion)} cannot be handled as a ${expected.kind}: `;
  if (parts.registry.findKind(group!, groupVersion!, kind) === null) {
    throw badRequest(
      `${prefix}no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme ${JSON.stringify(schemeName)}`,
    );
  }
  const inner = expected.group === '' ? 'core' : expected.group.split('.')[0];
  throw badRequest(
    `${prefix}converting (${groupVersion}.${kind}) to (${inner}.${expected.kind}): unknown conversion`,
  );
}

/**
 * A parsed body as an object of the expected kind.
 * @param warnings takes the problems in mode Warn
 * @throws StatusError 400
 */
export function toObject(
  parts: ServerParts,
  value: JsonObject,
  expected: ExpectedKind,
  validation: FieldValidation,
  warnings: string[],
): ApiObject {
  const { custom = null } = expected;
  if (custom === null) checkKind(parts, value, expected);
  const version = groupVersionText(expected.group, expected.version);
  const prefix = `${expected.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: `;
  let object = value;
  if (custom !== null || expected.definition !== '') {
    try {
      const decoded =
        custom === null
          ? decodeBy(definitionOf(expected.definition), {
              ...value,
              kind: expected.kind,
              apiVersion: version,
            })
          : custom.decode(value);
      const problems = [...(textProblems.get(value) ?? []), ...decoded.problems];
      if (problems.length > 0 && validation === 'Strict') {
        throw badRequest(`${prefix}strict decoding error: ${problems.join(', ')}`);
      }
      if (validation === 'Warn') warnings.push(...problems);
      object = decoded.value;
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(prefix + error.message);
      throw error;
    }
  }
  if (!isJsonObject(object['metadata'])) object['metadata'] = {};
  return object as unknown as ApiObject;
}
