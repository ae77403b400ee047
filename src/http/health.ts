/**
 * `/health`, the oldest of the health endpoints: JSON with a reason. An alarm makes a member unhealthy here, whatever else
 * works, unless `?exclude=NOSPACE` names it. `?serializable=true` asks about this member alone.
 */

import type { ServerResponse } from 'node:http';
import type { ServedMember } from '../member/types.ts';
import { AlarmType } from '../wire/cold-messages.ts';
import { type FailureText, readLinearizably, readLocally, rebuildingText } from './checks.ts';
import type { HealthFigures } from './health-figures.ts';
import { sendError, sendPlain } from './respond.ts';

const alarmNames: Readonly<Record<number, string>> = {
  [AlarmType.NoSpace]: 'NOSPACE',
  [AlarmType.Corrupt]: 'CORRUPT',
};

export function serveHealth(
  member: ServedMember,
  failureText: FailureText,
  figures: HealthFigures,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const isLocal = query.get('serializable') === 'true';
  const answer = (reason: string): void => {
    // The fields are strings, in this order, for scripts that compare the whole line.
    figures.countHealth(reason === '');
    const body = JSON.stringify({ health: reason === '' ? 'true' : 'false', reason });
    if (reason === '') {
      sendPlain(response, body);
      return;
    }
    member.runtime.log.warn('a health check failed', { path: '/health', reason });
    sendError(response, 503, body);
  };
  const alarm = alarmOf(member, new Set(query.getAll('exclude')));
  if (alarm !== '') {
    answer(`ALARM ${alarm}`);
  } else if (member.isRebuilding) {
    answer(rebuildingText);
  } else if (!isLocal && !member.hasLeader) {
    answer('RAFT NO LEADER');
  } else {
    const read = isLocal ? readLocally : readLinearizably;
    read(member, failureText, (problem) => answer(problem === null ? '' : `RANGE ERROR:${problem}`));
  }
}

/** The first alarm that counts, or empty. */
function alarmOf(member: ServedMember, excluded: ReadonlySet<string>): string {
  for (const { alarm } of member.alarms()) {
    const name = alarmNames[alarm] ?? 'UNKNOWN';
    if (!excluded.has(name)) return name;
  }
  return '';
}
