/**
 * CertificateSigningRequests: who asks is what the server knows of the user, never what the body says; the spec never changes;
 * /approval changes the conditions Approved and Denied, /status the others and the certificate.
 */

import { type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import { copyJson } from '../api/json.ts';
import type { ApiObject, Json, JsonObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { Strategy } from '../registry/types.ts';
import { has, numberOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isSame } from '../validation/pod-fields.ts';

const decisions: ReadonlySet<string> = new Set(['Approved', 'Denied']);
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

function validateRequest(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const request = textOf(spec, 'request');
  const text = Buffer.from(request, 'base64').toString('utf8');
  if (!text.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    errors.push(invalidValue('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST'));
  }
  if (textsOf(spec, 'usages').length === 0) errors.push(required('spec.usages'));
  const signer = textOf(spec, 'signerName');
  if (signer === '') errors.push(required('spec.signerName'));
  else if (signer.split('/').length !== 2) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalidValue('spec.signerName', signer, why));
  }
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

function settleConditions(object: ApiObject, old: ApiObject, subresource: string, now: string): void {
  const given = objectsOf(object.status ?? {}, 'conditions');
  const before = objectsOf(old.status ?? {}, 'conditions');
  const isApproval = subresource === 'approval';
  const mayChange = (condition: JsonObject): boolean => decisions.has(typeOf(condition)) === isApproval;
  const kept = before.filter((condition) => !mayChange(condition));
  const all = [...given.filter(mayChange), ...kept];
  for (const condition of all) {
    const same = before.find((other) => typeOf(other) === typeOf(condition));
    condition['status'] ??= 'True';
    condition['lastUpdateTime'] ??= now;
    if (!has(condition, 'lastTransitionTime')) {
      const isOld = same !== undefined && same['status'] === condition['status'];
      condition['lastTransitionTime'] = (isOld ? same['lastTransitionTime'] : undefined) ?? now;
    }
  }
  const status: JsonObject = { ...(isApproval ? old.status : object.status) };
  delete status['conditions'];
  object.status = all.length > 0 ? { conditions: all as unknown as Json, ...status } : status;
}

function validateConditions(object: ApiObject, old: ApiObject): FieldError[] {
  const conditions = objectsOf(object.status ?? {}, 'conditions');
  const errors: FieldError[] = [];
  const types = conditions.map(typeOf);
  if (types.includes('Approved') && types.includes('Denied')) {
    const at = types.lastIndexOf('Approved') > types.lastIndexOf('Denied') ? 'Approved' : 'Denied';
    const why = 'Approved and Denied conditions are mutually exclusive';
    errors.push(invalidValue(`status.conditions[${types.lastIndexOf(at)}].type`, at, why));
  }
  for (const type of decisions) {
    const had = objectsOf(old.status ?? {}, 'conditions').some((condition) => typeOf(condition) === type);
    if (had && !types.includes(type)) {
      errors.push(
        forbiddenValue('status.conditions', `updates may not remove a condition of type "${type}"`),
      );
    }
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
    if (subresource !== '') settleConditions(object, old, subresource, now);
  },
  validateCreate: (object) => validateRequest(object.spec ?? {}),
  validateUpdate(object, old, { subresource }) {
    if (subresource === '') return [];
    const errors = validateConditions(object, old);
    const certificate = textOf(old.status ?? {}, 'certificate');
    if (certificate !== '' && !isSame(object.status?.['certificate'], certificate)) {
      const why = 'updates may not modify certificate content';
      errors.push(forbiddenValue('status.certificate', why));
    }
    return errors;
  },
};
