/**
 * `bench membership`: a cluster's members change while clients write as fast as they can.
 *
 * One thing after the other: nothing, a member joins (learner, then promoted), a member that lost its disk is replaced,
 * the leader is removed, leadership is moved, all members are restarted one after another. For each: what was
 * acknowledged and what failed, to clients that know all members and to plain ones (`writers.ts`), and the longest time
 * without an acknowledgement. At the end every key that was ever acknowledged is looked for.
 */

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { integerFlag, type parseFlags } from '../src/cli/flags.ts';
import { type Client, connect } from '../src/client/index.ts';
import { Workplace } from './children.ts';
import { Cluster, ClusterMember, type SystemName } from './cluster.ts';
import { describeEnvironment, type Environment } from './environment.ts';
import { grouped, table } from './format.ts';
import { chosenSystems, systemFlags } from './options.ts';
import { freePorts } from './ports.ts';
import { Progress } from './progress.ts';
import { WRITTEN_FROM, WRITTEN_TO, type WriterFigures, Writers } from './writers.ts';

export const membershipFlags = {
  ...systemFlags,
  writers: integerFlag({
    help: 'writers of each of two kinds, a connection each',
    initial: 3,
    min: 1,
    max: 100,
  }),
  streams: integerFlag({ help: 'puts in flight per writer', initial: 4, min: 1, max: 1000 }),
  valueBytes: integerFlag({ help: 'size of a value', initial: 256, min: 0, max: 1_000_000 }),
  restMs: integerFlag({ help: 'rest after each change', initial: 2000, min: 0 }),
} as const;

export type MembershipOptions = ReturnType<typeof parseFlags<typeof membershipFlags>>['values'];

export interface MembershipReport {
  readonly kind: 'membership';
  readonly environment: Environment;
  readonly options: MembershipOptions;
  readonly systems: readonly {
    readonly system: SystemName;
    readonly phases: readonly Phase[];
    readonly acknowledged: number;
    /** Acknowledged puts that were not there at the end. Anything but 0 is a broken promise. */
    readonly lost: number;
  }[];
}

interface Phase extends WriterFigures {
  readonly name: string;
  /** How long the change itself took. */
  readonly seconds: number;
}

const KEELSON_MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const STEADY_MS = 3000;
const GIVE_UP_MS = 60_000;
/** What the changes take, for the bar. */
const PHASES = 7;

/** A cluster under test and how its members are changed, with the commands of a person. */
class Subject {
  readonly system: SystemName;
  readonly cluster: Cluster;
  readonly #workplace: Workplace;
  #named: number;

  constructor(system: SystemName, cluster: Cluster, workplace: Workplace) {
    this.system = system;
    this.cluster = cluster;
    this.#workplace = workplace;
    this.#named = cluster.members.length;
  }

  get ports(): readonly number[] {
    return this.cluster.members.map(({ port }) => port);
  }

  async #withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = connect({ endpoints: this.ports.map((port) => `http://127.0.0.1:${port}`) });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  async #idOf(member: ClusterMember): Promise<bigint> {
    const members = await this.#withClient((client) => client.members.list());
    const found = members.find(({ name }) => name === member.name);
    if (found === undefined) throw new Error(`${this.system} ${member.name} is no member`);
    return found.id;
  }

  /** Calls again while the cluster says that it is not well: a member has just come or gone. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + GIVE_UP_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (performance.now() > until) throw error;
        await pause(100);
      }
    }
  }

  /** `keelson ctl member join`, which speaks to either system, while the new member starts. */
  async join(): Promise<void> {
    const { system, cluster } = this;
    const [port, peerPort] = await freePorts(2);
    const name = `m${++this.#named}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const own = cluster.members.map((member) => `${member.name}=${member.peerUrl}`);
    const initialCluster = [...own, `${name}=${peerUrl}`].join(',');
    const plan = {
      system,
      label: 'membership',
      name,
      port: port!,
      peerUrl,
      initialCluster,
      isNewcomer: true,
    };
    const member = new ClusterMember(plan, this.#workplace);
    const endpoints = this.ports.map((one) => `http://127.0.0.1:${one}`).join(',');
    const words = ['ctl', `--endpoints=${endpoints}`, 'member', 'join', name, `--peer-urls=${peerUrl}`];
    const joined = new Promise<void>((resolve, reject) => {
      const command = execFile(process.execPath, [KEELSON_MAIN, ...words], (error, _out, told) => {
        if (error === null) resolve();
        else reject(new Error(`member join: ${told.trim()}`));
      });
      this.#workplace.adopt(command);
    });
    const isAdded = async (): Promise<boolean> => {
      const members = await this.#withClient((client) => client.members.list());
      return members.some(({ peerUrls }) => peerUrls.includes(peerUrl));
    };
    const until = performance.now() + GIVE_UP_MS;
    while (!(await isAdded())) {
      if (performance.now() > until) throw new Error(`${system}: the learner was not added`);
      await pause(50);
    }
    member.start();
    await joined;
    cluster.members = [...cluster.members, member];
  }

  async remove(member: ClusterMember): Promise<void> {
    const id = await this.#idOf(member);
    this.cluster.members = this.cluster.members.filter((other) => other !== member);
    await this.#again(async () => {
      const members = await this.#withClient((client) => client.members.list());
      if (members.some((one) => one.id === id)) await this.#withClient((client) => client.members.remove(id));
    });
    await member.end('SIGTERM');
  }

  /** A member is killed and its disk is gone; another one takes its place. */
  async replace(): Promise<void> {
    const leader = await this.cluster.leader();
    const victim = this.cluster.members.find((member) => member !== leader)!;
    victim.kill();
    await victim.end('SIGKILL');
    rmSync(victim.dataDirectory, { recursive: true, force: true });
    await this.remove(victim);
    await this.join();
  }

  async removeLeader(): Promise<void> {
    await this.remove(await this.cluster.leader());
    await this.cluster.leader();
  }

  async moveLeader(): Promise<void> {
    const leader = await this.cluster.leader();
    const target = await this.#idOf(this.cluster.members.find((member) => member !== leader)!);
    const endpoint = `http://127.0.0.1:${leader.port}`;
    await this.#withClient((client) => client.maintenance.moveLeader(target, { endpoint }));
  }

  async restartAll(): Promise<void> {
    for (const member of this.cluster.members) {
      await member.end('SIGTERM');
      member.start();
      await this.cluster.waitMember(member);
    }
  }
}

/** @returns how many of the keys are not there */
async function countLost(ports: readonly number[], acknowledged: ReadonlySet<string>): Promise<number> {
  const client = connect({
    endpoints: ports.map((port) => `http://127.0.0.1:${port}`),
    timeoutMs: GIVE_UP_MS,
  });
  let found = 0;
  try {
    for await (const { pairs } of client.pages({ from: WRITTEN_FROM, to: WRITTEN_TO }, { keysOnly: true })) {
      for (const { keyText } of pairs) if (acknowledged.has(keyText)) found++;
    }
  } finally {
    await client.close();
  }
  return acknowledged.size - found;
}

async function measure(
  system: SystemName,
  options: MembershipOptions,
  progress: Progress,
): Promise<MembershipReport['systems'][number]> {
  const workplace = new Workplace();
  try {
    const cluster = await Cluster.prepare(system, options.nodes, workplace, 'membership');
    cluster.start();
    await cluster.waitHealthy();
    const subject = new Subject(system, cluster, workplace);
    const writers = new Writers({ ...options, ports: () => subject.ports });
    const phases: Phase[] = [];
    const phase = async (name: string, change: () => Promise<void>): Promise<void> => {
      progress.step(`${system}: ${name}`, 1);
      writers.take();
      const from = performance.now();
      await change();
      const seconds = (performance.now() - from) / 1000;
      await pause(options.restMs);
      phases.push({ name, seconds, ...writers.take() });
    };
    writers.start();
    await pause(1000);
    await phase('nothing is done', () => pause(STEADY_MS));
    await phase('a member joins', () => subject.join());
    await phase('a dead member is replaced', () => subject.replace());
    await phase('the leader is removed', () => subject.removeLeader());
    await phase('leadership is moved', () => subject.moveLeader());
    await phase('all restart in turn', () => subject.restartAll());
    progress.step(`${system}: looks for what was acknowledged`, 1);
    await writers.stop();
    const lost = await countLost(subject.ports, writers.acknowledged);
    return { system, phases, acknowledged: writers.acknowledged.size, lost };
  } finally {
    await workplace.close();
  }
}

/** Runs the benchmark, one system after the other. @throws Error when a system is missing or a change fails */
export async function runMembership(options: MembershipOptions): Promise<MembershipReport> {
  if (options.nodes < 3) throw new Error('--nodes: with fewer than three members none can be missed');
  const names = chosenSystems(options.against, options.only);
  const progress = new Progress(names.length * PHASES);
  try {
    const systems: MembershipReport['systems'][number][] = [];
    for (const system of names) systems.push(await measure(system, options, progress));
    return { kind: 'membership', environment: describeEnvironment(names), options, systems };
  } finally {
    progress.close();
  }
}

export function membershipText(report: MembershipReport): string {
  const head = ['', 's', 'acknowledged', 'failed', 'in doubt', 'pause ms', 'plain', 'failed', 'pause ms'];
  const lines = [
    `membership: ${report.options.nodes} members, ${report.options.writers} writers with keelson/client and as many ` +
      `plain ones, ${report.options.streams} puts in flight each`,
  ];
  for (const { system, phases, acknowledged, lost } of report.systems) {
    const rows = phases.map((phase) => [
      phase.name,
      phase.seconds.toFixed(1),
      grouped(phase.clientAcknowledged),
      String(phase.clientFailed),
      String(phase.clientInDoubt),
      phase.clientPauseMs.toFixed(0),
      grouped(phase.plainAcknowledged),
      String(phase.plainFailed),
      phase.plainPauseMs.toFixed(0),
    ]);
    lines.push('', table([system, ...head.slice(1)], rows));
    for (const { name, failures } of phases) {
      for (const [text, count] of Object.entries(failures)) lines.push(`  ${name}: ${count} × ${text}`);
    }
    lines.push(`${system}: ${grouped(acknowledged)} acknowledged, ${lost} of them lost`);
  }
  return lines.join('\n');
}
