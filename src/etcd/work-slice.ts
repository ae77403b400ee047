/**
 * A piece of work that ends by the clock, so that others have their turn: how long something takes depends on where the
 * records are, and on what else the machine does.
 */

import type { Slice } from '../mvcc/range-chunk.ts';
import type { Clock } from '../util/runtime.ts';

/** For so long others wait, in milliseconds, and for what is done between two looks. */
const sliceMs = 2;

export class WorkSlice implements Slice {
  readonly #clock: Pick<Clock, 'now'>;
  #endsAt = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Begins now. @returns itself */
  begin(): this {
    this.#endsAt = this.#clock.now() + sliceMs;
    return this;
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.#endsAt;
  }
}
