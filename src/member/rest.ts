/**
 * Rest: a member with nothing to do wakes less often. After a while without anything new for the log it ticks in steps of
 * several heartbeats, and so does the leader's heartbeat; the first entry, or a leader that is gone, ends that at once.
 *
 * What it must not change is when an election begins. A third of the shortest election timeout is the longest step, so
 * a follower misses two heartbeats before it stands. And only whole heartbeats since the leader was heard count:
 * counter-example, with steps of three ticks of 100 ms and a timeout of ten: the leader is heard a millisecond before a
 * step, the step counts three ticks, and the follower stands after 701 ms and not after 1000.
 *
 * A follower that hears its leader is awake, and ticks then. Its own timer is for a leader that is silent, and is first due
 * when an election may be: a timer that is put off for less wakes the process all the same, since Node lets what it has set
 * run out.
 *
 * And it answers every second heartbeat of a leader that rests, too: an answer wakes the leader and says that it is alive,
 * which a leader wants to know once in an election timeout. Two steps are two thirds of that, so an answer may be late by
 * as much as a heartbeat may.
 */

/** Ticks without anything new after which a member rests: five seconds with etcd's heartbeat. */
const ticksUntilRest = 50;

export class Rest {
  readonly #heartbeatMs: number;
  readonly #electionTicks: number;
  readonly #longestTicks: number;
  #activeAt: number;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isResting = false;
  #hasAnswered = false;

  /** @param electionTicks the shortest election timeout */
  constructor(heartbeatMs: number, electionTicks: number, now: number) {
    this.#heartbeatMs = heartbeatMs;
    this.#electionTicks = electionTicks;
    this.#longestTicks = Math.max(1, Math.floor(electionTicks / 3));
    this.#activeAt = now;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  /** The time between two ticks. */
  get periodMs(): number {
    return this.#isResting ? this.#longestTicks * this.#heartbeatMs : this.#heartbeatMs;
  }

  /** For so long a follower that has just heard its leader waits before it looks for itself. */
  get patienceMs(): number {
    return this.#electionTicks * this.#heartbeatMs;
  }

  /** There is something to do. @returns whether that ended a rest */
  disturb(now: number): boolean {
    this.#activeAt = now;
    const hasRested = this.#isResting;
    this.#isResting = false;
    return hasRested;
  }

  /** The leader has sent something. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#hasAnswered = true;
  }

  /**
   * The leader has said again what it said before.
   * @returns whether it is to be answered
   */
  heardAgain(now: number): boolean {
    // One that speaks at each heartbeat is at work.
    const rests = now - this.#heardAt >= 2 * this.#heartbeatMs;
    this.#heardAt = now;
    this.#hasAnswered = !rests || !this.#hasAnswered;
    return this.#hasAnswered;
  }

  /**
   * Ticks that have passed for the consensus, at a tick of the member.
   * @param tickedAt when the last one was
   */
  passed(now: number, tickedAt: number, leads: boolean): number {
    if (!this.#isResting) return 1;
    if (leads) {
      const steps = Math.round((now - tickedAt) / this.#heartbeatMs);
      return Math.min(this.#longestTicks, Math.max(1, steps));
    }
    const sinceMs = now - Math.max(tickedAt, this.#heardAt);
    const ticks = Math.floor(sinceMs / this.#heartbeatMs);
    // Much later than asked for, this process was stopped, and what the leader said meanwhile is still unread.
    return ticks * 2 <= this.#electionTicks * 3 ? ticks : this.#longestTicks;
  }

  /** Looks whether there was nothing to do for long enough. */
  look(now: number): void {
    this.#isResting = this.#longestTicks > 1 && now - this.#activeAt > ticksUntilRest * this.#heartbeatMs;
  }
}
