import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Client, connect } from '../../src/client/index.ts';
import { type Member, type StartOptions, startCluster, startMember } from '../../src/index.ts';
import { makeCertificate } from '../../src/rpc/self-signed.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { failing } from '../client/failing.ts';

const { clock, random } = nodeRuntime();

async function start(t: Test, options: StartOptions): Promise<Member> {
  const member = await startMember({
    memory: true,
    heartbeatMs: 20,
    electionMs: 200,
    listenClientUrls: ['http://127.0.0.1:0'],
    ...options,
  });
  t.teardown(() => member.close());
  return member;
}

async function clientOf(t: Test, member: Member, options = {}): Promise<Client> {
  const client = connect({ endpoints: member.clientUrls, ...options });
  t.teardown(() => client.close());
  return client;
}

/** Repeats until it throws. */
async function untilCompacted(client: Client, revision: number): Promise<unknown> {
  for (let round = 0; round < 6000; round++) {
    try {
      await client.get('a', { revision });
    } catch (error) {
      return error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return null;
}

t.test('history goes by itself, and the newest stays; where auth is on, too', async (t) => {
  const member = await start(t, { autoCompaction: { mode: 'periodic', periodMs: 200 } });
  const client = await clientOf(t, member);
  await client.put('a', '1');
  await client.put('a', '2');
  t.match(await untilCompacted(client, 2), { reason: 'compacted' });
  t.equal((await client.get('a'))?.value.toString(), '2');

  await client.auth.users.add('root', 'secret');
  await client.auth.users.grantRole('root', 'root');
  await client.auth.enable();
  const root = await clientOf(t, member, { auth: { username: 'root', password: 'secret' } });
  await root.put('a', '3');
  await root.put('a', '4');
  t.match(await untilCompacted(root, 4), { reason: 'compacted' });
});

t.test('the common name of a certificate is the user of a call', async (t) => {
  const dir = t.testdir();
  const made = (name: string): { cert: string; key: string; file: string; keyFile: string } => {
    const { certificate: cert, key } = makeCertificate({
      hosts: ['127.0.0.1'],
      years: 1,
      clock,
      random,
      commonName: name,
    });
    const [file, keyFile] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
    writeFileSync(file, cert);
    writeFileSync(keyFile, key);
    return { cert, key, file, keyFile };
  };
  const [server, root, alice] = [made('server'), made('root'), made('alice')];
  const trusted = join(dir, 'users.pem');
  writeFileSync(trusted, root.cert + alice.cert);
  const member = await start(t, {
    listenClientUrls: ['https://127.0.0.1:0'],
    clientTls: {
      certFile: server.file,
      keyFile: server.keyFile,
      trustedCaFile: trusted,
      clientCertAuth: true,
    },
  });
  const ca = readFileSync(server.file);
  const asRoot = await clientOf(t, member, { tls: { ca, cert: root.cert, key: root.key } });
  await asRoot.auth.users.add('root', 'secret');
  await asRoot.auth.users.grantRole('root', 'root');
  await asRoot.auth.users.add('alice', 'secret');
  await asRoot.auth.enable();
  await asRoot.put('a', '1');
  const asAlice = await clientOf(t, member, { tls: { ca, cert: alice.cert, key: alice.key } });
  await t.rejects(asAlice.put('a', '2'), { message: /permission denied/ });
});

t.test('a quota ends puts with NOSPACE, and deletes go on', async (t) => {
  const member = await start(t, { quotaBytes: 20_000 });
  const client = await clientOf(t, member);
  const value = Buffer.alloc(4000);
  const fill = async (): Promise<void> => {
    for (let key = 0; key < 20; key++) await client.put(`k${key}`, value);
  };
  await t.rejects(fill(), { message: /database space exceeded/ });
  await client.delete('k0');
});

t.test('what a program gets wrong is told in its own words', async (t) => {
  const text = 'http://127.0.0.1:0' as unknown as string[];
  const badConfig = (message: string) => failing({ reason: 'badConfig', message });
  await t.rejects(
    startMember({ memory: true, listenClientUrls: text }),
    badConfig('listenClientUrls must be a list of URLs'),
  );
  await t.rejects(startMember({ dataDir: '' }), badConfig('dataDir is empty: give a path'));
  for (const members of [0, 2.5, -1, Number.NaN]) {
    const message = `members must be a positive integer, not ${members}`;
    await t.rejects(startCluster({ members }), badConfig(message));
  }
  const dataDir = join(t.testdir(), 'data');
  await using _first = await startMember({ dataDir });
  const message = /is locked by this process .*Close the other member first/;
  await t.rejects(startMember({ dataDir }), failing({ reason: 'dataDirLocked', message }));
});
