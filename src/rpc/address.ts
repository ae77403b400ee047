/**
 * What the URLs of etcd's flags say: `http://host:port`, `https://host:port`, and `unix://path`, `unixs://path` for
 * sockets in the file system (the last two with TLS or without). As in Go, `unix://dir/name` is a relative path and
 * `unix:///dir/name` an absolute one.
 */

export interface TcpAddress {
  readonly kind: 'tcp';
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
}

export type Address = TcpAddress | UnixAddress;

export interface Endpoint {
  /** As it was written, without a slash at its end. */
  readonly url: string;
  /** Whether TLS is spoken. */
  readonly secure: boolean;
  readonly address: Address;
}

const hostAndPort = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]?#@\s]+)(?::(\d+))?\/?$/;
const unixPath = /^(unixs?):\/\/([^\s]+)$/;
const largestPort = 65_535;

/** @throws Error that says what is wrong with it */
export function parseEndpoint(text: string): Endpoint {
  const trimmed = text.trim();
  const unix = unixPath.exec(trimmed);
  if (unix !== null) {
    return { url: trimmed, secure: unix[1] === 'unixs', address: { kind: 'unix', path: unix[2]! } };
  }
  const match = hostAndPort.exec(trimmed);
  if (match === null) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1];
    if (scheme !== undefined && !['http', 'https', 'unix', 'unixs'].includes(scheme)) {
      throw new Error(`"${trimmed}": the scheme must be http, https, unix or unixs`);
    }
    throw new Error(`"${trimmed}" is not a URL such as http://127.0.0.1:2379`);
  }
  const [, scheme, host, port] = match;
  if (port === undefined) throw new Error(`"${trimmed}": the port is missing`);
  if (Number(port) > largestPort) throw new Error(`"${trimmed}": there is no port ${port}`);
  return {
    url: `${scheme}://${host}:${port}`,
    secure: scheme === 'https',
    address: { kind: 'tcp', host: bareHost(host!), port: Number(port) },
  };
}

/** The same for URLs that come from elsewhere; null for one that is none. */
export function endpointOf(text: string): Endpoint | null {
  try {
    return parseEndpoint(text);
  } catch {
    return null;
  }
}

/** Without the brackets of IPv6. As Go does, `localhost` is taken for the IPv4 loopback. */
function bareHost(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
}

/** Whether the host of a TcpAddress is an address, and no name. */
export function isIpAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** The host that a URL names, for the check of certificates; `localhost` for a socket in the file system. */
export function hostNameOf(endpoint: Endpoint): string {
  if (endpoint.address.kind === 'unix') return 'localhost';
  return /^https?:\/\/(.*):\d+$/.exec(endpoint.url)![1]!.replace(/^\[(.*)\]$/, '$1');
}
