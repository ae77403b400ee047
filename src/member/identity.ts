/**
 * Member and cluster ids, derived as etcd derives them, so that every member of a new cluster computes the same ones
 * from the same flags (etcd `server/etcdserver/api/membership`).
 */

import { createHash } from 'node:crypto';
import type { InitialMember } from './types.ts';

/** First eight bytes of SHA-1 over the sorted peer URLs and the token, as 16 hexadecimal digits. */
export function memberIdOf(peerUrls: readonly string[], clusterToken: string): string {
  const text = [...peerUrls].sort().join('') + clusterToken;
  return createHash('sha1').update(text).digest('hex').slice(0, 16);
}

/** First eight bytes of SHA-1 over all member ids, big-endian, ascending. */
function clusterIdOf(memberIds: readonly string[]): string {
  const hash = createHash('sha1');
  for (const id of [...memberIds].sort()) hash.update(Buffer.from(id, 'hex'));
  return hash.digest('hex').slice(0, 16);
}

export interface ClusterIdentity {
  readonly clusterId: string;
  /** Id of each initial member, in the order given. */
  readonly memberIds: readonly string[];
}

export function identifyCluster(members: readonly InitialMember[], clusterToken: string): ClusterIdentity {
  const memberIds = members.map((member) => memberIdOf(member.peerUrls, clusterToken));
  return { clusterId: clusterIdOf(memberIds), memberIds };
}

/** `0x` hexadecimal text to the 64-bit number that clients see. */
export function idToBigint(id: string): bigint {
  return id === '' ? 0n : BigInt(`0x${id}`);
}
