/** Admission: what is added to pods and claims, and what is refused by limits, quotas and the labels of a namespace. */

import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { type Answer, Api, startApi } from './api.ts';

const core = '/api/v1/namespaces/default';
const pods = `${core}/pods`;

interface PodParts {
  readonly name?: string;
  readonly spec?: object;
  readonly container?: object;
}

function pod({ name = 'p', spec = {}, container = {} }: PodParts): object {
  const containers = [{ name: 'c', image: 'i', ...container }];
  return { metadata: { name }, spec: { containers, ...spec } };
}

async function post(api: Api, path: string, body: object): Promise<Answer['body']> {
  return (await api.send('POST', path, body)).body;
}

t.test('a pod runs as the account of its namespace and can prove it', async (t) => {
  const api = await startApi(t);
  const made = await post(api, pods, pod({}));
  t.strictSame([made.spec.serviceAccountName, made.spec.serviceAccount], ['default', 'default']);
  const [volume] = made.spec.volumes;
  t.match(volume.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  t.strictSame(Object.keys(volume.projected.sources[0]), ['serviceAccountToken']);
  t.strictSame(made.spec.containers[0].volumeMounts, [
    { name: volume.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  ]);
  const missing = await post(api, pods, pod({ name: 'q', spec: { serviceAccountName: 'zzz' } }));
  t.equal(
    missing.message,
    'pods "q" is forbidden: error looking up service account default/zzz: serviceaccount "zzz" not found',
  );
  const quiet = await post(api, pods, pod({ name: 'r', spec: { automountServiceAccountToken: false } }));
  t.notOk('volumes' in quiet.spec);
});

t.test('a plugin that is turned off does nothing', async (t) => {
  const plane = await startControlPlane({ disabledPlugins: ['ServiceAccount'] });
  t.teardown(() => plane.close());
  const made = await post(new Api(plane), pods, pod({}));
  t.notOk('serviceAccountName' in made.spec);
});

t.test('pods tolerate lost nodes for a while, and have the priority of their class', async (t) => {
  const api = await startApi(t);
  const made = await post(api, pods, pod({}));
  t.strictSame(
    made.spec.tolerations.map(({ key, tolerationSeconds }: { key: string; tolerationSeconds: number }) => [
      key,
      tolerationSeconds,
    ]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  );
  t.strictSame([made.spec.priority, made.spec.preemptionPolicy], [0, 'PreemptLowerPriority']);
  const high = await post(api, pods, pod({ name: 'h', spec: { priorityClassName: 'system-node-critical' } }));
  t.equal(high.spec.priority, 2_000_001_000);
  const given = await post(api, pods, pod({ name: 'g', spec: { priority: 5 } }));
  t.equal(
    given.message,
    'pods "g" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
  );
  const unknown = await post(api, pods, pod({ name: 'u', spec: { priorityClassName: 'zzz' } }));
  t.equal(unknown.message, 'pods "u" is forbidden: no PriorityClass with name zzz was found');
});

t.test('one priority class is the default', async (t) => {
  const api = await startApi(t);
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await post(api, classes, { metadata: { name: 'a' }, value: 7, globalDefault: true });
  const made = await post(api, pods, pod({}));
  t.strictSame([made.spec.priorityClassName, made.spec.priority], ['a', 7]);
  const second = await post(api, classes, { metadata: { name: 'b' }, value: 8, globalDefault: true });
  t.match(second.message, 'PriorityClass a is already marked as default. Only one default can exist');
});

t.test('limits fill in what containers leave out and refuse the rest', async (t) => {
  const api = await startApi(t);
  const limit = {
    type: 'Container',
    min: { cpu: '50m' },
    max: { cpu: '200m' },
    default: { cpu: '100m' },
    defaultRequest: { cpu: '60m' },
    maxLimitRequestRatio: { cpu: '2' },
  };
  await post(api, `${core}/limitranges`, { metadata: { name: 'l' }, spec: { limits: [limit] } });
  const made = await post(api, pods, pod({}));
  t.strictSame(made.spec.containers[0].resources, { limits: { cpu: '100m' }, requests: { cpu: '60m' } });
  t.equal(
    made.metadata.annotations['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  );
  const resources = { requests: { cpu: '10m' }, limits: { cpu: '2' } };
  const refused = await post(api, pods, pod({ name: 'b', container: { resources } }));
  t.equal(
    refused.message,
    'pods "b" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 200m, but limit is 2, cpu max limit to request ratio per Container is 2, but provided ratio is 200.000000]',
  );
});

const quotas = `${core}/resourcequotas`;

async function used(api: Api): Promise<Record<string, string>> {
  return (await api.get(`${quotas}/q`)).body.status.used;
}

t.test('a quota counts, refuses, and gives back', async (t) => {
  const api = await startApi(t);
  await post(api, quotas, { metadata: { name: 'q' }, spec: { hard: { pods: '1', 'requests.cpu': '500m' } } });
  t.strictSame(await used(api), { pods: '0', 'requests.cpu': '0' });
  const cpu = (amount: string): object => ({ resources: { requests: { cpu: amount } } });
  const silent = await post(api, pods, pod({ name: 'a' }));
  t.equal(silent.message, 'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c');
  t.equal((await post(api, pods, pod({ name: 'a', container: cpu('100m') }))).kind, 'Pod');
  t.strictSame(await used(api), { pods: '1', 'requests.cpu': '100m' });
  const second = await post(api, pods, pod({ name: 'b', container: cpu('2') }));
  t.equal(
    second.message,
    'pods "b" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=2, used: pods=1,requests.cpu=100m, limited: pods=1,requests.cpu=500m',
  );
  await api.send('DELETE', `${pods}/a`);
  t.strictSame(await used(api), { pods: '0', 'requests.cpu': '0' });
});

t.test('of many at once, a quota lets through exactly what it has', async (t) => {
  const api = await startApi(t);
  await post(api, quotas, {
    metadata: { name: 'q' },
    spec: { hard: { 'count/configmaps': '5', secrets: '1' } },
  });
  const names = Array.from({ length: 20 }, (_, at) => `c${at}`);
  const answers = await Promise.all(
    names.map((name) => api.send('POST', `${core}/configmaps`, { metadata: { name } })),
  );
  t.equal(answers.filter(({ code }) => code === 201).length, 5);
  t.equal(answers.filter(({ code }) => code === 403).length, 15);
  t.equal((await used(api))['count/configmaps'], '5');
  t.equal((await api.get(`${core}/configmaps`)).body.items.length, 5);
});

t.test('a share is given back when the object is refused or is there already', async (t) => {
  const api = await startApi(t);
  await post(api, quotas, {
    metadata: { name: 'q' },
    spec: { hard: { 'services.nodeports': '3', services: '3' } },
  });
  const service = (name: string, nodePort: number): object => ({
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 1, nodePort }] },
  });
  await post(api, `${core}/services`, service('a', 30_001));
  t.match((await post(api, `${core}/services`, service('a', 30_002))).message, 'already exists');
  t.match((await post(api, `${core}/services`, service('b', 30_001))).message, 'already allocated');
  t.strictSame(await used(api), { services: '2', 'services.nodeports': '1' });
  await api.merge(`${core}/services/a`, { spec: { type: 'ClusterIP' } });
  t.strictSame(await used(api), { services: '2', 'services.nodeports': '0' });
});

t.test('claims and ingresses get the default class, the newest of several', async (t) => {
  const api = await startApi(t);
  const metadata = (name: string): object => ({
    name,
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  });
  const classes = '/apis/storage.k8s.io/v1/storageclasses';
  await post(api, classes, { metadata: metadata('fast'), provisioner: 'a.b/c' });
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = await post(api, `${core}/persistentvolumeclaims`, { metadata: { name: 'c' }, spec });
  t.equal(claim.spec.storageClassName, 'fast');
  t.strictSame(claim.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  const none = { ...spec, storageClassName: '' };
  const own = await post(api, `${core}/persistentvolumeclaims`, { metadata: { name: 'd' }, spec: none });
  t.equal(own.spec.storageClassName, '');
});

t.test('a pod of an unknown runtime is refused, of a known one charged with its overhead', async (t) => {
  const api = await startApi(t);
  const refused = await post(api, pods, pod({ spec: { runtimeClassName: 'zzz' } }));
  t.equal(refused.message, 'pods "p" is forbidden: pod rejected: RuntimeClass "zzz" not found');
  await post(api, '/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'vm' },
    handler: 'vm',
    overhead: { podFixed: { cpu: '100m' } },
  });
  const made = await post(api, pods, pod({ spec: { runtimeClassName: 'vm' } }));
  t.strictSame(made.spec.overhead, { cpu: '100m' });
});

async function secured(api: Api, labels: Record<string, string>): Promise<string> {
  const all = Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]);
  await post(api, '/api/v1/namespaces', { metadata: { name: 's', labels: Object.fromEntries(all) } });
  return '/api/v1/namespaces/s/pods';
}

const restrictedText =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

t.test('a namespace enforces how safe pods are', async (t) => {
  const api = await startApi(t);
  const path = await secured(api, { enforce: 'restricted' });
  const refused = await post(api, path, pod({}));
  t.equal(
    refused.message,
    `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${restrictedText}`,
  );
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const spec = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } };
  t.equal((await post(api, path, pod({ spec, container: { securityContext } }))).kind, 'Pod');
  const root = { ...securityContext, runAsNonRoot: false };
  t.match(
    (await post(api, path, pod({ name: 'q', spec, container: { securityContext: root } }))).message,
    'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
  );
});

t.test('a namespace warns of pods and of what makes pods', async (t) => {
  const api = await startApi(t);
  const path = await secured(api, { warn: 'baseline', 'warn-version': 'v1.30' });
  const container = { securityContext: { privileged: true }, ports: [{ containerPort: 1, hostPort: 1 }] };
  const warned = await api.send('POST', path, pod({ container, spec: { hostNetwork: true } }));
  t.equal(warned.code, 201);
  t.equal(
    warned.headers.get('warning'),
    `299 - "would violate PodSecurity \\"baseline:v1.30\\": host namespaces (hostNetwork=true), hostPort (container \\"c\\" uses hostPort 1), privileged (container \\"c\\" must not set securityContext.privileged=true)"`,
  );
  const template = {
    metadata: { labels: { a: 'b' } },
    ...{ spec: (pod({ container }) as { spec: object }).spec },
  };
  const deployment = await api.send('POST', '/apis/apps/v1/namespaces/s/deployments', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template },
  });
  t.match(deployment.headers.get('warning'), 'would violate PodSecurity');
});

t.test('whoever makes a namespace stricter hears of the pods that stay', async (t) => {
  const api = await startApi(t);
  const path = await secured(api, {});
  await post(api, path, pod({ container: { securityContext: { privileged: true } } }));
  const patch = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } };
  const answer = await api.merge('/api/v1/namespaces/s', patch);
  t.equal(answer.code, 200);
  t.match(
    answer.headers.get('warning'),
    'existing pods in namespace \\"s\\" violate the new PodSecurity enforce level \\"baseline:latest\\"',
  );
  t.match(answer.headers.get('warning'), 'p: privileged');
  const wrong = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'foo' } } };
  t.equal(
    (await api.merge('/api/v1/namespaces/s', wrong)).body.message,
    'Namespace "s" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "foo": must be one of privileged, baseline, restricted',
  );
});

t.test('nothing begins in a namespace that is going, from the moment its end was asked for', async (t) => {
  const api = await startApi(t);
  await post(api, '/api/v1/namespaces', { metadata: { name: 'n', finalizers: ['ex.com/keep'] } });
  await post(api, '/api/v1/namespaces/n/configmaps', { metadata: { name: 'a' } });
  await api.send('DELETE', '/api/v1/namespaces/n');
  const refused = await post(api, '/api/v1/namespaces/n/configmaps', { metadata: { name: 'b' } });
  t.equal(
    refused.message,
    'configmaps "b" is forbidden: unable to create new content in namespace n because it is being terminated',
  );
});
