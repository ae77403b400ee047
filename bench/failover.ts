/**
 * `bench failover`: kill -9 of the leader, and how long until the cluster accepts a write again.
 *
 * From the kill on, a new put goes to every survivor every few milliseconds, whatever became of the ones before: a put
 * that was handed to the dead leader may be lost or hang until its timeout, which is not what is measured. The
 * first acceptance of a put sent after the kill counts. Afterwards every put that was ever acknowledged must be there.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type ClusterMember, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { median, percentile, ratio, table } from './format.ts';
import { PUT_PATH, putRequest } from './messages.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { barChart } from './svg.ts';

export const failoverFlags = {
  ...systemFlags,
  kills: integerFlag({ help: 'leaders to kill, per system', initial: 20, min: 1, max: 1000 }),
  pauseMs: integerFlag({ help: 'rest after a killed member is back', initial: 1500, min: 0 }),
} as const;

export type FailoverOptions = ReturnType<typeof parseFlags<typeof failoverFlags>>['values'];

export interface FailoverReport {
  readonly kind: 'failover';
  readonly environment: Environment;
  readonly options: FailoverOptions;
  readonly systems: readonly {
    readonly system: SystemName;
    /** Kill to next accepted write, each. */
    readonly milliseconds: readonly number[];
    readonly acknowledged: number;
    /** Acknowledged puts that were not there at the end. Anything but 0 is a broken promise. */
    readonly lost: number;
  }[];
}

const PROBE_EVERY_MS = 5;
const GIVE_UP_MS = 60_000;
const KEY_PREFIX = 'failover/';
const KEY_END = 'failover0';

interface Subject {
  readonly system: SystemName;
  readonly cluster: Cluster;
  readonly milliseconds: number[];
  readonly acknowledged: Set<string>;
  probes: number;
}

/** @returns milliseconds from the call to the first accepted put that was sent after it. */
function untilAccepted(subject: Subject, members: readonly ClusterMember[]): Promise<number> {
  const from = performance.now();
  const value = Buffer.from('probe');
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      if (performance.now() - from > GIVE_UP_MS) {
        clearInterval(timer);
        reject(new Error(`${subject.system}: no write accepted within ${GIVE_UP_MS / 1000} s of the kill`));
        return;
      }
      for (const member of members) {
        const key = `${KEY_PREFIX}${String(subject.probes++).padStart(10, '0')}`;
        member.asker.ask(PUT_PATH, putRequest(Buffer.from(key), value), (answer) => {
          if (answer.code !== 0) return;
          subject.acknowledged.add(key);
          clearInterval(timer);
          resolve(performance.now() - from);
        });
      }
    }, PROBE_EVERY_MS);
  });
}

async function killOnce(subject: Subject, pauseMs: number): Promise<void> {
  const { cluster } = subject;
  const leader = await cluster.leader();
  const survivors = cluster.members.filter((member) => member !== leader);
  leader.kill();
  subject.milliseconds.push(await untilAccepted(subject, survivors));
  await leader.end('SIGKILL');
  leader.start();
  await cluster.waitMember(leader);
  await pause(pauseMs);
}

/** Runs the benchmark. @throws Error when a system is missing or does not come back. */
export async function runFailover(options: FailoverOptions): Promise<FailoverReport> {
  const systems = chosenSystems(options.against, options.only);
  if (options.nodes < 3) throw new Error('--nodes: with fewer than three members nobody survives the leader');
  const workplace = new Workplace();
  const progress = new Progress(options.kills * systems.length);
  try {
    const subjects: Subject[] = [];
    for (const system of systems) {
      const cluster = await Cluster.prepare(system, options.nodes, workplace, 'failover');
      cluster.start();
      await cluster.waitHealthy();
      subjects.push({ system, cluster, milliseconds: [], acknowledged: new Set(), probes: 0 });
    }
    for (let kill = 1; kill <= options.kills; kill++) {
      for (const subject of roundOrder(subjects, kill)) {
        progress.step(`${subject.system}: kill ${kill} of ${options.kills}`, 1);
        await killOnce(subject, options.pauseMs);
      }
    }
    const results: FailoverReport['systems'][number][] = [];
    for (const { system, cluster, milliseconds, acknowledged } of subjects) {
      const lost = await countLost(await cluster.leader(), acknowledged);
      results.push({ system, milliseconds, acknowledged: acknowledged.size, lost });
    }
    return { kind: 'failover', environment: describeEnvironment(systems), options, systems: results };
  } finally {
    progress.close();
    await workplace.close();
  }
}

async function countLost(leader: ClusterMember, acknowledged: ReadonlySet<string>): Promise<number> {
  const { count } = await leader.asker.count(KEY_PREFIX, KEY_END, 5_000);
  if (count >= acknowledged.size) {
    let lost = 0;
    for (const key of acknowledged) {
      const one = await leader.asker.count(key, `${key}\0`, 5_000);
      if (one.count === 0) lost++;
    }
    return lost;
  }
  return acknowledged.size - count;
}

export function failoverText(report: FailoverReport): string {
  const rows = report.systems.map(({ system, milliseconds, acknowledged, lost }) => [
    system,
    String(milliseconds.length),
    percentile(milliseconds, 0).toFixed(0),
    median(milliseconds).toFixed(0),
    percentile(milliseconds, 99).toFixed(0),
    percentile(milliseconds, 100).toFixed(0),
    String(acknowledged),
    String(lost),
  ]);
  const head = ['', 'kills', 'min ms', 'median', 'p99', 'max', 'acknowledged', 'lost'];
  const lines = [
    `failover: kill -9 of the leader to the next accepted write, ${report.options.nodes} members`,
    table(head, rows),
  ];
  const ours = report.systems.find((one) => one.system === 'keelson');
  const theirs = report.systems.find((one) => one.system === 'etcd');
  if (ours !== undefined && theirs !== undefined) {
    lines.push(`keelson / etcd, median: ${ratio(median(ours.milliseconds) / median(theirs.milliseconds))}`);
  }
  return lines.join('\n');
}

export function failoverCharts(report: FailoverReport): Record<string, string> {
  const series = report.systems.map(({ system, milliseconds }) => ({
    name: system,
    values: [0, 25, 50, 75, 100].map((percent) => percentile(milliseconds, percent)),
  }));
  const labels = ['fastest', 'quarter', 'median', 'three quarters', 'slowest'];
  const title = 'Kill of the leader to the next accepted write';
  const subtitle = `${report.options.nodes} members, ${report.options.kills} kills`;
  return { 'failover.svg': barChart(title, subtitle, 'milliseconds, less is better', series, labels) };
}
