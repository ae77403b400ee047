/**
 * Who makes a call, and which calls need to know.
 *
 * A caller is named by a token in the metadata (`token`, else `authorization`), or else by the common name of its
 * certificate if clients must have one; the gateway's own certificate names nobody. While auth is off nothing is looked
 * at, not even a wrong token.
 *
 *     guard     whenJudgeable(call)          for every call: waits if need be
 *               admit(call)                  refuses by the path alone, see `Access`
 *     service   callerOf(call)               to check a request, or to propose it with its caller; refuses a bad token
 *     apply     auth.applyCheck(…)           writes, with the caller that the entry carries
 *
 * The guard refuses no bad token where the request decides: what is wrong with the request itself is told first.
 */

import type { Checks } from '../auth/checks.ts';
import { type Caller, nobody } from '../auth/types.ts';
import type { ServedAuth } from '../member/auth-types.ts';
import type { RpcCall } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { catalog } from './catalog.ts';

const TOKEN_KEY = 'token';
const AUTHORIZATION_KEY = 'authorization';
const GATEWAY_KEY = 'grpcgateway-accept';
const bearer = 'Bearer ';

/**
 * What a call needs before its service sees it.
 *
 * - `open`: nothing, not even that a token it shows is good.
 * - `request`: it depends on the request: the service checks it, or apply does.
 * - `named`: somebody, whoever it is.
 * - `root`: the role root. Checked against the state here, as in etcd.
 */
export type Access = 'open' | 'request' | 'named' | 'root';

/** Of what is not listed here the access is `request`. */
const accesses: Readonly<Record<Exclude<Access, 'request'>, string>> = {
  open: 'Auth/Authenticate',
  named: 'Lease/LeaseGrant Lease/LeaseRevoke Lease/LeaseTimeToLive Lease/LeaseLeases ' + 'Cluster/MemberList',
  root:
    'Cluster/MemberRemove Cluster/MemberUpdate Cluster/MemberPromote ' +
    'Maintenance/Status Maintenance/Defragment Maintenance/Hash Maintenance/HashKV Maintenance/Snapshot ' +
    'Maintenance/MoveLeader Maintenance/Downgrade',
};

const accessByPath: ReadonlyMap<string, Access> = new Map([
  ...[...catalog.get('grpc.health.v1.Health')!.keys()].map((method): [string, Access] => [
    `/grpc.health.v1.Health/${method}`,
    'open',
  ]),
  ...Object.entries(accesses).flatMap(([access, methods]) =>
    methods.split(' ').map((method): [string, Access] => [`/etcdserverpb.${method}`, access as Access]),
  ),
]);

/** @param path of a method, with its package: `/etcdserverpb.KV/Range` */
export function accessOf(path: string): Access {
  return accessByPath.get(path) ?? 'request';
}

/** The token that a call shows, or undefined. An empty one is a token, and a bad one. */
function tokenOf(call: RpcCall): string | undefined {
  const token = call.metadata(TOKEN_KEY);
  if (token !== undefined) return token;
  const authorization = call.metadata(AUTHORIZATION_KEY);
  return authorization?.startsWith(bearer) ? authorization.slice(bearer.length) : authorization;
}

export class Authorizer {
  readonly #served: ServedAuth;

  constructor(served: ServedAuth) {
    this.#served = served;
  }

  /** False: nothing needs to be asked, everybody may do everything. */
  get enabled(): boolean {
    return this.#served.auth.enabled;
  }

  /** What this caller may do; does nothing while auth is off. */
  get checks(): Checks {
    return this.#served.auth.checks;
  }

  /**
   * Calls `proceed` when `callerOf` knows what the token of a call is worth: at once, but for a token that was made by a
   * log entry that is not applied here yet.
   */
  whenJudgeable(call: RpcCall, proceed: () => void): void {
    const token = this.enabled && accessOf(call.path) !== 'open' ? tokenOf(call) : undefined;
    if (token === undefined) proceed();
    else this.#served.auth.whenJudgeable(token, proceed);
  }

  /**
   * Is the path of a call open to whoever makes it? For calls that can be judged.
   * @throws Failure 'invalidAuthToken', 'userNameEmpty', 'userNotFound', 'permissionDenied'
   */
  admit(call: RpcCall): void {
    const access = accessOf(call.path);
    if (access === 'named') this.checks.named(this.callerOf(call));
    else if (access === 'root') this.checks.admin(this.callerOf(call));
  }

  /**
   * Who makes a call, now: the answer may change while a stream is open. For calls that can be judged.
   * @throws Failure 'invalidAuthToken'
   */
  callerOf(call: RpcCall): Caller {
    const { auth, trustsCommonName } = this.#served;
    if (!auth.enabled) return nobody;
    const token = tokenOf(call);
    if (token !== undefined) {
      const caller = auth.tokens.judge(token, auth.revision);
      if (caller === null) throw new Failure('invalidAuthToken');
      return caller;
    }
    const { commonName } = call;
    if (!trustsCommonName || commonName === '' || call.metadata(GATEWAY_KEY) !== undefined) return nobody;
    return { user: commonName, revision: auth.revision };
  }
}
