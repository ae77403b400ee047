/** What came of checks of health, for metrics: of each the last result, and how often it was which. */

export interface CheckTally {
  readonly type: string;
  readonly name: string;
  successes: number;
  errors: number;
  /** The last time. */
  isWell: boolean;
}

/** There are as many tallies as there are checks. */
export class CheckTallies {
  readonly #tallies = new Map<string, CheckTally>();

  /** @param type what the check belongs to, as `livez` */
  count(type: string, name: string, isWell: boolean): void {
    const key = `${type}/${name}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { type, name, successes: 0, errors: 0, isWell };
      this.#tallies.set(key, tally);
    }
    tally.isWell = isWell;
    if (isWell) tally.successes++;
    else tally.errors++;
  }

  /** In the order in which they were first counted. */
  all(): Iterable<CheckTally> {
    return this.#tallies.values();
  }
}
