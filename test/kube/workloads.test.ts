/** Deployments, ReplicaSets, StatefulSets, DaemonSets, ReplicationControllers, Jobs, CronJobs: defaults, refusals, changes. */

import t from 'tap';
import { scheduleProblem } from '../../src/kube/validation/batch-schedule.ts';
import { type Answer, type Api, startApi } from './api.ts';

const apps = '/apis/apps/v1/namespaces/default';
const batch = '/apis/batch/v1/namespaces/default';
const core = '/api/v1/namespaces/default';
const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'i:1' }] },
};
const selector = { matchLabels: { a: 'b' } };
const filledTemplate = {
  metadata: { labels: { a: 'b' } },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'i:1',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  },
};

function object(spec: object, metadata: object = {}): object {
  return { metadata: { name: 'w', ...metadata }, spec };
}

async function created(api: Api, path: string, body: object): Promise<Answer['body']> {
  const answer = await api.send('POST', path, body);
  if (answer.code !== 201) throw new Error(answer.body.message);
  return answer.body;
}

function errorsOf({ code, body }: Answer): string[] {
  if (code !== 422) return [`${code} ${body.message ?? ''}`];
  return body.details.causes.map(
    ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
  );
}

t.test('the smallest Deployment is filled in as a real API server does', async (t) => {
  const api = await startApi(t);
  const { metadata, spec, status } = await created(
    api,
    `${apps}/deployments`,
    object({ selector, template }),
  );
  t.strictSame(spec, {
    replicas: 1,
    selector,
    template: filledTemplate,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
  t.strictSame(Object.keys(spec), [
    'replicas',
    'selector',
    'template',
    'strategy',
    'revisionHistoryLimit',
    'progressDeadlineSeconds',
  ]);
  t.strictSame(status, {});
  t.equal(metadata.generation, 1);
});

t.test('so are the others', async (t) => {
  const api = await startApi(t);
  const replicas = await created(api, `${apps}/replicasets`, object({ selector, template }));
  t.strictSame(replicas.spec, { replicas: 1, selector, template: filledTemplate });
  t.strictSame(replicas.status, { replicas: 0 });
  const set = await created(
    api,
    `${apps}/statefulsets`,
    object({
      selector,
      template,
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    }),
  );
  t.strictSame(set.spec, {
    replicas: 1,
    selector,
    template: filledTemplate,
    volumeClaimTemplates: [
      {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Pending' },
      },
    ],
    serviceName: '',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
  t.strictSame(set.status, { replicas: 0, availableReplicas: 0 });
  const controller = await created(api, `${core}/replicationcontrollers`, object({ template }));
  t.strictSame(controller.spec, { replicas: 1, selector: { a: 'b' }, template: filledTemplate });
  t.strictSame(controller.metadata.labels, { a: 'b' });
});

t.test('a DaemonSet counts the changes of its template, and nobody else does', async (t) => {
  const api = await startApi(t);
  const path = `${apps}/daemonsets`;
  const note = 'deprecated.daemonset.template.generation';
  const { metadata, spec, status } = await created(
    api,
    path,
    object({ selector, template }, { annotations: { [note]: '7', z: 'z' } }),
  );
  t.strictSame(spec, {
    selector,
    template: filledTemplate,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  });
  t.strictSame(status, {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  });
  t.equal(metadata.annotations[note], '1');
  const same = await api.merge(`${path}/w`, {
    metadata: { annotations: { [note]: '9' } },
    spec: { minReadySeconds: 3 },
  });
  t.strictSame([same.body.metadata.annotations[note], same.body.metadata.generation], ['1', 2]);
  const image = { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } };
  const moved = await api.merge(`${path}/w`, { spec: image });
  t.strictSame([moved.body.metadata.annotations[note], moved.body.metadata.generation], ['2', 3]);
  const seen = await api.merge(`${path}/w/status`, { status: { numberReady: 0, observedGeneration: 3 } });
  t.strictSame([seen.body.metadata.annotations[note], seen.body.metadata.generation], ['2', 3]);
});

const job = { spec: { containers: [{ name: 'c', image: 'i:1' }], restartPolicy: 'Never' } };

t.test('a Job gets a selector of its own, and its labels', async (t) => {
  const api = await startApi(t);
  const { metadata, spec, status } = await created(api, `${batch}/jobs`, object({ template: job }));
  const labels = {
    'batch.kubernetes.io/controller-uid': metadata.uid,
    'batch.kubernetes.io/job-name': 'w',
    'controller-uid': metadata.uid,
    'job-name': 'w',
  };
  const { template: made, ...rest } = spec;
  t.strictSame(rest, {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } },
    manualSelector: false,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  });
  t.strictSame(made.metadata.labels, labels);
  t.strictSame(metadata.labels, labels);
  t.strictSame(status, {});
  const workers = await created(api, `${batch}/jobs`, {
    metadata: { name: 'x' },
    spec: { parallelism: 3, template: job },
  });
  t.notOk('completions' in workers.spec, 'a queue has no number of completions');
});

t.test('a Job changes little, and its template only before it begins', async (t) => {
  const api = await startApi(t);
  await created(api, `${batch}/jobs`, object({ template: job }));
  const path = `${batch}/jobs/w`;
  t.strictSame(errorsOf(await api.merge(path, { spec: { completions: 3 } })), [
    'spec.completions: Invalid value: 3: field is immutable',
  ]);
  const image = { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } };
  t.match(errorsOf(await api.merge(path, { spec: image })), [
    /^spec\.template: Invalid value: .*: field is immutable$/,
  ]);
  t.equal((await api.merge(path, { spec: { parallelism: 2 } })).code, 200);
  const where = { template: { spec: { nodeSelector: { disk: 'ssd' } } } };
  t.equal((await api.merge(path, { spec: where })).code, 422);
  await created(api, `${batch}/jobs`, { metadata: { name: 's' }, spec: { suspend: true, template: job } });
  t.equal((await api.merge(`${batch}/jobs/s`, { spec: where })).code, 200);
  t.equal((await api.merge(`${batch}/jobs/s`, { spec: image })).code, 422);
});

t.test('the status of a Job goes forward only', async (t) => {
  const api = await startApi(t);
  await created(api, `${batch}/jobs`, object({ template: job }));
  const path = `${batch}/jobs/w/status`;
  const startTime = '2030-01-01T00:00:00Z';
  t.equal((await api.merge(path, { status: { startTime, active: 1, succeeded: 1 } })).code, 200);
  t.strictSame(errorsOf(await api.merge(path, { status: { succeeded: 0 } })), [
    'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
  ]);
  const conditions = [{ type: 'Complete', status: 'True' }];
  t.strictSame(errorsOf(await api.merge(path, { status: { conditions, active: 0 } })), [
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.completionTime: Required value: completionTime is required for Complete jobs',
  ]);
  const met = [{ type: 'SuccessCriteriaMet', status: 'True' }, ...conditions];
  const done = { conditions: met, active: 0, completionTime: '2030-01-01T00:01:00Z' };
  t.equal((await api.merge(path, { status: done })).code, 200);
  t.strictSame(
    errorsOf(await api.merge(path, { status: { conditions: met.slice(0, 1), completionTime: null } })),
    ['status.conditions: Invalid value: cannot disable the terminal Complete=True condition'],
  );
});

t.test('a CronJob is filled in, and its Jobs later', async (t) => {
  const api = await startApi(t);
  const spec = { schedule: '*/5 * * * *', jobTemplate: { spec: { template: job } } };
  const body = await created(api, `${batch}/cronjobs`, object(spec));
  const { jobTemplate, ...rest } = body.spec;
  t.strictSame(rest, {
    schedule: '*/5 * * * *',
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  t.strictSame(Object.keys(jobTemplate.spec), ['template']);
  t.match(jobTemplate.spec.template.spec, { restartPolicy: 'Never', dnsPolicy: 'ClusterFirst' });
  t.strictSame(body.status, {});
});

/** What is refused: where, the spec, and the errors. */
const refusals: readonly (readonly [string, object, readonly string[]])[] = [
  [
    `${apps}/deployments`,
    { template },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
  ],
  [
    `${apps}/deployments`,
    { selector: {}, template },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    `${apps}/deployments`,
    { selector: { matchLabels: { a: 'c' } }, template },
    ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
  ],
  [
    `${apps}/deployments`,
    { selector: { matchExpressions: [{ key: 'a', operator: 'Foo' }] }, template },
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Foo"}]}: invalid label selector',
    ],
  ],
  [
    `${apps}/deployments`,
    { replicas: -1, selector, template },
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    `${apps}/deployments`,
    { selector, template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    `${apps}/deployments`,
    { selector, template, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  [
    `${apps}/deployments`,
    { selector, template, strategy: { rollingUpdate: { maxUnavailable: '101%', maxSurge: 'x' } } },
    [
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
  ],
  [
    `${apps}/deployments`,
    { selector, template, minReadySeconds: 600 },
    ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
  ],
  [
    `${apps}/deployments`,
    { selector, template, strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  [
    `${apps}/daemonsets`,
    { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
  ],
  [
    `${apps}/statefulsets`,
    { selector, template, podManagementPolicy: 'X', serviceName: 'a.b' },
    [
      "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'",
      'spec.serviceName: Invalid value: "a.b": must not contain dots',
    ],
  ],
  [
    `${batch}/jobs`,
    { template: { spec: template.spec } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    `${batch}/jobs`,
    { parallelism: 1, completionMode: 'Indexed', template: job },
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    `${batch}/cronjobs`,
    {
      schedule: '* * *',
      timeZone: 'Foo/Bar',
      concurrencyPolicy: 'X',
      jobTemplate: { spec: { template: job } },
    },
    [
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
      'spec.timeZone: Invalid value: "Foo/Bar": unknown time zone Foo/Bar',
      'spec.concurrencyPolicy: Unsupported value: "X": supported values: "Allow", "Forbid", "Replace"',
    ],
  ],
  [
    `${batch}/cronjobs`,
    { schedule: 'TZ=UTC * * * * *', jobTemplate: { spec: { template: job } } },
    [
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  ],
  [`${batch}/cronjobs`, { jobTemplate: { spec: { template: job } } }, ['spec.schedule: Required value']],
];

t.test('what is wrong with them is said in the words of a real API server', async (t) => {
  const api = await startApi(t);
  for (const [path, spec, errors] of refusals) {
    t.strictSame(errorsOf(await api.send('POST', `${path}?dryRun=All`, object(spec))), errors, errors[0]!);
  }
  const one = await api.send('POST', `${apps}/deployments`, object({ replicas: -1, selector, template }));
  t.equal(
    one.body.message,
    'Deployment.apps "w" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  const own = await api.send(
    'POST',
    `${batch}/jobs`,
    object({ selector, template: { ...template, ...job } }),
  );
  t.match(errorsOf(own)[0], /^spec\.selector: Invalid value: .*: `selector` not auto-generated$/);
});

t.test('a selector is for ever, and of a StatefulSet nearly everything', async (t) => {
  const api = await startApi(t);
  for (const kind of ['deployments', 'replicasets', 'daemonsets']) {
    await created(
      api,
      `${apps}/${kind}`,
      object({ selector, template: { ...template, metadata: { labels: { a: 'b', c: 'd' } } } }),
    );
    t.strictSame(
      errorsOf(await api.merge(`${apps}/${kind}/w`, { spec: { selector: { matchLabels: { c: 'd' } } } })),
      ['spec.selector: Invalid value: {"matchLabels":{"a":"b","c":"d"}}: field is immutable'],
    );
  }
  await created(api, `${apps}/statefulsets`, object({ selector, template, serviceName: 's' }));
  t.strictSame(errorsOf(await api.merge(`${apps}/statefulsets/w`, { spec: { serviceName: 'other' } })), [
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ]);
  t.equal(
    (await api.merge(`${apps}/statefulsets/w`, { spec: { replicas: 3, minReadySeconds: 5 } })).code,
    200,
  );
});

t.test('generation counts changes of the spec, and of a Deployment those of annotations', async (t) => {
  const api = await startApi(t);
  const generations = async (kind: string): Promise<number[]> => {
    const path = `${apps}/${kind}`;
    const seen = [(await created(api, path, object({ selector, template }))).metadata.generation];
    for (const change of [
      { metadata: { labels: { x: 'y' } } },
      { metadata: { annotations: { x: 'y' } } },
      { spec: { minReadySeconds: 1 } },
      { spec: { minReadySeconds: 1 } },
    ]) {
      seen.push((await api.merge(`${path}/w`, change)).body.metadata.generation);
    }
    const observed = { observedGeneration: 9, replicas: 1 };
    const status = await api.merge(`${path}/w/status`, { status: observed, spec: { minReadySeconds: 4 } });
    t.strictSame([status.body.status.observedGeneration, status.body.spec.minReadySeconds], [9, 1]);
    return [...seen, status.body.metadata.generation];
  };
  t.strictSame(await generations('deployments'), [1, 1, 2, 3, 3, 3]);
  t.strictSame(await generations('replicasets'), [1, 1, 1, 2, 2, 2]);
  t.strictSame(await generations('statefulsets'), [1, 1, 1, 2, 2, 2]);
});

t.test('counters of a status are whole, and parts are not more than the whole', async (t) => {
  const api = await startApi(t);
  await created(api, `${apps}/deployments`, object({ selector, template }));
  const status = { replicas: 1, readyReplicas: 2, unavailableReplicas: -1, collisionCount: 2 };
  t.strictSame(errorsOf(await api.merge(`${apps}/deployments/w/status`, { status })), [
    'status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0',
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
  ]);
});

t.test('a schedule is read as cron reads it', async (t) => {
  for (const good of [
    '* * * * *',
    '0 0 1 1 *',
    '*/5 1-5,7 * jan-mar mon',
    '@daily',
    '@every 1h30m',
    '? 0 ? * 0',
  ]) {
    t.equal(scheduleProblem(good), '', good);
  }
  const bad: Record<string, string> = {
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '5-3 * * * *': 'beginning of range (5) beyond end of range (3): 5-3',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    '1-2-3 * * * *': 'too many hyphens: 1-2-3',
    'x * * * *': 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
    '* * * * 7': 'end of range (7) above maximum (6): 7',
    '@often': 'unrecognized descriptor: @often',
  };
  for (const [schedule, problem] of Object.entries(bad)) t.equal(scheduleProblem(schedule), problem);
});

t.test('PodTemplates and ControllerRevisions hold templates that are checked', async (t) => {
  const api = await startApi(t);
  const made = await created(api, `${core}/podtemplates`, { metadata: { name: 'w' }, template });
  t.strictSame(made.template, filledTemplate);
  const bad = await api.send('POST', `${core}/podtemplates`, { metadata: { name: 'x' }, template: {} });
  t.strictSame(errorsOf(bad), ['template.spec.containers: Required value']);
  const path = `${apps}/controllerrevisions`;
  await created(api, path, { metadata: { name: 'w' }, revision: 1, data: { spec: 1 } });
  t.match(errorsOf(await api.merge(`${path}/w`, { data: { spec: 2 } })), [
    /^data: Invalid value: .*field is immutable$/,
  ]);
  t.equal((await api.merge(`${path}/w`, { revision: 2 })).code, 200);
});

t.test('what was filled in stays when it is written back: nothing changes', async (t) => {
  const api = await startApi(t);
  const jobs = { schedule: '@daily', jobTemplate: { spec: { template: job } } };
  const kinds: readonly (readonly [string, object])[] = [
    [`${core}/pods`, object(template.spec)],
    [`${core}/podtemplates`, { metadata: { name: 'w' }, template }],
    [`${core}/replicationcontrollers`, object({ template })],
    [`${apps}/deployments`, object({ selector, template })],
    [`${apps}/replicasets`, object({ selector, template })],
    [`${apps}/statefulsets`, object({ selector, template })],
    [`${apps}/daemonsets`, object({ selector, template })],
    [`${batch}/jobs`, object({ template: job })],
    [`${batch}/cronjobs`, object(jobs)],
  ];
  for (const [path, body] of kinds) {
    const before = await created(api, path, body);
    const after = await api.send('PUT', `${path}/w`, before);
    t.equal(after.body.metadata.resourceVersion, before.metadata.resourceVersion, path);
    const bare = await api.send('PUT', `${path}/w`, body);
    // A CronJob, say, may be sent again as its author wrote it; a Job and a ReplicationController have more by now.
    if (bare.code === 200) t.strictSame(bare.body.spec, before.spec, path);
  }
});
