/**
 * How much of the log is kept once the state it led to is durable: what followers that lag may still ask for.
 *
 *     released │ kept: the newest catchUpEntries, and what an active follower lacks │ durable … applied …
 *              └ at most catchUpBytes of what is durable is kept
 *
 * What etcd has in an entry of its own, a request, shares one here with others: requests are what is counted.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import type { Entry } from '../raft/types.ts';
import { EntryType, Role } from '../raft/types.ts';
import { requestCount } from './envelope.ts';
import type { MemberLimits } from './types.ts';

export class LogRetention {
  readonly #limits: MemberLimits;
  /** Data and requests of the entries from the log's first up to the applied one. */
  #bytes = 0;
  #requests = 0;

  constructor(limits: MemberLimits) {
    this.#limits = limits;
  }

  noteApplied(entry: Entry): void {
    this.#bytes += entry.data.length;
    this.#requests += requestsIn(entry);
  }

  /** The log begins anew, with nothing in it that is applied. */
  reset(): void {
    this.#bytes = 0;
    this.#requests = 0;
  }

  /** Counts what a start found in the log and in the state. */
  recount(raft: RaftNode): void {
    this.reset();
    for (let index = raft.firstIndex; index <= raft.appliedIndex; index++) {
      this.noteApplied(raft.entryAt(index)!);
    }
  }

  /**
   * Forgets what need not be kept; returns the index up to which it did, 0 for nothing.
   * @param durable the state on disk holds everything up to here
   * @param needed entries after this one are wanted by a transfer that is under way
   */
  compact(raft: RaftNode, durable: number, needed: number): number {
    const { catchUpEntries, catchUpBytes } = this.#limits;
    const slowest = slowestActive(raft);
    const end = Math.min(durable, needed, raft.appliedIndex);
    let requestsKept = this.#requests;
    for (let index = Math.max(durable + 1, raft.firstIndex); index <= raft.appliedIndex; index++) {
      requestsKept -= requestsIn(raft.entryAt(index)!);
    }
    let upTo = 0;
    for (let index = raft.firstIndex; index <= end; index++) {
      const entry = raft.entryAt(index)!;
      const requests = requestsIn(entry);
      const isWanted = requestsKept - requests < catchUpEntries || index > slowest;
      if (isWanted && this.#bytes <= catchUpBytes) break;
      this.#bytes -= entry.data.length;
      this.#requests -= requests;
      requestsKept -= requests;
      upTo = index;
    }
    if (upTo > 0) raft.compact(upTo);
    return upTo;
  }
}

/** An entry without requests counts like one of one: many of them are many, too. */
function requestsIn({ type, data }: Entry): number {
  return type === EntryType.Config ? 1 : Math.max(1, requestCount(data));
}

/** Up to where the slowest follower that answers has got; Infinity where nobody follows. */
function slowestActive(raft: RaftNode): number {
  if (raft.role !== Role.Leader) return Number.POSITIVE_INFINITY;
  let slowest = Number.POSITIVE_INFINITY;
  for (const peer of raft.status().progress.values()) {
    if (peer.recentActive && peer.state === 'replicate') slowest = Math.min(slowest, peer.match);
  }
  return slowest;
}
