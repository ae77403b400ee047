/** Work that takes long and is wanted rarely, one piece at a time, so that it cannot crowd out everything else. */

import { Failure } from '../util/failure.ts';

/** Starts a piece of work; `ended` is called once when it is over. What it throws is up to whoever asked. */
type Work = (ended: () => void) => void;

/** Pieces that may wait. */
const maxWaiting = 100;

export class OneByOne {
  readonly #waiting: Work[] = [];
  #isBusy = false;

  /** @throws Failure 'tooManyRequests'; what `work` throws when it starts at once */
  run(work: Work): void {
    if (this.#waiting.length >= maxWaiting) throw new Failure('tooManyRequests');
    this.#waiting.push(work);
    this.#next();
  }

  #next(): void {
    if (this.#isBusy) return;
    const work = this.#waiting.shift();
    if (work === undefined) return;
    this.#isBusy = true;
    let hasEnded = false;
    const end = (): void => {
      if (hasEnded) return;
      hasEnded = true;
      this.#isBusy = false;
      this.#next();
    };
    work(end);
  }
}
