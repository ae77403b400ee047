/** Services: what is filled in, what is given and taken back, and what is refused. */

import t from 'tap';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { Registry } from '../../src/kube/registry/registry.ts';
import { Storages } from '../../src/kube/storage/resource-storage.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { type Answer, Api, startApi } from './api.ts';

const services = '/api/v1/namespaces/default/services';
const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
const port = { port: 80 };

function service(name: string, spec: object): object {
  return { metadata: { name }, spec: { selector: { app: name }, ports: [port], ...spec } };
}

async function claimed(api: Api): Promise<string[]> {
  const { body } = await api.get(addresses);
  return body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
}

t.test('a service gets an address of its own, and everything else that is not said', async (t) => {
  const api = await startApi(t);
  const { code, body } = await api.send('POST', services, service('web', {}));
  t.equal(code, 201);
  t.match(body.spec.clusterIP, /^10\.96\.\d+\.\d+$/);
  t.strictSame(body.spec, {
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    selector: { app: 'web' },
    clusterIP: body.spec.clusterIP,
    clusterIPs: [body.spec.clusterIP],
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
  });
  t.strictSame(body.status, { loadBalancer: {} });
  const address = (await api.get(`${addresses}/${body.spec.clusterIP}`)).body;
  t.strictSame(address.spec.parentRef, { resource: 'services', namespace: 'default', name: 'web' });
});

t.test('an address is of one service, and free again when that is gone', async (t) => {
  const api = await startApi(t);
  const asked = service('a', { clusterIP: '10.96.3.3' });
  t.equal((await api.send('POST', services, asked)).body.spec.clusterIP, '10.96.3.3');
  const second = await api.send('POST', services, service('b', { clusterIP: '10.96.3.3' }));
  t.equal(second.code, 422);
  t.equal(
    second.body.message,
    'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.3.3"]: failed to allocate IP 10.96.3.3: provided IP is already allocated',
  );
  t.equal((await api.send('DELETE', `${services}/a`)).code, 200);
  t.equal((await api.send('POST', services, service('b', { clusterIP: '10.96.3.3' }))).code, 201);
});

t.test('a service that is marked keeps its numbers until its last finalizer is taken away', async (t) => {
  const api = await startApi(t);
  const kept = {
    metadata: { name: 'k', finalizers: ['ex.com/f'] },
    spec: { clusterIP: '10.96.4.4', ports: [port] },
  };
  t.equal((await api.send('POST', services, kept)).code, 201);
  await api.send('DELETE', `${services}/k`);
  t.ok((await claimed(api)).includes('10.96.4.4'));
  await api.merge(`${services}/k`, { metadata: { finalizers: null } });
  t.notOk((await claimed(api)).includes('10.96.4.4'));
});

t.test('a wrong address is refused with the reason', async (t) => {
  const api = await startApi(t);
  const far = await api.send('POST', services, service('s', { clusterIP: '1.2.3.4' }));
  t.equal(
    far.body.message,
    'Service "s" is invalid: spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  );
  const none = await api.send('POST', services, service('s', { clusterIP: 'abc' }));
  t.equal(
    none.body.message,
    'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  );
  t.strictSame(await claimed(api), ['10.96.0.1']);
});

t.test('what the server gave survives an update that leaves it out, and cannot be changed', async (t) => {
  const api = await startApi(t);
  const made = (await api.send('POST', services, service('s', { type: 'NodePort' }))).body;
  const put = (await api.send('PUT', `${services}/s`, service('s', { type: 'NodePort' }))).body;
  t.equal(put.spec.clusterIP, made.spec.clusterIP);
  t.equal(put.spec.ports[0].nodePort, made.spec.ports[0].nodePort);
  const changed = await api.merge(`${services}/s`, {
    spec: { clusterIP: '10.96.9.9', clusterIPs: ['10.96.9.9'] },
  });
  t.equal(
    changed.body.message,
    'Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set',
  );
});

t.test('ports of the node come and go with the type', async (t) => {
  const api = await startApi(t);
  await api.send('POST', services, service('s', {}));
  const patched = (await api.merge(`${services}/s`, { spec: { type: 'NodePort' } })).body;
  const { nodePort } = patched.spec.ports[0];
  t.ok(nodePort >= 30_086 && nodePort <= 32_767, 'from the upper band');
  t.equal(patched.spec.externalTrafficPolicy, 'Cluster');
  const back = (await api.merge(`${services}/s`, { spec: { type: 'ClusterIP' } })).body;
  t.notOk('nodePort' in back.spec.ports[0]);
  t.notOk('externalTrafficPolicy' in back.spec);
  const other = service('o', { type: 'NodePort', ports: [{ port: 1, nodePort }] });
  t.equal((await api.send('POST', services, other)).code, 201, 'the port is free again');
});

t.test('a port of the node is of one service, whatever the protocol', async (t) => {
  const api = await startApi(t);
  const both = [
    { name: 't', port: 53, protocol: 'TCP', nodePort: 30_053 },
    { name: 'u', port: 53, protocol: 'UDP', nodePort: 30_053 },
  ];
  t.equal((await api.send('POST', services, service('dns', { type: 'NodePort', ports: both }))).code, 201);
  const taken = await api.send(
    'POST',
    services,
    service('x', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_053, protocol: 'SCTP' }] }),
  );
  t.equal(
    taken.body.message,
    'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30053: provided port is already allocated',
  );
  const low = service('x', { type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] });
  t.match(
    (await api.send('POST', services, low)).body.message,
    'provided port is not in the valid range. The range of valid ports is 30000-32767',
  );
  const shared = [
    { name: 't', port: 53, protocol: 'TCP' },
    { name: 'u', port: 53, protocol: 'UDP' },
  ];
  const auto = (await api.send('POST', services, service('dns2', { type: 'NodePort', ports: shared }))).body;
  t.equal(auto.spec.ports[0].nodePort, auto.spec.ports[1].nodePort);
});

t.test('headless and external services have no address', async (t) => {
  const api = await startApi(t);
  const headless = (await api.send('POST', services, service('h', { clusterIP: 'None' }))).body;
  t.strictSame([headless.spec.clusterIPs, headless.spec.ipFamilies], [['None'], ['IPv4']]);
  const bare = { metadata: { name: 'n' }, spec: { clusterIP: 'None' } };
  const plain = (await api.send('POST', services, bare)).body;
  t.strictSame([plain.spec.ipFamilyPolicy, plain.spec.ipFamilies], ['RequireDualStack', ['IPv4', 'IPv6']]);
  const away = { metadata: { name: 'e' }, spec: { type: 'ExternalName', externalName: 'ex.com' } };
  const external = (await api.send('POST', services, away)).body;
  t.strictSame(external.spec, { type: 'ExternalName', sessionAffinity: 'None', externalName: 'ex.com' });
  t.strictSame(await claimed(api), ['10.96.0.1']);
  const toExternal = await api.send('POST', services, service('s', {}));
  const address = toExternal.body.spec.clusterIP;
  const changed = (await api.merge(`${services}/s`, { spec: { type: 'ExternalName', externalName: 'a.b' } }))
    .body;
  t.notOk('clusterIP' in changed.spec);
  t.notOk((await claimed(api)).includes(address));
});

t.test('a load balancer may keep the source address, by a port for health checks', async (t) => {
  const api = await startApi(t);
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
  const { body } = await api.send('POST', services, service('l', spec));
  t.equal(body.spec.allocateLoadBalancerNodePorts, true);
  t.ok(body.spec.healthCheckNodePort >= 30_000);
  t.not(body.spec.healthCheckNodePort, body.spec.ports[0].nodePort);
});

t.test('a dry run shows numbers and keeps none', async (t) => {
  const api = await startApi(t);
  const { body } = await api.send('POST', `${services}?dryRun=All`, service('d', { type: 'NodePort' }));
  t.match(body.spec.clusterIP, /^10\.96\./);
  t.ok(body.spec.ports[0].nodePort >= 30_000);
  t.strictSame(await claimed(api), ['10.96.0.1']);
  t.equal((await api.get(`${services}/d`)).code, 404);
});

t.test('what is wrong with a service is said field by field', async (t) => {
  const api = await startApi(t);
  const say = async (spec: object): Promise<string> =>
    (await api.send('POST', services, service('s', spec))).body.message.replace(
      'Service "s" is invalid: ',
      '',
    );
  t.equal(await say({ ports: [] }), 'spec.ports: Required value');
  t.equal(
    await say({ ports: [{ port: 1 }, { port: 2 }] }),
    '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
  );
  t.equal(
    await say({ type: 'Foo' }),
    'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  );
  t.equal(
    await say({ sessionAffinity: 'Foo' }),
    'spec.sessionAffinity: Unsupported value: "Foo": supported values: "ClientIP", "None"',
  );
  t.equal(await say({ type: 'ExternalName' }), 'spec.externalName: Required value');
  t.equal(
    await say({ externalTrafficPolicy: 'Local' }),
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  );
  t.equal(
    await say({ ipFamilyPolicy: 'RequireDualStack' }),
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  );
  t.equal(
    await say({ ports: [{ port: 80, nodePort: 30_001 }] }),
    "spec.ports[0].nodePort: Forbidden: may not be used when type is 'ClusterIP'",
  );
  t.strictSame(await claimed(api), ['10.96.0.1'], 'nothing is kept of what was refused');
});

t.test('many services at once get different addresses', async (t) => {
  const api = await startApi(t);
  const names = Array.from({ length: 40 }, (_, at) => `s${at}`);
  const made: Answer[] = await Promise.all(
    names.map((name) => api.send('POST', services, service(name, { type: 'NodePort' }))),
  );
  t.ok(made.every(({ code }) => code === 201));
  t.equal(new Set(made.map(({ body }) => body.spec.clusterIP)).size, 40);
  t.equal(new Set(made.map(({ body }) => body.spec.ports[0].nodePort)).size, 40);
  await Promise.all(names.map((name) => api.send('DELETE', `${services}/${name}`)));
  t.strictSame(await claimed(api), ['10.96.0.1']);
});

t.test('a claim that a crash left behind is taken over once it is old, and never before', async (t) => {
  const runtime = nodeRuntime();
  const store = await openMemoryStore(runtime);
  const plane = await startControlPlane({ runtime, store });
  t.teardown(async () => {
    await plane.close();
    await store.close();
  });
  const api = new Api(plane);
  const storages = new Storages(store);
  const resource = new Registry(builtInResources).find('networking.k8s.io', 'v1', 'ipaddresses')!;
  const leave = (name: string, ageMs: number): Promise<unknown> =>
    storages.of(resource).create(
      {
        kind: 'IPAddress',
        metadata: { name, creationTimestamp: new Date(Date.now() - ageMs).toISOString() },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'gone' } },
      } as never,
      0,
    );
  await leave('10.96.7.1', 90_000);
  await leave('10.96.7.2', 1000);
  t.equal((await api.send('POST', services, service('a', { clusterIP: '10.96.7.1' }))).code, 201);
  t.equal((await api.send('POST', services, service('b', { clusterIP: '10.96.7.2' }))).code, 422);
  t.equal(
    (await api.send('POST', services, service('gone', { clusterIP: '10.96.7.2' }))).code,
    201,
    'the service of the claim itself need not wait',
  );
});

t.test('services of a store that somebody else wrote are claimed at the start', async (t) => {
  const runtime = nodeRuntime();
  const store = await openMemoryStore(runtime);
  const resource = new Registry(builtInResources).find('', 'v1', 'services')!;
  await new Storages(store).of(resource).create(
    {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 'old', namespace: 'default', uid: 'u' },
      spec: {
        type: 'NodePort',
        clusterIP: '10.96.8.8',
        clusterIPs: ['10.96.8.8'],
        ports: [{ port: 1, nodePort: 30_008 }],
      },
    } as never,
    0,
  );
  const plane = await startControlPlane({ runtime, store });
  t.teardown(async () => {
    await plane.close();
    await store.close();
  });
  const api = new Api(plane);
  t.equal((await api.send('POST', services, service('a', { clusterIP: '10.96.8.8' }))).code, 422);
  const same = service('b', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_008 }] });
  t.equal((await api.send('POST', services, same)).code, 422);
});
