/** Refusals of the kinds that are stored for others: flow control, API services, metrics of autoscalers. */

import t from 'tap';
import { startApi } from './api.ts';

type Body = Record<string, unknown>;

const flow = '/apis/flowcontrol.apiserver.k8s.io/v1';
const hpas = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';

function causes(answer: { body: { details?: { causes?: { field: string; message: string }[] } } }): string[] {
  return (answer.body.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
}

t.test('a FlowSchema is checked down to its verbs and paths', async (t) => {
  const api = await startApi(t);
  const schema = (rule: Body, more: Body = {}): Body => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'f' },
    spec: { priorityLevelConfiguration: { name: 'exempt' }, rules: [rule], ...more },
  });
  const subjects = [{ kind: 'Group', group: { name: 'g' } }];
  const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }];
  const refused = async (rule: Body, more: Body = {}): Promise<string[]> => {
    const answer = await api.send('POST', `${flow}/flowschemas?dryRun=All`, schema(rule, more));
    t.equal(answer.code, 422);
    return causes(answer);
  };
  t.same(await refused({ subjects: [{}], nonResourceRules }), [
    'spec.rules[0].subjects[0].kind: Unsupported value: "": supported values: "Group", "ServiceAccount", "User"',
  ]);
  const account = { kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: '' }, user: {} };
  const found = await refused({ subjects: [account], nonResourceRules });
  t.match(found[0], /^spec.rules\[0\].subjects\[0\].serviceAccount.name: Invalid value: "A": a lowercase/);
  t.same(found.slice(1), [
    'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
    "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
  ]);
  t.same(await refused({ subjects, nonResourceRules: [{ verbs: ['eat'], nonResourceURLs: ['x', '/a*'] }] }), [
    'spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["eat"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash',
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
  ]);
  t.same(await refused({ subjects, resourceRules: [{ verbs: ['*'], apiGroups: ['*', 'a'] }] }), [
    'spec.rules[0].resourceRules[0].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other api groups',
    'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
    'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
  ]);
  t.same(await refused({ subjects, nonResourceRules }, { matchingPrecedence: 10_001 }), [
    'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
  ]);
  const zero = schema({ subjects, nonResourceRules }, { matchingPrecedence: 0 });
  const accepted = await api.send('POST', `${flow}/flowschemas`, zero);
  t.equal(accepted.body.spec.matchingPrecedence, 1000, 'zero is none');
});

t.test('a PriorityLevelConfiguration has queues that can be dealt from', async (t) => {
  const api = await startApi(t);
  const refused = async (spec: Body): Promise<string[]> => {
    const level = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'p' },
      spec,
    };
    return causes(await api.send('POST', `${flow}/prioritylevelconfigurations?dryRun=All`, level));
  };
  const limit = 'spec.limited.limitResponse';
  t.same(await refused({ type: 'Limited', limited: {} }), [
    `${limit}.type: Unsupported value: "": supported values: "Queue", "Reject"`,
  ]);
  t.same(await refused({ type: 'Limited', limited: { limitResponse: { type: 'Queue' } } }), [
    `${limit}.queuing: Required value: must not be empty if limited.limitResponse.type is Limited`,
  ]);
  const dealt = (queuing: Body): Body => ({
    type: 'Limited',
    limited: { lendablePercent: 101, limitResponse: { type: 'Queue', queuing } },
  });
  t.same(await refused(dealt({ queues: 4, handSize: 8 })), [
    `${limit}.queuing.handSize: Invalid value: 8: should not be greater than queues (4)`,
    'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
  ]);
  t.match(
    (await refused(dealt({ queues: 512, handSize: 8 })))[0],
    /required entropy bits of deckSize 512 and handSize 8 should not be greater than 60$/,
  );
  t.same(await refused({ type: 'Exempt', exempt: {} }), [
    "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
  ]);
});

t.test('an APIService is named by what it serves, and one of this server is available', async (t) => {
  const api = await startApi(t);
  const path = '/apis/apiregistration.k8s.io/v1/apiservices';
  const send = (name: string, spec: Body): ReturnType<typeof api.send> =>
    api.send('POST', path, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec,
    });
  const spec = { group: 'g.example.com', version: 'v1', groupPriorityMinimum: 10, versionPriority: 10 };
  t.same(causes(await send('x', spec)), [
    'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.g.example.com"',
  ]);
  t.same(causes(await send('v1.g.example.com', { ...spec, versionPriority: 0, service: { name: 's' } })), [
    'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
    'spec.service.namespace: Required value',
  ]);
  t.same(causes(await send('v1.g.example.com', { ...spec, insecureSkipTLSVerify: true })), [
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  ]);
  const local = await send('v1.g.example.com', spec);
  t.match(local.body.status.conditions, [{ type: 'Available', status: 'True', reason: 'Local' }]);
  const other = { ...spec, group: 'h.example.com', service: { namespace: 'n', name: 's' } };
  const remote = await send('v1.h.example.com', other);
  t.equal(remote.body.spec.service.port, 443);
  t.same(remote.body.status, {});
});

t.test('the metrics of an autoscaler have one source each, with a name and an amount', async (t) => {
  const api = await startApi(t);
  const refused = async (...metrics: Body[]): Promise<string[]> => {
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        maxReplicas: 3,
        metrics,
      },
    };
    return causes(await api.send('POST', `${hpas}?dryRun=All`, autoscaler));
  };
  const amount = { type: 'Value', value: '5' };
  t.same(await refused({ type: 'External', external: { metric: { name: 'a/b' }, target: amount } }), [
    'spec.metrics[0].external.metric.name: Invalid value: "a/b": may not contain \'/\'',
  ]);
  t.same(
    await refused({ type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value' } } }),
    [
      'spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target',
    ],
  );
  t.same(await refused({ type: 'Object', object: { metric: { name: 'q' }, target: amount } }), [
    'spec.metrics[0].object.describedObject.kind: Required value',
    'spec.metrics[0].object.describedObject.name: Required value',
  ]);
  const supported = 'supported values: "ContainerResource", "External", "Object", "Pods", "Resource"';
  t.same(await refused({}), [
    'spec.metrics[0].type: Required value: must specify a metric source type',
    `spec.metrics[0].type: Unsupported value: "": ${supported}`,
    `spec.metrics[0].type: Unsupported value: "": ${supported}`,
  ]);
});

t.test('what has another kind than its place is told by the version alone', async (t) => {
  const api = await startApi(t);
  const answer = await api.send('POST', '/api/v1/namespaces/default/configmaps', {
    apiVersion: 'apps/v1',
    kind: 'Nothing',
    metadata: { name: 'x' },
  });
  t.equal(answer.code, 400);
  t.match(
    answer.body.message,
    /^Nothing in version "v1" cannot be handled as a ConfigMap: no kind "Nothing" is registered for version "apps\/v1"/,
  );
});
