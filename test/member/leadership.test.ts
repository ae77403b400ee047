import t from 'tap';

import { Leadership, type LeadershipOptions } from '../../src/member/leadership.ts';
import { nobody, Role } from '../../src/raft/types.ts';
import { silentLogger } from '../../src/util/runtime.ts';
import { HandClock } from './hand-clock.ts';

/** A follower of `a` in a cluster of three, with time in the hands of the test. */
function follower() {
  const clock = new HandClock();
  const campaigns: number[] = [];
  const raft = {
    id: 'b',
    conf: { voters: ['a', 'b', 'c'] },
    leader: 'a',
    term: 5,
    role: Role.Follower as Role,
    lastIndex: 9,
    forgetLeader: () => {
      raft.leader = nobody;
    },
    reportUnreachable: () => {},
    campaign: () => {
      campaigns.push(clock.now());
    },
  };
  const leadership = new Leadership({
    raft,
    network: { isConnected: (peer: string) => peer === 'c' },
    runtime: { clock, random: { uint32: () => 0 }, log: silentLogger },
    heartbeatMs: 100,
    changed: () => {},
  } as unknown as LeadershipOptions);
  const run = (until: number): void => clock.run(until);
  return { leadership, raft, run, campaigns };
}

t.test('a follower whose leader has left stands soon, when it is its turn', async (t) => {
  const { leadership, run, campaigns } = follower();
  leadership.onDisconnect('a');
  run(59);
  t.same(campaigns, []);
  run(1000);
  t.same(campaigns, [60]);
});

t.test('it lets who stands already have a while, as the heir of a leader that stops does', async (t) => {
  const { leadership, raft, run, campaigns } = follower();
  leadership.onDisconnect('a');
  run(30);
  raft.term = 6;
  run(200);
  t.same(campaigns, [], 'its vote is on the way to the other');
  raft.leader = 'c';
  run(1000);
  t.same(campaigns, []);
});

t.test('where nobody came to lead after all, it stands', async (t) => {
  const { leadership, raft, run, campaigns } = follower();
  leadership.onDisconnect('a');
  run(30);
  raft.term = 6;
  run(5000);
  t.same(campaigns, [60 + 200 + 60]);
});
