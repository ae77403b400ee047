/** What a write of a part leaves alone, what metadata a write cannot change, and who owns the replicas that a Scale wrote. */

import t from 'tap';
import { type Answer, startApi } from './api.ts';

const apps = '/apis/apps/v1/namespaces/default';
const maps = '/api/v1/namespaces/default/configmaps';
const web = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
  spec: {
    ...{ replicas: 1, selector: { matchLabels: { app: 'web' } } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};
const scale = {
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'web', namespace: 'default' },
};

t.test('a write of the status makes no generation, whatever it says of metadata', async (t) => {
  const api = await startApi(t);
  await api.send('POST', `${apps}/deployments`, web);
  const metadata = { name: 'web', annotations: { seen: 'yes' } };
  const put = await api.send('PUT', `${apps}/deployments/web/status`, {
    ...web,
    metadata,
    status: { replicas: 3 },
  });
  t.equal(put.code, 200);
  t.equal(put.body.metadata.generation, 1);
  t.equal(put.body.metadata.annotations.seen, 'yes');
  const changed = await api.merge(`${apps}/deployments/web`, { metadata: { annotations: { seen: 'no' } } });
  t.equal(changed.body.metadata.generation, 2, 'an annotation of a Deployment is part of what is wanted');
});

t.test('nobody begins a deletion by an update, or changes one', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a', finalizers: ['example.com/wait'] } });
  const time = '2001-01-01T00:00:00Z';
  const begun = await api.send('PUT', `${maps}/a`, { metadata: { name: 'a', deletionTimestamp: time } });
  t.equal(begun.code, 422);
  t.equal(
    begun.body.message,
    `ConfigMap "a" is invalid: metadata.deletionTimestamp: Invalid value: "${time}": field is immutable`,
  );
  t.equal(begun.body.details.causes.length, 2, 'told once, and listed for each that looked');
  t.equal((await api.merge(`${maps}/a`, { metadata: { deletionGracePeriodSeconds: 5 } })).code, 422);
  await api.send('DELETE', `${maps}/a`);
  const kept = await api.merge(`${maps}/a`, { metadata: { deletionTimestamp: time, labels: { a: 'b' } } });
  t.equal(kept.code, 200);
  t.not(kept.body.metadata.deletionTimestamp, time);
});

t.test('a version that is no number is no version', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  for (const send of [
    (): Promise<Answer> => api.merge(`${maps}/a`, { metadata: { resourceVersion: 'abc' } }),
    (): Promise<Answer> => api.send('PUT', `${maps}/a`, { metadata: { name: 'a', resourceVersion: 'abc' } }),
  ]) {
    const { code, body } = await send();
    t.equal(code, 500);
    t.equal(body.message, 'strconv.ParseUint: parsing "abc": invalid syntax');
  }
});

t.test('an empty list of managers forgets them, by an update and by a patch', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' }, data: { a: 'b' } });
  const put = await api.send('PUT', `${maps}/a`, {
    metadata: { name: 'a', managedFields: [] },
    data: { a: 'c' },
  });
  t.equal(put.body.metadata.managedFields, undefined);
  await api.send('POST', maps, { metadata: { name: 'b' }, data: { a: 'b' } });
  const patched = await api.merge(`${maps}/b`, { metadata: { managedFields: [] } });
  t.equal(patched.body.metadata.managedFields, undefined);
});

t.test('a Scale is refused like any object: another uid, a wrong type, no patch', async (t) => {
  const api = await startApi(t);
  await api.send('POST', `${apps}/deployments`, web);
  const path = `${apps}/deployments/web/scale`;
  const other = { ...scale, metadata: { ...scale.metadata, uid: 'another' }, spec: { replicas: 4 } };
  const put = await api.send('PUT', path, other);
  t.equal(put.code, 409);
  t.match(put.body.message, /Precondition failed: UID in precondition: another, UID in object meta: /);
  const wrong = await api.merge(path, { spec: { replicas: 'x' } });
  t.equal(wrong.code, 422);
  t.match(
    wrong.body.message,
    /^ "" is invalid: patch: Invalid value: .*ScaleSpec\.spec\.replicas of type int32$/,
  );
  t.equal((await api.merge(path, { metadata: { name: 'other' } })).code, 400);
  const media = await api.send('PATCH', path, {}, { 'content-type': 'application/json' });
  t.equal(media.code, 415);
  const absent = await api.get(`${apps}/deployments/none/scale`);
  t.equal(absent.body.message, 'deployments/scale.apps "none" not found');
});

t.test(
  'a Scale is applied: conflicts with whoever owns the replicas, and takes them when it is forced',
  async (t) => {
    const api = await startApi(t);
    await api.send('POST', `${apps}/deployments?fieldManager=maker`, web);
    const path = `${apps}/deployments/web/scale`;
    const apply = (replicas: number, query: string): Promise<Answer> =>
      api.send(
        'PATCH',
        `${path}?fieldManager=scaler${query}`,
        { ...scale, spec: { replicas } },
        {
          'content-type': 'application/apply-patch+yaml',
        },
      );
    const refused = await apply(5, '');
    t.equal(refused.code, 409);
    t.equal(
      refused.body.message,
      'Apply failed with 1 conflict: conflict with "maker" using autoscaling/v1: .spec.replicas',
    );
    const forced = await apply(5, '&force=true');
    t.equal(forced.code, 200);
    t.equal(forced.body.kind, 'Scale');
    t.equal(forced.body.spec.replicas, 5);
    const { managedFields } = (await api.get(`${apps}/deployments/web`)).body.metadata;
    const own = managedFields.find(({ manager }: { manager: string }) => manager === 'scaler');
    t.match(own, { operation: 'Apply', apiVersion: 'apps/v1', subresource: 'scale' });
    t.same(own.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
    const maker = managedFields.find(({ manager }: { manager: string }) => manager === 'maker');
    t.equal(maker.fieldsV1['f:spec']['f:replicas'], undefined, 'the replicas have one owner');
  },
);

t.test(
  'a generation of a client is kept where nobody counts them, and is 1 where they are counted',
  async (t) => {
    const api = await startApi(t);
    const made = await api.send('POST', maps, {
      metadata: { name: 'g', generation: 7, finalizers: ['example.com/wait'] },
    });
    t.equal(made.body.metadata.generation, 7);
    const put = await api.send('PUT', `${maps}/g`, {
      metadata: { name: 'g', generation: 9, finalizers: ['example.com/wait'] },
    });
    t.equal(put.body.metadata.generation, 7, 'an update changes none');
    t.equal((await api.send('DELETE', `${maps}/g`)).body.metadata.generation, 8, 'the deletion counts');
    const none = await api.send('POST', maps, { metadata: { name: 'h', generation: 0 } });
    t.notOk('generation' in none.body.metadata);
    const less = await api.send('POST', maps, { metadata: { name: 'i', generation: -1 } });
    t.equal(
      less.body.message,
      'ConfigMap "i" is invalid: metadata.generation: Invalid value: -1: must be greater than or equal to 0',
    );
    const counted = { ...web, metadata: { name: 'web', generation: 7 } };
    t.equal((await api.send('POST', `${apps}/deployments`, counted)).body.metadata.generation, 1);
    const device = await api.send('POST', '/apis/resource.k8s.io/v1/deviceclasses', {
      metadata: { name: 'd', generation: 7 },
      spec: {},
    });
    t.equal(device.body.metadata.generation, 1);
  },
);
