/** Counts what a client may do, but not without end. Beyond its allowance: GOAWAY ENHANCE_YOUR_CALM. */

import type { Clock } from '../../util/runtime.ts';
import { Allowance } from './allowance.ts';
import { ConnectionError, ErrorCode } from './frames.ts';
import * as limits from './limits.ts';

export class FloodGuard {
  private readonly resets: Allowance;
  private readonly settings: Allowance;
  private readonly idleFrames: Allowance;
  private readonly windowUpdates: Allowance;

  constructor(clock: Clock) {
    this.resets = new Allowance(clock, limits.RESET_BURST, limits.RESETS_PER_SECOND);
    this.settings = new Allowance(clock, limits.SETTINGS_BURST, limits.SETTINGS_PER_SECOND);
    this.idleFrames = new Allowance(clock, limits.IDLE_FRAME_BURST, limits.IDLE_FRAMES_PER_SECOND);
    this.windowUpdates = new Allowance(clock, limits.WINDOW_UPDATE_BURST, limits.WINDOW_UPDATES_PER_SECOND);
  }

  /** A call that was reset before its answer, or refused: by the client's wish or by its fault, the cost is ours. */
  countReset(): void {
    if (!this.resets.take()) throw flood('reset calls');
  }

  countSettings(): void {
    if (!this.settings.take()) throw flood('SETTINGS');
  }

  /** A frame that moves nothing. */
  countIdleFrame(): void {
    if (!this.idleFrames.take()) throw flood('frames without effect');
  }

  countWindowUpdate(): void {
    if (!this.windowUpdates.take()) throw flood('WINDOW_UPDATE');
  }

  /** Every byte sent is worth an update of the window that it used. */
  countSent(bytes: number): void {
    this.windowUpdates.give(bytes);
  }
}

function flood(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.EnhanceYourCalm, `too many ${what}`);
}
