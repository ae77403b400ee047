/** The REST rules that hold for every kind, on ConfigMaps, Pods and Namespaces. */

import t from 'tap';
import { type Api, startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

function configMap(name: string, more: object = {}): object {
  return { metadata: { name }, data: { a: '1' }, ...more };
}

async function fill(api: Api, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await api.send('POST', maps, configMap(`c${at}`));
}

t.test('an object gets its identity from the server, and members in order', async (t) => {
  const api = await startApi(t);
  const { code, body } = await api.send(
    'POST',
    maps,
    configMap('c', { metadata: { name: 'c', uid: 'mine', labels: { b: '2', a: '1' } } }),
  );
  t.equal(code, 201);
  t.strictSame(Object.keys(body), ['kind', 'apiVersion', 'metadata', 'data']);
  t.strictSame(Object.keys(body.metadata), [
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'creationTimestamp',
    'labels',
    'managedFields',
  ]);
  t.match(body.metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.match(body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.strictSame((await api.get(`${maps}/c`)).body, body);
});

t.test('a write that changes nothing is no write', async (t) => {
  const api = await startApi(t);
  const created = (await api.send('POST', maps, configMap('c'))).body;
  const same = await api.merge(`${maps}/c`, { data: { a: '1' } });
  t.equal(same.body.metadata.resourceVersion, created.metadata.resourceVersion);
  const put = await api.send('PUT', `${maps}/c`, created);
  t.equal(put.body.metadata.resourceVersion, created.metadata.resourceVersion);
});

t.test('a stale resourceVersion is a conflict, none is the last word', async (t) => {
  const api = await startApi(t);
  const first = (await api.send('POST', maps, configMap('c'))).body;
  t.equal((await api.merge(`${maps}/c`, { data: { b: '2' } })).code, 200);
  const stale = await api.send('PUT', `${maps}/c`, first);
  t.equal(stale.code, 409);
  t.equal(
    stale.body.message,
    'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
  );
  t.equal((await api.send('PUT', `${maps}/c`, configMap('c'))).code, 200);
});

t.test('concurrent patches without a resourceVersion all succeed', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, configMap('c'));
  const keys = ['k1', 'k2', 'k3', 'k4'];
  const answers = await Promise.all(keys.map((key) => api.merge(`${maps}/c`, { data: { [key]: 'x' } })));
  t.strictSame(
    answers.map(({ code }) => code),
    [200, 200, 200, 200],
  );
  t.strictSame(Object.keys((await api.get(`${maps}/c`)).body.data), ['a', ...keys]);
});

t.test('pages of a list are of one revision', async (t) => {
  const api = await startApi(t);
  await fill(api, 5);
  const first = (await api.get(`${maps}?limit=2`)).body;
  t.strictSame(
    first.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['c0', 'c1'],
  );
  t.equal(first.metadata.remainingItemCount, 3);
  await api.send('POST', maps, configMap('c11'));
  const path = `${maps}?limit=10&continue=${first.metadata.continue}`;
  const rest = (await api.get(path)).body;
  t.strictSame(
    rest.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['c2', 'c3', 'c4'],
  );
  t.equal(rest.metadata.resourceVersion, first.metadata.resourceVersion);
  t.notOk(rest.metadata.continue);
  t.equal((await api.get(`${maps}?continue=%%%`.replace('%%%', 'zzz'))).code, 400);
});

t.test('a list with a selector reads on until it has enough', async (t) => {
  const api = await startApi(t);
  await fill(api, 4);
  await api.merge(`${maps}/c1`, { metadata: { labels: { pick: 'me' } } });
  await api.merge(`${maps}/c3`, { metadata: { labels: { pick: 'me' } } });
  const first = (await api.get(`${maps}?limit=1&labelSelector=pick%3Dme`)).body;
  t.equal(first.items[0].metadata.name, 'c1');
  t.notOk('remainingItemCount' in first.metadata);
  const second = (
    await api.get(`${maps}?limit=1&labelSelector=pick%3Dme&continue=${first.metadata.continue}`)
  ).body;
  t.equal(second.items[0].metadata.name, 'c3');
});

t.test('a watch shows what enters and leaves its selector, and deletions at their revision', async (t) => {
  const api = await startApi(t);
  await fill(api, 1);
  const listed = (await api.get(maps)).body.metadata.resourceVersion;
  const path = `${maps}?watch=True&labelSelector=on&resourceVersion=${listed}`;
  const frames = api.frames(path, 4);
  await api.merge(`${maps}/c0`, { metadata: { labels: { on: '1' } } });
  await api.merge(`${maps}/c0`, { data: { a: '2' } });
  const left = await api.merge(`${maps}/c0`, { metadata: { labels: null } });
  await api.merge(`${maps}/c0`, { metadata: { labels: { on: '2' } } });
  const seen = await frames;
  t.strictSame(
    seen.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED', 'ADDED'],
  );
  t.equal(seen[2].object.metadata.resourceVersion, left.body.metadata.resourceVersion);
  t.equal(seen[2].object.metadata.labels.on, '1', 'the old state');
});

t.test('initial events end with the bookmark that informers wait for', async (t) => {
  const api = await startApi(t);
  await fill(api, 2);
  const query = 'watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const seen = await api.frames(`${maps}?${query}`, 3);
  t.strictSame(
    seen.map(({ type }) => type),
    ['ADDED', 'ADDED', 'BOOKMARK'],
  );
  t.equal(seen[2].object.metadata.annotations['k8s.io/initial-events-end'], 'true');
  const refused = await api.get(`${maps}?watch=1&sendInitialEvents=true`);
  t.equal(refused.code, 422);
});

t.test('unknown members are dropped, warned of or refused as the client asks', async (t) => {
  const api = await startApi(t);
  const body = configMap('c', { foo: 1, metadata: { name: 'c', lables: {} } });
  const strict = await api.send('POST', `${maps}?fieldValidation=Strict`, body);
  t.equal(strict.code, 400);
  t.equal(
    strict.body.message,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.lables", unknown field "foo"',
  );
  const warned = await api.send('POST', maps, body);
  t.equal(warned.code, 201);
  t.equal(
    warned.headers.get('warning'),
    '299 - "unknown field \\"metadata.lables\\"", 299 - "unknown field \\"foo\\""',
  );
  t.notOk('foo' in warned.body);
});

t.test('finalizers keep an object until the last one is taken away', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, configMap('c', { metadata: { name: 'c', finalizers: ['ex.com/f'] } }));
  const deleted = await api.send('DELETE', `${maps}/c`);
  t.equal(deleted.code, 200);
  t.ok(deleted.body.metadata.deletionTimestamp);
  const again = await api.send('POST', maps, configMap('c'));
  t.equal(again.body.message, 'object is being deleted: configmaps "c" already exists');
  const frames = api.frames(`${maps}?watch=1&resourceVersion=${deleted.body.metadata.resourceVersion}`, 1);
  t.equal((await api.merge(`${maps}/c`, { metadata: { finalizers: null } })).code, 200);
  t.equal((await frames)[0].type, 'DELETED');
  t.equal((await api.get(`${maps}/c`)).code, 404);
});

t.test('a running pod stays for its grace period, an unscheduled one goes at once', async (t) => {
  const api = await startApi(t);
  const pods = '/api/v1/namespaces/default/pods';
  const pod = (name: string, spec: object): object => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });
  await api.send('POST', pods, pod('waiting', {}));
  await api.send('POST', pods, pod('running', { nodeName: 'n1' }));
  t.equal((await api.send('DELETE', `${pods}/waiting`)).body.kind, 'Pod');
  t.equal((await api.get(`${pods}/waiting`)).code, 404);
  const marked = await api.send('DELETE', `${pods}/running`, { gracePeriodSeconds: 20 });
  t.equal(marked.body.metadata.deletionGracePeriodSeconds, 20);
  t.equal((await api.get(`${pods}/running`)).code, 200);
  t.equal((await api.send('DELETE', `${pods}/running`, { gracePeriodSeconds: 0 })).code, 200);
  t.equal((await api.get(`${pods}/running`)).code, 404);
});

t.test('status and spec are changed by their own endpoints only', async (t) => {
  const api = await startApi(t);
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const created = await api.send('POST', path, {
    metadata: { name: 'd' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
    status: { replicas: 9 },
  });
  t.strictSame(created.body.status, {});
  await api.merge(`${path}/d/status`, { spec: { replicas: 7 }, status: { replicas: 3 } });
  await api.merge(`${path}/d`, { spec: { replicas: 2 }, status: { replicas: 8 } });
  const { body } = await api.get(`${path}/d`);
  t.strictSame([body.spec.replicas, body.status.replicas, body.metadata.generation], [2, 3, 2]);
});

t.test('a path that nobody serves is text, an unknown resource is a Status', async (t) => {
  const api = await startApi(t);
  t.strictSame(await api.get('/apis/nope.example/v1/things').then(({ code, body }) => [code, body]), [
    404,
    '404 page not found\n',
  ]);
  for (const path of [
    '/apis/apps/v9',
    '/apis/apps/v9/namespaces/default/deployments/x',
    '/api/v2',
    '/api/v2/pods',
  ]) {
    const { code, body } = await api.get(path);
    t.strictSame([code, body.message], [404, 'the server could not find the requested resource'], path);
  }
  const unknown = await api.get('/api/v1/namespaces/default/things');
  t.equal(unknown.body.message, 'the server could not find the requested resource');
  t.equal((await api.send('POST', `${maps}/c`, configMap('c'))).code, 405);
  t.equal((await api.send('POST', maps, `{"data":"${'x'.repeat(3 << 20)}"}`)).code, 413);
  t.equal((await api.get(maps, { accept: 'text/html' })).code, 406);
});

t.test('what a resource is stored as has a hash, one for both names of events', async (t) => {
  const api = await startApi(t);
  const hashesOf = async (path: string): Promise<Record<string, string>> => {
    const { body } = await api.get(path);
    const found: Record<string, string> = {};
    for (const { name, storageVersionHash } of body.resources) found[name] = storageVersionHash;
    return found;
  };
  const core = await hashesOf('/api/v1');
  t.equal(core['pods'], 'xPOwRZ+Yhw8=', 'the first bytes of the SHA-256 of /v1/Pod');
  t.equal(core['bindings'], undefined);
  t.equal((await hashesOf('/apis/events.k8s.io/v1'))['events'], core['events']);
});

t.test('bodies and answers may be YAML', async (t) => {
  const api = await startApi(t);
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  k: v\n';
  t.equal((await api.send('POST', maps, yaml, { 'content-type': 'application/yaml' })).code, 201);
  t.match((await api.get(`${maps}/y`, { accept: 'application/yaml' })).body, /\ndata:\n {2}k: v\n/);
});
