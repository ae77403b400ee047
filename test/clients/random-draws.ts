/** Choices that a seed makes: the same seed, the same choices in the same order. */

import type { Message } from '../../examples/grpc-from-proto.ts';

export class RandomDraws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Between 0 and 1: the mulberry32 sequence. */
  draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.draw() * limit);
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  chance(odds: number): boolean {
    return this.draw() < 1 / odds;
  }

  /** The fields that `make` gives, in one of `odds` cases. */
  at(odds: number, make: () => Message): Message {
    return this.chance(odds) ? make() : {};
  }
}
