/**
 * A certificate that a member makes for itself (etcd's `--auto-tls`): good for trying TLS out, for nobody can tell it from
 * one that somebody else made. RFC 5280, with a key on P-256.
 */

import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock, Random } from '../util/runtime.ts';
import * as der from './der.ts';

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const serialOctets = 16;
const msPerYear = 365 * 24 * 3_600_000;
/** Clocks of others may be a little behind. */
const toleranceMs = 5 * 60_000;
/** digitalSignature and keyEncipherment; the five bits behind them are not used. */
const usageBits = 0b1010_0000;
const usageUnusedBits = 5;
const ownerOnly = 0o600;

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface SelfSignedOptions {
  /** Where the files are kept: they are made once, and again when they have expired. */
  readonly directory: string;
  /** Names and addresses that the certificate is good for. */
  readonly hosts: readonly string[];
  readonly years: number;
  /** @default none: the certificate names nobody */
  readonly commonName?: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** The certificate of before, or a new one. */
export function selfSigned(options: SelfSignedOptions): CertificateFiles {
  const files = { certFile: `${options.directory}/cert.pem`, keyFile: `${options.directory}/key.pem` };
  if (isUsable(files, options.clock.wallNow())) return files;
  const { certificate, key } = makeCertificate(options);
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  writeFileSync(files.keyFile, key, { mode: ownerOnly });
  chmodSync(files.keyFile, ownerOnly);
  writeFileSync(files.certFile, certificate);
  return files;
}

function isUsable({ certFile, keyFile }: CertificateFiles, now: number): boolean {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    const key = createPrivateKey(readFileSync(keyFile));
    return certificate.checkPrivateKey(key) && Date.parse(certificate.validTo) > now;
  } catch {
    return false;
  }
}

/** @returns both as PEM */
export function makeCertificate(options: Omit<SelfSignedOptions, 'directory'>): {
  readonly certificate: string;
  readonly key: string;
} {
  const { hosts, years, clock, random, commonName } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der.sequence(der.objectId(oid.ecdsaWithSha256));
  const name = der.sequence(
    nameItem(oid.organization, 'keelson'),
    ...(commonName === undefined ? [] : [nameItem(oid.commonName, commonName)]),
  );
  const now = clock.wallNow();
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    der.integer(serialNumber(random)),
    algorithm,
    name,
    der.sequence(der.time(now - toleranceMs), der.time(now + years * msPerYear)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions(hosts))),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der.sequence(body, algorithm, der.bitString(signature));
  return {
    certificate: new X509Certificate(certificate).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function nameItem(id: string, text: string): Buffer {
  return der.setOf(der.sequence(der.objectId(id), der.utf8String(text)));
}

/** Not zero, and not negative. */
function serialNumber(random: Random): Buffer {
  const octets = Buffer.alloc(serialOctets);
  for (let at = 0; at < serialOctets; at += 4) octets.writeUInt32BE(random.uint32(), at);
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return octets;
}

function extensions(hosts: readonly string[]): Buffer[] {
  const isCritical = der.boolean(true);
  return [
    extension(oid.keyUsage, der.bitString(Buffer.from([usageBits]), usageUnusedBits), isCritical),
    extension(oid.extendedKeyUsage, der.sequence(der.objectId(oid.serverAuth), der.objectId(oid.clientAuth))),
    extension(oid.basicConstraints, der.sequence(), isCritical),
    extension(oid.alternativeNames, der.sequence(...[...new Set(hosts)].map(alternativeName))),
  ];
}

function extension(id: string, content: Buffer, ...critical: readonly Buffer[]): Buffer {
  return der.sequence(der.objectId(id), ...critical, der.octetString(content));
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
