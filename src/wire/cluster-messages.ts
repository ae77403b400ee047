/**
 * The server's ends of the messages that change the membership; the client's are in `client-messages.ts`. Ids are bigint.
 */

import { decodeCold, encodeCold } from './cold-codec.ts';
import { type ColdMember, coldHeader, coldMember, type WireMember } from './cold-messages.ts';
import type { ResponseHeader } from './messages.ts';

export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberUpdateRequest {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
}

/** @throws Failure 'malformedRequest', as every decoder here does */
export function decodeMemberAddRequest(bytes: Uint8Array): MemberAddRequest {
  const message = decodeCold<{ peerURLs: string[]; isLearner: boolean }>(
    'etcdserverpb.MemberAddRequest',
    bytes,
  );
  return { peerUrls: message.peerURLs, isLearner: message.isLearner };
}

export function decodeMemberRemoveRequest(bytes: Uint8Array): bigint {
  return decodeCold<{ ID: bigint }>('etcdserverpb.MemberRemoveRequest', bytes).ID;
}

export function decodeMemberPromoteRequest(bytes: Uint8Array): bigint {
  return decodeCold<{ ID: bigint }>('etcdserverpb.MemberPromoteRequest', bytes).ID;
}

export function decodeMemberUpdateRequest(bytes: Uint8Array): MemberUpdateRequest {
  const message = decodeCold<{ ID: bigint; peerURLs: string[] }>('etcdserverpb.MemberUpdateRequest', bytes);
  return { id: message.ID, peerUrls: message.peerURLs };
}

/** @param members all of them, in the order of their ids */
export function encodeMemberAddResponse(
  header: ResponseHeader,
  member: WireMember,
  members: readonly WireMember[],
): Uint8Array {
  return encodeCold('etcdserverpb.MemberAddResponse', {
    header: coldHeader(header),
    member: coldMember(member),
    members: members.map(coldMember),
  });
}

/** Of remove, update and promote: all members, in the order of their ids. */
export function encodeMembersResponse(
  kind: 'Remove' | 'Update' | 'Promote',
  header: ResponseHeader,
  members: readonly WireMember[],
): Uint8Array {
  const message: { header: object; members: ColdMember[] } = {
    header: coldHeader(header),
    members: members.map(coldMember),
  };
  return encodeCold(`etcdserverpb.Member${kind}Response`, message);
}
