/**
 * A queue between a producer that calls and one consumer that iterates.
 *
 * It is bounded by asking the producer to stop: at `fullAt` waiting items it says `onFull`, and when it is empty again
 * `onDrained`. What the producer cannot hold back any more is still taken.
 */

export interface QueueOptions {
  readonly fullAt: number;
  readonly onFull: () => void;
  readonly onDrained: () => void;
  /** The consumer left. */
  readonly onLeft: () => void;
}

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: unknown) => void;
}

/** An AsyncIterableIterator<T, void, undefined>, which has these parameters from TypeScript 5.6 on only. */
export interface Messages<T> extends AsyncIterator<T, void, undefined> {
  [Symbol.asyncIterator](): Messages<T>;
}

export class MessageQueue<T> implements Messages<T> {
  readonly #options: QueueOptions;
  #items: T[] = [];
  #at = 0;
  #waiting: Waiting<T>[] = [];
  #isFull = false;
  #isEnded = false;
  #error: { readonly value: unknown } | null = null;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  push(item: T): void {
    if (this.#isEnded) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    if (!this.#isFull && this.#items.length - this.#at >= this.#options.fullAt) {
      this.#isFull = true;
      this.#options.onFull();
    }
  }

  /** Nothing follows; the consumer still gets what waits. */
  end(): void {
    this.#isEnded = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  /** Nothing follows but this error, after what waits. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) this.#error = { value: error };
    else first.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#at < this.#items.length) {
      const value = this.#items[this.#at]!;
      this.#at++;
      if (this.#at === this.#items.length) {
        this.#items = [];
        this.#at = 0;
        if (this.#isFull) {
          this.#isFull = false;
          this.#options.onDrained();
        }
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== null) {
      const { value } = this.#error;
      this.#error = null;
      return Promise.reject(value);
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#items = [];
    this.#at = 0;
    this.#error = null;
    this.end();
    this.#options.onLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
