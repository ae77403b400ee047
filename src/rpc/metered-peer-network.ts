/**
 * Counts what travels between members, and measures how long it takes: a peer network around another one.
 *
 *     member ─► metered ─► network ~~~ network ─► metered ─► member
 *                  └── probe ──────────────────────► │
 *                  │ ◄─────────────────────── echo ──┘        not seen by the members
 *
 * Probes and echoes are frames like others, told apart by their first byte, which no frame of a member has. They travel
 * behind whatever waits for the peer: what is measured is what a frame really takes. A probe that comes back late, or
 * never, is overtaken by the next one. Probes need no timer: they are sent when a member has said something, which wakes
 * this one anyway; where nobody says anything, there is nothing to measure.
 */

import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { Clock } from '../util/runtime.ts';
import type { PeerAddress, PeerHandler, PeerNetwork } from './peer.ts';
import { payloadBytes } from './peer-frames.ts';

/** Each peer is probed this often, by members that hear something. */
export const PROBE_INTERVAL_MS: number = 4000;

const PROBE = 0xfe;
const ECHO = 0xff;
const PROBE_BYTES = 5;

export interface PeerFigures {
  /** Frames, without what wraps them on the way. */
  sentBytes: number;
  receivedBytes: number;
  /** Frames that found no link, or one that was full. */
  sendFailures: number;
  /** Times that the link was lost. */
  disconnects: number;
  readonly roundTripSeconds: Histogram;
  /** The probe on its way, and when it left. */
  probe: number;
  probedAt: number;
}

export class MeteredPeerNetwork implements PeerNetwork {
  readonly #network: PeerNetwork;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #peers = new Map<string, PeerFigures>();
  #known: readonly string[] = [];
  #probedAt: number;

  constructor(network: PeerNetwork, clock: Pick<Clock, 'now'>) {
    this.#network = network;
    this.#clock = clock;
    this.#probedAt = clock.now();
  }

  /** By member id; whoever was heard or spoken to. */
  get peers(): ReadonlyMap<string, PeerFigures> {
    return this.#peers;
  }

  /** To whom links are kept. */
  get known(): readonly string[] {
    return this.#known;
  }

  start(handler: PeerHandler): void {
    this.#network.start({
      onFrame: (from, frame) => {
        const peer = this.#figuresOf(from);
        if (frame[0] === PROBE && frame.length === PROBE_BYTES) {
          this.#echo(from, frame);
        } else if (frame[0] === ECHO && frame.length === PROBE_BYTES) {
          this.#measure(peer, frame);
        } else {
          peer.receivedBytes += frame.length;
          this.#probeIfDue();
          handler.onFrame(from, frame);
        }
      },
      onConnect: (id) => handler.onConnect(id),
      onDisconnect: (id) => {
        this.#figuresOf(id).disconnects++;
        handler.onDisconnect(id);
      },
    });
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#known = peers.map(({ id }) => id);
    this.#network.setPeers(peers);
  }

  send(to: string, frame: Uint8Array): boolean {
    return this.#count(to, frame.length, this.#network.send(to, frame));
  }

  sendPieces(to: string, pieces: readonly Uint8Array[]): boolean {
    const network = this.#network;
    const isTaken = network.sendPieces?.(to, pieces) ?? network.send(to, Buffer.concat(pieces));
    return this.#count(to, payloadBytes(pieces), isTaken);
  }

  #count(to: string, bytes: number, isTaken: boolean): boolean {
    const peer = this.#figuresOf(to);
    if (isTaken) peer.sentBytes += bytes;
    else peer.sendFailures++;
    return isTaken;
  }

  flush(): void {
    this.#network.flush?.();
  }

  isConnected(peer: string): boolean {
    return this.#network.isConnected(peer);
  }

  close(done: () => void): void {
    this.#network.close(done);
  }

  #figuresOf(id: string): PeerFigures {
    let figures = this.#peers.get(id);
    if (figures === undefined) {
      figures = {
        sentBytes: 0,
        receivedBytes: 0,
        sendFailures: 0,
        disconnects: 0,
        roundTripSeconds: new Histogram(exponentialBounds(0.0001, 2, 16)),
        probe: 0,
        probedAt: 0,
      };
      this.#peers.set(id, figures);
    }
    return figures;
  }

  #probeIfDue(): void {
    const now = this.#clock.now();
    if (now - this.#probedAt < PROBE_INTERVAL_MS) return;
    this.#probedAt = now;
    for (const id of this.#known) if (this.#network.isConnected(id)) this.#probe(id);
  }

  #probe(id: string): void {
    const peer = this.#figuresOf(id);
    peer.probe = (peer.probe + 1) % 2 ** 32;
    peer.probedAt = this.#clock.now();
    const frame = Buffer.allocUnsafe(PROBE_BYTES);
    frame[0] = PROBE;
    frame.writeUInt32LE(peer.probe, 1);
    this.#network.send(id, frame);
  }

  /** Not kept when there is no way back. */
  #echo(to: string, probe: Uint8Array): void {
    const frame = Buffer.from(probe);
    frame[0] = ECHO;
    this.#network.send(to, frame);
  }

  #measure(peer: PeerFigures, echo: Uint8Array): void {
    const probe = Buffer.from(echo.buffer, echo.byteOffset, echo.length).readUInt32LE(1);
    if (probe !== peer.probe) return;
    peer.roundTripSeconds.observe((this.#clock.now() - peer.probedAt) / 1000);
    // Counted once.
    peer.probe = (peer.probe + 1) % 2 ** 32;
  }
}
