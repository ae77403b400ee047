/**
 * Positive controls: rules that are switched off one at a time, each of which the simulator must notice.
 *
 * A simulator that finds nothing has either nothing to find or cannot see. Each control breaks one rule on purpose, by a
 * visible `if` at the rule itself (`mutant` of the raft, wal and member rooms) or by a wrapper here, and says within how
 * many seeds that must be found. `test/sim/controls.test.ts` holds it to that.
 */

import type { MvccStore, WatchCreate, WatchHub, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import type { PutRequest } from '../wire/messages.ts';
import type { Swarm } from './swarm.ts';

export interface Control {
  /** The name of the mutant. */
  readonly mutant: string;
  /** The rule that it breaks. */
  readonly breaks: string;
  /** It is found within this many seeds, counted from 1. */
  readonly seeds: number;
  /** It takes long to find, and is left to `npm run sim -- --controls`. @default false */
  readonly isSlow?: boolean;
  /** Tilts the runs towards what makes the rule matter. */
  readonly shape?: (swarm: Swarm) => Swarm;
}

/** Many answers arrive when their time is over, and leaders are cut off one way. */
function lateAnswers(swarm: Swarm): Swarm {
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
function fallingLeaders(swarm: Swarm): Swarm {
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

/** Nearly always somebody stands for election, several at once. */
function manyElections(swarm: Swarm): Swarm {
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

function restless(swarm: Swarm): Swarm {
  return { ...swarm, nodes: 3, crash: { everyMs: 1000, lastsMs: 200 }, thinkMs: 20, clients: 4, watchers: 4 };
}

/** Members come and go while leaders fall and links are cut. */
function changingMembers(swarm: Swarm): Swarm {
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

function leased(swarm: Swarm): Swarm {
  return { ...restless(swarm), leases: 4 };
}

function failingDisks(swarm: Swarm): Swarm {
  return { ...restless(swarm), disk: { ...swarm.disk, syncErrorChance: 0.01, writeErrorChance: 0.002 } };
}

export const controls: readonly Control[] = [
  { mutant: 'quorumHalf', breaks: 'a quorum is more than half', seeds: 5 },
  {
    mutant: 'commitOldTerm',
    isSlow: true,
    breaks: 'only entries of the own term are counted',
    seeds: 20,
    shape: fallingLeaders,
  },
  { mutant: 'commitBeyondNew', isSlow: true, breaks: 'a follower commits up to what it was sent', seeds: 40 },
  { mutant: 'countUnwritten', breaks: 'a leader counts itself when its disk has it', seeds: 20 },
  { mutant: 'ackBeforeWritten', breaks: 'a follower acknowledges what its disk has', seeds: 5 },
  { mutant: 'voteBeforeWritten', breaks: 'a vote leaves when it is on disk', seeds: 5 },
  { mutant: 'voteTwice', isSlow: true, breaks: 'one vote per term', seeds: 40, shape: manyElections },
  { mutant: 'noUpToDateCheck', isSlow: true, breaks: 'votes go to logs that are up to date', seeds: 40 },
  { mutant: 'truncateOnOverlap', isSlow: true, breaks: 'a log is cut at a conflict only', seeds: 20 },
  {
    mutant: 'readWithoutTermCommit',
    isSlow: true,
    breaks: 'reads wait for a commit in the term',
    seeds: 40,
    shape: fallingLeaders,
  },
  {
    mutant: 'readStaleAck',
    isSlow: true,
    breaks: 'an answer confirms the round it answers',
    seeds: 40,
    shape: lateAnswers,
  },
  {
    mutant: 'configOnCommit',
    breaks: 'a configuration counts from its append on',
    seeds: 40,
    shape: changingMembers,
  },
  {
    mutant: 'configKeptOnTruncation',
    isSlow: true,
    breaks: 'a configuration goes with its entry',
    seeds: 40,
    shape: changingMembers,
  },
  { mutant: 'learnersCount', breaks: 'learners have no vote', seeds: 40, shape: changingMembers },
  { mutant: 'ackBeforeSync', breaks: 'the log reports what is synced', seeds: 10, shape: restless },
  { mutant: 'syncLies', breaks: 'a sync that succeeds is durable', seeds: 10, shape: restless },
  {
    mutant: 'skipDirectorySync',
    breaks: 'a new segment is found again after a crash',
    seeds: 40,
    shape: restless,
  },
  {
    mutant: 'noChecksum',
    isSlow: true,
    breaks: 'what a crash has torn is not read',
    seeds: 40,
    shape: restless,
  },
  { mutant: 'goOnAfterError', breaks: 'a failed sync ends the member', seeds: 40, shape: failingDisks },
  {
    mutant: 'wipedDisk',
    breaks: 'a disk that is empty is not the member it was',
    seeds: 10,
    shape: restless,
  },
  { mutant: 'readLocal', breaks: 'a linearizable read asks a quorum', seeds: 20, shape: restless },
  { mutant: 'applyDiffers', breaks: 'all members apply the same', seeds: 5 },
  { mutant: 'writeTwice', breaks: 'a write in doubt is not repeated', seeds: 5 },
  { mutant: 'leasePromisesMore', breaks: 'a lease lives as long as was promised', seeds: 10, shape: leased },
  { mutant: 'watchSkipsEvent', breaks: 'a watcher is told everything', seeds: 10, shape: restless },
  { mutant: 'watchRepeatsEvent', breaks: 'a watcher is told once', seeds: 10, shape: restless },
  { mutant: 'watchReordersEvents', breaks: 'a watcher is told in order', seeds: 10, shape: restless },
  {
    mutant: 'watchSplitsRevision',
    isSlow: true,
    breaks: 'a revision comes whole',
    seeds: 20,
    shape: restless,
  },
  { mutant: 'watchRunsAhead', breaks: 'progress is told after what it covers', seeds: 10, shape: restless },
  {
    mutant: 'watchHidesCompaction',
    isSlow: true,
    breaks: 'a watcher of the compacted past is told so',
    seeds: 40,
    shape: restless,
  },
  {
    mutant: 'watchIgnoresStart',
    breaks: 'nothing from before the start is told',
    seeds: 10,
    shape: restless,
  },
  { mutant: 'watchIgnoresFilter', breaks: 'filters hold', seeds: 20, shape: restless },
];

/** Mutants that are made here, by wrapping, and are unknown to the member. */
export const wrappedMutants: ReadonlySet<string> = new Set([
  'syncLies',
  'wipedDisk',
  'readLocal',
  'applyDiffers',
  'writeTwice',
  'leasePromisesMore',
  'watchSkipsEvent',
  'watchRepeatsEvent',
  'watchReordersEvents',
  'watchSplitsRevision',
  'watchRunsAhead',
  'watchHidesCompaction',
  'watchIgnoresStart',
  'watchIgnoresFilter',
]);

/** One member in some puts writes a different value. */
export function applyDiffers(store: MvccStore): void {
  const put = store.put.bind(store);
  let count = 0;
  store.put = (request: PutRequest) => {
    count++;
    return put(count % 20 === 0 ? { ...request, value: new Uint8Array(0) } : request);
  };
}

/** A hub that breaks one promise now and then; the hub itself when the mutant is none of watches. */
export function unreliableHub(hub: WatchHub, mutant: string): WatchHub {
  if (!mutant.startsWith('watch')) return hub;
  return {
    open: (sink: WatchSink): WatchStream => misled(hub.open(spoilt(sink, mutant)), mutant),
    pump: () => hub.pump(),
    progressTick: () => hub.progressTick(),
    resync: () => hub.resync(),
    get watcherCount(): number {
      return hub.watcherCount;
    },
    figures: () => hub.figures(),
  };
}

function spoilt(sink: WatchSink, mutant: string): WatchSink {
  let count = 0;
  let held: WatchNotice | null = null;
  const send = (notice: WatchNotice): boolean => {
    if (mutant === 'watchHidesCompaction' && notice.compactRevision > 0) return true;
    if (notice.events.length === 0) return sink.send(notice);
    if (mutant === 'watchSplitsRevision') return sendInPieces(sink, notice);
    if (++count % 10 !== 0) return sink.send(notice);
    if (mutant === 'watchSkipsEvent') return true;
    if (mutant === 'watchRepeatsEvent') sink.send(notice);
    if (mutant === 'watchRunsAhead') sink.send({ ...notice, events: [] });
    if (mutant === 'watchReordersEvents') {
      held = notice;
      return true;
    }
    return sink.send(notice);
  };
  return {
    send(notice: WatchNotice): boolean {
      const isFree = send(notice);
      if (held === null || held === notice) return isFree;
      const late = held;
      held = null;
      return sink.send(late);
    },
  };
}

/** Events of one revision come in two notices. */
function sendInPieces(sink: WatchSink, notice: WatchNotice): boolean {
  const { events } = notice;
  const half = Math.ceil(events.length / 2);
  if (events.length < 2) return sink.send(notice);
  sink.send({ ...notice, events: events.slice(0, half) });
  return sink.send({ ...notice, events: events.slice(half) });
}

function misled(stream: WatchStream, mutant: string): WatchStream {
  if (mutant !== 'watchIgnoresStart' && mutant !== 'watchIgnoresFilter') return stream;
  return {
    create(request: WatchCreate): void {
      const { startRevision } = request;
      if (mutant === 'watchIgnoresFilter') stream.create({ ...request, noPut: false, noDelete: false });
      else
        stream.create({ ...request, startRevision: startRevision > 9 ? startRevision - 5 : startRevision });
    },
    refuse: (reason) => stream.refuse(reason),
    cancel: (watchId) => stream.cancel(watchId),
    requestProgress: () => stream.requestProgress(),
    resume: () => stream.resume(),
    close: () => stream.close(),
  };
}
