/**
 * Forgets history by itself, as etcd's compactors do. Every member runs the timer, but only the one that
 * leads compacts; the others keep counting, so that whoever leads next knows how old revisions are.
 *
 * By period: the newest revision is noted ten times per period, or per hour where the period is longer, and the oldest
 * note that is a period old is compacted to. By revision: every five minutes all but the newest so many go.
 */

import type { Failure } from '../util/failure.ts';
import type { Clock, Logger, Timer } from '../util/runtime.ts';

export type AutoCompaction =
  | { readonly mode: 'periodic'; readonly periodMs: number }
  | { readonly mode: 'revision'; readonly revisions: number };

/** What a compactor needs of its member. */
export interface Compacted {
  readonly isLeader: boolean;
  readonly revision: number;
  compact(revision: number, done: (failure: Failure | null) => void): void;
}

export interface Compactor {
  stop(): void;
}

const hourMs = 3_600_000;
const notesPerInterval = 10;
const revisionCheckMs = 5 * 60_000;

export function startCompactor(
  options: AutoCompaction,
  member: Compacted,
  clock: Clock,
  log: Logger,
): Compactor {
  const plan =
    options.mode === 'periodic'
      ? new PeriodicPlan(options.periodMs, clock)
      : new RevisionPlan(options.revisions);
  return new Loop(plan, member, clock, log);
}

/** When to look, and what to compact to. */
interface Plan {
  readonly checkMs: number;
  /** For log lines. */
  readonly name: string;
  /** Before each wait. */
  note(revision: number): void;
  /** After it. @returns the revision to compact to, or 0 */
  target(revision: number): number;
  compacted(revision: number): void;
}

class PeriodicPlan implements Plan {
  readonly name = 'periodic';
  readonly checkMs: number;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #notesMax: number;
  readonly #notes: number[] = [];
  #lastRevision = 0;
  #lastAt: number;
  /** The first time the whole period has to pass. */
  #waitMs: number;

  constructor(periodMs: number, clock: Clock) {
    this.#clock = clock;
    this.#intervalMs = Math.min(periodMs, hourMs);
    this.checkMs = this.#intervalMs / notesPerInterval;
    this.#notesMax = Math.floor(periodMs / this.checkMs) + 1;
    this.#waitMs = periodMs;
    this.#lastAt = clock.now();
  }

  note(revision: number): void {
    this.#notes.push(revision);
    if (this.#notes.length > this.#notesMax) this.#notes.shift();
  }

  target(): number {
    const oldest = this.#notes[0]!;
    if (this.#clock.now() - this.#lastAt < this.#waitMs || oldest === this.#lastRevision) return 0;
    this.#waitMs = this.#intervalMs;
    return oldest;
  }

  compacted(revision: number): void {
    this.#lastRevision = revision;
    this.#lastAt = this.#clock.now();
  }
}

class RevisionPlan implements Plan {
  readonly name = 'revision';
  readonly checkMs: number = revisionCheckMs;
  readonly #kept: number;
  #last = 0;

  constructor(revisions: number) {
    this.#kept = revisions;
  }

  note(): void {}

  target(revision: number): number {
    const oldest = revision - this.#kept;
    return oldest <= 0 || oldest === this.#last ? 0 : oldest;
  }

  compacted(revision: number): void {
    this.#last = revision;
  }
}

class Loop implements Compactor {
  readonly #plan: Plan;
  readonly #member: Compacted;
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(plan: Plan, member: Compacted, clock: Clock, log: Logger) {
    this.#plan = plan;
    this.#member = member;
    this.#clock = clock;
    this.#log = log;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#plan.note(this.#member.revision);
    this.#timer = this.#clock.setTimer(this.#plan.checkMs, () => this.#look());
  }

  #look(): void {
    const member = this.#member;
    const revision = member.isLeader ? this.#plan.target(member.revision) : 0;
    if (revision === 0) {
      this.#wait();
      return;
    }
    const mode = this.#plan.name;
    this.#log.info(`starting auto ${mode} compaction`, { revision });
    member.compact(revision, (failure) => {
      if (failure === null || failure.reason === 'compacted') {
        this.#log.info(`completed auto ${mode} compaction`, { revision });
        this.#plan.compacted(revision);
      } else {
        this.#log.warn(`failed auto ${mode} compaction`, { revision, error: failure });
      }
      this.#wait();
    });
  }
}
