/**
 * Tells systemd that a service of `Type=notify` is up, as etcd does. The message must go to a datagram socket of the file
 * system, which Node cannot open; `systemd-notify` can, and speaks in the name of the process that starts it where that is
 * allowed (root); elsewhere the unit needs `NotifyAccess=all`.
 */

import { spawn } from 'node:child_process';
import type { Logger } from '../util/runtime.ts';

/** Does nothing where no service manager asked for it. */
export function tellServiceManager(env: Readonly<Record<string, string | undefined>>, log: Logger): void {
  const { NOTIFY_SOCKET: socket = '' } = env;
  if (socket === '') return;
  const problem = (reason: string): void => {
    log.warn('the service manager could not be told that this member serves: use Type=exec in its unit', {
      reason,
    });
  };
  const child = spawn('systemd-notify', ['--ready'], { stdio: 'ignore', env: { ...env } });
  child.once('error', (error) => problem(error.message));
  child.once('exit', (code) => {
    if (code !== 0) problem(`systemd-notify ended with ${code}`);
  });
  child.unref();
}
