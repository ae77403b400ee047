/**
 * `bench kube`: the Kubernetes API over a cluster. Pods are created, read, patched, listed and deleted by clients that each
 * have one request in flight; then many watchers wait for the same changes; then the servers rest. `--against etcd` puts the
 * same API server before etcd.
 */

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { integerFlag, type parseFlags, switchFlag } from '../src/cli/flags.ts';
import { freePorts, Workplace } from './children.ts';
import { Cluster, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { grouped, mebibytes, percentile, table } from './format.ts';
import { Http1Connection } from './http1-client.ts';
import { podText } from './kube-load.ts';
import { chosenSystems, systemFlags } from './options.ts';
import { Progress } from './progress.ts';
import { usageOf } from './usage.ts';

export const kubeFlags = {
  ...systemFlags,
  pods: integerFlag({ help: 'pods that are created, patched and deleted', initial: 5000, min: 10 }),
  warmUp: integerFlag({ help: 'pods before them', initial: 1000, min: 0 }),
  clients: integerFlag({ help: 'requests in flight', initial: 50, min: 1, max: 1000 }),
  watchers: integerFlag({ help: 'watches of the same pods; 0 for none', initial: 1000, min: 0 }),
  changes: integerFlag({ help: 'changes that all of them get', initial: 1000, min: 1 }),
  changesPerSecond: integerFlag({ help: 'how fast those come', initial: 20, min: 1 }),
  kept: integerFlag({ help: 'pods that are stored at the end, for memory; 0 for none', initial: 0, min: 0 }),
  idleSeconds: integerFlag({ help: 'length of the rest', initial: 5, min: 1 }),
  tls: switchFlag('HTTPS instead of plain HTTP'),
  profile: switchFlag('write a CPU profile of the API server to the folder of --out'),
} as const;

export type KubeOptions = ReturnType<typeof parseFlags<typeof kubeFlags>>['values'];

/** One kind of request. */
export interface KubeRate {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the API server, microseconds per request. */
  readonly serverUs: number;
}

/** Many watches of the same changes. */
export interface KubeWatch {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly missing: number;
  /** CPU time of the API server per event that was delivered, microseconds; the changes themselves are in it. */
  readonly eventUs: number;
}

export interface KubeSystem {
  readonly system: SystemName;
  readonly readyMs: number;
  readonly rates: readonly KubeRate[];
  /** A list of all pods. */
  readonly listMs: number;
  readonly listBytes: number;
  readonly watch: KubeWatch | null;
  readonly residentBytes: number;
  readonly keptResidentBytes: number | null;
  /** Share of one core at rest, 0..1. */
  readonly idleCore: number;
}

export interface KubeReport {
  readonly kind: 'kube';
  readonly environment: Environment;
  readonly options: KubeOptions;
  readonly systems: readonly KubeSystem[];
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const readyWithinMs = 60_000;
const watchPatienceMs = 20_000;
const pods = '/api/v1/namespaces/default/pods';
const lists = 5;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** An API server before a cluster. */
class ApiServer {
  readonly url: string;
  readonly token: string;
  readonly readyMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string, token: string, readyMs: number) {
    this.#child = child;
    this.url = url;
    this.token = token;
    this.readyMs = readyMs;
  }

  static async start(cluster: Cluster, workplace: Workplace, options: KubeOptions): Promise<ApiServer> {
    const [secure, insecure] = await freePorts(2);
    const certDir = join(workplace.folder, `kube-${cluster.system}`);
    const servers = cluster.members.map(({ port }) => `http://127.0.0.1:${port}`).join(',');
    const flags = [`--etcd-servers=${servers}`, `--cert-dir=${certDir}`];
    const ports = [`--secure-port=${secure}`, `--insecure-port=${insecure}`];
    const profiling = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}/${options.out}`] : [];
    const from = performance.now();
    const log = `apiserver-${cluster.system}.log`;
    const child = workplace.spawn(
      process.execPath,
      [...profiling, main, 'apiserver', ...flags, ...ports],
      log,
    );
    const url = options.tls ? `https://127.0.0.1:${secure}` : `http://127.0.0.1:${insecure}`;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the API server ended: ${workplace.lastWords(log)}`);
      if (await answers(url)) break;
      if (performance.now() - from > readyWithinMs) throw new Error('the API server is not ready');
      await pause(5);
    }
    const readyMs = performance.now() - from;
    const token = readFileSync(join(certDir, 'admin.token'), 'utf8').trim();
    return new ApiServer(child, url, token, readyMs);
  }

  get usage(): ReturnType<typeof usageOf> {
    return usageOf(this.#child.pid!);
  }

  connect(): Promise<Http1Connection> {
    return Http1Connection.open(this.url, this.token);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await Http1Connection.open(url);
    const { code } = await connection.send('GET', '/readyz');
    connection.close();
    return code === 200;
  } catch {
    return false;
  }
}

type Request = (connection: Http1Connection, index: number) => Promise<{ readonly code: number }>;

/** Sends `count` requests over all connections. @throws Error when one is not answered as it should be */
async function measure(
  server: ApiServer,
  connections: readonly Http1Connection[],
  name: string,
  count: number,
  request: Request,
): Promise<KubeRate> {
  const times: number[] = [];
  let next = 0;
  const cpuBefore = server.usage.cpuSeconds;
  const from = performance.now();
  const work = async (connection: Http1Connection): Promise<void> => {
    while (next < count) {
      const began = performance.now();
      const { code } = await request(connection, next++);
      if (code >= 300) throw new Error(`${name}: the server answered ${code}`);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(connections.map(work));
  const seconds = (performance.now() - from) / 1000;
  return {
    name,
    perSecond: count / seconds,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    serverUs: ((server.usage.cpuSeconds - cpuBefore) / count) * 1e6,
  };
}

async function measureList(connection: Http1Connection): Promise<{ ms: number; bytes: number }> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < lists; round++) {
    const from = performance.now();
    const { body } = await connection.send('GET', pods);
    times.push(performance.now() - from);
    bytes = body.length;
  }
  return { ms: percentile(times, 50), bytes };
}

/** Many watches see the same changes, each as soon as it is made. */
async function measureWatch(server: ApiServer, options: KubeOptions): Promise<KubeWatch | null> {
  const { watchers, changes, changesPerSecond } = options;
  if (watchers === 0) return null;
  const writer = await server.connect();
  await writer.send('POST', pods, podText('watched'));
  const listed = await writer.send('GET', `${pods}?limit=1&resourceVersion=0`);
  const { resourceVersion } = (
    JSON.parse(listed.body.toString()) as { metadata: { resourceVersion: string } }
  ).metadata;
  const open: Http1Connection[] = [];
  const sentAt: number[] = [];
  const times: number[] = [];
  const mark = '"round":"';
  for (let index = 0; index < watchers; index++) {
    const connection = await server.connect();
    open.push(connection);
    connection.stream(`${pods}?watch=1&resourceVersion=${resourceVersion}`, (piece) => {
      const now = performance.now();
      for (let at = piece.indexOf(mark); at >= 0; at = piece.indexOf(mark, at + mark.length)) {
        const from = at + mark.length;
        const round = Number(piece.toString('latin1', from, piece.indexOf(34, from)));
        if (sentAt[round] !== undefined) times.push(now - sentAt[round]);
      }
    });
  }
  await pause(500);
  const cpuBefore = server.usage.cpuSeconds;
  for (let round = 0; round < changes; round++) {
    const began = performance.now();
    sentAt[round] = began;
    const patch = JSON.stringify({ metadata: { labels: { round: String(round) } } });
    await writer.send('PATCH', `${pods}/watched`, patch, 'application/merge-patch+json');
    await pause(Math.max(0, 1000 / changesPerSecond - (performance.now() - began)));
  }
  const until = performance.now() + watchPatienceMs;
  while (times.length < watchers * changes && performance.now() < until) await pause(20);
  const eventUs = ((server.usage.cpuSeconds - cpuBefore) / times.length) * 1e6;
  for (const connection of [writer, ...open]) connection.close();
  return {
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    missing: watchers * changes - times.length,
    eventUs,
  };
}

async function measureIdle(server: ApiServer, seconds: number): Promise<number> {
  await pause(1000);
  const before = server.usage.cpuSeconds;
  const from = performance.now();
  await pause(seconds * 1000);
  return (server.usage.cpuSeconds - before) / ((performance.now() - from) / 1000);
}

async function measureSystem(
  system: SystemName,
  options: KubeOptions,
  step: (label: string) => void,
): Promise<KubeSystem> {
  const workplace = new Workplace();
  try {
    const cluster = await Cluster.prepare(system, options.nodes, workplace, 'kube');
    cluster.start();
    await cluster.waitHealthy();
    for (const member of cluster.members) member.asker.close();
    step('start');
    const server = await ApiServer.start(cluster, workplace, options);
    const idleCore = await measureIdle(server, options.idleSeconds);
    const connections = await Promise.all(Array.from({ length: options.clients }, () => server.connect()));
    const run = (name: string, count: number, request: Request): Promise<KubeRate> => {
      step(name);
      return measure(server, connections, name, count, request);
    };
    const { pods: count, kept } = options;
    const create = (prefix: string): Request => {
      return (connection, index) => connection.send('POST', pods, podText(`${prefix}-${index}`));
    };
    await run('warm up', options.warmUp, create('warm'));
    await run('clean up', options.warmUp, (one, at) => one.send('DELETE', `${pods}/warm-${at}`));
    const rates: KubeRate[] = [await run('create', count, create('pod'))];
    rates.push(await run('get', count * 2, (one, at) => one.send('GET', `${pods}/pod-${at % count}`)));
    const { ms: listMs, bytes: listBytes } = await measureList(connections[0]!);
    const merge = 'application/merge-patch+json';
    rates.push(
      await run('patch', count, (one, at) => {
        const patch = JSON.stringify({ metadata: { annotations: { 'bench/round': String(at) } } });
        return one.send('PATCH', `${pods}/pod-${at}`, patch, merge);
      }),
    );
    rates.push(await run('delete', count, (one, at) => one.send('DELETE', `${pods}/pod-${at}`)));
    const { residentBytes } = server.usage;
    step('watch');
    const watch = await measureWatch(server, options);
    if (kept > 0) {
      await run('keep', kept, create('kept'));
      await measureList(connections[0]!);
    }
    const keptResidentBytes = kept === 0 ? null : server.usage.residentBytes;
    for (const connection of connections) connection.close();
    cluster.assertRunning();
    const figures = { readyMs: server.readyMs, rates, listMs, listBytes, watch };
    return { system, ...figures, residentBytes, keptResidentBytes, idleCore };
  } finally {
    await workplace.close();
  }
}

/** Runs the benchmark, one system after the other. @throws Error when a system is missing or does not start. */
export async function runKube(options: KubeOptions): Promise<KubeReport> {
  const chosen = chosenSystems(options.against, options.only);
  const progress = new Progress(chosen.length * 8);
  const systems: KubeSystem[] = [];
  try {
    for (const system of chosen) {
      systems.push(await measureSystem(system, options, (label) => progress.step(`${system}: ${label}`, 1)));
    }
  } finally {
    progress.close();
  }
  return { kind: 'kube', environment: describeEnvironment(chosen), options, systems };
}

export function kubeText({ options, systems }: KubeReport): string {
  const rows = systems.flatMap(({ system, rates }) =>
    rates.map(({ name, perSecond, p50Ms, p99Ms, serverUs }) => [
      `${system} ${name}`,
      grouped(perSecond),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      serverUs.toFixed(0),
    ]),
  );
  const others = systems.map(({ system, watch, keptResidentBytes, ...figures }) => [
    system,
    figures.readyMs.toFixed(0),
    figures.listMs.toFixed(0),
    watch === null ? '–' : watch.p99Ms.toFixed(1),
    watch === null ? '–' : watch.eventUs.toFixed(1),
    watch === null ? '–' : String(watch.missing),
    mebibytes(figures.residentBytes),
    keptResidentBytes === null ? '–' : mebibytes(keptResidentBytes),
    (figures.idleCore * 100).toFixed(2),
  ]);
  const scheme = options.tls ? 'HTTPS' : 'HTTP';
  return [
    `kube: an API server on ${options.nodes} members, ${options.clients} requests in flight, ${scheme}`,
    table(['pods', 'per s', 'p50 ms', 'p99 ms', 'CPU µs'], rows),
    '',
    table(
      [
        '',
        'ready ms',
        `list of ${options.pods}, ms`,
        'watch p99 ms',
        'event µs',
        'missing',
        'MiB',
        'MiB kept',
        'idle %',
      ],
      others,
    ),
  ].join('\n');
}
