/**
 * All of etcd's services, as the table of methods that a transport serves. A new service is a file of its own and a
 * line here; whatever concerns every call is in `guard.ts`.
 */

import type { ServedMember } from '../member/types.ts';
import type { RpcMethod, RpcMethods } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import type { Metrics } from '../util/metrics.ts';
import { authMethods } from './auth.ts';
import { catalog, type RpcShape } from './catalog.ts';
import { clusterMethods } from './cluster.ts';
import { ServiceContext } from './context.ts';
import { electionMethods } from './election.ts';
import { guarded, type ServiceMethod, type ServiceMethods, stream, unary } from './guard.ts';
import { healthMethods } from './health.ts';
import { kvMethods } from './kv.ts';
import { LeaderGuard } from './leader-guard.ts';
import { leaseMethods } from './lease.ts';
import { lockMethods } from './lock.ts';
import { maintenanceMethods } from './maintenance.ts';
import { reflectionMethods } from './reflection.ts';
import { defaultProgressIntervalMs, watchMethods } from './watch.ts';

export { unknownMethod } from './catalog.ts';
export { maxReceiveBytes } from './limits.ts';

export interface EtcdOptions {
  /** How often idle watchers are told how far they are, in milliseconds; at least 100. @default 600000 */
  readonly watchProgressIntervalMs?: number;
  /** Where calls are counted. @default nowhere that anybody could read it */
  readonly metrics?: Metrics;
  /** Counts also how long calls take, per method (etcd's `--metrics extensive`). @default false */
  readonly timesCalls?: boolean;
}

/** What is asked to see how a member is, also while it has no state to answer from. */
const forOperators: ReadonlySet<string> = new Set([
  'etcdserverpb.Cluster',
  'etcdserverpb.Maintenance',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]);

/**
 * The methods of etcd 3.7, for a transport: every path is there, and those without a service behind them answer
 * UNIMPLEMENTED. Nothing has to be closed: what the methods hold goes with the calls.
 */
export function etcdMethods(member: ServedMember, options: EtcdOptions = {}): RpcMethods {
  const context = new ServiceContext(member, options.timesCalls ?? false);
  if (options.metrics !== undefined) {
    context.meter.register(options.metrics);
    context.work.register(options.metrics);
  }
  const progressIntervalMs = options.watchProgressIntervalMs ?? defaultProgressIntervalMs;
  return assemble(context, servicesOf(context, progressIntervalMs));
}

/** What is behind the catalog, by service and method. */
export function servicesOf(
  context: ServiceContext,
  progressIntervalMs: number = defaultProgressIntervalMs,
): Readonly<Record<string, ServiceMethods>> {
  const { member } = context;
  return {
    'etcdserverpb.KV': kvMethods(context),
    'etcdserverpb.Lease': leaseMethods(context, member.leases),
    'etcdserverpb.Watch': watchMethods(context, { progressIntervalMs }),
    'etcdserverpb.Cluster': clusterMethods(context),
    'etcdserverpb.Maintenance': maintenanceMethods(context),
    'etcdserverpb.Auth': authMethods(context, member.auth, context.authorizer),
    'v3lockpb.Lock': lockMethods(context),
    'v3electionpb.Election': electionMethods(context),
    'grpc.health.v1.Health': healthMethods(context),
    'grpc.reflection.v1.ServerReflection': reflectionMethods(context, 'v1'),
    'grpc.reflection.v1alpha.ServerReflection': reflectionMethods(context, 'v1alpha'),
  };
}

function assemble(context: ServiceContext, services: Readonly<Record<string, ServiceMethods>>): RpcMethods {
  const leaders = new LeaderGuard(context.member);
  const methods = new Map<string, RpcMethod>();
  for (const [service, shapes] of catalog) {
    const served = services[service] ?? {};
    for (const [name, shape] of shapes) {
      const method = served[name] ?? unserved(service, name, shape);
      if ((method.kind === 'unary') !== (shape === 'unary')) {
        throw new Error(`${service}/${name} is a ${shape} method and served as ${method.kind}`);
      }
      const guardedMethod = guarded(context, leaders, method, !forOperators.has(service));
      methods.set(`/${service}/${name}`, context.meter.metered(service, name, shape, guardedMethod));
    }
    for (const name of Object.keys(served)) {
      if (!shapes.has(name)) throw new Error(`${service} has no method ${name}`);
    }
  }
  return methods;
}

function unserved(service: string, name: string, shape: RpcShape): ServiceMethod {
  const refuse = (): never => {
    throw new Failure('unimplemented', `keelson: ${name} of ${service} is not served`);
  };
  return shape === 'unary' ? unary(refuse) : stream(refuse);
}
