/** A store with its watch hub where nothing happens by itself, and readers of watch streams: for the tests of watches. */

import type { Backend } from '../../src/backend/backend.ts';
import { MemoryImage, memoryBackend } from '../../src/backend/memory-backend.ts';
import { Store } from '../../src/mvcc/store.ts';
import type { History, WatchCreate, WatchNotice, WatchSink, WatchStream } from '../../src/mvcc/types.ts';
import { Hub, type HubOptions } from '../../src/mvcc/watch-hub.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import { type Event, EventType } from '../../src/wire/messages.ts';
import { bytes, put, show } from './requests.ts';

/** A scheduler whose jobs run when the test says so. */
export class Jobs {
  readonly #jobs: (() => void)[] = [];

  readonly defer = (job: () => void): void => void this.#jobs.push(job);

  get length(): number {
    return this.#jobs.length;
  }

  runOne(): void {
    this.#jobs.shift()?.();
  }
}

export class WatchRig {
  readonly jobs = new Jobs();
  readonly backend: Backend = memoryBackend({ scheduler: this.jobs, image: new MemoryImage() });
  readonly store: Store;
  readonly hub: Hub;
  isAwake = false;

  constructor(options: Partial<HubOptions> = {}, wrap: (history: History) => History = (history) => history) {
    let opened: Store | null = null;
    Store.open(this.backend, {}, (error, store) => {
      if (error !== null) throw error;
      opened = store;
    });
    while (opened === null) this.jobs.runOne();
    this.store = opened;
    const wake = (): void => {
      this.isAwake = true;
    };
    this.hub = new Hub({ history: wrap(this.store.history), wake, ...options });
    this.store.attach(this.hub, (changes) => this.hub.publish(changes), this.hub);
  }

  put(key: string, value = 'v'): number {
    return this.store.put(put(key, value)).revision;
  }

  /** Pumps until there is nothing to go on with. */
  settle(): void {
    for (let i = 0; i < 100_000; i++) {
      this.isAwake = false;
      this.hub.pump();
      while (this.jobs.length > 0) this.jobs.runOne();
      if (!this.isAwake) return;
    }
    throw new Error('the hub does not come to rest');
  }

  reader(): Reader {
    return new Reader(this.hub);
  }
}

export function watch(key: string, fields: Partial<Omit<WatchCreate, 'key'>> = {}): WatchCreate {
  return {
    key,
    end: '',
    startRevision: 0,
    progressNotify: false,
    noPut: false,
    noDelete: false,
    prevKv: false,
    watchId: 0,
    fragment: false,
    ...fields,
  };
}

/** A sink that keeps what it is sent. */
class Reader implements WatchSink {
  readonly stream: WatchStream;
  notices: WatchNotice[] = [];
  /** It is full once it holds so many notices. */
  room = Number.POSITIVE_INFINITY;
  isFull = false;

  constructor(hub: Hub) {
    this.stream = hub.open(this);
  }

  send(notice: WatchNotice): boolean {
    if (this.isFull) throw new Error('a full sink was sent something');
    this.notices.push(notice);
    this.isFull = this.notices.length >= this.room;
    return !this.isFull;
  }

  /** What came since the last call. */
  take(): WatchNotice[] {
    const taken = this.notices;
    this.notices = [];
    return taken;
  }

  /** The same in short. */
  read(): string[] {
    return this.take().map(showNotice);
  }

  resume(): void {
    this.isFull = false;
    this.stream.resume();
  }
}

export function showEvent(event: Event): string {
  const kv = decodeKeyValue(event.kv);
  const kind = event.type === EventType.Delete ? 'delete' : kv.version === 1 ? 'create' : 'update';
  return `${kv.modRevision} ${kind} ${show(event.kv)}`;
}

/** `id@header`, then what it says. */
export function showNotice(notice: WatchNotice): string {
  const parts = [`${notice.watchId}@${notice.revision}`];
  if (notice.created) parts.push('created');
  if (notice.canceled) parts.push('canceled');
  if (notice.compactRevision !== 0) parts.push(`compacted ${notice.compactRevision}`);
  if (notice.cancelReason !== '') parts.push(`"${notice.cancelReason}"`);
  if (notice.fragment) parts.push('fragment');
  for (const event of notice.events) {
    const prev = event.prevKv === null ? '' : ` was ${show(event.prevKv)}`;
    parts.push(`[${showEvent(event)}${prev}]`);
  }
  return parts.join(' ');
}

/** Puts the whole state of one store in the place of another's, step by step as the jobs run. */
export function install(from: WatchRig, to: WatchRig, index: number, installed: () => void): void {
  to.store.suspend();
  to.hub.suspend();
  const check = (error: Error | null): void => {
    if (error !== null) throw error;
  };
  from.backend.mark(index, bytes(''));
  from.backend.flush(check);
  from.backend.snapshot((error, snapshot) => {
    check(error);
    const restore = to.backend.beginRestore();
    const copy = (): void =>
      snapshot!.next(200, (error, entries) => {
        check(error);
        if (entries.length > 0) {
          restore.add(entries, (error) => {
            check(error);
            copy();
          });
          return;
        }
        snapshot!.close();
        restore.commit(index, bytes(''), (error) => {
          check(error);
          to.store.reload((error) => {
            check(error);
            to.hub.resync();
            installed();
          });
        });
      });
    copy();
  });
}

/** What a reader has got once everything is at rest. */
export function told(rig: WatchRig, reader: Reader): string[] {
  rig.settle();
  return reader.read();
}

export function filled(count: number, options: Partial<HubOptions> = {}): WatchRig {
  const rig = new WatchRig(options);
  for (let i = 0; i < count; i++) rig.put('k', String(i));
  return rig;
}
