/**
 * What was wrong with a custom resource before a rule came does not stand in the way of an update that leaves it alone
 * (CRDValidationRatcheting, in force since Kubernetes 1.33).
 */

import t from 'tap';
import { fieldErrorText } from '../../src/kube/api/field-errors.ts';
import { asJson, type JsonObject } from '../../src/kube/api/objects.ts';
import { validateRules } from '../../src/kube/crd/rules.ts';
import { validateBySchema } from '../../src/kube/crd/validate.ts';
import { type Answer, type Api, startApi } from './api.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const toys = '/apis/ratchet.example.com/v1/namespaces/default/toys';

const named = (items: object): object => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items,
});

const sizes = { name: { type: 'string' }, size: { type: 'integer' } };

const lax = {
  name: { type: 'string' },
  count: { type: 'integer' },
  inner: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
  parts: named({
    type: 'object',
    required: ['name'],
    properties: sizes,
  }),
  list: { type: 'array', items: { type: 'string' } },
  free: { type: 'object', additionalProperties: { type: 'string' } },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  either: { type: 'string' },
};

const strict = {
  name: { type: 'string', maxLength: 3, 'x-kubernetes-validations': [{ rule: 'self != "bad"' }] },
  count: {
    type: 'integer',
    'x-kubernetes-validations': [{ rule: 'self > 5', message: 'must be more than five' }],
  },
  inner: {
    type: 'object',
    required: ['c'],
    properties: { a: { type: 'string', enum: ['x'] }, b: { type: 'string' }, c: { type: 'string' } },
  },
  parts: named({
    type: 'object',
    required: ['name'],
    'x-kubernetes-validations': [{ rule: 'self.size > 1', message: 'too small' }],
    properties: { name: { type: 'string' }, size: { type: 'integer', maximum: 7 } },
  }),
  list: { type: 'array', items: { type: 'string', pattern: '^a' } },
  free: { type: 'object', additionalProperties: { type: 'string', minLength: 2 } },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, required: ['must'] },
  either: { type: 'string', anyOf: [{ pattern: '^1' }, { pattern: '^2' }] },
};

const definition = (properties: object): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'toys.ratchet.example.com' },
  spec: {
    group: 'ratchet.example.com',
    scope: 'Namespaced',
    names: { plural: 'toys', kind: 'Toy' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties },
              status: { type: 'object', properties },
            },
          },
        },
      },
    ],
  },
});

const wrong = {
  name: 'long name',
  count: 1,
  inner: { a: 'y' },
  parts: [
    { name: 'one', size: 0 },
    { name: 'two', size: 9 },
  ],
  list: ['b', 'c'],
  free: { k: 'v' },
  open: { some: 1 },
  either: '3',
};

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await done()) && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An object per member of `wrong`, made before the schema became strict. */
async function before(t: Parameters<typeof startApi>[0]): Promise<Api> {
  const api = await startApi(t);
  await api.send('POST', definitions, definition(lax));
  await until(async () => (await api.get(toys)).code === 200);
  for (const [member, value] of Object.entries(wrong)) {
    const toy = {
      apiVersion: 'ratchet.example.com/v1',
      kind: 'Toy',
      metadata: { name: member },
      spec: { [member]: value },
    };
    const { code } = await api.send('POST', toys, toy);
    if (code !== 201) throw new Error(`${member}: ${code}`);
    await api.merge(`${toys}/${member}/status`, { status: { [member]: value } });
  }
  await api.merge(`${definitions}/toys.ratchet.example.com`, { spec: (definition(strict) as never)['spec'] });
  const probe = {
    apiVersion: 'ratchet.example.com/v1',
    kind: 'Toy',
    metadata: { name: 'probe' },
    spec: { count: 1 },
  };
  await until(async () => (await api.send('POST', `${toys}?dryRun=All`, probe)).code === 422);
  return api;
}

const touched = { metadata: { labels: { a: 'b' } } };

const said = ({ code, body }: Answer): string =>
  code === 200 ? '' : body.message.replace(/^.* is invalid: /, '').replaceAll('<nil>: ', '');

t.test('what is wrong and stays as it was is taken', async (t) => {
  const api = await before(t);
  for (const member of Object.keys(wrong)) {
    if (member === 'open') continue;
    const path = `${toys}/${member}`;
    t.equal(said(await api.merge(path, touched)), '', `${member}, a label`);
    const beside = member === 'either' ? { name: 'abc' } : { either: '1' };
    t.equal(said(await api.merge(path, { spec: beside })), '', `${member}, something beside it`);
    t.equal(said(await api.merge(`${path}/status`, { status: beside })), '', `${member}, in the status`);
  }
});

t.test('what is wrong and becomes something else is refused', async (t) => {
  const api = await before(t);
  for (const [member, value, text] of [
    ['name', 'longer name', 'spec.name: Too long: may not be more than 3 bytes'],
    ['count', 2, 'spec.count: Invalid value: 2: must be more than five'],
    ['inner', { b: 'z' }, 'spec.inner.c: Required value'],
    ['inner', { b: 'z', c: 'there' }, ''],
    [
      'parts',
      [
        { name: 'two', size: 9 },
        { name: 'one', size: 0 },
      ],
      '',
    ],
    ['parts', [{ name: 'two', size: 9 }], ''],
    [
      'parts',
      [
        { name: 'three', size: 9 },
        { name: 'one', size: 0 },
      ],
      'spec.parts[0].size: Invalid value: 9: spec.parts[0].size in body should be less than or equal to 7',
    ],
    ['parts', [{ name: 'one', size: -1 }], 'spec.parts[0]: Invalid value: too small'],
    ['list', ['b', 'c', 'a'], 'spec.list[0]: Invalid value: "b": spec.list[0] in body should match \'^a\''],
    ['free', { k: 'v', l: 'ww' }, ''],
    [
      'free',
      { k: 'w' },
      'spec.free.k: Invalid value: "w": spec.free.k in body should be at least 2 chars long',
    ],
    ['either', '4', '"spec.either" must validate at least one schema (anyOf)'],
  ] as const) {
    const answer = await api.send(
      'PATCH',
      `${toys}/${member}?dryRun=All`,
      { spec: { [member]: value } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    t.ok(text === '' ? said(answer) === '' : said(answer).includes(text), `${member}: ${said(answer)}`);
  }
});

t.test('a rule that is broken as before is told in a warning', async (t) => {
  const api = await before(t);
  const { code, headers } = await api.merge(`${toys}/count`, touched);
  t.equal(code, 200);
  t.match(headers.get('warning'), '299 - "spec.count: Invalid value: 1: must be more than five"');
  const other = await api.merge(`${toys}/either`, touched);
  t.equal(other.headers.get('warning'), null);
});

t.test('members that the schema does not know keep an object from being as it was', async (t) => {
  const api = await before(t);
  const answer = await api.merge(`${toys}/open`, touched);
  t.match(said(answer), /spec\.open\.must: Required value/);
});

t.test('an old value that may be missing is known by what it has', async (t) => {
  const rule = '!oldSelf.hasValue() || oldSelf.value().size <= self.size';
  const part = (size: number): JsonObject => ({ spec: { parts: [{ name: 'a', size }] } });
  const validations = [
    {
      rule,
      optionalOldSelf: true,
      message: 'smaller',
      messageExpression: '"was " + string(oldSelf.value().size)',
    },
  ];
  const parts = named({ type: 'object', properties: sizes, 'x-kubernetes-validations': validations });
  const schema = asJson({
    type: 'object',
    properties: { spec: { type: 'object', properties: { parts } } },
  });
  t.same(validateRules(part(2), part(2), schema), []);
  t.same(validateRules(part(2), null, schema), []);
  const texts = validateRules(part(1), part(2), schema).map(fieldErrorText);
  t.same(texts, ['spec.parts[0]: Invalid value: smaller'], 'a message is not given an optional value');
});

t.test('null is held to what a value may be', (t) => {
  const schema = asJson({ type: 'string', nullable: true, enum: ['a', 'b'] });
  const texts = validateBySchema(null, schema, 'spec.a').map(fieldErrorText);
  t.same(texts, ['spec.a: Unsupported value: null: supported values: "a", "b"']);
  t.end();
});
