/**
 * Signatures of JSON Web Tokens (RFC 7515, RFC 7518 §3, RFC 8037): which algorithms there are, which keys they take, and
 * how to sign and verify with them.
 */

import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { Failure } from '../util/failure.ts';

/** How a token is signed with one key. */
export interface JwtKey {
  /** As in a token's header: `RS256`. */
  readonly method: string;
  /** Null when there is only a public key. */
  readonly sign: ((text: string) => Buffer) | null;
  verify(text: string, signature: Buffer): boolean;
}

interface Method {
  readonly family: 'hmac' | 'rsa' | 'pss' | 'ecdsa' | 'eddsa';
  /** Name of the hash, null where the family brings its own. */
  readonly hash: string | null;
  /** Curve of an ECDSA key, as node names it. */
  readonly curve: string | null;
}

function method(family: Method['family'], hash: string | null, curve: string | null = null): Method {
  return { family, hash, curve };
}

const methods: ReadonlyMap<string, Method> = new Map([
  ['HS256', method('hmac', 'sha256')],
  ['HS384', method('hmac', 'sha384')],
  ['HS512', method('hmac', 'sha512')],
  ['RS256', method('rsa', 'sha256')],
  ['RS384', method('rsa', 'sha384')],
  ['RS512', method('rsa', 'sha512')],
  ['PS256', method('pss', 'sha256')],
  ['PS384', method('pss', 'sha384')],
  ['PS512', method('pss', 'sha512')],
  ['ES256', method('ecdsa', 'sha256', 'prime256v1')],
  ['ES384', method('ecdsa', 'sha384', 'secp384r1')],
  ['ES512', method('ecdsa', 'sha512', 'secp521r1')],
  ['EdDSA', method('eddsa', null)],
]);

const keyTypes: Readonly<Record<Method['family'], string>> = {
  hmac: 'secret',
  rsa: 'rsa',
  pss: 'rsa',
  ecdsa: 'ec',
  eddsa: 'ed25519',
};

function bad(detail: string): Failure {
  return new Failure('badConfig', `auth-token: ${detail}`);
}

/**
 * The key of a sign method from what is in the key files.
 *
 * With a private key tokens are signed and verified; with a public key alone they are only verified. For HS… the private
 * key is the secret, whatever bytes it has.
 * @throws Failure 'badConfig' for an unknown method, and keys that are missing, of another kind, or no pair
 */
export function jwtKey(name: string, publicKey: Uint8Array | null, privateKey: Uint8Array | null): JwtKey {
  const chosen = methods.get(name);
  if (chosen === undefined) {
    throw bad(`sign-method must be one of ${[...methods.keys()].join(', ')}, not ${JSON.stringify(name)}`);
  }
  if (chosen.family === 'hmac') return hmacKey(name, chosen.hash!, privateKey);
  const priv = privateKey === null ? null : parse('priv-key', () => createPrivateKey(pem(privateKey)));
  const pub = publicKey === null ? null : parse('pub-key', () => createPublicKey(pem(publicKey)));
  if (priv === null && pub === null) throw bad(`sign-method ${name} needs priv-key or pub-key`);
  const verifying = pub ?? createPublicKey(priv!);
  if (priv !== null && pub !== null && !createPublicKey(priv).equals(pub)) {
    throw bad('pub-key and priv-key do not belong together');
  }
  const wanted = keyTypes[chosen.family];
  const { asymmetricKeyType, asymmetricKeyDetails } = verifying;
  if (asymmetricKeyType !== wanted) {
    throw bad(`sign-method ${name} needs a key of type ${wanted}, this one is ${String(asymmetricKeyType)}`);
  }
  if (chosen.curve !== null && asymmetricKeyDetails?.namedCurve !== chosen.curve) {
    throw bad(`sign-method ${name} needs a key on the curve ${chosen.curve}`);
  }
  return asymmetricKey(name, chosen, verifying, priv);
}

function pem(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

/** What the library says of a key stays out of the text: it might quote it. */
function parse(option: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw bad(`${option} holds no key in PEM form that can be read`);
  }
}

function hmacKey(name: string, hash: string, secret: Uint8Array | null): JwtKey {
  if (secret === null || secret.length === 0) throw bad(`sign-method ${name} needs priv-key`);
  const digest = (text: string): Buffer => createHmac(hash, secret).update(text).digest();
  return {
    method: name,
    sign: digest,
    verify(text: string, signature: Buffer): boolean {
      const expected = digest(text);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

function asymmetricKey(name: string, chosen: Method, pub: KeyObject, priv: KeyObject | null): JwtKey {
  const { family, hash } = chosen;
  // A salt as long as the hash when signing; any when verifying.
  const options = (key: KeyObject, saltLength: number) => {
    if (family === 'pss') return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    if (family === 'ecdsa') return { key, dsaEncoding: 'ieee-p1363' as const };
    return { key };
  };
  return {
    method: name,
    sign:
      priv === null
        ? null
        : (text) => sign(hash, Buffer.from(text), options(priv, constants.RSA_PSS_SALTLEN_DIGEST)),
    verify: (text, signature) =>
      verify(hash, Buffer.from(text), options(pub, constants.RSA_PSS_SALTLEN_AUTO), signature),
  };
}
