/** The fluent form of a transaction: `client.txn().if(…).then(…).else(…).commit()`. */

import type { TxnRequest } from '../wire/messages.ts';
import type { Comparison } from './compare.ts';
import type { Operation, TxnAnswer } from './operations.ts';
import type { CallOptions } from './options.ts';

export type CommitTxn = (request: TxnRequest, options: CallOptions) => Promise<TxnAnswer>;

/**
 * A transaction that is being put together. All comparisons are made and one of the branches is run as one step, at one
 * revision; nothing comes between. It is sent by `commit`, and may be sent again.
 */
export class Txn {
  readonly #commit: CommitTxn;
  readonly #compare: Comparison[] = [];
  readonly #success: Operation[] = [];
  readonly #failure: Operation[] = [];

  constructor(commit: CommitTxn) {
    this.#commit = commit;
  }

  /** Comparisons that must all hold for `then` to be run; without any it always is. Calls add up. */
  if(...comparisons: readonly Comparison[]): this {
    this.#compare.push(...comparisons);
    return this;
  }

  /**
   * Operations for when the comparisons hold, in order. Calls add up.
   * @throws TypeError when it is called with functions: a transaction that is awaited, or returned from an async function, without `commit()`
   */
  // biome-ignore lint/suspicious/noThenProperty: the word users of etcd know; being awaited by mistake is caught
  then(...operations: readonly Operation[]): this {
    if (typeof operations[0] === 'function')
      throw new TypeError('a transaction is no promise: call commit()');
    this.#success.push(...operations);
    return this;
  }

  /** Operations for when some comparison does not hold, in order. Calls add up. */
  else(...operations: readonly Operation[]): this {
    this.#failure.push(...operations);
    return this;
  }

  /** The request as it stands. */
  request(): TxnRequest {
    return { compare: [...this.#compare], success: [...this.#success], failure: [...this.#failure] };
  }

  /** Sends it. @throws EtcdError (rejects); one with `mayHaveHappened` leaves open whether it was run */
  commit(options: CallOptions = {}): Promise<TxnAnswer> {
    return this.#commit(this.request(), options);
  }
}
