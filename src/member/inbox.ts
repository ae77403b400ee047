/**
 * What other members have sent since the last turn, and whom it concerns: messages are for the core, parts of a state for
 * the transfers, all else for what the member adds to the loop. A frame that does not parse is dropped: the link it came by
 * has checked it, so it is of a program that this one does not know.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import type { Message, NodeId } from '../raft/types.ts';
import type { Logger } from '../util/runtime.ts';
import type { LoopHooks } from './loop-hooks.ts';
import { decodeRaftFrame, FrameKind } from './peer-codec.ts';
import { Repeats } from './repeats.ts';
import type { SnapshotTransfers } from './snapshot-transfers.ts';
import type { AppliedState } from './state.ts';

interface Frame {
  readonly from: NodeId;
  readonly bytes: Uint8Array;
}

export interface InboxOptions {
  readonly raft: RaftNode;
  readonly state: AppliedState;
  readonly transfers: SnapshotTransfers;
  readonly hooks: Pick<LoopHooks, 'frame' | 'heardRemoved' | 'toldRemoved'>;
  readonly log: Logger;
  /** A frame of the leader's is about to be opened. */
  readonly heardLeader: () => void;
  /** The member rests: the same will be said again. */
  readonly isResting: () => boolean;
}

const noMessages: readonly Message[] = [];

export class Inbox {
  readonly #options: InboxOptions;
  readonly #repeats = new Repeats();
  #frames: Frame[] = [];

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  push(from: NodeId, bytes: Uint8Array): void {
    this.#frames.push({ from, bytes });
  }

  /** What a frame says that repeats the last sign of life from there; null for any other. */
  repeated(from: NodeId, bytes: Uint8Array): Message | null {
    return this.#options.state.membership.wasRemoved(from) ? null : this.#repeats.find(from, bytes);
  }

  /** Hands on all that has come. @returns whether some of it came from the leader */
  step(): boolean {
    if (this.#frames.length === 0) return false;
    const { raft, state, hooks, heardLeader, isResting } = this.#options;
    const frames = this.#frames;
    this.#frames = [];
    let hasHeard = false;
    for (const { from, bytes } of frames) {
      if (state.membership.wasRemoved(from)) hooks.heardRemoved(from);
      if (from === raft.leader) {
        hasHeard = true;
        heardLeader();
      }
      const messages = this.#open(from, bytes);
      for (const message of messages) raft.step(message);
      if (isResting()) this.#repeats.note(from, bytes, messages);
    }
    return hasHeard;
  }

  /** The messages in a frame for the core; any other frame goes to whom it concerns. */
  #open(from: NodeId, bytes: Uint8Array): readonly Message[] {
    const { raft, transfers, hooks, log } = this.#options;
    try {
      switch (bytes[0]) {
        case FrameKind.Raft:
          return decodeRaftFrame(bytes, from, raft.id);
        case FrameKind.SnapshotOffer:
        case FrameKind.SnapshotChunk:
        case FrameKind.SnapshotAck:
          transfers.onFrame(from, bytes);
          return noMessages;
        case FrameKind.Removed:
          hooks.toldRemoved();
          return noMessages;
        default:
          hooks.frame(from, bytes);
          return noMessages;
      }
    } catch (error) {
      log.warn('dropped a malformed frame', { from, error: (error as Error).message });
      return noMessages;
    }
  }
}
