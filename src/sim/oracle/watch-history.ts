/**
 * One watcher's notices, judged against the replay of the committed log.
 *
 * The watcher has a cursor: everything below it was seen. A notice with events must hold exactly what the log says
 * happened to the watched keys from the cursor up to the notice's newest event, which at once gives
 *
 *     I28 ordered · I29 unique · I30 reliable · I32 resumable · I34 filters, prev_kv and is-create · I35 nothing early
 *
 * and by itself I31 (a revision is never split over notices), I33 (after progress at r nothing ≤ r, and nothing was
 * owed below r) and I36 (a watcher of the compacted past is told, with the revision). The names and the meaning are those
 * of etcd's robustness tests, `validate/watch.go`.
 */

import type { WatchCreate, WatchNotice } from '../../mvcc/types.ts';
import type { Event } from '../../wire/messages.ts';
import { EventType } from '../../wire/messages.ts';
import { Violation } from '../invariants/invariant.ts';
import { inRange, type Version } from './model.ts';
import { versionOf } from './render.ts';
import type { Replay } from './replay.ts';

interface Seen {
  readonly type: number;
  readonly version: Version;
  readonly previous: Version | null;
}

export class WatchHistory {
  readonly name: string;
  readonly create: WatchCreate;
  private readonly replay: Replay;
  private readonly waiting: WatchNotice[] = [];
  /** The next revision that may be seen. */
  cursor: number;
  /** The highest revision seen in an event; 0 for none. */
  private lastEvent = 0;
  /** The newest event came in a fragment that has successors. */
  private openFragment = false;
  private created = false;
  /** The hub ended it, and why; null while it lives. */
  ended: WatchNotice | null = null;
  events = 0;

  constructor(name: string, create: WatchCreate, replay: Replay) {
    this.name = name;
    this.create = create;
    this.replay = replay;
    this.cursor = create.startRevision;
  }

  notice(notice: WatchNotice): void {
    this.waiting.push(notice);
  }

  /**
   * Judges every notice that the replay has caught up with.
   * @throws Violation
   */
  judge(): void {
    while (this.waiting.length > 0 && this.waiting[0]!.revision <= this.replay.model.revision) {
      this.judgeOne(this.waiting.shift()!);
    }
  }

  /**
   * At the end of a healed run: everything up to `revision` was seen, or it was told that it ended.
   * @throws Violation
   */
  judgeAtHead(revision: number): void {
    if (this.ended !== null) return;
    if (this.waiting.length > 0)
      this.fail('I26', `was told of revision ${this.waiting[0]!.revision}, which was never committed`);
    if (!this.created) this.fail('L3', 'was never told that it was created');
    const owed = this.expected(this.cursor, revision);
    if (owed.length > 0)
      this.fail('L3', `was never told of revision ${owed[0]!.version.mod} (head is ${revision})`);
  }

  private judgeOne(notice: WatchNotice): void {
    if (this.ended !== null) this.fail('I36', 'was told more after its end');
    if (notice.created) this.judgeCreated(notice);
    if (notice.canceled) {
      this.judgeEnd(notice);
      return;
    }
    if (!notice.created && !this.created) this.fail('I28', 'was told something before it was created');
    if (notice.events.length > 0) this.judgeEvents(notice);
    else if (!notice.created) this.judgeProgress(notice);
  }

  private judgeCreated(notice: WatchNotice): void {
    if (this.created) this.fail('I29', 'was created twice');
    this.created = true;
    if (this.create.startRevision === 0) this.cursor = notice.revision + 1;
  }

  private judgeEnd(notice: WatchNotice): void {
    this.ended = notice;
    const at = notice.compactRevision;
    if (at === 0) return;
    if (!this.replay.compactions.includes(at))
      this.fail('I36', `was told of a compaction at ${at}, there was none`);
    if (this.cursor >= at)
      this.fail('I36', `was ended by the compaction at ${at}, but stood at ${this.cursor}`);
  }

  private judgeProgress(notice: WatchNotice): void {
    if (this.openFragment) this.fail('I31', `got progress at ${notice.revision} within a revision`);
    if (notice.revision < this.lastEvent) {
      this.fail('I33', `got progress at ${notice.revision} after an event of ${this.lastEvent}`);
    }
    const owed = this.expected(this.cursor, notice.revision);
    if (owed.length > 0) {
      this.fail('I33', `got progress at ${notice.revision} before the event of ${owed[0]!.version.mod}`);
    }
    this.cursor = Math.max(this.cursor, notice.revision + 1);
  }

  private judgeEvents(notice: WatchNotice): void {
    const seen = notice.events.map(readEvent);
    const first = seen[0]!.version.mod;
    const last = seen.at(-1)!.version.mod;
    if (last > notice.revision)
      this.fail('I26', `got an event of ${last} under header revision ${notice.revision}`);
    if (first < this.create.startRevision)
      this.fail('I35', `starts at ${this.create.startRevision} and got ${first}`);
    if (first < this.lastEvent) this.fail('I28', `got revision ${first} after ${this.lastEvent}`);
    if (first === this.lastEvent && !this.openFragment)
      this.fail('I31', `got revision ${first} in two pieces`);
    if (first < this.cursor && !this.openFragment)
      this.fail('I29', `got revision ${first} again, it stood at ${this.cursor}`);
    this.compare(notice, seen, last);
    this.lastEvent = last;
    this.openFragment = notice.fragment;
    this.events += seen.length;
    this.cursor = last + 1;
  }

  /** `pieces` of the revision at a fragment's edge are compared when its last fragment has come. */
  private pieces: Seen[] = [];

  private compare(notice: WatchNotice, seen: readonly Seen[], last: number): void {
    const all = this.pieces.concat(seen);
    if (notice.fragment) {
      this.pieces = all;
      return;
    }
    const from = this.pieces.length > 0 ? Math.min(this.cursor, this.pieces[0]!.version.mod) : this.cursor;
    this.pieces = [];
    const expected = this.expected(from, last);
    for (let at = 0; at < Math.max(all.length, expected.length); at++) {
      const got = all[at];
      const want = expected[at];
      if (got !== undefined && want !== undefined && this.agree(got, want)) continue;
      const id =
        want === undefined ? 'I29' : got === undefined || got.version.mod > want.version.mod ? 'I30' : 'I34';
      this.fail(
        id,
        `got «${got === undefined ? 'nothing' : show(got)}», the log says «${want === undefined ? 'nothing' : show(want)}»`,
      );
    }
  }

  private agree(got: Seen, want: Seen): boolean {
    if (show(got) === show(want)) return true;
    // What a key was before a revision that is the compacted one or older may be gone.
    const maybeGone = got.previous === null && want.version.mod <= this.replay.model.compactRevision;
    return maybeGone && show(got) === show({ ...want, previous: null });
  }

  /** What the log says this watcher has to be told of the revisions from … to. */
  private expected(from: number, to: number): Seen[] {
    const { key, end, noPut, noDelete, prevKv } = this.create;
    const found: Seen[] = [];
    const changes = this.replay.model.changes;
    for (let revision = Math.max(2, from); revision <= Math.min(to, changes.length - 1); revision++) {
      for (const change of changes[revision]!) {
        if (!inRange(change.version.key, key, end)) continue;
        const type = change.version.version === 0 ? EventType.Delete : EventType.Put;
        if (type === EventType.Put ? noPut : noDelete) continue;
        found.push({ type, version: change.version, previous: prevKv ? change.previous : null });
      }
    }
    return found;
  }

  private fail(id: string, text: string): never {
    throw new Violation(
      id,
      `watcher ${this.name} of ${JSON.stringify([this.create.key, this.create.end])} from ${this.create.startRevision} ${text}`,
    );
  }
}

function readEvent(event: Event): Seen {
  return {
    type: event.type,
    version: versionOf(event.kv),
    previous: event.prevKv === null ? null : versionOf(event.prevKv),
  };
}

function show({ type, version, previous }: Seen): string {
  const what = `${type === EventType.Put ? 'put' : 'delete'} ${version.key}=${version.value} at ${version.mod}`;
  const life = type === EventType.Put ? ` created ${version.create} version ${version.version}` : '';
  const before = previous === null ? '' : ` was ${previous.value}@${previous.mod}`;
  return what + life + before;
}
