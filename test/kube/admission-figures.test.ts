/** What `/metrics` tells of admission: names and labels are those of kube-apiserver. */

import t from 'tap';
import { AdmissionFigures } from '../../src/kube/admission/figures.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { Metrics } from '../../src/util/metrics.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api } from './api.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';

/** Webhooks by the path that they are called at. */
const caller = {
  async post({ url, body }: { readonly url: string; readonly body: string }) {
    const { uid } = JSON.parse(body).request;
    if (url.includes('/gone')) throw new Error('dial tcp: connect: connection refused');
    const status = { code: 418, message: 'no' };
    const response = url.includes('/no') ? { uid, allowed: false, status } : { uid, allowed: true };
    const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response };
    return { code: 200, contentType: 'application/json', body: JSON.stringify(review) };
  },
  close: () => {},
};

function webhook(name: string, path: string, failurePolicy = 'Fail'): object {
  return {
    name: `${name}.example.com`,
    clientConfig: { url: `https://hooks.example.com/${path}` },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    failurePolicy,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    objectSelector: { matchLabels: { asks: name } },
  };
}

t.test('steps, webhooks and policies are counted by what came of them', async (t) => {
  const plane = await startControlPlane({ runtime: nodeRuntime(), webhookCaller: caller });
  t.teardown(() => plane.close());
  const api = new Api(plane);
  const make = async (plural: string, object: object): Promise<void> => {
    const { code, body } = await api.send('POST', `${registration}/${plural}`, object);
    t.equal(code, 201, body.message);
  };
  const validating = [webhook('yes', 'yes'), webhook('no', 'no'), webhook('gone', 'gone')];
  const webhooks = [...validating, webhook('open', 'gone', 'Ignore')];
  await make('validatingwebhookconfigurations', { metadata: { name: 'v' }, webhooks });
  await make('mutatingwebhookconfigurations', {
    metadata: { name: 'm' },
    webhooks: [webhook('change', 'yes')],
  });
  const resourceRules = [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  ];
  const validations = [{ expression: "object.metadata.name != 'bad'" }];
  await make('validatingadmissionpolicies', {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, validations },
  });
  await make('validatingadmissionpolicybindings', {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Warn', 'Audit'] },
  });
  const create = async (name: string, asks: string): Promise<number> => {
    const { code } = await api.send('POST', maps, { metadata: { name, labels: { asks } } });
    return code;
  };
  t.same([await create('a', 'yes'), await create('b', 'no'), await create('c', 'gone')], [201, 418, 500]);
  t.same(
    [await create('d', 'open'), await create('e', 'change'), await create('bad', 'none')],
    [201, 201, 201],
  );
  const { body } = await api.get('/metrics');
  const has = (name: string, labels: Record<string, string>): void => {
    const shown = Object.keys(labels)
      .sort()
      .map((label) => `${label}="${labels[label]}"`);
    const line = `apiserver_${name}{${shown.join(',')}} 1`;
    t.ok((body as string).includes(`${line}\n`), line);
  };
  const call = (name: string, type: string, rejected: boolean): Record<string, string> => ({
    name: `${name}.example.com`,
    type,
    operation: 'CREATE',
    rejected: String(rejected),
  });
  const duration = 'admission_webhook_admission_duration_seconds_count';
  has(duration, call('yes', 'validating', false));
  has(duration, call('no', 'validating', true));
  has(duration, call('change', 'admit', false));
  const requests = 'admission_webhook_request_total';
  has(requests, { ...call('yes', 'validating', false), code: '200' });
  has(requests, { ...call('no', 'validating', true), code: '418' });
  has(requests, { ...call('gone', 'validating', true), code: '503' });
  const rejected = (name: string, error_type: string, rejection_code: string): void => {
    const { rejected: _rejected, ...labels } = call(name, 'validating', true);
    has('admission_webhook_rejection_count', { ...labels, error_type, rejection_code });
  };
  rejected('no', 'no_error', '418');
  rejected('gone', 'calling_webhook_error', '503');
  has('admission_webhook_fail_open_count', { name: 'open.example.com', type: 'validating' });
  for (const enforcement_action of ['warn', 'audit']) {
    const labels = { policy: 'p', policy_binding: 'b', error_type: 'no_error', enforcement_action };
    has('validating_admission_policy_check_total', labels);
  }
  const step =
    /apiserver_admission_step_admission_duration_seconds_count\{operation="CREATE",rejected="(\w+)",type="(\w+)"\}/g;
  const steps = [...(body as string).matchAll(step)].map(([, isRejected, type]) => `${type} ${isRejected}`);
  t.same(steps.sort(), ['admit false', 'validate false', 'validate true']);
});

// codeMax of kube/admission/figures, seriesMax of kube/admission/figures.
t.test('users cannot make any number of series', async (t) => {
  const figures = new AdmissionFigures(nodeRuntime().clock);
  const call = { step: 'admit', operation: 'CREATE', seconds: 0, isRejected: true } as const;
  for (let at = 0; at < 2001; at++) figures.webhook({ ...call, name: `w${at}`, code: at === 0 ? 600 : 601 });
  const metrics = new Metrics();
  figures.register(metrics);
  const text = metrics.text();
  t.match(text, 'name="w1999"');
  t.notMatch(text, 'name="w2000"');
  t.notMatch(text, 'code="601"');
  t.match(text, 'code="600"');
});
