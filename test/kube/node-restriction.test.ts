/** What a node's agent may write, who comes with a certificate of `system:nodes` (the plugin NodeRestriction). */

import { request } from 'node:https';
import t from 'tap';
import { type ControlPlane, startControlPlane } from '../../src/kube/control-plane.ts';
import { type KeyAndCertificate, makeCertificate } from '../../src/util/certificate.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

const runtime = nodeRuntime();

function certificate(
  commonName: string,
  issuer: KeyAndCertificate | null,
  more: Partial<Parameters<typeof makeCertificate>[0]>,
): KeyAndCertificate {
  const options = { commonName, now: runtime.clock.wallNow(), validDays: 1, ...more };
  return makeCertificate(options, issuer, runtime.random);
}

const authority = certificate('authority', null, { isAuthority: true });
const server = certificate('server', authority, { hosts: ['127.0.0.1'], usages: ['server'] });
const organizations = ['system:nodes'];
const agent = certificate('system:node:n1', authority, { organizations, usages: ['client'] });
const nameless = certificate('system:node:', authority, { organizations, usages: ['client'] });
const admin = certificate('admin', authority, { organizations: ['system:masters'], usages: ['client'] });

type Who = KeyAndCertificate;

class Scene {
  readonly #plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests as they come
  send(who: Who, method: string, path: string, body?: object): Promise<any> {
    const { key, cert } = who;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const sent = request(
        this.#plane.url + path,
        { method, key, cert, ca: authority.cert, agent: false, headers },
        (answer) => {
          let answered = '';
          answer.on('data', (chunk) => {
            answered += chunk;
          });
          answer.on('end', () => resolve(JSON.parse(answered)));
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** `ok`, or why not. */
  async said(method: string, path: string, body?: object, who: Who = agent): Promise<string> {
    const { kind, status, message } = await this.send(who, method, path, body);
    return kind === 'Status' && status !== 'Success' ? message : 'ok';
  }

  async make(path: string, body: object): Promise<string> {
    const made = await this.send(admin, 'POST', path, body);
    if (made.kind === 'Status') throw new Error(made.message);
    return made.metadata.uid;
  }
}

async function start(test: Pick<typeof t, 'teardown'>, enabledPlugins = ['NodeRestriction']): Promise<Scene> {
  const plane = await startControlPlane({
    runtime,
    tls: { ...server, clientAuthorities: authority.cert },
    authorizationModes: ['Node', 'RBAC'],
    enabledPlugins,
  });
  test.teardown(() => plane.close());
  return new Scene(plane);
}

const pods = '/api/v1/namespaces/default/pods';
const nodes = '/api/v1/nodes';
const pod = (name: string, nodeName: string, spec: object = {}, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  spec: { nodeName, containers: [{ name: 'c', image: 'i' }], ...spec },
});

t.test('a node writes itself, but no taints and no labels of others', async (t) => {
  const scene = await start(t);
  const forbidden = (name: string, why: string): string =>
    `nodes ${JSON.stringify(name)} is forbidden: ${why}`;
  const by = 'node "n1" is not allowed';
  t.equal(
    await scene.said('POST', nodes, { metadata: { name: 'n2' } }),
    forbidden('n2', `${by} to modify node "n2"`),
  );
  const labels = {
    'kubernetes.io/hostname': 'n1',
    'node.kubernetes.io/instance-type': 'large',
    'custom.kubelet.kubernetes.io/a': 'b',
    'example.com/own': 'yes',
  };
  const wrong = { ...labels, 'node-restriction.kubernetes.io/a': '1', 'node-role.kubernetes.io/master': '' };
  t.equal(
    await scene.said('POST', nodes, { metadata: { name: 'n1', labels: wrong } }),
    forbidden(
      'n1',
      `${by} to set the following labels: node-restriction.kubernetes.io/a, node-role.kubernetes.io/master`,
    ),
  );
  t.equal(await scene.said('POST', nodes, { metadata: { name: 'n1', labels } }), 'ok');
  t.equal(
    await scene.said('PATCH', `${nodes}/n1`, { metadata: { labels: { 'example.com/own': 'no' } } }),
    'ok',
  );
  t.equal(
    await scene.said('PATCH', `${nodes}/n1`, { metadata: { labels: { 'x.k8s.io/role': 'a' } } }),
    forbidden('n1', 'is not allowed to modify labels: x.k8s.io/role'),
  );
  t.equal(
    await scene.said('PATCH', `${nodes}/n1`, { spec: { taints: [] } }),
    forbidden('n1', `${by} to modify taints`),
  );
  t.equal(await scene.said('PATCH', `${nodes}/n1/status`, { status: { phase: 'Running' } }), 'ok');
  t.match(
    await scene.said('POST', nodes, { metadata: { name: 'n1' } }, nameless),
    /unknown node for user|could not determine node/,
  );
  t.equal(
    await scene.said('POST', nodes, { metadata: { name: 'n3' } }, admin),
    'ok',
    'others are not restricted',
  );
});

t.test('a node makes mirror pods alone, which refer to nothing but itself', async (t) => {
  const scene = await start(t);
  const uid = await scene.make(nodes, { metadata: { name: 'n1' } });
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true };
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const said = async (nodeName: string, spec: object, metadata: object): Promise<string> => {
    const text = await scene.said('POST', pods, pod('p', nodeName, spec, metadata));
    return text.replace('pods "p" is forbidden: ', '').replace('node "n1" ', '');
  };
  t.equal(
    await said('n1', {}, {}),
    'pod does not have "kubernetes.io/config.mirror" annotation, can only create mirror pods',
  );
  t.equal(await said('n2', {}, { annotations }), 'can only create pods with spec.nodeName set to itself');
  t.equal(
    await said('n1', {}, { annotations }),
    'can only create pods with an owner reference set to itself',
  );
  const owned = (...ownerReferences: object[]): object => ({ annotations, ownerReferences });
  t.equal(
    await said('n1', {}, owned(owner, owner)),
    'can only create pods with a single owner reference set to itself',
  );
  t.equal(
    await said('n1', {}, owned({ ...owner, name: 'n2' })),
    'can only create pods with an owner reference set to itself',
  );
  t.equal(
    await said('n1', {}, owned({ ...owner, controller: false })),
    'can only create pods with a controller owner reference set to itself',
  );
  t.equal(
    await said('n1', {}, owned({ ...owner, blockOwnerDeletion: true })),
    'must not set blockOwnerDeletion on an owner reference',
  );
  t.equal(await said('n1', {}, owned({ ...owner, uid: 'x' })), `node n1 UID mismatch: expected x got ${uid}`);
  const refers = (what: string, spec: object): Promise<void> =>
    said('n1', spec, owned(owner)).then(
      (text) => void t.equal(text, `can not create pods that reference ${what}`),
    );
  await refers('a service account', { serviceAccountName: 'default' });
  await refers('secrets', { imagePullSecrets: [{ name: 's' }] });
  await refers('configmaps', { volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  await refers('persistentvolumeclaims', {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
  });
  t.equal(await said('n1', {}, owned(owner)), 'ok');
  t.equal(await scene.said('DELETE', `${pods}/p`, { gracePeriodSeconds: 0 }), 'ok');
});

t.test('a node tells of its pods, ends them, and has tokens for them', async (t) => {
  const scene = await start(t);
  await scene.make(nodes, { metadata: { name: 'n1' } });
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await scene.make(accounts, { metadata: { name: 'robot' } });
  const uid = await scene.make(pods, pod('mine', 'n1', { serviceAccountName: 'robot' }));
  const other = await scene.make(pods, pod('other', 'n2', { serviceAccountName: 'robot' }));
  const status = { status: { phase: 'Running' } };
  t.equal(await scene.said('PATCH', `${pods}/mine/status`, status), 'ok');
  t.equal(
    await scene.said('PATCH', `${pods}/other/status`, status),
    'pods "other" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
  );
  t.equal(
    await scene.said('PATCH', `${pods}/mine/status`, { metadata: { labels: { a: 'b' } } }),
    'pods "mine" is forbidden: node "n1" cannot update labels through pod status',
  );
  const eviction = (name: string): object => ({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name },
  });
  t.equal(
    await scene.said('POST', `${pods}/other/eviction`, eviction('other')),
    'pods "other" is forbidden: node n1 can only evict pods with spec.nodeName set to itself',
  );
  t.equal(
    await scene.said('DELETE', `${pods}/other`),
    'pods "other" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
  );
  const token = async (boundObjectRef?: object): Promise<string> => {
    const spec = boundObjectRef === undefined ? {} : { boundObjectRef };
    const text = await scene.said('POST', `${accounts}/robot/token`, { spec });
    return text.replace('serviceaccounts "robot" is forbidden: ', '');
  };
  const bound = { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid };
  t.equal(await token(), 'node requested token not bound to a pod');
  t.equal(await token({ ...bound, uid: undefined }), 'node requested token with a pod binding without a uid');
  t.equal(
    await token({ ...bound, uid: 'x' }),
    'the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated',
  );
  t.equal(
    await token({ ...bound, name: 'other', uid: other }),
    'node requested token bound to a pod scheduled on a different node',
  );
  t.equal(await token(bound), 'ok');
});

t.test('a node has one lease and one CSINode, by its own name', async (t) => {
  const scene = await start(t);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const csiNodes = '/apis/storage.k8s.io/v1/csinodes';
  t.equal(
    await scene.said('POST', leases, { metadata: { name: 'n2' } }),
    'leases.coordination.k8s.io "n2" is forbidden: can only access node lease with the same name as the requesting node',
  );
  t.equal(await scene.said('POST', leases, { metadata: { name: 'n1' } }), 'ok');
  t.match(
    await scene.said('POST', leases.replace('kube-node-lease', 'default'), { metadata: { name: 'n1' } }),
    /can only access leases in the "kube-node-lease" system namespace/,
  );
  const drivers = { spec: { drivers: [] } };
  t.equal(
    await scene.said('POST', csiNodes, { metadata: { name: 'n2' }, ...drivers }),
    'csinodes.storage.k8s.io "n2" is forbidden: can only access CSINode with the same name as the requesting node',
  );
  t.equal(await scene.said('POST', csiNodes, { metadata: { name: 'n1' }, ...drivers }), 'ok');
});

t.test('unless it is asked for, the plugin is not in force', async (t) => {
  const scene = await start(t, []);
  t.equal(await scene.said('POST', nodes, { metadata: { name: 'n2' } }), 'ok');
});

t.test(
  'a node reads secrets of volumes and attachments to it, and nothing by pods that it made',
  async (t) => {
    const scene = await start(t, []);
    const core = '/api/v1/namespaces/default';
    for (const name of ['of-volume', 'of-mirror'])
      await scene.make(`${core}/secrets`, { metadata: { name } });
    const csi = {
      driver: 'd',
      volumeHandle: 'h',
      nodePublishSecretRef: { name: 'of-volume', namespace: 'default' },
    };
    const size = { storage: '1Gi' };
    await scene.make('/api/v1/persistentvolumes', {
      metadata: { name: 'v' },
      spec: { capacity: size, accessModes: ['ReadWriteOnce'], csi },
    });
    await scene.make(`${core}/persistentvolumeclaims`, {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: size }, volumeName: 'v' },
    });
    await scene.make(
      pods,
      pod('p', 'n1', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
    );
    const envFrom = [{ secretRef: { name: 'of-mirror' } }];
    const annotations = { 'kubernetes.io/config.mirror': 'x' };
    await scene.make(
      pods,
      pod('m', 'n1', { containers: [{ name: 'c', image: 'i', envFrom }] }, { annotations }),
    );
    t.equal(await scene.said('GET', `${core}/secrets/of-volume`), 'ok');
    t.equal(await scene.said('GET', '/api/v1/persistentvolumes/v'), 'ok');
    t.match(await scene.said('GET', `${core}/secrets/of-mirror`), /no relationship found between node 'n1'/);
    const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
    for (const [name, nodeName] of [
      ['a1', 'n1'],
      ['a2', 'n2'],
    ] as const) {
      await scene.make(attachments, {
        metadata: { name },
        spec: { attacher: 'd', nodeName, source: { persistentVolumeName: 'v' } },
      });
    }
    t.equal(await scene.said('GET', `${attachments}/a1`), 'ok');
    t.match(await scene.said('GET', `${attachments}/a2`), /no relationship found between node 'n1'/);
    t.match(await scene.said('GET', attachments), /can only get individual resources of this type/);
    t.match(await scene.said('PUT', `${core}/secrets/of-volume`, {}), /can only read resources of this type/);
    t.match(
      await scene.said('GET', `${core}/serviceaccounts/default`),
      /can only create tokens for individual service accounts/,
    );
  },
);
