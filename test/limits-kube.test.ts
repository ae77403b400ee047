/**
 * Limits of fields of Kubernetes objects at their edges, over the API: an object at the limit is taken, one beyond it is
 * refused, by the field. As `limits.test.ts`. The names of the cases are those that the house test looks for.
 */

import t from 'tap';
import { startControlPlane } from '../src/kube/control-plane.ts';
import { nodeRuntime } from '../src/util/node-runtime.ts';
import { Api, startApi } from './kube/api.ts';

t.setTimeout(600_000); // The machine may be busy.

type Fields = Record<string, unknown>;

interface Edge {
  readonly path: string;
  readonly max: number;
  /** An object whose size in question is `size`. */
  readonly of: (size: number) => Fields;
  /** What the refusal names. */
  readonly told: RegExp;
}

const ns = '/namespaces/default';
const core = `/api/v1${ns}`;
const text = (size: number): string => 'x'.repeat(size);
const list = <T>(size: number, of: (at: number) => T): T[] => Array.from({ length: size }, (_, at) => of(at));
const container = { name: 'c', image: 'i' };
const pod = (spec: Fields): Fields => ({ spec: { containers: [container], ...spec } });
const job = (spec: Fields): Fields => ({
  spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } }, ...spec },
});
const jobs = `/apis/batch/v1${ns}/jobs`;
const rule = (more: Fields): Fields => ({ action: 'FailJob', ...more });
const exits = (size: number): Fields =>
  rule({ onExitCodes: { operator: 'In', values: list(size, (at) => at + 1) } });
const hooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const hook = (more: Fields): Fields => ({
  webhooks: [
    {
      ...{ name: 'a.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None' },
      clientConfig: { url: 'https://127.0.0.1:1/' },
      ...more,
    },
  ],
});
const slices = `/apis/discovery.k8s.io/v1${ns}/endpointslices`;
const slice = (more: Fields): Fields => ({ addressType: 'IPv4', endpoints: [], ports: [], ...more });
const address = (at: number): string => `10.0.${at >> 8}.${at & 255}`;
const scaler = (behavior: Fields): Fields => ({
  spec: {
    scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
    maxReplicas: 2,
    behavior,
  },
});
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
let apiGroups = 0;
const apiService = (priorities: Fields): Fields => {
  const group = `g${++apiGroups}.example.com`;
  const service = { namespace: 'default', name: 's' };
  return { metadata: { name: `v1.${group}` }, spec: { group, version: 'v1', service, ...priorities } };
};
const scalers = `/apis/autoscaling/v2${ns}/horizontalpodautoscalers`;
const policy = (periodSeconds: number) => ({ type: 'Pods', value: 1, periodSeconds });

/** A definition of its own name for each size. */
const definition = (size: number, version: Fields): Fields => {
  const plural = `edges${size}`;
  const names = { plural, singular: plural, kind: `Edge${size}`, listKind: `Edge${size}List` };
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      ...{ group: 'example.com', scope: 'Cluster', names },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
          ...version,
        },
      ],
    },
  };
};
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const edges: Readonly<Record<string, Edge>> = {
  'warningBytesMax of kube/crd/version-checks': {
    path: definitions,
    max: 256,
    of: (size) => definition(size, { deprecated: true, deprecationWarning: text(size) }),
    told: /deprecationWarning: .*must be <= 256 characters long/,
  },
  'annotationsMax of kube/strategy/admission-policies': {
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    max: 20,
    of: (size) => ({
      spec: {
        matchConstraints: {
          resourceRules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        },
        auditAnnotations: list(size, (at) => ({ key: `k${at}`, valueExpression: "'v'" })),
      },
    }),
    told: /must not have more than 20 auditAnnotations/,
  },
  'nodeNameMax of kube/strategy/storage': {
    path: '/apis/storage.k8s.io/v1/csinodes',
    max: 256,
    of: (size) => ({ spec: { drivers: [{ name: 'd.example.com', nodeID: text(size), topologyKeys: [] }] } }),
    told: /nodeID: .*must be 256 characters or less/,
  },
  'failedIndexesMax of kube/validation/batch': {
    path: jobs,
    max: 100_000,
    of: (maxFailedIndexes) =>
      job({ completionMode: 'Indexed', completions: 100_000, backoffLimitPerIndex: 1, maxFailedIndexes }),
    told: /maxFailedIndexes: .*must be less than or equal to 100000/,
  },
  'annotationBytesMax of kube/meta/validate-meta': {
    path: `${core}/configmaps`,
    max: 262_144 - 1,
    of: (size) => ({ metadata: { annotations: { a: text(size) } } }),
    told: /metadata\.annotations/,
  },
  'labelMax of kube/meta/names': {
    path: `${core}/configmaps`,
    max: 63,
    of: (size) => ({ metadata: { labels: { a: text(size) } } }),
    told: /metadata\.labels/,
  },
  'subdomainMax of kube/meta/names': {
    path: `${core}/configmaps`,
    max: 253,
    of: (size) => ({ metadata: { name: text(size) } }),
    told: /metadata\.name/,
  },
  'bytesMax of kube/strategy/config': {
    path: `${core}/configmaps`,
    max: 1_048_576,
    of: (size) => ({ data: { k: text(size) } }),
    told: /may not be more than|Too long|must have at most/,
  },
  'nameserversMax of kube/validation/pod-spec': {
    path: `${core}/pods`,
    max: 3,
    of: (size) => pod({ dnsPolicy: 'None', dnsConfig: { nameservers: list(size, address) } }),
    told: /dnsConfig\.nameservers/,
  },
  'searchesMax of kube/validation/pod-spec': {
    path: `${core}/pods`,
    max: 32,
    of: (size) =>
      pod({
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['1.1.1.1'], searches: list(size, (at) => `s${at}`) },
      }),
    told: /dnsConfig\.searches/,
  },
  'searchLettersMax of kube/validation/pod-spec': {
    path: `${core}/pods`,
    max: 2048,
    // Eleven names of up to 200 letters, and the blanks between them.
    of: (size) => {
      const names = list(
        10,
        (at) => `${'a'.repeat(50)}.${'b'.repeat(50)}.${'c'.repeat(48)}.${'d'.repeat(48)}${at}`,
      );
      const rest = size - names.join(' ').length - 1;
      return pod({
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['1.1.1.1'], searches: [...names, 'e'.repeat(rest)] },
      });
    },
    told: /dnsConfig\.searches/,
  },
  'sysctlMax of kube/validation/pod-security': {
    path: `${core}/pods`,
    max: 253,
    of: (size) => pod({ securityContext: { sysctls: [{ name: text(size), value: '1' }] } }),
    told: /sysctls\[0\]\.name/,
  },
  'indexedParallelismMax of kube/validation/batch': {
    path: jobs,
    max: 100_000,
    of: (size) => job({ completionMode: 'Indexed', completions: 200_000, parallelism: size }),
    told: /spec\.parallelism/,
  },
  'managedByMax of kube/validation/batch': {
    path: jobs,
    max: 63,
    of: (size) => job({ managedBy: `a.b/${text(size - 4)}` }),
    told: /spec\.managedBy/,
  },
  'rulesMax of kube/validation/batch-policies': {
    path: jobs,
    max: 20,
    of: (size) => job({ podFailurePolicy: { rules: list(size, () => exits(1)) } }),
    told: /podFailurePolicy\.rules/,
  },
  'valuesMax of kube/validation/batch-policies': {
    path: jobs,
    max: 255,
    of: (size) => job({ podFailurePolicy: { rules: [exits(size)] } }),
    told: /onExitCodes\.values/,
  },
  'patternsMax of kube/validation/batch-policies': {
    path: jobs,
    max: 20,
    of: (size) =>
      job({
        podFailurePolicy: {
          rules: [rule({ onPodConditions: list(size, () => ({ type: 'A', status: 'True' })) })],
        },
      }),
    told: /onPodConditions/,
  },
  'timeoutMax of kube/strategy/webhooks': {
    path: hooks,
    max: 30,
    of: (size) => hook({ timeoutSeconds: size }),
    told: /timeoutSeconds/,
  },
  'portMax of kube/validation/webhook-clients': {
    path: hooks,
    max: 65_535,
    of: (size) => hook({ clientConfig: { service: { namespace: 'default', name: 's', port: size } } }),
    told: /clientConfig\.service\.port/,
  },
  'driverNameMax of kube/strategy/storage': {
    path: '/apis/storage.k8s.io/v1/csidrivers',
    max: 63,
    of: (size) => ({ metadata: { name: text(size) }, spec: {} }),
    told: /metadata\.name/,
  },
  'conditionsMax of kube/validation/match-rules': {
    path: hooks,
    max: 64,
    of: (size) => hook({ matchConditions: list(size, (at) => ({ name: `c${at}`, expression: 'true' })) }),
    told: /matchConditions/,
  },
  'endpointsMax of kube/strategy/endpoints': {
    path: slices,
    max: 1000,
    of: (size) => slice({ endpoints: list(size, (at) => ({ addresses: [address(at)] })) }),
    told: /endpoints/,
  },
  'addressesMax of kube/strategy/endpoints': {
    path: slices,
    max: 100,
    of: (size) => slice({ endpoints: [{ addresses: list(size, address) }] }),
    told: /endpoints\[0\]\.addresses/,
  },
  'portsMax of kube/strategy/endpoints': {
    path: slices,
    max: 100,
    of: (size) => slice({ ports: list(size, (at) => ({ name: `p${at}`, port: at + 1 })) }),
    told: /ports/,
  },
  'precedenceMax of kube/validation/flow-control': {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    max: 10_000,
    of: (size) => ({
      spec: {
        ...{ priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence: size },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'u' } }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
          },
        ],
      },
    }),
    told: /matchingPrecedence/,
  },
  'queuesMax of kube/validation/flow-control': {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    max: 10_000_000,
    of: (size) => ({
      spec: {
        type: 'Limited',
        limited: { limitResponse: { type: 'Queue', queuing: { queues: size, handSize: 2 } } },
      },
    }),
    told: /queues/,
  },
  'groupPriorityMax of kube/strategy/api-service': {
    path: apiServices,
    max: 20_000,
    of: (size) => apiService({ groupPriorityMinimum: size, versionPriority: 1 }),
    told: /groupPriorityMinimum/,
  },
  'versionPriorityMax of kube/strategy/api-service': {
    path: apiServices,
    max: 1000,
    of: (size) => apiService({ groupPriorityMinimum: 1, versionPriority: size }),
    told: /versionPriority/,
  },
  'userPriorityMax of kube/strategy/policies': {
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    max: 1_000_000_000,
    of: (size) => ({ value: size }),
    told: /value/,
  },
  'windowMax of kube/strategy/autoscaler': {
    path: scalers,
    max: 3600,
    of: (size) => scaler({ scaleUp: { stabilizationWindowSeconds: size, policies: [policy(15)] } }),
    told: /stabilizationWindowSeconds/,
  },
  'periodMax of kube/strategy/autoscaler': {
    path: scalers,
    max: 1800,
    of: (size) => scaler({ scaleUp: { policies: [policy(size)] } }),
    told: /periodSeconds/,
  },
  'parametersMax of kube/strategy/storage': {
    path: '/apis/storage.k8s.io/v1/storageclasses',
    max: 512,
    of: (size) => ({
      provisioner: 'p',
      parameters: Object.fromEntries(list(size, (at) => [`k${at}`, 'v'])),
    }),
    told: /parameters/,
  },
  'noteMax of kube/strategy/event': {
    path: `/apis/events.k8s.io/v1${ns}/events`,
    max: 1024,
    of: (size) => ({
      ...{ eventTime: '2024-01-01T00:00:00.000000Z', reportingController: 'a.b/c', reportingInstance: 'i' },
      ...{
        action: 'A',
        reason: 'R',
        type: 'Normal',
        regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      },
      note: text(size),
    }),
    told: /message: .*at most 1024 characters/,
  },
  'textMax of kube/strategy/event': {
    path: `/apis/events.k8s.io/v1${ns}/events`,
    max: 128,
    of: (size) => ({
      ...{ eventTime: '2024-01-01T00:00:00.000000Z', reportingController: 'a.b/c', reportingInstance: 'i' },
      ...{ action: text(size), reason: 'R', type: 'Normal' },
      regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
    }),
    told: /action/,
  },
};

t.test('maxSeconds of kube/rest/token: a token lasts 2^32 seconds, and no longer', async (t) => {
  const api = await startApi(t);
  await api.send('POST', `${core}/serviceaccounts`, { metadata: { name: 'robot' } });
  const ask = (expirationSeconds: number) =>
    api.send('POST', `${core}/serviceaccounts/robot/token`, { spec: { expirationSeconds } });
  t.equal((await ask(2 ** 32)).code, 201);
  const beyond = await ask(2 ** 32 + 1);
  t.equal(beyond.code, 422);
  t.match(beyond.body.message, 'may not specify a duration larger than 2^32 seconds');
});

t.test('generatedBaseMax of kube/rest/create: a generated name has 63 letters at most', async (t) => {
  const api = await startApi(t);
  for (const size of [58, 59, 63]) {
    const made = await api.send('POST', `${core}/configmaps`, { metadata: { generateName: text(size) } });
    t.equal(made.code, 201, JSON.stringify(made.body).slice(0, 200));
    t.equal(made.body.metadata.name.length, 63);
  }
});

t.test('annotationLengthMax of kube/policies/validating: a longer one is cut', async (t) => {
  const lines: string[] = [];
  const plane = await startControlPlane({
    runtime: nodeRuntime(),
    audit: { write: (line) => void lines.push(line) },
  });
  t.teardown(() => plane.close());
  const api = new Api(plane);
  const registration = '/apis/admissionregistration.k8s.io/v1';
  const resourceRules = [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  ];
  await api.send('POST', `${registration}/validatingadmissionpolicies`, {
    metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules },
      auditAnnotations: [{ key: 'text', valueExpression: 'string(object.data.text)' }],
    },
  });
  await api.send('POST', `${registration}/validatingadmissionpolicybindings`, {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'] },
  });
  const told = async (name: string, size: number): Promise<number> => {
    await api.send('POST', `${core}/configmaps?fieldManager=${name}`, {
      metadata: { name },
      data: { text: text(size) },
    });
    const line = lines.find((one) => one.includes(`fieldManager=${name}`));
    return JSON.parse(line ?? '{}').annotations?.['p/text'].length;
  };
  t.equal(await told('at', 10 * 1024), 10 * 1024);
  t.equal(await told('beyond', 10 * 1024 + 1), 10 * 1024);
});

t.test('messageBytesMax of kube/policies/validating: a longer message is not taken', async (t) => {
  const api = await startApi(t);
  const registration = '/apis/admissionregistration.k8s.io/v1';
  const resourceRules = [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  ];
  const validations = [
    { expression: 'false', messageExpression: 'string(object.data.text)', message: 'the fixed one' },
  ];
  const { code } = await api.send('POST', `${registration}/validatingadmissionpolicies`, {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, validations },
  });
  t.equal(code, 201);
  await api.send('POST', `${registration}/validatingadmissionpolicybindings`, {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'] },
  });
  const said = async (size: number): Promise<string> => {
    const object = { metadata: { name: 'c' }, data: { text: text(size) } };
    return (await api.send('POST', `${core}/configmaps`, object)).body.message;
  };
  t.ok((await said(5 * 1024)).includes(text(5 * 1024)));
  t.match(await said(5 * 1024 + 1), 'the fixed one');
});

t.test('what is at a limit of its field is taken, and what is one beyond is refused by it', async (t) => {
  const api = await startApi(t);
  let made = 0;
  for (const [limit, { path, max, of, told }] of Object.entries(edges)) {
    const post = (size: number) => {
      const { metadata = {}, ...rest } = of(size);
      made++;
      return api.send('POST', path, { metadata: { name: `edge-${made}`, ...(metadata as Fields) }, ...rest });
    };
    const at = await post(max);
    t.equal(at.code, 201, `${limit}: ${JSON.stringify(at.body).slice(0, 300)}`);
    const beyond = await post(max + 1);
    t.equal(beyond.code, 422, `${limit}: ${JSON.stringify(beyond.body).slice(0, 300)}`);
    t.match(JSON.stringify(beyond.body), told, limit);
  }
});

t.test('bodyBytesMax of kube/http/request: a body of 3 MiB is read, a longer one is 413', async (t) => {
  const api = await startApi(t);
  const send = async (bytes: number): Promise<number> => {
    const empty = JSON.stringify({ metadata: { name: 'b' }, data: { k: '' } });
    const body = empty.replace('""', `"${text(bytes - empty.length)}"`);
    return (await api.send('POST', `${core}/configmaps`, body)).code;
  };
  t.equal(await send(3 << 20), 422, 'read, and too much for a ConfigMap');
  t.equal(await send((3 << 20) + 1), 413);
});

t.test('fieldManagerMax of kube/rest/options: a name of 128 letters, and none longer', async (t) => {
  const api = await startApi(t);
  const send = async (size: number): Promise<number> => {
    const path = `${core}/configmaps?fieldManager=${text(size)}`;
    return (await api.send('POST', path, { metadata: { generateName: 'f-' } })).code;
  };
  t.equal(await send(128), 201);
  t.equal(await send(129), 422);
});
