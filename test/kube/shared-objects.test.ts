/** What the watch caches share: the objects of own writes, their texts, and writes that begin with what a cache has. */

import fc from 'fast-check';
import t, { type Test as Tap } from 'tap';
import { FieldsText, fieldsText } from '../../src/kube/api/fields-text.ts';
import { copyJson } from '../../src/kube/api/json.ts';
import type { ApiObject } from '../../src/kube/api/objects.ts';
import { type Encoding, encodeBody } from '../../src/kube/http/encode.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { type Attempts, repeated } from '../../src/kube/rest/attempts.ts';
import { decodeEntry, decodeObject, encodeObject } from '../../src/kube/storage/codec.ts';
import { objectText } from '../../src/kube/storage/object-text.ts';
import { ResourceStorage } from '../../src/kube/storage/resource-storage.ts';
import { freezeSharedObjects } from '../../src/kube/storage/shared-objects.ts';
import { openMemoryStore } from '../../src/kube/store/memory-store.ts';
import type { KubeStore } from '../../src/kube/store.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';

freezeSharedObjects();

const prefix = '/registry/things';

const names = fc.constantFrom('a', 'b', 'c');
const texts = fc.string({ unit: 'grapheme', maxLength: 8 });
const fields = fc.dictionary(texts, fc.constant({}), { maxKeys: 3 }).map((set) => JSON.stringify(set));
const managers = fc.array(
  fc.record(
    {
      manager: texts,
      operation: fc.constantFrom('Apply', 'Update'),
      time: texts,
      fieldsV1: fc.oneof(fields.map(fieldsText), fc.constant({ 'f:spec': {} })),
      subresource: texts,
    },
    { requiredKeys: ['manager', 'operation'] },
  ),
  { maxLength: 3 },
);
const objects: fc.Arbitrary<ApiObject> = fc.record(
  {
    kind: fc.constant('Thing'),
    apiVersion: fc.constant('v1'),
    metadata: fc.record(
      {
        name: names,
        namespace: fc.constant('n'),
        labels: fc.dictionary(texts, texts, { maxKeys: 2, noNullPrototype: true }),
        managedFields: managers,
      },
      { requiredKeys: ['name', 'namespace'] },
    ),
    spec: fc.dictionary(texts, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true }),
  },
  { requiredKeys: ['kind', 'apiVersion', 'metadata'] },
) as fc.Arbitrary<ApiObject>;

async function openStore(test: Tap): Promise<KubeStore> {
  const store = await openMemoryStore(nodeRuntime());
  test.teardown(() => store.close());
  return store;
}

async function openStorage(test: Tap, store: KubeStore): Promise<ResourceStorage> {
  const storage = new ResourceStorage(store, prefix, null);
  test.teardown(() => storage.cache.close());
  await storage.cache.start();
  return storage;
}

t.test('the text of an object is what JSON.stringify makes of it', async () => {
  fc.assert(
    fc.property(objects, (object) => JSON.stringify(object) === objectText(object)),
    { numRuns: 500 },
  );
});

t.test('answers made of shared bytes are those made anew', async () => {
  const pods = builtInResources.find(({ kind }) => kind === 'Pod')!;
  const encoding: Encoding = {
    accepted: { format: 'json', as: null, asVersion: '' },
    query: new URLSearchParams(),
    resource: pods,
    protobuf: null,
    nowMs: 0,
    isPretty: false,
  };
  fc.assert(
    fc.property(fc.array(objects, { maxLength: 4 }), fc.boolean(), (items, isCustom) => {
      const resource = isCustom ? { ...pods, custom: {} as NonNullable<typeof pods.custom> } : pods;
      const list = { kind: 'ThingList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items };
      return [list, ...items].every((body) => {
        const [one, other] = [true, false].map((isShared) =>
          encodeBody(body, { ...encoding, resource }, isShared),
        );
        return String(one!.body) === String(other!.body) && one!.type === other!.type;
      });
    }),
  );
});

t.test('what managers own is stored as a text, and read from both forms', async (t) => {
  fc.assert(
    fc.property(objects, (object) => {
      const stored = decodeObject(encodeObject(object), 7);
      const again = decodeObject(encodeObject(stored), 7);
      return objectText(again) === objectText(stored) && stored.metadata.resourceVersion === '7';
    }),
  );
  const all = fc
    .sample(objects, { numRuns: 300, seed: 1 })
    .map((object) => ({ object, bytes: encodeObject(object) }));
  for (const { object, bytes } of all)
    t.ok(Buffer.compare(bytes, encodeObject(object)) === 0, 'bytes stay as they are');
  const fieldsV1 = fieldsText('{"f:a":{}}');
  const object = { kind: 'Thing', metadata: { name: 'a', managedFields: [{ manager: 'm', fieldsV1 }] } };
  const [entry] = decodeObject(encodeObject(object), 1).metadata.managedFields!;
  t.ok(entry!.fieldsV1 instanceof FieldsText);
  t.equal(entry!.fieldsV1, fieldsV1, 'equal texts are one');
  const plain = { kind: 'Thing', metadata: { name: 'a', managedFields: [{ fieldsV1: { 'f:a': {} } }] } };
  t.strictSame(decodeObject(encodeObject(plain), 1).metadata.managedFields, plain.metadata.managedFields);
});

t.test('caches of two servers have what the store has, whoever wrote it', async (t) => {
  const act = fc.record({
    by: fc.nat(1),
    what: fc.constantFrom('create', 'update', 'delete'),
    object: objects,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
      const store = await openStore(t);
      const servers = [await openStorage(t, store), await openStorage(t, store)];
      const pending = acts.map(async ({ by, what, object }) => {
        const storage = servers[by]!;
        const { name = '' } = object.metadata;
        const current = await storage.read('n', name);
        if (what === 'create') await storage.create(copyJson(object), 0);
        else if (current !== null && what === 'update') await storage.update(copyJson(object), current);
        else if (current !== null) await storage.delete(current);
      });
      await Promise.all(pending);
      const { entries, revision } = await store.list(`${prefix}/`);
      const stored = entries.map((entry) => objectText(decodeEntry(entry)));
      for (const { cache } of servers) {
        await cache.reach(revision);
        if (JSON.stringify(cache.list(`${prefix}/`).map(objectText)) !== JSON.stringify(stored)) return false;
      }
      return true;
    }),
    { numRuns: 30 },
  );
});

t.test('readers, watchers and the writer get one and the same object', async (t) => {
  const storage = await openStorage(t, await openStore(t));
  const seen: ApiObject[] = [];
  storage.cache.watch({
    prefix: `${prefix}/`,
    afterRevision: storage.cache.revision,
    matches: () => true,
    sink: { event: (_type, object) => seen.push(object), progress: () => {}, lost: () => {} },
  });
  const created = await storage.create({ kind: 'Thing', metadata: { name: 'a', namespace: 'n' } }, 0);
  t.ok(created.written);
  await storage.settled();
  const object = (created as { object: ApiObject }).object;
  t.equal(await storage.read('n', 'a'), object);
  const deleted = await storage.delete(object);
  await storage.settled();
  t.equal(seen[0], object);
  t.equal(seen[1], (deleted as { object: ApiObject }).object);
  t.equal(object.metadata.resourceVersion! < seen[1]!.metadata.resourceVersion!, true);
});

/** A storage whose cache stays behind the store: another server writes. */
async function stale(t: Tap): Promise<{ storage: ResourceStorage; old: ApiObject; now: ApiObject }> {
  const store = await openStore(t);
  const storage = await openStorage(t, store);
  const other = await openStorage(t, store);
  const thing = (spec: object): ApiObject =>
    ({ kind: 'Thing', metadata: { name: 'a', namespace: 'n' }, spec }) as unknown as ApiObject;
  await storage.create(thing({ at: 1 }), 0);
  await storage.settled();
  const old = storage.known('n', 'a')!;
  const outcome = await other.update(thing({ at: 2 }), old);
  storage.known = () => old;
  return { storage, old, now: (outcome as { object: ApiObject }).object };
}

function attemptsOf<T>(
  storage: ResourceStorage,
  attempt: Attempts<T>['attempt'],
  tries: number[],
): Attempts<T> {
  const lost = (count: number): void => void tries.push(count);
  return { storage, namespace: 'n', name: 'a', isExact: false, attempt, lost };
}

t.test('a write that began with an old state is made again on the new one', async (t) => {
  const { storage, old } = await stale(t);
  const tries: number[] = [];
  const attempt: Attempts<ApiObject>['attempt'] = async (current) => {
    const spec = { at: Number(current!.spec!['at']) * 10 };
    const outcome = await storage.update({ ...copyJson(current!), spec }, current!);
    return outcome.written
      ? { result: outcome.object, current, isSame: false }
      : { result: null, current: outcome.current, isSame: false };
  };
  const object = await repeated(attemptsOf(storage, attempt, tries));
  t.equal(old.spec!['at'], 1);
  t.equal(object.spec!['at'], 20);
  t.strictSame(tries, [1]);
});

t.test('an old state neither refuses nor leaves anything as it is', async (t) => {
  const { storage, now } = await stale(t);
  const refuseOld: Attempts<ApiObject>['attempt'] = async (current) => {
    if (current!.spec!['at'] === 1) throw new Error('the state is old');
    return { result: current!, current, isSame: true };
  };
  t.equal(
    (await repeated(attemptsOf(storage, refuseOld, []))).metadata.resourceVersion,
    now.metadata.resourceVersion,
  );
  const same: Attempts<ApiObject>['attempt'] = async (current) => ({
    result: current!,
    current,
    isSame: true,
  });
  t.equal((await repeated(attemptsOf(storage, same, []))).spec!['at'], 2);
  const refuseAll: Attempts<ApiObject>['attempt'] = async (current) => {
    throw new Error(`refused at ${current!.spec!['at']}`);
  };
  await t.rejects(repeated(attemptsOf(storage, refuseAll, [])), { message: 'refused at 2' });
});
