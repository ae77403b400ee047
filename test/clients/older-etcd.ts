/**
 * What etcd 3.4 answers in another way than the etcd that Keelson stands in for. The reasons are those
 * of `docs/differences.ts`; a rule knows exactly the pairs of answers that its reason explains: anything else remains a
 * difference.
 */

import { olderReleases } from '../../docs/differences.ts';
import type { Call } from './random-calls.ts';

export interface Circumstances {
  readonly authOn: boolean;
  /** Whether there was a compaction. */
  readonly compacted: boolean;
  readonly transport: 'grpc' | 'gateway';
}

type Rule = (call: Call, expected: unknown, actual: unknown, circumstances: Circumstances) => boolean;

const leaseMethods = ['LeaseKeepAlive', 'LeaseTimeToLive', 'LeaseLeases'];
const rootMethods = ['MemberRemove', 'MemberUpdate', 'MemberPromote', 'MoveLeader', 'HashKV'];
const namedMethods = ['MemberList', 'Status'];

/** Refusals for who asks. */
const refusals = new Set([
  'code 3: etcdserver: user name is empty',
  'code 7: etcdserver: permission denied',
  'code 9: etcdserver: user name not found',
  'code 16: etcdserver: invalid auth token',
]);

function without(answer: unknown, name: string): string {
  return JSON.stringify(Object.entries(answer ?? {}).filter(([field]) => field !== name));
}

const rules: Readonly<Record<keyof typeof olderReleases, Rule>> = {
  leaseAccess: ({ method }, _expected, actual, { authOn }) =>
    authOn && leaseMethods.includes(method) && refusals.has(String(actual)),

  rootFirst: ({ method }, _expected, actual, { authOn }) =>
    authOn && rootMethods.includes(method) && refusals.has(String(actual)),

  namedReads: ({ method, message }, _expected, actual, { authOn }) =>
    authOn &&
    (namedMethods.includes(method) || (method === 'Alarm' && message['action'] === 0)) &&
    refusals.has(String(actual)),

  authenticateWithToken: ({ method }, expected, actual) =>
    method === 'Authenticate' &&
    expected === 'code 16: etcdserver: invalid auth token' &&
    typeof actual === 'object',

  hashPath: ({ method }, _expected, _actual, { transport }) => method === 'HashKV' && transport === 'gateway',

  hashRevision: ({ method }, expected, actual) =>
    method === 'HashKV' && without(expected, 'hash_revision') === without(actual, 'hash_revision'),

  hashOfTombstones: ({ method }, expected, actual, { compacted }) =>
    method === 'HashKV' &&
    compacted &&
    without({ ...(expected as object), hash: 0 }, 'hash_revision') ===
      without({ ...(actual as object), hash: 0 }, 'hash_revision'),

  rootRole: ({ method, message }, expected, actual) =>
    method === 'RoleGet' &&
    message['role'] === 'root' &&
    without(expected, 'perm') === without(actual, 'perm'),
};

/** Why two answers that differ are both right, or null. */
export function olderEtcd(
  call: Call,
  expected: unknown,
  actual: unknown,
  circumstances: Circumstances,
): string | null {
  for (const [name, rule] of Object.entries(rules)) {
    if (rule(call, expected, actual, circumstances)) return olderReleases[name as keyof typeof rules];
  }
  return null;
}
