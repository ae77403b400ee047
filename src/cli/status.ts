/** `keelson status`: who leads, and how far each member is. */

import { ClusterFolder } from './cluster-folder.ts';
import { clientUrl, DEFAULT_DIR, type LocalMember } from './cluster-layout.ts';
import { checkUrl, customFlag, flagHelp, integerFlag, parseFlags, textFlag } from './flags.ts';
import { askStatus, type EndpointStatus } from './status-call.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';
import { textTable } from './text-table.ts';

/** `host:port` or a URL. */
function endpointUrl(text: string): string {
  return checkUrl(text.includes('://') ? text : `http://${text}`);
}

const flags = {
  endpoints: customFlag<string[]>(
    {
      help: 'client addresses of the members to ask',
      initial: [],
      shownDefault: 'those of the cluster in --dir',
      placeholder: 'HOST:PORT,…',
    },
    (text) => text.split(',').map(endpointUrl),
  ),
  dir: textFlag({ help: 'folder of a local cluster', initial: DEFAULT_DIR, placeholder: 'DIR' }),
  timeout: integerFlag({ help: 'patience with a member', initial: 2000, min: 1, placeholder: 'MS' }),
};

const HELP = `Usage: keelson status [flags]

Shows who leads and how far each member is. The exit code is 0 when all answer and agree on a leader.

`;

export type Answer = EndpointStatus | { readonly error: string };

/** Asks all at once. */
export function askAll(urls: readonly string[], timeoutMs: number): Promise<Answer[]> {
  return Promise.all(
    urls.map((url) =>
      askStatus(url, timeoutMs).catch((error: unknown) => ({
        error: error instanceof Error ? error.message : String(error),
      })),
    ),
  );
}

/** @returns the id on which all that answer agree, or null. */
export function agreedLeader(answers: readonly Answer[]): string | null {
  const leaders = new Set(answers.flatMap((answer) => ('error' in answer ? [] : [answer.leaderId])));
  const [leader] = leaders;
  return leaders.size === 1 && leader !== undefined && leader !== '0' ? leader : null;
}

const HEAD = ['member', 'endpoint', 'process', 'role', 'term', 'revision', 'applied', 'size', 'version'];

/**
 * Names and processes are known of a local cluster only.
 * @param local its members that were asked, in the order of the URLs
 */
export function statusTable(
  urls: readonly string[],
  answers: readonly Answer[],
  local: { readonly members: readonly LocalMember[]; readonly folder: ClusterFolder } | null,
): string {
  const rows = answers.map((answer, index) => {
    const member = local?.members[index];
    const record = member === undefined ? null : (local?.folder.record(member) ?? null);
    const state = member === undefined ? '' : local!.folder.state(member);
    const process = record === null || state === 'gone' ? state : `${state} ${record.pid}`;
    const start = [member?.name ?? '', urls[index]!.replace('http://', ''), process];
    // In the last column, where it widens none; of a process that is gone there is no more to say.
    if ('error' in answer) return [...start, '–', '', '', '', '', state === 'gone' ? '' : answer.error];
    return [
      member?.name ?? answer.memberId,
      ...start.slice(1),
      answer.leaderId === answer.memberId ? 'leader' : answer.leaderId === '0' ? 'no leader' : 'follower',
      String(answer.term),
      String(answer.revision),
      String(answer.appliedIndex),
      `${(answer.dbSizeBytes / 1024).toFixed(0)} KiB`,
      answer.version,
    ];
  });
  return textTable(HEAD, rows);
}

/** @returns the exit code. */
export async function runStatus(argv: readonly string[]): Promise<number> {
  const { values, given, problems, help } = parseFlags(flags, argv);
  if (help) {
    say(HELP + flagHelp(flags));
    return 0;
  }
  if (given.has('endpoints') && given.has('dir')) problems.push('--endpoints and --dir exclude each other');
  if (problems.length > 0) return complainUsage('status', problems);
  const folder = new ClusterFolder(values.dir);
  const cluster = given.has('endpoints') ? null : folder.read();
  if (!given.has('endpoints') && cluster === null) {
    complain(`keelson status: there is no cluster in ${folder.shown}`);
    complain('Give --dir or --endpoints, or start one: cluster-scripts/start.sh');
    return EXIT_FAILED;
  }
  const urls = cluster === null ? values.endpoints : cluster.members.map(clientUrl);
  const answers = await askAll(urls, values.timeout);
  say(statusTable(urls, answers, cluster === null ? null : { members: cluster.members, folder }));
  const healthy = agreedLeader(answers) !== null && answers.every((answer) => !('error' in answer));
  return healthy ? 0 : EXIT_FAILED;
}
