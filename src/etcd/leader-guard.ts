/**
 * Ends streams that asked for a leader (`hasleader: true`) once there has been none for three election timeouts, so that
 * a client cut off with this member goes elsewhere. Three, because opening streams anew costs clients much
 * more than waiting out an election.
 *
 * Nothing is held while no such stream is open: no subscription, no timer.
 */

import type { ServedMember } from '../member/types.ts';
import type { RpcStatus, RpcStream } from '../rpc/transport.ts';
import type { Timer } from '../util/runtime.ts';
import { statuses } from './errors.ts';
import { RelayedStream } from './relayed-stream.ts';

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
class WatchedStream extends RelayedStream {
  readonly #ended: (stream: WatchedStream) => void;
  #isOver = false;

  constructor(stream: RpcStream, ended: (stream: WatchedStream) => void) {
    super(stream);
    this.#ended = ended;
    stream.onCancel(() => this.#cancel());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(status: RpcStatus | null): void {
    this.#finish();
    this.stream.end(status);
  }

  /** Ends the call over the head of the service, which learns of it as of a client that went away. */
  cut(status: RpcStatus): void {
    if (this.#isOver) return;
    this.stream.end(status);
    this.#cancel();
  }

  #cancel(): void {
    if (this.#isOver) return;
    this.#finish();
    this.tellCanceled();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended(this);
  }
}
