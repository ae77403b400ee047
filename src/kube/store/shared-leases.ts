/**
 * Leases of keys with a time to live: one is shared by many keys, and lives long enough for the last of them, as in the
 * real API server. A lease per key would make the leases the larger part of the store.
 */

import type { Clock } from '../../util/runtime.ts';

const keysPerLease = 1000;
const reuseMs = 60_000;

interface SharedLease {
  readonly id: bigint;
  readonly grantedAt: number;
  keys: number;
}

export class SharedLeases {
  readonly #clock: Clock;
  readonly #grant: (ttlSeconds: number) => Promise<bigint>;
  /** By seconds to live. */
  readonly #leases = new Map<number, Promise<SharedLease>>();

  /** @param grant asks the store for a lease */
  constructor(clock: Clock, grant: (ttlSeconds: number) => Promise<bigint>) {
    this.#clock = clock;
    this.#grant = grant;
  }

  /** The lease for a key that is to live so long; 0n for one that lives for ever. */
  async leaseFor(ttlSeconds: number): Promise<bigint> {
    if (ttlSeconds === 0) return 0n;
    const known = await this.#leases.get(ttlSeconds)?.catch(() => undefined);
    const now = this.#clock.now();
    if (known !== undefined && known.keys < keysPerLease && now - known.grantedAt < reuseMs) {
      known.keys++;
      return known.id;
    }
    const granted = this.#grant(ttlSeconds + reuseMs / 1000).then((id) => ({ id, grantedAt: now, keys: 1 }));
    this.#leases.set(ttlSeconds, granted);
    return (await granted).id;
  }
}
