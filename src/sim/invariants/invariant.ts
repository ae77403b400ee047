/** The shape that all invariants share: an id, what it says, where it comes from, and one check. */

import type { Memory } from '../memory.ts';
import type { World } from '../view.ts';

export interface Invariant {
  /** As in the list of invariants: I1, I2, … */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly says: string;
  /** Null when it holds, else what was seen instead. It may note in `memory` what it needs to know later. */
  check(world: World, memory: Memory): string | null;
}

/** Thrown when an invariant is broken. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}
