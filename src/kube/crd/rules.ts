/** Rules of schemas (`x-kubernetes-validations`). */

import type { FieldError } from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import type { Schema } from './structural.ts';

/** What the rules refuse. @param _old null on create */
export function validateRules(_value: JsonObject, _old: JsonObject | null, _schema: Schema): FieldError[] {
  return [];
}
