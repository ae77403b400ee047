/**
 * Txns as a seed makes them: those that writers with care send, most of them with what their guards ask for as it is, and
 * whatever else a txn may hold, up to the limits of its lists. The same seed and the same answers make the same txns.
 */

import type { Message } from '../../examples/grpc-from-proto.ts';
import { RandomDraws } from './random-draws.ts';
import { RandomRequests } from './random-requests.ts';

/** Of a pair, as answers tell it. */
interface Pair extends Message {
  readonly key: string;
  readonly value: string;
  readonly version: string;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly lease: string;
}

const keys = ['a', 'aa', 'ab', 'b', 'b/1', 'c'];
const maxOps = 128;

export class RandomTxns extends RandomDraws {
  readonly #requests: RandomRequests;
  readonly #isAlone: boolean;
  readonly #leases: readonly number[];
  readonly #pairs = new Map<string, Pair>();
  /** There may be many keys of one revision and version, which etcd sorts by these in no order. */
  #isLittered = false;

  /**
   * @param leases that there are, and perhaps one that there is not
   * @param isAlone whether there is one member. Of several etcd has those that are not asked apply a txn of which the one that is
   *   asked refuses a range, for its revision or for want of rights, so that they differ from then on: such txns are not made.
   */
  constructor(seed: number, leases: readonly number[], isAlone: boolean) {
    super(seed);
    this.#isAlone = isAlone;
    this.#leases = leases;
    this.#requests = new RandomRequests(seed ^ 0x2545f491);
    this.#requests.isFresh = !isAlone;
    if (!isAlone) this.#requests.oldest = 1;
    this.#requests.leases = leases;
    this.#requests.leaseOdds = 4;
  }

  /** All that there is at a revision, as an answer has told it. */
  know(pairs: readonly Message[], revision: number): void {
    this.#requests.revision = revision;
    this.#pairs.clear();
    for (const pair of pairs as readonly Pair[]) this.#pairs.set(pair.key, pair);
  }

  /** @param isAdmin whether who calls may do everything: of others ranges that hold nothing are not asked */
  next(isAdmin: boolean): Message {
    this.#requests.isOrdered = !isAdmin;
    if (isAdmin && this.#isLittered) {
      this.#isLittered = false;
      return { success: [{ request_delete_range: { key: Buffer.from('z'), range_end: Buffer.from('{') } }] };
    }
    const txn = this.chance(30)
      ? this.#long(isAdmin)
      : this.chance(3)
        ? this.#requests.txn()
        : this.#guarded();
    if (this.#isAlone) return txn;
    return linearized(isAdmin ? txn : withoutRanges(txn));
  }

  /** A compaction that leaves something to read. */
  compaction(): number {
    const requests = this.#requests;
    const revision = Math.max(1, requests.revision - this.below(20));
    if (requests.oldest !== null) requests.oldest = Math.max(requests.oldest, revision);
    return revision;
  }

  /** One comparison, nearly always of one number, and one put: what a Kubernetes API server writes with, and what is nearly that. */
  #guarded(): Message {
    const key = Buffer.from(this.one(keys));
    const compare = [this.#guard(this.chance(12) ? Buffer.from(this.one(keys)) : key)];
    if (this.chance(20)) compare.push(this.#guard(key));
    const success: Message[] = [{ request_put: this.#put(key) }];
    if (this.chance(20)) success.push(this.#other(Buffer.from(this.one(keys))));
    if (this.chance(30)) success.unshift(this.#other(key));
    const failure = this.one<() => Message[]>([
      () => [{ request_range: { key } }],
      () => [{ request_range: { key } }],
      () => [],
      () => [this.#other(key)],
      () => [{ request_put: this.#put(key) }],
      () => [{}],
    ])();
    return { compare, success, failure };
  }

  #guard(key: Buffer): Message {
    const known = this.#pairs.get(String(key));
    const { version = 0, create_revision = 0, mod_revision = 0, lease = 0 } = known ?? {};
    const isWrong = this.chance(6);
    const number = (right: string | number): string | number =>
      isWrong
        ? this.one([Number(right) + 1, 0, -1, 2 ** 40, '-9223372036854775808', '9223372036854775807'])
        : right;
    return {
      key,
      result: this.chance(8) ? this.one([1, 2, 3, 4, -1]) : 0,
      ...this.at(15, () => ({ range_end: this.one([Buffer.of(0), Buffer.from('d'), Buffer.alloc(0)]) })),
      ...this.one<() => Message>([
        () => ({ target: 2, mod_revision: number(mod_revision) }),
        () => ({ target: 2, mod_revision: number(mod_revision) }),
        () => ({ target: 2, mod_revision: number(mod_revision) }),
        () => ({ target: 1, create_revision: number(create_revision) }),
        () => ({ target: 0, version: number(version) }),
        () => ({ target: 4, lease: number(lease) }),
        () => ({ target: 3, value: isWrong ? Buffer.from('q') : Buffer.from(known?.value ?? '') }),
        () => ({ target: this.one([0, 1, 2, 3, 4, 5, -1]), mod_revision: number(mod_revision) }),
        () => ({ target: this.one([0, 1, 2, 3, 4]) }),
      ])(),
    };
  }

  #put(key: Buffer): Message {
    return {
      key: this.chance(40) ? Buffer.alloc(0) : this.chance(15) ? Buffer.from(this.one(keys)) : key,
      ...this.at(1.1, () => ({ value: Buffer.from(this.one(['', 'x', 'y', 'long '.repeat(100)])) })),
      ...this.at(5, () => ({ lease: this.one(this.#leases) })),
      ...this.at(8, () => ({ prev_kv: true })),
      ...this.at(12, () => ({ ignore_value: true })),
      ...this.at(8, () => ({ ignore_lease: true })),
    };
  }

  /** Nothing that keeps what it has deleted itself, which ends some releases of etcd. */
  #other(key: Buffer): Message {
    return this.one<() => Message>([
      () => ({ request_range: { key } }),
      () => ({ request_range: { key, range_end: Buffer.from('d'), limit: 2 } }),
      () => ({ request_delete_range: { key: Buffer.from('c'), ...this.at(2, () => ({ prev_kv: true })) } }),
      () => ({ request_delete_range: { key: Buffer.from('c'), range_end: Buffer.from('d') } }),
      () => ({ request_put: { key, value: Buffer.from('z') } }),
      () => ({
        request_txn: { compare: [this.#guard(key)], success: [{ request_range: { key } }], failure: [] },
      }),
    ])();
  }

  /** About as many comparisons and operations as there may be, on this level or on the next. */
  #long(isAdmin: boolean): Message {
    const length = (): number => maxOps - 1 + this.below(3);
    const ranges = (count: number): Message[] =>
      Array.from({ length: count }, () => ({
        request_range: { key: Buffer.from(this.one(keys)), count_only: true },
      }));
    const writes = (count: number): Message[] =>
      Array.from({ length: count }, (_, at) => {
        const key = Buffer.from(`z${at}`);
        return isAdmin ? { request_put: { key } } : { request_delete_range: { key: Buffer.from('a') } };
      });
    this.#isLittered ||= isAdmin;
    const guards = (count: number): Message[] =>
      Array.from({ length: count }, () => ({ ...this.#guard(Buffer.from(this.one(keys))), result: 3 }));
    const used = 1 + this.below(3);
    const nested = (): Message[] => [
      { request_txn: { compare: [], success: writes(length() - used), failure: [] } },
      ...ranges(used - 1),
    ];
    return this.one<() => Message>([
      () => ({ compare: guards(length()), success: writes(1), failure: ranges(1) }),
      () => ({ compare: [], success: writes(length()), failure: [] }),
      () => ({ compare: guards(1), success: ranges(1), failure: writes(length()) }),
      () => ({ compare: [], success: ranges(length()), failure: ranges(length()) }),
      () => ({ compare: [], success: nested(), failure: [] }),
      () => ({ compare: [], success: [], failure: nested() }),
    ])();
  }
}

/** One that does nothing is answered by the member at hand, which may be behind the others: it gets something to read. */
function linearized(txn: Message): Message {
  const { success = [], failure = [] } = txn as Record<string, Message[]>;
  const read = { request_range: { key: Buffer.from('a') } };
  return success.length + failure.length === 0 ? { ...txn, success: [read] } : txn;
}

/** A txn that writes without what it reads by itself; one that only reads as it is. */
function withoutRanges(txn: Message): Message {
  const { compare, success, failure } = txn as Record<string, Message[]>;
  const others = (list: Message[] = []): Message[] => list.filter((op) => op['request_range'] === undefined);
  const [then, otherwise] = [others(success), others(failure)];
  return then.length + otherwise.length === 0 ? txn : { compare, success: then, failure: otherwise };
}
