/** What TLS needs on a port, and on the connections that a member makes: the same files for both, as etcd has it. */

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Files are read again when they have changed: certificates are exchanged while the member runs. */
export interface TlsOptions {
  /** PEM: the certificate, and those between it and its authority. */
  readonly certFile: string;
  /** PEM. */
  readonly keyFile: string;
  /** PEM: authorities of the other side. On a port, the other side must show a certificate then. @default none */
  readonly trustedCaFile?: string;
  /** The other side must show a certificate. @default false */
  readonly clientCertAuth?: boolean;
  /** PEM or DER: certificates that were revoked. @default none */
  readonly crlFile?: string;
  /** Common names of which the other side's certificate must have one. @default any */
  readonly allowedCommonNames?: readonly string[];
  /** Names of which the other side's certificate must have one. @default any */
  readonly allowedHostnames?: readonly string[];
  /** A certificate to show where this side calls. @default certFile */
  readonly clientCertFile?: string;
  /** @default keyFile */
  readonly clientKeyFile?: string;
  /** @default 'TLSv1.2' */
  readonly minVersion?: TlsVersion;
  /** @default the newest */
  readonly maxVersion?: TlsVersion;
  /** Cipher suites of TLS 1.2 by their names in Go or IANA. @default those of Node.js */
  readonly cipherSuites?: readonly string[];
  /** Whoever calls must do so from an address that its certificate names, if it names any. @default false */
  readonly checksAddress?: boolean;
  /** Takes any certificate of those it calls: for certificates that members made themselves. @default false */
  readonly trustsAnyone?: boolean;
}
