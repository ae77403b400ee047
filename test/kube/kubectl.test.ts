/** An unmodified kubectl against a control plane in memory, over plain HTTP and over TLS. */

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { type ControlPlaneOptions, startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const web = join(fixtures, 'web.yaml');
const kubectls = findKubectls();
const newest = kubectls[kubectls.length - 1] ?? '';
/** The oldest and the newest play a whole session in test/clients. */
const middle = kubectls.slice(Math.floor(kubectls.length / 2)).slice(0, 1);
const skip = kubectls.length === 0 ? 'there is no kubectl on this machine' : false;

async function withKubectl(
  program: string,
  options: Partial<ControlPlaneOptions>,
  use: (kubectl: Kubectl) => Promise<void>,
): Promise<void> {
  const plane = await startControlPlane({ runtime: nodeRuntime(), ...options });
  const kubectl = new Kubectl(program, plane.kubeconfig);
  try {
    await use(kubectl);
  } finally {
    kubectl.close();
    await plane.close();
  }
}

for (const program of middle) {
  t.test(
    `${basename(program)} creates, applies again without a change, scales, waits and deletes`,
    async (t) => {
      await withKubectl(program, {}, async (kubectl) => {
        const applied = await kubectl.run('apply', '-f', web);
        t.equal(applied.code, 0, applied.stderr);
        const again = await kubectl.run('apply', '-f', web);
        t.strictSame(
          again.stdout.trim().split('\n'),
          ['deployment.apps/web', 'service/web', 'configmap/settings', 'secret/token'].map(
            (name) => `${name} unchanged`,
          ),
        );
        const scaled = await kubectl.run('scale', 'deployment/web', '--replicas=5');
        t.equal(scaled.stdout.trim(), 'deployment.apps/web scaled');
        const waited = await kubectl.run(
          'wait',
          '--for=jsonpath={.spec.replicas}=5',
          'deploy/web',
          '--timeout=60s',
        );
        t.equal(waited.code, 0, waited.stderr);
        const deleted = await kubectl.run('delete', '-f', web);
        t.equal(deleted.code, 0, deleted.stderr);
        t.match(deleted.stdout, /deployment\.apps "web" deleted/);
        const gone = await kubectl.run('get', 'deployment', 'web');
        t.match(gone.stderr, 'Error from server (NotFound): deployments.apps "web" not found');
      });
    },
  );
}

t.test('kubectl finds its way by short names, labels, fields and all namespaces', { skip }, async (t) => {
  await withKubectl(newest, {}, async (kubectl) => {
    await kubectl.run('apply', '-f', web);
    const all = await kubectl.run('get', 'all', '-A', '-o', 'name');
    t.strictSame(all.stdout.trim().split('\n'), ['service/kubernetes', 'service/web', 'deployment.apps/web']);
    const labelled = await kubectl.run('get', 'svc', '-l', 'app in (web),!gone', '-o', 'name');
    t.equal(labelled.stdout.trim(), 'service/web');
    const none = await kubectl.run('get', 'cm', '--field-selector', 'metadata.name!=settings');
    t.match(none.stderr, 'No resources found in default namespace.');
    const table = await kubectl.run('get', 'namespaces', '--chunk-size=1');
    t.match(
      table.stdout,
      /^NAME +STATUS +AGE\ndefault +Active +\S+\nkube-node-lease +Active +\S+\nkube-public +Active +\S+\nkube-system +Active +\S+\n$/,
    );
    const shown = await kubectl.run(
      'get',
      'cm',
      'settings',
      '-o',
      'jsonpath={.kind}/{.apiVersion} {.data.color}',
    );
    t.equal(shown.stdout, 'ConfigMap/v1 blue');
  });
});

t.test('kubectl is told what is wrong in the words it knows', { skip }, async (t) => {
  await withKubectl(newest, {}, async (kubectl) => {
    await kubectl.run('apply', '-f', web);
    const twice = await kubectl.run('create', '-f', web);
    t.match(twice.stderr, 'deployments.apps "web" already exists');
    const nowhere = await kubectl.run('create', '-n', 'nope', '-f', web);
    t.match(nowhere.stderr, 'namespaces "nope" not found');
    const kept = await kubectl.run('delete', 'namespace', 'default');
    t.match(kept.stderr, 'namespaces "default" is forbidden: this namespace may not be deleted');
    const labelled = await kubectl.run('label', 'cm', 'settings', 'tier=front');
    t.equal(labelled.stdout.trim(), 'configmap/settings labeled');
    const unknown = await kubectl.run('patch', 'cm', 'settings', '--type=merge', '-p', '{"dta":{}}');
    t.match(unknown.stderr, 'Warning: unknown field "dta"');
  });
});

t.test('kubectl speaks TLS and trusts the certificate of the kubeconfig', { skip }, async (t) => {
  const tls = {
    key: readFileSync(join(fixtures, 'server.key'), 'utf8'),
    cert: readFileSync(join(fixtures, 'server.crt'), 'utf8'),
    clientAuthorities: '',
  };
  await withKubectl(newest, { tls }, async (kubectl) => {
    const applied = await kubectl.run('apply', '-f', web);
    t.equal(applied.code, 0, applied.stderr);
    const deleted = await kubectl.run('delete', 'deployment', 'web');
    t.equal(deleted.stdout.trim().replace(' from default namespace', ''), 'deployment.apps "web" deleted');
  });
});
