/**
 * `Downgrade` of `etcdserverpb.Maintenance`: whether the cluster may go back by one minor version, and the wish for it.
 *
 * The wish is on record in the whole cluster, as in etcd, and the versions of cluster and storage that members tell are the
 * older ones from then on until it is canceled. Nothing has to be changed on disk: the data of the older version is the same.
 *
 * An answer tells the cluster's version as it was before, as in etcd, whose leader looks after it every few seconds.
 */

import type { DowngradeRecord } from '../member/types.ts';
import { RequestKind } from '../member/types.ts';
import type { RpcCall, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import {
  DowngradeAction,
  type DowngradeRequest,
  decodeDowngradeRequest,
  encodeDowngradeResponse,
} from '../wire/maintenance-messages.ts';
import type { ServiceContext } from './context.ts';
import { statusOf } from './errors.ts';
import { type ServiceMethod, unary } from './guard.ts';
import { clusterVersionOf, majorMinor, newestClusterVersion } from './version.ts';

const versionShape = /^(\d+)\.(\d+)(?:\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?$/;
const [clusterMajor, clusterMinor] = newestClusterVersion.split('.').map(Number) as [number, number];

/**
 * The version that a cluster of this version may go back to, if it is the one asked for: `X.Y.0`.
 * @param text `X.Y` or a semantic version, whose patch does not matter
 * @throws Failure 'wrongDowngradeVersionFormat', 'invalidDowngradeTarget'
 */
export function downgradeTarget(text: string): string {
  const [, major, minor] = versionShape.exec(text) ?? [];
  if (major === undefined) throw new Failure('wrongDowngradeVersionFormat');
  if (Number(major) !== clusterMajor || Number(minor) !== clusterMinor - 1) {
    throw new Failure('invalidDowngradeTarget');
  }
  return `${Number(major)}.${Number(minor)}.0`;
}

export function downgradeMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  const clusterVersion = (): string => majorMinor(clusterVersionOf(member.downgrade()));
  const answer = (version: string, reply: UnaryReply): void => {
    const header = context.header(context.store.revision);
    reply(null, encodeDowngradeResponse(header, version));
  };
  const propose = (kind: RequestKind, target: string, call: RpcCall, reply: UnaryReply): void => {
    const before = clusterVersion();
    member.propose<DowngradeRecord>(
      kind,
      Buffer.from(target),
      null,
      (failure) => {
        if (failure === null) answer(before, reply);
        else reply(statusOf(failure), null);
      },
      context.authorizer.callerOf(call),
    );
  };
  const act = ({ action, version }: DowngradeRequest, call: RpcCall, reply: UnaryReply): void => {
    if (action === DowngradeAction.Cancel) {
      propose(RequestKind.DowngradeCancel, '', call, reply);
      return;
    }
    const target = downgradeTarget(version);
    if (member.downgrade().enabled) throw new Failure('downgradeInProgress');
    if (action === DowngradeAction.Enable) propose(RequestKind.DowngradeEnable, target, call, reply);
    else answer(clusterVersion(), reply);
  };
  return unary((body, call, reply) => {
    const request = decodeDowngradeRequest(body);
    if (!Object.values<number>(DowngradeAction).includes(request.action)) {
      throw new Failure('unknownDowngradeAction');
    }
    // A version that is none is refused before anybody is asked.
    if (request.action !== DowngradeAction.Cancel && !versionShape.test(request.version)) {
      throw new Failure('wrongDowngradeVersionFormat');
    }
    context.linearized(reply, () => act(request, call, reply));
  });
}
