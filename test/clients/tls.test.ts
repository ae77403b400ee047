import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Workplace } from '../../bench/children.ts';
import { startMember } from '../../src/index.ts';
import { makeCertificate } from '../../src/rpc/self-signed.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { missingPrograms, run } from './harness.ts';

const { clock, random } = nodeRuntime();

t.test(
  'etcdctl with --cacert, --cert and --key is served, and is the user that its certificate names',
  { skip: missingPrograms('etcdctl') },
  async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const path = (name: string): string => join(workplace.folder, name);
    const make = (name: string): string => {
      const hosts = ['127.0.0.1'];
      const { certificate, key } = makeCertificate({ hosts, years: 1, clock, random, commonName: name });
      writeFileSync(path(`${name}.pem`), certificate);
      writeFileSync(path(`${name}.key`), key);
      return certificate;
    };
    make('server');
    writeFileSync(path('users.pem'), make('root') + make('alice'));
    const member = await startMember({
      memory: true,
      heartbeatMs: 50,
      electionMs: 500,
      listenClientUrls: ['https://127.0.0.1:0'],
      clientTls: {
        certFile: path('server.pem'),
        keyFile: path('server.key'),
        trustedCaFile: path('users.pem'),
        clientCertAuth: true,
      },
    });
    t.teardown(() => member.close());
    const ctl = (user: string, line: string): ReturnType<typeof run> => {
      const tls = [
        `--cacert=${path('server.pem')}`,
        `--cert=${path(`${user}.pem`)}`,
        `--key=${path(`${user}.key`)}`,
      ];
      const words = ['etcdctl', ...tls, `--endpoints=${member.clientUrls[0]}`, ...line.split(' ')];
      return run(workplace, words, { env: { ETCDCTL_API: '3' } });
    };
    for (const line of [
      'put free 1',
      'user add root --new-user-password=x',
      'user grant-role root root',
      'role add some',
      'role grant-permission some readwrite mine',
      'user add alice --new-user-password=x',
      'user grant-role alice some',
      'auth enable',
    ]) {
      const { code, err } = await ctl('root', line);
      t.equal(code, 0, `${line}: ${err}`);
    }
    t.equal((await ctl('alice', 'put mine 1')).code, 0);
    t.match((await ctl('alice', 'put free 2')).err, /permission denied/);
    t.match((await ctl('root', 'get free')).out, /free\n1/);
  },
);
