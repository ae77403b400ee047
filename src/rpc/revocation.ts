/**
 * Certificates that were revoked, by a list of them (RFC 5280 §5.1), as etcd takes it: what counts is that a certificate's serial
 * number is listed. A list that is past its date still holds. OpenSSL would refuse everybody then, and everybody whose
 * authority has no list; a member that clients of etcd could reach would be out of reach.
 */

import type { PeerCertificate } from 'node:tls';

/** Serial numbers as Node.js shows those of certificates: hexadecimal, upper case, without leading zeros. */
export type Revoked = ReadonlySet<string>;

const sequenceTag = 0x30;
const integerTag = 0x02;
const utcTimeTag = 0x17;
const generalizedTimeTag = 0x18;
const longLength = 0x80;
const maxLengthBytes = 4;
const pemBody = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** @param bytes PEM or DER @throws Error for what is no list of revoked certificates */
export function revokedSerials(bytes: Buffer): Revoked {
  const pem = pemBody.exec(bytes.toString('latin1'));
  const list = elements(pem === null ? bytes : Buffer.from(pem[1]!, 'base64'))[0];
  const signed = list?.tag === sequenceTag ? elements(list.content)[0] : undefined;
  const parts = signed === undefined ? [] : elements(signed.content);
  const dates = parts.findIndex(({ tag }) => tag === utcTimeTag || tag === generalizedTimeTag);
  if (dates < 0) throw new Error('the list of revoked certificates is not one of X.509');
  // Behind one or two dates; there is none when nothing was revoked.
  const entries = parts.slice(dates).find(({ tag }) => tag === sequenceTag);
  const serials = entries === undefined ? [] : elements(entries.content).map(serialOf);
  return new Set(serials);
}

/** @returns whether one of a chain was revoked, the caller's own first */
export function isRevoked(certificate: PeerCertificate, revoked: Revoked): boolean {
  if (revoked.size === 0) return false;
  const seen = new Set<object>();
  let next: (PeerCertificate & { readonly issuerCertificate?: PeerCertificate }) | undefined = certificate;
  // The last of a chain is its own issuer.
  while (next?.serialNumber !== undefined && !seen.has(next)) {
    if (revoked.has(plainSerial(next.serialNumber))) return true;
    seen.add(next);
    next = next.issuerCertificate;
  }
  return false;
}

function serialOf({ content }: Element): string {
  const serial = elements(content)[0];
  if (serial?.tag !== integerTag)
    throw new Error('an entry of the list of revoked certificates has no number');
  return plainSerial(serial.content.toString('hex'));
}

function plainSerial(hexadecimal: string): string {
  return hexadecimal.toUpperCase().replace(/^0+(?=.)/, '');
}

/** Those that stand one behind the other. @throws Error when one is cut off */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= longLength) {
      const lengthBytes = length - longLength;
      if (lengthBytes > maxLengthBytes || at + lengthBytes > bytes.length) throw cutOff();
      length = lengthBytes === 0 ? 0 : bytes.readUIntBE(at, lengthBytes);
      at += lengthBytes;
    }
    if (at + length > bytes.length) throw cutOff();
    found.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function cutOff(): Error {
  return new Error('the list of revoked certificates is cut off');
}
