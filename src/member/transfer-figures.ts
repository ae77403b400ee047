/** What became of states that were sent to other members or came from them, by the member: for metrics. */

import { exponentialBounds, Histogram } from '../util/metrics.ts';

/** 0.1 s and up. */
const bounds: readonly number[] = exponentialBounds(0.1, 2, 10);

export interface PeerTransfers {
  /** Those that are under way. */
  running: number;
  succeeded: number;
  failed: number;
  /** Of those that succeeded. */
  readonly seconds: Histogram;
}

export class TransferFigures {
  readonly #peers = new Map<string, PeerTransfers>();
  readonly #now: () => number;

  /** @param now in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get peers(): ReadonlyMap<string, PeerTransfers> {
    return this.#peers;
  }

  /** @returns what to call once, when the transfer is over */
  begin(peer: string): (ok: boolean) => void {
    let figures = this.#peers.get(peer);
    if (figures === undefined) {
      figures = { running: 0, succeeded: 0, failed: 0, seconds: new Histogram(bounds) };
      this.#peers.set(peer, figures);
    }
    const one = figures;
    const beganAt = this.#now();
    one.running++;
    let isOver = false;
    return (ok) => {
      if (isOver) return;
      isOver = true;
      one.running--;
      if (ok) {
        one.succeeded++;
        one.seconds.observe((this.#now() - beganAt) / 1000);
      } else one.failed++;
    };
  }
}
