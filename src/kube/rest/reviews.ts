/**
 * Reviews: questions about who somebody is and what they may do, answered by the authenticators and the authorizer in force
 * and never stored. The answer is the question with its `status`.
 */

import { type FieldError, forbiddenValue, invalidValue } from '../api/field-errors.ts';
import type { ApiObject, Json, JsonObject } from '../api/objects.ts';
import { badRequest, invalid } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import type { Access } from '../auth/access.ts';
import type { VerifiedToken } from '../auth/service-account-tokens.ts';
import type { AccessAttributes } from '../auth/types.ts';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import { parseBody, toObject } from './body.ts';
import type { Handler } from './dispatch.ts';
import { answerObject, type Endpoint } from './endpoint.ts';
import { writeOptions } from './options.ts';

interface ResourceAttributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
}

interface AccessSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The question of a request. @throws StatusError 400 */
async function reviewOf(endpoint: Endpoint): Promise<ApiObject> {
  const { parts, context, resource } = endpoint;
  const options = writeOptions(context, 'CreateOptions');
  const body = await context.request.readBody();
  const value = parseBody(parts, body, context.request.header('content-type'), resource);
  return toObject(parts, value, resource, options.fieldValidation, context.warnings);
}

function answer(endpoint: Endpoint, review: ApiObject, status: JsonObject): ApiAnswer {
  return answerObject(endpoint, 201, { ...review, status });
}

/** A user as reviews show them: what is empty is left out. */
function shownUser(user: UserInfo): JsonObject {
  const shown: JsonObject = { username: user.username };
  if (user.uid !== '') shown['uid'] = user.uid;
  if (user.groups.length > 0) shown['groups'] = [...user.groups];
  const names = Object.keys(user.extra).sort();
  if (names.length > 0) {
    shown['extra'] = Object.fromEntries(names.map((name) => [name, [...user.extra[name]!]]));
  }
  return shown;
}

function checkSpec(kind: Endpoint['resource'], spec: AccessSpec, asksForOthers: boolean): void {
  const errors: FieldError[] = [];
  const { resourceAttributes, nonResourceAttributes, user = '', groups = [] } = spec;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    errors.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes as JsonObject, why));
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(invalidValue('spec.resourceAttributes', null, why));
  }
  if (asksForOthers && user === '' && groups.length === 0) {
    errors.push(invalidValue('spec.user', user, 'at least one of user or group must be specified'));
  }
  if (kind.isNamespaced && nonResourceAttributes !== undefined) {
    errors.push(forbiddenValue('spec.nonResourceAttributes', 'disallowed on this kind of request'));
  }
  if (errors.length > 0) throw invalid(kind, '', errors);
}

function attributesOf(spec: AccessSpec, user: UserInfo): AccessAttributes {
  const { resourceAttributes: asked = {}, nonResourceAttributes } = spec;
  return {
    user,
    verb: nonResourceAttributes?.verb ?? asked.verb ?? '',
    isResource: nonResourceAttributes === undefined,
    group: asked.group ?? '',
    version: asked.version ?? '',
    resource: asked.resource ?? '',
    subresource: asked.subresource ?? '',
    namespace: asked.namespace ?? '',
    name: asked.name ?? '',
    path: nonResourceAttributes?.path ?? '',
  };
}

/** SelfSubjectAccessReview, SubjectAccessReview and LocalSubjectAccessReview. */
function accessReview(access: Access, asksForOthers: boolean): Handler {
  return async (endpoint) => {
    const { context, path, resource } = endpoint;
    const review = await reviewOf(endpoint);
    const spec = (review.spec ?? {}) as AccessSpec;
    checkSpec(resource, spec, asksForOthers);
    if (resource.isNamespaced) {
      if ((spec.resourceAttributes?.namespace ?? '') !== path.namespace) {
        throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${path.namespace}`);
      }
      review.metadata.namespace = path.namespace;
    }
    const { user: username = '', groups = [], uid = '', extra = {} } = spec;
    const user = asksForOthers ? { username, uid, groups, extra } : context.user;
    const { isAllowed, reason } = await access.authorizer.authorize(attributesOf(spec, user));
    const status: JsonObject = { allowed: isAllowed };
    if (reason !== '') status['reason'] = reason;
    return answer(endpoint, review, status);
  };
}

function rulesReview(access: Access): Handler {
  return async (endpoint) => {
    const review = await reviewOf(endpoint);
    const { namespace = '' } = (review.spec ?? {}) as { namespace?: string };
    if (namespace === '') throw badRequest('no namespace on request');
    const rules = await access.authorizer.rulesOf(endpoint.context.user, namespace);
    const status: JsonObject = {
      resourceRules: rules.resourceRules as unknown as Json,
      nonResourceRules: rules.nonResourceRules as unknown as Json,
      incomplete: rules.problem !== '',
    };
    if (rules.problem !== '') status['evaluationError'] = rules.problem;
    return answer(endpoint, review, status);
  };
}

/** Who the request itself comes from: `kubectl auth whoami`. */
async function whoAmI(endpoint: Endpoint): Promise<ApiAnswer> {
  const { parts, context } = endpoint;
  const review = await reviewOf(endpoint);
  review.metadata = { creationTimestamp: nowText(parts.runtime.clock) };
  return answer(endpoint, review, { userInfo: shownUser(context.user) });
}

/** A request that says nothing but a bearer token. */
function tokenRequest(token: string): ApiRequest {
  return {
    method: 'GET',
    path: '/',
    segments: [],
    query: new URLSearchParams(),
    header: (name) => (name === 'authorization' ? `Bearer ${token}` : ''),
    readBody: () => Promise.resolve(new Uint8Array(0)),
    headerNames: () => [],
    clientCertificate: null,
  };
}

/** Whose a token is, and for which of the audiences; @returns null when nobody's */
async function ownerOf(
  access: Access,
  token: string,
  audiences: readonly string[],
): Promise<VerifiedToken | null> {
  const verified = await access.tokens.verify(token, audiences);
  if (verified !== null) return verified;
  const meant = audiences.filter((audience) => access.tokens.audiences.includes(audience));
  const request = tokenRequest(token);
  for (const authenticator of access.authenticators) {
    const user = await authenticator.authenticate(request);
    if (user !== null) return meant.length === 0 ? null : { user, audiences: meant };
  }
  return null;
}

function tokenReview(access: Access): Handler {
  return async (endpoint) => {
    const review = await reviewOf(endpoint);
    const { token = '', audiences = [] } = (review.spec ?? {}) as {
      token?: string;
      audiences?: readonly string[];
    };
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    const asked = audiences.length > 0 ? audiences : access.tokens.audiences;
    const owner = await ownerOf(access, token, asked);
    if (owner === null) return answer(endpoint, review, { user: {}, error: 'invalid bearer token' });
    const user = shownUser(owner.user);
    return answer(endpoint, review, { authenticated: true, user, audiences: [...owner.audiences] });
  };
}

/** Rows of `SubresourceHandlers`. */
export function reviewHandlers(access: Access): readonly [string, { readonly create: Handler }][] {
  return [
    ['authentication.k8s.io/selfsubjectreviews', { create: whoAmI }],
    ['authentication.k8s.io/tokenreviews', { create: tokenReview(access) }],
    ['authorization.k8s.io/selfsubjectaccessreviews', { create: accessReview(access, false) }],
    ['authorization.k8s.io/subjectaccessreviews', { create: accessReview(access, true) }],
    ['authorization.k8s.io/localsubjectaccessreviews', { create: accessReview(access, true) }],
    ['authorization.k8s.io/selfsubjectrulesreviews', { create: rulesReview(access) }],
  ];
}
