/**
 * How large the state may grow: etcd's `--quota-backend-bytes`. What is beyond it raises NOSPACE, on the member that is asked
 * before it is proposed, and on each member by what it has applied: quotas, and the space that the same state takes, may
 * differ.
 */

import type { Backend } from '../backend/backend.ts';
import { leaseCostBytes } from '../lease/limits.ts';
import type { PlacedPut } from '../wire/key-value.ts';
import type { PutRequest, TxnRequest } from '../wire/messages.ts';
import { putCost, txnCost } from './alarms.ts';
import { RequestKind } from './types.ts';

export class Quota {
  readonly #backend: Backend;
  readonly #quotaBytes: number;
  /** Up to which revision `outgrownAt` has looked. */
  #lookedAt = 0;

  constructor(backend: Backend, quotaBytes: number) {
    this.#backend = backend;
    this.#quotaBytes = quotaBytes;
  }

  /** Bytes that a request may add; 0 for one that is always welcome. */
  costOf(kind: RequestKind, request: unknown): number {
    if (this.#quotaBytes === Number.POSITIVE_INFINITY) return 0;
    if (kind === RequestKind.Put) {
      const put = request as PutRequest | PlacedPut;
      if (!('keyEnd' in put)) return putCost(put.key.length, put.value.length);
      return putCost(put.keyEnd - put.keyStart, put.valueEnd - put.valueStart);
    }
    if (kind === RequestKind.LeaseGrant) return leaseCostBytes;
    return kind === RequestKind.Txn ? txnCost(request as TxnRequest) : 0;
  }

  hasRoom(cost: number): boolean {
    return this.#backend.sizeBytes + this.#backend.pendingBytes + cost < this.#quotaBytes;
  }

  /**
   * Whether the state is too large by now. Answered once per revision, so that an alarm that somebody cleared stays so
   * until something is written again, as in etcd.
   */
  outgrownAt(revision: number): boolean {
    if (revision === this.#lookedAt) return false;
    this.#lookedAt = revision;
    return !this.hasRoom(0);
  }
}
