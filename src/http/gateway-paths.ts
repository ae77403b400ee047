/** The paths of etcd's JSON gateway and the methods behind them. RangeStream has none. */

import { protoDescriptor } from '../wire/proto-descriptor.ts';

export interface GatewayMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly requestType: string;
  readonly responseType: string;
  /** The client may send any number of requests. */
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Service: its prefix, then path after path and its method. */
const table: readonly (readonly [service: string, prefix: string, paths: string])[] = [
  [
    'etcdserverpb.KV',
    '/v3/kv/',
    'range Range, put Put, deleterange DeleteRange, txn Txn, compaction Compact',
  ],
  ['etcdserverpb.Watch', '/v3/', 'watch Watch'],
  [
    'etcdserverpb.Lease',
    '/v3/lease/',
    'grant LeaseGrant, revoke LeaseRevoke, keepalive LeaseKeepAlive, timetolive LeaseTimeToLive, leases LeaseLeases',
  ],
  // Where they were first; clients may still ask there.
  [
    'etcdserverpb.Lease',
    '/v3/kv/lease/',
    'revoke LeaseRevoke, timetolive LeaseTimeToLive, leases LeaseLeases',
  ],
  [
    'etcdserverpb.Cluster',
    '/v3/cluster/member/',
    'add MemberAdd, remove MemberRemove, update MemberUpdate, list MemberList, promote MemberPromote',
  ],
  [
    'etcdserverpb.Maintenance',
    '/v3/maintenance/',
    'alarm Alarm, status Status, defragment Defragment, hash Hash, hashkv HashKV, snapshot Snapshot, ' +
      'transfer-leadership MoveLeader, downgrade Downgrade',
  ],
  [
    'etcdserverpb.Auth',
    '/v3/auth/',
    'enable AuthEnable, disable AuthDisable, status AuthStatus, authenticate Authenticate, ' +
      'user/add UserAdd, user/get UserGet, user/list UserList, user/delete UserDelete, ' +
      'user/changepw UserChangePassword, user/grant UserGrantRole, user/revoke UserRevokeRole, ' +
      'role/add RoleAdd, role/get RoleGet, role/list RoleList, role/delete RoleDelete, ' +
      'role/grant RoleGrantPermission, role/revoke RoleRevokePermission',
  ],
  ['v3lockpb.Lock', '/v3/lock/', 'lock Lock, unlock Unlock'],
  [
    'v3electionpb.Election',
    '/v3/election/',
    'campaign Campaign, proclaim Proclaim, leader Leader, observe Observe, resign Resign',
  ],
];

interface MethodDeclaration {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

function methodOf(service: string, name: string): GatewayMethod {
  const dot = service.lastIndexOf('.');
  const packageName = service.slice(0, dot);
  const json = protoDescriptor[packageName]![service.slice(dot + 1)]!;
  const { methods } = JSON.parse(json) as { readonly methods: Readonly<Record<string, MethodDeclaration>> };
  const declared = methods[name];
  if (declared === undefined) throw new Error(`${service} has no method ${name}`);
  return {
    path: `/${service}/${name}`,
    requestType: `${packageName}.${declared.requestType}`,
    responseType: `${packageName}.${declared.responseType}`,
    requestStream: declared.requestStream === true,
    responseStream: declared.responseStream === true,
  };
}

/** By HTTP path. */
export const gatewayMethods: ReadonlyMap<string, GatewayMethod> = new Map(
  table.flatMap(([service, prefix, paths]) =>
    paths.split(', ').map((entry): [string, GatewayMethod] => {
      const [path, name] = entry.split(' ') as [string, string];
      return [`${prefix}${path}`, methodOf(service, name)];
    }),
  ),
);
