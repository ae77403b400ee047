/** The API server as a process of its own: on Keelson and on a real etcd, found again after a restart. */

import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import { endChild, Workplace } from '../../bench/children.ts';
import { freePorts } from '../../bench/ports.ts';
import { missingPrograms, run, startServers } from '../clients/harness.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

async function untilSaid(workplace: Workplace, log: string, pattern: RegExp): Promise<void> {
  const until = Date.now() + 240_000;
  const file = join(workplace.folder, log);
  while (!pattern.test(readFileSync(file, 'utf8'))) {
    if (Date.now() > until) throw new Error(`${log}: ${workplace.lastWords(log)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

for (const system of ['keelson', 'etcd'] as const) {
  const skip = missingPrograms('kubectl', ...(system === 'etcd' ? ['etcd'] : []));
  t.test(`kubectl works through keelson apiserver on ${system}`, { skip }, async (t) => {
    const workplace = new Workplace();
    t.teardown(() => workplace.close());
    const servers = await startServers(system, 1, workplace);
    const [port] = await freePorts(1);
    const certDir = join(workplace.folder, 'kube');
    const start = (round: number) =>
      workplace.spawn(
        process.execPath,
        [
          ...['--import', import.meta.resolve('tsx'), main, 'apiserver'],
          ...[
            `--etcd-servers=${servers.members[0]!.clientUrl}`,
            `--secure-port=${port}`,
            `--cert-dir=${certDir}`,
          ],
        ],
        `apiserver-${round}.log`,
      );
    const kubectl = async (...args: string[]): Promise<string> => {
      const ran = await run(workplace, ['kubectl', `--kubeconfig=${join(certDir, 'kubeconfig')}`, ...args]);
      if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.err}`);
      return ran.out;
    };
    const first = start(1);
    await untilSaid(workplace, 'apiserver-1.log', /export KUBECONFIG=/);
    t.match(await kubectl('create', 'configmap', 'kept', '--from-literal=a=b'), /created/);
    t.match(await kubectl('get', 'namespaces'), /default +Active/);
    await endChild(first, 'SIGTERM');
    t.equal(first.exitCode, 0, 'it ends by itself on SIGTERM');
    const second = start(2);
    await untilSaid(workplace, 'apiserver-2.log', /export KUBECONFIG=/);
    t.equal(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'), 'b');
    await endChild(second, 'SIGTERM');
    await servers.stop();
  });
}

t.test('as kube-apiserver it ends in time when its store is gone before it', async (t) => {
  const workplace = new Workplace();
  t.teardown(() => workplace.close());
  const servers = await startServers('keelson', 1, workplace);
  const [port] = await freePorts(1);
  const certDir = join(workplace.folder, 'certs');
  const child = workplace.spawn(
    process.execPath,
    [
      ...['--import', import.meta.resolve('tsx'), main, 'kube-apiserver', '--authorization-mode=RBAC'],
      ...[
        `--etcd-servers=${servers.members[0]!.clientUrl}`,
        `--secure-port=${port}`,
        `--cert-dir=${certDir}`,
      ],
      ...['--bind-address=127.0.0.1', '--service-cluster-ip-range=10.0.0.0/24', '--allow-privileged=true'],
      `--audit-log-path=${join(workplace.folder, 'audit.log')}`,
    ],
    'kube-apiserver.log',
  );
  await untilSaid(workplace, 'kube-apiserver.log', /serving the Kubernetes API at https/);
  t.notMatch(workplace.lastWords('kube-apiserver.log'), /KUBECONFIG/);
  t.strictSame(
    readdirSync(certDir).sort(),
    ['apiserver.crt', 'apiserver.key'],
    'and nothing else is left there',
  );
  const code = await new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: port!,
      path: '/readyz',
      rejectUnauthorized: false,
      agent: false,
    };
    get(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  t.equal(code, 200, 'everybody may ask whether it is ready');
  await servers.stop();
  child.kill('SIGTERM');
  const ended = await new Promise((resolve) => {
    const late = setTimeout(() => resolve('still there'), 240_000);
    child.once('exit', (status) => {
      clearTimeout(late);
      resolve(status);
    });
  });
  t.equal(ended, 0);
  const [line] = readFileSync(join(workplace.folder, 'audit.log'), 'utf8').split('\n');
  t.match(JSON.parse(line!), { verb: 'get', requestURI: '/readyz', user: { username: 'system:anonymous' } });
});
