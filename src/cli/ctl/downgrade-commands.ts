/** downgrade …: whether the cluster may go back by one minor version, and the permission to. */

import { exitBadArgs, UsageError } from './arguments.ts';
import type { Header } from './messages.ts';
import { field, headerFields } from './print-kv.ts';
import type { CtlCommand, CtlCommands, Session } from './session.ts';

interface DowngradeResponse {
  readonly header: Header | null;
  readonly version: string;
}

/** @throws UsageError */
function targetOf(session: Session): string {
  const [target, ...more] = session.words;
  if (target === undefined) throw new UsageError('TARGET_VERSION not provided', exitBadArgs);
  if (more.length > 0) throw new UsageError('too many arguments', exitBadArgs);
  if (target === '') throw new UsageError('target version not provided', exitBadArgs);
  return target;
}

function downgrade(verb: string, action: number, usage: string, summary: string): CtlCommand {
  return {
    usage: `downgrade ${usage}`,
    summary,
    run: async (session) => {
      const version = verb === 'cancel' ? '' : targetOf(session);
      const request = { action, version };
      const answer = await session.call<DowngradeResponse>('Maintenance', 'Downgrade', request);
      const { header, version: now } = answer.message;
      session.show(
        session.forms(
          answer,
          () => `Downgrade ${verb} success, cluster version ${now}`,
          () => [...headerFields(header), field('Version', JSON.stringify(now))].join('\n'),
        ),
      );
      return undefined;
    },
  };
}

export const downgradeCommands: CtlCommands = {
  'downgrade validate': downgrade(
    'validate',
    0,
    'validate <TARGET_VERSION>',
    'Validate downgrade capability before starting downgrade',
  ),
  'downgrade enable': downgrade(
    'enable',
    1,
    'enable <TARGET_VERSION>',
    'Start a downgrade action to cluster',
  ),
  'downgrade cancel': downgrade('cancel', 2, 'cancel', 'Cancel the ongoing downgrade action to cluster'),
};
