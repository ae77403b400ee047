/**
 * Messages that wait to be sent. Those that promise something are held until it is durable:
 *
 * - a message that carries this node's term says that the term was seen, so the hard state must be on disk (a vote
 *   that is forgotten in a crash could be given twice, paper fig. 2);
 * - the acknowledgement of entries says they are on disk up to `index`.
 *
 * A leader's term is durable before it leads, so its appends, heartbeats and answers to readers are sent at once, in
 * parallel with its own disk (thesis 10.2.1). When the term moves on, what is still held is of no use to anybody and
 * is dropped; a dropped message is a lost one, which Raft allows.
 */

import { type Entry, type Message, MessageType, type NodeId } from './types.ts';

export const noEntries: readonly Entry[] = [];
const noMessages: readonly Message[] = [];

/** A message with all fields at rest. */
export function newMessage(type: MessageType, from: NodeId, to: NodeId, term: number): Message {
  return {
    type,
    from,
    to,
    term,
    index: 0,
    logTerm: 0,
    commit: 0,
    entries: noEntries,
    reject: false,
    hint: 0,
    context: 0,
    snapshot: null,
  };
}

export class Outbox {
  messages: Message[] = [];
  #held: Message[] = [];
  #heldIndexes: number[] = [];

  send(message: Message): void {
    this.messages.push(message);
  }

  /** @param index the log must be durable up to here before the message may leave. */
  hold(message: Message, index: number): void {
    this.#held.push(message);
    this.#heldIndexes.push(index);
  }

  get hasHeld(): boolean {
    return this.#held.length > 0;
  }

  dropHeld(): void {
    this.#held.length = 0;
    this.#heldIndexes.length = 0;
  }

  /** The hard state is durable, and the log up to `stable`. */
  release(stable: number): void {
    let kept = 0;
    const count = this.#held.length;
    for (let i = 0; i < count; i++) {
      const message = this.#held[i]!;
      const index = this.#heldIndexes[i]!;
      if (index > stable) {
        this.#held[kept] = message;
        this.#heldIndexes[kept++] = index;
      } else if (!this.#isOvertaken(i, stable)) this.messages.push(message);
    }
    this.#held.length = kept;
    this.#heldIndexes.length = kept;
  }

  /** An acknowledgement is not worth sending when the next one to go, for the same leader, says more. */
  #isOvertaken(i: number, stable: number): boolean {
    const message = this.#held[i]!;
    const next = this.#held[i + 1];
    if (next === undefined || this.#heldIndexes[i + 1]! > stable) return false;
    if (message.type !== MessageType.AppendResponse || message.reject) return false;
    if (next.type !== MessageType.AppendResponse || next.reject) return false;
    return next.to === message.to && next.index >= message.index;
  }

  take(): readonly Message[] {
    if (this.messages.length === 0) return noMessages;
    const messages = this.messages;
    this.messages = [];
    return messages;
  }
}
