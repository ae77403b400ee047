/**
 * I48: the election timer of a member without a leader runs on until it votes or campaigns.
 *
 * A request that is refused must not set it back: a candidate whose log is behind could keep everybody else from
 * campaigning by asking again and again (paper 3.4, "grants vote"; NATS, TestNRGUnsuccessfulVoteRequestDoesntResetElectionTimer).
 */

import { Role } from '../../raft/types.ts';
import type { Invariant } from './invariant.ts';

export const timerRunsOn: Invariant = {
  id: 'I48',
  says: 'only a vote, a leader or a campaign sets the election timer back',
  check(world) {
    for (const { node, before } of world.deltas) {
      if (before === null || before.role !== Role.Follower || node.role !== Role.Follower) continue;
      if (before.term !== node.term || before.leader !== '' || node.leader !== '' || node.vote !== '')
        continue;
      if (node.electionElapsed < before.electionElapsed)
        return `${node.id} in term ${node.term} set its timer back from ${before.electionElapsed} to ${node.electionElapsed} and had voted for nobody`;
    }
    return null;
  },
};
