/** Gets a place at the head of a line, with a lease of its own or a given one, and gives both back. */

import { type Comparison, compare } from './compare.ts';
import type { Lease, Leases } from './lease.ts';
import type { CallOptions } from './options.ts';
import type { LineTools, Place } from './waiting-line.ts';
import { WaitingLine } from './waiting-line.ts';

/** Seconds after which the place of a holder that died is free. */
const defaultTtl = 15;

export interface PlaceOptions {
  /** Seconds after which it is free if its holder dies. Not together with `lease`. @default 15 */
  readonly ttl?: number;
  /** The lease to hold it with; it is not revoked afterwards. @default one of its own */
  readonly lease?: Lease;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

export interface HeldPlace {
  readonly line: WaitingLine;
  readonly place: Place;
  readonly lease: Lease;
  readonly ownsLease: boolean;
}

/**
 * @param mayWait false: come back with null unless nobody is before
 * @throws LeaseLostError, the signal's reason; then nothing is left in the line, or runs out where nobody answers
 */
export async function takePlace(
  tools: LineTools,
  leases: Leases,
  name: string,
  value: Uint8Array | string,
  options: PlaceOptions,
  mayWait: boolean,
): Promise<HeldPlace | null> {
  const { signal } = options;
  const line = new WaitingLine(tools, name);
  const granted = options.lease === undefined;
  const lease =
    options.lease ?? (await leases.grant(options.ttl ?? defaultTtl, signal === undefined ? {} : { signal }));
  const callOptions: CallOptions = {
    signal: signal === undefined ? lease.signal : AbortSignal.any([signal, lease.signal]),
  };
  let held: HeldPlace | null = null;
  try {
    const place = await line.enter(lease, value, callOptions);
    held = { line, place, lease, ownsLease: granted };
    if (!place.isFirst) {
      if (!mayWait) {
        await givePlaceBack(held);
        return null;
      }
      await line.waitTurn(place, lease, callOptions);
    }
    return held;
  } catch (error) {
    const givingUp = giveUp(held, lease, granted);
    if (leases.isReachable) await givingUp;
    throw error;
  }
}

/** Nobody waits for this to succeed: a lease that cannot be revoked runs out. */
async function giveUp(held: HeldPlace | null, lease: Lease, ownsLease: boolean): Promise<void> {
  try {
    if (ownsLease) await lease.revoke();
    else if (held !== null && !lease.isLost) await held.line.leave(held.place);
  } catch {
    if (ownsLease) lease.release();
  }
}

async function givePlaceBack(held: HeldPlace, options: CallOptions = {}): Promise<void> {
  const { line, place, lease, ownsLease } = held;
  if (lease.isLost) return;
  if (ownsLease) await lease.revoke(options);
  else await line.leave(place, options);
}

/** What the holder of a lock and the leader of an election have in common: the place at the head of a line, and its lease. */
export abstract class Holding {
  readonly #held: HeldPlace;
  #isOver = false;

  constructor(held: HeldPlace) {
    this.#held = held;
  }

  /** The key that stands for it while it is held; that of a leader holds what is proclaimed. */
  get key(): string {
    return this.#held.place.key;
  }

  /** Higher than that of everyone who held it before. */
  get fencingToken(): number {
    return this.#held.place.revision;
  }

  get lease(): Lease {
    return this.#held.lease;
  }

  /** Aborted with a `LeaseLostError` when it is lost. */
  get signal(): AbortSignal {
    return this.#held.lease.signal;
  }

  get isHeld(): boolean {
    return !this.#isOver && !this.#held.lease.isLost;
  }

  /** Holds in a transaction as long as it is held. */
  get guard(): Comparison {
    return compare.createRevision(this.key, '=', this.fencingToken);
  }

  /** Lets the next one have it. Of what is lost or over, nothing. */
  protected async giveBack(options: CallOptions): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await givePlaceBack(this.#held, options);
  }
}
