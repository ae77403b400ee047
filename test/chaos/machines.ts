/**
 * Members as processes on machines of their own: network namespaces on a bridge, where links can be cut one way, or,
 * where the system does not permit that, this machine's own network with nothing to cut.
 *
 * A cut is a route to nowhere: packets from one machine to another vanish, as when a cable is pulled. Connections stay
 * open on both ends until somebody notices.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../bench/ports.ts';
import { LossyLinks } from './lossy-links.ts';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const faultyProcess = new URL('./faulty-process.mjs', import.meta.url).href;
const memoryReport = new URL('./memory-report.mjs', import.meta.url).href;
const clientPort = 2379;
const peerPort = 2380;

export interface Machine {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  /** Null without namespaces. */
  readonly namespace: string | null;
  readonly clientUrl: string;
  /** Where it listens, and where the others dial it. */
  readonly peerUrl: string;
  readonly dialUrl: string;
  readonly directory: string;
  /** It was added to a cluster that ran already. */
  joins: boolean;
  process: ChildProcess | null;
  isStopped: boolean;
}

export interface MachinesOptions {
  readonly count: number;
  readonly directory: string;
  /** No namespaces: the members of this machine dial each other through links that lose and delay. */
  readonly isLossy?: boolean;
  /** Extra flags of every member. */
  readonly flags?: readonly string[];
  /** Members write down what memory they have; see `memory-report.mjs`. The second one collects its heap so often, in seconds. */
  readonly collectSeconds?: number;
}

/** As `faulty-process.mjs` reads it. */
export interface ProcessFaults {
  readonly slowMs?: number;
  readonly isStuck?: boolean;
  readonly failsSync?: boolean;
  readonly wallMs?: number;
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inNamespace(namespace: string, ...words: string[]): void {
  ip('netns', 'exec', namespace, 'ip', ...words);
}

/** True when this process may make namespaces. */
function canCutLinks(): boolean {
  const name = `kc${process.pid}t`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

export class Machines {
  readonly all: Machine[] = [];
  readonly links: LossyLinks = new LossyLinks();
  readonly hasNamespaces: boolean;
  private readonly options: MachinesOptions;
  private readonly bridge: string;
  /** The address of this process in the network of the machines. */
  private readonly host: string;
  private readonly cuts: Set<string> = new Set();

  private constructor(options: MachinesOptions) {
    this.options = options;
    this.hasNamespaces = options.isLossy !== true && canCutLinks();
    const tag = process.pid % 10_000;
    this.bridge = `kc${tag}b`;
    this.host = `10.${64 + (process.pid % 60)}.${(process.pid >> 6) % 250}`;
  }

  get isLossy(): boolean {
    return this.options.isLossy === true;
  }

  static async make(options: MachinesOptions): Promise<Machines> {
    const machines = new Machines(options);
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
    if (machines.hasNamespaces) {
      ip('link', 'add', machines.bridge, 'type', 'bridge');
      ip('addr', 'add', `${machines.host}.1/24`, 'dev', machines.bridge);
      ip('link', 'set', machines.bridge, 'up');
    }
    for (let index = 0; index < options.count; index++) machines.all.push(await machines.add(index));
    return machines;
  }

  private async add(index: number): Promise<Machine> {
    const name = `m${index + 1}`;
    const directory = `${this.options.directory}/${name}`;
    const state = { index, name, directory, process: null, isStopped: false, joins: false };
    if (!this.hasNamespaces) {
      const [client, peer] = await freePorts(2);
      const address = '127.0.0.1';
      const dialled = this.options.isLossy === true ? await this.links.before(address, peer!) : peer;
      const urls = {
        clientUrl: `http://${address}:${client}`,
        peerUrl: `http://${address}:${peer}`,
        dialUrl: `http://${address}:${dialled}`,
      };
      return { ...state, ...urls, address, namespace: null };
    }
    const namespace = `${this.bridge}${index}`;
    const address = `${this.host}.${index + 10}`;
    const [outer, inner] = [`${this.bridge}${index}o`, `${this.bridge}${index}i`];
    ip('netns', 'add', namespace);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
    ip('link', 'set', outer, 'master', this.bridge);
    ip('link', 'set', outer, 'up');
    ip('link', 'set', inner, 'netns', namespace);
    inNamespace(namespace, 'link', 'set', 'lo', 'up');
    inNamespace(namespace, 'addr', 'add', `${address}/24`, 'dev', inner);
    inNamespace(namespace, 'link', 'set', inner, 'up');
    const urls = {
      clientUrl: `http://${address}:${clientPort}`,
      peerUrl: `http://${address}:${peerPort}`,
      dialUrl: `http://${address}:${peerPort}`,
    };
    return { ...state, ...urls, address, namespace };
  }

  start(index: number): void {
    const machine = this.all[index]!;
    if (machine.process !== null) return;
    const cluster = this.all.map(({ name, dialUrl }) => `${name}=${dialUrl}`).join(',');
    const flags = [
      ...['--name', machine.name, '--data-dir', machine.directory],
      ...['--listen-client-urls', machine.clientUrl, '--advertise-client-urls', machine.clientUrl],
      ...['--listen-peer-urls', machine.peerUrl, '--initial-advertise-peer-urls', machine.dialUrl],
      ...['--initial-cluster', cluster, '--initial-cluster-state', machine.joins ? 'existing' : 'new'],
      ...(this.options.flags ?? []),
    ];
    const { collectSeconds } = this.options;
    const imports = collectSeconds === undefined ? [faultyProcess] : [faultyProcess, memoryReport];
    const command = [process.execPath, ...imports.flatMap((url) => ['--import', url]), cli, 'etcd', ...flags];
    const words =
      machine.namespace === null ? command : ['ip', 'netns', 'exec', machine.namespace, ...command];
    const log = openSync(`${this.options.directory}/${machine.name}.log`, 'a');
    const env = {
      ...process.env,
      KEELSON_FAULTS: this.faultsOf(index),
      KEELSON_MEMORY: this.memoryFileOf(index),
      KEELSON_COLLECT_S: String(index === 1 ? (collectSeconds ?? 0) : 0),
    };
    const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', log, log], env });
    closeSync(log);
    machine.process = child;
    machine.isStopped = false;
    child.on('exit', () => {
      if (machine.process === child) machine.process = null;
    });
  }

  private faultsOf(index: number): string {
    return `${this.options.directory}/${this.all[index]!.name}.faults`;
  }

  /** Where a member writes down what memory it has. */
  memoryFileOf(index: number): string {
    return `${this.options.directory}/${this.all[index]!.name}.memory`;
  }

  /** What the disk and the clock of a member do from now on; see `faulty-process.mjs`. */
  spoil(index: number, faults: ProcessFaults): void {
    // Renamed into place: the member may be reading it.
    writeFileSync(`${this.faultsOf(index)}.new`, JSON.stringify(faults));
    renameSync(`${this.faultsOf(index)}.new`, this.faultsOf(index));
  }

  /** Empties a member's directory, for a new member in its place. */
  clear(index: number): void {
    for (const name of readdirSync(this.all[index]!.directory)) {
      rmSync(`${this.all[index]!.directory}/${name}`, { recursive: true, force: true });
    }
  }

  /** A link so thin that packets are dropped for want of room. @param rate as tc says it; '' lets it be as wide as it was */
  thin(index: number, rate: string): void {
    const { namespace } = this.all[index]!;
    if (namespace === null) return;
    const device = `${this.bridge}${index}i`;
    const words = rate === '' ? ['del'] : ['add'];
    const shape = rate === '' ? [] : ['tbf', 'rate', rate, 'burst', '5k', 'limit', '15k'];
    ip('netns', 'exec', namespace, 'tc', 'qdisc', ...words, 'dev', device, 'root', ...shape);
  }

  /** `ip netns exec` becomes the program that it starts, so the signal reaches the member itself. */
  signal(index: number, signal: NodeJS.Signals): void {
    const machine = this.all[index]!;
    if (signal === 'SIGSTOP') machine.isStopped = true;
    if (signal === 'SIGCONT') machine.isStopped = false;
    machine.process?.kill(signal);
  }

  /** Ends a member and waits until it is gone. */
  async end(index: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.all[index]!.process;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (this.all[index]!.isStopped) this.signal(index, 'SIGCONT');
    child.kill(signal);
    await gone;
  }

  /** Packets from one machine to another vanish. @param to -1: to the clients */
  cut(from: number, to: number): void {
    const { namespace } = this.all[from]!;
    const place = `${from} ${to}`;
    if (namespace === null || this.cuts.has(place)) return;
    this.cuts.add(place);
    inNamespace(namespace, 'route', 'add', 'blackhole', `${this.addressOf(to)}/32`);
  }

  mend(from: number, to: number): void {
    const { namespace } = this.all[from]!;
    if (namespace === null || !this.cuts.delete(`${from} ${to}`)) return;
    inNamespace(namespace, 'route', 'del', 'blackhole', `${this.addressOf(to)}/32`);
  }

  mendAll(): void {
    for (const place of [...this.cuts]) {
      const [from, to] = place.split(' ').map(Number) as [number, number];
      this.mend(from, to);
    }
  }

  private addressOf(index: number): string {
    return index < 0 ? `${this.host}.1` : this.all[index]!.address;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ index }) => this.end(index, 'SIGKILL')));
    this.links.close();
    if (!this.hasNamespaces) return;
    for (const { namespace } of this.all) ip('netns', 'del', namespace!);
    ip('link', 'del', this.bridge);
  }
}
