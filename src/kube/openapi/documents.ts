/**
 * OpenAPI documents (reference §1.3): one of version 3 per group and version, one of version 2 for everything. Of paths they
 * hold what clients look for: which kind an address has, and that PATCH takes `fieldValidation`, so that kubectl leaves
 * validation to the server. The patch types say whether strategic merge is understood.
 */

import type { JsonObject } from '../api/objects.ts';
import type { GroupVersion, Registry } from '../registry/registry.ts';
import type { ResourceType, Verb } from '../registry/types.ts';
import { definitionOf, definitionOfKind } from '../schema/schema.ts';
import { customSchema } from './custom-schema.ts';
import { customSchemaName, schemaName } from './names.ts';
import { type OpenApiVersion, schemasOf } from './schemas.ts';

const info: JsonObject = { title: 'Kubernetes', version: 'v1.36.2' };

interface Method {
  readonly method: string;
  readonly verb: Verb;
  readonly action: string;
}

const collectionMethods: readonly Method[] = [
  { method: 'get', verb: 'list', action: 'list' },
  { method: 'post', verb: 'create', action: 'post' },
  { method: 'delete', verb: 'deletecollection', action: 'deletecollection' },
];

const objectMethods: readonly Method[] = [
  { method: 'get', verb: 'get', action: 'get' },
  { method: 'put', verb: 'update', action: 'put' },
  { method: 'patch', verb: 'patch', action: 'patch' },
  { method: 'delete', verb: 'delete', action: 'delete' },
];

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];
const builtInPatchTypes = [...patchTypes, 'application/strategic-merge-patch+json'];

function queryParameter(name: string, version: OpenApiVersion): JsonObject {
  return version === 3
    ? { name, in: 'query', schema: { type: 'string', uniqueItems: true } }
    : { name, in: 'query', type: 'string', uniqueItems: true };
}

const writeParameters: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];

function nameOfSchema(resource: ResourceType): string {
  const { custom, definition, group, version, kind } = resource;
  return custom === null && definition !== ''
    ? schemaName(definitionOf(definition))
    : customSchemaName(group, version, kind);
}

function operation(resource: ResourceType, { method, action }: Method, version: OpenApiVersion): JsonObject {
  const { group, version: groupVersion, kind, custom } = resource;
  const result: JsonObject = {
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version: groupVersion },
  };
  if (method === 'get' || method === 'delete') return result;
  result['parameters'] = writeParameters.map((name) => queryParameter(name, version));
  const types = method === 'patch' ? (custom === null ? builtInPatchTypes : patchTypes) : ['*/*'];
  if (version === 2) {
    result['consumes'] = [...types];
    return result;
  }
  const schema: JsonObject =
    method === 'patch' ? { type: 'object' } : { $ref: `#/components/schemas/${nameOfSchema(resource)}` };
  result['requestBody'] = { content: Object.fromEntries(types.map((type) => [type, { schema }])) };
  return result;
}

function operations(resource: ResourceType, methods: readonly Method[], version: OpenApiVersion): JsonObject {
  return Object.fromEntries(
    methods
      .filter(({ verb }) => resource.verbs.includes(verb))
      .map((method) => [method.method, operation(resource, method, version)]),
  );
}

function addPaths(paths: JsonObject, resource: ResourceType, version: OpenApiVersion): void {
  const { group, version: groupVersion, plural, isNamespaced } = resource;
  const base = group === '' ? `/api/${groupVersion}` : `/apis/${group}/${groupVersion}`;
  const add = (path: string, methods: readonly Method[]): void => {
    const found = operations(resource, methods, version);
    if (Object.keys(found).length > 0) paths[path] = found;
  };
  const collection = `${base}${isNamespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
  if (isNamespaced) add(`${base}/${plural}`, collectionMethods.slice(0, 1));
  add(collection, collectionMethods);
  add(`${collection}/{name}`, objectMethods);
}

/** Definitions of the kinds of a group version: its resources, their lists, and what its subresources take. */
function rootsOf({ resources }: GroupVersion): Set<string> {
  const roots = new Set<string>();
  for (const { group, version, kind, listKind, definition, subresources } of resources) {
    if (definition !== '') roots.add(definition);
    const others = [{ group, version, kind: listKind }];
    for (const sub of subresources) {
      others.push({
        group: sub.version === '' ? group : sub.group,
        version: sub.version || version,
        kind: sub.kind,
      });
    }
    for (const other of [...others, { group, version, kind }]) {
      const found = definitionOfKind(other.group, other.version, other.kind);
      if (found !== null) roots.add(found.name);
    }
  }
  for (const common of ['meta.v1.DeleteOptions', 'meta.v1.Status', 'meta.v1.Patch']) roots.add(common);
  return roots;
}

function addCustomSchemas(
  schemas: JsonObject,
  resources: readonly ResourceType[],
  version: OpenApiVersion,
): void {
  for (const resource of resources) {
    if (resource.custom !== null) schemas[nameOfSchema(resource)] = customSchema(resource, version);
  }
}

/** The document of one group and version. */
export function documentOf(groupVersion: GroupVersion): JsonObject {
  const paths: JsonObject = {};
  for (const resource of groupVersion.resources) addPaths(paths, resource, 3);
  const isCustom = groupVersion.resources.every(({ custom }) => custom !== null);
  const roots = isCustom
    ? new Set(['meta.v1.ObjectMeta', 'meta.v1.DeleteOptions', 'meta.v1.Status'])
    : rootsOf(groupVersion);
  const schemas = schemasOf(roots, 3);
  addCustomSchemas(schemas, groupVersion.resources, 3);
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

/** The one document of version 2. */
export function swaggerOf(registry: Registry): JsonObject {
  const paths: JsonObject = {};
  const roots = new Set<string>();
  const custom: ResourceType[] = [];
  for (const { versions } of registry.groups()) {
    for (const groupVersion of versions) {
      for (const resource of groupVersion.resources) {
        addPaths(paths, resource, 2);
        if (resource.custom !== null) custom.push(resource);
      }
      for (const root of rootsOf(groupVersion)) roots.add(root);
    }
  }
  const definitions = schemasOf(roots, 2);
  addCustomSchemas(definitions, custom, 2);
  return { swagger: '2.0', info, paths, definitions };
}
