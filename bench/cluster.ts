/**
 * A cluster of real processes on loopback, Keelson or etcd, started with the same flags, on free ports and in a fresh
 * folder. The driver sees both only through their client ports and /proc.
 */

import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Asker } from './asker.ts';
import { endChild, type Workplace } from './children.ts';
import { freePorts } from './ports.ts';
import { type CpuProfile, type ProfileShare, profileShares } from './profile.ts';
import { METER_VARIABLE, meterArguments, slicesFile } from './slices.ts';
import { type Usage, usageOf } from './usage.ts';

export type SystemName = 'keelson' | 'etcd';

const KEELSON_MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const HEALTHY_WITHIN_MS = 120_000;
const ASK_TIMEOUT_MS = 1_000;
const POLL_MS = 5;
const QUIET: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];

/** @returns the version text of the system, or null when it is not installed (not built). */
export function systemVersion(system: SystemName): string | null {
  try {
    const text =
      system === 'etcd'
        ? execFileSync('etcd', ['--version'], { encoding: 'utf8', stdio: QUIET })
        : execFileSync(process.execPath, [KEELSON_MAIN, 'version'], { encoding: 'utf8', stdio: QUIET });
    return /\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? text.trim();
  } catch {
    return null;
  }
}

/** What to do when `systemVersion` says null. */
export function howToInstall(system: SystemName): string {
  if (system === 'etcd') return 'no `etcd` on the PATH: install etcd, or leave out --against';
  return existsSync(KEELSON_MAIN)
    ? 'dist/cli/main.js does not run: see `node dist/cli/main.js version`'
    : 'dist/ is not built: run `npm run build` first';
}

/** What a member is started with. */
export interface MemberPlan {
  readonly system: SystemName;
  /** Tells clusters in one workplace apart. */
  readonly label: string;
  readonly name: string;
  readonly port: number;
  readonly peerUrl: string;
  /** name=URL of all, this one included. */
  readonly initialCluster: string;
  /** It joins a cluster that runs and has added it. @default false */
  readonly isNewcomer?: boolean;
  /** @default false */
  readonly profile?: boolean;
  /** Further flags, with their values. @default none */
  readonly flags?: Readonly<Record<string, string>>;
  /** Whether it tells how long its pieces of work are (`slices.ts`); Keelson only. @default false */
  readonly isMetered?: boolean;
}

export type ClusterChoices = Pick<MemberPlan, 'profile' | 'isMetered' | 'flags'>;

function memberArguments(plan: MemberPlan, dataDirectory: string): string[] {
  const clientUrl = `http://127.0.0.1:${plan.port}`;
  const flags = {
    name: plan.name,
    'data-dir': dataDirectory,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': plan.peerUrl,
    'initial-advertise-peer-urls': plan.peerUrl,
    'initial-cluster': plan.initialCluster,
    'initial-cluster-token': `bench-${plan.label}`,
    'initial-cluster-state': plan.isNewcomer === true ? 'existing' : 'new',
    'log-level': 'error',
    ...plan.flags,
  };
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
}

export class ClusterMember {
  readonly system: SystemName;
  readonly name: string;
  readonly port: number;
  readonly peerUrl: string;
  readonly dataDirectory: string;
  readonly asker: Asker;
  readonly #args: readonly string[];
  readonly #workplace: Workplace;
  /** Whether Node writes where the CPU went; Keelson only. */
  readonly #profile: boolean;
  readonly #isMetered: boolean;
  #child: ChildProcess | null = null;
  #spawnError: Error | null = null;

  constructor(plan: MemberPlan, workplace: Workplace) {
    const { system, name, port, peerUrl } = plan;
    this.system = system;
    this.name = name;
    this.port = port;
    this.peerUrl = peerUrl;
    this.dataDirectory = join(workplace.folder, `${system}-${plan.label}`, name);
    this.asker = new Asker(port);
    this.#args = memberArguments(plan, this.dataDirectory);
    this.#workplace = workplace;
    this.#profile = plan.profile ?? false;
    this.#isMetered = plan.isMetered ?? false;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.system} ${this.name} has not been started`);
    return this.#child.pid;
  }

  get logName(): string {
    return `${this.system}-${this.name}.log`;
  }

  start(): void {
    const keelson = this.system === 'keelson';
    const command = keelson ? process.execPath : 'etcd';
    const profiling = this.#profile ? ['--cpu-prof', `--cpu-prof-dir=${this.#workplace.folder}`] : [];
    const { folder } = this.#workplace;
    const metered = this.#isMetered && keelson;
    const args = keelson
      ? [...profiling, ...(metered ? meterArguments : []), KEELSON_MAIN, 'server', ...this.#args]
      : ['--logger', 'zap', ...this.#args];
    const environment = metered ? { [METER_VARIABLE]: slicesFile(folder, this.name) } : {};
    this.#child = this.#workplace.spawn(command, args, this.logName, environment);
    this.#child.once('error', (error) => {
      this.#spawnError = error;
    });
  }

  /** @throws Error with the last words of the process when it has ended by itself. */
  assertRunning(): void {
    if (this.#spawnError !== null) throw this.#spawnError;
    const child = this.#child;
    if (child === null || (child.exitCode === null && child.signalCode === null)) return;
    const how = child.exitCode === null ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`;
    throw new Error(
      `${this.system} ${this.name} ended by itself (${how}):\n${this.#workplace.lastWords(this.logName)}`,
    );
  }

  /** Of a profiled member that has ended by SIGTERM: where its CPU went. Null when it left no profile. */
  profile(): ProfileShare[] | null {
    const { folder } = this.#workplace;
    const file = readdirSync(folder).find((name) =>
      new RegExp(`^CPU\\..*\\.${this.pid}\\..*cpuprofile$`).test(name),
    );
    if (file === undefined) return null;
    return profileShares(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.asker.close();
    if (this.#child !== null) await endChild(this.#child, signal);
  }

  /** Sends SIGKILL and does not wait. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  usage(): Usage {
    return usageOf(this.pid);
  }
}

export class Cluster {
  readonly system: SystemName;
  /** Those that belong to it; who changes that changes this. */
  members: readonly ClusterMember[];

  private constructor(system: SystemName, members: readonly ClusterMember[]) {
    this.system = system;
    this.members = members;
  }

  /** Prepares a cluster; no process runs before `start`. */
  static async prepare(
    system: SystemName,
    nodes: number,
    workplace: Workplace,
    label: string,
    { profile = false, isMetered = false, flags = {} }: ClusterChoices = {},
  ): Promise<Cluster> {
    const ports = await freePorts(nodes * 2);
    const names = Array.from({ length: nodes }, (_, index) => `m${index + 1}`);
    const peerUrl = (index: number): string => `http://127.0.0.1:${ports[nodes + index]}`;
    const initialCluster = names.map((name, index) => `${name}=${peerUrl(index)}`).join(',');
    const members = names.map((name, index) => {
      const plan = { system, label, name, port: ports[index]!, peerUrl: peerUrl(index) };
      return new ClusterMember({ ...plan, initialCluster, profile, isMetered, flags }, workplace);
    });
    return new Cluster(system, members);
  }

  start(): void {
    for (const member of this.members) member.start();
  }

  assertRunning(): void {
    for (const member of this.members) member.assertRunning();
  }

  /** Waits until every member accepts a write. */
  async waitHealthy(): Promise<void> {
    const until = Date.now() + HEALTHY_WITHIN_MS;
    for (const member of this.members) await this.waitMember(member, until);
  }

  async waitMember(member: ClusterMember, until: number = Date.now() + HEALTHY_WITHIN_MS): Promise<void> {
    for (;;) {
      member.assertRunning();
      const answer = await member.asker.put('bench-health', member.name, ASK_TIMEOUT_MS);
      if (answer.code === 0) return;
      if (Date.now() > until) {
        throw new Error(`${this.system} ${member.name} is not healthy: ${answer.message}`);
      }
      await pause(POLL_MS);
    }
  }

  /** The member that the others say leads. Waits until there is one. */
  async leader(): Promise<ClusterMember> {
    const until = Date.now() + HEALTHY_WITHIN_MS;
    while (Date.now() < until) {
      for (const member of this.members) {
        const status = await member.asker.status(ASK_TIMEOUT_MS);
        if (status !== null && status.leaderId !== 0n && status.leaderId === status.memberId) return member;
      }
      await pause(POLL_MS);
    }
    throw new Error(`${this.system}: no member says that it leads`);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end('SIGTERM')));
  }
}
