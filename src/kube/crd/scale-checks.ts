/** What has to be true of the members that /scale reads, whatever the schema says of them. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { memberOf } from '../api/json.ts';
import { type ApiObject, asJson, isJsonObject, type Json } from '../api/objects.ts';
import { goText, goTypeOf } from '../patch/go-text.ts';
import type { ScalePaths } from './types.ts';

const maxReplicas = 2 ** 31 - 1;

interface Found {
  readonly value: Json | undefined;
  /** Why there is no such value; null: it is there, or nothing is. */
  readonly problem: string | null;
}

function find(object: ApiObject, names: readonly string[], wanted: 'int64' | 'string'): Found {
  let value: Json | undefined = asJson(object);
  const refuse = (given: Json, expected: string): Found => {
    const place = `.${names.join('.')}`;
    const why = `${place} accessor error: ${goText(given)} is of the type ${goTypeOf(given)}, expected ${expected}`;
    return { value: undefined, problem: why };
  };
  for (const name of names) {
    if (!isJsonObject(value)) return refuse(value, 'map[string]interface{}');
    value = memberOf(value, name);
    if (value === undefined) return { value, problem: null };
  }
  return goTypeOf(value) === wanted ? { value, problem: null } : refuse(value, wanted);
}

function checkReplicas(object: ApiObject, names: readonly string[], errors: FieldError[]): void {
  const field = `.${names.join('.')}`;
  const { value, problem } = find(object, names, 'int64');
  if (problem !== null) errors.push(invalidValue(field, 0, problem));
  else if (typeof value !== 'number') return;
  else if (value < 0) errors.push(invalidValue(field, value, 'should be a non-negative integer'));
  else if (value > maxReplicas) {
    errors.push(invalidValue(field, value, `should be less than or equal to ${maxReplicas}`));
  }
}

/** @param isStatus the status alone is written */
export function validateScale(object: ApiObject, paths: ScalePaths, isStatus: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (!isStatus) checkReplicas(object, paths.specReplicas, errors);
  checkReplicas(object, paths.statusReplicas, errors);
  if (paths.selector !== null) {
    const { problem } = find(object, paths.selector, 'string');
    if (problem !== null) errors.push(invalidValue(`.${paths.selector.join('.')}`, '', problem));
  }
  return errors;
}
