/**
 * `/`, `/api`, `/apis` and below, `/version`. Documents are made once per state of the registry.
 */

import { methodNotAllowed, noSuchResource } from '../api/status.ts';
import { yamlBody } from '../http/encode.ts';
import type { PageHandler } from '../http/handler.ts';
import { mediaTypes, negotiate } from '../http/negotiate.ts';
import type { ApiAnswer, ApiRequest } from '../http/types.ts';
import type { Registry } from '../registry/registry.ts';
import { aggregated, legacyGroup, legacyGroupList, legacyResourceList, legacyVersions } from './documents.ts';
import { answerJson, answerPage, type Page, pageOf, pageOfText } from './json-page.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  /** With a leading v. */
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** The version of the API that is served. `goVersion` and `compiler` are members that clients read; nothing here is Go. */
export const servedVersion: VersionInfo = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-06-01T00:00:00Z',
  goVersion: 'go1.26.10',
  compiler: 'gc',
  platform: 'linux/amd64',
};

export class DiscoveryPages {
  readonly #registry: Registry;
  readonly #serverAddress: () => string;
  readonly #pages: Map<string, Page> = new Map();
  #generation = -1;

  /** @param serverAddress `host:port`, known once the server listens */
  constructor(registry: Registry, serverAddress: () => string) {
    this.#registry = registry;
    this.#serverAddress = serverAddress;
  }

  readonly handle: PageHandler = (request) => {
    const { segments, method } = request;
    const make = this.#documentOf(segments);
    if (make === null) {
      if (this.#isOfBuiltIns(segments)) throw noSuchResource();
      return null;
    }
    // The lists of paths and of groups do not ask for the method; the others are to be read, and have no heads.
    const isList = segments.length === 0 || (segments[0] === 'apis' && segments.length <= 2);
    if (method !== 'GET' && !isList) throw methodNotAllowed();
    if (segments.length === 1 && segments[0] === 'version') return answerJson(servedVersion, true);
    return this.#answer(request, segments, make);
  };

  /** Of a group that is always there nothing else is looked for: its routes say what it has. */
  #isOfBuiltIns([first, name]: readonly string[]): boolean {
    if (first === 'api') return true;
    const group = first === 'apis' && name !== undefined ? this.#registry.group(name) : null;
    const resources = group?.versions.flatMap((version) => version.resources) ?? [];
    return resources.some(({ custom }) => custom === null);
  }

  /** How to make the plain document of a path, or null: it is not ours. */
  #documentOf(segments: readonly string[]): (() => object) | null {
    const registry = this.#registry;
    const [first, second, third] = segments;
    if (segments.length === 0) return () => ({ paths: this.#paths() });
    if (first === 'version' && segments.length === 1) return () => servedVersion;
    if (first === 'api' && segments.length === 1) return () => legacyVersions(this.#serverAddress());
    if (first === 'apis' && segments.length === 1) return () => legacyGroupList(registry);
    const isCore = first === 'api' && segments.length === 2;
    const group = isCore ? '' : second;
    if (!isCore && (first !== 'apis' || group === undefined || group === '')) return null;
    const found = registry.group(group!);
    if (found === null) return null;
    if (!isCore && segments.length === 2) return () => legacyGroup(found);
    const version = isCore ? second : third;
    const versions = found.versions.find((candidate) => candidate.version === version);
    if (versions === undefined || segments.length > 3) return null;
    return () => legacyResourceList(versions);
  }

  #answer(request: ApiRequest, segments: readonly string[], make: () => object): ApiAnswer {
    if (this.#generation !== this.#registry.generation) {
      this.#pages.clear();
      this.#generation = this.#registry.generation;
    }
    const isRoot = segments.length === 1;
    const shapes = isRoot ? { APIGroupDiscoveryList: ['v2'] } : {};
    const { as, format } = negotiate(request.header('accept'), {
      formats: ['json', 'yaml'],
      shapeFormats: ['json'],
      shapes,
    });
    const isAggregated = as === 'APIGroupDiscoveryList';
    const key = `${as ?? format} ${segments.join('/')}`;
    let page = this.#pages.get(key);
    if (page === undefined) {
      const isCore = segments[0] === 'api';
      if (isAggregated) page = pageOf(aggregated(this.#registry, isCore), aggregatedType);
      else page = format === 'yaml' ? pageOfText(yamlBody(make()), mediaTypes.yaml) : pageOf(make());
      this.#pages.set(key, page);
    }
    return answerPage(request, page, isAggregated ? 'public' : 'no-cache, private');
  }

  #paths(): string[] {
    const paths = ['/api', '/api/v1', '/apis', '/apis/'];
    for (const { name, versions } of this.#registry.groups()) {
      if (name === '') continue;
      paths.push(`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`));
    }
    return [...paths, '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];
  }
}
