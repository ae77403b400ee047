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
import { type MemoryBackend, MemoryImage, memoryBackend } from '../backend/memory-backend.ts';
import { decodeRaftFrame, FrameKind, frameHolds } from '../member/peer-codec.ts';
import type { JoinOptions } from '../member/types.ts';
import type { ConfState, NodeId } from '../raft/types.ts';
import { MessageType } from '../raft/types.ts';
import type { CrashStyle, DiskImage } from './disk-image.ts';
import { CrashStyle as Style } from './disk-image.ts';
import { checkInvariants } from './invariants/index.ts';
import { Violation } from './invariants/invariant.ts';
import { recoveryProblem } from './invariants/recovery-is-idempotent.ts';
import { LiveView } from './live-view.ts';
import { Memory } from './memory.ts';
import type { Victims } from './nemesis.ts';
import type { WatchPort } from './oracle/watchers.ts';
import type { MemberPort } from './oracle/workload.ts';
import { clientPort } from './ports.ts';
import { lastOf } from './quorum.ts';
import { tornImage } from './sabotage.ts';
import { NodeRuntime, SimProcess as Process, SimClock, type SimProcess, Stepped } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import {
  confOfEntry,
  type LiveMember,
  memberIdsOf,
  openMember,
  recoverDisk,
  requestsIn,
} from './sim-member.ts';
import { maxPathBytes, SimNetwork } from './sim-network.ts';
import type { SimRandom } from './sim-random.ts';
import type { Swarm } from './swarm.ts';
import type { Trace } from './trace.ts';
import type { Delta, DurableView, Limits, NodeView, SentMessage, World } from './view.ts';

/** How many steps go by between two looks at the disks. */
const deepEvery = 2048;

/** One machine. It is a member from the beginning, or one that may be added later: then once, under one id. */
export interface SimNode {
  readonly index: number;
  /** Empty as long as it was not added to the cluster. */
  id: NodeId;
  /** What it was told when it was added; null for one of the first members. */
  join: JoinOptions | null;
  /** It was removed from the cluster and does not come back. */
  retired: boolean;
  readonly name: string;
  readonly disk: SimDisk;
  readonly random: SimRandom;
  readonly view: LiveView;
  image: MemoryImage;
  life: number;
  process: SimProcess | null;
  runtime: NodeRuntime | null;
  backend: MemoryBackend | null;
  /** Null while it is down or opening. */
  member: LiveMember | null;
  /** Asked to stop in an orderly way. */
  stopping: boolean;
  /** It was putting a state from elsewhere in force when it was last looked at. */
  installing: boolean;
  durable: DurableView | null;
  /** The disk's sync count that `durable` belongs to. */
  durableAt: number;
}

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
  private readonly limits: Limits;
  private readonly touched: Set<number> = new Set();
  private sent: SentMessage[] = [];
  private failure: Violation | null = null;
  /** Counts of what was not planned by the nemesis. */
  readonly counts = { starts: 0, fatal: 0, installs: 0, added: 0, removed: 0, zombies: 0, stateLosses: 0 };

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
    this.limits = {
      windowMessages: 256,
      windowBytes: 16 << 20,
      uncommittedBytes: 64 << 20,
      logEntries: 20_000,
      pathBytes: maxPathBytes,
    };
    this.watchNetwork();
  }

  private makeNode(id: NodeId, index: number, random: SimRandom): SimNode {
    const disk = new SimDisk(this.clock, random.fork('disk'), { ...this.swarm.disk });
    disk.lies = this.mutant === 'syncLies';
    const node: SimNode = {
      index,
      id,
      join: null,
      retired: false,
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
    if (error !== null || member === null) {
      // A disk that fails during recovery is a disk that fails; anything else is a log or state that a crash has spoilt.
      if ((error as { reason?: string } | null)?.reason === 'diskFailed')
        this.onFatal(node.index, process, error!);
      else this.fail(new Violation('I43', `${node.name} does not start: ${error?.message ?? 'no member'}`));
      return;
    }
    node.member = member;
    node.view.begin(node.life, member);
    this.touched.add(node.index);
    this.trace.note(this.clock.now, 'opened', node.index, node.life);
  }

  /** The member gave up: its process ends, and whoever supervises it starts it again. */
  private onFatal(index: number, process: SimProcess, error: Error): void {
    if (this.nodes[index]!.process !== process) return;
    this.trace.note(this.clock.now, 'fatal', index, 0, error.message);
    if ((error as { reason?: string }).reason === 'memberRemoved' && !this.belongs(index)) {
      this.retire(this.nodes[index]!);
      return;
    }
    this.counts.fatal++;
    if ((error as { reason?: string }).reason !== 'diskFailed') {
      this.fail(new Violation('I45', `${this.nodes[index]!.name} gave up: ${error.stack ?? error.message}`));
      return;
    }
    this.crash(index, Style.Process);
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
    this.goBack(node);
    if (this.mutant !== 'oldState' && this.mutant !== 'oldDisk') this.loseState(node);
    if (this.mutant === 'wipedDisk' && index === 0) {
      node.disk.wipe();
      node.image = new MemoryImage();
    }
    this.ended(node);
  }

  private readonly copies: { disk: DiskImage; image: MemoryImage }[] = [];

  /** For controls: every other crash of the first machine brings back what it held at the one before. */
  private goBack(node: SimNode): void {
    if (node.index !== 0 || (this.mutant !== 'oldDisk' && this.mutant !== 'oldState')) return;
    const old = this.copies.pop();
    if (old === undefined) {
      this.copies.push({ disk: node.disk.copy(), image: copyOf(node.image) });
      return;
    }
    node.image = old.image;
    if (this.mutant === 'oldDisk') node.disk.putBack(old.disk);
  }

  /**
   * The state is gone, as when it was damaged and moved aside; the log is not. The atlas: most voters keep theirs, for what
   * nobody has nobody can give back.
   */
  private loseState(node: SimNode): void {
    if (node.image.index === 0 || !node.random.chance(this.swarm.stateLossChance)) return;
    const { voters, votersOutgoing } = this.conf;
    const hasState = ({ id, index, view, image }: SimNode): boolean =>
      index !== node.index && image.index > 0 && !(view.up && view.installing) && voters.includes(id);
    if (votersOutgoing.length > 0 || this.nodes.filter(hasState).length * 2 <= voters.length) return;
    node.image = new MemoryImage();
    this.counts.stateLosses++;
    this.trace.note(this.clock.now, 'state-lost', node.index);
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
    this.touched.add(index);
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
    if (ran !== null) this.touched.add(ran.index);
    this.judge();
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

  private judge(): void {
    if (this.failure !== null) throw this.failure;
    const deep = this.clock.steps % deepEvery === 0;
    const deltas: Delta[] = [];
    for (const index of this.touched) {
      const node = this.nodes[index]!;
      const { view } = node;
      // A member that installs a state is judged when it has: until then its log is ahead of what it has applied.
      if (view.installing && !node.installing) this.counts.installs++;
      node.installing = view.installing;
      const delta = view.up && !view.installing ? this.memory.compare(view) : null;
      if (delta !== null) deltas.push(delta);
    }
    this.touched.clear();
    if (deltas.length > 0 || this.sent.length > 0 || deep) {
      const world: World = {
        now: this.clock.now,
        nodes: this.views,
        deltas,
        sent: this.sent,
        deep,
        limits: this.limits,
        fullestPathBytes: deep ? this.network.fullestPathBytes() : 0,
        confOf: confOfEntry,
        requestsIn,
      };
      checkInvariants(world, this.memory);
      this.sent = [];
    }
    this.hooks.stepped();
  }

  private viewList: readonly NodeView[] | null = null;

  private get views(): readonly NodeView[] {
    this.viewList ??= this.nodes.map((node) => node.view);
    return this.viewList;
  }

  private fail(violation: Violation): void {
    this.failure ??= violation;
  }

  private watchNetwork(): void {
    this.network.isRepeatable = (frame) =>
      frame[0] !== FrameKind.Raft || !frameHolds(frame, MessageType.Propose, MessageType.Propose);
    this.network.onSent = (from, to, frame) => {
      this.trace.mixBytes(frame);
      if (frame[0] !== FrameKind.Raft) return;
      const { VoteResponse, AppendResponse } = MessageType;
      if (!this.trace.verbose && !frameHolds(frame, VoteResponse, AppendResponse)) return;
      for (const message of decodeRaftFrame(frame, this.nodes[from]!.id, this.nodes[to]!.id)) {
        if (message.type === MessageType.VoteResponse || message.type === MessageType.AppendResponse) {
          this.sent.push({ from, message });
        }
        if (this.trace.verbose) {
          const { type, term, index, logTerm, commit, reject, entries, hint, context } = message;
          const detail = `to n${to + 1} type ${type} term ${term} index ${index}/${logTerm} commit ${commit} entries ${entries.length} reject ${reject} hint ${hint} context ${context}`;
          this.trace.note(this.clock.now, 'send', from, frame.length, detail);
        }
      }
    };
  }

  private durableOf(index: number): DurableView {
    const node = this.nodes[index]!;
    if (node.durable === null || node.durableAt !== node.disk.syncs) {
      node.durable = recoverDisk(node.disk.durable());
      node.durableAt = node.disk.syncs;
    }
    return node.durable;
  }

  /** Notes what was durable when the life ended: what it may have promised. */
  private writeTestament(node: SimNode): void {
    const problem = recoveryProblem(node.disk.durable(), recoverDisk);
    if (problem !== null) this.fail(new Violation('I43', `${node.name}: ${problem}`));
    const { term, vote } = this.durableOf(node.index);
    this.memory.testaments[node.index] = { term, vote, last: lastOf(this.durableOf(node.index)) };
  }

  private ended(node: SimNode): void {
    Object.assign(node, { process: null, runtime: null, backend: null, member: null, stopping: false });
    node.view.end();
    this.hooks.died(node.index);
  }
}

function copyOf(image: MemoryImage): MemoryImage {
  const copy = new MemoryImage();
  const entries: { readonly key: string; readonly value: Uint8Array }[] = [];
  image.entries.collect('', null, Number.MAX_SAFE_INTEGER, false, entries);
  for (const entry of entries) copy.entries.set(entry.key, entry);
  copy.line = image.line;
  copy.bytes = image.bytes;
  return copy;
}

export function nodeName(index: number): string {
  return `n${index + 1}`;
}

export function peerUrl(index: number): string {
  return `http://${nodeName(index)}:2380`;
}
