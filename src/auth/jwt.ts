/**
 * JSON Web Tokens (RFC 7519) as etcd makes them: claims `username`, `revision` (the auth revision at which the password
 * was right) and `exp`. They say all there is to know, so no member remembers any, and nothing but time ends one; what a
 * token of an older auth revision may do is refused by `checks.ts`.
 *
 * A verified token is remembered by its text until it ends, because verifying costs as much as a whole request.
 */

import { Failure } from '../util/failure.ts';
import type { Clock } from '../util/runtime.ts';
import type { JwtKey } from './jwt-key.ts';
import type { Tokens } from './tokens.ts';
import type { Caller } from './types.ts';

/** Verified tokens that are remembered; the oldest goes first. */
export const maxVerifiedTokens = 4096;
/** Longer ones are not looked at. */
const maxTokenLength = 16_384;

interface Verified extends Caller {
  /** Seconds since 1970, in between of which the token is good; `until` is exclusive. */
  readonly from: number;
  readonly until: number;
}

const base64url = /^[A-Za-z0-9_-]*$/;

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** What is looked at of a token's header and claims; anything may stand there. */
interface Part {
  readonly alg?: unknown;
  readonly username?: unknown;
  readonly revision?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
}

/** Null when the text is no base64url of a JSON object. */
function decodePart(text: string): Part | null {
  if (!base64url.test(text)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : null;
  } catch {
    return null;
  }
}

/** A claim of time: `absent` when it is not there, null when it is no number. */
function timeClaim(value: unknown, absent: number): number | null {
  if (value === undefined || value === null) return absent;
  return typeof value === 'number' ? value : null;
}

export class JwtTokens implements Tokens {
  readonly #clock: Pick<Clock, 'wallNow'>;
  readonly #key: JwtKey;
  readonly #ttlMs: number;
  readonly #maxVerified: number;
  readonly #verified = new Map<string, Verified>();

  constructor(
    clock: Pick<Clock, 'wallNow'>,
    key: JwtKey,
    ttlMs: number,
    maxVerified: number = maxVerifiedTokens,
  ) {
    this.#clock = clock;
    this.#key = key;
    this.#ttlMs = ttlMs;
    this.#maxVerified = maxVerified;
  }

  /** Verified tokens that are remembered. */
  get rememberedCount(): number {
    return this.#verified.size;
  }

  newPrefix(): string {
    if (this.#key.sign === null) throw new Failure('tokenVerifyOnly');
    return '';
  }

  issue(user: string, _prefix: string, _index: number, authRevision: number): string {
    const { method, sign } = this.#key;
    if (sign === null) throw new Failure('tokenVerifyOnly');
    const exp = Math.floor((this.#clock.wallNow() + this.#ttlMs) / 1000);
    const head = encodePart({ alg: method, typ: 'JWT' });
    const claims = encodePart({ exp, revision: authRevision, username: user });
    const text = `${head}.${claims}`;
    return `${text}.${sign(text).toString('base64url')}`;
  }

  awaits(): number {
    return 0;
  }

  judge(token: string): Caller | null {
    let verified = this.#verified.get(token);
    if (verified === undefined) {
      const found = this.#verify(token);
      if (found === null) return null;
      verified = found;
    }
    const now = this.#clock.wallNow() / 1000;
    if (now >= verified.until) {
      this.#verified.delete(token);
      return null;
    }
    return now < verified.from ? null : verified;
  }

  #verify(token: string): Verified | null {
    if (token.length > maxTokenLength) return null;
    const parts = token.split('.');
    if (parts.length !== 3) return null;
    const [head, body, signature] = parts as [string, string, string];
    // The method is ours to choose, never the token's: `none`, or a public key taken for an HMAC secret, would open all.
    if (decodePart(head)?.alg !== this.#key.method || !base64url.test(signature)) return null;
    if (!this.#key.verify(`${head}.${body}`, Buffer.from(signature, 'base64url'))) return null;
    const verified = callerOf(decodePart(body));
    if (verified !== null) this.#remember(token, verified);
    return verified;
  }

  #remember(token: string, verified: Verified): void {
    if (this.#verified.size >= this.#maxVerified) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    this.#verified.set(token, verified);
  }

  // Tokens of this kind live with the clients: nothing happens to them here.
  authenticated(): void {}
  userChanged(): void {}
  disabled(): void {}
  forget(): void {}
}

/** What the claims of a token with a good signature say; null when something is missing. */
function callerOf(claims: Part | null): Verified | null {
  if (claims === null) return null;
  const { username: user, revision } = claims;
  const until = timeClaim(claims.exp, Number.POSITIVE_INFINITY);
  const from = timeClaim(claims.nbf, Number.NEGATIVE_INFINITY);
  if (typeof user !== 'string' || typeof revision !== 'number' || until === null || from === null)
    return null;
  if (revision < 0) return null;
  return { user, revision: Math.trunc(revision), from, until };
}
