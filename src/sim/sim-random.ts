/**
 * The one source of chance in a simulated run: a small generator that can be forked into named streams.
 *
 * Invariant: a stream depends on the seed and on the names it was forked by, never on how much another stream was
 * used. So one more draw in the network does not change what the disk does, and a failing seed stays recognisable
 * while code around it changes. The generator is sfc32 (PractRand's "small fast counting" generator, 128 bits of
 * state); streams are seeded by hashing the names with the 32-bit FNV-1a function and mixing.
 */

import type { Random } from '../util/runtime.ts';

/** Hashes text into 32 bits, starting from `seed` (FNV-1a over UTF-16 units, then an avalanche). */
function hashText(seed: number, text: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}

export class SimRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;
  private readonly origin: number;

  /** @param seed any safe integer; @param name the stream's name, so that equal seeds give different streams. */
  constructor(seed: number, name = '') {
    if (!Number.isSafeInteger(seed)) throw new Error(`a seed is a safe integer, got ${seed}`);
    this.origin = hashText(0x9e3779b9, `${seed}/${name}`);
    this.a = hashText(this.origin, 'a');
    this.b = hashText(this.origin, 'b');
    this.c = hashText(this.origin, 'c');
    this.counter = 1;
    for (let warm = 0; warm < 12; warm++) this.uint32();
  }

  /** A stream of its own, decided by this stream's seed and `name` alone. */
  fork(name: string): SimRandom {
    return new SimRandom(this.origin, name);
  }

  uint32(): number {
    const sum = (this.a + this.b + this.counter) >>> 0;
    this.counter = (this.counter + 1) >>> 0;
    this.a = (this.b ^ (this.b >>> 9)) >>> 0;
    this.b = (this.c + (this.c << 3)) >>> 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.uint32() / 4294967296;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    if (limit < 1) throw new Error(`below(${limit}) has nothing to draw from`);
    return Math.floor(this.unit() * limit);
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.unit() < probability;
  }

  /** Exponentially distributed with this mean: the waiting time of something that happens at random. */
  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Shuffles in place (Fisher–Yates). */
  shuffle<T>(list: T[]): T[] {
    for (let at = list.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      const held = list[at]!;
      list[at] = list[other]!;
      list[other] = held;
    }
    return list;
  }
}
