/** How watches begin and end, and what deletions and tokens are held to: each answer was compared with that of a real server. */

import t from 'tap';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

t.test('who watches from the start and takes bookmarks is told when the state is complete', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, configMap('a'));
  for (const from of ['', '&resourceVersion=0', '&resourceVersion=']) {
    const seen = await api.frames(`${maps}?watch=1&allowWatchBookmarks=true${from}`, 2);
    t.strictSame(
      seen.map(({ type }) => type),
      ['ADDED', 'BOOKMARK'],
      from,
    );
    t.equal(seen[1].object.metadata.annotations['k8s.io/initial-events-end'], 'true');
  }
  const { metadata } = (await api.get(maps)).body;
  const later = `${maps}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`;
  const { body } = await api.get(later);
  t.notMatch(JSON.stringify(body), 'initial-events-end', 'a watch that goes on has no start');
});

t.test('a timeout below zero is over when it begins', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, configMap('a'));
  const { code, body } = await api.get(`${maps}?watch=1&timeoutSeconds=-1`);
  t.strictSame([code, body], [200, '']);
});

t.test('the old path of a watch of one object takes no selector but its name', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, configMap('a'));
  const path = '/api/v1/watch/namespaces/default/configmaps/a?timeoutSeconds=1&fieldSelector=';
  for (const selector of ['metadata.name=b', 'metadata.name!=a', 'metadata.namespace=default']) {
    const { code, body } = await api.get(path + encodeURIComponent(selector));
    t.strictSame([code, body.message], [400, "fieldSelector metadata.name doesn't match requested name"]);
  }
  for (const selector of ['metadata.name=a', 'metadata.name=a,metadata.namespace=default', '']) {
    const { code, body } = await api.get(path + encodeURIComponent(selector));
    t.strictSame([code, body.type], [200, 'ADDED'], selector);
  }
});

t.test('preconditions of what goes in steps are told by the resource', async (t) => {
  const api = await startApi(t);
  const { uid } = (await api.get('/api/v1/namespaces/default')).body.metadata;
  const { code, body } = await api.send('DELETE', '/api/v1/namespaces/default', {
    preconditions: { uid: 'x' },
  });
  const why = `Precondition failed: UID in precondition: x, UID in object meta: ${uid}`;
  const message = `Operation cannot be fulfilled on namespaces "default": ${why}`;
  t.strictSame([code, body.message, body.details.kind], [409, message, 'namespaces']);
});

t.test('a token for the pod of another account is told by the account, whatever uid was given', async (t) => {
  const api = await startApi(t);
  const home = '/api/v1/namespaces/default';
  for (const name of ['default', 'other'])
    await api.send('POST', `${home}/serviceaccounts`, { metadata: { name } });
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const made = await api.send('POST', `${home}/pods`, { metadata: { name: 'p' }, spec });
  t.equal(made.code, 201);
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'x' };
  const asked = { spec: { boundObjectRef } };
  const other = await api.send('POST', `${home}/serviceaccounts/other/token`, asked);
  const why =
    'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.';
  t.strictSame([other.code, other.body.message], [400, why]);
  t.equal((await api.send('POST', `${home}/serviceaccounts/default/token`, asked)).code, 409);
});

t.test('who watches custom resources sees them go with their definition, and then the end', async (t) => {
  const api = await startApi(t);
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const schema = { openAPIV3Schema: { type: 'object' } };
  await api.send('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'ends.gone.example.com' },
    spec: {
      group: 'gone.example.com',
      scope: 'Namespaced',
      names: { plural: 'ends', kind: 'End' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  const ends = '/apis/gone.example.com/v1/namespaces/default/ends';
  for (let tries = 0; (await api.get(ends)).code !== 200 && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const name of ['a', 'b']) {
    const { code } = await api.send('POST', ends, {
      apiVersion: 'gone.example.com/v1',
      kind: 'End',
      metadata: { name },
    });
    t.equal(code, 201);
  }
  const response = await fetch(`${api.plane.url}${ends}?watch=1`);
  await api.send('DELETE', `${definitions}/ends.gone.example.com`);
  const frames = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.strictSame(
    frames.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b'],
  );
  t.equal((await api.get(ends)).code, 404);
});
