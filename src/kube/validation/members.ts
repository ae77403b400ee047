/** Members of plain JSON, read with their type: what is absent or of another type reads as empty. */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';

export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** Undefined: it is not there. */
export function numberOf(object: JsonObject, name: string): number | undefined {
  const value = object[name];
  return typeof value === 'number' ? value : undefined;
}

export function objectOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

/** Null: it is not there. */
export function maybeObject(object: JsonObject, name: string): JsonObject | null {
  const value = object[name];
  return isJsonObject(value) ? value : null;
}

export function objectsOf(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function textsOf(object: JsonObject, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A map of texts: labels, selectors, quantities. */
export function mapOf(object: JsonObject, name: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(objectOf(object, name))) {
    if (typeof value === 'string') result[key] = value;
  }
  return result;
}

export function has(object: JsonObject, name: string): boolean {
  const value: Json | undefined = object[name];
  return value !== undefined && value !== null;
}

/** Neither empty text, nor zero, nor false, nor an empty list or object. */
export function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
