/** Commits that followers are told of: at once, or with the entries that will go to them soon. */

import t from 'tap';
import { type Message, MessageType } from '../../src/raft/types.ts';
import { TestCluster, type TestNode, text } from './cluster.ts';

const { Append } = MessageType;

interface Rig {
  readonly leader: TestNode;
  /** The appends of a turn, by receiver, commit index and number of entries. */
  appends(): string[];
  /** All members have the leader's entries, and the leader knows it; nobody was told of the commit. */
  commitQuietly(data: string): void;
}

function rig(): Rig {
  const cluster = new TestCluster(['1', '2', '3'], { preVote: false });
  const leader = cluster.elect('1');
  const told = ({ to, commit, entries }: Message): string => `${to}: ${commit}, ${entries.length} entries`;
  return {
    leader,
    appends: () =>
      leader
        .turn()
        .filter(({ type }) => type === Append)
        .map(told),
    commitQuietly: (data) => {
      leader.raft.propose([text(data)]);
      cluster.collect();
      cluster.deliver();
      for (const id of ['2', '3']) cluster.queue.push(...cluster.node(id).turn());
      cluster.deliver();
    },
  };
}

t.test('a commit is told at once while nothing is withheld', async (t) => {
  const { leader, appends, commitQuietly } = rig();
  commitQuietly('a');
  t.equal(leader.raft.commit, 2);
  t.same(appends(), ['2: 2, 0 entries', '3: 2, 0 entries']);
});

t.test('withheld, a commit is told with the next entries, and not besides', async (t) => {
  const { leader, appends, commitQuietly } = rig();
  leader.raft.withholdNotices(true);
  commitQuietly('a');
  t.equal(leader.raft.commit, 2);
  t.same(appends(), []);
  t.equal(leader.raft.hasReady(), false, 'nothing is left to do');
  leader.raft.propose([text('b')]);
  t.same(appends(), ['2: 2, 1 entries', '3: 2, 1 entries']);
  leader.raft.withholdNotices(false);
  t.same(appends(), [], 'everybody has been told');
});

t.test('when the entries do not come, the commit is told without them', async (t) => {
  const { leader, appends, commitQuietly } = rig();
  leader.raft.withholdNotices(true);
  commitQuietly('a');
  t.same(appends(), []);
  leader.raft.withholdNotices(false);
  t.equal(leader.raft.hasReady(), true);
  t.same(appends(), ['2: 2, 0 entries', '3: 2, 0 entries']);
  leader.raft.withholdNotices(false);
  t.same(appends(), [], 'once');
});

t.test('a leader that has stepped down tells nobody of what it withheld', async (t) => {
  const { leader, appends, commitQuietly } = rig();
  leader.raft.withholdNotices(true);
  commitQuietly('a');
  t.same(appends(), []);
  leader.raft.stepDown();
  leader.raft.withholdNotices(false);
  t.same(appends(), []);
});
