/** Client certificates that the server's authority signed: the common name is the user, organizations are the groups. */

import { createHash, X509Certificate } from 'node:crypto';
import type { UserInfo } from '../api/user.ts';
import type { Authenticator } from './types.ts';

function listed(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/**
 * For a socket that lets in others as well, proxies.
 * @param isUsers whether a certificate is one of a user
 */
export function userCertificates(isUsers: (certificate: Uint8Array) => boolean): Authenticator {
  return {
    authenticate(request) {
      const { clientCertificate } = request;
      if (clientCertificate === null || !isUsers(clientCertificate)) return null;
      return clientCertificates.authenticate(request);
    },
  };
}

/** The socket has checked the chain and the dates; a certificate without a common name is nobody's. */
export const clientCertificates: Authenticator = {
  authenticate({ clientCertificate }) {
    if (clientCertificate === null) return null;
    let user = users.get(clientCertificate);
    if (user === undefined) {
      user = userOf(clientCertificate);
      users.set(clientCertificate, user);
    }
    return user;
  },
};

/** Users by certificate: a connection shows the same bytes with each of its requests. */
const users = new WeakMap<Uint8Array, UserInfo | null>();

function userOf(clientCertificate: Uint8Array): UserInfo | null {
  const subject = new X509Certificate(clientCertificate).toLegacyObject().subject as unknown as {
    readonly CN?: string | string[];
    readonly O?: string | string[];
  };
  const username = listed(subject.CN)[0] ?? '';
  if (username === '') return null;
  const digest = createHash('sha256').update(clientCertificate).digest('hex');
  const groups = listed(subject.O);
  return {
    username,
    uid: '',
    groups: groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
  };
}
