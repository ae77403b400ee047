/**
 * Linearizable reads without log writes (thesis 6.4).
 *
 * On the leader a read notes the commit index and waits until a quorum has confirmed, after the read began, that this
 * node still leads. Confirmation is counted, not matched: rounds are numbered 1, 2, 3, … over the life of the node, a
 * heartbeat carries the number of the latest round, and an acknowledgement of round n confirms every round up to n.
 * Acknowledgements of an earlier term never get here. Reads that arrive before the next heartbeat leaves share its
 * round; a read that arrives after needs the next one, or an acknowledgement already on its way could confirm it.
 *
 * A new leader does not know the commit index before an entry of its own term is committed (paper section 8): until
 * then reads queue.
 *
 * On a follower a read is forwarded under a ticket of its own. Tickets start at a random number, so that the answer to
 * a read of an earlier life of this node is not taken for the answer to a new one.
 */

import type { NodeId, ReadState } from './types.ts';

interface LeaderRead {
  readonly from: NodeId;
  readonly context: number;
  /** What must be applied before the read is served. */
  index: number;
  round: number;
}

interface ForwardedRead {
  readonly ticket: number;
  readonly context: number;
}

const ticketsPerDraw = 32768;

export class ReadIndex {
  readonly #id: NodeId;
  readonly #limit: number;
  /** Before an own-term commit. */
  #queued: LeaderRead[] = [];
  /** In rounds, oldest first. */
  #pending: LeaderRead[] = [];
  #forwarded: ForwardedRead[] = [];
  #nextTicket: number;
  /** The latest round that a heartbeat carries. */
  round = 0;
  /** Reads wait for the next round to be opened. */
  roundDue = false;
  confirmed: ReadState[] = [];
  dropped: number[] = [];

  constructor(id: NodeId, limit: number, draw: number) {
    this.#id = id;
    this.#limit = limit;
    this.#nextTicket = draw * ticketsPerDraw + 1;
  }

  get isFull(): boolean {
    return this.#queued.length + this.#pending.length + this.#forwarded.length >= this.#limit;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  get hasResults(): boolean {
    return this.confirmed.length > 0 || this.dropped.length > 0;
  }

  /** A read of this leader, or of follower `from`, before the leader knows its commit index. */
  queue(from: NodeId, context: number): void {
    this.#queued.push({ from, context, index: 0, round: 0 });
  }

  /** A read that begins now, at commit index `index`. */
  begin(from: NodeId, context: number, index: number): void {
    this.#pending.push({ from, context, index, round: this.round + 1 });
    this.roundDue = true;
  }

  /** The leader has committed in its term: the queued reads begin. */
  beginQueued(index: number): void {
    if (this.#queued.length === 0) return;
    const queued = this.#queued;
    this.#queued = [];
    for (const read of queued) this.begin(read.from, read.context, index);
  }

  /** The heartbeats that leave now carry this round. */
  openRound(): number {
    this.roundDue = false;
    return ++this.round;
  }

  /** A quorum has confirmed the rounds up to `round`. Own reads are done, those of followers are told with `answer`. */
  confirm(round: number, answer: (to: NodeId, context: number, index: number) => void): void {
    let done = 0;
    while (done < this.#pending.length && this.#pending[done]!.round <= round) {
      const read = this.#pending[done++]!;
      if (read.from === this.#id) this.confirmed.push({ context: read.context, index: read.index });
      else answer(read.from, read.context, read.index);
    }
    if (done > 0) this.#pending.splice(0, done);
  }

  /** Notes a read that is forwarded to the leader, and returns its ticket. */
  forward(context: number): number {
    const ticket = this.#nextTicket++;
    this.#forwarded.push({ ticket, context });
    return ticket;
  }

  /** The leader has answered `ticket`. */
  answered(ticket: number, index: number): void {
    const at = this.#forwarded.findIndex((read) => read.ticket === ticket);
    if (at < 0) return;
    const [read] = this.#forwarded.splice(at, 1);
    this.confirmed.push({ context: read!.context, index });
  }

  /** Leadership moved: every read under way must be asked anew. */
  dropAll(): void {
    for (const read of this.#queued) if (read.from === this.#id) this.dropped.push(read.context);
    for (const read of this.#pending) if (read.from === this.#id) this.dropped.push(read.context);
    for (const read of this.#forwarded) this.dropped.push(read.context);
    this.#queued = [];
    this.#pending = [];
    this.#forwarded = [];
    this.roundDue = false;
  }
}
