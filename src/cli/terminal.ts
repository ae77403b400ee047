/** What the commands say to people: lines on stdout and stderr, and the two-line form of a refusal. */

import { Failure, type OperatorReason } from '../util/failure.ts';

/** Exit codes: 1 something failed, 2 the command line is wrong. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** All problems of a command line, and where to read more. */
export function complainUsage(
  command: string,
  problems: readonly string[],
  code: number = EXIT_USAGE,
): number {
  for (const problem of problems) complain(`keelson ${command}: ${problem}`);
  complain(`See: keelson ${command} --help`);
  return code;
}

const WHAT_TO_DO: Readonly<Record<OperatorReason, string>> = {
  dataDirLocked: 'Stop the process that uses the directory, or choose another --data-dir.',
  dataDirForeign: 'Choose the --data-dir of this member and cluster, or an empty one.',
  dataDirNewer:
    'Run the version of Keelson that wrote it, or a later one; nothing in the directory was changed.',
  dataDirNotWritable: 'Give this user write permission, or choose another --data-dir.',
  // Never empty under the old id: that has promised what nobody knows any more.
  walDamaged:
    'One of three or more members repairs itself (--experimental-self-repair) while all others run. Else: ctl member remove, ' +
    'move the directory away, ctl member join; alone, restore a snapshot.',
  backendDamaged:
    'One of several members repairs itself (--experimental-self-repair). Else: ctl member remove, move the directory away, ' +
    'ctl member join; alone, restore a snapshot.',
  badConfig: 'Correct the option and start again.',
  diskFailed: 'Check the disk before this member is started again.',
  memberRemoved: 'Remove its data directory; to take part again it has to be added as a new member.',
  portTaken: 'Stop what uses the port, or choose another URL.',
};

/**
 * A failure as two lines: what happened, what to do. The text of a `Failure` may hold both (its first sentence is what
 * happened); otherwise its reason tells what to do.
 */
export function describeFailure(error: unknown): readonly [happened: string, advice: string] {
  const text = error instanceof Error ? error.message : String(error);
  const flat = text.replaceAll(/\s*\n\s*/g, ' ').trim();
  const cut = /^(.*?[^.\s]\.)\s+(?=[A-Z])(.*)$/s.exec(flat);
  if (error instanceof Failure) {
    if (cut !== null) return [cut[1]!, cut[2]!];
    const advice = (WHAT_TO_DO as Readonly<Record<string, string | undefined>>)[error.reason];
    if (advice !== undefined) return [flat, advice];
  }
  return [flat, 'This should not happen: run it again with --log-level debug and report what it says.'];
}
