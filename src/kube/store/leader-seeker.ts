/**
 * Has a client talk to the member that leads: what is asked of any other goes there all the same, in a frame of its own, and
 * what is asked together stays together. Every answer names a term, and a new term is a new leader: nothing is asked
 * while that stays the same.
 */

import type { Client } from '../../client/index.ts';
import type { Clock } from '../../util/runtime.ts';

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

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
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
