/** `etcdserverpb.Maintenance`: the member's status, alarms and who leads. The rest is in `hashes.ts` and `downgrade.ts`. */

import { encodeAlarm } from '../member/applier.ts';
import type { AlarmRecord, AlarmResult } from '../member/types.ts';
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
import { decodeMoveLeaderRequest, encodeMoveLeaderResponse } from '../wire/maintenance-messages.ts';
import { idNumber, idText, type ServiceContext } from './context.ts';
import { downgradeMethod } from './downgrade.ts';
import { statuses, statusOf } from './errors.ts';
import { type ServiceMethod, type ServiceMethods, unary } from './guard.ts';
import { wholeStateMethods } from './hashes.ts';
import { snapshotMethod } from './snapshot.ts';
import { clusterVersionOf, etcdVersion } from './version.ts';

export function maintenanceMethods(context: ServiceContext): ServiceMethods {
  return {
    Snapshot: snapshotMethod(context),
    Status: statusMethod(context),
    Alarm: alarmMethod(context),
    MoveLeader: moveLeaderMethod(context),
    Downgrade: downgradeMethod(context),
    ...wholeStateMethods(context),
  };
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

/** What etcd shows when it runs with `--quota-backend-bytes=-1`. */
const noQuota = -1;

/** Answered from what this member knows, also without a quorum and by a learner. */
function statusMethod(context: ServiceContext): ServiceMethod {
  return unary((body, _call, reply) => {
    decodeStatusRequest(body);
    const { member } = context;
    const status = member.status();
    const { quotaBytes } = member.limits;
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
      storageVersion: clusterVersionOf(member.downgrade()),
      dbSizeQuota: quotaBytes === Number.POSITIVE_INFINITY ? noQuota : quotaBytes,
      downgradeInfo: member.downgrade(),
    };
    reply(null, encodeStatusResponse(context.header(context.store.revision), response));
  }, true);
}

/**
 * Every action goes through the log, the list too, as in etcd: `etcdctl endpoint health` takes it as a sign that there
 * is a quorum. Alarms without a kind are not set, and the member may be one that does not exist.
 */
function alarmMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  return unary((body, call, reply) => {
    const request = decodeAlarmRequest(body);
    const { action, alarm } = request;
    const record = { memberId: idText(request.memberId), alarm };
    const isNone = action === AlarmAction.Activate && alarm === AlarmType.None;
    const isWanted = (found: AlarmRecord): boolean =>
      !isNone && (action !== AlarmAction.Get || alarm === AlarmType.None || found.alarm === alarm);
    const [kind, asked] =
      isNone || action === AlarmAction.Get ? [RequestKind.AlarmGet, body] : change(action, record);
    const done = (failure: Failure | null, result: AlarmResult | null): void => {
      if (failure !== null) {
        reply(statusOf(failure), null);
        return;
      }
      const alarms = result!.alarms.filter(isWanted).map(wireAlarm);
      reply(null, encodeAlarmResponse(context.header(context.store.revision), alarms));
    };
    member.propose<AlarmResult>(kind, asked, request, done, context.authorizer.callerOf(call));
  });
}

/** @throws Failure for an action that etcd does not know; its servers end there */
function change(action: number, record: AlarmRecord): [RequestKind, Uint8Array] {
  if (action === AlarmAction.Activate) return [RequestKind.AlarmRaise, encodeAlarm(record)];
  if (action === AlarmAction.Deactivate) return [RequestKind.AlarmClear, encodeAlarm(record)];
  throw new Failure('unknownDowngradeAction');
}

function wireAlarm({ memberId, alarm }: AlarmRecord): AlarmMember {
  return { memberId: idNumber(memberId), alarm };
}

/** On the leader only; answered when the other one leads. */
function moveLeaderMethod(context: ServiceContext): ServiceMethod {
  return unary((body, _call, reply) => {
    const target = idText(decodeMoveLeaderRequest(body));
    context.member.moveLeader(target, (failure) => {
      if (failure === null) reply(null, encodeMoveLeaderResponse());
      else reply(statusOf(failure), null);
    });
  });
}
