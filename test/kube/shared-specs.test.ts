/** Objects with the same spec share it; nobody must be able to tell from what is stored, answered or refused. */

import { Packr } from 'msgpackr';
import t from 'tap';
import type { ApiObject, JsonObject } from '../../src/kube/api/objects.ts';
import { startControlPlane } from '../../src/kube/control-plane.ts';
import { decodeObject, encodeObject } from '../../src/kube/storage/codec.ts';
import { objectText } from '../../src/kube/storage/object-text.ts';
import { knownSpec, sharedSpec } from '../../src/kube/storage/shared-specs.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import { Api, startApi } from './api.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });
const pods = '/api/v1/namespaces/default/pods';

function object(spec: JsonObject, more: JsonObject): ApiObject {
  const metadata = { name: 'ä', resourceVersion: '', labels: { spec: 'spec' } };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec, ...more } as unknown as ApiObject;
}

t.test('a spec of the same text is the very same, one in another order is not', async (t) => {
  const first = sharedSpec({ a: 1, b: { c: ['x'] } });
  t.equal(sharedSpec({ a: 1, b: { c: ['x'] } }), first);
  t.not(sharedSpec({ b: { c: ['x'] }, a: 1 }), first);
  t.not(sharedSpec({ a: '1', b: { c: ['x'] } }), first);
});

t.test('what is stored and answered of a shared spec is what would be of its own', async (t) => {
  for (const more of [{}, { status: { phase: 'Pending' } }, { status: {}, more: [1, null, 'ü'] }]) {
    const spec = { containers: [{ name: 'größe', image: 'x:1', ports: [{ containerPort: 80 }] }] };
    const own = object(spec, more as JsonObject);
    const shared = object(sharedSpec(structuredClone(spec)), more as JsonObject);
    t.not(knownSpec(shared.spec!), null, 'it is known');
    t.equal(knownSpec(own.spec!), null);
    for (const _again of [1, 2]) {
      const bytes = encodeObject(shared);
      t.same(Buffer.from(bytes), Buffer.from(encodeObject(own)));
      t.same(Buffer.from(bytes), Buffer.from(packr.pack(own)), 'one map');
      t.same(decodeObject(bytes, 7), { ...own, metadata: { ...own.metadata, resourceVersion: '7' } });
      t.equal(objectText(shared), JSON.stringify(own));
    }
  }
});

t.test('generationMax of kube/storage/shared-specs: specs that nobody asks for are forgotten', async (t) => {
  const first = sharedSpec({ at: 'first' });
  const used = sharedSpec({ at: 'used' });
  for (let at = 0; at < 600; at++) {
    sharedSpec({ at });
    t.not(knownSpec(used), null, 'one that is in use stays');
  }
  t.equal(knownSpec(first), null);
  t.not(sharedSpec({ at: 'first' }), first);
  const long = { text: 'x'.repeat(20_000) };
  t.equal(sharedSpec(long), long);
  t.equal(knownSpec(long), null, 'textLettersMax: a long one is not kept');
});

t.test('pods of one template: each is answered, warned of and refused as if it were alone', async (t) => {
  const api = await startApi(t);
  const spec = {
    containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 1 }, { containerPort: 1 }] }],
  };
  const annotations = { 'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default' };
  const send = (name: string, more: object, given: object = spec) =>
    api.send('POST', pods, { metadata: { name, ...more }, spec: given });
  const [a, b, c, d] = [
    await send('a', {}),
    await send('b', {}),
    await send('c', { annotations }),
    await send('d.e', {}),
  ];
  t.same([a.code, b.code, c.code, d.code], [201, 201, 201, 201]);
  t.equal(a.headers.get('warning'), b.headers.get('warning'), 'the ports of both are told');
  t.match(a.headers.get('warning'), /duplicate port/);
  t.match(c.headers.get('warning'), /seccomp/);
  t.match(d.headers.get('warning'), /hostname/);
  const specs = [a, b, c, d].map(({ body }) => JSON.stringify(body.spec));
  const withoutToken = specs.map((text) => text.replace(/kube-api-access-\w+/g, 'token'));
  t.equal(new Set(withoutToken).size, 1);
  await api.merge(`${pods}/a`, { spec: { activeDeadlineSeconds: 5 } });
  t.equal((await api.get(`${pods}/b`)).body.spec.activeDeadlineSeconds, undefined);
  const claims = {
    ...spec,
    volumes: [
      {
        name: 'v',
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
          },
        },
      },
    ],
  };
  t.equal((await send('short', {}, claims)).code, 201);
  const refused = await send('x'.repeat(252), {}, claims);
  t.equal(refused.code, 422, 'the name of the claim would be too long');
});

t.test('a patch that leaves the spec of a pod alone leaves it whole, whatever else it changes', async (t) => {
  const api = await startApi(t);
  const spec = { containers: [{ name: 'a', image: 'x' }], nodeSelector: { disk: 'fast' } };
  await api.send('POST', pods, { metadata: { name: 'a' }, spec });
  const made = (await api.get(`${pods}/a`)).body;
  const labelled = (await api.merge(`${pods}/a`, { metadata: { labels: { b: 'c' } } })).body;
  t.same(labelled.spec, made.spec);
  t.equal(labelled.metadata.generation, 1);
  t.same(Object.keys(labelled), ['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  const running = (await api.merge(`${pods}/a/status`, { status: { phase: 'Running' } })).body;
  t.same(running.spec, made.spec);
  t.same(running.status, { phase: 'Running', qosClass: 'BestEffort' });
  t.same(running.metadata.labels, { b: 'c' });
  const both = (await api.merge(`${pods}/a`, { spec: { activeDeadlineSeconds: 9 } })).body;
  t.same(both.spec, { ...made.spec, activeDeadlineSeconds: 9 });
  t.equal(both.metadata.generation, 2);
  t.same((await api.merge(`${pods}/a`, { spec: {} })).body, both, 'nothing to change changes nothing');
  const gone = await api.merge(`${pods}/a`, { spec: null });
  t.equal(gone.code, 422, 'a spec cannot go');
});

t.test('what a plugin adds to a pod that is patched is not added to others of its template', async (t) => {
  const disabledPlugins = ['DefaultTolerationSeconds', 'ServiceAccount'];
  const store = await openMemoryStore(nodeRuntime());
  const before = await startControlPlane({ store, disabledPlugins });
  const spec = { containers: [{ name: 'a', image: 'x', resources: { limits: { cpu: '1' } } }] };
  const first = new Api(before);
  for (const name of ['a', 'b']) await first.send('POST', pods, { metadata: { name }, spec });
  await before.close();
  const after = await startControlPlane({ store });
  t.teardown(async () => {
    await after.close();
    await store.close();
  });
  const api = new Api(after);
  await api.frames(`${pods}?watch=1`, 2);
  const patched = (await api.merge(`${pods}/a`, { metadata: { labels: { b: 'c' } } })).body;
  t.equal(patched.spec.tolerations.length, 2, 'tolerations are added to a pod that is written');
  t.equal((await api.get(`${pods}/b`)).body.spec.tolerations, undefined);
});
