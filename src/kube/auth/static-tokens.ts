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

/** Headers whose users are known without a digest, or of which it is known that they are nobody's here. */
const knownMax = 1024;

/** Tokens are compared by digest: how long a comparison takes says nothing of a token. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** @param users token to user */
export function staticTokens(users: ReadonlyMap<string, UserInfo>): Authenticator {
  const byDigest = new Map<string, UserInfo>();
  for (const [token, user] of users) byDigest.set(digestOf(token), user);
  const known = new Map<string, UserInfo | null>();
  return {
    authenticate(request) {
      const header = request.header('authorization');
      if (header === '') return null;
      const before = known.get(header);
      if (before !== undefined) return before;
      const user = byDigest.get(digestOf(bearerToken(request))) ?? null;
      if (known.size >= knownMax) known.clear();
      known.set(header, user);
      return user;
    },
  };
}
