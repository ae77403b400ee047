/** OpenAPI documents: references that lead somewhere, hashes that move with the resources, and what kubectl looks for. */

import t from 'tap';
import type { JsonObject } from '../../src/kube/api/objects.ts';
import type { ApiAnswer, ApiRequest } from '../../src/kube/http/types.ts';
import { schemaOfVersion2 } from '../../src/kube/openapi/custom-schema.ts';
import { loadDescriptions } from '../../src/kube/openapi/descriptions.ts';
import { swaggerOf } from '../../src/kube/openapi/documents.ts';
import { gnosticDocument } from '../../src/kube/openapi/gnostic.ts';
import { OpenApiPages } from '../../src/kube/openapi/pages.ts';
import { builtInResources } from '../../src/kube/registry/built-in.ts';
import { Registry } from '../../src/kube/registry/registry.ts';
import type { ResourceType } from '../../src/kube/registry/types.ts';
import { type Api, startApi } from './api.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const v2Type = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

async function documents(api: Api): Promise<Map<string, JsonObject>> {
  const index = await api.get('/openapi/v3');
  const found = new Map<string, JsonObject>();
  for (const [name, { serverRelativeURL }] of Object.entries<{ serverRelativeURL: string }>(
    index.body.paths,
  )) {
    found.set(name, (await api.get(serverRelativeURL)).body);
  }
  return found;
}

function referencesIn(value: unknown, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === '$ref' && typeof inner === 'string') into.add(inner);
    else referencesIn(inner, into);
  }
}

async function codeIfKept(api: Api, path: string, etag: string | null): Promise<number> {
  const answer = await fetch(api.plane.url + path, { headers: { 'if-none-match': etag ?? '' } });
  await answer.arrayBuffer();
  return answer.status;
}

t.test('every reference of every document leads to a schema', async (t) => {
  const api = await startApi(t);
  const all = await documents(api);
  t.ok(all.has('api/v1'));
  t.ok(all.has('apis/apps/v1'));
  for (const [name, document] of all) {
    const { schemas } = document['components'] as { schemas: JsonObject };
    const references = new Set<string>();
    referencesIn(document, references);
    for (const reference of references) {
      const target = reference.replace('#/components/schemas/', '');
      if (!(target in schemas)) t.fail(`${name}: ${reference}`);
    }
    t.ok(references.size > 0, name);
  }
});

t.test('every kind has a schema that says so, and a patch that takes fieldValidation', async (t) => {
  const api = await startApi(t);
  const all = await documents(api);
  for (const { group, version, kind, verbs } of builtInResources) {
    const document = all.get(group === '' ? `api/${version}` : `apis/${group}/${version}`)!;
    const { schemas } = document['components'] as { schemas: Record<string, JsonObject> };
    const names = Object.values(schemas).flatMap((schema) => schema['x-kubernetes-group-version-kind'] ?? []);
    t.ok(
      names.some((name) => JSON.stringify(name) === JSON.stringify({ group, kind, version })),
      kind,
    );
    if (!verbs.includes('patch')) continue;
    const patches = Object.values(document['paths'] as Record<string, JsonObject>)
      .map((path) => path['patch'] as JsonObject | undefined)
      .filter((patch) => (patch?.['x-kubernetes-group-version-kind'] as JsonObject)?.['kind'] === kind);
    t.match(patches, [{ parameters: [{}, {}, { name: 'fieldValidation', in: 'query' }] }], kind);
  }
});

t.test('schemas carry what patches and server-side apply need', async (t) => {
  const api = await startApi(t);
  const core = (await api.get('/openapi/v3/api/v1')).body;
  const { containers } = core.components.schemas['io.k8s.api.core.v1.PodSpec'].properties;
  t.match(containers, {
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  const { ports } = core.components.schemas['io.k8s.api.core.v1.ServiceSpec'].properties;
  t.strictSame(ports['x-kubernetes-list-map-keys'], ['port', 'protocol']);
  t.strictSame(core.components.schemas['io.k8s.api.core.v1.Container'].required, ['name']);
  t.match(core.components.schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], {
    format: 'int-or-string',
  });
});

t.test(
  'fields of a few values list them, where a real server does: of lists and maps, in what they hold',
  async (t) => {
    const api = await startApi(t);
    const { schemas } = (await api.get('/openapi/v3/api/v1')).body.components;
    const { restartPolicy } = schemas['io.k8s.api.core.v1.PodSpec'].properties;
    t.strictSame(restartPolicy.enum, ['Always', 'Never', 'OnFailure']);
    const { accessModes } = schemas['io.k8s.api.core.v1.PersistentVolumeClaimSpec'].properties;
    const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
    t.strictSame(accessModes.items, { type: 'string', enum: modes });
    t.notOk('enum' in accessModes);
    const { allocatedResourceStatuses } =
      schemas['io.k8s.api.core.v1.PersistentVolumeClaimStatus'].properties;
    t.equal(allocatedResourceStatuses.additionalProperties.enum.length, 5);
    const { definitions } = (await api.get('/openapi/v2')).body;
    const { usages } = definitions['io.k8s.api.certificates.v1.CertificateSigningRequestSpec'].properties;
    t.ok(usages.items.enum.includes('digital signature'), 'values may have spaces');
  },
);

t.test('a document may be kept by its hash, and another hash leads to the right one', async (t) => {
  const api = await startApi(t);
  const index = await api.get('/openapi/v3');
  const url: string = index.body.paths['apis/apps/v1'].serverRelativeURL;
  const kept = await api.get(url);
  t.equal(kept.headers.get('cache-control'), 'public, immutable');
  t.ok(Date.parse(kept.headers.get('expires') ?? '') > Date.now());
  t.equal(await codeIfKept(api, url, kept.headers.get('etag')), 304);
  t.equal(await codeIfKept(api, url, '"0"'), 200);
  const other = await fetch(`${api.plane.url}/openapi/v3/apis/apps/v1?hash=0`, { redirect: 'manual' });
  t.equal(other.status, 301);
  t.equal(other.headers.get('location'), url);
  t.equal((await api.get('/openapi/v3/apis/nope/v1')).code, 404);
});

function request(path: string, query = ''): ApiRequest {
  return {
    segments: path.split('/').slice(1),
    query: new URLSearchParams(query),
    header: () => '',
  } as unknown as ApiRequest;
}

function textOf(answer: ApiAnswer | null): string {
  return answer?.type === 'bytes' ? String(answer.body) : '';
}

t.test('a custom resource comes into the documents and moves only its own hash', async (t) => {
  const registry = new Registry(builtInResources);
  const pages = new OpenApiPages(registry, () => 0);
  const before = JSON.parse(textOf(pages.handle(request('/openapi/v3')) as ApiAnswer)).paths;
  const [sample] = builtInResources.filter(({ kind }) => kind === 'ConfigMap');
  const custom = {
    openApiSchema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    },
  };
  const tab = {
    ...sample!,
    group: 'example.org',
    kind: 'CronTab',
    plural: 'crontabs',
    definition: '',
    custom,
  };
  registry.add([tab as unknown as ResourceType]);
  const after = JSON.parse(textOf(pages.handle(request('/openapi/v3')) as ApiAnswer)).paths;
  t.equal(after['api/v1'].serverRelativeURL, before['api/v1'].serverRelativeURL);
  const document = JSON.parse(textOf(await pages.handle(request('/openapi/v3/apis/example.org/v1'))));
  t.match(document.components.schemas['org.example.v1.CronTab'], {
    properties: { spec: { properties: { size: { type: 'integer' } } }, metadata: { allOf: [{}] } },
    'x-kubernetes-group-version-kind': [{ group: 'example.org', kind: 'CronTab', version: 'v1' }],
  });
  const patch = document.paths['/apis/example.org/v1/namespaces/{namespace}/crontabs/{name}'].patch;
  t.notOk('application/strategic-merge-patch+json' in patch.requestBody.content);
  custom.openApiSchema.properties.spec.properties.size.type = 'string';
  registry.add([{ ...tab } as unknown as ResourceType]);
  const changed = JSON.parse(textOf(pages.handle(request('/openapi/v3')) as ApiAnswer)).paths;
  const url = (paths: typeof after): string => paths['apis/example.org/v1'].serverRelativeURL;
  t.not(url(changed), url(after));
});

t.test('version 2 is JSON, or protobuf under a type of its own', async (t) => {
  const api = await startApi(t);
  const json = await api.get('/openapi/v2');
  const references = new Set<string>();
  referencesIn(json.body, references);
  for (const reference of references) {
    if (!(reference.replace('#/definitions/', '') in json.body.definitions)) t.fail(reference);
  }
  const protobuf = await api.get('/openapi/v2', { accept: v2Type });
  t.equal(protobuf.headers.get('content-type'), 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  t.equal(await codeIfKept(api, '/openapi/v2', protobuf.headers.get('etag')), 304);
});

t.test('version 2 of a custom schema has nothing that older kubectls misread', async (t) => {
  const open = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { a: { type: 'string' } },
  };
  const schema = {
    type: 'object',
    required: ['maybe', 'sure'],
    properties: {
      sure: { type: 'string', anyOf: [{ minLength: 1 }] },
      maybe: { type: 'object', nullable: true, properties: { b: { type: 'string' } } },
      open,
      list: { type: 'array', items: open },
      any: { type: 'array', 'x-kubernetes-preserve-unknown-fields': true, items: { type: 'string' } },
    },
  };
  const keeps = { 'x-kubernetes-preserve-unknown-fields': true };
  t.strictSame(schemaOfVersion2(schema), {
    type: 'object',
    required: ['sure'],
    properties: {
      sure: { type: 'string' },
      maybe: {},
      open: keeps,
      list: { type: 'array', items: keeps },
      any: keeps,
    },
  });
  const api = await startApi(t);
  const names = { plural: 'crates', singular: 'crate', kind: 'Crate', listKind: 'CrateList' };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: open } };
  const made = await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crates.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [version] },
  });
  t.equal(made.code, 201, made.body.message);
  while ((await api.get('/apis/example.com/v1/crates')).code !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const kind = { group: 'example.com', kind: 'Crate', version: 'v1' };
  const { definitions } = (await api.get('/openapi/v2')).body;
  t.strictSame(
    definitions['com.example.v1.Crate'],
    { type: 'object', 'x-kubernetes-group-version-kind': [kind] },
    'where everything may stand, nothing is said of what does',
  );
});

t.test('the protobuf document begins with its version and its title', async (t) => {
  const bytes = Buffer.from(
    gnosticDocument(swaggerOf(new Registry(builtInResources), await loadDescriptions())),
  );
  t.equal(bytes.subarray(0, 5).toString('latin1'), '\x0a\x032.0');
  t.equal(bytes.subarray(5, 19).toString('latin1'), '\x12\x15\x0a\x0aKubernetes');
  t.ok(bytes.includes('io.k8s.api.apps.v1.Deployment'));
});

for (const program of findKubectls()) {
  t.test(`${program.split('/').pop()} explains kinds and their members, all the way down`, async (t) => {
    const api = await startApi(t);
    const kubectl = new Kubectl(program, api.plane.kubeconfig);
    t.teardown(() => kubectl.close());
    const explained = await kubectl.run('explain', 'deployment.spec', '--recursive');
    t.equal(explained.code, 0, explained.stderr);
    t.match(explained.stdout, /KIND: +Deployment/);
    t.match(explained.stdout, /\n +containers\t<\[\]Container> -required-\n/);
    const field = await kubectl.run('explain', 'pods.spec.containers.ports.containerPort');
    t.match(field.stdout, /containerPort <integer>/, field.stderr);
    const container = await kubectl.run('explain', 'pods.spec.containers');
    t.match(
      container.stdout,
      /\nDESCRIPTION:\n {4}Containers of the pod, .*\n( {4}.*\n)* {4}One container of a pod: /,
      'what the field means, then what its type is',
    );
    t.match(container.stdout, /\n {2}image\t<string>\n {4}Image to run: /);
    t.notMatch(container.stdout, /<empty>|<no description>/);
  });
}

t.test('every operation has an id of its own, by which generators name methods', async (t) => {
  const api = await startApi(t);
  const { paths } = (await api.get('/openapi/v3/apis/apps/v1')).body;
  const at = '/apis/apps/v1/namespaces/{namespace}/deployments';
  const told = (path: string): string[] =>
    Object.entries(paths[path] as Record<string, { operationId?: string; 'x-kubernetes-action': string }>)
      .filter(([method]) => method !== 'parameters')
      .map(([method, one]) => `${method} ${one.operationId} ${one['x-kubernetes-action']}`);
  t.strictSame(told(at), [
    'get listAppsV1NamespacedDeployment list',
    'post createAppsV1NamespacedDeployment post',
    'delete deleteAppsV1CollectionNamespacedDeployment deletecollection',
  ]);
  t.strictSame(told(`${at}/{name}`), [
    'get readAppsV1NamespacedDeployment get',
    'put replaceAppsV1NamespacedDeployment put',
    'delete deleteAppsV1NamespacedDeployment delete',
    'patch patchAppsV1NamespacedDeployment patch',
  ]);
  t.strictSame(told('/apis/apps/v1/deployments'), ['get listAppsV1DeploymentForAllNamespaces list']);
  t.strictSame(told(`${at}/{name}/scale`), [
    'get readAppsV1NamespacedDeploymentScale get',
    'put replaceAppsV1NamespacedDeploymentScale put',
    'patch patchAppsV1NamespacedDeploymentScale patch',
  ]);
  t.match(paths[`${at}/{name}/scale`].get['x-kubernetes-group-version-kind'], {
    group: 'autoscaling',
    kind: 'Scale',
  });
  const old = '/apis/apps/v1/watch';
  t.strictSame(told(`${old}/deployments`), ['get watchAppsV1DeploymentListForAllNamespaces watchlist']);
  t.strictSame(told(`${old}/namespaces/{namespace}/deployments/{name}`), [
    'get watchAppsV1NamespacedDeployment watch',
  ]);
  t.match(paths[at].get.responses[200].content['application/json'].schema, { $ref: /DeploymentList$/ });
  const { body } = await api.get('/openapi/v2');
  const ids = Object.values(body.paths as Record<string, Record<string, { operationId?: string }>>)
    .flatMap((item) => Object.values(item).map((one) => one.operationId))
    .filter((id) => id !== undefined);
  t.equal(new Set(ids).size, ids.length);
  t.ok(ids.includes('connectCoreV1GetNamespacedPodExec'));
  t.ok(ids.includes('createRbacAuthorizationV1ClusterRole'));
});
