/**
 * Packs the messages of a turn into frames, one per peer and turn unless they are large. Followers in step are sent the
 * same entries: they are encoded once, and large ones are not copied at all. A sign of life that says what the last one
 * said is the same frame.
 */

import type { Message, NodeId } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { encodeRaftFrame, encodeRaftPieces, hasLargeEntries, messageBytes } from './peer-codec.ts';

/** A frame is closed when it has grown to this; one message is always let through. */
const frameBytes = 1 << 20;

/** Peers come and go: with more of them than this, nothing is kept for the next turn. */
const maxIdleParcels = 64;

interface Parcel {
  messages: Message[];
  bytes: number;
}

export class Outbox {
  readonly #network: PeerNetwork;
  readonly #lost: (peer: NodeId) => void;
  readonly #parcels = new Map<NodeId, Parcel>();
  /** The last frame of this turn that is one message with entries, and the message. */
  #shared: Message | null = null;
  #sharedFrame: Uint8Array = new Uint8Array(0);
  /** The last frame that is one message without entries, and the message. */
  #sign: Message | null = null;
  #signFrame: Uint8Array = new Uint8Array(0);

  /** @param lost told when a frame to `peer` could not be queued. */
  constructor(network: PeerNetwork, lost: (peer: NodeId) => void) {
    this.#network = network;
    this.#lost = lost;
  }

  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) this.#add(message);
    for (const [peer, parcel] of this.#parcels) this.#post(peer, parcel);
    if (this.#parcels.size > maxIdleParcels) this.#parcels.clear();
    this.#shared = null;
  }

  #add(message: Message): void {
    let parcel = this.#parcels.get(message.to);
    if (parcel === undefined) {
      parcel = { messages: [], bytes: 0 };
      this.#parcels.set(message.to, parcel);
    }
    const bytes = messageBytes(message);
    if (parcel.bytes + bytes > frameBytes) this.#post(message.to, parcel);
    parcel.messages.push(message);
    parcel.bytes += bytes;
  }

  #post(peer: NodeId, parcel: Parcel): void {
    if (parcel.messages.length === 0) return;
    const isTaken = this.#hand(peer, parcel);
    parcel.messages = [];
    parcel.bytes = 0;
    if (!isTaken) this.#lost(peer);
  }

  #hand(peer: NodeId, parcel: Parcel): boolean {
    const network = this.#network;
    if (network.sendPieces === undefined || !parcel.messages.some(hasLargeEntries)) {
      return network.send(peer, this.#frameOf(parcel));
    }
    return network.sendPieces(peer, encodeRaftPieces(parcel.messages, parcel.bytes));
  }

  #frameOf({ messages, bytes }: Parcel): Uint8Array {
    const message = messages[0]!;
    if (messages.length > 1) return encodeRaftFrame(messages, bytes);
    if (message.entries.length === 0) return this.#signOf(message, messages, bytes);
    if (this.#shared === null || !saySame(this.#shared, message)) {
      this.#shared = message;
      this.#sharedFrame = encodeRaftFrame(messages, bytes);
    }
    return this.#sharedFrame;
  }

  #signOf(message: Message, messages: readonly Message[], bytes: number): Uint8Array {
    if (this.#sign === null || !saySame(this.#sign, message)) {
      this.#sign = message;
      this.#signFrame = encodeRaftFrame(messages, bytes);
    }
    return this.#signFrame;
  }
}

/** Whether two messages are the same but for their receiver, which no frame names. */
function saySame(a: Message, b: Message): boolean {
  return (
    a.entries === b.entries &&
    a.type === b.type &&
    a.term === b.term &&
    a.index === b.index &&
    a.logTerm === b.logTerm &&
    a.commit === b.commit &&
    a.reject === b.reject &&
    a.hint === b.hint &&
    a.context === b.context
  );
}
