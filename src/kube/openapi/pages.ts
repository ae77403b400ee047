/**
 * `/openapi/v3` and `/openapi/v2`. Documents are made when they are asked for and kept while their resources
 * stay the same ones; an address in the index carries a hash of what the document is made of, so that the index costs
 * nothing and a document with the right hash may be kept for ever.
 */

import { createHash } from 'node:crypto';
import { groupVersionText } from '../api/objects.ts';
import { answerJson, answerText } from '../discovery/json-page.ts';
import type { PageHandler } from '../http/handler.ts';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import type { GroupVersion, Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import { loadDescriptions } from './descriptions.ts';
import { documentOf, swaggerOf } from './documents.ts';
import { gnosticDocument } from './gnostic.ts';

const v2RequestType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const v2AnswerType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const yearMs = 365 * 86_400_000;
/** Moves when the documents of equal resources come out otherwise. */
const edition = 4;

interface Document {
  readonly resources: readonly ResourceType[];
  readonly groupVersion: GroupVersion;
  readonly hash: string;
  body: string | null;
}

function hashOf(value: object): string {
  return createHash('sha512').update(JSON.stringify(value)).digest('hex').toUpperCase();
}

/** What a document depends on. */
function sourceOf(resource: ResourceType): object {
  const { group, version, kind, plural, isNamespaced, verbs, custom } = resource;
  return { group, version, kind, plural, isNamespaced, verbs, schema: custom?.openApiSchema ?? null };
}

function areSame(a: readonly ResourceType[], b: readonly ResourceType[]): boolean {
  return a.length === b.length && a.every((resource, at) => resource === b[at]);
}

export class OpenApiPages {
  readonly #registry: Registry;
  readonly #nowMs: () => number;
  /** `api/v1`, `apis/apps/v1` to document. */
  #documents: Map<string, Document> = new Map();
  #generation = -1;
  #swagger: string | null = null;
  #gnostic: Uint8Array | null = null;
  #swaggerHash = '';

  constructor(registry: Registry, nowMs: () => number) {
    this.#registry = registry;
    this.#nowMs = nowMs;
  }

  readonly handle: PageHandler = (request) => {
    const [first, version, ...rest] = request.segments;
    if (first !== 'openapi') return null;
    this.#refresh();
    if (version === 'v2' && rest.length === 0) return this.#v2(request);
    if (version !== 'v3') return null;
    return rest.length === 0 ? this.#index() : this.#document(request, rest.join('/'));
  };

  #refresh(): void {
    if (this.#generation === this.#registry.generation) return;
    this.#generation = this.#registry.generation;
    const documents = new Map<string, Document>();
    for (const { versions } of this.#registry.groups()) {
      for (const groupVersion of versions) {
        const text = groupVersionText(groupVersion.group, groupVersion.version);
        const name = groupVersion.group === '' ? `api/${text}` : `apis/${text}`;
        const known = this.#documents.get(name);
        const { resources } = groupVersion;
        documents.set(
          name,
          known !== undefined && areSame(known.resources, resources)
            ? known
            : { resources, groupVersion, hash: hashOf([edition, ...resources.map(sourceOf)]), body: null },
        );
      }
    }
    this.#documents = documents;
    this.#swagger = null;
    this.#gnostic = null;
    this.#swaggerHash = hashOf([...documents.values()].map(({ hash }) => hash));
  }

  #index(): ApiAnswer {
    const paths: Record<string, object> = {};
    for (const [name, { hash }] of this.#documents) {
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
    return answerJson({ paths });
  }

  async #document(request: ApiRequest, name: string): Promise<ApiAnswer> {
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
    if (document.body === null) {
      const descriptions = await loadDescriptions();
      document.body ??= JSON.stringify(documentOf(document.groupVersion, descriptions));
    }
    return { type: 'bytes', code: 200, headers, body: document.body };
  }

  async #v2(request: ApiRequest): Promise<ApiAnswer> {
    const descriptions = await loadDescriptions();
    this.#refresh();
    const isProtobuf = request.header('accept').includes(v2RequestType);
    const etag = `"${this.#swaggerHash}"`;
    const headers = {
      'content-type': isProtobuf ? v2AnswerType : 'application/json',
      etag,
      vary: 'Accept',
      'cache-control': 'no-cache, private',
    };
    if (request.header('if-none-match') === etag) return { type: 'bytes', code: 304, headers, body: '' };
    if (isProtobuf) {
      this.#gnostic ??= gnosticDocument(swaggerOf(this.#registry, descriptions));
      return { type: 'bytes', code: 200, headers, body: this.#gnostic };
    }
    this.#swagger ??= JSON.stringify(swaggerOf(this.#registry, descriptions));
    return { type: 'bytes', code: 200, headers, body: this.#swagger };
  }
}
