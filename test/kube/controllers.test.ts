/** What runs beside the API: deletes end as users expect. */

import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { until } from '../waiting.ts';
import { Api, startApi } from './api.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});

async function make(api: Api, name: string, metadata: object = {}): Promise<string> {
  const { code, body } = await api.send('POST', configMaps, configMap(name, metadata));
  if (code !== 201) throw new Error(JSON.stringify(body));
  return body.metadata.uid;
}

const owner = (name: string, uid: string, blockOwnerDeletion = true): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid,
  blockOwnerDeletion,
});

async function codeOf(api: Api, name: string): Promise<number> {
  return (await api.get(`${configMaps}/${name}`)).code;
}

t.test('a namespace that is deleted empties itself and goes', async (t) => {
  const api = await startApi(t);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  await api.send('POST', '/api/v1/namespaces', namespace);
  await api.send('POST', '/api/v1/namespaces/shop/configmaps', configMap('a'));
  const accounts = '/api/v1/namespaces/shop/serviceaccounts/default';
  await until('it has a service account', async () => (await api.get(accounts)).code === 200);
  const deleted = await api.send('DELETE', '/api/v1/namespaces/shop');
  t.equal(deleted.body.status.phase, 'Terminating');
  await until('it goes', async () => (await api.get('/api/v1/namespaces/shop')).code === 404);
  const { body } = await api.get('/api/v1/configmaps');
  t.notOk(body.items.some((item: { metadata: { namespace: string } }) => item.metadata.namespace === 'shop'));
});

t.test('in the background, dependents follow when no owner is left', async (t) => {
  const api = await startApi(t);
  const first = await make(api, 'first');
  const second = await make(api, 'second');
  await make(api, 'child', { ownerReferences: [owner('first', first), owner('second', second)] });
  await make(api, 'grandchild', { ownerReferences: [owner('child', 'not-its-uid')] });
  await until('who never had an owner goes', async () => (await codeOf(api, 'grandchild')) === 404);
  await api.send('DELETE', `${configMaps}/first`);
  await until('the gone owner is forgotten', async () => {
    const { body } = await api.get(`${configMaps}/child`);
    return body.metadata.ownerReferences.length === 1;
  });
  await api.send('DELETE', `${configMaps}/second`);
  await until('the child goes', async () => (await codeOf(api, 'child')) === 404);
});

t.test('in the foreground, the owner waits for dependents that block it', async (t) => {
  const api = await startApi(t);
  const uid = await make(api, 'owner');
  await make(api, 'held', { ownerReferences: [owner('owner', uid)], finalizers: ['example.com/hold'] });
  await make(api, 'free', { ownerReferences: [owner('owner', uid, false)] });
  await api.send('DELETE', `${configMaps}/owner`, { propagationPolicy: 'Foreground' });
  await until('the free one goes', async () => (await codeOf(api, 'free')) === 404);
  const waiting = await api.get(`${configMaps}/owner`);
  t.same(waiting.body.metadata.finalizers, ['foregroundDeletion']);
  await api.merge(`${configMaps}/held`, { metadata: { finalizers: null } });
  await until('then the owner goes', async () => (await codeOf(api, 'owner')) === 404);
  t.equal(await codeOf(api, 'held'), 404);
});

t.test('orphans stay without their owner', async (t) => {
  const api = await startApi(t);
  const uid = await make(api, 'owner');
  await make(api, 'child', { ownerReferences: [owner('owner', uid)] });
  await api.send('DELETE', `${configMaps}/owner`, { propagationPolicy: 'Orphan' });
  await until('the owner goes', async () => (await codeOf(api, 'owner')) === 404);
  const { body } = await api.get(`${configMaps}/child`);
  t.equal(body.metadata.ownerReferences, undefined);
});

t.test('the loops rest as long as a real controller manager leads, and only then', async (t) => {
  const runtime = nodeRuntime();
  const { clock } = runtime;
  // The lease is looked at every two seconds: here sooner.
  const soon: typeof clock = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    setTimer: (delay, fire) => clock.setTimer(delay === 2000 ? 20 : delay, fire),
  };
  const plane = await startControlPlane({ runtime: { ...runtime, clock: soon }, authority: 'PEM' });
  t.teardown(() => plane.close());
  const api = new Api(plane);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  const holder = async (): Promise<string> =>
    (await api.get(`${leases}/keelson-controllers`)).body.spec?.holderIdentity;
  const dangling = { ownerReferences: [owner('gone', 'no-such-uid')] };
  const manager = (spec: object): object => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'kube-controller-manager', namespace: 'kube-system' },
    spec: { leaseDurationSeconds: 600, ...spec },
  });
  await until('they run', async () => /^keelson_/.test(await holder()));
  t.equal((await api.get(`${leases}/kube-controller-manager`)).code, 404, 'its lease is to be had');
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await api.send('POST', leases, manager({ holderIdentity: 'manager', renewTime }));
  await until('they rest', async () => (await holder()) === '');
  await make(api, 'left', dangling);
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'managed' } });
  const authority = '/api/v1/namespaces/managed/configmaps/kube-root-ca.crt';
  t.equal((await api.get(authority)).code, 404, 'nor is an authority published');
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(await codeOf(api, 'left'), 200, 'what the manager does is left to it');
  await api.merge(`${leases}/kube-controller-manager`, { spec: { holderIdentity: '' } });
  await until('they run again', async () => (await codeOf(api, 'left')) === 404);
  const longAgo = '2020-01-01T00:00:00.000000Z';
  const other = await startApi(t);
  await other.send('POST', leases, manager({ holderIdentity: 'manager', renewTime: longAgo }));
  await make(other, 'dangling', dangling);
  await until('a lease left behind holds nobody up', async () => (await codeOf(other, 'dangling')) === 404);
});
