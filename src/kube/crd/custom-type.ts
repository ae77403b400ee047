/** One version of a definition as code that the generic server runs: decoding, defaults, validation, table, documents. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { type ApiObject, asJson, groupVersionText, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest, invalid } from '../api/status.ts';
import { finalizerWarnings } from '../meta/validate-meta.ts';
import type { Strategy } from '../registry/types.ts';
import { DecodeError } from '../schema/decode.ts';
import { addressOf } from '../webhooks/address.ts';
import type { ConversionWebhook } from '../webhooks/types.ts';
import type { DefinedScale, DefinedVersion, DefinitionSpec } from './definition.ts';
import { validateEmbedded } from './embedded-resources.ts';
import { fillDefaults } from './fill-defaults.ts';
import { customPrinter } from './printer.ts';
import { Pruner } from './prune.ts';
import { validateRules } from './rules.ts';
import { validateScale } from './scale-checks.ts';
import { anySchema, hasRules, propertyOf, type Schema } from './structural.ts';
import type { CustomType, ScalePaths } from './types.ts';
import { noField, validateBySchema, validateLists } from './validate.ts';

/** So much of a body is shown in messages about it. */
const shownBytes = 30;

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
  for (const [member, word] of [
    ['kind', 'Kind'],
    ['apiVersion', 'apiVersion'],
  ] as const) {
    if (typeof value[member] === 'string' && value[member] !== '') continue;
    const text = JSON.stringify(value);
    const begins = Buffer.from(text).subarray(0, shownBytes).toString('utf8');
    const shown = Buffer.byteLength(text) > shownBytes ? `${begins} ...` : text;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): Object '${word}' is missing in '${text}' (${shown})`,
    );
  }
  const wanted = groupVersionText(group, version);
  const given = String(value['apiVersion']);
  if (given !== wanted) {
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${wanted})`,
    );
  }
  if (value['kind'] === kind) return;
  const metadata = value['metadata'] as { name?: string } | undefined;
  const error = invalidValue('kind', value['kind'], `must be ${kind}`);
  throw invalid({ group, kind: String(value['kind']) }, metadata?.name ?? '', [error]);
}

interface Validation {
  readonly schema: Schema;
  /** Null: it has no /scale. */
  readonly scale: ScalePaths | null;
  /** That is written; empty: the object. */
  readonly subresource: string;
  /** Takes what is said of values that are wrong and stay as they were. */
  readonly warnings: string[];
}

/** What the schema says of the status alone; in its texts, places begin in the status. */
function validateStatus(object: ApiObject, old: ApiObject | null, schema: Schema): FieldError[] {
  const inner = propertyOf(schema, 'status');
  if (inner === null || object.status === undefined) return [];
  const errors = validateBySchema(object.status as Json, inner, '', old?.status as Json | undefined);
  return errors.map((error) => ({
    ...error,
    field: error.field === noField ? 'status' : `status.${error.field}`,
  }));
}

function doublesOf(object: ApiObject, schema: Schema): FieldError[] {
  const errors: FieldError[] = [];
  validateLists(asJson(object), schema, '', errors);
  return errors;
}

/** What the schema and its rules say of an object; `old` is null on create. */
function validateObject(object: ApiObject, old: ApiObject | null, validation: Validation): FieldError[] {
  const { schema, scale, subresource, warnings } = validation;
  const value = asJson(object);
  const before = old === null ? null : asJson(old);
  const isStatus = subresource === 'status';
  const errors = isStatus
    ? validateStatus(object, old, schema)
    : validateBySchema(value, schema, '', before ?? undefined);
  if (scale !== null) errors.push(...validateScale(object, scale, isStatus));
  if (!isStatus) validateEmbedded(value, schema, '', errors);
  // Lists that had something twice before may keep it.
  const doubles = doublesOf(object, schema);
  if (doubles.length > 0 && (old === null || doublesOf(old, schema).length === 0)) errors.push(...doubles);
  if (!hasRules(schema)) return errors;
  if ((object.metadata.name ?? '') === '' || errors.some(({ reason }) => blocking.has(reason))) {
    return [...errors, invalidValue(noField, null, uncheckedText)];
  }
  return [...errors, ...validateRules(value, before, schema, warnings)];
}

function customStrategy(schema: Schema, scale: ScalePaths | null): Strategy {
  return {
    validateCreate: (object, { warnings }) =>
      validateObject(object, null, { schema, scale, subresource: '', warnings }),
    validateUpdate: (object, old, { subresource, warnings }) =>
      validateObject(object, old, { schema, scale, subresource, warnings }),
    warnings: (object, old) => finalizerWarnings(object.metadata, old?.metadata ?? null),
  };
}

function scalePaths(scale: DefinedScale): ScalePaths {
  const namesOf = (text: string): readonly string[] => text.replace(/^\./, '').split('.');
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  return {
    specReplicas: namesOf(specReplicasPath),
    statusReplicas: namesOf(statusReplicasPath),
    selector: labelSelectorPath === '' ? null : namesOf(labelSelectorPath),
  };
}

/** Null: versions differ by their name alone. */
function conversionOf({ conversion }: DefinitionSpec): ConversionWebhook | null {
  if (conversion?.strategy !== 'Webhook') return null;
  const { clientConfig = {}, conversionReviewVersions = [] } = conversion.webhook ?? {};
  return { address: addressOf(clientConfig), reviewVersions: conversionReviewVersions };
}

function asServed(object: ApiObject, apiVersion: string, schema: Schema): ApiObject {
  object.apiVersion = apiVersion;
  try {
    const served = new Pruner().object(asJson(object), schema, '', 0);
    fillDefaults(served, schema);
    return served as unknown as ApiObject;
  } catch (error) {
    // What somebody else has written there can be read as it is.
    if (error instanceof DecodeError) return object;
    throw error;
  }
}

export function customType(spec: DefinitionSpec, version: DefinedVersion): CustomType {
  const { group, names } = spec;
  const given = version.schema?.openAPIV3Schema;
  const schema =
    spec.preserveUnknownFields === true && given === undefined ? anySchema : (given ?? anySchema);
  const scaling = version.subresources?.scale;
  const scale = scaling === undefined ? null : scalePaths(scaling);
  const conversion = conversionOf(spec);
  const type = {
    decode(value: JsonObject) {
      checkKind(value, group, version.name, names.kind);
      const pruner = new Pruner();
      const pruned = pruner.object(value, schema, '', 0);
      return { value: pruned, problems: pruner.problems };
    },
    fromStorage: (object: ApiObject) => asServed(object, groupVersionText(group, version.name), schema),
    applyDefaults: (object: ApiObject) => fillDefaults(asJson(object), schema),
    strategy: customStrategy(schema, scale),
    printer: customPrinter(version.additionalPrinterColumns ?? []),
  };
  return {
    ...type,
    ...(given === undefined ? {} : { openApiSchema: given }),
    ...(scale === null ? {} : { scale }),
    ...(conversion === null ? {} : { conversion }),
  };
}
