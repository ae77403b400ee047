/**
 * What of the code has been reached, as V8 counts it for its debugger: an input that gets where none was before is worth
 * changing further.
 *
 * V8 tells of each function that ran since it was asked last which blocks of it did not. What has never run of a function is
 * what was left out each time; once less is left out than ever, something was reached for the first time. A question costs
 * two milliseconds, so it is asked after many inputs, and after each of them only when there is something to find.
 */

import { Session } from 'node:inspector';

/** `[from, to)` of a script. */
type Block = readonly [from: number, to: number];

/** What did not run of each function that did. */
export type Report = Map<string, readonly Block[]>;

function isWithin([from, to]: Block, others: readonly Block[]): boolean {
  return others.some((other) => other[0] <= from && to <= other[1]);
}

export class Coverage {
  readonly #session: Session = new Session();
  /** What has never run of each function that has. */
  readonly #unreached = new Map<string, readonly Block[]>();
  #reached = 0;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Functions and blocks that were reached. */
  get reached(): number {
    return this.#reached;
  }

  /** What has run since this was asked last. */
  take(): Report {
    const report: Report = new Map();
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error;
      for (const { url, scriptId, functions } of coverage.result) {
        if (!url.includes('/src/')) continue;
        for (const { ranges } of functions) {
          const [whole, ...blocks] = ranges;
          if (whole === undefined || whole.count === 0) continue;
          const left = blocks.filter(({ count }) => count === 0);
          report.set(
            `${scriptId} ${whole.startOffset} ${whole.endOffset}`,
            left.map(({ startOffset, endOffset }): Block => [startOffset, endOffset]),
          );
        }
      }
    });
    return report;
  }

  /** Whether something of it never ran before. */
  isNew(report: Report): boolean {
    for (const [key, left] of report) {
      const before = this.#unreached.get(key);
      if (before === undefined || before.some((block) => !isWithin(block, left))) return true;
    }
    return false;
  }

  /** From now on it has run. */
  keep(report: Report): void {
    for (const [key, left] of report) {
      const before = this.#unreached.get(key);
      const still = before?.filter((block) => isWithin(block, left)) ?? [];
      this.#reached += before === undefined ? 1 : before.length - still.length;
      // Of a block that was reached, a part may be left.
      const parts = left.filter((block) => before === undefined || isWithin(block, before));
      this.#unreached.set(key, [...still, ...parts.filter((block) => !isWithin(block, still))]);
    }
  }

  close(): void {
    this.#session.disconnect();
  }
}
