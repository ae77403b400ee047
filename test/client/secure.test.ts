/** TLS, certificates of clients, and Unix sockets, against a real etcd. */

import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { endChild, Workplace } from '../../bench/children.ts';
import { freePorts } from '../../bench/ports.ts';
import { connect, EtcdError } from '../../src/client/index.ts';
import { missingPrograms } from '../clients/harness.ts';
import { socketFolder } from '../socket-folder.ts';

interface Certificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** An authority and one certificate for both ends, for 127.0.0.1 and the name `member.test`. */
function makeCertificates(folder: string): Certificates {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  openssl('req', ...newKey, '-subj', '/CN=root', '-keyout', file('one.key'), '-out', file('one.csr'));
  writeFileSync(
    file('ext'),
    'subjectAltName=IP:127.0.0.1,DNS:member.test\nextendedKeyUsage=serverAuth,clientAuth\n',
  );
  const signed = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('ext'),
  ];
  openssl('x509', '-req', '-in', file('one.csr'), ...signed, '-days', '2', '-out', file('one.pem'));
  const files = { ca: file('ca.pem'), cert: file('one.pem'), key: file('one.key') };
  return { files, ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
}

t.test(
  'a client over TLS and over a Unix socket',
  { skip: missingPrograms('etcd', 'openssl') },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const { ca, cert, key, files } = makeCertificates(workplace.folder);
    const [port, peerPort] = await freePorts(2);
    const url = `https://127.0.0.1:${port}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const etcd = workplace.spawn(
      'etcd',
      [
        '--logger=zap',
        `--data-dir=${join(workplace.folder, 'data')}`,
        `--listen-client-urls=${url},unix://local.sock:0`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        `--cert-file=${files.cert}`,
        `--key-file=${files.key}`,
        `--trusted-ca-file=${files.ca}`,
        '--client-cert-auth',
      ],
      'etcd.log',
    );
    t.teardown(() => endChild(etcd, 'SIGTERM'));
    const tls = { ca, cert, key };

    await t.test('with a certificate that the members trust, also under another name', async (t) => {
      await using client = connect({ endpoints: url, tls, timeoutMs: 60_000 });
      await client.put('secure', 'yes');
      t.equal((await client.get('secure'))?.text, 'yes');
      await using named = connect({
        endpoints: `127.0.0.1:${port}`,
        tls: { ...tls, serverName: 'member.test' },
      });
      t.equal((await named.get('secure'))?.text, 'yes');
    });

    await t.test('not to a member it does not trust, nor one that does not trust it', async (t) => {
      // The first attempt has to come to its end before the time is over, which a busy machine may need more of.
      const refusedWith = async (tls: object, pattern: RegExp) => {
        let refusal: unknown = null;
        for (let timeoutMs = 700; timeoutMs < 60_000; timeoutMs *= 4) {
          await using client = connect({ endpoints: url, timeoutMs, tls });
          refusal = await client.get('secure').catch((error: unknown) => error);
          if (refusal instanceof EtcdError && pattern.test(refusal.message)) break;
        }
        t.match(refusal, { reason: 'deadlineExceeded', message: pattern });
      };
      await refusedWith({ cert, key }, /certificate/);
      await refusedWith({ ca }, /./);
      await refusedWith({ ...tls, serverName: 'other.test' }, /other\.test/);
      await using trusting = connect({ endpoints: url, tls: { cert, key, insecureSkipVerify: true } });
      t.equal((await trusting.get('secure'))?.text, 'yes');
    });

    await t.test('over a Unix socket', async (t) => {
      const here = join(socketFolder(t), 'here');
      symlinkSync(workplace.folder, here);
      await using client = connect({ endpoints: `unix://${join(here, 'local.sock:0')}` });
      t.equal((await client.get('secure'))?.text, 'yes');
    });
  },
);
