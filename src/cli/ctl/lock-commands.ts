/** lock and elect: what is held until it is interrupted, or while a command runs. */

import { exitBadArgs, flag, integer, UsageError } from './arguments.ts';
import { showKey } from './kv-commands.ts';
import { runCommand } from './run-command.ts';
import type { CtlCommand, CtlCommands } from './session.ts';

const lock: CtlCommand = {
  usage: 'lock <lockname> [exec-command arg1 arg2 ...]',
  summary: 'Acquires a named lock',
  flags: { ttl: integer('timeout for session', 10) },
  run: async (session) => {
    const [name, ...command] = session.words;
    if (name === undefined)
      throw new UsageError('lock takes a lock name argument and an optional command to execute', exitBadArgs);
    const { signal } = session.io;
    await using held = await session.client.lock(name, { ttl: session.number('ttl'), signal });
    if (command.length > 0) {
      const environment = { ETCD_LOCK_KEY: held.key, ETCD_LOCK_REV: String(held.fencingToken) };
      const { code, problem } = await runCommand(session.io, command, environment);
      if (problem !== '') session.io.err(`Error: ${problem}\n`);
      return code;
    }
    await showKey(session, held.key);
    await new Promise<void>((resolve) => {
      held.signal.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) return 0;
    throw new UsageError('session expired', 1);
  },
};

const elect: CtlCommand = {
  usage: 'elect <election-name> [proposal]',
  summary: 'Observes and participates in leader election',
  flags: { listen: flag('observation mode', 'l') },
  run: async (session) => {
    const [name, proposal] = session.words;
    const isListening = session.isSet('listen');
    if (name === undefined || session.words.length > 2) {
      throw new UsageError(
        'elect takes one election name argument and an optional proposal argument',
        exitBadArgs,
      );
    }
    if (!isListening && proposal === undefined)
      throw new UsageError('no proposal argument but -l not set', exitBadArgs);
    if (isListening && proposal !== undefined)
      throw new UsageError('proposal given but -l is set', exitBadArgs);
    const election = session.client.election(name);
    const { signal } = session.io;
    if (isListening) {
      try {
        for await (const { key } of election.observe({ signal })) await showKey(session, key);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return 0;
    }
    await using leadership = await election.campaign(proposal!, { signal });
    await showKey(session, leadership.key);
    await new Promise<void>((resolve) => {
      leadership.signal.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) return 0;
    throw new UsageError('elect: session expired', 1);
  },
};

export const lockCommands: CtlCommands = { lock, elect };
