/** An unmodified kubectl that applies, patches, edits and replaces. The move to server-side apply is made by the oldest and the newest. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const all = findKubectls();
const newest = all[all.length - 1] ?? '';
const skip = all.length === 0 ? 'there is no kubectl on this machine' : false;
/** The oldest and the newest. */
const kubectls = [...new Set([all[0] ?? '', newest])].filter((program) => program !== '');

const deployment = (image: string, more = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "${image}", ports: [{containerPort: 80}], env: [{name: A, value: "1"}]}
${more}`;

interface Desk {
  readonly kubectl: Kubectl;
  /** Writes a file and gives its path. */
  file(name: string, text: string): string;
  /** Standard output, or what went wrong. */
  say(...args: readonly string[]): Promise<string>;
}

/** @param editor a shell script that edits the file it is given */
async function withDesk(program: string, editor: string, use: (desk: Desk) => Promise<void>): Promise<void> {
  const plane = await startControlPlane({ runtime: nodeRuntime() });
  const folder = mkdtempSync(join(tmpdir(), 'keelson-apply-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };
  const edit = file('edit', `#!/bin/sh\n${editor}\n`);
  const kubectl = new Kubectl(
    file('kubectl', `#!/bin/sh\nKUBE_EDITOR=${edit} exec ${program} "$@"\n`),
    plane.kubeconfig,
  );
  const say = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await kubectl.run(...args);
    return (stdout + stderr).trim();
  };
  try {
    await use({ kubectl, file, say });
  } finally {
    kubectl.close();
    await plane.close();
    rmSync(folder, { recursive: true });
  }
}

const managers = ['get', 'deploy', 'web', '--show-managed-fields', '-o'];
const managerNames =
  'jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation}/{.subresource} {end}';
const image = ['get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers[*].image}'];

for (const program of kubectls) {
  t.test(`${basename(program)} moves from client-side to server-side apply`, async (t) => {
    await withDesk(program, 'true', async ({ file, say }) => {
      const old = file('old.yaml', deployment('nginx:1'));
      const next = file('next.yaml', deployment('nginx:2'));
      t.equal(await say('apply', '-f', old), 'deployment.apps/web created');
      t.equal(await say('apply', '-f', old), 'deployment.apps/web unchanged');
      t.equal(await say(...managers, managerNames), 'kubectl-client-side-apply/Update/');
      t.equal(await say('apply', '-f', next), 'deployment.apps/web configured');
      t.equal(await say('apply', '--server-side', '-f', old), 'deployment.apps/web serverside-applied');
      t.equal(await say(...image), 'nginx:1', 'what it applied on its own side is no conflict');
      t.match(await say(...managers, managerNames), /\bkubectl\/Apply\//);
      t.notMatch(await say(...managers, managerNames), 'kubectl-client-side-apply/Update');
      const version = ['get', 'deploy', 'web', '-o', 'jsonpath={.metadata.resourceVersion}'];
      const before = await say(...version);
      t.equal(await say('apply', '--server-side', '-f', old), 'deployment.apps/web serverside-applied');
      t.equal(await say(...version), before, 'the same again is no write');
      const fewer = file('fewer.yaml', deployment('nginx:1').replace(', env: [{name: A, value: "1"}]', ''));
      await say('apply', '--server-side', '-f', fewer);
      t.equal(await say('get', 'deploy', 'web', '-o', 'jsonpath={..env}'), '', 'what is left out goes');
      const typo = file('typo.yaml', deployment('nginx:1', '  replica: 3\n'));
      t.match(await say('apply', '--server-side', '-f', typo), '.spec.replica: field not declared in schema');
    });
  });
}

t.test('kubectl is told of conflicts and may force them', { skip }, async (t) => {
  await withDesk(newest, 'true', async ({ kubectl, file, say }) => {
    const one = file('one.yaml', deployment('nginx:1'));
    const two = file('two.yaml', deployment('nginx:2'));
    await say('apply', '--server-side', '-f', one);
    const refused = await kubectl.run('apply', '--server-side', '--field-manager=other', '-f', two);
    t.equal(refused.code, 1);
    const where = '.spec.template.spec.containers[name="nginx"].image';
    t.match(refused.stderr, `error: Apply failed with 1 conflict: conflict with "kubectl": ${where}\n`);
    const forced = ['apply', '--server-side', '--field-manager=other', '--force-conflicts', '-f', two];
    t.equal(
      await say(...forced, '--dry-run=server'),
      'deployment.apps/web serverside-applied (server dry run)',
    );
    t.equal(await say(...image), 'nginx:1');
    await say(...forced);
    t.equal(await say(...image), 'nginx:2');
    t.match(await say('apply', '--server-side', '-f', one), `conflict with "other": ${where}`);
    t.match(await say('diff', '--server-side', '--force-conflicts', '-f', one), /\+ +(- )?image: nginx:1/);
    t.equal(await say('scale', 'deploy/web', '--replicas=4'), 'deployment.apps/web scaled');
    t.match(await say(...managers, managerNames), `${basename(newest)}/Update/scale`);
    t.match(
      await say('apply', '--server-side', '--field-manager=other', '-f', two),
      `conflict with "${basename(newest)}" with subresource "scale" using apps/v1: .spec.replicas`,
    );
  });
});

t.test('kubectl patches in three ways, edits and replaces', { skip }, async (t) => {
  await withDesk(newest, 'sed -i s/nginx:1/nginx:7/ "$1"', async ({ file, say }) => {
    const manifest = file('web.yaml', deployment('nginx:1'));
    const patch = (type: string, text: string): Promise<string> =>
      say('patch', 'deploy', 'web', `--type=${type}`, '-p', text);
    const names = ['get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers[*].name}'];
    t.equal(await say('create', '-f', manifest), 'deployment.apps/web created');
    t.equal(await patch('strategic', '{"spec":{"replicas":3}}'), 'deployment.apps/web patched');
    t.equal(await patch('strategic', '{"spec":{"replicas":3}}'), 'deployment.apps/web patched (no change)');
    const add = '{"spec":{"template":{"spec":{"containers":[{"name":"c0","image":"i"}]}}}}';
    t.equal(await patch('strategic', add), 'deployment.apps/web patched');
    t.equal(await say(...names), 'c0 nginx');
    const json =
      '[{"op":"test","path":"/spec/replicas","value":3},{"op":"remove","path":"/spec/template/spec/containers/0"}]';
    t.equal(await patch('json', json), 'deployment.apps/web patched');
    t.equal(await say(...names), 'nginx');
    const wrong = json.replace('"value":3', '"value":4');
    t.match(await patch('json', wrong), 'the server rejected our request due to an error in our request');
    t.equal(await patch('merge', '{"spec":{"paused":true}}'), 'deployment.apps/web patched');
    t.match(
      await patch('strategic', '{"spec":{"replicas":"x"}}'),
      'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": ',
    );
    t.equal(await say('edit', 'deploy/web'), 'deployment.apps/web edited');
    t.equal(await say(...image), 'nginx:7');
    t.equal(await say('set', 'image', 'deploy/web', 'nginx=nginx:8'), 'deployment.apps/web image updated');
    t.equal(await say('replace', '-f', manifest), 'deployment.apps/web replaced');
    t.equal(await say(...image), 'nginx:1');
    t.match(await say(...managers, managerNames), 'kubectl-replace/Update/');
  });
});
