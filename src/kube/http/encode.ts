/**
 * The body of an answer in the form that was negotiated: the object itself, its Table or its metadata; JSON, YAML or
 * protobuf. A Status is never turned into another shape.
 */

import { stringify as yamlText } from 'yaml';
import { type ApiList, type ApiObject, asJson, groupVersionText } from '../api/objects.ts';
import { badRequest, type Status, type StatusError } from '../api/status.ts';
import type { ProtobufCodec } from '../proto/types.ts';
import type { ResourceType } from '../registry/types.ts';
import { sharedLine } from '../storage/shared-text.ts';
import { includeObject, partialMetadata, partialMetadataList, tableOf } from '../table/table.ts';
import { type Accepted, mediaTypes } from './negotiate.ts';

export interface Encoding {
  readonly accepted: Accepted;
  readonly query: URLSearchParams;
  readonly resource: ResourceType | null;
  readonly protobuf: ProtobufCodec | null;
  readonly nowMs: number;
  readonly isPretty: boolean;
}

type Body = ApiObject | ApiList | Status;

/** As a real server writes YAML: sorted, lists at the place of their name, texts quoted that older readers take for times. */
const yamlOptions = {
  aliasDuplicateObjects: false,
  indentSeq: false,
  sortMapEntries: true,
  version: '1.1',
} as const;

export function yamlBody(document: object): string {
  return yamlText(document, yamlOptions);
}

function isList(body: Body): body is ApiList {
  return Array.isArray((body as ApiList).items);
}

function isStatus(body: Body): body is Status {
  return body.kind === 'Status' && body.apiVersion === 'v1';
}

/** Items of built-in lists go without kind and apiVersion, as their list says both. */
function withPlainItems(list: ApiList, resource: ResourceType | null): ApiList {
  if (resource === null || resource.custom !== null) return list;
  const items = list.items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest);
  return { ...list, items };
}

/** An object as the endpoint's version calls it. */
function withKind(object: ApiObject, resource: ResourceType | null): ApiObject {
  if (object.kind !== undefined || resource === null) return object;
  const apiVersion = groupVersionText(resource.group, resource.version);
  return { kind: resource.kind, apiVersion, ...object };
}

/** Where Go has the type of such an object. */
function goType(resource: ResourceType | null, kind: string | undefined): string {
  if (resource === null || resource.custom !== null) {
    return `*unstructured.Unstructured${resource?.listKind === kind ? 'List' : ''}`;
  }
  return `*${resource.group === '' ? 'core' : resource.group.split('.')[0]}.${kind}`;
}

function unfit(asked: string, what: string): StatusError {
  const error = badRequest(`you requested ${asked}, but the requested object is ${what}`);
  error.status.code = 406;
  error.status.reason = 'NotAcceptable';
  return error;
}

/** @param hasColumns false: a Table frame that follows another */
export function shape(body: Body, encoding: Encoding, hasColumns: boolean): object {
  const { accepted, resource, query, nowMs } = encoding;
  const { as, asVersion: version } = accepted;
  if (isStatus(body)) return body;
  if (as === 'Table') {
    const include = includeObject(query);
    const request = { resource, version, include, nowMs, hasColumns };
    if (isList(body)) return tableOf(body.metadata, body.items, request);
    const { resourceVersion } = body.metadata;
    return tableOf(
      resourceVersion === undefined ? {} : { resourceVersion },
      [withKind(body, resource)],
      request,
    );
  }
  if (isList(body)) {
    if (as === 'PartialObjectMetadataList') return partialMetadataList(body, version);
    if (as === 'PartialObjectMetadata') throw unfit(as, `a list (${goType(resource, body.kind)})`);
    return withPlainItems(body, resource);
  }
  if (as === 'PartialObjectMetadataList') throw unfit(as, `not a list (${goType(resource, resource?.kind)})`);
  return as === null ? withKind(body, resource) : partialMetadata(body, version);
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const comma = 0x2c;

/** The items of a built-in list go without kind and apiVersion, which come first in what is stored. */
function itemTexts({ items }: ApiList, isCustom: boolean): string[] {
  const { kind, apiVersion } = items[0] ?? {};
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
  return items.map((item) => {
    const line = sharedLine(item);
    if (isCustom) return line.slice(0, -1);
    if (line.startsWith(head)) return `{${line.slice(head.length, -1)}`;
    const { kind: _kind, apiVersion: _version, ...rest } = item;
    return JSON.stringify(rest);
  });
}

/** The bytes of a list, put together from the texts of its items in one go. */
function listBytes(list: ApiList, isCustom: boolean): Buffer {
  const { kind, apiVersion, metadata } = list;
  const head = `${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`;
  const end = ']}\n';
  const texts = itemTexts(list, isCustom);
  let size = Buffer.byteLength(head) + end.length;
  for (const text of texts) size += Buffer.byteLength(text) + 1;
  const result = Buffer.allocUnsafe(size);
  let at = result.write(head);
  texts.forEach((text, index) => {
    if (index > 0) result[at++] = comma;
    at += result.write(text, at);
  });
  at += result.write(end, at);
  return result.subarray(0, at);
}

/** JSON of what is shared: the texts that others made are used again. Null: this form has none. */
function sharedJson(body: Body, { accepted, resource, isPretty }: Encoding): Buffer | string | null {
  if (accepted.format !== 'json' || accepted.as !== null || isPretty) return null;
  if (resource === null || isStatus(body)) return null;
  if (isList(body)) return listBytes(body, resource.custom !== null);
  return body.kind === undefined ? null : sharedLine(body);
}

/**
 * The body as it is sent, and its media type.
 * @param isShared nobody changes it, or the items of a list, any more
 */
export function encodeBody(
  body: Body,
  encoding: Encoding,
  isShared: boolean,
): { readonly body: Buffer | string; readonly type: string } {
  const known = isShared ? sharedJson(body, encoding) : null;
  if (known !== null) return { body: known, type: mediaTypes.json };
  const shaped = shape(body, encoding, true);
  const { format } = encoding.accepted;
  if (format === 'protobuf') {
    const bytes = encoding.protobuf?.encode(asJson(shaped));
    if (bytes != null) return { body: toBuffer(bytes), type: mediaTypes.protobuf };
    // Kinds without a protobuf form are asked for by clients that take JSON as well.
  }
  if (format === 'yaml') return { body: yamlBody(shaped), type: mediaTypes.yaml };
  // As a real server writes it: a line of JSON ends, what is spread over several does not.
  const text = encoding.isPretty ? JSON.stringify(shaped, null, 2) : `${JSON.stringify(shaped)}\n`;
  return { body: text, type: mediaTypes.json };
}
