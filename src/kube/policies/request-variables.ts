/** The variables of expressions: what a request is about, as values of CEL. */

import type { Match } from '../admission/rules.ts';
import { type Subject, shownUserInfo } from '../admission/subject.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import type { Authorizer } from '../auth/types.ts';
import { AuthorizerValue } from './authorizer.ts';
import { celJson, type Variables } from './expressions.ts';

/** The members of `request` and of a review's request that name things. */
export function shownNames(subject: Subject, { resource, kind }: Match): JsonObject {
  const { subresource, name, namespace, operation } = subject;
  const { resource: asked, kind: askedKind } = subject;
  return {
    kind: { ...kind },
    resource: { group: resource.group, version: resource.version, resource: resource.plural },
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: { ...askedKind },
    requestResource: { group: asked.group, version: asked.version, resource: asked.plural },
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
  };
}

/** A typed value has all its members: what a request does not have is empty. */
function requestValue(subject: Subject, match: Match): unknown {
  const { attributes, options } = subject;
  return celJson({
    subResource: '',
    requestSubResource: '',
    name: '',
    namespace: '',
    ...shownNames(subject, match),
    userInfo: { username: '', uid: '', groups: [], extra: {}, ...shownUserInfo(attributes.user) },
    dryRun: attributes.isDryRun,
    options,
  });
}

/** What is hidden of a namespace. */
function namespaceValue(namespace: ApiObject | null): unknown {
  if (namespace === null) return null;
  const { managedFields: _managers, ownerReferences: _owners, ...metadata } = namespace.metadata;
  return celJson(asJson({ metadata, spec: namespace.spec ?? {}, status: namespace.status ?? {} }));
}

export interface VariableSources {
  readonly match: Match;
  /** In the version of the match. */
  readonly object: JsonObject | null;
  readonly old: JsonObject | null;
  /** Null: it is of the cluster, or nobody asks. */
  readonly namespace: ApiObject | null;
  readonly params: ApiObject | null;
  /** Null: expressions cannot ask. */
  readonly authorizer: Authorizer | null;
}

export function variablesOf(subject: Subject, sources: VariableSources): Variables {
  const { match, object, old, namespace, params, authorizer } = sources;
  const { resource, subresource, attributes } = subject;
  const requested = {
    group: resource.group,
    resource: resource.plural,
    subresource,
    namespace: subject.namespace,
    name: subject.name,
  };
  return {
    object: celJson(object),
    oldObject: celJson(old),
    request: requestValue(subject, match),
    namespaceObject: namespaceValue(namespace),
    params: params === null ? null : celJson(asJson(params)),
    variables: {},
    authorizer: authorizer === null ? null : new AuthorizerValue(authorizer, attributes.user, requested),
  };
}
