/** Whether the one who calls may: beyond a certificate that can be verified, what is in it (etcd's allowed lists). */

import { lookup, reverse } from 'node:dns';
import { isIP } from 'node:net';
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import { isRevoked, type Revoked } from './revocation.ts';
import type { TlsOptions } from './tls-options.ts';

/** @param problem null: the caller may. */
export type IdentityDone = (problem: string | null) => void;

/** Judges a socket after its handshake. */
export function checkCaller(
  socket: TLSSocket,
  options: TlsOptions,
  revoked: Revoked,
  done: IdentityDone,
): void {
  const certificate = socket.getPeerCertificate(true);
  const problem = isRevoked(certificate, revoked)
    ? 'the certificate was revoked'
    : nameProblem(certificate, options);
  if (problem !== null || options.checksAddress !== true || Object.keys(certificate).length === 0) {
    done(problem);
    return;
  }
  checkAddress(certificate, socket.remoteAddress ?? '', done);
}

function nameProblem(certificate: PeerCertificate, options: TlsOptions): string | null {
  const { allowedCommonNames = [], allowedHostnames = [] } = options;
  if (allowedCommonNames.length > 0) {
    const name = certificate.subject?.CN;
    if (typeof name !== 'string' || !allowedCommonNames.includes(name)) {
      return `the common name "${name ?? ''}" is not one of those that are allowed`;
    }
  }
  if (allowedHostnames.length > 0) {
    const fits = allowedHostnames.some((name) => isNamed(certificate, name));
    if (!fits) return 'the certificate has none of the names that are allowed';
  }
  return null;
}

function isNamed(certificate: PeerCertificate, name: string): boolean {
  // A certificate without alternative names has no names at all, as in Go.
  if (certificate.subjectaltname === undefined) return false;
  return checkServerIdentity(name, certificate as DetailedPeerCertificate) === undefined;
}

interface AlternativeNames {
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
}

function alternativeNames(certificate: PeerCertificate): AlternativeNames {
  const parts = (certificate.subjectaltname ?? '').split(', ');
  const behind = (mark: string): string[] =>
    parts.filter((part) => part.startsWith(mark)).map((part) => part.slice(mark.length));
  return { addresses: behind('IP Address:'), hosts: behind('DNS:') };
}

/** An IPv4 address that came over IPv6 is the same address. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function sameAddress(a: string, b: string): boolean {
  if (isIP(a) === 0 || isIP(b) === 0) return false;
  return canonical(a) === canonical(b);
}

function canonical(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  return new URL(`http://[${plain}]`).hostname;
}

/**
 * A certificate that names addresses or hosts is good for calls from these only: the address itself, one that a host has,
 * or for `*.example.com` one whose reverse name is under it.
 */
function checkAddress(certificate: PeerCertificate, remoteAddress: string, done: IdentityDone): void {
  const { addresses, hosts } = alternativeNames(certificate);
  if (addresses.length === 0 && hosts.length === 0) {
    done(null);
    return;
  }
  if (addresses.some((address) => sameAddress(address, remoteAddress))) {
    done(null);
    return;
  }
  const exact = hosts.filter((host) => !host.startsWith('*.'));
  const endings = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
  let waiting = exact.length + 1;
  let found = false;
  const answered = (fits: boolean): void => {
    waiting -= 1;
    if (found) return;
    found = fits;
    if (found) done(null);
    else if (waiting === 0) done(`the certificate does not name ${remoteAddress}, where the call comes from`);
  };
  for (const host of exact) {
    lookup(host, { all: true }, (error, results) => {
      answered(error === null && results.some(({ address }) => sameAddress(address, remoteAddress)));
    });
  }
  if (endings.length === 0) {
    answered(false);
    return;
  }
  reverse(plainAddress(remoteAddress), (error, names) => {
    answered(
      error === null &&
        names.some((name) => endings.some((ending) => name.replace(/\.$/, '').endsWith(ending))),
    );
  });
}
