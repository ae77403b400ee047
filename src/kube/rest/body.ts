/**
 * From the bytes of a request to an object of the kind that the endpoint has (reference §2.2, the 400 texts): JSON, YAML or
 * protobuf; `kind` and `apiVersion` may be missing for built-in kinds; unknown members are dropped and, by
 * `fieldValidation`, ignored, warned of or refused.
 */

import { parse as parseYaml } from 'yaml';
import { type ApiObject, groupVersionText, isJsonObject, type JsonObject } from '../api/objects.ts';
import { badRequest, unsupportedMediaType } from '../api/status.ts';
import type { CustomType } from '../crd/types.ts';
import { mediaTypes } from '../http/negotiate.ts';
import { DecodeError, decodeBy } from '../schema/decode.ts';
import { definitionOf } from '../schema/schema.ts';
import type { FieldValidation } from './options.ts';
import type { ServerParts } from './parts.ts';

const acceptedBodies = [mediaTypes.json, mediaTypes.yaml, mediaTypes.protobuf];
/** More anchors than this are a bomb. */
const maxYamlAliases = 100;
const schemeName = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

/** The media type of a Content-Type header, without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';')[0]!.trim().toLowerCase();
}

function jsonErrorText(text: string, error: unknown): string {
  if (text.trim() === '') return 'unexpected end of JSON input';
  const message = error instanceof Error ? error.message : String(error);
  if (/end of JSON|Unterminated/i.test(message)) return 'unexpected end of JSON input';
  const at = /position (\d+)/.exec(message);
  const wrong = at === null ? undefined : text[Number(at[1])];
  return wrong === undefined ? message : `invalid character '${wrong}' looking for beginning of value`;
}

function parseText(text: string, isYaml: boolean, kind: string): unknown {
  try {
    return isYaml ? parseYaml(text, { maxAliasCount: maxYamlAliases }) : JSON.parse(text);
  } catch (error) {
    const body = text === '' ? '<empty>' : text;
    throw badRequest(
      isYaml
        ? `error converting YAML to JSON: yaml: ${error instanceof Error ? error.message : String(error)}`
        : `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${jsonErrorText(text, error)} (${body})`,
    );
  }
}

/**
 * The plain value of a body.
 * @param kind for messages
 * @throws StatusError 400, 415
 */
export function parseBody(
  parts: ServerParts,
  body: Uint8Array,
  contentType: string,
  kind: string,
): JsonObject {
  const type = mediaTypeOf(contentType);
  if (type === mediaTypes.protobuf && parts.protobuf !== null) return parts.protobuf.decode(body);
  const isYaml = type === mediaTypes.yaml;
  if (!isYaml && type !== '' && type !== mediaTypes.json) throw unsupportedMediaType(acceptedBodies);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const value = parseText(text, isYaml, kind);
  if (isJsonObject(value)) return value;
  throw badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${text})`,
  );
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
  const prefix = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: `;
  const [group, groupVersion] = version.includes('/') ? version.split('/') : ['', version];
  if (parts.registry.findKind(group!, groupVersion!, kind) === null) {
    throw badRequest(
      `${prefix}no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme ${JSON.stringify(schemeName)}`,
    );
  }
  const inner = expected.group === '' ? 'core' : expected.group.split('.')[0];
  throw badRequest(
    `${prefix}converting (${version.replace('/', '.')}.${kind}) to (${inner}.${expected.kind}): unknown conversion`,
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
      if (decoded.problems.length > 0 && validation === 'Strict') {
        throw badRequest(`${prefix}strict decoding error: ${decoded.problems.join(', ')}`);
      }
      if (validation === 'Warn') warnings.push(...decoded.problems);
      object = decoded.value;
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(prefix + error.message);
      throw error;
    }
  }
  if (!isJsonObject(object['metadata'])) object['metadata'] = {};
  return object as unknown as ApiObject;
}
