/**
 * The watch hub against a model: random histories on a real store that is fed behind a leader's, sometimes gets the
 * leader's whole state at once, and compacts; random watchers, full sinks and streams that come back. Every notice is held
 * against etcd's promises:
 *
 *     ordered, unique, reliable    what a watcher is told is the next event of its range, always
 *     atomic                       a revision is told whole, in one notice or its fragments
 *     resumable                    a watch opened anew at the next revision goes on where the last one ended
 *     bookmarkable                 a progress notice speaks the truth: nothing up to its revision is missing
 *     created first, nothing after canceled, headers that never go back
 */

import t from 'tap';
import type {
  Change,
  History,
  WatchCreate,
  WatchNotice,
  WatchSink,
  WatchStream,
} from '../../src/mvcc/types.ts';
import type { Event, RequestOp } from '../../src/wire/messages.ts';
import { Model } from './model.ts';
import { del, delOp, outcome, put, putOp, show, txn } from './requests.ts';
import { install, type Jobs, showEvent, WatchRig, watch } from './watch-rig.ts';

/** Repeatable numbers. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 13), 0x297a2d39);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const keys = ['a', 'b', 'ba', 'c', 'd', 'e'];
const ends = ['', '', '', '\0', 'b', 'c', 'e', 'f'];

interface Told {
  revision: number;
  key: string;
  kind: string;
  text: string;
}

/** The log that the leader wrote and what it says to watchers. */
class Truth {
  readonly model = new Model(new Set());
  readonly leader = new WatchRig();
  readonly log: ((rig: WatchRig) => void)[] = [];

  do(work: (target: Model | WatchRig['store']) => unknown): void {
    const onStore = (rig: WatchRig): void => void outcome(() => work(rig.store));
    outcome(() => work(this.model));
    onStore(this.leader);
    this.log.push(onStore);
  }

  told(index: number): Told | undefined {
    const event = this.model.events[index];
    if (event === undefined) return undefined;
    const [, kind, rest] = event.text.split(' ');
    return { revision: event.revision, key: rest!.split('@')[0]!, kind: kind!, text: event.text };
  }

  before(key: string, revision: number): string | null {
    const pair = this.model.states.get(revision - 1)?.get(key);
    return pair === undefined ? null : `${key}@${pair.create}/${pair.mod}/${pair.version}=${pair.value}`;
  }
}

/** One watch as its client sees it, over all the streams it was opened on. */
class Client {
  readonly create: WatchCreate;
  readonly #truth: Truth;
  /** The first revision it is to be told; -1 until it is known. */
  start: number;
  /** Where in the truth the search for the next event begins. */
  #at = 0;
  #partial: Event[] = [];
  #lastSeen = 0;
  isCreated = false;
  isCanceled = false;
  /** It can only end by compaction if this is true. */
  mayFallBehind = false;

  constructor(truth: Truth, create: WatchCreate) {
    this.#truth = truth;
    this.create = create;
    this.start = create.startRevision === 0 ? -1 : create.startRevision;
  }

  /** The first revision of which it may lack something. */
  get cursor(): number {
    return Math.max(this.start, this.#lastSeen + 1);
  }

  next(): Told | undefined {
    const { key, end, noPut, noDelete } = this.create;
    for (; ; this.#at++) {
      const told = this.#truth.told(this.#at);
      if (told === undefined) return undefined;
      const isIn =
        end === '' ? told.key === key : end === '\0' ? told.key >= key : told.key >= key && told.key < end;
      const isFiltered = told.kind === 'delete' ? noDelete : noPut;
      if (isIn && !isFiltered && told.revision >= this.start) return told;
    }
  }

  events(notice: WatchNotice, compactRevision: number): void {
    if (notice.fragment && !this.create.fragment) throw new Error('a fragment nobody asked for');
    if (notice.events.length === 0) throw new Error('an empty fragment');
    this.#partial.push(...notice.events);
    if (notice.fragment) return;
    let revision = 0;
    for (const event of this.#partial) {
      const expected = this.next();
      if (showEvent(event) !== expected?.text)
        throw new Error(`told ${showEvent(event)}, due is ${expected?.text}`);
      revision = expected.revision;
      this.#checkPrevious(event, expected, compactRevision);
      this.#at++;
    }
    this.#partial = [];
    this.#lastSeen = revision;
    if (this.next()?.revision === revision) throw new Error(`revision ${revision} was split`);
    if (notice.revision < revision) throw new Error(`header ${notice.revision} with revision ${revision}`);
  }

  #checkPrevious(event: Event, { key, revision, kind }: Told, compactRevision: number): void {
    const found = event.prevKv === null ? null : show(event.prevKv);
    const before = this.create.prevKv && kind !== 'create' ? this.#truth.before(key, revision) : null;
    if (found === before) return;
    if (found === null && revision - 1 < compactRevision) return;
    throw new Error(`${key} at ${revision} was ${before}, told ${found}`);
  }

  progress(revision: number): void {
    if (this.#partial.length > 0) throw new Error('progress within fragments');
    if (revision < this.create.startRevision)
      throw new Error(`progress ${revision} before the start at ${this.start}`);
    const due = this.next();
    if (due !== undefined && due.revision <= revision)
      throw new Error(`progress ${revision}, due is ${due.text}`);
    this.#lastSeen = Math.max(this.#lastSeen, revision);
  }

  reopen(): void {
    this.isCreated = false;
    this.#partial = [];
  }
}

/** One stream as its client sees it. */
class Line implements WatchSink {
  readonly clients: Map<number, Client> = new Map();
  readonly stream: WatchStream;
  readonly #rig: WatchRig;
  readonly #dice: Dice;
  /** Creates that were not answered yet, in order. */
  readonly #asked: Client[] = [];
  readonly #fullPercent: number;
  isFull = false;
  #header = 0;
  counts = { events: 0, progress: 0, compacted: 0, fragments: 0 };

  constructor(rig: WatchRig, dice: Dice, fullPercent: number) {
    this.#rig = rig;
    this.#dice = dice;
    this.#fullPercent = fullPercent;
    this.stream = rig.hub.open(this);
  }

  open(client: Client): void {
    this.#asked.push(client);
    if (this.#fullPercent > 0) client.mayFallBehind = true;
    this.stream.create({ ...client.create, startRevision: client.start < 0 ? 0 : client.cursor });
  }

  send(notice: WatchNotice): boolean {
    if (this.isFull) throw new Error('a full sink was sent something');
    const { watchId, revision, created, canceled, compactRevision, events } = notice;
    if (compactRevision === 0) {
      if (revision < this.#header) throw new Error(`header ${revision} behind ${this.#header}`);
      if (revision > this.#rig.store.revision) throw new Error(`header ${revision} is of the future`);
      this.#header = revision;
    } else if (revision !== 0) throw new Error('a compacted watcher with a header revision');
    if (created) this.#created(notice);
    else if (watchId === -1) this.#progressOfAll(notice);
    else {
      const client = this.clients.get(watchId);
      if (client === undefined || !client.isCreated || client.isCanceled) {
        throw new Error(`a notice of watch ${watchId}, which is none`);
      }
      if (canceled) this.#canceled(client, notice);
      else if (events.length > 0) {
        client.events(notice, this.#rig.store.compactRevision);
        this.counts.events += events.length;
        if (notice.fragment) this.counts.fragments++;
      } else {
        if (!client.create.progressNotify) throw new Error('progress nobody asked for');
        client.progress(revision);
        this.counts.progress++;
      }
    }
    this.isFull = this.#dice.chance(this.#fullPercent);
    return !this.isFull;
  }

  #created({ watchId, revision, canceled }: WatchNotice): void {
    const client = this.#asked.shift();
    if (client === undefined || canceled) throw new Error('created what nobody asked for');
    if (client.start < 0) client.start = revision + 1;
    client.isCreated = true;
    this.clients.set(watchId, client);
  }

  #progressOfAll({ revision, events }: WatchNotice): void {
    if (events.length > 0) throw new Error('events for all watchers');
    if (this.clients.size === 0) throw new Error('progress of a stream without watchers');
    for (const client of this.clients.values()) {
      if (client.isCanceled) throw new Error('progress with a compacted watcher');
      client.progress(revision);
    }
    this.counts.progress++;
  }

  #canceled(client: Client, { compactRevision, cancelReason }: WatchNotice): void {
    client.isCanceled = true;
    if (compactRevision === 0) return;
    this.counts.compacted++;
    if (cancelReason !== '') throw new Error('compacted with a reason');
    if (compactRevision !== this.#rig.store.compactRevision)
      throw new Error(`compacted at ${compactRevision}?`);
    if (client.cursor >= compactRevision)
      throw new Error(`nothing that it needs at ${client.cursor} is compacted`);
    if (!client.mayFallBehind) throw new Error('compacted, although it was always at the head');
  }
}

/** Reads that bring a few revisions only, and sometimes take long. */
function choppy(dice: Dice): (history: History) => History {
  return (history) => ({
    get revision() {
      return history.revision;
    },
    get compactRevision() {
      return history.compactRevision;
    },
    previous: (key, revision) => history.previous(key, revision),
    read: (from, maxBytes, done) =>
      history.read(from, maxBytes, (error, changes, next) => {
        const cut = from + 1 + dice.below(8);
        if (error !== null || cut >= next) done(error, changes, next);
        else
          done(
            null,
            changes.filter((change: Change) => change.revision < cut),
            cut,
          );
      }),
  });
}

class Run {
  readonly dice: Dice;
  readonly truth = new Truth();
  readonly rig: WatchRig;
  readonly lines: Line[] = [];
  readonly clients: Client[] = [];
  readonly counts = { events: 0, progress: 0, compacted: 0, fragments: 0, installs: 0 };
  /** How much of the log the follower has. */
  #applied = 0;
  #isInstalling = false;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.rig = new WatchRig(
      {
        ringChanges: this.dice.pick([1, 4, 12, 1000]),
        ringBytes: this.dice.pick([500, 3000, 1_000_000]),
        maxNoticeBytes: this.dice.pick([80, 200, 1000]),
        batchBytes: this.dice.pick([1, 100, 500, 10_000]),
        batchRevisions: this.dice.pick([1, 2, 5, 1000]),
        historyReadBytes: this.dice.pick([1, 1000]),
        pumpChanges: this.dice.pick([1, 10, 1000]),
      },
      choppy(this.dice),
    );
  }

  step(): void {
    const { dice, rig } = this;
    const roll = dice.below(100);
    if (roll < 22) this.#put();
    else if (roll < 26) this.#write();
    else if (roll < 28) this.#compact();
    else if (roll < 55) this.#apply(1 + dice.below(4));
    else if (roll < 62) this.#openWatch();
    else if (roll < 64) this.#reopen();
    else if (roll < 66) this.#cancel();
    else if (roll < 70) this.#resume(dice.pick(this.lines));
    else if (roll < 73) dice.pick(this.lines)?.stream.requestProgress();
    else if (roll < 75) rig.hub.progressTick();
    else if (roll < 76) this.#install();
    else if (roll < 88) rig.hub.pump();
    else if (roll < 97) rig.jobs.runOne();
    else if (!this.#isInstalling) rig.store.compactStep(2);
  }

  #put(): void {
    const request = put(this.dice.pick(keys), String(this.dice.below(9)));
    this.truth.do((target) => target.put(request));
  }

  #write(): void {
    const { dice } = this;
    const key = dice.pick(keys);
    if (dice.chance(40)) {
      const end = dice.pick(ends);
      this.truth.do((target) => target.deleteRange(del(key, end)));
      return;
    }
    const ops: RequestOp[] = [];
    for (const name of keys) {
      if (dice.chance(40)) continue;
      ops.push(dice.chance(70) ? putOp(put(name, 'txn')) : delOp(del(name)));
    }
    this.truth.do((target) => target.txn(txn(ops)));
  }

  #compact(): void {
    const revision = this.truth.model.revision - this.dice.below(12);
    this.truth.do((target) => target.compact(revision));
  }

  #apply(count: number): void {
    if (this.#isInstalling) return;
    for (let i = 0; i < count && this.#applied < this.truth.log.length; i++) {
      this.truth.log[this.#applied++]!(this.rig);
    }
  }

  #openWatch(): void {
    const { dice, rig } = this;
    let line = dice.pick(this.lines);
    if (line === undefined || dice.chance(40)) {
      line = new Line(rig, dice, dice.pick([0, 0, 10, 50]));
      this.lines.push(line);
    }
    const head = rig.store.revision;
    const startRevision = dice.pick([
      0,
      0,
      1,
      Math.max(1, head - dice.below(15)),
      head + 1,
      head + dice.below(10),
    ]);
    const client = new Client(
      this.truth,
      watch(dice.pick(keys), {
        end: dice.pick(ends),
        startRevision,
        progressNotify: dice.chance(50),
        noPut: dice.chance(10),
        noDelete: dice.chance(10),
        prevKv: dice.chance(50),
        fragment: dice.chance(50),
      }),
    );
    const { end, key } = client.create;
    if (end !== '' && end !== '\0' && end <= key) return;
    if (this.#isInstalling || (startRevision > 0 && startRevision <= head)) client.mayFallBehind = true;
    this.clients.push(client);
    line.open(client);
  }

  /** A client loses its stream and goes on with another one. */
  #reopen(): void {
    const line = this.dice.pick(this.lines);
    if (line === undefined) return;
    this.#close(line);
    const again = new Line(this.rig, this.dice, this.dice.pick([0, 20]));
    this.lines.push(again);
    for (const client of line.clients.values()) {
      if (client.isCanceled) continue;
      client.reopen();
      client.mayFallBehind = true;
      again.open(client);
    }
  }

  #close(line: Line): void {
    line.stream.close();
    this.lines.splice(this.lines.indexOf(line), 1);
    for (const name of ['events', 'progress', 'compacted', 'fragments'] as const) {
      this.counts[name] += line.counts[name];
    }
  }

  #cancel(): void {
    const line = this.dice.pick(this.lines);
    const entry = line === undefined ? undefined : this.dice.pick([...line.clients]);
    if (line === undefined || entry === undefined) return;
    const [id, client] = entry;
    // A cancel of a compacted watch is answered once more.
    client.isCanceled = false;
    line.stream.cancel(id);
    this.#resumeFully(line);
    if (!client.isCanceled) throw new Error('a cancel without an answer');
    line.clients.delete(id);
  }

  #resume(line: Line | undefined): void {
    if (line === undefined || !line.isFull) return;
    line.isFull = false;
    line.stream.resume();
  }

  #resumeFully(line: Line): void {
    while (line.isFull) this.#resume(line);
  }

  #install(): void {
    if (this.#isInstalling) return;
    this.#isInstalling = true;
    this.counts.installs++;
    for (const client of this.clients) client.mayFallBehind = true;
    const upTo = this.truth.log.length;
    const { leader } = this.truth;
    install(leader, this.rig, upTo, () => {
      this.#applied = upTo;
      this.#isInstalling = false;
    });
    // What the leader does for it does not take the follower's time.
    while (leader.jobs.length > 0) leader.jobs.runOne();
  }

  finish(): void {
    const { rig } = this;
    while (this.#isInstalling || leaderBusy(this.truth.leader.jobs)) {
      this.truth.leader.jobs.runOne();
      rig.jobs.runOne();
    }
    this.#apply(this.truth.log.length);
    let isQuiet = false;
    while (!isQuiet) {
      rig.settle();
      isQuiet = true;
      for (const line of this.lines) {
        if (line.isFull) isQuiet = false;
        this.#resumeFully(line);
      }
    }
    for (const line of this.lines) {
      for (const client of line.clients.values()) {
        if (!client.isCanceled && client.next() !== undefined) {
          throw new Error(`never told ${client.next()!.text}`);
        }
      }
    }
    if (rig.store.digest !== this.truth.leader.store.digest) throw new Error('the stores differ');
    let watchers = 0;
    for (const line of this.lines) watchers += line.clients.size;
    if (rig.hub.watcherCount !== watchers) throw new Error(`${rig.hub.watcherCount} watchers of ${watchers}`);
    while (this.lines.length > 0) this.#close(this.lines[0]!);
    if (rig.hub.watcherCount + rig.hub.streamCount + rig.hub.slowWatcherCount !== 0)
      throw new Error('a leak');
  }
}

function leaderBusy(jobs: Jobs): boolean {
  return jobs.length > 0;
}

t.test('the hub keeps every promise of etcd to every watcher, whatever happens', (t) => {
  const { WATCH_SEEDS, WATCH_SEED } = process.env;
  const seeds = Number(WATCH_SEEDS ?? 300);
  const first = Number(WATCH_SEED ?? 1);
  const sums = { events: 0, progress: 0, compacted: 0, fragments: 0, installs: 0 };
  for (let seed = first; seed < first + seeds; seed++) {
    const run = new Run(seed);
    try {
      for (let i = 0; i < 400; i++) run.step();
      run.finish();
    } catch (error) {
      t.fail(`seed ${seed}: ${(error as Error).stack}`);
      break;
    }
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += run.counts[name];
  }
  t.comment(JSON.stringify(sums));
  for (const [name, sum] of Object.entries(sums)) t.ok(sum > seeds / 10, `${name} happened`);
  t.end();
});
