/** In which form a client is answered, above all when it is refused: what a kube-apiserver does with the same header. */

import t from 'tap';
import { parse } from 'yaml';
import { allFormats, negotiate, negotiateError, objectShapes } from '../../src/kube/http/negotiate.ts';
import { protobufCodec } from '../../src/kube/proto/index.ts';
import { startApi } from './api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const [json, yaml] = ['application/json', 'application/yaml'];
const protobuf = 'application/vnd.kubernetes.protobuf';
const metadataOnly = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const typeOf = (text: string | null): string => text?.split(';')[0] ?? '';

t.test('entries count in their order, by q, and with a star last; others are passed over', (t) => {
  const offer = { formats: allFormats, shapes: objectShapes };
  for (const [accept, format] of [
    ['', 'json'],
    ['*/*', 'json'],
    [`text/*, ${yaml}`, 'yaml'],
    [`*, text/plain, ${json};stream=other`, 'json'],
    [`application/*, ${json};stream=other`, 'json'],
    [`${yaml}, ${json}`, 'yaml'],
    [`${yaml};q=0.5, ${json}`, 'json'],
    [`${yaml};q=0`, 'yaml'],
    [`*/*, ${yaml};q=0.1`, 'yaml'],
    [`application/*, ${protobuf};q=0.1`, 'protobuf'],
    [`${yaml};stream=watch, ${protobuf};stream=watch`, 'protobuf'],
    [`${json};stream=other, ${yaml}`, 'yaml'],
    [`${json};v=v1, ${yaml}`, 'yaml'],
    [`${json};as=Secret;g=meta.k8s.io;v=v1, ${yaml}`, 'yaml'],
    [`${protobuf};as=Table;g=meta.k8s.io;v=v1, ${yaml}`, 'yaml'],
  ] as const) {
    t.equal(negotiate(accept, offer).format, format, accept);
  }
  for (const accept of ['json', 'text/html', 'application', 'Application/JSON', `${json};as=Table`]) {
    t.throws(() => negotiate(accept, offer), { code: 406 }, accept);
  }
  for (const accept of ['*', 'application/*']) {
    t.throws(() => negotiate(accept, offer), { code: 406 }, `${accept} is no route`);
    t.equal(negotiate(accept, { ...offer, isOfAnyRoute: true }).format, 'json');
    t.equal(negotiateError(accept, allFormats)?.format, 'json');
  }
  t.end();
});

t.test('what is asked for as another shape says nothing of the form of a refusal', (t) => {
  t.equal(negotiateError(`${protobuf};${metadataOnly},${json}`, allFormats)?.format, 'json');
  t.equal(negotiateError(`${protobuf};${metadataOnly},${protobuf}`, allFormats)?.format, 'protobuf');
  t.equal(negotiateError(`${protobuf};${metadataOnly}`, allFormats), null);
  t.end();
});

t.test('whatever is refused is refused in the form that was asked for', async (t) => {
  const api = await startApi(t, { authorizationModes: ['RBAC'], adminToken: 'secret' });
  const admin = { authorization: 'Bearer secret' };
  const refusals = [
    ['GET', `${maps}/none`, admin, 404],
    ['GET', maps, { authorization: 'Bearer wrong' }, 401],
    ['GET', maps, {}, 403],
    ['GET', '/api/v1/nothing', admin, 404],
    ['POST', maps, { ...admin, 'content-type': 'text/html' }, 415],
    ['GET', `${maps}?resourceVersion=x`, admin, 400],
  ] as const;
  for (const [method, path, headers, code] of refusals) {
    for (const accept of [json, yaml, protobuf]) {
      const title = `${code} in ${accept}`;
      const response = await fetch(api.plane.url + path, {
        method,
        headers: { ...headers, accept },
        ...(method === 'POST' && { body: '<html>' }),
      });
      t.equal(response.status, code, title);
      t.equal(typeOf(response.headers.get('content-type')), accept, title);
      const body = Buffer.from(await response.arrayBuffer());
      const text = body.toString();
      const status =
        accept === protobuf ? protobufCodec!.decode(body) : accept === json ? JSON.parse(text) : null;
      if (status === null)
        t.match(text, new RegExp(`^apiVersion: v1\ncode: ${code}\n(.*\n)*kind: Status\n`), title);
      else t.match(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code }, title);
    }
  }
});

t.test(
  'who takes nothing that there is gets JSON to look at, and hears of what went wrong first',
  async (t) => {
    const api = await startApi(t);
    for (const [accept, path, code] of [
      ['text/html', maps, 406],
      [`${json};as=Table`, maps, 406],
      [`${json};as=Table;g=meta.k8s.io;v=v1`, `${maps}/none`, 404],
      ['text/html', '/api/v1/nothing', 404],
    ] as const) {
      const response = await fetch(api.plane.url + path, { headers: { accept } });
      t.equal(response.status, code);
      t.equal(response.headers.get('content-type'), json);
      const text = await response.text();
      t.equal(text, JSON.stringify(JSON.parse(text), null, 2), 'indented, and no line after it');
    }
  },
);

t.test('a watch has no YAML, and who takes others as well but it first is refused', async (t) => {
  const api = await startApi(t);
  const refused = await api.get(`${maps}?watch=1`, { accept: `${yaml},${json}` });
  t.equal(refused.code, 406);
  t.match(parse(refused.body), {
    message: `only the following media types are accepted: ${json};stream=watch, ${protobuf};stream=watch`,
  });
});

t.test('what is served is told in YAML, too', async (t) => {
  const api = await startApi(t);
  for (const path of ['/api', '/apis', '/api/v1', '/apis/batch', '/apis/batch/v1']) {
    const inYaml = await api.get(path, { accept: yaml });
    t.strictSame([inYaml.code, typeOf(inYaml.headers.get('content-type'))], [200, yaml], path);
    t.strictSame(parse(inYaml.body), (await api.get(path)).body, path);
  }
});

t.test('custom resources have no protobuf, but their metadata has', async (t) => {
  const api = await startApi(t);
  const schema = { openAPIV3Schema: { type: 'object' } };
  const defined = await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'toys.example.com' },
    spec: {
      ...{ group: 'example.com', scope: 'Cluster', names: { plural: 'toys', kind: 'Toy' } },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  t.equal(defined.code, 201);
  const toys = '/apis/example.com/v1/toys';
  for (let tries = 0; (await api.get(toys)).code !== 200 && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const toy = { apiVersion: 'example.com/v1', kind: 'Toy', metadata: { name: 'a' } };
  t.equal((await api.send('POST', toys, toy)).code, 201);
  t.equal((await api.get(`${toys}/a`, { accept: protobuf })).code, 406);
  const headers = { accept: `${protobuf};${metadataOnly}` };
  const answer = await fetch(`${api.plane.url}${toys}/a`, { headers });
  t.equal(answer.headers.get('content-type'), protobuf);
  t.match(protobufCodec!.decode(Buffer.from(await answer.arrayBuffer())), {
    kind: 'PartialObjectMetadata',
    metadata: { name: 'a' },
  });
  const lists = { accept: headers.accept.replace('Metadata', 'MetadataList') };
  const list = await fetch(api.plane.url + toys, { headers: lists });
  t.match(protobufCodec!.decode(Buffer.from(await list.arrayBuffer())), {
    kind: 'PartialObjectMetadataList',
    items: [{ metadata: { name: 'a' } }],
  });
});
