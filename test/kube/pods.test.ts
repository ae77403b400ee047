/** Pods: what is filled in, what is refused and in which words, what may change afterwards. */

import t from 'tap';
import { canonicalQuantity } from '../../src/kube/schema/quantity.ts';
import { type Answer, type Api, startApi } from './api.ts';

const pods = '/api/v1/namespaces/default/pods';

function pod(spec: object = {}, metadata: object = {}): object {
  return {
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}

function withContainer(container: object, spec: object = {}): object {
  return pod({ containers: [{ name: 'c', image: 'i', ...container }], ...spec });
}

/** The errors of a refusal, each as it stands in the message. */
function errorsOf({ code, body }: Answer): string[] {
  if (code !== 422) return [`${code} ${body.message ?? ''}`];
  return body.details.causes.map(
    ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
  );
}

async function refused(api: Api, object: object): Promise<string[]> {
  return errorsOf(await api.send('POST', `${pods}?dryRun=All`, object));
}

t.test('the smallest pod is filled in as a real API server does', async (t) => {
  const api = await startApi(t);
  const { code, body } = await api.send(
    'POST',
    pods,
    withContainer({
      ports: [{ containerPort: 80 }],
      livenessProbe: { httpGet: { port: 80 } },
      readinessProbe: { grpc: { port: 81 }, periodSeconds: 3 },
      lifecycle: { preStop: { httpGet: { port: 80, path: '/bye' } } },
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      resources: { limits: { memory: '1024Mi', cpu: '0.1234567' } },
    }),
  );
  t.equal(code, 201);
  t.strictSame(body.status, { phase: 'Pending', qosClass: 'Guaranteed' });
  t.equal(body.metadata.generation, 1);
  const { tolerations: _added, volumes: _more, serviceAccountName: _name, ...spec } = body.spec;
  t.match(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
  const { volumeMounts: _mounts, ...container } = spec.containers[0];
  t.strictSame(container, {
    name: 'c',
    image: 'i',
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
    resources: { limits: { cpu: '124m', memory: '1Gi' }, requests: { cpu: '124m', memory: '1Gi' } },
    livenessProbe: {
      httpGet: { path: '/', port: 80, scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    readinessProbe: {
      grpc: { port: 81, service: '' },
      timeoutSeconds: 1,
      periodSeconds: 3,
      successThreshold: 1,
      failureThreshold: 3,
    },
    lifecycle: { preStop: { httpGet: { path: '/bye', port: 80, scheme: 'HTTP' } } },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'Always',
  });
  const order = [
    'containers',
    'restartPolicy',
    'terminationGracePeriodSeconds',
    'dnsPolicy',
    'securityContext',
  ];
  t.strictSame(
    Object.keys(body.spec).filter((name) => order.includes(name)),
    order,
    'members are in the order of declaration',
  );
  t.strictSame((await api.get(`${pods}/p`)).body, body, 'nothing is filled in a second time');
});

t.test('the pull policy goes by the tag, and a port is no tag', async (t) => {
  const api = await startApi(t);
  const digest = `sha256:${'a'.repeat(64)}`;
  const policies: Record<string, string> = {
    nginx: 'Always',
    'nginx:latest': 'Always',
    'nginx:1.25': 'IfNotPresent',
    'registry:5000/team/app': 'Always',
    'registry:5000/team/app:1': 'IfNotPresent',
    [`nginx@${digest}`]: 'IfNotPresent',
    [`nginx:latest@${digest}`]: 'Always',
  };
  for (const [image, policy] of Object.entries(policies)) {
    const { body } = await api.send('POST', `${pods}?dryRun=All`, withContainer({ image }));
    t.equal(body.spec.containers[0].imagePullPolicy, policy, image);
  }
});

t.test('an empty text is no value, a zero may be one', async (t) => {
  const api = await startApi(t);
  const given = { restartPolicy: '', dnsPolicy: '', schedulerName: '', terminationGracePeriodSeconds: 0 };
  const { body } = await api.send('POST', pods, pod(given));
  t.match(body.spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 0,
  });
});

t.test('volumes get a source and what the source needs', async (t) => {
  const api = await startApi(t);
  const { body } = await api.send(
    'POST',
    pods,
    pod({
      volumes: [
        { name: 'a' },
        { name: 'b', secret: { secretName: 's' } },
        { name: 'd', hostPath: { path: '/x' } },
        { name: 'e', projected: { sources: [{ configMap: { name: 'm' } }] } },
        { name: 'f', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        {
          name: 'g',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
      ],
    }),
  );
  t.match(body.spec.volumes, [
    { emptyDir: {} },
    { secret: { defaultMode: 420 } },
    { hostPath: { path: '/x', type: '' } },
    { projected: { defaultMode: 420 } },
    { downwardAPI: { defaultMode: 420, items: [{ fieldRef: { apiVersion: 'v1' } }] } },
    { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem' } } } },
  ]);
});

t.test('the quality of service is that of all containers together', async (t) => {
  const api = await startApi(t);
  const qos = async (...resources: object[]): Promise<string> => {
    const containers = resources.map((own, at) => ({ name: `c${at}`, image: 'i', resources: own }));
    return (await api.send('POST', `${pods}?dryRun=All`, pod({ containers }))).body.status.qosClass;
  };
  const both = { cpu: '1', memory: '1Gi' };
  t.equal(await qos({}), 'BestEffort');
  t.equal(await qos({ limits: both }), 'Guaranteed');
  t.equal(await qos({ limits: both }, {}), 'Burstable');
  t.equal(await qos({ limits: both, requests: { cpu: '500m' } }), 'Burstable');
  t.equal(await qos({ limits: both, requests: { cpu: '1000m', memory: '1024Mi' } }), 'Guaranteed');
  t.equal(await qos({ requests: { 'ephemeral-storage': '1Gi' } }), 'BestEffort');
});

t.test('quantities are shown in their canonical form', async (t) => {
  const forms: Record<string, string> = {
    '0.5': '500m',
    '1.50': '1500m',
    '1024Mi': '1Gi',
    '0.5Gi': '512Mi',
    '1.5Gi': '1536Mi',
    '0.5Ki': '512',
    '1000m': '1',
    '2000k': '2M',
    '1000': '1k',
    '1000000000': '1G',
    '1e3': '1e3',
    '-1': '-1',
    '0.0': '0',
  };
  for (const [given, canonical] of Object.entries(forms)) t.equal(canonicalQuantity(given), canonical, given);
  for (const bad of ['', '1..2', 'x', '+', '1ki']) t.throws(() => canonicalQuantity(bad), bad);
});

/** What is refused: the pod, and the errors. */
const refusals: readonly (readonly [object, readonly string[]])[] = [
  [pod({ containers: [] }), ['spec.containers: Required value']],
  [
    pod({ containers: [{}] }),
    ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
  ],
  [
    pod({
      containers: [
        { name: 'c', image: 'i' },
        { name: 'c', image: 'i' },
      ],
    }),
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    pod({ restartPolicy: 'Foo', dnsPolicy: 'Bar' }),
    [
      'spec.restartPolicy: Unsupported value: "Foo": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "Bar": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    withContainer({ imagePullPolicy: 'X' }),
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    withContainer({
      ports: [
        { containerPort: 99999, protocol: 'X' },
        { containerPort: 0 },
        { containerPort: 1, name: 'a-name-that-is-too-long' },
      ],
    }),
    [
      'spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].ports[1].containerPort: Required value',
      'spec.containers[0].ports[2].name: Invalid value: "a-name-that-is-too-long": must be no more than 15 characters',
    ],
  ],
  [
    withContainer({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  [
    withContainer({ resources: { requests: { cpu: '-1', foo: '1' } } }),
    [
      'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource for containers',
    ],
  ],
  [
    withContainer(
      {
        volumeMounts: [
          { name: 'x', mountPath: '/x' },
          { name: 'v', mountPath: '/x' },
        ],
      },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ),
    [
      'spec.containers[0].volumeMounts[0].name: Not found: "x"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
    ],
  ],
  [
    pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] }),
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    withContainer({
      env: [
        { name: 'A', value: 'v', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B=', value: 'v' },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } },
      ],
    }),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[1].name: Invalid value: "B=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      'spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
    ],
  ],
  [
    withContainer({
      livenessProbe: {},
      readinessProbe: { exec: { command: ['x'] }, tcpSocket: { port: 1 } },
      startupProbe: { tcpSocket: { port: 1 }, successThreshold: 2 },
    }),
    [
      'spec.containers[0].livenessProbe: Required value: must specify a handler type',
      'spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  ],
  [
    pod({ tolerations: [{ key: 'a', operator: 'Foo' }, { operator: 'Equal' }] }),
    [
      'spec.tolerations[0].operator: Unsupported value: "Foo": supported values: "Equal", "Exists"',
      'spec.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'X' }] }),
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "X": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    pod({ activeDeadlineSeconds: 0 }),
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    pod({ ephemeralContainers: [{ name: 'e', image: 'i' }] }),
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    pod({ nodeName: 'n', schedulingGates: [{ name: 'g' }] }),
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    pod({ initContainers: [{ name: 'c', image: 'i', livenessProbe: { tcpSocket: { port: 1 } } }] }),
    [
      'spec.initContainers[0].name: Duplicate value: "c"',
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    withContainer({ image: ' i' }),
    ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace'],
  ],
  [
    withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false, runAsUser: -1 } }),
    [
      'spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.containers[0].securityContext: Invalid value: {"privileged":true,"runAsUser":-1,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
  [
    pod({ dnsPolicy: 'None' }),
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
];

t.test('what is wrong with a pod is said in the words of a real API server', async (t) => {
  const api = await startApi(t);
  for (const [object, errors] of refusals) t.strictSame(await refused(api, object), errors, errors[0]!);
  const one = await api.send('POST', pods, pod({ containers: [] }));
  t.equal(one.body.message, 'Pod "p" is invalid: spec.containers: Required value');
});

t.test('what is allowed but not meant comes with a warning', async (t) => {
  const api = await startApi(t);
  const { code, headers } = await api.send('POST', pods, {
    metadata: { name: 'a.b' },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [{ containerPort: 80 }, { containerPort: 80 }],
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
          ],
          resources: { limits: { memory: '500m' } },
        },
      ],
      nodeSelector: { 'beta.kubernetes.io/arch': 'amd64' },
    },
  });
  t.equal(code, 201);
  const warnings = headers.get('warning') ?? '';
  for (const text of [
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
    'spec.containers[0].env[1]: hides previous definition of \\"A\\", which may be dropped when using apply',
    'spec.containers[0].resources.limits[memory]: fractional byte value \\"500m\\" is invalid, must be an integer',
    'spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use \\"kubernetes.io/arch\\" instead',
  ]) {
    t.ok(warnings.includes(text), text);
  }
});

t.test('a gated pod says that it is not to be scheduled', async (t) => {
  const api = await startApi(t);
  const { body } = await api.send('POST', pods, pod({ schedulingGates: [{ name: 'wait' }] }));
  t.match(body.status.conditions, [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }]);
  const added = await api.merge(`${pods}/p`, {
    spec: { schedulingGates: [{ name: 'wait' }, { name: 'more' }] },
  });
  t.strictSame(errorsOf(added), [
    "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'more'",
  ]);
  t.equal((await api.merge(`${pods}/p`, { spec: { nodeSelector: { disk: 'ssd' } } })).code, 200);
  t.equal((await api.merge(`${pods}/p`, { spec: { schedulingGates: null } })).code, 200);
  t.equal((await api.merge(`${pods}/p`, { spec: { nodeSelector: { disk: 'hdd' } } })).code, 422);
});
