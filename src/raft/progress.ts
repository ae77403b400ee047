/**
 * What the leader knows of one peer.
 *
 *     probe ──(an append is acknowledged)──► replicate ──(a rejection, or the peer is unreachable)──► probe
 *       └──(the log it needs is compacted)──► snapshot ──(it is installed, or has failed)──► probe
 *
 * - probe: one append at a time, to find where the logs meet; `paused` until it is answered.
 * - replicate: appends are sent ahead of their acknowledgements, as far as `inflights` has room.
 * - snapshot: nothing is sent until the snapshot is settled.
 *
 * Invariant: 0 <= match < next. `match` never falls while this node leads.
 */

import type { Inflights } from './inflights.ts';
import type { ProgressState, ProgressStatus } from './options.ts';
import type { NodeId } from './types.ts';

export class Progress {
  readonly id: NodeId;
  readonly inflights: Inflights;
  state: ProgressState = 'probe';
  match = 0;
  next: number;
  /** The probe that is under way has not been answered. */
  paused = false;
  /** Send something, even an empty append, so that a hole in the pipeline is noticed. */
  nudge = false;
  /** The answer to the next heartbeat is a reason to look whether the peer is stuck. */
  lookDue = false;
  pendingSnapshot = 0;
  /** Heard from since the last check of the quorum. */
  recentActive = false;
  /** Heard from between the last two checks of the quorum: just after one, nobody has had time to be heard again. */
  wasActive = false;
  /** The highest read round this peer has acknowledged in this term. */
  ackedRound = 0;
  /** The highest commit index this peer was told with an append. */
  sentCommit = 0;
  isLearner = false;
  /** Index of the configuration that left this peer out, 0 while it belongs. It gets the news, but counts for nothing. */
  departedAt = 0;
  departingTicks = 0;

  constructor(id: NodeId, next: number, inflights: Inflights) {
    this.id = id;
    this.next = next;
    this.inflights = inflights;
  }

  becomeProbe(): void {
    const next =
      this.state === 'snapshot' ? Math.max(this.match + 1, this.pendingSnapshot + 1) : this.match + 1;
    this.#enter('probe', next);
  }

  becomeReplicate(): void {
    this.#enter('replicate', this.match + 1);
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot', index + 1);
    this.pendingSnapshot = index;
  }

  #enter(state: ProgressState, next: number): void {
    this.state = state;
    this.next = next;
    this.paused = false;
    this.nudge = false;
    this.pendingSnapshot = 0;
    this.inflights.reset();
    this.sentCommit = Math.min(this.sentCommit, next - 1);
  }

  /** The peer has everything up to `index`. Returns whether that is news. */
  advance(index: number): boolean {
    if (this.next <= index) this.next = index + 1;
    if (index <= this.match) return false;
    this.match = index;
    return true;
  }

  /**
   * The peer refused an append after `rejected`; its log may match up to `hint`. Returns false for a refusal of an
   * append that is no longer the one in question.
   *
   * `next` never falls to `match` or below: a refusal that was overtaken would otherwise make the leader send again
   * and again what the peer has long acknowledged.
   */
  retreat(rejected: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    this.paused = false;
    return true;
  }

  status(): ProgressStatus {
    return {
      state: this.state,
      match: this.match,
      next: this.next,
      recentActive: this.recentActive || this.wasActive,
      isLearner: this.isLearner,
      pendingSnapshot: this.pendingSnapshot,
      inflightMessages: this.inflights.count,
      inflightBytes: this.inflights.bytes,
    };
  }
}
