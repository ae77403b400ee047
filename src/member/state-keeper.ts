/**
 * The state of a member beside its log: what of it is on disk, what of the log it makes needless, and states that go to
 * others or come from there.
 *
 *     log     │ released │ kept for those behind │ … applied │ … written │
 *     state, on disk ────────────── durable ┘    │
 *     state, in memory ───────────────────── applied ┘
 *
 * Invariant: a line is drawn (`mark`) only under everything applied and under nothing else, so that what is flushed or sent is
 * the state at one index; and the log is released only up to where that state is durable.
 */

import type { Backend } from '../backend/backend.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import type { ConfState, NodeId, SnapshotMeta } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Runtime } from '../util/runtime.ts';
import type { Wal } from '../wal/wal.ts';
import { CompactionPacer } from './compaction-pacer.ts';
import type { MemberFigures } from './figures.ts';
import { Flusher } from './flusher.ts';
import { Installer } from './installer.ts';
import { LogRetention } from './log-retention.ts';
import { hasOtherVoters } from './recovery.ts';
import { SnapshotTransfers } from './snapshot-transfers.ts';
import { type AppliedState, stateDigest } from './state.ts';
import { encodeStateMeta } from './state-meta.ts';
import { TransferFigures } from './transfer-figures.ts';
import type { MemberLimits } from './types.ts';

export interface StateKeeperOptions {
  readonly raft: RaftNode;
  readonly wal: Wal;
  readonly state: AppliedState;
  readonly backend: Backend;
  readonly network: PeerNetwork;
  readonly runtime: Runtime;
  readonly limits: MemberLimits;
  readonly clusterId: string;
  /** Does the work unless the loop has ended; an error of it ends the loop. */
  readonly guard: (work: () => void) => void;
  /** Something changed in the core. */
  readonly changed: () => void;
  readonly failed: (error: Error) => void;
  /** Another state takes the place of the one that is applied: nothing may be read from now on. */
  readonly begins: () => void;
  /** It is in force, in memory too. */
  readonly installed: (snapshot: SnapshotMeta) => void;
}

export class StateKeeper {
  readonly flusher: Flusher;
  readonly retention: LogRetention;
  readonly transfers: SnapshotTransfers;
  readonly installer: Installer;
  readonly compaction: CompactionPacer;
  readonly #options: StateKeeperOptions;
  readonly #sends: TransferFigures;
  readonly #receipts: TransferFigures;
  #notedConf: ConfState | null = null;

  constructor(options: StateKeeperOptions) {
    const { raft, wal, state, backend, network, runtime, limits, guard, changed, failed } = options;
    this.#options = options;
    const mark = (): void => this.mark();
    const durable = (index: number): void => guard(() => this.#onDurable(index));
    this.flusher = new Flusher(backend, limits, runtime.clock, { mark, durable, failed });
    this.retention = new LogRetention(limits);
    this.retention.recount(raft);
    const now = (): number => runtime.clock.now();
    this.#sends = new TransferFigures(now);
    this.#receipts = new TransferFigures(now);
    this.transfers = new SnapshotTransfers({
      ...{ raft, backend, network, runtime, mark, changed },
      ...{ sends: this.#sends, receipts: this.#receipts },
      complete: (received) => {
        this.installer.offer(received);
        changed();
      },
    });
    this.installer = new Installer({
      ...{ raft, wal, backend, state, failed },
      begins: options.begins,
      installed: (snapshot) => {
        this.retention.recount(raft);
        options.installed(snapshot);
      },
    });
    this.compaction = new CompactionPacer(state.store, runtime.clock, {
      stepped: (keys) => this.flusher.compacted(keys),
      isHeldUp: () => this.flusher.isBehind,
      failed,
    });
  }

  /** True while there is no state that matches the log: it is lost, or one from elsewhere is being put in force. */
  get isInstalling(): boolean {
    return this.isReplacing || this.#options.raft.isHollow;
  }

  /** A state is being written to the disk in place of the one before. */
  get isReplacing(): boolean {
    return this.#options.raft.pendingSnapshot !== null || this.installer.isRunning;
  }

  figures(): Pick<
    MemberFigures,
    'sends' | 'receipts' | 'isInstalling' | 'wal' | 'flushSeconds' | 'compaction'
  > {
    return {
      sends: this.#sends.peers,
      receipts: this.#receipts.peers,
      isInstalling: this.isInstalling,
      wal: this.#options.wal.figures,
      flushSeconds: this.flusher.seconds,
      compaction: this.compaction.figures,
    };
  }

  /** Draws the line under everything applied: what is flushed or sent elsewhere is the state at one index. */
  mark(): void {
    const { raft, wal, state, backend, clusterId } = this.#options;
    // From the moment the core has accepted another state on, its log does not know the entry of the one that is here.
    if (this.isInstalling || raft.appliedIndex === 0) return;
    const { index, term, conf } = raft.snapshotMeta(raft.appliedIndex);
    const meta = { clusterId, term, conf, digest: stateDigest(state) };
    wal.hasOthers = hasOtherVoters(conf, raft.id) || hasOtherVoters(raft.conf, raft.id);
    backend.mark(index, encodeStateMeta(meta));
  }

  /**
   * Before an entry that brings others is written, so that each segment behind it says so. That there are none any more is
   * believed when it is applied (`mark`). Counter-example: the others are removed, a segment begins, and the next leader
   * puts another entry in the place of that one.
   */
  noteOthers(): void {
    const { raft, wal } = this.#options;
    const { conf } = raft;
    if (conf === this.#notedConf) return;
    this.#notedConf = conf;
    if (hasOtherVoters(conf, raft.id)) wal.hasOthers = true;
  }

  #onDurable(index: number): void {
    if (this.isInstalling) return;
    const { raft, wal } = this.#options;
    const released = this.retention.compact(raft, index, this.transfers.neededIndex);
    if (released > 0) wal.release(released);
  }

  /** Sends the state to a member that asks for it. */
  sendState(peer: NodeId): void {
    this.transfers.send([peer]);
  }

  /** Lets the log begin behind everything applied: what it had there is damaged on disk, and the state holds what it led to. */
  shedLog(): void {
    const { backend, guard, failed } = this.#options;
    this.mark();
    backend.flush((error, index) => {
      if (error !== null) failed(error);
      else guard(() => this.#shed(index));
    });
  }

  #shed(durable: number): void {
    const { raft, wal } = this.#options;
    const upTo = Math.min(durable, raft.appliedIndex, this.transfers.neededIndex);
    if (this.isInstalling || upTo < raft.firstIndex) return;
    raft.compact(upTo);
    this.retention.recount(raft);
    wal.release(upTo);
  }

  /** Nothing works in the background any more. */
  stop(): void {
    this.compaction.stop();
    this.installer.stop();
    this.transfers.abort();
  }

  /** Makes the state durable, where there is one, and closes the log. */
  close(done: () => void): void {
    const { wal, state, runtime } = this.#options;
    const closeLog = (): void => wal.close(() => done());
    if (this.installer.isRunning || state.store.isSuspended) {
      closeLog();
      return;
    }
    this.flusher.flushAll((error) => {
      if (error !== null) runtime.log.error('the state could not be flushed at the end', { error });
      closeLog();
    });
  }
}
