/**
 * Makes X.509 certificates (RFC 5280), which node:crypto reads but does not make: an authority of one's own, and
 * certificates of servers and clients that it vouches for. Keys are on the curve P-256, signatures ECDSA with SHA-256.
 *
 *     Certificate ::= { tbs { version, serial, algorithm, issuer, validity, subject, key, extensions }, algorithm, signature }
 */

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Random } from './runtime.ts';

/** Both in PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Kubernetes takes these for groups. */
  readonly organizations?: readonly string[];
  /** Names and addresses of a server; empty for a client. */
  readonly hosts?: readonly string[];
  readonly isAuthority?: boolean;
  readonly usages?: readonly ('server' | 'client')[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly validDays: number;
}

const dayMs = 86_400_000;
/** Clocks of machines differ: a certificate is good a little before it was made. */
const backdatedMs = 3_600_000;

const oids = {
  ecdsaWithSha256: [1, 2, 840, 10045, 4, 3, 2],
  commonName: [2, 5, 4, 3],
  organization: [2, 5, 4, 10],
  basicConstraints: [2, 5, 29, 19],
  keyUsage: [2, 5, 29, 15],
  extendedKeyUsage: [2, 5, 29, 37],
  subjectAlternativeName: [2, 5, 29, 17],
  serverAuthentication: [1, 3, 6, 1, 5, 5, 7, 3, 1],
  clientAuthentication: [1, 3, 6, 1, 5, 5, 7, 3, 2],
} as const;

const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  Utf8: 0x0c,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** One element: tag, length, content (DER). */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  let head: number[];
  if (length < 0x80) head = [tag, length];
  else if (length < 0x100) head = [tag, 0x81, length];
  else head = [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function oid(numbers: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = numbers;
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return element(Tag.Oid, Buffer.from(bytes));
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => element(Tag.Sequence, ...parts);

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (type: readonly number[], text: string): Buffer =>
    element(Tag.Set, sequence(oid(type), element(Tag.Utf8, Buffer.from(text))));
  return sequence(
    ...organizations.map((organization) => attribute(oids.organization, organization)),
    attribute(oids.commonName, commonName),
  );
}

/** Two digits of a year before 2050, four after (RFC 5280 §4.1.2.5). */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/[-T:]/g, '').slice(0, 14)}Z`;
  return Number(digits.slice(0, 4)) < 2050
    ? element(Tag.UtcTime, Buffer.from(digits.slice(2)))
    : element(Tag.GeneralizedTime, Buffer.from(digits));
}

function extension(type: readonly number[], isCritical: boolean, value: Uint8Array): Buffer {
  const critical = isCritical ? [element(Tag.Boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(type), ...critical, element(Tag.OctetString, value));
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from(host.split('.').map(Number));
  const [left = '', right] = host.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const middle = Array<string>(8 - head.length - tail.length).fill('0');
  const bytes = Buffer.alloc(16);
  for (const [at, group] of [...head, ...middle, ...tail].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), at * 2);
  }
  return bytes;
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const dnsName = 0x82;
  const ipAddress = 0x87;
  return sequence(
    ...hosts.map((host) =>
      isIP(host) === 0 ? element(dnsName, Buffer.from(host)) : element(ipAddress, addressBytes(host)),
    ),
  );
}

function extensionsOf(options: CertificateOptions): Buffer {
  const { isAuthority = false, hosts = [], usages = [] } = options;
  const constraints = isAuthority ? sequence(element(Tag.Boolean, Buffer.from([0xff]))) : sequence();
  // Bits from the left: digitalSignature 0, keyEncipherment 2, keyCertSign 5, cRLSign 6.
  const keyUsage = isAuthority ? Buffer.from([1, 0b1000_0110]) : Buffer.from([5, 0b1010_0000]);
  const all = [
    extension(oids.basicConstraints, true, constraints),
    extension(oids.keyUsage, true, element(Tag.BitString, keyUsage)),
  ];
  if (usages.length > 0) {
    const named = usages.map((usage) =>
      oid(usage === 'server' ? oids.serverAuthentication : oids.clientAuthentication),
    );
    all.push(extension(oids.extendedKeyUsage, false, sequence(...named)));
  }
  if (hosts.length > 0) all.push(extension(oids.subjectAlternativeName, false, alternativeNames(hosts)));
  return element(0xa3, sequence(...all));
}

function serialNumber(random: Random): Buffer {
  const bytes = Buffer.alloc(16);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(random.uint32(), at);
  // Positive, and no leading zeros.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return element(Tag.Integer, bytes);
}

/**
 * Makes a key and a certificate for it.
 * @param issuer who vouches for it; null: it vouches for itself
 */
export function makeCertificate(
  options: CertificateOptions,
  issuer: KeyAndCertificate | null,
  random: Random,
): KeyAndCertificate {
  const { commonName, organizations = [], now, validDays } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(commonName, organizations);
  const signer: KeyObject = issuer === null ? privateKey : createPrivateKey(issuer.key);
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const body = sequence(
    element(0xa0, element(Tag.Integer, Buffer.from([2]))),
    serialNumber(random),
    algorithm,
    issuer === null ? subject : subjectOf(issuer.cert),
    sequence(time(now - backdatedMs), time(now + validDays * dayMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionsOf(options),
  );
  const signature = sign('sha256', body, { key: signer, dsaEncoding: 'der' });
  const whole = sequence(body, algorithm, element(Tag.BitString, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(whole),
  };
}

/** The subject's name as it stands in a certificate made here. */
function subjectOf(cert: string): Buffer {
  const { subject } = new X509Certificate(cert);
  const organizations: string[] = [];
  let commonName = '';
  for (const line of subject.split('\n')) {
    if (line.startsWith('O=')) organizations.push(line.slice(2));
    else if (line.startsWith('CN=')) commonName = line.slice(3);
  }
  return nameOf(commonName, organizations);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
