/** How long the large works of a member take that clients ask for, and what became of learners: for metrics. */

import type { Failure } from '../util/failure.ts';
import { exponentialBounds, Histogram, type Metrics } from '../util/metrics.ts';
import type { Clock } from '../util/runtime.ts';
import { statusOf } from './errors.ts';

export class WorkFigures {
  readonly #hash = new Histogram(exponentialBounds(0.01, 2, 15));
  readonly #hashRevision = new Histogram(exponentialBounds(0.01, 2, 15));
  readonly #snapshot = new Histogram(exponentialBounds(0.01, 2, 17));
  /** Ranges that were read, and those that were refused; a thing of 0.1 ms and up. */
  readonly #rangesRead = new Histogram(exponentialBounds(0.0001, 2, 20));
  readonly #rangesRefused = new Histogram(exponentialBounds(0.0001, 2, 20));
  #promoted = 0;
  /** By the text of the refusal. */
  readonly #notPromoted = new Map<string, number>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @returns what to call when the work is done */
  begin(work: 'hash' | 'hashRevision' | 'snapshot'): () => void {
    const histogram = { hash: this.#hash, hashRevision: this.#hashRevision, snapshot: this.#snapshot }[work];
    const beganAt = this.#clock.now();
    return () => histogram.observe((this.#clock.now() - beganAt) / 1000);
  }

  /** Of the clock that `countRange` counts by. */
  get now(): number {
    return this.#clock.now();
  }

  /** A range was read from the store, or the store refused it. */
  countRange(beganAt: number, isRead: boolean): void {
    (isRead ? this.#rangesRead : this.#rangesRefused).observe((this.#clock.now() - beganAt) / 1000);
  }

  countPromotion(failure: Failure | null): void {
    if (failure === null) {
      this.#promoted++;
      return;
    }
    const reason = statusOf(failure).message;
    this.#notPromoted.set(reason, (this.#notPromoted.get(reason) ?? 0) + 1);
  }

  register(metrics: Metrics): void {
    metrics.histogram('etcd_mvcc_hash_duration_seconds', 'Hashes of the whole state.', this.#hash);
    metrics.histogram('etcd_mvcc_hash_rev_duration_seconds', 'Hashes of a revision.', this.#hashRevision);
    metrics.histograms(
      'etcd_server_range_duration_seconds',
      'How long ranges took to be read from the store.',
      (add) => {
        add({ success: 'true' }, this.#rangesRead);
        add({ success: 'false' }, this.#rangesRefused);
      },
    );
    metrics.histogram(
      'etcd_disk_backend_snapshot_duration_seconds',
      'Snapshots for clients, to their last byte.',
      this.#snapshot,
    );
    metrics.counter(
      'etcd_server_learner_promote_successes',
      'Learners made voters, as asked of this member.',
      () => this.#promoted,
    );
    metrics.family(
      'counter',
      'etcd_server_learner_promote_failures',
      'Learners that were not made voters, by the reason.',
      (add) => {
        for (const [reason, count] of this.#notPromoted) add({ Reason: reason }, count);
      },
    );
  }
}
