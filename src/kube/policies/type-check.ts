/**
 * What is wrong with the expressions of a ValidatingAdmissionPolicy for the kinds that it names (k8s.io/apiserver,
 * pkg/admission/plugin/policy/validating/typechecking.go). It is told in the status and refuses nothing: a policy may be about
 * kinds that come later, or about several of which one lacks a member.
 */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { Schema } from '../crd/structural.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import { maybeObject, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { type ObjectSchemas, typeOfExpression } from './expressions.ts';
import { resourceSchema } from './object-types.ts';

/** Kinds that one policy is checked for. */
const checkedTypesMax = 10;

export interface ExpressionWarning {
  readonly fieldRef: string;
  readonly warning: string;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What a rule names without wildcards, sorted. */
function named(rule: JsonObject, member: string): string[] {
  const given = textsOf(rule, member);
  return given.some((one) => one.includes('*')) ? [] : [...given].sort(compare);
}

function typesOf(spec: JsonObject, registry: Registry): ResourceType[] {
  const found = new Set<ResourceType>();
  for (const rule of objectsOf(objectOf(spec, 'matchConstraints'), 'resourceRules')) {
    const plurals = textsOf(rule, 'resources')
      .filter((one) => !/[*/]/.test(one))
      .sort(compare);
    for (const group of named(rule, 'apiGroups')) {
      for (const version of named(rule, 'apiVersions')) {
        for (const plural of plurals) {
          const type = registry.find(group, version, plural);
          if (type !== null && found.size < checkedTypesMax) found.add(type);
        }
      }
    }
  }
  const order = (a: ResourceType, b: ResourceType): number =>
    compare(a.group, b.group) || compare(a.version, b.version) || compare(a.kind, b.kind);
  return [...found].sort(order);
}

function paramSchema(spec: JsonObject, registry: Registry): Schema | null {
  const kind = maybeObject(spec, 'paramKind');
  if (kind === null) return null;
  const [first = '', second] = textOf(kind, 'apiVersion').split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const type = registry.findKind(group, version, textOf(kind, 'kind'));
  return type === null ? null : resourceSchema(type);
}

/** What is wrong with one expression, for each kind; empty: nothing. */
function warningOf(
  expression: string,
  spec: JsonObject,
  types: readonly (readonly [ResourceType, Schema])[],
  params: Schema | null,
): string {
  const texts: string[] = [];
  for (const [{ group, version, kind }, object] of types) {
    const schemas: ObjectSchemas = { object, params, variables: new Map() };
    for (const variable of objectsOf(spec, 'variables')) {
      const { type } = typeOfExpression(textOf(variable, 'expression'), spec, schemas);
      schemas.variables.set(textOf(variable, 'name'), type ?? 'dyn');
    }
    const { problem } = typeOfExpression(expression, spec, schemas);
    if (problem !== null) texts.push(`${group}/${version}, Kind=${kind}: ${problem}\n`);
  }
  return texts.join('\n');
}

export function typeWarnings({ spec = {} }: ApiObject, registry: Registry): ExpressionWarning[] {
  const types = typesOf(spec, registry).flatMap((type): (readonly [ResourceType, Schema])[] => {
    const schema = resourceSchema(type);
    return schema === null ? [] : [[type, schema]];
  });
  const params = paramSchema(spec, registry);
  const warnings: ExpressionWarning[] = [];
  objectsOf(spec, 'validations').forEach((validation, at) => {
    for (const member of ['expression', 'messageExpression']) {
      const expression = textOf(validation, member);
      if (expression === '') continue;
      const warning = warningOf(expression, spec, types, params);
      if (warning !== '') warnings.push({ fieldRef: `spec.validations[${at}].${member}`, warning });
    }
  });
  return warnings;
}
