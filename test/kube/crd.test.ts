/** Custom resources: what a definition says is in force at once, and goes with it. */

import t from 'tap';
import { until } from '../waiting.ts';
import { type Api, startApi } from './api.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/example.com/v1/namespaces/default/widgets';

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        when: { type: 'string', format: 'date-time' },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['number'],
          items: {
            type: 'object',
            required: ['number'],
            properties: {
              number: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
            },
          },
        },
      },
    },
    status: {
      type: 'object',
      properties: { ready: { type: 'integer' }, selector: { type: 'string' } },
    },
  },
};

const version = (name: string, rest: object = {}): object => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: schema },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.size',
      statusReplicasPath: '.status.ready',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
  ],
  ...rest,
});

const definition = (spec: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [version('v1')],
    ...spec,
  },
});

const widget = (name: string, spec: object, rest: object = {}): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
  ...rest,
});

async function define(api: Api, given: object = definition()): Promise<void> {
  const { code, body } = await api.send('POST', definitions, given);
  if (code !== 201) throw new Error(JSON.stringify(body));
  await until('it is served', async () => (await api.get('/apis/example.com/v1')).code === 200);
}

t.test('a definition is accepted, served, and told so in its status', async (t) => {
  const api = await startApi(t);
  await define(api);
  const { body } = await api.get(`${definitions}/widgets.example.com`);
  t.equal(body.spec.names.singular, 'widget');
  t.equal(body.spec.names.listKind, 'WidgetList');
  t.match(body.status, {
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        reason: 'NoConflicts',
        message: 'no conflicts found',
      },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
    acceptedNames: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    storedVersions: ['v1'],
  });
  const list = await api.get('/apis/example.com/v1');
  t.same(list.body.resources.map(({ name }: { name: string }) => name).sort(), [
    'widgets',
    'widgets/scale',
    'widgets/status',
  ]);
});

t.test(
  'objects are pruned, filled in and refused by the schema, in the words of a real server',
  async (t) => {
    const api = await startApi(t);
    await define(api);
    const good = await api.send(
      'POST',
      `${widgets}?fieldValidation=Warn`,
      widget('a', { size: 2, extra: 1, note: null, free: { b: { c: 1 } }, ports: [{ number: 1 }] }),
    );
    t.equal(good.code, 201);
    t.same(good.body.spec, {
      color: 'red',
      free: { b: { c: 1 } },
      note: null,
      ports: [{ number: 1, protocol: 'TCP' }],
      size: 2,
    });
    t.equal(good.body.metadata.generation, 1);
    t.match(good.headers.get('warning'), /unknown field \\"spec.extra\\"/);
    const bad = await api.send(
      'POST',
      widgets,
      widget('b', { size: 0, color: 'blue', name: 'LONGER', when: 'x', port: true, labels: { a: 1 } }),
    );
    t.equal(bad.code, 422);
    t.same(
      bad.body.details.causes
        .map(({ field, message }: Record<string, string>) => `${field}: ${message}`)
        .sort(),
      [
        'spec.color: Unsupported value: "blue": supported values: "red", "green"',
        'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
        'spec.name: Too long: may not be more than 5 bytes',
        'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
        'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
        'spec.when: Invalid value: "x": spec.when in body must be of type date-time: "x"',
      ],
    );
    const missing = await api.send('POST', widgets, widget('c', {}));
    t.equal(missing.body.message, 'Widget.example.com "c" is invalid: spec.size: Required value');
    const twice = await api.send(
      'POST',
      widgets,
      widget('d', { size: 1, ports: [{ number: 1 }, { number: 1 }] }),
    );
    t.equal(
      twice.body.message,
      'Widget.example.com "d" is invalid: spec.ports[1]: Duplicate value: {"number":1}',
    );
    const other = await api.send('POST', widgets, { ...widget('e', { size: 1 }), kind: 'Bar' });
    t.equal(other.body.message, 'Bar.example.com "e" is invalid: kind: Invalid value: "Bar": must be Widget');
  },
);

t.test('status and scale are doors of their own', async (t) => {
  const api = await startApi(t);
  await define(api);
  const made = await api.send('POST', widgets, widget('a', { size: 2 }, { status: { ready: 9 } }));
  t.equal(made.body.status, undefined);
  const status = await api.merge(`${widgets}/a/status`, {
    spec: { size: 5 },
    status: { ready: 1, selector: 'a=b' },
  });
  t.equal(status.code, 200);
  t.equal(status.body.spec.size, 2);
  const scale = await api.get(`${widgets}/a/scale`);
  t.match(scale.body, {
    kind: 'Scale',
    spec: { replicas: 2 },
    status: { replicas: 1, selector: 'a=b' },
  });
  const scaled = await api.merge(`${widgets}/a/scale`, { spec: { replicas: 4 } });
  t.equal(scaled.body.spec.replicas, 4);
  const { body } = await api.get(`${widgets}/a`);
  t.equal(body.spec.size, 4);
  t.equal(body.metadata.generation, 2);
  t.equal(body.status.ready, 1);
});

t.test('a table has the columns of the definition', async (t) => {
  const api = await startApi(t);
  await define(api);
  await api.send('POST', widgets, widget('a', { size: 2 }));
  const { body } = await api.get(widgets, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  t.same(
    body.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Size', 'Color'],
  );
  t.same(body.rows[0].cells, ['a', 2, 'red']);
});

t.test('several versions show the same objects', async (t) => {
  const api = await startApi(t);
  await define(api, definition({ versions: [version('v1'), version('v2')] }));
  await api.send('POST', widgets, widget('a', { size: 2 }));
  const { body } = await api.get('/apis/example.com/v2/namespaces/default/widgets/a');
  t.equal(body.apiVersion, 'example.com/v2');
  t.equal(body.spec.size, 2);
  const group = await api.get('/apis/example.com');
  t.equal(group.body.preferredVersion.version, 'v2');
});

t.test('a changed definition is in force; one that is deleted takes its objects with it', async (t) => {
  const api = await startApi(t);
  await define(api);
  await api.send('POST', widgets, widget('a', { size: 2 }));
  await api.merge(`${definitions}/widgets.example.com`, {
    spec: { versions: [version('v1', { additionalPrinterColumns: [] }), version('v2')] },
  });
  await until('v2 comes', async () => (await api.get('/apis/example.com/v2')).code === 200);
  await api.merge(`${widgets}/a`, { metadata: { finalizers: ['example.com/hold'] } });
  const deleted = await api.send('DELETE', `${definitions}/widgets.example.com`);
  t.same(deleted.body.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  await until('the object is told to go', async () => {
    const { body } = await api.get(`${widgets}/a`);
    return body.metadata.deletionTimestamp !== undefined;
  });
  t.equal((await api.get(`${definitions}/widgets.example.com`)).code, 200);
  await api.merge(`${widgets}/a`, { metadata: { finalizers: null } });
  await until('it is gone', async () => {
    return (await api.get(`${definitions}/widgets.example.com`)).code === 404;
  });
  await until('the resource is gone', async () => (await api.get('/apis/example.com/v1')).code === 404);
  await define(api);
  t.same((await api.get(widgets)).body.items, []);
});

t.test(
  'what was stored under an older schema is read by the one of now, and its watches begin again',
  async (t) => {
    const api = await startApi(t);
    const given = (properties: object): object => ({
      versions: ['v1', 'v2'].map((name) =>
        version(name, {
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
          },
        }),
      ),
    });
    await define(api, definition(given({ size: { type: 'integer' }, old: { type: 'string' } })));
    t.equal((await api.send('POST', widgets, widget('a', { size: 1, old: 'gone' }))).code, 201);
    await api.get(widgets);
    const { resourceVersion } = (await api.get(widgets)).body.metadata;
    const watch = await fetch(`${api.plane.url}${widgets}?watch=true&resourceVersion=${resourceVersion}`);
    const ended = watch.text();
    const next = given({ size: { type: 'integer' }, color: { type: 'string', default: 'red' } });
    await api.merge(`${definitions}/widgets.example.com`, { spec: next });
    const specOf = async (path: string): Promise<unknown> => {
      const { body } = await api.get(path);
      return (body.items?.[0] ?? body).spec;
    };
    const read = { color: 'red', size: 1 };
    await until('it has the default', async () => {
      return JSON.stringify(await specOf(`${widgets}/a`)) === JSON.stringify(read);
    });
    t.strictSame(await specOf(widgets), read, 'in lists');
    t.strictSame(await specOf(widgets.replace('v1', 'v2')), read, 'in other versions');
    t.equal(await ended, '', 'who watched begins again');
    const [event] = await api.frames(`${widgets}?watch=true`, 1);
    t.strictSame(event.object.spec, read, 'in watches');
    const patched = await api.merge(`${widgets}/a`, { spec: { size: 2 } });
    t.strictSame(patched.body.spec, { color: 'red', size: 2 });
  },
);

t.test('names that another definition has are refused', async (t) => {
  const api = await startApi(t);
  await define(api);
  const names = { plural: 'gadgets', kind: 'Gadget', shortNames: ['wd'] };
  const other = { ...definition({ names }), metadata: { name: 'gadgets.example.com' } };
  t.equal((await api.send('POST', definitions, other)).code, 201);
  await until('it is told', async () => {
    const { body } = await api.get(`${definitions}/gadgets.example.com`);
    return body.status.conditions.some(
      ({ type, reason, message }: Record<string, string>) =>
        type === 'NamesAccepted' && reason === 'ShortNamesConflict' && message === '"wd" is already in use',
    );
  });
  t.equal((await api.get('/apis/example.com/v1/gadgets')).code, 404);
});

t.test('definitions that make no sense are refused', async (t) => {
  const api = await startApi(t);
  const refusal = async (given: object): Promise<string> => {
    const { code, body } = await api.send('POST', definitions, given);
    return code === 422 ? body.message : `accepted with ${code}`;
  };
  t.match(
    await refusal({ ...definition(), metadata: { name: 'foo' } }),
    'metadata.name: Invalid value: "foo": must be spec.names.plural+"."+spec.group',
  );
  t.match(
    await refusal(definition({ versions: [version('v1', { schema: undefined })] })),
    'spec.versions[0].schema.openAPIV3Schema: Required value',
  );
  t.match(
    await refusal(definition({ versions: [version('v2')] })),
    /spec\.versions: Invalid value: .*: must have exactly one version marked as storage version/,
  );
  const untyped = { openAPIV3Schema: { type: 'object', properties: { spec: { properties: {} } } } };
  t.match(
    await refusal(definition({ versions: [version('v1', { schema: untyped })] })),
    'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
  );
});
