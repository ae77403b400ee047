import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import t from 'tap';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const { random, clock } = nodeRuntime();
const common = { now: clock.wallNow(), validDays: 365 };
const authority = makeCertificate(
  { ...common, commonName: 'test authority', isAuthority: true },
  null,
  random,
);

t.test('an authority vouches for itself and for what it makes', async (t) => {
  const ca = new X509Certificate(authority.cert);
  t.ok(ca.ca);
  t.ok(ca.verify(ca.publicKey));
  const made = makeCertificate(
    { ...common, commonName: 'someone', organizations: ['a', 'b'], usages: ['client'] },
    authority,
    random,
  );
  const cert = new X509Certificate(made.cert);
  t.ok(cert.checkIssued(ca));
  t.ok(cert.verify(ca.publicKey));
  t.equal(cert.subject, 'O=a\nO=b\nCN=someone');
  t.notOk(cert.ca);
});

t.test('TLS accepts a server and a client of the authority under the names they have', async (t) => {
  const hosts = ['localhost', '127.0.0.1', '::1', 'fe80::1:2'];
  const server = makeCertificate(
    { ...common, commonName: 'server', hosts, usages: ['server'] },
    authority,
    random,
  );
  t.same(new X509Certificate(server.cert).checkHost('localhost'), 'localhost');
  t.same(new X509Certificate(server.cert).checkIP('fe80::1:2'), 'fe80::1:2');
  const client = makeCertificate({ ...common, commonName: 'client', usages: ['client'] }, authority, random);
  const listener = createServer(
    { key: server.key, cert: server.cert, ca: authority.cert, requestCert: true },
    (socket) => {
      socket.end(String(socket.getPeerCertificate().subject.CN));
    },
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, key: client.key, cert: client.cert });
  const [seen] = await once(socket, 'data');
  t.equal(String(seen), 'client');
  socket.destroy();
});

t.test('a certificate that outlives 2049 is written as the standard wants', async (t) => {
  const made = makeCertificate({ ...common, commonName: 'old', validDays: 40 * 365 }, null, random);
  t.ok(new Date(new X509Certificate(made.cert).validTo).getFullYear() > 2055);
});

/** What stands behind a type of extension, whose own octets are given. */
function extensionOf(cert: string, type: readonly number[], octets: number): string {
  const { raw } = new X509Certificate(cert);
  const at = raw.indexOf(Buffer.from([0x06, 0x03, ...type]));
  return at === -1 ? 'none' : raw.subarray(at + 5, at + 5 + octets).toString('hex');
}

const subjectKeyId = [0x55, 0x1d, 0x0e];
const authorityKeyId = [0x55, 0x1d, 0x23];

t.test(
  'certificates name their key and that of their issuer, as strict clients such as Python want',
  async (t) => {
    const made = makeCertificate(
      { ...common, commonName: 'server', hosts: ['localhost'] },
      authority,
      random,
    );
    const idOf = (cert: string): string => {
      const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
      return createHash('sha1').update(key.subarray(-65)).digest('hex');
    };
    for (const cert of [authority.cert, made.cert]) {
      t.equal(extensionOf(cert, subjectKeyId, 24), `04160414${idOf(cert)}`);
      t.equal(extensionOf(cert, authorityKeyId, 26), `041830168014${idOf(authority.cert)}`);
    }
  },
);

t.test('what an authority of others calls its key is what its certificates call it', async (t) => {
  // The same authority with another name of its key; that its signature is broken by that, nobody looks at here.
  const other = Buffer.from(new X509Certificate(authority.cert).raw);
  const from = other.indexOf(Buffer.from([0x06, 0x03, ...subjectKeyId])) + 9;
  other.fill(0xab, from, from + 20);
  const cert = new X509Certificate(other).toString();
  const made = makeCertificate({ ...common, commonName: 'x' }, { key: authority.key, cert }, random);
  t.equal(extensionOf(made.cert, authorityKeyId, 26), `041830168014${'ab'.repeat(20)}`);
});
