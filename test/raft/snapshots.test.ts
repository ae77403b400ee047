/** Snapshots: the known ways to get them wrong (F43 to F47 of the list of hard bugs). */

import t from 'tap';
import { decodeConfigEntry } from '../../src/raft/conf-codec.ts';
import { EntryType, type Message, MessageType, type SnapshotMeta } from '../../src/raft/types.ts';
import { conf, diskWith, entry, message, TestCluster, TestNode } from './cluster.ts';

const { Append, AppendResponse, Heartbeat, HeartbeatResponse, Snapshot, VoteResponse } = MessageType;
const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };

function offered(snapshot: SnapshotMeta, term = 3): Message {
  return message(Snapshot, { from: '2', to: '1', term, snapshot });
}

/** A follower of term 3 whose storage completes only when it is told to. */
function follower(terms: number[], commit = 0): TestNode {
  const node = new TestNode('1', diskWith(base, terms, { term: 3, commit }), {});
  node.autoWrite = false;
  return node;
}

/** Node 1 leads term 2 with entries 1 to 4 committed by 2, the first three compacted, and 3 never heard from. */
function compacted(): TestNode {
  const node = new TestNode('1', diskWith(base, [1, 1, 1]), { preVote: false });
  node.raft.campaign();
  node.turn();
  node.raft.step(message(VoteResponse, { from: '2', to: '1', term: 2 }));
  node.turn();
  node.raft.step(message(AppendResponse, { from: '2', to: '1', term: 2, index: 4 }));
  node.turn();
  node.raft.compact(3);
  return node;
}

const refusal = message(AppendResponse, { from: '3', to: '1', term: 2, index: 3, reject: true });

t.test('F43: a snapshot brings its own configuration, whatever the replaced log said', async (t) => {
  const node = follower([1, 1]);
  const five = conf(['1', '2', '3', '4', '5']);
  node.raft.step(offered({ index: 9, term: 2, conf: five }));
  t.same(node.raft.conf, five);
  node.turn();
  node.completeWrites();
  node.restart();
  t.same(node.raft.conf, five);
  t.equal(node.raft.termAt(9), 2);
  t.throws(() => follower([]).raft.step(offered({ index: 9, term: 2, conf: conf([]) })), /no voters/);
});

t.test('F44: nothing is applied or acknowledged while the state is being replaced', async (t) => {
  const node = follower([1, 1, 1], 2);
  node.autoApply = false;
  node.turn();
  node.raft.step(offered({ index: 9, term: 2, conf: base.conf }));
  node.raft.applied(2);
  t.equal(node.raft.appliedIndex, 0, 'what was applied to the old state is of the past');
  node.raft.step(
    message(Append, {
      from: '2',
      to: '1',
      term: 3,
      index: 9,
      logTerm: 2,
      commit: 10,
      entries: [entry(10, 3)],
    }),
  );
  node.unapplied = [];
  t.same(
    node.turn().filter((sent) => sent.type === AppendResponse),
    [],
  );
  t.same(node.unapplied, []);
  node.completeWrites();
  t.same(
    node.turn().map(({ type, index }) => ({ type, index })),
    [9, 10].map((index) => ({ type: AppendResponse, index })),
  );
  t.equal(node.raft.appliedIndex, 9);
  t.same(
    node.unapplied.map((each) => each.index),
    [10],
  );
});

t.test(
  'entries that arrive behind a snapshot are written after it, and acknowledged when they are',
  async (t) => {
    const node = follower([1, 1]);
    node.raft.step(offered({ index: 9, term: 2, conf: base.conf }));
    const behind = { from: '2', to: '1', term: 3, index: 9, logTerm: 2, commit: 9, entries: [entry(10, 3)] };
    node.raft.step(message(Append, behind));
    const first = node.raft.ready();
    t.equal(first.snapshot?.index, 9);
    t.same(
      first.entries,
      [],
      'whoever installs a state begins the log anew: nothing else may be in that write',
    );
    node.raft.written(first.write);
    t.match(node.raft.ready().entries, [{ index: 10, term: 3 }]);
  },
);

t.test('F44: of two snapshots in short time the second waits for its turn', async (t) => {
  const node = follower([]);
  node.raft.step(offered({ index: 9, term: 2, conf: base.conf }));
  node.raft.step(offered({ index: 12, term: 2, conf: base.conf }));
  node.turn();
  t.equal(node.writes.length, 1);
  t.equal(node.raft.pendingSnapshot?.index, 9);
  node.completeWrites();
  node.raft.step(offered({ index: 12, term: 2, conf: base.conf }));
  node.turn();
  node.completeWrites();
  t.equal(node.raft.appliedIndex, 12);
});

t.test('F44: a snapshot of what is committed here already is not installed', async (t) => {
  const node = follower([1, 1, 1], 2);
  node.raft.step(offered({ index: 2, term: 1, conf: base.conf }));
  t.equal(node.raft.pendingSnapshot, null);
  t.match(node.turn(), [{ type: AppendResponse, index: 2, reject: false }]);
  node.raft.step(offered({ index: 3, term: 1, conf: base.conf }));
  t.equal(node.raft.pendingSnapshot, null, 'it is in the log: the commit index is all that was missing');
  t.equal(node.raft.commit, 3);
  t.equal(node.raft.lastIndex, 3);
});

t.test('F44: a snapshot older than the compacted log does not bring the past back', async (t) => {
  const node = new TestNode('1', diskWith({ ...base, index: 5, term: 2 }, [2], { term: 3 }), {});
  node.raft.step(offered({ index: 3, term: 1, conf: base.conf }));
  t.equal(node.raft.pendingSnapshot, null);
  t.equal(node.raft.lastIndex, 6);
  t.match(node.turn(), [{ type: AppendResponse, index: 5 }]);
});

t.test('F44: no campaign while a snapshot is being installed', async (t) => {
  const node = follower([]);
  node.raft.step(offered({ index: 9, term: 2, conf: base.conf }));
  node.raft.campaign();
  for (let i = 0; i < 50; i++) node.raft.tick();
  t.equal(node.raft.role, 'follower');
});

t.test('F45: the commit index of a snapshot is written with it', async (t) => {
  const node = follower([1]);
  node.raft.step(offered({ index: 9, term: 2, conf: base.conf }));
  node.turn();
  const { ready } = node.writes[0]!;
  t.match(ready, { snapshot: { index: 9 }, hardState: { commit: 9 }, entries: [] });
  node.completeWrites();
  t.equal(node.disk.hardState.commit, 9);
  node.restart();
  t.equal(node.raft.commit, 9);
});

t.test('F45: a state that is ahead of the written commit index is committed', async (t) => {
  const node = new TestNode('1', diskWith(base, [1, 1, 1], { commit: 1 }), {});
  node.flushed = 3;
  node.restart();
  t.equal(node.raft.commit, 3);
  t.equal(node.raft.appliedIndex, 3);
  node.flushed = 4;
  t.throws(() => node.restart(), /beyond/);
});

t.test(
  'F46: an acknowledgement that meets the log ends the snapshot state, though the report was lost',
  async (t) => {
    const node = compacted();
    node.raft.step(refusal);
    node.turn();
    t.same(node.snapshotsWanted, ['3']);
    node.raft.snapshotStarted('3', 4);
    t.match(node.raft.status().progress.get('3'), { state: 'snapshot', pendingSnapshot: 4 });
    node.raft.step(message(AppendResponse, { from: '3', to: '1', term: 2, index: 2 }));
    t.match(node.raft.status().progress.get('3'), { state: 'snapshot' }, 'behind the log');
    node.raft.step(message(AppendResponse, { from: '3', to: '1', term: 2, index: 3 }));
    t.match(node.raft.status().progress.get('3'), { state: 'replicate', match: 3 });
    t.match(
      node.turn().filter((sent) => sent.to === '3'),
      [{ type: Append, index: 3, entries: [{ index: 4 }] }],
    );
  },
);

t.test('F46: a failed snapshot is wanted again after the next heartbeat, not before', async (t) => {
  const node = compacted();
  node.raft.step(refusal);
  node.turn();
  node.raft.snapshotStarted('3', 4);
  node.raft.reportSnapshot('3', 2, false);
  t.match(node.raft.status().progress.get('3'), { state: 'snapshot' }, 'the report of another one');
  node.raft.reportSnapshot('3', 4, false);
  node.snapshotsWanted = [];
  node.turn();
  t.same(node.snapshotsWanted, []);
  node.raft.tick();
  node.raft.step(message(HeartbeatResponse, { from: '3', to: '1', term: 2 }));
  node.turn();
  t.same(node.snapshotsWanted, ['3']);
});

t.test('a node that is not heard from is not sent a snapshot', async (t) => {
  const node = compacted();
  node.raft.tick();
  node.turn();
  t.same(node.snapshotsWanted, []);
});

t.test('F47: a snapshot carries the configuration at its own index, not an uncommitted one', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.propose('1', 'a');
  cluster.isolate('1');
  cluster.change('1', { remove: ['3'] });
  t.same(cluster.raft('1').conf.voters, ['1', '2']);
  t.same(cluster.raft('1').snapshotMeta(2), { index: 2, term: 1, conf: conf(['1', '2', '3']) });
  t.throws(() => cluster.raft('1').snapshotMeta(3), /no snapshot at 3/, 'nor one of what is not applied');
});

t.test('F47: compaction keeps the configuration of the new base', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], {}, ['4']);
  cluster.elect('1');
  cluster.change('1', { add: ['4'] });
  cluster.change('1', { remove: ['2'] });
  cluster.propose('1', 'a');
  cluster.raft('1').compact(3);
  t.same(cluster.raft('1').snapshotMeta(3).conf, conf(['1', '3', '4']));
  t.same(cluster.raft('1').conf, conf(['1', '3', '4']));
  t.throws(() => cluster.raft('1').snapshotMeta(2), /no snapshot/);
});

t.test('writes that a snapshot has overtaken vouch for nothing', async (t) => {
  const node = follower([]);
  node.raft.step(
    message(Append, { from: '2', to: '1', term: 3, index: 0, entries: [1, 2, 3, 4].map((i) => entry(i, 1)) }),
  );
  node.turn();
  node.raft.step(offered({ index: 3, term: 2, conf: base.conf }));
  node.raft.step(
    message(Append, { from: '2', to: '1', term: 3, index: 3, logTerm: 2, entries: [entry(4, 2)] }),
  );
  node.turn();
  node.completeWrites(1);
  t.equal(node.raft.status().stableIndex, 0);
  t.equal(node.raft.appliedIndex, 0);
  node.completeWrites();
  t.equal(node.raft.status().stableIndex, 4);
});

t.test('a whole cluster member that lost the log comes back through a snapshot', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.isolate('3');
  cluster.propose('1', 'a', 'b', 'c');
  cluster.change('1', { addLearners: ['4'] });
  cluster.raft('1').compact(5);
  cluster.heal();
  cluster.tick(1, ['1']);
  t.same(cluster.node('1').snapshotsWanted, ['3']);
  const snapshot = cluster.raft('1').snapshotMeta(5);
  cluster.raft('1').snapshotStarted('3', 5);
  cluster.propose('1', 'd');
  cluster.raft('3').step(message(Snapshot, { from: '1', to: '3', term: 1, snapshot }));
  cluster.settle();
  t.same(cluster.appliedData('3'), ['d']);
  t.same(cluster.raft('3').conf.learners, ['4']);
});

t.test('the configuration in an entry survives its encoding, with its context', async (t) => {
  const cluster = new TestCluster(['1', '2', '3']);
  cluster.elect('1');
  cluster.raft('1').proposeConfig({ remove: ['3'], context: Uint8Array.of(1, 2), transition: 'auto' });
  const last = cluster.raft('1').entryAt(2)!;
  t.equal(last.type, EntryType.Config);
  const { conf: decoded, context } = decodeConfigEntry(last.data);
  t.same(decoded, conf(['1', '2']));
  t.same([...context], [1, 2]);
  t.throws(() => decodeConfigEntry(Uint8Array.of(9, 0)), /version 9/);
  t.throws(() => decodeConfigEntry(last.data.subarray(0, 6)), /ends inside/);
});

t.test('a heartbeat goes past a disk that is busy', async (t) => {
  const node = follower([]);
  node.raft.step(message(Append, { from: '2', to: '1', term: 3, index: 0, entries: [entry(1, 3)] }));
  node.turn();
  node.raft.step(message(Heartbeat, { from: '2', to: '1', term: 3, context: 4 }));
  t.match(node.turn(), [{ type: HeartbeatResponse, context: 4 }]);
});
