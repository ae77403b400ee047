/** Pods and workloads in the hands of kubectl, the oldest and the newest of this machine, with the manifests of the examples. */

import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api } from './api.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const manifests = join(import.meta.dirname, '../../examples/manifests');
const kubectls = findKubectls();
const oldest = kubectls.slice(0, 1);
const newest = kubectls.slice(-1);
const deployments = '/apis/apps/v1/namespaces/default/deployments';

interface Hands {
  readonly api: Api;
  /** Runs kubectl, which has to succeed. @returns what it printed */
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** Runs kubectl, which has to fail. @returns its complaint */
  readonly fail: (...args: readonly string[]) => Promise<string>;
}

function withKubectl(
  programs: readonly string[],
  title: string,
  use: (t: Test, hands: Hands) => Promise<void>,
): void {
  for (const program of programs) {
    t.test(`${basename(program)} ${title}`, async (t) => {
      const plane = await startControlPlane({ runtime: nodeRuntime() });
      const kubectl = new Kubectl(program, plane.kubeconfig);
      t.teardown(async () => {
        kubectl.close();
        await plane.close();
      });
      const api = new Api(plane);
      await use(t, {
        api,
        async run(...args) {
          const { code, stdout, stderr } = await kubectl.run(...args);
          t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
          return stdout.trim();
        },
        async fail(...args) {
          const { code, stderr } = await kubectl.run(...args);
          t.not(code, 0, args.join(' '));
          return stderr.trim();
        },
      });
    });
  }
}

withKubectl(
  newest,
  'applies the examples, finds them as they are, and takes them away',
  async (t, { run }) => {
    const created = await run('apply', '-f', manifests);
    t.equal(created.split('\n').filter((line) => line.endsWith(' created')).length, 12);
    const again = (await run('apply', '-f', manifests)).split('\n');
    // Claims of a StatefulSet are one value, and the server adds to it: kubectl sends it again each time.
    t.strictSame(
      again.filter((line) => !line.endsWith(' unchanged')),
      ['statefulset.apps/ledger configured'],
    );
    t.equal(await run('diff', '-f', manifests), '', 'the server would change nothing');
    t.match(await run('get', 'pod', 'hello'), /^hello +0\/1 +Pending +0 +\S+$/m);
    const pod = await run('describe', 'pod', 'hello');
    t.match(pod, /QoS Class: +Guaranteed/);
    t.match(pod, /Requests:\n +cpu: +500m\n +memory: +128Mi/);
    const deployment = await run('describe', 'deployment', 'payments');
    t.match(
      deployment,
      'Replicas:               2 desired | 0 updated | 0 total | 0 available | 0 unavailable',
    );
    t.match(deployment, 'RollingUpdateStrategy:  25% max unavailable, 25% max surge');
    t.match(deployment, 'http-get http://:8080/ready delay=0s timeout=1s period=10s #success=1 #failure=3');
    t.match(await run('describe', 'statefulset', 'ledger'), /Capacity: +1Gi/);
    t.match(await run('describe', 'daemonset', 'collector'), 'deprecated.daemonset.template.generation: 1');
    t.match(
      await run('describe', 'job', 'migrate'),
      /Selector: +batch\.kubernetes\.io\/controller-uid=[0-9a-f-]+/,
    );
    t.match(await run('describe', 'cronjob', 'report'), /Concurrency Policy: +Allow/);
    await run('delete', '-f', manifests);
    t.equal(await run('get', 'pods,deploy,sts,ds,jobs,cronjobs', '-o', 'name'), '');
  },
);

withKubectl(
  [...new Set([...oldest, ...newest])],
  'makes pods, deployments, jobs and cron jobs from words',
  async (t, { run, fail }) => {
    t.equal(await run('run', 'shell', '--image=busybox:1', '--port=80', '--env=A=b'), 'pod/shell created');
    t.equal(
      await run('create', 'deployment', 'web', '--image=nginx', '--replicas=2', '--port=80'),
      'deployment.apps/web created',
    );
    t.equal(await run('create', 'job', 'once', '--image=busybox', '--', 'date'), 'job.batch/once created');
    const cron = ['--image=busybox', '--schedule=*/5 * * * *', '--', 'date'];
    t.equal(await run('create', 'cronjob', 'often', ...cron), 'cronjob.batch/often created');
    t.equal(await run('create', 'job', 'now', '--from=cronjob/often'), 'job.batch/now created');
    t.equal(
      await run(
        'get',
        'deploy',
        'web',
        '-o',
        'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].imagePullPolicy}',
      ),
      '2 Always',
    );
    t.equal(await run('get', 'job', 'now', '-o', 'jsonpath={.metadata.ownerReferences[0].kind}'), 'CronJob');
    t.match(
      await fail('create', 'cronjob', 'bad', '--image=busybox', '--schedule=* * *'),
      'CronJob.batch "bad" is invalid: spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
    );
    t.match(
      await fail('run', 'Bad', '--image=busybox'),
      '* metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of',
    );
  },
);

withKubectl(newest, 'sets images, variables and resources, and scales', async (t, { run, fail }) => {
  await run('create', 'deployment', 'web', '--image=nginx:1');
  await run('set', 'image', 'deployment/web', 'nginx=nginx:2');
  await run('set', 'env', 'deployment/web', 'MODE=fast');
  await run('set', 'resources', 'deployment/web', '--limits=cpu=0.5', '--requests=cpu=100m');
  await run('scale', 'deployment/web', '--replicas=4');
  const path = '{.spec.replicas} {.metadata.generation} {.spec.template.spec.containers[0]';
  t.equal(
    await run(
      'get',
      'deploy',
      'web',
      '-o',
      `jsonpath=${path}.image} ${path.slice(path.lastIndexOf('{'))}.env[0].value}`,
    ),
    '4 5 nginx:2 fast',
  );
  t.match(
    await fail('set', 'resources', 'deployment/web', '--limits=cpu=50m'),
    'spec.template.spec.containers[0].resources.requests: Invalid value: "100m": must be less than or equal to cpu limit of 50m',
  );
  await run('run', 'shell', '--image=busybox:1');
  await run('set', 'image', 'pod/shell', 'shell=busybox:2');
  const refused = await fail('patch', 'pod', 'shell', '-p', '{"spec":{"dnsPolicy":"Default"}}');
  t.match(
    refused,
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
  );
  await run('debug', 'shell', '--image=busybox', '--container=look', '--attach=false', '--', 'sh');
  t.equal(await run('get', 'pod', 'shell', '-o', 'jsonpath={.spec.ephemeralContainers[0].name}'), 'look');
});

withKubectl(
  newest,
  'pauses, resumes and restarts a rollout, and undoes it by its history',
  async (t, { run, api }) => {
    await run('create', 'deployment', 'web', '--image=nginx:1');
    const first = (await api.get(`${deployments}/web`)).body;
    await run('rollout', 'pause', 'deployment/web');
    t.equal(await run('get', 'deploy', 'web', '-o', 'jsonpath={.spec.paused}'), 'true');
    await run('rollout', 'resume', 'deployment/web');
    await run('rollout', 'restart', 'deployment/web');
    await run('set', 'image', 'deployment/web', 'nginx=nginx:2');
    const second = (await api.get(`${deployments}/web`)).body;
    t.ok(second.spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']);
    // The work of the controller: a ReplicaSet for each template.
    for (const [at, { metadata, spec }] of [first, second].entries()) {
      const hash = `hash${at + 1}`;
      const labels = { app: 'web', 'pod-template-hash': hash };
      const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
      const made = await api.send('POST', '/apis/apps/v1/namespaces/default/replicasets', {
        metadata: {
          name: `web-${hash}`,
          labels,
          annotations: { 'deployment.kubernetes.io/revision': String(at + 1) },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: metadata.uid, controller: true },
          ],
        },
        spec: { replicas: 0, selector: { matchLabels: labels }, template },
      });
      t.equal(made.code, 201, made.body.message);
    }
    await api.merge(`${deployments}/web`, {
      metadata: { annotations: { 'deployment.kubernetes.io/revision': '2' } },
    });
    t.match(
      await run('rollout', 'history', 'deployment/web'),
      /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/,
    );
    t.equal(
      await run('rollout', 'undo', 'deployment/web', '--to-revision=1'),
      'deployment.apps/web rolled back',
    );
    const { spec } = (await api.get(`${deployments}/web`)).body;
    t.strictSame(spec.template, first.spec.template);
  },
);
