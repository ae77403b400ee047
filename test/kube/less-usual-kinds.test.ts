/** Checks of kinds that few write by hand, as kube-apiserver words them. */

import t from 'tap';
import { makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Api, startApi } from './api.ts';

const labelText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

interface Case {
  readonly path: string;
  readonly object: Record<string, unknown>;
  /** What is told of it, after the name of the field and in this order. */
  readonly problems: readonly string[];
}

const core = '/api/v1';
const storage = '/apis/storage.k8s.io/v1';
const networking = '/apis/networking.k8s.io/v1';
const selector = { matchLabels: { a: '50%' } };
const badLabel = (field: string): string => `${field}: Invalid value: "50%": ${labelText}`;

const cases: Readonly<Record<string, Case>> = {
  'a ClusterRole that aggregates': {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    object: { aggregationRule: { clusterRoleSelectors: [selector] }, rules: [] },
    problems: [badLabel('aggregationRule.clusterRoleSelectors[0].matchLabels')],
  },
  'a NetworkPolicy': {
    path: `${networking}/namespaces/default/networkpolicies`,
    object: { spec: { podSelector: selector, egress: [{ to: [{ namespaceSelector: selector }] }] } },
    problems: [
      badLabel('spec.podSelector.matchLabels'),
      badLabel('spec.egress[0].to[0].namespaceSelector.matchLabels'),
    ],
  },
  'a claim': {
    path: `${core}/namespaces/default/persistentvolumeclaims`,
    object: {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        selector,
        dataSource: { kind: 'Other', name: 'o' },
      },
    },
    problems: [
      badLabel('spec.selector.matchLabels'),
      'spec.dataSource: Invalid value: "Other": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    ],
  },
  'a budget': {
    path: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    object: { spec: { minAvailable: 1, selector } },
    problems: [badLabel('spec.selector.matchLabels')],
  },
  'a RuntimeClass': {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    object: {
      handler: 'h',
      scheduling: {
        nodeSelector: { a: '50%' },
        tolerations: [{ key: 'a', operator: 'Sometimes' }],
      },
    },
    problems: [
      badLabel('scheduling.nodeSelector'),
      'scheduling.tolerations.tolerations[0].operator: Unsupported value: "Sometimes": supported values: "Equal", "Exists"',
    ],
  },
  'a CSINode': {
    path: `${storage}/csinodes`,
    object: {
      spec: { drivers: [{ name: '', nodeID: 'n', topologyKeys: ['a', 'a'], allocatable: { count: -1 } }] },
    },
    problems: [
      'spec.drivers[0].name: Required value',
      `spec.drivers[0].name: Invalid value: "": ${subdomainText}`,
      'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[0]: Duplicate value: "a"',
    ],
  },
  'a StorageClass': {
    path: `${storage}/storageclasses`,
    object: {
      provisioner: 'p.example.com',
      allowedTopologies: [
        { matchLabelExpressions: [{ key: 'a', values: ['b', 'b'] }, { key: 'a' }] },
        { matchLabelExpressions: [{ key: 'c', values: ['d'] }] },
        { matchLabelExpressions: [{ key: 'c', values: ['d'] }] },
        {},
      ],
    },
    problems: [
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b"',
      'allowedTopologies[0].matchLabelExpressions[1].values: Required value',
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "a"',
      'allowedTopologies[2].matchLabelExpressions: Duplicate value: ""',
      'allowedTopologies[3].matchLabelExpressions: Duplicate value: ""',
    ],
  },
  'a VolumeAttachment': {
    path: `${storage}/volumeattachments`,
    object: { spec: { attacher: 'a b', nodeName: 'n', source: { persistentVolumeName: '..' } } },
    problems: [
      `spec.attacher: Invalid value: "a b": ${subdomainText}`,
      `spec.source.persistentVolumeName: Invalid value: "..": ${subdomainText}`,
    ],
  },
  'an IngressClass': {
    path: `${networking}/ingressclasses`,
    object: { spec: { controller: 'example.com/c', parameters: { kind: '..', name: '50%' } } },
    problems: [
      'spec.parameters.kind: Invalid value: "..": may not be \'..\'',
      'spec.parameters.name: Invalid value: "50%": may not contain \'%\'',
    ],
  },
  'an Ingress to something else': {
    path: `${networking}/namespaces/default/ingresses`,
    object: { spec: { defaultBackend: { resource: { apiGroup: '', kind: '../x', name: '' } } } },
    problems: [
      `spec.defaultBackend.resource.apiGroup: Invalid value: "": ${subdomainText}`,
      'spec.defaultBackend.resource.kind: Invalid value: "../x": may not contain \'/\'',
      'spec.defaultBackend.resource.name: Required value: name is required',
    ],
  },
  'a Node': {
    path: `${core}/nodes`,
    object: { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24', '10.1.0.0/24'] } },
    problems: [
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.1.0.0/24"]: may specify no more than one CIDR for each IP family',
      'spec.podCIDRs[1]: Duplicate value: "10.1.0.0/24"',
    ],
  },
  'a volume': {
    path: `${core}/persistentvolumes`,
    object: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        local: { path: '/x' },
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] },
        },
      },
    },
    problems: [
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
    ],
  },
};

async function create(
  api: Api,
  path: string,
  object: Record<string, unknown>,
): Promise<ReturnType<Api['send']>> {
  return api.send('POST', path, { metadata: { name: 'x' }, ...object });
}

t.test('what is wrong with them is refused, all of it at once', async (t) => {
  const api = await startApi(t);
  for (const [what, { path, object, problems }] of Object.entries(cases)) {
    const { code, body } = await create(api, path, object);
    t.equal(code, 422, what);
    const told = body.details?.causes?.map(
      ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
    );
    t.strictSame(told, problems, `${what}: ${body.message}`);
  }
});

t.test('of a node that says two things of its range, the one that older clients know counts', async (t) => {
  const api = await startApi(t);
  const spec = { podCIDR: '10.1.0.0/24', podCIDRs: ['10.2.0.0/24'] };
  const { body } = await create(api, `${core}/nodes`, { spec });
  t.match(body.spec, { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] });
  t.equal(body.spec.podCIDRs.length, 1);
  const addresses = [{ type: 'Hostname', address: 'a' }];
  const status = { addresses: [...addresses, ...addresses] };
  const twice = await api.merge(`${core}/nodes/x/status`, { status });
  t.match(twice.body.message, 'status.addresses[1]: Duplicate value: {"Type":"Hostname","Address":"a"}');
});

t.test('drivers of a node and the place of a volume stay what they are', async (t) => {
  const api = await startApi(t);
  const driver = { name: 'd.example.com', nodeID: 'n' };
  await create(api, `${storage}/csinodes`, { spec: { drivers: [driver] } });
  const other = await api.merge(`${storage}/csinodes/x`, { spec: { drivers: [{ ...driver, nodeID: 'm' }] } });
  t.equal(other.code, 422);
  t.match(other.body.message, /CSINodeDriver: Invalid value: .*: field is immutable/);
  t.equal((await api.merge(`${storage}/csinodes/x`, { spec: { drivers: [] } })).code, 200);
  const terms = (value: string): object => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] }] },
  });
  const { object } = cases['a volume']!;
  const spec = { ...(object['spec'] as object), nodeAffinity: terms('b') };
  await create(api, `${core}/persistentvolumes`, { spec });
  const moved = await api.merge(`${core}/persistentvolumes/x`, { spec: { nodeAffinity: terms('c') } });
  const shown =
    '{"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"a","Operator":"In","Values":["c"]}],"MatchFields":null}]}}';
  t.match(moved.body.message, `nodeAffinity: Invalid value: ${shown}: field is immutable`);
});

t.test('a null in a list of texts is an empty text, and one for an amount is none', async (t) => {
  const api = await startApi(t);
  const hard = { pods: null, services: '2' };
  const quota = await create(api, `${core}/namespaces/default/resourcequotas`, { spec: { hard } });
  t.strictSame(quota.body.spec.hard, { pods: '0', services: '2' });
  const { code, body } = await create(api, `${networking}/namespaces/default/ingresses`, {
    spec: { tls: [{ hosts: [null] }], defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  });
  t.equal(code, 422);
  t.match(body.message, 'spec.tls[0].hosts[0]: Invalid value: ""');
});

t.test('an event of the new kind may tell of an object elsewhere, and may be changed', async (t) => {
  const api = await startApi(t);
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  const eventTime = '2026-01-01T00:00:00.000000Z';
  const regarding = { kind: 'Pod', name: 'p', namespace: 'elsewhere' };
  const report = { reportingController: 'example.com/c', reportingInstance: 'c-1', action: 'A', reason: 'R' };
  const once = { series: { count: 1, lastObservedTime: eventTime } };
  const event = { eventTime, regarding, ...report, type: 'Normal' };
  const single = await create(api, path, { ...event, ...once });
  t.match(single.body.message, 'series.count: Invalid value: "": should be at least 2');
  const made = await create(api, path, event);
  t.equal(made.code, 201, made.body.message);
  t.equal((await api.merge(`${path}/x`, { note: 'other' })).body.note, 'other');
  const empty = await api.merge(`${path}/x`, { reason: '' });
  t.match(empty.body.message, 'reason: Required value');
  const old = { metadata: { name: 'y' }, involvedObject: { kind: 'Pod', name: 'p', namespace: 'elsewhere' } };
  const refused = await create(api, `${core}/namespaces/default/events`, old);
  t.match(refused.body.message, 'involvedObject.namespace: Invalid value: "elsewhere": does not match');
});

t.test('an event is found by who tells of it, in whichever member that stands', async (t) => {
  const api = await startApi(t);
  const eventTime = '2026-01-01T00:00:00.000000Z';
  const report = { reportingController: 'example.com/c', reportingInstance: 'c-1', action: 'A', reason: 'R' };
  const regarding = { kind: 'Pod', name: 'p', namespace: 'default' };
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  await create(api, path, { eventTime, regarding, ...report, type: 'Normal' });
  const found = async (selector: string): Promise<number> => {
    const { body } = await api.get(
      `${core}/namespaces/default/events?fieldSelector=${encodeURIComponent(selector)}`,
    );
    return body.items.length;
  };
  t.equal(await found('source=example.com/c'), 1);
  t.equal(await found('reportingComponent=example.com/c'), 1);
  t.equal(await found('source=other'), 0);
});

const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KQUFBQQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K';
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

t.test('a request for a certificate names known usages and a signer of a domain', async (t) => {
  const api = await startApi(t);
  const refused = async (spec: object): Promise<string> =>
    (
      await create(api, requests, {
        spec: { request, usages: ['client auth'], signerName: 'e.com/s', ...spec },
      })
    ).body.message;
  t.match(await refused({ usages: ['flying'] }), 'spec.usages[0]: Unsupported value: "flying"');
  t.match(await refused({ usages: ['any', 'any'] }), 'spec.usages[1]: Duplicate value: "any"');
  t.match(await refused({ usages: [] }), 'spec.usages: Required value: usages must be provided');
  t.match(await refused({ signerName: 'here' }), 'must be a fully qualified domain and path of the form');
  t.match(await refused({ signerName: 'com/s' }), 'should be a domain with at least two segments');
  t.match(await refused({ signerName: 'e.Com/s' }), 'Invalid value: "e.Com": validating label "Com": ');
});

t.test(
  'any condition may come by /approval, decisions by nothing else; a certificate comes once',
  async (t) => {
    const api = await startApi(t);
    const spec = { request, usages: ['client auth'], signerName: 'example.com/signer' };
    await create(api, requests, { spec });
    const condition = (type: string, status = 'True'): object => ({ type, status, reason: 'R' });
    const change = (subresource: string, status: object): ReturnType<Api['merge']> =>
      api.merge(`${requests}/x/${subresource}`, { status });
    const other = await change('approval', { conditions: [condition('Other')], certificate: 'AAAA' });
    t.equal(other.code, 200, other.body.message);
    t.match(other.body.status.conditions, [{ type: 'Other', status: 'True', lastUpdateTime: /^2/ }]);
    t.notOk('certificate' in other.body.status, 'and the certificate does not');
    const decided = await change('status', { conditions: [condition('Other'), condition('Approved')] });
    t.match(decided.body.message, 'updates may not add a condition of type "Approved"');
    const both = await change('approval', { conditions: [condition('Approved'), condition('Denied')] });
    t.match(both.body.message, 'Approved and Denied conditions are mutually exclusive');
    const maybe = await change('approval', { conditions: [condition('Approved', 'False')] });
    t.match(maybe.body.message, 'status.conditions[0].status: Unsupported value: "False"');
    t.equal((await change('approval', { conditions: [condition('Approved')] })).code, 200);
    const back = await change('approval', { conditions: [] });
    t.match(back.body.message, 'updates may not remove a condition of type "Approved"');
    t.match(
      (await change('status', { certificate: 'AAAA' })).body.message,
      'status.certificate: Invalid value',
    );
    const { cert } = makeCertificate(
      { commonName: 'x', now: Date.now(), validDays: 1 },
      null,
      nodeRuntime().random,
    );
    const certificate = Buffer.from(cert).toString('base64');
    t.equal((await change('status', { certificate })).body.status.certificate, certificate);
    const again = await change('status', { certificate: Buffer.from(`${cert}\n${cert}`).toString('base64') });
    t.match(again.body.message, 'updates may not modify existing certificate content');
  },
);
