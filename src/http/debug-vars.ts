/**
 * `/debug/vars`: figures of the process and of Raft as JSON, by the names that Go's expvar gives them in etcd. The
 * command line is left out, which may be that of somebody's own program, and so is what only Go's memory has.
 */

import type { ServerResponse } from 'node:http';
import type { MemberStatus, ServedMember } from '../member/types.ts';
import { type ProcessFigures, processFigures } from '../util/node-process.ts';

const raftStates: Readonly<Record<MemberStatus['role'], string>> = {
  follower: 'StateFollower',
  preCandidate: 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};

export function serveDebugVars(member: Pick<ServedMember, 'status'>, response: ServerResponse): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(debugVars(member.status(), processFigures()));
}

/** A line per variable, as expvar writes them. */
function debugVars(status: MemberStatus, figures: ProcessFigures): string {
  const { residentBytes, heapUsedBytes, maxOpenFiles } = figures;
  const variables = {
    file_descriptor_limit: maxOpenFiles ?? 0,
    memstats: { Alloc: heapUsedBytes, HeapAlloc: heapUsedBytes, Sys: residentBytes },
    'raft.status': {
      id: raftId(status.id),
      term: status.term,
      commit: status.committedIndex,
      lead: raftId(status.leader),
      raftState: raftStates[status.role],
      applied: status.appliedIndex,
    },
  };
  const lines = Object.entries(variables).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** Raft's ids in etcd are written without leading zeros, and nobody is 0. */
function raftId(id: string): string {
  return id.replace(/^0+/, '') || '0';
}
