/**
 * How a member that was added to a running cluster learns who it is: it asks the members it was told of, and finds the
 * entry with its own peer URLs among theirs (as etcd does with `--initial-cluster-state existing`).
 */

import type { ClusterOrigin, InitialMember, JoinOptions } from '../member/types.ts';
import { endpointOf } from '../rpc/address.ts';
import { type Dialer, dialer } from '../rpc/dial.ts';
import { getText } from '../rpc/peer-request.ts';
import type { TlsOptions } from '../rpc/tls-options.ts';
import { Failure } from '../util/failure.ts';
import type { Logger } from '../util/runtime.ts';

/** @throws Failure 'badConfig' when no member answers or the cluster does not expect this one */
export async function askToJoin(
  name: string,
  initialCluster: readonly InitialMember[],
  tls: TlsOptions | null,
  log: Logger,
): Promise<JoinOptions> {
  const own = initialCluster.find((member) => member.name === name);
  if (own === undefined)
    throw new Failure('badConfig', `the initial cluster does not name this member, "${name}"`);
  const others = initialCluster.filter((member) => member !== own).flatMap((member) => member.peerUrls);
  if (others.length === 0) {
    throw new Failure(
      'badConfig',
      `the initial cluster names nobody but this member, "${name}": name the members of the existing cluster, too`,
    );
  }
  const origin = await firstAnswer(others, dialer(tls, log));
  const entry = origin.members.find((member) => sameUrls(member.peerUrls, own.peerUrls));
  if (entry === undefined) {
    throw new Failure(
      'badConfig',
      `cluster ${origin.clusterId} expects no member at ${own.peerUrls.join(', ')}: add it first (member add)`,
    );
  }
  if (entry.name !== '') {
    throw new Failure(
      'badConfig',
      `member ${entry.id} at ${own.peerUrls.join(', ')} has been started before, but its data is not here: ` +
        'remove it from the cluster and add it anew',
    );
  }
  return { origin, memberId: entry.id };
}

async function firstAnswer(peerUrls: readonly string[], dial: Dialer): Promise<ClusterOrigin> {
  const problems: string[] = [];
  for (const url of peerUrls) {
    const endpoint = endpointOf(url);
    if (endpoint === null) {
      problems.push(`${url} is no peer URL`);
      continue;
    }
    try {
      const { status, body } = await getText(dial, endpoint, '/keelson/cluster');
      if (status === 200) return JSON.parse(body) as ClusterOrigin;
      problems.push(`${url}: HTTP ${status}`);
    } catch (error) {
      problems.push(`${url}: ${(error as Error).message}`);
    }
  }
  throw new Failure('badConfig', `no member of the existing cluster answers: ${problems.join('; ')}`);
}

function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}
