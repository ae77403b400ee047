/** Reviews: who somebody is, what they may do. */

import t from 'tap';
import { startApi } from './api.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const kubectls = findKubectls();
const skip = kubectls.length === 0 ? 'there is no kubectl on this machine' : false;
const authorization = '/apis/authorization.k8s.io/v1';
const authentication = '/apis/authentication.k8s.io/v1';

t.test('a review answers the question with its status and is not stored', async (t) => {
  const api = await startApi(t);
  const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'default' };
  const self = await api.send('POST', `${authorization}/selfsubjectaccessreviews`, {
    spec: { resourceAttributes },
  });
  t.equal(self.code, 201);
  t.equal(self.body.kind, 'SelfSubjectAccessReview');
  t.strictSame(self.body.spec, {
    resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' },
  });
  t.strictSame(self.body.status, { allowed: true });
  const none = await api.send('POST', `${authorization}/selfsubjectaccessreviews`, { spec: {} });
  t.equal(none.code, 422);
  t.match(none.body.message, 'exactly one of nonResourceAttributes or resourceAttributes must be specified');
  const nobody = await api.send('POST', `${authorization}/subjectaccessreviews`, {
    spec: { resourceAttributes },
  });
  t.match(nobody.body.message, 'at least one of user or group must be specified');
  const local = await api.send('POST', `${authorization}/namespaces/kube-system/localsubjectaccessreviews`, {
    spec: { user: 'alice', resourceAttributes },
  });
  t.equal(local.body.message, 'spec.resourceAttributes.namespace must match namespace: kube-system');
});

t.test('nobody can make a table of a review', async (t) => {
  const api = await startApi(t);
  const path = `${authorization}/selfsubjectaccessreviews`;
  const review = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const refused = await api.send('POST', path, review, { accept: table });
  t.equal(refused.code, 406);
  t.equal(refused.body.reason, 'NotAcceptable');
  t.equal((await api.send('POST', path, review, { accept: `${table},application/json` })).code, 201);
});

t.test('everything is allowed: the rules of everybody are stars', async (t) => {
  const api = await startApi(t);
  const { body } = await api.send('POST', `${authorization}/selfsubjectrulesreviews`, {
    spec: { namespace: 'default' },
  });
  t.strictSame(body.status, {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  });
});

t.test("a TokenReview tells whose a token is, and refuses what is nobody's", async (t) => {
  const api = await startApi(t);
  const token = /token: (\S+)/.exec(api.plane.kubeconfig)![1];
  const mine = await api.send('POST', `${authentication}/tokenreviews`, { spec: { token } });
  t.equal(mine.body.status.authenticated, true);
  t.equal(mine.body.status.user.username, 'kubernetes-admin');
  const other = await api.send('POST', `${authentication}/tokenreviews`, { spec: { token: 'no' } });
  t.strictSame(other.body.status, { user: {}, error: 'invalid bearer token' });
});

t.test('kubectl auth can-i, can-i --list and whoami', { skip }, async (t) => {
  const api = await startApi(t);
  const kubectl = new Kubectl(kubectls[kubectls.length - 1]!, api.plane.kubeconfig);
  t.teardown(() => kubectl.close());
  const can = await kubectl.run('auth', 'can-i', 'create', 'deployments.apps');
  t.strictSame([can.code, can.stdout.trim()], [0, 'yes'], can.stderr);
  const all = await kubectl.run('auth', 'can-i', '--list');
  t.match(all.stdout, /\*\.\* +\[\] +\[\] +\[\*\]/, all.stderr);
  // kubectl sends no token over plain HTTP.
  const who = await kubectl.run('auth', 'whoami');
  t.match(who.stdout, /Username +system:anonymous/, who.stderr);
});
