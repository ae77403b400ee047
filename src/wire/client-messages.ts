/**
 * The ends of rare messages that only a client has: requests to change members and to maintain, and the answers to them.
 * Ids are bigint, what counts is a number and saturates.
 */

import type { AuthAnswers } from './auth-codec.ts';
import { decodeCold, encodeCold } from './cold-codec.ts';
import type { ColdResponse, WireMember } from './cold-messages.ts';
import { decodeMemberListResponse, headerOf, saturated } from './cold-messages.ts';
import type { DecodedHeader } from './response-header.ts';

export interface HashAnswer {
  readonly header: DecodedHeader;
  readonly hash: number;
}

export interface HashKvAnswer extends HashAnswer {
  /** -1: nothing was compacted yet. */
  readonly compactRevision: number;
  /** The revision up to which was hashed; 0 from servers before 3.6. */
  readonly hashRevision: number;
}

export interface SnapshotPart {
  readonly remainingBytes: number;
  readonly blob: Uint8Array;
  /** Of the storage; empty from servers before 3.6. */
  readonly version: string;
}

export const DowngradeAction = { Validate: 0, Enable: 1, Cancel: 2 } as const;

export function encodeMemberAddRequest(peerUrls: readonly string[], isLearner: boolean): Uint8Array {
  return encodeCold('etcdserverpb.MemberAddRequest', { peerURLs: peerUrls, isLearner });
}

interface ColdMember {
  readonly ID: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

/** @throws Failure 'malformedRequest', as every decoder here does */
export function decodeMemberAddResponse(bytes: Uint8Array): {
  readonly header: DecodedHeader;
  readonly member: WireMember | null;
} {
  const message = decodeCold<ColdResponse & { member: ColdMember | null }>(
    'etcdserverpb.MemberAddResponse',
    bytes,
  );
  const { member } = message;
  if (member === null) return { header: headerOf(message), member };
  const { ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner } = member;
  return { header: headerOf(message), member: { id, name, peerUrls, clientUrls, isLearner } };
}

export function encodeMemberRemoveRequest(id: bigint): Uint8Array {
  return encodeCold('etcdserverpb.MemberRemoveRequest', { ID: id });
}

export function encodeMemberPromoteRequest(id: bigint): Uint8Array {
  return encodeCold('etcdserverpb.MemberPromoteRequest', { ID: id });
}

export function encodeMemberUpdateRequest(id: bigint, peerUrls: readonly string[]): Uint8Array {
  return encodeCold('etcdserverpb.MemberUpdateRequest', { ID: id, peerURLs: peerUrls });
}

/** Of remove, update and promote, whose answers are made as that of list: 1 header, 2 members. */
export function decodeMembersResponse(bytes: Uint8Array): ReturnType<typeof decodeMemberListResponse> {
  return decodeMemberListResponse(bytes);
}

export function decodeHashResponse(bytes: Uint8Array): HashAnswer {
  const message = decodeCold<ColdResponse & { hash: number }>('etcdserverpb.HashResponse', bytes);
  return { header: headerOf(message), hash: message.hash };
}

export function encodeHashKvRequest(revision: number): Uint8Array {
  return encodeCold('etcdserverpb.HashKVRequest', { revision });
}

export function decodeHashKvResponse(bytes: Uint8Array): HashKvAnswer {
  const message = decodeCold<
    ColdResponse & { hash: number; compact_revision: bigint; hash_revision: bigint }
  >('etcdserverpb.HashKVResponse', bytes);
  return {
    header: headerOf(message),
    hash: message.hash,
    compactRevision: saturated(message.compact_revision),
    hashRevision: saturated(message.hash_revision),
  };
}

export function decodeSnapshotPart(bytes: Uint8Array): SnapshotPart {
  const message = decodeCold<{ remaining_bytes: bigint; blob: Uint8Array; version: string }>(
    'etcdserverpb.SnapshotResponse',
    bytes,
  );
  return { remainingBytes: saturated(message.remaining_bytes), blob: message.blob, version: message.version };
}

export function encodeMoveLeaderRequest(targetId: bigint): Uint8Array {
  return encodeCold('etcdserverpb.MoveLeaderRequest', { targetID: targetId });
}

/** @param action a DowngradeAction */
export function encodeDowngradeRequest(action: number, version: string): Uint8Array {
  return encodeCold('etcdserverpb.DowngradeRequest', { action, version });
}

/** Returns the version of the cluster. */
export function decodeDowngradeResponse(bytes: Uint8Array): string {
  return decodeCold<{ version: string }>('etcdserverpb.DowngradeResponse', bytes).version;
}

/** Answers of the Auth service that hold something. */
export function decodeAuthStatusResponse(bytes: Uint8Array): AuthAnswers['status'] {
  const message = decodeCold<{ enabled: boolean; authRevision: bigint }>(
    'etcdserverpb.AuthStatusResponse',
    bytes,
  );
  return { enabled: message.enabled, authRevision: saturated(message.authRevision) };
}

export function decodeUserGetResponse(bytes: Uint8Array): AuthAnswers['userGet'] {
  return decodeCold<{ roles: string[] }>('etcdserverpb.AuthUserGetResponse', bytes).roles;
}

export function decodeUserListResponse(bytes: Uint8Array): AuthAnswers['userList'] {
  return decodeCold<{ users: string[] }>('etcdserverpb.AuthUserListResponse', bytes).users;
}

export function decodeRoleListResponse(bytes: Uint8Array): AuthAnswers['roleList'] {
  return decodeCold<{ roles: string[] }>('etcdserverpb.AuthRoleListResponse', bytes).roles;
}

export function decodeRoleGetResponse(bytes: Uint8Array): AuthAnswers['roleGet'] {
  const { perm } = decodeCold<{
    perm: readonly { permType: number; key: Uint8Array; range_end: Uint8Array }[];
  }>('etcdserverpb.AuthRoleGetResponse', bytes);
  return perm.map(({ permType, key, range_end }) => ({ type: permType, key, rangeEnd: range_end }));
}
