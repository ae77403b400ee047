/** The messages of `v3lockpb` and `v3electionpb`, both ends. Lease ids are bigint, revisions numbers that saturate. */

import { decodeCold, encodeCold } from './cold-codec.ts';
import { type ColdHeader, type ColdResponse, coldHeader, headerOf, saturated } from './cold-messages.ts';
import { decodeKeyValue } from './key-value.ts';
import type { KeyValue, KeyValueBytes, ResponseHeader } from './messages.ts';
import type { DecodedHeader } from './response-header.ts';

export interface LockRequest {
  readonly name: Uint8Array;
  /** 0n: the server grants one. */
  readonly lease: bigint;
}

export interface CampaignRequest extends LockRequest {
  readonly value: Uint8Array;
}

/** What a candidate that was elected shows for it: `v3electionpb.LeaderKey`. */
export interface LeaderKey {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  /** Create revision of the key. */
  readonly revision: number;
  readonly lease: bigint;
}

export interface ProclaimRequest {
  readonly leader: LeaderKey | null;
  readonly value: Uint8Array;
}

interface ColdLeaderKey {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  readonly rev: bigint;
  readonly lease: bigint;
}

interface ColdKeyValue {
  readonly key: Uint8Array;
  readonly create_revision: bigint;
  readonly mod_revision: bigint;
  readonly version: bigint;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

function leaderKey(cold: ColdLeaderKey | null): LeaderKey | null {
  if (cold === null) return null;
  return { name: cold.name, key: cold.key, revision: saturated(cold.rev), lease: cold.lease };
}

function coldLeaderKey(leader: LeaderKey | null): object | null {
  if (leader === null) return null;
  return { name: leader.name, key: leader.key, rev: leader.revision, lease: leader.lease };
}

export function encodeLockRequest(request: LockRequest): Uint8Array {
  return encodeCold('v3lockpb.LockRequest', request);
}

/** @throws Failure 'malformedRequest', as every decoder here does */
export function decodeLockRequest(bytes: Uint8Array): LockRequest {
  return decodeCold<LockRequest>('v3lockpb.LockRequest', bytes);
}

export function encodeLockResponse(header: ResponseHeader, key: Uint8Array): Uint8Array {
  return encodeCold('v3lockpb.LockResponse', { header: coldHeader(header), key });
}

export function decodeLockResponse(bytes: Uint8Array): {
  readonly header: DecodedHeader;
  readonly key: Uint8Array;
} {
  const message = decodeCold<ColdResponse & { key: Uint8Array }>('v3lockpb.LockResponse', bytes);
  return { header: headerOf(message), key: message.key };
}

export function encodeUnlockRequest(key: Uint8Array): Uint8Array {
  return encodeCold('v3lockpb.UnlockRequest', { key });
}

/** The key. */
export function decodeUnlockRequest(bytes: Uint8Array): Uint8Array {
  return decodeCold<{ key: Uint8Array }>('v3lockpb.UnlockRequest', bytes).key;
}

export function encodeUnlockResponse(header: ResponseHeader): Uint8Array {
  return encodeCold('v3lockpb.UnlockResponse', { header: coldHeader(header) });
}

export function encodeCampaignRequest(request: CampaignRequest): Uint8Array {
  return encodeCold('v3electionpb.CampaignRequest', request);
}

export function decodeCampaignRequest(bytes: Uint8Array): CampaignRequest {
  return decodeCold<CampaignRequest>('v3electionpb.CampaignRequest', bytes);
}

export function encodeCampaignResponse(header: ResponseHeader, leader: LeaderKey): Uint8Array {
  return encodeCold('v3electionpb.CampaignResponse', {
    header: coldHeader(header),
    leader: coldLeaderKey(leader),
  });
}

export function decodeCampaignResponse(bytes: Uint8Array): {
  readonly header: DecodedHeader;
  readonly leader: LeaderKey | null;
} {
  const message = decodeCold<ColdResponse & { leader: ColdLeaderKey | null }>(
    'v3electionpb.CampaignResponse',
    bytes,
  );
  return { header: headerOf(message), leader: leaderKey(message.leader) };
}

export function encodeProclaimRequest({ leader, value }: ProclaimRequest): Uint8Array {
  return encodeCold('v3electionpb.ProclaimRequest', { leader: coldLeaderKey(leader), value });
}

export function decodeProclaimRequest(bytes: Uint8Array): ProclaimRequest {
  const message = decodeCold<{ leader: ColdLeaderKey | null; value: Uint8Array }>(
    'v3electionpb.ProclaimRequest',
    bytes,
  );
  return { leader: leaderKey(message.leader), value: message.value };
}

export function encodeResignRequest(leader: LeaderKey | null): Uint8Array {
  return encodeCold('v3electionpb.ResignRequest', { leader: coldLeaderKey(leader) });
}

export function decodeResignRequest(bytes: Uint8Array): LeaderKey | null {
  return leaderKey(decodeCold<{ leader: ColdLeaderKey | null }>('v3electionpb.ResignRequest', bytes).leader);
}

/** Of Proclaim and Resign: a header, no more. */
export function encodeElectionResponse(kind: 'Proclaim' | 'Resign', header: ResponseHeader): Uint8Array {
  const message: { header: ColdHeader } = { header: coldHeader(header) };
  return encodeCold(`v3electionpb.${kind}Response`, message);
}

/** Of Leader and Observe. */
export function encodeLeaderRequest(name: Uint8Array): Uint8Array {
  return encodeCold('v3electionpb.LeaderRequest', { name });
}

/** The name of the election. */
export function decodeLeaderRequest(bytes: Uint8Array): Uint8Array {
  return decodeCold<{ name: Uint8Array }>('v3electionpb.LeaderRequest', bytes).name;
}

export function encodeLeaderResponse(header: ResponseHeader, bytes: KeyValueBytes): Uint8Array {
  const { key, createRevision, modRevision, version, value, lease } = decodeKeyValue(bytes);
  const kv = { key, create_revision: createRevision, mod_revision: modRevision, version, value, lease };
  return encodeCold('v3electionpb.LeaderResponse', { header: coldHeader(header), kv });
}

export function decodeLeaderResponse(bytes: Uint8Array): {
  readonly header: DecodedHeader;
  readonly kv: KeyValue | null;
} {
  const message = decodeCold<ColdResponse & { kv: ColdKeyValue | null }>(
    'v3electionpb.LeaderResponse',
    bytes,
  );
  const { kv } = message;
  if (kv === null) return { header: headerOf(message), kv };
  return {
    header: headerOf(message),
    kv: {
      key: kv.key,
      createRevision: saturated(kv.create_revision),
      modRevision: saturated(kv.mod_revision),
      version: saturated(kv.version),
      value: kv.value,
      lease: kv.lease,
    },
  };
}
