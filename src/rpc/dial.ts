/** Calls another member, in the clear or with TLS, by TCP or a Unix socket. */

import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { Logger } from '../util/runtime.ts';
import { type Endpoint, hostNameOf } from './address.ts';
import { isRevoked } from './revocation.ts';
import { TlsFiles } from './tls-files.ts';
import type { TlsOptions } from './tls-options.ts';

export interface Dialer {
  /** @param ready is called once, when bytes can be written. Errors come on the socket. */
  dial(endpoint: Endpoint, ready: () => void): Socket;
}

/** What this side shows and whom it trusts, when nothing is said about it. */
const noTls: TlsOptions = { certFile: '', keyFile: '' };

/** @throws Failure 'badConfig' when a file is missing or not what it should be */
export function dialer(options: TlsOptions | null, log: Logger): Dialer {
  const tls = options ?? noTls;
  let files = options === null ? null : new TlsFiles(options, 'client', log);
  return {
    dial(endpoint, ready) {
      const { address } = endpoint;
      const where =
        address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
      if (!endpoint.secure) return connect({ ...where, noDelay: true }, ready);
      files ??= new TlsFiles(tls, 'client', log);
      const name = hostNameOf(endpoint);
      const { settings, revoked } = files.current();
      const socket = connectTls(
        {
          ...where,
          ...settings,
          // An address is never sent as a name (RFC 6066 §3).
          servername: isIP(name) === 0 ? name : '',
          rejectUnauthorized: tls.trustsAnyone !== true,
          checkServerIdentity: (_host, certificate) =>
            isRevoked(certificate, revoked)
              ? new Error('the certificate was revoked')
              : checkServerIdentity(name, certificate),
        },
        ready,
      );
      socket.setNoDelay(true);
      return socket;
    },
  };
}
