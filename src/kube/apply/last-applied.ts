/**
 * The way from client-side apply to server-side apply: what `kubectl apply` noted in an annotation is kubectl's own, so a
 * server-side apply by `kubectl` does not conflict with it, and keeps the annotation up to date while it is there.
 */

import { isJsonObject, type JsonObject } from '../api/objects.ts';
import { annotationBytesMax } from '../meta/validate-meta.ts';
import { compareValues, fieldSetOf } from './compare.ts';
import { difference, emptySet, type FieldSet } from './field-set.ts';
import type { FieldType } from './field-types.ts';
import { trackedPart } from './ignored-fields.ts';
import { ElementError } from './path-elements.ts';

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** The one manager to which all this applies. */
export const kubectlManager = 'kubectl';

function annotationsOf(object: JsonObject): JsonObject {
  const { metadata } = object;
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : null;
  return isJsonObject(annotations) ? annotations : {};
}

function lastApplied(object: JsonObject): JsonObject | null {
  const text = annotationsOf(object)[lastAppliedAnnotation];
  if (typeof text !== 'string' || text === '') return null;
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The fields that kubectl applied on its own side and that are as it left them. */
export function forgivenFields(type: FieldType, live: JsonObject, apiVersion: string): FieldSet {
  const applied = lastApplied(live);
  if (applied === null || applied['apiVersion'] !== apiVersion) return emptySet;
  const before = trackedPart(applied);
  try {
    const { added, modified, removed } = compareValues(type, before, trackedPart(live));
    const changed = [modified, added, removed];
    return changed.reduce((set, change) => difference(set, change), fieldSetOf(type, before));
  } catch (error) {
    // What it noted does not fit the type any more: nothing is forgiven.
    if (error instanceof ElementError) return emptySet;
    throw error;
  }
}

/** JSON with the members of every object sorted, as kubectl writes the annotation. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${sortedJson(value[name])}`).join(',')}}`;
}

/**
 * Writes what was applied into the annotation of the result, if the result has the annotation.
 * @returns the result, or a copy with another annotation
 */
export function withLastApplied(result: JsonObject, intent: JsonObject): JsonObject {
  const annotations = annotationsOf(result);
  if (annotations[lastAppliedAnnotation] === undefined) return result;
  const metadata = isJsonObject(intent['metadata']) ? { ...intent['metadata'] } : {};
  const { [lastAppliedAnnotation]: _own, ...own } = annotationsOf(intent);
  if (isJsonObject(metadata['annotations'])) metadata['annotations'] = own;
  const text = `${sortedJson({ ...intent, metadata })}\n`;
  const { [lastAppliedAnnotation]: _old, ...others } = annotations;
  const next: JsonObject = { ...others, [lastAppliedAnnotation]: text };
  let bytes = 0;
  for (const [name, value] of Object.entries(next)) bytes += Buffer.byteLength(name + String(value));
  // Too large for an annotation: it goes, and with it client-side apply.
  const kept = bytes > annotationBytesMax ? others : next;
  return { ...result, metadata: { ...(result['metadata'] as JsonObject), annotations: kept } };
}
