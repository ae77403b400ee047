/** The API server as a process of its own: on Keelson and on a real etcd, found again after a restart. */

import { join } from 'node:path';
import t from 'tap';
import { endChild, freePorts, Workplace } from '../../bench/children.ts';
import { missingPrograms, run, startServers } from '../clients/harness.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

async function untilSaid(workplace: Workplace, log: string, pattern: RegExp): Promise<void> {
  const until = Date.now() + 20_000;
  while (!pattern.test(workplace.lastWords(log))) {
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
