/** Ingresses and their classes: hosts, paths and what stands behind them. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { pathSegmentProblems, subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import {
  isAddress,
  portNameProblems,
  problemsAt,
  validateDnsLabel,
  validateImmutable,
  validatePortNumber,
  validateSubdomain,
} from '../validation/pod-fields.ts';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const classAnnotation = 'kubernetes.io/ingress.class';
const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function validateHost(field: string, host: string): FieldError[] {
  if (host === '') return [];
  if (isAddress(host)) {
    return [invalidValue(field, host, 'must be a DNS name, not an IP address')];
  }
  if (!host.includes('*')) return validateSubdomain(field, host);
  const isRight = host.startsWith('*.') && subdomainProblems(host.slice(2)).length === 0;
  return isRight ? [] : [invalidValue(field, host, wildcardText)];
}

function validateBackend(field: string, backend: JsonObject): FieldError[] {
  const service = maybeObject(backend, 'service');
  const resource = maybeObject(backend, 'resource');
  if (service !== null && resource !== null) {
    return [invalidValue(field, '', 'cannot set both resource and service backends')];
  }
  if (resource !== null) {
    return validateReference(`${field}.resource`, resource);
  }
  if (service === null) return [invalidValue(field, '', 'resource or service backend is required')];
  const errors: FieldError[] = [];
  const name = textOf(service, 'name');
  if (name === '') errors.push(required(`${field}.service.name`));
  else errors.push(...validateDnsLabel(`${field}.service.name`, name));
  const port = objectOf(service, 'port');
  const portName = textOf(port, 'name');
  const number = numberOf(port, 'number') ?? 0;
  if (portName !== '' && number !== 0) {
    errors.push(invalidValue(field, '', 'cannot set both port name & port number'));
  } else if (portName !== '') {
    errors.push(...problemsAt(`${field}.service.port.name`, portName, portNameProblems(portName)));
  } else if (number !== 0) errors.push(...validatePortNumber(`${field}.service.port.number`, number));
  else errors.push(required(field, 'port name or number is required'));
  return errors;
}

const wrongSequences = ['//', '/./', '/../', '%2f', '%2F'];
const wrongEndings = ['/..', '/.'];

function validatePath(field: string, path: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const text = textOf(path, 'path');
  const type = textOf(path, 'pathType');
  if (type === '') errors.push(required(`${field}.pathType`, 'pathType must be specified'));
  else if (!pathTypes.includes(type)) errors.push(notSupported(`${field}.pathType`, type, pathTypes));
  else if (type === 'ImplementationSpecific') {
    if (text !== '' && !text.startsWith('/')) {
      errors.push(invalidValue(`${field}.path`, text, 'must be an absolute path'));
    }
  } else {
    if (!text.startsWith('/')) {
      errors.push(invalidValue(`${field}.path`, text, 'must be an absolute path'));
    }
    for (const part of wrongSequences) {
      if (text.includes(part)) errors.push(invalidValue(`${field}.path`, text, `must not contain '${part}'`));
    }
    for (const part of wrongEndings) {
      if (text.endsWith(part)) errors.push(invalidValue(`${field}.path`, text, `cannot end with '${part}'`));
    }
  }
  return [...errors, ...validateBackend(`${field}.backend`, objectOf(path, 'backend'))];
}

function validateRule(field: string, rule: JsonObject): FieldError[] {
  const errors = validateHost(`${field}.host`, textOf(rule, 'host'));
  const http = maybeObject(rule, 'http');
  if (http === null) return errors;
  const paths = objectsOf(http, 'paths');
  if (paths.length === 0) errors.push(required(`${field}.http.paths`));
  paths.forEach((path, at) => {
    errors.push(...validatePath(`${field}.http.paths[${at}]`, path));
  });
  return errors;
}

function validateIngress(ingress: ApiObject): FieldError[] {
  const spec = ingress.spec ?? {};
  const errors: FieldError[] = [];
  const rules = objectsOf(spec, 'rules');
  const fallback = maybeObject(spec, 'defaultBackend');
  if (rules.length === 0 && fallback === null) {
    errors.push(invalidValue('spec', null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (fallback !== null) errors.push(...validateBackend('spec.defaultBackend', fallback));
  rules.forEach((rule, at) => {
    errors.push(...validateRule(`spec.rules[${at}]`, rule));
  });
  objectsOf(spec, 'tls').forEach((tls, at) => {
    textsOf(tls, 'hosts').forEach((host, i) => {
      const field = `spec.tls[${at}].hosts[${i}]`;
      errors.push(...(host.includes('*') ? validateHost(field, host) : validateSubdomain(field, host)));
    });
    const secret = textOf(tls, 'secretName');
    if (secret !== '') errors.push(...validateSubdomain(`spec.tls[${at}].secretName`, secret));
  });
  const className = textOf(spec, 'ingressClassName');
  if (has(spec, 'ingressClassName')) errors.push(...validateSubdomain('spec.ingressClassName', className));
  return errors;
}

export const ingressStrategy: Strategy = {
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validateCreate(ingress) {
    const errors = validateIngress(ingress);
    const annotated = ingress.metadata.annotations?.[classAnnotation];
    if (annotated !== undefined && has(ingress.spec ?? {}, 'ingressClassName')) {
      const why = 'can not be set when the class field is also set';
      errors.push(invalidValue(`metadata.annotations[${classAnnotation}]`, annotated, why));
    }
    return errors;
  },
  validateUpdate: (ingress, _old, { subresource }) => (subresource === '' ? validateIngress(ingress) : []),
  warnings(ingress, old) {
    if (old !== null || ingress.metadata.annotations?.[classAnnotation] === undefined) return [];
    return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
};

/** An object of any kind, in the same namespace. */
function validateReference(field: string, reference: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  if (has(reference, 'apiGroup')) {
    errors.push(...validateSubdomain(`${field}.apiGroup`, textOf(reference, 'apiGroup')));
  }
  for (const member of ['kind', 'name']) {
    const value = textOf(reference, member);
    if (value === '') errors.push(required(`${field}.${member}`, `${member} is required`));
    else errors.push(...problemsAt(`${field}.${member}`, value, pathSegmentProblems(value)));
  }
  return errors;
}

function validateParameters(spec: JsonObject): FieldError[] {
  const parameters = maybeObject(spec, 'parameters');
  if (parameters === null) return [];
  const field = 'spec.parameters';
  const errors = validateReference(field, parameters);
  const scope = textOf(parameters, 'scope');
  const namespace = textOf(parameters, 'namespace');
  if (scope !== 'Cluster' && scope !== 'Namespace') {
    errors.push(notSupported(`${field}.scope`, scope, ['Cluster', 'Namespace']));
  } else if (scope === 'Namespace' && namespace === '') {
    errors.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  } else if (scope === 'Cluster' && has(parameters, 'namespace')) {
    const why = "`parameters.scope` is set to 'Cluster'";
    errors.push({ reason: 'FieldValueForbidden', field: `${field}.namespace`, message: `Forbidden: ${why}` });
  }
  return errors;
}

function validateClass(object: ApiObject): FieldError[] {
  const spec = object.spec ?? {};
  const controller = textOf(spec, 'controller');
  const errors: FieldError[] = [];
  if (controller === '') errors.push(required('spec.controller'));
  else {
    const [domain = '', ...rest] = controller.split('/');
    const isRight = subdomainProblems(domain).length === 0 && rest.length > 0 && rest.join('/') !== '';
    if (!isRight) {
      const why = 'must be a domain-prefixed path (such as "acme.io/foo")';
      errors.push(invalidValue('spec.controller', controller, why));
    }
  }
  return [...errors, ...validateParameters(spec)];
}

export const ingressClassStrategy: Strategy = {
  validateCreate: validateClass,
  validateUpdate: (object, old) => [
    ...validateImmutable('spec.controller', object.spec?.['controller'], old.spec?.['controller']),
    ...validateClass(object),
  ],
};
