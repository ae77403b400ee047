/** Kinds that are served in two versions: one store, each version reads and writes it in its own words. */

import t from 'tap';
import { startApi } from './api.ts';

const v1 = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
const v2 = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

t.test('an autoscaler of v1 is one of v2, and the other way round', async (t) => {
  const api = await startApi(t);
  const old = {
    metadata: { name: 'a' },
    spec: { scaleTargetRef: target, maxReplicas: 5, targetCPUUtilizationPercentage: 60 },
  };
  const made = (await api.send('POST', v1, old)).body;
  t.equal(made.apiVersion, 'autoscaling/v1');
  t.strictSame(made.status, { currentReplicas: 0, desiredReplicas: 0 });
  const seen = (await api.get(`${v2}/a`)).body;
  t.equal(seen.apiVersion, 'autoscaling/v2');
  t.strictSame(seen.spec.metrics, [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
  ]);
  t.strictSame(seen.status, { desiredReplicas: 0, currentMetrics: null });
  await api.merge(`${v2}/a`, { spec: { maxReplicas: 7 } });
  const again = (await api.get(`${v1}/a`)).body;
  t.strictSame([again.spec.maxReplicas, again.spec.targetCPUUtilizationPercentage], [7, 60]);
  t.notOk('annotations' in again.metadata);
});

t.test('what v1 cannot say goes through annotations and is not lost', async (t) => {
  const api = await startApi(t);
  const metrics = [
    { type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } } },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
    {
      type: 'Object',
      object: {
        describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' },
        target: { type: 'Value', value: '3' },
        metric: { name: 'hits' },
      },
    },
  ];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
  const spec = { scaleTargetRef: target, maxReplicas: 5, metrics, behavior };
  const made = (await api.send('POST', v2, { metadata: { name: 'a' }, spec })).body;
  const old = (await api.get(`${v1}/a`)).body;
  t.strictSame(Object.keys(old.metadata.annotations), [
    'autoscaling.alpha.kubernetes.io/behavior',
    'autoscaling.alpha.kubernetes.io/metrics',
  ]);
  t.notOk('targetCPUUtilizationPercentage' in old.spec);
  const put = await api.send('PUT', `${v1}/a`, { ...old, spec: { ...old.spec, maxReplicas: 6 } });
  t.equal(put.code, 200);
  const back = (await api.get(`${v2}/a`)).body;
  t.equal(back.spec.maxReplicas, 6);
  t.strictSame(back.spec.metrics, made.spec.metrics);
  t.strictSame(back.spec.behavior, made.spec.behavior);
  t.notOk('annotations' in back.metadata);
});

t.test('lists and watches speak the version of their path', async (t) => {
  const api = await startApi(t);
  const listed = (await api.get(v1)).body.metadata.resourceVersion;
  const frames = api.frames(`${v1}?watch=1&resourceVersion=${listed}`, 2);
  const spec = { scaleTargetRef: target, maxReplicas: 5 };
  await api.send('POST', v2, { metadata: { name: 'a' }, spec });
  await api.send('DELETE', `${v2}/a`);
  const [added, deleted] = await frames;
  t.strictSame([added.type, added.object.apiVersion], ['ADDED', 'autoscaling/v1']);
  t.equal(added.object.spec.targetCPUUtilizationPercentage, 80);
  t.strictSame([deleted.type, deleted.object.apiVersion], ['DELETED', 'autoscaling/v1']);
});

const core = '/api/v1/namespaces/default/events';
const group = '/apis/events.k8s.io/v1/namespaces/default/events';

t.test('an event has two names, and selectors work by either', async (t) => {
  const api = await startApi(t);
  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Started',
    message: 'hello',
    type: 'Normal',
    count: 3,
    source: { component: 'kubelet' },
  };
  const made = (await api.send('POST', core, event)).body;
  t.strictSame([made.firstTimestamp, made.eventTime, made.reportingComponent], [null, null, '']);
  const seen = (await api.get(`${group}?fieldSelector=regarding.name%3Dp`)).body.items[0];
  t.strictSame([seen.note, seen.deprecatedCount, seen.deprecatedSource.component], ['hello', 3, 'kubelet']);
  t.notOk('message' in seen);
  const fresh = {
    metadata: { name: 'f' },
    eventTime: '2026-11-21T03:36:24.000001Z',
    reportingController: 'ex.com/c',
    reportingInstance: 'i',
    action: 'Doing',
    reason: 'Why',
    regarding: { kind: 'Pod', name: 'q', namespace: 'default' },
    note: 'words',
    type: 'Warning',
  };
  t.equal((await api.send('POST', group, fresh)).code, 201);
  const other = (await api.get(`${core}?fieldSelector=involvedObject.name%3Dq`)).body.items[0];
  t.strictSame([other.message, other.reportingComponent, other.type], ['words', 'ex.com/c', 'Warning']);
  const wrong = await api.send('POST', group, {
    ...fresh,
    metadata: { name: 'g' },
    eventTime: undefined,
    type: 'Foo',
  });
  t.equal(
    wrong.body.message,
    'Event.events.k8s.io "g" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: Foo]',
  );
});

t.test('an event stands in the namespace of what it is about', async (t) => {
  const api = await startApi(t);
  const event = (namespace: string): object => ({
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace },
  });
  const wrong = await api.send('POST', core, event('zzz'));
  t.equal(
    wrong.body.message,
    'Event "e" is invalid: involvedObject.namespace: Invalid value: "zzz": does not match event.namespace',
  );
  t.equal(
    (await api.send('POST', core, event(''))).code,
    201,
    'things of the cluster have their events in default',
  );
});
