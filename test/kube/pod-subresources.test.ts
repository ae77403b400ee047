/** What a pod has beside itself: its node, its eviction, and what only a kubelet could answer. */

import t from 'tap';
import { type Api, startApi } from './api.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const kubectls = findKubectls();
const skip = kubectls.length === 0 ? 'there is no kubectl on this machine' : false;
const pods = '/api/v1/namespaces/default/pods';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

async function makePod(api: Api, name: string, containers: readonly string[] = ['c']): Promise<void> {
  const { code, body } = await api.send('POST', pods, {
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: containers.map((container) => ({ name: container, image: 'i' })) },
  });
  if (code !== 201) throw new Error(JSON.stringify(body));
}

function bind(api: Api, name: string, node: string): ReturnType<Api['send']> {
  const metadata = { name, annotations: { by: 'scheduler' } };
  return api.send('POST', `${pods}/${name}/binding`, { metadata, target: { kind: 'Node', name: node } });
}

t.test('a binding gives a pod its node once', async (t) => {
  const api = await startApi(t);
  await makePod(api, 'b');
  const first = await bind(api, 'b', 'node-1');
  t.strictSame(first.body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  const { body: pod } = await api.get(`${pods}/b`);
  t.equal(pod.spec.nodeName, 'node-1');
  t.equal(pod.metadata.annotations.by, 'scheduler');
  t.match(pod.status.conditions, [{ type: 'PodScheduled', status: 'True' }]);
  const again = await bind(api, 'b', 'node-2');
  t.equal(again.code, 409);
  t.equal(
    again.body.message,
    'Operation cannot be fulfilled on pods/binding "b": pod b is already assigned to node "node-1"',
  );
  t.equal((await bind(api, 'gone', 'node-1')).body.message, 'pods "gone" not found');
  await makePod(api, 'c');
  const other = { metadata: { name: 'c' }, target: { name: 'node-1' } };
  t.equal((await api.send('POST', '/api/v1/namespaces/default/bindings', other)).code, 201);
  t.equal((await api.get(`${pods}/c`)).body.spec.nodeName, 'node-1');
});

t.test('an eviction asks the disruption budget and takes what it allows', async (t) => {
  const api = await startApi(t);
  for (const name of ['p1', 'p2', 'p3']) {
    await makePod(api, name);
    await bind(api, name, 'node-1');
    const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    t.equal((await api.merge(`${pods}/${name}/status`, ready)).code, 200);
  }
  const evict = (name: string) =>
    api.send('POST', `${pods}/${name}/eviction`, {
      kind: 'Eviction',
      apiVersion: 'policy/v1',
      metadata: { name },
      deleteOptions: { gracePeriodSeconds: 0 },
    });
  const made = await api.send('POST', budgets, {
    metadata: { name: 'web' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  });
  const unseen = await evict('p1');
  t.equal(unseen.code, 429);
  t.equal(unseen.headers.get('retry-after'), '10');
  const observedGeneration = made.body.metadata.generation;
  const status = { observedGeneration, disruptionsAllowed: 1, desiredHealthy: 2, currentHealthy: 3 };
  await api.merge(`${budgets}/web/status`, { status: { ...status, expectedPods: 3 } });
  const done = await evict('p1');
  t.equal(done.code, 201, JSON.stringify(done.body));
  t.equal((await api.get(`${pods}/p1`)).code, 404);
  const { body: budget } = await api.get(`${budgets}/web`);
  t.equal(budget.status.disruptionsAllowed, 0);
  t.strictSame(Object.keys(budget.status.disruptedPods), ['p1']);
  await api.merge(`${budgets}/web/status`, { status: { currentHealthy: 2 } });
  const blocked = await evict('p2');
  t.equal(blocked.code, 429);
  t.equal(blocked.headers.get('retry-after'), null);
  t.equal(blocked.body.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  t.strictSame(blocked.body.details.causes, [
    {
      reason: 'DisruptionBudget',
      message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
    },
  ]);
  t.equal((await api.get(`${pods}/p2`)).code, 200);
  t.equal((await evict('nobody')).code, 404);
});

t.test('logs and connections say what stands in the way: container, node, kubelet', async (t) => {
  const api = await startApi(t);
  await makePod(api, 'lg', ['c', 'd']);
  const message = async (path: string): Promise<string> => (await api.get(path)).body.message;
  t.equal(
    await message(`${pods}/lg/log`),
    'a container name must be specified for pod lg, choose one of: [c d]',
  );
  t.equal(await message(`${pods}/lg/log?container=zz`), 'container zz is not valid for pod lg');
  t.equal((await api.get(`${pods}/lg/log?container=c`)).code, 204);
  t.match(
    await message(`${pods}/lg/log?container=c&tailLines=-1`),
    'PodLogOptions "lg" is invalid: tailLines',
  );
  t.equal(await message(`${pods}/lg/exec?container=c&command=ls`), 'pod lg does not have a host assigned');
  t.equal(await message(`${pods}/lg/portforward`), 'pod lg does not have a host assigned');
  t.equal(await message(`${pods}/lg/proxy`), 'address not allowed');
  await bind(api, 'lg', 'n1');
  t.equal(await message(`${pods}/lg/log?container=c`), 'nodes "n1" not found');
  await api.send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } });
  t.equal(await message(`${pods}/lg/log?container=c`), 'no preferred addresses found; known addresses: []');
  const addresses = [{ type: 'InternalIP', address: '10.0.0.9' }];
  await api.merge('/api/v1/nodes/n1/status', { status: { addresses } });
  t.equal(
    await message(`${pods}/lg/log?container=c`),
    'Get "https://10.0.0.9:10250/containerLogs/default/lg/c": dial tcp 10.0.0.9:10250: connect: connection refused',
  );
  t.equal(await message(`${pods}/lg/exec?container=c&command=ls`), 'Upgrade request required');
  t.equal((await api.get('/api/v1/nodes/n1/proxy/metrics')).code, 503);
  t.equal(await message('/api/v1/namespaces/default/services/nope/proxy'), 'services "nope" not found');
});

t.test('kubectl logs, exec, port-forward and drain show them', { skip }, async (t) => {
  const api = await startApi(t);
  for (const program of [kubectls[0]!, kubectls[kubectls.length - 1]!]) {
    const kubectl = new Kubectl(program, api.plane.kubeconfig);
    t.teardown(() => kubectl.close());
    await makePod(api, 'lg');
    const exec = await kubectl.run('exec', 'lg', '--', 'ls');
    t.match(exec.stderr, 'pod lg does not have a host assigned');
    await bind(api, 'lg', 'n1');
    const logs = await kubectl.run('logs', 'lg');
    t.match(logs.stderr, 'nodes "n1" not found');
    await api.send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } });
    const drained = await kubectl.run('drain', 'n1', '--force', '--grace-period=0', '--timeout=60s');
    t.equal(drained.code, 0, drained.stderr + drained.stdout);
    t.match(drained.stdout, 'node/n1 drained');
    await api.send('DELETE', '/api/v1/nodes/n1');
    const top = await kubectl.run('top', 'pods');
    t.match(top.stderr, 'Metrics API not available');
  }
});
