/** What a fresh cluster has before anybody comes, and that a second start changes nothing of it. */

import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api, startApi } from './api.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

async function names(api: Api, path: string): Promise<string[]> {
  return (await api.get(path)).body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
}

t.test('a fresh cluster has what tools expect from the start', async (t) => {
  const api = await startApi(t);
  t.strictSame(await names(api, '/api/v1/namespaces'), [
    'default',
    'kube-node-lease',
    'kube-public',
    'kube-system',
  ]);
  const service = (await api.get('/api/v1/namespaces/default/services/kubernetes')).body;
  t.equal(service.spec.clusterIP, '10.96.0.1');
  t.strictSame(service.spec.ports, [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }]);
  const slice = (await api.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes'))
    .body;
  t.equal(slice.ports[0].port, api.plane.port);
  const roles = await names(api, `${rbac}/clusterroles`);
  for (const name of ['cluster-admin', 'admin', 'edit', 'view', 'system:node', 'system:discovery']) {
    t.ok(roles.includes(name), name);
  }
  t.ok((await names(api, `${rbac}/clusterrolebindings`)).includes('cluster-admin'));
  t.ok((await names(api, `${rbac}/namespaces/kube-system/rolebindings`)).length > 4);
  t.strictSame(await names(api, '/apis/scheduling.k8s.io/v1/priorityclasses'), [
    'system-cluster-critical',
    'system-node-critical',
  ]);
  t.ok((await names(api, '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas')).includes('catch-all'));
  t.strictSame(await names(api, '/apis/networking.k8s.io/v1/servicecidrs'), ['kubernetes']);
  t.ok(
    (await names(api, '/api/v1/namespaces/kube-system/configmaps')).includes(
      'extension-apiserver-authentication',
    ),
  );
});

t.test('admin, edit and view contain each other', async (t) => {
  const api = await startApi(t);
  const rules = async (name: string): Promise<Set<string>> => {
    const { body } = await api.get(`${rbac}/clusterroles/${name}`);
    return new Set(body.rules.map((rule: object) => JSON.stringify(rule)));
  };
  const [admin, edit, view] = [await rules('admin'), await rules('edit'), await rules('view')];
  t.ok([...view].every((rule) => edit.has(rule)));
  t.ok([...edit].every((rule) => admin.has(rule)));
  t.notOk(
    [...view].some((rule) => rule.includes('"secrets"')),
    'who may view may not see secrets',
  );
});

t.test('every bootstrap object is one that the server itself would accept', async (t) => {
  const api = await startApi(t);
  const paths = [
    `${rbac}/clusterroles`,
    `${rbac}/clusterrolebindings`,
    '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    '/apis/scheduling.k8s.io/v1/priorityclasses',
    '/apis/networking.k8s.io/v1/servicecidrs',
  ];
  for (const path of paths) {
    for (const item of (await api.get(path)).body.items) {
      const { name, resourceVersion } = item.metadata;
      const answer = await api.send(
        'PUT',
        `${path}/${encodeURIComponent(name)}?fieldValidation=Strict`,
        item,
      );
      t.equal(answer.code, 200, `${name}: ${answer.body.message ?? ''}`);
      t.equal(answer.body.metadata.resourceVersion, resourceVersion, `${name} is as it would be written`);
    }
  }
});

t.test('a second start leaves everything as it is', async (t) => {
  const runtime = nodeRuntime();
  const store = await openMemoryStore(runtime);
  const first = await startControlPlane({ runtime, store });
  await new Api(first).merge(`${rbac}/clusterroles/view`, { metadata: { labels: { mine: '1' } } });
  const before = (await new Api(first).get(`${rbac}/clusterroles`)).body.items;
  await first.close();
  const second = await startControlPlane({ runtime, store });
  t.teardown(async () => {
    await second.close();
    await store.close();
  });
  t.strictSame((await new Api(second).get(`${rbac}/clusterroles`)).body.items, before);
});

t.test('with TLS, every namespace has the certificate of the server', async (t) => {
  const { readFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  const fixtures = join(import.meta.dirname, 'fixtures');
  const cert = readFileSync(join(fixtures, 'server.crt'), 'utf8');
  const key = readFileSync(join(fixtures, 'server.key'), 'utf8');
  const runtime = nodeRuntime();
  const store = await openMemoryStore(runtime);
  const plane = await startControlPlane({ runtime, store, tls: { key, cert, clientAuthorities: '' } });
  await plane.close();
  const plain = await startControlPlane({ runtime, store });
  t.teardown(async () => {
    await plain.close();
    await store.close();
  });
  const map = await new Api(plain).get('/api/v1/namespaces/default/configmaps/kube-root-ca.crt');
  t.strictSame(map.body.data, { 'ca.crt': cert });
});
