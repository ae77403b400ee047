import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get as httpGet, type RequestOptions } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { type TlsOptions as ClientTls, connect } from '../../src/client/index.ts';
import { type Member, type StartOptions, startMember } from '../../src/index.ts';
import { type CertificateFiles, makeCertificate } from '../../src/rpc/self-signed.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { socketFolder } from '../socket-folder.ts';

const { clock, random } = nodeRuntime();
const quick = { heartbeatMs: 100, electionMs: 2000 };

function certificate(dir: string, name: string, commonName?: string): CertificateFiles {
  const named = commonName === undefined ? {} : { commonName };
  const hosts = ['127.0.0.1', 'localhost'];
  const made = makeCertificate({ hosts, years: 1, clock, random, ...named });
  const files = { certFile: join(dir, `${name}.pem`), keyFile: join(dir, `${name}.key`) };
  writeFileSync(files.certFile, made.certificate);
  writeFileSync(files.keyFile, made.key);
  return files;
}

async function start(t: Test, options: StartOptions): Promise<Member> {
  const place = options.dataDir === undefined ? { memory: true } : {};
  const member = await startMember({ ...quick, ...place, ...options });
  t.teardown(() => member.close());
  return member;
}

async function client(t: Test, endpoints: readonly string[], tls?: ClientTls) {
  const made = connect({ endpoints, ...(tls === undefined ? {} : { tls }) });
  t.teardown(async () => (await made).close());
  return made;
}

/** Status and body. */
function fetchText(options: RequestOptions & { ca?: Buffer }): Promise<string> {
  const get = options.ca === undefined ? httpGet : httpsGet;
  return new Promise((resolve, reject) => {
    get({ agent: false, ...options }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    }).on('error', reject);
  });
}

const portOf = (url: string): number => Number(url.slice(url.lastIndexOf(':') + 1));

t.test('clients are served at a Unix socket, with TLS or without, even where one was left', async (t) => {
  const dir = socketFolder(t);
  const server = certificate(dir, 'server');
  const [plain, secure] = [join(dir, 'plain.sock'), join(dir, 'secure.sock')];
  writeFileSync(plain, 'left from before');
  const member = await start(t, {
    listenClientUrls: [`unix://${plain}`, `unixs://${secure}`],
    clientTls: server,
  });
  t.same(member.clientUrls, [`unix://${plain}`, `unixs://${secure}`]);
  const kv = await client(t, [`unix://${plain}`]);
  await kv.put('a', 'b');
  await member.ready;
  t.equal(await fetchText({ socketPath: plain, path: '/health' }), '200 {"health":"true","reason":""}');
  const ca = readFileSync(server.certFile);
  t.match(await fetchText({ socketPath: secure, path: '/health', ca, host: 'localhost' }), /^200/);
  await member.close();
  t.notOk(existsSync(plain), 'nothing is left');
});

t.test(
  'three members find together over mutual TLS, and a client with a certificate is served',
  async (t) => {
    const dir = t.testdir();
    const peer = certificate(dir, 'peer', 'member');
    const server = certificate(dir, 'server');
    const user = certificate(dir, 'user', 'alice');
    const ports = await freePorts(3);
    const urls = ports.map((port) => `https://127.0.0.1:${port}`);
    const initialCluster = { m1: [urls[0]!], m2: [urls[1]!], m3: [urls[2]!] };
    const peerTls = {
      ...peer,
      trustedCaFile: peer.certFile,
      clientCertAuth: true,
      allowedCommonNames: ['member'],
      checksAddress: true,
    };
    const clientTls = { ...server, trustedCaFile: user.certFile, clientCertAuth: true };
    const members = await Promise.all(
      ['m1', 'm2', 'm3'].map((name, index) =>
        start(t, {
          name,
          initialCluster,
          listenPeerUrls: [urls[index]!],
          peerTls,
          listenClientUrls: ['https://127.0.0.1:0'],
          clientTls,
        }),
      ),
    );
    await Promise.all(members.map((member) => member.ready));
    const endpoints = members.flatMap((member) => member.clientUrls);
    const tls = {
      ca: readFileSync(server.certFile),
      cert: readFileSync(user.certFile),
      key: readFileSync(user.keyFile),
    };
    const kv = await client(t, endpoints, tls);
    await kv.put('a', 'b');
    t.equal(members.filter((member) => member.status().role === 'leader').length, 1);

    // Who has no certificate is not let in at the peer port either.
    const refused = fetchText({
      port: ports[0]!,
      host: '127.0.0.1',
      path: '/version',
      ca: readFileSync(peer.certFile),
    });
    await t.rejects(refused);
  },
);

t.test('a member joins a running cluster over TLS', async (t) => {
  const dir = t.testdir();
  const peer = certificate(dir, 'peer');
  const peerTls = { ...peer, trustedCaFile: peer.certFile };
  const [one, two] = (await freePorts(2)).map((port) => `https://127.0.0.1:${port}`);
  const first = await start(t, {
    name: 'm1',
    initialCluster: { m1: [one!] },
    listenPeerUrls: [one!],
    listenClientUrls: ['http://127.0.0.1:0'],
    peerTls,
  });
  const kv = await client(t, first.clientUrls);
  await kv.put('a', 'b');
  await kv.members.add([two!], { learner: true });
  const second = await start(t, {
    name: 'm2',
    initialCluster: { m1: [one!], m2: [two!] },
    initialClusterState: 'existing',
    listenPeerUrls: [two!],
    peerTls,
  });
  await second.ready;
  t.same(
    second
      .members()
      .map(({ name }) => name)
      .sort(),
    ['m1', 'm2'],
  );
});

t.test('HTTP/2 that is not gRPC is answered as HTTP/1.1 is', async (t) => {
  const dir = t.testdir();
  const server = certificate(dir, 'server');
  const member = await start(t, { listenClientUrls: ['https://127.0.0.1:0'], clientTls: server });
  await member.ready;
  const session = connectHttp2(member.clientUrls[0]!, { ca: readFileSync(server.certFile) });
  t.teardown(() => session.close());
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path });
      let status = 0;
      let body = '';
      stream.on('response', (headers) => {
        status = headers[':status'] ?? 0;
      });
      stream.on('data', (part) => {
        body += part;
      });
      stream.on('end', () => resolve(`${status} ${body}`));
      stream.on('error', reject);
    });
  t.equal(await ask('/health'), '200 {"health":"true","reason":""}');
  t.equal(await ask('/nothing'), '404 404 page not found\n');
  session.close();
});

t.test('metrics have a port of their own, and HTTP alone may have one', async (t) => {
  const [metrics, http] = await freePorts(2);
  const member = await start(t, {
    listenClientUrls: ['http://127.0.0.1:0'],
    listenClientHttpUrls: [`http://127.0.0.1:${http}`],
    listenMetricsUrls: [`http://127.0.0.1:${metrics}`],
  });
  await member.ready;
  const host = '127.0.0.1';
  t.match(await fetchText({ host, port: metrics, path: '/health' }), /^200/);
  t.match(await fetchText({ host, port: metrics, path: '/readyz?verbose' }), /^200/);
  t.match(await fetchText({ host, port: metrics, path: '/version' }), /^404/);
  t.match(await fetchText({ host, port: http, path: '/version' }), /^200/);
  await t.rejects(fetchText({ host, port: portOf(member.clientUrls[0]!), path: '/health' }), 'gRPC alone');
  const kv = await client(t, member.clientUrls);
  await kv.put('a', 'b');
});

t.test('who connects before there is a leader waits for one, but not for ever', async (t) => {
  const [one, two] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
  const member = await start(t, {
    name: 'm1',
    initialCluster: { m1: [one!], m2: [two!] },
    listenClientUrls: ['http://127.0.0.1:0'],
    clientsWaitMs: 300,
  });
  const began = clock.now();
  const answer = await fetchText({ host: '127.0.0.1', port: portOf(member.clientUrls[0]!), path: '/health' });
  t.ok(clock.now() - began > 200, 'it waited');
  t.match(answer, /^503 .*RAFT NO LEADER/);
});

t.test('the log may have a directory of its own', async (t) => {
  const dir = t.testdir();
  const options = { dataDir: join(dir, 'data'), walDir: join(dir, 'log') };
  const member = await start(t, options);
  await member.ready;
  await member.close();
  t.ok(existsSync(join(dir, 'log')));
  t.notOk(existsSync(join(dir, 'data', 'wal')));
  await (await start(t, options)).ready;
});

t.test('TLS without a certificate is refused with all other problems', async (t) => {
  await t.rejects(
    startMember({ memory: true, listenClientUrls: ['https://127.0.0.1:0', 'ftp://x:1'], electionMs: 1 }),
    { message: /^electionMs must be.*; listenClientUrls: .*the scheme must be.*; .*needs clientTls$/ },
  );
  await t.rejects(startMember({ memory: true, listenClientUrls: [`unix:///${'x'.repeat(200)}`] }), {
    message: /at most 107 bytes/,
  });
});

t.test('an address that is listed with TLS and without serves both at one port, gRPC and HTTP', async (t) => {
  const dir = t.testdir();
  const server = certificate(dir, 'server');
  const ca = readFileSync(server.certFile);
  const [port] = await freePorts(1);
  const host = '127.0.0.1';
  const urls = [`http://${host}:${port}`, `https://${host}:${port}`];
  const member = await start(t, { listenClientUrls: urls, clientTls: server });
  t.same(member.clientUrls, urls);
  await (await client(t, [urls[0]!])).put('k', 'in the clear');
  const secure = await client(t, [urls[1]!], { ca });
  t.equal((await secure.get('k'))?.text, 'in the clear');
  t.match(await fetchText({ host, port, path: '/version' }), /^200 .*etcdserver/);
  t.match(await fetchText({ host, port, path: '/version', ca }), /^200 .*etcdserver/);
});
