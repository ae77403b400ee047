/** The controls that are made by wrapping: parts of a member, its state or its disk that break one promise now and then. */

import type { Auth } from '../auth/auth.ts';
import { MemoryImage } from '../backend/memory-backend.ts';
import type { MvccStore, WatchCreate, WatchHub, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import type { Runtime } from '../util/runtime.ts';
import type { PutRequest } from '../wire/messages.ts';

/** What a put writes depends on chance. */
export function applyDraws(store: MvccStore, { random }: Pick<Runtime, 'random'>): void {
  const put = store.put.bind(store);
  store.put = (request: PutRequest) =>
    put(random.uint32() % 20 === 0 ? { ...request, value: new Uint8Array(0) } : request);
}

/** A compaction takes a revision more than it was asked to. */
export function compactsMore(store: MvccStore): void {
  const compact = store.compact.bind(store);
  store.compact = (revision: number) => compact(Math.min(revision + 1, store.revision));
}

/** A member that lets everybody write everything. */
export function allowAll(auth: Auth): void {
  auth.applyCheck = () => {};
}

/** A state that has lost a record of each fifth flush. */
export function tornImage(): MemoryImage {
  const image = new MemoryImage();
  const apply = image.apply.bind(image);
  let count = 0;
  image.apply = (writes, line) => {
    apply(writes, line);
    const records: { readonly key: string }[] = [];
    if (++count % 5 === 0) image.entries.collect('k', 'l', Number.MAX_SAFE_INTEGER, false, records as never);
    if (records.length > 0) image.entries.delete(records.at(-1)!.key);
  };
  return image;
}

/** One member in some puts writes a different value. */
export function applyDiffers(store: MvccStore): void {
  const put = store.put.bind(store);
  let count = 0;
  store.put = (request: PutRequest) => {
    count++;
    return put(count % 20 === 0 ? { ...request, value: new Uint8Array(0) } : request);
  };
}

/** A hub that breaks one promise now and then; the hub itself when the mutant is none of watches. */
export function unreliableHub(hub: WatchHub, mutant: string): WatchHub {
  if (!mutant.startsWith('watch')) return hub;
  return {
    open: (sink: WatchSink): WatchStream => misled(hub.open(spoilt(sink, mutant)), mutant),
    pump: () => hub.pump(),
    progressTick: () => hub.progressTick(),
    resync: () => hub.resync(),
    get watcherCount(): number {
      return hub.watcherCount;
    },
    figures: () => hub.figures(),
  };
}

function spoilt(sink: WatchSink, mutant: string): WatchSink {
  let count = 0;
  let held: WatchNotice | null = null;
  const send = (notice: WatchNotice): boolean => {
    if (mutant === 'watchHidesCompaction' && notice.compactRevision > 0) return true;
    if (notice.events.length === 0) return sink.send(notice);
    if (mutant === 'watchSplitsRevision') return sendInPieces(sink, notice);
    if (++count % 10 !== 0) return sink.send(notice);
    if (mutant === 'watchSkipsEvent') return true;
    if (mutant === 'watchRepeatsEvent') sink.send(notice);
    if (mutant === 'watchRunsAhead') sink.send({ ...notice, events: [] });
    if (mutant === 'watchReordersEvents') {
      held = notice;
      return true;
    }
    return sink.send(notice);
  };
  return {
    send(notice: WatchNotice): boolean {
      const isFree = send(notice);
      if (held === null || held === notice) return isFree;
      const late = held;
      held = null;
      return sink.send(late);
    },
  };
}

/** Events of one revision come in two notices. */
function sendInPieces(sink: WatchSink, notice: WatchNotice): boolean {
  const { events } = notice;
  const half = Math.ceil(events.length / 2);
  if (events.length < 2) return sink.send(notice);
  sink.send({ ...notice, events: events.slice(0, half) });
  return sink.send({ ...notice, events: events.slice(half) });
}

function misled(stream: WatchStream, mutant: string): WatchStream {
  if (mutant !== 'watchIgnoresStart' && mutant !== 'watchIgnoresFilter') return stream;
  return {
    create(request: WatchCreate): void {
      const { startRevision } = request;
      if (mutant === 'watchIgnoresFilter') stream.create({ ...request, noPut: false, noDelete: false });
      else
        stream.create({ ...request, startRevision: startRevision > 9 ? startRevision - 5 : startRevision });
    },
    refuse: (reason) => stream.refuse(reason),
    cancel: (watchId) => stream.cancel(watchId),
    requestProgress: () => stream.requestProgress(),
    resume: () => stream.resume(),
    close: () => stream.close(),
  };
}
