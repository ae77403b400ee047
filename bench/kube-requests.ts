/**
 * `bench kube-requests`: what one request costs the API server, by kind, in CPU of its process: a server with its objects in
 * memory here, its clients in a process of their own. The first rounds are slower: the code is not compiled yet.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { integerFlag, type parseFlags, switchFlag, textFlag } from '../src/cli/flags.ts';
import type { ControlPlane } from '../src/kube/control-plane.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { mebibytes, table } from './format.ts';
import { type KubeLoad, type KubeRequest, kubeRequests } from './kube-load.ts';

export const kubeRequestFlags = {
  requests: integerFlag({ help: 'requests of each kind in a round; lists are five', initial: 1500, min: 1 }),
  rounds: integerFlag({ help: 'rounds', initial: 5, min: 1 }),
  inFlight: integerFlag({ help: 'requests in flight', initial: 50, min: 1, max: 1000 }),
  profile: switchFlag('write a CPU profile of the last round, a file per kind, to the folder of --out'),
  out: textFlag({ help: 'folder for the report', initial: 'bench-results' }),
} as const;

export type KubeRequestOptions = ReturnType<typeof parseFlags<typeof kubeRequestFlags>>['values'];

export interface KubeRequestReport {
  readonly kind: 'kube-requests';
  readonly environment: Environment;
  readonly options: KubeRequestOptions;
  /** Microseconds of CPU per request, a row per round. */
  readonly rounds: readonly Readonly<Record<KubeRequest, number>>[];
  readonly residentBytes: number;
}

const lists = 5;
const token = 'bench';

function answerOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', (problem) => (problem === null ? resolve() : reject(new Error(String(problem)))));
  });
}

class Profiles {
  readonly #session: Session = new Session();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#session.connect();
  }

  async around(name: string, work: () => Promise<void>): Promise<void> {
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.start');
    await work();
    const { profile } = await this.#session.post('Profiler.stop');
    writeFileSync(join(this.#folder, `kube-${name}.cpuprofile`), JSON.stringify(profile));
  }
}

async function measure(child: ChildProcess, load: KubeLoad, profiles: Profiles | null): Promise<number> {
  const work = async (): Promise<void> => {
    child.send(load);
    await answerOf(child);
  };
  const before = process.cpuUsage();
  await (profiles === null ? work() : profiles.around(load.request, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / load.count;
}

async function measureRounds(
  api: ControlPlane,
  options: KubeRequestOptions,
): Promise<KubeRequestReport['rounds']> {
  const { requests, inFlight, profile, out } = options;
  const load = new URL('./kube-load.ts', import.meta.url).pathname;
  const child = fork(load, [api.url, token, String(inFlight)], { execArgv: ['--import', 'tsx'] });
  try {
    await answerOf(child);
    const rounds: Record<KubeRequest, number>[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const row = {} as Record<KubeRequest, number>;
      const profiles = profile && round === options.rounds ? new Profiles(out) : null;
      for (const request of kubeRequests) {
        const count = request === 'list' ? lists : requests;
        row[request] = await measure(child, { request, count }, profiles);
      }
      rounds.push(row);
    }
    return rounds;
  } finally {
    child.kill();
  }
}

/** What was built, as users run it. */
const built = new URL('../dist/kube/control-plane.js', import.meta.url).href;

export async function runKubeRequests(options: KubeRequestOptions): Promise<KubeRequestReport> {
  const { startControlPlane } = (await import(built)) as typeof import('../src/kube/control-plane.ts');
  const api = await startControlPlane({ adminToken: token, authorizationModes: ['Node', 'RBAC'] });
  try {
    const rounds = await measureRounds(api, options);
    const residentBytes = process.memoryUsage.rss();
    return { kind: 'kube-requests', environment: describeEnvironment([]), options, rounds, residentBytes };
  } finally {
    await api.close();
  }
}

export function kubeRequestText({ options, rounds, residentBytes }: KubeRequestReport): string {
  const rows = rounds.map((row, at) => [
    `round ${at + 1}`,
    ...kubeRequests.map((request) => row[request].toFixed(0)),
  ]);
  return [
    `kube-requests: CPU of the API server per request, µs; ${options.requests} pods, ${options.inFlight} in flight; ${mebibytes(residentBytes)} MiB at the end`,
    table(['', ...kubeRequests], rows),
  ].join('\n');
}
