/** A bar on standard error that shows how far something is: for people, so it is drawn on a terminal only. */

import type { Io } from './session.ts';

const barWidth = 28;
const clearLine = '\r\x1b[K';

/** The bar, without moving the cursor. @param part from 0 to 1 */
export function progressBar(part: number, note = ''): string {
  const filled = Math.round(Math.min(1, Math.max(0, part)) * barWidth);
  const percent = String(Math.floor(Math.min(1, Math.max(0, part)) * 100)).padStart(3);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${percent} %${note === '' ? '' : `  ${note}`}`;
}

export class Progress {
  readonly #io: Io;
  #shown = '';

  constructor(io: Io) {
    this.#io = io;
  }

  /** Draws the bar anew. @param part from 0 to 1 */
  show(part: number, note = ''): void {
    if (this.#io.drawsProgress !== true) return;
    const line = progressBar(part, note);
    if (line === this.#shown) return;
    this.#shown = line;
    this.#io.err(`${clearLine}${line}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown !== '') this.#io.err(clearLine);
    this.#shown = '';
  }
}
