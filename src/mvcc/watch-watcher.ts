/**
 * One watcher: a cursor and a place, never a queue. It stands in one set at a time:
 *
 *     head      has seen everything but what its group has pending
 *     waiting   its start revision has not come yet
 *     near      behind; the ring has what is next
 *     far       behind; the state has to be read
 *     parked    behind; its stream is full
 *     (none)    ended by compaction; its id stays taken until it is cancelled
 */

import type { WatchCreate } from './types.ts';
import type { WatchGroup } from './watch-group.ts';
import type { Stream } from './watch-stream.ts';

export class Watcher {
  readonly id: number;
  readonly stream: Stream;
  readonly group: WatchGroup;
  /** As the client gave it. */
  readonly startRevision: number;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
  /** The hub was told of everything from this revision on while the watcher existed. */
  readonly knownFrom: number;
  /** The next revision to see. At the head it is not kept up to date: there it is a lower bound. */
  cursor: number;
  /** The set it stands in. */
  place: Set<Watcher> | null = null;
  /** An event was sent since the last progress tick. */
  hadEvents = false;

  /** @param newest the newest revision */
  constructor(stream: Stream, id: number, group: WatchGroup, request: WatchCreate, newest: number) {
    this.stream = stream;
    this.id = id;
    this.group = group;
    this.startRevision = request.startRevision;
    this.progressNotify = request.progressNotify;
    this.fragment = request.fragment;
    this.knownFrom = newest + 1;
    this.cursor = request.startRevision === 0 ? newest + 1 : request.startRevision;
  }

  get isAtHead(): boolean {
    return this.place === this.group.head;
  }
}
