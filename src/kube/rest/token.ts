/** `POST serviceaccounts/<name>/token`: a TokenRequest, answered with a signed token; nothing is stored. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { badRequest, conflict, invalid, notFound } from '../api/status.ts';
import type { BoundTo, ServiceAccountTokens, TokenClaims } from '../auth/service-account-tokens.ts';
import type { ApiAnswer } from '../http/types.ts';
import { randomUid, timeText } from '../meta/time.ts';
import { parseBody, toObject } from './body.ts';
import type { Handler, VerbHandlers } from './dispatch.ts';
import { askAdmission, type Endpoint } from './endpoint.ts';
import { writeOptions } from './options.ts';

const requestKind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  definition: 'authentication.v1.TokenRequest',
};
const defaultSeconds = 3600;
const minSeconds = 600;
const maxSeconds = 2 ** 32;

interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: ObjectReference | null;
}

function checkSeconds(seconds: number): void {
  const errors: FieldError[] = [];
  const field = 'spec.expirationSeconds';
  if (seconds < minSeconds) {
    errors.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'));
  }
  if (seconds > maxSeconds) {
    errors.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  if (errors.length > 0) throw invalid(requestKind, '', errors);
}

type Bound = Partial<Record<'pod' | 'secret' | 'node', BoundTo>>;

const boundKinds: Readonly<Record<string, keyof Bound>> = { Pod: 'pod', Secret: 'secret', Node: 'node' };

/** What the token is to be bound to, looked up. @throws StatusError 400, 404, 409 */
async function boundTo(endpoint: Endpoint, reference: ObjectReference | null | undefined): Promise<Bound> {
  if (reference == null) return {};
  const { parts, path } = endpoint;
  const { kind = '', name = '', uid: wanted = '' } = reference;
  const member = boundKinds[kind];
  if (member === undefined) {
    const { apiVersion = '' } = reference;
    const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
    throw badRequest(`cannot bind token to object of type ${version}, Kind=${kind}`);
  }
  const find = async (plural: string, at: string): Promise<BoundTo & { readonly object: ApiObject }> => {
    const resource = parts.registry.find('', 'v1', plural)!;
    const object = await parts.storages.of(resource).get(resource.isNamespaced ? path.namespace : '', at);
    if (object === null) throw notFound(resource, at);
    return { name: at, uid: object.metadata.uid ?? '', object };
  };
  const { object, uid } = await find(`${member}s`, name);
  const { serviceAccountName = '', nodeName = '' } = (object.spec ?? {}) as {
    serviceAccountName?: string;
    nodeName?: string;
  };
  // Whose pod it is comes before which pod it is.
  if (member === 'pod' && serviceAccountName !== path.name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(path.name)} to pod running with different serviceaccount name.`,
    );
  }
  if (wanted !== '' && wanted !== uid) {
    const why = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', plural: kind }, name, why);
  }
  const bound: Bound = { [member]: { name, uid } };
  if (member !== 'pod') return bound;
  if (nodeName === '') return bound;
  const node = await find('nodes', nodeName).catch(() => null);
  return node === null ? bound : { ...bound, node: { name: nodeName, uid: node.uid } };
}

function issueToken(tokens: ServiceAccountTokens): Handler {
  return async (endpoint): Promise<ApiAnswer> => {
    const { parts, context, path, resource } = endpoint;
    const options = writeOptions(context, 'CreateOptions');
    const body = await context.request.readBody();
    const value = parseBody(parts, body, context.request.header('content-type'), requestKind);
    const request = toObject(parts, value, requestKind, options.fieldValidation, context.warnings);
    const account = await parts.storages.of(resource).get(path.namespace, path.name);
    if (account === null) throw notFound(resource, path.name);
    const { name = '', namespace = '' } = request.metadata;
    if (name !== '' && name !== path.name) {
      throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
    }
    if (namespace !== '' && namespace !== path.namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    await askAdmission(endpoint, 'create', request, options.isDryRun);
    const given = (request.spec ?? {}) as TokenRequestSpec;
    const audiences = (given.audiences ?? []).length > 0 ? given.audiences! : tokens.audiences;
    const seconds = given.expirationSeconds ?? defaultSeconds;
    checkSeconds(seconds);
    const bound = await boundTo(endpoint, given.boundObjectRef);
    const nowMs = parts.runtime.clock.wallNow();
    const now = Math.floor(nowMs / 1000);
    const claims: TokenClaims = {
      aud: audiences,
      exp: now + seconds,
      iat: now,
      iss: tokens.issuer,
      jti: randomUid(parts.runtime.random),
      'kubernetes.io': {
        namespace: path.namespace,
        ...bound,
        serviceaccount: { name: path.name, uid: account.metadata.uid ?? '' },
      },
      nbf: now,
      sub: `system:serviceaccount:${path.namespace}:${path.name}`,
    };
    const answer: ApiObject = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: path.name, namespace: path.namespace, creationTimestamp: timeText(nowMs) },
      spec: {
        audiences: [...audiences],
        expirationSeconds: seconds,
        boundObjectRef: (given.boundObjectRef ?? null) as unknown as JsonObject,
      },
      status: { token: tokens.issue(claims), expirationTimestamp: timeText(claims.exp * 1000) },
    };
    return { type: 'object', code: 201, body: answer, resource: null };
  };
}

/** Rows of `SubresourceHandlers`. */
export function tokenHandlers(tokens: ServiceAccountTokens): readonly [string, VerbHandlers][] {
  return [['/serviceaccounts/token', { create: issueToken(tokens) }]];
}
