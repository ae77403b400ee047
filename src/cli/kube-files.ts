/**
 * What an API server keeps beside its data: an authority, its own certificate, the administrator's token, and the
 * kubeconfig that goes with them. Made once and kept, so that a kubeconfig goes on working.
 *
 *     <dir>/ca.crt ca.key apiserver.crt apiserver.key service-accounts.crt service-accounts.key admin.token
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigText } from '../kube/auth/kubeconfig.ts';
import { type KeyAndCertificate, makeCertificate } from '../util/certificate.ts';
import type { Runtime } from '../util/runtime.ts';

export interface KubeFiles {
  readonly authority: string;
  readonly server: KeyAndCertificate;
  readonly token: string;
  /** Signs the tokens of service accounts; PEM. */
  readonly serviceAccountKey: string;
}

const validDays = 3650;
/** Names under which the server is reached, in the cluster too. */
const serverNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '::1',
  '10.96.0.1',
];

/** @param hosts further names and addresses of the server */
export function kubeFiles(dir: string, hosts: readonly string[], runtime: Runtime): KubeFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const now = runtime.clock.wallNow();
  const authority = keptPair(dir, 'ca', () =>
    makeCertificate({ commonName: 'keelson', isAuthority: true, now, validDays }, null, runtime.random),
  );
  const server = keptPair(dir, 'apiserver', () =>
    makeCertificate(
      {
        commonName: 'kube-apiserver',
        hosts: [...new Set([...serverNames, ...hosts])],
        usages: ['server'],
        now,
        validDays,
      },
      authority,
      runtime.random,
    ),
  );
  const token = kept(join(dir, 'admin.token'), () => {
    const words = Array.from({ length: 4 }, () => runtime.random.uint32().toString(16).padStart(8, '0'));
    return words.join('');
  });
  const { key: serviceAccountKey } = keptPair(dir, 'service-accounts', () =>
    makeCertificate({ commonName: 'service accounts', now, validDays }, null, runtime.random),
  );
  return { authority: authority.cert, server, token, serviceAccountKey };
}

/**
 * The certificate of a server that was given none: `apiserver.crt` and `apiserver.key` as they are in the directory, or made
 * and kept there, signed by themselves.
 */
export function servingPair(dir: string, hosts: readonly string[], runtime: Runtime): KeyAndCertificate {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const names = [...new Set([...serverNames, ...hosts])];
  const options = {
    commonName: 'kube-apiserver',
    hosts: names,
    now: runtime.clock.wallNow(),
    validDays: 365,
  };
  return keptPair(dir, 'apiserver', () =>
    makeCertificate({ ...options, usages: ['server'], isAuthority: true }, null, runtime.random),
  );
}

function keptPair(dir: string, name: string, make: () => KeyAndCertificate): KeyAndCertificate {
  const paths = { key: join(dir, `${name}.key`), cert: join(dir, `${name}.crt`) };
  if (existsSync(paths.key) && existsSync(paths.cert)) {
    return { key: readFileSync(paths.key, 'utf8'), cert: readFileSync(paths.cert, 'utf8') };
  }
  const made = make();
  write(paths.key, made.key);
  write(paths.cert, made.cert);
  return made;
}

function kept(path: string, make: () => string): string {
  if (!existsSync(path)) write(path, make());
  return readFileSync(path, 'utf8');
}

/** Whole or not at all, and for nobody else to read. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Writes a kubeconfig for the administrator. @param authority PEM; null for a plain HTTP server */
export function writeKubeconfig(path: string, url: string, authority: string | null, token: string): void {
  write(path, kubeconfigText(url, authority, token));
}
