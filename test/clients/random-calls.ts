/**
 * Calls of several users to most services of etcd, as a seed makes them: keys and leases that meet, users and roles that
 * come and go, and auth that is switched on and off under them. The same seed and the same answers make the same calls.
 *
 * Leases live so long that none ends by itself, and have ids that the client chooses: what a server makes up differs.
 */

import type { Message } from '../../examples/grpc-from-proto.ts';
import { RandomDraws } from './random-draws.ts';
import { RandomRequests } from './random-requests.ts';

export interface Call {
  readonly service: 'KV' | 'Lease' | 'Auth' | 'Cluster' | 'Maintenance' | 'Lock' | 'Election';
  readonly method: string;
  readonly message: Message;
  /** Who calls. Nobody shows no token, a stranger a wrong one. */
  readonly user: string;
}

export const nobody = '';
export const stranger = 'a stranger';

const leases = [1, 2, 3, 77, '-5', '4611686018427387904'];
const users = ['root', 'bob', 'eve', 'zoe', ''];
const roles = ['root', 'reader', 'writer', 'other', ''];
/** Outside of the keys of requests, which would be waited for. */
const recipeNames = ['lk1', 'lk2', 'lk3'];
const names = ['', 'a', 'aa', 'b', 'b/', 'c', '\0'];
const granted: readonly (readonly [key: string, end: string])[] = [
  ['a', 'c'],
  ['aa', ''],
  ['b', '\0'],
  ['b/', 'b0'],
  ['c', ''],
  ['\0', 'aa'],
];
export const passwords: readonly string[] = ['p', 'q'];

/** What makes the superuser, so that auth can be switched on. */
const rootCalls: readonly (readonly [string, Message])[] = [
  ['UserAdd', { name: 'root', password: 'p' }],
  ['RoleAdd', { name: 'root' }],
  ['UserGrantRole', { user: 'root', role: 'root' }],
  ['UserAdd', { name: 'bob', password: 'p' }],
  ['RoleAdd', { name: 'reader' }],
  ['UserGrantRole', { user: 'bob', role: 'reader' }],
  [
    'RoleGrantPermission',
    { name: 'reader', perm: { permType: 2, key: Buffer.from('a'), range_end: Buffer.from('c') } },
  ],
  ['AuthEnable', {}],
];

export class RandomCalls extends RandomDraws {
  readonly #kv: RandomRequests;
  readonly #asksAuth: boolean;
  /** What is to be called next whatever is drawn. */
  #planned: Call[] = [];
  /** Whether auth is on, as far as the answers have told. */
  isAuthOn = false;
  /** Whether there is an alarm, as far as the answers have told. */
  hasAlarm = false;

  /** @param asksAuth whether users, roles and auth are among the calls */
  constructor(seed: number, asksAuth: boolean) {
    super(seed);
    this.#kv = new RandomRequests(seed ^ 0x5bd1e995);
    this.#kv.leases = leases;
    this.#kv.leaseOdds = 4;
    this.#asksAuth = asksAuth;
  }

  /** The revision that the answers have shown. */
  set revision(revision: number) {
    this.#kv.revision = Math.max(this.#kv.revision, revision);
  }

  next(): Call {
    const planned = this.#planned.shift();
    if (planned !== undefined) return planned;
    const user = this.#user();
    const draw = this.draw();
    if (draw < 0.55) return this.#forKeys(user);
    if (draw < 0.8) return this.#forLeases(user);
    if (draw < 0.85) return { ...this.#other(), user };
    if (draw < 0.89) return { ...this.#recipe(), user };
    if (!this.#asksAuth) return this.#forKeys(user);
    if (!this.isAuthOn && this.chance(15)) return this.#planRoot();
    return { service: 'Auth', ...this.#auth(), user: this.chance(3) ? user : this.#admin() };
  }

  #forKeys(user: string): Call {
    // Older releases do not see puts in txns within others when there is no space.
    this.#kv.isPlain = user !== this.#admin() || this.hasAlarm;
    const request = this.#kv.next();
    return { service: 'KV', ...request, user: request.method === 'Compact' ? this.#admin() : user };
  }

  /** Older releases let others compact, grant and revoke, too, and would then know another state: only root does here. */
  #forLeases(user: string): Call {
    const lease = this.#lease();
    const changes = lease.method === 'LeaseGrant' || lease.method === 'LeaseRevoke';
    return { service: 'Lease', ...lease, user: changes ? this.#admin() : user };
  }

  /** While auth is off nobody shows a token: some releases refuse wrong ones even then. */
  #user(): string {
    if (!this.isAuthOn) return nobody;
    return this.one([
      'root',
      'root',
      'bob',
      'bob',
      'bob',
      'bob',
      'eve',
      'zoe',
      nobody,
      this.chance(3) ? stranger : 'bob',
    ]);
  }

  #admin(): string {
    return this.isAuthOn ? 'root' : nobody;
  }

  #planRoot(): Call {
    this.#planned = rootCalls.map(([method, message]) => ({
      service: 'Auth',
      method,
      message,
      user: nobody,
    }));
    return this.#planned.shift()!;
  }

  #lease(): { method: string; message: Message } {
    const ID = this.one(leases);
    const TTL = this.chance(30) ? this.one([9_000_000_001, 9_000_000_000]) : 1000 + this.below(5000);
    return this.one<{ method: string; message: Message }>([
      { method: 'LeaseGrant', message: { ID, TTL } },
      { method: 'LeaseGrant', message: { ID, TTL } },
      { method: 'LeaseRevoke', message: { ID } },
      { method: 'LeaseTimeToLive', message: { ID, keys: this.chance(2) } },
      { method: 'LeaseKeepAlive', message: { ID } },
      { method: 'LeaseLeases', message: {} },
    ]);
  }

  #other(): Pick<Call, 'service' | 'method' | 'message'> {
    return this.one<Pick<Call, 'service' | 'method' | 'message'>>([
      { service: 'Cluster', method: 'MemberList', message: {} },
      { service: 'Cluster', method: 'MemberRemove', message: { ID: 12 } },
      { service: 'Cluster', method: 'MemberUpdate', message: { ID: 12, peerURLs: ['http://127.0.0.1:1'] } },
      { service: 'Cluster', method: 'MemberPromote', message: { ID: 12 } },
      { service: 'Cluster', method: 'MemberAdd', message: { peerURLs: ['nonsense'] } },
      { service: 'Maintenance', method: 'Status', message: {} },
      {
        service: 'Maintenance',
        method: 'HashKV',
        message: { revision: this.chance(2) ? 0 : this.#kv.revision },
      },
      { service: 'Maintenance', method: 'Defragment', message: {} },
      { service: 'Maintenance', method: 'Downgrade', message: this.#downgrade() },
      { service: 'Auth', method: 'AuthStatus', message: {} },
      { service: 'Maintenance', method: 'MoveLeader', message: { targetID: 12 } },
      { service: 'Maintenance', method: 'Alarm', message: this.#alarm() },
      { service: 'Maintenance', method: 'Alarm', message: this.#alarm() },
    ]);
  }

  /** Each name has one lease that asks for it, so that nobody waits for his turn. */
  #recipe(): Pick<Call, 'service' | 'method' | 'message'> {
    const at = this.below(3);
    const name = Buffer.from(recipeNames[at]!);
    const lease = leases[at]!;
    const key = Buffer.from(`${name}/${this.one([lease, 9]).toString(16)}`);
    const value = Buffer.from(this.one(passwords));
    const rev = this.one([this.#kv.revision, 1]);
    const leader = { name, key, rev, lease };
    return this.one<Pick<Call, 'service' | 'method' | 'message'>>([
      { service: 'Lock', method: 'Lock', message: { name, lease } },
      { service: 'Lock', method: 'Unlock', message: { key } },
      { service: 'Election', method: 'Campaign', message: { name, lease, value } },
      { service: 'Election', method: 'Campaign', message: { name, lease, value } },
      { service: 'Election', method: 'Leader', message: { name } },
      { service: 'Election', method: 'Proclaim', message: { value, ...this.at(1.2, () => ({ leader })) } },
      { service: 'Election', method: 'Resign', message: this.at(1.2, () => ({ leader })) },
    ]);
  }

  /** etcd forgets permissions while there is no space, so alarms are raised only where nobody asks for them. */
  #alarm(): Message {
    return this.#asksAuth
      ? { action: 0 }
      : this.one<Message>([{ action: 0 }, { action: 1, alarm: 1 }, { action: 2, alarm: 1 }]);
  }

  /** To no version that any release could go back to. */
  #downgrade(): Message {
    return this.one<Message>([
      { action: 0, version: '' },
      { action: 0, version: 'three' },
      { action: 0, version: '3.9.1' },
      { action: 1, version: '1.0.0' },
      { action: 2 },
      { action: 7, version: '3.0' },
    ]);
  }

  #auth(): { method: string; message: Message } {
    const name = this.one(users);
    const role = this.one(roles);
    const password = this.one(passwords);
    return this.one<() => { method: string; message: Message }>([
      () => ({ method: 'AuthEnable', message: {} }),
      () => ({ method: this.chance(3) ? 'AuthDisable' : 'UserList', message: {} }),
      () => ({ method: 'Authenticate', message: { name, password: this.one([...passwords, '']) } }),
      () => ({
        method: 'UserAdd',
        message: { name, password, ...this.at(8, () => ({ options: { no_password: true } })) },
      }),
      () => ({ method: 'UserAdd', message: { name, password } }),
      () => ({ method: 'UserGet', message: { name } }),
      () => ({ method: 'UserList', message: {} }),
      () => ({ method: 'UserDelete', message: { name } }),
      () => ({ method: 'UserChangePassword', message: { name, password } }),
      () => ({ method: 'UserGrantRole', message: { user: name, role } }),
      () => ({ method: 'UserGrantRole', message: { user: name, role } }),
      () => ({ method: 'UserRevokeRole', message: { name, role } }),
      () => ({ method: 'RoleAdd', message: { name: role } }),
      () => ({ method: 'RoleGet', message: { role } }),
      () => ({ method: 'RoleList', message: {} }),
      () => ({ method: 'RoleDelete', message: { role } }),
      () => ({
        method: 'RoleGrantPermission',
        message: { name: role, ...this.at(1, () => ({ perm: this.#permission() })) },
      }),
      () => ({ method: 'RoleGrantPermission', message: { name: role, perm: this.#permission() } }),
      () => ({ method: 'RoleRevokePermission', message: { role, ...this.#interval() } }),
    ])();
  }

  /**
   * On intervals of which no two begin alike: where they do, etcd may add a permission for one that the role has, and so
   * keeps two of them.
   */
  #permission(): Message {
    const [key, end] = this.one(granted);
    return { permType: this.below(3), key: Buffer.from(key), range_end: Buffer.from(end) };
  }

  #interval(): { key: Buffer; range_end: Buffer } {
    return { key: Buffer.from(this.one(names)), range_end: Buffer.from(this.one(names)) };
  }
}
