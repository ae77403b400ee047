/**
 * The end of a member that was removed: it stays for an election timeout, to pass on what it has committed, and stops.
 *
 * A configuration without this member does not say that it was removed: one that joins first reads of the changes that
 * were made before it was added. Only the list of those who were removed says so: here, when the removal was applied, or
 * at another member, which tells one that still speaks to it (etcd's peers answer it with 410 Gone). Else a member that
 * was away when it was removed would ask for votes and serve stale reads for ever.
 */

import type { NodeId } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Clock, Logger, Timer } from '../util/runtime.ts';
import { FrameKind } from './peer-codec.ts';

/** A member that does not listen is told so often. */
const tellAgainMs = 500;
/** Members that are remembered as told. */
const maxTold = 100;

export interface DepartureOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly electionMs: number;
  readonly send: (to: NodeId, frame: Uint8Array) => boolean;
  readonly fail: (failure: Failure) => void;
  /** It has begun: clients had better go elsewhere. */
  readonly begun?: () => void;
}

export class Departure {
  readonly #options: DepartureOptions;
  readonly #toldAt = new Map<NodeId, number>();
  /** Runs once this member knows of its own removal. */
  #end: Timer | null = null;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** This member was removed. */
  begin(): void {
    const { clock, log, electionMs, fail, begun } = this.#options;
    if (this.#end !== null) return;
    log.warn('this member was removed from the cluster and will stop');
    const told = 'this member was removed from the cluster: its data is of no more use';
    this.#end = clock.setTimer(electionMs, () => fail(new Failure('memberRemoved', told)));
    begun?.();
  }

  /** A member that was removed has sent something. */
  heard(from: NodeId): void {
    const { clock, send } = this.#options;
    const now = clock.now();
    if (now - (this.#toldAt.get(from) ?? Number.NEGATIVE_INFINITY) < tellAgainMs) return;
    this.#toldAt.delete(from);
    this.#toldAt.set(from, now);
    if (this.#toldAt.size > maxTold) this.#toldAt.delete(this.#toldAt.keys().next().value!);
    send(from, new Uint8Array([FrameKind.Removed]));
  }

  stop(): void {
    this.#end?.cancel();
  }
}
