/**
 * Watchers that come and go: from now, from the past, from the compacted past, from the future; some read slowly, some
 * move to another member and go on where they were, as a client library does.
 */

import type { WatchCreate, WatchHub, WatchNotice, WatchStream } from '../../mvcc/types.ts';
import type { SimClock, SimProcess } from '../sim-clock.ts';
import type { SimRandom } from '../sim-random.ts';
import type { Swarm } from '../swarm.ts';
import type { History } from './history.ts';
import type { Replay } from './replay.ts';
import { WatchHistory } from './watch-history.ts';

/** Where a watcher can be opened. */
export interface WatchPort {
  readonly name: string;
  readonly node: number;
  readonly hub: WatchHub;
  /** Its events run on this process, so that they stop with it. */
  readonly process: SimProcess;
}

interface Watcher {
  readonly index: number;
  node: number;
  stream: WatchStream | null;
  history: WatchHistory | null;
  /** The stream is full until the reader catches up. */
  full: boolean;
  /** Raised with every stream, so that what was set up for an earlier one does nothing. */
  round: number;
}

export class Watchers {
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private readonly replay: Replay;
  private readonly clients: History;
  private readonly portOf: (node: number) => WatchPort | null;
  private readonly watchers: Watcher[] = [];
  /** Those with something to judge. */
  private readonly touched: Set<WatchHistory> = new Set();
  private calm = false;
  /** Counts for the report of a run. */
  readonly counts = { opened: 0, events: 0, compacted: 0 };

  constructor(
    clock: SimClock,
    random: SimRandom,
    swarm: Swarm,
    replay: Replay,
    clients: History,
    portOf: (node: number) => WatchPort | null,
  ) {
    this.clock = clock;
    this.random = random;
    this.swarm = swarm;
    this.replay = replay;
    this.clients = clients;
    this.portOf = portOf;
  }

  start(): void {
    for (let index = 0; index < this.swarm.watchers; index++) {
      const watcher: Watcher = { index, node: -1, stream: null, history: null, full: false, round: 0 };
      this.watchers.push(watcher);
      this.later(watcher, this.random.between(0, 500));
    }
  }

  /** No watcher leaves by itself any more and all read fast, so that they can reach the head. */
  settle(): void {
    this.calm = true;
    for (const watcher of this.watchers) {
      this.drain(watcher, watcher.round);
      if (watcher.stream !== null && this.portOf(watcher.node) === null) this.leave(watcher);
    }
  }

  /** Goes to another member, and on where it was. */
  private leave(watcher: Watcher): void {
    watcher.stream?.close();
    watcher.stream = null;
    watcher.round++;
    this.later(watcher, 1);
  }

  memberDied(node: number): void {
    for (const watcher of this.watchers) {
      if (watcher.node !== node || watcher.stream === null) continue;
      watcher.stream = null;
      watcher.round++;
      this.later(watcher, this.random.between(1, 500));
    }
  }

  /** @throws Violation */
  judge(): void {
    if (this.touched.size === 0) return;
    for (const history of this.touched) {
      const before = history.events;
      history.judge();
      this.counts.events += history.events - before;
    }
    this.touched.clear();
    for (const watcher of this.watchers) {
      if (watcher.history?.ended != null && watcher.stream !== null) this.reopen(watcher);
    }
  }

  /** The first watcher that is not at the head, or null. */
  behind(revision: number): string | null {
    for (const watcher of this.watchers) {
      // Its member was removed meanwhile and will hear of nothing any more.
      if (watcher.stream !== null && this.portOf(watcher.node) === null) this.leave(watcher);
      try {
        if (watcher.stream === null) return `watcher ${watcher.index} has no stream`;
        watcher.history?.judge();
        watcher.history?.judgeAtHead(revision);
      } catch (error) {
        return (error as Error).message;
      }
    }
    return null;
  }

  private reopen(watcher: Watcher): void {
    this.counts.compacted++;
    watcher.stream?.close();
    watcher.stream = null;
    watcher.history = null;
    watcher.round++;
    this.later(watcher, this.random.between(1, 300));
  }

  private later(watcher: Watcher, delay: number): void {
    const round = watcher.round;
    this.clock.schedule(this.calm ? delay : delay * this.swarm.pace, null, () => {
      if (watcher.round === round && watcher.stream === null) this.open(watcher);
    });
  }

  private open(watcher: Watcher): void {
    const port = this.portOf(this.random.below(this.swarm.nodes + this.swarm.spares));
    if (port === null) {
      this.later(watcher, 100);
      return;
    }
    const create = this.drawCreate(watcher);
    const round = ++watcher.round;
    const history = new WatchHistory(`${watcher.index}#${round} at ${port.name}`, create, this.replay);
    watcher.node = port.node;
    watcher.history = history;
    watcher.full = false;
    watcher.stream = port.hub.open({ send: (notice) => this.take(watcher, round, history, notice) });
    this.counts.opened++;
    watcher.stream.create(create);
    this.whimLater(watcher, round, port);
  }

  private whimLater(watcher: Watcher, round: number, { process }: WatchPort): void {
    const meanMs = 4000 * this.swarm.pace * this.swarm.stretch;
    this.clock.schedule(this.random.exponential(meanMs), process, () => this.whim(watcher, round));
  }

  /** Goes on where it was, or begins anew somewhere in time. */
  private drawCreate(watcher: Watcher): WatchCreate {
    const before = watcher.history;
    if (before !== null && before.ended === null && (this.calm || this.random.chance(0.7))) {
      return { ...before.create, startRevision: Math.max(before.cursor, 0) };
    }
    const one = this.random.chance(0.4);
    const offset = this.random.below(200) - 100;
    const around = this.random.chance(0.2) ? 1 : Math.max(1, this.clients.floor + offset);
    const startRevision = this.calm || this.random.chance(0.4) ? 0 : around;
    return {
      key: one ? `k/${this.random.below(this.swarm.keys)}` : 'k/',
      end: one ? '' : this.random.pick(['k0', '\0']),
      startRevision,
      progressNotify: this.random.chance(0.5),
      noPut: this.random.chance(0.1),
      noDelete: this.random.chance(0.1),
      prevKv: this.random.chance(0.5),
      watchId: 0,
      fragment: this.random.chance(0.3),
    };
  }

  private take(watcher: Watcher, round: number, history: WatchHistory, notice: WatchNotice): boolean {
    history.notice(notice);
    this.touched.add(history);
    if (watcher.round !== round) return true;
    if (this.calm || !this.random.chance(0.2)) return true;
    watcher.full = true;
    this.clock.schedule(this.random.exponential(100), null, () => this.drain(watcher, round));
    return false;
  }

  private drain(watcher: Watcher, round: number): void {
    if (watcher.round !== round || !watcher.full) return;
    watcher.full = false;
    watcher.stream?.resume();
  }

  /** Asks for progress, or leaves and comes back. */
  private whim(watcher: Watcher, round: number): void {
    if (watcher.round !== round || watcher.stream === null || this.calm) return;
    if (this.random.chance(0.5)) {
      watcher.stream.requestProgress();
    } else {
      watcher.stream.close();
      watcher.stream = null;
      watcher.round++;
      this.later(watcher, this.random.between(1, 1000));
      return;
    }
    const port = this.portOf(watcher.node);
    if (port !== null) this.whimLater(watcher, round, port);
  }
}
