/** Log and replication: the known ways to get them wrong (F15 to F26 of the list of hard bugs). */

import t from 'tap';
import { EntryType, type Message, MessageType } from '../../src/raft/types.ts';
import { failing } from '../suites/failing.ts';
import { conf, diskWith, entry, message, type NodeOptions, TestCluster, TestNode, text } from './cluster.ts';

const { Append, AppendResponse, Heartbeat, HeartbeatResponse, Propose, VoteResponse } = MessageType;
const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };

function append(fields: Partial<Message>): Message {
  return message(Append, { from: '2', to: '1', ...fields });
}

function terms(node: TestNode): number[] {
  const { raft } = node;
  return Array.from({ length: raft.lastIndex }, (_, i) => raft.termAt(i + 1));
}

function answers(node: TestNode): Message[] {
  return node.turn().filter((sent) => sent.type === AppendResponse);
}

/** Node 1 as the leader of term `term`, having heard nothing from 2 and 3 but a vote. */
function leading(logTerms: number[], term: number, options: NodeOptions = {}): TestNode {
  const node = new TestNode('1', diskWith(base, logTerms, { term: term - 1 }), {
    preVote: false,
    ...options,
  });
  node.raft.campaign();
  node.turn();
  node.raft.step(message(VoteResponse, { from: '2', to: '1', term }));
  if (node.raft.role !== 'leader') throw new Error('not elected');
  return node;
}

t.test('F15: an append that is already there removes nothing after it', async (t) => {
  const node = new TestNode('1', diskWith(base, [1, 1, 1]), {});
  node.raft.step(append({ term: 1, index: 0, entries: [entry(1, 1), entry(2, 1)] }));
  t.same(terms(node), [1, 1, 1]);
  node.raft.step(append({ term: 2, index: 1, logTerm: 1, entries: [entry(2, 2)] }));
  t.same(terms(node), [1, 2], 'a contradiction does');
});

t.test('F16: nothing committed is ever cut', async (t) => {
  const node = new TestNode('1', diskWith(base, [1, 1, 1], { commit: 2 }), {});
  node.raft.step(append({ term: 2, index: 0, entries: [entry(1, 2)] }));
  t.same(terms(node), [1, 1, 1], 'entries below the commit index are not even looked at');
  t.throws(
    () => node.raft.step(append({ term: 2, index: 2, logTerm: 1, entries: [entry(2, 2), entry(3, 2)] })),
    /cut at 2 below commit 2/,
    'and a leader that contradicts them is a defect',
  );
});

t.test('F17: the commit index goes no further than what the message vouches for', async (t) => {
  const node = new TestNode('1', diskWith(base, [1, 1, 1]), {});
  node.raft.step(append({ term: 2, index: 1, logTerm: 1, commit: 3 }));
  t.equal(node.raft.commit, 1, 'entries 2 and 3 may be replaced yet');
  node.raft.step(append({ term: 2, index: 1, logTerm: 1, commit: 3, entries: [entry(2, 2)] }));
  t.equal(node.raft.commit, 2);
});

t.test('F17: a heartbeat tells no commit index beyond what the follower has acknowledged', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.isolate('3');
  cluster.propose('1', 'a', 'b');
  cluster.raft('1').tick();
  const beats = cluster.node('1').turn();
  t.same(
    beats.filter((sent) => sent.type === Heartbeat).map((sent) => [sent.to, sent.commit]),
    [
      ['2', 3],
      ['3', 1],
    ],
  );
});

t.test(
  'a log that ends before what its leader says was acknowledged has lost its end, and says so',
  async (t) => {
    const node = new TestNode('1', diskWith(base, [1, 1]), {});
    const beat = (commit: number) => message(Heartbeat, { from: '2', to: '1', term: 1, commit });
    node.raft.step(beat(2));
    t.equal(node.raft.commit, 2, 'all of it is as it should be');
    t.throws(() => node.raft.step(beat(3)), failing('walDamaged', /ends at entry 2, .* up to 3 .* says 2/));
    t.equal(node.raft.commit, 2);
  },
);

t.test('F18: an acknowledged write does not vouch for what replaced its entries', async (t) => {
  const node = new TestNode('1', diskWith(base, [1]), {});
  node.autoWrite = false;
  const at = (term: number, entryTerm: number): void => {
    node.raft.step(append({ term, index: 1, logTerm: 1, entries: [entry(2, entryTerm)] }));
    node.turn();
  };
  at(2, 2);
  at(3, 3);
  // The leader of term 4 has the entry of term 2 again.
  node.raft.step(append({ term: 4, index: 1, logTerm: 1, entries: [entry(2, 2), entry(3, 4)] }));
  node.turn();
  t.equal(node.writes.length, 3);
  node.completeWrites(1);
  t.equal(node.raft.status().stableIndex, 1, 'entry 2 of term 2 was written, but will be overwritten');
  node.completeWrites(1);
  t.equal(node.raft.status().stableIndex, 1);
  t.same(answers(node), []);
  node.completeWrites(1);
  t.equal(node.raft.status().stableIndex, 3);
  t.match(answers(node), [{ index: 3, reject: false, term: 4 }]);
});

t.test('F18: an acknowledgement leaves only when its entries are on disk, one for several', async (t) => {
  const node = new TestNode('1', diskWith(base, [], { term: 1 }), {});
  node.autoWrite = false;
  node.raft.step(append({ term: 1, index: 0, entries: [entry(1, 1)] }));
  node.turn();
  node.raft.step(append({ term: 1, index: 1, logTerm: 1, entries: [entry(2, 1)] }));
  node.raft.step(append({ term: 1, index: 2, logTerm: 1, entries: [entry(3, 1)] }));
  t.same(answers(node), []);
  node.completeWrites(1);
  t.match(answers(node), [{ index: 1 }]);
  node.completeWrites(1);
  const last = answers(node);
  t.equal(last.length, 1);
  t.match(last, [{ index: 3 }]);
});

t.test('F20: a late refusal does not take the next index below what was acknowledged', async (t) => {
  const node = leading([1, 1, 1], 2);
  node.turn();
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 2, index: 4 }));
  node.turn();
  const refusal = { from: '2', to: '1', term: 2, reject: true };
  node.raft.step(message(AppendResponse, { ...refusal, index: 3, hint: 0 }));
  t.match(node.raft.status().progress.get('2'), { state: 'replicate', match: 4, next: 5 });
  node.raft.reportUnreachable('2');
  node.raft.step(message(AppendResponse, { ...refusal, index: 4, hint: 0 }));
  t.match(node.raft.status().progress.get('2'), { match: 4, next: 5 });
});

t.test('F20: logs that differ in many terms meet in a few rounds', async (t) => {
  const cluster = new TestCluster();
  const many = Array.from({ length: 50 }, (_, i) => 2 * i + 2);
  const others = Array.from({ length: 50 }, (_, i) => 2 * i + 3);
  cluster.add('1', diskWith(base, [1, ...others, 103, 103]));
  cluster.add('2', diskWith(base, [1, ...many], { term: 103 }));
  cluster.add('3', diskWith(base, [1, ...others, 103, 103]));
  cluster.isolate('2');
  cluster.elect('1');
  cluster.heal();
  let refusals = 0;
  cluster.passes = (sent) => {
    if (sent.type === AppendResponse && sent.reject) refusals++;
    return true;
  };
  cluster.tick(2);
  t.same(terms(cluster.node('2')), terms(cluster.node('1')));
  t.ok(refusals <= 52, `${refusals} refusals: never more than one per term`);
});

t.test('F20: one round skips a whole term, whoever has the longer one', async (t) => {
  for (const [leader, follower] of [
    [
      [1, 2, 2, 2, 2, 2, 2, 2],
      [1, 4, 4, 4, 4, 4, 4, 4],
    ],
    [
      [1, 1, 5],
      [1, 1, 4, 4, 4, 4, 4, 4],
    ],
    [
      [1, 2, 2, 2, 2, 2, 2, 5],
      [1, 1, 1, 1, 1, 1],
    ],
  ]) {
    const cluster = new TestCluster();
    cluster.add('1', diskWith(base, leader!, { term: 5 }));
    cluster.add('2', diskWith(base, follower!, { term: 5 }));
    cluster.add('3', diskWith(base, leader!, { term: 5 }));
    let refusals = 0;
    cluster.passes = (sent) => {
      if (sent.type === AppendResponse && sent.reject) refusals++;
      return true;
    };
    cluster.elect('1');
    cluster.tick(2);
    t.same(terms(cluster.node('2')), terms(cluster.node('1')));
    t.ok(refusals <= 2, `${refusals} refusals`);
  }
});

t.test('F21: a learner does not count, in the ordinary nor in the joint configuration', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], {}, ['4', '5']);
  cluster.elect('1');
  cluster.isolate('2', '3');
  cluster.propose('1', 'a');
  t.equal(cluster.raft('4').lastIndex, 2, 'learners have it');
  t.equal(cluster.raft('1').commit, 1, 'and it is not committed');
});

t.test('F22: a window that never was acknowledged is noticed and sent again', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { maxInflightMessages: 3 });
  cluster.elect('1');
  const lost = new Set<number>([Append]);
  cluster.passes = (sent) => sent.to !== '2' || !lost.has(sent.type);
  for (let i = 0; i < 10; i++) cluster.propose('1', `a${i}`);
  cluster.heal();
  cluster.tick(2);
  t.equal(cluster.raft('2').lastIndex, cluster.raft('1').lastIndex);
  // The same when it is the acknowledgements that were lost.
  cluster.passes = (sent) => sent.from !== '2' || sent.type !== AppendResponse;
  for (let i = 0; i < 10; i++) cluster.propose('1', `b${i}`);
  cluster.heal();
  cluster.tick(2);
  t.match(cluster.raft('1').status().progress.get('2'), { match: cluster.raft('1').lastIndex });
});

t.test('F23: an acknowledgement of an earlier term changes nothing', async (t) => {
  const node = leading([1, 1], 3);
  node.turn();
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 2, index: 3 }));
  t.equal(node.raft.commit, 0);
  t.match(node.raft.status().progress.get('2'), { match: 0 });
});

t.test('F24: catching up counts only for what is caught up', async (t) => {
  const node = leading([1, 1, 1, 1], 2);
  node.turn();
  for (let index = 1; index <= 4; index++) {
    node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 2, index }));
    t.equal(node.raft.commit, 0);
  }
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 2, index: 5 }));
  t.equal(node.raft.commit, 5);
});

t.test('F25: a node alone commits and applies only what is on its disk', async (t) => {
  const single = new TestNode('1', diskWith({ ...base, conf: conf(['1']) }), {});
  single.raft.campaign();
  single.turn();
  single.autoWrite = false;
  single.raft.propose([text('a')]);
  single.turn();
  t.equal(single.raft.commit, 1);
  t.equal(single.applied.length, 1);
  single.completeWrites();
  single.turn();
  t.equal(single.raft.commit, 2);
  t.equal(single.applied.length, 2);
});

t.test('F25: a follower applies only what is on its own disk', async (t) => {
  const node = new TestNode('1', diskWith(base, [], { term: 1 }), {});
  node.autoWrite = false;
  node.raft.step(append({ term: 1, index: 0, commit: 1, entries: [entry(1, 1)] }));
  node.turn();
  t.equal(node.raft.commit, 1);
  t.equal(node.applied.length, 0);
  node.completeWrites();
  node.turn();
  t.equal(node.applied.length, 1);
});

t.test('F26: forwarding can be forbidden, and never carries a change of configuration', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { forwardProposals: false });
  cluster.elect('1');
  t.equal(cluster.propose('2', 'a'), false);
  const leader = cluster.node('1');
  const change = { index: 0, term: 0, type: EntryType.Config, data: text('x') };
  leader.raft.step(message(Propose, { from: '2', to: '1', entries: [change] }));
  t.equal(leader.raft.lastIndex, 1);
  leader.raft.step(
    message(Propose, { from: '2', to: '1', entries: [{ ...change, type: EntryType.Normal }] }),
  );
  t.equal(leader.raft.lastIndex, 2, 'what a follower does forward is taken');
});

t.test('F26: a forwarded proposal that reaches nobody in charge is lost, not kept for later', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.raft('3').step(message(Propose, { from: '2', to: '3', entries: [entry(0, 0)] }));
  cluster.raft('1').transferLeadership('3');
  cluster.settle();
  t.equal(cluster.raft('3').lastIndex, 2);
});

t.test('the uncommitted log is bounded, but an empty one takes anything', async (t) => {
  const node = leading([], 1, { maxUncommittedBytes: 100 });
  t.equal(node.raft.propose([new Uint8Array(500)]), true, 'larger than the bound, and alone');
  t.equal(node.raft.propose([new Uint8Array(1)]), false);
  node.turn();
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 1, index: 2 }));
  t.equal(node.raft.status().uncommittedBytes, 0);
  t.equal(node.raft.propose([new Uint8Array(60), new Uint8Array(40)]), true);
  t.equal(node.raft.propose([new Uint8Array(1)]), false);
  t.equal(node.raft.lastIndex, 4);
});

t.test('the window is bounded by messages and by bytes, and one message always fits', async (t) => {
  const node = leading([], 1, { maxMessageBytes: 200, maxInflightMessages: 4, maxInflightBytes: 500 });
  node.turn();
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 1, index: 1 }));
  node.turn();
  for (let i = 0; i < 20; i++) node.raft.propose([new Uint8Array(84)]);
  const sent = node.turn().filter((each) => each.to === '2');
  t.same(
    sent.map((each) => each.entries.length),
    [2, 2, 1],
  );
  t.match(node.raft.status().progress.get('2'), { inflightMessages: 3, inflightBytes: 500 });
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 1, index: 6 }));
  node.turn();
  node.raft.propose([new Uint8Array(5000)]);
  for (let index = 8; index < 22; index += 2) {
    node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 1, index }));
    node.turn();
  }
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 1, index: 21 }));
  const large = node.turn().filter((each) => each.to === '2' && each.entries.length > 0);
  t.match(large, [{ entries: [{ index: 22 }] }]);
});

t.test('read rounds do not make the leader repeat a probe; a tick does', async (t) => {
  const node = leading([1], 2);
  node.turn();
  const beat = message(HeartbeatResponse, { from: '3', to: '1', term: 2 });
  for (let i = 0; i < 5; i++) node.raft.step(beat);
  t.same(node.turn(), []);
  node.raft.tick();
  node.turn();
  for (let i = 0; i < 5; i++) node.raft.step(beat);
  t.equal(node.turn().filter((sent) => sent.type === Append).length, 1);
});

t.test('followers in step are sent the same entries, not copies', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.raft('1').propose([text('a'), text('b')]);
  const [first, second] = cluster.node('1').turn();
  t.equal(first!.entries, second!.entries);
  t.equal(first!.entries[0], cluster.raft('1').entryAt(2));
});

t.test('committed entries are handed out in bounded portions, none left behind', async (t) => {
  const cluster = new TestCluster(['1'], { maxCommittedBytes: 50 });
  cluster.elect('1');
  const node = cluster.node('1');
  const portions: number[] = [];
  node.onReady = (ready) => portions.push(ready.committed.length);
  cluster.propose('1', ...Array.from({ length: 10 }, () => 'ten bytes!'));
  t.ok(Math.max(...portions) <= 2);
  t.equal(node.raft.appliedIndex, 11);
});

t.test('compaction keeps the term at the base, and appends go on over it', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  for (let i = 0; i < 3000; i++) cluster.raft('1').propose([text(`${i}`)]);
  cluster.settle();
  t.throws(() => cluster.raft('1').compact(4000), /applied is 3001/);
  cluster.raft('1').compact(2900);
  t.equal(cluster.raft('1').firstIndex, 2901);
  t.equal(cluster.raft('1').termAt(2900), 1);
  t.equal(cluster.raft('1').termAt(2899), -1);
  cluster.propose('1', 'after');
  t.equal(cluster.appliedData('2').at(-1), 'after');
});

t.test('a recovered log that contradicts itself is refused', async (t) => {
  const disk = diskWith(base, [1, 1]);
  t.throws(() => new TestNode('1', { ...disk, entries: [disk.entries[1]!] }, {}), /does not follow/);
  t.throws(
    () => new TestNode('1', { ...disk, hardState: { term: 1, vote: '', commit: 3 } }, {}),
    /beyond its end/,
  );
  t.throws(
    () => new TestNode('1', disk, { electionTicks: 1, maxMessageBytes: 0 }),
    /maxMessageBytes.*electionTicks/,
  );
});
