/** A progress bar on stderr, on a terminal only; elsewhere nothing is written, so that logs stay clean. */

const WIDTH = 28;
const REDRAW_MS = 200;

export class Progress {
  readonly #total: number;
  readonly #enabled = process.stderr.isTTY === true;
  #done = 0;
  #label = '';
  #stepFrom = 0;
  #stepMs = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param total the expected length of everything, in milliseconds or any other unit of work */
  constructor(total: number) {
    this.#total = Math.max(1, total);
  }

  /** A step begins that is expected to take `work` of the total; the bar moves on by itself meanwhile. */
  step(label: string, work: number): void {
    this.#done += this.#stepMs;
    this.#label = label;
    this.#stepFrom = Date.now();
    this.#stepMs = work;
    if (!this.#enabled) return;
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS).unref();
    this.#draw();
  }

  #draw(): void {
    const within = Math.min(this.#stepMs, Date.now() - this.#stepFrom);
    const share = Math.min(1, (this.#done + within) / this.#total);
    const filled = Math.round(share * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    process.stderr.write(`\r\x1b[K${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${this.#label}`);
  }

  /** Removes the bar. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#enabled) process.stderr.write('\r\x1b[K');
  }
}
