/**
 * `bench startup`: a fresh cluster from nothing to its first accepted write, once as processes and, for Keelson, once
 * in a single process in memory (`startup-in-process.ts`, a process of its own so that nothing is warm).
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { median, percentile, ratio, table } from './format.ts';
import { PUT_PATH, putRequest } from './messages.ts';
import { chosenSystems, roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import type { InProcessStart } from './startup-in-process.ts';
import { barChart } from './svg.ts';

export const startupFlags = {
  ...systemFlags,
  rounds: integerFlag({ help: 'fresh clusters per system', initial: 5, min: 1, max: 100 }),
} as const;

export type StartupOptions = ReturnType<typeof parseFlags<typeof startupFlags>>['values'];

export interface StartupReport {
  readonly kind: 'startup';
  readonly environment: Environment;
  readonly options: StartupOptions;
  readonly series: readonly {
    readonly name: string;
    /** Start to first accepted write, each round. */
    readonly milliseconds: readonly number[];
  }[];
}

const PROBE_EVERY_MS = 5;
const GIVE_UP_MS = 120_000;
const IN_PROCESS = fileURLToPath(new URL('./startup-in-process.ts', import.meta.url));

/** Starts the processes of a fresh cluster and asks every member for a write, until one accepts it. */
async function startOnce(system: SystemName, nodes: number, round: number): Promise<number> {
  const workplace = new Workplace();
  try {
    const cluster = await Cluster.prepare(system, nodes, workplace, `startup${round}`);
    const message = putRequest(Buffer.from('first'), Buffer.from('write'));
    const from = performance.now();
    cluster.start();
    await new Promise<void>((resolve, reject) => {
      const timer = setInterval(() => {
        try {
          cluster.assertRunning();
          if (performance.now() - from > GIVE_UP_MS) throw new Error(`${system}: no write accepted`);
        } catch (error) {
          clearInterval(timer);
          reject(error);
        }
        for (const member of cluster.members) {
          member.asker.ask(PUT_PATH, message, (answer) => {
            if (answer.code !== 0) return;
            clearInterval(timer);
            resolve();
          });
        }
      }, PROBE_EVERY_MS);
    });
    const milliseconds = performance.now() - from;
    await Promise.all(cluster.members.map((member) => member.end('SIGKILL')));
    return milliseconds;
  } finally {
    await workplace.close();
  }
}

async function startInProcess(nodes: number): Promise<InProcessStart> {
  const run = promisify(execFile);
  const args = ['--import', 'tsx', IN_PROCESS, String(nodes)];
  const { stdout } = await run(process.execPath, args, { timeout: GIVE_UP_MS, killSignal: 'SIGKILL' });
  return JSON.parse(stdout) as InProcessStart;
}

/** Runs the benchmark. @throws Error when a system is missing or accepts nothing. */
export async function runStartup(options: StartupOptions): Promise<StartupReport> {
  const systems = chosenSystems(options.against, options.only);
  const series = new Map<string, number[]>();
  const note = (name: string, milliseconds: number): void => {
    series.set(name, [...(series.get(name) ?? []), milliseconds]);
  };
  const progress = new Progress(options.rounds * (systems.length + 1));
  try {
    for (let round = 1; round <= options.rounds; round++) {
      for (const system of roundOrder(systems, round)) {
        progress.step(`${system}: start ${round} of ${options.rounds}`, 1);
        note(`${system} as processes`, await startOnce(system, options.nodes, round));
      }
      if (!systems.includes('keelson')) continue;
      progress.step(`keelson in one process: start ${round} of ${options.rounds}`, 1);
      const { startMs, importMs } = await startInProcess(options.nodes);
      note('keelson in one process, in memory', startMs);
      note('  … and loading the library', startMs + importMs);
    }
  } finally {
    progress.close();
  }
  const measured = [...series].map(([name, milliseconds]) => ({ name, milliseconds }));
  return { kind: 'startup', environment: describeEnvironment(systems), options, series: measured };
}

export function startupText(report: StartupReport): string {
  const rows = report.series.map(({ name, milliseconds }) => [
    name,
    percentile(milliseconds, 0).toFixed(0),
    median(milliseconds).toFixed(0),
    percentile(milliseconds, 100).toFixed(0),
  ]);
  const lines = [
    `startup: a fresh cluster of ${report.options.nodes} members to its first accepted write`,
    table(['', 'min ms', 'median', 'max'], rows),
  ];
  const of = (name: string): readonly number[] | undefined =>
    report.series.find((one) => one.name === `${name} as processes`)?.milliseconds;
  const ours = of('keelson');
  const theirs = of('etcd');
  if (ours !== undefined && theirs !== undefined) {
    lines.push(`keelson / etcd as processes, median: ${ratio(median(ours) / median(theirs))}`);
  }
  return lines.join('\n');
}

export function startupCharts(report: StartupReport): Record<string, string> {
  const series = report.series
    .filter((one) => one.name.endsWith('as processes'))
    .map((one) => ({ name: one.name.split(' ')[0]!, values: one.milliseconds }));
  if (series.length === 0) return {};
  const title = 'Fresh cluster to first accepted write';
  const subtitle = `${report.options.nodes} members, as processes`;
  return { 'startup.svg': barChart(title, subtitle, 'milliseconds, less is better', series) };
}
