/** CustomResourceDefinitions as objects: their defaults, what they may say, and how their deletion begins. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { isEqualJson } from '../api/json.ts';
import { type ApiObject, asJson, isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { validateReviewVersions, validateWebhookClient } from '../validation/webhook-clients.ts';
import { cleanupFinalizer, hasCondition, specOf, statusOf, withCondition } from './definition.ts';
import { labelProblems } from './label-problems.ts';
import { unknownFormats, validateSchema } from './validate-schema.ts';
import { checkVersionMembers } from './version-checks.ts';

const approvalAnnotation = 'api-approved.kubernetes.io';
const scopes = ['Cluster', 'Namespaced'];
/** What a definition leaves out follows from its kind. */
export function fillDefinition(definition: ApiObject): void {
  const spec = definition.spec;
  if (spec === undefined) return;
  const names = objectOf(spec, 'names');
  const kind = textOf(names, 'kind');
  if (textOf(names, 'singular') === '' && kind !== '') names['singular'] = kind.toLowerCase();
  if (textOf(names, 'listKind') === '' && kind !== '') names['listKind'] = `${kind}List`;
  spec['conversion'] ??= { strategy: 'None' };
}

function checkLabel(field: string, text: string, errors: FieldError[]): void {
  if (text === '') errors.push(required(field));
  else for (const problem of labelProblems(text)) errors.push(invalidValue(field, text, problem));
}

function checkNames(names: JsonObject, errors: FieldError[]): void {
  checkLabel('spec.names.plural', textOf(names, 'plural'), errors);
  checkLabel('spec.names.singular', textOf(names, 'singular'), errors);
  for (const member of ['kind', 'listKind']) {
    const field = `spec.names.${member}`;
    const text = textOf(names, member);
    if (text === '') errors.push(required(field));
    else {
      for (const problem of labelProblems(text.toLowerCase())) {
        errors.push(invalidValue(field, text, `may have mixed case, but should otherwise match: ${problem}`));
      }
    }
  }
  textsOf(names, 'shortNames').forEach((name, at) => {
    checkLabel(`spec.names.shortNames[${at}]`, name, errors);
  });
  textsOf(names, 'categories').forEach((name, at) => {
    checkLabel(`spec.names.categories[${at}]`, name, errors);
  });
  const kind = textOf(names, 'kind');
  if (kind !== '' && kind === textOf(names, 'listKind')) {
    errors.push(invalidValue('spec.names.listKind', kind, 'kind and listKind may not be the same'));
  }
}

function checkGroup(definition: ApiObject, group: string, errors: FieldError[]): void {
  if (group === '') errors.push(required('spec.group'));
  else {
    for (const problem of subdomainProblems(group)) errors.push(invalidValue('spec.group', group, problem));
    if (!group.includes('.')) {
      errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
    }
  }
  const isProtected = /(^|\.)(k8s\.io|kubernetes\.io)$/.test(group);
  const approval = definition.metadata.annotations?.[approvalAnnotation] ?? '';
  const field = `metadata.annotations[${approvalAnnotation}]`;
  if (isProtected && approval === '') {
    const why = `protected groups must have approval annotation "${approvalAnnotation}", see https://github.com/kubernetes/enhancements/pull/1111`;
    errors.push(required(field, why));
  } else if (isProtected && !approval.startsWith('unapproved') && !URL.canParse(approval)) {
    const why = `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`;
    errors.push(invalidValue(field, approval, why));
  }
}

/** True if a version had this schema before: what its rules cost is not asked again. */
function isUnchanged(version: JsonObject, before: JsonObject): boolean {
  const name = textOf(version, 'name');
  const old = objectsOf(before, 'versions').find((one) => textOf(one, 'name') === name);
  return old !== undefined && isEqualJson(old['schema'], version['schema']);
}

interface VersionContext {
  /** All versions have the same schema: it is told of once. */
  readonly isShared: boolean;
  /** The definition's spec before; empty on create. */
  readonly before: JsonObject;
}

function checkVersion(
  version: JsonObject,
  place: string,
  { isShared, before }: VersionContext,
  errors: FieldError[],
): void {
  const name = textOf(version, 'name');
  for (const problem of labelProblems(name)) errors.push(invalidValue(`${place}.name`, name, problem));
  const schema = objectOf(version, 'schema')['openAPIV3Schema'];
  const field = `${place}.schema.openAPIV3Schema`;
  if (schema === undefined) errors.push(required(field));
  else if (!isShared) {
    errors.push(...validateSchema(schema as JsonObject, field, isUnchanged(version, before)));
  }
}

function checkVersions(spec: JsonObject, before: JsonObject, errors: FieldError[]): void {
  const versions = objectsOf(spec, 'versions');
  const field = 'spec.versions';
  const shown: Json = versions as Json[];
  if (versions.length === 0) errors.push(required(field, 'must have at least one version'));
  const first = versions[0]?.['schema'];
  const isShared = first !== undefined && versions.every(({ schema }) => isEqualJson(schema, first));
  versions.forEach((version, at) => {
    checkVersion(version, `${field}[${at}]`, { isShared, before }, errors);
  });
  checkVersionMembers(versions, errors);
  const names = new Set<string>();
  for (const version of versions) {
    const name = textOf(version, 'name');
    if (names.has(name)) errors.push(invalidValue(field, shown, 'must contain unique version names'));
    names.add(name);
  }
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    errors.push(invalidValue(field, shown, 'must have exactly one version marked as storage version'));
  }
  const schema = isShared ? objectOf(versions[0]!, 'schema')['openAPIV3Schema'] : undefined;
  if (!isJsonObject(schema)) return;
  errors.push(
    ...validateSchema(schema, 'spec.validation.openAPIV3Schema', isUnchanged(versions[0]!, before)),
  );
}

/** A real server tells of the name of a conversion's service as its namespace, and of its namespace as its name. */
function swapped(config: JsonObject): JsonObject {
  const { service } = config;
  if (!isJsonObject(service)) return config;
  const { name = '', namespace = '' } = service;
  return { ...config, service: { ...service, name: namespace, namespace: name } };
}

function checkConversion(spec: JsonObject, errors: FieldError[]): void {
  const conversion = objectOf(spec, 'conversion');
  const strategy = textOf(conversion, 'strategy');
  const field = 'spec.conversion';
  if (strategy === '') errors.push(required(`${field}.strategy`));
  else if (strategy !== 'None' && strategy !== 'Webhook') {
    errors.push(notSupported(`${field}.strategy`, strategy, ['None', 'Webhook']));
  }
  const webhook = objectOf(conversion, 'webhook');
  const place = `${field}.webhookClientConfig`;
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    if (webhook['clientConfig'] !== undefined) errors.push(forbiddenValue(place, why));
    if (textsOf(webhook, 'conversionReviewVersions').length > 0) {
      errors.push(forbiddenValue(`${field}.conversionReviewVersions`, why));
    }
    return;
  }
  const config = objectOf(webhook, 'clientConfig');
  if (webhook['clientConfig'] === undefined) {
    errors.push(required(place, 'required when strategy is set to Webhook'));
  } else errors.push(...validateWebhookClient(place, swapped(config)));
  const versions = textsOf(webhook, 'conversionReviewVersions');
  errors.push(...validateReviewVersions(`${field}.conversionReviewVersions`, versions, ''));
}

/** @param old null on create */
function validateDefinition(definition: ApiObject, old: ApiObject | null): FieldError[] {
  const spec = definition.spec ?? {};
  const errors: FieldError[] = [];
  const names = objectOf(spec, 'names');
  const [plural, group] = [textOf(names, 'plural'), textOf(spec, 'group')];
  const { name = '' } = definition.metadata;
  if (name !== '' && name !== `${plural}.${group}`) {
    errors.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  checkGroup(definition, group, errors);
  const scope = textOf(spec, 'scope');
  if (scope === '') errors.push(required('spec.scope'));
  else if (!scopes.includes(scope)) errors.push(notSupported('spec.scope', scope, scopes));
  checkVersions(spec, old?.spec ?? {}, errors);
  checkConversion(spec, errors);
  checkNames(names, errors);
  if (spec['preserveUnknownFields'] === true) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    errors.push(invalidValue('spec.preserveUnknownFields', true, why));
  }
  return errors;
}

function checkImmutable(definition: ApiObject, old: ApiObject): FieldError[] {
  const [spec, before] = [specOf(definition), specOf(old)];
  const errors: FieldError[] = [];
  const compare = (field: string, value: string, known: string): void => {
    if (value !== known) errors.push(invalidValue(field, value, 'field is immutable'));
  };
  compare('spec.group', spec.group, before.group);
  compare('spec.names.plural', spec.names.plural, before.names.plural);
  if (!hasCondition(old, 'Established')) return errors;
  compare('spec.scope', spec.scope, before.scope);
  compare('spec.names.kind', spec.names.kind, before.names.kind);
  return errors;
}

function checkStored(definition: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set(specOf(definition).versions.map(({ name }) => name));
  const seen = new Set<string>();
  (statusOf(definition).storedVersions ?? []).forEach((name, at) => {
    const field = `status.storedVersions[${at}]`;
    if (!known.has(name)) {
      errors.push(
        invalidValue(
          field,
          name,
          'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'
            .replaceAll('v1 ', `${name} `)
            .replace('in v1', `in ${name}`),
        ),
      );
    }
    if (seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
  });
  return errors;
}

export const definitionStrategy: Strategy = {
  prepareForCreate(definition) {
    const storage = specOf(definition).versions?.find((version) => version.storage);
    const status = {
      conditions: null,
      acceptedNames: { plural: '', kind: '' },
      storedVersions: storage === undefined ? [] : [storage.name],
    };
    definition.status = status;
  },
  prepareForUpdate(definition, _old, { subresource }) {
    if (subresource !== '') return;
    // The version that objects are stored in from now on is told in the same write.
    const storage = specOf(definition).versions?.find((version) => version.storage)?.name;
    const status = statusOf(definition);
    const stored = status.storedVersions ?? [];
    if (storage === undefined || stored.includes(storage)) return;
    definition.status = { ...asJson(status), storedVersions: [...stored, storage] };
  },
  validateCreate: (definition) => validateDefinition(definition, null),
  validateUpdate(definition, old, { subresource }) {
    const stored = checkStored(definition);
    if (subresource === 'status') return stored;
    const isEnding = definition.metadata.deletionTimestamp != null;
    return isEnding
      ? []
      : [...validateDefinition(definition, old), ...checkImmutable(definition, old), ...stored];
  },
  prepareForDelete(definition, { now }) {
    const { metadata } = definition;
    if (metadata.finalizers?.includes(cleanupFinalizer) !== true) {
      metadata.finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer];
    }
    const status = statusOf(definition);
    const conditions = withCondition(status.conditions ?? [], {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: now,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    });
    definition.status = { ...asJson(status), conditions: conditions as unknown as Json };
  },
  warnings(definition, old) {
    const schemas = specOf(definition).versions.map(({ schema }) => schema?.openAPIV3Schema);
    if (old !== null && isEqualJson(asJson(old)['spec'], asJson(definition)['spec'])) return [];
    const formats = new Set<string>();
    for (const schema of schemas) if (schema !== undefined) unknownFormats(schema, formats);
    return [...formats].sort().map((format) => `unrecognized format ${JSON.stringify(format)}`);
  },
  mayBeRemoved: ({ metadata }) => metadata.deletionTimestamp != null,
};
