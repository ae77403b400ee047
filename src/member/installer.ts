/**
 * Puts a state that was received whole in force: first on disk as one, then the log begins anew behind it, then memory
 * follows. A crash in between leaves the old state, or the new one with a log that recovery begins anew.
 *
 * While it runs the core's output is left alone, so that nothing overtakes the beginning of the log.
 */

import type { Backend } from '../backend/backend.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { type Message, MessageType, type Ready, type SnapshotMeta } from '../raft/types.ts';
import type { Wal } from '../wal/wal.ts';
import type { ReceivedSnapshot } from './snapshot-receiver.ts';
import { type AppliedState, reloadState } from './state.ts';

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
    const { raft, wal, state, begins } = this.#options;
    const received = this.#accepted;
    if (received === null || received.snapshot !== ready.snapshot) {
      throw new Error('the core installs a state that is not here');
    }
    const { index, term } = received.snapshot;
    const hardState = { term: raft.term, vote: raft.vote, commit: index };
    this.#accepted = null;
    this.#isRunning = true;
    state.store.suspend();
    begins();
    const begun = this.#unlessFailed(() => {
      raft.written(ready.write);
      this.#load(received);
    });
    const durable = this.#unlessFailed(() => wal.restart({ index, term }, hardState, begun));
    received.restore.commit(index, received.meta, durable);
  }

  #load(received: ReceivedSnapshot): void {
    const { state, backend, installed } = this.#options;
    const loaded = this.#unlessFailed(() => {
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
