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

/** What to do about what the system refuses, by its codes or, from LevelDB, its words, whatever was tried. */
const WHAT_TO_DO_ABOUT: readonly (readonly [codes: RegExp, advice: string])[] = [
  [
    /\b(ENOSPC|EDQUOT)\b|no space left on device|disk quota exceeded/i,
    'The disk is full: make room on it, then start this member again. Nothing that was acknowledged is lost.',
  ],
  [
    /\b(EMFILE|ENFILE)\b|too many open files/i,
    'Raise the limit of open files (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of Docker), then start this member ' +
      'again. Nothing that was acknowledged is lost.',
  ],
];

/** That of a `Failure` says it all; another error may know more of why below its surface, as LevelDB's do. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return error instanceof Failure || !(cause instanceof Error) ? message : `${message}: ${cause.message}`;
}

/**
 * A failure as two lines: what happened, what to do. The text of a `Failure` may hold both (its first sentence is what
 * happened); otherwise its reason tells what to do.
 */
export function describeFailure(error: unknown): readonly [happened: string, advice: string] {
  const text = failureText(error);
  const flat = text.replaceAll(/\s*\n\s*/g, ' ').trim();
  const cut = /^(.*?[^.\s]\.)\s+(?=[A-Z])(.*)$/s.exec(flat);
  const known = WHAT_TO_DO_ABOUT.find(([codes]) => codes.test(cut?.[1] ?? flat));
  if (known !== undefined) return [cut?.[1] ?? flat, known[1]];
  if (error instanceof Failure) {
    if (cut !== null) return [cut[1]!, cut[2]!];
    const advice = (WHAT_TO_DO as Readonly<Record<string, string | undefined>>)[error.reason];
    if (advice !== undefined) return [flat, advice];
  }
  return [flat, 'This should not happen: run it again with --log-level debug and report what it says.'];
}
