/** Documents that generators and `kubectl explain` can follow: whatever a document refers to is in it, also of custom resources. */

import t from 'tap';
import { isJsonObject, type Json, type JsonObject } from '../../src/kube/api/objects.ts';
import { startApi } from './api.ts';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'kites.refs.example.com' },
  spec: {
    group: 'refs.example.com',
    scope: 'Namespaced',
    names: { plural: 'kites', kind: 'Kite', listKind: 'KiteFlock' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
      },
    ],
  },
};

function references(value: Json, into: Set<string>): Set<string> {
  if (Array.isArray(value)) for (const item of value) references(item, into);
  if (!isJsonObject(value)) return into;
  if (typeof value['$ref'] === 'string') into.add(value['$ref']);
  for (const inner of Object.values(value)) references(inner, into);
  return into;
}

function broken(document: JsonObject, schemas: JsonObject, prefix: string): string[] {
  return [...references(document, new Set())].filter(
    (name) => !name.startsWith(prefix) || schemas[name.slice(prefix.length)] === undefined,
  );
}

t.test('every reference of every document leads somewhere', async (t) => {
  const api = await startApi(t);
  await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  const kites = '/apis/refs.example.com/v1/namespaces/default/kites';
  for (let tries = 0; (await api.get(kites)).code !== 200 && tries < 6000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { paths } = (await api.get('/openapi/v3')).body;
  t.ok(paths['apis/refs.example.com/v1']);
  for (const [name, { serverRelativeURL }] of Object.entries<{ serverRelativeURL: string }>(paths)) {
    const { body } = await api.get(serverRelativeURL);
    t.strictSame(broken(body, body.components.schemas, '#/components/schemas/'), [], name);
  }
  const swagger = (await api.get('/openapi/v2')).body;
  t.strictSame(broken(swagger, swagger.definitions, '#/definitions/'), [], 'version 2');
  t.match(swagger.definitions['com.example.refs.v1.KiteFlock'], {
    description: 'KiteFlock is a list of Kite',
    required: ['items'],
    properties: { items: { items: { $ref: '#/definitions/com.example.refs.v1.Kite' } } },
    'x-kubernetes-group-version-kind': [{ group: 'refs.example.com', kind: 'KiteFlock', version: 'v1' }],
  });
});
