/** A machine of the simulated world: what outlives the members that run on it, and the one that runs on it now. */

import type { MemoryBackend, MemoryImage } from '../backend/memory-backend.ts';
import type { JoinOptions } from '../member/types.ts';
import type { NodeId } from '../raft/types.ts';
import type { LiveView } from './live-view.ts';
import type { NodeRuntime, SimProcess } from './sim-clock.ts';
import type { SimDisk } from './sim-disk.ts';
import type { LiveMember } from './sim-member.ts';
import type { SimRandom } from './sim-random.ts';
import type { DurableView } from './view.ts';

/** One machine. It is a member from the beginning, or one that may be added later: then once, under one id. */
export interface SimNode {
  readonly index: number;
  /** Empty as long as it was not added to the cluster. */
  id: NodeId;
  /** What it was told when it was added; null for one of the first members. */
  join: JoinOptions | null;
  /** It was removed from the cluster and does not come back. */
  retired: boolean;
  /** Its log has rotted, and what it promised cannot be known any more: it is to be replaced by another machine. */
  rotten: boolean;
  /** Up to here its log held what its disk has lost since; most hold that without it. 0 for nothing. */
  forgotten: number;
  readonly name: string;
  readonly disk: SimDisk;
  readonly random: SimRandom;
  readonly view: LiveView;
  image: MemoryImage;
  life: number;
  process: SimProcess | null;
  runtime: NodeRuntime | null;
  backend: MemoryBackend | null;
  /** Null while it is down or opening. */
  member: LiveMember | null;
  /** Asked to stop in an orderly way. */
  stopping: boolean;
  /** It was putting a state from elsewhere in force when it was last looked at. */
  installing: boolean;
  durable: DurableView | null;
  /** The disk's sync count that `durable` belongs to. */
  durableAt: number;
}

export function nodeName(index: number): string {
  return `n${index + 1}`;
}

export function peerUrl(index: number): string {
  return `http://${nodeName(index)}:2380`;
}
