/**
 * `kubectl --as`: a request in somebody else's name, for who has the verb `impersonate` on that name, on every group, on every
 * value of what else is to be known of them (`userextras/<key>`), and on the uid. What follows sees the other user only.
 */

import { badRequest, forbidden } from '../api/status.ts';
import { anonymousUser, type UserInfo } from '../api/user.ts';
import type { ApiRequest } from '../http/types.ts';
import type { Authorizer } from './types.ts';

interface Impersonated {
  readonly group: string;
  readonly resource: string;
  /** Of `userextras`: the key; else empty. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const accountPrefix = 'system:serviceaccount:';

const extraPrefix = 'impersonate-extra-';
const reviewGroup = 'authentication.k8s.io';
const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';

/** A header that comes several times is one text, its values parted by a comma and a space. */
function listed(text: string): string[] {
  return text === '' ? [] : text.split(', ');
}

function keyOf(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function extraOf(request: ApiRequest): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  const names = request.headerNames().filter((name) => name.startsWith(extraPrefix));
  for (const name of names.sort()) {
    const key = keyOf(name.slice(extraPrefix.length));
    extra[key] = [...(extra[key] ?? []), ...listed(request.header(name))];
  }
  return extra;
}

function named(username: string): Impersonated {
  const [namespace, name, more] = username.slice(accountPrefix.length).split(':');
  if (username.startsWith(accountPrefix) && name !== undefined && more === undefined) {
    return { group: '', resource: 'serviceaccounts', subresource: '', namespace: namespace!, name };
  }
  return { group: '', resource: 'users', subresource: '', namespace: '', name: username };
}

function groupsOf(username: string, asked: readonly string[]): string[] {
  if (username === anonymousUser.username) {
    return asked.includes(unauthenticated) ? [...asked] : [...asked, unauthenticated];
  }
  const { resource, namespace } = named(username);
  const isAccount = resource === 'serviceaccounts' && asked.length === 0;
  const groups = isAccount ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [...asked];
  const isTold = groups.includes(authenticated) || groups.includes(unauthenticated);
  return isTold ? groups : [...groups, authenticated];
}

async function check(user: UserInfo, authorizer: Authorizer, asked: Impersonated): Promise<void> {
  const { group, resource, subresource, namespace, name } = asked;
  const { isAllowed, reason } = await authorizer.authorize({
    user,
    verb: 'impersonate',
    isResource: true,
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
    path: '',
  });
  if (isAllowed) return;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const because = reason === '' ? '' : `: ${reason}`;
  const why = `User ${JSON.stringify(user.username)} cannot impersonate resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${because}`;
  throw forbidden({ group, plural: resource }, name, why);
}

/** A user as Go shows one. */
function goText(uid: string, groups: readonly string[], extra: Readonly<Record<string, string[]>>): string {
  const list = (items: readonly string[]): string =>
    items.length === 0
      ? '[]string(nil)'
      : `[]string{${items.map((item) => JSON.stringify(item)).join(', ')}}`;
  const entries = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const extras = entries.length === 0 ? '(nil)' : `{${entries.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${list(groups)}, Extra:map[string][]string${extras}}`;
}

/** Whether anybody is named at all: hardly a request does. */
export function namesAnother(request: ApiRequest): boolean {
  for (const name of request.headerNames()) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** The user that the rest of the request is for: the sender, or who is named. @throws StatusError 400, 403 */
export async function impersonated(
  request: ApiRequest,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const username = request.header('impersonate-user');
  const groups = listed(request.header('impersonate-group'));
  const uid = request.header('impersonate-uid');
  const extra = extraOf(request);
  if (username === '') {
    if (groups.length === 0 && uid === '' && Object.keys(extra).length === 0) return user;
    throw badRequest(`requested ${goText(uid, groups, extra)} without impersonating a user name`);
  }
  await check(user, authorizer, named(username));
  const cluster = { subresource: '', namespace: '' };
  for (const name of groups) {
    await check(user, authorizer, { ...cluster, group: '', resource: 'groups', name });
  }
  for (const [key, values] of Object.entries(extra)) {
    const asked = { ...cluster, group: reviewGroup, resource: 'userextras', subresource: key };
    for (const name of values) await check(user, authorizer, { ...asked, name });
  }
  if (uid !== '')
    await check(user, authorizer, { ...cluster, group: reviewGroup, resource: 'uids', name: uid });
  return { username, uid, groups: groupsOf(username, groups), extra };
}
