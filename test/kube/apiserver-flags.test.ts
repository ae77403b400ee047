/** The command line of kube-apiserver: what harnesses give is taken, what cannot be kept is refused, all at once. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  type ApiserverOptions,
  apiserverFlags,
  plainArguments,
  pluginWarnings,
} from '../../src/cli/apiserver-flags.ts';
import { setUpApiserver } from '../../src/cli/apiserver-setup.ts';
import { parseFlags } from '../../src/cli/flags.ts';
import { parseTokenFile } from '../../src/kube/auth/token-file.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { servedResources } from '../../src/kube/registry/runtime-config.ts';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const runtime = nodeRuntime();

function parse(...argv: string[]) {
  const { values, problems, warnings } = parseFlags(apiserverFlags(true), plainArguments(argv));
  return { options: values as unknown as ApiserverOptions, problems, warnings };
}

t.test('the command line of envtest is taken without a word', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const { cert, key } = makeCertificate(
    { commonName: 'ca', isAuthority: true, now: runtime.clock.wallNow(), validDays: 1 },
    null,
    runtime.random,
  );
  for (const name of ['client-cert-auth-ca.crt', 'apiserver.crt', 'sa-signer.crt']) {
    writeFileSync(join(dir, name), cert);
  }
  for (const name of ['apiserver.key', 'sa-signer.key']) writeFileSync(join(dir, name), key);
  const { options, problems, warnings } = parse(
    ...['--allow-privileged=true', '--authorization-mode=RBAC', '--bind-address=127.0.0.1'],
    ...[`--cert-dir=${dir}`, `--client-ca-file=${dir}/client-cert-auth-ca.crt`],
    ...['--disable-admission-plugins=ServiceAccount', '--etcd-servers=http://127.0.0.1:2379'],
    ...['--secure-port=6443', '--service-account-issuer=https://127.0.0.1:6443/'],
    ...[`--service-account-key-file=${dir}/sa-signer.crt`],
    ...[`--service-account-signing-key-file=${dir}/sa-signer.key`],
    '--service-cluster-ip-range=10.0.0.0/24',
  );
  t.strictSame([problems, warnings], [[], []]);
  const setup = setUpApiserver(options, true, runtime, problems);
  t.strictSame(problems, []);
  t.match(setup?.plane, {
    ...{ host: '127.0.0.1', port: 6443, insecurePort: null, anonymous: true },
    tls: { cert, key, clientAuthorities: cert },
    authorizationModes: ['RBAC'],
    allowsPrivileged: true,
    serviceAccountIssuer: 'https://127.0.0.1:6443/',
    serviceAccountKey: key,
    serviceAccountKeys: [cert],
    serviceRange: '10.0.0.0/24',
    disabledPlugins: ['ServiceAccount'],
  });
  t.equal(setup?.files, null, 'nobody is given an administrator’s token');
});

t.test('without words about certificates it makes one, and keeps it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'k-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const { options, problems } = parse(
    `--cert-dir=${join(dir, 'made')}`,
    '--etcd-servers=http://127.0.0.1:2379',
  );
  const first = setUpApiserver(options, true, runtime, problems);
  const second = setUpApiserver(options, true, runtime, problems);
  t.strictSame(problems, []);
  t.equal(first?.plane.tls?.cert, readFileSync(join(dir, 'made', 'apiserver.crt'), 'utf8'));
  t.equal(second?.plane.tls?.cert, first?.plane.tls?.cert);
  t.equal(first?.plane.anonymous, false, 'who may do everything must have a name');
});

t.test('everything that is wrong is said at once', async (t) => {
  const { options, problems } = parse(
    ...['--authorization-mode=Webhook', '--no-such-flag', '--encryption-provider-config=keys.yaml'],
    ...['--enable-admission-plugins=Nonsense', '--etcd-cafile=/no/such/file', '--tls-cert-file=/nor/this'],
    ...['--runtime-config=apps/v1=perhaps', '--service-node-port-range=9-8'],
  );
  setUpApiserver(options, true, runtime, problems);
  for (const pattern of [
    /--authorization-mode: the mode Webhook is not there/,
    /unknown flag --no-such-flag/,
    /--encryption-provider-config: objects are not encrypted here/,
    /--enable-admission-plugins: the plugin "Nonsense" is unknown/,
    /--etcd-cafile: ENOENT/,
    /--tls-cert-file and --tls-private-key-file go together/,
    /--runtime-config: apps\/v1 must be true or false/,
    /--service-node-port-range: must be a range of ports/,
    /--etcd-servers must be specified/,
  ]) {
    t.ok(
      problems.some((problem) => pattern.test(problem)),
      String(pattern),
    );
  }
});

t.test('flags are read as kube-apiserver reads them', async (t) => {
  const { options, problems, warnings } = parse(
    ...['--etcd_servers=http://a:1', '--etcd-servers', 'http://b:2,http://c:3', '-v=4'],
    ...['--authorization-mode=Node', '--authorization-mode=RBAC', '--feature-gates=A=true'],
  );
  t.strictSame(problems, []);
  t.strictSame(options.etcdServers, ['http://a:1', 'http://b:2', 'http://c:3']);
  t.strictSame(options.authorizationMode, ['Node', 'RBAC']);
  t.match(warnings, [/^--(feature-gates|v) has no effect/, /^--(feature-gates|v) has no effect/]);
});

t.test('plugins that are here are enabled without a word, others with a warning', async (t) => {
  const here = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook', 'ValidatingAdmissionPolicy'];
  t.strictSame(pluginWarnings([...here, 'MutatingAdmissionPolicy', 'LimitRanger']), []);
  t.match(pluginWarnings(['NodeRestriction', 'CertificateSigning']), [/CertificateSigning has no effect/]);
  const { options, problems } = parse(`--disable-admission-plugins=${here.join()}`);
  t.strictSame([problems, options.disableAdmissionPlugins], [[], here]);
});

t.test('a file of tokens gives users, uids and groups', async (t) => {
  const users = parseTokenFile('# who\nt1,alice,1,"dev, ops"\n\nt2,bob,2\nt3,"c ""d""",3,dev\n');
  t.strictSame(users.get('t1'), {
    ...{ username: 'alice', uid: '1', extra: {} },
    groups: ['dev', 'ops', 'system:authenticated'],
  });
  t.strictSame(users.get('t2')?.groups, ['system:authenticated']);
  t.equal(users.get('t3')?.username, 'c "d"');
  t.throws(() => parseTokenFile('t1,alice\n'), /line 1: expected at least 3 columns/);
});

t.test('groups and versions that are turned off are not served', async (t) => {
  const names = (config: Record<string, boolean>) =>
    new Set(
      servedResources(builtInResources, config).map(({ group, version, plural }) =>
        [group, version, plural].join('/'),
      ),
    );
  t.notOk(names({ 'apps/v1': false }).has('apps/v1/deployments'));
  t.ok(names({ 'apps/v1': false }).has('/v1/pods'));
  const few = names({ 'api/all': false, v1: true, 'apps/v1/deployments': true });
  t.ok(few.has('/v1/pods') && few.has('apps/v1/deployments'));
  t.notOk(few.has('apps/v1/replicasets') || few.has('batch/v1/jobs'));
});
