/**
 * Receives a state from the leader into a place beside the current one. Only when every chunk has arrived is it
 * offered to the core, and only when the core accepts it is it put in force.
 */

import type { Backend, BackendRestore } from '../backend/backend.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import { AckStatus, encodeAck, type SnapshotChunk, type SnapshotOffer } from './snapshot-frames.ts';

/** A state that has arrived whole. */
export interface ReceivedSnapshot {
  readonly from: string;
  readonly term: number;
  readonly snapshot: SnapshotMeta;
  readonly meta: Uint8Array;
  readonly restore: BackendRestore;
  /** Tells the sender how it ended. */
  answer(installed: boolean): void;
}

export interface SnapshotReceiverHooks {
  send(to: string, frame: Uint8Array): boolean;
  complete(received: ReceivedSnapshot): void;
  /** A transfer begins; what is returned is called when it is over. */
  begins(from: string): (ok: boolean) => void;
}

interface Transfer {
  readonly from: string;
  readonly offer: SnapshotOffer;
  readonly restore: BackendRestore;
  readonly over: (ok: boolean) => void;
  next: number;
  /** Chunks `next`, `next + 1`, … that came while one was being written. */
  readonly waiting: SnapshotChunk[];
  adding: boolean;
  complete: boolean;
}

/** How the last transfer ended: said again when its sender goes on, for whom the word was lost. */
interface Ended {
  readonly from: string;
  readonly transfer: number;
  readonly status: number;
}

/** More than the sender's window never waits. */
const maxWaiting = 16;

export class SnapshotReceiver {
  readonly #backend: Backend;
  readonly #hooks: SnapshotReceiverHooks;
  #transfer: Transfer | null = null;
  #ended: Ended | null = null;

  constructor(backend: Backend, hooks: SnapshotReceiverHooks) {
    this.#backend = backend;
    this.#hooks = hooks;
  }

  /** @param applied a state that is not newer than this is refused. */
  onOffer(from: string, offer: SnapshotOffer, applied: number): void {
    const current = this.#transfer;
    if (current !== null && current.from === from && current.offer.transfer === offer.transfer) {
      this.#acknowledge(current, AckStatus.Continue);
      return;
    }
    if (current?.complete === true) return;
    current?.restore.abort();
    current?.over(false);
    this.#transfer = null;
    if (offer.snapshot.index <= applied) {
      const frame = encodeAck({ transfer: offer.transfer, next: 0, status: AckStatus.Installed });
      this.#hooks.send(from, frame);
      return;
    }
    const restore = this.#backend.beginRestore();
    const over = this.#hooks.begins(from);
    this.#transfer = { from, offer, restore, over, next: 0, waiting: [], adding: false, complete: false };
    this.#acknowledge(this.#transfer, AckStatus.Continue);
  }

  onChunk(from: string, chunk: SnapshotChunk): void {
    const transfer = this.#transfer;
    if (transfer === null || transfer.from !== from || transfer.offer.transfer !== chunk.transfer) {
      this.#answerUnknown(from, chunk.transfer);
      return;
    }
    if (transfer.complete) return;
    const expected = transfer.next + transfer.waiting.length + (transfer.adding ? 1 : 0);
    // A chunk out of order is dropped; the sender sends it again in its place.
    if (chunk.sequence !== expected || transfer.waiting.length >= maxWaiting) return;
    transfer.waiting.push(chunk);
    this.#addNext(transfer);
  }

  /**
   * A chunk follows an offer that was accepted. If it is of no transfer now, that one has ended, here or with an earlier
   * life of this member. Left without an answer, its sender would go on until it gives up, and send nothing else.
   */
  #answerUnknown(from: string, transfer: number): void {
    const ended = this.#ended;
    const isKnown = ended !== null && ended.from === from && ended.transfer === transfer;
    const status = isKnown ? ended.status : AckStatus.Refused;
    this.#hooks.send(from, encodeAck({ transfer, next: 0, status }));
  }

  #addNext(transfer: Transfer): void {
    if (transfer.adding) return;
    const chunk = transfer.waiting.shift();
    if (chunk === undefined) return;
    transfer.adding = true;
    const entries = chunk.entries.map((entry) => ({ key: entry.key, value: Buffer.from(entry.value) }));
    transfer.restore.add(entries, (error) => {
      transfer.adding = false;
      if (this.#transfer !== transfer) return;
      if (error !== null) {
        this.#transfer = null;
        transfer.restore.abort();
        transfer.over(false);
        this.#acknowledge(transfer, AckStatus.Refused);
        return;
      }
      transfer.next++;
      if (chunk.last) return this.#complete(transfer);
      this.#acknowledge(transfer, AckStatus.Continue);
      this.#addNext(transfer);
    });
  }

  abort(): void {
    if (this.#transfer !== null && !this.#transfer.complete) this.#transfer.restore.abort();
    this.#transfer?.over(false);
    this.#transfer = null;
  }

  #complete(transfer: Transfer): void {
    transfer.complete = true;
    this.#hooks.complete({
      from: transfer.from,
      term: transfer.offer.term,
      snapshot: transfer.offer.snapshot,
      meta: transfer.offer.meta,
      restore: transfer.restore,
      answer: (installed) => {
        if (this.#transfer === transfer) this.#transfer = null;
        transfer.over(installed);
        this.#acknowledge(transfer, installed ? AckStatus.Installed : AckStatus.Refused);
      },
    });
  }

  #acknowledge(transfer: Transfer, status: number): void {
    const { from, offer } = transfer;
    if (status !== AckStatus.Continue) this.#ended = { from, transfer: offer.transfer, status };
    const frame = encodeAck({ transfer: transfer.offer.transfer, next: transfer.next, status });
    this.#hooks.send(transfer.from, frame);
  }
}
