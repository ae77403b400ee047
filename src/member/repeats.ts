/**
 * Signs of life that come again and again, byte for byte: the heartbeats of a leader that rests, and the answers to them.
 * What such a frame says is remembered, so that it need not be read each time.
 *
 * Nothing here can be out of date: the same bytes say the same.
 */

import { type Message, MessageType, type NodeId } from '../raft/types.ts';

/** Members whose last sign of life is remembered; beyond it all are forgotten. */
export const maxRepeats = 64;

interface Sign {
  readonly bytes: Uint8Array;
  readonly message: Message;
}

export class Repeats {
  readonly #signs = new Map<NodeId, Sign>();

  /** Remembers a frame that was read and held these messages, if it is one sign of life. */
  note(from: NodeId, bytes: Uint8Array, messages: readonly Message[]): void {
    const message = messages[0];
    if (messages.length !== 1 || message === undefined || !isSignOfLife(message)) return;
    if (this.#signs.size >= maxRepeats && !this.#signs.has(from)) this.#signs.clear();
    this.#signs.set(from, { bytes, message });
  }

  /** What the frame says, if it is the last sign of life from there once more. */
  find(from: NodeId, bytes: Uint8Array): Message | null {
    const sign = this.#signs.get(from);
    return sign !== undefined && Buffer.compare(sign.bytes, bytes) === 0 ? sign.message : null;
  }
}

function isSignOfLife({ type }: Message): boolean {
  return type === MessageType.Heartbeat || type === MessageType.HeartbeatResponse;
}
