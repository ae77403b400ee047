/**
 * The store as it would be written without a thought for speed: one full copy of all keys per revision. Written from the
 * description of etcd's behaviour, not from the store.
 */

import { Failure } from '../../src/util/failure.ts';
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  OpKind,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
} from '../../src/wire/messages.ts';
import { text } from './requests.ts';

export interface Pair {
  key: string;
  value: string;
  create: number;
  mod: number;
  version: number;
  lease: bigint;
}

type Keys = Map<string, Pair>;

function inRange(key: string, from: string, end: string): boolean {
  if (end === '') return key === from;
  if (end === '\0') return key >= from;
  return key >= from && key < end;
}

function select(keys: Keys, from: string, end: string): Pair[] {
  const all = [...keys.values()].filter((pair) => inRange(pair.key, from, end));
  return all.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function showPair(pair: Pair, keysOnly = false): string {
  const suffix = pair.lease === 0n ? '' : `#${pair.lease}`;
  return `${pair.key}@${pair.create}/${pair.mod}/${pair.version}=${keysOnly ? '' : pair.value}${suffix}`;
}

function operand(pair: Pair, target: number): number | string {
  if (target === SortTarget.Version) return pair.version;
  if (target === SortTarget.Create) return pair.create;
  if (target === SortTarget.Mod) return pair.mod;
  return target === SortTarget.Value ? pair.value : pair.key;
}

export class Model {
  revision = 1;
  compactRevision = -1;
  readonly leases: ReadonlySet<bigint>;
  readonly states = new Map<number, Keys>([[1, new Map()]]);
  /** As `showChange` shows them. */
  readonly events: { revision: number; text: string }[] = [];
  /** The write under way: its keys and its events. */
  #now: Keys = new Map();
  #made: string[] = [];

  constructor(leases: ReadonlySet<bigint>) {
    this.leases = leases;
  }

  get keys(): Keys {
    return this.states.get(this.revision)!;
  }

  #begin(): void {
    this.#now = new Map([...this.keys].map(([key, pair]) => [key, { ...pair }]));
    this.#made = [];
  }

  #commit(): void {
    if (this.#made.length === 0) return;
    this.revision++;
    this.states.set(this.revision, this.#now);
    for (const made of this.#made) this.events.push({ revision: this.revision, text: made });
  }

  get #head(): number {
    return this.#made.length > 0 ? this.revision + 1 : this.revision;
  }

  put(request: PutRequest): unknown {
    this.#checkLease(request);
    this.#checkKept(request);
    this.#begin();
    const result = this.#put(request);
    this.#commit();
    return result;
  }

  deleteRange(request: DeleteRangeRequest): unknown {
    this.#begin();
    const result = this.#deleteRange(request);
    this.#commit();
    return result;
  }

  range(request: RangeRequest): unknown {
    this.#begin();
    return this.#range(request);
  }

  txn(request: TxnRequest): unknown {
    const checkPuts = (inner: TxnRequest): void => {
      for (const op of this.#branch(inner)) {
        if (op.kind === OpKind.Put) this.#checkKept(op.request);
        if (op.kind === OpKind.Put) this.#checkLease(op.request);
        if (op.kind === OpKind.Txn) checkPuts(op.request);
      }
    };
    const checkRanges = (inner: TxnRequest): void => {
      for (const op of this.#branch(inner)) {
        if (op.kind === OpKind.Txn) checkRanges(op.request);
        if (op.kind === OpKind.Range && op.request.revision !== 0) {
          if (op.request.revision > this.revision) throw new Failure('futureRevision');
          if (op.request.revision < this.compactRevision) throw new Failure('compacted');
        }
      }
    };
    const deletes: DeleteRangeRequest[] = [];
    const checkDeleted = (inner: TxnRequest): void => {
      for (const op of this.#branch(inner)) {
        if (op.kind === OpKind.Put) this.#checkKept(op.request, deletes);
        if (op.kind === OpKind.DeleteRange) deletes.push(op.request);
        if (op.kind === OpKind.Txn) checkDeleted(op.request);
      }
    };
    checkPuts(request);
    checkRanges(request);
    checkDeleted(request);
    this.#begin();
    const result = this.#txn(request) as { revision: number };
    this.#commit();
    result.revision = this.revision;
    return result;
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision) throw new Failure('compacted');
    if (revision > this.revision) throw new Failure('futureRevision');
    this.compactRevision = revision;
  }

  /** How many records must be left when everything was compacted that can be. */
  recordCount(): number {
    let count = 0;
    const newestBelow = new Map<string, string>();
    for (const event of this.events) {
      if (event.revision > this.compactRevision) count++;
      else
        newestBelow.set(
          event.text.split(' ')[2]!.split('@')[0]!,
          `${event.revision} ${event.text.split(' ')[1]}`,
        );
    }
    for (const newest of newestBelow.values()) {
      if (!newest.endsWith('delete') || newest === `${this.compactRevision} delete`) count++;
    }
    return count;
  }

  previous(key: string, revision: number): string | null {
    if (revision - 1 < this.compactRevision) return null;
    const pair = this.states.get(Math.min(revision - 1, this.revision))?.get(key);
    return pair === undefined ? null : showPair(pair);
  }

  /** The ops that run if the txn begins now. */
  #branch(request: TxnRequest): readonly RequestOp[] {
    return this.#holds(request.compare) ? request.success : request.failure;
  }

  #checkLease(request: PutRequest): void {
    if (request.lease !== 0n && !this.leases.has(request.lease)) throw new Failure('leaseNotFound');
  }

  /** @param deletes what the same txn has deleted before */
  #checkKept(request: PutRequest, deletes: readonly DeleteRangeRequest[] = []): void {
    if (!request.ignoreLease && !request.ignoreValue) return;
    const key = text(request.key);
    const isDeleted = deletes.some((one) => inRange(key, text(one.key), text(one.rangeEnd)));
    if (isDeleted || !this.keys.has(key)) throw new Failure('keyNotFound');
  }

  #put(request: PutRequest): unknown {
    const key = text(request.key);
    const before = this.#now.get(key);
    const pair: Pair = {
      key,
      value: request.ignoreValue ? before!.value : text(request.value),
      create: before?.create ?? this.revision + 1,
      mod: this.revision + 1,
      version: (before?.version ?? 0) + 1,
      lease: request.ignoreLease ? before!.lease : request.lease,
    };
    this.#now.set(key, pair);
    const kind = before === undefined ? 'create' : 'update';
    this.#made.push(`${this.revision + 1} ${kind} ${showPair(pair)}`);
    return {
      put: request.prevKv && before !== undefined ? showPair(before) : null,
      revision: this.revision + 1,
    };
  }

  #deleteRange(request: DeleteRangeRequest): unknown {
    const victims = select(this.#now, text(request.key), text(request.rangeEnd));
    for (const { key } of victims) {
      this.#now.delete(key);
      this.#made.push(`${this.revision + 1} delete ${key}@0/${this.revision + 1}/0=`);
    }
    return {
      deleted: victims.length,
      prevKvs: request.prevKv ? victims.map((pair) => showPair(pair)) : [],
      revision: this.#head,
    };
  }

  #range(request: RangeRequest): unknown {
    const head = this.#head;
    if (request.revision > head) throw new Failure('futureRevision');
    if (request.revision > 0 && request.revision < this.compactRevision) throw new Failure('compacted');
    const isLatest = request.revision <= 0 || request.revision === head;
    const keys = isLatest ? this.#now : (this.states.get(request.revision) ?? new Map());
    const all = select(keys, text(request.key), text(request.rangeEnd));
    const result = { kvs: [] as string[], more: false, count: all.length, revision: head };
    if (request.countOnly) return result;
    const within = (value: number, min: number, max: number): boolean =>
      (min === 0 || value >= min) && (max === 0 || value <= max);
    let kvs = all.filter(
      (pair) =>
        within(pair.mod, request.minModRevision, request.maxModRevision) &&
        within(pair.create, request.minCreateRevision, request.maxCreateRevision),
    );
    const hasFilter =
      request.minModRevision +
        request.maxModRevision +
        request.minCreateRevision +
        request.maxCreateRevision >
      0;
    if (request.limit > 0 && request.sortOrder === SortOrder.None && !hasFilter)
      kvs = kvs.slice(0, request.limit + 1);
    const down = request.sortOrder === SortOrder.Descend ? -1 : 1;
    kvs.sort((a, b) => {
      const x = operand(a, request.sortTarget);
      const y = operand(b, request.sortTarget);
      return x < y ? -down : x > y ? down : 0;
    });
    result.more = request.limit > 0 && kvs.length > request.limit;
    if (request.limit > 0) kvs = kvs.slice(0, request.limit);
    result.kvs = kvs.map((pair) => showPair(pair, request.keysOnly));
    return result;
  }

  /** Guards see the state before the txn. */
  #holds(guards: readonly Compare[]): boolean {
    return guards.every((guard) => {
      const pairs = select(this.keys, text(guard.key), text(guard.rangeEnd));
      if (pairs.length === 0) {
        if (guard.target === CompareTarget.Value) return false;
        pairs.push({ key: '', value: '', create: 0, mod: 0, version: 0, lease: 0n });
      }
      return pairs.every((pair) => {
        const sides: [number | string | bigint, number | string | bigint] =
          guard.target === CompareTarget.Version
            ? [pair.version, guard.number]
            : guard.target === CompareTarget.Create
              ? [pair.create, guard.number]
              : guard.target === CompareTarget.Mod
                ? [pair.mod, guard.number]
                : guard.target === CompareTarget.Lease
                  ? [pair.lease, guard.lease]
                  : [pair.value, text(guard.value)];
        if (guard.result === CompareResult.Equal) return sides[0] === sides[1];
        if (guard.result === CompareResult.NotEqual) return sides[0] !== sides[1];
        return guard.result === CompareResult.Greater ? sides[0] > sides[1] : sides[0] < sides[1];
      });
    });
  }

  #txn(request: TxnRequest): unknown {
    const succeeded = this.#holds(request.compare);
    const ops: readonly RequestOp[] = succeeded ? request.success : request.failure;
    const responses = ops.map((op) => {
      if (op.kind === OpKind.Range) return { range: this.#range(op.request) };
      if (op.kind === OpKind.Put) return this.#put(op.request);
      if (op.kind === OpKind.DeleteRange) return this.#deleteRange(op.request);
      if (op.kind === OpKind.Txn) return { txn: this.#txn(op.request) };
      throw new Error('unset');
    });
    return { succeeded, revision: 0, responses };
  }
}
