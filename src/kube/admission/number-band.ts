/**
 * Which number of a range is given to who asks for any: one of the upper band while there is one, so that the numbers people
 * choose themselves, mostly low ones, stay free.
 */

import type { Random } from '../../util/runtime.ts';
import type { Claim, Claims, Holder } from './claims.ts';

/** Numbers from 0 on; `text` gives what is claimed. */
export interface NumberBand {
  /** How many numbers. */
  readonly size: number;
  /** The first so many are given last. */
  readonly reserved: number;
  text(at: number): string;
}

/** Blind tries; in a range that is not nearly full the first one succeeds. */
const blindTries = 16;
/** Abandoned claims that are looked at when a range is full. */
const abandonedTries = 1000;

/** How many numbers of a range are kept for who chooses: an address range divides by 16, up to 256; ports by 32, up to 128. */
export function reservedOf(size: number, divisor: number, max: number): number {
  return Math.min(Math.max(16, Math.floor(size / divisor)), max, size);
}

export interface AnyNumber {
  readonly claims: Claims;
  readonly band: NumberBand;
  readonly random: Random;
  readonly holder: Holder;
  readonly isDryRun: boolean;
}

function takeOne({ claims, holder, isDryRun }: AnyNumber, number: string): Promise<Claim | null> {
  return isDryRun ? claims.try(number, holder) : claims.take(number, holder);
}

/** @returns null: all are taken */
export async function takeAny(request: AnyNumber): Promise<Claim | null> {
  const { band, random, claims } = request;
  const dynamic = band.size - band.reserved;
  for (let tries = 0; dynamic > 0 && tries < blindTries; tries++) {
    const claim = await takeOne(request, band.text(band.reserved + (random.uint32() % dynamic)));
    if (claim !== null) return claim;
  }
  const taken = await claims.all();
  const inOrder = (at: number): number => (at + band.reserved) % band.size;
  for (let at = 0; at < band.size; at++) {
    const number = band.text(inOrder(at));
    if (taken.has(number)) continue;
    const claim = await takeOne(request, number);
    if (claim !== null) return claim;
  }
  for (let at = 0; at < Math.min(band.size, abandonedTries); at++) {
    const claim = await takeOne(request, band.text(inOrder(at)));
    if (claim !== null) return claim;
  }
  return null;
}
