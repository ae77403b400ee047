/**
 * Everything that goes wrong in a run: crashes, pauses, cut and clogged links, stalled and slow machines, jumping clocks.
 *
 * Each kind of trouble strikes at exponentially distributed times with the rate that the seed drew, and ends by itself.
 * `heal` ends all of it: then the cluster has to recover without help.
 */

import { CrashStyle } from './disk-image.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimNetwork } from './sim-network.ts';
import type { SimRandom } from './sim-random.ts';
import type { Swarm, Trouble } from './swarm.ts';

/** What the nemesis can do to the nodes of a cluster. */
export interface Victims {
  readonly count: number;
  isUp(node: number): boolean;
  isLeader(node: number): boolean;
  crash(node: number, style: CrashStyle): void;
  /** Crashes in the middle of one of the next disk operations, or after a while if there is none. */
  crashInOperation(node: number, style: CrashStyle): void;
  /** An orderly stop; the node is down afterwards. */
  stop(node: number): void;
  restart(node: number): void;
  pause(node: number): void;
  /** @param suspended the machine slept: its clocks stood still too. */
  resume(node: number, suspendedMs: number): void;
  stall(node: number, forMs: number): void;
  setTurn(node: number, turnMs: number): void;
  stepWall(node: number, byMs: number): void;
}

export type FaultCounts = Record<string, number>;

export class Nemesis {
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private readonly network: SimNetwork;
  private readonly victims: Victims;
  private readonly note: (kind: string, node: number, detail: string) => void;
  private active = false;
  readonly counts: FaultCounts = {};

  constructor(
    clock: SimClock,
    random: SimRandom,
    swarm: Swarm,
    network: SimNetwork,
    victims: Victims,
    note: (kind: string, node: number, detail: string) => void,
  ) {
    this.clock = clock;
    this.random = random;
    this.swarm = swarm;
    this.network = network;
    this.victims = victims;
    this.note = note;
  }

  start(): void {
    this.active = true;
    const { swarm } = this;
    this.strike(swarm.crash, () => this.crash());
    this.strike(swarm.pause, () => this.pause());
    if (swarm.nodes > 1) {
      this.strike(swarm.partition, () => this.partition());
      this.strike(swarm.clog, () => this.clog());
    }
    this.strike(swarm.stall, () => this.stall());
    this.strike(swarm.slow, () => this.slow());
    this.strike(swarm.wallStep, () => this.stepWall());
  }

  /** Ends all trouble: links mended, nodes running, disks calm. */
  heal(): void {
    this.active = false;
    this.note('heal', -1, '');
    Object.assign(this.network.faults, {
      dropChance: 0,
      duplicateChance: 0,
      reorderChance: 0,
      replayChance: 0,
    });
    Object.assign(this.network.faults, {
      breakChance: 0,
      delayMs: 0.5,
      jitterMs: 0.5,
      connectMs: 5,
      noticeMs: 500,
    });
    this.network.healAll();
    for (let node = 0; node < this.victims.count; node++) {
      this.victims.resume(node, 0);
      this.victims.setTurn(node, this.swarm.turnMs);
      if (!this.victims.isUp(node)) this.victims.restart(node);
    }
  }

  private strike(trouble: Trouble, blow: () => void): void {
    if (!Number.isFinite(trouble.everyMs)) return;
    this.clock.schedule(this.random.exponential(trouble.everyMs), null, () => {
      if (!this.active) return;
      blow();
      this.strike(trouble, blow);
    });
  }

  /** Half of the time the leader, where it hurts most. */
  private target(): number {
    if (this.random.chance(0.5)) {
      for (let node = 0; node < this.victims.count; node++) if (this.victims.isLeader(node)) return node;
    }
    return this.random.below(this.victims.count);
  }

  private count(kind: string, node: number, detail = ''): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.note(kind, node, detail);
  }

  private crash(): void {
    const all = this.random.chance(this.swarm.crashAllChance);
    const nodes = all ? Array.from({ length: this.victims.count }, (_, node) => node) : [this.target()];
    for (const node of nodes) {
      if (this.victims.isUp(node)) this.crashOne(node);
    }
  }

  /** Whenever a life ends, whatever ended it, the next one begins after a while. */
  died(node: number): void {
    let down = this.active ? this.random.exponential(this.swarm.crash.lastsMs) : 10;
    if (this.random.chance(0.3)) down = 1;
    this.clock.schedule(down, null, () => {
      if (this.victims.isUp(node)) return;
      this.note('restart', node, '');
      this.victims.restart(node);
    });
  }

  private crashOne(node: number): void {
    const style = this.random.pick([
      CrashStyle.Lost,
      CrashStyle.Kept,
      CrashStyle.Torn,
      CrashStyle.Torn,
      CrashStyle.Scattered,
      CrashStyle.Process,
    ]);
    if (this.random.chance(this.swarm.stopChance)) {
      this.count('stop', node);
      this.victims.stop(node);
    } else if (this.random.chance(this.swarm.crashInOperationChance)) {
      this.count('crash-in-operation', node, String(style));
      this.victims.crashInOperation(node, style);
    } else {
      this.count('crash', node, String(style));
      this.victims.crash(node, style);
    }
  }

  private pause(): void {
    const node = this.target();
    const lasts = this.random.exponential(this.swarm.pause.lastsMs);
    this.count('pause', node);
    this.victims.pause(node);
    const suspended = this.random.chance(0.3) ? lasts : 0;
    this.clock.schedule(lasts, null, () => {
      if (this.active) this.victims.resume(node, suspended);
    });
  }

  private partition(): void {
    const cuts = this.drawCuts();
    for (const [from, to] of cuts) this.network.setCut(from, to, true);
    const lasts = this.random.exponential(this.swarm.partition.lastsMs);
    if (this.random.chance(0.3)) {
      // Swizzle: the links are mended one after another, in another order.
      for (const [from, to] of this.random.shuffle([...cuts])) {
        this.clock.schedule(lasts * (0.5 + this.random.unit()), null, () => this.mend(from, to));
      }
      return;
    }
    this.clock.schedule(lasts, null, () => {
      for (const [from, to] of cuts) this.mend(from, to);
    });
  }

  private mend(from: number, to: number): void {
    if (!this.active) return;
    this.network.setCut(from, to, false);
  }

  private drawCuts(): [number, number][] {
    const count = this.victims.count;
    const nodes = this.random.shuffle(Array.from({ length: count }, (_, node) => node));
    const shape = this.random.pick(this.swarm.partitionShapes);
    this.count(`partition-${shape}`, -1);
    const cut: (a: number, b: number) => boolean = {
      // Two groups that do not see each other.
      halves: () => {
        const size = 1 + this.random.below(Math.max(1, count - 1));
        return (a: number, b: number) => nodes.indexOf(a) < size !== nodes.indexOf(b) < size;
      },
      // One node, preferably the leader, sees nobody.
      isolate: () => {
        const alone = this.target();
        return (a: number, b: number) => a === alone || b === alone;
      },
      // Two groups that share one node only.
      bridge: () => {
        const side = (node: number): number =>
          nodes.indexOf(node) === 0 ? 0 : nodes.indexOf(node) % 2 === 0 ? 1 : -1;
        return (a: number, b: number) => side(a) * side(b) < 0;
      },
      // Each sees its two neighbours only.
      ring: () => (a: number, b: number) => {
        const apart = Math.abs(nodes.indexOf(a) - nodes.indexOf(b));
        return apart !== 1 && apart !== count - 1;
      },
      // One node is heard by nobody, or hears nobody.
      oneWay: () => {
        const node = this.target();
        const deaf = this.random.chance(0.5);
        return (a: number, b: number) => (deaf ? b === node : a === node);
      },
      // One node is heard by nobody and hears one other only: late echoes of what it once was.
      echo: () => {
        const node = this.target();
        const source = nodes.find((other) => other !== node);
        return (a: number, b: number) => a === node || (b === node && a !== source);
      },
      // Any links, each direction by itself.
      links: () => () => this.random.chance(0.4),
    }[shape]!();
    const cuts: [number, number][] = [];
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) if (a !== b && cut(a, b)) cuts.push([a, b]);
    }
    return cuts;
  }

  private clog(): void {
    const from = this.random.below(this.victims.count);
    const to = this.random.below(this.victims.count);
    if (from === to) return;
    this.count('clog', from, `to ${to}`);
    this.network.clog(from, to, this.random.exponential(this.swarm.clog.lastsMs));
  }

  private stall(): void {
    const node = this.target();
    this.count('disk-stall', node);
    this.victims.stall(node, this.random.exponential(this.swarm.stall.lastsMs));
  }

  private slow(): void {
    const node = this.target();
    this.count('slow-processor', node);
    this.victims.setTurn(node, this.random.between(1, this.swarm.heartbeatMs * 2));
    this.clock.schedule(this.random.exponential(this.swarm.slow.lastsMs), null, () => {
      if (this.active) this.victims.setTurn(node, this.swarm.turnMs);
    });
  }

  private stepWall(): void {
    const node = this.random.below(this.victims.count);
    this.count('wall-step', node);
    this.victims.stepWall(node, this.random.between(-1, 1) * this.swarm.wallStep.lastsMs);
  }
}
