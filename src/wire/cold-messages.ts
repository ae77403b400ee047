/**
 * Typed ends of the cold codec for the messages that are in use: status, member list, alarms and health. Ids are bigint,
 * everything that counts is a number and saturates, as in `messages.ts`.
 */

import { decodeCold, encodeCold } from './cold-codec.ts';
import type { ResponseHeader } from './messages.ts';
import type { DecodedHeader } from './response-header.ts';
import { decodeHeaderIds, emptyHeader } from './response-header.ts';

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

// The same messages as the cold codec has them.

/** `etcdserverpb.ResponseHeader`. */
export interface ColdHeader {
  readonly cluster_id: bigint;
  readonly member_id: bigint;
  readonly revision: bigint;
  readonly raft_term: bigint;
}

export interface ColdResponse {
  readonly header: ColdHeader | null;
}

interface ColdStatus extends ColdResponse {
  readonly version: string;
  readonly dbSize: bigint;
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly dbSizeInUse: bigint;
  readonly isLearner: boolean;
  readonly storageVersion: string;
  readonly dbSizeQuota: bigint;
  readonly downgradeInfo: DowngradeInfo | null;
}

/** `etcdserverpb.Member`. */
export interface ColdMember {
  readonly ID: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

interface ColdAlarm {
  readonly memberID: bigint;
  readonly alarm: number;
}

/** The header of a hot message as a field of a cold one. */
export function coldHeader(header: ResponseHeader): ColdHeader {
  const ids = decodeHeaderIds(header.idBytes);
  return {
    cluster_id: ids.clusterId,
    member_id: ids.memberId,
    revision: BigInt(header.revision),
    raft_term: BigInt(header.raftTerm),
  };
}

/** The header of a decoded cold message; zeros when it is absent. */
export function headerOf(message: ColdResponse): DecodedHeader {
  const { header } = message;
  if (header === null) return emptyHeader();
  return {
    clusterId: header.cluster_id,
    memberId: header.member_id,
    revision: saturated(header.revision),
    raftTerm: saturated(header.raft_term),
  };
}

/** The number that stands for a 64-bit integer: itself, or the nearest safe integer. */
export function saturated(value: bigint): number {
  if (value > maxSafe) return Number.MAX_SAFE_INTEGER;
  return value < -maxSafe ? Number.MIN_SAFE_INTEGER : Number(value);
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
  const message = decodeCold<ColdStatus>('etcdserverpb.StatusResponse', bytes);
  return {
    header: headerOf(message),
    version: message.version,
    dbSize: saturated(message.dbSize),
    leader: message.leader,
    raftIndex: saturated(message.raftIndex),
    raftTerm: saturated(message.raftTerm),
    raftAppliedIndex: saturated(message.raftAppliedIndex),
    errors: message.errors,
    dbSizeInUse: saturated(message.dbSizeInUse),
    isLearner: message.isLearner,
    storageVersion: message.storageVersion,
    dbSizeQuota: saturated(message.dbSizeQuota),
    downgradeInfo: message.downgradeInfo,
  };
}

export function encodeMemberListRequest(linearizable: boolean): Uint8Array {
  return encodeCold('etcdserverpb.MemberListRequest', { linearizable });
}

export function decodeMemberListRequest(bytes: Uint8Array): { readonly linearizable: boolean } {
  return decodeCold<{ linearizable: boolean }>('etcdserverpb.MemberListRequest', bytes);
}

/** @param members in the order of their ids, as etcd answers them. */
export function encodeMemberListResponse(header: ResponseHeader, members: readonly WireMember[]): Uint8Array {
  return encodeCold('etcdserverpb.MemberListResponse', {
    header: coldHeader(header),
    members: members.map(coldMember),
  });
}

export function coldMember({ id, name, peerUrls, clientUrls, isLearner }: WireMember): ColdMember {
  return { ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner };
}

export function decodeMemberListResponse(
  bytes: Uint8Array,
): WithHeader & { readonly members: readonly WireMember[] } {
  const message = decodeCold<ColdResponse & { members: ColdMember[] }>(
    'etcdserverpb.MemberListResponse',
    bytes,
  );
  const members = message.members.map((member) => ({
    id: member.ID,
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
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
  const message = decodeCold<ColdAlarm & { action: number }>('etcdserverpb.AlarmRequest', bytes);
  return {
    action: message.action,
    memberId: message.memberID,
    alarm: message.alarm,
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
  const message = decodeCold<ColdResponse & { alarms: ColdAlarm[] }>('etcdserverpb.AlarmResponse', bytes);
  const alarms = message.alarms.map((alarm) => ({
    memberId: alarm.memberID,
    alarm: alarm.alarm,
  }));
  return { header: headerOf(message), alarms };
}

/** Of Check and of Watch. `service` is empty for the server as a whole. */
export function decodeHealthCheckRequest(bytes: Uint8Array): { readonly service: string } {
  return decodeCold<{ service: string }>('grpc.health.v1.HealthCheckRequest', bytes);
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
  return decodeCold<{ status: number }>('grpc.health.v1.HealthCheckResponse', bytes).status;
}

/** What List says: each service by its full name, empty for the server as a whole, with its ServingStatus. */
export interface ServiceHealth {
  readonly service: string;
  readonly status: number;
}

export function encodeHealthListResponse(services: readonly ServiceHealth[]): Uint8Array {
  const statuses = services.map(({ service, status }) => ({ key: service, value: { status } }));
  return encodeCold('grpc.health.v1.HealthListResponse', { statuses });
}

export function decodeHealthListResponse(bytes: Uint8Array): readonly ServiceHealth[] {
  type Entry = { readonly key: string; readonly value: { readonly status: number } };
  const { statuses } = decodeCold<{ statuses: Entry[] }>('grpc.health.v1.HealthListResponse', bytes);
  return statuses.map(({ key, value }) => ({ service: key, status: value.status }));
}
