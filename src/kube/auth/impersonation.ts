/**
 * `kubectl --as`: a request in somebody else's name, for who has the verb `impersonate` on that name and on every group
 * asked for. What follows sees the other user only.
 */

import { forbidden, internalError } from '../api/status.ts';
import { anonymousUser, type UserInfo } from '../api/user.ts';
import type { ApiRequest } from '../http/types.ts';
import type { Authorizer } from './types.ts';

interface Impersonated {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const accountPrefix = 'system:serviceaccount:';

/** A header that comes several times is one text with commas. */
function listed(text: string): string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function named(username: string): Impersonated {
  const [namespace, name, more] = username.slice(accountPrefix.length).split(':');
  if (username.startsWith(accountPrefix) && name !== undefined && more === undefined) {
    return { group: '', resource: 'serviceaccounts', namespace: namespace!, name };
  }
  return { group: '', resource: 'users', namespace: '', name: username };
}

function groupsOf(username: string, asked: readonly string[]): string[] {
  if (username === anonymousUser.username) return asked.length > 0 ? [...asked] : [...anonymousUser.groups];
  const { resource, namespace } = named(username);
  const isAccount = resource === 'serviceaccounts' && asked.length === 0;
  const groups = isAccount ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [...asked];
  return groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'];
}

async function check(user: UserInfo, authorizer: Authorizer, asked: Impersonated): Promise<void> {
  const { group, resource, namespace, name } = asked;
  const { isAllowed } = await authorizer.authorize({
    user,
    verb: 'impersonate',
    isResource: true,
    group,
    version: 'v1',
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
  });
  if (isAllowed) return;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const why = `User ${JSON.stringify(user.username)} cannot impersonate resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
  throw forbidden({ group, plural: resource }, name, why);
}

/** The user that the rest of the request is for: the sender, or who is named. @throws StatusError 403, 500 */
export async function impersonated(
  request: ApiRequest,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const username = request.header('impersonate-user');
  const groupList = request.header('impersonate-group');
  const groups = groupList === '' ? [] : listed(groupList);
  const uid = request.header('impersonate-uid');
  if (username === '') {
    if (groups.length === 0 && uid === '') return user;
    throw internalError('groups or a uid are to be impersonated without a user');
  }
  await check(user, authorizer, named(username));
  for (const name of groups) {
    await check(user, authorizer, { group: '', resource: 'groups', namespace: '', name });
  }
  if (uid !== '') {
    const asked = { group: 'authentication.k8s.io', resource: 'uids', namespace: '', name: uid };
    await check(user, authorizer, asked);
  }
  return { username, uid, groups: groupsOf(username, groups), extra: {} };
}
