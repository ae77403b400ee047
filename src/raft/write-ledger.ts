/**
 * The storage writes that are under way, and what is durable for certain.
 *
 * Each write notes the last index it made durable. When the log is cut, every write under way is clipped to what the
 * cut left of it. That is what makes a late acknowledgement harmless (the ABA race):
 *
 *     term 2   entry 5 is appended and handed to storage                      write 1 (up to 5)
 *     term 3   another leader replaces 5                        cut at 5  ──► write 1 (up to 4), write 2 (up to 5)
 *     term 4   a leader that has the old entry 5 replaces it    cut at 5  ──► write 2 (up to 4), write 3 (up to 5)
 *     now      write 1 is acknowledged
 *
 * Entry 5 of the log has the index and the term that write 1 wrote, but on disk write 2 has replaced or will replace
 * it, and only write 3 brings it back. Comparing index and term would count it; the clipped record cannot.
 */

import type { NodeId, SnapshotMeta, WriteToken } from './types.ts';

export interface PendingWrite {
  readonly token: WriteToken;
  lastIndex: number;
  /** Term of the entry at `lastIndex` when it was written, to assert with. */
  lastTerm: number;
  readonly term: number;
  readonly vote: NodeId;
  readonly snapshot: SnapshotMeta | null;
}

export class WriteLedger {
  #pending: PendingWrite[] = [];
  #lastToken = 0;
  durableTerm: number;
  durableVote: NodeId;
  /** The hard state that storage was last given. */
  handedTerm: number;
  handedVote: NodeId;
  handedCommit: number;

  constructor(term: number, vote: NodeId, commit: number) {
    this.durableTerm = term;
    this.durableVote = vote;
    this.handedTerm = term;
    this.handedVote = vote;
    this.handedCommit = commit;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  begin(
    lastIndex: number,
    lastTerm: number,
    term: number,
    vote: NodeId,
    commit: number,
    snapshot: SnapshotMeta | null,
  ): WriteToken {
    this.handedTerm = term;
    this.handedVote = vote;
    this.handedCommit = commit;
    const token = ++this.#lastToken;
    this.#pending.push({ token, lastIndex, lastTerm, term, vote, snapshot });
    return token;
  }

  /** The log was cut from `index` on; `lastTerm` is the term of the entry before. */
  clip(index: number, lastTerm: number): void {
    for (const write of this.#pending) {
      if (write.lastIndex < index) continue;
      write.lastIndex = index - 1;
      write.lastTerm = lastTerm;
    }
  }

  /** Every write up to `token` is durable: the last of them, or null when they were acknowledged before. */
  complete(token: WriteToken, each: (write: PendingWrite) => void): void {
    if (token > this.#lastToken) throw new Error(`write ${token} was never handed out`);
    let done = 0;
    while (done < this.#pending.length && this.#pending[done]!.token <= token) {
      const write = this.#pending[done++]!;
      this.durableTerm = write.term;
      this.durableVote = write.vote;
      each(write);
    }
    if (done > 0) this.#pending.splice(0, done);
  }
}
