/** What is filled in and what is refused, kind by kind, in the words of a real server. */

import t from 'tap';
import { type Answer, type Api, startApi } from './api.ts';

const core = '/api/v1/namespaces/default';
const apis = '/apis';

/** What is wrong, without the name of the object. */
async function refusal(api: Api, path: string, body: object): Promise<string> {
  const answer = await api.send('POST', path, body);
  if (answer.code !== 422) return `${answer.code} ${answer.body.message ?? 'accepted'}`;
  return answer.body.message.replace(/^\S+ "[^"]*" is invalid: /, '');
}

async function create(api: Api, path: string, body: object): Promise<Answer['body']> {
  const answer = await api.send('POST', path, body);
  if (answer.code !== 201) throw new Error(answer.body.message);
  return answer.body;
}

t.test('config maps have good keys, a bounded size, and do not change once immutable', async (t) => {
  const api = await startApi(t);
  const maps = `${core}/configmaps`;
  t.match(
    await refusal(api, maps, { metadata: { name: 'c' }, data: { 'a b': '1' } }),
    /^data\[a b\]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '\.'/,
  );
  t.equal(
    await refusal(api, maps, { metadata: { name: 'c' }, data: { a: '1' }, binaryData: { a: 'MQ==' } }),
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  );
  t.equal(
    await refusal(api, maps, { metadata: { name: 'c' }, data: { a: 'x'.repeat(1_048_577) } }),
    '[]: Too long: may not be more than 1048576 bytes',
  );
  await create(api, maps, { metadata: { name: 'c' }, data: { a: '1' }, immutable: true });
  const changed = await api.merge(`${maps}/c`, { data: { a: '2' } });
  t.equal(
    changed.body.message,
    'ConfigMap "c" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  );
  t.equal((await api.merge(`${maps}/c`, { metadata: { labels: { a: 'b' } } })).code, 200);
});

t.test('secrets take texts, keep their type, and hold what the type needs', async (t) => {
  const api = await startApi(t);
  const secrets = `${core}/secrets`;
  const made = await create(api, secrets, {
    metadata: { name: 's' },
    data: { a: 'MQ==' },
    stringData: { b: 'two', a: 'one' },
  });
  t.strictSame([made.type, made.data, made.stringData], ['Opaque', { a: 'b25l', b: 'dHdv' }, undefined]);
  t.equal(
    await refusal(api, secrets, { metadata: { name: 't' }, type: 'kubernetes.io/tls' }),
    '[data[tls.crt]: Required value, data[tls.key]: Required value]',
  );
  t.equal(
    await refusal(api, secrets, { metadata: { name: 't' }, type: 'kubernetes.io/service-account-token' }),
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  );
  const changed = await api.merge(`${secrets}/s`, { type: 'foo' });
  t.equal(changed.body.message, 'Secret "s" is invalid: type: Invalid value: "foo": field is immutable');
});

t.test(
  'a namespace is Active, named by its label, and finalized through its own endpoint only',
  async (t) => {
    const api = await startApi(t);
    const made = await create(api, '/api/v1/namespaces', { metadata: { name: 'n', labels: { a: 'b' } } });
    t.strictSame([made.spec, made.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
    t.strictSame(made.metadata.labels, { a: 'b', 'kubernetes.io/metadata.name': 'n' });
    const put = await api.send('PUT', '/api/v1/namespaces/n', {
      metadata: { name: 'n' },
      spec: { finalizers: [] },
    });
    t.strictSame(put.body.spec.finalizers, ['kubernetes']);
    const body = {
      metadata: { name: 'n', labels: { x: 'y' } },
      spec: { finalizers: ['ex.com/a'] },
      status: {},
    };
    const finalized = (await api.send('PUT', '/api/v1/namespaces/n/finalize', body)).body;
    t.strictSame(finalized.spec, { finalizers: ['ex.com/a'] });
    t.strictSame(finalized.status, { phase: 'Active' });
    t.strictSame(finalized.metadata.labels, { 'kubernetes.io/metadata.name': 'n' });
  },
);

t.test('a node keeps the status it brings, and its taints are checked', async (t) => {
  const api = await startApi(t);
  const nodes = '/api/v1/nodes';
  const made = await create(api, nodes, {
    metadata: { name: 'n' },
    status: { capacity: { cpu: '4', memory: '8Gi' } },
  });
  t.strictSame(made.status.allocatable, { cpu: '4', memory: '8Gi' });
  t.equal(made.status.nodeInfo.kubeletVersion, '');
  t.strictSame(made.spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  t.equal(
    await refusal(api, nodes, { metadata: { name: 'm' }, spec: { taints: [{ key: 'a', effect: 'Foo' }] } }),
    'metadata.taints[0].effect: Unsupported value: "Foo": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  );
  await api.merge(`${nodes}/n`, { spec: { podCIDR: '10.1.0.0/24' } });
  const moved = await api.merge(`${nodes}/n`, {
    spec: { podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'] },
  });
  t.match(moved.body.message, 'node updates may not change podCIDR except from "" to valid');
});

t.test('endpoints are deprecated, and slices are of one type', async (t) => {
  const api = await startApi(t);
  const old = await api.send('POST', `${core}/endpoints`, {
    metadata: { name: 'e' },
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }],
  });
  t.match(old.headers.get('warning'), 'v1 Endpoints is deprecated in v1.33+');
  t.equal(old.body.subsets[0].ports[0].protocol, 'TCP');
  const slices = `${apis}/discovery.k8s.io/v1/namespaces/default/endpointslices`;
  const slice = {
    metadata: { name: 's' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 1 }],
  };
  const made = await create(api, slices, slice);
  t.strictSame(made.endpoints, [{ addresses: ['10.0.0.1'], conditions: {} }]);
  t.strictSame(made.ports, [{ name: '', protocol: 'TCP', port: 1 }]);
  const changed = await api.merge(`${slices}/s`, { addressType: 'IPv6', endpoints: [] });
  t.match(changed.body.message, 'addressType: Invalid value: "IPv6": field is immutable');
  t.equal(
    await refusal(api, slices, {
      metadata: { name: 't' },
      addressType: 'Foo',
      endpoints: [{ addresses: [] }],
    }),
    '[addressType: Unsupported value: "Foo": supported values: "FQDN", "IPv4", "IPv6", endpoints[0].addresses: Required value: must contain at least 1 address]',
  );
});

t.test('volumes have one source, claims a size, and neither changes', async (t) => {
  const api = await startApi(t);
  const volumes = '/api/v1/persistentvolumes';
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/d' } };
  const volume = await create(api, volumes, { metadata: { name: 'v' }, spec });
  t.equal(volume.spec.persistentVolumeReclaimPolicy, 'Retain');
  t.equal(volume.status.phase, 'Pending');
  t.strictSame(volume.metadata.finalizers, ['kubernetes.io/pv-protection']);
  t.equal(
    await refusal(api, volumes, {
      metadata: { name: 'w' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['Foo'] },
    }),
    '[spec.accessModes: Unsupported value: "Foo": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", spec: Required value: must specify a volume type]',
  );
  const claims = `${core}/persistentvolumeclaims`;
  t.equal(
    await refusal(api, claims, { metadata: { name: 'c' } }),
    '[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
  );
  const wanted = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = await create(api, claims, { metadata: { name: 'c' }, spec: wanted });
  t.strictSame([claim.spec.volumeMode, claim.status.phase], ['Filesystem', 'Pending']);
  const changed = await api.merge(`${claims}/c`, { spec: { accessModes: ['ReadOnlyMany'] } });
  t.match(
    changed.body.message,
    'PersistentVolumeClaim "c" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  );
});

t.test('storage classes are filled in once and for all', async (t) => {
  const api = await startApi(t);
  const classes = `${apis}/storage.k8s.io/v1/storageclasses`;
  t.equal(await refusal(api, classes, { metadata: { name: 'c' } }), 'provisioner: Required value');
  const made = await create(api, classes, { metadata: { name: 'c' }, provisioner: 'ex.com/p' });
  t.strictSame([made.reclaimPolicy, made.volumeBindingMode], ['Delete', 'Immediate']);
  const changed = await api.merge(`${classes}/c`, { reclaimPolicy: 'Retain' });
  t.match(changed.body.message, 'reclaimPolicy: Invalid value: "Retain": field is immutable');
});

t.test('an ingress has rules or a default, with paths and backends', async (t) => {
  const api = await startApi(t);
  const ingresses = `${apis}/networking.k8s.io/v1/namespaces/default/ingresses`;
  const rules = (path: object, host = 'a.b'): object => ({
    metadata: { name: 'i' },
    spec: { rules: [{ host, http: { paths: [path] } }] },
  });
  const backend = { service: { name: 's', port: { number: 80 } } };
  t.equal(
    await refusal(api, ingresses, { metadata: { name: 'i' } }),
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  );
  t.equal(
    await refusal(api, ingresses, rules({ path: '/', backend })),
    'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
  );
  t.equal(
    await refusal(api, ingresses, rules({ path: 'a', pathType: 'Prefix', backend })),
    'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
  );
  t.equal(
    await refusal(api, ingresses, rules({ path: '/', pathType: 'Prefix', backend }, '1.2.3.4')),
    'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  );
  t.equal(
    await refusal(api, ingresses, rules({ path: '/', pathType: 'Prefix', backend: {} })),
    'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
  );
  const made = await create(api, ingresses, rules({ path: '/', pathType: 'Prefix', backend }));
  t.strictSame([made.status, made.metadata.generation], [{ loadBalancer: {} }, 1]);
});

t.test('network policies know directions and ranges', async (t) => {
  const api = await startApi(t);
  const policies = `${apis}/networking.k8s.io/v1/namespaces/default/networkpolicies`;
  const policy = (spec: object): object => ({ metadata: { name: 'p' }, spec });
  const made = await create(api, policies, policy({ egress: [{ ports: [{ port: 53 }] }] }));
  t.strictSame(made.spec.policyTypes, ['Ingress', 'Egress']);
  t.equal(made.spec.egress[0].ports[0].protocol, 'TCP');
  const ipBlock = { cidr: '10.0.0.0/8', except: ['9.9.9.9/32'] };
  t.equal(
    await refusal(api, policies, policy({ podSelector: {}, ingress: [{ from: [{ ipBlock }] }] })),
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "9.9.9.9/32": must be a strict subset of `cidr`',
  );
  t.equal(
    await refusal(api, policies, policy({ podSelector: {}, policyTypes: ['Foo'] })),
    'spec.policyTypes[0]: Unsupported value: "Foo": supported values: "Ingress", "Egress"',
  );
});

t.test('autoscalers, budgets, priorities and leases are within their bounds', async (t) => {
  const api = await startApi(t);
  const scalers = `${apis}/autoscaling/v2/namespaces/default/horizontalpodautoscalers`;
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 3, maxReplicas: 2 };
  t.equal(
    await refusal(api, scalers, { metadata: { name: 'h' }, spec }),
    '[spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`, spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group]',
  );
  const budgets = `${apis}/policy/v1/namespaces/default/poddisruptionbudgets`;
  t.match(
    await refusal(api, budgets, { metadata: { name: 'b' }, spec: { minAvailable: 1, maxUnavailable: 1 } }),
    /^spec: Invalid value: \{.*\}: minAvailable and maxUnavailable cannot be both set$/,
  );
  const budget = await create(api, budgets, { metadata: { name: 'b' }, spec: { minAvailable: '50%' } });
  t.strictSame(budget.status, {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  });
  const classes = `${apis}/scheduling.k8s.io/v1/priorityclasses`;
  t.equal(
    await refusal(api, classes, { metadata: { name: 'p' }, value: 1_000_000_001 }),
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  );
  await create(api, classes, { metadata: { name: 'p' }, value: 5 });
  t.match(
    (await api.merge(`${classes}/p`, { value: 6 })).body.message,
    'value: Forbidden: may not be changed in an update.',
  );
  const leases = `${apis}/coordination.k8s.io/v1/namespaces/default/leases`;
  t.equal(
    await refusal(api, leases, { metadata: { name: 'l' }, spec: { leaseDurationSeconds: 0 } }),
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  );
});

t.test('roles have whole rules, and a binding keeps its role', async (t) => {
  const api = await startApi(t);
  const rbac = `${apis}/rbac.authorization.k8s.io/v1`;
  const roles = `${rbac}/namespaces/default/roles`;
  t.equal(
    await refusal(api, roles, { metadata: { name: 'r' }, rules: [{}] }),
    '[rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]',
  );
  t.equal((await create(api, roles, { metadata: { name: 'r' } })).rules, null);
  const bindings = `${rbac}/clusterrolebindings`;
  const binding = {
    metadata: { name: 'b' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'u' }],
  };
  const made = await create(api, bindings, binding);
  t.strictSame(made.subjects, [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'u' }]);
  const changed = await api.merge(`${bindings}/b`, { roleRef: { name: 'edit' } });
  t.equal(
    changed.body.message,
    'ClusterRoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef',
  );
});

t.test('quotas and limits name real resources', async (t) => {
  const api = await startApi(t);
  t.match(
    await refusal(api, `${core}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard: { foo: '1' } } }),
    'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
  );
  const limits = [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }];
  t.match(
    await refusal(api, `${core}/limitranges`, { metadata: { name: 'l' }, spec: { limits } }),
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  );
  const range = await create(api, `${core}/limitranges`, {
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { memory: '1Mi' } }] },
  });
  t.strictSame(range.spec.limits[0].default, { cpu: '1' });
  t.strictSame(range.spec.limits[0].defaultRequest, { cpu: '1', memory: '1Mi' });
});

t.test('a request for a certificate says who asked, and is decided through its own endpoint', async (t) => {
  const api = await startApi(t);
  const requests = `${apis}/certificates.k8s.io/v1/certificatesigningrequests`;
  const pem = '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n';
  const spec = {
    request: Buffer.from(pem).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    username: 'mallory',
  };
  const made = await create(api, requests, { metadata: { name: 'r' }, spec });
  t.not(made.spec.username, 'mallory');
  const status = { conditions: [{ type: 'Approved', status: 'True', reason: 'Fine' }] };
  const sneaked = await api.send('PUT', `${requests}/r/status`, { ...made, status });
  t.notOk(sneaked.body.status.conditions, '/status decides nothing');
  const approved = await api.send('PUT', `${requests}/r/approval`, {
    ...made,
    metadata: { name: 'r' },
    status,
  });
  t.equal(approved.body.status.conditions[0].type, 'Approved');
  t.ok(approved.body.status.conditions[0].lastTransitionTime);
});

t.test('webhook configurations are filled in and checked', async (t) => {
  const api = await startApi(t);
  const hooks = `${apis}/admissionregistration.k8s.io/v1/validatingwebhookconfigurations`;
  const webhook = {
    name: 'a.b.c',
    clientConfig: { service: { name: 's', namespace: 'n' } },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  };
  const made = await create(api, hooks, { metadata: { name: 'w' }, webhooks: [webhook] });
  const [first] = made.webhooks;
  t.strictSame(
    [
      first.failurePolicy,
      first.matchPolicy,
      first.timeoutSeconds,
      first.rules[0].scope,
      first.clientConfig.service.port,
    ],
    ['Fail', 'Equivalent', 10, '*', 443],
  );
  t.equal(
    await refusal(api, hooks, {
      metadata: { name: 'x' },
      webhooks: [{ ...webhook, name: 'short', timeoutSeconds: 31 }],
    }),
    '[webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots, webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds]',
  );
});

t.test('what is filled in is filled in once: reading and writing back changes nothing', async (t) => {
  const api = await startApi(t);
  const made = [
    [`${core}/services`, { metadata: { name: 'x' }, spec: { ports: [{ port: 1 }] } }],
    [
      `${core}/limitranges`,
      { metadata: { name: 'x' }, spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
    ],
    [`${core}/resourcequotas`, { metadata: { name: 'x' }, spec: { hard: { secrets: '5' } } }],
    [
      `${core}/persistentvolumeclaims`,
      {
        metadata: { name: 'x' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
    ['/api/v1/nodes', { metadata: { name: 'x' } }],
    [`${core}/events`, { metadata: { name: 'x' }, involvedObject: { namespace: 'default' } }],
    [
      `${apis}/autoscaling/v2/namespaces/default/horizontalpodautoscalers`,
      {
        metadata: { name: 'x' },
        spec: { scaleTargetRef: { apiVersion: 'a/v1', kind: 'K', name: 'n' }, maxReplicas: 2, behavior: {} },
      },
    ],
    [`${apis}/storage.k8s.io/v1/csidrivers`, { metadata: { name: 'x' } }],
    [`${apis}/rbac.authorization.k8s.io/v1/clusterroles`, { metadata: { name: 'x' } }],
  ] as const;
  for (const [path, body] of made) {
    await create(api, path, body);
    const read = (await api.get(`${path}/x`)).body;
    const put = await api.send('PUT', `${path}/x`, read);
    t.equal(put.body.metadata?.resourceVersion, read.metadata.resourceVersion, path);
  }
});
