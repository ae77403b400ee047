/** What is kept with every line of the backend, beside the log index it stands for. */

import { Packr } from 'msgpackr';
import type { ConfState } from '../raft/types.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

export interface StateMeta {
  /** Whose state this is, so that a backend cannot be paired with another cluster's log. */
  readonly clusterId: string;
  /** Term of the entry at the line's index. */
  readonly term: number;
  /** Configuration in force at the line's index. */
  readonly conf: ConfState;
  /** Digest of the applied state. */
  readonly digest: number;
}

export function encodeStateMeta(meta: StateMeta): Uint8Array {
  return packr.pack(meta);
}

export function decodeStateMeta(bytes: Uint8Array): StateMeta {
  return packr.unpack(Buffer.from(bytes)) as StateMeta;
}

/** The identity written into the log when it is created: who this is and how the cluster began. */
export interface LogIdentity {
  readonly clusterId: string;
  readonly memberId: string;
  readonly token: string;
  readonly bootstrap: readonly {
    readonly id: string;
    readonly name: string;
    readonly peerUrls: readonly string[];
  }[];
}

export function encodeLogIdentity(identity: LogIdentity): Uint8Array {
  return packr.pack(identity);
}

export function decodeLogIdentity(bytes: Uint8Array): LogIdentity {
  return packr.unpack(Buffer.from(bytes)) as LogIdentity;
}
