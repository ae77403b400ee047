/** What a Go server leaves out of all that it shows: zeros of members that are no pointers, and collections of nothing. */

import t from 'tap';
import { decodeCarefully } from '../../src/kube/schema/decode.ts';
import { decodePlain } from '../../src/kube/schema/plain-decode.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { startApi } from './api.ts';

const pods = '/api/v1/namespaces/default/pods';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

const zeros = {
  hostNetwork: false,
  hostname: '',
  nodeSelector: {},
  volumes: [],
  terminationGracePeriodSeconds: 0,
  shareProcessNamespace: false,
};

const container = {
  name: 'hull',
  image: 'wood:1',
  args: [],
  tty: false,
  env: [{ name: 'EMPTY', value: '' }],
  resources: { limits: {} },
  securityContext: { privileged: false },
  livenessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 0 },
};

t.test('both ways of decoding leave out what is nothing and keep what a pointer says', async (t) => {
  const spec = { ...zeros, containers: [container] };
  const kept = {
    containers: [
      {
        name: 'hull',
        image: 'wood:1',
        env: [{ name: 'EMPTY' }],
        resources: {},
        livenessProbe: { exec: { command: ['true'] } },
        securityContext: { privileged: false },
      },
    ],
    terminationGracePeriodSeconds: 0,
    shareProcessNamespace: false,
  };
  const definition = definitionOf('core.v1.PodSpec');
  t.strictSame(decodePlain(definition, spec), kept);
  t.strictSame(decodeCarefully(definition, spec).value, kept);
});

t.test('what is always shown stays, empty or not', async (t) => {
  const role = { rules: [], metadata: { name: 'r', labels: {}, annotations: {}, finalizers: [] } };
  const kept = { metadata: { name: 'r' }, rules: [] };
  t.strictSame(decodePlain(definitionOf('rbac.v1.Role'), role), kept);
  const event = { reportingComponent: '', reason: '', count: 0, involvedObject: {} };
  t.strictSame(decodePlain(definitionOf('core.v1.Event'), event), {
    involvedObject: {},
    reportingComponent: '',
  });
});

t.test('an object is shown without the zeros that it was created with', async (t) => {
  const api = await startApi(t);
  const metadata = { name: 'p', labels: {}, generateName: '' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...zeros, containers: [container] } };
  const { code, body } = await api.send('POST', pods, pod);
  t.equal(code, 201);
  t.notOk('labels' in body.metadata || 'generateName' in body.metadata);
  for (const name of ['hostNetwork', 'hostname', 'nodeSelector']) t.notOk(name in body.spec, name);
  t.strictSame(body.spec.containers[0].env, [{ name: 'EMPTY' }]);
  t.equal(body.spec.terminationGracePeriodSeconds, 0);
  const fields = JSON.stringify((await api.get(`${pods}/p`)).body.metadata.managedFields);
  t.notMatch(fields, /hostNetwork|nodeSelector/, 'and nobody owns them');
});

t.test('to write a zero where nothing is changes nothing', async (t) => {
  const api = await startApi(t);
  const selector = { matchLabels: { app: 'a' } };
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
  const made = await api.send('POST', deployments, { ...object, spec: { selector, template } });
  const patch = { spec: { paused: false, minReadySeconds: 0, template: { spec: zeros } } };
  const spec = {
    ...patch.spec.template.spec,
    terminationGracePeriodSeconds: 30,
    shareProcessNamespace: null,
  };
  const patched = await api.merge(`${deployments}/d`, { spec: { ...patch.spec, template: { spec } } });
  t.equal(patched.code, 200);
  t.equal(patched.body.metadata.generation, 1);
  t.equal(patched.body.metadata.resourceVersion, made.body.metadata.resourceVersion);
});

t.test('who applies a zero owns it, and it is not shown', async (t) => {
  const api = await startApi(t);
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
  const spec = { containers: [{ name: 'c', image: 'i' }], hostNetwork: false };
  const { body } = await api.send('PATCH', `${pods}/p?fieldManager=me`, JSON.stringify({ ...object, spec }), {
    'content-type': 'application/apply-patch+yaml',
  });
  t.notOk('hostNetwork' in body.spec);
  t.strictSame(body.metadata.managedFields[0].fieldsV1['f:spec']['f:hostNetwork'], {});
});
