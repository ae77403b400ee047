/**
 * `Observe` of `v3electionpb.Election`: tells who leads, everything that one proclaims, and who comes next.
 *
 *     looking ─(somebody is there)─► told ─► following its key ─(deleted)─► looking
 *        └─(nobody)─► awaiting the first put ─► told ─► following its key
 *
 * A full stream is told nothing more until it drains; the hub keeps the place.
 */

import { binaryString } from '../mvcc/key-range.ts';
import type { WatchCreate, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import type { RpcStream } from '../rpc/transport.ts';
import { decodeKeyValue } from '../wire/key-value.ts';
import { EventType, type KeyValueBytes } from '../wire/messages.ts';
import { encodeLeaderResponse } from '../wire/recipe-messages.ts';
import type { ServiceContext } from './context.ts';
import { codelessStatus, lineEnd, oldestRange, watchOf } from './line.ts';

export class LeaderObserver implements WatchSink {
  readonly #context: ServiceContext;
  readonly #prefix: string;
  readonly #rpc: RpcStream;
  #watch: WatchStream | null = null;
  /** Nobody leads: the watch is on the whole line. */
  #isAwaiting = false;
  /** What is to be done next, instead of what the watch still tells. */
  #next: (() => void) | null = null;
  #isFull = false;
  #isOver = false;

  /** @param prefix of the line */
  constructor(context: ServiceContext, prefix: string, rpc: RpcStream) {
    this.#context = context;
    this.#prefix = prefix;
    this.#rpc = rpc;
  }

  start(): void {
    this.#rpc.onCancel(() => {
      this.#isOver = true;
      this.#close();
    });
    this.#rpc.onDrain(() => this.#onDrain());
    this.#context.member.linearize((failure) => {
      if (failure === null) this.#then(() => this.#look());
      else this.#end(failure);
    });
  }

  #look(): void {
    const { authorizer, store } = this.#context;
    const request = oldestRange(this.#prefix);
    authorizer.checks.range(authorizer.callerOf(this.#rpc), request);
    const leader = store.range(request).kvs[0];
    if (leader === undefined) {
      this.#isAwaiting = true;
      this.#follow({ ...watchOf(this.#prefix, lineEnd(this.#prefix)), noDelete: true });
      return;
    }
    this.#tell(leader, store.revision);
    this.#follow(watchOf(binaryString(decodeKeyValue(leader).key), '', store.revision + 1));
  }

  #follow(request: WatchCreate): void {
    this.#close();
    this.#watch = this.#context.store.watches.open(this);
    this.#watch.create(request);
  }

  #tell(leader: KeyValueBytes, revision: number): void {
    const response = encodeLeaderResponse(this.#context.header(revision), leader);
    if (!this.#rpc.write(response)) this.#isFull = true;
  }

  /** Called by the hub: nothing may be thrown at it, and its streams must not be changed meanwhile. */
  send(notice: WatchNotice): boolean {
    if (this.#isOver) return false;
    try {
      // Ended by a compaction, or for the state was replaced: what is now counts.
      if (notice.canceled) this.#then(() => this.#look());
      for (const { type, kv } of notice.events) {
        if (this.#next !== null) break;
        if (type === EventType.Delete) {
          this.#then(() => this.#look());
          continue;
        }
        const { key, modRevision } = decodeKeyValue(kv);
        this.#tell(kv, modRevision);
        if (!this.#isAwaiting) continue;
        this.#isAwaiting = false;
        const leader = binaryString(key);
        this.#then(() => this.#follow(watchOf(leader, '', modRevision + 1)));
      }
    } catch (error) {
      this.#then(() => this.#end(error));
    }
    return !this.#isFull;
  }

  /** Does this next, when the hub has ended its own work and the stream has room. */
  #then(work: () => void): void {
    this.#next = work;
    this.#context.member.runtime.scheduler.defer(() => this.#proceed());
  }

  #proceed(): void {
    const work = this.#next;
    if (this.#isOver || this.#isFull || work === null) return;
    this.#next = null;
    try {
      work();
    } catch (error) {
      this.#end(error);
    }
  }

  #onDrain(): void {
    if (this.#isOver) return;
    this.#isFull = false;
    if (this.#next === null) this.#watch?.resume();
    else this.#proceed();
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#close();
    this.#rpc.end(codelessStatus(this.#context, error));
  }

  #close(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}
