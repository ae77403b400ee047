/**
 * Parameters of policies: objects of the kind that a policy names, chosen by each of its bindings. A binding that chooses none
 * is passed over or refuses, as its `parameterNotFoundAction` says.
 */

import type { Lookup } from '../admission/lookup.ts';
import { labelSelectorOf } from '../admission/rules.ts';
import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { maybeObject, textOf } from '../validation/members.ts';
import type { Binding, ParamKind } from './policy.ts';

/** @throws Error when nobody serves the kind */
export function paramResource(lookup: Lookup, { group, version, kind }: ParamKind): ResourceType {
  const resource = lookup.kind(group, version, kind);
  if (resource !== null) return resource;
  const shown = `${group}/${version}, Kind=${kind}`;
  throw new Error(`failed to find resource referenced by paramKind: '${shown}'`);
}

/**
 * The parameters with which a policy is evaluated for one binding; null stands for none.
 * @param kind null: the policy has none
 * @param namespace of the request
 * @throws Error what is wrong with the binding
 */
export async function paramsOf(
  lookup: Lookup,
  kind: ParamKind | null,
  { paramRef }: Binding,
  namespace: string,
): Promise<readonly (ApiObject | null)[]> {
  if (kind === null || paramRef === null) return [null];
  const resource = paramResource(lookup, kind);
  const wanted = textOf(paramRef, 'namespace');
  if (!resource.isNamespaced && wanted !== '') {
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const where = !resource.isNamespaced ? '' : wanted === '' ? namespace : wanted;
  if (resource.isNamespaced && where === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  const name = textOf(paramRef, 'name');
  const selector = maybeObject(paramRef, 'selector');
  let found: readonly ApiObject[];
  if (name !== '') {
    const one = await lookup.find(resource, where, name);
    found = one === null ? [] : [one];
  } else {
    const selected = labelSelectorOf(selector);
    found = (await lookup.list(resource, where)).filter(({ metadata }) => selected.matches(metadata.labels));
  }
  if (found.length === 0 && textOf(paramRef, 'parameterNotFoundAction') === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found;
}
