/** Linearizable reads: the known ways to get them wrong (F28 to F30 of the list of hard bugs). */

import t from 'tap';
import { MessageType } from '../../src/raft/types.ts';
import { conf, diskWith, message, TestCluster, TestNode } from './cluster.ts';

const { AppendResponse, Heartbeat, HeartbeatResponse, ReadIndex, ReadIndexResponse, VoteResponse } =
  MessageType;
const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };

/** Node 1 leads term 2 over a log of one entry of term 1; nothing is committed yet. */
function leading(): TestNode {
  const node = new TestNode('1', diskWith(base, [1]), { preVote: false });
  node.raft.campaign();
  node.turn();
  node.raft.step(message(VoteResponse, { from: '2', to: '1', term: 2 }));
  node.turn();
  return node;
}

function beat(context: number, from = '2', term = 2): ReturnType<typeof message> {
  return message(HeartbeatResponse, { from, to: '1', term, context });
}

const committed = message(AppendResponse, { from: '2', to: '1', term: 2, index: 2 });

t.test('F28: a new leader answers no read before it has committed in its term', async (t) => {
  const node = leading();
  t.equal(node.raft.readIndex(1), true);
  node.raft.step(message(ReadIndex, { from: '3', to: '1', context: 5 }));
  t.same(node.turn(), [], 'no round is begun');
  node.raft.step(beat(0));
  node.raft.step(beat(1));
  t.same(node.turn(), []);
  t.same(node.reads, []);
  node.raft.step(committed);
  t.same(
    node
      .turn()
      .filter((sent) => sent.type === Heartbeat)
      .map((sent) => sent.context),
    [1, 1],
  );
  node.raft.step(beat(1));
  t.match(
    node.turn().filter((sent) => sent.type === ReadIndexResponse),
    [{ to: '3', context: 5, index: 2 }],
  );
  t.same(node.reads, [{ context: 1, index: 2 }]);
});

t.test('F29: an acknowledgement that was on its way before the read began does not confirm it', async (t) => {
  const node = leading();
  node.raft.step(committed);
  node.raft.readIndex(1);
  node.turn();
  node.raft.readIndex(2);
  node.raft.step(beat(1));
  node.turn();
  t.same(node.reads, [{ context: 1, index: 2 }], 'round 1 says nothing of the read that came after it');
  node.raft.step(beat(1, '3'));
  node.turn();
  t.equal(node.reads.length, 1);
  node.raft.step(beat(2, '3'));
  node.turn();
  t.equal(node.reads.length, 2);
});

t.test('F29: an acknowledgement of a later round confirms the earlier ones', async (t) => {
  const node = leading();
  node.raft.step(committed);
  for (let round = 1; round <= 3; round++) {
    node.raft.readIndex(round);
    node.turn();
  }
  node.raft.step(beat(3));
  node.turn();
  t.same(
    node.reads.map((read) => read.context),
    [1, 2, 3],
  );
});

t.test('F29: acknowledgements of an earlier term, of learners or of strangers confirm nothing', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], {}, ['4']);
  const node = cluster.elect('1');
  node.raft.readIndex(1);
  node.turn();
  for (const from of ['4', '9']) node.raft.step(beat(1, from, 1));
  node.turn();
  t.same(node.reads, []);
  node.raft.step(beat(1, '2', 0));
  node.raft.step(beat(99, '4', 1));
  node.turn();
  t.same(node.reads, []);
  node.raft.step(beat(1, '2', 1));
  node.turn();
  t.equal(node.reads.length, 1);
});

t.test('F29: the answer to a read of an earlier life is not taken for the answer to a new one', async (t) => {
  let draw = 7;
  const cluster = new TestCluster(['1', '2', '3'], { random: () => draw++ });
  cluster.elect('1');
  const node = cluster.node('2');
  node.raft.readIndex(1);
  const [first] = node.turn();
  node.restart();
  node.raft.step(message(Heartbeat, { from: '1', to: '2', term: 1 }));
  node.raft.readIndex(1);
  const second = node.turn().find((sent) => sent.type === ReadIndex);
  const answer = { from: '1', to: '2', term: 1, index: 1 };
  node.raft.step(message(ReadIndexResponse, { ...answer, context: first!.context }));
  node.turn();
  t.same(node.reads, []);
  node.raft.step(message(ReadIndexResponse, { ...answer, context: second!.context }));
  node.turn();
  t.same(node.reads, [{ context: 1, index: 1 }]);
});

t.test('F30: a read carries the commit index of its beginning, so that it waits for apply', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  const leader = cluster.elect('1');
  leader.autoApply = false;
  cluster.propose('1', 'a', 'b');
  leader.raft.readIndex(1);
  cluster.raft('2').readIndex(1);
  cluster.settle();
  t.same(leader.reads, [{ context: 1, index: 3 }]);
  t.equal(leader.raft.appliedIndex, 1);
  t.same(cluster.node('2').reads, [{ context: 1, index: 3 }]);
});

t.test('reads of a turn share a round, and a lost round is made good by the next heartbeat', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  const leader = cluster.elect('1');
  for (let context = 1; context <= 10; context++) leader.raft.readIndex(context);
  t.equal(leader.turn().length, 2, 'one heartbeat for each peer, and they are lost');
  cluster.tick(1, ['1']);
  t.equal(leader.reads.length, 10);
});

t.test('reads are dropped with leadership, and refused without a leader or beyond the bound', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], { maxPendingReads: 2 });
  t.equal(cluster.raft('1').readIndex(1), false);
  cluster.elect('1');
  cluster.isolate('1');
  t.equal(cluster.raft('1').readIndex(1), true);
  t.equal(cluster.raft('1').readIndex(2), true);
  t.equal(cluster.raft('1').readIndex(3), false);
  cluster.tick(25, ['1']);
  t.equal(cluster.raft('1').role, 'follower');
  t.same(cluster.node('1').droppedReads, [1, 2]);
  t.equal(cluster.raft('2').readIndex(8), true);
  cluster.raft('2').forgetLeader();
  cluster.settle();
  t.same(cluster.node('2').droppedReads, [8]);
});

t.test('a node alone confirms its reads by itself', async (t) => {
  const cluster = new TestCluster(['1']);
  const node = cluster.elect('1');
  node.raft.readIndex(4);
  cluster.settle();
  t.same(node.reads, [{ context: 4, index: 1 }]);
});

t.test('in a joint configuration both halves must confirm a read', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  for (const id of ['4', '5']) cluster.add(id, diskWith({ ...base, conf: conf([]) }));
  const leader = cluster.elect('1');
  cluster.change('1', { add: ['4', '5'], remove: ['2', '3'], transition: 'explicit' });
  cluster.isolate('4', '5');
  leader.raft.readIndex(1);
  cluster.settle();
  t.same(leader.reads, [], 'the old half alone does not');
  cluster.isolate('2', '3');
  cluster.tick(1, ['1']);
  t.equal(leader.reads.length, 1, 'the acknowledgements of both halves together do');
});
