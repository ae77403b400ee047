/** `bench idle`: the CPU that a cluster without clients takes, per member, and how often it wakes. */

import { setTimeout as pause } from 'node:timers/promises';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { mebibytes, table } from './format.ts';
import { chosenSystems, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { wakesOf } from './usage.ts';

export const idleFlags = {
  ...systemFlags,
  seconds: integerFlag({ help: 'length of the measurement', initial: 20, min: 1, max: 3600 }),
  settleMs: integerFlag({
    help: 'rest before it, which members of Keelson begin after five seconds',
    initial: 10_000,
    min: 0,
  }),
} as const;

export type IdleOptions = ReturnType<typeof parseFlags<typeof idleFlags>>['values'];

export interface IdleReport {
  readonly kind: 'idle';
  readonly environment: Environment;
  readonly options: IdleOptions;
  readonly members: readonly {
    readonly system: SystemName;
    readonly name: string;
    readonly leads: boolean;
    /** Share of one core, 0..1. */
    readonly core: number;
    /** Of all threads, per second. */
    readonly wakes: number;
    readonly residentBytes: number;
  }[];
}

/** Runs the benchmark, one system after the other. @throws Error when a system is missing or does not start. */
export async function runIdle(options: IdleOptions): Promise<IdleReport> {
  const systems = chosenSystems(options.against, options.only);
  const progress = new Progress(systems.length * (options.settleMs + options.seconds * 1000));
  const members: IdleReport['members'][number][] = [];
  try {
    for (const system of systems) {
      const workplace = new Workplace();
      try {
        progress.step(`${system}: idle`, options.settleMs + options.seconds * 1000);
        const cluster = await Cluster.prepare(system, options.nodes, workplace, 'idle');
        cluster.start();
        await cluster.waitHealthy();
        const leader = await cluster.leader();
        for (const member of cluster.members) member.asker.close();
        await pause(options.settleMs);
        const before = cluster.members.map((member) => ({ ...member.usage(), wakes: wakesOf(member.pid) }));
        const from = performance.now();
        await pause(options.seconds * 1000);
        const seconds = (performance.now() - from) / 1000;
        cluster.assertRunning();
        for (const [index, member] of cluster.members.entries()) {
          const { cpuSeconds, residentBytes } = member.usage();
          const core = (cpuSeconds - before[index]!.cpuSeconds) / seconds;
          const wakes = (wakesOf(member.pid) - before[index]!.wakes) / seconds;
          members.push({ system, name: member.name, leads: member === leader, core, wakes, residentBytes });
        }
      } finally {
        await workplace.close();
      }
    }
  } finally {
    progress.close();
  }
  return { kind: 'idle', environment: describeEnvironment(systems), options, members };
}

export function idleText(report: IdleReport): string {
  const rows = report.members.map((member) => [
    `${member.system} ${member.name}`,
    member.leads ? 'leader' : 'follower',
    (member.core * 100).toFixed(2),
    member.wakes.toFixed(1),
    mebibytes(member.residentBytes),
  ]);
  return [
    `idle: ${report.options.nodes} members, no clients, ${report.options.seconds} s`,
    table(['', 'role', '% of a core', 'wakes/s', 'MiB'], rows),
  ].join('\n');
}
