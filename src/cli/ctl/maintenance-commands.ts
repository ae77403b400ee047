/** alarm …, defrag and snapshot save. */

import { promises, renameSync, rmSync } from 'node:fs';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { exitBadArgs, flag, text, UsageError } from './arguments.ts';
import { fileErrorText } from './go-errors.ts';
import { goDuration, humanBytes } from './go-text.ts';
import type { AlarmResponse } from './messages.ts';
import { defragDirectory } from './offline-commands.ts';
import { field, headerFields } from './print-kv.ts';
import { Progress } from './progress.ts';
import { type Answer, type CtlCommand, type CtlCommands, errorText, type Session } from './session.ts';

const alarmNames: readonly string[] = ['NONE', 'NOSPACE', 'CORRUPT'];
const alarmActions = { get: 0, deactivate: 2 };

function alarmName(alarm: number): string {
  return alarmNames[alarm] ?? String(alarm);
}

function showAlarms(session: Session, answer: Answer<AlarmResponse>): void {
  const { header, alarms } = answer.message;
  session.show(
    session.forms(
      answer,
      () => alarms.map(({ memberID, alarm }) => `memberID:${memberID} alarm:${alarmName(alarm)} `).join('\n'),
      () =>
        [
          ...headerFields(header),
          ...alarms.flatMap(({ memberID, alarm }) => [
            field('MemberID', memberID),
            field('AlarmType', alarmName(alarm)),
            '',
          ]),
        ].join('\n'),
    ),
  );
}

function noArguments(session: Session, command: string): void {
  if (session.words.length > 0) throw new UsageError(`${command} command accepts no arguments`, exitBadArgs);
}

const alarmList: CtlCommand = {
  usage: 'alarm list',
  summary: 'Lists all alarms',
  run: async (session) => {
    noArguments(session, 'alarm list');
    const request = { action: alarmActions.get };
    showAlarms(
      session,
      await session.call<AlarmResponse>('Maintenance', 'Alarm', request, { effect: 'read' }),
    );
    return undefined;
  },
};

const alarmDisarm: CtlCommand = {
  usage: 'alarm disarm',
  summary: 'Disarms all alarms',
  run: async (session) => {
    noArguments(session, 'alarm disarm');
    const request = { action: alarmActions.get };
    const raised = await session.call<AlarmResponse>('Maintenance', 'Alarm', request, { effect: 'read' });
    let answer = { ...raised, message: { ...raised.message, alarms: [] as AlarmResponse['alarms'] } };
    for (const { memberID, alarm } of raised.message.alarms) {
      const clear = { action: alarmActions.deactivate, memberID, alarm };
      const cleared = await session.call<AlarmResponse>('Maintenance', 'Alarm', clear, {
        effect: 'idempotent',
      });
      const alarms = [...answer.message.alarms, ...cleared.message.alarms];
      answer = { ...cleared, message: { ...cleared.message, alarms } };
    }
    showAlarms(session, answer);
    return undefined;
  },
};

const defrag: CtlCommand = {
  usage: 'defrag',
  summary: 'Defragments the storage of the etcd members with given endpoints',
  flags: {
    cluster: flag('use all endpoints from the cluster member list'),
    'data-dir': text('a data directory not in use, instead of members'),
  },
  run: async (session) => {
    const { signal } = session.io;
    if (session.text('data-dir') !== '') {
      await defragDirectory(session.text('data-dir'), session.io);
      return 0;
    }
    const { clock } = nodeRuntime();
    const isWhole = session.isSet('cluster');
    const members = isWhole ? await session.client.members.list({ signal }) : [];
    const endpoints = isWhole ? members.flatMap(({ clientUrls }) => clientUrls) : session.endpoints;
    const client = session.clientOf(endpoints);
    let failed = 0;
    for (const endpoint of endpoints) {
      const start = clock.now();
      const took = (): string => `took ${goDuration(clock.now() - start)}`;
      try {
        const timeoutMs = session.number('command-timeout');
        await client.maintenance.defragment({ endpoint, signal, timeoutMs });
        session.io.out(`Finished defragmenting etcd member[${endpoint}]. ${took()}\n`);
      } catch (error) {
        failed++;
        const why = errorText(error);
        session.io.err(`Failed to defragment etcd member[${endpoint}]. ${took()}. (${why})\n`);
      }
    }
    return failed > 0 ? 1 : 0;
  },
};

/** What etcdctl ends with when a snapshot does not come through. */
const exitSnapshotFailed = 5;

/** As etcdctl: a snapshot may take as long as it wants, unless somebody says how long. */
function timed(session: Session): { readonly signal: AbortSignal; readonly end: () => void } {
  const { signal } = session.io;
  if (!session.isGiven('command-timeout')) return { signal, end: () => {} };
  const late = new AbortController();
  const onLate = (): void => late.abort(new Error('context deadline exceeded'));
  const timer = nodeRuntime().clock.setTimer(session.number('command-timeout'), onLate);
  return { signal: AbortSignal.any([signal, late.signal]), end: () => timer.cancel() };
}

const snapshotSave: CtlCommand = {
  usage: 'snapshot save <filename>',
  summary: 'Stores an etcd node backend snapshot to a given file',
  run: async (session) => {
    const [path] = session.words;
    if (path === undefined || session.words.length > 1) {
      throw new UsageError('snapshot save expects one argument', exitBadArgs);
    }
    const [endpoint, ...others] = session.endpoints;
    if (others.length > 0) {
      throw new UsageError('snapshot must be requested to one selected node, not multiple', exitBadArgs);
    }
    const { signal, end } = timed(session);
    const progress = new Progress(session.io);
    const part = `${path}.part`;
    const snapshot = session.client.maintenance.snapshot({ endpoint: endpoint!, signal });
    try {
      const file = await promises.open(part, 'w', 0o600).catch((error: unknown) => {
        throw new Error(`could not open ${part} (${fileErrorText(error)})`);
      });
      try {
        for await (const bytes of snapshot) {
          await file.appendFile(bytes);
          const { receivedBytes, totalBytes } = snapshot;
          if (totalBytes > 0) progress.show(receivedBytes / totalBytes, humanBytes(receivedBytes));
        }
        await file.sync();
      } finally {
        await file.close();
      }
      renameSync(part, path);
    } catch (error) {
      rmSync(part, { force: true });
      if (session.io.signal.aborted) throw error;
      throw new UsageError(errorText(error), exitSnapshotFailed);
    } finally {
      end();
      progress.end();
    }
    session.io.out(`Snapshot saved at ${path}\n`);
    if (snapshot.version !== '') session.io.out(`Server version ${snapshot.version}\n`);
    return undefined;
  },
};

export const maintenanceCommands: CtlCommands = {
  'alarm list': alarmList,
  'alarm disarm': alarmDisarm,
  defrag,
  'snapshot save': snapshotSave,
};
