/** What users of kubectl do less often, where it once differed from a real server: found by playing commands to both. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { freePorts } from '../../bench/ports.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { probeComponent } from '../../src/kube/http/component-probe.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api, startApi } from './api.ts';

const core = '/api/v1/namespaces/default';

t.test('get componentstatuses: the store is well, and nobody answers for the others', async (t) => {
  const api = await startApi(t);
  const { body, headers } = await api.get('/api/v1/componentstatuses');
  t.match(headers.get('warning'), 'v1 ComponentStatus is deprecated in v1.19+');
  t.equal(body.kind, 'ComponentStatusList');
  const names = body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  t.same(names, ['controller-manager', 'etcd-0', 'scheduler']);
  t.same(body.items[1].conditions, [{ type: 'Healthy', status: 'True', message: 'ok' }]);
  const field = encodeURIComponent('metadata.name=etcd-0');
  t.equal((await api.get(`/api/v1/componentstatuses?fieldSelector=${field}`)).body.items.length, 1);
  t.equal((await api.get('/api/v1/componentstatuses/etcd-0')).body.kind, 'ComponentStatus');
  const missing = await api.get('/api/v1/componentstatuses/rudder');
  t.match(missing, { code: 500, body: { message: 'component not found: rudder' } });
});

t.test('a component that is not there, or speaks no TLS, is told of in the words of Go', async (t) => {
  const open = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
  const { port } = open.address() as AddressInfo;
  const plain = await probeComponent(port);
  t.notOk(plain.isHealthy);
  t.match(plain.message, `Get "https://127.0.0.1:${port}/healthz": `);
  await new Promise((resolve) => open.close(resolve));
  const [free] = await freePorts(1);
  t.same(await probeComponent(free!), {
    isHealthy: false,
    message: `Get "https://127.0.0.1:${free}/healthz": dial tcp 127.0.0.1:${free}: connect: connection refused`,
  });
});

t.test('replace of a pod changes its image: what admission has added is added again', async (t) => {
  const plane = await startControlPlane({ runtime: nodeRuntime(), disabledPlugins: ['ServiceAccount'] });
  t.teardown(() => plane.close());
  const api = new Api(plane);
  const pod = (image: string): object => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image }] },
  });
  const { body: made } = await api.send('POST', `${core}/pods`, pod('a'));
  const { code, body } = await api.send('PUT', `${core}/pods/p`, pod('b'));
  t.equal(code, 200, body.message);
  t.equal(body.spec.containers[0].image, 'b');
  t.same(body.spec.tolerations, made.spec.tolerations);
  t.same([body.spec.priority, body.spec.preemptionPolicy], [0, 'PreemptLowerPriority']);
});

t.test('create quota: a scope counts what it is about, and nothing else', async (t) => {
  const api = await startApi(t);
  const said = async (spec: object): Promise<string> => {
    const { code, body } = await api.send('POST', `${core}/resourcequotas`, {
      metadata: { name: 'q' },
      spec,
    });
    return code === 201 ? 'ok' : body.message.replace('ResourceQuota "q" is invalid: ', '');
  };
  const hard = { cpu: '1', memory: '1Gi', pods: '2' };
  const both = '["BestEffort","NotBestEffort"]';
  t.equal(
    await said({ hard, scopes: ['BestEffort', 'NotBestEffort'] }),
    `[spec.scopes: Invalid value: ${both}: unsupported scope applied to resource, spec.scopes: Invalid value: ${both}: conflicting scopes]`,
    'the same words are said once',
  );
  t.match(
    await said({ hard: { secrets: '1' }, scopes: ['Terminating'] }),
    /unsupported scope applied to resource$/,
  );
  const selector = (operator: string): object => ({
    scopeSelector: { matchExpressions: [{ scopeName: 'BestEffort', operator }] },
  });
  t.match(await said({ hard: { pods: '2' }, ...selector('DoesNotExist') }), /must be 'Exist' only operator/);
  t.match(
    await said({ hard, ...selector('Exists') }),
    /spec.scopeSelector.matchExpressions: .*unsupported scope/,
  );
  t.equal(await said({ hard: { pods: '2' }, scopes: ['BestEffort'] }), 'ok');
});
