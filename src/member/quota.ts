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

/** More is not granted at a time: who else adds to the state is then overlooked by no more than this. */
const grantedBytesMax = 1 << 20;

export class Quota {
  readonly #backend: Backend;
  readonly #quotaBytes: number;
  /** Up to which revision `outgrownAt` has looked. */
  #lookedAt = 0;
  /** What requests may add before anybody looks again: at most half of the room that there was, and never for longer than a turn. */
  #granted = 0;

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

  /** Whether a request may add so much. The size of the state is looked at once for many requests, while there is room. */
  hasRoom(cost: number): boolean {
    if (cost <= this.#granted) {
      this.#granted -= cost;
      return true;
    }
    const room = this.#room;
    this.#granted = Math.max(0, Math.min(grantedBytesMax, (room - cost) / 2));
    return cost < room;
  }

  get #room(): number {
    return this.#quotaBytes - this.#backend.sizeBytes - this.#backend.pendingBytes;
  }

  /**
   * Whether the state is too large by now. Answered once per revision, so that an alarm that somebody cleared stays so
   * until something is written again, as in etcd.
   */
  outgrownAt(revision: number): boolean {
    if (revision === this.#lookedAt) return false;
    this.#lookedAt = revision;
    this.#granted = 0;
    return this.#room <= 0;
  }
}
