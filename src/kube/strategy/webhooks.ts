/** Configurations of admission webhooks (reference §4.3): stored and checked. */

import { duplicate, type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { problemsAt, validatePortNumber } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';

const timeoutMax = 30;
const acceptedVersions = ['v1', 'v1beta1'];
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

function validateClient(field: string, client: JsonObject): FieldError[] {
  const url = textOf(client, 'url');
  const service = maybeObject(client, 'service');
  if ((url !== '') === (service !== null)) {
    return [required(field, 'exactly one of url or service is required')];
  }
  if (service === null) {
    if (URL.canParse(url) && new URL(url).protocol === 'https:') return [];
    const scheme = URL.canParse(url) ? new URL(url).protocol.replace(/:$/, '') : '';
    const why = `'https' is the only allowed URL scheme; desired format: https://host[/path]`;
    return [invalidValue(`${field}.url`, scheme, why)];
  }
  const errors: FieldError[] = [];
  if (textOf(service, 'name') === '')
    errors.push(required(`${field}.service.name`, 'service name is required'));
  if (textOf(service, 'namespace') === '') {
    errors.push(required(`${field}.service.namespace`, 'service namespace is required'));
  }
  const path = textOf(service, 'path');
  if (path !== '' && !path.startsWith('/')) {
    errors.push(invalidValue(`${field}.service.path`, path, "must start with a '/'"));
  }
  const port = numberOf(service, 'port');
  if (port !== undefined) errors.push(...validatePortNumber(`${field}.service.port`, port));
  return errors;
}

function validateRules(field: string, rules: readonly JsonObject[]): FieldError[] {
  return rules.flatMap((rule, at) => {
    const path = `${field}[${at}]`;
    const errors: FieldError[] = [];
    const given = textsOf(rule, 'operations');
    if (given.length === 0) errors.push(required(`${path}.operations`));
    given.forEach((operation, i) => {
      if (!operations.includes(operation)) {
        errors.push(notSupported(`${path}.operations[${i}]`, operation, operations));
      }
    });
    for (const member of ['apiGroups', 'apiVersions', 'resources']) {
      if (textsOf(rule, member).length === 0) errors.push(required(`${path}.${member}`));
    }
    const scope = textOf(rule, 'scope');
    const scopes = ['*', 'Cluster', 'Namespaced'];
    if (scope !== '' && !scopes.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, scopes));
    return errors;
  });
}

function validateReviewVersions(field: string, versions: string[]): FieldError[] {
  const errors = versions.flatMap((version, at) => {
    const isFirst = versions.indexOf(version) === at;
    return isFirst ? [] : [invalidValue(`${field}[${at}]`, version, 'duplicate version')];
  });
  if (!versions.some((version) => acceptedVersions.includes(version))) {
    const why = `must include at least one of ${acceptedVersions.join(', ')}`;
    errors.push(invalidValue(field, versions, why));
  }
  return errors;
}

function validateWebhook(field: string, webhook: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(webhook, 'name');
  if (name === '') errors.push(required(`${field}.name`));
  else {
    const problems = subdomainProblems(name);
    errors.push(...problemsAt(`${field}.name`, name, problems));
    if (problems.length === 0 && name.split('.').length < 3) {
      const why = 'should be a domain with at least three segments separated by dots';
      errors.push(invalidValue(`${field}.name`, name, why));
    }
  }
  errors.push(...validateRules(`${field}.rules`, objectsOf(webhook, 'rules')));
  const choose = (member: string, choices: readonly string[]): void => {
    const value = textOf(webhook, member);
    if (has(webhook, member) && !choices.includes(value)) {
      errors.push(notSupported(`${field}.${member}`, value, choices));
    }
  };
  choose('failurePolicy', ['Fail', 'Ignore']);
  choose('matchPolicy', ['Equivalent', 'Exact']);
  choose('reinvocationPolicy', ['IfNeeded', 'Never']);
  if (!has(webhook, 'sideEffects')) {
    errors.push(required(`${field}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  } else choose('sideEffects', ['None', 'NoneOnDryRun']);
  const seconds = numberOf(webhook, 'timeoutSeconds');
  if (seconds !== undefined && (seconds < 1 || seconds > timeoutMax)) {
    const why = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(`${field}.timeoutSeconds`, seconds, why));
  }
  const versions = [...textsOf(webhook, 'admissionReviewVersions')];
  if (versions.length === 0) {
    const why = `must specify one of ${acceptedVersions.join(', ')}`;
    errors.push(required(`${field}.admissionReviewVersions`, why));
  } else errors.push(...validateReviewVersions(`${field}.admissionReviewVersions`, versions));
  for (const member of ['namespaceSelector', 'objectSelector']) {
    errors.push(...validateSelectorObject(`${field}.${member}`, maybeObject(webhook, member)));
  }
  return [...errors, ...validateClient(`${field}.clientConfig`, objectOf(webhook, 'clientConfig'))];
}

function validateConfiguration(configuration: ApiObject): FieldError[] {
  const names = new Set<string>();
  return objectsOf(asJson(configuration), 'webhooks').flatMap((webhook, at) => {
    const field = `webhooks[${at}]`;
    const errors = validateWebhook(field, webhook);
    const name = textOf(webhook, 'name');
    if (name !== '' && names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    return errors;
  });
}

export const webhooksStrategy: Strategy = {
  validateCreate: validateConfiguration,
  validateUpdate: validateConfiguration,
};
