/** `etcdserverpb.Maintenance`: the member's status and the list of alarms. */

import type { AlarmRecord, AlarmResult, ProposeDone } from '../member/types.ts';
import { RequestKind } from '../member/types.ts';
import { Failure } from '../util/failure.ts';
import type { AlarmMember } from '../wire/cold-messages.ts';
import {
  AlarmAction,
  AlarmType,
  decodeAlarmRequest,
  decodeStatusRequest,
  encodeAlarmResponse,
  encodeStatusResponse,
} from '../wire/cold-messages.ts';
import { idNumber, type ServiceContext } from './context.ts';
import { statuses, statusOf } from './errors.ts';
import { type ServiceMethod, type ServiceMethods, unary } from './guard.ts';
import { etcdVersion, storageVersion } from './version.ts';

export function maintenanceMethods(context: ServiceContext): ServiceMethods {
  return { Status: statusMethod(context), Alarm: alarmMethod(context) };
}

const alarmNames: Readonly<Record<number, string>> = {
  [AlarmType.NoSpace]: 'NOSPACE',
  [AlarmType.Corrupt]: 'CORRUPT',
};

/** An alarm as Go prints the message, which is what operators look for; the space at the end is part of it. */
function alarmLine({ memberId, alarm }: AlarmRecord): string {
  const member = memberId === '' ? '' : `memberID:${idNumber(memberId)} `;
  return `${member}alarm:${alarmNames[alarm] ?? alarm} `;
}

/** Answered from what this member knows, also without a quorum and by a learner. */
function statusMethod(context: ServiceContext): ServiceMethod {
  return unary((body, _call, reply) => {
    decodeStatusRequest(body);
    const { member } = context;
    const status = member.status();
    const errors = member.alarms().map(alarmLine);
    if (status.leader === '') errors.unshift(statuses.noLeader.message);
    const { dbSizeInUseBytes } = status;
    const response = {
      version: etcdVersion,
      // Never 0, even before the first flush: etcdctl divides by it.
      dbSize: Math.max(status.dbSizeBytes, dbSizeInUseBytes, 1),
      leader: idNumber(status.leader),
      raftIndex: status.committedIndex,
      raftTerm: status.term,
      raftAppliedIndex: status.appliedIndex,
      errors,
      dbSizeInUse: dbSizeInUseBytes,
      isLearner: status.isLearner,
      storageVersion,
      // There is no quota.
      dbSizeQuota: 0,
      downgradeInfo: { enabled: false, targetVersion: '' },
    };
    reply(null, encodeStatusResponse(context.header(context.store.revision), response));
  }, true);
}

/** The list goes through the log, as in etcd: `etcdctl endpoint health` takes it as a sign that there is a quorum. */
function alarmMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  return unary((body, call, reply) => {
    const request = decodeAlarmRequest(body);
    if (request.action !== AlarmAction.Get) {
      throw new Failure('unimplemented', 'keelson: alarms cannot be set or cleared');
    }
    const done: ProposeDone<AlarmResult> = (failure, result) => {
      if (failure !== null) {
        reply(statusOf(failure), null);
        return;
      }
      const alarms: AlarmMember[] = [];
      for (const { memberId, alarm } of result!.alarms) {
        const isWanted = request.alarm === AlarmType.None || request.alarm === alarm;
        if (isWanted) alarms.push({ memberId: idNumber(memberId), alarm });
      }
      reply(null, encodeAlarmResponse(context.header(context.store.revision), alarms));
    };
    member.propose(RequestKind.AlarmGet, body, request, done, context.authorizer.callerOf(call));
  });
}
