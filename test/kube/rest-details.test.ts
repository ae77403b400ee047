/** Small print of requests, as a kube-apiserver reads it: options, selectors, patches, shapes of answers. */

import t from 'tap';
import { quotedText } from '../../src/kube/api/field-errors.ts';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.test('options that say nothing of use are refused', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a', labels: { part: '' } } });
  const create = async (query: string): Promise<string> =>
    (await api.send('POST', `${maps}?${query}`, { metadata: { name: 'b' } })).body.message;
  t.match(await create('dryRun='), /dryRun: Unsupported value: \[""\]: supported values: "All"$/);
  t.match(
    await create('fieldManager=a%0Ab%E2%80%A8&dryRun=All'),
    /fieldManager: Invalid value: "a\\nb\\u2028": invalid character U\+000A \(at position 1\), .*invalid character U\+2028 \(at position 3\)\]$/,
  );
  t.equal((await api.get(`${maps}/b`)).code, 404, 'none of them wrote');
  t.equal(
    (await api.send('POST', `${maps}?dryRun=All&fieldManager=a%20é`, { metadata: { name: 'b' } })).code,
    201,
  );
  const large = await api.get(`${maps}?limit=99999999999999999999`);
  t.equal(large.code, 400);
  t.equal(large.body.message, 'strconv.ParseInt: parsing "99999999999999999999": value out of range');
  const empty = await api.get(`${maps}?labelSelector=${encodeURIComponent('part in ()')}`);
  t.same(
    empty.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['a'],
  );
});

t.test('texts are quoted as Go quotes them', async (t) => {
  const written = (text: string): string => quotedText(text).slice(1, -1);
  t.equal(written('plain é 漢'), 'plain é 漢');
  t.equal(written('"\\/\n\t'), '\\"\\\\/\\n\\t');
  t.equal(written('\0\x07\v\x1f\x7f'), '\\x00\\a\\v\\x1f\\x7f');
  t.equal(written('\u00a0\u2028\u{e0001}'), '\\u00a0\\u2028\\U000e0001');
  t.equal(written('\\u0000'), '\\\\u0000', 'a backslash of the text is none of an escape');
});

t.test('a patch of null changes nothing or is none', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const patch = (kind: string): ReturnType<typeof api.send> =>
    api.send('PATCH', `${maps}/a`, 'null', { 'content-type': `application/${kind}+json` });
  const merged = await patch('merge-patch');
  t.equal(merged.code, 400);
  t.equal(merged.body.message, 'Invalid JSON Patch');
  t.equal((await patch('strategic-merge-patch')).code, 200);
});

t.test(
  'which kind it says it is, nobody asks a strategic merge patch, as Ansible takes for granted',
  async (t) => {
    const api = await startApi(t);
    await api.send('POST', maps, { metadata: { name: 'a' } });
    const patch = (kind: string, body: object): ReturnType<typeof api.send> =>
      api.send('PATCH', `${maps}/a`, JSON.stringify(body), { 'content-type': `application/${kind}+json` });
    const wrong = { kind: 'Deployment', apiVersion: 'v9', data: { b: 'c' } };
    const { code, body } = await patch('strategic-merge-patch', wrong);
    t.equal(code, 200);
    t.match(body, { kind: 'ConfigMap', apiVersion: 'v1', data: { b: 'c' } });
    const none = { kind: null, apiVersion: null, data: { b: 'd' } };
    t.match((await patch('strategic-merge-patch', none)).body, { kind: 'ConfigMap', data: { b: 'd' } });
    t.equal((await patch('merge-patch', wrong)).code, 422);
  },
);

t.test('an answer that cannot have the shape that was asked for is refused', async (t) => {
  const api = await startApi(t);
  await api.send('POST', maps, { metadata: { name: 'a' } });
  const get = (path: string, as: string): ReturnType<typeof api.get> =>
    api.get(path, { accept: `application/json;as=${as}` });
  const one = await get(`${maps}/a`, 'PartialObjectMetadataList;v=v1;g=meta.k8s.io');
  t.equal(one.code, 406);
  t.equal(
    one.body.message,
    'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
  );
  const all = await get(maps, 'PartialObjectMetadata;v=v1;g=meta.k8s.io');
  t.equal(
    all.body.message,
    'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
  );
  t.equal((await get(maps, 'Table;v=v1')).code, 406, 'a Table of no group');
  t.equal((await get(maps, 'Table;v=v1;g=meta.k8s.io')).body.kind, 'Table');
});
