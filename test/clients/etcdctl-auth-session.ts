/**
 * What the test types into etcdctl about users, roles and permissions, in order, on a fresh cluster: first while auth is
 * off, then as root, as users with permission and without, as somebody else, as nobody, and off again.
 *
 * Left out is what etcd 3.4 lets pass and later releases do not, as Keelson: permissions over an empty interval, and with
 * auth on compaction by anyone and the lists of members, leases and alarms for nobody. Nor does it tell what the
 * role root permits.
 */

import type { Step } from './etcdctl-session.ts';

const as = (user: string, ...lines: readonly string[]): Step[] =>
  lines.map((line) => `${line} --user ${user}:${user}-secret`);

const settingUp: readonly Step[] = [
  'put plain/key before',
  'auth enable',
  'user list',
  'user list -w json',
  'user get nobody',
  'user add root:root-secret',
  'user add root:root-secret',
  'user add alice:alice-secret -w json',
  { run: 'user add bob --interactive=false', input: 'bob-secret\n' },
  'user add carol --no-password',
  'user add dave:dave-secret -w fields',
  'user add ""',
  'user list',
  'user get alice',
  'user get alice -w json',
  'user get carol -w fields',
  'role add reader',
  'role add reader',
  'role add writer -w json',
  'role add temporary -w fields',
  'role add ""',
  'role list',
  'role list -w json',
  'role grant-permission reader read plain/ plain0',
  'role grant-permission reader read shared',
  'role grant-permission writer readwrite --prefix plain/',
  'role grant-permission writer write --from-key tail',
  'role grant-permission writer sing plain/',
  'role grant-permission nowhere read a',
  'role grant-permission temporary read a -w json',
  'role revoke-permission temporary b',
  'role revoke-permission temporary a b',
  'role revoke-permission temporary a',
  'role revoke-permission nowhere a',
  'role get reader',
  'role get reader -w json',
  'role get writer',
  'role get writer -w fields',
  'role get nowhere',
  'user grant-role alice writer',
  'user grant-role alice writer',
  'user grant-role alice temporary',
  'user grant-role bob reader -w json',
  'user grant-role bob nowhere',
  'user grant-role nobody reader',
  'user get alice --detail',
  'user revoke-role dave reader',
  'user revoke-role nobody reader',
  'role delete temporary',
  'role delete temporary',
  'user get alice',
  'auth disable',
  'auth enable',
];

const enabling: readonly Step[] = [
  // It makes the role root where it is missing, and says who it was.
  'auth enable',
  'get plain/key',
  ...as('root', 'get plain/key', 'auth enable', 'user get root', 'role list'),
  'put plain/key nobody',
  'put plain/key x --user nobody:nothing',
  'put plain/key x --user root:wrong',
  'put plain/key x --user carol:',
  'put plain/key x --user carol:carol-secret',
];

const working: readonly Step[] = [
  ...as('alice', 'put plain/key alice', 'put plain/key again --prev-kv', 'put tail/x 1', 'put other x'),
  ...as('alice', 'get plain/key -w json', 'get --prefix plain/', 'get tail/x', 'get --prefix ""'),
  ...as('alice', 'put tail/x 2 --prev-kv', 'del tail/x', 'del --prefix tail --prev-kv', 'del --prefix ""'),
  ...as('bob', 'get plain/key', 'get --prefix plain/ --keys-only', 'get shared', 'get other'),
  ...as('bob', 'put plain/key bob', 'del plain/key', 'get --from-key plain/'),
  ...as('dave', 'get plain/key', 'user get dave', 'user get alice', 'role get reader', 'role list'),
  ...as('bob', 'role get reader', 'role get writer', 'user list', 'user passwd bob', 'user delete alice'),
  {
    run: 'txn --user alice:alice-secret',
    input: 'value("plain/key") = "again"\n\nput plain/key in-txn\n\nget plain/key\n\n',
  },
  {
    run: 'txn --user bob:bob-secret',
    input: 'value("plain/key") = "again"\n\nput plain/key in-txn\n\nget plain/key\n\n',
  },
  { run: 'txn --user bob:bob-secret', input: '\nget plain/key\n\nget shared\n\n' },
  { run: 'txn --user bob:bob-secret', input: 'mod("other") = "0"\n\nget plain/key\n\n\n' },
  { run: 'txn', input: '\nget plain/key\n\n\n' },
  {
    watch: 'watch plain/key --rev=2 --user bob:bob-secret',
    until: '\nwatched\n',
    during: ['put plain/key watched --user alice:alice-secret'],
  },
  'watch other --user bob:bob-secret',
  'watch plain/key',
  // The status is for root since 3.5.28, and not before.
  ...as('bob', 'member list', 'alarm list', 'endpoint health'),
  ...as('root', 'endpoint status -w json'),
  ...as('root', 'member list', 'alarm list', 'lease list', 'put other root', 'get --prefix ""'),
];

const changing: readonly Step[] = [
  ...as('root', 'user add bob:other', 'user grant-role dave reader', 'user get dave'),
  ...as('dave', 'get plain/key'),
  ...as('root', 'role revoke-permission reader plain/ plain0', 'role get reader'),
  ...as('dave', 'get plain/key', 'get shared'),
  ...as('root', 'user revoke-role dave reader', 'user get dave'),
  ...as('dave', 'get shared'),
  { run: 'user passwd alice --interactive=false --user root:root-secret', input: 'new-secret\n' },
  ...as('alice', 'get plain/key'),
  'get plain/key --user alice:new-secret',
  ...as('root', 'user delete alice', 'user delete alice', 'user list', 'user delete root'),
  'get plain/key --user alice:new-secret',
  ...as('root', 'user revoke-role root root', 'role delete root', 'role delete reader', 'user get bob'),
  ...as('bob', 'get shared', 'auth disable'),
  'auth disable',
  ...as('root', 'auth disable'),
  'get --prefix ""',
  'user list',
  'role list',
  ...as('bob', 'get other'),
  'user delete root',
  'auth enable',
];

export const authSession: readonly Step[] = [...settingUp, ...enabling, ...working, ...changing];

/** On several members: a token of one is good on all, at once. */
export const clusterAuthSession: readonly Step[] = [
  'user add root:root-secret',
  'user grant-role root root',
  'role add root',
  'auth enable',
  ...Array.from({ length: 6 }, (_, index) => as('root', `put turn ${index}`, 'get turn -w json')).flat(),
  'get turn',
  ...as('root', 'auth disable'),
  'get turn',
];
