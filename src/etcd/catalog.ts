/**
 * Every RPC of etcd 3.7, by service, and reflection, which etcd does not have. A name without a mark is unary,
 * `<` marks a stream of answers, `<>` one both ways. What is in here and served by nobody is answered UNIMPLEMENTED, and
 * so is what is not in here, but in the words of grpc-go, which clients of etcd fall back on.
 */

const rpcs: Readonly<Record<string, string>> = {
  'etcdserverpb.KV': 'Range Put DeleteRange Txn Compact RangeStream<',
  'etcdserverpb.Watch': 'Watch<>',
  'etcdserverpb.Lease': 'LeaseGrant LeaseRevoke LeaseKeepAlive<> LeaseTimeToLive LeaseLeases',
  'etcdserverpb.Cluster': 'MemberAdd MemberRemove MemberUpdate MemberList MemberPromote',
  'etcdserverpb.Maintenance': 'Alarm Status Defragment Hash HashKV Snapshot< MoveLeader Downgrade',
  'etcdserverpb.Auth':
    'AuthEnable AuthDisable AuthStatus Authenticate UserAdd UserGet UserList UserDelete UserChangePassword ' +
    'UserGrantRole UserRevokeRole RoleAdd RoleGet RoleList RoleDelete RoleGrantPermission RoleRevokePermission',
  'v3lockpb.Lock': 'Lock Unlock',
  'v3electionpb.Election': 'Campaign Proclaim Leader Observe< Resign',
  'grpc.health.v1.Health': 'Check List Watch<',
  'grpc.reflection.v1.ServerReflection': 'ServerReflectionInfo<>',
  'grpc.reflection.v1alpha.ServerReflection': 'ServerReflectionInfo<>',
};

export type RpcShape = 'unary' | 'server_stream' | 'bidi_stream';

function shapeOf(mark: string): RpcShape {
  if (mark === '') return 'unary';
  return mark === '<' ? 'server_stream' : 'bidi_stream';
}

/** Service to method to shape. */
export const catalog: ReadonlyMap<string, ReadonlyMap<string, RpcShape>> = new Map(
  Object.entries(rpcs).map(([service, methods]) => {
    const shapes = methods.split(' ').map((method): [string, RpcShape] => {
      const [, name, mark] = /^(\w+)(<?>?)$/.exec(method)!;
      return [name!, shapeOf(mark!)];
    });
    return [service, new Map(shapes)];
  }),
);

/** What grpc-go answers, with code 12, to a path that no service has. */
export function unknownMethod(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash <= 0) return `malformed method name: ${JSON.stringify(path)}`;
  const service = path.slice(path.startsWith('/') ? 1 : 0, slash);
  if (!catalog.has(service)) return `unknown service ${service}`;
  return `unknown method ${path.slice(slash + 1)} for service ${service}`;
}
