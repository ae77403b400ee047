/**
 * A random life of a log, until it ends or the power fails, and the judgement over what is found afterwards.
 */

import type { Failure } from '../../src/util/failure.ts';
import type { WalMutant, WalRecovered } from '../../src/wal/types.ts';
import type { Wal } from '../../src/wal/wal.ts';
import type { FaultDisk } from './fault-disk.ts';
import {
  appended,
  difference,
  emptyContent,
  entriesOf,
  type LogContent,
  openLog,
  type World,
} from './harness.ts';

export class Life {
  readonly world: World;
  readonly disk: FaultDisk;
  readonly mutant: WalMutant | null;
  /** What the log holds after each thing appended; the first is what it held at the start. */
  readonly history: LogContent[];
  acknowledged = 0;
  released = 0;
  wal: Wal | null = null;

  /** @param start what the log must hold when it is opened */
  constructor(
    world: World,
    disk: FaultDisk,
    start: LogContent = emptyContent(),
    mutant: WalMutant | null = null,
  ) {
    this.world = world;
    this.disk = disk;
    this.history = [start];
    this.mutant = mutant;
  }

  get content(): LogContent {
    return this.history[this.history.length - 1]!;
  }

  open(create: boolean): WalRecovered {
    const { wal, recovered } = openLog(this.world, this.disk, { create, mutant: this.mutant });
    this.wal = wal;
    return recovered;
  }

  /** Lives for some steps. Comes back early when the power fails or the log gives up. */
  live(steps: number): void {
    for (let i = 0; i < steps && this.disk.powered && this.wal!.failure === null; i++) {
      const burst = 1 + this.#below(3);
      for (let j = 0; j < burst; j++) this.#act();
      // Sometimes everything settles, sometimes the next step finds a write in flight.
      this.world.run(this.#below(4) === 0 ? Number.POSITIVE_INFINITY : this.#below(6));
    }
  }

  #below(limit: number): number {
    return this.world.uint32() % limit;
  }

  #act(): void {
    const choice = this.#below(20);
    if (choice === 0) this.#restart();
    else if (choice <= 2) this.#release();
    else if (choice === 19) this.wal!.renew();
    else this.#append(choice < 6);
  }

  #append(replacing: boolean): void {
    const { base, entries, hardState } = this.content;
    const last = entries[entries.length - 1] ?? base;
    const floor = Math.max(base.index, hardState.commit);
    const first = replacing ? last.index + 1 - this.#below(last.index - floor + 1) : last.index + 1;
    const term = Math.max(hardState.term, last.term) + (first <= last.index || this.#below(8) === 0 ? 1 : 0);
    const size = this.#below(15) === 0 ? 8500 : this.#below(250);
    const fresh = entriesOf(first, this.#below(5), term, size);
    const lastIndex = fresh.length === 0 ? last.index : first + fresh.length - 1;
    const state = {
      term: Math.max(term, hardState.term),
      vote: `node-${this.#below(3)}`,
      commit: floor + this.#below(lastIndex - floor + 1),
    };
    const stated = fresh.length === 0 || this.#below(3) > 0 ? state : null;
    this.#note(appended(this.content, fresh, stated));
    const number = this.history.length - 1;
    this.wal!.append(fresh, stated, (error) => this.#told(number, error));
  }

  #restart(): void {
    const { base, entries, hardState } = this.content;
    const last = entries[entries.length - 1] ?? base;
    const index = Math.max(base.index + 1, last.index + 2 - this.#below(6), hardState.commit);
    const state = { term: Math.max(hardState.term, last.term), vote: '', commit: index };
    this.#note({ base: { index, term: last.term }, hardState: state, entries: [] });
    const number = this.history.length - 1;
    this.wal!.restart({ index, term: last.term }, state, (error) => this.#told(number, error));
  }

  /** As a member does it: what is committed, durably, and applied. */
  #release(): void {
    const index = this.history[this.acknowledged]!.hardState.commit;
    this.released = Math.max(this.released, index);
    if (this.wal!.failure === null && index <= this.wal!.lastIndex) this.wal!.release(index);
  }

  #note(content: LogContent): void {
    this.history.push(content);
  }

  #told(number: number, error: Error | null): void {
    if (error === null && this.disk.powered) this.acknowledged = Math.max(this.acknowledged, number);
  }

  /** What is wrong with what was recovered after this life; null when it holds all that was promised. */
  judge(recovered: WalRecovered): string | null {
    let nearest = 'nothing was appended';
    for (let i = this.history.length - 1; i >= this.acknowledged; i--) {
      const problem = difference(recovered, this.history[i]!, this.released);
      if (problem === null) return null;
      nearest = problem;
    }
    return `none of the states from ${this.acknowledged} to ${this.history.length - 1} (${nearest})`;
  }

  /** Which state was recovered, for a next life to start from. */
  stateOf(recovered: WalRecovered): LogContent {
    for (let i = this.history.length - 1; i >= 0; i--) {
      if (difference(recovered, this.history[i]!, this.released) === null) return this.history[i]!;
    }
    throw new Error('what was recovered is none of the states');
  }
}

/** Opens what a crash left and judges it; the text of the problem, or null and the recovered log. */
export function judgeCrash(
  life: Life,
  world: World,
  disk: FaultDisk,
): { problem: string | null; next: Life | null } {
  const next = new Life(world, disk, emptyContent(), life.mutant);
  try {
    const recovered = next.open(life.acknowledged === 0);
    const problem = life.judge(recovered);
    if (problem !== null) return { problem, next: null };
    next.history[0] = life.stateOf(recovered);
    next.released = life.released;
    return { problem: null, next };
  } catch (error) {
    return { problem: `${(error as Failure).reason ?? ''} ${(error as Error).message}`, next: null };
  }
}
