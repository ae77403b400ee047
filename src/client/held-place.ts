/** Gets a place at the head of a line, with a lease of its own or a given one, and gives both back. */

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
 * @throws LeaseLostError, the signal's reason; then nothing is left in the line
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
    await giveUp(held, lease, granted);
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

export async function givePlaceBack(held: HeldPlace, options: CallOptions = {}): Promise<void> {
  const { line, place, lease, ownsLease } = held;
  if (lease.isLost) return;
  if (ownsLease) await lease.revoke(options);
  else await line.leave(place, options);
}
