/**
 * Typed ends of the cold codec for the messages that are in use: status, member list, alarms and health. Ids are bigint,
 * everything that counts is a number and saturates, as in `messages.ts`.
 */

import type { ColdMessage } from './cold-codec.ts';
import { decodeCold, encodeCold } from './cold-codec.ts';
import type { ResponseHeader } from './messages.ts';
import type { DecodedHeader } from './response-header.ts';
import { decodeHeaderIds } from './response-header.ts';

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

export interface DowngradeInfo {
  readonly enabled: boolean;
  readonly targetVersion: string;
}

/** `etcdserverpb.StatusResponse` without its header. */
export interface Status {
  /** Of the server program, `X.Y.Z`. */
  readonly version: string;
  /** Bytes on disk; must be above 0, for etcdctl divides by it. */
  readonly dbSize: number;
  /** 0n when there is none. */
  readonly leader: bigint;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly dbSizeInUse: number;
  readonly isLearner: boolean;
  readonly storageVersion: string;
  readonly dbSizeQuota: number;
  readonly downgradeInfo: DowngradeInfo | null;
}

/** `etcdserverpb.Member`. */
export interface WireMember {
  readonly id: bigint;
  /** Empty until the member has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export const AlarmAction = { Get: 0, Activate: 1, Deactivate: 2 } as const;
export const AlarmType = { None: 0, NoSpace: 1, Corrupt: 2 } as const;

export interface AlarmRequest {
  /** An AlarmAction; unknown numbers are kept. */
  readonly action: number;
  /** 0n for all members. */
  readonly memberId: bigint;
  /** An AlarmType; unknown numbers are kept. */
  readonly alarm: number;
}

export interface AlarmMember {
  readonly memberId: bigint;
  readonly alarm: number;
}

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
export const ServingStatus = { Unknown: 0, Serving: 1, NotServing: 2, ServiceUnknown: 3 } as const;

export interface WithHeader {
  readonly header: DecodedHeader;
}

/** The header of a hot message as a field of a cold one. */
export function coldHeader(header: ResponseHeader): ColdMessage {
  const ids = decodeHeaderIds(header.idBytes);
  return {
    cluster_id: ids.clusterId,
    member_id: ids.memberId,
    revision: header.revision,
    raft_term: header.raftTerm,
  };
}

/** The field `header` of a decoded cold message; zeros when it is absent. */
export function headerOf(message: ColdMessage): DecodedHeader {
  const header = (message['header'] ?? {}) as ColdMessage;
  return {
    clusterId: (header['cluster_id'] ?? 0n) as bigint,
    memberId: (header['member_id'] ?? 0n) as bigint,
    revision: count(header['revision'] ?? 0n),
    raftTerm: count(header['raft_term'] ?? 0n),
  };
}

function count(value: unknown): number {
  const bits = value as bigint;
  if (bits > maxSafe) return Number.MAX_SAFE_INTEGER;
  return bits < -maxSafe ? Number.MIN_SAFE_INTEGER : Number(bits);
}

/** @throws Failure 'malformedRequest', as every decoder here does. The request has no fields. */
export function decodeStatusRequest(bytes: Uint8Array): void {
  decodeCold('etcdserverpb.StatusRequest', bytes);
}

export function encodeStatusRequest(): Uint8Array {
  return encodeCold('etcdserverpb.StatusRequest', {});
}

export function encodeStatusResponse(header: ResponseHeader, status: Status): Uint8Array {
  return encodeCold('etcdserverpb.StatusResponse', { header: coldHeader(header), ...status });
}

export function decodeStatusResponse(bytes: Uint8Array): Status & WithHeader {
  const message = decodeCold('etcdserverpb.StatusResponse', bytes);
  return {
    header: headerOf(message),
    version: message['version'] as string,
    dbSize: count(message['dbSize']),
    leader: message['leader'] as bigint,
    raftIndex: count(message['raftIndex']),
    raftTerm: count(message['raftTerm']),
    raftAppliedIndex: count(message['raftAppliedIndex']),
    errors: message['errors'] as string[],
    dbSizeInUse: count(message['dbSizeInUse']),
    isLearner: message['isLearner'] as boolean,
    storageVersion: message['storageVersion'] as string,
    dbSizeQuota: count(message['dbSizeQuota']),
    downgradeInfo: message['downgradeInfo'] as DowngradeInfo | null,
  };
}

export function encodeMemberListRequest(linearizable: boolean): Uint8Array {
  return encodeCold('etcdserverpb.MemberListRequest', { linearizable });
}

export function decodeMemberListRequest(bytes: Uint8Array): { readonly linearizable: boolean } {
  const message = decodeCold('etcdserverpb.MemberListRequest', bytes);
  return { linearizable: message['linearizable'] as boolean };
}

/** @param members in the order of their ids, as etcd answers them. */
export function encodeMemberListResponse(header: ResponseHeader, members: readonly WireMember[]): Uint8Array {
  return encodeCold('etcdserverpb.MemberListResponse', {
    header: coldHeader(header),
    members: members.map((member) => ({
      ID: member.id,
      name: member.name,
      peerURLs: member.peerUrls,
      clientURLs: member.clientUrls,
      isLearner: member.isLearner,
    })),
  });
}

export function decodeMemberListResponse(
  bytes: Uint8Array,
): WithHeader & { readonly members: readonly WireMember[] } {
  const message = decodeCold('etcdserverpb.MemberListResponse', bytes);
  const members = (message['members'] as ColdMessage[]).map((member) => ({
    id: member['ID'] as bigint,
    name: member['name'] as string,
    peerUrls: member['peerURLs'] as string[],
    clientUrls: member['clientURLs'] as string[],
    isLearner: member['isLearner'] as boolean,
  }));
  return { header: headerOf(message), members };
}

export function encodeAlarmRequest(request: AlarmRequest): Uint8Array {
  return encodeCold('etcdserverpb.AlarmRequest', {
    action: request.action,
    memberID: request.memberId,
    alarm: request.alarm,
  });
}

export function decodeAlarmRequest(bytes: Uint8Array): AlarmRequest {
  const message = decodeCold('etcdserverpb.AlarmRequest', bytes);
  return {
    action: message['action'] as number,
    memberId: message['memberID'] as bigint,
    alarm: message['alarm'] as number,
  };
}

export function encodeAlarmResponse(header: ResponseHeader, alarms: readonly AlarmMember[]): Uint8Array {
  return encodeCold('etcdserverpb.AlarmResponse', {
    header: coldHeader(header),
    alarms: alarms.map((alarm) => ({ memberID: alarm.memberId, alarm: alarm.alarm })),
  });
}

export function decodeAlarmResponse(
  bytes: Uint8Array,
): WithHeader & { readonly alarms: readonly AlarmMember[] } {
  const message = decodeCold('etcdserverpb.AlarmResponse', bytes);
  const alarms = (message['alarms'] as ColdMessage[]).map((alarm) => ({
    memberId: alarm['memberID'] as bigint,
    alarm: alarm['alarm'] as number,
  }));
  return { header: headerOf(message), alarms };
}

/** Of Check and of Watch. `service` is empty for the server as a whole. */
export function decodeHealthCheckRequest(bytes: Uint8Array): { readonly service: string } {
  return { service: decodeCold('grpc.health.v1.HealthCheckRequest', bytes)['service'] as string };
}

export function encodeHealthCheckRequest(service: string): Uint8Array {
  return encodeCold('grpc.health.v1.HealthCheckRequest', { service });
}

/** @param status a ServingStatus. */
export function encodeHealthCheckResponse(status: number): Uint8Array {
  return encodeCold('grpc.health.v1.HealthCheckResponse', { status });
}

/** Returns a ServingStatus. */
export function decodeHealthCheckResponse(bytes: Uint8Array): number {
  return decodeCold('grpc.health.v1.HealthCheckResponse', bytes)['status'] as number;
}
