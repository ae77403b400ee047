/**
 * Virtual time: one queue of events for the whole world, and for each process in it a clock, timers and a scheduler.
 *
 * Invariants:
 *   - Events run in the order (time, sequence); nothing else decides who goes first.
 *   - A process lives once. After its death none of its callbacks runs, not even one that code on its way out asks
 *     for; a restart is a new process on the old disk. A process that is paused gets its events later, in order.
 *   - A process sees only its own clock. Its monotonic clock may run fast or slow and may stand still over a suspend,
 *     its wall clock may jump, but the monotonic clock never goes back.
 */

import type { Clock, Logger, Random, Runtime, Scheduler, Timer } from '../util/runtime.ts';
import { silentLogger } from '../util/runtime.ts';

export type ProcessState = 'up' | 'paused' | 'dead';

/** One life of a computer process: what a crash ends and a pause stops. */
export class SimProcess {
  /** Which node of the world it runs on. */
  readonly index: number;
  state: ProcessState = 'up';
  /** Events that came due during a pause. */
  held: SimEvent[] = [];

  constructor(index: number) {
    this.index = index;
  }
}

class SimEvent implements Timer {
  at: number;
  sequence: number;
  readonly process: SimProcess | null;
  fire: (() => void) | null;

  constructor(at: number, sequence: number, process: SimProcess | null, fire: () => void) {
    this.at = at;
    this.sequence = sequence;
    this.process = process;
    this.fire = fire;
  }

  cancel(): void {
    this.fire = null;
  }
}

/** What `SimClock.step` did. */
export const Stepped = { Nothing: 0, Ran: 1, Empty: 2 } as const;
export type Stepped = (typeof Stepped)[keyof typeof Stepped];

export class SimClock {
  /** Virtual milliseconds since the run began. */
  now = 0;
  /** Events that ran. */
  steps = 0;
  /** The process whose event ran last; null for the world's own. */
  ran: SimProcess | null = null;
  private sequence = 0;
  private readonly heap: SimEvent[] = [];

  /** Calls `fire` after `delay` virtual milliseconds, unless `process` has died by then. Null is the world itself. */
  schedule(delay: number, process: SimProcess | null, fire: () => void): SimEvent {
    if (!(delay >= 0)) throw new Error(`an event cannot be due ${delay} ms from now`);
    const event = new SimEvent(this.now + delay, this.sequence++, process, fire);
    this.push(event);
    return event;
  }

  /** Runs the next event. `Nothing` means that it was dropped or held back; `Empty` that none is left. */
  step(): Stepped {
    const event = this.pop();
    if (event === null) return Stepped.Empty;
    const fire = event.fire;
    if (fire === null) return Stepped.Nothing;
    if (event.at > this.now) this.now = event.at;
    const process = event.process;
    if (process !== null) {
      if (process.state === 'dead') return Stepped.Nothing;
      if (process.state === 'paused') {
        process.held.push(event);
        return Stepped.Nothing;
      }
    }
    event.fire = null;
    this.ran = process;
    this.steps++;
    fire();
    return Stepped.Ran;
  }

  /** Time of the next event, or Infinity. */
  nextAt(): number {
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0]!.at;
  }

  /** Ends the process: nothing that it set in motion on itself happens any more. */
  kill(process: SimProcess): void {
    process.state = 'dead';
    process.held = [];
  }

  pause(process: SimProcess): void {
    if (process.state === 'up') process.state = 'paused';
  }

  /** Lets a paused process go on: what came due meanwhile runs now, in its order. */
  resume(process: SimProcess): void {
    if (process.state !== 'paused') return;
    process.state = 'up';
    const held = process.held;
    process.held = [];
    for (const event of held) {
      if (event.fire === null) continue;
      // The same object goes back, for its owner may still cancel it.
      event.at = this.now;
      event.sequence = this.sequence++;
      this.push(event);
    }
  }

  private push(event: SimEvent): void {
    const heap = this.heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up]!;
      if (before(parent, event)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  private pop(): SimEvent | null {
    const heap = this.heap;
    if (heap.length === 0) return null;
    const top = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      const lower = heap[child]!;
      if (before(last, lower)) break;
      heap[at] = lower;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

export interface NodeClockOptions {
  /** Local milliseconds per virtual millisecond. @default 1 */
  readonly rate?: number;
  /** Where the monotonic clock starts. @default 0 */
  readonly offset?: number;
  /** Wall time when the world began. @default 1_700_000_000_000 */
  readonly wallOrigin?: number;
}

/** The clock of one process. */
export class NodeClock implements Clock {
  private readonly world: SimClock;
  private readonly process: SimProcess;
  private readonly rate: number;
  private offset: number;
  private wallOffset: number;

  constructor(world: SimClock, process: SimProcess, options: NodeClockOptions = {}) {
    this.world = world;
    this.process = process;
    this.rate = options.rate ?? 1;
    this.offset = options.offset ?? 0;
    this.wallOffset = options.wallOrigin ?? 1_700_000_000_000;
    if (!(this.rate > 0)) throw new Error('a clock runs forward');
  }

  now(): number {
    return this.offset + this.world.now * this.rate;
  }

  wallNow(): number {
    return Math.floor(this.wallOffset + this.world.now * this.rate);
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const due = this.now() + Math.max(0, delayMs);
    const timer = new NodeTimer();
    this.arm(timer, due, fire);
    return timer;
  }

  /** The wall clock jumps by this much, either way. */
  stepWall(byMs: number): void {
    this.wallOffset += byMs;
  }

  /** The whole machine stood still for this long and its monotonic clock with it. */
  suspended(forMs: number): void {
    this.offset -= forMs * this.rate;
  }

  private arm(timer: NodeTimer, due: number, fire: () => void): void {
    const left = Math.max(0, (due - this.now()) / this.rate);
    timer.event = this.world.schedule(left, this.process, () => {
      // A suspend moves the local clock back against the world's: then the time has not come yet.
      if (this.now() < due - 1e-6) this.arm(timer, due, fire);
      else fire();
    });
  }
}

class NodeTimer implements Timer {
  event: SimEvent | null = null;
  cancel(): void {
    this.event?.cancel();
  }
}

/** Runs deferred jobs in order, each a little after it was asked for: the time a turn of the event loop takes. */
export class NodeScheduler implements Scheduler {
  private readonly world: SimClock;
  private readonly process: SimProcess;
  private lastDue = 0;
  /** Virtual milliseconds from `defer` to the job. Raising it makes a slow processor. */
  turnMs: number;

  constructor(world: SimClock, process: SimProcess, turnMs: number) {
    this.world = world;
    this.process = process;
    this.turnMs = turnMs;
  }

  defer(job: () => void): void {
    this.lastDue = Math.max(this.lastDue, this.world.now + this.turnMs);
    this.world.schedule(this.lastDue - this.world.now, this.process, job);
  }
}

export interface NodeRuntimeOptions extends NodeClockOptions {
  /** @default 0.05 */
  readonly turnMs?: number;
  readonly log?: Logger;
}

/** The runtime of one life of one process. */
export class NodeRuntime implements Runtime {
  readonly clock: NodeClock;
  readonly random: Random;
  readonly scheduler: NodeScheduler;
  readonly log: Logger;

  constructor(world: SimClock, process: SimProcess, random: Random, options: NodeRuntimeOptions = {}) {
    this.clock = new NodeClock(world, process, options);
    this.random = random;
    this.scheduler = new NodeScheduler(world, process, options.turnMs ?? 0.05);
    this.log = options.log ?? silentLogger;
  }
}
