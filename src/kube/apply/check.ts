/**
 * Whether what is applied fits the type: unknown members, wrong scalars, items without identity, items that are there twice.
 * Wrong values are answered with 500 and no reason, as by a real server.
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { formOfValue, memberType } from './compare.ts';
import type { FieldType, ScalarForm } from './field-types.ts';
import { ElementError, elementOfItem, elementText } from './path-elements.ts';

/** More than this are not told. */
const maxProblems = 20;
const maxDepth = 200;

function goValue(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Number.isInteger(value) ? 'int64' : 'float64';
}

/** As `%v` shows it in Go; as `%#v` where a text is quoted. */
function goLiteral(value: Json, isQuoted: boolean = false): string {
  if (typeof value === 'string') return isQuoted ? JSON.stringify(value) : value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function scalarProblem(scalar: ScalarForm, value: Json): string | null {
  const isScalar = typeof value !== 'object';
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? null : `expected numeric (int or float), got ${goValue(value)}`;
    case 'string':
      return typeof value === 'string'
        ? null
        : `expected string, got &value.valueUnstructured{Value:${goLiteral(value, true)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : `expected boolean, got &{${goLiteral(value)}}`;
    default:
      return isScalar ? null : `expected any scalar, got &{${goLiteral(value)}}`;
  }
}

/** Where a value stands; the text is made only when there is something to say of it. */
interface Place {
  readonly parent: Place | null;
  readonly element: string;
}

function placeText(place: Place | null): string {
  return place === null ? '' : placeText(place.parent) + elementText(place.element);
}

class Checker {
  readonly problems: string[] = [];

  #add(place: Place | null, problem: string): void {
    if (this.problems.length < maxProblems) this.problems.push(`${placeText(place)}: ${problem}`);
  }

  value(type: FieldType, value: Json, place: Place | null, depth: number): void {
    if (value === null || type.form === 'deduced') return;
    if (depth > maxDepth) {
      this.#add(place, 'exceeded max depth');
      return;
    }
    const form = formOfValue(type, value);
    if (form === 'scalar') {
      const problem = scalarProblem(type.scalar, value);
      if (problem !== null) this.#add(place, problem);
    } else if (form === 'list') {
      if (Array.isArray(value)) this.#list(type, value, place, depth);
      else this.#add(place, `expected list, got &{${goLiteral(value)}}`);
    } else if (isJsonObject(value)) this.#map(type, value, place, depth);
    else this.#add(place, `expected map, got &{${goLiteral(value)}}`);
  }

  #map(type: FieldType, value: JsonObject, parent: Place | null, depth: number): void {
    for (const name of Object.keys(value)) {
      const member = memberType(type, name);
      const inner = value[name]!;
      // Scalars as they should be need no place.
      if (member?.form === 'scalar' && scalarProblem(member.scalar, inner) === null) continue;
      const place: Place = { parent, element: `f:${name}` };
      if (member === null) this.#add(place, 'field not declared in schema');
      else this.value(member, inner, place, depth + 1);
    }
  }

  #list(type: FieldType, list: readonly Json[], parent: Place | null, depth: number): void {
    const seen = new Set<string>();
    list.forEach((item, at) => {
      let element = `i:${at}`;
      if (!type.isAtomic) {
        try {
          element = elementOfItem(type, item);
        } catch (error) {
          if (!(error instanceof ElementError)) throw error;
          this.#add(parent, `element ${at}: ${error.message}`);
          return;
        }
        if (seen.has(element)) this.#add(parent, `duplicate entries for key ${elementText(element)}`);
        seen.add(element);
      }
      if (type.element === null) return;
      this.value(type.element, item, { parent, element }, depth + 1);
    });
  }
}

/** One text per problem: `.spec.replicas: expected numeric (int or float), got string`. */
export function typeProblems(type: FieldType, value: JsonObject): readonly string[] {
  const checker = new Checker();
  checker.value(type, value, null, 0);
  return checker.problems;
}
