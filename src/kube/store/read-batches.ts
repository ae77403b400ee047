/**
 * Questions whether keys are still at the revisions that are known of them, several in one transaction that only reads. It
 * is as linearizable as a read of each of them would be, and costs the store one message for all that were asked in a
 * turn; while enough of those are on their way, the next ones wait together.
 */

import { type Client, type Operation, op } from '../../client/index.ts';
import type { Scheduler } from '../../util/runtime.ts';
import type { LeaderSeeker } from './leader-seeker.ts';

/** In one transaction: etcd takes 128 operations, unless it is told otherwise. */
const keysMax = 100;
/** One that is answered, and one that is on its way meanwhile. */
const batchesMax = 2;

interface Question {
  readonly key: string;
  readonly modRevision: number;
  readonly resolve: (isCurrent: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export class ReadBatches {
  readonly #client: Client;
  readonly #leader: LeaderSeeker;
  readonly #scheduler: Scheduler;
  #waiting: Question[] = [];
  #running = 0;
  #isScheduled = false;

  constructor(client: Client, leader: LeaderSeeker, scheduler: Scheduler) {
    this.#client = client;
    this.#leader = leader;
    this.#scheduler = scheduler;
  }

  /** Whether the newest write of the key is the one of this revision. Rejects as the client does. */
  isCurrent(key: string, modRevision: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, modRevision, resolve, reject });
      if (this.#isScheduled || this.#running >= batchesMax) return;
      this.#isScheduled = true;
      this.#scheduler.defer(() => {
        this.#isScheduled = false;
        this.#send();
      });
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#running < batchesMax) {
      const questions = this.#waiting.splice(0, keysMax);
      this.#running++;
      this.#ask(questions).then(
        () => this.#ended(),
        (error: unknown) => {
          for (const { reject } of questions) reject(error);
          this.#ended();
        },
      );
    }
  }

  #ended(): void {
    this.#running--;
    this.#send();
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    const reads: Operation[] = questions.map(({ key }) => op.get(key, { keysOnly: true }));
    const asked = this.#client
      .txn()
      .then(...reads)
      .commit();
    const { answers } = await this.#leader.follow(asked);
    questions.forEach(({ modRevision, resolve }, at) => {
      const answer = answers[at];
      if (answer?.kind !== 'range') throw new Error('a transaction of reads must answer each of them');
      resolve(answer.pairs[0]?.modRevision === modRevision);
    });
  }
}
