/** What belongs to the turns of a member and not to its log and state: the loop knows it by these names only. */

import type { ConfState, Entry, NodeId } from '../raft/types.ts';

/** What the member adds to the loop. None of it is called once the loop has ended. */
export interface LoopHooks {
  /** At the beginning of a turn, when everything that arrived has been stepped. */
  turnBegins(): void;
  /** After each entry. */
  applied(index: number): void;
  /** At the end of a turn, when everything is applied that could be. */
  turnEnds(): void;
  /** After each tick. @param startedBefore when what has run out of time by now began */
  ticked(startedBefore: number): void;
  /** There is work that only a turn does. */
  hasWork(): boolean;
  /** Something goes by ticks: each is to be a whole one, and `ticked` called at it. */
  goesByTicks(): boolean;
  /** A frame that is neither of the core nor of a transfer. @throws Error when it does not parse */
  frame(from: NodeId, bytes: Uint8Array): void;
  /** Another state has taken the place of the one that was applied. */
  installed(): void;
  /** A frame came from a member that was removed. */
  heardRemoved(from: NodeId): void;
  /** Another member says that this one was removed. */
  toldRemoved(): void;
  /** A configuration is applied. */
  configured(entry: Entry, conf: ConfState): void;
  /** The members are others than before, or their addresses. */
  membersChanged(): void;
  /** The loop has ended by an error that must not be worked around. */
  failed(error: Error): void;
}
