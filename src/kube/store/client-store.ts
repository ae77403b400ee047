/**
 * A KubeStore over an etcd v3 client: an API server as a process of its own, on a Keelson cluster or on a real etcd.
 */

import {
  type Client,
  compare,
  type Operation,
  op,
  type Pair,
  prefixEnd,
  type TxnAnswer,
  toBytes,
} from '../../client/index.ts';
import { Failure } from '../../util/failure.ts';
import type { Clock, Scheduler } from '../../util/runtime.ts';
import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoredEntry,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';
import { LeaderSeeker } from './leader-seeker.ts';
import { ReadBatches } from './read-batches.ts';
import { SharedLeases } from './shared-leases.ts';

function entryOf(pair: Pair): StoredEntry {
  return { key: pair.keyText, value: pair.value, modRevision: pair.modRevision };
}

class ClientStore implements KubeStore {
  readonly #client: Client;
  readonly #scheduler: Scheduler;
  readonly #leases: SharedLeases;
  readonly #reads: ReadBatches;
  readonly #leader: LeaderSeeker;
  readonly #watches = new Set<StoreWatch & { lose(): void }>();
  #isClosed = false;

  constructor(client: Client, clock: Clock, scheduler: Scheduler) {
    this.#client = client;
    this.#scheduler = scheduler;
    this.#leader = new LeaderSeeker(client, clock);
    this.#reads = new ReadBatches(client, this.#leader, scheduler);
    this.#leases = new SharedLeases(clock, async (ttl) => {
      const lease = await client.leases.grant(ttl, { keepAlive: false });
      return lease.id;
    });
  }

  async get(key: string): Promise<GetResult> {
    this.#checkOpen();
    const { pairs, header } = await this.#leader.follow(this.#client.range(key));
    const [pair] = pairs;
    return { entry: pair === undefined ? null : entryOf(pair), revision: header.revision };
  }

  async isCurrent(key: string, modRevision: number): Promise<boolean> {
    this.#checkOpen();
    return this.#reads.isCurrent(key, modRevision);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    this.#checkOpen();
    const { startKey = prefix, limit = 0, revision = 0 } = options;
    const range = { from: startKey, to: prefixEnd(toBytes(prefix)) };
    const asked = this.#client.range(range, { limit, revision });
    const { pairs, count, header } = await this.#leader.follow(asked);
    return { entries: pairs.map(entryOf), count, revision: revision === 0 ? header.revision : revision };
  }

  async create(key: string, value: Uint8Array, options: CreateOptions = {}): Promise<WriteResult> {
    const lease = await this.#leases.leaseFor(options.ttlSeconds ?? 0);
    return this.#write(key, 0, op.put(key, value, lease === 0n ? {} : { lease }));
  }

  update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, expectedRevision, op.put(key, value, { ignoreLease: true }));
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, expectedRevision, op.delete(key));
  }

  async #write(key: string, expectedRevision: number, write: Operation): Promise<WriteResult> {
    this.#checkOpen();
    const asked: Promise<TxnAnswer> = this.#client
      .txn()
      .if(compare.modRevision(key, '=', expectedRevision))
      .then(write)
      .else(op.get(key))
      .commit();
    const answer = await this.#leader.follow(asked);
    if (answer.succeeded) return { written: true, revision: answer.header.revision };
    const [read] = answer.answers;
    if (read?.kind !== 'range') throw new Error('a guarded write that failed must have read the key');
    const [pair] = read.pairs;
    return { written: false, current: pair === undefined ? null : entryOf(pair) };
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    const defer = (job: () => void): void => this.#scheduler.defer(job);
    let isOver = false;
    const fail = (reason: 'compacted' | 'lost', compactRevision: number): void => {
      if (isOver) return;
      isOver = true;
      this.#watches.delete(watch);
      running.close();
      defer(() => sink.failed(reason, compactRevision));
    };
    const running = this.#client.watch(
      { prefix },
      { startRevision: afterRevision + 1 },
      {
        onEvents: (events) => {
          if (isOver) return;
          sink.changes(
            events.map(({ type, revision, pair }) => ({
              key: pair.keyText,
              value: type === 'delete' ? null : pair.value,
              revision,
            })),
          );
        },
        onProgress: (revision) => {
          if (!isOver) sink.progress(revision);
        },
        onEnd: (error) => {
          const compacted = (error as { compactRevision?: number } | null)?.compactRevision;
          fail(compacted === undefined ? 'lost' : 'compacted', compacted ?? 0);
        },
      },
    );
    const watch = {
      requestProgress: (): void => void running.requestProgress().catch(() => {}),
      close: (): void => {
        isOver = true;
        this.#watches.delete(watch);
        running.close();
      },
      lose: (): void => fail('lost', 0),
    };
    this.#watches.add(watch);
    if (this.#isClosed) watch.lose();
    return watch;
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    const { header } = await this.#client.range('/registry/health', { limit: 1, keysOnly: true });
    return header.revision;
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    await this.#client.compact(revision);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of [...this.#watches]) watch.lose();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Failure('stopped', 'the store was closed');
  }
}

/** The store behind a client. Closing it ends its watches and leaves the client open. */
export function clientStore(
  client: Client,
  runtime: { readonly clock: Clock; readonly scheduler: Scheduler },
): KubeStore {
  return new ClientStore(client, runtime.clock, runtime.scheduler);
}
