/**
 * Requests of etcd's KV service as a seed makes them: few keys, so that they meet, and every option, also where it makes
 * no sense. The same seed makes the same requests.
 *
 * Two things end the process of etcd 3.4, and are left out: sort targets that do not exist; and a txn that keeps the value
 * or the lease of a key which it has deleted before, which etcd notices only for deletes that end before the last key.
 */

import type { Message } from '../../examples/grpc-from-proto.ts';

export interface Request {
  readonly method: 'Range' | 'Put' | 'DeleteRange' | 'Txn' | 'Compact';
  readonly message: Message;
}

const keys = ['a', 'aa', 'ab', 'b', 'b/', 'b/1', 'b/2', 'c', '\u00fc', '\0'];
/** Ends of ranges: none, after the pools above, all that follows (a zero byte), before everything. */
const ends = ['', '', 'b', 'b0', 'c', 'd', '\0', '\u0001'];
const values = ['', 'x', 'y', 'long '.repeat(20)];

export class RandomRequests {
  #state: number;
  /** Whether puts may keep what was there; if so, no delete of the same txn goes up to the last key. */
  #keeps = true;
  /** The revision that the answers have shown; requests ask for ones around it. */
  revision = 1;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Between 0 and 1: the mulberry32 sequence. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #below(limit: number): number {
    return Math.floor(this.#draw() * limit);
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]!;
  }

  #chance(odds: number): boolean {
    return this.#draw() < 1 / odds;
  }

  #key(): Buffer {
    return Buffer.from(this.#chance(40) ? '' : this.#one(keys));
  }

  /** Mostly one that was, at times one to come or a negative one. */
  #aRevision(): number {
    return this.#below(this.revision + 3) - 1;
  }

  next(): Request {
    this.#keeps = this.#chance(2);
    const method = this.#one(['Range', 'Range', 'Put', 'Put', 'DeleteRange', 'Txn', 'Txn'] as const);
    if (this.#chance(60)) return { method: 'Compact', message: this.#compact() };
    if (method === 'Range') return { method, message: this.#range() };
    if (method === 'Put') return { method, message: this.#put() };
    if (method === 'DeleteRange') return { method, message: this.#deleteRange() };
    return { method, message: this.#txn(0) };
  }

  /** The fields that `make` gives, in one of `odds` cases. */
  #at(odds: number, make: () => Message): Message {
    return this.#chance(odds) ? make() : {};
  }

  #range(): Message {
    return {
      key: this.#key(),
      range_end: Buffer.from(this.#one(ends)),
      ...this.#at(3, () => ({ limit: this.#below(5) - 1 })),
      ...this.#at(3, () => ({ revision: this.#aRevision() })),
      ...this.#at(3, () => ({ sort_order: this.#one([0, 1, 2]) })),
      ...this.#at(3, () => ({ sort_target: this.#one([0, 1, 2, 3, 4]) })),
      ...this.#at(4, () => ({ serializable: true })),
      ...this.#at(5, () => ({ keys_only: true })),
      ...this.#at(6, () => ({ count_only: true })),
      ...this.#at(10, () => ({ min_mod_revision: this.#aRevision() })),
      ...this.#at(10, () => ({ max_mod_revision: this.#aRevision() })),
      ...this.#at(10, () => ({ min_create_revision: this.#aRevision() })),
      ...this.#at(10, () => ({ max_create_revision: this.#aRevision() })),
    };
  }

  #put(): Message {
    const value = { value: Buffer.from(this.#one(values)) };
    return {
      key: this.#key(),
      // A put that keeps the value has none, or is refused.
      ...(this.#keeps && this.#chance(10) ? { ignore_value: true, ...this.#at(5, () => value) } : value),
      ...this.#at(4, () => ({ prev_kv: true })),
      ...this.#at(this.#keeps ? 10 : Infinity, () => ({ ignore_lease: true })),
      ...this.#at(30, () => ({ lease: 77 })),
    };
  }

  #deleteRange(): Message {
    let rangeEnd = this.#chance(3) ? this.#one(ends) : '';
    if (rangeEnd === '\0' && this.#keeps) rangeEnd = 'c';
    return { key: this.#key(), range_end: Buffer.from(rangeEnd), prev_kv: this.#chance(2) };
  }

  #compact(): Message {
    return {
      revision: this.#chance(5) ? this.#aRevision() : Math.floor(this.revision * 0.7),
      physical: this.#chance(2),
    };
  }

  #txn(depth: number): Message {
    const list = (length: number): Message[] =>
      Array.from({ length: this.#below(length) }, () => this.#operation(depth));
    const compare = Array.from({ length: this.#below(3) }, () => this.#compare());
    return { compare, success: list(4), failure: list(4) };
  }

  #operation(depth: number): Message {
    if (depth < 2 && this.#chance(6)) return { request_txn: this.#txn(depth + 1) };
    if (this.#chance(30)) return {};
    return this.#one([
      () => ({ request_range: this.#range() }),
      () => ({ request_put: this.#put() }),
      () => ({ request_put: this.#put() }),
      () => ({ request_delete_range: this.#deleteRange() }),
    ])();
  }

  #compare(): Message {
    const small = this.#below(4);
    return {
      key: this.#key(),
      result: this.#one([0, 1, 2, 3]),
      ...this.#at(4, () => ({ range_end: Buffer.from(this.#one(ends)) })),
      ...this.#one<Message>([
        { target: 0, version: small },
        { target: 1, create_revision: this.#aRevision() },
        { target: 2, mod_revision: this.#aRevision() },
        { target: 3, value: Buffer.from(this.#one(values)) },
        { target: 4, lease: 0 },
        { target: this.#below(5) },
        { target: 3, version: small },
      ]),
    };
  }
}
