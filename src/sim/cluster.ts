/**
 * A whole cluster in one thread: nodes with a disk, a backend, a clock and a place in the network, and the members that
 * run on them.
 *
 * A node is the machine: its disk and backend image outlive what runs on it. A life is one run of the member on it. Each
 * step runs one event, then looks at the members that it may have changed, and holds them against all invariants.
 *
 * Invariant: everything that happens is decided by the seed; the trace's hash covers every event, frame and fault.
 */

import { InlinePasswords } from '../auth/passwords.ts';
import { noTokens } from '../auth/tokens.ts';
import { MemoryImage, memoryBackend } from '../backend/memory-backend.ts';
import type { JoinOptions } from '../member/types.ts';
import type { ConfState, NodeId } from '../raft/types.ts';
import type { CrashStyle } from './disk-image.ts';
import { CrashStyle as Style } from './disk-image.ts';
import { Violation } from './invariants/invariant.ts';
import { recoveryProblem } from './invariants/recovery-is-idempotent.ts';
import { LiveView } from './live-view.ts';
import { Losses } from './losses.ts';
import { Memory } from './memory.ts';
import type { Victims } from './nemesis.ts';
import type { WatchPort } from './oracle/watchers.ts';
import type { MemberPort } from './oracle/workload.ts';
import { clientPort } from './ports.ts';
import { tornImage } from './sabotage.ts';
import { NodeRuntime, SimProcess as Process, SimClock, type SimProcess, Stepped } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { type LiveMember, memberIdsOf, openMember, recoverDisk } from './sim-member.ts';
import { SimNetwork } from './sim-network.ts';
import { nodeName, peerUrl, type SimNode } from './sim-node.ts';
import type { SimRandom } from './sim-random.ts';
import { StepJudge } from './step-judge.ts';
import type { Swarm } from './swarm.ts';
import type { Trace } from './trace.ts';
import type { DurableView } from './view.ts';

export interface ClusterHooks {
  /** A life has ended, orderly or not; the hook sees to it that another one begins. */
  died(node: number): void;
  /** After each step, when the invariants hold. */
  stepped(): void;
}

export interface ClusterOptions {
  readonly random: SimRandom;
  readonly swarm: Swarm;
  readonly trace: Trace;
  /** A rule that is switched off, '' for none. */
  readonly mutant: string;
  readonly hooks: ClusterHooks;
}

export class SimCluster implements Victims {
  readonly clock: SimClock = new SimClock();
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly memory: Memory;
  readonly trace: Trace;
  private readonly swarm: Swarm;
  private readonly mutant: string;
  private readonly hooks: ClusterHooks;
  private readonly judge: StepJudge;
  private readonly losses: Losses;
  /** Counts of what was not planned by the nemesis. */
  readonly counts = {
    starts: 0,
    fatal: 0,
    installs: 0,
    added: 0,
    removed: 0,
    zombies: 0,
    stateLosses: 0,
    bitFlipsRefused: 0,
    bitFlipsHarmless: 0,
    bitFlipsAtEnd: 0,
    endLosses: 0,
    endLossesRefused: 0,
    endLossesFoundOut: 0,
  };

  constructor(options: ClusterOptions) {
    const { random, swarm, trace } = options;
    this.swarm = swarm;
    this.trace = trace;
    this.mutant = options.mutant;
    this.hooks = options.hooks;
    const total = swarm.nodes + swarm.spares;
    const urls = Array.from({ length: total }, (_, index) => peerUrl(index));
    const ids = memberIdsOf(swarm.nodes);
    this.network = new SimNetwork(this.clock, random.fork('network'), urls, { ...swarm.network });
    this.nodes = urls.map((_, index) => this.makeNode(ids[index] ?? '', index, random.fork(`node ${index}`)));
    const conf: ConfState = {
      voters: ids,
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    this.memory = new Memory(total, conf);
    const { clock, network, nodes, memory } = this;
    this.judge = new StepJudge({
      clock,
      network,
      nodes,
      memory,
      trace,
      electionTicks: Math.round(swarm.electionMs / swarm.heartbeatMs),
      installs: () => this.counts.installs++,
    });
    this.losses = new Losses({
      nodes,
      conf: () => this.conf,
      chances: swarm,
      mutant: this.mutant,
      recover: recoverDisk,
      fail: (violation) => this.judge.fail(violation),
      noted: (what, node) => {
        this.counts[what]++;
        trace.note(clock.now, what, node.index);
      },
    });
  }

  private makeNode(id: NodeId, index: number, random: SimRandom): SimNode {
    const disk = new SimDisk(this.clock, random.fork('disk'), { ...this.swarm.disk });
    disk.lies = this.mutant === 'syncLies';
    const node: SimNode = {
      index,
      id,
      join: null,
      retired: false,
      rotten: false,
      forgotten: 0,
      name: nodeName(index),
      disk,
      random,
      view: new LiveView(id, index, () => this.durableOf(index)),
      image: this.mutant === 'flushTorn' && index === 0 ? tornImage() : new MemoryImage(),
      life: 0,
      process: null,
      runtime: null,
      backend: null,
      member: null,
      stopping: false,
      installing: false,
      durable: null,
      durableAt: -1,
    };
    return node;
  }

  get count(): number {
    return this.nodes.length;
  }

  startAll(): void {
    for (const node of this.nodes) this.restart(node.index);
  }

  /** The configuration that was committed last. */
  get conf(): ConfState {
    return this.memory.confAt(this.memory.committed);
  }

  /** Whether the node votes or learns by the configuration that was committed last. */
  belongs(index: number): boolean {
    const { voters, votersOutgoing, learners, learnersNext } = this.conf;
    const { id } = this.nodes[index]!;
    return [voters, votersOutgoing, learners, learnersNext].some((group) => group.includes(id));
  }

  /** Starts a machine that the cluster has added. */
  admit(index: number, join: JoinOptions): void {
    const node = this.nodes[index]!;
    if (node.id !== '') throw new Error(`${node.name} was a member before`);
    node.id = join.memberId;
    node.join = join;
    node.view.named(node.id);
    this.counts.added++;
    this.trace.note(this.clock.now, 'admit', index, 0, node.id);
    this.restart(index);
  }

  // What the nemesis does.

  isUp(node: number): boolean {
    return this.nodes[node]!.process !== null;
  }

  isLeader(node: number): boolean {
    const view = this.nodes[node]!.view;
    return view.up && view.role === 'leader';
  }

  restart(index: number): void {
    const node = this.nodes[index]!;
    if (node.process !== null || node.id === '' || node.retired) return;
    const process = new Process(index);
    const life = ++node.life;
    const random = node.random.fork(`life ${life}`);
    const drift = (node.random.fork('drift').unit() * 2 - 1) * this.swarm.clockDrift;
    const runtime = new NodeRuntime(this.clock, process, random, {
      rate: 1 + drift,
      offset: random.below(1_000_000),
      turnMs: this.swarm.turnMs,
    });
    const flushMs = this.swarm.disk.syncMs * 2;
    const delays = random.fork('flush');
    const backend = memoryBackend({
      scheduler: runtime.scheduler,
      image: node.image,
      delayFlush: (end) => this.clock.schedule(delays.exponential(flushMs), process, end),
    });
    Object.assign(node, { process, runtime, backend, member: null });
    this.counts.starts++;
    this.trace.note(this.clock.now, 'start', index, life);
    openMember(
      {
        swarm: this.swarm,
        index,
        join: node.join,
        mutant: this.mutant,
        dependencies: {
          runtime,
          disk: node.disk.mount(process),
          backend,
          tokens: noTokens,
          passwords: new InlinePasswords(runtime.random, runtime.scheduler),
          network: (memberId) => this.network.attach(process, memberId),
        },
        onFatal: (error) => this.onFatal(index, process, error),
      },
      (error, member) => this.opened(node, process, error, member),
    );
  }

  private opened(node: SimNode, process: SimProcess, error: Error | null, member: LiveMember | null): void {
    if (node.process !== process) return;
    if (node.rotten) {
      this.onRotten(node, error);
      return;
    }
    if (error !== null || member === null) {
      // A disk that fails during recovery is a disk that fails; anything else is a log or state that a crash has spoilt.
      if ((error as { reason?: string } | null)?.reason === 'diskFailed')
        this.onFatal(node.index, process, error!);
      else
        this.judge.fail(
          new Violation('I43', `${node.name} does not start: ${error?.message ?? 'no member'}`),
        );
      return;
    }
    node.member = member;
    node.view.begin(node.life, member);
    this.judge.touch(node.index);
    this.trace.note(this.clock.now, 'opened', node.index, node.life);
  }

  /** Whoever has it replaced is told why it does not start. */
  private onRotten(node: SimNode, error: Error | null): void {
    if ((error as { reason?: string } | null)?.reason !== 'walDamaged') {
      const told = error === null ? 'starts' : error.message;
      this.judge.fail(new Violation('I43', `${node.name} has a damaged log: ${told}`));
    }
    node.retired = true;
    this.crash(node.index, Style.Process);
  }

  /** The member gave up: its process ends, and whoever supervises it starts it again. */
  private onFatal(index: number, process: SimProcess, error: Error): void {
    if (this.nodes[index]!.process !== process) return;
    this.trace.note(this.clock.now, 'fatal', index, 0, error.message);
    if ((error as { reason?: string }).reason === 'memberRemoved' && !this.belongs(index)) {
      this.retire(this.nodes[index]!);
      return;
    }
    if (this.hasFoundOut(this.nodes[index]!, error)) return;
    this.counts.fatal++;
    if ((error as { reason?: string }).reason !== 'diskFailed') {
      this.judge.fail(
        new Violation('I45', `${this.nodes[index]!.name} gave up: ${error.stack ?? error.message}`),
      );
      return;
    }
    this.crash(index, Style.Process);
  }

  /** Its leader has told it that its log lacks what it acknowledged: it does not speak under its id again. */
  private hasFoundOut(node: SimNode, error: Error): boolean {
    if (node.forgotten === 0 || (error as { reason?: string }).reason !== 'walDamaged') return false;
    this.counts.endLossesFoundOut++;
    node.durable = this.durableOf(node.index);
    node.rotten = true;
    node.retired = true;
    this.crash(node.index, Style.Process);
    return true;
  }

  /** It has learned of its removal. Some operators start it again all the same. */
  private retire(node: SimNode): void {
    this.counts.removed++;
    node.retired = !node.random.chance(0.3);
    if (!node.retired) this.counts.zombies++;
    this.crash(node.index, Style.Process);
  }

  crash(index: number, style: CrashStyle): void {
    const node = this.nodes[index]!;
    if (node.process === null) return;
    this.trace.note(this.clock.now, 'died', index, style);
    node.disk.onOperation = null;
    this.clock.kill(node.process);
    this.network.detach(index);
    node.backend!.crash(node.random.chance(0.5));
    this.writeTestament(node);
    node.disk.crash(style);
    this.losses.strike(node);
    this.ended(node);
  }

  crashInOperation(index: number, style: CrashStyle): void {
    const node = this.nodes[index]!;
    const process = node.process;
    let left = node.random.below(6);
    node.disk.onOperation = () => {
      if (left-- === 0) this.crash(index, style);
    };
    this.clock.schedule(1000, null, () => {
      if (node.process === process) this.crash(index, style);
    });
  }

  stop(index: number): void {
    const node = this.nodes[index]!;
    const process = node.process;
    if (process === null || process.state !== 'up' || node.stopping) return;
    if (node.member === null) {
      this.crash(index, Style.Process);
      return;
    }
    node.stopping = true;
    node.member.stop(() => {
      if (node.process !== process) return;
      this.trace.note(this.clock.now, 'stopped', index);
      this.crash(index, Style.Process);
    });
    // Whoever asked for the stop loses patience in the end.
    this.clock.schedule(20_000, null, () => {
      if (node.process === process) this.crash(index, Style.Process);
    });
  }

  pause(index: number): void {
    const node = this.nodes[index]!;
    if (node.process !== null) this.clock.pause(node.process);
  }

  resume(index: number, suspendedMs: number): void {
    const node = this.nodes[index]!;
    if (node.process === null || node.process.state !== 'paused') return;
    if (suspendedMs > 0) node.runtime!.clock.suspended(suspendedMs);
    this.clock.resume(node.process);
  }

  stall(index: number, forMs: number): void {
    this.nodes[index]!.disk.stall(forMs);
  }

  setTurn(index: number, turnMs: number): void {
    const runtime = this.nodes[index]!.runtime;
    if (runtime !== null) runtime.scheduler.turnMs = turnMs;
  }

  stepWall(index: number, byMs: number): void {
    this.nodes[index]!.runtime?.clock.stepWall(byMs);
  }

  /** Makes the disks fault-free, for the second phase of a run. */
  calmDisks(): void {
    for (const { disk } of this.nodes) {
      Object.assign(disk.faults, { slowChance: 0, syncErrorChance: 0, writeErrorChance: 0 });
      disk.endStall();
    }
  }

  // How clients reach the members.

  /** Null while the member is down, opening or paused for good. */
  portOf(index: number): MemberPort | null {
    const node = this.nodes[index]!;
    const { member, process } = node;
    if (member === null || process === null || process.state !== 'up' || node.stopping) return null;
    return clientPort({ node, member, process, clock: this.clock, trace: this.trace, touch: this.touchNode });
  }

  watchPortOf(index: number): WatchPort | null {
    const node = this.nodes[index]!;
    if (node.member === null || node.process === null || node.process.state !== 'up') return null;
    if (!this.belongs(index)) return null;
    this.touch(index);
    return { name: `${node.name}/${node.life}`, node: index, hub: node.member.hub, process: node.process };
  }

  // Stepping and judging.

  /** A client is about to call into this node's member: look at it after the step. */
  touch(index: number): void {
    this.judge.touch(index);
  }

  private readonly touchNode = (index: number): void => this.touch(index);

  /**
   * Runs one event and judges what it did. False when nothing is left to happen.
   * @throws Violation
   */
  step(): boolean {
    const stepped = this.clock.step();
    if (stepped === Stepped.Empty) return false;
    if (stepped === Stepped.Nothing) return true;
    const ran = this.clock.ran;
    this.trace.tick(this.clock.now, ran === null ? -1 : ran.index);
    if (ran !== null) this.judge.touch(ran.index);
    this.judge.judge();
    this.hooks.stepped();
    return true;
  }

  /**
   * Lets so many virtual milliseconds pass.
   * @throws Violation
   */
  runFor(ms: number): void {
    const end = this.clock.now + ms;
    while (this.clock.nextAt() <= end) this.step();
    this.clock.now = end;
  }

  private durableOf(index: number): DurableView {
    const node = this.nodes[index]!;
    if (node.rotten) return node.durable!;
    if (node.durable === null || node.durableAt !== node.disk.syncs) {
      node.durable = recoverDisk(node.disk.durable());
      node.durableAt = node.disk.syncs;
    }
    return node.durable;
  }

  /** Notes what was durable when the life ended: what it may have promised. */
  private writeTestament(node: SimNode): void {
    if (node.rotten) return;
    const problem = recoveryProblem(node.disk.durable(), recoverDisk);
    if (problem !== null) this.judge.fail(new Violation('I43', `${node.name}: ${problem}`));
    const { term, vote } = this.durableOf(node.index);
    this.memory.testaments[node.index] = { term, vote };
  }

  private ended(node: SimNode): void {
    Object.assign(node, { process: null, runtime: null, backend: null, member: null, stopping: false });
    node.view.end();
    this.hooks.died(node.index);
  }
}
