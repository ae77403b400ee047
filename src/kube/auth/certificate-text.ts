/** Certificates as texts: PEM, one block after the other. */

import { X509Certificate } from 'node:crypto';

const blockPattern = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** @throws Error when a block holds no certificate */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(blockPattern) ?? []).map((block) => new X509Certificate(block));
}

/** What is wrong with a text that is to hold certificates; empty: nothing. */
export function certificatesProblem(pem: string): string {
  try {
    return certificatesIn(pem).length > 0 ? '' : 'must contain at least one CERTIFICATE PEM block';
  } catch (error) {
    return (error as Error).message;
  }
}
