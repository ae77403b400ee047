/** Ownership of fields, on objects alone: what updates and applies make of managedFields. */

import fc from 'fast-check';
import t from 'tap';
import { copyJson, isEqualJson } from '../../src/kube/api/json.ts';
import { type ApiObject, asJson, type Json, type JsonObject } from '../../src/kube/api/objects.ts';
import { StatusError } from '../../src/kube/api/status.ts';
import { compareValues, fieldSetOf } from '../../src/kube/apply/compare.ts';
import { fieldManager } from '../../src/kube/apply/field-manager.ts';
import {
  compareElements,
  deepDifference,
  difference,
  eachMember,
  type FieldSet,
  inOrder,
  intersection,
  isSameSet,
  union,
} from '../../src/kube/apply/field-set.ts';
import { typeOfCustom, typeOfDefinition } from '../../src/kube/apply/field-types.ts';
import { setOf as ownedBy } from '../../src/kube/apply/fields-texts.ts';
import type { ManagerInfo } from '../../src/kube/apply/types.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import type { ResourceType } from '../../src/kube/registry/types.ts';
import { decodeBy } from '../../src/kube/schema/decode.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';

const find = (kind: string): ResourceType => builtInResources.find((resource) => resource.kind === kind)!;
const configMap = find('ConfigMap');
const pod = find('Pod');
const deployment = find('Deployment');

let second = 0;
function info(manager: string, resource = configMap, subresource = ''): ManagerInfo {
  const now = `2026-01-01T00:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}Z`;
  second = (second + 1) % 3600;
  return { manager, subresource, resource, now };
}

const map = (data: Record<string, string>): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  data,
});

/** Most empty collections are not kept. */
function dropEmpty(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const isFields = name === 'fieldsV1' || name === 'managedFields';
    const inner =
      Array.isArray(member) && !isFields ? member.map(dropEmpty) : isFields ? member : dropEmpty(member);
    const isEmpty = typeof inner === 'object' && inner !== null && Object.keys(inner).length === 0;
    if (!isEmpty || name === 'metadata') result[name] = inner;
  }
  return result;
}

/** As the server keeps it: members in order, nothing null. */
function stored(object: ApiObject, resource: ResourceType): ApiObject {
  const { value } = decodeBy(definitionOf(resource.definition), asJson(object));
  return dropEmpty(value) as unknown as ApiObject;
}

function applied(
  live: ApiObject | null,
  intent: JsonObject,
  manager: string,
  isForced = false,
  resource = configMap,
): ApiObject {
  const before = copyJson(live);
  const object = stored(fieldManager.apply(live, intent, info(manager, resource), isForced), resource);
  if (!isEqualJson(live as unknown as Json, before as unknown as Json))
    throw new Error('the live object changed');
  return object;
}

function updated(live: ApiObject | null, next: JsonObject, manager: string, resource = configMap): ApiObject {
  const object = copyJson(next) as unknown as ApiObject;
  fieldManager.recordUpdate(live, object, info(manager, resource));
  return stored(object, resource);
}

function fieldsOf(object: ApiObject, manager: string): Json {
  const entry = object.metadata.managedFields?.find((known) => known.manager === manager);
  return entry === undefined ? null : ownedBy(entry.fieldsV1);
}

function managersOf(object: ApiObject): string[] {
  return (object.metadata.managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`);
}

function refused(run: () => unknown): { code: number; message: string; causes: unknown } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.code, message: error.message, causes: error.status.details?.causes };
  }
  return { code: 0, message: 'not refused', causes: undefined };
}

t.test('a creator owns what it creates, embedded structures apart', async (t) => {
  const next = {
    kind: 'Deployment',
    metadata: { name: 'web', uid: 'u', labels: { app: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      template: {
        spec: {
          containers: [{ name: 'n', image: 'i', ports: [{ containerPort: 443 }, { containerPort: 80 }] }],
        },
      },
    },
    status: { replicas: 1 },
  };
  const created = updated(null, next as unknown as JsonObject, 'm', deployment);
  t.strictSame(JSON.parse(JSON.stringify(created.metadata.managedFields![0]!.fieldsV1)), {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': {
      'f:replicas': {},
      'f:selector': {},
      'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
      'f:template': {
        'f:spec': {
          'f:containers': {
            'k:{"name":"n"}': {
              '.': {},
              'f:image': {},
              'f:name': {},
              'f:ports': {
                '.': {},
                'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                'k:{"containerPort":443,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
              },
              'f:resources': {},
            },
          },
        },
      },
    },
  });
  const ports = JSON.stringify(created.metadata.managedFields);
  t.ok(ports.indexOf(':80,') < ports.indexOf(':443,'), 'items by number, not by text');
});

t.test('an update claims what it changes, and nothing that was so already', async (t) => {
  const first = updated(null, map({ a: '1', b: '1' }), 'one');
  const next = copyJson(asJson(first));
  next['data'] = { a: '1', b: '2', c: '3' };
  const after = updated(first, next, 'two');
  t.strictSame(fieldsOf(after, 'one'), { 'f:data': { '.': {}, 'f:a': {} } });
  t.strictSame(fieldsOf(after, 'two'), { 'f:data': { 'f:b': {}, 'f:c': {} } });
  const again = updated(after, asJson(copyJson(after)), 'three');
  t.strictSame(again.metadata.managedFields, after.metadata.managedFields);
  const less = copyJson(asJson(after));
  delete (less['data'] as JsonObject)['c'];
  t.strictSame(fieldsOf(updated(after, less, 'three'), 'two'), { 'f:data': { 'f:b': {} } });
});

t.test('an applier owns exactly what it applies, and what it leaves out goes', async (t) => {
  const first = applied(null, map({ a: '1', b: '2' }), 'm');
  t.strictSame(fieldsOf(first, 'm'), { 'f:data': { 'f:a': {}, 'f:b': {} } });
  const second = applied(first, map({ a: '1' }), 'm');
  t.strictSame(asJson(second)['data'], { a: '1' });
  t.strictSame(fieldsOf(second, 'm'), { 'f:data': { 'f:a': {} } });
  const shared = applied(second, map({ a: '1' }), 'n');
  t.strictSame(managersOf(shared), ['n Apply', 'm Apply'], 'who changed nothing has no time yet');
  const left = applied(shared, { ...map({}), data: {} }, 'm');
  t.strictSame(asJson(left)['data'], { a: '1' }, 'somebody else owns it too');
  t.strictSame(managersOf(left), ['n Apply', 'm Apply']);
  t.strictSame(fieldsOf(left, 'm'), { 'f:data': {} });
});

t.test('a conflict names the managers and the fields as kubectl expects them', async (t) => {
  const live = applied(null, map({ a: '1', b: '2' }), 'm1');
  t.strictSame(
    refused(() => applied(live, map({ a: '9' }), 'm2')),
    {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "m1": .data.a',
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.data.a' }],
    },
  );
  t.equal(
    refused(() => applied(live, map({ b: '8', a: '9' }), 'm2')).message,
    'Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\n- .data.b',
  );
  const upd = updated(live, { ...asJson(copyJson(live)), data: { a: '7', b: '2' } }, 'upd');
  t.equal(
    refused(() => applied(upd, map({ a: '9', b: '9' }), 'm2')).message,
    'Apply failed with 2 conflicts: conflicts with "m1":\n- .data.b\nconflicts with "upd" using v1:\n- .data.a',
  );
  const forced = applied(live, map({ a: '9' }), 'm2', true);
  t.strictSame(fieldsOf(forced, 'm1'), { 'f:data': { 'f:b': {} } });
  t.strictSame(asJson(forced)['data'], { a: '9', b: '2' });
});

const podOf = (containers: Json, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers, ...more },
});

t.test('items of keyed lists belong to whoever applies them, whatever the order', async (t) => {
  const one = applied(null, podOf([{ name: 'a', image: 'i' }]), 'one', false, pod);
  const two = applied(
    one,
    podOf([{ name: 'b', image: 'j', ports: [{ containerPort: 80 }] }]),
    'two',
    false,
    pod,
  );
  const names = (object: ApiObject): string[] =>
    (object.spec as unknown as { containers: { name: string }[] }).containers.map(({ name }) => name);
  t.strictSame(names(two), ['a', 'b']);
  t.match(JSON.stringify(fieldsOf(two, 'two')), 'k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}');
  const conflict = refused(() => applied(two, podOf([{ name: 'b', image: 'k' }]), 'one', false, pod));
  t.match(conflict.message, 'conflict with "two": .spec.containers[name="b"].image');
  t.strictSame(names(applied(two, podOf([]), 'one', false, pod)), ['b']);
  const ordered = applied(
    two,
    podOf([{ name: 'b' }, { name: 'c', image: 'x' }, { name: 'a' }]),
    'three',
    false,
    pod,
  );
  t.strictSame(names(ordered), ['b', 'c', 'a']);
});

t.test('what is one value has one owner as a whole', async (t) => {
  const one = applied(
    null,
    podOf([{ name: 'a', image: 'i', args: ['x'] }], { nodeSelector: { a: '1' } }),
    'one',
    false,
    pod,
  );
  const other = podOf([{ name: 'a', args: ['x', 'y'] }], { nodeSelector: { b: '2' } });
  t.strictSame(
    (refused(() => applied(one, other, 'two', false, pod)).causes as { field: string }[]).map(
      ({ field }) => field,
    ),
    ['.spec.nodeSelector', '.spec.containers[name="a"].args'],
  );
  const forced = applied(one, other, 'two', true, pod);
  t.strictSame((forced.spec as JsonObject)['nodeSelector'], { b: '2' });
});

t.test('what is applied to an unmanaged object is taken from who was there before', async (t) => {
  const live = map({ a: '1' }) as unknown as ApiObject;
  const conflict = refused(() => applied(live, map({ a: '2' }), 'm'));
  t.equal(
    conflict.message,
    'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
  );
  t.strictSame(managersOf(applied(live, map({ b: '2' }), 'm')).sort(), [
    'before-first-apply Update',
    'm Apply',
  ]);
  t.equal(updated(live, map({ a: '2' }), 'm').metadata.managedFields, undefined);
});

t.test('what kubectl applied on its own side it may apply on the server', async (t) => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const intent = map({ a: '1', b: '1' });
  const annotated = {
    ...intent,
    metadata: { name: 'c', annotations: { [annotation]: JSON.stringify(intent) } },
  };
  const live = updated(null, annotated, 'kubectl-client-side-apply');
  t.equal(refused(() => applied(live, map({ a: '2', b: '1' }), 'other')).code, 409);
  const moved = applied(live, map({ a: '2', b: '1' }), 'kubectl');
  t.match(moved.metadata.annotations![annotation], '"data":{"a":"2","b":"1"}');
  const foreign = updated(live, { ...asJson(copyJson(live)), data: { a: '3', b: '1' } }, 'somebody');
  t.match(
    refused(() => applied(foreign, map({ a: '2' }), 'kubectl')).message,
    'conflict with "somebody" using v1: .data.a',
  );
});

t.test('the managers of a subresource are told apart', async (t) => {
  const live = applied(null, podOf([{ name: 'a', image: 'i' }]), 'm', false, pod);
  const next = {
    ...copyJson(live),
    status: { phase: 'Running' },
    spec: { hostname: 'no' },
  } as unknown as ApiObject;
  fieldManager.recordUpdate(live, next, info('kubelet', pod, 'status'));
  const entry = next.metadata.managedFields!.find(({ manager }) => manager === 'kubelet')!;
  t.equal(entry.subresource, 'status');
  t.strictSame(ownedBy(entry.fieldsV1), { 'f:status': { 'f:phase': {} } });
  t.match(
    refused(() =>
      fieldManager.apply(
        next,
        { ...podOf([]), status: { phase: 'Failed' } },
        info('x', pod, 'status'),
        false,
      ),
    ).message,
    'conflict with "kubelet" with subresource "status" using v1: .status.phase',
  );
});

t.test('managers may be edited, and forgotten, by an update', async (t) => {
  const live = applied(null, map({ a: '1' }), 'm');
  const change = (managedFields: unknown): ApiObject => {
    const next = copyJson(asJson(live));
    (next['metadata'] as JsonObject)['managedFields'] = managedFields as Json;
    const object = next as unknown as ApiObject;
    fieldManager.recordUpdate(live, object, info('editor'));
    return object;
  };
  t.equal(change([{}]).metadata.managedFields, undefined);
  t.equal(change([]).metadata.managedFields, undefined);
  const [entry] = live.metadata.managedFields!;
  t.strictSame(managersOf(change([{ ...entry, manager: 'other' }])), ['other Apply']);
  t.strictSame(managersOf(change([{ ...entry, operation: 'Frob' }])), ['m Apply'], 'nonsense is not taken');
  t.strictSame(managersOf(change([{ ...entry, fieldsV1: { 'q:x': {} } }])), ['m Apply']);
});

t.test('updates of more than ten managers are not told apart', async (t) => {
  let live = updated(null, map({ m0: 'x' }), 'm0');
  for (let at = 1; at < 15; at++) {
    const data = { ...(asJson(live)['data'] as JsonObject), [`m${at}`]: 'x' };
    live = updated(live, { ...asJson(copyJson(live)), data }, `m${at}`);
  }
  t.equal(live.metadata.managedFields!.length, 10);
  t.strictSame(managersOf(live).slice(0, 2), ['ancient-changes Update', 'm6 Update']);
  t.strictSame(fieldsOf(live, 'ancient-changes'), {
    'f:data': { '.': {}, 'f:m0': {}, 'f:m1': {}, 'f:m2': {}, 'f:m3': {}, 'f:m4': {}, 'f:m5': {} },
  });
});

t.test('an intent that does not fit is refused in the words of a real server', async (t) => {
  const refusal = (intent: JsonObject, resource = configMap): string => {
    const { code, message } = refused(() => applied(null, intent, 'm', false, resource));
    return `${code} ${message}`;
  };
  t.equal(refusal({ apiVersion: 'v1', kind: 'Secret' }), '400 invalid object type: /v1, Kind=Secret');
  t.equal(refusal({}), '400 invalid object type: /, Kind=');
  t.equal(
    refusal({ apiVersion: 'apps/v1beta1', kind: 'Deployment' }, deployment),
    '400 Incorrect version specified in apply patch. Specified patch version: apps/v1beta1, expected: apps/v1',
  );
  t.equal(refusal({ ...map({}), metadata: { managedFields: [] } }), '400 metadata.managedFields must be nil');
  t.equal(
    refusal({ ...map({}), metadata: { name: 'ssa1' }, dat: {} }),
    '500 failed to create typed patch object (/ssa1; /v1, Kind=ConfigMap): .dat: field not declared in schema',
  );
  t.equal(
    refusal(podOf([{ name: 'a' }, { name: 'a' }]), pod),
    '500 failed to create typed patch object (/p; /v1, Kind=Pod): .spec.containers: duplicate entries for key [name="a"]',
  );
  t.match(
    refusal(podOf([{ image: 'a' }]), pod),
    '.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"]',
  );
  t.match(
    refusal(podOf([], { priority: 'x' }), pod),
    '.spec.priority: expected numeric (int or float), got string',
  );
});

t.test('a custom kind has the lists that its schema says', async (t) => {
  const items = { type: 'object', properties: { name: { type: 'string' }, on: { type: 'boolean' } } };
  const type = typeOfCustom({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          parts: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items,
          },
          tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
          plain: { type: 'array', items },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  });
  const value = {
    spec: { parts: [{ name: 'a', on: true }], tags: ['x'], plain: [{ name: 'q' }], free: { a: { b: [1] } } },
  };
  t.strictSame(fieldSetOf(type, value), {
    'f:spec': {
      'f:parts': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:on': {} } },
      'f:tags': { 'v:"x"': {} },
      'f:plain': {},
      'f:free': { 'f:a': { '.': {}, 'f:b': {} } },
    },
  });
  t.strictSame(fieldSetOf(typeOfCustom(null), { spec: { list: [1], deep: { x: 1 } } }), {
    'f:spec': { '.': {}, 'f:list': {}, 'f:deep': { '.': {}, 'f:x': {} } },
  });
});

// Sets as sets of paths: the trie must agree with the plain thing.

const element = fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'k:{"n":10}', 'v:"x"');
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 });

function setOf(list: readonly string[][]): FieldSet {
  let set: FieldSet = {};
  for (const path of list) {
    let node: FieldSet = {};
    for (const at of [...path].reverse()) node = { [at]: node };
    set = union(set, node);
  }
  return set;
}

function pathsOf(set: FieldSet): Set<string> {
  const found = new Set<string>();
  eachMember(set, (path) => found.add(path.join(' ')));
  return found;
}

const same = (a: Set<string>, b: Iterable<string>): boolean => {
  const other = new Set(b);
  return a.size === other.size && [...a].every((path) => other.has(path));
};

t.test('sets of fields behave as sets of paths', async () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      const a = setOf(left);
      const b = setOf(right);
      const before = JSON.stringify([a, b]);
      const [inA, inB] = [pathsOf(a), pathsOf(b)];
      const under = (path: string): boolean =>
        [...inB].some((top) => path === top || path.startsWith(`${top} `));
      return (
        same(
          inA,
          left.map((path) => path.join(' ')),
        ) &&
        same(pathsOf(union(a, b)), [...inA, ...inB]) &&
        same(
          pathsOf(difference(a, b)),
          [...inA].filter((path) => !inB.has(path)),
        ) &&
        same(
          pathsOf(intersection(a, b)),
          [...inA].filter((path) => inB.has(path)),
        ) &&
        same(
          pathsOf(deepDifference(a, b)),
          [...inA].filter((path) => !under(path)),
        ) &&
        isSameSet(inOrder(a), a) &&
        Object.keys(inOrder(a)).every(
          (key, at, keys) => at === 0 || compareElements(keys[at - 1]!, key) < 0,
        ) &&
        JSON.stringify([a, b]) === before
      );
    }),
    { numRuns: 500 },
  );
});

// Whatever managers do to an object, in whatever order.

const word = fc.constantFrom('a', 'b', 'c');
const unique = (item: fc.Arbitrary<object>, key: string): fc.Arbitrary<object[]> =>
  fc.uniqueArray(item, { maxLength: 3, selector: (value) => (value as JsonObject)[key] });
const specs = fc.record(
  {
    containers: unique(
      fc.record(
        {
          name: word,
          image: word,
          command: fc.array(word, { minLength: 1, maxLength: 2 }),
          ports: unique(fc.record({ containerPort: fc.constantFrom(80, 443), name: word }), 'containerPort'),
          env: unique(fc.record({ name: word, value: word }), 'name'),
        },
        { requiredKeys: ['name'] },
      ),
      'name',
    ),
    nodeSelector: fc.dictionary(word, word, { minKeys: 1, maxKeys: 2 }),
    hostname: word,
  },
  { requiredKeys: [] },
);
const labels = fc.dictionary(word, word, { maxKeys: 3 });
const step = fc.record({
  manager: fc.constantFrom('m1', 'm2', 'm3'),
  kind: fc.constantFrom('apply', 'force', 'update'),
  labels,
  spec: specs,
});

const podType = typeOfDefinition('core.v1.Pod');

function entriesOf(object: ApiObject): { set: FieldSet; who: string }[] {
  return (object.metadata.managedFields ?? []).map((entry) => ({
    set: ownedBy(entry.fieldsV1),
    who: `${entry.manager} ${entry.operation}`,
  }));
}

function withoutManagers(object: ApiObject): JsonObject {
  const { managedFields: _gone, ...metadata } = object.metadata;
  return { ...asJson(object), metadata: asJson(metadata) };
}

function timeless(object: ApiObject): Json {
  const entries = object.metadata.managedFields ?? [];
  const sorted = entries.map((entry) => JSON.stringify({ ...entry, time: '' })).sort();
  return [withoutManagers(object), sorted];
}

/** Members of the first that are not members of the second. */
function missing(part: FieldSet, whole: FieldSet): string[] {
  return [...pathsOf(difference(part, whole))];
}

t.test('whatever managers do, what they own is there, and what an applier says holds', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      let live: ApiObject | null = null;
      for (const { manager, kind, labels, spec } of steps) {
        const intent = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'p', labels },
          spec,
        } as unknown as JsonObject;
        const before: ApiObject | null = live;
        if (kind === 'update')
          live = updated(before, { ...intent, metadata: { name: 'p', labels } }, manager, pod);
        else {
          try {
            live = applied(before, intent, manager, kind === 'force', pod);
          } catch (error) {
            if (error instanceof StatusError && error.code === 409 && before !== null) continue;
            throw error;
          }
          const own = entriesOf(live).find(({ who }) => who === `${manager} Apply`)?.set ?? {};
          const wanted = fieldSetOf(podType, { metadata: { labels }, spec } as unknown as JsonObject);
          t.notOk(missing(own, wanted)[0] ?? missing(wanted, own)[0], 'an applier owns what it says');
          const rest = compareValues(podType, asJson(intent), withoutManagers(live));
          const lost = [...pathsOf(rest.modified), ...pathsOf(rest.removed)];
          // `{}` that was said stands beside what others have in it.
          if (lost.some((path) => !/labels$|containers$|ports$|env$|spec$/.test(path)))
            throw new Error(lost.join());
          const again: ApiObject = applied(live, intent, manager, false, pod);
          if (!isEqualJson(timeless(again), timeless(live)))
            throw new Error('a second apply is not the same');
        }
        const all = compareValues(podType, {}, withoutManagers(live)).added;
        for (const { set, who } of entriesOf(live)) {
          const nowhere = missing(set, union(all, fieldSetOf(podType, withoutManagers(live))));
          const empty = nowhere.filter((path) => !/labels$|containers$|ports$|env$|spec$/.test(path));
          if (empty.length > 0) throw new Error(`${who} owns what is not there: ${empty.join()}`);
        }
        if (before !== null && kind !== 'force') {
          const { added, modified } = compareValues(podType, withoutManagers(before), withoutManagers(live));
          const changed = union(added, modified);
          for (const { set, who } of entriesOf(live)) {
            const taken = intersection(set, changed);
            if (who.startsWith(`${manager} `)) continue;
            if (pathsOf(taken).size > 0) throw new Error(`${who} owns what ${manager} changed`);
          }
        }
      }
      return true;
    }),
    { numRuns: 400 },
  );
});

t.test('what nobody owns any more and its applier says no more is gone', async () => {
  fc.assert(
    fc.property(specs, specs, (first, second) => {
      const of = (spec: object): JsonObject => podOf([], spec as JsonObject);
      const one = applied(null, of(first), 'm', false, pod);
      const two = applied(one, of(second), 'm', false, pod);
      const fresh = applied(null, of(second), 'm', false, pod);
      const [left, right] = [two, fresh].map((object) => fieldSetOf(podType, withoutManagers(object)));
      return isSameSet(left!, right!);
    }),
    { numRuns: 300 },
  );
});

t.test(
  'what a creator owns follows from the fields of the object, also when one like it was created before',
  (t) => {
    const made = (change: (object: ApiObject) => void, manager = 'm'): string => {
      const spec = { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: '1' }] }] };
      const metadata = { name: 'p', labels: { app: 'x' }, finalizers: ['a.b/c'] };
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec } as unknown as ApiObject;
      change(object);
      fieldManager.recordUpdate(null, object, info(manager, pod));
      const [entry] = object.metadata.managedFields ?? [];
      t.equal(entry?.manager, manager);
      return JSON.stringify(entry?.fieldsV1);
    };
    const first = made(() => {});
    t.equal(
      made(() => {}),
      first,
    );
    t.equal(
      made((object) => {
        object.metadata.name = 'q';
        object.metadata.labels = { app: 'y' };
      }, 'other'),
      first,
    );
    const others = [
      made((object) => {
        object.metadata.labels = { tier: 'x' };
      }),
      made((object) => {
        object.metadata.annotations = { app: 'x' };
      }),
      made((object) => {
        object.metadata.finalizers = ['a.b/d'];
      }),
      made((object) => {
        object.metadata.generateName = 'p-';
      }),
      made((object) => {
        object.spec = { containers: [{ name: 'd', image: 'i', env: [{ name: 'A', value: '1' }] }] };
      }),
      made((object) => {
        object.spec = { containers: [{ name: 'c', image: 'i', env: [{ name: 'B', value: '1' }] }] };
      }),
    ];
    t.equal(new Set([first, ...others]).size, others.length + 1);
    t.end();
  },
);
