/**
 * What kind of run a seed is: every probability, size and time is itself drawn once per seed.
 *
 * A run with a little of everything seldom gets deep into anything. Drawing the mix per seed ("swarm testing", Groce et
 * al., ISSTA 2012; TigerBeetle's VOPR does the same) gives runs in which one fault rages and others are absent, and
 * short timeouts meet long delays.
 */

import { type DiskFaults, gentleDisk } from './sim-disk.ts';
import { gentleNetwork, type NetworkFaults } from './sim-network.ts';
import type { SimRandom } from './sim-random.ts';

/** How often something strikes and how long it lasts, in virtual milliseconds; `everyMs` Infinity is never. */
export interface Trouble {
  readonly everyMs: number;
  readonly lastsMs: number;
}

/** The shapes that a cluster can be cut into; see `nemesis.ts`. */
export type PartitionShape = 'halves' | 'isolate' | 'bridge' | 'ring' | 'oneWay' | 'echo' | 'links';

const allShapes: readonly PartitionShape[] = [
  'halves',
  'isolate',
  'bridge',
  'ring',
  'oneWay',
  'echo',
  'links',
];

export interface Swarm {
  /** A run that is this much longer and quieter: time passes in which next to nothing happens. */
  readonly stretch: number;
  /** How many times slower than usual this cluster is set: its heartbeats, and with them all that strikes or acts. */
  readonly pace: number;
  /** Members that the cluster begins with. */
  readonly nodes: number;
  /** Machines that may be added to it. */
  readonly spares: number;
  readonly maxLearners: number;
  readonly strictReconfigCheck: boolean;
  /** How often somebody changes the membership or moves the leadership. */
  readonly operateEveryMs: number;
  /** Probability that it is the leadership. */
  readonly moveChance: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  readonly crash: Trouble;
  /** Probability that a crash takes all nodes at once. */
  readonly crashAllChance: number;
  /** Probability that a crash comes in the middle of a disk operation. */
  readonly crashInOperationChance: number;
  /** Probability that a stop is orderly. */
  readonly stopChance: number;
  /** Probability that a crash takes the state with it, and not the log; as long as most members have theirs. */
  readonly stateLossChance: number;
  /** Probability that a bit of the log flips while a machine is down; as long as it is not one machine too many. */
  readonly bitFlipChance: number;
  /** Probability that a log loses its end while a machine is down: whole groups that were synced; as long as most have them without it. */
  readonly endLossChance: number;
  readonly pause: Trouble;
  readonly partition: Trouble;
  readonly partitionShapes: readonly PartitionShape[];
  readonly clog: Trouble;
  readonly stall: Trouble;
  readonly slow: Trouble;
  readonly wallStep: Trouble;
  /** Clock rates lie within 1 ± this. */
  readonly clockDrift: number;
  readonly turnMs: number;
  readonly clients: number;
  readonly thinkMs: number;
  /** A client gives up on an answer after this. */
  readonly patienceMs: number;
  readonly watchers: number;
  /** Who wants the lock. */
  readonly lockers: number;
  /** Users, whose rights change while they work. */
  readonly auth: boolean;
  /** Each member has limits of its own. */
  readonly mixedLimits: boolean;
  /** Holders of leases at a time. */
  readonly leases: number;
  readonly keys: number;
  readonly compactEveryMs: number;
  /** Weights of the operations. */
  readonly weights: OperationWeights;
  readonly limits: SwarmLimits;
}

export interface OperationWeights {
  readonly put: number;
  readonly delete: number;
  readonly compareAndSet: number;
  readonly transfer: number;
  readonly rangeLinearizable: number;
  readonly rangeSerializable: number;
  readonly rangeHistorical: number;
}

/** Limits of the member, small enough that each is reached. */
export interface SwarmLimits {
  readonly catchUpEntries: number;
  readonly catchUpBytes: number;
  readonly flushBytes: number;
  readonly flushMs: number;
  readonly raftMessageBytes: number;
  readonly walSegmentBytes: number;
  readonly maxPendingRequests: number;
  readonly valueBytes: number;
}

/** Between 0 and `high`, or nothing at all. */
function maybe(random: SimRandom, chance: number, high: number): number {
  return random.chance(chance) ? random.between(0, high) : 0;
}

function trouble(
  random: SimRandom,
  chance: number,
  every: [number, number],
  lasts: [number, number],
): Trouble {
  const present = random.chance(chance);
  const everyMs = random.between(every[0], every[1]);
  const lastsMs = random.between(lasts[0], lasts[1]);
  return { everyMs: present ? everyMs : Number.POSITIVE_INFINITY, lastsMs };
}

function drawNetwork(random: SimRandom): NetworkFaults {
  return {
    delayMs: random.pick([0.05, 0.3, 1, 5, 20]),
    jitterMs: random.pick([0.05, 0.5, 2, 10, 40]),
    dropChance: maybe(random, 0.4, 0.2),
    duplicateChance: maybe(random, 0.4, 0.2),
    reorderChance: maybe(random, 0.4, 0.3),
    tailChance: maybe(random, 0.3, 0.02),
    tailMs: random.pick([100, 1000, 5000]),
    replayChance: maybe(random, 0.3, 0.1),
    breakChance: maybe(random, 0.3, 0.01),
    connectMs: random.pick([0.5, 5, 50, 200]),
    noticeMs: random.pick([1, 200, 2000, 10_000]),
  };
}

function drawDisk(random: SimRandom): DiskFaults {
  return {
    writeMs: random.pick([0.01, 0.05, 0.5]),
    syncMs: random.pick([0.05, 0.2, 1, 10]),
    slowChance: maybe(random, 0.3, 0.05),
    slowMs: random.pick([10, 100, 1500]),
    syncErrorChance: maybe(random, 0.2, 0.002),
    writeErrorChance: maybe(random, 0.1, 0.001),
  };
}

function drawWeights(random: SimRandom): OperationWeights {
  return {
    put: random.between(1, 10),
    delete: maybe(random, 0.7, 4),
    compareAndSet: maybe(random, 0.7, 5),
    transfer: maybe(random, 0.7, 4),
    rangeLinearizable: random.between(1, 8),
    rangeSerializable: maybe(random, 0.7, 4),
    rangeHistorical: maybe(random, 0.6, 3),
  };
}

function drawOperations(
  random: SimRandom,
): Pick<Swarm, 'spares' | 'maxLearners' | 'strictReconfigCheck' | 'operateEveryMs' | 'moveChance'> {
  const active = random.chance(0.5);
  return {
    spares: active ? 1 + random.below(4) : 0,
    maxLearners: random.pick([1, 1, 3]),
    strictReconfigCheck: random.chance(0.7),
    operateEveryMs: active ? random.between(300, 6000) : Number.POSITIVE_INFINITY,
    moveChance: 0.25,
  };
}

/** Machines stand by for those whose disks rot, and nobody changes the membership for any other reason. */
const replacing: ReturnType<typeof drawOperations> = {
  spares: 3,
  maxLearners: 1,
  strictReconfigCheck: true,
  operateEveryMs: Number.POSITIVE_INFINITY,
  moveChance: 0,
};

/** Also for one member by itself, where limits are mixed. */
export function drawLimits(random: SimRandom): SwarmLimits {
  return {
    catchUpEntries: random.pick([1, 10, 50, 500]),
    catchUpBytes: random.pick([1 << 10, 1 << 20]),
    flushBytes: random.pick([256, 4096, 1 << 20]),
    flushMs: random.pick([50, 200, 1000]),
    raftMessageBytes: random.pick([64, 1024, 1 << 20]),
    walSegmentBytes: random.pick([2048, 8192, 65_536]),
    maxPendingRequests: random.pick([4, 1000]),
    valueBytes: random.pick([0, 20, 400]),
  };
}

/** How much longer and quieter a run may be: most of the time of real clusters nothing happens but heartbeats. */
export const stretches: readonly number[] = [1, 1, 1, 20, 20, 200];

/** That of a run which is asked to be quiet. */
export const quietStretch = 1000;

/** The same run, in which everything that strikes or acts at random does so less often. */
export function stretched(swarm: Swarm, by: number): Swarm {
  const rarer = ({ everyMs, lastsMs }: Trouble): Trouble => ({ everyMs: everyMs * by, lastsMs });
  const { crash, pause, partition, clog, stall, slow, wallStep } = swarm;
  return {
    ...swarm,
    stretch: by,
    crash: rarer(crash),
    pause: rarer(pause),
    partition: rarer(partition),
    clog: rarer(clog),
    stall: rarer(stall),
    slow: rarer(slow),
    wallStep: rarer(wallStep),
    thinkMs: swarm.thinkMs * by,
    compactEveryMs: swarm.compactEveryMs * by,
    operateEveryMs: swarm.operateEveryMs * by,
  };
}

/** Heartbeats that etcd may be given, in milliseconds; an election timeout of more than 50 s it refuses. */
export const heartbeatLimits: { readonly least: number; readonly most: number } = { least: 10, most: 5000 };
const electionMost = 50_000;

/** The cluster settings that a run may have, from the fastest to the slowest that etcd takes, as parts of the usual ones. */
export const paces: readonly number[] = [0.2, 1, 1, 1, 2.5, 5, 10, 50];

/**
 * The same run on a cluster with other timeouts. What strikes and acts does so as often as before per heartbeat, since it is
 * against timeouts that faults are long or short; delays of links and disks are those of the same machines.
 */
export function paced(swarm: Swarm, by: number): Swarm {
  const slower = ({ everyMs, lastsMs }: Trouble): Trouble => ({
    everyMs: everyMs * by,
    lastsMs: lastsMs * by,
  });
  const { crash, pause, partition, clog, stall, slow, wallStep } = swarm;
  const { least, most } = heartbeatLimits;
  const heartbeatMs = Math.min(most, Math.max(least, Math.round(swarm.heartbeatMs * by)));
  const ticks = Math.round(swarm.electionMs / swarm.heartbeatMs);
  return {
    ...swarm,
    pace: by,
    heartbeatMs,
    electionMs: Math.min(electionMost, heartbeatMs * ticks),
    crash: slower(crash),
    pause: slower(pause),
    partition: slower(partition),
    clog: slower(clog),
    stall: slower(stall),
    slow: slower(slow),
    wallStep: slower(wallStep),
    thinkMs: swarm.thinkMs * by,
    patienceMs: swarm.patienceMs * by,
    compactEveryMs: swarm.compactEveryMs * by,
    operateEveryMs: swarm.operateEveryMs * by,
  };
}

/** @param nodes how many, when the caller wants a certain number. */
export function drawSwarm(random: SimRandom, nodes: number | null): Swarm {
  const heartbeatMs = random.pick([30, 50, 100, 100, 100]);
  const count = nodes ?? random.pick([1, 3, 3, 3, 3, 5, 5]);
  const rots = random.fork('rots').chance(0.15);
  return {
    stretch: 1,
    pace: 1,
    nodes: count,
    ...(rots ? replacing : drawOperations(random.fork('operations'))),
    heartbeatMs,
    electionMs: heartbeatMs * random.pick([5, 10, 10]),
    network: drawNetwork(random.fork('network')),
    disk: drawDisk(random.fork('disk')),
    crash: trouble(random, 0.7, [800, 15_000], [20, 4000]),
    crashAllChance: maybe(random, 0.3, 0.4),
    crashInOperationChance: maybe(random, 0.6, 1),
    stopChance: maybe(random, 0.4, 0.5),
    bitFlipChance: rots ? random.fork('rot').between(0.2, 0.8) : 0,
    endLossChance: rots ? random.fork('end loss').between(0, 0.6) : 0,
    stateLossChance: maybe(random.fork('state loss'), 0.3, 0.5),
    pause: trouble(random, 0.4, [1000, 15_000], [50, 5000]),
    partition: trouble(random, 0.6, [1000, 15_000], [100, 8000]),
    partitionShapes: random.chance(0.7) ? allShapes : [random.pick(allShapes)],
    clog: trouble(random, 0.4, [300, 8000], [50, 3000]),
    stall: trouble(random, 0.3, [2000, 20_000], [50, 4000]),
    slow: trouble(random, 0.3, [2000, 20_000], [100, 3000]),
    wallStep: trouble(random, 0.2, [1000, 10_000], [1, 100_000]),
    clockDrift: maybe(random, 0.4, 0.1),
    turnMs: random.pick([0.01, 0.05, 0.5]),
    clients: 1 + random.below(6),
    thinkMs: random.pick([5, 40, 150, 400]),
    patienceMs: random.pick([300, 2000, 10_000]),
    watchers: random.below(6),
    lockers: random.fork('lockers').pick([0, 0, 2, 3]),
    auth: random.fork('auth').chance(0.25),
    mixedLimits: random.fork('mixed').chance(0.3),
    leases: random.fork('leases').pick([0, 0, 1, 4]),
    keys: 1 + random.below(8),
    compactEveryMs: random.chance(0.6) ? random.between(200, 5000) : Number.POSITIVE_INFINITY,
    weights: drawWeights(random.fork('weights')),
    limits: drawLimits(random.fork('limits')),
  };
}

const never: Trouble = { everyMs: Number.POSITIVE_INFINITY, lastsMs: 0 };

/** A world in which nothing goes wrong by itself, with the member's own defaults for all limits. */
export function calmSwarm(nodes: number): Swarm {
  return {
    stretch: 1,
    pace: 1,
    nodes,
    spares: 0,
    maxLearners: 1,
    strictReconfigCheck: true,
    operateEveryMs: Number.POSITIVE_INFINITY,
    moveChance: 0.25,
    heartbeatMs: 100,
    electionMs: 1000,
    network: { ...gentleNetwork },
    disk: { ...gentleDisk },
    crash: never,
    crashAllChance: 0,
    crashInOperationChance: 0,
    stopChance: 0,
    stateLossChance: 0,
    bitFlipChance: 0,
    endLossChance: 0,
    pause: never,
    partition: never,
    partitionShapes: allShapes,
    clog: never,
    stall: never,
    slow: never,
    wallStep: never,
    clockDrift: 0,
    turnMs: 0.05,
    clients: 1,
    thinkMs: 100,
    patienceMs: 10_000,
    watchers: 0,
    lockers: 0,
    auth: false,
    mixedLimits: false,
    leases: 0,
    keys: 8,
    compactEveryMs: Number.POSITIVE_INFINITY,
    weights: {
      put: 1,
      delete: 0,
      compareAndSet: 0,
      transfer: 0,
      rangeLinearizable: 1,
      rangeSerializable: 0,
      rangeHistorical: 0,
    },
    limits: {
      catchUpEntries: 5000,
      catchUpBytes: 64 << 20,
      flushBytes: 8 << 20,
      flushMs: 1000,
      raftMessageBytes: 1 << 20,
      walSegmentBytes: 1 << 16,
      maxPendingRequests: 100_000,
      valueBytes: 20,
    },
  };
}
