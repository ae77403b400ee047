/** Opens the socket of a channel: TCP or a Unix socket, in the clear or with TLS. */

import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { checkServerIdentity, connect as connectTls, createSecureContext } from 'node:tls';
import type { ChannelTls } from '../channel.ts';

type Target = { readonly path: string } | { readonly host: string; readonly port: number };

export class SocketOpener {
  /** What the server is called: in `:authority`, and in its certificate. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  private readonly target: Target;
  private readonly serverName: string;
  private readonly tls: ChannelTls | null;
  private context: SecureContext | null = null;

  /** @param address `host:port`, `[ipv6]:port`, or `unix:` and a path */
  constructor(address: string, tls: ChannelTls | null) {
    this.tls = tls;
    this.scheme = tls === null ? 'http' : 'https';
    this.target = targetOf(address);
    const host = 'host' in this.target ? this.target.host : 'localhost';
    this.serverName = tls?.serverName ?? host;
    this.authority = tls?.serverName ?? ('host' in this.target ? address : 'localhost');
  }

  /**
   * @param ready is called once, when bytes can be written and the server is who it should be. Errors come on the socket.
   * @throws Error when certificates or keys cannot be read
   */
  open(ready: () => void): Socket {
    const { target, tls, serverName } = this;
    if (tls === null) return connect({ ...target, noDelay: true }, ready);
    this.context ??= createSecureContext({
      ...(tls.ca === undefined ? {} : { ca: pem(tls.ca) }),
      ...(tls.cert === undefined ? {} : { cert: pem(tls.cert) }),
      ...(tls.key === undefined ? {} : { key: pem(tls.key) }),
    });
    const socket = connectTls(
      {
        ...target,
        secureContext: this.context,
        ALPNProtocols: ['h2'],
        // An address is never sent as a name (RFC 6066 §3).
        servername: isIP(serverName) === 0 ? serverName : '',
        rejectUnauthorized: tls.insecureSkipVerify !== true,
        checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
      },
      ready,
    );
    socket.setNoDelay(true);
    return socket;
  }
}

function targetOf(address: string): Target {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

function pem(part: string | Uint8Array): string | Buffer {
  return typeof part === 'string' ? part : Buffer.from(part);
}
