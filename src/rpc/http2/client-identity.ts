/** Who is at the other end of a socket. */

import type { Socket } from 'node:net';

/** Address and port as Go writes them: IPv6 in brackets. */
export function peerAddress(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return 'unknown';
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** What is needed of a TLS socket. */
interface Certified {
  readonly authorized?: boolean;
  getPeerCertificate?(): { readonly subject?: { readonly CN?: unknown } };
}

/** Common name of the certificate that the client showed, if it was verified; else empty. */
export function verifiedCommonName(socket: Socket): string {
  const tls = socket as Certified;
  if (tls.authorized !== true || typeof tls.getPeerCertificate !== 'function') return '';
  const name = tls.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : '';
}
