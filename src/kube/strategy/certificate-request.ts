/**
 * CertificateSigningRequests: who asks is what the server knows of the user, never what the body says; the spec never changes;
 * /approval changes conditions and nothing else, /status the certificate and all conditions but Approved and Denied.
 */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import { certificatesProblem } from '../auth/certificate-text.ts';
import { labelProblems, subdomainMax, subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { numberOf, objectsOf, textOf, textsOf } from '../validation/members.ts';

const decisions = ['Approved', 'Denied'];
/** Never taken back, and true when they are there. */
const lasting = [...decisions, 'Failed'];
/** Of RFC 5280, in the words of the API, sorted. */
const knownUsages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const shortestSeconds = 600;

function setUser(spec: JsonObject, user: UserInfo): void {
  for (const name of ['username', 'uid', 'groups', 'extra']) delete spec[name];
  spec['username'] = user.username;
  if (user.uid !== '') spec['uid'] = user.uid;
  if (user.groups.length > 0) spec['groups'] = [...user.groups];
  const extra = Object.entries(user.extra);
  if (extra.length === 0) return;
  spec['extra'] = Object.fromEntries(extra.map(([name, values]) => [name, [...values]]));
}

function validateUsages(field: string, usages: readonly string[]): FieldError[] {
  if (usages.length === 0) return [required(field, 'usages must be provided')];
  const errors = usages.flatMap((usage, at) =>
    knownUsages.includes(usage) ? [] : [notSupported(`${field}[${at}]`, usage, knownUsages)],
  );
  usages.forEach((usage, at) => {
    if (usages.indexOf(usage) < at) errors.push(duplicate(`${field}[${at}]`, usage));
  });
  return errors;
}

/** The first label of a name that is none is told, with why. */
function validateLabelsOf(
  field: string,
  name: string,
  problemsOf: (label: string) => readonly string[],
): FieldError[] {
  for (const label of name.split('.')) {
    const problems = problemsOf(label).map((why) => `validating label ${JSON.stringify(label)}: ${why}`);
    if (problems.length > 0) return problems.map((why) => invalidValue(field, name, why));
  }
  return [];
}

function validateSigner(field: string, signer: string): FieldError[] {
  if (signer === '') return [required(field, 'signerName must be provided')];
  const [domain = '', path = '', ...rest] = signer.split('/');
  if (!signer.includes('/') || rest.length > 0) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalidValue(field, signer, why)];
  }
  if (signer === 'kubernetes.io/legacy-unknown') {
    return [invalidValue(field, signer, 'the legacy signerName is not allowed via this API version')];
  }
  const errors = domain.length > subdomainMax ? [tooLong(field, subdomainMax)] : [];
  errors.push(...validateLabelsOf(field, domain, labelProblems));
  if (!domain.includes('.')) {
    const why = 'should be a domain with at least two segments separated by dots';
    errors.push(invalidValue(field, domain, why));
  }
  return [...errors, ...validateLabelsOf(field, path, subdomainProblems)];
}

function validateRequest(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const request = textOf(spec, 'request');
  const text = Buffer.from(request, 'base64').toString('utf8');
  if (!text.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    errors.push(invalidValue('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST'));
  }
  errors.push(...validateUsages('spec.usages', textsOf(spec, 'usages')));
  errors.push(...validateSigner('spec.signerName', textOf(spec, 'signerName')));
  const seconds = numberOf(spec, 'expirationSeconds');
  if (seconds !== undefined && seconds < shortestSeconds) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalidValue('spec.expirationSeconds', seconds, why));
  }
  return errors;
}

function typeOf(condition: JsonObject): string {
  return textOf(condition, 'type');
}

function conditionsOf(object: ApiObject, type?: string): readonly JsonObject[] {
  const all = objectsOf(object.status ?? {}, 'conditions');
  return type === undefined ? all : all.filter((condition) => typeOf(condition) === type);
}

/** A decision that is as often there as before stands as it was: only /approval changes it. */
function withDecisionsOf(old: ApiObject, object: ApiObject): readonly JsonObject[] {
  let conditions = conditionsOf(object);
  for (const type of decisions) {
    const before = [...conditionsOf(old, type)];
    if (before.length !== conditionsOf(object, type).length) continue;
    conditions = conditions.map((condition) => (typeOf(condition) === type ? before.shift()! : condition));
  }
  return conditions;
}

function dated(conditions: readonly JsonObject[], old: ApiObject, now: string): JsonObject[] {
  return conditions.map((condition) => {
    const same = conditionsOf(old, typeOf(condition)).find(({ status }) => status === condition['status']);
    return {
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? same?.['lastTransitionTime'] ?? now,
    };
  });
}

function settleStatus(object: ApiObject, old: ApiObject, subresource: string, now: string): void {
  const isApproval = subresource === 'approval';
  const given = isApproval ? conditionsOf(object) : withDecisionsOf(old, object);
  const conditions = dated(given, old, now);
  const { conditions: _, ...rest } = (isApproval ? old.status : object.status) ?? {};
  object.status = conditions.length > 0 ? { conditions, ...rest } : rest;
}

function validateConditions(object: ApiObject, old: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const had = new Set(conditionsOf(old).map(typeOf));
  conditionsOf(object).forEach((condition, at) => {
    const field = `status.conditions[${at}]`;
    const [type, status] = [typeOf(condition), textOf(condition, 'status')];
    const allowed = lasting.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (type === '') errors.push(required(`${field}.type`));
    if (status === '') errors.push(required(`${field}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${field}.status`, status, allowed));
    const [other] = decisions.filter((one) => decisions.includes(type) && one !== type && seen.has(one));
    if (other !== undefined && !(had.has(type) && had.has(other))) {
      const why = 'Approved and Denied conditions are mutually exclusive';
      errors.push(invalidValue(`${field}.type`, type, why));
    }
    if (seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
  });
  return errors;
}

/** What nobody may take back, and what is only decided through /approval. */
function validateDecisions(object: ApiObject, old: ApiObject, subresource: string): FieldError[] {
  const field = 'status.conditions';
  const errors: FieldError[] = [];
  for (const type of lasting) {
    if (conditionsOf(object, type).length < conditionsOf(old, type).length) {
      errors.push(forbiddenValue(field, `updates may not remove a condition of type "${type}"`));
    }
  }
  if (subresource === 'approval') return errors;
  for (const type of decisions) {
    if (conditionsOf(object, type).length > conditionsOf(old, type).length) {
      errors.push(forbiddenValue(field, `updates may not add a condition of type "${type}"`));
    }
  }
  return errors;
}

function validateCertificate(object: ApiObject, old: ApiObject): FieldError[] {
  const field = 'status.certificate';
  const [given, before] = [object, old].map((of) => textOf(of.status ?? {}, 'certificate'));
  if (given === before) return [];
  const errors: FieldError[] = [];
  const problem = certificatesProblem(Buffer.from(given!, 'base64').toString('utf8'));
  if (given !== '' && problem !== '') errors.push(invalidValue(field, '<certificate data>', problem));
  if (before !== '') {
    errors.push(forbiddenValue(field, 'updates may not modify existing certificate content'));
  }
  return errors;
}

export const certificateRequestStrategy: Strategy = {
  prepareForCreate(object, { user }) {
    object.spec ??= {};
    setUser(object.spec, user);
    object.status = {};
  },
  prepareForUpdate(object, old, { subresource, now }) {
    if (old.spec !== undefined) object.spec = copyJson(old.spec);
    if (subresource !== '') settleStatus(object, old, subresource, now);
  },
  validateCreate: (object) => validateRequest(object.spec ?? {}),
  validateUpdate(object, old, { subresource }) {
    if (subresource === '') return [];
    return [
      ...validateConditions(object, old),
      ...validateDecisions(object, old, subresource),
      ...validateCertificate(object, old),
    ];
  },
};
