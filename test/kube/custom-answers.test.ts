/** Custom resources in the words of a real server: each answer was compared with that of apiextensions-apiserver 0.36. */

import t from 'tap';
import { type Api, startApi } from './api.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const toys = '/apis/words.example.com/v1/namespaces/default/toys';

const spec = {
  type: 'object',
  properties: {
    small: { type: 'integer', format: 'int32' },
    whole: { type: 'integer' },
    single: { type: 'number', format: 'float' },
    name: { type: 'string', maxLength: 3, pattern: '^[a-z]+$' },
    host: { type: 'string', format: 'hostname' },
    both: { type: 'string', allOf: [{ minLength: 2 }, { pattern: '^x' }] },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    inner: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    ruled: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 3' }] },
    replicas: { type: 'integer' },
  },
};

const version = (name: string, more: object): object => ({
  name,
  served: true,
  storage: false,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec,
        status: { type: 'object', properties: { replicas: { type: 'integer' }, phase: { type: 'string' } } },
      },
    },
  },
  ...more,
});

const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'toys.words.example.com' },
  spec: {
    group: 'words.example.com',
    scope: 'Namespaced',
    names: { plural: 'toys', kind: 'Toy' },
    versions: [
      version('v1', { storage: true, subresources: { status: {}, scale } }),
      version('v1beta1', { deprecated: true }),
      version('v1alpha1', { deprecated: true, deprecationWarning: 'go away' }),
    ],
  },
};

const toy = (name: string, own: unknown): Record<string, unknown> => ({
  apiVersion: 'words.example.com/v1',
  kind: 'Toy',
  metadata: { name },
  spec: own,
});

async function define(t: Parameters<typeof startApi>[0]): Promise<Api> {
  const api = await startApi(t);
  await api.send('POST', definitions, definition);
  for (let tries = 0; (await api.get(toys)).code !== 200 && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return api;
}

/** What is wrong with a spec, without the object's name. */
const refusals: readonly (readonly [object, string])[] = [
  [{ small: true }, 'spec.small: Invalid value: "": spec.small in body must be of type int32: ""'],
  [
    { small: 3_000_000_000 },
    '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.small',
  ],
  [
    { whole: 1.5 },
    '[spec.whole: Invalid value: "number": spec.whole in body must be of type integer: "number", <nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.whole',
  ],
  [
    { single: 1e300 },
    '<nil>: Invalid value: "": Checked value must be of type number with format float in spec.single',
  ],
  [{ name: 'LONG' }, 'spec.name: Too long: may not be more than 3 bytes'],
  [{ host: 'x.y' }, 'spec.host: Invalid value: "x.y": spec.host in body must be of type hostname: "x.y"'],
  [{ both: 'y' }, '"spec.both" must validate all the schemas (allOf). None validated'],
  [{ set: ['a', 'a', 'b', 'a'] }, 'spec.set[1]: Duplicate value: "a"'],
  [
    { inner: { metadata: { name: 'x' } } },
    '[spec.inner.apiVersion: Required value, spec.inner.kind: Required value',
  ],
  [{ inner: { apiVersion: 1, kind: 'X' } }, 'spec.inner.apiVersion: Invalid value: 1: must be a string'],
  [{ ruled: 2 }, 'spec.ruled: Invalid value: 2: failed rule: self > 3'],
  [{ replicas: -1 }, '.spec.replicas: Invalid value: -1: should be a non-negative integer'],
];

t.test('what a schema refuses is told as a real server tells it', async (t) => {
  const api = await define(t);
  for (const [own, wanted] of refusals) {
    const { body } = await api.send('POST', toys, toy('a', own));
    t.ok(String(body.message).includes(wanted), `${JSON.stringify(own)}: ${body.message}`);
  }
});

t.test('who and what an object is has to be right before its schema counts', async (t) => {
  const api = await define(t);
  const other = await api.send('POST', toys, { ...toy('a', {}), apiVersion: 'words.example.com/v9' });
  t.equal(other.code, 400);
  t.equal(
    other.body.message,
    'the API version in the data (words.example.com/v9) does not match the expected API version (words.example.com/v1)',
  );
  const { kind: _kind, ...kindless } = toy('a', {});
  const nothing = await api.send('POST', toys, kindless);
  t.match(
    nothing.body.message,
    /^the object provided is unrecognized .* \(\{"apiVersion":"words\.example\.c \.\.\.\)$/,
  );
  t.equal(
    (await api.send('PUT', `${toys}/none`, toy('none', {}))).code,
    404,
    'before the version is asked for',
  );
  await api.send('POST', toys, toy('a', {}));
  const unversioned = await api.send('PUT', `${toys}/a`, toy('a', {}));
  t.match(
    unversioned.body.message,
    /metadata.resourceVersion: Invalid value: 0: must be specified for an update/,
  );
  const moved = await api.merge(`${toys}/a`, { kind: 'Tool' });
  t.equal(
    moved.body.message,
    'Tool.words.example.com "a" is invalid: kind: Invalid value: "Tool": must be Toy',
  );
  const renamed = await api.merge(`${toys}/a`, { metadata: { uid: 'x' } });
  t.equal(
    renamed.body.message,
    'Toy.words.example.com "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
  );
  const guarded = await api.send('DELETE', `${toys}/a`, { preconditions: { resourceVersion: '1' } });
  t.match(
    guarded.body.message,
    /^Operation cannot be fulfilled on Toy\.words\.example\.com "a": the ResourceVersion in/,
  );
  t.equal(guarded.body.details.kind, 'Toy');
  t.equal((await api.get(`${toys}/a/nothing`)).body.message, 'toys.words.example.com "a" not found');
  t.equal(
    (await api.send('POST', `${toys}/a/status`, {})).body.message,
    'create is not supported on resources of kind "toys.words.example.com"',
  );
});

t.test('deprecated versions warn whoever uses them, and say what to use', async (t) => {
  const api = await define(t);
  const warned = async (name: string): Promise<string | null> =>
    (await api.get(toys.replace('/v1/', `/${name}/`))).headers.get('warning');
  t.equal(
    await warned('v1beta1'),
    '299 - "words.example.com/v1beta1 Toy is deprecated; use words.example.com/v1 Toy"',
  );
  t.equal(await warned('v1alpha1'), '299 - "go away"');
  t.equal(await warned('v1'), null);
});

t.test('a status is the status alone; a scale is set where nobody has said one', async (t) => {
  const api = await define(t);
  await api.send('POST', toys, toy('a', {}));
  const changes = {
    status: { phase: 'Up' },
    spec: { small: 1 },
    metadata: { annotations: { a: 'b' }, labels: { l: 'm' } },
  };
  const status = await api.merge(`${toys}/a/status`, changes);
  t.same(status.body.status, { phase: 'Up' });
  t.same(status.body.spec, {});
  t.notOk('annotations' in status.body.metadata || 'labels' in status.body.metadata);
  const wrong = await api.merge(`${toys}/a/status`, { status: { replicas: 'x' } });
  t.match(
    wrong.body.message,
    /\.status\.replicas: Invalid value: 0: \.status\.replicas accessor error: x is of the type string, expected int64/,
  );
  t.match(
    wrong.body.message,
    /status\.replicas: Invalid value: "string": replicas in body must be of type integer: "string"/,
  );
  t.equal((await api.get(`${toys}/a/scale`)).code, 500, 'there is none to read');
  t.equal((await api.merge(`${toys}/a/scale`, { spec: { replicas: 4 } })).body.spec.replicas, 4);
  t.equal((await api.get(toys)).body.metadata.continue, '', 'a list says that it is whole');
});

t.test('metadata is checked in the words of a real server', async (t) => {
  const api = await define(t);
  const refused = async (metadata: object): Promise<string> =>
    (await api.send('POST', toys, { ...toy('a', {}), metadata: { name: 'a', ...metadata } })).body.message;
  t.match(await refused({ labels: { a: 'x'.repeat(64) } }), /must be no more than 63 bytes/);
  t.match(await refused({ finalizers: ['a b'] }), /metadata\.finalizers: Invalid value: "a b": name part/);
  t.match(
    await refused({ finalizers: ['orphan', 'foregroundDeletion'] }),
    /finalizer orphan and foregroundDeletion cannot be both set/,
  );
  const event = { apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u' };
  t.match(await refused({ ownerReferences: [event] }), /\/v1, Kind=Event is disallowed from being an owner/);
  const held = await api.send('POST', toys, {
    ...toy('b', {}),
    metadata: { name: 'b', finalizers: ['mine'] },
  });
  t.match(held.headers.get('warning'), /prefer a domain-qualified finalizer name to avoid/);
  const pods = '/api/v1/namespaces/default/configmaps';
  const core = await api.send('POST', pods, { metadata: { name: 'a', finalizers: ['mine'] } });
  t.match(
    core.body.message,
    /metadata\.finalizers\[0\]: Invalid value: "mine": name is neither a standard finalizer name/,
  );
});

t.test('options are refused in the words of a real server', async (t) => {
  const api = await define(t);
  const said = async (query: string): Promise<string> => (await api.get(`${toys}?${query}`)).body.message;
  t.equal(
    await said('continue=abc'),
    "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
  );
  t.match(
    await said('watch=true&sendInitialEvents=true&resourceVersionMatch=Exact'),
    /\[resourceVersionMatch: Forbidden: sendInitialEvents requires .*, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"\]/,
  );
  t.equal(
    await said('labelSelector=a%20in%20('),
    "unable to parse requirement: found '', expected: ',', ')' or identifier",
  );
  const long = await api.send('POST', `${toys}?fieldManager=${'x'.repeat(200)}`, toy('a', {}));
  t.match(long.body.message, /fieldManager: Too long: may not be more than 128 bytes/);
  const odd = await api.send('POST', `${toys}?fieldValidation=Odd`, toy('a', {}));
  t.match(odd.body.message, /supported values: "", "Ignore", "Strict", "Warn"/);
});

t.test('metadata belongs to nobody as a whole, also where labels come first', async (t) => {
  const api = await define(t);
  await api.send('POST', toys, toy('a', {}));
  const { body } = await api.merge(`${toys}/a`, { metadata: { labels: { l: 'm' } } });
  t.same(body.metadata.managedFields[0].fieldsV1['f:metadata'], { 'f:labels': { '.': {}, 'f:l': {} } });
});

/** What is wrong with the schema of a member `a`; the first of what is told. */
const wrongSchemas: readonly (readonly [object, string])[] = [
  [{ type: 'string', id: 'x' }, 'a].id: Forbidden: id is not supported'],
  [
    { type: 'array', items: [{ type: 'string' }] },
    'a].items: Forbidden: items must be a schema object and not an array',
  ],
  [
    { type: 'string', pattern: '(?=x)' },
    'a].pattern: Invalid value: "(?=x)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ],
  [
    { type: 'string', allOf: [{ type: 'string' }] },
    'a].allOf[0].type: Forbidden: must be empty to be structural',
  ],
  [
    { type: 'object', properties: { b: { type: 'string' } }, default: { c: 1 } },
    'a].default: Invalid value: {"c":1}: must not have unknown fields',
  ],
  [
    { type: 'string', default: 3 },
    'a].default: Invalid value: "integer":  in body must be of type string: "integer"',
  ],
  [
    { type: 'array', items: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
    'a].type: Invalid value: "array": must be object if x-kubernetes-map-type is specified',
  ],
  [
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: { type: 'string' } } },
    },
    'a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ],
  [
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } },
    'a].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
  ],
];

t.test('definitions whose schemas are not structural are refused as by a real server', async (t) => {
  const api = await startApi(t);
  const send = (properties: object): ReturnType<Api['send']> => {
    const [first] = definition.spec.versions as [{ schema: object }];
    const versions = [{ ...first, schema: { openAPIV3Schema: { type: 'object', properties } } }];
    return api.send('POST', `${definitions}?dryRun=All`, {
      ...definition,
      spec: { ...definition.spec, versions },
    });
  };
  for (const [a, wanted] of wrongSchemas) {
    const { body } = await send({ a });
    const shown = String(body.message);
    t.ok(
      shown.includes(`spec.validation.openAPIV3Schema.properties[${wanted}`),
      `${JSON.stringify(a)}: ${shown}`,
    );
  }
  const odd = await send({ a: { type: 'string', format: 'odd' } });
  t.equal(odd.code, 201);
  t.equal(odd.headers.get('warning'), '299 - "unrecognized format \\"odd\\""');
  t.equal(
    (await send({ a: { type: 'object', additionalProperties: false } })).code,
    201,
    'as real servers take it',
  );
});

t.test('what versions say alike is told of once, as by a real server', async (t) => {
  const api = await startApi(t);
  const [first] = definition.spec.versions;
  const said = async (more: object): Promise<string> => {
    const body = { ...definition, spec: { ...definition.spec, versions: [{ ...first, ...more }] } };
    return (await api.send('POST', `${definitions}?dryRun=All`, body)).body.message ?? 'nothing';
  };
  const where = 'spec.versions[0].deprecationWarning';
  t.match(await said({ deprecated: true, deprecationWarning: 'a\nb' }), `${where}: Invalid value`);
  t.match(
    await said({ subresources: { scale: { ...scale, specReplicasPath: 'spec.x' } } }),
    'spec.subresources.scale.specReplicasPath: Invalid value: "spec.x": must be a simple json path starting with .',
  );
  t.match(
    await said({ additionalPrinterColumns: [{ name: 'a', type: 'string', format: 'odd', jsonPath: '.x' }] }),
    'spec.additionalPrinterColumns[0].format: Invalid value: "odd": must be one of byte,date,',
  );
  t.match(
    await said({ selectableFields: [{ jsonPath: '.spec.set' }] }),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.set": must point to a field of type string',
  );
  t.match(await said({ selectableFields: [{ jsonPath: '.spec.none' }] }), 'does not refer to a valid field');
  t.equal(await said({ selectableFields: [{ jsonPath: '.spec.name' }] }), 'nothing');
});

t.test(
  'unknown members are told as they are looked for: metadata, the schema, metadata within',
  async (t) => {
    const api = await define(t);
    const inner = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x', deep: 1 } };
    const sent = { ...toy('a', { inner, other: 1 }), aaa: 1, metadata: { name: 'a', zzz: 1 } };
    const { body } = await api.send('POST', `${toys}?fieldValidation=Strict`, sent);
    t.equal(
      body.message,
      'Toy in version "v1" cannot be handled as a Toy: strict decoding error: unknown field "metadata.zzz", unknown field "aaa", unknown field "spec.other", unknown field "spec.inner.metadata.deep"',
    );
  },
);

t.test('fields that nobody may select by, other versions that are applied, lists as metadata', async (t) => {
  const api = await define(t);
  const selected = await api.get(`${toys}?fieldSelector=spec.name%3Da`);
  t.equal(selected.body.message, 'field label not supported: spec.name');
  const applied = await api.send(
    'PATCH',
    `${toys}/a?fieldManager=m`,
    { ...toy('a', {}), apiVersion: 'words.example.com/v1beta1' },
    { 'content-type': 'application/apply-patch+yaml' },
  );
  t.equal(applied.body.message, 'invalid object type: words.example.com/v1beta1, Kind=Toy');
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  t.match((await api.get(toys, { accept })).body.message, /is a list \(\*unstructured\.UnstructuredList\)$/);
});
