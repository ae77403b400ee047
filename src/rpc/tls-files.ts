/**
 * Certificates and keys, read from their files for each new connection if they have changed: they are exchanged without a
 * restart, as etcd does it. While files do not fit together, half of them exchanged, the ones before stay in use.
 */

import { readFileSync, statSync } from 'node:fs';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { Failure } from '../util/failure.ts';
import type { Logger } from '../util/runtime.ts';
import { opensslCiphers } from './cipher-suites.ts';
import { type Revoked, revokedSerials } from './revocation.ts';
import type { TlsOptions } from './tls-options.ts';

/** What is needed for a connection. */
export interface TlsSetting {
  readonly context: SecureContext;
  readonly settings: SecureContextOptions;
  readonly revoked: Revoked;
}

/** Which side of a connection the context is for. */
export type TlsSide = 'server' | 'client';

export class TlsFiles {
  readonly #options: TlsOptions;
  readonly #side: TlsSide;
  readonly #log: Logger;
  #mark = '';
  #current: TlsSetting;

  /** @throws Failure 'badConfig' when a file is missing or not what it should be */
  constructor(options: TlsOptions, side: TlsSide, log: Logger) {
    this.#options = options;
    this.#side = side;
    this.#log = log;
    try {
      this.#mark = this.#look();
      this.#current = this.#read();
    } catch (error) {
      throw new Failure('badConfig', `TLS cannot be served: ${this.#problem(error as Error)}`, {
        cause: error,
      });
    }
  }

  /** For the next connection. */
  current(): TlsSetting {
    try {
      const mark = this.#look();
      if (mark !== this.#mark) {
        this.#current = this.#read();
        this.#mark = mark;
        this.#log.info('certificates were read again', { side: this.#side, files: this.#paths() });
      }
    } catch (error) {
      this.#log.warn('changed certificates cannot be used; those before stay in use', {
        side: this.#side,
        files: this.#paths(),
        error: this.#problem(error as Error),
      });
    }
    return this.#current;
  }

  get #pair(): readonly [cert: string, key: string] {
    const { certFile, keyFile, clientCertFile = '', clientKeyFile = '' } = this.#options;
    if (this.#side === 'client' && clientCertFile !== '') return [clientCertFile, clientKeyFile];
    return [certFile, keyFile];
  }

  #paths(): string[] {
    const { trustedCaFile = '', crlFile = '' } = this.#options;
    return [...this.#pair, trustedCaFile, crlFile].filter((path) => path !== '');
  }

  /** Which file is not what it should be. */
  #problem(error: NodeJS.ErrnoException): string {
    const [certFile, keyFile] = this.#pair;
    const { trustedCaFile = '' } = this.#options;
    if (error.code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return `${keyFile} is not the key of ${certFile}`;
    if (error.code?.startsWith('ERR_OSSL_') !== true && error.code !== 'ERR_MISSING_PASSPHRASE')
      return error.message;
    const parts: readonly (readonly [
      path: string,
      use: (part: Buffer) => SecureContextOptions,
      what: string,
    ])[] = [
      [certFile, (cert) => ({ cert }), 'certificate'],
      [keyFile, (key) => ({ key }), 'key without a password'],
      [trustedCaFile, (ca) => ({ ca }), 'certificate'],
    ];
    for (const [path, use, what] of parts) {
      try {
        if (path !== '') createSecureContext(use(readFileSync(path)));
      } catch {
        return `${path} holds no ${what} in the form of PEM`;
      }
    }
    return error.message;
  }

  /** Equal as long as no file has changed. */
  #look(): string {
    return this.#paths()
      .map((path) => {
        const { ino, size, mtimeMs } = statSync(path);
        return `${ino}:${size}:${mtimeMs}`;
      })
      .join();
  }

  #read(): TlsSetting {
    const {
      trustedCaFile = '',
      crlFile = '',
      minVersion = 'TLSv1.2',
      maxVersion,
      cipherSuites = [],
    } = this.#options;
    const [certFile, keyFile] = this.#pair;
    const pair = certFile === '' ? {} : { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const settings: SecureContextOptions = {
      ...pair,
      ...(trustedCaFile === '' ? {} : { ca: readFileSync(trustedCaFile) }),
      minVersion,
      ...(maxVersion === undefined ? {} : { maxVersion }),
      ...(cipherSuites.length === 0 ? {} : { ciphers: opensslCiphers(cipherSuites) }),
    };
    const revoked: Revoked = crlFile === '' ? new Set() : revokedSerials(readFileSync(crlFile));
    return { context: createSecureContext(settings), settings, revoked };
  }
}
