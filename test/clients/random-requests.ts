/**
 * Requests of etcd's KV service as a seed makes them: few keys, so that they meet, and every option, also where it makes
 * no sense. The same seed makes the same requests.
 *
 * Two things end the process of etcd 3.4, and are left out: sort targets that do not exist; and a txn that keeps the value
 * or the lease of a key which it has deleted before, which etcd notices only for deletes that end before the last key.
 */

import type { Message } from '../../examples/grpc-from-proto.ts';
import { RandomDraws } from './random-draws.ts';

export interface Request {
  readonly method: 'Range' | 'Put' | 'DeleteRange' | 'Txn' | 'Compact';
  readonly message: Message;
}

const keys = ['a', 'aa', 'ab', 'b', 'b/', 'b/1', 'b/2', 'c', '\u00fc', '\0'];
/** Ends of ranges: none, after the pools above, all that follows (a zero byte), before everything. */
const ends = ['', '', 'b', 'b0', 'c', 'd', '\0', '\u0001'];
const values = ['', 'x', 'y', 'long '.repeat(20)];

export class RandomRequests extends RandomDraws {
  /** Whether puts may keep what was there; if so, no delete of the same txn goes up to the last key. */
  #keeps = true;
  /** The revision that the answers have shown; requests ask for ones around it. */
  revision = 1;
  /** Leases that puts may name, and one in how many does. */
  leases: readonly (number | string)[] = [77];
  leaseOdds = 30;
  /** Makes only what all releases check the permissions of alike: no txn inside of others, and puts in them that just put. */
  isPlain = false;
  /** Makes no range that ends before it begins: permission for such depends on the release, and on who was granted what first. */
  isOrdered = false;
  /** Asks for nothing that the member at hand may answer by itself: it may be behind the others. */
  isFresh = false;
  /** If there is one, ranges are read from there on only, and not from what is to come. */
  oldest: number | null = null;

  #key(): Buffer {
    return Buffer.from(this.chance(40) ? '' : this.one(keys));
  }

  /** Mostly one that was, at times one to come or a negative one. */
  #aRevision(): number {
    return this.below(this.revision + 3) - 1;
  }

  #readableRevision(): number {
    const { oldest } = this;
    return oldest === null ? this.#aRevision() : oldest + this.below(this.revision - oldest + 1);
  }

  next(): Request {
    this.#keeps = this.chance(2);
    const method = this.one(['Range', 'Range', 'Put', 'Put', 'DeleteRange', 'Txn', 'Txn'] as const);
    if (this.chance(60)) return { method: 'Compact', message: this.#compact() };
    if (method === 'Range') return { method, message: this.#range() };
    if (method === 'Put') return { method, message: this.#put() };
    if (method === 'DeleteRange') return { method, message: this.#deleteRange() };
    return { method, message: this.#txn(0) };
  }

  #range(): Message {
    const key = this.#key();
    return {
      key,
      range_end: this.#end(key, Buffer.from(this.one(ends))),
      ...this.at(3, () => ({ limit: this.below(5) - 1 })),
      ...this.at(3, () => ({ revision: this.#readableRevision() })),
      ...this.at(3, () => ({ sort_order: this.one([0, 1, 2]) })),
      ...this.at(3, () => ({ sort_target: this.one([0, 1, 2, 3, 4]) })),
      ...this.at(this.isFresh ? Infinity : 4, () => ({ serializable: true })),
      ...this.at(5, () => ({ keys_only: true })),
      ...this.at(6, () => ({ count_only: true })),
      ...this.at(10, () => ({ min_mod_revision: this.#aRevision() })),
      ...this.at(10, () => ({ max_mod_revision: this.#aRevision() })),
      ...this.at(10, () => ({ min_create_revision: this.#aRevision() })),
      ...this.at(10, () => ({ max_create_revision: this.#aRevision() })),
    };
  }

  #put(): Message {
    const value = { value: Buffer.from(this.one(values)) };
    return {
      key: this.#key(),
      // A put that keeps the value has none, or is refused.
      ...(this.#keeps && this.chance(10) ? { ignore_value: true, ...this.at(5, () => value) } : value),
      ...this.at(4, () => ({ prev_kv: true })),
      ...this.at(this.#keeps ? 10 : Infinity, () => ({ ignore_lease: true })),
      ...this.at(this.leaseOdds, () => ({ lease: this.one(this.leases) })),
    };
  }

  /** An end, or none where it would lie before the key and permission for the range would depend on the release. */
  #end(key: Buffer, end: Buffer): Buffer {
    const isOpen = end.length === 0 || end.equals(Buffer.of(0));
    return !(this.isPlain || this.isOrdered) || isOpen || key.compare(end) < 0 ? end : Buffer.alloc(0);
  }

  #plainPut(): Message {
    return { key: this.#key(), value: Buffer.from(this.one(values)) };
  }

  #deleteRange(): Message {
    let rangeEnd = this.chance(3) ? this.one(ends) : '';
    if (rangeEnd === '\0' && this.#keeps) rangeEnd = 'c';
    const key = this.#key();
    return { key, range_end: this.#end(key, Buffer.from(rangeEnd)), prev_kv: this.chance(2) };
  }

  /** Never of revision 0, whose hash etcd keeps, and answers with whenever the hash of what is newest is asked for. */
  #compact(): Message {
    const revision = this.chance(5) ? this.#aRevision() : Math.floor(this.revision * 0.7);
    return {
      revision: revision === 0 ? 1 : revision,
      physical: this.chance(2),
    };
  }

  /** A txn of everything that there is. */
  txn(): Message {
    this.#keeps = this.chance(2);
    return this.#txn(0);
  }

  #txn(depth: number): Message {
    const list = (length: number): Message[] =>
      Array.from({ length: this.below(length) }, () => this.#operation(depth));
    const compare = Array.from({ length: this.below(3) }, () => this.#compare());
    return { compare, success: list(4), failure: list(4) };
  }

  #operation(depth: number): Message {
    if (depth < 2 && !this.isPlain && this.chance(6)) return { request_txn: this.#txn(depth + 1) };
    if (this.chance(30)) return {};
    return this.one([
      () => ({ request_range: this.#range() }),
      () => ({ request_put: this.isPlain ? this.#plainPut() : this.#put() }),
      () => ({ request_put: this.isPlain ? this.#plainPut() : this.#put() }),
      () => ({ request_delete_range: this.#deleteRange() }),
    ])();
  }

  #compare(): Message {
    const small = this.below(4);
    const key = this.#key();
    return {
      key,
      result: this.one([0, 1, 2, 3]),
      ...this.at(4, () => ({ range_end: this.#end(key, Buffer.from(this.one(ends))) })),
      ...this.one<Message>([
        { target: 0, version: small },
        { target: 1, create_revision: this.#aRevision() },
        { target: 2, mod_revision: this.#aRevision() },
        { target: 3, value: Buffer.from(this.one(values)) },
        { target: 4, lease: this.one([0, ...this.leases]) },
        { target: this.below(5) },
        { target: 3, version: small },
      ]),
    };
  }
}
