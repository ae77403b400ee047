/** PATCH: reads the object, applies the patch to its JSON, decodes the result and goes the way of an update (reference §3). */

import { type ApiObject, asJson, isJsonObject, type Json } from '../api/objects.ts';
import { badRequest, unsupportedMediaType } from '../api/status.ts';
import type { ApiAnswer } from '../http/types.ts';
import { definitionOf } from '../schema/schema.ts';
import { mediaTypeOf, toObject } from './body.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import { writeOptions } from './options.ts';

const mergeType = 'application/merge-patch+json';
const jsonType = 'application/json-patch+json';
const strategicType = 'application/strategic-merge-patch+json';

type PatchFunction = (current: ApiObject, patch: Json) => Json;

function acceptedTypes({ parts, resource }: Endpoint): string[] {
  const types: string[] = [];
  if (parts.patches.json !== null) types.push(jsonType);
  types.push(mergeType);
  if (parts.patches.strategic !== null && resource.custom === null) types.push(strategicType);
  return types;
}

function patchFunction(endpoint: Endpoint, type: string): PatchFunction {
  const { patches } = endpoint.parts;
  const { json, strategic } = patches;
  if (type === mergeType) return (current, patch) => patches.merge(asJson(current), patch);
  if (type === jsonType && json !== null) return (current, patch) => json(asJson(current), patch);
  if (type === strategicType && strategic !== null && endpoint.resource.custom === null) {
    const definition = definitionOf(endpoint.resource.definition);
    return (current, patch) => {
      if (!isJsonObject(patch)) throw badRequest('error decoding patch: the patch must be an object');
      return strategic(asJson(current), patch, definition);
    };
  }
  throw unsupportedMediaType(acceptedTypes(endpoint));
}

/** @throws StatusError 400 */
export function parsePatch(body: Uint8Array): Json {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Json;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw badRequest(
      `error decoding patch: ${/end of JSON/.test(text) ? 'unexpected end of JSON input' : text}`,
    );
  }
}

/** @throws StatusError */
export async function patch(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context, path, resource } = endpoint;
  const apply = patchFunction(endpoint, mediaTypeOf(context.request.header('content-type')));
  const options = writeOptions(context, 'PatchOptions');
  const changes = parsePatch(await context.request.readBody());
  const next = (current: ApiObject): ApiObject => {
    const { resourceVersion } = current.metadata;
    // Only a patch that names a resourceVersion is locked to it.
    delete current.metadata.resourceVersion;
    const patched = apply({ ...current, metadata: { ...current.metadata, resourceVersion: '' } }, changes);
    if (!isJsonObject(patched)) throw badRequest('the patched object is no object');
    const object = toObject(parts, patched, resource, options.fieldValidation, context.warnings);
    const { name } = object.metadata;
    if (name !== path.name) {
      throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
    }
    if (object.metadata.resourceVersion === '') delete object.metadata.resourceVersion;
    current.metadata.resourceVersion = resourceVersion!;
    return object;
  };
  const object = await modify(endpoint, { subresource: path.subresource, options, next });
  return answerObject(endpoint, 200, object);
}
