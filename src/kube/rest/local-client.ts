/**
 * Requests of the server to itself, for what runs beside the API: the same defaults, admission and validation as for a client,
 * without a socket. Objects it gives are the caller's own.
 */

import type { ApiObject } from '../api/objects.ts';
import { administrator } from '../api/user.ts';
import type { ApiRequest } from '../http/types.ts';
import type { ResourceType } from '../registry/types.ts';
import { createObject } from './create.ts';
import { type DeleteOptions, type Deletion, deleteObject } from './delete.ts';
import type { Endpoint } from './endpoint.ts';
import { modify } from './modify.ts';
import type { WriteOptions } from './options.ts';
import type { ServerParts } from './parts.ts';

const noRequest: ApiRequest = {
  method: '',
  path: '',
  segments: [],
  query: new URLSearchParams(),
  header: () => '',
  readBody: () => Promise.resolve(new Uint8Array(0)),
  headerNames: () => [],
  clientCertificate: null,
};

export class LocalClient {
  readonly #parts: ServerParts;
  readonly #options: WriteOptions;

  /** @param manager whose the written fields are, `kube-controller-manager` */
  constructor(parts: ServerParts, manager: string) {
    this.#parts = parts;
    this.#options = { isDryRun: false, fieldManager: manager, fieldValidation: 'Ignore', isForced: false };
  }

  /** Null: there is none. @param namespace empty for kinds of the cluster */
  get(resource: ResourceType, namespace: string, name: string): Promise<ApiObject | null> {
    return this.#parts.storages.of(resource).get(namespace, name);
  }

  /** @throws StatusError */
  create(resource: ResourceType, object: ApiObject): Promise<ApiObject> {
    const { namespace = '' } = object.metadata;
    return createObject(this.#endpoint(resource, namespace, '', ''), object, this.#options);
  }

  /**
   * Changes an object; tried again when somebody was faster.
   * @param subresource '' or 'status', …
   * @param change gives the next state; it may change what it gets
   * @throws StatusError 404, 409, 422
   */
  update(
    resource: ResourceType,
    namespace: string,
    name: string,
    subresource: string,
    change: (current: ApiObject) => ApiObject,
  ): Promise<ApiObject> {
    const next = (current: ApiObject): ApiObject => {
      delete current.metadata.resourceVersion;
      return change(current);
    };
    const endpoint = this.#endpoint(resource, namespace, name, subresource);
    return modify(endpoint, { subresource, options: this.#options, next });
  }

  /** @throws StatusError 404, 409 */
  delete(
    resource: ResourceType,
    namespace: string,
    name: string,
    options: Partial<DeleteOptions> = {},
  ): Promise<Deletion> {
    return deleteObject(this.#endpoint(resource, namespace, name, ''), namespace, name, {
      gracePeriodSeconds: null,
      uid: '',
      resourceVersion: '',
      propagationPolicy: '',
      isDryRun: false,
      ...options,
    });
  }

  #endpoint(resource: ResourceType, namespace: string, name: string, subresource: string): Endpoint {
    const { group, version, plural } = resource;
    const path = { group, version, namespace, plural, name, subresource, rest: [], isWatchPath: false };
    const accepted = { format: 'json', as: null, asVersion: '' } as const;
    const context = { request: noRequest, accepted, user: administrator, warnings: [] };
    return { parts: this.#parts, context, path, resource };
  }
}
