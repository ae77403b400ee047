/**
 * The store once more, as plainly as it can be written: what etcd's key-value semantics say, with no index, no cache
 * and no haste. The oracle replays the committed log through it and holds every answer and event against it.
 *
 * It keeps every version of every key for ever, so the state at any revision can be asked for, compacted or not.
 * Source: the etcd API documentation and its behaviour as written down for the store; like etcd's `mvcc`, one revision
 * per request that changed anything, however many keys it touched.
 */

import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../wire/messages.ts';
import { CompareResult, CompareTarget, OpKind, SortOrder, SortTarget } from '../../wire/messages.ts';

/** One version of one key. Keys and values are binary strings. */
export interface Version {
  readonly key: string;
  readonly create: number;
  readonly mod: number;
  /** 0 for a deletion. */
  readonly version: number;
  readonly value: string;
}

/** One change that a revision made, in order. */
export interface ModelChange {
  readonly version: Version;
  /** What the key was before this revision; null when it did not exist. */
  readonly previous: Version | null;
}

/** Results as comparable plain data. */
export type ModelResult =
  | { readonly kind: 'put'; readonly previous: Version | null }
  | { readonly kind: 'delete'; readonly deleted: number; readonly previous: readonly Version[] }
  | {
      readonly kind: 'range';
      readonly kvs: readonly Version[];
      readonly more: boolean;
      readonly count: number;
    }
  | { readonly kind: 'txn'; readonly succeeded: boolean; readonly responses: readonly ModelResult[] };

export function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Whether `key` is in [from, end) as requests mean it: '' is one key, '\0' everything from `from` on. */
export function inRange(key: string, from: string, end: string): boolean {
  if (end === '') return key === from;
  return key >= from && (end === '\0' || key < end);
}

export class Model {
  revision = 1;
  compactRevision = -1;
  /** All versions of each key, oldest first. */
  private readonly versions = new Map<string, Version[]>();
  /** The keys that ever were, in order. */
  private keys: string[] = [];
  /** What each revision changed; index 0 and 1 are empty. */
  readonly changes: (readonly ModelChange[])[] = [[], []];
  private running: ModelChange[] = [];
  /** The keys of each lease. */
  readonly leases: Map<bigint, Set<string>> = new Map();

  /** Null when the store must refuse: it names a lease that is not there. The same for a txn. */
  put(request: PutRequest): ModelResult | null {
    return this.canAttach(request) ? this.mutate(() => this.applyPut(request)) : null;
  }

  deleteRange(request: DeleteRangeRequest): ModelResult {
    return this.mutate(() => this.applyDelete(request));
  }

  txn(request: TxnRequest): ModelResult | null {
    const branch = this.holds(request.compare, Number.POSITIVE_INFINITY) ? request.success : request.failure;
    if (branch.some((op) => op.kind === OpKind.Put && !this.canAttach(op.request))) return null;
    return this.mutate(() => this.applyTxn(request, Number.POSITIVE_INFINITY));
  }

  grant(lease: bigint): void {
    if (!this.leases.has(lease)) this.leases.set(lease, new Set());
  }

  /** The keys of a lease go with it, in one revision. */
  revoke(lease: bigint): void {
    const keys = this.leases.get(lease);
    if (keys === undefined) return;
    this.leases.delete(lease);
    this.mutate(() => {
      for (const key of [...keys].sort()) {
        const victim = this.versionAt(key, Number.POSITIVE_INFINITY);
        if (victim === null) throw new Error(`a lease holds ${key}, which is not there`);
        this.write({ key, create: 0, mod: this.revision + 1, version: 0, value: '' }, victim);
      }
      return { kind: 'delete', deleted: keys.size, previous: [] };
    });
  }

  private canAttach({ lease }: PutRequest): boolean {
    return lease === 0n || this.leases.has(lease);
  }

  private detach(key: string): void {
    for (const keys of this.leases.values()) keys.delete(key);
  }

  /** False when the store must refuse: compacted already, or in the future. */
  compact(revision: number): boolean {
    if (revision <= this.compactRevision || revision > this.revision) return false;
    this.compactRevision = revision;
    return true;
  }

  /** What a range request would have answered when the newest revision was `at`. */
  rangeAt(request: RangeRequest, at: number): ModelResult {
    return this.applyRange(request, request.revision > 0 ? Math.min(request.revision, at) : at);
  }

  /** What a txn whose executed branch only reads would have answered at `at`. */
  readTxnAt(request: TxnRequest, at: number): ModelResult {
    return this.applyTxn(request, at);
  }

  /** The version of `key` in force at `at`; null when there is none. */
  versionAt(key: string, at: number): Version | null {
    const versions = this.versions.get(key);
    if (versions === undefined) return null;
    for (let place = versions.length - 1; place >= 0; place--) {
      const found = versions[place]!;
      if (found.mod <= at) return found.version === 0 ? null : found;
    }
    return null;
  }

  /** True when executing the request at `at` would change something. */
  wouldChange(request: TxnRequest, at: number): boolean {
    const branch = this.holds(request.compare, at) ? request.success : request.failure;
    return branch.some((op) => {
      if (op.kind === OpKind.Put) return true;
      if (op.kind === OpKind.DeleteRange)
        return this.select(op.request.key, op.request.rangeEnd, at).length > 0;
      return op.kind === OpKind.Txn && this.wouldChange(op.request, at);
    });
  }

  private mutate(run: () => ModelResult): ModelResult {
    this.running = [];
    const result = run();
    if (this.running.length > 0) {
      this.revision++;
      this.changes[this.revision] = this.running;
    }
    return result;
  }

  private write(version: Version, previous: Version | null): void {
    let list = this.versions.get(version.key);
    if (list === undefined) {
      list = [];
      this.versions.set(version.key, list);
      this.keys.push(version.key);
      this.keys.sort();
    }
    list.push(version);
    this.running.push({ version, previous });
  }

  private applyPut(request: PutRequest): ModelResult {
    const key = binary(request.key);
    const previous = this.versionAt(key, Number.POSITIVE_INFINITY);
    const value = request.ignoreValue && previous !== null ? previous.value : binary(request.value);
    const mod = this.revision + 1;
    const create = previous === null ? mod : previous.create;
    this.detach(key);
    if (request.lease !== 0n) this.leases.get(request.lease)!.add(key);
    this.write({ key, create, mod, version: (previous?.version ?? 0) + 1, value }, previous);
    return { kind: 'put', previous: request.prevKv ? previous : null };
  }

  private applyDelete(request: DeleteRangeRequest): ModelResult {
    const victims = this.select(request.key, request.rangeEnd, Number.POSITIVE_INFINITY);
    for (const victim of victims) {
      this.detach(victim.key);
      this.write({ key: victim.key, create: 0, mod: this.revision + 1, version: 0, value: '' }, victim);
    }
    return { kind: 'delete', deleted: victims.length, previous: request.prevKv ? victims : [] };
  }

  private applyRange(request: RangeRequest, at: number): ModelResult {
    const all = this.select(request.key, request.rangeEnd, at);
    const found = all.filter(
      (version) =>
        (request.minModRevision === 0 || version.mod >= request.minModRevision) &&
        (request.maxModRevision === 0 || version.mod <= request.maxModRevision) &&
        (request.minCreateRevision === 0 || version.create >= request.minCreateRevision) &&
        (request.maxCreateRevision === 0 || version.create <= request.maxCreateRevision),
    );
    sortVersions(found, request.sortOrder, request.sortTarget);
    const more = request.limit > 0 && found.length > request.limit;
    const kept = request.countOnly ? [] : more ? found.slice(0, request.limit) : found;
    const kvs = request.keysOnly ? kept.map((version) => ({ ...version, value: '' })) : kept;
    return { kind: 'range', kvs, more: !request.countOnly && more, count: all.length };
  }

  private applyTxn(request: TxnRequest, at: number): ModelResult {
    const succeeded = this.holds(request.compare, at);
    const branch = succeeded ? request.success : request.failure;
    return { kind: 'txn', succeeded, responses: branch.map((op) => this.applyOp(op, at)) };
  }

  private applyOp(op: RequestOp, at: number): ModelResult {
    switch (op.kind) {
      case OpKind.Put:
        return this.applyPut(op.request);
      case OpKind.DeleteRange:
        if (at !== Number.POSITIVE_INFINITY) return { kind: 'delete', deleted: 0, previous: [] };
        return this.applyDelete(op.request);
      case OpKind.Txn:
        return this.applyTxn(op.request, at);
      case OpKind.Range:
        return this.applyRange(op.request, op.request.revision > 0 ? op.request.revision : at);
      default:
        throw new Error('an op without a request reached the model');
    }
  }

  private select(key: Uint8Array, end: Uint8Array, at: number): Version[] {
    const from = binary(key);
    const to = binary(end);
    const found: Version[] = [];
    if (to === '') {
      const version = this.versionAt(from, at);
      return version === null ? found : [version];
    }
    for (const name of this.keys) {
      if (!inRange(name, from, to)) continue;
      const version = this.versionAt(name, at);
      if (version !== null) found.push(version);
    }
    return found;
  }

  /** All compares of a txn hold. A key that does not exist has version, create and mod 0; its value never compares. */
  private holds(compares: readonly Compare[], at: number): boolean {
    return compares.every((compare) => {
      const found = this.select(compare.key, compare.rangeEnd, at);
      if (found.length === 0) {
        if (compare.target === CompareTarget.Value) return false;
        return matches(compare.result, compareNumber(0, compare.number));
      }
      return found.every((version) => matches(compare.result, compareVersion(compare, version)));
    });
  }
}

function compareVersion(compare: Compare, version: Version): number {
  switch (compare.target) {
    case CompareTarget.Version:
      return compareNumber(version.version, compare.number);
    case CompareTarget.Create:
      return compareNumber(version.create, compare.number);
    case CompareTarget.Mod:
      return compareNumber(version.mod, compare.number);
    case CompareTarget.Value: {
      const wanted = binary(compare.value);
      return version.value < wanted ? -1 : version.value > wanted ? 1 : 0;
    }
    default:
      return 0;
  }
}

function compareNumber(have: number, want: number): number {
  return Math.sign(have - want);
}

function matches(result: number, order: number): boolean {
  switch (result) {
    case CompareResult.Equal:
      return order === 0;
    case CompareResult.Greater:
      return order > 0;
    case CompareResult.Less:
      return order < 0;
    default:
      return order !== 0;
  }
}

function sortVersions(list: Version[], order: number, target: number): void {
  // A sort target without an order sorts upwards, except by key, which is the order of the store anyway.
  if (order === SortOrder.None && target === SortTarget.Key) return;
  const field = (version: Version): number | string => {
    if (target === SortTarget.Version) return version.version;
    if (target === SortTarget.Create) return version.create;
    if (target === SortTarget.Mod) return version.mod;
    return target === SortTarget.Value ? version.value : version.key;
  };
  const direction = order === SortOrder.Descend ? -1 : 1;
  list.sort((a, b) => {
    const one = field(a);
    const other = field(b);
    return one < other ? -direction : one > other ? direction : 0;
  });
}
