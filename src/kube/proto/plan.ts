/**
 * How a definition looks on the wire, worked out once per definition: fields by number for readers, in reverse order of
 * number for writers (which write from back to front). A definition of which some field has no number has no wire form;
 * its kinds are spoken in JSON only.
 */

import { type Definition, definitionOf, type Field } from '../schema/schema.ts';

export type WireForm =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'duration'
  /** A message with the JSON text as bytes in field 1. */
  | 'json'
  /** A message with a repeated string in field 1. */
  | 'strings'
  | 'schemaOrArray'
  | 'schemaOrBool'
  | 'schemaOrStrings'
  | 'message';

export interface FieldPlan {
  readonly name: string;
  readonly number: number;
  readonly shape: Field['shape'];
  readonly form: WireForm;
  readonly isInline: boolean;
  /** A zero on the wire is a zero in JSON; otherwise it is absent. */
  readonly keepsZero: boolean;
  /** Of messages. */
  readonly definition: Definition | null;
}

export interface Plan {
  readonly name: string;
  readonly byNumber: readonly (FieldPlan | undefined)[];
  readonly backwards: readonly FieldPlan[];
  readonly hasWireForm: boolean;
}

const unions: Readonly<Record<string, WireForm>> = {
  'apiextensions.v1.JSONSchemaPropsOrArray': 'schemaOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'schemaOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'schemaOrStrings',
};

function formOf(field: Field): WireForm {
  if (field.scalar === 'any') return 'json';
  if (field.scalar !== null) return field.scalar;
  const definition = definitionOf(field.definition);
  const union = unions[definition.name];
  if (union !== undefined) return union;
  switch (definition.form) {
    case null:
      return 'message';
    case 'any':
    case 'object':
      return 'json';
    default:
      return definition.form;
  }
}

const plans = new Map<string, Plan>();

/** The plan of a definition, made on first use. */
export function planOf(definition: Definition): Plan {
  const known = plans.get(definition.name);
  if (known !== undefined) return known;
  const byNumber: (FieldPlan | undefined)[] = [];
  let hasWireForm = true;
  for (const field of definition.protoFields) {
    if (field.number === 0) {
      if (field.name !== 'kind' && field.name !== 'apiVersion') hasWireForm = false;
      continue;
    }
    const form = formOf(field);
    byNumber[field.number] = {
      name: field.name,
      number: field.number,
      shape: field.shape,
      form,
      isInline: field.isInline,
      keepsZero: field.keepsZero,
      definition: form === 'message' ? definitionOf(field.definition) : null,
    };
  }
  const backwards = byNumber.filter((field) => field !== undefined).reverse();
  const plan: Plan = { name: definition.name, byNumber, backwards, hasWireForm };
  plans.set(definition.name, plan);
  return plan;
}

const wholeForms = new Map<string, boolean>();

/** True if the definition and everything in it has a wire form. */
export function hasWholeForm(definition: Definition): boolean {
  const known = wholeForms.get(definition.name);
  if (known !== undefined) return known;
  // What holds itself is whole unless something else in it is not.
  wholeForms.set(definition.name, true);
  const { hasWireForm, backwards } = planOf(definition);
  const isWhole =
    hasWireForm && backwards.every((field) => field.definition === null || hasWholeForm(field.definition));
  wholeForms.set(definition.name, isWhole);
  return isWhole;
}
