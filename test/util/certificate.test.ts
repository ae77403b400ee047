import { X509Certificate } from 'node:crypto';
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
