/** Elections and terms: the known ways to get them wrong (F1 to F13 of the list of hard bugs). */

import t from 'tap';
import { type Message, MessageType } from '../../src/raft/types.ts';
import { conf, diskWith, entry, message, TestCluster, TestNode } from './cluster.ts';

const { Append, AppendResponse, Heartbeat, PreVote, PreVoteResponse, TimeoutNow, Vote, VoteResponse } =
  MessageType;
const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };

/** A node of three with a log of the given terms, whose storage completes only when it is told to. */
function lone(terms: number[] = [], options = {}): TestNode {
  const node = new TestNode('1', diskWith(base, terms), options);
  node.autoWrite = false;
  return node;
}

function vote(from: string, term: number, index: number, logTerm: number): Message {
  return message(Vote, { from, to: '1', term, index, logTerm });
}

t.test('F1: a granted vote leaves only when it is on disk', async (t) => {
  const node = lone();
  node.raft.step(vote('2', 1, 0, 0));
  t.same(node.turn(), [], 'held');
  node.completeWrites();
  t.same(
    node.turn().map((sent) => [sent.type, sent.reject, sent.to]),
    [[VoteResponse, false, '2']],
  );
  t.same(node.disk.hardState, { term: 1, vote: '2', commit: 0 });
});

t.test('F1: a refusal shows no term that is not on disk', async (t) => {
  const node = lone([3]);
  node.raft.step(vote('2', 9, 0, 0));
  t.same(node.turn(), []);
  node.completeWrites();
  t.match(node.turn(), [{ type: VoteResponse, term: 9, reject: true }]);
});

t.test('F1: a campaign is not heard of before it is on disk', async (t) => {
  const node = lone([1], { preVote: false });
  node.raft.campaign();
  t.same(node.turn(), []);
  node.completeWrites();
  t.same(
    node.turn().map((sent) => sent.type),
    [Vote, Vote],
  );
});

t.test('F2: stepping down within a term keeps the vote', async (t) => {
  const node = lone([], { preVote: false });
  node.raft.campaign();
  node.turn();
  node.completeWrites();
  node.raft.step(message(Heartbeat, { from: '2', to: '1', term: 1 }));
  t.equal(node.raft.role, 'follower');
  t.equal(node.raft.vote, '1');
  node.raft.forgetLeader();
  node.turn();
  node.raft.step(vote('3', 1, 5, 1));
  t.match(
    node.turn().filter((sent) => sent.type === VoteResponse),
    [{ reject: true }],
  );
});

t.test('F2: one vote per term, also across a restart, and the same one again when asked again', async (t) => {
  const node = lone();
  node.raft.step(vote('2', 1, 0, 0));
  node.turn();
  node.completeWrites();
  node.restart();
  node.raft.step(vote('3', 1, 9, 1));
  node.raft.step(vote('2', 1, 0, 0));
  t.match(node.turn(), [
    { to: '3', reject: true },
    { to: '2', reject: false },
  ]);
});

t.test('F3: the term never falls', async (t) => {
  const node = lone([4]);
  node.raft.step(message(Append, { from: '2', to: '1', term: 3, entries: [entry(1, 3)] }));
  t.equal(node.raft.term, 4);
  t.equal(node.raft.termAt(1), 4, 'and entries of an earlier term are not taken');
  t.throws(
    () => new TestNode('1', diskWith(base, [4], { term: 3 }), {}),
    /log ends in term 4/,
    'a hard state behind its log is refused',
  );
});

t.test('F4: logs are compared by last term first, then by length', async (t) => {
  const cases = [
    { index: 1, logTerm: 3, granted: true },
    { index: 9, logTerm: 1, granted: false },
    { index: 3, logTerm: 2, granted: true },
    { index: 2, logTerm: 2, granted: false },
    { index: 4, logTerm: 2, granted: true },
  ];
  for (const { index, logTerm, granted } of cases) {
    const node = lone([1, 2, 2]);
    node.autoWrite = true;
    node.raft.step(vote('2', 5, index, logTerm));
    t.match(node.turn(), [{ reject: !granted }], `log that ends at ${index} of term ${logTerm}`);
  }
});

t.test('F5: an entry of an earlier term is not committed by counting its copies', async (t) => {
  const node = new TestNode('1', diskWith(base, [1, 2]), { preVote: false });
  node.raft.campaign();
  node.turn();
  node.raft.step(message(VoteResponse, { from: '2', to: '1', term: 3 }));
  node.turn();
  t.equal(node.raft.role, 'leader');
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 3, index: 2 }));
  t.equal(node.raft.commit, 0, 'entry 2 of term 2 is on a majority and not committed');
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 3, index: 3 }));
  t.equal(node.raft.commit, 3, 'the entry of its own term commits both');
});

t.test('F6: pre-candidates of a cluster whose leader stepped down do not refuse each other', async (t) => {
  let draws = 0;
  const cluster = new TestCluster(['1', '2', '3'], { random: () => draws++ });
  cluster.elect('1');
  cluster.isolate('1');
  cluster.raft('2').campaign();
  t.equal(cluster.raft('2').leader, '', 'a pre-candidate has forgotten the leader');
  cluster.raft('3').campaign();
  cluster.settle();
  // Each still withheld its answer or asked for itself; now time passes on both alike.
  cluster.tick(40, ['2', '3']);
  const roles = ['2', '3'].map((id) => cluster.raft(id).role).sort();
  t.same(roles, ['follower', 'leader']);
});

t.test('F7: nodes with and without pre-vote elect a leader together', async (t) => {
  const cluster = new TestCluster();
  cluster.add('1', diskWith(base, [1]), { preVote: true });
  cluster.add('2', diskWith(base, [1]), { preVote: false });
  cluster.add('3', diskWith(base, []), { preVote: false });
  // 3 campaigns in vain and raises its term; 2 and 3 alternate; 1 has pre-vote and the lowest term.
  for (let i = 0; i < 3; i++) {
    cluster.raft('3').campaign();
    cluster.isolate('1');
    cluster.settle();
  }
  cluster.heal();
  cluster.isolate('2');
  cluster.raft('1').campaign();
  cluster.settle();
  t.equal(cluster.raft('1').term, cluster.raft('3').term, 'the refused pre-candidate learns the term');
  cluster.raft('1').campaign();
  cluster.settle();
  t.equal(cluster.raft('1').role, 'leader');
});

t.test('F8: a node with a higher term frees itself by answering the leader it cannot follow', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { preVote: false });
  cluster.elect('1');
  cluster.isolate('3');
  for (let i = 0; i < 3; i++) {
    cluster.raft('3').campaign();
    cluster.settle();
  }
  cluster.heal();
  cluster.tick(1, ['1']);
  t.equal(cluster.raft('1').role, 'follower', 'the leader learned of the higher term');
  cluster.tick(25);
  const leaders = [...cluster.nodes.values()].filter((node) => node.raft.role === 'leader');
  t.equal(leaders.length, 1);
  t.equal(leaders[0]!.raft.term > 3, true);
  t.equal(cluster.raft('3').leader, leaders[0]!.id);
});

t.test('F9: a refused request for votes does not put off the own campaign', async (t) => {
  const node = lone([1, 1], { preVote: false });
  node.autoWrite = true;
  for (let tick = 1; tick < 10; tick++) {
    node.raft.tick();
    node.raft.step(vote('2', tick + 1, 1, 1));
    t.match(node.turn(), [{ reject: true }]);
  }
  node.raft.tick();
  t.equal(node.raft.role, 'candidate');
});

t.test('F9: a granted vote puts it off', async (t) => {
  const node = lone([], { preVote: false });
  for (let tick = 1; tick < 10; tick++) node.raft.tick();
  node.raft.step(vote('2', 1, 0, 0));
  node.raft.tick();
  t.equal(node.raft.role, 'follower');
});

t.test('F10: the write of an earlier campaign does not count as the own vote of a later one', async (t) => {
  const single = new TestNode('1', diskWith({ ...base, conf: conf(['1', '2']) }), { preVote: false });
  single.autoWrite = false;
  single.raft.campaign();
  single.turn();
  single.raft.campaign();
  t.equal(single.raft.term, 2);
  single.turn();
  single.raft.step(message(VoteResponse, { from: '2', to: '1', term: 2 }));
  single.completeWrites(1);
  t.equal(single.raft.role, 'candidate', 'term 1 is durable, term 2 is not');
  single.completeWrites();
  t.equal(single.raft.role, 'leader');
});

t.test('F10: entries written as leader of an earlier term count for their own place only', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { preVote: false, checkQuorum: false });
  const leader = cluster.elect('1');
  leader.autoWrite = false;
  leader.raft.propose([new Uint8Array(1)]);
  leader.turn();
  leader.raft.step(
    message(Append, { from: '2', to: '1', term: 2, index: 1, logTerm: 1, entries: [entry(2, 2)] }),
  );
  leader.turn();
  leader.completeWrites(1);
  t.equal(leader.raft.status().stableIndex, 1, 'the replaced entry is not taken for the new one');
  leader.completeWrites();
  t.equal(leader.raft.status().stableIndex, 2);
});

t.test(
  'F11: any pattern of broken links that leaves a node with a majority settles on one leader',
  async (t) => {
    const ids = ['1', '2', '3', '4', '5'];
    const broken: [string, string[]][] = [
      ['bridge', ['1-3', '1-4', '1-5', '2-4', '2-5']],
      ['chain around a hub', ['1-3', '1-4', '2-4', '2-5', '3-5']],
      ['leader sees one half', ['1-4', '1-5']],
      ['star', ['2-3', '2-4', '2-5', '3-4', '3-5', '4-5']],
    ];
    for (const [name, links] of broken) {
      const cluster = new TestCluster();
      let draws = 0;
      const random = (): number => Math.imul(++draws, 0x9e3779b1) >>> 0;
      for (const id of ids) cluster.add(id, diskWith({ ...base, conf: conf(ids) }), { random });
      cluster.elect('4');
      cluster.passes = ({ from, to }) => !links.includes([from, to].sort().join('-'));
      cluster.tick(150);
      const before = ids.filter((id) => cluster.raft(id).role === 'leader');
      const terms = ids.map((id) => cluster.raft(id).term);
      t.equal(before.length, 1, `${name}: one leader`);
      t.equal(cluster.propose(before[0]!, name), true);
      t.ok(cluster.appliedData(before[0]!).includes(name), `${name}: commits`);
      cluster.tick(150);
      t.same(
        ids.map((id) => cluster.raft(id).term),
        terms,
        `${name}: stays`,
      );
    }
  },
);

t.test('F12: a partitioned or removed node neither raises terms nor unseats the leader', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.isolate('3');
  cluster.tick(100);
  t.equal(cluster.raft('3').term, 1, 'alone, it only asks');
  cluster.heal();
  cluster.tick(3);
  t.equal(cluster.raft('1').role, 'leader');
  t.equal(cluster.raft('1').term, 1);
  cluster.isolate('3');
  cluster.change('1', { remove: ['3'] });
  cluster.tick(60);
  cluster.heal();
  cluster.tick(60);
  t.equal(cluster.raft('1').role, 'leader');
  t.equal(cluster.raft('1').term, 1);
});

t.test('F12: nodes that hear from a leader ignore even a campaign without pre-vote', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { preVote: false });
  cluster.elect('1');
  cluster.isolate('3');
  cluster.tick(60, ['3']);
  cluster.heal();
  cluster.passes = (sent) => sent.from !== '1' || sent.to !== '3';
  cluster.raft('3').campaign();
  cluster.settle();
  t.equal(cluster.raft('2').term, 1);
  t.equal(cluster.raft('1').role, 'leader');
});

t.test('a leader that stood still leads on only if it hears from a quorum after it', async (t) => {
  const ticksToEnd = (isTold: boolean): number => {
    const cluster = new TestCluster(['1', '2', '3']);
    cluster.elect('1');
    cluster.tick(7, ['1']);
    cluster.settle();
    cluster.isolate('1');
    if (isTold) cluster.raft('1').stoodStill();
    for (let ticks = 1; ; ticks++) {
      cluster.tick(1, ['1']);
      if (cluster.raft('1').role !== 'leader') return ticks;
    }
  };
  t.equal(ticksToEnd(true), 10, 'an election timeout');
  t.ok(ticksToEnd(false) > 10, 'what it heard before would have counted');
  const alone = new TestCluster(['1', '2', '3']);
  alone.elect('1');
  alone.raft('1').stoodStill();
  alone.tick(9);
  alone.settle();
  alone.tick(9);
  t.equal(alone.raft('1').role, 'leader', 'one that hears leads on');
});

t.test('F13: a restarted cluster has a leader within two election timeouts', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { random: () => 0xffff_ffff });
  cluster.elect('1');
  cluster.propose('1', 'a');
  for (const node of cluster.nodes.values()) node.restart();
  cluster.tick(19, ['2']);
  cluster.tick(1);
  t.equal([...cluster.nodes.values()].filter((node) => node.raft.role === 'leader').length, 1);
});

t.test('timeouts are spread over [n, 2n) ticks', async (t) => {
  const seen = new Set<number>();
  for (let draw = 0; draw < 20; draw++) {
    const node = new TestNode('1', diskWith(base), { random: () => draw });
    let ticks = 0;
    while (node.raft.role === 'follower') {
      node.raft.tick();
      ticks++;
    }
    seen.add(ticks);
  }
  t.same(
    [...seen].sort((a, b) => a - b),
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
});

t.test('a transfer is not refused for the freshness of the leader, and skips the pre-vote', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  t.equal(cluster.raft('1').transferLeadership('3'), true);
  cluster.settle();
  t.equal(cluster.raft('3').role, 'leader');
  t.equal(cluster.raft('3').term, 2);
});

t.test('late answers to a pre-vote of another term do not count', async (t) => {
  const node = new TestNode('1', diskWith(base, [4]), {});
  node.raft.campaign();
  node.turn();
  node.raft.step(message(PreVoteResponse, { from: '2', to: '1', term: 4 }));
  t.equal(node.raft.role, 'preCandidate');
  node.raft.step(message(PreVoteResponse, { from: '2', to: '1', term: 5 }));
  t.equal(node.raft.role, 'candidate');
});

t.test('a pre-vote changes nothing at who is asked', async (t) => {
  const node = new TestNode('1', diskWith(base, [1]), {});
  node.raft.step(message(PreVote, { from: '2', to: '1', term: 7, index: 1, logTerm: 1 }));
  t.match(node.turn(), [{ type: PreVoteResponse, term: 7, reject: false }]);
  t.equal(node.raft.term, 1);
  t.equal(node.raft.vote, '');
});

t.test('a message to take over at once is ignored by a node that may not lead', async (t) => {
  const learner = new TestNode('4', diskWith({ ...base, conf: conf(['1', '2'], ['4']) }), {});
  learner.raft.step(message(TimeoutNow, { from: '1', to: '4', term: 1 }));
  t.equal(learner.raft.role, 'follower');
});
