/**
 * The leases of the cluster: part of the replicated state, kept on the backend under table `l`, changed by applied
 * entries only. No clock: when a lease ends is the leader's to watch (`lease-clock.ts`) and everybody's to apply.
 *
 * It is the store's `LeaseBook`. Invariant: a key belongs to at most one lease, and to the one its newest record names.
 *
 * The digest is the sum of the checksums of all leases as they stand on the backend. A sum does not depend on the order,
 * so it is kept up to date with each change and comes out the same when the leases are read back.
 */

import { crc32 } from 'node:zlib';
import type { Backend, BackendEntry } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import { exponentialBounds, Histogram } from '../util/metrics.ts';
import { decodeLease, encodeLease, type Lease, leaseKey, leaseTable, leaseTableEnd } from './lease.ts';
import { maxTtlSeconds } from './limits.ts';

const chunkEntries = 16_384;
const noKeys: ReadonlySet<string> = new Set();

/** Is told of what was applied. It must not throw. */
export interface LeaseObserver {
  granted(lease: Lease): void;
  /** The lease is gone already. */
  revoked(lease: Lease): void;
  /** @param remainingTtl as it was proposed; 0 after a renewal */
  checkpointed(lease: Lease, remainingTtl: number): void;
  /** Other leases took the place of all: a state from elsewhere was installed. */
  reloaded(): void;
}

/** What was applied since the leases were opened, for metrics. */
export interface LeaseFigures {
  granted: number;
  revoked: number;
  /** TTLs that were granted, in seconds. */
  readonly ttls: Histogram;
}

export class Leases {
  readonly figures: LeaseFigures = {
    granted: 0,
    revoked: 0,
    ttls: new Histogram(exponentialBounds(1, 2, 24)),
  };
  readonly #backend: Backend;
  #byId = new Map<bigint, Lease>();
  #digest = 0;
  #observer: LeaseObserver | null = null;

  private constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * Reads the leases from the backend. Keys are not attached yet: open the store next, with these as its lease book.
   * @param done an error of the backend, or of a record that cannot be read
   */
  static open(backend: Backend, done: (error: Error | null, leases: Leases | null) => void): void {
    const leases = new Leases(backend);
    leases.reload((error) => done(error, error === null ? leases : null));
  }

  /**
   * Reads everything anew after the backend's state was replaced; reload the store afterwards, which attaches the keys.
   * Until `done` the old leases stay.
   */
  reload(done: (error: Error | null) => void): void {
    const byId = new Map<bigint, Lease>();
    let digest = 0;
    const add = ({ value }: BackendEntry): void => {
      const lease = decodeLease(value);
      byId.set(lease.id, lease);
      digest = (digest + crc32(value)) >>> 0;
    };
    readAll(this.#backend, add, (error) => {
      if (error === null) {
        this.#byId = byId;
        this.#digest = digest;
        this.#observer?.reloaded();
      }
      done(error);
    });
  }

  /** The one who counts the time; at most one. */
  observe(observer: LeaseObserver): void {
    if (this.#observer !== null) throw new Error('the leases are observed already');
    this.#observer = observer;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** The same on every member that has applied the same entries. A uint32. */
  get digest(): number {
    return this.#digest;
  }

  get(id: bigint): Lease | undefined {
    return this.#byId.get(id);
  }

  exists(id: bigint): boolean {
    return this.#byId.has(id);
  }

  /** All leases, in no order that means anything. */
  all(): IterableIterator<Lease> {
    return this.#byId.values();
  }

  /** The ids of all leases, in the order in which they were granted; after a restart in the order of the backend. */
  list(): bigint[] {
    return [...this.#byId.keys()];
  }

  /**
   * The keys of a lease, in no order that means anything; none for a lease that does not exist. Whoever may not write all of
   * them may not add one either, so this is asked with each put.
   */
  keysOf(id: bigint): ReadonlySet<string> {
    return this.#byId.get(id)?.keys ?? noKeys;
  }

  /** A key may name a lease that does not exist if the state came from an etcd where it did; it then has none. */
  attach(id: bigint, key: string): void {
    const lease = this.#byId.get(id);
    if (lease === undefined) return;
    lease.keys ??= new Set();
    lease.keys.add(key);
  }

  /** Nothing happens for a lease that was just revoked. */
  detach(id: bigint, key: string): void {
    this.#byId.get(id)?.keys?.delete(key);
  }

  /**
   * Applies a grant.
   * @param id as chosen before the proposal, an int64 and not 0
   * @param ttl whole seconds, raised to the minimum before the proposal
   * @throws Failure 'leaseTtlTooLarge', 'leaseExists', which have no effect
   */
  grant(id: bigint, ttl: number): Lease {
    if (id === 0n || BigInt.asIntN(64, id) !== id) throw new Error(`${id} cannot be the id of a lease`);
    if (!Number.isInteger(ttl) || ttl <= 0) throw new Error(`a lease of ${ttl} seconds was proposed`);
    if (ttl > maxTtlSeconds) throw new Failure('leaseTtlTooLarge');
    if (this.#byId.has(id)) throw new Failure('leaseExists');
    const lease: Lease = { id, ttl, remainingTtl: 0, keys: null };
    this.#byId.set(id, lease);
    this.#write(lease);
    this.figures.granted++;
    this.figures.ttls.observe(ttl);
    this.#observer?.granted(lease);
    return lease;
  }

  /**
   * Applies the end of a lease, whoever asked for it.
   * @returns the keys the caller must delete from the store now, in one revision; in no order that means anything
   * @throws Failure 'leaseNotFound'
   */
  revoke(id: bigint): ReadonlySet<string> {
    const lease = this.#byId.get(id);
    if (lease === undefined) throw new Failure('leaseNotFound');
    this.#byId.delete(id);
    this.#forget(lease);
    this.#backend.delete(leaseKey(id));
    this.figures.revoked++;
    this.#observer?.revoked(lease);
    return lease.keys ?? noKeys;
  }

  /**
   * Applies a checkpoint: what is left of a lease, for the next leader to go on from. A lease that is gone is passed over.
   * @param remainingTtl whole seconds; 0 after a renewal: the whole TTL is left again
   */
  checkpoint(id: bigint, remainingTtl: number): void {
    const lease = this.#byId.get(id);
    if (lease === undefined) return;
    const value = remainingTtl < lease.ttl ? Math.max(0, remainingTtl) : 0;
    if (lease.remainingTtl !== value) {
      this.#forget(lease);
      lease.remainingTtl = value;
      this.#write(lease);
    }
    this.#observer?.checkpointed(lease, remainingTtl);
  }

  #write(lease: Lease): void {
    const bytes = encodeLease(lease);
    this.#digest = (this.#digest + crc32(bytes)) >>> 0;
    this.#backend.put(leaseKey(lease.id), bytes);
  }

  /** Takes the lease, as it stands now, out of the digest. */
  #forget(lease: Lease): void {
    this.#digest = (this.#digest - crc32(encodeLease(lease))) >>> 0;
  }
}

/** Calls `add` for every stored lease. What it throws ends the walk. */
function readAll(
  backend: Backend,
  add: (entry: BackendEntry) => void,
  done: (error: Error | null) => void,
): void {
  const scan = (from: string): void => {
    backend.scan(from, leaseTableEnd, chunkEntries, (error, entries) => {
      if (error !== null || entries.length === 0) {
        done(error);
        return;
      }
      try {
        for (const entry of entries) add(entry);
      } catch (failure) {
        done(damaged(failure as Error));
        return;
      }
      scan(`${entries[entries.length - 1]!.key}\0`);
    });
  };
  scan(leaseTable);
}

function damaged(cause: Error): Failure {
  return new Failure(
    'backendDamaged',
    `A lease in the state cannot be read: ${cause.message}. ` +
      'Remove this member from its cluster, empty its data directory and add it again, or restore a backup.',
    { cause },
  );
}
