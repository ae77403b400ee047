/**
 * Positive controls: rules that are switched off one at a time, each of which the simulator must notice.
 *
 * A simulator that finds nothing has either nothing to find or cannot see. Each control breaks one rule on purpose, by a
 * visible `if` at the rule itself (`mutant` of the raft, wal and member rooms) or by a wrapper here, and says within how
 * many seeds that must be found. `test/sim/controls.test.ts` holds it to that.
 */

import type { MvccStore, WatchHub, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import type { PutRequest } from '../wire/messages.ts';
import type { Swarm } from './swarm.ts';

export interface Control {
  /** The name of the mutant. */
  readonly mutant: string;
  /** The rule that it breaks. */
  readonly breaks: string;
  /** It is found within this many seeds, counted from 1. */
  readonly seeds: number;
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

function restless(swarm: Swarm): Swarm {
  return { ...swarm, nodes: 3, crash: { everyMs: 1000, lastsMs: 200 }, thinkMs: 20, clients: 4, watchers: 4 };
}

export const controls: readonly Control[] = [
  { mutant: 'quorumHalf', breaks: 'a quorum is more than half', seeds: 5 },
  {
    mutant: 'commitOldTerm',
    breaks: 'only entries of the own term are counted',
    seeds: 20,
    shape: fallingLeaders,
  },
  { mutant: 'commitBeyondNew', breaks: 'a follower commits up to what it was sent', seeds: 40 },
  { mutant: 'countUnwritten', breaks: 'a leader counts itself when its disk has it', seeds: 20 },
  { mutant: 'ackBeforeWritten', breaks: 'a follower acknowledges what its disk has', seeds: 5 },
  { mutant: 'voteBeforeWritten', breaks: 'a vote leaves when it is on disk', seeds: 5 },
  { mutant: 'voteTwice', breaks: 'one vote per term', seeds: 40 },
  { mutant: 'noUpToDateCheck', breaks: 'votes go to logs that are up to date', seeds: 40 },
  { mutant: 'truncateOnOverlap', breaks: 'a log is cut at a conflict only', seeds: 20 },
  {
    mutant: 'readWithoutTermCommit',
    breaks: 'reads wait for a commit in the term',
    seeds: 40,
    shape: fallingLeaders,
  },
  {
    mutant: 'readStaleAck',
    breaks: 'an answer confirms the round it answers',
    seeds: 40,
    shape: lateAnswers,
  },
  { mutant: 'ackBeforeSync', breaks: 'the log reports what is synced', seeds: 10, shape: restless },
  { mutant: 'syncLies', breaks: 'a sync that succeeds is durable', seeds: 10, shape: restless },
  { mutant: 'readLocal', breaks: 'a linearizable read asks a quorum', seeds: 20, shape: restless },
  { mutant: 'applyDiffers', breaks: 'all members apply the same', seeds: 5 },
  { mutant: 'watchSkipsEvent', breaks: 'a watcher is told everything', seeds: 10, shape: restless },
  { mutant: 'watchRepeatsEvent', breaks: 'a watcher is told once', seeds: 10, shape: restless },
];

/** Mutants that are made here, by wrapping, and are unknown to the member. */
export const wrappedMutants: ReadonlySet<string> = new Set([
  'syncLies',
  'readLocal',
  'applyDiffers',
  'watchSkipsEvent',
  'watchRepeatsEvent',
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

/** Every tenth notice with events is lost, or comes twice. */
export function unreliableHub(hub: WatchHub, mutant: string): WatchHub {
  let count = 0;
  const spoil = (sink: WatchSink): WatchSink => ({
    send(notice: WatchNotice): boolean {
      if (notice.events.length === 0 || ++count % 10 !== 0) return sink.send(notice);
      if (mutant === 'watchSkipsEvent') return true;
      sink.send(notice);
      return sink.send(notice);
    },
  });
  return {
    open: (sink: WatchSink): WatchStream => hub.open(spoil(sink)),
    pump: () => hub.pump(),
    progressTick: () => hub.progressTick(),
    resync: () => hub.resync(),
    get watcherCount(): number {
      return hub.watcherCount;
    },
    figures: () => hub.figures(),
  };
}
