import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { endpointOf } from '../../src/rpc/address.ts';
import { opensslCiphers } from '../../src/rpc/cipher-suites.ts';
import { ConnectionPlaces } from '../../src/rpc/connection-places.ts';
import { dialer } from '../../src/rpc/dial.ts';
import { Listener } from '../../src/rpc/listener.ts';
import { type CertificateFiles, makeCertificate, selfSigned } from '../../src/rpc/self-signed.ts';
import type { TlsOptions } from '../../src/rpc/tls-options.ts';
import { connectionProblem } from '../../src/rpc/tls-problems.ts';
import * as der from '../../src/util/der.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { silentLogger } from '../../src/util/runtime.ts';

const runtime = nodeRuntime();
const { clock, random } = runtime;

function made(dir: string, name: string, hosts: string[], commonName?: string): CertificateFiles {
  const named = commonName === undefined ? {} : { commonName };
  const { certificate, key } = makeCertificate({ hosts, years: 1, clock, random, ...named });
  const files = { certFile: join(dir, `${name}.pem`), keyFile: join(dir, `${name}.key`) };
  writeFileSync(files.certFile, certificate);
  writeFileSync(files.keyFile, key);
  return files;
}

function serialOf({ certFile }: CertificateFiles): Buffer {
  return Buffer.from(new X509Certificate(readFileSync(certFile)).serialNumber, 'hex');
}

/** A list of revoked certificates that nobody signed and that ended long ago. */
function listOf(serials: readonly Buffer[]): Buffer {
  const algorithm = der.sequence(der.objectId('1.2.840.10045.4.3.2'));
  const entries = serials.map((serial) => der.sequence(der.integer(serial), der.time(Date.UTC(2020, 0))));
  const dates = [der.time(Date.UTC(2020, 1)), der.time(Date.UTC(2020, 2))];
  const revoked = entries.length === 0 ? [] : [der.sequence(...entries)];
  const parts = [der.integer(Buffer.from([1])), algorithm, der.sequence(), ...dates, ...revoked];
  return der.sequence(der.sequence(...parts), algorithm, der.bitString(Buffer.from([0])));
}

/** Answers each connection with `hello`. */
async function serve(
  t: Test,
  tls: TlsOptions,
  isHeld = false,
  places: ConnectionPlaces | null = null,
): Promise<Listener> {
  const listener = new Listener({
    host: '127.0.0.1',
    port: 0,
    tls,
    isHeld,
    places,
    maxConnections: 10,
    runtime,
    protocols: [{ recognise: () => true, accept: (socket) => socket.resume().end('hello') }],
  });
  await new Promise<void>((resolve, reject) => {
    listener.listen((failure) => (failure === null ? resolve() : reject(failure)));
  });
  t.teardown(() => new Promise<void>((resolve) => listener.close(0, resolve)));
  return listener;
}

/** What a caller gets to read, or why nothing. */
function ask(port: number, tls: TlsOptions): Promise<string> {
  const endpoint = endpointOf(`https://127.0.0.1:${port}`)!;
  return answer(dialer(tls, silentLogger).dial(endpoint, () => {}));
}

function answer(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('data', (part) => {
      heard += String(part);
    });
    socket.on('error', (error) => resolve(`error: ${error.message}`));
    socket.on('close', () => resolve(heard));
    socket.write('?');
  });
}

t.test('DER: lengths, numbers and ids as X.690 writes them', async (t) => {
  t.equal(der.integer(Buffer.from([0, 0, 5])).toString('hex'), '020105', 'no more octets than needed');
  t.equal(der.integer(Buffer.from([0x80])).toString('hex'), '02020080', 'not negative');
  t.equal(der.objectId('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302');
  t.equal(der.octetString(Buffer.alloc(200)).subarray(0, 3).toString('hex'), '0481c8');
  t.equal(der.octetString(Buffer.alloc(300)).subarray(0, 4).toString('hex'), '0482012c');
  const timeText = (year: number): string =>
    der
      .time(Date.UTC(year, 0, 2, 3, 4, 5))
      .subarray(2)
      .toString();
  t.equal(timeText(2049), '490102030405Z', 'two digits of the year');
  t.equal(timeText(2050), '20500102030405Z', 'and four from 2050 on');
});

t.test('a certificate that a member makes names its hosts and lasts as long as it is told', async (t) => {
  const hosts = ['127.0.0.1', 'localhost', '::1', 'fe80::1:2'];
  const { certificate, key } = makeCertificate({ hosts, years: 2, clock, random, commonName: 'm1' });
  const read = new X509Certificate(certificate);
  t.match(read.subjectAltName, /IP Address:127\.0\.0\.1, DNS:localhost, IP Address:0:0:0:0:0:0:0:1/);
  t.match(read.subjectAltName, /IP Address:FE80:0:0:0:0:0:1:2/);
  t.match(read.subject, /CN=m1/);
  t.ok(read.verify(read.publicKey), 'signed with its own key');
  t.match(key, /BEGIN PRIVATE KEY/);
  const years = (Date.parse(read.validTo) - clock.wallNow()) / (365 * 24 * 3_600_000);
  t.ok(Math.abs(years - 2) < 0.01);
});

t.test('it is kept, and made anew when it is of no use any more', async (t) => {
  const directory = join(t.testdir(), 'fixtures', 'client');
  const options = { directory, hosts: ['localhost'], years: 1, clock, random };
  const first = readFileSync(selfSigned(options).certFile, 'utf8');
  t.equal(readFileSync(selfSigned(options).certFile, 'utf8'), first, 'kept');
  const later = { ...clock, wallNow: () => clock.wallNow() + 400 * 24 * 3_600_000 };
  t.not(readFileSync(selfSigned({ ...options, clock: later }).certFile, 'utf8'), first, 'expired');
});

t.test('whoever calls must show a certificate of an authority that is trusted', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const client = made(dir, 'client', ['127.0.0.1']);
  const stranger = made(dir, 'stranger', ['127.0.0.1']);
  const { port } = await serve(t, { ...server, trustedCaFile: client.certFile });
  const trusted = { trustedCaFile: server.certFile };
  t.equal(await ask(port, { ...client, ...trusted }), 'hello');
  t.not(await ask(port, { ...stranger, ...trusted }), 'hello');
  t.not(await ask(port, { certFile: '', keyFile: '', ...trusted }), 'hello');
  t.match(
    await ask(port, { ...client, trustedCaFile: stranger.certFile }),
    /^error/,
    'nor trusts it blindly',
  );
  t.equal(await ask(port, { ...client, trustsAnyone: true }), 'hello');
});

t.test('a connection with TLS gives its place back when it ends, however it ends', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const stranger = made(dir, 'stranger', ['127.0.0.1']);
  const places = new ConnectionPlaces(1);
  const { port } = await serve(t, server, false, places);
  const free = async (): Promise<void> => {
    while (places.free === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  for (const trusted of [server, stranger, server]) {
    await ask(port, { ...server, trustedCaFile: trusted.certFile });
    await free();
  }
  const silent = connectPlain(port, '127.0.0.1');
  silent.on('error', () => {});
  await new Promise((resolve) => silent.once('connect', resolve));
  while (places.free === 1) await new Promise((resolve) => setTimeout(resolve, 2));
  silent.destroy();
  await free();
  t.equal(await ask(port, { ...server, trustedCaFile: server.certFile }), 'hello');
});

t.test('of those who may, lists of names choose, and the address that a certificate names', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const client = made(dir, 'client', ['a.example.com', '127.0.0.1'], 'm1');
  const away = made(dir, 'away', ['10.1.2.3'], 'm1');
  const anywhere = made(dir, 'anywhere', [], 'm1');
  const outcome = async (caller: CertificateFiles, checks: Partial<TlsOptions>): Promise<string> => {
    const { port } = await serve(t, { ...server, trustedCaFile: caller.certFile, ...checks });
    return ask(port, { ...caller, trustedCaFile: server.certFile });
  };
  t.equal(await outcome(client, { allowedCommonNames: ['m0', 'm1'] }), 'hello');
  t.not(await outcome(client, { allowedCommonNames: ['m2'] }), 'hello');
  t.equal(await outcome(client, { allowedHostnames: ['a.example.com'] }), 'hello');
  t.not(await outcome(client, { allowedHostnames: ['b.example.com'] }), 'hello');
  t.equal(await outcome(client, { checksAddress: true }), 'hello');
  t.not(await outcome(away, { checksAddress: true }), 'hello');
  t.equal(await outcome(anywhere, { checksAddress: true }), 'hello', 'names no address: good for all');
});

t.test('certificates are exchanged while the port is open, and never for a half', async (t) => {
  const dir = t.testdir();
  const first = made(dir, 'first', ['127.0.0.1']);
  const second = made(dir, 'second', ['127.0.0.1']);
  const used = { certFile: join(dir, 'used.pem'), keyFile: join(dir, 'used.key') };
  const install = (files: CertificateFiles): void => {
    copyFileSync(files.certFile, used.certFile);
    copyFileSync(files.keyFile, used.keyFile);
  };
  install(first);
  const { port } = await serve(t, used);
  const trusts = (files: CertificateFiles): Promise<string> =>
    ask(port, { certFile: '', keyFile: '', trustedCaFile: files.certFile });
  t.equal(await trusts(first), 'hello');
  writeFileSync(used.certFile, readFileSync(second.certFile));
  t.equal(await trusts(first), 'hello', 'the key of the new one is not there yet');
  install(second);
  t.equal(await trusts(second), 'hello');
  t.match(await trusts(first), /^error/);
});

t.test('versions and cipher suites can be chosen', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const { port } = await serve(t, {
    ...server,
    maxVersion: 'TLSv1.2',
    cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  });
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca: readFileSync(server.certFile) });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  t.equal(socket.getProtocol(), 'TLSv1.2');
  t.equal(socket.getCipher().name, 'ECDHE-ECDSA-AES256-GCM-SHA384');
  socket.destroy();
  t.throws(() => opensslCiphers(['TLS_NO_SUCH']), /TLS_NO_SUCH/);
});

t.test('a missing certificate is a clear refusal, before anybody connects', async (t) => {
  const failure = await serve(t, { certFile: '/no/such.pem', keyFile: '/no/such.key' }).then(
    () => null,
    (error: Error) => error,
  );
  t.match(failure?.message, /TLS cannot be served: .*\/no\/such\.pem/);
});

t.test('who connects to a port that is held waits, and is served when it is released', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const listener = await serve(t, server, true);
  let heard: string | null = null;
  const asked = ask(listener.port, { certFile: '', keyFile: '', trustedCaFile: server.certFile }).then(
    (text) => {
      heard = text;
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(heard, null);
  listener.release();
  await asked;
  t.equal(heard, 'hello');
});

t.test('the log says on whose endpoint a connection was rejected', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const said: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => said.push(message) };
  for (const side of ['client', 'peer'] as const) {
    const listener = new Listener({
      host: '127.0.0.1',
      port: 0,
      tls: { ...server, trustedCaFile: server.certFile },
      side,
      maxConnections: 10,
      runtime: { ...runtime, log },
      protocols: [],
    });
    await new Promise<void>((resolve) => listener.listen(() => resolve()));
    await ask(listener.port, { certFile: '', keyFile: '', trustedCaFile: server.certFile });
    await new Promise<void>((resolve) => listener.close(0, resolve));
    t.same(said.splice(0), [`rejected connection on ${side} endpoint`]);
  }
});

t.test('what is wrong with a certificate or a handshake is said in plain words', async (t) => {
  const dir = t.testdir();
  const server = made(dir, 'server', ['127.0.0.1']);
  const stranger = made(dir, 'stranger', ['127.0.0.1']);
  const late = { ...clock, wallNow: () => clock.wallNow() - 800 * 24 * 3_600_000 };
  const { certificate, key } = makeCertificate({ hosts: ['127.0.0.1'], years: 1, clock: late, random });
  const old = { certFile: join(dir, 'old.pem'), keyFile: join(dir, 'old.key') };
  writeFileSync(old.certFile, certificate);
  writeFileSync(old.keyFile, key);
  const trusted = join(dir, 'trusted.pem');
  writeFileSync(trusted, readFileSync(server.certFile, 'utf8') + certificate);

  const said: unknown[] = [];
  const log = {
    ...silentLogger,
    warn: (_text: string, facts?: Record<string, unknown>) => said.push(facts?.['error']),
  };
  const listener = new Listener({
    host: '127.0.0.1',
    port: 0,
    tls: { ...server, trustedCaFile: trusted },
    maxConnections: 10,
    runtime: { ...runtime, log },
    protocols: [{ recognise: () => true, accept: (socket) => socket.resume().end('hello') }],
  });
  await new Promise<void>((resolve) => listener.listen(() => resolve()));
  t.teardown(() => new Promise<void>((resolve) => listener.close(0, resolve)));
  const heard = async (what: string, call: () => Promise<unknown>, expected: RegExp): Promise<void> => {
    said.length = 0;
    await call();
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    t.match(said[0], expected, what);
  };
  const trust = { trustedCaFile: server.certFile };
  await heard(
    'none',
    () => ask(listener.port, { certFile: '', keyFile: '', ...trust }),
    /shown no certificate: give it one .*--cert/,
  );
  await heard(
    'an unknown one',
    () => ask(listener.port, { ...stranger, ...trust }),
    /no authority that is trusted/,
  );
  await heard('an old one', () => ask(listener.port, { ...old, ...trust }), /has expired: renew it/);
  await heard(
    'no TLS',
    async () => {
      const socket = connectPlain(listener.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    },
    /does not speak TLS: use https/,
  );
  t.match(
    connectionProblem(
      Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', reason: 'IP: …' }),
    ),
    /does not name the host that was called: IP: …/,
  );
  t.equal(
    connectionProblem(new Error('ECONNREFUSED')),
    'ECONNREFUSED',
    'what is not of TLS is left as it is',
  );
  const start = (files: CertificateFiles): string => {
    try {
      dialer(files, silentLogger);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  t.match(start({ ...server, keyFile: stranger.keyFile }), /stranger\.key is not the key of .*server\.pem/);
  writeFileSync(stranger.certFile, 'nothing');
  t.match(start(stranger), /stranger\.pem holds no certificate in the form of PEM/);
});

t.test('closing a port ends those who never shook hands', async (t) => {
  const dir = t.testdir();
  const listener = await serve(t, made(dir, 'server', ['127.0.0.1']));
  const socket = connectPlain(listener.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const gone = new Promise((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve) => listener.close(50, resolve));
  await gone;
});

t.test(
  'a certificate on a list of revoked ones is refused, and others are not, also when the list is past its date',
  async (t) => {
    const dir = t.testdir();
    const good = made(dir, 'good', ['127.0.0.1'], 'good');
    const bad = made(dir, 'bad', ['127.0.0.1'], 'bad');
    const trusted = join(dir, 'trusted.pem');
    writeFileSync(trusted, readFileSync(good.certFile, 'utf8') + readFileSync(bad.certFile, 'utf8'));
    const crlFile = join(dir, 'revoked.crl');
    writeFileSync(crlFile, listOf([serialOf(bad)]));
    const { port } = await serve(t, { ...good, trustedCaFile: trusted, clientCertAuth: true, crlFile });
    t.equal(await ask(port, { ...good, trustedCaFile: trusted }), 'hello');
    t.not(await ask(port, { ...bad, trustedCaFile: trusted }), 'hello');
    t.equal(await ask(port, { ...good, trustedCaFile: trusted, crlFile }), 'hello');
    writeFileSync(crlFile, listOf([serialOf(good), serialOf(bad)]));
    t.match(
      await ask(port, { ...good, trustedCaFile: trusted, crlFile }),
      'revoked',
      'whoever calls looks, too',
    );
    writeFileSync(crlFile, listOf([]));
    t.equal(await ask(port, { ...bad, trustedCaFile: trusted }), 'hello', 'the list is read again');
    writeFileSync(crlFile, 'no list');
    t.equal(await ask(port, { ...bad, trustedCaFile: trusted }), 'hello', 'what is no list changes nothing');
    const refused = new Listener({
      host: '127.0.0.1',
      port: 0,
      tls: { ...good, crlFile },
      maxConnections: 1,
      runtime,
      protocols: [],
    });
    const failure = await new Promise<Error | null>((resolve) => refused.listen(resolve));
    t.match(failure?.message, 'TLS cannot be served');
  },
);
