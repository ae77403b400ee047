/**
 * `/openapi/v3` and `/openapi/v2` (reference §1.3). The documents say of every kind that PATCH takes `fieldValidation`: so
 * kubectl leaves validation to the server. They hold no schemas.
 */

import { createHash } from 'node:crypto';
import { groupVersionText } from '../api/objects.ts';
import { answerJson, answerText } from '../discovery/json-page.ts';
import type { PageHandler } from '../http/handler.ts';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import type { GroupVersion, Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';

const v2RequestType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const v2AnswerType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** swagger "2.0", info {title "x", version "v1"}, no paths. */
const v2Document = Buffer.from('0a03322e3012070a0178120276314200', 'hex');
const yearMs = 365 * 86_400_000;

function pathOf({ group, version, plural, isNamespaced }: ResourceType): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${base}${isNamespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
}

function documentOf({ resources }: GroupVersion): object {
  const paths: Record<string, object> = {};
  for (const resource of resources) {
    if (!resource.verbs.includes('patch')) continue;
    const { group, version, kind } = resource;
    paths[pathOf(resource)] = {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } }],
        responses: { 200: { description: 'OK' } },
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group, version, kind },
      },
    };
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.2' },
    paths,
    components: { schemas: {} },
  };
}

interface Document {
  readonly body: string;
  readonly hash: string;
}

export class OpenApiPages {
  readonly #registry: Registry;
  readonly #nowMs: () => number;
  /** `api/v1`, `apis/apps/v1` to document. */
  #documents: Map<string, Document> = new Map();
  #generation = -1;

  constructor(registry: Registry, nowMs: () => number) {
    this.#registry = registry;
    this.#nowMs = nowMs;
  }

  readonly handle: PageHandler = (request) => {
    const [first, version, ...rest] = request.segments;
    if (first !== 'openapi') return null;
    if (version === 'v2' && rest.length === 0) return this.#v2(request);
    if (version !== 'v3') return null;
    this.#refresh();
    return rest.length === 0 ? this.#index() : this.#document(request, rest.join('/'));
  };

  #refresh(): void {
    if (this.#generation === this.#registry.generation) return;
    this.#generation = this.#registry.generation;
    this.#documents = new Map();
    for (const { versions } of this.#registry.groups()) {
      for (const group of versions) {
        const body = JSON.stringify(documentOf(group));
        const hash = createHash('sha512').update(body).digest('hex').slice(0, 64).toUpperCase();
        const name = groupVersionText(group.group, group.version);
        this.#documents.set(group.group === '' ? `api/${name}` : `apis/${name}`, { body, hash });
      }
    }
  }

  #index(): ApiAnswer {
    const paths: Record<string, object> = {};
    for (const [name, { hash }] of this.#documents) {
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
    return answerJson({ paths });
  }

  #document(request: ApiRequest, name: string): ApiAnswer {
    const document = this.#documents.get(name);
    if (document === undefined) return answerText(404, '');
    const asked = request.query.get('hash');
    if (asked !== null && asked !== document.hash) {
      const location = `/openapi/v3/${name}?hash=${document.hash}`;
      return { type: 'bytes', code: 301, headers: { location }, body: '' };
    }
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      etag: `"${document.hash}"`,
      vary: 'Accept',
      'cache-control': asked === null ? 'no-cache, private' : 'public, immutable',
    };
    if (asked !== null) headers['expires'] = new Date(this.#nowMs() + yearMs).toUTCString();
    if (request.header('if-none-match') === headers['etag'])
      return { type: 'bytes', code: 304, headers, body: '' };
    return { type: 'bytes', code: 200, headers, body: document.body };
  }

  #v2(request: ApiRequest): ApiAnswer {
    if (request.header('accept').includes(v2RequestType)) {
      return { type: 'bytes', code: 200, headers: { 'content-type': v2AnswerType }, body: v2Document };
    }
    return answerJson({ swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.36.2' }, paths: {} });
  }
}
