/**
 * What older releases of etcd answer in another way than the one that Keelson stands in for. The reasons are those
 * of `docs/differences.ts`; a rule knows exactly the pairs of answers that its reason explains: anything else remains a
 * difference.
 */

import { olderReleases, type ReleaseDifference } from '../../docs/differences.ts';
import { compareVersions } from '../tools.ts';
import type { Call } from './random-calls.ts';

export interface Circumstances {
  readonly authOn: boolean;
  /** Whether there was a compaction. */
  readonly compacted: boolean;
  readonly transport: 'grpc' | 'gateway';
  /** The release of the etcd at hand. */
  readonly version: string;
}

type Rule = (call: Call, expected: unknown, actual: unknown, circumstances: Circumstances) => boolean;

const leaseMethods = ['LeaseKeepAlive', 'LeaseTimeToLive', 'LeaseLeases'];
const rootMethods = ['MemberRemove', 'MemberUpdate', 'MemberPromote', 'MoveLeader', 'HashKV', 'Downgrade'];
/** Those whose refusals are not put into etcd's words before 3.6. */
const plainMethods = ['Hash', 'HashKV', 'Snapshot', 'Defragment'];
const namedMethods = ['MemberList', 'Status'];

/** Refusals for who asks. */
const refusals = new Set([
  'code 3: etcdserver: user name is empty',
  'code 7: etcdserver: permission denied',
  'code 9: etcdserver: user name not found',
  'code 16: etcdserver: invalid auth token',
]);

/** There is no such method, or no path of the gateway. */
function isUnknown(answer: unknown): boolean {
  return /^(?:code 12|status 404): /.test(String(answer));
}

/** The words of a refusal alone. */
function withoutCode(refusal: unknown): string {
  return String(refusal).replace(/^code \d+: (?:auth|etcdserver): /, '');
}

function without(answer: unknown, name: string): string {
  return JSON.stringify(Object.entries(answer ?? {}).filter(([field]) => field !== name));
}

const rules: Readonly<Record<keyof typeof olderReleases, Rule>> = {
  leaseAccess: ({ method }, _expected, actual, { authOn }) =>
    authOn && leaseMethods.includes(method) && refusals.has(String(actual)),

  rootFirst: ({ method }, _expected, actual, { authOn }) =>
    authOn && rootMethods.includes(method) && refusals.has(String(actual)),

  rootRefusals: ({ method }, expected, actual, { authOn }) =>
    authOn &&
    plainMethods.includes(method) &&
    refusals.has(String(actual)) &&
    withoutCode(expected) === withoutCode(actual),

  namedReads: ({ method, message }, _expected, actual, { authOn }) =>
    authOn &&
    (namedMethods.includes(method) || (method === 'Alarm' && message['action'] === 0)) &&
    refusals.has(String(actual)),

  authenticateWithToken: ({ method }, expected, actual) =>
    method === 'Authenticate' &&
    expected === 'code 16: etcdserver: invalid auth token' &&
    typeof actual === 'object',

  authStatus: ({ method }, expected, actual) =>
    method === 'AuthStatus' &&
    (isUnknown(expected) || (refusals.has(String(expected)) && typeof actual === 'object')),

  downgrade: ({ method }, expected) => method === 'Downgrade' && isUnknown(expected),

  downgradeCancel: ({ method, message }, expected, actual) =>
    method === 'Downgrade' &&
    message['action'] === 2 &&
    expected === 'code 9: etcdserver: no inflight downgrade job' &&
    typeof actual === 'object',

  sortOrder: (_call, expected, actual) =>
    typeof expected === 'object' && actual === 'code 3: etcdserver: invalid sort option',

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

/** Does a release lack what others have `since`? Of its own line of releases the one named counts, else the oldest. */
function isBefore(version: string, { since }: ReleaseDifference): boolean {
  const line = (release: string): string => release.split('.', 2).join('.');
  const named = since.find((release) => line(release) === line(version)) ?? since[0]!;
  return compareVersions(version, named) < 0;
}

/** Why two answers that differ are both right, or null. */
export function olderEtcd(
  call: Call,
  expected: unknown,
  actual: unknown,
  circumstances: Circumstances,
): string | null {
  for (const [name, difference] of Object.entries(olderReleases)) {
    if (!isBefore(circumstances.version, difference)) continue;
    if (rules[name as keyof typeof rules](call, expected, actual, circumstances)) return difference.text;
  }
  return null;
}
