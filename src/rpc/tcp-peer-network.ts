/**
 * The network of members on TCP. Each direction of a link has its own connection, dialled by the sender: there is no
 * tie to break when two members dial each other, and one direction can break without the other (the consensus above
 * copes with that).
 *
 * All frames that are queued in a turn leave at its end in one write per peer; all frames of one read are handed over
 * together. The port also answers HTTP/1.1, as etcd's peer port does.
 */

import type { Socket } from 'node:net';
import type { Failure } from '../util/failure.ts';
import { afterwards, type Runtime, type Timer } from '../util/runtime.ts';
import type { Endpoint } from './address.ts';
import { type Dialer, dialer } from './dial.ts';
import type { HttpHandler } from './http1.ts';
import { Http1 } from './http1.ts';
import { beginsWith, Listener } from './listener.ts';
import type { PeerAddress, PeerHandler, PeerNetwork } from './peer.ts';
import { PEER_MAGIC } from './peer-frames.ts';
import { PeerInbound } from './peer-inbound.ts';
import type { LinkLimits } from './peer-link.ts';
import { CLOSE_GRACE_MS, LONGEST_SILENCE_MS, PeerLink, SIGN_OF_LIFE_INTERVAL_MS } from './peer-link.ts';
import type { TlsOptions } from './tls-options.ts';

/** Largest frame that is sent or accepted. */
export const PEER_MAX_FRAME_BYTES: number = 16 * 1024 * 1024;
/** Bytes that may wait for one peer. */
const PEER_MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Frames that may wait for one peer. */
const PEER_MAX_QUEUED_FRAMES = 8192;
/** What an introduction says of where its author can be dialled. */
const toldUrlsMax = 3;
const toldUrlBytesMax = 200;
/** Open connections of a peer port, HTTP included. */
const PEER_MAX_CONNECTIONS = 1024;

export interface TcpPeerNetworkOptions {
  /** This member's id, as its peers name it. */
  readonly id: string;
  /** Members of other clusters are refused. */
  readonly clusterId: string;
  /** Where this member can be dialled; told to whom it dials. @default nowhere */
  readonly urls?: readonly string[];
  /** At least one. */
  readonly listen: readonly Endpoint[];
  /** For the endpoints that are secure, and for the members that are called at such. @default none */
  readonly tls?: TlsOptions | null;
  readonly runtime: Runtime;
  /** Serves HTTP/1.1 on the peer port. @default answers 404 */
  readonly http?: HttpHandler;
  /** @default 16777216 */
  readonly maxFrameBytes?: number;
  /** @default 67108864 */
  readonly maxQueuedBytes?: number;
  /** @default 8192 */
  readonly maxQueuedFrames?: number;
}

export interface TcpPeerNetwork extends PeerNetwork {
  /**
   * Opens the peer ports; members that dial before `start` are asked to come again.
   * @param done gets a `Failure` 'portTaken' or 'badConfig' that says what to do, or the first port that was bound.
   */
  listen(done: (failure: Failure | null, port: number) => void): void;
}

/** @throws Failure 'badConfig' when a certificate that is needed cannot be used */
export function tcpPeerNetwork(options: TcpPeerNetworkOptions): TcpPeerNetwork {
  return new TcpNetwork(options);
}

class TcpNetwork implements TcpPeerNetwork {
  readonly id: string;
  readonly clusterId: string;
  readonly ownUrls: readonly string[];
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  private readonly http: Http1;
  private readonly listeners: readonly Listener[];
  readonly dialer: Dialer;
  private readonly flushDirty: () => void;
  private handler: PeerHandler | null = null;
  private readonly links = new Map<string, PeerLink>();
  private readonly inbounds = new Set<PeerInbound>();
  /** Members that dialled this one and are not among its peers: they are answered as long as they stay. */
  private readonly guests = new Set<string>();
  private dirty: PeerLink[] = [];
  private ticker: Timer | null = null;
  private tickedAt = 0;
  private readonly listening = new Set<Listener>();
  private closed = false;

  constructor(options: TcpPeerNetworkOptions) {
    this.id = options.id;
    this.clusterId = options.clusterId;
    this.ownUrls = (options.urls ?? []).filter(isShort).slice(0, toldUrlsMax);
    this.runtime = options.runtime;
    this.limits = {
      maxFrameBytes: options.maxFrameBytes ?? PEER_MAX_FRAME_BYTES,
      maxQueuedBytes: options.maxQueuedBytes ?? PEER_MAX_QUEUED_BYTES,
      maxQueuedFrames: options.maxQueuedFrames ?? PEER_MAX_QUEUED_FRAMES,
    };
    this.flushDirty = () => this.flush();
    this.http = new Http1(options.http ?? notFound, this.runtime);
    const tls = options.tls ?? null;
    this.dialer = dialer(tls, this.runtime.log);
    this.listeners = options.listen.map((endpoint) => this.listenerAt(endpoint, tls));
  }

  private listenerAt({ address, secure }: Endpoint, tls: TlsOptions | null): Listener {
    return new Listener({
      ...(address.kind === 'tcp' ? address : { host: '', port: 0, path: address.path }),
      tls: secure ? tls : null,
      side: 'peer',
      maxConnections: PEER_MAX_CONNECTIONS,
      runtime: this.runtime,
      protocols: [
        { recognise: (first) => beginsWith(first, PEER_MAGIC), accept: (socket) => this.accept(socket) },
        { recognise: () => true, accept: (socket) => this.http.accept(socket) },
      ],
    });
  }

  listen(done: (failure: Failure | null, port: number) => void): void {
    let waiting = this.listeners.length;
    let problem: Failure | null = null;
    for (const listener of this.listeners) {
      listener.listen((failure) => {
        waiting -= 1;
        problem ??= failure;
        if (failure === null) this.listening.add(listener);
        if (this.closed) listener.close(0, ignore);
        if (waiting === 0) done(problem, this.listeners[0]!.port);
      });
    }
  }

  start(handler: PeerHandler): void {
    if (this.handler !== null) throw new Error(`the network of member ${this.id} was started before`);
    this.handler = handler;
    this.tickedAt = this.runtime.clock.now();
    this.awaitTick();
  }

  setPeers(peers: readonly PeerAddress[]): void {
    if (this.closed) return;
    const wanted = new Map(peers.map((peer) => [peer.id, peer]));
    wanted.delete(this.id);
    for (const [id, link] of this.links) {
      const peer = wanted.get(id);
      if (peer === undefined) {
        if (!this.guests.has(id)) this.dropLink(id, link);
      } else {
        this.guests.delete(id);
        link.setUrls(peer.urls);
        wanted.delete(id);
      }
    }
    for (const [id, peer] of wanted) this.links.set(id, new PeerLink(peer, this));
  }

  private dropLink(id: string, link: PeerLink): void {
    this.links.delete(id);
    const wasUp = link.isUp;
    link.close(ignore);
    if (wasUp) this.runtime.scheduler.defer(() => this.tellDown(id));
  }

  send(to: string, frame: Uint8Array): boolean {
    return this.links.get(to)?.send(frame) ?? false;
  }

  sendPieces(to: string, pieces: readonly Uint8Array[]): boolean {
    return this.links.get(to)?.send(pieces) ?? false;
  }

  isConnected(peer: string): boolean {
    return this.links.get(peer)?.isUp ?? false;
  }

  close(done: () => void): void {
    this.closed = true;
    this.ticker?.cancel();
    let open = this.links.size + this.listening.size + 1;
    const closedOne = (): void => {
      open -= 1;
      if (open === 0) done();
    };
    for (const link of this.links.values()) link.close(closedOne);
    this.links.clear();
    for (const inbound of this.inbounds) inbound.cut(null);
    this.http.close();
    for (const listener of this.listening) listener.close(CLOSE_GRACE_MS, closedOne);
    this.runtime.scheduler.defer(closedOne);
  }

  // What the links report

  get ready(): boolean {
    return this.handler !== null && !this.closed;
  }

  get maxFrameBytes(): number {
    return this.limits.maxFrameBytes;
  }

  onDirty(link: PeerLink): void {
    if (this.dirty.length === 0) afterwards(this.runtime.scheduler, this.flushDirty);
    this.dirty.push(link);
  }

  onUp(peer: string): void {
    if (this.ready) this.handler!.onConnect(peer);
  }

  onDown(peer: string): void {
    this.tellDown(peer);
  }

  onIntroduced(from: string, inbound: PeerInbound, urls: readonly string[]): void {
    for (const other of this.inbounds) {
      if (other !== inbound && other.from === from) other.cut(null);
    }
    const link = this.links.get(from);
    if (link !== undefined) link.hurry();
    else if (urls.length > 0) {
      this.guests.add(from);
      this.links.set(from, new PeerLink({ id: from, urls }, this));
    }
  }

  onFrame(from: string, frame: Uint8Array): void {
    if (this.ready) this.handler!.onFrame(from, frame);
  }

  onGone(inbound: PeerInbound): void {
    this.inbounds.delete(inbound);
    const { from } = inbound;
    if (this.closed || !this.guests.has(from) || [...this.inbounds].some((other) => other.from === from))
      return;
    this.guests.delete(from);
    const link = this.links.get(from);
    if (link !== undefined) this.dropLink(from, link);
  }

  private accept(socket: Socket): void {
    if (this.closed) {
      socket.destroy();
      return;
    }
    this.inbounds.add(new PeerInbound(socket, this));
  }

  private tellDown(peer: string): void {
    if (this.ready) this.handler!.onDisconnect(peer);
  }

  flush(): void {
    const links = this.dirty;
    this.dirty = [];
    for (const link of links) link.flush();
    const nowMs = this.runtime.clock.now();
    if (this.ready && nowMs - this.tickedAt >= SIGN_OF_LIFE_INTERVAL_MS) this.tick(nowMs);
  }

  /** The timer is for a member that has nothing to say; it runs out as it was set, and is set again for what is left. */
  private awaitTick(): void {
    const { clock } = this.runtime;
    const dueAt = this.tickedAt + LONGEST_SILENCE_MS;
    this.ticker = clock.setTimer(Math.max(0, dueAt - clock.now()), () => {
      const nowMs = clock.now();
      if (nowMs - this.tickedAt >= LONGEST_SILENCE_MS) this.tick(nowMs);
      this.awaitTick();
    });
  }

  /**
   * Signs of life out, silence noticed. They go behind what is said anyway, when both ends are awake. When the tick itself
   * comes late this process was stopped or very busy, and what the peers said meanwhile is still unread: their silence is
   * forgiven once.
   */
  private tick(nowMs: number): void {
    const late = nowMs - this.tickedAt > LONGEST_SILENCE_MS + SIGN_OF_LIFE_INTERVAL_MS / 4;
    this.tickedAt = nowMs;
    for (const end of [...this.links.values(), ...this.inbounds]) {
      if (late) end.forgiveSilence(nowMs);
      end.tick(nowMs);
    }
  }
}

function isShort(url: string): boolean {
  return Buffer.byteLength(url) <= toldUrlBytesMax;
}

function ignore(): void {}

const notFound: HttpHandler = (_request, response) => {
  response.statusCode = 404;
  response.end('404 page not found\n');
};
