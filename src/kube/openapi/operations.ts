/**
 * The operations of a resource as OpenAPI documents show them: an id from which generators of clients make the names of methods,
 * the kind and the action, parameters, bodies and answers; for the resource, its objects, its subresources, and the old addresses
 * of watches.
 */

import type { JsonObject } from '../api/objects.ts';
import type { ResourceType, Subresource, Verb } from '../registry/types.ts';
import { definitionOf, definitionOfKind } from '../schema/schema.ts';
import { customSchemaName, schemaName } from './names.ts';
import type { OpenApiVersion } from './schemas.ts';

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];
const builtInPatchTypes = [...patchTypes, 'application/strategic-merge-patch+json'];
const answerTypes = ['application/json', 'application/yaml'];
const protobufType = 'application/vnd.kubernetes.protobuf';

type ParameterType = 'string' | 'boolean' | 'integer';

const types: Readonly<Record<string, ParameterType>> = {
  allowWatchBookmarks: 'boolean',
  follow: 'boolean',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'boolean',
  insecureSkipTLSVerifyBackend: 'boolean',
  limit: 'integer',
  limitBytes: 'integer',
  orphanDependents: 'boolean',
  ports: 'integer',
  previous: 'boolean',
  sendInitialEvents: 'boolean',
  sinceSeconds: 'integer',
  stderr: 'boolean',
  stdin: 'boolean',
  stdout: 'boolean',
  tailLines: 'integer',
  timeoutSeconds: 'integer',
  timestamps: 'boolean',
  tty: 'boolean',
  watch: 'boolean',
};

const writing = ['dryRun', 'fieldManager', 'fieldValidation'];
const listing = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];
const deleting = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];
const deletingAll = [
  ...deleting,
  ...listing.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'),
];

/** What connections are asked with. */
const connecting: Readonly<Record<string, readonly string[]>> = {
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'],
  exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'],
  log: [
    ...['container', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'previous'],
    ...['sinceSeconds', 'stream', 'tailLines', 'timestamps'],
  ],
  portforward: ['ports'],
  proxy: ['path'],
};

function queryParameter(name: string, version: OpenApiVersion): JsonObject {
  const type = types[name] ?? 'string';
  return version === 3
    ? { name, in: 'query', schema: { type, uniqueItems: true } }
    : { name, in: 'query', type, uniqueItems: true };
}

function pathParameter(name: string, version: OpenApiVersion): JsonObject {
  const rest = { name, in: 'path', required: true };
  return version === 3
    ? { ...rest, schema: { type: 'string', uniqueItems: true } }
    : { ...rest, type: 'string', uniqueItems: true };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A kind with its article; a plural has none. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind;
  return /^[aeiou]/i.test(kind) ? `an ${kind}` : `a ${kind}`;
}

/** The parts of a group's name that tell it apart. */
function partsOf(group: string): string[] {
  return group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.');
}

/** What stands between the verb and the kind of an id. */
function groupWord({ group, version }: ResourceType): string {
  return [...partsOf(group), version].map(capital).join('');
}

function tagOf({ group, version }: ResourceType): string {
  const [first = '', ...others] = partsOf(group);
  return `${first}${others.map(capital).join('')}_${version}`;
}

export function nameOfSchema({ custom, definition, group, version, kind }: ResourceType): string {
  return custom === null && definition !== ''
    ? schemaName(definitionOf(definition))
    : customSchemaName(group, version, kind);
}

interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function kindOfSub({ group, version, kind }: ResourceType, sub: Subresource | null): KindName {
  if (sub === null) return { group, version, kind };
  return sub.version === '' ? { group, version, kind: sub.kind } : sub;
}

/** The schema of what is sent or answered; null: none is known. */
function schemaOf(resource: ResourceType, { group, version, kind }: KindName): string | null {
  if (kind === resource.kind && group === resource.group) return nameOfSchema(resource);
  const found = definitionOfKind(group, version, kind);
  return found === null ? null : schemaName(found);
}

interface Operation {
  readonly resource: ResourceType;
  readonly version: OpenApiVersion;
  readonly method: string;
  readonly action: string;
  readonly id: string;
  readonly description: string;
  readonly kind: KindName;
  readonly query: readonly string[];
  /** Of the body; null: there is none. */
  readonly body: string | null;
  /** Of the answer; null: a text. */
  readonly answer: string | null;
}

function referenceTo(name: string | null, version: OpenApiVersion): JsonObject {
  if (name === null) return { type: 'string' };
  return { $ref: version === 3 ? `#/components/schemas/${name}` : `#/definitions/${name}` };
}

function contentOf(accepted: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(accepted.map((type) => [type, { schema }]));
}

function codesOf({ action, method }: Operation): readonly [number, string][] {
  if (action === 'post') {
    return [
      [200, 'OK'],
      [201, 'Created'],
      [202, 'Accepted'],
    ];
  }
  if (action === 'put' || action === 'patch') {
    return [
      [200, 'OK'],
      [201, 'Created'],
    ];
  }
  if (action === 'delete' && method === 'delete') {
    return [
      [200, 'OK'],
      [202, 'Accepted'],
    ];
  }
  return [[200, 'OK']];
}

function shown(operation: Operation): JsonObject {
  const { resource, version, action, id, description, kind, query, body, answer } = operation;
  const { group, version: kindVersion } = kind;
  const schema = referenceTo(answer, version);
  const isCustom = resource.custom !== null;
  const produced = action === 'connect' ? ['*/*'] : isCustom ? answerTypes : [...answerTypes, protobufType];
  const responses: JsonObject = {};
  for (const [code, text] of codesOf(operation)) {
    responses[code] =
      version === 3
        ? { description: text, content: contentOf(produced, schema) }
        : { description: text, schema };
  }
  responses[401] = { description: 'Unauthorized' };
  const parameters = query.map((name) => queryParameter(name, version));
  const result: JsonObject = { tags: [tagOf(resource)], description, operationId: id };
  const accepted = action === 'patch' ? (isCustom ? patchTypes : builtInPatchTypes) : ['*/*'];
  if (version === 2) {
    result['consumes'] = [...accepted];
    result['produces'] = [...produced];
    result['schemes'] = ['https'];
    if (body !== null) {
      parameters.unshift({ name: 'body', in: 'body', required: true, schema: referenceTo(body, version) });
    }
  }
  if (parameters.length > 0) result['parameters'] = parameters;
  if (version === 3 && body !== null) {
    const required = action === 'delete' || action === 'deletecollection' ? {} : { required: true };
    result['requestBody'] = { content: contentOf(accepted, referenceTo(body, version)), ...required };
  }
  return {
    ...result,
    responses,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind: kind.kind, version: kindVersion },
  };
}

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** All paths of one resource. */
export class ResourcePaths {
  readonly #resource: ResourceType;
  readonly #version: OpenApiVersion;
  readonly #paths: JsonObject;
  readonly #word: string;
  readonly #namespaced: string;

  /** @param paths takes them */
  constructor(resource: ResourceType, version: OpenApiVersion, paths: JsonObject) {
    this.#resource = resource;
    this.#version = version;
    this.#paths = paths;
    this.#word = groupWord(resource);
    this.#namespaced = resource.isNamespaced ? 'Namespaced' : '';
  }

  add(): void {
    const { group, version, plural, isNamespaced, kind, subresources } = this.#resource;
    const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const within = isNamespaced ? '/namespaces/{namespace}' : '';
    const names = isNamespaced ? ['namespace'] : [];
    const [word, spaced] = [this.#word, this.#namespaced];
    if (isNamespaced) this.#addList(`${base}/${plural}`, `list${word}${kind}ForAllNamespaces`);
    this.#addCollection(`${base}${within}/${plural}`, names);
    this.#addObject(`${base}${within}/${plural}/{name}`, ['name', ...names]);
    for (const sub of subresources) {
      this.#addSubresource(`${base}${within}/${plural}/{name}/${sub.name}`, ['name', ...names], sub);
    }
    if (!this.#resource.verbs.includes('watch')) return;
    const old = `${base}/watch`;
    if (isNamespaced) this.#addWatch(`${old}/${plural}`, [], `${word}${kind}ListForAllNamespaces`, true);
    this.#addWatch(`${old}${within}/${plural}`, names, `${word}${spaced}${kind}List`, true);
    this.#addWatch(`${old}${within}/${plural}/{name}`, ['name', ...names], `${word}${spaced}${kind}`, false);
  }

  #put(path: string, names: readonly string[], operations: readonly (Operation | null)[]): void {
    const found = operations.filter((one) => one !== null);
    if (found.length === 0) return;
    const item: JsonObject = {};
    for (const one of found) item[one.method] = shown(one);
    const pretty = found.some(({ action }) => action === 'connect') ? [] : ['pretty'];
    const parameters = [
      ...names.map((name) => pathParameter(name, this.#version)),
      ...pretty.map((name) => queryParameter(name, this.#version)),
    ];
    if (parameters.length > 0) item['parameters'] = parameters;
    this.#paths[path] = item;
  }

  #operation(
    given: Partial<Operation> & Pick<Operation, 'method' | 'action' | 'id' | 'description'>,
  ): Operation {
    const resource = this.#resource;
    const { group, version, kind } = resource;
    const own = nameOfSchema(resource);
    return {
      resource,
      version: this.#version,
      kind: { group, version, kind },
      query: [],
      body: null,
      answer: own,
      ...given,
    };
  }

  #has(verb: Verb, make: () => Operation): Operation | null {
    return this.#resource.verbs.includes(verb) ? make() : null;
  }

  #listOperation(id: string): Operation | null {
    const { kind, listKind, group, version } = this.#resource;
    const list = definitionOfKind(group, version, listKind);
    const answer = list === null ? customSchemaName(group, version, listKind) : schemaName(list);
    const may = this.#resource.verbs.includes('watch') ? 'list or watch' : 'list';
    const description = `${may} objects of kind ${kind}`;
    return this.#has('list', () =>
      this.#operation({ method: 'get', action: 'list', id, description, query: listing, answer }),
    );
  }

  #addList(path: string, id: string): void {
    this.#put(path, [], [this.#listOperation(id)]);
  }

  #addCollection(path: string, names: readonly string[]): void {
    const { kind } = this.#resource;
    const [word, spaced] = [this.#word, this.#namespaced];
    const own = nameOfSchema(this.#resource);
    this.#put(path, names, [
      this.#listOperation(`list${word}${spaced}${kind}`),
      this.#has('create', () =>
        this.#operation({
          ...{ method: 'post', action: 'post', id: `create${word}${spaced}${kind}` },
          ...{ description: `create ${withArticle(kind)}`, query: writing, body: own },
        }),
      ),
      this.#has('deletecollection', () =>
        this.#operation({
          ...{ method: 'delete', action: 'deletecollection', id: `delete${word}Collection${spaced}${kind}` },
          ...{ description: `delete collection of ${kind}`, query: deletingAll },
          ...{ body: `${metaPrefix}.DeleteOptions`, answer: `${metaPrefix}.Status` },
        }),
      ),
    ]);
  }

  #addObject(path: string, names: readonly string[]): void {
    const { kind, answersDeleted } = this.#resource;
    const at = `${this.#word}${this.#namespaced}${kind}`;
    const own = nameOfSchema(this.#resource);
    this.#put(path, names, [
      this.#has('get', () => this.#reading(at, null)),
      this.#has('update', () => this.#replacing(at, null)),
      this.#has('delete', () =>
        this.#operation({
          ...{
            method: 'delete',
            action: 'delete',
            id: `delete${at}`,
            description: `delete ${withArticle(kind)}`,
          },
          ...{ query: deleting, body: `${metaPrefix}.DeleteOptions` },
          answer: answersDeleted ? own : `${metaPrefix}.Status`,
        }),
      ),
      this.#has('patch', () => this.#patching(at, null)),
    ]);
  }

  #what(sub: Subresource | null): string {
    const { kind } = this.#resource;
    return sub === null ? `the specified ${kind}` : `${sub.name} of the specified ${kind}`;
  }

  #reading(at: string, sub: Subresource | null): Operation {
    const kind = kindOfSub(this.#resource, sub);
    const id = `read${at}${sub === null ? '' : capital(sub.name)}`;
    const rest = sub?.name === 'log' ? { query: connecting['log']!, answer: null } : {};
    const answer = schemaOf(this.#resource, kind);
    const description = `read ${this.#what(sub)}`;
    return this.#operation({ method: 'get', action: 'get', id, description, kind, answer, ...rest });
  }

  #replacing(at: string, sub: Subresource | null): Operation {
    const kind = kindOfSub(this.#resource, sub);
    const body = schemaOf(this.#resource, kind);
    const id = `replace${at}${sub === null ? '' : capital(sub.name)}`;
    const description = `replace ${this.#what(sub)}`;
    const rest = { kind, body, answer: body, query: writing };
    return this.#operation({ method: 'put', action: 'put', id, description, ...rest });
  }

  #patching(at: string, sub: Subresource | null): Operation {
    const kind = kindOfSub(this.#resource, sub);
    const answer = schemaOf(this.#resource, kind);
    const id = `patch${at}${sub === null ? '' : capital(sub.name)}`;
    const description = `partially update ${this.#what(sub)}`;
    const rest = { kind, answer, body: `${metaPrefix}.Patch`, query: [...writing, 'force'] };
    return this.#operation({ method: 'patch', action: 'patch', id, description, ...rest });
  }

  #addSubresource(path: string, names: readonly string[], sub: Subresource): void {
    const { kind: owner } = this.#resource;
    const at = `${this.#word}${this.#namespaced}${owner}`;
    if (sub.name in connecting && sub.name !== 'log') {
      this.#addConnection(path, names, sub);
      return;
    }
    const kind = kindOfSub(this.#resource, sub);
    const body = schemaOf(this.#resource, kind);
    this.#put(path, names, [
      sub.verbs.includes('get') ? this.#reading(at, sub) : null,
      sub.verbs.includes('update') ? this.#replacing(at, sub) : null,
      sub.verbs.includes('create')
        ? this.#operation({
            ...{ method: 'post', action: 'post', id: `create${at}${capital(sub.name)}` },
            ...{ description: `create ${sub.name} of ${withArticle(owner)}`, query: writing },
            ...{ kind, body, answer: body },
          })
        : null,
      sub.verbs.includes('patch') ? this.#patching(at, sub) : null,
    ]);
  }

  #addConnection(path: string, names: readonly string[], sub: Subresource): void {
    const { kind: owner } = this.#resource;
    const methods =
      sub.name === 'proxy' ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] : ['get', 'post'];
    const kind = kindOfSub(this.#resource, sub);
    const to = (suffix: string): Operation[] =>
      methods.map((method) =>
        this.#operation({
          ...{ method, action: 'connect', kind, answer: null, query: connecting[sub.name]! },
          id: `connect${this.#word}${capital(method)}${this.#namespaced}${owner}${capital(sub.name)}${suffix}`,
          description: `connect ${method.toUpperCase()} requests to ${sub.name} of ${owner}`,
        }),
      );
    this.#put(path, names, to(''));
    if (sub.name === 'proxy') this.#put(`${path}/{path}`, [...names, 'path'], to('WithPath'));
  }

  #addWatch(path: string, names: readonly string[], at: string, isList: boolean): void {
    const { kind } = this.#resource;
    const instead = "deprecated: use the 'watch' parameter with a list operation instead";
    const description = isList
      ? `watch individual changes to a list of ${kind}. ${instead}.`
      : `watch changes to an object of kind ${kind}. ${instead}, filtered to a single item with the 'fieldSelector' parameter.`;
    this.#put(path, names, [
      this.#operation({
        ...{ method: 'get', action: isList ? 'watchlist' : 'watch', id: `watch${at}`, description },
        ...{ query: listing, answer: `${metaPrefix}.WatchEvent` },
      }),
    ]);
  }
}
