/**
 * What OpenSSL and Node say of handshakes and certificates, in plain sentences: what is the matter, and what to do. Their own
 * texts name functions and files of OpenSSL.
 *
 * Whose certificate it is depends on who looks: `theirs` is what the other side has shown, `ours` what this side has.
 */

/** Of a certificate that was shown, by the codes of its verification. */
const untrusted =
  'is signed by no authority that is trusted here: trust its authority, or have it signed by a trusted one';
const certificateProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired: renew it, and compare the clocks of both machines',
  CERT_NOT_YET_VALID: 'is not valid yet: compare the clocks of both machines, or wait',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_REVOKED: 'was revoked: use another one',
  CERT_SIGNATURE_FAILURE: 'was not signed by the authority that it names',
  INVALID_CA: 'is signed by a certificate that is no authority',
  INVALID_PURPOSE: 'is not for this: its extended key usage lacks serverAuth, or clientAuth for who calls',
};

/** Of a handshake that failed, by the codes of OpenSSL 3. */
const handshakeProblems: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the other side does not speak TLS: use https:// on both sides, or http:// on both',
  ERR_SSL_HTTP_REQUEST: 'the other side does not speak TLS: use https:// on both sides, or http:// on both',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'the other side does not speak TLS: use https:// on both sides, or http:// on both',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    'the other side has shown no certificate: give it one that an authority signed which is trusted here (etcdctl: --cert and --key)',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'the other side does not trust the authority of our certificate: give it that authority (etcdctl: --cacert)',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE:
    'the other side does not take our certificate: it does not name the host that was called, is not valid now, or is of an ' +
    'authority that it does not trust',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    'to the other side our certificate has expired: renew it, and compare the clocks of both machines',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'to the other side our certificate was revoked: use another one',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the other side cannot make anything of our certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the other side wants a certificate from us: give one that an authority signed which it trusts (etcdctl: --cert and --key)',
  ERR_SSL_NO_SHARED_CIPHER: 'both sides have no cipher suite in common: look at --cipher-suites',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the other side finds nothing that both can do: compare versions of TLS and cipher suites',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'both sides have no version of TLS in common: look at --tls-min-version',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION:
    'both sides have no version of TLS in common: look at --tls-max-version',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the other side did not finish its handshake in time',
};

/** What is the matter with a certificate that the other side has shown, or null for a code that is not known. */
export function certificateProblem(code: string): string | null {
  const what = certificateProblems[code];
  return what === undefined ? null : `the certificate of the other side ${what} (${code})`;
}

/** The text of an error of a connection, in plain words if it is of TLS and known. */
export function connectionProblem(error: Error): string {
  const { code = '', reason } = error as NodeJS.ErrnoException & { reason?: string };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of the other side does not name the host that was called: ${reason ?? error.message}`;
  const known = handshakeProblems[code];
  return (known === undefined ? certificateProblem(code) : `${known} (${code})`) ?? error.message;
}
