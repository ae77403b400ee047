/** Work by name, one piece at a time, again after a failure: what every loop here is made of. */

import type { Logger, Runtime, Timer } from '../../util/runtime.ts';

const firstRetryMs = 50;
const lastRetryMs = 30_000;

export class WorkQueue {
  readonly #runtime: Runtime;
  readonly #log: Logger;
  readonly #work: (name: string) => Promise<void>;
  readonly #waiting = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #retries = new Set<Timer>();
  #isRunning = false;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  /** @param work looks at what is there and does what is missing; it may be called for nothing */
  constructor(runtime: Runtime, work: (name: string) => Promise<void>) {
    this.#runtime = runtime;
    this.#log = runtime.log;
    this.#work = work;
  }

  add(name: string): void {
    if (this.#isClosed) return;
    this.#waiting.add(name);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      if (this.#isClosed) break;
      try {
        await this.#work(name);
        this.#failures.delete(name);
      } catch (error) {
        this.#retry(name, error as Error);
      }
    }
    this.#isRunning = false;
  }

  #retry(name: string, error: Error): void {
    const count = this.#failures.get(name) ?? 0;
    this.#failures.set(name, count + 1);
    if (count > 2) this.#log.warn('a loop of the control plane fails', { name, error: error.message });
    const delayMs = Math.min(lastRetryMs, firstRetryMs * 2 ** count);
    const timer = this.#runtime.clock.setTimer(delayMs, () => {
      this.#retries.delete(timer);
      this.add(name);
    });
    this.#retries.add(timer);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#retries) timer.cancel();
    this.#waiting.clear();
    await this.#running;
  }
}
