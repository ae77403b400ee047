/** An unmodified kubectl with every kind that is no pod: it makes them, sees them, describes them and takes them away. */

import { basename, join } from 'node:path';
import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const kubectls = findKubectls();
/** The oldest speaks JSON, the newest protobuf. */
const programs = [...new Set([kubectls[0], kubectls[kubectls.length - 1]])].filter(
  (path) => path !== undefined,
);

async function withKubectl(program: string, use: (kubectl: Kubectl) => Promise<void>): Promise<void> {
  const plane = await startControlPlane();
  const kubectl = new Kubectl(program, plane.kubeconfig);
  try {
    await use(kubectl);
  } finally {
    kubectl.close();
    await plane.close();
  }
}

/** What is made, and how. */
const created: readonly (readonly [string, string])[] = [
  ['service/clear', 'create service clusterip clear --tcp=80:8080'],
  ['service/node', 'create service nodeport node --tcp=80'],
  ['service/balanced', 'create service loadbalancer balanced --tcp=80'],
  ['service/away', 'create service externalname away --external-name=example.com'],
  [
    'ingress.networking.k8s.io/way',
    'create ingress way --rule=a.example/=clear:80 --default-backend=clear:80',
  ],
  ['role.rbac.authorization.k8s.io/reader', 'create role reader --verb=get --resource=pods'],
  ['rolebinding.rbac.authorization.k8s.io/reader', 'create rolebinding reader --role=reader --user=u'],
  ['clusterrole.rbac.authorization.k8s.io/lister', 'create clusterrole lister --verb=list --resource=nodes'],
  [
    'clusterrolebinding.rbac.authorization.k8s.io/lister',
    'create clusterrolebinding lister --clusterrole=lister --group=g',
  ],
  ['resourcequota/bound', 'create quota bound --hard=pods=10,services=20'],
  ['priorityclass.scheduling.k8s.io/high', 'create priorityclass high --value=5'],
  ['poddisruptionbudget.policy/budget', 'create pdb budget --selector=a=b --min-available=1'],
  ['serviceaccount/robot', 'create sa robot'],
  ['secret/word', 'create secret generic word --from-literal=a=b'],
  ['configmap/map', 'create configmap map --from-literal=a=b'],
  ['namespace/room', 'create namespace room'],
];

for (const program of programs.slice(-1)) {
  t.test(`${basename(program)} makes, describes and takes away each kind it has a command for`, async (t) => {
    await withKubectl(program, async (kubectl) => {
      const check = async ([name, command]: readonly [string, string]): Promise<void> => {
        const made = await kubectl.run(...command.split(' '));
        t.equal(made.stdout.trim(), `${name} created`, made.stderr);
      };
      await Promise.all(created.map(check));
      const described = await kubectl.run('describe', ...created.map(([name]) => name));
      t.equal(described.code, 0, described.stderr);
      for (const [name] of created) {
        t.match(described.stdout, new RegExp(`^Name: +${name.split('/')[1]}$`, 'm'), name);
      }
      const token = await kubectl.run('create', 'token', 'robot');
      t.equal(token.stdout.split('.').length, 3, token.stderr);
      const deleted = await kubectl.run('delete', ...created.map(([name]) => name));
      t.equal(deleted.code, 0, deleted.stderr);
      t.equal(deleted.stdout.trim().split('\n').length, created.length);
    });
  });
}

for (const program of programs) {
  t.test(`${basename(program)} applies manifests whole, and a second time without a change`, async (t) => {
    await withKubectl(program, async (kubectl) => {
      const check = async ([file, count]: readonly [string, number]): Promise<void> => {
        const path = join(fixtures, file);
        const first = await kubectl.run('apply', '-f', path);
        t.equal(first.stdout.match(/ created$/gm)?.length, count, first.stderr);
        const second = await kubectl.run('apply', '-f', path);
        t.equal(second.stdout.match(/ unchanged$/gm)?.length, count, second.stdout);
        const server = await kubectl.run('apply', '--server-side', '--force-conflicts', '-f', path);
        t.equal(server.code, 0, server.stderr);
        const described = await kubectl.run('describe', '-f', path);
        t.equal(described.code, 0, described.stderr);
        const same = await kubectl.run('diff', '-f', path);
        t.equal(same.code, 0, same.stdout);
      };
      await Promise.all(
        (
          [
            ['bank.yaml', 4],
            ['kinds.yaml', 10],
          ] as const
        ).map(check),
      );
      const deleted = await kubectl.run('delete', '--wait=false', '-f', join(fixtures, 'kinds.yaml'));
      t.equal(deleted.stdout.trim().split('\n').length, 10, deleted.stderr);
    });
  });

  t.test(`${basename(program)} exposes, and sees where services are`, async (t) => {
    await withKubectl(program, async (kubectl) => {
      await kubectl.run('apply', '-f', join(fixtures, 'bank.yaml'));
      const exposed = await kubectl.run(
        'expose',
        'deployment',
        'ledger',
        '--name=out',
        '--port=80',
        '--type=NodePort',
      );
      t.equal(exposed.stdout.trim(), 'service/out exposed', exposed.stderr);
      const shown = await kubectl.run('get', 'svc', 'out', 'kubernetes');
      t.match(shown.stdout, /^out +NodePort +10\.96\.\d+\.\d+ +<none> +80:3\d{4}\/TCP +/m);
      t.match(shown.stdout, /^kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP +/m);
      const old = await kubectl.run('get', 'endpoints');
      t.match(
        old.stderr,
        'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
      );
    });
  });
}
