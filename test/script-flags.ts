/** The command line of a script that `npm run` starts: `--help` shows what it does, and a mistake ends it before it does anything. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Flag,
  type FlagTable,
  type FlagValues,
  flagHelp,
  type ParsedFlags,
  parseFlags,
  textFlag,
} from '../src/cli/flags.ts';

const USAGE_ERROR = 2;

/** A folder that this run alone has, in the directory for temporary files, unless another one is given. */
export function scratchFlag(name: string): Flag<string> {
  return textFlag({
    help: 'where data and logs of the members go',
    initial: join(tmpdir(), `keelson-${name}-${process.pid}`),
    shownDefault: 'a new one in the directory for temporary files',
    placeholder: 'DIR',
  });
}

export interface Script<Table extends FlagTable> {
  /** Under which `npm run` knows it. */
  readonly name: string;
  /** What it does, and how it ends: whole sentences. */
  readonly about: string;
  readonly flags: Table;
  /** What words without a dash are; none are allowed without it. */
  readonly words?: string;
}

/** Ends the process with 1: something that the script needs is not there. */
export function giveUp(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function helpOf(script: Script<FlagTable>): string {
  const words = script.words === undefined ? '' : ` [${script.words} …]`;
  return `Usage: npm run ${script.name} --${words} [flags]\n\n${script.about}\n\n${flagHelp(script.flags)}\n`;
}

/** What the command line says. Ends the process after `--help` with 0, and after mistakes, all of which it names, with 2. */
export function scriptFlags<Table extends FlagTable>(
  script: Script<Table>,
): Pick<ParsedFlags<Table>, 'positionals'> & { readonly values: FlagValues<Table> } {
  const positionalsMax = script.words === undefined ? 0 : Number.POSITIVE_INFINITY;
  const { values, positionals, problems, help } = parseFlags(script.flags, process.argv.slice(2), {
    positionalsMax,
  });
  if (help) {
    process.stdout.write(helpOf(script));
    process.exit(0);
  }
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\nSee: npm run ${script.name} -- --help\n`);
    process.exit(USAGE_ERROR);
  }
  return { values, positionals };
}
