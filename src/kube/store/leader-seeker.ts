/**
 * Has a client talk to the member that leads: what is asked of any other goes there all the same, in a frame of its own, and
 * what is asked together stays together. Every answer names a term, and a new term is a new leader: nothing is asked
 * while that stays the same. A leader that does not answer any more is left at once: it may be one that is no leader now and
 * does not know, or that hangs, while the others have long elected another.
 */

import type { Client } from '../../client/index.ts';
import type { Clock, Timer } from '../../util/runtime.ts';

/** Without any answer for so long, calls go round all members again. */
const patienceMs = 2000;
/** A member that is away is not waited for longer. */
const statusTimeoutMs = 2000;
/** Where no member says that it leads, they are not asked again sooner. */
const pauseMs = 1000;

export class LeaderSeeker {
  readonly #client: Client;
  readonly #clock: Clock;
  /** The term whose leader is known, or was asked for. */
  #term = -1;
  #notBefore = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  /** Calls that wait for their answers, and answers so far. */
  #waiting = 0;
  #answers = 0;
  #watchdog: Timer | null = null;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Every call goes through here: what its answer says of the term counts, and that it comes at all. */
  async follow<T extends { readonly header: { readonly raftTerm: number } }>(call: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#watchdog ??= this.#watch();
    try {
      const answer = await call;
      this.#answers++;
      this.saw(answer.header.raftTerm);
      return answer;
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) {
        this.#watchdog?.cancel();
        this.#watchdog = null;
      }
    }
  }

  #watch(): Timer {
    const before = this.#answers;
    return this.#clock.setTimer(patienceMs, () => {
      if (this.#answers === before) this.#leave();
      this.#watchdog = this.#waiting > 0 ? this.#watch() : null;
    });
  }

  #leave(): void {
    this.#client.preferEndpoint(null);
    this.#term = -1;
    this.#notBefore = this.#clock.now() + pauseMs;
  }

  /** An answer was of this term. */
  saw(term: number): void {
    if (term === this.#term || this.#isAsking || this.#client.endpoints.length < 2) return;
    if (this.#clock.now() < this.#notBefore) return;
    this.#isAsking = true;
    void this.#ask(term).finally(() => {
      this.#isAsking = false;
    });
  }

  async #ask(term: number): Promise<void> {
    const { endpoints, maintenance } = this.#client;
    const asked = endpoints.map((endpoint) => maintenance.status({ endpoint, timeoutMs: statusTimeoutMs }));
    this.#notBefore = this.#clock.now() + pauseMs;
    for (const state of await Promise.allSettled(asked)) {
      if (state.status !== 'fulfilled') continue;
      const { leader, header, endpoint, raftTerm } = state.value;
      if (leader !== header.memberId || raftTerm < term) continue;
      this.#term = raftTerm;
      this.#client.preferEndpoint(endpoint);
      return;
    }
  }
}
