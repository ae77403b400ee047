/** Who sends a request, and whether they may. */

import { forbidden, forbiddenPath, unauthorized } from '../api/status.ts';
import { anonymousUser, type UserInfo } from '../api/user.ts';
import { bearerToken } from '../auth/static-tokens.ts';
import type { Authenticator, Authorizer } from '../auth/types.ts';
import type { ResourceRequest } from '../rest/dispatch.ts';
import { type ResourcePath, verbOf } from './route.ts';
import type { ApiRequest } from './types.ts';

/** @throws StatusError 401 */
export async function authenticated(
  request: ApiRequest,
  authenticators: readonly Authenticator[],
  allowsAnonymous: boolean,
): Promise<UserInfo> {
  for (const authenticator of authenticators) {
    const pending = authenticator.authenticate(request);
    const user = pending instanceof Promise ? await pending : pending;
    if (user !== null) return user;
  }
  if (bearerToken(request) !== '' || !allowsAnonymous) throw unauthorized();
  return anonymousUser;
}

/** A list or watch of the one object of a name is decided as if its path named it. */
function nameSelected({ query }: ApiRequest): string {
  const selector = query.get('fieldSelector');
  if (selector === null) return '';
  return /(?:^|,)metadata\.name==?([^,]+)(?:,|$)/.exec(selector)?.[1] ?? '';
}

/** What a path of resources asks for, whether there is such a resource or not. */
interface Asked {
  readonly path: ResourcePath;
  readonly verb: string;
  readonly resource: { readonly group: string; readonly plural: string };
}

/**
 * Of resources that are not there a caller is asked for the right to them all the same: who may do everything with every resource is
 * told that there is none. (Counter-example: by the path, whoever empties a namespace is forbidden what has just been undefined.)
 */
function askedOf(request: ApiRequest, path: ResourcePath | null): Asked | null {
  const verb = path === null ? null : verbOf(request.method, path, request.query);
  if (path === null || verb === null) return null;
  return { path, verb, resource: { group: path.group, plural: path.plural } };
}

/** @param path null: not one of resources @param wanted null: there is no such resource @throws StatusError 403 */
export async function checkPermission(
  request: ApiRequest,
  user: UserInfo,
  path: ResourcePath | null,
  wanted: ResourceRequest | null,
  authorizer: Authorizer,
): Promise<void> {
  const asked: Asked | null = wanted ?? askedOf(request, path);
  const verb = asked?.verb ?? request.method.toLowerCase();
  const name = path?.name === '' ? nameSelected(request) : (path?.name ?? '');
  const pending = authorizer.authorize({
    user,
    verb,
    isResource: asked !== null,
    group: path?.group ?? '',
    version: path?.version ?? '',
    resource: path?.plural ?? '',
    subresource: path?.subresource ?? '',
    namespace: path?.namespace ?? '',
    name,
    path: request.path,
  });
  const decision = pending instanceof Promise ? await pending : pending;
  if (decision.isAllowed) return;
  const because = decision.reason === '' ? '' : `: ${decision.reason}`;
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
  if (asked === null || path === null) {
    throw forbiddenPath(`${who} path ${JSON.stringify(request.path)}${because}`);
  }
  const what = path.subresource === '' ? path.plural : `${path.plural}/${path.subresource}`;
  const where =
    path.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(path.namespace)}`;
  const why = `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(path.group)} ${where}${because}`;
  throw forbidden(asked.resource, name, why);
}
