/** Authorization: nobody gives away what they do not have, roles collect others, nodes see what their pods refer to. */

import t from 'tap';
import type { AuthorizationMode } from '../../src/kube/auth/modes.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Answer, Api } from './api.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });

async function start(test: Pick<typeof t, 'teardown'>, ...modes: AuthorizationMode[]) {
  const plane = await startControlPlane({ runtime: nodeRuntime(), authorizationModes: modes });
  test.teardown(() => plane.close());
  const api = new Api(plane);
  const admin = { authorization: `Bearer ${/token: (\S+)/.exec(plane.kubeconfig)![1]}` };
  const as = (user: string, ...groups: string[]) => ({
    ...admin,
    'impersonate-user': user,
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups.join(', ') }),
  });
  const create = async (path: string, body: unknown) => {
    const answer = await api.send('POST', path, body, admin);
    if (answer.code !== 201) throw new Error(JSON.stringify(answer.body));
  };
  /** The watch caches follow the store by a moment. */
  const until = async (ask: () => Promise<Answer>, isDone: (answer: Answer) => boolean) => {
    for (let tries = 0; tries < 6000; tries++) {
      const answer = await ask();
      if (isDone(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('not in time');
  };
  return { api, admin, as, create, until };
}

const podReader = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];

t.test('a role or a binding gives only what its writer has, unless they may escalate or bind', async (t) => {
  const { api, as, create, until, admin } = await start(t, 'RBAC');
  const eve = as('eve');
  const roles = `${rbac}/namespaces/default/roles`;
  const bindings = `${rbac}/namespaces/default/rolebindings`;
  const rule = {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings'],
    verbs: ['*'],
  };
  const narrow = { ...rule, verbs: ['create', 'update', 'get'] };
  await create(roles, { metadata: { name: 'writer' }, rules: [narrow] });
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'eve' }];
  await create(bindings, { metadata: { name: 'eve' }, subjects, roleRef: roleRef('Role', 'writer') });
  const body = { metadata: { name: 'more' }, rules: podReader };
  const refused = await until(
    () => api.send('POST', roles, body, eve),
    ({ body: { message } }) => /attempting to grant/.test(message),
  );
  t.equal(refused.code, 403);
  t.equal(
    refused.body.message,
    'roles.rbac.authorization.k8s.io "more" is forbidden: user "eve" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
  );
  const bind = { metadata: { name: 'b' }, subjects, roleRef: roleRef('ClusterRole', 'view') };
  t.match((await api.send('POST', bindings, bind, eve)).body.message, /attempting to grant/);
  const missing = { metadata: { name: 'b' }, subjects, roleRef: roleRef('ClusterRole', 'none') };
  const notThere = await api.send('POST', bindings, missing, eve);
  t.equal(notThere.body.message, 'clusterroles.rbac.authorization.k8s.io "none" not found');
  const small = { metadata: { name: 'own' }, rules: [narrow] };
  t.equal((await api.send('POST', roles, small, eve)).code, 201, 'what one has may be given');

  await create(roles, { metadata: { name: 'escalator' }, rules: [{ ...rule, verbs: ['escalate'] }] });
  const bindRule = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['bind'] };
  await create(roles, { metadata: { name: 'binder' }, rules: [{ ...bindRule, resourceNames: ['view'] }] });
  for (const name of ['escalator', 'binder']) {
    await create(bindings, { metadata: { name }, subjects, roleRef: roleRef('Role', name) });
  }
  const given = await until(
    () => api.send('POST', roles, body, eve),
    ({ code }) => code !== 403,
  );
  t.equal(given.code, 201);
  const bound = await until(
    () => api.send('POST', bindings, bind, eve),
    ({ code }) => code !== 403,
  );
  t.equal(bound.code, 201);
  t.equal((await api.send('POST', roles, { ...body, metadata: { name: 'x' } }, admin)).code, 201);
});

t.test('roles of the cluster collect the rules of those that their selectors choose', async (t) => {
  const { api, create, until } = await start(t, 'AlwaysAllow');
  const path = `${rbac}/clusterroles`;
  const before = await api.get(`${path}/admin`);
  await create(path, {
    metadata: { name: 'all-crons' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { crons: 'true' } }] },
    rules: [],
  });
  const rules = [{ apiGroups: ['stable.example.com'], resources: ['crons'], verbs: ['get'] }];
  await create(path, { metadata: { name: 'crons', labels: { crons: 'true' } }, rules });
  const collected = await until(
    () => api.get(`${path}/all-crons`),
    ({ body }) => (body.rules ?? []).length > 0,
  );
  t.strictSame(collected.body.rules, rules);
  await api.merge(`${path}/crons`, { metadata: { labels: { crons: null } } });
  await until(
    () => api.get(`${path}/all-crons`),
    ({ body }) => (body.rules ?? []).length === 0,
  );
  const after = await api.get(`${path}/admin`);
  t.equal(
    after.body.metadata.resourceVersion,
    before.body.metadata.resourceVersion,
    'complete from the start',
  );
  const label = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  await create(path, { metadata: { name: 'more-to-see', labels: label }, rules });
  for (const name of ['view', 'edit', 'admin']) {
    await until(
      () => api.get(`${path}/${name}`),
      ({ body }) => JSON.stringify(body.rules).includes('stable.example.com'),
    );
  }
});

t.test('a node reads what its pods refer to, and writes its own lease', async (t) => {
  const { api, as, create, until } = await start(t, 'Node', 'RBAC');
  const node = as('system:node:n1', 'system:nodes');
  const core = '/api/v1/namespaces/default';
  await create(`${core}/secrets`, { metadata: { name: 'mine' } });
  await create(`${core}/secrets`, { metadata: { name: 'other' } });
  await create(`${core}/serviceaccounts`, { metadata: { name: 'robot' } });
  await create(`${core}/pods`, {
    metadata: { name: 'p' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'robot',
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: 'mine' } }] }],
    },
  });
  await until(
    () => api.get(`${core}/secrets/mine`, node),
    ({ code }) => code === 200,
  );
  const refused = await api.get(`${core}/secrets/other`, node);
  t.equal(
    refused.body.message,
    `secrets "other" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'n1' and this object`,
  );
  t.equal((await api.get(`${core}/secrets`, node)).code, 403);
  const field = encodeURIComponent('metadata.name=mine');
  t.equal(
    (await api.get(`${core}/secrets?fieldSelector=${field}`, node)).code,
    200,
    'one object by its name',
  );
  t.equal((await api.get(`${core}/secrets/mine`, as('system:node:n2', 'system:nodes'))).code, 403);
  t.equal(
    (await api.get(`${core}/secrets/mine`, as('system:node:n1'))).code,
    403,
    'the group counts as well',
  );
  t.equal((await api.get('/api/v1/nodes', node)).code, 200);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  t.equal((await api.get(`${leases}/n1`, node)).code, 404);
  t.equal((await api.get(`${leases}/n2`, node)).code, 403);
  t.equal((await api.send('POST', `${core}/serviceaccounts/robot/token`, { spec: {} }, node)).code, 201);
});

t.test('where nobody comes without a name, requests without credentials are refused', async (t) => {
  const plane = await startControlPlane({ runtime: nodeRuntime(), anonymous: false, insecurePort: 0 });
  t.teardown(() => plane.close());
  const api = new Api(plane);
  t.equal((await api.get('/api/v1/namespaces')).code, 401);
  t.equal((await fetch(`${plane.insecureUrl}/api/v1/namespaces`)).status, 200);
  const bad = { headers: { authorization: 'Bearer nobody' } };
  t.equal((await fetch(`${plane.insecureUrl}/api/v1/namespaces`, bad)).status, 401);
});

t.test('health is open to everybody, the rest to nobody', async (t) => {
  const { api } = await start(t, 'RBAC');
  for (const path of ['/healthz', '/livez', '/readyz', '/version'])
    t.equal((await api.get(path)).code, 200, path);
  for (const path of ['/api', '/metrics', '/openapi/v3']) t.equal((await api.get(path)).code, 403, path);
  const verbose = await api.get('/readyz?verbose&exclude=etcd&exclude=nothing');
  t.match(verbose.body, /^\[\+\]ping ok\n/);
  t.match(verbose.body, /\[\+\]etcd excluded: ok\n/);
  t.match(verbose.body, /cannot be excluded: no matches for "nothing"\nreadyz check passed\n$/);
});
