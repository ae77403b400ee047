/** PATCH over HTTP: media types, codes, Status bodies, and writers who race. */

import t from 'tap';
import { type Answer, type Api, startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const types = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

function patch(api: Api, path: string, type: string, body: unknown): Promise<Answer> {
  return api.send('PATCH', path, body, { 'content-type': type });
}

const map = (data: object, metadata: object = { name: 'c' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  data,
});

t.test('an apply creates what is not there, in YAML too, and is told so by 201', async (t) => {
  const api = await startApi(t);
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: "1"\n';
  const created = await patch(api, `${maps}/c?fieldManager=m`, types.apply, yaml);
  t.equal(created.code, 201);
  t.equal(created.body.metadata.managedFields.length, 1);
  t.strictSame(created.body.metadata.managedFields[0], {
    manager: 'm',
    operation: 'Apply',
    apiVersion: 'v1',
    time: created.body.metadata.creationTimestamp,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  });
  const again = await patch(api, `${maps}/c?fieldManager=m`, types.apply, yaml);
  t.equal(again.code, 200);
  t.strictSame(again.body, created.body);
  const dry = await patch(api, `${maps}/d?fieldManager=m&dryRun=All`, types.apply, map({}, { name: 'd' }));
  t.equal(dry.code, 201);
  t.equal((await api.get(`${maps}/d`)).code, 404);
});

t.test('what is wrong with an apply is said in the words of a real server', async (t) => {
  const api = await startApi(t);
  const refusal = async (query: string, body: unknown, name = 'c'): Promise<string> => {
    const answer = await patch(api, `${maps}/${name}${query}`, types.apply, body);
    return `${answer.code} ${answer.body.message}`;
  };
  t.equal(
    await refusal('', map({})),
    '422 PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
  t.match(
    await refusal('?fieldManager=m', 'a: b: c'),
    /^400 error decoding YAML: error converting YAML to JSON: yaml: /,
  );
  t.match(await refusal('?fieldManager=m', '[1]'), /^400 error decoding YAML: error unmarshaling JSON: /);
  t.equal(
    await refusal('?fieldManager=m', { apiVersion: 'v1', kind: 'Secret' }),
    '400 invalid object type: /v1, Kind=Secret',
  );
  t.equal(
    await refusal('?fieldManager=m', map({}), 'other'),
    '400 the name of the object (c) does not match the name on the URL (other)',
  );
  t.equal(
    await refusal('?fieldManager=m', map({}, { name: 'c', uid: 'abc' })),
    '409 Operation cannot be fulfilled on configmaps "c": uid mismatch: the provided object specified uid abc, and no existing object was found',
  );
  const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: "1"\n  a: "2"\n';
  t.match(
    await refusal('?fieldManager=m&fieldValidation=Strict', twice),
    /^400 error strict decoding YAML: /,
  );
  const warned = await patch(api, `${maps}/c?fieldManager=m`, types.apply, twice);
  t.equal(warned.code, 201);
  t.equal(warned.body.data.a, '2');
  t.match(warned.headers.get('warning'), /^299 - "error converting YAML to JSON/);
  const conflict = await patch(api, `${maps}/c?fieldManager=n`, types.apply, map({ a: '3' }));
  t.strictSame(conflict.body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Apply failed with 1 conflict: conflict with "m": .data.a',
    reason: 'Conflict',
    details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m"', field: '.data.a' }] },
    code: 409,
  });
  t.equal(
    (await patch(api, `${maps}/c?fieldManager=n&force=true`, types.apply, map({ a: '3' }))).body.data.a,
    '3',
  );
  const stale = map({ a: '4' }, { name: 'c', resourceVersion: '1' });
  t.match(await refusal('?fieldManager=n', stale), /^409 .* the object has been modified/);
});

t.test('a body that is no patch is 415, in the words that its kind has', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, map({}));
  for (const type of ['application/json', 'application/apply-patch+cbor']) {
    const { code, body } = await patch(api, `${maps}/c?fieldManager=m`, type, {});
    t.strictSame(
      [code, body.reason, body.message],
      [415, 'UnsupportedMediaType', '415: Unsupported Media Type'],
    );
  }
});

t.test('a patch that makes no object of the kind is 422 with an empty kind', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, map({ a: '1' }));
  const wrong = await patch(api, `${maps}/c`, types.strategic, { data: 7 });
  t.equal(wrong.code, 422);
  t.equal(
    wrong.body.message,
    ' "" is invalid: patch: Invalid value: "map[data:7]": cannot restore map from int64',
  );
  t.equal(wrong.body.details.causes[0].field, 'patch');
  for (const [changes, why] of [
    [{ data: { a: 7 } }, 'cannot convert int64 to string'],
    [{ data: { a: true } }, 'unrecognized type: string'],
    [{ immutable: 'yes' }, 'unrecognized type: bool'],
    [{ metadata: 'x' }, 'cannot restore struct from: string'],
    [{ metadata: { finalizers: 'x' } }, 'cannot restore slice from string'],
  ] as const) {
    const { body } = await patch(api, `${maps}/c`, types.strategic, changes);
    t.ok(body.message.endsWith(`": ${why}`), body.message);
  }
  const merged = await patch(api, `${maps}/c`, types.merge, { data: { a: 7 } });
  t.match(
    merged.body.message,
    /^ "" is invalid: patch: Invalid value: "\{.*json: cannot unmarshal number into Go struct field ConfigMap.data of type string$/,
  );
  const strict = await patch(api, `${maps}/c?fieldValidation=Strict`, types.merge, { foo: 1 });
  t.match(
    strict.body.message,
    /^ "" is invalid: patch: Invalid value: ".*strict decoding error: unknown field "foo"$/,
  );
  const twice = '{"data":{"a":"1","a":"2"}}';
  for (const type of [types.merge, types.strategic]) {
    const { headers, body } = await patch(api, `${maps}/c`, type, twice);
    t.equal(headers.get('warning'), '299 - "duplicate field \\"data.a\\""');
    t.equal(body.data.a, '2');
    t.equal((await patch(api, `${maps}/c?fieldValidation=Strict`, type, twice)).code, 422);
    t.equal((await patch(api, `${maps}/c?fieldValidation=Ignore`, type, twice)).headers.get('warning'), null);
  }
  const operation = '[{"op":"test","path":"/data/b","foo":1}]';
  const told = await patch(api, `${maps}/c`, types.json, operation);
  t.equal(told.headers.get('warning'), '299 - "json patch unknown field \\"[0].foo\\""');
  const broken = await patch(api, `${maps}/c`, types.merge, '{"data":');
  t.equal(broken.body.message, 'error decoding patch: unexpected end of JSON input');
  const forced = await patch(api, `${maps}/c?force=true`, types.merge, {});
  t.equal(
    forced.body.message,
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  );
  const renamed = await patch(api, `${maps}/c`, types.merge, { metadata: { name: 'd' } });
  t.equal(renamed.body.message, 'the name of the object (d) does not match the name on the URL (c)');
  t.equal((await patch(api, `${maps}/c`, types.merge, { kind: 'Secret' })).code, 422);
  t.equal((await patch(api, `${maps}/zzz`, types.merge, {})).code, 404);
});

t.test(
  'a patch that names a resourceVersion is locked to it, another is laid on the newest state',
  async (t) => {
    const api = await startApi(t);
    const created = (await api.send('POST', maps, map({}))).body;
    const racers = Array.from({ length: 30 }, (_, at) =>
      patch(api, `${maps}/c`, types.json, [{ op: 'add', path: '/data', value: { [`k${at}`]: 'x' } }]),
    );
    const codes = new Set((await Promise.all(racers)).map(({ code }) => code));
    t.strictSame([...codes], [200]);
    const merges = Array.from({ length: 30 }, (_, at) =>
      patch(api, `${maps}/c`, types.merge, { data: { [`m${at}`]: 'x' }, foo: 1 }),
    );
    const answers = await Promise.all(merges);
    t.ok(
      answers.every(({ headers }) => headers.get('warning') === '299 - "unknown field \\"foo\\""'),
      'a repeated try warns once',
    );
    t.equal(
      Object.keys((await api.get(`${maps}/c`)).body.data).filter((key) => key.startsWith('m')).length,
      30,
    );
    const { resourceVersion } = created.metadata;
    t.equal(
      (await patch(api, `${maps}/c`, types.merge, { metadata: { resourceVersion }, data: { z: '1' } })).code,
      409,
    );
    const moved = [
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/data/z', value: '1' },
    ];
    t.equal((await patch(api, `${maps}/c`, types.json, moved)).code, 409);
  },
);

t.test('appliers who race to create one object make one object', async (t) => {
  const api = await startApi(t);
  const racers = Array.from({ length: 12 }, (_, at) =>
    patch(api, `${maps}/c?fieldManager=m${at}`, types.apply, map({ [`k${at}`]: 'x' })),
  );
  const codes = (await Promise.all(racers)).map(({ code }) => code).sort();
  t.strictSame(codes, [...Array.from({ length: 11 }, () => 200), 201]);
  const { body } = await api.get(`${maps}/c`);
  t.equal(Object.keys(body.data).length, 12);
  t.equal(body.metadata.managedFields.length, 12);
});

t.test('ownership is written by update and status, and time moves only with a change', async (t) => {
  const api = await startApi(t);
  const pods = '/api/v1/namespaces/default/pods';
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'a', image: 'i' }] },
  };
  const created = (await api.send('POST', `${pods}?fieldManager=m`, pod)).body;
  t.equal(created.metadata.managedFields[0].manager, 'm');
  const status = await patch(api, `${pods}/p/status?fieldManager=kubelet`, types.strategic, {
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const entry = status.body.metadata.managedFields.find(
    (one: { manager: string }) => one.manager === 'kubelet',
  );
  t.equal(entry.subresource, 'status');
  t.strictSame(entry.fieldsV1['f:status']['f:conditions'], {
    '.': {},
    'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} },
  });
  const put = await api.send('PUT', `${pods}/p`, created);
  t.equal(put.code, 409);
  delete created.metadata.resourceVersion;
  delete created.metadata.managedFields;
  const same = await api.send('PUT', `${pods}/p?fieldManager=n`, created);
  t.strictSame(same.body, status.body, 'nothing changed, so nothing is written and nobody is named');
});
