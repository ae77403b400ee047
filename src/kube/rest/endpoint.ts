/** One request at one resource, as its handlers see it, and the small things that all of them do. */

import type { AdmissionAttributes } from '../admission/types.ts';
import type { ApiObject } from '../api/objects.ts';
import type { ResourcePath } from '../http/route.ts';
import type { ApiAnswer, RequestContext } from '../http/types.ts';
import { nowText } from '../meta/time.ts';
import type { ResourceType, StrategyContext } from '../registry/types.ts';
import type { DeleteOptions } from './delete.ts';
import type { ServerParts } from './parts.ts';

export interface Endpoint {
  readonly parts: ServerParts;
  readonly context: RequestContext;
  readonly path: ResourcePath;
  readonly resource: ResourceType;
}

/** @param code 200, or 201 for what was created @param body nobody changes it any more */
export function answerObject(endpoint: Endpoint, code: number, body: ApiObject): ApiAnswer {
  return { type: 'object', code, body, resource: endpoint.resource, isShared: true };
}

export function strategyContext(endpoint: Endpoint, subresource: string, isDryRun: boolean): StrategyContext {
  const { parts, context, resource } = endpoint;
  const now = nowText(parts.runtime.clock);
  return { resource, subresource, user: context.user, isDryRun, now, warnings: context.warnings };
}

export function admissionAttributes(
  endpoint: Endpoint,
  operation: AdmissionAttributes['operation'],
  subresource: string,
  object: ApiObject | null,
  old: ApiObject | null,
  isDryRun: boolean,
  deletion: DeleteOptions | null = null,
): AdmissionAttributes {
  const { context, path, resource } = endpoint;
  return {
    operation,
    resource,
    subresource,
    namespace: resource.isNamespaced ? path.namespace : '',
    name: path.name === '' ? (object?.metadata.name ?? old?.metadata.name ?? '') : path.name,
    object,
    old,
    user: context.user,
    isDryRun,
    warnings: context.warnings,
    endpoint,
    deletion,
  };
}

/**
 * Asks webhooks and policies about what is sent to a subresource and is not written as it is: a binding, an eviction, a connection.
 * @param object they may change it
 * @throws StatusError
 */
export function askAdmission(
  endpoint: Endpoint,
  operation: 'create' | 'connect',
  object: ApiObject,
  isDryRun: boolean,
): Promise<void> {
  const { parts, path } = endpoint;
  return parts.admission.askDynamic(
    admissionAttributes(endpoint, operation, path.subresource, object, null, isDryRun),
  );
}

export function hasStatus(resource: ResourceType): boolean {
  return resource.subresources.some(({ name }) => name === 'status');
}
