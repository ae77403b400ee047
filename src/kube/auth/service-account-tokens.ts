/**
 * Tokens of service accounts: JWTs (RFC 7519) signed with ES256, bound to the account by its uid and, when asked for, to a
 * pod, secret or node. A token dies with what it is bound to: an account made again under the same name is another account.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';
import type { ServerParts } from '../rest/parts.ts';
import { bearerToken } from './static-tokens.ts';
import type { Authenticator } from './types.ts';

export const tokenIssuer: string = 'https://kubernetes.default.svc.cluster.local';
/** Whom a token is for when nobody says: this server. */
export const apiAudiences: readonly string[] = [tokenIssuer];

/** What a token is bound to. */
export interface BoundTo {
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly aud: readonly string[];
  /** Seconds since 1970. */
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly node?: BoundTo;
    readonly pod?: BoundTo;
    readonly secret?: BoundTo;
    readonly serviceaccount: BoundTo;
  };
  readonly nbf: number;
  readonly sub: string;
}

/** Whose a token is, and for whom of those that were asked about. */
export interface VerifiedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

export interface TokenKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly id: string;
}

/** @param pem a private EC key on P-256; null: a fresh one @throws Error when it is another kind of key */
export function tokenKeys(pem: string | null): TokenKeys {
  const privateKey =
    pem === null ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(pem);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('the key of service account tokens is an EC key on P-256');
  }
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey, id: createHash('sha256').update(der).digest('base64url') };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

export class ServiceAccountTokens implements Authenticator {
  readonly #parts: ServerParts;
  readonly #keys: TokenKeys;

  constructor(parts: ServerParts, keys: TokenKeys) {
    this.#parts = parts;
    this.#keys = keys;
  }

  /** The public keys, as a JSON Web Key Set (RFC 7517). */
  get keySet(): { readonly keys: readonly JsonWebKey[] } {
    const key = this.#keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ use: 'sig', alg: 'ES256', kid: this.#keys.id, ...key }] };
  }

  issue(claims: TokenClaims): string {
    const signed = `${encoded({ alg: 'ES256', kid: this.#keys.id })}.${encoded(claims)}`;
    const key = { key: this.#keys.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }

  async authenticate(request: Parameters<Authenticator['authenticate']>[0]): Promise<UserInfo | null> {
    const token = bearerToken(request);
    if (token === '') return null;
    return (await this.verify(token, apiAudiences))?.user ?? null;
  }

  /** @returns null: not one of ours, over, for somebody else, or what it was bound to is gone */
  async verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | null> {
    const claims = this.#claims(token);
    if (claims === null) return null;
    const meant = audiences.filter((audience) => claims.aud.includes(audience));
    const now = this.#parts.runtime.clock.wallNow() / 1000;
    if (meant.length === 0 || now >= claims.exp || now < claims.nbf) return null;
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
    const isAlive =
      (await this.#isThere('serviceaccounts', namespace, serviceaccount)) &&
      (await this.#isThere('pods', namespace, pod)) &&
      (await this.#isThere('secrets', namespace, secret)) &&
      // A pod's token names its node for those who ask; it is bound to the pod.
      (pod !== undefined || (await this.#isThere('nodes', '', node)));
    return isAlive ? { user: userOf(claims), audiences: meant } : null;
  }

  #claims(token: string): TokenClaims | null {
    const [header, payload, signature, more] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more !== undefined) {
      return null;
    }
    // The algorithm is ours, not the token's choice: a header that says "none" or names another changes nothing.
    const key = { key: this.#keys.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const bytes = Buffer.from(signature, 'base64url');
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, bytes)) return null;
    const claims = decoded(payload) as TokenClaims | null;
    return claims?.iss === tokenIssuer ? claims : null;
  }

  async #isThere(plural: string, namespace: string, bound: BoundTo | undefined): Promise<boolean> {
    if (bound === undefined) return true;
    const resource = this.#parts.registry.find('', 'v1', plural);
    if (resource === null) return false;
    const object: ApiObject | null = await this.#parts.storages.of(resource).get(namespace, bound.name);
    return object !== null && object.metadata.uid === bound.uid;
  }
}

function userOf(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, readonly string[]> = {
    'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
  };
  if (node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [node.name];
    extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  }
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  return {
    username: claims.sub,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}
