/**
 * Puts a state that was received whole in force: first on disk as one, then the log begins anew behind it, then memory
 * follows. A crash in between leaves the old state, or the new one with a log that recovery begins anew.
 *
 * While it runs the core's output is left alone, so that nothing overtakes the beginning of the log.
 *
 * A member that has lost its state and not its log (`rebuild.ts`) puts the state beneath the log that it has, which stays
 * as it is: it may hold entries that were acknowledged and that the state does not know of.
 *
 *     log             │ base … s … last │      stays
 *     state, new           at s                then s + 1 … is applied to it
 */

import type { Backend, BackendRestore } from '../backend/backend.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { type Message, MessageType, type Ready, type SnapshotMeta } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Wal } from '../wal/wal.ts';
import type { ReceivedSnapshot } from './snapshot-receiver.ts';
import { type AppliedState, reloadState, stateDigest } from './state.ts';
import { decodeStateMeta } from './state-meta.ts';

export interface InstallerOptions {
  readonly raft: RaftNode;
  readonly wal: Wal;
  readonly backend: Backend;
  readonly state: AppliedState;
  /** Nothing may be read from the state from now on. */
  readonly begins: () => void;
  /** The state is in force, in memory too. */
  readonly installed: (snapshot: SnapshotMeta) => void;
  readonly failed: (error: Error) => void;
}

export class Installer {
  readonly #options: InstallerOptions;
  /** A state that the core was offered and has accepted. */
  #accepted: ReceivedSnapshot | null = null;
  #isRunning = false;
  #stopped = false;

  constructor(options: InstallerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** A state has arrived: the core decides whether it is wanted. */
  offer(received: ReceivedSnapshot): void {
    const { raft } = this.#options;
    const { snapshot } = received;
    if (!this.#stopped && this.#accepted === null && !this.#isRunning) {
      if (raft.continuesFrom(snapshot)) {
        this.#putBeneath(received);
        return;
      }
      // Neither where its log goes on nor ahead of it: a later one will be.
      if (raft.isHollow && snapshot.index <= Math.max(raft.commit, raft.lastIndex)) {
        received.restore.abort();
        received.answer(false);
        return;
      }
      raft.step(snapshotMessage(received, raft.id));
      if (raft.pendingSnapshot === snapshot) {
        this.#accepted = received;
        return;
      }
    }
    received.restore.abort();
    received.answer(raft.commit >= snapshot.index);
  }

  /** @param ready the core's order to install what it accepted */
  install(ready: Ready): void {
    const { raft, wal } = this.#options;
    const received = this.#accepted;
    if (received === null || received.snapshot !== ready.snapshot) {
      throw new Error('the core installs a state that is not here');
    }
    const { index, term } = received.snapshot;
    const hardState = { term: raft.term, vote: raft.vote, commit: index };
    this.#accepted = null;
    this.#begin();
    const begun = this.#unlessFailed(() => {
      raft.written(ready.write);
      this.#load(received);
    });
    const durable = this.#unlessFailed(() => wal.restart({ index, term }, hardState, begun));
    received.restore.commit(index, received.meta, durable);
  }

  #putBeneath(received: ReceivedSnapshot): void {
    const { raft } = this.#options;
    const { snapshot, meta, restore } = received;
    this.#begin();
    const durable = this.#unlessFailed(() => {
      raft.restored(snapshot);
      this.#load(received);
    });
    restore.commit(snapshot.index, meta, durable);
  }

  #begin(): void {
    const { state, begins } = this.#options;
    this.#isRunning = true;
    state.store.suspend();
    begins();
  }

  /**
   * Throws the state away, durably: a start finds none, and goes on where this ends. Memory keeps what it had, and nothing
   * may be read from it.
   */
  discard(done: () => void): void {
    this.#begin();
    emptyBackend(
      this.#options.backend,
      this.#unlessFailed(() => {
        this.#isRunning = false;
        done();
      }),
    );
  }

  #load(received: ReceivedSnapshot): void {
    const { state, backend, installed, failed } = this.#options;
    const loaded = this.#unlessFailed(() => {
      const { digest } = decodeStateMeta(received.meta);
      if (stateDigest(state) !== digest) {
        const told =
          'the state that was received is not the one that was sent: it changed on the way or on the disk';
        failed(new Failure('backendDamaged', told));
        return;
      }
      this.#isRunning = false;
      received.answer(true);
      installed(received.snapshot);
    });
    reloadState(backend, state, loaded);
  }

  #unlessFailed(next: () => void): (error: Error | null) => void {
    return (error) => {
      if (this.#stopped) return;
      if (error === null) next();
      else this.#options.failed(error);
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#accepted?.restore.abort();
    this.#accepted = null;
  }
}

/** Replaces the state by none, at index 0. */
export function emptyBackend(backend: Backend, done: (error: Error | null) => void): void {
  const restore: BackendRestore = backend.beginRestore();
  restore.commit(0, new Uint8Array(0), done);
}

function snapshotMessage({ from, term, snapshot }: ReceivedSnapshot, to: string): Message {
  return {
    type: MessageType.Snapshot,
    from,
    to,
    term,
    index: 0,
    logTerm: 0,
    commit: 0,
    entries: [],
    reject: false,
    hint: 0,
    context: 0,
    snapshot,
  };
}
