/**
 * I47: whoever stands for election believes in no leader.
 *
 * A campaigner that kept its leader would withhold its vote from the others for that leader's sake; members that all
 * believe in one that has stepped down would refuse each other for ever (etcd pull requests 8334 and 9586).
 */

import { Role } from '../../raft/types.ts';
import type { Invariant } from './invariant.ts';

export const campaignerHasNoLeader: Invariant = {
  id: 'I47',
  says: 'who campaigns believes in no leader',
  check(world) {
    for (const { node } of world.deltas) {
      if (node.role !== Role.PreCandidate && node.role !== Role.Candidate) continue;
      if (node.leader !== '')
        return `${node.id} campaigns in term ${node.term} and believes in ${node.leader}`;
    }
    return null;
  },
};
