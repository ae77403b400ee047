/** Objects within custom resources (`x-kubernetes-embedded-resource`): each has a kind, an apiVersion, and metadata as objects have. */

import { type FieldError, invalidValue, required } from '../api/field-errors.ts';
import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject, type ObjectMeta } from '../api/objects.ts';
import { pathSegmentProblems } from '../meta/names.ts';
import { validateMetaMembers } from '../meta/validate-meta.ts';
import { labelProblems } from './label-problems.ts';
import { additionalOf, isEmbedded, itemsOf, propertyOf, type Schema } from './structural.ts';

function checkVersion(place: string, version: Json, errors: FieldError[]): void {
  const field = `${place}.apiVersion`;
  if (version === '') errors.push(invalidValue(field, version, 'must not be empty'));
  else if (typeof version === 'string' && version.split('/').length > 2) {
    errors.push(invalidValue(field, version, `unexpected GroupVersion string: ${version}`));
  }
}

function checkKind(place: string, kind: Json, errors: FieldError[]): void {
  const field = `${place}.kind`;
  if (kind === '') errors.push(invalidValue(field, kind, 'must not be empty'));
  if (typeof kind !== 'string' || kind === '') return;
  const problems = labelProblems(kind.toLowerCase());
  if (problems.length === 0) return;
  const why = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  errors.push(invalidValue(field, kind, why));
}

function checkEmbedded(value: JsonObject, place: string, errors: FieldError[]): void {
  const { apiVersion, kind, metadata } = value;
  if (apiVersion === undefined) errors.push(required(`${place}.apiVersion`));
  else checkVersion(place, apiVersion, errors);
  if (kind === undefined) errors.push(required(`${place}.kind`));
  else checkKind(place, kind, errors);
  if (!isJsonObject(metadata)) return;
  const meta = metadata as unknown as ObjectMeta;
  for (const problem of pathSegmentProblems(meta.name ?? '')) {
    errors.push(invalidValue(`${place}.metadata.name`, meta.name, problem));
  }
  errors.push(...validateMetaMembers(meta, `${place}.metadata`));
}

/** @param path of the value; empty: the whole object, whose own metadata is looked at elsewhere */
export function validateEmbedded(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items === null) return;
    value.forEach((item, at) => {
      validateEmbedded(item, items, `${path}[${at}]`, errors);
    });
  }
  if (!isJsonObject(value)) return;
  if (isEmbedded(schema)) checkEmbedded(value, path, errors);
  const additional = additionalOf(schema);
  for (const name of Object.keys(value)) {
    const own = propertyOf(schema, name);
    const inner = own ?? additional;
    if (inner === null) continue;
    const place = own === null ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    validateEmbedded(memberOf(value, name)!, inner, place, errors);
  }
}
