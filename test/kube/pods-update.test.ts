/** Pods that exist: updates, /status, /resize, /ephemeralcontainers, deletion. */

import t from 'tap';
import { type Answer, type Api, startApi } from './api.ts';

const pods = '/api/v1/namespaces/default/pods';

async function create(api: Api, spec: object = {}, metadata: object = {}): Promise<Answer['body']> {
  const { code, body } = await api.send('POST', pods, {
    metadata: { name: 'p', ...metadata },
    // Without a token that admission mounts: these tests send whole lists of containers.
    spec: { containers: [{ name: 'c', image: 'i:1' }], automountServiceAccountToken: false, ...spec },
  });
  if (code !== 201) throw new Error(body.message);
  return body;
}

function errorsOf({ code, body }: Answer): string[] {
  if (code !== 422) return [`${code} ${body.message ?? ''}`];
  return body.details.causes.map(
    ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
  );
}

t.test('of the spec, an image, a deadline and more tolerations may change', async (t) => {
  const api = await startApi(t);
  await create(api);
  const image = await api.merge(`${pods}/p`, { spec: { containers: [{ name: 'c', image: 'i:2' }] } });
  t.equal(image.code, 200);
  t.equal(image.body.metadata.generation, 2);
  t.equal((await api.merge(`${pods}/p`, { spec: { activeDeadlineSeconds: 100 } })).code, 200);
  t.strictSame(errorsOf(await api.merge(`${pods}/p`, { spec: { activeDeadlineSeconds: 200 } })), [
    'spec.activeDeadlineSeconds: Invalid value: 200: must be less than or equal to previous value',
  ]);
  const labelled = await api.merge(`${pods}/p`, { metadata: { labels: { a: 'b' } } });
  t.equal(labelled.body.metadata.generation, 3, 'labels do not count');
});

t.test('everything else is refused, and the refusal shows what would have changed', async (t) => {
  const api = await startApi(t);
  await create(api);
  const { body } = await api.merge(`${pods}/p`, { spec: { dnsPolicy: 'Default' } });
  t.equal(body.code, 422);
  const [first, ...diff] = body.details.causes[0].message.split('\n');
  t.equal(
    first,
    'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  );
  t.ok(diff.includes('- \tDNSPolicy: "ClusterFirst",'));
  t.ok(diff.includes('+ \tDNSPolicy: "Default",'));
  const more = await api.merge(`${pods}/p`, {
    spec: {
      containers: [
        { name: 'c', image: 'i' },
        { name: 'd', image: 'i' },
      ],
    },
  });
  t.strictSame(errorsOf(more), ['spec.containers: Forbidden: pod updates may not add or remove containers']);
});

t.test('a status keeps the spec, and what has ended for good does not run again', async (t) => {
  const api = await startApi(t);
  const { metadata } = await create(api, { restartPolicy: 'Never' });
  const ended = {
    name: 'c',
    ready: false,
    restartCount: 0,
    image: 'i',
    imageID: '',
    state: { terminated: { exitCode: 0 } },
  };
  const first = await api.merge(`${pods}/p/status`, {
    metadata: {
      labels: { seen: 'yes' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }],
    },
    spec: { dnsPolicy: 'Default' },
    status: { phase: 'Succeeded', qosClass: null, containerStatuses: [ended] },
  });
  t.equal(first.code, 200);
  t.equal(first.body.spec.dnsPolicy, 'ClusterFirst');
  t.equal(first.body.status.qosClass, 'BestEffort', 'the quality of service is never lost');
  t.strictSame(first.body.metadata.labels, { seen: 'yes' });
  t.notOk('ownerReferences' in first.body.metadata);
  t.equal(first.body.metadata.generation, metadata.generation);
  const again = { ...ended, state: { running: {} } };
  t.strictSame(errorsOf(await api.merge(`${pods}/p/status`, { status: { containerStatuses: [again] } })), [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]);
});

t.test('/resize changes requests and limits, and nothing else', async (t) => {
  const api = await startApi(t);
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
  await create(api, { containers: [{ name: 'c', image: 'i', resources }] });
  const resize = (container: object): Promise<Answer> =>
    api.merge(`${pods}/p/resize`, {
      metadata: { labels: { not: 'kept' } },
      spec: { dnsPolicy: 'Default', containers: [{ name: 'c', image: 'other', ...container }] },
    });
  const { code, body } = await resize({ resources: { requests: { cpu: '150m' }, limits: { cpu: '300m' } } });
  t.equal(code, 200);
  t.strictSame(body.spec.containers[0].resources, { limits: { cpu: '300m' }, requests: { cpu: '150m' } });
  t.strictSame([body.spec.containers[0].image, body.spec.dnsPolicy], ['i', 'ClusterFirst']);
  t.notOk('labels' in body.metadata);
  t.equal(body.metadata.generation, 2);
  const removed = { requests: { cpu: '150m' }, limits: null };
  t.strictSame(errorsOf(await resize({ resources: removed })), [
    'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ]);
  const other = { requests: { cpu: '150m', 'ephemeral-storage': '1Gi' }, limits: { cpu: '300m' } };
  t.strictSame(errorsOf(await resize({ resources: other })), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
  t.equal(
    (await api.merge(`${pods}/p`, { spec: { containers: [{ name: 'c', image: 'i', resources: {} }] } })).code,
    422,
  );
});

t.test('/ephemeralcontainers only adds', async (t) => {
  const api = await startApi(t);
  await create(api);
  const path = `${pods}/p/ephemeralcontainers`;
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'c' };
  const send = (spec: object): Promise<Answer> => api.merge(path, { spec });
  const added = await send({ dnsPolicy: 'Default', ephemeralContainers: [debug] });
  t.equal(added.code, 200);
  t.equal(added.body.spec.dnsPolicy, 'ClusterFirst');
  t.match(added.body.spec.ephemeralContainers, [
    { ...debug, imagePullPolicy: 'Always', terminationMessagePolicy: 'File' },
  ]);
  t.match(errorsOf(await send({ ephemeralContainers: null })), [
    /^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed/,
  ]);
  t.match(errorsOf(await send({ ephemeralContainers: [{ ...debug, image: 'other' }] })), [
    /^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n/,
  ]);
  const second = { name: 'other', image: 'i', targetContainerName: 'zz', ports: [{ containerPort: 80 }] };
  t.strictSame(errorsOf(await send({ ephemeralContainers: [debug, second] })), [
    'spec.ephemeralContainers[1].targetContainerName: Not found: "zz"',
    'spec.ephemeralContainers[1].ports: Forbidden: cannot be set for an Ephemeral Container',
  ]);
  t.equal((await api.merge(`${pods}/p`, { spec: { ephemeralContainers: null } })).code, 422);
});

t.test('a scheduled pod is given time, a shorter one shortens it, none ends it', async (t) => {
  const api = await startApi(t);
  await create(api, { nodeName: 'n', terminationGracePeriodSeconds: 60 });
  const remove = (grace?: number): Promise<Answer> =>
    api.send('DELETE', `${pods}/p`, grace === undefined ? {} : { gracePeriodSeconds: grace });
  const { body } = await remove();
  t.equal(body.metadata.deletionGracePeriodSeconds, 60);
  t.equal(body.metadata.generation, 2);
  const longer = await remove(90);
  t.equal(longer.body.metadata.resourceVersion, body.metadata.resourceVersion, 'longer changes nothing');
  const shorter = await remove(10);
  t.equal(shorter.body.metadata.deletionGracePeriodSeconds, 10);
  const gained =
    Date.parse(body.metadata.deletionTimestamp) - Date.parse(shorter.body.metadata.deletionTimestamp);
  t.equal(gained, 50_000, 'counted from the first request');
  t.equal((await remove(0)).code, 200);
  t.equal((await api.get(`${pods}/p`)).code, 404);
});

t.test('a pod that has ended goes at once, wherever it was', async (t) => {
  const api = await startApi(t);
  await create(api, { nodeName: 'n' });
  await api.merge(`${pods}/p/status`, { status: { phase: 'Failed' } });
  await api.send('DELETE', `${pods}/p`);
  t.equal((await api.get(`${pods}/p`)).code, 404);
});
