/**
 * I13 Promises leave after they are durable. A granted vote is on the voter's disk, and an acknowledged entry on the
 * follower's, when the answer leaves. Votes are few and all checked; of acknowledgements one in some is. See F1 and the
 * comment on `send` in etcd's raft. Who is elected has promised something too: its vote to itself.
 */

import { type Message, MessageType } from '../../raft/types.ts';
import { holds } from '../quorum.ts';
import type { NodeView } from '../view.ts';
import type { Invariant } from './invariant.ts';

const sampleEvery = 48;

export const promiseAfterDurable: Invariant = {
  id: 'I13',
  says: 'what a vote or acknowledgement promises is already on disk',
  check(world, memory) {
    for (const { from, message } of world.sent) {
      if (message.reject) continue;
      const node = world.nodes[from]!;
      let problem: string | null = null;
      if (message.type === MessageType.VoteResponse) problem = voteProblem(node, message);
      else if (message.type === MessageType.AppendResponse && memory.sampleAcknowledgement(sampleEvery)) {
        problem = appendProblem(node, message);
      }
      if (problem !== null) return `${node.id} ${problem}`;
    }
    for (const { node, becameLeader } of world.deltas) {
      if (!becameLeader) continue;
      const { term, vote } = node.durable();
      if (term < node.term || (term === node.term && vote !== node.id))
        return `${node.id} leads term ${node.term}, its disk has term ${term} and vote '${vote}'`;
    }
    return null;
  },
};

function voteProblem(node: NodeView, message: Message): string | null {
  const disk = node.durable();
  if (disk.term > message.term || (disk.term === message.term && disk.vote === message.to)) return null;
  return `votes for ${message.to} in term ${message.term}, its disk has term ${disk.term} and vote '${disk.vote}'`;
}

function appendProblem(node: NodeView, message: Message): string | null {
  const disk = node.durable();
  if (disk.term < message.term) return `acknowledges in term ${message.term}, its disk has term ${disk.term}`;
  const term = node.termAt(message.index);
  // The log may have moved on in the same step; what is not in memory any more was replaced by a snapshot.
  if (message.index === 0 || term === -1 || holds(disk, message.index, term)) return null;
  return `acknowledges entry ${message.index} of term ${term}, which its disk does not hold`;
}
