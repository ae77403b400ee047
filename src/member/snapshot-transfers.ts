/** All transfers of states of one member: those it sends as leader and the one it may be receiving. */

import type { Backend } from '../backend/backend.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import type { NodeId } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Runtime } from '../util/runtime.ts';
import { FrameKind } from './peer-codec.ts';
import { decodeAck, decodeChunk, decodeOffer } from './snapshot-frames.ts';
import { type ReceivedSnapshot, SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import type { TransferFigures } from './transfer-figures.ts';

/** States sent at once; followers beyond wait for their turn. */
const maxSenders = 2;

interface Sending {
  readonly sender: SnapshotSender;
  /** Index of the state that is sent; 0 until it is known. */
  index: number;
}

export interface SnapshotTransfersOptions {
  readonly raft: RaftNode;
  readonly backend: Backend;
  readonly network: PeerNetwork;
  readonly runtime: Runtime;
  /** Draws a line under everything applied. */
  readonly mark: () => void;
  /** A state has arrived whole. */
  readonly complete: (received: ReceivedSnapshot) => void;
  /** Something changed in the core. */
  readonly changed: () => void;
  readonly sends: TransferFigures;
  readonly receipts: TransferFigures;
}

export class SnapshotTransfers {
  readonly #options: SnapshotTransfersOptions;
  readonly #receiver: SnapshotReceiver;
  readonly #sending = new Map<NodeId, Sending>();
  #transfer: number;

  constructor(options: SnapshotTransfersOptions) {
    this.#options = options;
    this.#transfer = options.runtime.random.uint32();
    this.#receiver = new SnapshotReceiver(options.backend, {
      send: (to, frame) => options.network.send(to, frame),
      complete: options.complete,
      begins: (from) => options.receipts.begin(from),
    });
  }

  /** Entries after this index are needed by a transfer; Infinity without one. */
  get neededIndex(): number {
    let needed = Number.POSITIVE_INFINITY;
    for (const { index } of this.#sending.values()) needed = Math.min(needed, index);
    return needed;
  }

  /** No state is being sent. */
  get isIdle(): boolean {
    return this.#sending.size === 0;
  }

  /** A state that is no newer than this is not needed. */
  get #held(): number {
    const { raft } = this.#options;
    return raft.isHollow ? 0 : raft.appliedIndex;
  }

  /** Takes a frame that is no Raft frame. @throws RangeError when it does not parse */
  onFrame(from: NodeId, frame: Uint8Array): void {
    switch (frame[0]) {
      case FrameKind.SnapshotOffer:
        this.#receiver.onOffer(from, decodeOffer(frame), this.#held);
        return;
      case FrameKind.SnapshotChunk:
        this.#receiver.onChunk(from, decodeChunk(frame));
        return;
      case FrameKind.SnapshotAck:
        this.#sending.get(from)?.sender.onAck(decodeAck(frame));
        return;
      default:
        throw new RangeError(`frame of unknown kind ${frame[0]}`);
    }
  }

  /** The core asks for these; it asks again when nothing comes of it. */
  send(peers: readonly NodeId[]): void {
    for (const peer of peers) {
      if (this.#sending.has(peer) || this.#sending.size >= maxSenders) continue;
      if (this.#options.network.isConnected(peer)) this.#begin(peer);
    }
  }

  #begin(peer: NodeId): void {
    const { raft, backend, network, runtime, mark, changed } = this.#options;
    this.#transfer = (this.#transfer + 1) >>> 0;
    mark();
    const over = this.#options.sends.begin(peer);
    const sending: Sending = {
      index: 0,
      sender: new SnapshotSender(this.#transfer, raft.term, {
        send: (frame) => network.send(peer, frame),
        now: () => runtime.clock.now(),
        started: (meta) => {
          sending.index = meta.index;
          raft.snapshotStarted(peer, meta.index);
          runtime.log.info('sending the state to a member that is far behind', { peer, index: meta.index });
        },
        finished: (meta, ok) => {
          this.#sending.delete(peer);
          over(ok);
          if (meta !== null) raft.reportSnapshot(peer, meta.index, ok);
          runtime.log.info('sending the state has ended', { peer, ok });
          changed();
        },
      }),
    };
    this.#sending.set(peer, sending);
    sending.sender.start(backend);
  }

  tick(): void {
    for (const { sender } of [...this.#sending.values()]) sender.tick();
  }

  /** This member no longer leads. */
  abortSending(): void {
    for (const { sender } of [...this.#sending.values()]) sender.abort();
  }

  abort(): void {
    this.abortSending();
    this.#receiver.abort();
  }
}
