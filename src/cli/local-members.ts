/** Starts, watches and stops the processes of a local cluster. */

import { Listener } from '../rpc/listener.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import { clientUrl, type LocalCluster, type LocalMember, serverArguments } from './cluster-layout.ts';
import { type ProcessRecord, signalProcess, startSelf } from './processes.ts';
import { type Answer, agreedLeader, askAll } from './status.ts';

const POLL_MS = 50;
const ASK_MS = 500;
const LEADER_WITHIN_MS = 20_000;
const API_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 10_000;

const runtime = nodeRuntime();

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.clock.setTimer(ms, resolve);
  });
}

/** Members whose process runs or is paused. */
export function aliveMembers(cluster: LocalCluster, folder: ClusterFolder): LocalMember[] {
  return cluster.members.filter((member) => folder.state(member) !== 'gone');
}

function portTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = new Listener({ host: '127.0.0.1', port, maxConnections: 1, protocols: [], runtime });
    listener.listen((failure) => {
      if (failure !== null) resolve(true);
      else listener.close(0, () => resolve(false));
    });
  });
}

/** A sentence for every port that the members need and somebody else has. */
export async function takenPorts(members: readonly LocalMember[]): Promise<string[]> {
  const taken: string[] = [];
  for (const member of members) {
    if (await portTaken(member.clientPort)) {
      taken.push(`port ${member.clientPort} (clients of ${member.name}) is already taken`);
    }
    if (member.apiPort > 0 && (await portTaken(member.apiPort))) {
      taken.push(`port ${member.apiPort} (Kubernetes API of ${member.name}) is already taken`);
    }
    if (await portTaken(member.peerPort)) {
      taken.push(`port ${member.peerPort} (peers of ${member.name}) is already taken`);
    }
  }
  return taken;
}

/** Waits until the members serve the Kubernetes API that are to; gives up without a word, since the rest works. */
export async function waitForApi(members: readonly LocalMember[]): Promise<void> {
  const until = runtime.clock.now() + API_WITHIN_MS;
  for (const { apiPort } of members) {
    while (apiPort > 0 && runtime.clock.now() < until && !(await portTaken(apiPort))) await pause(POLL_MS);
  }
}

/** Starts one member; its record and log are in the folder. */
export function startLocalMember(cluster: LocalCluster, folder: ClusterFolder, member: LocalMember): void {
  const args = ['server', ...serverArguments(cluster, member, folder.dataDir(member), folder.kubeDir)];
  folder.writeRecord(member, startSelf(args, folder.logPath(member)));
}

/**
 * Waits until the given members answer and agree on a leader.
 * @param logFrom length of each member's log before it was started
 * @throws Error with a member's last words when its process ends, or when the time is up.
 */
export async function waitForLeader(
  folder: ClusterFolder,
  members: readonly LocalMember[],
  logFrom: readonly number[],
): Promise<Answer[]> {
  const until = runtime.clock.now() + LEADER_WITHIN_MS;
  for (;;) {
    const answers = await askAll(members.map(clientUrl), ASK_MS);
    if (agreedLeader(answers) !== null && answers.every((answer) => !('error' in answer))) return answers;
    for (const [index, member] of members.entries()) {
      if (folder.state(member) !== 'gone') continue;
      const words = folder.lastWords(member, logFrom[index]!).map((line) => `  ${line}`);
      throw new Error(
        `${member.name} ended by itself; ${folder.logShown(member)} says:\n${words.join('\n')}`,
      );
    }
    if (runtime.clock.now() > until) {
      throw new Error(`no leader within ${LEADER_WITHIN_MS / 1000} s; see ${folder.logShown(members[0]!)}`);
    }
    await pause(POLL_MS);
  }
}

/**
 * Stops every member that is alive: asks first, kills after a while, or kills at once when `hurry` says so.
 * Their records are removed.
 */
export async function stopMembers(
  cluster: LocalCluster,
  folder: ClusterFolder,
  hurry: () => boolean,
): Promise<void> {
  const records: [LocalMember, ProcessRecord][] = [];
  for (const member of aliveMembers(cluster, folder)) {
    const record = folder.record(member);
    if (record !== null) records.push([member, record]);
  }
  for (const [, record] of records) {
    signalProcess(record, 'SIGTERM');
    // A paused process would never hear of it.
    signalProcess(record, 'SIGCONT');
  }
  const until = runtime.clock.now() + STOP_WITHIN_MS;
  while (aliveMembers(cluster, folder).length > 0) {
    if (hurry() || runtime.clock.now() > until) {
      for (const [, record] of records) signalProcess(record, 'SIGKILL');
    }
    await pause(POLL_MS);
  }
  for (const member of cluster.members) folder.removeRecord(member);
}
