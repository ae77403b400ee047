/** Membership: the known ways to get it wrong (F33 to F41 of the list of hard bugs). */

import t from 'tap';
import { encodeConfigEntry } from '../../src/raft/conf-codec.ts';
import { nobodyTakesPart } from '../../src/raft/configuration.ts';
import { type ConfState, type Entry, EntryType, MessageType } from '../../src/raft/types.ts';
import { conf, diskWith, entry, message, type NodeOptions, TestCluster, TestNode, text } from './cluster.ts';

const { Append, AppendResponse, TimeoutNow, Vote, VoteResponse } = MessageType;

function configEntry(index: number, term: number, of: ConfState): Entry {
  return { index, term, type: EntryType.Config, data: encodeConfigEntry(of, text('')) };
}

/** A cluster of `ids`, led by 1, with `joining` that know of nothing yet. */
function led(ids: string[], joining: string[] = [], options: NodeOptions = {}): TestCluster {
  const cluster = new TestCluster(ids, options);
  for (const id of joining) cluster.add(id, diskWith({ index: 0, term: 0, conf: nobodyTakesPart }), options);
  cluster.elect('1');
  return cluster;
}

t.test('F33: no change before an entry of the own term is committed', async (t) => {
  const base = { index: 0, term: 0, conf: conf(['1', '2', '3', '4']) };
  const node = new TestNode('1', diskWith(base), { preVote: false });
  node.raft.campaign();
  node.turn();
  for (const from of ['2', '3']) node.raft.step(message(VoteResponse, { from, to: '1', term: 1 }));
  node.turn();
  const change = { add: ['5'], context: text(''), transition: 'auto' as const };
  t.equal(node.raft.proposeConfig(change), false);
  t.equal(node.raft.configRefusal, 'noCommitInTerm');
  for (const from of ['2', '3'])
    node.raft.step(message(AppendResponse, { from, to: '1', term: 1, index: 1 }));
  t.equal(node.raft.proposeConfig(change), true);
});

t.test('F34: a configuration counts from its append on', async (t) => {
  const cluster = led(['1', '2'], ['3', '4']);
  cluster.isolate('3', '4');
  cluster.change('1', { add: ['3', '4'] });
  t.same(cluster.raft('2').conf.votersOutgoing, ['1', '2']);
  t.equal(cluster.raft('1').commit, 1, 'two are a majority of before, not of four');
  cluster.heal();
  cluster.tick(2);
  t.same(cluster.raft('1').conf, conf(['1', '2', '3', '4']));
});

t.test('F34: a candidate needs the votes of the configuration in its log, committed or not', async (t) => {
  const base = { index: 0, term: 0, conf: conf(['1']) };
  const disk = diskWith(base, [1]);
  disk.entries.push(configEntry(2, 1, conf(['1', '2', '3'])));
  const node = new TestNode('1', disk, { preVote: false });
  node.raft.campaign();
  const asked = node.turn().map((sent) => sent.to);
  t.same(asked, ['2', '3']);
  t.equal(node.raft.role, 'candidate', 'alone it was enough before');
});

t.test('F35: a node that takes itself for a learner, or for nobody, still answers votes', async (t) => {
  for (const known of [conf(['1', '2'], ['4']), nobodyTakesPart]) {
    const node = new TestNode('4', diskWith({ index: 0, term: 0, conf: known }), {});
    node.raft.step(message(Vote, { from: '2', to: '4', term: 1 }));
    t.match(node.turn(), [{ type: VoteResponse, to: '2', reject: false }]);
  }
});

t.test('F36: learners and removed nodes do not campaign, nor are they given leadership', async (t) => {
  const cluster = new TestCluster(['1', '2', '3'], {}, ['4']);
  cluster.elect('1');
  cluster.raft('4').campaign();
  cluster.tick(50, ['4']);
  cluster.raft('4').step(message(TimeoutNow, { from: '1', to: '4', term: 1 }));
  t.equal(cluster.raft('4').role, 'follower');
  for (const id of ['4', '9', '1']) t.equal(cluster.raft('1').transferLeadership(id), false, `not to ${id}`);
  cluster.change('1', { remove: ['3'] });
  cluster.tick(1);
  cluster.tick(50, ['3']);
  cluster.raft('3').campaign();
  t.equal(cluster.raft('3').role, 'follower', 'it knows that its removal is committed');
  t.equal(cluster.raft('1').transferLeadership('3'), false);
});

t.test('F37: cutting an uncommitted configuration brings the one before it back', async (t) => {
  const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };
  const node = new TestNode('1', diskWith(base, [1]), {});
  const step = (term: number, ...entries: Entry[]): void =>
    node.raft.step(message(Append, { from: '2', to: '1', term, index: 1, logTerm: 1, entries }));
  step(2, configEntry(2, 2, conf(['1', '2', '3', '4'])), entry(3, 2));
  t.same(node.raft.conf.voters, ['1', '2', '3', '4']);
  step(3, entry(2, 3));
  t.same(node.raft.conf.voters, ['1', '2', '3']);
  step(4, configEntry(2, 4, conf(['1', '2'])), configEntry(3, 4, conf(['1'])));
  t.same(node.raft.conf.voters, ['1']);
  node.turn();
  node.restart();
  t.same(node.raft.conf.voters, ['1'], 'and it is found again in the log after a restart');
});

t.test('F38: one change at a time, and a joint configuration ends by itself', async (t) => {
  const cluster = led(['1', '2', '3'], ['4', '5']);
  cluster.raft('1').proposeConfig({ add: ['4', '5'], context: text('x'), transition: 'auto' });
  t.equal(cluster.change('1', { remove: ['2'] }), false);
  t.equal(cluster.raft('1').configRefusal, 'changePending');
  cluster.settle();
  t.same(cluster.raft('1').conf, conf(['1', '2', '3', '4', '5']));
});

t.test('F38: a new leader ends the joint configuration that its predecessor began', async (t) => {
  const cluster = led(['1', '2', '3'], ['4']);
  cluster.passes = (sent) => sent.from !== '1' || !sent.entries.some((each) => each.index === 3);
  cluster.change('1', { add: ['4'], transition: 'implicit' });
  t.equal(cluster.raft('2').conf.autoLeave, true);
  t.equal(cluster.raft('1').commit, 2, 'committed, and its end was lost');
  cluster.isolate('1');
  cluster.raft('3').forgetLeader();
  cluster.raft('4').forgetLeader();
  cluster.elect('2');
  t.same(cluster.raft('2').conf, conf(['1', '2', '3', '4']));
  t.equal(cluster.raft('2').commit, cluster.raft('2').lastIndex);
});

t.test('F38: an explicit joint configuration stays until it is told to end', async (t) => {
  const cluster = led(['1', '2', '3'], ['4']);
  cluster.change('1', { add: ['4'], transition: 'explicit' });
  cluster.tick(3);
  t.equal(cluster.raft('1').conf.votersOutgoing.length, 3);
  t.equal(cluster.change('1', { remove: ['4'] }), false);
  t.equal(cluster.raft('1').configRefusal, 'alreadyJoint');
  t.equal(cluster.change('1', { transition: 'explicit' }), true);
  t.same(cluster.raft('4').conf, conf(['1', '2', '3', '4']));
});

t.test('F39: a removed leader leads until its removal is committed, then steps down for good', async (t) => {
  const cluster = led(['1', '2', '3']);
  cluster.isolate('1');
  cluster.change('1', { remove: ['1'] });
  cluster.propose('1', 'after');
  t.equal(cluster.raft('1').role, 'leader', 'not committed yet');
  cluster.passes = (sent) => sent.to !== '3' && sent.from !== '3';
  cluster.tick(1, ['1']);
  t.equal(cluster.raft('1').commit, 1, 'its own copy counts no more: 1 and 2 are no majority of 2 and 3');
  cluster.heal();
  cluster.tick(1, ['1']);
  t.equal(cluster.raft('1').role, 'follower');
  cluster.settle();
  const successor = ['2', '3'].find((id) => cluster.raft(id).role === 'leader');
  t.ok(successor, 'and another leads at once, without a timeout');
  cluster.tick(50);
  t.equal(cluster.raft('1').role, 'follower');
  t.equal(cluster.raft('2').term, 2);
});

t.test(
  'F39: a removed leader does not step down for the commit of what came before its removal',
  async (t) => {
    const cluster = led(['1', '2', '3']);
    const leader = cluster.node('1');
    leader.raft.propose([text('a')]);
    leader.raft.proposeConfig({ remove: ['1'], context: text(''), transition: 'auto' });
    leader.turn();
    for (const from of ['2', '3']) {
      leader.raft.step(message(AppendResponse, { from, to: '1', term: 1, index: 2 }));
    }
    t.equal(leader.raft.commit, 2);
    t.equal(leader.raft.role, 'leader');
  },
);

t.test('F39: a node that is being left out may have to lead until that is committed', async (t) => {
  // 3 alone is to stay. It has the joint configuration, 1 and 2 also its end; only they can be elected.
  const joint = { ...conf(['3']), votersOutgoing: ['1', '2', '3'], autoLeave: true };
  const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };
  const cluster = new TestCluster();
  for (const id of ['1', '2', '3']) {
    const disk = diskWith(base, [1]);
    disk.entries.push(configEntry(2, 1, joint));
    if (id !== '3') disk.entries.push(configEntry(3, 1, conf(['3'])));
    disk.hardState = { term: 1, vote: '', commit: 2 };
    let draws = Number(id);
    cluster.add(id, disk, { random: () => draws++ });
  }
  cluster.tick(60);
  t.equal(cluster.raft('3').role, 'leader');
  t.ok(cluster.raft('3').commit > 3);
});

t.test('F39: the last removed peers are told, so that they know it', async (t) => {
  const cluster = led(['1', '2', '3']);
  cluster.change('1', { remove: ['3'] });
  t.same(cluster.raft('3').conf, conf(['1', '2']));
  t.equal(cluster.raft('3').commit, 2);
  cluster.tick(25, ['1']);
  t.notOk(cluster.raft('1').status().progress.has('3'), 'and then forgotten');
});

t.test('F40: roles survive a restart', async (t) => {
  const cluster = led(['1', '2', '3'], ['4']);
  cluster.change('1', { addLearners: ['4'] });
  cluster.change('1', { remove: ['3'] });
  cluster.propose('1', 'a');
  for (const node of cluster.nodes.values()) node.restart();
  for (const id of ['3', '4']) {
    cluster.raft(id).campaign();
    t.equal(cluster.raft(id).role, 'follower', `${id} may not lead`);
  }
  t.same(cluster.raft('1').conf, conf(['1', '2'], ['4']));
});

t.test('F41: majorities are taken of the configuration, whoever else is heard from', async (t) => {
  const base = { index: 0, term: 0, conf: conf(['1', '2', '3']) };
  const node = new TestNode('1', diskWith(base), { preVote: false });
  node.raft.campaign();
  node.turn();
  for (const from of ['7', '8', '9']) node.raft.step(message(VoteResponse, { from, to: '1', term: 1 }));
  t.equal(node.raft.role, 'candidate');
  node.raft.step(message(VoteResponse, { from: '3', to: '1', term: 1 }));
  t.equal(node.raft.role, 'leader');
  for (const from of ['7', '8'])
    node.raft.step(message(AppendResponse, { from, to: '1', term: 1, index: 1 }));
  node.turn();
  t.equal(node.raft.commit, 0);
  const twice = { ...base, conf: conf(['1', '2', '2']) };
  t.throws(() => new TestNode('1', diskWith(twice), {}), /named twice/);
});

t.test('changes that make no sense are refused, each with its reason', async (t) => {
  const cluster = led(['1', '2', '3']);
  const cases = [
    [{ remove: ['1', '2', '3'] }, 'noVotersLeft'],
    [{ add: ['4'], remove: ['4'] }, 'contradictory'],
    [{ add: ['4', '4'] }, 'contradictory'],
    [{ transition: 'explicit' }, 'notJoint'],
  ] as const;
  for (const [change, refusal] of cases) {
    t.equal(cluster.change('1', change), false);
    t.equal(cluster.raft('1').configRefusal, refusal);
  }
  t.equal(cluster.change('2', { remove: ['3'] }), false);
  t.equal(cluster.raft('2').configRefusal, 'notLeader');
  t.same(cluster.raft('1').conf, conf(['1', '2', '3']));
  t.equal(cluster.change('1', {}), true, 'a change of attributes alone is a change');
});

t.test('a learner is promoted once it is named a voter, and counts then', async (t) => {
  const cluster = led(['1', '2'], ['3']);
  cluster.change('1', { addLearners: ['3'] });
  t.same(cluster.raft('3').conf, conf(['1', '2'], ['3']));
  cluster.change('1', { add: ['3'] });
  t.same(cluster.raft('3').conf, conf(['1', '2', '3']));
  cluster.isolate('2');
  cluster.propose('1', 'a');
  t.ok(cluster.appliedData('1').includes('a'));
});
