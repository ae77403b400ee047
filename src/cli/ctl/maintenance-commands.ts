/** alarm …, defrag, snapshot save and version. */

import { promises, renameSync, rmSync } from 'node:fs';
import { etcdVersion } from '../../etcd/version.ts';
import { exitBadArgs, flag, UsageError } from './arguments.ts';
import { goJson } from './go-text.ts';
import type { AlarmResponse } from './messages.ts';
import { field, headerFields } from './print-kv.ts';
import type { Answer, CtlCommand, CtlCommands, Session } from './session.ts';

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
  flags: { cluster: flag('use all endpoints from the cluster member list') },
  run: async (session) => {
    const { signal } = session.io;
    const isWhole = session.isSet('cluster');
    const members = isWhole ? await session.client.members.list({ signal }) : [];
    const endpoints = isWhole ? members.flatMap(({ clientUrls }) => clientUrls) : session.endpoints;
    const client = session.clientOf(endpoints);
    let failed = 0;
    for (const endpoint of endpoints) {
      try {
        await client.maintenance.defragment({ endpoint, signal });
        session.io.out(`Finished defragmenting etcd member[${endpoint}]\n`);
      } catch (error) {
        failed++;
        session.io.err(`Failed to defragment etcd member[${endpoint}] (${(error as Error).message})\n`);
      }
    }
    return failed > 0 ? 1 : 0;
  },
};

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
    const { signal } = session.io;
    const part = `${path}.part`;
    const snapshot = session.client.maintenance.snapshot({ endpoint: endpoint!, signal });
    try {
      const file = await promises.open(part, 'w', 0o600);
      try {
        for await (const bytes of snapshot) await file.appendFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      renameSync(part, path);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
    session.io.out(`Snapshot saved at ${path}\n`);
    if (snapshot.version !== '') session.io.out(`Server version ${snapshot.version}\n`);
    return undefined;
  },
};

const version: CtlCommand = {
  usage: 'version',
  summary: 'Prints the version of etcdctl',
  run: async (session) => {
    const api = etcdVersion.split('.').slice(0, 2).join('.');
    session.show({
      simple: () => `etcdctl version: ${etcdVersion}\nAPI version: ${api}`,
      json: () => goJson({ 'etcdctl version': etcdVersion, 'API version': api }),
    });
    return undefined;
  },
};

export const maintenanceCommands: CtlCommands = {
  'alarm list': alarmList,
  'alarm disarm': alarmDisarm,
  defrag,
  'snapshot save': snapshotSave,
  version,
};
