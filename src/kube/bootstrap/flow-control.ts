/** The flow schemas and priority levels of a fresh cluster. They are shown; requests are bounded by number alone. */

import type { ApiObject, JsonObject } from '../api/objects.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

/** Name, shares, percent to lend; no shares: its requests are rejected rather than queued. */
const levels: readonly (readonly [string, number, number, boolean])[] = [
  ['node-high', 40, 25, true],
  ['system', 30, 33, true],
  ['leader-election', 10, 0, true],
  ['workload-high', 40, 50, true],
  ['workload-low', 100, 90, true],
  ['global-default', 20, 50, true],
  ['catch-all', 5, 0, false],
];

function level([name, shares, lend, queues]: readonly [string, number, number, boolean]): ApiObject {
  const queuing = name === 'leader-election' ? { queues: 16, handSize: 4, queueLengthLimit: 50 } : undefined;
  const limitResponse = queues
    ? {
        type: 'Queue',
        queuing: queuing ?? {
          queues: name === 'workload-high' || name === 'workload-low' || name === 'global-default' ? 128 : 64,
          handSize: 6,
          queueLengthLimit: 50,
        },
      }
    : { type: 'Reject' };
  const limited: JsonObject = { nominalConcurrencyShares: shares, limitResponse, lendablePercent: lend };
  return priorityLevel(name, { type: 'Limited', limited });
}

function priorityLevel(name: string, spec: JsonObject): ApiObject {
  return {
    kind: 'PriorityLevelConfiguration',
    apiVersion,
    metadata: { name, annotations },
    spec,
    status: {},
  };
}

const groupAll = ['group:system:authenticated', 'group:system:unauthenticated'];

function subject(text: string): JsonObject {
  const at = text.indexOf(':');
  const [kind, name] = [text.slice(0, at), text.slice(at + 1)];
  if (kind === 'group') return { kind: 'Group', group: { name } };
  if (kind === 'user') return { kind: 'User', user: { name } };
  const [namespace = '', account = ''] = name.split('/');
  return { kind: 'ServiceAccount', serviceAccount: { namespace, name: account } };
}

const allPaths: JsonObject = { verbs: ['*'], nonResourceURLs: ['*'] };

function resources(verbs: string[], apiGroups: string[], names: string[], namespaces: string[]): JsonObject {
  const scope = namespaces.includes('*') ? { clusterScope: true } : {};
  return { verbs, apiGroups, resources: names, ...scope, namespaces };
}

const allResources = resources(['*'], ['*'], ['*'], ['*']);
const leases = resources(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'], ['kube-system']);

interface FlowFacts {
  readonly name: string;
  readonly level: string;
  readonly precedence: number;
  readonly method: string;
  readonly subjects: readonly string[];
  readonly resources: readonly JsonObject[];
  readonly paths: readonly JsonObject[];
}

function everything(
  name: string,
  levelName: string,
  precedence: number,
  method: string,
  subjects: readonly string[],
): FlowFacts {
  return {
    name,
    level: levelName,
    precedence,
    method,
    subjects,
    resources: [allResources],
    paths: [allPaths],
  };
}

const manager = 'user:system:kube-controller-manager';
const scheduler = 'user:system:kube-scheduler';

const flows: readonly FlowFacts[] = [
  everything('exempt', 'exempt', 1, '', ['group:system:masters']),
  {
    name: 'probes',
    level: 'exempt',
    precedence: 2,
    method: '',
    subjects: groupAll,
    resources: [],
    paths: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  },
  {
    name: 'system-leader-election',
    level: 'leader-election',
    precedence: 100,
    method: 'ByUser',
    subjects: [manager, scheduler],
    resources: [leases],
    paths: [],
  },
  everything('endpoint-controller', 'workload-high', 150, 'ByUser', [
    'account:kube-system/endpoint-controller',
    'account:kube-system/endpointslicemirroring-controller',
  ]),
  {
    name: 'workload-leader-election',
    level: 'leader-election',
    precedence: 200,
    method: 'ByUser',
    subjects: ['account:kube-system/*'],
    resources: [resources(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'], ['*'])],
    paths: [],
  },
  {
    name: 'system-node-high',
    level: 'node-high',
    precedence: 400,
    method: 'ByUser',
    subjects: ['group:system:nodes'],
    resources: [
      resources(['*'], [''], ['nodes', 'nodes/status'], ['*']),
      resources(['*'], ['coordination.k8s.io'], ['leases'], ['*']),
    ],
    paths: [],
  },
  everything('system-nodes', 'system', 500, 'ByUser', ['group:system:nodes']),
  everything('kube-controller-manager', 'workload-high', 800, 'ByNamespace', [manager]),
  everything('kube-scheduler', 'workload-high', 800, 'ByNamespace', [scheduler]),
  everything('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', ['account:kube-system/*']),
  everything('service-accounts', 'workload-low', 9000, 'ByUser', ['group:system:serviceaccounts']),
  everything('global-default', 'global-default', 9900, 'ByUser', groupAll),
  everything('catch-all', 'catch-all', 10_000, 'ByUser', groupAll),
];

function flowSchema(facts: FlowFacts): ApiObject {
  const spec: JsonObject = {
    priorityLevelConfiguration: { name: facts.level },
    matchingPrecedence: facts.precedence,
  };
  if (facts.method !== '') spec['distinguisherMethod'] = { type: facts.method };
  const made: JsonObject = { subjects: facts.subjects.map(subject) };
  if (facts.resources.length > 0) made['resourceRules'] = [...facts.resources];
  if (facts.paths.length > 0) made['nonResourceRules'] = [...facts.paths];
  spec['rules'] = [made];
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(facts.level)} and it exists`;
  return {
    kind: 'FlowSchema',
    apiVersion,
    metadata: { name: facts.name, annotations },
    spec,
    status: {
      conditions: [{ type: 'Dangling', status: 'False', reason: 'Found', message }],
    },
  };
}

/** Everything, new objects each time. */
export function flowObjects(): readonly ApiObject[] {
  const objects = [
    priorityLevel('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    ...levels.map(level),
    ...flows.map(flowSchema),
  ];
  return objects.map((object) => structuredClone(object));
}
