/**
 * A proxy in front that has asked who the client is and says so in headers (`--requestheader-*` of kube-apiserver). It is
 * believed for its certificate: signed by an authority of its own, with one of the names that are allowed.
 *
 * The authority of proxies signs no users: one that signed both would let every proxy come as whoever its name is. The socket
 * checks chains to both; which of them a certificate stands under is asked here.
 */

import { X509Certificate } from 'node:crypto';
import type { ApiRequest } from '../http/types.ts';
import { certificatesIn } from './certificate-text.ts';
import type { Authenticator } from './types.ts';

export interface FrontProxyOptions {
  /** Certificates, PEM, that sign those of proxies. */
  readonly authorities: string;
  /** Common names that are believed; none: every one. */
  readonly allowedNames: readonly string[];
  /** Names of headers; the first with a value counts. */
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  /** What names of headers begin with whose rest is a key of what else is known of the user. */
  readonly extraPrefixes: readonly string[];
}

/** Whether one of the authorities issued the certificate itself. @param authorities PEM */
export function issuedBy(authorities: string): (certificate: Uint8Array) => boolean {
  const issuers = certificatesIn(authorities);
  const known = new WeakMap<Uint8Array, boolean>();
  return (certificate) => {
    let isIssued = known.get(certificate);
    if (isIssued === undefined) {
      const parsed = new X509Certificate(certificate);
      isIssued = issuers.some((issuer) => parsed.checkIssued(issuer) && parsed.verify(issuer.publicKey));
      known.set(certificate, isIssued);
    }
    return isIssued;
  };
}

function commonNameOf(certificate: Uint8Array): string {
  const { CN } = new X509Certificate(certificate).toLegacyObject().subject as unknown as {
    readonly CN?: string | string[];
  };
  return (typeof CN === 'string' ? CN : CN?.[0]) ?? '';
}

/** A header that comes several times is one text with commas. */
function valuesOf(request: ApiRequest, names: readonly string[]): string[] {
  return names.flatMap((name) =>
    request
      .header(name.toLowerCase())
      .split(',')
      .map((value) => value.trim())
      .filter((value) => value !== ''),
  );
}

function keyOf(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function extraOf(request: ApiRequest, prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const prefix of prefixes) {
    for (const name of request.headerNames()) {
      const isExtra = name.startsWith(prefix.toLowerCase());
      if (isExtra) extra[keyOf(name.slice(prefix.length))] = valuesOf(request, [name]);
    }
  }
  return extra;
}

export function frontProxy(options: FrontProxyOptions): Authenticator {
  const isOfProxy = issuedBy(options.authorities);
  const { allowedNames } = options;
  return {
    authenticate(request) {
      const { clientCertificate } = request;
      if (clientCertificate === null || !isOfProxy(clientCertificate)) return null;
      if (allowedNames.length > 0 && !allowedNames.includes(commonNameOf(clientCertificate))) return null;
      const [username] = valuesOf(request, options.usernameHeaders);
      if (username === undefined) return null;
      const groups = valuesOf(request, options.groupHeaders);
      return {
        username,
        uid: valuesOf(request, options.uidHeaders)[0] ?? '',
        groups: groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'],
        extra: extraOf(request, options.extraPrefixes),
      };
    },
  };
}

/** What extension servers are told of it, by the keys of their ConfigMap. */
export function frontProxyData(options: FrontProxyOptions): Readonly<Record<string, string>> {
  return {
    'requestheader-allowed-names': JSON.stringify(options.allowedNames),
    'requestheader-client-ca-file': options.authorities,
    'requestheader-extra-headers-prefix': JSON.stringify(options.extraPrefixes),
    'requestheader-group-headers': JSON.stringify(options.groupHeaders),
    'requestheader-uid-headers': JSON.stringify(options.uidHeaders),
    'requestheader-username-headers': JSON.stringify(options.usernameHeaders),
  };
}
