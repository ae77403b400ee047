/**
 * One watch of a memory store. It begins behind and reads history until it has caught up; from then on changes are queued
 * as they are written and given once per turn. Given is always a run of whole revisions, and never one twice:
 *
 *     history  ── next ──▶ caught up ── live ──▶ queue ── one call per turn ──▶ sink
 */

import type { Change, History } from '../../mvcc/types.ts';
import { Failure } from '../../util/failure.ts';
import type { Scheduler } from '../../util/runtime.ts';
import { recordValue } from '../../wire/key-value.ts';
import { EventType } from '../../wire/messages.ts';
import type { StoreChange, StoreWatch, StoreWatchSink } from '../store.ts';

const historyReadBytes = 1 << 20;
/** A watch that lets more changes wait than this is lost; it is drained every turn, so this is a bound, not a policy. */
const maxPendingChanges = 1_000_000;

/** A key of the store, which has one char per byte, as text. */
function textKey(key: string): string {
  for (let i = 0; i < key.length; i++) {
    if (key.charCodeAt(i) > 0x7f) return Buffer.from(key, 'latin1').toString('utf8');
  }
  return key;
}

export interface MemoryWatchOptions {
  readonly history: History;
  readonly scheduler: Scheduler;
  readonly prefix: string;
  readonly afterRevision: number;
  readonly sink: StoreWatchSink;
  readonly ended: () => void;
}

export class MemoryWatch implements StoreWatch {
  readonly #options: MemoryWatchOptions;
  /** The next revision that history is asked for; live once history is exhausted. */
  #next: number;
  #isLive = false;
  #isClosed = false;
  #isScheduled = false;
  #wantsProgress = false;
  #pending: StoreChange[] = [];

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#next = options.afterRevision + 1;
  }

  begin(): void {
    this.#options.scheduler.defer(() => this.#readHistory());
  }

  /** A revision was written. */
  publish(changes: readonly Change[]): void {
    if (!this.#isLive || this.#isClosed) return;
    for (const change of changes) if (change.revision >= this.#next) this.#take(change);
    if (this.#pending.length > maxPendingChanges) {
      this.lose();
      return;
    }
    if (this.#pending.length > 0) this.#schedule();
  }

  requestProgress(): void {
    if (this.#isClosed) return;
    this.#wantsProgress = true;
    if (this.#isLive) this.#schedule();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pending = [];
    this.#options.ended();
  }

  /** Ends it: what comes after is not given any more. */
  lose(): void {
    this.#fail('lost', 0);
  }

  #fail(reason: 'compacted' | 'lost', compactRevision: number): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.scheduler.defer(() => this.#options.sink.failed(reason, compactRevision));
  }

  #take(change: Change): void {
    if (!change.key.startsWith(this.#options.prefix)) return;
    const value = change.type === EventType.Delete ? null : recordValue(change.record);
    this.#pending.push({ key: textKey(change.key), value, revision: change.revision });
  }

  #readHistory(): void {
    if (this.#isClosed) return;
    const { history } = this.#options;
    if (this.#next <= history.compactRevision) {
      this.#fail('compacted', history.compactRevision);
      return;
    }
    if (this.#next > history.revision) {
      this.#isLive = true;
      this.#deliver();
      return;
    }
    history.read(this.#next, historyReadBytes, (error, changes, nextRevision) => {
      if (this.#isClosed) return;
      if (error !== null) {
        const isCompacted = error instanceof Failure && error.reason === 'compacted';
        this.#fail(isCompacted ? 'compacted' : 'lost', history.compactRevision);
        return;
      }
      for (const change of changes) this.#take(change);
      this.#next = nextRevision;
      this.#deliver();
      this.#readHistory();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.scheduler.defer(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#isClosed) return;
    const changes = this.#pending;
    if (changes.length > 0) {
      this.#pending = [];
      this.#options.sink.changes(changes);
    }
    if (this.#wantsProgress && this.#isLive && !this.#isClosed) {
      this.#wantsProgress = false;
      this.#options.sink.progress(this.#options.history.revision);
    }
  }
}
