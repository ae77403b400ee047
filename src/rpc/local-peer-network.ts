/**
 * A network for members that live in one process. Frames are delivered in order on the next turn, by reference.
 *
 * It keeps the promises of a real one, so that nothing above can come to rely on more: a frame is never delivered
 * within `send`, queues are bounded, and what waits for a member that leaves is lost.
 *
 * A link from A to B is up while both have joined and started and A counts B among its peers. Besides, whoever links to a
 * member that does not know it is its guest as long as that link lives, and can be answered, as on a real network: a
 * member that was away while another joined and came to lead does not know it, and one that was removed meanwhile is known
 * to nobody.
 */

import type { Scheduler } from '../util/runtime.ts';
import type { PeerAddress, PeerHandler, PeerNetwork } from './peer.ts';

/** Bytes that may wait from one member to another. */
const LOCAL_MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Frames that may wait from one member to another. */
const LOCAL_MAX_QUEUED_FRAMES = 8192;

export interface LocalNetworkOptions {
  readonly scheduler: Scheduler;
  /** @default 67108864 */
  readonly maxQueuedBytes?: number;
  /** @default 8192 */
  readonly maxQueuedFrames?: number;
}

export class LocalNetwork {
  readonly scheduler: Scheduler;
  readonly maxQueuedBytes: number;
  readonly maxQueuedFrames: number;
  private readonly members = new Map<string, LocalMember>();

  constructor(options: LocalNetworkOptions) {
    this.scheduler = options.scheduler;
    this.maxQueuedBytes = options.maxQueuedBytes ?? LOCAL_MAX_QUEUED_BYTES;
    this.maxQueuedFrames = options.maxQueuedFrames ?? LOCAL_MAX_QUEUED_FRAMES;
  }

  /** @throws Error when a member of that id is there and has not left (`close`). */
  join(id: string): PeerNetwork {
    if (this.members.has(id)) throw new Error(`member ${id} is in this network already`);
    const member = new LocalMember(id, this);
    this.members.set(id, member);
    return member;
  }

  /** The member that joined under `id` and has started. */
  find(id: string): LocalMember | null {
    const member = this.members.get(id);
    return member?.started === true ? member : null;
  }

  /** Someone came or went: every member looks at its links again. */
  changed(): void {
    for (const member of this.members.values()) member.relink();
  }

  leave(id: string): void {
    this.members.delete(id);
    this.changed();
  }
}

const noMembers: ReadonlySet<string> = new Set();

/** Frames on their way from one member to another. */
interface LocalLink {
  readonly to: LocalMember;
  frames: Uint8Array[];
  bytes: number;
  up: boolean;
}

class LocalMember implements PeerNetwork {
  readonly id: string;
  private readonly network: LocalNetwork;
  private readonly deliver: () => void;
  private handler: PeerHandler | null = null;
  private peers: readonly string[] = [];
  private readonly guests = new Set<string>();
  private links = new Map<string, LocalLink>();
  /** Links with frames, in the order of their first frame of this turn. */
  private waiting: LocalLink[] = [];
  private closed = false;

  constructor(id: string, network: LocalNetwork) {
    this.id = id;
    this.network = network;
    this.deliver = () => this.deliverAll();
  }

  get started(): boolean {
    return this.handler !== null && !this.closed;
  }

  start(handler: PeerHandler): void {
    if (this.handler !== null) throw new Error(`the network of member ${this.id} was started before`);
    this.handler = handler;
    this.network.changed();
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.peers = peers.map((peer) => peer.id).filter((id) => id !== this.id);
    for (const id of this.peers) this.guests.delete(id);
    this.relink();
  }

  /** `from`, which may be no peer, has linked to this member. */
  welcome(from: string): void {
    if (this.peers.includes(from) || this.guests.has(from)) return;
    this.guests.add(from);
    this.relink();
  }

  farewell(from: string): void {
    if (this.guests.delete(from)) this.relink();
  }

  send(to: string, frame: Uint8Array): boolean {
    const link = this.links.get(to);
    if (link === undefined) return false;
    const { maxQueuedBytes, maxQueuedFrames, scheduler } = this.network;
    const waiting = link.frames.length;
    if (waiting >= maxQueuedFrames || (waiting > 0 && link.bytes + frame.length > maxQueuedBytes))
      return false;
    if (waiting === 0) {
      if (this.waiting.length === 0) scheduler.defer(this.deliver);
      this.waiting.push(link);
    }
    link.frames.push(frame);
    link.bytes += frame.length;
    return true;
  }

  isConnected(peer: string): boolean {
    return this.links.has(peer);
  }

  close(done: () => void): void {
    if (!this.closed) {
      this.closed = true;
      this.relink();
      this.network.leave(this.id);
    }
    this.network.scheduler.defer(done);
  }

  /** Brings the links in line with who is there and who is wanted. The handler hears of it on the next turn. */
  relink(): void {
    const wanted = this.started ? new Set([...this.peers, ...this.guests]) : noMembers;
    for (const [id, link] of this.links) {
      if (wanted.has(id) && this.network.find(id) === link.to) continue;
      link.up = false;
      this.links.delete(id);
      link.to.farewell(this.id);
      this.report(id, false);
    }
    for (const id of wanted) {
      const to = this.network.find(id);
      if (to === null || this.links.has(id)) continue;
      this.links.set(id, { to, frames: [], bytes: 0, up: true });
      this.report(id, true);
      to.welcome(this.id);
    }
  }

  private report(peer: string, connected: boolean): void {
    this.network.scheduler.defer(() => {
      if (!this.started) return;
      if (connected) this.handler!.onConnect(peer);
      else this.handler!.onDisconnect(peer);
    });
  }

  private deliverAll(): void {
    const links = this.waiting;
    this.waiting = [];
    for (const link of links) {
      const frames = link.frames;
      link.frames = [];
      link.bytes = 0;
      for (const frame of frames) {
        if (!link.up) break;
        link.to.handler!.onFrame(this.id, frame);
      }
    }
  }
}
