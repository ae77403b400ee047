/** Each invariant is shown a good state and a bad one, made by hand. */

import t from 'tap';
import type { ConfState, Entry, Message } from '../../src/raft/types.ts';
import { EntryType, MessageType } from '../../src/raft/types.ts';
import { checkInvariants, invariants } from '../../src/sim/invariants/index.ts';
import { disjointQuorums } from '../../src/sim/invariants/majorities-overlap.ts';
import { Memory } from '../../src/sim/memory.ts';
import { isQuorum, quorumIndex } from '../../src/sim/quorum.ts';
import type { DurableView, NodeView, World } from '../../src/sim/view.ts';

const three: ConfState = {
  voters: ['a', 'b', 'c'],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const ids = ['a', 'b', 'c'];

type State = Partial<Omit<NodeView, 'termAt' | 'entryAt' | 'progress' | 'durable'>> & {
  /** Terms of entries 1, 2, …; a negative one is a Config entry. */
  log?: number[];
  disk?: Partial<DurableView> & { log?: number[] };
  peers?: ReturnType<NodeView['progress']>;
  text?: string;
};

function entryOf(index: number, term: number, text: string): Entry {
  const type = term < 0 ? EntryType.Config : EntryType.Normal;
  return { index, term: Math.abs(term), type, data: Buffer.from(`${text}${index}`) };
}

function node(index: number, state: State = {}): NodeView {
  const log = state.log ?? [];
  const compacted = state.compacted ?? 0;
  const { log: _log, disk, peers, text, ...rest } = state;
  const entries = log.map((term, at) => entryOf(at + 1, term, text ?? 'x'));
  const term = state.term ?? 1;
  // Who leads has voted for itself.
  const vote = state.vote ?? (state.role === 'leader' ? ids[index]! : '');
  return {
    index,
    id: ids[index]!,
    life: 1,
    up: true,
    role: 'follower',
    term,
    vote,
    leader: '',
    electionElapsed: 0,
    commit: 0,
    applied: state.commit ?? 0,
    compacted,
    last: log.length,
    conf: three,
    settled: true,
    uncommittedBytes: 0,
    digest: 0,
    revision: 1,
    forgotten: 0,
    termAt: (at) => (at === 0 && compacted === 0 ? 0 : at < compacted ? -1 : (entries[at - 1]?.term ?? -1)),
    entryAt: (at) => (at <= compacted ? null : (entries[at - 1] ?? null)),
    progress: () => peers ?? [],
    durable: () => ({
      term,
      vote,
      baseIndex: 0,
      baseTerm: 0,
      ...disk,
      entries: (disk?.log ?? log).map((at, place) => entryOf(place + 1, at, text ?? 'x')),
    }),
    ...rest,
  };
}

function message(from: string, to: string, type: number, term: number, index = 0): Message {
  return {
    type: type as Message['type'],
    from,
    to,
    term,
    index,
    logTerm: 0,
    commit: 0,
    entries: [],
    reject: false,
    hint: 0,
    context: 0,
    snapshot: null,
  };
}

interface Step {
  nodes: NodeView[];
  sent?: Message[];
  path?: number;
  confs?: Record<number, ConfState>;
  /** In each entry. */
  requests?: number;
}

function world(step: Step, memory: Memory): World {
  return {
    now: 0,
    nodes: step.nodes,
    deltas: step.nodes.flatMap((each) => memory.compare(each) ?? []),
    sent: (step.sent ?? []).map((each) => ({ from: ids.indexOf(each.from), message: each })),
    deep: true,
    limits: {
      windowMessages: 4,
      windowBytes: 100,
      uncommittedBytes: 1000,
      logEntries: 50,
      pathBytes: 1000,
      electionTicks: 10,
    },
    fullestPathBytes: step.path ?? 0,
    confOf: (entry) => step.confs?.[entry.index] ?? three,
    requestsIn: () => step.requests ?? 1,
  };
}

/** Runs all steps but the last through everything; of the last only the named invariant. */
function verdict(id: string, steps: Step[], prepare?: (memory: Memory) => void): string | null {
  const memory = new Memory(3, three);
  prepare?.(memory);
  for (const step of steps.slice(0, -1)) checkInvariants(world(step, memory), memory);
  return invariants.find((invariant) => invariant.id === id)!.check(world(steps.at(-1)!, memory), memory);
}

const quiet = (log: number[]): NodeView[] => [0, 1, 2].map((at) => node(at, { log, term: 9 }));
const replicas = (state: State): NodeView[] => [0, 1, 2].map((at) => node(at, state));
const fourVoters: ConfState = { ...three, voters: ['a', 'b', 'c', 'd'] };
const others: ConfState = { ...three, voters: ['d', 'e'] };

interface Case {
  id: string;
  good: Step[];
  bad: Step[];
  prepare?: (memory: Memory) => void;
}

const cases: Case[] = [
  {
    id: 'I1',
    good: [
      { nodes: [node(0, { role: 'leader', term: 2 })] },
      { nodes: [node(1, { role: 'leader', term: 3 })] },
    ],
    bad: [
      { nodes: [node(0, { role: 'leader', term: 2 })] },
      { nodes: [node(1, { role: 'leader', term: 2 })] },
    ],
  },
  {
    id: 'I2',
    good: [
      { nodes: [node(0, { role: 'leader', term: 2, log: [1, 2] })] },
      { nodes: [node(0, { role: 'leader', term: 2, log: [1, 2, 2] })] },
    ],
    bad: [
      { nodes: [node(0, { role: 'leader', term: 2, log: [1, 2] })] },
      { nodes: [node(0, { role: 'leader', term: 2, log: [1] })] },
    ],
  },
  {
    id: 'I3',
    good: [{ nodes: [node(0, { log: [1, 1] })] }, { nodes: [node(1, { log: [1, 1] })] }],
    bad: [{ nodes: [node(0, { log: [1, 1] })] }, { nodes: [node(1, { log: [1, 1], text: 'y' })] }],
  },
  {
    id: 'I4',
    good: [
      { nodes: replicas({ log: [1], commit: 1 }) },
      { nodes: [node(0, { role: 'leader', term: 2, log: [1], commit: 1 })] },
    ],
    bad: [
      { nodes: replicas({ log: [1], commit: 1 }) },
      { nodes: [node(0, { role: 'leader', term: 2, log: [] })] },
    ],
  },
  {
    id: 'I5',
    good: [
      { nodes: replicas({ log: [1], commit: 1, digest: 7 }) },
      { nodes: [node(1, { log: [1], commit: 1, digest: 7, role: 'candidate' })] },
    ],
    bad: [
      { nodes: replicas({ log: [1], commit: 1, digest: 7 }) },
      { nodes: [node(1, { log: [1], commit: 1, digest: 8, life: 2 })] },
    ],
  },
  {
    id: 'I6',
    good: [{ nodes: [node(0, { log: [1, 1], commit: 2 }), node(1, { log: [1, 1], commit: 1 })] }],
    bad: [{ nodes: [node(0, { log: [1, 1], commit: 2 }), node(1, { log: [2, 2], commit: 1 })] }],
  },
  {
    id: 'I7',
    good: [
      { nodes: replicas({ log: [1], commit: 1 }) },
      { nodes: [node(0, { log: [1], commit: 1 }), node(1, { log: [1] }), node(2, { disk: { log: [] } })] },
    ],
    bad: [
      { nodes: replicas({ log: [1], commit: 1 }) },
      {
        nodes: [
          node(0, { log: [1], commit: 1 }),
          ...[1, 2].map((at) => node(at, { log: [1], disk: { log: [] } })),
        ],
      },
    ],
  },
  {
    id: 'I8',
    good: [{ nodes: [leader([{ match: 1, next: 2 }]), node(1, { log: [1], disk: { log: [1] } })] }],
    bad: [{ nodes: [leader([{ match: 1, next: 2 }]), node(1, { log: [1], disk: { log: [] } })] }],
  },
  {
    id: 'I9',
    good: [
      { nodes: replicas({ log: [1, 1], commit: 2 }) },
      { nodes: [node(0, { log: [1, 1, 2], commit: 2, term: 3 })] },
    ],
    bad: [
      { nodes: replicas({ log: [1, 1], commit: 2 }) },
      { nodes: [node(0, { log: [1, 2], commit: 2, term: 3 })] },
    ],
  },
  {
    id: 'I10',
    good: [{ nodes: [node(0, { log: [1, 1], compacted: 1, applied: 1, commit: 2 })] }],
    bad: [{ nodes: [node(0, { log: [1, 1], applied: 2, commit: 1 })] }],
  },
  {
    id: 'I11',
    good: [{ nodes: [node(0, { term: 2, vote: 'b' })] }, { nodes: [node(0, { term: 3 })] }],
    bad: [{ nodes: [node(0, { term: 2, vote: 'b' })] }, { nodes: [node(0, { term: 2 })] }],
  },
  {
    id: 'I11',
    good: [{ nodes: [node(0, { term: 4, vote: 'c', life: 2 })] }],
    bad: [{ nodes: [node(0, { term: 4, life: 2 })] }],
    prepare: (memory) => {
      memory.testaments[0] = { term: 4, vote: 'c' };
    },
  },
  {
    id: 'I12',
    good: [
      { nodes: replicas({ term: 2, vote: 'b' }), sent: [message('a', 'b', MessageType.VoteResponse, 2)] },
      { nodes: [], sent: [message('a', 'c', MessageType.VoteResponse, 3)] },
    ],
    bad: [
      { nodes: replicas({ term: 2, vote: 'b' }), sent: [message('a', 'b', MessageType.VoteResponse, 2)] },
      { nodes: [], sent: [message('a', 'c', MessageType.VoteResponse, 2)] },
    ],
  },
  {
    id: 'I13',
    good: [
      { nodes: [node(0, { term: 2, vote: 'b' })], sent: [message('a', 'b', MessageType.VoteResponse, 2)] },
    ],
    bad: [
      {
        nodes: [node(0, { term: 2, vote: 'b', disk: { term: 1, vote: '' } })],
        sent: [message('a', 'b', MessageType.VoteResponse, 2)],
      },
    ],
  },
  {
    id: 'I13',
    good: [acknowledging([1, 1])],
    bad: [acknowledging([1])],
  },
  {
    id: 'I14',
    good: [{ nodes: [node(0, { log: [1, 1, 2] }), node(1, { log: [1, 1], commit: 2 })] }],
    bad: [{ nodes: [node(0, { log: [1, 2, 2] }), node(1, { log: [1, 1], commit: 2 })] }],
  },
  {
    id: 'I15',
    good: [{ nodes: [leader([{ match: 0, next: 2, inflightMessages: 4, inflightBytes: 90 }])] }],
    bad: [{ nodes: [leader([{ match: 1, next: 1 }])] }],
  },
  {
    id: 'I15',
    good: [{ nodes: [leader([{ match: 0, next: 1 }])] }],
    bad: [{ nodes: [leader([{ match: 0, next: 1, inflightMessages: 5 }])] }],
  },
  {
    id: 'I16',
    good: [{ nodes: [node(0, { role: 'leader', log: [1, -1] })] }],
    bad: [{ nodes: [node(0, { role: 'leader', log: [-1, -1] })] }],
  },
  {
    id: 'I17',
    good: [{ nodes: [node(0, { log: [-1], conf: fourVoters })], confs: { 1: fourVoters } }],
    bad: [{ nodes: [node(0, { log: [-1], conf: others })], confs: { 1: others } }],
  },
  {
    id: 'I18',
    good: [{ nodes: [leader([{ match: 0, next: 2 }])] }, { nodes: [leader([{ match: 1, next: 2 }], 1)] }],
    bad: [{ nodes: [leader([{ match: 0, next: 2 }])] }, { nodes: [leader([{ match: 0, next: 2 }], 1)] }],
  },
  {
    id: 'I18',
    good: [{ nodes: [leader([{ match: 0, next: 2 }])] }, { nodes: [leader([{ match: 1, next: 2 }], 1)] }],
    bad: [
      { nodes: [leader([{ match: 0, next: 2 }], 0, 2)] },
      { nodes: [leader([{ match: 1, next: 2 }], 1, 2)] },
    ],
  },
  {
    id: 'I19',
    good: [{ nodes: [node(0, { log: [-1], conf: fourVoters })], confs: { 1: fourVoters } }],
    bad: [{ nodes: [node(0, { log: [-1], conf: three })], confs: { 1: fourVoters } }],
  },
  {
    id: 'I20',
    good: [{ nodes: [node(0, { log: [1], settled: false, disk: { log: [] } })] }],
    bad: [{ nodes: [node(0, { log: [1], settled: true, disk: { log: [] } })] }],
  },
  {
    id: 'I21',
    good: [
      { nodes: replicas({ log: [1, 1], commit: 2 }) },
      { nodes: [node(0, { log: [1, 1], commit: 2, compacted: 1, term: 2 })] },
    ],
    bad: [
      { nodes: replicas({ log: [1, 1], commit: 1 }) },
      { nodes: [node(0, { log: [1, 1], commit: 1, applied: 1, compacted: 2 })] },
    ],
  },
  {
    id: 'I25',
    good: [
      { nodes: [node(0, { log: [1, 1], commit: 1, revision: 2 })] },
      { nodes: [node(0, { log: [1, 1], commit: 2, revision: 3 })] },
    ],
    bad: [
      { nodes: [node(0, { log: [1, 1], commit: 1, revision: 2 })] },
      { nodes: [node(0, { log: [1, 1], commit: 2, revision: 4 })] },
    ],
  },
  {
    id: 'I25',
    good: [
      { nodes: [node(0, { log: [1, 1], commit: 1, revision: 2 })] },
      { nodes: [node(0, { log: [1, 1], commit: 2, revision: 5 })], requests: 3 },
    ],
    bad: [
      { nodes: [node(0, { log: [1, 1], commit: 1, revision: 2 })] },
      { nodes: [node(0, { log: [1, 1], commit: 2, revision: 6 })], requests: 3 },
    ],
  },
  {
    id: 'I44',
    good: [{ nodes: quiet([1, 1]) }],
    bad: [{ nodes: quiet(Array.from({ length: 60 }, () => 1)) }],
  },
  { id: 'I44', good: [{ nodes: [], path: 1000 }], bad: [{ nodes: [], path: 1001 }] },
  {
    id: 'I47',
    good: [{ nodes: [node(0, { role: 'preCandidate' })] }],
    bad: [{ nodes: [node(0, { role: 'preCandidate', leader: 'b' })] }],
  },
  {
    id: 'I48',
    good: [
      { nodes: replicas({ electionElapsed: 5 }) },
      { nodes: replicas({ electionElapsed: 0, vote: 'b' }) },
    ],
    bad: [{ nodes: replicas({ electionElapsed: 5 }) }, { nodes: replicas({ electionElapsed: 0 }) }],
  },
  {
    id: 'I49',
    good: [
      { nodes: replicas({}), sent: [message('b', 'a', MessageType.PreVoteResponse, 2)] },
      { nodes: [node(0, { role: 'candidate', term: 2, vote: 'a' })] },
    ],
    bad: [{ nodes: replicas({}) }, { nodes: [node(0, { role: 'candidate', term: 2, vote: 'a' })] }],
  },
  {
    id: 'I49',
    good: [{ nodes: replicas({ leader: 'c', electionElapsed: 10 }) }, promising(10)],
    bad: [{ nodes: replicas({ leader: 'c', electionElapsed: 9 }) }, promising(9)],
  },
  {
    id: 'I50',
    good: [{ nodes: [node(0, { role: 'leader', log: [-1], conf: others })] }],
    bad: [{ nodes: [node(0, { role: 'leader', log: [-1], commit: 1, conf: others })] }],
  },
  {
    id: 'I50',
    good: [
      { nodes: [node(0, { role: 'leader' })] },
      { nodes: [node(0, { log: [-1], vote: 'a', commit: 1, conf: others })] },
    ],
    bad: [
      { nodes: [node(0, { role: 'leader' })] },
      { nodes: [node(0, { log: [-1], vote: 'a', conf: others })] },
    ],
  },
];

/** A member says that it would vote for another, so many ticks after it heard its leader. */
function promising(electionElapsed: number): Step {
  const sent = [message('b', 'a', MessageType.PreVoteResponse, 2)];
  return { nodes: replicas({ leader: 'c', electionElapsed }), sent };
}

function leader(peers: Partial<ReturnType<NodeView['progress']>[number]>[], commit = 0, term = 1): NodeView {
  const self = { id: 'a', match: 1, next: 2, inflightMessages: 0, inflightBytes: 0 };
  const rest = peers.map((peer, at) => ({
    id: ids[at + 1]!,
    match: 0,
    next: 1,
    inflightMessages: 0,
    inflightBytes: 0,
    ...peer,
  }));
  return node(0, { role: 'leader', term, log: [1], commit, peers: [self, ...rest] });
}

/** Enough acknowledgements of entry 2 for one of them to be sampled. */
function acknowledging(disk: number[]): Step {
  const sent = Array.from({ length: 48 }, () => message('a', 'b', MessageType.AppendResponse, 1, 2));
  return { nodes: [node(0, { log: [1, 1], disk: { log: disk } })], sent };
}

for (const { id, good, bad, prepare } of cases) {
  const says = invariants.find((invariant) => invariant.id === id)!.says;
  t.test(`${id} notices when it is not so: ${says}`, async (t) => {
    t.equal(verdict(id, good, prepare), null, 'a good state passes');
    t.type(verdict(id, bad, prepare), 'string', 'a bad one does not');
  });
}

t.test('every invariant has a case here', async (t) => {
  const covered = new Set(cases.map((each) => each.id));
  t.same(
    invariants.map((invariant) => invariant.id).filter((id) => !covered.has(id)),
    [],
  );
});

t.test('the plain quorum arithmetic is that of the thesis', async (t) => {
  const joint: ConfState = { ...three, votersOutgoing: ['d', 'e'] };
  t.ok(isQuorum(three, ['a', 'b']));
  t.notOk(isQuorum(three, ['a', 'd', 'e']), 'outsiders do not count');
  t.notOk(isQuorum(joint, ['a', 'b', 'd']));
  t.ok(isQuorum(joint, ['a', 'b', 'd', 'e']));
  const match: Record<string, number> = { a: 5, b: 3, c: 1, d: 2, e: 2 };
  t.equal(
    quorumIndex(three, (id) => match[id]!),
    3,
  );
  t.equal(
    quorumIndex(joint, (id) => match[id]!),
    2,
  );
  t.notOk(disjointQuorums({ ...three, voters: ['a', 'b', 'c', 'd'] }, three));
  t.ok(disjointQuorums(three, others));
});
