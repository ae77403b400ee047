/**
 * Bodies with a tail that others had are read in part, and their pods hold one spec: nobody must be able to tell from what is
 * answered, stored or refused.
 */

import fc from 'fast-check';
import t from 'tap';
import { type ApiObject, isJsonObject, type JsonObject } from '../../src/kube/api/objects.ts';
import { applyDefaults } from '../../src/kube/defaults/index.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { objectOfTemplate } from '../../src/kube/rest/template-bodies.ts';
import { DecodeError, decodeBy } from '../../src/kube/schema/decode.ts';
import { JsonTextError, parseJsonText } from '../../src/kube/schema/json-text.ts';
import { definitionOf } from '../../src/kube/schema/schema.ts';
import { changeSpec, ownSpec, templateId, templateSpec } from '../../src/kube/storage/template-specs.ts';
import { startApi } from './api.ts';

const resource = [...builtInResources].find(({ group, kind }) => group === '' && kind === 'Pod')!;
const pods = '/api/v1/namespaces/default/pods';

function asTemplate(text: string): ApiObject | null {
  return objectOfTemplate(resource, Buffer.from(text));
}

/** What the usual way makes of a body, with its defaults; null: it says something about it, or refuses it. */
function asWhole(text: string): ApiObject | null {
  try {
    const { value, duplicates } = parseJsonText(text);
    if (duplicates.length > 0 || !isJsonObject(value)) return null;
    if (value['kind'] !== 'Pod' || value['apiVersion'] !== 'v1') return null;
    const decoded = decodeBy(definitionOf(resource.definition), value);
    if (decoded.problems.length > 0) return null;
    const object = decoded.value as unknown as ApiObject;
    applyDefaults(resource, object);
    return object;
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof DecodeError) return null;
    throw error;
  }
}

function body(name: string, spec: JsonObject, more: JsonObject = {}): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...more }, spec });
}

const template = { containers: [{ name: 'a', image: 'x', env: [{ name: 'A', value: 'ü"\\' }] }] };

t.test('the third body of a template is read in part, and is what the whole would be', async (t) => {
  t.equal(asTemplate(body('a', template)), null);
  const [b, c] = [asTemplate(body('b', template)), asTemplate(body('c', template, { labels: { c: 'd' } }))];
  t.not(b, null);
  t.equal(b?.spec, c?.spec, 'the very same');
  t.not(templateId(c?.spec), null);
  t.equal(JSON.stringify(c), JSON.stringify(asWhole(body('c', template, { labels: { c: 'd' } }))));
});

t.test('whatever a head is, it is read as the whole would be, or left to it', async (t) => {
  const tail = `"spec":${JSON.stringify({ containers: [{ name: 'b', image: 'y' }] })}}`;
  const start = '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}';
  for (const _again of [1, 2]) asTemplate(`${start},${tail}`);
  t.not(asTemplate(`${start},${tail}`), null);
  t.not(asTemplate(`${start} , \n\t${tail}`), null, 'spaces say nothing');
  const heads = [
    `${start}`,
    `${start}\\,`,
    `${start},"spec":{},`,
    `${start},"spec":0,`,
    `${start},"status":{},`,
    `${start},"metadata":{},`,
    `${start},"unknown":1,`,
    `${start},"__proto__":{},`,
    `${start},,`,
    `${start},"a":`,
    `${start},"a\\`,
    `${start},"a":"b,`,
    `${start},"a":["b",`,
    `${start},"a":{"b":1,`,
    `${start.slice(0, -1)},`,
    '{"kind":"Pod","apiVersion":"v2","metadata":{"name":"a"},',
    '{"kind":"Service","apiVersion":"v1","metadata":{"name":"a"},',
    '{"apiVersion":"v1","metadata":{"name":"a"},',
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":1},',
    '{"kind":"Pod","apiVersion":"v1","metadata":{"nom":"a"},',
    '{"kind":"Pod","apiVersion":"v1","metadata":null,',
    '{"kind":"Pod","apiVersion":"v1","metadata":[],',
    '{"kind":"Pod","apiVersion":"v1",',
    '[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},',
    ',',
    '',
  ];
  for (const head of heads) t.equal(asTemplate(head + tail), null, head);
  for (const end of ['}', ' x', ',"status":{"phase":"Running"}', '"']) {
    for (const _again of [1, 2, 3]) t.equal(asTemplate(`${start},${tail}${end}`), null, end);
  }
});

/** Small bodies with everything in them that could be taken for the beginning of a tail. */
const word = fc.constantFrom('spec', '"spec"', ',"spec":0}', 'a', '\\', '"', 'ü', '{', '}', ',');
const metadata = fc.record(
  {
    name: word,
    labels: fc.dictionary(word, word, { maxKeys: 2 }),
    annotations: fc.dictionary(word, word, { maxKeys: 2 }),
    spec: word,
  },
  { requiredKeys: ['name'] },
);
const spec = fc.record(
  {
    containers: fc.array(
      fc.record({ name: word, image: fc.constantFrom('x', 'x:1'), spec: word }, { requiredKeys: ['name'] }),
      { maxLength: 2 },
    ),
    nodeSelector: fc.dictionary(word, word, { maxKeys: 1 }),
    restartPolicy: fc.constantFrom('', 'Never'),
    terminationGracePeriodSeconds: fc.constantFrom<number | null>(0, 5, null),
    status: word,
  },
  { requiredKeys: ['containers'] },
);
const members = fc.record(
  {
    kind: fc.constant('Pod'),
    apiVersion: fc.constant('v1'),
    metadata,
    spec,
    status: fc.constant({}),
    more: word,
  },
  { requiredKeys: ['kind', 'apiVersion', 'metadata', 'spec'] },
);

function textOf(value: object, order: readonly number[], spaces: number): string {
  const entries = Object.entries(value)
    .map((entry, at) => ({ entry, at: order[at]! }))
    .sort((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
  return JSON.stringify(Object.fromEntries(entries), null, spaces);
}

/** Without the members that nobody knows. */
function usual(value: object): object {
  const { kind, apiVersion, metadata: meta, spec: whole, status } = value as Record<string, JsonObject>;
  const { spec: _label, ...known } = meta!;
  const { status: _inner, ...inner } = whole!;
  const containers = (inner['containers'] as JsonObject[]).map(({ spec: _spec, ...container }) => container);
  const made = { kind, apiVersion, metadata: known, spec: { ...inner, containers } };
  return status === undefined ? made : { ...made, status };
}

const bodies = fc
  .record({ value: members, order: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }), style: fc.nat(5) })
  .map(({ value, order, style }) => {
    const inOrder = style < 4 ? order.toSorted() : order;
    return textOf(style === 0 ? value : usual(value), inOrder, style % 2);
  });

/** Another text in place of some letters. */
const damages = fc.record({
  at: fc.nat(300),
  length: fc.nat(3),
  by: fc.constantFrom('', '"', ',', '}', 'x', '\\', ',"spec":', ',"spec":0}'),
});

t.test('any body, whole or broken, is read as the usual way reads it, or left to that', async (t) => {
  let partly = 0;
  const check = (text: string): void => {
    const object = asTemplate(text);
    if (object === null) return;
    partly++;
    const [found, expected] = [JSON.stringify(object), JSON.stringify(asWhole(text))];
    if (found !== expected) throw new Error(`${text}\n${found}\n${expected}`);
  };
  const property = fc.property(bodies, fc.array(damages, { maxLength: 5 }), (text, wrongs) => {
    for (const _again of [1, 2, 3]) check(text);
    for (const { at, length, by } of wrongs) {
      const damaged = text.slice(0, at) + by + text.slice(at + length);
      for (const _again of [1, 2, 3]) check(damaged);
    }
  });
  fc.assert(property, { numRuns: 600 });
  t.ok(partly > 100, `${partly} were read in part`);
});

/** All that differs from one member or letter of a value. */
function* changesOf(value: unknown): Iterable<unknown> {
  if (typeof value === 'string') yield* [`${value} `, value.toUpperCase(), ''];
  else if (typeof value === 'number') yield* [value + 1, String(value)];
  else if (Array.isArray(value)) {
    yield* [[...value, ...value], []];
    for (const [at, item] of value.entries()) for (const one of changesOf(item)) yield value.with(at, one);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    yield Object.fromEntries(entries.toReversed());
    for (const [at, [name, inner]] of entries.entries()) {
      yield Object.fromEntries(entries.toSpliced(at, 1));
      for (const one of changesOf(inner)) yield Object.fromEntries(entries.with(at, [name, one]));
    }
  }
}

t.test('pods whose specs differ by a letter or a member never have each other’s', async (t) => {
  const first = {
    containers: [
      { name: 'app', image: 'x:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }] },
      { name: 'side', image: 'y', resources: { limits: { cpu: '1' }, requests: { cpu: '500m' } } },
    ],
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'k', operator: 'Exists' }],
    activeDeadlineSeconds: 5,
  };
  let count = 0;
  for (const other of changesOf(first)) {
    for (const one of [first, other as JsonObject, first]) {
      for (const name of ['a', 'b', 'c']) {
        const text = body(name, one as JsonObject);
        const object = asTemplate(text);
        if (object !== null) t.equal(JSON.stringify(object), JSON.stringify(asWhole(text)));
        if (object !== null) count++;
      }
    }
  }
  t.ok(count > 200, `${count} were read in part`);
});

t.test('a change is made once for each spec and cause, and nobody writes into what is shared', async (t) => {
  const spec = templateSpec({ containers: [], at: 'changes' });
  let calls = 0;
  const change = (pod: { spec?: JsonObject }, cause: string): void =>
    changeSpec(pod, cause, (holder) => {
      calls++;
      holder.spec!['cause'] = cause;
    });
  const [a, b, c] = [{ spec }, { spec }, { spec }];
  change(a, '1');
  change(b, '1');
  change(c, '2');
  t.equal(calls, 2);
  t.equal(a.spec, b.spec);
  t.same(
    [a.spec, c.spec, spec],
    [
      { ...spec, cause: '1' },
      { ...spec, cause: '2' },
      { containers: [], at: 'changes' },
    ],
  );
  const own = { spec: { containers: [] as JsonObject[] } };
  change(own, '1');
  t.same(own.spec, { containers: [], cause: '1' }, 'one that is not shared is changed in place');
  t.equal(calls, 3);
  const mine = { spec: a.spec } as unknown as ApiObject;
  ownSpec(mine);
  t.not(mine.spec, a.spec);
  t.same(mine.spec, a.spec);
  t.equal(templateId(mine.spec), null);
});

t.test('changesMax of kube/storage/template-specs: of many causes the first are forgotten', async (t) => {
  const spec = templateSpec({ containers: [], at: 'many' });
  let calls = 0;
  const change = (cause: number): void =>
    changeSpec({ spec }, `${cause}`, (holder) => {
      calls++;
      holder.spec!['cause'] = cause;
    });
  for (let cause = 0; cause < 17; cause++) change(cause);
  change(16);
  t.equal(calls, 17);
  change(0);
  t.equal(calls, 18);
});

t.test(
  'generationMax of kube/rest/template-bodies, metMax of kube/rest/template-bodies: templates that nobody uses are forgotten',
  async (t) => {
    const at = (index: number): string => body('a', { containers: [], hostname: `generation-${index}` });
    for (const _again of [1, 2]) asTemplate(at(0));
    t.not(asTemplate(at(0)), null);
    for (let index = 1; index <= 260; index++) for (const _again of [1, 2]) asTemplate(at(index));
    t.equal(asTemplate(at(0)), null);
    const met = (index: number): string => body('a', { containers: [], hostname: `met-${index}` });
    for (let index = 0; index < 300; index++) asTemplate(met(index));
    t.equal(asTemplate(met(0)), null, 'it is met for the first time again');
  },
);

t.test(
  'tailLettersMax of kube/rest/template-bodies, textLettersMax of kube/rest/template-bodies: long ones are read as a whole',
  async (t) => {
    const long = { containers: [], hostname: 'x'.repeat(17_000) };
    for (const _again of [1, 2, 3]) t.equal(asTemplate(body('a', long)), null);
    const short = { containers: [], hostname: 'short' };
    for (const _again of [1, 2]) asTemplate(body('a', short));
    t.not(asTemplate(body('a', short)), null);
    t.equal(asTemplate(body('a', short, { annotations: { a: 'x'.repeat(70_000) } })), null);
  },
);

/** Without what every pod has of its own. */
function plain(text: string): string {
  return text
    .replace(/"(uid|resourceVersion|creationTimestamp|time)":"[^"]*"/g, '"$1":""')
    .replace(/kube-api-access-\w+/g, 'token')
    .replace(/generated-\w{5}/g, 'generated');
}

t.test(
  'whatever admission adds, a pod of a template gets what one alone would, in its namespace',
  async (t) => {
    const api = await startApi(t);
    const create = async (path: string, object: object): Promise<void> => {
      t.equal((await api.send('POST', path, object)).code, 201);
    };
    await create('/api/v1/namespaces', { metadata: { name: 'limited' } });
    await create('/api/v1/namespaces', {
      metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/warn': 'restricted' } },
    });
    const limit = { type: 'Container', default: { cpu: '2' }, defaultRequest: { memory: '1Gi' } };
    await create('/api/v1/namespaces/limited/limitranges', {
      metadata: { name: 'l' },
      spec: { limits: [limit] },
    });
    const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
    await create(classes, { metadata: { name: 'high' }, value: 1000 });
    await create('/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: { name: 'heavy' },
      handler: 'h',
      overhead: { podFixed: { cpu: '1' } },
    });
    const term = { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['app'] };
    const specs: JsonObject[] = [
      template,
      { ...template, priorityClassName: 'high' },
      { ...template, runtimeClassName: 'heavy' },
      {
        ...template,
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
      },
      { ...template, tolerations: [{ operator: 'Exists' }], automountServiceAccountToken: false },
      { ...template, automountServiceAccountToken: false, schedulingGates: [{ name: 'a/b' }] },
      { ...template, priority: 7 },
      { containers: [] },
    ];
    let count = 0;
    /** Tails with spaces are never met again: such a pod is read as a whole. */
    const sent = async (
      path: string,
      metadata: object,
      spec: JsonObject,
      isAlone: boolean,
    ): Promise<string> => {
      const text = JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata, spec, status: {} });
      const alone = text.replace('"spec":', () => `"spec":${' '.repeat(++count)}`);
      const { code, body: answer, headers } = await api.send('POST', path, isAlone ? alone : text);
      return plain(JSON.stringify([code, answer, headers.get('warning')]));
    };
    for (const round of ['before', 'default class', 'another account']) {
      if (round === 'default class') {
        await create(classes, { metadata: { name: 'usual' }, value: 5, globalDefault: true });
      }
      if (round === 'another account') {
        await api.merge('/api/v1/namespaces/default/serviceaccounts/default', {
          imagePullSecrets: [{ name: 's' }],
        });
      }
      for (const spec of specs) {
        for (const namespace of ['default', 'limited', 'strict', 'missing']) {
          const path = `/api/v1/namespaces/${namespace}/pods`;
          for (const app of namespace === 'default' ? ['a', 'b'] : ['a']) {
            const metadata = { name: 'one', labels: { app } };
            const expected = await sent(`${path}?dryRun=All`, metadata, spec, true);
            t.equal(await sent(`${path}?dryRun=All`, metadata, spec, false), expected);
          }
          const generated = { generateName: 'generated-' };
          const alone = await sent(path, generated, spec, true);
          t.equal(await sent(path, generated, spec, false), alone, 'a name is made');
        }
      }
    }
    const stored = await api.get(pods);
    t.ok(stored.body.items.length > 10);
  },
);
