/** Where containers may not be privileged, none comes in, by whatever it is brought; elsewhere they are nobody's business. */

import t from 'tap';
import { apiserverFlags, plainArguments } from '../../src/cli/apiserver-flags.ts';
import { parseFlags } from '../../src/cli/flags.ts';
import { type Api, startApi } from './api.ts';

const core = '/api/v1/namespaces/default';
const apps = '/apis/apps/v1/namespaces/default';
const batch = '/apis/batch/v1/namespaces/default';
const why = 'disallowed by cluster policy';
const privileged = { privileged: true };
const container = (securityContext?: object): object => ({
  ...{ name: 'c', image: 'i' },
  ...(securityContext && { securityContext }),
});
const meta = (name: string): object => ({ metadata: { name } });
const labels = { app: 'a' };
const selector = { matchLabels: labels };
const template = (spec: object): object => ({ metadata: { labels }, spec });
const job = (spec: object): object => ({ template: template({ restartPolicy: 'Never', ...spec }) });

/** Each kind that has pods, with a spec of theirs. */
const kinds: readonly (readonly [path: string, place: string, make: (spec: object) => object])[] = [
  [`${core}/pods`, 'spec', (spec) => ({ spec })],
  [`${core}/podtemplates`, 'template.spec', (spec) => ({ template: template(spec) })],
  [
    `${core}/replicationcontrollers`,
    'spec.template.spec',
    (spec) => ({ spec: { selector: labels, template: template(spec) } }),
  ],
  ...(['deployments', 'daemonsets', 'replicasets'] as const).map(
    (plural) =>
      [
        `${apps}/${plural}`,
        'spec.template.spec',
        (spec: object) => ({ spec: { selector, template: template(spec) } }),
      ] as const,
  ),
  [
    `${apps}/statefulsets`,
    'spec.template.spec',
    (spec) => ({ spec: { selector, serviceName: 's', template: template(spec) } }),
  ],
  [`${batch}/jobs`, 'spec.template.spec', (spec) => ({ spec: job(spec) })],
  [
    `${batch}/cronjobs`,
    'spec.jobTemplate.spec.template.spec',
    (spec) => ({ spec: { schedule: '* * * * *', jobTemplate: { spec: job(spec) } } }),
  ],
];

const causes = async (api: Api, path: string, object: object): Promise<string[]> => {
  const { code, body } = await api.send('POST', path, { ...meta('p'), ...object });
  if (code !== 422) return [String(code)];
  return body.details.causes.map(({ field, message }: Record<string, string>) => `${field}: ${message}`);
};

t.test('no kind brings in a privileged container where there are to be none', async (t) => {
  const api = await startApi(t, { allowsPrivileged: false, disabledPlugins: ['ServiceAccount'] });
  for (const [path, place, make] of kinds) {
    const spec = {
      initContainers: [{ name: 'i', image: 'i', securityContext: privileged }],
      containers: [container({ privileged: false }), { name: 'd', image: 'i', securityContext: privileged }],
    };
    t.strictSame(await causes(api, path, make(spec)), [
      `${place}.initContainers[0].securityContext.privileged: Forbidden: ${why}`,
      `${place}.containers[1].securityContext.privileged: Forbidden: ${why}`,
    ]);
    t.strictSame(await causes(api, path, make({ containers: [container()] })), ['201']);
    const windows = { windowsOptions: { hostProcess: true } };
    const ofHost = { hostNetwork: true, securityContext: windows, containers: [container()] };
    t.strictSame(await causes(api, path, make(ofHost)), [
      `${place}: Forbidden: hostProcess containers are ${why}`,
    ]);
  }
  const { body } = await api.send('POST', `${core}/pods`, {
    ...meta('q'),
    spec: { containers: [container(privileged)] },
  });
  t.equal(
    body.message,
    `Pod "q" is invalid: spec.containers[0].securityContext.privileged: Forbidden: ${why}`,
  );
});

t.test('nor does an update, nor a container that comes later', async (t) => {
  const api = await startApi(t, { allowsPrivileged: false, disabledPlugins: ['ServiceAccount'] });
  const plain = { selector, template: template({ containers: [container()] }) };
  await api.send('POST', `${apps}/deployments`, { ...meta('d'), spec: plain });
  const containers = [container(privileged)];
  const patched = await api.merge(`${apps}/deployments/d`, { spec: { template: { spec: { containers } } } });
  t.equal(patched.code, 422);
  t.match(
    patched.body.message,
    `spec.template.spec.containers[0].securityContext.privileged: Forbidden: ${why}`,
  );
  t.equal((await api.merge(`${apps}/deployments/d/status`, { status: { replicas: 1 } })).code, 200);
  await api.send('POST', `${core}/pods`, { ...meta('p'), spec: { containers: [container()] } });
  const later = await api.merge(`${core}/pods/p/ephemeralcontainers`, {
    spec: { ephemeralContainers: [{ name: 'e', image: 'i', securityContext: privileged }] },
  });
  t.match(later.body.message, `spec.ephemeralContainers[0].securityContext.privileged: Forbidden: ${why}`);
});

t.test('others may have them: it is kube-apiserver that has to be asked', async (t) => {
  const api = await startApi(t, { disabledPlugins: ['ServiceAccount'] });
  const spec = { containers: [container(privileged)] };
  t.strictSame(await causes(api, `${core}/pods`, { spec }), ['201']);
  for (const [isKube, argv, allowed] of [
    [true, [], false],
    [true, ['--allow-privileged=true'], true],
    [true, ['--allow-privileged'], true],
    [true, ['--allow-privileged=false'], false],
    [false, [], true],
    [false, ['--allow-privileged=false'], false],
  ] as const) {
    const { values, problems } = parseFlags(apiserverFlags(isKube), plainArguments([...argv]));
    t.strictSame([problems, values.allowPrivileged], [[], allowed]);
  }
});
