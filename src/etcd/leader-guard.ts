/**
 * Ends streams that asked for a leader (`hasleader: true`) once there has been none for three election timeouts, so that
 * a client cut off with this member goes elsewhere. Three, because opening streams anew costs clients much
 * more than waiting out an election.
 *
 * Nothing is held while no such stream is open: no subscription, no timer.
 */

import type { ServedMember } from '../member/types.ts';
import { type RpcStatus, type RpcStream, writeNumbered } from '../rpc/transport.ts';
import type { Timer } from '../util/runtime.ts';
import { statuses } from './errors.ts';

const electionTimeoutsOfGrace = 3;

export class LeaderGuard {
  readonly #member: ServedMember;
  readonly #streams = new Set<WatchedStream>();
  readonly #changed = (): void => this.#look();
  #unsubscribe: (() => void) | null = null;
  #timer: Timer | null = null;

  constructor(member: ServedMember) {
    this.#member = member;
  }

  /** Streams that are watched over. */
  get size(): number {
    return this.#streams.size;
  }

  /** The stream to serve in place of `stream`; there is a leader at this moment. */
  watch(stream: RpcStream): RpcStream {
    const watched = new WatchedStream(stream, (ended) => this.#forget(ended));
    if (watched.isOver) return watched;
    this.#streams.add(watched);
    if (this.#unsubscribe === null) this.#unsubscribe = this.#member.onLeaderChange(this.#changed);
    return watched;
  }

  #forget(stream: WatchedStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #look(): void {
    if (this.#member.hasLeader) {
      this.#timer?.cancel();
      this.#timer = null;
    } else if (this.#timer === null) {
      const { limits, runtime } = this.#member;
      this.#timer = runtime.clock.setTimer(electionTimeoutsOfGrace * limits.electionMs, () => this.#cut());
    }
  }

  #cut(): void {
    this.#timer = null;
    if (this.#member.hasLeader) return;
    for (const stream of [...this.#streams]) stream.cut(statuses.noLeader);
  }
}

/** Passes everything on, and tells when the call is over, whoever ended it. */
class WatchedStream implements RpcStream {
  readonly #stream: RpcStream;
  readonly #ended: (stream: WatchedStream) => void;
  #cancelListener: (() => void) | null = null;
  #isOver = false;
  #isCanceled = false;

  constructor(stream: RpcStream, ended: (stream: WatchedStream) => void) {
    this.#stream = stream;
    this.#ended = ended;
    stream.onCancel(() => this.#cancel());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get path(): string {
    return this.#stream.path;
  }

  get peer(): string {
    return this.#stream.peer;
  }

  get commonName(): string {
    return this.#stream.commonName;
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  metadata(key: string): string | undefined {
    return this.#stream.metadata(key);
  }

  onMessage(listener: (request: Uint8Array) => void): void {
    this.#stream.onMessage(listener);
  }

  onHalfClose(listener: () => void): void {
    this.#stream.onHalfClose(listener);
  }

  onDrain(listener: () => void): void {
    this.#stream.onDrain(listener);
  }

  onCancel(listener: () => void): void {
    this.#cancelListener = listener;
    if (this.#isCanceled) listener();
  }

  write(response: Uint8Array): boolean {
    return this.#stream.write(response);
  }

  writeNumbered(head: Uint8Array, number: number, tail: Uint8Array): boolean {
    return writeNumbered(this.#stream, head, number, tail);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(status: RpcStatus | null): void {
    this.#finish();
    this.#stream.end(status);
  }

  /** Ends the call over the head of the service, which learns of it as of a client that went away. */
  cut(status: RpcStatus): void {
    if (this.#isOver) return;
    this.#stream.end(status);
    this.#cancel();
  }

  #cancel(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#isCanceled = true;
    this.#cancelListener?.();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended(this);
  }
}
