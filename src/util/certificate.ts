/**
 * Makes X.509 certificates (RFC 5280), which node:crypto reads but does not make: an authority of one's own, and
 * certificates of servers and clients that it vouches for. Keys are on the curve P-256, signatures ECDSA with SHA-256.
 *
 * Each names its own key and its issuer's (4.2.1.1, 4.2.1.2): who checks strictly, as Python does since 3.13, refuses a
 * certificate that does not.
 *
 *     Certificate ::= { tbs { version, serial, algorithm, issuer, validity, subject, key, extensions }, algorithm, signature }
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';
import type { Random } from './runtime.ts';

/** Both in PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateOptions {
  /** @default none: the certificate names nobody */
  readonly commonName?: string;
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
const pointOctets = 65;
/** Clocks of machines differ: a certificate is good a little before it was made. */
const backdatedMs = 3_600_000;

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits from the left: digitalSignature 0, keyEncipherment 2, keyCertSign 5, cRLSign 6; and how many are not used. */
const usesOfAuthority = { bits: 0b1000_0110, unused: 1 };
const usesOfOthers = { bits: 0b1010_0000, unused: 5 };

function nameOf(commonName: string | undefined, organizations: readonly string[]): Buffer {
  const attribute = (type: string, text: string): Buffer =>
    der.setOf(der.sequence(der.objectId(type), der.utf8String(text)));
  return der.sequence(
    ...organizations.map((organization) => attribute(oid.organization, organization)),
    ...(commonName === undefined ? [] : [attribute(oid.commonName, commonName)]),
  );
}

function extension(type: string, isCritical: boolean, content: Buffer): Buffer {
  const critical = isCritical ? [der.boolean(true)] : [];
  return der.sequence(der.objectId(type), ...critical, der.octetString(content));
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 0) return der.contextBytes(2, Buffer.from(host, 'ascii'));
  return der.contextBytes(7, isIP(host) === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Octets(host));
}

function ipv6Octets(host: string): Buffer {
  const canonical = new URL(`http://[${host}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const behind = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - behind.length).fill(0), ...behind];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** What a certificate calls a key: the hash of the point on the curve, the last 65 octets of what is exported. */
function keyIdOf(key: KeyObject): Buffer {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-pointOctets);
  return createHash('sha1').update(point).digest();
}

/** What the issuer calls its key: an authority that was made elsewhere may have hashed something else. */
function keyIdOfIssuer(issuer: KeyAndCertificate): Buffer {
  const { raw } = new X509Certificate(issuer.cert);
  const type = der.objectId(oid.subjectKeyId);
  const at = raw.indexOf(type);
  // Behind the type an OCTET STRING with another one in it, both shorter than 128 octets.
  const inner = at + type.length + 2;
  const isFound = at !== -1 && raw[inner - 2] === 0x04 && raw[inner] === 0x04;
  return isFound
    ? raw.subarray(inner + 2, inner + 2 + raw[inner + 1]!)
    : keyIdOf(createPublicKey(issuer.key));
}

function extensionsOf(
  { isAuthority = false, hosts = [], usages = [] }: CertificateOptions,
  ownKeyId: Buffer,
  issuerKeyId: Buffer,
): Buffer[] {
  const { bits, unused } = isAuthority ? usesOfAuthority : usesOfOthers;
  const all = [
    extension(oid.basicConstraints, true, isAuthority ? der.sequence(der.boolean(true)) : der.sequence()),
    extension(oid.keyUsage, true, der.bitString(Buffer.from([bits]), unused)),
  ];
  if (usages.length > 0) {
    const named = usages.map((usage) => der.objectId(oid[usage]));
    all.push(extension(oid.extendedKeyUsage, false, der.sequence(...named)));
  }
  all.push(extension(oid.subjectKeyId, false, der.octetString(ownKeyId)));
  all.push(extension(oid.authorityKeyId, false, der.sequence(der.contextBytes(0, issuerKeyId))));
  if (hosts.length > 0) {
    const names = [...new Set(hosts)].map(alternativeName);
    all.push(extension(oid.alternativeNames, false, der.sequence(...names)));
  }
  return all;
}

function serialNumber(random: Random): Buffer {
  const bytes = Buffer.alloc(16);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(random.uint32(), at);
  // Positive, and no leading zeros.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return der.integer(bytes);
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
  const keyId = keyIdOf(publicKey);
  const issuerKeyId = issuer === null ? keyId : keyIdOfIssuer(issuer);
  const signer: KeyObject = issuer === null ? privateKey : createPrivateKey(issuer.key);
  const algorithm = der.sequence(der.objectId(oid.ecdsaWithSha256));
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    serialNumber(random),
    algorithm,
    issuer === null ? subject : subjectOf(issuer.cert),
    der.sequence(der.time(now - backdatedMs), der.time(now + validDays * dayMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensionsOf(options, keyId, issuerKeyId))),
  );
  const signature = sign('sha256', body, signer);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: new X509Certificate(der.sequence(body, algorithm, der.bitString(signature))).toString(),
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
