/**
 * A network that delays, drops, repeats and reorders frames, breaks links and cuts the cluster into any shape.
 *
 * Between each two nodes there is at most one connection, as between two real members. While it lives, frames of one
 * direction arrive in order unless a fault says otherwise; when it breaks, all that is under way is lost. What the
 * fault settings inject goes beyond what a TCP connection can do (repeats, reordering, frames of dead connections):
 * consensus must bear that too, so that no transport can ever hurt it.
 *
 * Invariants: a frame is only ever delivered to the process and for the pair of nodes that it was sent to, unchanged;
 * every path's bytes under way are bounded by `maxPathBytes`; a dead process neither sends nor receives.
 */

import type { PeerAddress, PeerHandler, PeerNetwork } from '../rpc/peer.ts';
import type { SimClock, SimProcess } from './sim-clock.ts';
import type { SimRandom } from './sim-random.ts';

export interface NetworkFaults {
  /** One-way delay: `delayMs` at least, plus an exponential part of mean `jitterMs`. */
  delayMs: number;
  jitterMs: number;
  dropChance: number;
  duplicateChance: number;
  /** Probability that a frame may overtake those sent before it. */
  reorderChance: number;
  /** Probability that a frame loses its way and arrives up to `tailMs` late, others overtaking it. */
  tailChance: number;
  tailMs: number;
  /** Probability, per frame sent, that some frame sent earlier on that path is delivered once more. */
  replayChance: number;
  /** Probability, per frame sent, that its connection breaks. */
  breakChance: number;
  /** How long it takes to connect. */
  connectMs: number;
  /** A cut link is noticed (and the connection broken) after this long at most; the draw is uniform. */
  noticeMs: number;
}

export const gentleNetwork: NetworkFaults = {
  delayMs: 0.3,
  jitterMs: 0.2,
  dropChance: 0,
  duplicateChance: 0,
  reorderChance: 0,
  tailChance: 0,
  tailMs: 0,
  replayChance: 0,
  breakChance: 0,
  connectMs: 1,
  noticeMs: 3000,
};

/** Bytes under way on one path before `send` refuses. */
export const maxPathBytes: number = 8 * 1024 * 1024;

/** Frames of each path that are remembered for replays. */
const replayMemory = 16;

interface Path {
  readonly from: number;
  readonly to: number;
  cut: boolean;
  /** Nothing arrives before this time. */
  cloggedUntil: number;
  lastArrival: number;
  bytesUnderWay: number;
  readonly remembered: Uint8Array[];
}

interface Connection {
  up: boolean;
  /** Frames of an earlier connection die with it. */
  epoch: number;
  /** A change that is already on its way. */
  changing: boolean;
}

export class SimNetwork {
  readonly faults: NetworkFaults;
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly urls: readonly string[];
  private readonly paths: Path[] = [];
  private readonly connections: Connection[] = [];
  private readonly ports: (SimPort | null)[];
  /** Who each node says it is when it dials. */
  private readonly memberIds: string[] = [];
  /** What happened, for the counts of a run. */
  readonly counts = {
    sent: 0,
    delivered: 0,
    dropped: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    replayed: 0,
    broken: 0,
  };
  /**
   * Whether a frame may be delivered twice. A request that is handed on counts on the connection not to repeat it, as
   * TCP does not; consensus itself has to bear repeats.
   */
  isRepeatable: (frame: Uint8Array) => boolean = () => true;
  /** Sees each frame as it leaves, before any fault. */
  onSent: ((from: number, to: number, frame: Uint8Array) => void) | null = null;
  onDelivered: ((from: number, to: number, frame: Uint8Array) => void) | null = null;

  /** @param urls the peer URL of each node; a node's index is its place here. */
  constructor(clock: SimClock, random: SimRandom, urls: readonly string[], faults?: NetworkFaults) {
    this.clock = clock;
    this.random = random;
    this.urls = urls;
    this.faults = faults ?? { ...gentleNetwork };
    this.ports = urls.map(() => null);
    for (let from = 0; from < urls.length; from++) {
      for (let to = 0; to < urls.length; to++) {
        this.paths.push({
          from,
          to,
          cut: false,
          cloggedUntil: 0,
          lastArrival: 0,
          bytesUnderWay: 0,
          remembered: [],
        });
        this.connections.push({ up: false, epoch: 0, changing: false });
      }
    }
  }

  /** The network as this process sees it; the port of the process before it on the same node is dead. */
  attach(process: SimProcess, memberId = ''): PeerNetwork {
    const port = new SimPort(this, process);
    this.memberIds[process.index] = memberId;
    this.ports[process.index] = port;
    return port;
  }

  /** The node's process has died or closed its network: its connections break once the others notice. */
  detach(index: number): void {
    this.ports[index] = null;
    this.settleAll(index);
  }

  /** Cuts or mends one direction. */
  setCut(from: number, to: number, cut: boolean): void {
    this.path(from, to).cut = cut;
    this.settle(from, to);
  }

  healAll(): void {
    for (const path of this.paths) {
      path.cut = false;
      path.cloggedUntil = 0;
    }
    for (let a = 0; a < this.urls.length; a++) {
      for (let b = 0; b < a; b++) this.settle(a, b);
    }
  }

  /** Frames on this path wait until `forMs` have passed. */
  clog(from: number, to: number, forMs: number): void {
    const path = this.path(from, to);
    path.cloggedUntil = Math.max(path.cloggedUntil, this.clock.now + forMs);
  }

  /** Breaks the connection between two nodes, if there is one; they connect again by themselves. */
  breakConnection(a: number, b: number): void {
    const connection = this.connection(a, b);
    if (!connection.up) return;
    connection.up = false;
    connection.epoch++;
    this.counts.broken++;
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      this.path(here, there).bytesUnderWay = 0;
      const port = this.ports[here];
      if (port != null) this.clock.schedule(0, port.process, () => port.disconnected(there));
    }
    this.settle(a, b);
  }

  isConnected(a: number, b: number): boolean {
    return this.connection(a, b).up;
  }

  indexOf(address: PeerAddress): number {
    return this.urls.findIndex((url) => address.urls.includes(url));
  }

  /** What a node has called itself; undefined when it never dialled. */
  memberAt(index: number): string | undefined {
    return this.memberIds[index] === '' ? undefined : this.memberIds[index];
  }

  nodeOf(memberId: string): number | undefined {
    const index = this.memberIds.indexOf(memberId);
    return index < 0 ? undefined : index;
  }

  /** Bytes under way on the fullest path. */
  fullestPathBytes(): number {
    let most = 0;
    for (const path of this.paths) most = Math.max(most, path.bytesUnderWay);
    return most;
  }

  /** Brings a connection towards what the state of both nodes and of the paths between them allows. */
  settle(a: number, b: number): void {
    if (a === b) return;
    const connection = this.connection(a, b);
    if (connection.changing || connection.up === this.possible(a, b)) return;
    connection.changing = true;
    const bothAlive = this.ports[a] != null && this.ports[b] != null;
    let delay = this.faults.connectMs * (0.5 + this.random.unit());
    // A closed socket is noticed at once, a cut cable only after a timeout.
    if (connection.up && bothAlive) delay = this.random.between(0, this.faults.noticeMs);
    this.clock.schedule(delay, null, () => {
      connection.changing = false;
      if (connection.up === this.possible(a, b)) return;
      if (connection.up) this.breakConnection(a, b);
      else this.connect(a, b);
    });
  }

  /** Brings all connections of a node in line with who can be reached. */
  settleAll(node: number): void {
    for (let other = 0; other < this.urls.length; other++) this.settle(node, other);
  }

  send(from: number, to: number, frame: Uint8Array): boolean {
    const connection = this.connection(from, to);
    const path = this.path(from, to);
    if (!connection.up || path.bytesUnderWay + frame.length > maxPathBytes) return false;
    this.counts.sent++;
    this.onSent?.(from, to, frame);
    const faults = this.faults;
    const repeats = faults.duplicateChance + faults.replayChance > 0 && this.isRepeatable(frame);
    if (repeats) this.remember(path, frame);
    if (this.random.chance(faults.breakChance)) {
      this.clock.schedule(0, null, () => this.breakConnection(from, to));
    }
    if (path.cut || this.random.chance(faults.dropChance)) {
      this.counts.dropped++;
      return true;
    }
    this.carry(path, frame, connection.epoch);
    if (!repeats) return true;
    if (this.random.chance(faults.duplicateChance)) {
      this.counts.duplicated++;
      this.carry(path, Uint8Array.prototype.slice.call(frame), connection.epoch);
    }
    if (this.random.chance(faults.replayChance)) {
      this.counts.replayed++;
      this.carry(path, Uint8Array.prototype.slice.call(this.random.pick(path.remembered)), -1);
    }
    return true;
  }

  private connect(a: number, b: number): void {
    this.connection(a, b).up = true;
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      this.path(here, there).bytesUnderWay = 0;
      this.path(here, there).lastArrival = 0;
      const port = this.ports[here]!;
      this.clock.schedule(0, port.process, () => port.connected(there));
    }
  }

  private possible(a: number, b: number): boolean {
    const one = this.ports[a];
    const other = this.ports[b];
    if (one == null || other == null || !one.isStarted || !other.isStarted) return false;
    // Who is dialled by a member that it does not know answers it all the same.
    if (!one.knows(b) && !other.knows(a)) return false;
    return !this.path(a, b).cut && !this.path(b, a).cut;
  }

  private remember(path: Path, frame: Uint8Array): void {
    if (this.faults.replayChance === 0) return;
    if (path.remembered.length === replayMemory) path.remembered.shift();
    path.remembered.push(frame);
  }

  /** @param epoch the connection that has to live still on arrival; -1 for none in particular. */
  private carry(path: Path, frame: Uint8Array, epoch: number): void {
    const { clock, faults, random } = this;
    let arrival = clock.now + faults.delayMs + random.exponential(faults.jitterMs);
    if (epoch < 0) arrival += random.exponential(200);
    if (path.cloggedUntil > arrival) arrival = path.cloggedUntil;
    if (epoch >= 0 && random.chance(faults.tailChance)) {
      this.counts.late++;
      arrival += random.between(0, faults.tailMs);
    } else if (epoch >= 0 && random.chance(faults.reorderChance)) {
      this.counts.reordered++;
      arrival += random.exponential(faults.delayMs + faults.jitterMs * 4);
    } else if (epoch >= 0) {
      if (arrival < path.lastArrival) arrival = path.lastArrival;
      path.lastArrival = arrival;
    }
    path.bytesUnderWay += frame.length;
    const port = this.ports[path.to];
    if (port == null) return;
    clock.schedule(arrival - clock.now, port.process, () => {
      const connection = this.connection(path.from, path.to);
      if (epoch >= 0 && connection.epoch !== epoch) return;
      path.bytesUnderWay = Math.max(0, path.bytesUnderWay - frame.length);
      if (!connection.up || path.cut) {
        this.counts.dropped++;
        return;
      }
      this.counts.delivered++;
      this.onDelivered?.(path.from, path.to, frame);
      port.received(path.from, frame);
    });
  }

  private path(from: number, to: number): Path {
    return this.paths[from * this.urls.length + to]!;
  }

  private connection(a: number, b: number): Connection {
    return this.connections[Math.max(a, b) * this.urls.length + Math.min(a, b)]!;
  }
}

class SimPort implements PeerNetwork {
  readonly process: SimProcess;
  private readonly network: SimNetwork;
  private handler: PeerHandler | null = null;
  private readonly indexOfId = new Map<string, number>();
  private readonly idOfIndex = new Map<number, string>();

  constructor(network: SimNetwork, process: SimProcess) {
    this.network = network;
    this.process = process;
  }

  start(handler: PeerHandler): void {
    if (this.handler !== null) throw new Error('a network is started once');
    this.handler = handler;
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.indexOfId.clear();
    this.idOfIndex.clear();
    for (const peer of peers) {
      const index = this.network.indexOf(peer);
      if (index < 0) throw new Error(`no node of this world has any of ${peer.urls.join(' ')}`);
      this.indexOfId.set(peer.id, index);
      this.idOfIndex.set(index, peer.id);
    }
    // Also with those that only the other end knows: they have dialled all the time.
    this.network.settleAll(this.process.index);
  }

  send(to: string, frame: Uint8Array): boolean {
    if (this.process.state === 'dead') return false;
    const index = this.indexOfId.get(to) ?? this.network.nodeOf(to);
    return index !== undefined && this.network.send(this.process.index, index, frame);
  }

  isConnected(peer: string): boolean {
    const index = this.indexOfId.get(peer) ?? this.network.nodeOf(peer);
    return index !== undefined && this.network.isConnected(this.process.index, index);
  }

  close(done: () => void): void {
    this.network.detach(this.process.index);
    this.handler = null;
    done();
  }

  get isStarted(): boolean {
    return this.handler !== null;
  }

  private memberAt(index: number): string | undefined {
    return this.idOfIndex.get(index) ?? this.network.memberAt(index);
  }

  knows(index: number): boolean {
    return this.handler !== null && this.idOfIndex.has(index);
  }

  connected(index: number): void {
    const id = this.memberAt(index);
    if (id !== undefined) this.handler?.onConnect(id);
  }

  disconnected(index: number): void {
    const id = this.memberAt(index);
    if (id !== undefined) this.handler?.onDisconnect(id);
  }

  received(index: number, frame: Uint8Array): void {
    const id = this.memberAt(index);
    if (id !== undefined) this.handler?.onFrame(id, frame);
  }
}
