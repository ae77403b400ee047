/**
 * OpenAPI documents: one of version 3 per group and version, one of version 2 for everything. Paths
 * and their operations are `operations.ts`: PATCH takes `fieldValidation`, so that kubectl leaves validation to the server, and its
 * types say whether strategic merge is understood.
 */

import type { JsonObject } from '../api/objects.ts';
import type { GroupVersion, Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import { definitionOfKind } from '../schema/schema.ts';
import { customListSchema, customSchema } from './custom-schema.ts';
import type { Descriptions } from './descriptions.ts';
import { customSchemaName } from './names.ts';
import { nameOfSchema, ResourcePaths } from './operations.ts';
import { type OpenApiVersion, schemasOf } from './schemas.ts';

const info: JsonObject = { title: 'Kubernetes', version: 'v1.36.2' };

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
  for (const common of ['meta.v1.DeleteOptions', 'meta.v1.Status', 'meta.v1.Patch', 'meta.v1.WatchEvent'])
    roots.add(common);
  return roots;
}

function addCustomSchemas(
  schemas: JsonObject,
  resources: readonly ResourceType[],
  version: OpenApiVersion,
): void {
  for (const resource of resources) {
    if (resource.custom === null) continue;
    schemas[nameOfSchema(resource)] = customSchema(resource, version);
    const list = customSchemaName(resource.group, resource.version, resource.listKind);
    schemas[list] = customListSchema(resource, version);
  }
}

/** The document of one group and version. */
export function documentOf(groupVersion: GroupVersion, descriptions: Descriptions): JsonObject {
  const paths: JsonObject = {};
  for (const resource of groupVersion.resources) new ResourcePaths(resource, 3, paths).add();
  const roots = rootsOf(groupVersion);
  if (groupVersion.resources.some(({ custom }) => custom !== null)) {
    for (const part of ['meta.v1.ListMeta', 'meta.v1.ObjectMeta']) roots.add(part);
  }
  const schemas = schemasOf(roots, 3, descriptions);
  addCustomSchemas(schemas, groupVersion.resources, 3);
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

/** The one document of version 2. */
export function swaggerOf(registry: Registry, descriptions: Descriptions): JsonObject {
  const paths: JsonObject = {};
  const roots = new Set<string>();
  const custom: ResourceType[] = [];
  for (const { versions } of registry.groups()) {
    for (const groupVersion of versions) {
      for (const resource of groupVersion.resources) {
        new ResourcePaths(resource, 2, paths).add();
        if (resource.custom !== null) custom.push(resource);
      }
      for (const root of rootsOf(groupVersion)) roots.add(root);
    }
  }
  const definitions = schemasOf(roots, 2, descriptions);
  addCustomSchemas(definitions, custom, 2);
  return { swagger: '2.0', info, paths, definitions };
}
