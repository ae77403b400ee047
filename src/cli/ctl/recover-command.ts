/** The command `recover`; what it does (`recover.ts`) is loaded when it is asked for. */

import { flag, integer, text } from './arguments.ts';
import type { CtlCommand, CtlCommands } from './session.ts';

/** Revisions between the old cluster and the new one: more than the lost members can have written unseen. */
const defaultBump = 1_000_000;

const recover: CtlCommand = {
  usage: 'recover <data directory of each member that is left> --to <new data directory> [options]',
  summary: 'Quorum lost for good: shows what is left, and begins a new cluster with the longest log',
  isOffline: true,
  flags: {
    to: text('the data directory to make'),
    'wal-dir': text(
      'where the log of each member is, in the same order, separated by commas; empty: in its data directory',
    ),
    confirm: flag('do it; without this it is only said what would be done'),
    force: flag('go on although a majority is here'),
    name: text('name of the new member (default: that of the old one)'),
    'initial-advertise-peer-urls': text("the new member's peer URLs (default: those of the old one)"),
    'bump-revision': integer(
      'how far the revisions of the new cluster begin behind the old ones',
      defaultBump,
    ),
  },
  run: async (session) => (await import('./recover.ts')).runRecover(session),
};

export const recoverCommands: CtlCommands = { recover };
