/**
 * `bench kube`: the Kubernetes API over a cluster. Pods are created, read, patched, listed and deleted by clients that each
 * have one request in flight; then many watchers wait for the same changes; before all of it the servers rest.
 *
 * `--against kube-apiserver` measures a real one on etcd beside it, `--against etcd` the same API server on etcd: all run at
 * once, and a round of one is followed by the same round of the other.
 */

import { setTimeout as pause } from 'node:timers/promises';
import {
  choiceFlag,
  type Flag,
  integerFlag,
  type parseFlags,
  switchFlag,
  textFlag,
} from '../src/cli/flags.ts';
import { Workplace } from './children.ts';
import { Cluster, howToInstall, systemVersion } from './cluster.ts';
import { describeEnvironment } from './environment.ts';
import { percentile } from './format.ts';
import type { Http1Answer, Http1Connection } from './http1-client.ts';
import { podText } from './kube-load.ts';
import type { KubeList, KubeRate, KubeReport, KubeSystem, KubeWatch } from './kube-report.ts';
import {
  KubeServer,
  type KubeSystemName,
  kubeApiserverVersion,
  kubeSystems,
  storeOf,
} from './kube-server.ts';
import { roundOrder, systemFlags } from './options.ts';
import { Progress } from './progress.ts';

const otherSystems: Flag<'' | KubeSystemName> = choiceFlag({
  help: 'measure this system too, in alternating rounds, and print the ratio: a real kube-apiserver, or ours, on etcd',
  initial: '',
  choices: ['etcd', 'kube-apiserver'],
});

export const kubeFlags = {
  ...systemFlags,
  against: otherSystems,
  only: choiceFlag({ help: 'measure nothing but this system', initial: '', choices: kubeSystems }),
  kubeApiserver: textFlag({
    help: 'a real kube-apiserver, where that is measured: name on the PATH, or path',
    initial: process.env['TEST_ASSET_KUBE_APISERVER'] ?? 'kube-apiserver',
    placeholder: 'FILE',
  }),
  rounds: integerFlag({ help: 'rounds of each system', initial: 3, min: 1 }),
  pods: integerFlag({
    help: 'pods that are created, patched and deleted in a round',
    initial: 5000,
    min: 10,
  }),
  warmUp: integerFlag({ help: 'pods before them', initial: 1000, min: 0 }),
  clients: integerFlag({ help: 'requests in flight', initial: 50, min: 1, max: 1000 }),
  watchers: integerFlag({ help: 'watches of the same pods; 0 for none', initial: 1000, min: 0 }),
  changes: integerFlag({ help: 'changes that all of them get', initial: 1000, min: 1 }),
  changesPerSecond: integerFlag({ help: 'how fast those come', initial: 20, min: 1 }),
  kept: integerFlag({ help: 'pods that are stored at the end, for memory; 0 for none', initial: 0, min: 0 }),
  idleSeconds: integerFlag({ help: 'length of the rest', initial: 5, min: 1 }),
  tls: switchFlag('HTTPS instead of plain HTTP, as beside a real kube-apiserver, which has nothing else'),
  profile: switchFlag('write a CPU profile of our API server to the folder of --out'),
} as const;

export type KubeOptions = ReturnType<typeof parseFlags<typeof kubeFlags>>['values'];

const watchPatienceMs = 20_000;
const pods = '/api/v1/namespaces/default/pods';
const listTries = 5;
const mergePatch = 'application/merge-patch+json';

type Request = (connection: Http1Connection, index: number) => Promise<Http1Answer>;

type Measured = Omit<KubeRate, 'system' | 'round'>;

/** Sends `count` requests over all connections. @throws Error when one is not answered as it should be */
async function measure(
  server: KubeServer,
  connections: readonly Http1Connection[],
  name: string,
  count: number,
  request: Request,
): Promise<Measured> {
  const times: number[] = [];
  let next = 0;
  const cpuBefore = server.usage.cpuSeconds;
  const storeBefore = server.storeSeconds;
  const from = performance.now();
  const work = async (connection: Http1Connection): Promise<void> => {
    while (next < count) {
      const began = performance.now();
      const { code, body } = await request(connection, next++);
      if (code >= 300)
        throw new Error(`${name}: the server answered ${code}: ${body.toString().slice(0, 200)}`);
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
    storeUs: ((server.storeSeconds - storeBefore) / count) * 1e6,
  };
}

async function measureList(connection: Http1Connection): Promise<{ ms: number; bytes: number }> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < listTries; round++) {
    const from = performance.now();
    const { body } = await connection.send('GET', pods);
    times.push(performance.now() - from);
    bytes = body.length;
  }
  return { ms: percentile(times, 50), bytes };
}

function creating(prefix: string): Request {
  return (connection, index) => connection.send('POST', pods, podText(`${prefix}-${index}`));
}

function patching(prefix: string, round: number): Request {
  return (connection, at) => {
    const patch = JSON.stringify({ metadata: { annotations: { 'bench/round': `${round}-${at}` } } });
    return connection.send('PATCH', `${pods}/${prefix}-${at}`, patch, mergePatch);
  };
}

/** All pods, five hundred at a time. */
async function listInPages(connection: Http1Connection): Promise<void> {
  for (let token: string | undefined = ''; token !== undefined && token !== null; ) {
    const { body } = await connection.send('GET', `${pods}?limit=500&continue=${encodeURIComponent(token)}`);
    token = (JSON.parse(body.toString()) as { metadata: { continue?: string } }).metadata.continue;
  }
}

/** Many watches see the same changes, each as soon as it is made. */
async function measureWatch(server: KubeServer, options: KubeOptions): Promise<KubeWatch | null> {
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
    await writer.send('PATCH', `${pods}/watched`, patch, mergePatch);
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

async function measureIdle(server: KubeServer, seconds: number): Promise<number> {
  await pause(1000);
  const before = server.usage.cpuSeconds;
  const from = performance.now();
  await pause(seconds * 1000);
  return (server.usage.cpuSeconds - before) / ((performance.now() - from) / 1000);
}

/** A cluster, its API server, and the clients of both. */
class Contestant {
  readonly system: KubeSystemName;
  readonly #options: KubeOptions;
  readonly #workplace: Workplace;
  readonly #step: (label: string) => void;
  #running: KubeServer | null = null;
  #connections: readonly Http1Connection[] = [];
  #idle = { core: 0, residentBytes: 0 };

  constructor(
    system: KubeSystemName,
    options: KubeOptions,
    workplace: Workplace,
    step: (label: string) => void,
  ) {
    this.system = system;
    this.#options = options;
    this.#workplace = workplace;
    this.#step = (label) => step(`${system}: ${label}`);
  }

  get #server(): KubeServer {
    if (this.#running === null) throw new Error(`${this.system} was not started`);
    return this.#running;
  }

  async start(isBesideReal: boolean): Promise<void> {
    const { nodes, tls, kubeApiserver, profile, out, clients, idleSeconds, warmUp } = this.#options;
    this.#step('start');
    const store = storeOf(this.system);
    const cluster = await Cluster.prepare(store, nodes, this.#workplace, this.system);
    cluster.start();
    await cluster.waitHealthy();
    for (const member of cluster.members) member.asker.close();
    const profileFolder = profile ? `${process.cwd()}/${out}` : '';
    const options = { tls: tls || isBesideReal, kubeApiserver, isBesideReal, profileFolder };
    this.#running = await KubeServer.start(this.system, cluster, this.#workplace, options);
    const core = await measureIdle(this.#server, idleSeconds);
    this.#idle = { core, residentBytes: this.#server.usage.residentBytes };
    this.#connections = await Promise.all(Array.from({ length: clients }, () => this.#server.connect()));
    await this.#run('warm up', warmUp, creating('warm'));
    await this.#run('warm up', warmUp, (one, at) => one.send('GET', `${pods}/warm-${at}`));
    await this.#run('warm up', warmUp, patching('warm', 0));
    await this.#run('clean up', warmUp, (one, at) => one.send('DELETE', `${pods}/warm-${at}`));
  }

  #run(name: string, count: number, request: Request): Promise<Measured> {
    this.#step(name);
    return measure(this.#server, this.#connections, name, count, request);
  }

  async round(round: number): Promise<{ rates: KubeRate[]; list: KubeList }> {
    const { pods: count } = this.#options;
    const { system } = this;
    const prefix = `pod-${round}`;
    const rates = [await this.#run('create', count, creating(prefix))];
    const read: Request = (one, at) => one.send('GET', `${pods}/${prefix}-${at % count}`);
    rates.push(await this.#run('get', count * 2, read));
    const list = await measureList(this.#connections[0]!);
    rates.push(await this.#run('patch', count, patching(prefix, round)));
    rates.push(await this.#run('delete', count, (one, at) => one.send('DELETE', `${pods}/${prefix}-${at}`)));
    return { rates: rates.map((rate) => ({ system, round, ...rate })), list: { system, round, ...list } };
  }

  async rest(): Promise<KubeSystem> {
    const { system } = this;
    const { kept, kubeApiserver } = this.#options;
    const { residentBytes } = this.#server.usage;
    this.#step('watch');
    const watch = await measureWatch(this.#server, this.#options);
    if (kept > 0) {
      await this.#run('keep', kept, creating('kept'));
      await listInPages(this.#connections[0]!);
    }
    const keptResidentBytes = kept === 0 ? null : this.#server.usage.residentBytes;
    for (const connection of this.#connections) connection.close();
    this.#server.assertRunning();
    if (this.#options.profile) await this.#server.end();
    const version =
      (system === 'kube-apiserver' ? kubeApiserverVersion(kubeApiserver) : systemVersion('keelson')) ?? '?';
    const { readyMs } = this.#server;
    const idle = { idleCore: this.#idle.core, idleResidentBytes: this.#idle.residentBytes };
    return { system, version, readyMs, watch, residentBytes, keptResidentBytes, ...idle };
  }
}

/** @throws Error that says what to install when something is missing */
function chosen({ against, only, kubeApiserver }: KubeOptions): KubeSystemName[] {
  const systems: KubeSystemName[] = only === '' ? ['keelson'] : [only];
  if (against !== '' && !systems.includes(against)) systems.push(against);
  for (const system of systems) {
    const store = storeOf(system);
    if (systemVersion(store) === null) throw new Error(howToInstall(store));
    if (system === 'kube-apiserver' && kubeApiserverVersion(kubeApiserver) === null) {
      throw new Error(
        `${kubeApiserver} does not run: put kube-apiserver on the PATH, or name it by --kube-apiserver`,
      );
    }
  }
  return systems;
}

/** Runs the benchmark. @throws Error when a system is missing or does not start */
export async function runKube(options: KubeOptions): Promise<KubeReport> {
  const names = chosen(options);
  const workplace = new Workplace();
  const progress = new Progress(names.length * (6 + options.rounds * 4));
  const rates: KubeRate[] = [];
  const lists: KubeList[] = [];
  const systems: KubeSystem[] = [];
  try {
    const step = (label: string): void => progress.step(label, 1);
    const contestants = names.map((name) => new Contestant(name, options, workplace, step));
    const isBesideReal = names.includes('kube-apiserver');
    for (const contestant of contestants) await contestant.start(isBesideReal);
    for (let round = 1; round <= options.rounds; round++) {
      for (const contestant of roundOrder(contestants, round)) {
        const found = await contestant.round(round);
        rates.push(...found.rates);
        lists.push(found.list);
      }
    }
    for (const contestant of contestants) systems.push(await contestant.rest());
  } finally {
    progress.close();
    await workplace.close();
  }
  const environment = describeEnvironment([...new Set(names.map(storeOf))]);
  return { kind: 'kube', environment, options, rates, lists, systems };
}
