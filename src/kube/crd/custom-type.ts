/** One version of a definition as code that the generic server runs: decoding, defaults, validation, table, documents. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { type ApiObject, asJson, groupVersionText, type JsonObject } from '../api/objects.ts';
import { badRequest, invalid } from '../api/status.ts';
import type { Strategy, StrategyContext } from '../registry/types.ts';
import type { DefinedScale, DefinedVersion, DefinitionSpec } from './definition.ts';
import { fillDefaults } from './fill-defaults.ts';
import { parseJsonPath, plainNames } from './json-path.ts';
import { customPrinter } from './printer.ts';
import { Pruner } from './prune.ts';
import { validateRules } from './rules.ts';
import { anySchema, hasRules, type Schema } from './structural.ts';
import type { CustomType, ScalePaths } from './types.ts';
import { noField, validateBySchema, validateLists } from './validate.ts';

/** So much of a body is shown in messages about it. */
const shownChars = 300;

/** What makes rules pointless: they may rely on what the schema says. */
const blocking: ReadonlySet<string> = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
]);

const uncheckedText =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function checkKind(value: JsonObject, group: string, version: string, kind: string): void {
  const shown = JSON.stringify(value).slice(0, shownChars);
  for (const [member, word] of [
    ['kind', 'Kind'],
    ['apiVersion', 'apiVersion'],
  ] as const) {
    if (typeof value[member] === 'string' && value[member] !== '') continue;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): Object '${word}' is missing in '${shown}'`,
    );
  }
  const wanted = groupVersionText(group, version);
  const errors: FieldError[] = [];
  if (value['kind'] !== kind) errors.push(invalidValue('kind', value['kind'], `must be ${kind}`));
  if (value['apiVersion'] !== wanted) {
    errors.push(invalidValue('apiVersion', value['apiVersion'], `must be ${wanted}`));
  }
  if (errors.length === 0) return;
  const metadata = value['metadata'] as { name?: string } | undefined;
  const given = String(value['apiVersion']);
  const givenGroup = given.includes('/') ? given.slice(0, given.indexOf('/')) : '';
  throw invalid({ group: givenGroup, kind: String(value['kind']) }, metadata?.name ?? '', errors);
}

/** What the schema and its rules say of an object; `old` is null on create. */
function validateObject(object: ApiObject, old: ApiObject | null, schema: Schema): FieldError[] {
  const value = asJson(object);
  const errors = ratcheted(validateBySchema(value, schema, ''), old, schema);
  validateLists(value, schema, '', errors);
  if (!hasRules(schema)) return errors;
  if (errors.some(({ reason }) => blocking.has(reason))) {
    return [...errors, invalidValue(noField, null, uncheckedText)];
  }
  return [...errors, ...validateRules(value, old === null ? null : asJson(old), schema)];
}

/** What was wrong before and is as it was does not stand in the way of an update. */
function ratcheted(errors: FieldError[], old: ApiObject | null, schema: Schema): FieldError[] {
  if (old === null || errors.length === 0) return errors;
  const known = new Set(
    validateBySchema(asJson(old), schema, '').map(({ field, message }) => `${field}: ${message}`),
  );
  return errors.filter(({ field, message, reason }) => {
    const isBlind = reason === 'FieldValueRequired' || field === noField;
    return isBlind || !known.has(`${field}: ${message}`);
  });
}

function customStrategy(schema: Schema, version: DefinedVersion, apiVersion: string, kind: string): Strategy {
  const warnings: string[] = [];
  if (version.deprecated === true) {
    warnings.push(version.deprecationWarning ?? `${apiVersion} ${kind} is deprecated`);
  }
  return {
    validateCreate: (object) => validateObject(object, null, schema),
    validateUpdate: (object, old, _context: StrategyContext) => validateObject(object, old, schema),
    warnings: () => warnings,
  };
}

function scalePaths(scale: DefinedScale): ScalePaths {
  const namesOf = (text: string): readonly string[] => {
    const path = parseJsonPath(text);
    return (path === null ? null : plainNames(path)) ?? [];
  };
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  return {
    specReplicas: namesOf(specReplicasPath),
    statusReplicas: namesOf(statusReplicasPath),
    selector: labelSelectorPath === '' ? null : namesOf(labelSelectorPath),
  };
}

export function customType(spec: DefinitionSpec, version: DefinedVersion): CustomType {
  const { group, names } = spec;
  const given = version.schema?.openAPIV3Schema;
  const schema =
    spec.preserveUnknownFields === true && given === undefined ? anySchema : (given ?? anySchema);
  const type = {
    decode(value: JsonObject) {
      checkKind(value, group, version.name, names.kind);
      const pruner = new Pruner();
      const pruned = pruner.object(value, schema, '', 0);
      return { value: pruned, problems: pruner.problems };
    },
    applyDefaults: (object: ApiObject) => fillDefaults(asJson(object), schema),
    strategy: customStrategy(schema, version, groupVersionText(group, version.name), names.kind),
    printer: customPrinter(version.additionalPrinterColumns ?? []),
  };
  const scale = version.subresources?.scale;
  return {
    ...type,
    ...(given === undefined ? {} : { openApiSchema: given }),
    ...(scale === undefined ? {} : { scale: scalePaths(scale) }),
  };
}
