/** Tables: the columns and cells of each kind are those of a real API server. */

import t from 'tap';
import type { ApiObject, Json } from '../../src/kube/api/objects.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import type { ResourceType } from '../../src/kube/registry/types.ts';
import { durationText, sinceText } from '../../src/kube/table/age.ts';
import { printerOf } from '../../src/kube/table/printers.ts';
import { tableOf } from '../../src/kube/table/table.ts';

const nowMs = Date.parse('2026-01-02T00:00:00Z');
const hourAgo = '2026-01-01T23:00:00Z';

function resourceOf(group: string, kind: string, version?: string): ResourceType {
  return builtInResources.find(
    (row) => row.group === group && row.kind === kind && (version ?? row.version) === row.version,
  )!;
}

/** Cells by column, of an object called x that is an hour old. */
function cells(group: string, kind: string, object: object, version?: string): Record<string, Json> {
  const printer = printerOf(resourceOf(group, kind, version));
  const { metadata = {}, ...rest } = object as ApiObject;
  const whole = { metadata: { name: 'x', creationTimestamp: hourAgo, ...metadata }, ...rest };
  const shown = printer.cells(whole, nowMs);
  t.equal(shown.length, printer.columns.length, `${kind}: a cell for each column`);
  return Object.fromEntries(printer.columns.map(({ name }, at) => [name, shown[at]!]));
}

function headings(group: string, kind: string): string {
  return printerOf(resourceOf(group, kind))
    .columns.map(({ name, type, priority }) => {
      const typed = type === 'string' ? name : `${name}:${type}`;
      return priority > 0 ? `${typed}*` : typed;
    })
    .join(', ');
}

t.test('ages have at most two units and lose the smaller one as they grow', async (t) => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const expected: readonly (readonly [number, string])[] = [
    [-3 * second, '<invalid>'],
    [-second, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 59 * second, '9m59s'],
    [10 * minute + 30 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour + 5 * minute, '3h5m'],
    [8 * hour + 5 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day + 3 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [735 * day, '2y5d'],
    [3000 * day, '8y'],
  ];
  for (const [ms, text] of expected) t.equal(durationText(ms), text);
  t.equal(sinceText(null, nowMs), '<unknown>');
});

t.test(
  'every built-in kind prints an empty object, a cell per column, the name column among them',
  async (t) => {
    for (const row of builtInResources) {
      const printer = printerOf(row);
      const object: ApiObject = { metadata: { name: 'x' } };
      t.equal(printer.cells(object, nowMs).length, printer.columns.length, row.kind);
      t.equal(printer.cells(object, nowMs)[printer.columns.findIndex(({ name }) => name === 'Name')], 'x');
      t.equal(printer.columns.find(({ name }) => name === 'Name')?.format, 'name', row.kind);
    }
  },
);

t.test('columns of kinds are those of a real server', async (t) => {
  t.equal(
    headings('', 'Pod'),
    'Name, Ready, Status, Restarts, Age, IP*, Node*, Nominated Node*, Readiness Gates*',
  );
  t.equal(headings('', 'LimitRange'), 'Name, Created At:date');
  t.equal(headings('rbac.authorization.k8s.io', 'ClusterRole'), 'Name, Created At:date');
  t.equal(headings('apiextensions.k8s.io', 'CustomResourceDefinition'), 'Name, Created At:date');
  t.equal(
    headings('', 'Event'),
    'Last Seen, Type, Reason, Object, Subobject*, Source*, Message, First Seen*, Count*, Name*',
  );
  t.equal(
    headings('batch', 'CronJob'),
    'Name, Schedule, Timezone, Suspend:boolean, Active:integer, Last Schedule, Age, Containers*, Images*, Selector*',
  );
  t.equal(
    headings('', 'PersistentVolume'),
    'Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, VolumeMode*',
  );
});

t.test('the status of a pod is what its containers are about', async (t) => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] };
  const state = (status: object, more: object = {}): Record<string, Json> =>
    cells('', 'Pod', { spec, status, ...more });
  t.match(state({ phase: 'Pending' }), { Ready: '0/2', Status: 'Pending', Restarts: '0', IP: '<none>' });
  t.match(
    state({
      phase: 'Running',
      podIPs: [{ ip: '10.0.0.1' }],
      containerStatuses: [
        { name: 'a', ready: true, restartCount: 1, state: { running: {} } },
        {
          name: 'b',
          ready: false,
          restartCount: 2,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T23:55:00Z' } },
        },
      ],
    }),
    { Ready: '1/2', Status: 'CrashLoopBackOff', Restarts: '3 (5m ago)', IP: '10.0.0.1' },
  );
  t.match(state({ phase: 'Running', reason: 'Evicted' }), { Status: 'Evicted' });
  t.match(
    state({
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
    }),
    { Status: 'SchedulingGated' },
  );
  t.match(
    state({
      phase: 'Failed',
      containerStatuses: [{ name: 'a', state: { terminated: { exitCode: 137, signal: 9 } } }],
    }),
    { Status: 'Signal:9' },
  );
  const gone = { metadata: { deletionTimestamp: hourAgo } };
  t.match(state({ phase: 'Running' }, gone), { Status: 'Terminating' });
  t.match(state({ phase: 'Succeeded' }, gone), { Status: 'Succeeded' });
  t.match(state({ phase: 'Running', reason: 'NodeLost' }, gone), { Status: 'Unknown' });
});

t.test('a pod that initializes tells how far it is, and sidecars count as containers', async (t) => {
  const spec = {
    containers: [{ name: 'a' }],
    initContainers: [{ name: 'one' }, { name: 'beside', restartPolicy: 'Always' }, { name: 'two' }],
  };
  const done = { name: 'one', restartCount: 4, state: { terminated: { exitCode: 0 } } };
  const beside = { name: 'beside', restartCount: 2, started: true, ready: true, state: { running: {} } };
  const status = (...initContainerStatuses: object[]): Record<string, Json> =>
    cells('', 'Pod', { spec, status: { phase: 'Pending', initContainerStatuses } });
  t.match(status(done, beside, { name: 'two', state: { running: {} } }), {
    Ready: '1/2',
    Status: 'Init:2/3',
    Restarts: '6',
  });
  t.match(status({ name: 'one', state: { waiting: { reason: 'ErrImagePull' } } }), {
    Status: 'Init:ErrImagePull',
  });
  t.match(status({ name: 'one', state: { terminated: { exitCode: 3 } } }), { Status: 'Init:ExitCode:3' });
  t.match(
    cells('', 'Pod', {
      spec,
      status: {
        phase: 'Running',
        initContainerStatuses: [done, beside, done],
        containerStatuses: [{ name: 'a', ready: true, restartCount: 0, state: { running: {} } }],
      },
    }),
    { Ready: '2/2', Status: 'Running', Restarts: '2' },
  );
});

t.test('a pod with one finished and one running container runs if it is ready', async (t) => {
  const containerStatuses = [
    { name: 'a', ready: true, state: { running: {} } },
    { name: 'b', state: { terminated: { exitCode: 0, reason: 'Completed' } } },
  ];
  const of = (status: string): Record<string, Json> =>
    cells('', 'Pod', {
      status: { phase: 'Running', conditions: [{ type: 'Ready', status }], containerStatuses },
    });
  t.equal(of('True')['Status'], 'Running');
  t.equal(of('False')['Status'], 'NotReady');
});

t.test('finished pods carry the condition that lets clients leave them out', async (t) => {
  const resource = resourceOf('', 'Pod');
  const table = tableOf({}, [{ metadata: { name: 'x' }, status: { phase: 'Succeeded' } }], {
    resource,
    version: 'v1',
    include: 'None',
    nowMs,
    hasColumns: true,
  });
  t.strictSame(table.rows[0]!.conditions, [
    {
      type: 'Completed',
      status: 'True',
      reason: 'Succeeded',
      message: 'The pod has completed successfully.',
    },
  ]);
});

t.test('workloads show what is ready of what is wanted', async (t) => {
  const template = {
    spec: {
      nodeSelector: { disk: 'ssd' },
      containers: [
        { name: 'a', image: 'i/a:1' },
        { name: 'b', image: 'i/b:2' },
      ],
    },
  };
  const selector = {
    matchLabels: { tier: 'web' },
    matchExpressions: [
      { key: 'env', operator: 'In', values: ['b', 'a'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  };
  t.match(
    cells('apps', 'Deployment', {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    }),
    {
      Ready: '2/3',
      'Up-to-date': 1,
      Available: 2,
      Age: '60m',
      Containers: 'a,b',
      Images: 'i/a:1,i/b:2',
      Selector: 'env in (a,b),!old,tier=web',
    },
  );
  t.match(cells('apps', 'ReplicaSet', { spec: { replicas: 3 }, status: { replicas: 2 } }), {
    Desired: 3,
    Current: 2,
    Ready: 0,
    Selector: '<none>',
  });
  t.match(cells('apps', 'StatefulSet', { spec: { replicas: 1 } }), { Ready: '0/1' });
  t.match(cells('apps', 'DaemonSet', { spec: { template }, status: { desiredNumberScheduled: 4 } }), {
    Desired: 4,
    'Node Selector': 'disk=ssd',
  });
  t.match(cells('', 'ReplicationController', { spec: { selector: { b: '2', a: '1' } } }), {
    Selector: 'a=1,b=2',
  });
  t.match(
    cells('apps', 'ControllerRevision', {
      metadata: {
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true },
        ],
      },
      revision: 7,
    }),
    { Controller: 'daemonset.apps/d', Revision: 7 },
  );
});

t.test('jobs and cron jobs tell how far they are', async (t) => {
  const startTime = '2026-01-01T23:59:00Z';
  t.match(cells('batch', 'Job', { spec: { completions: 2, parallelism: 1 }, status: { startTime } }), {
    Status: 'Running',
    Completions: '0/2',
    Duration: '60s',
  });
  t.match(
    cells('batch', 'Job', {
      spec: { parallelism: 3 },
      status: {
        succeeded: 1,
        startTime,
        completionTime: '2026-01-01T23:59:08Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    }),
    { Status: 'Complete', Completions: '1/1 of 3', Duration: '8s' },
  );
  t.match(cells('batch', 'CronJob', { spec: { schedule: '* * * * *', suspend: false } }), {
    Schedule: '* * * * *',
    Timezone: '<none>',
    Suspend: 'False',
    Active: 0,
    'Last Schedule': '<none>',
  });
});

t.test('services show addresses and ports by their type', async (t) => {
  const ports = [{ port: 80, protocol: 'TCP', nodePort: 30080 }];
  t.match(cells('', 'Service', { spec: { type: 'NodePort', clusterIPs: ['10.0.0.9'], ports } }), {
    Type: 'NodePort',
    'Cluster-IP': '10.0.0.9',
    'External-IP': '<none>',
    'Port(s)': '80:30080/TCP',
    Selector: '<none>',
  });
  t.match(cells('', 'Service', { spec: { type: 'LoadBalancer', externalIPs: [] } }), {
    'External-IP': '<pending>',
    'Port(s)': '<none>',
  });
  t.match(
    cells('', 'Service', {
      spec: { type: 'LoadBalancer' },
      status: { loadBalancer: { ingress: [{ hostname: 'a-very-long-name.example' }, { ip: '1.2.3.4' }] } },
    }),
    { 'External-IP': '1.2.3.4,a-very-long-name.example' },
    'nothing is cut: a server always prints wide',
  );
  t.match(cells('', 'Service', { spec: { type: 'ExternalName', externalName: 'db.example' } }), {
    'Cluster-IP': '<none>',
    'External-IP': 'db.example',
  });
});

t.test('long lists of endpoints and hosts are cut and counted', async (t) => {
  const addresses = ['1.0.0.1', '1.0.0.2', '1.0.0.3', '1.0.0.4', '1.0.0.5'].map((ip) => ({ ip }));
  t.match(cells('', 'Endpoints', { subsets: [{ addresses, ports: [{ port: 80 }] }] }), {
    Endpoints: '1.0.0.1:80,1.0.0.2:80,1.0.0.3:80 + 2 more...',
  });
  t.match(cells('', 'Endpoints', {}), { Endpoints: '<none>' });
  t.match(cells('discovery.k8s.io', 'EndpointSlice', { addressType: 'IPv4', ports: [{ name: 'http' }] }), {
    Ports: 'http',
    Endpoints: '<unset>',
  });
  const rules = ['a', 'b', 'c', 'd'].map((host) => ({ host }));
  t.match(cells('networking.k8s.io', 'Ingress', { spec: { rules, tls: [{}] } }), {
    Class: '<none>',
    Hosts: 'a,b,c + 1 more...',
    Address: '',
    Ports: '80, 443',
  });
  t.match(cells('networking.k8s.io', 'Ingress', { spec: { rules: [{}], ingressClassName: 'web' } }), {
    Class: 'web',
    Hosts: '*',
    Ports: '80',
  });
});

t.test('a node tells whether it is ready, and what it is for', async (t) => {
  t.match(
    cells('', 'Node', {
      metadata: {
        labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
      },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.1.1.1' }],
        nodeInfo: { kubeletVersion: 'v1.36.2', kernelVersion: '6.1', architecture: 'amd64' },
      },
    }),
    {
      Status: 'Ready,SchedulingDisabled',
      Roles: 'control-plane,worker',
      Version: 'v1.36.2',
      'Internal-IP': '10.1.1.1',
      'External-IP': '<none>',
      'OS-Image': '<unknown>',
      'Kernel-Version': '6.1 (amd64)',
    },
  );
  t.match(cells('', 'Node', {}), { Status: 'Unknown', Roles: '<none>' });
});

t.test('events are the same in both groups', async (t) => {
  const core = cells('', 'Event', {
    involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{a}' },
    source: { component: 'kubelet', host: 'n1' },
    lastTimestamp: '2026-01-01T23:59:30Z',
    firstTimestamp: hourAgo,
    count: 5,
    type: 'Normal',
    reason: 'Pulled',
    message: 'text\n',
  });
  t.match(core, {
    'Last Seen': '30s',
    'First Seen': '60m',
    Object: 'pod/p',
    Subobject: 'spec.containers{a}',
    Source: 'kubelet, n1',
    Message: 'text',
    Count: 5,
    Name: 'x',
  });
  const other = cells('events.k8s.io', 'Event', {
    regarding: { kind: 'Pod', name: 'p' },
    reportingController: 'scheduler',
    reportingInstance: 's-1',
    eventTime: '2026-01-01T23:59:00.000000Z',
    note: 'text',
  });
  t.match(other, {
    'Last Seen': '60s',
    Object: 'pod/p',
    Source: 'scheduler, s-1',
    Message: 'text',
    Count: 1,
  });
});

t.test('configuration, volumes, quotas and budgets', async (t) => {
  t.match(cells('', 'ConfigMap', { data: { a: '1' }, binaryData: { b: 'AA==' } }), { Data: 2 });
  t.match(cells('', 'Secret', { type: 'Opaque', data: { a: 'AA==' } }), { Type: 'Opaque', Data: 1 });
  t.match(
    cells('', 'PersistentVolume', {
      spec: {
        capacity: { storage: '5Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        claimRef: { namespace: 'n', name: 'c' },
        storageClassName: 'fast',
      },
      status: { phase: 'Bound' },
    }),
    { Capacity: '5Gi', 'Access Modes': 'RWO,RWX', Claim: 'n/c', StorageClass: 'fast', VolumeMode: '<unset>' },
  );
  t.match(
    cells('', 'PersistentVolumeClaim', {
      spec: {},
      status: { phase: 'Pending', capacity: { storage: '1' } },
    }),
    {
      Status: 'Pending',
      Capacity: '',
    },
  );
  t.match(
    cells('', 'ResourceQuota', { status: { hard: { pods: '2', 'limits.cpu': '4' }, used: { pods: '1' } } }),
    {
      Request: 'pods: 1/2',
      Limit: 'limits.cpu: 0/4',
    },
  );
  t.match(cells('policy', 'PodDisruptionBudget', { spec: { minAvailable: '50%' } }), {
    'Min Available': '50%',
    'Max Unavailable': 'N/A',
    'Allowed Disruptions': 0,
  });
  t.match(
    cells('storage.k8s.io', 'StorageClass', {
      metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
    }),
    { Name: 'x (default)', ReclaimPolicy: 'Delete', AllowVolumeExpansion: false },
  );
});

t.test('an autoscaler compares current and target, in both of its versions', async (t) => {
  const resource = (name: string): object => ({
    type: 'Resource',
    resource: { name, target: { averageUtilization: 50 } },
  });
  const status = {
    currentMetrics: [{ type: 'Resource', resource: { current: { averageUtilization: 10 } } }],
  };
  const scaleTargetRef = { kind: 'Deployment', name: 'd' };
  t.match(
    cells('autoscaling', 'HorizontalPodAutoscaler', {
      spec: { scaleTargetRef, maxReplicas: 3, metrics: ['cpu', 'memory', 'disk'].map(resource) },
      status,
    }),
    {
      Reference: 'Deployment/d',
      Targets: 'cpu: 10%/50%, memory: <unknown>/50% + 1 more...',
      MinPods: '<unset>',
      MaxPods: 3,
    },
  );
  const first = { spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 80 } };
  t.match(cells('autoscaling', 'HorizontalPodAutoscaler', first, 'v1'), { Targets: 'cpu: <unknown>/80%' });
});

t.test('who may do what, and what answers for an API', async (t) => {
  t.match(
    cells('rbac.authorization.k8s.io', 'RoleBinding', {
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u1' },
        { kind: 'User', name: 'u2' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    }),
    { Role: 'Role/r', Users: 'u1, u2', Groups: '', ServiceAccounts: 'n/s' },
  );
  t.match(
    cells('certificates.k8s.io', 'CertificateSigningRequest', {
      spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
      status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'AA==' },
    }),
    { RequestedDuration: '60m', Condition: 'Approved,Issued' },
  );
  t.match(cells('apiregistration.k8s.io', 'APIService', {}), { Service: 'Local', Available: 'Unknown' });
});

t.test('what /scale answers is printed as a Scale, whatever it scales', async (t) => {
  const scale: ApiObject = {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'x' },
    spec: { replicas: 3 },
    status: { replicas: 2 },
  };
  const resource = resourceOf('apps', 'Deployment');
  const table = tableOf({}, [scale], { resource, version: 'v1', include: 'None', nowMs, hasColumns: true });
  t.strictSame(table.rows[0]!.cells, ['x', 3, 2, '<unknown>']);
});
