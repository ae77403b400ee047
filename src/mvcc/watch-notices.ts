/** Every kind of notice, and how one is cut into fragments. */

import type { Event } from '../wire/messages.ts';
import { watchEventBytes } from '../wire/watch-codec.ts';
import type { WatchNotice } from './types.ts';

/** Stands for all watchers of a stream, or for none. */
export const noWatchId = -1;

/** Why a create request is refused; clients compare these texts. */
export const createRefusal = {
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  emptyRange: 'mvcc: watcher range is empty',
  duplicateId: 'mvcc: duplicate watch ID provided on the WatchStream',
  /** Of ours: etcd has no limit. */
  tooMany: 'etcdserver: too many requests',
} as const;

const noEvents: readonly Event[] = [];
/** Header, id and flags of a notice on the wire, at most. */
const aroundNoticeBytes = 64;

function notice(
  watchId: number,
  revision: number,
  created: boolean,
  canceled: boolean,
  cancelReason: string,
  compactRevision: number,
): WatchNotice {
  return {
    watchId,
    revision,
    created,
    canceled,
    compactRevision,
    cancelReason,
    fragment: false,
    events: noEvents,
  };
}

export function createdNotice(watchId: number, revision: number): WatchNotice {
  return notice(watchId, revision, true, false, '', 0);
}

/** One response that is created and canceled at once, of no watcher. */
export function refusedNotice(revision: number, reason: string): WatchNotice {
  return notice(noWatchId, revision, true, true, reason, 0);
}

export function canceledNotice(watchId: number, revision: number): WatchNotice {
  return notice(watchId, revision, false, true, '', 0);
}

/** The header revision is 0 and there is no reason, as etcd does it. */
export function compactedNotice(watchId: number, compactRevision: number): WatchNotice {
  return notice(watchId, 0, false, true, '', compactRevision);
}

export function progressNotice(watchId: number, revision: number): WatchNotice {
  return notice(watchId, revision, false, false, '', 0);
}

export function eventsNotice(
  watchId: number,
  revision: number,
  events: readonly Event[],
  fragment: boolean,
): WatchNotice {
  return {
    watchId,
    revision,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment,
    events,
  };
}

/** Cuts events into fragments; watchers that are told the same one after the other share the pieces. */
export class Fragmenter {
  readonly #maxBytes: number;
  #events: readonly Event[] = noEvents;
  #pieces: readonly (readonly Event[])[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Pieces below the size, or of one event; a list that is below it as a whole is one piece. */
  cut(events: readonly Event[]): readonly (readonly Event[])[] {
    if (events !== this.#events) {
      this.#events = events;
      this.#pieces = this.#cut(events);
    }
    return this.#pieces;
  }

  /** Lets go of what was cut last. */
  forget(): void {
    this.#events = noEvents;
    this.#pieces = [];
  }

  #cut(events: readonly Event[]): readonly (readonly Event[])[] {
    const pieces: (readonly Event[])[] = [];
    let start = 0;
    let bytes = aroundNoticeBytes;
    for (let i = 0; i < events.length; i++) {
      const eventBytes = watchEventBytes(events[i]!);
      if (i > start && bytes + eventBytes >= this.#maxBytes) {
        pieces.push(events.slice(start, i));
        start = i;
        bytes = aroundNoticeBytes;
      }
      bytes += eventBytes;
    }
    pieces.push(start === 0 ? events : events.slice(start));
    return pieces;
  }
}
