/** JSON patch, merge patch and strategic merge patch as functions. */

import fc from 'fast-check';
import t from 'tap';
import { copyJson, isEqualJson } from '../../src/kube/api/json.ts';
import type { Json, JsonObject } from '../../src/kube/api/objects.ts';
import { StatusError } from '../../src/kube/api/status.ts';
import { jsonPatch } from '../../src/kube/patch/json-patch.ts';
import { mergePatch } from '../../src/kube/patch/merge-patch.ts';
import { strategicMergePatch } from '../../src/kube/patch/strategic-merge-patch.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { strategicDiff } from './strategic-diff.ts';

const pod = definitionOf('core.v1.Pod');
const deployment = definitionOf('apps.v1.Deployment');
const failed = 'the server rejected our request due to an error in our request';

function refused(run: () => unknown): { code: number; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 0, message: 'not refused' };
}

t.test('a JSON patch does what RFC 6902 says, step by step', async (t) => {
  const cases: [JsonObject, Json, Json][] = [
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    [{ a: null }, [{ op: 'replace', path: '/a', value: { x: 1 } }], { a: { x: 1 } }],
    [{ a: { x: 1 } }, [{ op: 'move', from: '/a/x', path: '/y' }], { a: {}, y: 1 }],
    [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/a/z' }], { a: { x: 1, z: { x: 1 } } }],
    [
      { 'm/n': 1, '~1': 2 },
      [
        { op: 'remove', path: '/m~1n' },
        { op: 'test', path: '/~01', value: 2 },
      ],
      { '~1': 2 },
    ],
    [
      { a: { x: [1, { y: 2 }] } },
      [{ op: 'test', path: '/a', value: { x: [1, { y: 2 }] } }],
      { a: { x: [1, { y: 2 }] } },
    ],
    [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
    [{ '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    [{ a: 1 }, [], { a: 1 }],
  ];
  for (const [target, patch, expected] of cases) {
    const before = copyJson(target);
    t.strictSame(jsonPatch(target, patch), expected, JSON.stringify(patch));
    t.strictSame(target, before, 'the target is as it was');
  }
});

t.test('an operation that fails is refused with one and the same 422', async (t) => {
  const cases: [JsonObject, JsonObject][] = [
    [{ a: 1 }, { op: 'test', path: '/a', value: 2 }],
    [{ a: 1 }, { op: 'test', path: '/a' }],
    [{ a: 1 }, { op: 'remove', path: '/b' }],
    [{ a: 1 }, { op: 'replace', path: '/b', value: 1 }],
    [{ a: 1 }, { op: 'replace', path: '/a' }],
    [{ a: 1 }, { op: 'add', path: '/b/c', value: 1 }],
    [{ a: 1 }, { op: 'add', path: '/a/c', value: 1 }],
    [{ a: [] }, { op: 'add', path: '/a/1', value: 1 }],
    [{ a: [] }, { op: 'add', path: '/a/x', value: 1 }],
    [{ a: [1] }, { op: 'remove', path: '/a/1' }],
    [{ a: {} }, { op: 'move', from: '/a', path: '/a/b' }],
    [{ a: 1 }, { op: 'frob', path: '/a' }],
    [{ a: 1 }, { op: 'add', path: 'a', value: 1 }],
    [{}, { op: 'remove', path: '/toString' }],
    [{}, { op: 'add', path: '/constructor/x', value: 1 }],
  ];
  for (const [target, operation] of cases) {
    t.strictSame(
      refused(() => jsonPatch(target, [operation])),
      { code: 422, message: failed },
      JSON.stringify(operation),
    );
  }
});

t.test('a JSON patch that is no list, or too long, or copies too much, is refused', async (t) => {
  t.strictSame(
    refused(() => jsonPatch({}, { op: 'test' })),
    {
      code: 400,
      message:
        'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    },
  );
  t.equal(refused(() => jsonPatch({}, ['x'])).code, 400);
  t.equal(refused(() => jsonPatch({}, [{ op: 1 }])).code, 400);
  const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: null }));
  t.equal(refused(() => jsonPatch({}, many)).code, 413);
  t.equal(refused(() => jsonPatch({}, many.slice(1))).code, 0);
  const doubling = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
  t.strictSame(
    refused(() => jsonPatch({ a: ['x'.repeat(1000)] }, doubling)),
    { code: 422, message: failed },
  );
});

t.test('a key that every object has is a key like others', async (t) => {
  const key = JSON.parse('{"data":{"__proto__":"x"}}') as JsonObject;
  const merged = mergePatch({ data: { a: '1' } }, key) as { data: object };
  t.ok(Object.hasOwn(merged.data, '__proto__'));
  const strategic = strategicMergePatch({ data: { a: '1' } }, key, definitionOf('core.v1.ConfigMap'));
  t.ok(Object.hasOwn(strategic['data'] as object, '__proto__'));
  const added = jsonPatch({ data: {} }, [{ op: 'add', path: '/data/__proto__', value: 'x' }]) as {
    data: object;
  };
  t.ok(Object.hasOwn(added.data, '__proto__'));
});

t.test('a merge patch is RFC 7386', async (t) => {
  t.strictSame(mergePatch({ a: { b: 1, c: [1] }, d: 1 }, { a: { b: null, c: [2] }, e: { f: null } }), {
    a: { c: [2] },
    d: 1,
    e: {},
  });
});

const named = (...names: string[]): JsonObject[] => names.map((name) => ({ name, image: 'i' }));
const containers = (list: Json, more: JsonObject = {}): JsonObject => ({
  spec: { containers: list, ...more },
});

function namesAfter(live: string[], patch: JsonObject): string[] {
  const { spec } = strategicMergePatch(containers(named(...live)), patch, pod) as {
    spec: { containers: { name: string }[] };
  };
  return spec.containers.map(({ name }) => name);
}

t.test('new items of a merged list go first, unless an order is given', async (t) => {
  t.strictSame(namesAfter(['c1', 'c2'], containers([{ name: 'c0' }])), ['c0', 'c1', 'c2']);
  t.strictSame(namesAfter(['a', 'b'], containers([{ name: 'b' }, { name: 'c' }])), ['a', 'b', 'c']);
  const order = (...names: string[]): JsonObject => ({
    '$setElementOrder/containers': names.map((name) => ({ name })),
  });
  t.strictSame(namesAfter(['a', 'b'], containers([{ name: 'c' }], order('a', 'b', 'c'))), ['a', 'b', 'c']);
  t.strictSame(namesAfter(['a', 'b', 'c'], { spec: order('c', 'a', 'b') }), ['c', 'a', 'b']);
  t.strictSame(namesAfter(['a', 'live', 'b'], { spec: order('b', 'a') }), ['live', 'b', 'a']);
  t.strictSame(namesAfter(['a', 'b', 'c'], containers([{ name: 'b', $patch: 'delete' }], order('c', 'a'))), [
    'c',
    'a',
  ]);
});

t.test('directives replace, delete and retain', async (t) => {
  const live = {
    metadata: { labels: { a: '1', b: '2' }, finalizers: ['x/a', 'x/b'] },
    spec: { containers: named('a', 'b'), volumes: [{ name: 'v', emptyDir: {} }] },
  };
  const after = (patch: JsonObject): JsonObject => strategicMergePatch(live, patch, pod);
  t.strictSame(after({ metadata: { labels: { $patch: 'replace', c: '3' } } })['metadata'], {
    labels: { c: '3' },
    finalizers: ['x/a', 'x/b'],
  });
  t.strictSame(
    (after({ metadata: { labels: { $patch: 'delete' } } })['metadata'] as JsonObject)['labels'],
    {},
  );
  t.strictSame(
    (after(containers([{ $patch: 'replace' }, { name: 'z' }]))['spec'] as JsonObject)['containers'],
    [{ name: 'z' }],
  );
  const retained = { volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] };
  t.strictSame((after({ spec: retained })['spec'] as JsonObject)['volumes'], [
    { name: 'v', secret: { secretName: 's' } },
  ]);
  const finalizers = (patch: JsonObject): Json =>
    (after({ metadata: patch })['metadata'] as JsonObject)['finalizers']!;
  t.strictSame(finalizers({ finalizers: ['x/c'] }), ['x/c', 'x/a', 'x/b']);
  t.strictSame(finalizers({ '$deleteFromPrimitiveList/finalizers': ['x/a'] }), ['x/b']);
  const strategy = strategicMergePatch(
    { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
    { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    deployment,
  );
  t.strictSame(strategy, { spec: { strategy: { type: 'Recreate' } } });
});

t.test('nulls and directives of a part that meets nothing are not kept', async (t) => {
  const patch = {
    spec: { affinity: { nodeAffinity: null, podAffinity: { x: null } }, nodeSelector: { $patch: 'delete' } },
  };
  t.strictSame(strategicMergePatch({}, patch, pod), { spec: { affinity: { podAffinity: {} } } });
});

t.test('a strategic merge patch that cannot be is refused in the words of a real server', async (t) => {
  const live = containers(named('nginx'), { volumes: [] });
  const cases: [JsonObject, number, string][] = [
    [containers([{ image: 'x' }]), 500, 'map: map[image:x] does not contain declared merge key: name'],
    [
      containers([{ name: 'nginx', $patch: 'zap' }]),
      500,
      'unknown patch type: zap in map: map[$patch:zap name:nginx]',
    ],
    [{ spec: { $patch: 'zap' } }, 500, 'unknown patch type: zap in map: map[$patch:zap]'],
    [
      containers([{ $patch: 'delete' }]),
      500,
      'map: map[$patch:delete] does not contain declared merge key: name',
    ],
    [{ spec: { $retainKeys: 'x' } }, 400, 'invalid patch format of retainKeys'],
    [{ spec: { $retainKeys: ['a'], hostname: 'h' } }, 400, 'invalid patch format of retainKeys'],
    [{ spec: { $setElementOrder: [] } }, 400, 'invalid patch format of setElementOrder list'],
    [{ spec: { $deleteFromPrimitiveList: [] } }, 400, 'invalid patch format of primitive list'],
    [containers([['x']]), 422, failed],
    [
      containers([{ name: 'a' }], { '$setElementOrder/containers': [{ name: 'b' }] }),
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
    [
      { spec: { '$setElementOrder/zzz': [] } },
      500,
      'unable to find api field in struct PodSpec for the json field "zzz"',
    ],
  ];
  for (const [patch, code, message] of cases) {
    t.strictSame(
      refused(() => strategicMergePatch(live, patch, pod)),
      { code, message },
    );
  }
});

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const byName = (item: fc.Arbitrary<object>, key = 'name'): fc.Arbitrary<object[]> =>
  fc.uniqueArray(item, { maxLength: 4, selector: (value) => (value as JsonObject)[key] });
const env = byName(fc.record({ name, value: name }, { requiredKeys: ['name'] }));
const ports = byName(fc.record({ containerPort: fc.constantFrom(80, 81, 82), name }), 'containerPort');
const container = fc.record(
  { name, image: name, env, ports, command: fc.array(name, { maxLength: 3 }) },
  { requiredKeys: ['name', 'image'] },
);
const volume = fc.oneof(
  fc.record({ name, emptyDir: fc.record({ medium: name }, { requiredKeys: [] }) }),
  fc.record({ name, secret: fc.record({ secretName: name }) }),
);
const pods = fc.record({
  metadata: fc.record(
    {
      labels: fc.dictionary(name, name, { maxKeys: 3 }),
      finalizers: fc.uniqueArray(name, { maxLength: 4 }),
    },
    { requiredKeys: [] },
  ),
  spec: fc.record(
    {
      containers: byName(container),
      volumes: byName(volume),
      tolerations: fc.array(fc.record({ key: name })),
      hostname: name,
    },
    { requiredKeys: ['containers'] },
  ),
}) as unknown as fc.Arbitrary<JsonObject>;

t.test('what takes one pod to another, patched into the one, gives the other', async () => {
  fc.assert(
    fc.property(pods, pods, (a, b) => {
      const before = copyJson(a);
      const patch = strategicDiff(a, b, pod);
      const after = strategicMergePatch(a, patch, pod);
      return isEqualJson(after, b) && isEqualJson(a, before);
    }),
    { numRuns: 600 },
  );
});

t.test('a change of mine leaves what somebody else added', async () => {
  fc.assert(
    fc.property(pods, pods, (a, b) => {
      const spec = a['spec'] as { containers: JsonObject[] };
      const theirs = { name: 'sidecar', image: 'x' };
      const live = { ...a, spec: { ...(a['spec'] as JsonObject), containers: [...spec.containers, theirs] } };
      const after = strategicMergePatch(live as JsonObject, strategicDiff(a, b, pod), pod);
      const found = (after['spec'] as { containers: JsonObject[] }).containers;
      const mine = found.filter((item) => item['name'] !== 'sidecar');
      return (
        found.some((item) => isEqualJson(item, theirs)) &&
        isEqualJson(mine as Json, (b['spec'] as { containers: Json }).containers)
      );
    }),
    { numRuns: 300 },
  );
});
