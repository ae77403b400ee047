/** `@kubernetes/client-node`, unmodified: what a program in JavaScript does all day, and informers that live through failures. */

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { CoreV1Api, KubernetesObject, V1ConfigMap, V1Deployment } from '@kubernetes/client-node';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api as Core,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';
import t from 'tap';
import { type ControlPlane, startControlPlane } from '../../src/kube/control-plane.ts';
import { memberStore } from '../../src/kube/store/member-store.ts';
import { TestCluster } from '../member/cluster.ts';
import { until } from '../waiting.ts';

const configmaps = '/api/v1/namespaces/default/configmaps';

/** This client refuses plain HTTP unless it is told that nothing is verified. */
function configOf(url: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'keelson', server: url, skipTLSVerify: true }],
    users: [{ name: 'keelson' }],
    contexts: [{ name: 'keelson', cluster: 'keelson', user: 'keelson' }],
    currentContext: 'keelson',
  });
  return config;
}

const map = (name: string, data: Record<string, string> = {}): V1ConfigMap => ({ metadata: { name }, data });
const create = (api: CoreV1Api, name: string): Promise<V1ConfigMap> =>
  api.createNamespacedConfigMap({ namespace: 'default', body: map(name) });

async function refusalOf(
  promise: Promise<unknown>,
): Promise<{ code: number; message: string; reason: string }> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const body = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as {
      message: string;
      reason: string;
    };
    return { code: error.code, message: body.message, reason: body.reason };
  }
  throw new Error('it was not refused');
}

t.test('the kubeconfig of a server in memory is one that this client takes as it is', async (t) => {
  const plane = await startControlPlane({ authorizationModes: ['RBAC'] });
  t.teardown(() => plane.close());
  const config = new KubeConfig();
  config.loadFromString(plane.kubeconfig);
  const core = config.makeApiClient(Core);
  await create(core, 'theirs');
  const { items } = await core.listNamespacedConfigMap({ namespace: 'default' });
  t.ok(items.some(({ metadata }) => metadata?.name === 'theirs'));
});

t.test('objects are made, read, listed, patched in each way, replaced and deleted', async (t) => {
  const plane = await startControlPlane();
  t.teardown(() => plane.close());
  const config = configOf(plane.url);
  const core = config.makeApiClient(Core);
  const made = await create(core, 'paint');
  t.match(made.metadata, { name: 'paint', namespace: 'default', uid: /^[0-9a-f-]{36}$/ });
  t.ok(made.metadata?.creationTimestamp instanceof Date);
  const one = { namespace: 'default', name: 'paint' };
  const patched = await core.patchNamespacedConfigMap({
    ...one,
    body: [{ op: 'add', path: '/data', value: { hull: 'red' } }],
  });
  t.strictSame({ ...patched.data }, { hull: 'red' }, 'a JSON patch unless it is told otherwise');
  for (const strategy of [PatchStrategy.MergePatch, PatchStrategy.StrategicMergePatch]) {
    const merged = await core.patchNamespacedConfigMap(
      { ...one, body: { data: { mast: strategy } } },
      setHeaderOptions('Content-Type', strategy),
    );
    t.strictSame({ ...merged.data }, { hull: 'red', mast: strategy });
  }
  const applied = await core.patchNamespacedConfigMap(
    {
      ...one,
      fieldManager: 'js',
      force: true,
      body: { apiVersion: 'v1', kind: 'ConfigMap', ...map('paint', { keel: 'black' }) },
    },
    setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
  );
  t.equal(applied.data?.['keel'], 'black');
  const replaced = await core.replaceNamespacedConfigMap({ ...one, body: map('paint', { only: 'this' }) });
  t.strictSame({ ...replaced.data }, { only: 'this' });
  await create(core, 'other');
  const page = await core.listNamespacedConfigMap({ namespace: 'default', limit: 1 });
  t.equal(page.items.length, 1);
  const rest = await core.listNamespacedConfigMap({
    namespace: 'default',
    _continue: page.metadata!._continue!,
  });
  t.ok([...page.items, ...rest.items].some(({ metadata }) => metadata?.name === 'paint'));
  t.match(await refusalOf(create(core, 'other')), { code: 409, reason: 'AlreadyExists' });
  const stale = { ...one, body: { ...map('paint'), metadata: made.metadata! } };
  t.match(await refusalOf(core.replaceNamespacedConfigMap(stale)), { code: 409, reason: 'Conflict' });
  await core.deleteNamespacedConfigMap(one);
  t.match(await refusalOf(core.readNamespacedConfigMap(one)), {
    code: 404,
    message: 'configmaps "paint" not found',
  });
});

t.test('deployments scale, and objects of any kind go by their apiVersion and kind', async (t) => {
  const plane = await startControlPlane();
  t.teardown(() => plane.close());
  const config = configOf(plane.url);
  const apps = config.makeApiClient(AppsV1Api);
  const labels = { app: 'web' };
  const body: V1Deployment = {
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  };
  const made = await apps.createNamespacedDeployment({ namespace: 'default', body });
  t.equal(made.spec?.replicas, 1);
  const one = { namespace: 'default', name: 'web' };
  const scale = await apps.readNamespacedDeploymentScale(one);
  scale.spec!.replicas = 3;
  t.equal((await apps.replaceNamespacedDeploymentScale({ ...one, body: scale })).spec?.replicas, 3);
  const status = await apps.patchNamespacedDeploymentStatus({
    ...one,
    body: [{ op: 'replace', path: '/status', value: { replicas: 3 } }],
  });
  t.equal(status.status?.replicas, 3);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  };
  t.equal((await objects.create(role as KubernetesObject)).metadata?.name, 'reader');
  t.match(await objects.read({ ...role, metadata: role.metadata }), { rules: role.rules });
  t.equal((await objects.list('apps/v1', 'Deployment', 'default')).items.length, 1);
  await objects.delete(role as KubernetesObject);
  t.equal((await refusalOf(objects.read(role))).code, 404);
});

t.test('a watch tells what happens, with bookmarks and selectors', async (t) => {
  const plane = await startControlPlane();
  t.teardown(() => plane.close());
  const config = configOf(plane.url);
  const core = config.makeApiClient(Core);
  const { metadata } = await core.listNamespacedConfigMap({ namespace: 'default' });
  const seen: string[] = [];
  const abort = await new Watch(config).watch(
    configmaps,
    { resourceVersion: metadata?.resourceVersion, labelSelector: 'w' },
    (phase: string, object: V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`),
    () => {},
  );
  await create(core, 'unseen');
  await core.createNamespacedConfigMap({
    namespace: 'default',
    body: { metadata: { name: 'seen', labels: { w: '1' } } },
  });
  await core.patchNamespacedConfigMap({
    namespace: 'default',
    name: 'seen',
    body: [{ op: 'remove', path: '/metadata/labels/w' }],
  });
  await until('the watch has told all', () => seen.length >= 2);
  t.strictSame(seen, ['ADDED seen', 'DELETED seen'], 'what no longer matches is gone for the watcher');
  abort.abort();
});

/** One address before several servers, one at a time, as a load balancer that is told who is alive. */
class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      const beyond = connect(this.#port, '127.0.0.1');
      for (const [one, other] of [
        [socket, beyond],
        [beyond, socket],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Whoever was connected is cut off. */
  lead({ port }: ControlPlane): void {
    this.#port = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

t.test('an informer lives through the death of a member, and through a compaction', async (t) => {
  const cluster = await new TestCluster(3).startAll();
  const stores = [0, 1, 2].map((at) => memberStore(cluster.member(at)));
  const planes = new Map<number, ControlPlane>();
  const serve = async (at: number): Promise<ControlPlane> => {
    const plane = await startControlPlane({ store: stores[at]! });
    planes.set(at, plane);
    return plane;
  };
  const door = new Door();
  const config = configOf(await door.open());
  const core = config.makeApiClient(Core);
  const informer = makeInformer<V1ConfigMap>(config, configmaps, () =>
    core.listNamespacedConfigMap({ namespace: 'default' }),
  );
  let isOver = false;
  t.teardown(async () => {
    isOver = true;
    await informer.stop();
    door.close();
    for (const plane of planes.values()) await plane.close();
    for (const store of stores) await store.close();
    await cluster.close();
  });
  const added: string[] = [];
  const deleted: string[] = [];
  let starts = 0;
  const named = ({ metadata }: KubernetesObject): string => metadata?.name ?? '';
  informer.on('add', (object) => added.push(named(object)));
  informer.on('delete', (object) => deleted.push(named(object)));
  informer.on('connect', () => starts++);
  // As its documentation says: whoever hears of an error starts it again.
  informer.on('error', () => {
    setTimeout(() => {
      if (!isOver) informer.start().catch(() => {});
    }, 50);
  });

  door.lead(await serve(0));
  await create(core, 'before');
  await informer.start();
  await until('it knows what there is', () => added.includes('before'));

  // The member dies and its API server with it; the next one has its own watch cache on the same log.
  const next = await serve(1);
  await planes.get(0)!.close();
  planes.delete(0);
  await cluster.stop(0);
  door.lead(next);
  const direct = configOf(next.url).makeApiClient(Core);
  await create(direct, 'after-death');
  await direct.deleteNamespacedConfigMap({ namespace: 'default', name: 'before' });
  await until('it goes on where it was', () => added.includes('after-death') && deleted.includes('before'));
  t.equal(added.filter((name) => name === 'after-death').length, 1);

  // A server that begins after a compaction knows nothing of the past: 410, and the informer lists again.
  const known = starts;
  await create(direct, 'kept');
  await until('it knows the last before the compaction', () => added.includes('kept'));
  const none = { port: 1 } as ControlPlane;
  door.lead(none);
  await direct.deleteNamespacedConfigMap({ namespace: 'default', name: 'kept' });
  await create(direct, 'after-compaction');
  await stores[1]!.compact(await stores[1]!.revision());
  const last = await serve(2);
  door.lead(last);
  await until('it has listed again', () => added.includes('after-compaction') && deleted.includes('kept'));
  t.ok(starts > known);
  const names = informer.list('default').map(named);
  t.ok(names.includes('after-compaction') && !names.includes('kept'), names.join());
});
