/** What runs of controls are tilted towards: each makes one kind of rule matter often. */

import type { Swarm } from './swarm.ts';

/** Many answers arrive when their time is over, and leaders are cut off one way. */
export function lateAnswers(swarm: Swarm): Swarm {
  return {
    ...swarm,
    nodes: 3,
    heartbeatMs: 30,
    electionMs: 150,
    network: {
      ...swarm.network,
      delayMs: 1,
      jitterMs: 2,
      dropChance: 0,
      breakChance: 0,
      noticeMs: 10_000,
      tailChance: 0.3,
      tailMs: 1500,
    },
    crash: { everyMs: Number.POSITIVE_INFINITY, lastsMs: 0 },
    pause: { everyMs: Number.POSITIVE_INFINITY, lastsMs: 0 },
    partition: { everyMs: 1500, lastsMs: 800 },
    partitionShapes: ['echo'],
    thinkMs: 5,
    patienceMs: 300,
    clients: 8,
    weights: { ...swarm.weights, rangeLinearizable: 20 },
  };
}

/** Leaders fall with small messages on their way. */
export function fallingLeaders(swarm: Swarm): Swarm {
  return {
    ...swarm,
    nodes: 5,
    heartbeatMs: 50,
    electionMs: 250,
    crash: { everyMs: 700, lastsMs: 300 },
    limits: { ...swarm.limits, raftMessageBytes: 64 },
    thinkMs: 5,
    clients: 6,
  };
}

/** Members are told to campaign while nobody can hear them, and the leader goes on; nobody crashes, which would free them. */
export function lostCampaigns(swarm: Swarm): Swarm {
  const never = { everyMs: Number.POSITIVE_INFINITY, lastsMs: 0 };
  const network = { ...swarm.network, delayMs: 1, jitterMs: 1, dropChance: 0, breakChance: 0, tailChance: 0 };
  return {
    ...swarm,
    nodes: 3,
    spares: 0,
    heartbeatMs: 50,
    electionMs: 500,
    network: { ...network, noticeMs: 10_000 },
    crash: never,
    pause: never,
    stall: never,
    slow: never,
    partition: { everyMs: 700, lastsMs: 900 },
    partitionShapes: ['oneWay'],
    operateEveryMs: 150,
    moveChance: 1,
    thinkMs: 400,
    clients: 1,
  };
}

/** Nearly always somebody stands for election, several at once. */
export function manyElections(swarm: Swarm): Swarm {
  return {
    ...swarm,
    nodes: 5,
    heartbeatMs: 30,
    electionMs: 150,
    network: { ...swarm.network, delayMs: 5, jitterMs: 20, dropChance: 0.05, breakChance: 0.01 },
    crash: { everyMs: 400, lastsMs: 100 },
    crashAllChance: 0.2,
    partition: { everyMs: 600, lastsMs: 300 },
    partitionShapes: ['halves', 'links', 'ring'],
  };
}

/** Members lose their states, and their logs begin where the state of another one is needed. */
export function lostStates(swarm: Swarm): Swarm {
  const limits = { ...swarm.limits, catchUpEntries: 1, catchUpBytes: 1024, flushMs: 50, flushBytes: 256 };
  return {
    ...restless(swarm),
    stateLossChance: 0.6,
    crash: { everyMs: 700, lastsMs: 300 },
    crashAllChance: 0,
    limits: { ...limits, walSegmentBytes: 2048 },
  };
}

export function restless(swarm: Swarm): Swarm {
  return { ...swarm, nodes: 3, crash: { everyMs: 1000, lastsMs: 200 }, thinkMs: 20, clients: 4, watchers: 4 };
}

/** Members come and go while leaders fall and links are cut. */
export function changingMembers(swarm: Swarm): Swarm {
  return {
    ...swarm,
    nodes: 3,
    spares: 4,
    maxLearners: 3,
    strictReconfigCheck: false,
    operateEveryMs: 250,
    heartbeatMs: 30,
    electionMs: 150,
    crash: { everyMs: 900, lastsMs: 300 },
    crashAllChance: 0,
    partition: { everyMs: 900, lastsMs: 500 },
    partitionShapes: ['halves', 'isolate', 'links'],
    thinkMs: 20,
    clients: 4,
  };
}

export function leased(swarm: Swarm): Swarm {
  return { ...restless(swarm), leases: 4 };
}

/** Leaders stand still while leases run out, and wake up when others lead. */
export function sleepingLeaders(swarm: Swarm): Swarm {
  const pause = { everyMs: 900, lastsMs: 1500 };
  const crash = { everyMs: Number.POSITIVE_INFINITY, lastsMs: 0 };
  return {
    ...leased(swarm),
    heartbeatMs: 30,
    electionMs: 150,
    leases: 8,
    thinkMs: 10,
    keys: 8,
    pause,
    crash,
  };
}

export function failingDisks(swarm: Swarm): Swarm {
  return { ...restless(swarm), disk: { ...swarm.disk, syncErrorChance: 0.01, writeErrorChance: 0.002 } };
}

/** Leaders fall with entries that nobody else has, and come back soon. */
export function contestedLogs(swarm: Swarm): Swarm {
  return {
    ...fallingLeaders(swarm),
    nodes: 3,
    crash: { everyMs: 1500, lastsMs: 200 },
    crashAllChance: 0.3,
    partition: { everyMs: 900, lastsMs: 900 },
    partitionShapes: ['isolate', 'oneWay'],
  };
}

export function lossyLinks(swarm: Swarm): Swarm {
  const network = { ...swarm.network, dropChance: 0.1, reorderChance: 0.3, tailChance: 0.05, tailMs: 400 };
  return { ...fallingLeaders(swarm), network, crash: { everyMs: 3000, lastsMs: 300 } };
}

/** A leader has committed more than its own disk has let it apply. */
export function slowDisks(swarm: Swarm): Swarm {
  const disk = { ...swarm.disk, syncMs: 10, slowChance: 0.2, slowMs: 300 };
  return { ...restless(swarm), disk, weights: { ...swarm.weights, rangeLinearizable: 20 } };
}

/** Followers often need a state, because logs are kept short. */
export function fallingBehind(swarm: Swarm): Swarm {
  return {
    ...restless(swarm),
    partition: { everyMs: 1500, lastsMs: 1500 },
    partitionShapes: ['isolate'],
    thinkMs: 10,
    watchers: 5,
    limits: { ...swarm.limits, catchUpEntries: 1, catchUpBytes: 1 << 10, flushMs: 50, flushBytes: 256 },
  };
}

export function compacting(swarm: Swarm): Swarm {
  const weights = { ...swarm.weights, rangeHistorical: 10 };
  return { ...restless(swarm), weights, compactEveryMs: 300, keys: 2 };
}

export function withUsers(swarm: Swarm): Swarm {
  return { ...restless(swarm), auth: true };
}

export function locking(swarm: Swarm): Swarm {
  return { ...restless(swarm), lockers: 4 };
}
