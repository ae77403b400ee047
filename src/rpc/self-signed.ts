/**
 * A certificate that a member makes for itself (etcd's `--auto-tls`): good for trying TLS out, for nobody can tell it from
 * one that somebody else made.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { makeCertificate as issueCertificate } from '../util/certificate.ts';
import type { Clock, Random } from '../util/runtime.ts';

const daysPerYear = 365;
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
  const { cert, key } = issueCertificate(
    {
      ...(commonName === undefined ? {} : { commonName }),
      organizations: ['keelson'],
      hosts,
      usages: ['server', 'client'],
      now: clock.wallNow(),
      validDays: years * daysPerYear,
    },
    null,
    random,
  );
  return { certificate: cert, key };
}
