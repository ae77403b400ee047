/**
 * The end of a member: leadership is handed over, what was asked is answered, the state made durable, the log closed. Or
 * the loop fails, and then there is nothing more to do but to say so. Whoever asked for the end is answered once, however
 * it came.
 *
 * Requests are taken until the last step: clients are told meanwhile that they had better go elsewhere (the ports close),
 * and what they sent before they heard is served, however long it takes them to hear. Refused at once, each restart of a
 * member would leave a handful of writes in doubt.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { Role } from '../raft/types.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { Handover } from './handover.ts';
import type { MemberLoop } from './member-loop.ts';

/** Looks whether somebody still waits for an answer; twice in a row nobody, and it goes on. */
const lookMs = 10;

export interface EndingOptions {
  readonly loop: MemberLoop;
  readonly raft: RaftNode;
  readonly handover: Handover;
  readonly runtime: Pick<Runtime, 'clock' | 'scheduler'>;
  /** So long those who wait are waited for. */
  readonly patienceMs: number;
  /** Stops everything that stands around the loop. */
  readonly quit: () => void;
}

export class Ending {
  readonly #options: EndingOptions;
  #hasBegun = false;
  #waiting: (() => void)[] = [];
  #isHeeded: () => boolean = () => true;
  #look: Timer | null = null;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** An end in order was asked for. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** @param isHeeded whether everybody knows; of several who ask for the end, the first one's word counts */
  begin(done: () => void, isHeeded: () => boolean): void {
    const { loop, raft, handover, runtime } = this.#options;
    if (loop.hasEnded) {
      runtime.scheduler.defer(done);
      return;
    }
    this.#waiting.push(done);
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#isHeeded = isHeeded;
    const heir = handover.heir();
    const hasPassed = (): boolean => raft.role !== Role.Leader;
    if (heir === null || !handover.begin(heir, hasPassed, () => this.#drain())) this.#drain();
    else loop.schedule();
  }

  /** Waits for those who do not know and for those who wait, and ends. */
  #drain(): void {
    const { loop, runtime, patienceMs } = this.#options;
    const { clock } = runtime;
    let until = clock.now() + patienceMs;
    const look = (wasQuiet: boolean): void => {
      const isHeeded = this.#isHeeded();
      if (!isHeeded) until = clock.now() + patienceMs;
      const isQuiet = isHeeded && loop.isQuiet;
      if ((isQuiet && wasQuiet) || clock.now() >= until) this.#end();
      else this.#look = clock.setTimer(lookMs, () => look(isQuiet));
    };
    look(false);
  }

  /** The loop has failed. */
  failed(): void {
    this.#look?.cancel();
    this.#options.quit();
    this.#answer();
  }

  #end(): void {
    const { loop, quit } = this.#options;
    if (loop.hasEnded) return;
    loop.end(() => this.#answer());
    quit();
  }

  #answer(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
