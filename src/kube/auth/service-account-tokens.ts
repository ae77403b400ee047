/**
 * Tokens of service accounts: JWTs (RFC 7519) signed with ES256 or as the given key does, bound to the account by its uid and, when asked for, to a
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

/** Who issues tokens when nobody says otherwise. */
const defaultTokenIssuer = 'https://kubernetes.default.svc.cluster.local';

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

/** How a key signs: the names of RFC 7518 §3.1. */
type Algorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256';

export interface TokenKey {
  readonly algorithm: Algorithm;
  readonly publicKey: KeyObject;
  readonly id: string;
}

export interface TokenKeys {
  /** Signs what this server issues. */
  readonly privateKey: KeyObject;
  /** Belongs to `privateKey`. */
  readonly own: TokenKey;
  /** All whose tokens are believed, `own` among them. */
  readonly believed: readonly TokenKey[];
}

const curves: Readonly<Record<string, Algorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

const digests: Readonly<Record<Algorithm, string>> = {
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
  RS256: 'sha256',
};

/** @throws Error when it is a kind of key that tokens are not signed with */
function tokenKey(publicKey: KeyObject): TokenKey {
  const curve = publicKey.asymmetricKeyDetails?.namedCurve ?? '';
  const algorithm = publicKey.asymmetricKeyType === 'rsa' ? 'RS256' : curves[curve];
  if (algorithm === undefined) {
    throw new Error('keys of service account tokens are RSA keys or EC keys on P-256, P-384 or P-521');
  }
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { algorithm, publicKey, id: createHash('sha256').update(der).digest('base64url') };
}

/**
 * @param pem a private RSA or EC key; null: a fresh one on P-256
 * @param others keys whose tokens are believed as well: public or private keys or certificates, PEM, any number in a text
 * @throws Error when one of them is no such key
 */
export function tokenKeys(pem: string | null, others: readonly string[] = []): TokenKeys {
  const privateKey =
    pem === null ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(pem);
  const own = tokenKey(createPublicKey(privateKey));
  const believed = new Map([[own.id, own]]);
  for (const text of others) {
    const blocks = text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
    if (blocks.length === 0) throw new Error('a file of service account keys holds no key');
    for (const block of blocks) {
      // Curves stand in a block of their own before the key, where openssl wrote it.
      if (block.includes('EC PARAMETERS')) continue;
      const key = tokenKey(createPublicKey(block));
      believed.set(key.id, key);
    }
  }
  return { privateKey, own, believed: [...believed.values()] };
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
  readonly issuer: string;
  /** Whom a token is for when nobody says: this server. */
  readonly audiences: readonly string[];

  /** @param audiences names of this server in tokens; none: the issuer's */
  constructor(
    parts: ServerParts,
    keys: TokenKeys,
    issuer: string = defaultTokenIssuer,
    audiences: readonly string[] = [],
  ) {
    this.#parts = parts;
    this.#keys = keys;
    this.issuer = issuer;
    this.audiences = audiences.length > 0 ? audiences : [issuer];
  }

  /** The public keys, as a JSON Web Key Set (RFC 7517). */
  get keySet(): { readonly keys: readonly JsonWebKey[] } {
    const keys = this.#keys.believed.map(({ algorithm, publicKey, id }) => ({
      use: 'sig',
      alg: algorithm,
      kid: id,
      ...publicKey.export({ format: 'jwk' }),
    }));
    return { keys };
  }

  get algorithms(): readonly string[] {
    return [...new Set(this.#keys.believed.map(({ algorithm }) => algorithm))];
  }

  issue(claims: TokenClaims): string {
    const { own, privateKey } = this.#keys;
    const signed = `${encoded({ alg: own.algorithm, kid: own.id })}.${encoded(claims)}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign(digests[own.algorithm], Buffer.from(signed), key).toString('base64url')}`;
  }

  authenticate(request: Parameters<Authenticator['authenticate']>[0]): Promise<UserInfo | null> | null {
    const token = bearerToken(request);
    return token.includes('.') ? this.#userOf(token) : null;
  }

  async #userOf(token: string): Promise<UserInfo | null> {
    return (await this.verify(token, this.audiences))?.user ?? null;
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
    // The algorithm is the key's, not the token's choice: a header that says "none" or names another changes nothing.
    const { kid } = (decoded(header) ?? {}) as { kid?: string };
    const bytes = Buffer.from(signature, 'base64url');
    const text = Buffer.from(`${header}.${payload}`);
    for (const { algorithm, publicKey, id } of this.#keys.believed) {
      if (kid !== undefined && kid !== id) continue;
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
      if (!verify(digests[algorithm], text, key, bytes)) continue;
      const claims = decoded(payload) as TokenClaims | null;
      return claims?.iss === this.issuer ? claims : null;
    }
    return null;
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
