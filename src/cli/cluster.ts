/**
 * `keelson cluster`: a cluster of several members on this machine, each a process of its own. In the foreground it
 * shows who leads, tells what happens to the members, and stops them on Ctrl-C; with `--detach` it leaves them running.
 * `cluster-scripts/` is built on it.
 */

import { nodeRuntime } from '../util/node-runtime.ts';
import { ClusterFolder } from './cluster-folder.ts';
import {
  clientUrl,
  DEFAULT_DIR,
  endpoints,
  type LocalCluster,
  type LocalMember,
  localCluster,
  MEMBERS_MAX,
} from './cluster-layout.ts';
import { choiceFlag, flagHelp, integerFlag, parseFlags, switchFlag, textFlag } from './flags.ts';
import { kubeFiles, writeKubeconfig } from './kube-files.ts';
import {
  aliveMembers,
  pause,
  startLocalMember,
  stopMembers,
  takenPorts,
  waitForApi,
  waitForLeader,
} from './local-members.ts';
import { type Answer, statusTable } from './status.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';

const flags = {
  nodes: integerFlag({
    help: 'members',
    initial: 3,
    min: 1,
    max: MEMBERS_MAX,
    shownDefault: '3, or as many as the folder has',
  }),
  dir: textFlag({ help: 'folder of data, logs and process ids', initial: DEFAULT_DIR, placeholder: 'DIR' }),
  kubernetes: choiceFlag<'on' | 'off'>({
    help: 'whether each member serves the Kubernetes API too, from 6443 on',
    initial: 'on',
    choices: ['on', 'off'],
    shownDefault: 'on, or as it was',
  }),
  detach: switchFlag('leave the members running and return'),
  fresh: switchFlag('forget the data that the folder has'),
  basePort: integerFlag({
    help: 'use consecutive ports from this one on, three per member',
    initial: 0,
    min: 1024,
    max: 65_535 - 3 * MEMBERS_MAX,
    shownDefault: 'clients 2379, 22379, 32379, …; peers 2380, 22380, 32380, …',
    placeholder: 'PORT',
  }),
  only: integerFlag({
    help: 'start again just this member of a cluster that runs',
    initial: 0,
    min: 1,
    max: MEMBERS_MAX,
    shownDefault: '',
  }),
};

type Options = ReturnType<typeof parseFlags<typeof flags>>['values'];

const HELP = `Usage: keelson cluster [flags]

Starts a cluster on this machine, shows who leads, and stops it on Ctrl-C. Started again it finds its data.

`;

const WATCH_MS = 500;
/** Two signals within this time are one Ctrl-C that came twice, through the terminal and through npm. */
const SAME_SIGNAL_MS = 500;

/** A refusal in plain words: what is wrong, what to do. */
class Refusal extends Error {
  readonly advice: string;

  constructor(happened: string, advice: string) {
    super(happened);
    this.advice = advice;
  }
}

function counted(members: number): string {
  return members === 1 ? '1 member' : `${members} members`;
}

/** The cluster that the folder has or gets. @throws Refusal when that is not the one that was asked for. */
function chooseCluster(folder: ClusterFolder, options: Options, given: ReadonlySet<string>): LocalCluster {
  const found = folder.read();
  if (found !== null) {
    const alive = aliveMembers(found, folder);
    if (alive.length > 0) {
      const names = alive.map((member) => member.name).join(', ');
      throw new Refusal(
        `a cluster is already running in ${folder.shown} (${names})`,
        `Stop it with cluster-scripts/stop.sh${folder.scriptFlag}, or choose another --dir and --base-port.`,
      );
    }
  }
  if (found !== null && !options.fresh) {
    const otherNodes = given.has('nodes') && options.nodes !== found.members.length;
    const otherPorts = given.has('basePort') && options.basePort !== found.basePort;
    if (otherNodes || otherPorts) {
      const ports = found.basePort === 0 ? 'the usual ports' : `ports from ${found.basePort} on`;
      throw new Refusal(
        `${folder.shown} holds a cluster of ${counted(found.members.length)} on ${ports}`,
        'Leave out --nodes and --base-port to start that one, add --fresh to forget it, or choose another --dir.',
      );
    }
    if (!given.has('kubernetes')) return found;
  } else if (found !== null) folder.wipe();
  const [nodes, basePort] =
    found === null || options.fresh
      ? [options.nodes, options.basePort]
      : [found.members.length, found.basePort];
  const cluster = localCluster(nodes, basePort, options.kubernetes === 'on');
  folder.create(cluster);
  return cluster;
}

async function assertPortsFree(members: readonly LocalMember[]): Promise<void> {
  const taken = await takenPorts(members);
  if (taken.length === 0) return;
  throw new Refusal(taken.join('\n'), 'Stop what uses it, or choose other ports with --base-port.');
}

async function startAll(
  cluster: LocalCluster,
  folder: ClusterFolder,
  members: readonly LocalMember[],
): Promise<Answer[]> {
  const logFrom = members.map((member) => folder.logBytes(member));
  prepareKubernetes(members, folder);
  for (const member of members) startLocalMember(cluster, folder, member);
  const answers = await waitForLeader(folder, members, logFrom);
  await waitForApi(members);
  return answers;
}

/** Makes what the members share before the first of them looks for it. */
function prepareKubernetes(members: readonly LocalMember[], folder: ClusterFolder): void {
  const first = members.find((member) => member.apiPort > 0);
  if (first === undefined) return;
  const { authority, token } = kubeFiles(folder.kubeDir, [], nodeRuntime());
  writeKubeconfig(folder.kubeconfigPath, `https://127.0.0.1:${first.apiPort}`, authority, token);
}

function nextSteps(cluster: LocalCluster, folder: ClusterFolder, answers: readonly Answer[]): string {
  const leader = answers.findIndex((answer) => !('error' in answer) && answer.leaderId === answer.memberId);
  const first = clientUrl(cluster.members[0]!).replace('http://', '');
  return [
    'Try next, in another terminal:',
    `  etcdctl --endpoints=${first} put greeting hello`,
    `  etcdctl --endpoints=${endpoints(cluster)} endpoint status -w table`,
    ...(cluster.members.some((member) => member.apiPort > 0)
      ? [`  export KUBECONFIG=${folder.kubeconfigShown}; kubectl get namespaces`]
      : []),
    `  cluster-scripts/kill.sh ${leader + 1}${folder.scriptFlag}    (kill -9 of the leader; restart.sh brings it back)`,
  ].join('\n');
}

/** Tells when members end or come back, until `stopping` says so or none is left. */
async function watchMembers(
  cluster: LocalCluster,
  folder: ClusterFolder,
  stopping: () => boolean,
): Promise<void> {
  const parent = process.ppid;
  const { npm_lifecycle_event: npmScript } = process.env;
  const underNpm = npmScript !== undefined;
  const states = cluster.members.map((member) => folder.state(member));
  while (!stopping()) {
    await pause(WATCH_MS);
    if (stopping()) return;
    for (const [index, member] of cluster.members.entries()) {
      const state = folder.state(member);
      if (state === states[index]) continue;
      states[index] = state;
      const hint =
        state === 'gone' ? `; cluster-scripts/restart.sh ${member.number}${folder.scriptFlag} starts it` : '';
      say(`${member.name} is ${state}${hint}`);
    }
    if (states.every((state) => state === 'gone')) {
      say('all members have ended');
      return;
    }
    // The shell that npm puts between itself and us ends on a signal without passing it on.
    if (underNpm && process.ppid !== parent) return;
  }
}

/** Signals of one run: the first asks for a clean stop, a later one for a quick one. */
class StopSignals {
  #first = 0;
  stopping = false;
  hurry = false;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#onSignal());
    }
  }

  #onSignal(): void {
    const now = process.uptime() * 1000;
    if (!this.stopping) this.#first = now;
    else if (now - this.#first > SAME_SIGNAL_MS) this.hurry = true;
    this.stopping = true;
  }
}

async function runAll(options: Options, given: ReadonlySet<string>): Promise<void> {
  const folder = new ClusterFolder(options.dir);
  const cluster = chooseCluster(folder, options, given);
  await assertPortsFree(cluster.members);
  const signals = new StopSignals();
  const stop = (): Promise<void> => stopMembers(cluster, folder, () => signals.hurry);
  try {
    const answers = await startAll(cluster, folder, cluster.members);
    if (signals.stopping) {
      await stop();
      return;
    }
    const urls = cluster.members.map(clientUrl);
    say(
      `${statusTable(urls, answers, { members: cluster.members, folder })}\n\n${nextSteps(cluster, folder, answers)}\n`,
    );
  } catch (error) {
    signals.hurry = true;
    await stop();
    throw error;
  }
  if (options.detach) {
    say(`Running in the background. Stop with: cluster-scripts/stop.sh${folder.scriptFlag}`);
    return;
  }
  say(`Data and logs are in ${folder.shown}. Ctrl-C stops the cluster.`);
  await watchMembers(cluster, folder, () => signals.stopping);
  say('stopping …');
  await stop();
  say('stopped');
}

/** `--only N`: starts one member of the folder's cluster and leaves it running. */
async function runOnly(options: Options): Promise<void> {
  const folder = new ClusterFolder(options.dir);
  const cluster = folder.read();
  if (cluster === null) {
    throw new Refusal(`there is no cluster in ${folder.shown}`, 'Start one: cluster-scripts/start.sh');
  }
  const member = cluster.members[options.only - 1];
  if (member === undefined) {
    const count = cluster.members.length;
    throw new Refusal(`there is no member ${options.only}`, `Members are numbered from 1 to ${count}.`);
  }
  if (folder.state(member) !== 'gone') {
    throw new Refusal(
      `${member.name} is already ${folder.state(member)}`,
      `Kill it first: cluster-scripts/kill.sh ${member.number}${folder.scriptFlag}`,
    );
  }
  await assertPortsFree([member]);
  const quorum = Math.floor(cluster.members.length / 2) + 1;
  const enough = aliveMembers(cluster, folder).length + 1 >= quorum;
  const logFrom = [folder.logBytes(member)];
  startLocalMember(cluster, folder, member);
  if (!enough) {
    say(`${member.name} has been started; ${quorum} members are needed for a leader`);
    return;
  }
  const answers = await waitForLeader(folder, [member], logFrom);
  say(statusTable([clientUrl(member)], answers, { members: [member], folder }));
}

/** @returns the exit code. */
export async function runCluster(argv: readonly string[]): Promise<number> {
  const { values, given, problems, help } = parseFlags(flags, argv);
  if (help) {
    say(HELP + flagHelp(flags));
    return 0;
  }
  if (given.has('only')) {
    const others = [...given].filter((option) => option !== 'only' && option !== 'dir');
    if (others.length > 0) problems.push('--only goes with --dir, and with nothing else');
  }
  if (problems.length > 0) return complainUsage('cluster', problems);
  try {
    await (given.has('only') ? runOnly(values) : runAll(values, given));
    return 0;
  } catch (error) {
    for (const line of (error instanceof Error ? error.message : String(error)).split('\n')) {
      complain(`keelson cluster: ${line}`);
    }
    if (error instanceof Refusal) complain(error.advice);
    return EXIT_FAILED;
  }
}
