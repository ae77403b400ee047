/**
 * The end of a member: leadership is handed over, the state made durable, the log closed. Or the loop fails, and then
 * there is nothing more to do but to say so. Whoever asked for the end is answered once, however it came.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { Role } from '../raft/types.ts';
import type { Scheduler } from '../util/runtime.ts';
import type { Handover } from './handover.ts';
import type { MemberLoop } from './member-loop.ts';

export interface EndingOptions {
  readonly loop: MemberLoop;
  readonly raft: RaftNode;
  readonly handover: Handover;
  readonly scheduler: Scheduler;
  /** Stops everything that stands around the loop. */
  readonly quit: () => void;
}

export class Ending {
  readonly #options: EndingOptions;
  #hasBegun = false;
  #waiting: (() => void)[] = [];

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** An end in order was asked for. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  begin(done: () => void): void {
    const { loop, raft, handover, scheduler } = this.#options;
    if (loop.hasEnded) {
      scheduler.defer(done);
      return;
    }
    this.#waiting.push(done);
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const heir = handover.heir();
    const hasPassed = (): boolean => raft.role !== Role.Leader;
    if (heir === null || !handover.begin(heir, hasPassed, () => this.#end())) this.#end();
    else loop.schedule();
  }

  /** The loop has failed. */
  failed(): void {
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
