/**
 * `keelson/sim`: the simulator that Keelson itself is tested with, for testing code that is built on it.
 *
 *     const cluster = createSimCluster({ seed: 1, nodes: 3 });
 *     cluster.startAll();
 *     cluster.runFor(5000);                   // five virtual seconds, in milliseconds of real time
 *     cluster.crash(0, CrashStyle.Torn);      // power cut in the middle of a write
 *     cluster.runFor(5000);
 *     cluster.portOf(1)?.write(…);            // ask a member, as a client would
 *
 * Nothing in it reads a clock, draws a random number or waits: a run is decided by its seed alone. Every step is held
 * against all invariants; a broken one throws `Violation`.
 */

import { SimCluster } from './cluster.ts';
import { gentleDisk } from './sim-disk.ts';
import { gentleNetwork } from './sim-network.ts';
import { SimRandom } from './sim-random.ts';
import { calmSwarm, drawSwarm, type Swarm } from './swarm.ts';
import { Trace, type TraceOptions } from './trace.ts';

export interface SimClusterOptions {
  /** Decides everything that is drawn. */
  readonly seed: number;
  /** Number of members. @default 3 */
  readonly nodes?: number;
  /** Draws delays, losses, drifting clocks and small limits from the seed; without it the world is kind. @default false */
  readonly rough?: boolean;
  /** Changes single settings of the world. */
  readonly shape?: (swarm: Swarm) => Swarm;
  readonly trace?: TraceOptions;
  /** Told when a life ends. @default nothing: call `restart` yourself */
  readonly onDied?: (node: number) => void;
}

/** Makes a cluster in virtual time; nothing runs before `startAll`. */
export function createSimCluster(options: SimClusterOptions): SimCluster {
  const random = new SimRandom(options.seed);
  const nodes = options.nodes ?? 3;
  const drawn = options.rough === true ? drawSwarm(random.fork('swarm'), nodes) : calmSwarm(nodes);
  return new SimCluster({
    random: random.fork('cluster'),
    swarm: options.shape === undefined ? drawn : options.shape(drawn),
    trace: new Trace(options.trace),
    mutant: '',
    hooks: { died: options.onDied ?? (() => {}), stepped: () => {} },
  });
}

export { SimCluster } from './cluster.ts';
export { type Control, controls } from './controls.ts';
export { CrashStyle } from './disk-image.ts';
export { invariants } from './invariants/index.ts';
export { type Invariant, Violation } from './invariants/invariant.ts';
export { Nemesis } from './nemesis.ts';
export { type Asked, History, type Operation } from './oracle/history.ts';
export { Model } from './oracle/model.ts';
export { Replay } from './oracle/replay.ts';
export { WatchHistory } from './oracle/watch-history.ts';
export type { MemberPort } from './oracle/workload.ts';
export { type Outcome, Run, type RunOptions, runSeed } from './run.ts';
export { type Shrunk, scriptOf, shrink, swarmOf } from './shrink.ts';
export { NodeClock, NodeRuntime, NodeScheduler, SimClock, SimProcess } from './sim-clock.ts';
export { type DiskFaults, SimDisk } from './sim-disk.ts';
export { type NetworkFaults, SimNetwork } from './sim-network.ts';
export { SimRandom } from './sim-random.ts';
export { drawSwarm, type Swarm } from './swarm.ts';
export { renderLine, Trace, type TraceLine, type TraceOptions } from './trace.ts';
export { gentleDisk, gentleNetwork };
