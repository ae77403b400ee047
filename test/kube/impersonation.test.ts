/** Requests in somebody else's name: who may, for which name, group, uid and anything else; and what is told of them. */

import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api } from './api.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

interface Scene {
  readonly api: Api;
  readonly admin: Record<string, string>;
  readonly lines: string[];
}

async function start(test: Pick<typeof t, 'teardown'>): Promise<Scene> {
  const lines: string[] = [];
  const plane = await startControlPlane({
    runtime: nodeRuntime(),
    authorizationModes: ['RBAC'],
    audit: { write: (line) => void lines.push(line) },
  });
  test.teardown(() => plane.close());
  const admin = { authorization: `Bearer ${/token: (\S+)/.exec(plane.kubeconfig)![1]}` };
  return { api: new Api(plane), admin, lines };
}

t.test('everything of another user can be asked for, and is what the request is then for', async (t) => {
  const { api, admin, lines } = await start(t);
  const { code, body } = await api.send(
    'POST',
    reviews,
    {},
    {
      ...admin,
      'impersonate-user': 'alice',
      'impersonate-group': 'devs, ops',
      'impersonate-uid': '42',
      'impersonate-extra-scopes': 'view, edit',
      'Impersonate-Extra-Example.com%2fTeam': 'blue,green',
    },
  );
  t.equal(code, 201, body.message);
  const asked = {
    username: 'alice',
    uid: '42',
    groups: ['devs', 'ops', 'system:authenticated'],
    extra: { 'example.com/team': ['blue,green'], scopes: ['view', 'edit'] },
  };
  t.same(body.status.userInfo, asked);
  const told = JSON.parse(lines.find((line) => line.includes('selfsubjectreviews'))!);
  t.same(told.impersonatedUser, asked);
  t.match(told.user, { username: 'kubernetes-admin', extra: undefined });
});

t.test('groups of a user are those that were asked for, and whether they are known', async (t) => {
  const { api, admin } = await start(t);
  const groupsOf = async (user: string, ...groups: string[]): Promise<string[]> => {
    const asked = groups.length === 0 ? {} : { 'impersonate-group': groups.join(', ') };
    const { body } = await api.send('POST', reviews, {}, { ...admin, 'impersonate-user': user, ...asked });
    return body.status?.userInfo.groups ?? body.message;
  };
  t.same(await groupsOf('alice', 'system:masters'), ['system:masters', 'system:authenticated']);
  t.same(await groupsOf('alice', 'system:masters', 'system:unauthenticated'), [
    'system:masters',
    'system:unauthenticated',
  ]);
  t.same(await groupsOf('system:anonymous', 'system:masters'), ['system:masters', 'system:unauthenticated']);
  t.same(await groupsOf('system:serviceaccount:home:robot'), [
    'system:serviceaccounts',
    'system:serviceaccounts:home',
    'system:authenticated',
  ]);
});

t.test('each thing that is asked for needs a right of its own', async (t) => {
  const { api, admin } = await start(t);
  const rules = [
    { apiGroups: [''], resources: ['users'], resourceNames: ['alice'], verbs: ['impersonate'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['devs'], verbs: ['impersonate'] },
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['userextras/scopes'],
      resourceNames: ['view'],
      verbs: ['impersonate'],
    },
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['uids'],
      resourceNames: ['42'],
      verbs: ['impersonate'],
    },
  ];
  await api.send('POST', `${rbac}/clusterroles`, { metadata: { name: 'asker' }, rules }, admin);
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'asker' };
  const subjects = [{ kind: 'ServiceAccount', namespace: 'default', name: 'bob' }];
  await api.send(
    'POST',
    `${rbac}/clusterrolebindings`,
    { metadata: { name: 'asker' }, subjects, roleRef },
    admin,
  );
  const account = { metadata: { name: 'bob' } };
  await api.send('POST', '/api/v1/namespaces/default/serviceaccounts', account, admin);
  const tokens = '/api/v1/namespaces/default/serviceaccounts/bob/token';
  const { body } = await api.send('POST', tokens, { spec: {} }, admin);
  const bob = { authorization: `Bearer ${body.status.token}` };
  const said = async (headers: Record<string, string>): Promise<string> => {
    const answer = await api.send('POST', reviews, {}, { ...bob, ...headers });
    return answer.code === 201 ? 'ok' : answer.body.message;
  };
  const alice = { 'impersonate-user': 'alice' };
  const may = {
    ...alice,
    'impersonate-group': 'devs',
    'impersonate-extra-scopes': 'view',
    'impersonate-uid': '42',
  };
  // The watch cache of the binding follows the store by a moment.
  for (let tries = 0; tries < 6000 && (await said(may)) !== 'ok'; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.equal(await said(may), 'ok');
  const who = 'User "system:serviceaccount:default:bob" cannot impersonate resource';
  const where = 'at the cluster scope';
  t.equal(
    await said({ 'impersonate-user': 'eve' }),
    `users "eve" is forbidden: ${who} "users" in API group "" ${where}`,
  );
  t.equal(
    await said({ ...alice, 'impersonate-group': 'devs, ops' }),
    `groups "ops" is forbidden: ${who} "groups" in API group "" ${where}`,
  );
  t.equal(
    await said({ ...alice, 'impersonate-extra-scopes': 'edit' }),
    `userextras.authentication.k8s.io "edit" is forbidden: ${who} "userextras/scopes" in API group "authentication.k8s.io" ${where}`,
  );
  t.equal(
    await said({ ...alice, 'impersonate-extra-team': 'view' }),
    `userextras.authentication.k8s.io "view" is forbidden: ${who} "userextras/team" in API group "authentication.k8s.io" ${where}`,
  );
  t.equal(
    await said({ ...alice, 'impersonate-uid': '43' }),
    `uids.authentication.k8s.io "43" is forbidden: ${who} "uids" in API group "authentication.k8s.io" ${where}`,
  );
});

t.test('nothing can be asked for without a user', async (t) => {
  const { api, admin } = await start(t);
  const { code, body } = await api.get('/api/v1/pods', { ...admin, 'impersonate-group': 'devs' });
  t.equal(code, 400);
  t.equal(
    body.message,
    'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"devs"}, Extra:map[string][]string(nil)} without impersonating a user name',
  );
  t.equal((await api.get('/api/v1/pods', { ...admin, 'impersonate-uid': '1' })).code, 400);
  t.equal((await api.get('/api/v1/pods', { ...admin, 'impersonate-extra-a': '1' })).code, 400);
});
