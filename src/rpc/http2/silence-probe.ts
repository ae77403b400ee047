/**
 * Finds out whether a server is still there: a connection on which calls were made and nothing has come for some time is
 * probed with a ping, and given up when that is not answered either.
 *
 * A connection that has been answered and has no calls is left alone, for servers punish pings on idle connections.
 * A call that was given up unanswered counts as one: else a caller whose limit is shorter than the silence would go on
 * asking a dead server for ever.
 */

import type { TimerWheel } from './timer-wheel.ts';
import { WheelEntry } from './timer-wheel.ts';

export interface ProbedConnection {
  hasCalls(): boolean;
  ping(): void;
  giveUp(): void;
}

export class SilenceProbe extends WheelEntry {
  private readonly wheel: TimerWheel;
  private readonly silenceMs: number;
  private readonly timeoutMs: number;
  private readonly connection: ProbedConnection;
  private isArmed = false;
  private isWaiting = false;
  /** Set whenever something comes. */
  active = false;

  constructor(wheel: TimerWheel, silenceMs: number, timeoutMs: number, connection: ProbedConnection) {
    super();
    this.wheel = wheel;
    this.silenceMs = silenceMs;
    this.timeoutMs = timeoutMs;
    this.connection = connection;
  }

  /** A call was made. */
  arm(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    this.active = false;
    this.wheel.set(this, this.silenceMs);
  }

  onTimer(): void {
    if (this.active) {
      this.active = false;
      this.isWaiting = false;
      this.isArmed = this.connection.hasCalls();
      if (this.isArmed) this.wheel.set(this, this.silenceMs);
    } else if (this.isWaiting) {
      this.connection.giveUp();
    } else {
      this.isWaiting = true;
      this.connection.ping();
      this.wheel.set(this, this.timeoutMs);
    }
  }
}
