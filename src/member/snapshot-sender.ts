/**
 * Sends the state to one follower that is too far behind for the log: a stream of chunks in a window of a few, sent
 * again from the last acknowledged one when acknowledgements stop. The leader goes on serving; the state sent is a
 * frozen view.
 *
 *     acknowledged ≤ chunks kept for sending again < acknowledged + window
 */

import type { Backend, BackendSnapshot } from '../backend/backend.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import { AckStatus, encodeChunk, encodeOffer, type SnapshotAck } from './snapshot-frames.ts';
import { decodeStateMeta } from './state-meta.ts';

const chunkBytes = 256 << 10;
const windowChunks = 8;
/** Without progress for so long, the window is sent again. */
const resendMs = 1000;
/** And given up after so long. */
const abandonMs = 30_000;

export interface SnapshotSenderHooks {
  send(frame: Uint8Array): boolean;
  now(): number;
  /** The snapshot's index is known and the transfer has begun. */
  started(meta: SnapshotMeta): void;
  /** Called once, at the end. */
  finished(meta: SnapshotMeta | null, ok: boolean): void;
}

export class SnapshotSender {
  readonly #hooks: SnapshotSenderHooks;
  readonly #transfer: number;
  readonly #term: number;
  #snapshot: BackendSnapshot | null = null;
  #meta: SnapshotMeta | null = null;
  #offer: Uint8Array | null = null;
  /** Chunks `#base` … `#base + #window.length - 1`. */
  #window: Uint8Array[] = [];
  #base = 0;
  #reading = false;
  #readToEnd = false;
  #offered = false;
  #finished = false;
  #progressAt: number;

  constructor(transfer: number, term: number, hooks: SnapshotSenderHooks) {
    this.#transfer = transfer;
    this.#term = term;
    this.#hooks = hooks;
    this.#progressAt = hooks.now();
  }

  start(backend: Backend): void {
    backend.snapshot((error, snapshot) => {
      if (this.#finished) return snapshot?.close();
      if (error !== null || snapshot === null) return this.#finish(false);
      const state = decodeStateMeta(snapshot.meta);
      this.#snapshot = snapshot;
      this.#meta = { index: snapshot.index, term: state.term, conf: state.conf };
      this.#offer = encodeOffer({
        transfer: this.#transfer,
        term: this.#term,
        snapshot: this.#meta,
        meta: snapshot.meta,
      });
      this.#hooks.started(this.#meta);
      this.#hooks.send(this.#offer);
    });
  }

  onAck(ack: SnapshotAck): void {
    if (this.#finished || ack.transfer !== this.#transfer) return;
    if (ack.status === AckStatus.Installed) {
      this.#finish(true);
      return;
    }
    if (ack.status === AckStatus.Refused) {
      this.#finish(false);
      return;
    }
    const first = !this.#offered;
    this.#offered = true;
    if (ack.next > this.#base || first) this.#progressAt = this.#hooks.now();
    while (this.#base < ack.next && this.#window.length > 0) {
      this.#window.shift();
      this.#base++;
    }
    this.#fill();
  }

  tick(): void {
    if (this.#finished) return;
    const idleMs = this.#hooks.now() - this.#progressAt;
    if (idleMs >= abandonMs) {
      this.#finish(false);
      return;
    }
    if (idleMs < resendMs) return;
    if (this.#offer !== null && !this.#offered) this.#hooks.send(this.#offer);
    for (const chunk of this.#window) this.#hooks.send(chunk);
  }

  abort(): void {
    this.#finish(false);
  }

  #fill(): void {
    const snapshot = this.#snapshot;
    if (snapshot === null || this.#reading || this.#readToEnd || this.#window.length >= windowChunks) return;
    this.#reading = true;
    snapshot.next(chunkBytes, (error, entries) => {
      this.#reading = false;
      if (this.#finished) return;
      if (error !== null) return this.#finish(false);
      this.#readToEnd = entries.length === 0;
      const sequence = this.#base + this.#window.length;
      const chunk = encodeChunk({ transfer: this.#transfer, sequence, last: this.#readToEnd, entries });
      this.#window.push(chunk);
      this.#hooks.send(chunk);
      this.#fill();
    });
  }

  #finish(ok: boolean): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#snapshot?.close();
    this.#window = [];
    this.#hooks.finished(this.#meta, ok);
  }
}
