/** Bearer tokens that are known from the start: the administrator's in the kubeconfig, and those of a token file. */

import { createHash } from 'node:crypto';
import type { UserInfo } from '../api/user.ts';
import type { ApiRequest } from '../http/types.ts';
import type { Authenticator } from './types.ts';

/** The token of an Authorization header; empty when there is none. */
export function bearerToken(request: ApiRequest): string {
  const match = /^Bearer +(\S+) *$/i.exec(request.header('authorization'));
  return match?.[1] ?? '';
}

/** Headers that are known without a digest. */
const knownMax = 1024;

/** Tokens are compared by digest: how long a comparison takes says nothing of a token. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** @param users token to user */
export function staticTokens(users: ReadonlyMap<string, UserInfo>): Authenticator {
  const byDigest = new Map<string, UserInfo>();
  for (const [token, user] of users) byDigest.set(digestOf(token), user);
  // Of headers that were right once: at most as many as there are tokens, with few ways to write each.
  const known = new Map<string, UserInfo>();
  return {
    async authenticate(request) {
      const header = request.header('authorization');
      if (header === '') return null;
      const user = known.get(header) ?? byDigest.get(digestOf(bearerToken(request))) ?? null;
      if (user !== null && known.size < knownMax) known.set(header, user);
      return user;
    },
  };
}
