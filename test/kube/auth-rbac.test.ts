/** RBAC: what no rule allows is refused, with the words of a real server; certificates say who comes. */

import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { clientCertificates } from '../../src/kube/auth/client-certificates.ts';
import { rbacAuthorizer } from '../../src/kube/auth/rbac.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api } from './api.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';

async function startRbac(test: Pick<typeof t, 'teardown'>) {
  const plane = await startControlPlane({ runtime: nodeRuntime(), authorizer: rbacAuthorizer });
  test.teardown(() => plane.close());
  const api = new Api(plane);
  const admin = { authorization: `Bearer ${/token: (\S+)/.exec(plane.kubeconfig)![1]}` };
  const post = async (path: string, body: unknown) => {
    const answer = await api.send('POST', path, body, admin);
    if (answer.code !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
  const { status } = await post('/api/v1/namespaces/default/serviceaccounts/robot/token', { spec: {} });
  const robot = { authorization: `Bearer ${status.token}` };
  const get = (path: string) => api.get(path, robot);
  /** The watch caches follow the store by a moment. */
  const until = async (path: string, code: number) => {
    for (let tries = 0; tries < 6000; tries++) {
      if ((await get(path)).code === code) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  };
  return { api, admin, post, robot, get, until };
}

const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }];
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

t.test('a role in a namespace allows its verbs there, and nothing elsewhere', async (t) => {
  const { api, post, get, until, robot } = await startRbac(t);
  const refused = await get(`${pods}/x`);
  t.equal(refused.code, 403);
  t.equal(
    refused.body.message,
    'pods "x" is forbidden: User "system:serviceaccount:default:robot" cannot get resource "pods" in API group "" in the namespace "default"',
  );
  t.equal((await api.get(pods)).code, 403, 'nobody in particular');
  await post(`${rbac}/namespaces/default/roles`, {
    metadata: { name: 'reader' },
    rules: [
      { apiGroups: [''], resources: ['pods', '*/log'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get'] },
    ],
  });
  await post(`${rbac}/namespaces/default/rolebindings`, {
    metadata: { name: 'reader' },
    subjects,
    roleRef: roleRef('Role', 'reader'),
  });
  t.ok(await until(pods, 200));
  t.equal((await get(`${pods}/x`)).code, 404);
  t.equal((await get(`${pods}/x/log`)).code, 404);
  t.equal((await get(`${pods}/x/status`)).code, 403, 'a subresource needs a rule of its own');
  t.equal((await get('/api/v1/namespaces/default/configmaps/mine')).code, 404);
  t.equal((await get('/api/v1/namespaces/default/configmaps/other')).code, 403);
  t.equal((await get('/api/v1/namespaces/kube-system/pods')).code, 403);
  t.equal((await get('/api/v1/pods')).code, 403);
  t.equal((await api.send('DELETE', `${pods}/x`, undefined, robot)).code, 403);
});

t.test('a role of the cluster counts everywhere, for paths too', async (t) => {
  const { api, post, robot, get, until } = await startRbac(t);
  t.equal((await get('/metrics')).code, 403);
  await post(`${rbac}/clusterroles`, {
    metadata: { name: 'looker' },
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['list'] },
      { nonResourceURLs: ['/metrics', '/logs/*'], verbs: ['get'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['*'], verbs: ['create'] },
    ],
  });
  await post(`${rbac}/clusterrolebindings`, {
    metadata: { name: 'looker' },
    subjects: [{ kind: 'Group', name: 'system:serviceaccounts:default' }],
    roleRef: roleRef('ClusterRole', 'looker'),
  });
  t.ok(await until('/api/v1/nodes', 200));
  t.equal((await get('/metrics')).code, 200);
  t.equal((await get('/logs/x')).code, 404, 'allowed, though there is no such page');
  t.equal((await get('/api/v1/nodes/n')).code, 403);
  const review = await api.send(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { spec: { resourceAttributes: { verb: 'list', resource: 'nodes' } } },
    robot,
  );
  t.strictSame(review.body.status, {
    allowed: true,
    reason:
      'RBAC: allowed by ClusterRoleBinding "looker" of ClusterRole "looker" to Group "system:serviceaccounts:default"',
  });
});

t.test('of what is not there one is asked for the right to it as well', async (t) => {
  const { post, get, until } = await startRbac(t);
  const path = '/apis/gone.example.com/v1/namespaces/default/things';
  const refused = await get(`${path}/x`);
  t.equal(refused.code, 403);
  t.equal(
    refused.body.message,
    'things.gone.example.com "x" is forbidden: User "system:serviceaccount:default:robot" cannot get resource "things" in API group "gone.example.com" in the namespace "default"',
  );
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  await post(`${rbac}/clusterroles`, { metadata: { name: 'resources' }, rules });
  const binding = { metadata: { name: 'all' }, subjects, roleRef: roleRef('ClusterRole', 'resources') };
  await post(`${rbac}/clusterrolebindings`, binding);
  t.ok(await until(path, 404), 'who may do everything with resources hears that there is none');
  t.equal((await get('/metrics')).code, 403, 'and no more than that');
});

t.test('the administrator may come as somebody else, and others may not', async (t) => {
  const { api, admin, robot } = await startRbac(t);
  const as = (who: Record<string, string>, user: string) =>
    api.get(pods, { ...who, 'impersonate-user': user });
  t.match((await as(admin, 'alice')).body.message, 'User "alice" cannot list resource "pods"');
  t.equal(
    (await api.get(pods, { ...admin, 'impersonate-user': 'a', 'impersonate-group': 'system:masters' })).code,
    200,
  );
  t.equal(
    (await as(robot, 'kubernetes-admin')).body.message,
    'users "kubernetes-admin" is forbidden: User "system:serviceaccount:default:robot" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
});

t.test('a certificate names its user by the common name', async (t) => {
  const runtime = nodeRuntime();
  const now = runtime.clock.wallNow();
  const options = { commonName: 'alice', isAuthority: true, now, validDays: 1 };
  const { cert } = makeCertificate(options, null, runtime.random);
  const clientCertificate = new X509Certificate(cert).raw;
  const user = await clientCertificates.authenticate({ clientCertificate } as never);
  t.equal(user?.username, 'alice');
  t.ok(user?.groups.includes('system:authenticated'));
  t.equal(await clientCertificates.authenticate({ clientCertificate: null } as never), null);
});
