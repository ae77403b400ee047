/** The messages that `ctl` prints, as the cold codec decodes them: fields under the names of the contract. */

export interface Header {
  readonly cluster_id: bigint;
  readonly member_id: bigint;
  readonly revision: bigint;
  readonly raft_term: bigint;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly create_revision: bigint;
  readonly mod_revision: bigint;
  readonly version: bigint;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

export interface RangeResponse {
  readonly header: Header | null;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: bigint;
}

export interface PutResponse {
  readonly header: Header | null;
  readonly prev_kv: KeyValue | null;
}

export interface DeleteRangeResponse {
  readonly header: Header | null;
  readonly deleted: bigint;
  readonly prev_kvs: readonly KeyValue[];
}

export interface ResponseOp {
  readonly response_range?: RangeResponse;
  readonly response_put?: PutResponse;
  readonly response_delete_range?: DeleteRangeResponse;
  readonly response_txn?: TxnResponse;
}

export interface TxnResponse {
  readonly header: Header | null;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface Member {
  readonly ID: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

export interface MembersResponse {
  readonly header: Header | null;
  readonly members: readonly Member[];
}

export interface MemberAddResponse extends MembersResponse {
  readonly member: Member;
}

export interface StatusResponse {
  readonly header: Header | null;
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
  readonly downgradeInfo: { readonly enabled: boolean; readonly targetVersion: string } | null;
}

export interface HashKvResponse {
  readonly header: Header | null;
  readonly hash: number;
  readonly compact_revision: bigint;
  readonly hash_revision: bigint;
}

export interface AlarmResponse {
  readonly header: Header | null;
  readonly alarms: readonly { readonly memberID: bigint; readonly alarm: number }[];
}

export interface Permission {
  readonly permType: number;
  readonly key: Uint8Array;
  readonly range_end: Uint8Array;
}
