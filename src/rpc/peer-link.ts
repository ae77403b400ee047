/**
 * The outgoing half of a link: one TCP connection to one member, dialled again whenever it is lost.
 *
 *     waiting --timer--> dialling --welcome--> up --lost--> waiting
 *
 * The invariants: a frame is accepted only while the link is up; what waits is bounded in bytes and frames; there is
 * one write in flight, and all that gathers meanwhile leaves in the next one; frames that were not written when a
 * connection ends are lost, never sent on the next.
 */

import type { Socket } from 'node:net';
import type { Runtime, Timer } from '../util/runtime.ts';
import { endpointOf } from './address.ts';
import type { Dialer } from './dial.ts';
import type { PeerAddress } from './peer.ts';
import {
  decodeIntroduction,
  encodeIntroduction,
  FrameReader,
  FrameWriter,
  type Payload,
  payloadBytes,
  SIGN_OF_LIFE,
} from './peer-frames.ts';
import { connectionProblem } from './tls-problems.ts';

/** A dialled connection has this long to be accepted, introduced and welcomed. */
const DIAL_TIMEOUT_MS = 2000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1000;
/** Both ends send a sign of life this often; where frames have left since the last one, they are the sign. */
export const SIGN_OF_LIFE_INTERVAL_MS: number = 2000;
/** So often at least, by members that have nothing to say to anybody. */
export const LONGEST_SILENCE_MS: number = 3000;
/** A connection on which nothing was heard for this long is taken for dead. */
export const SILENCE_LIMIT_MS: number = 5000;
/** What was written when a link is closed has this long to leave. */
export const CLOSE_GRACE_MS: number = 250;

export interface LinkLimits {
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedFrames: number;
}

/** What a link needs of the network it belongs to. */
export interface LinkOwner {
  readonly id: string;
  readonly clusterId: string;
  /** Where this member can be dialled, for peers that do not know it yet. */
  readonly ownUrls: readonly string[];
  readonly limits: LinkLimits;
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  /** The link has frames to write at the end of this turn. */
  onDirty(link: PeerLink): void;
  onUp(peer: string): void;
  onDown(peer: string): void;
}

export class PeerLink {
  readonly peer: string;
  private readonly owner: LinkOwner;
  private urls: readonly string[];
  /** The next of `urls` to try. */
  private urlIndex = 0;
  private url = '';

  private socket: Socket | null = null;
  private up = false;
  private closed = false;
  private retry: Timer | null = null;
  private dialTimer: Timer | null = null;
  private backoffMs = BACKOFF_MIN_MS;
  private lastFailure = '';

  private writer = new FrameWriter();
  private pending: Payload[] = [];
  private pendingBytes = 0;
  private inFlightBytes = 0;
  private dirty = false;
  private heardAt = 0;
  /** Something was written since the last tick. */
  private hasSpoken = false;

  constructor(peer: PeerAddress, owner: LinkOwner) {
    this.peer = peer.id;
    this.urls = peer.urls;
    this.owner = owner;
    this.dial();
  }

  get isUp(): boolean {
    return this.up;
  }

  /**
   * New URLs are tried at once, unless there is a link: that was made with this very member and stays, whatever its address is
   * called now. Counter-example without: a new address is announced before its member listens there, and a leader would lose its
   * followers meanwhile.
   */
  setUrls(urls: readonly string[]): void {
    if (urls.length === this.urls.length && urls.every((url, index) => url === this.urls[index])) return;
    this.urls = urls;
    this.urlIndex = 0;
    if (this.socket !== null && !this.up && !urls.includes(this.url)) this.drop('its address has changed');
    this.hurry();
  }

  /** The peer has just shown that it is alive: no need to wait out the backoff. */
  hurry(): void {
    if (this.retry === null || this.closed) return;
    this.retry.cancel();
    this.retry = null;
    this.dial();
  }

  send(frame: Payload): boolean {
    const { maxFrameBytes, maxQueuedBytes, maxQueuedFrames } = this.owner.limits;
    const bytes = payloadBytes(frame);
    if (bytes > maxFrameBytes) {
      throw new Error(`a frame of ${bytes} bytes is larger than the ${maxFrameBytes} that are allowed`);
    }
    if (!this.up) return false;
    const queuedBytes = this.pendingBytes + this.inFlightBytes;
    if (this.pending.length >= maxQueuedFrames) return false;
    if (queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes) return false;
    this.pending.push(frame);
    this.pendingBytes += bytes;
    if (!this.dirty && this.inFlightBytes === 0) {
      this.dirty = true;
      this.owner.onDirty(this);
    }
    return true;
  }

  /** Writes all that waits, unless a write is in flight: then it leaves when that one is through. */
  flush(): void {
    this.dirty = false;
    const socket = this.socket;
    if (socket === null || !this.up || this.pending.length === 0) return;
    if (this.inFlightBytes > 0 && !this.closed) return;
    const buffers = this.writer.encode(this.pending);
    let bytes = 0;
    for (const buffer of buffers) bytes += buffer.length;
    this.inFlightBytes = bytes;
    this.hasSpoken = true;
    this.pending = [];
    this.pendingBytes = 0;
    const written = (): void => this.onWritten(socket);
    const last = buffers.length - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index += 1) socket.write(buffers[index]!);
    socket.write(buffers[last]!, written);
    if (last > 0) socket.uncork();
  }

  private onWritten(socket: Socket): void {
    if (this.socket !== socket || this.closed) return;
    this.inFlightBytes = 0;
    this.flush();
  }

  /** Shows that we live, and looks whether the peer does. */
  tick(nowMs: number): void {
    if (!this.up) return;
    if (nowMs - this.heardAt > SILENCE_LIMIT_MS) this.drop(`nothing heard for ${SILENCE_LIMIT_MS} ms`);
    else if (!this.hasSpoken) this.socket?.write(SIGN_OF_LIFE);
    this.hasSpoken = false;
  }

  /** This process was stopped for a while; the peer's silence says nothing then. */
  forgiveSilence(nowMs: number): void {
    this.heardAt = nowMs;
  }

  /** Writes what waits, within `CLOSE_GRACE_MS`, and ends. `done` is called when the connection is gone. */
  close(done: () => void): void {
    const { clock, scheduler } = this.owner.runtime;
    this.closed = true;
    this.retry?.cancel();
    this.retry = null;
    this.dialTimer?.cancel();
    const socket = this.socket;
    if (socket === null) {
      scheduler.defer(done);
      return;
    }
    const grace = clock.setTimer(CLOSE_GRACE_MS, () => socket.destroy());
    socket.once('close', () => {
      grace.cancel();
      done();
    });
    this.flush();
    if (this.up) socket.destroySoon();
    else socket.destroy();
    this.up = false;
  }

  private dial(): void {
    const url = this.urls[this.urlIndex % this.urls.length] ?? '';
    this.urlIndex += 1;
    this.url = url;
    const endpoint = endpointOf(url);
    if (endpoint === null) {
      this.failed(
        `${JSON.stringify(url)} is no peer URL of the form http://host:port`,
        this.urls.length <= 1,
      );
      return;
    }
    const socket = this.owner.dialer.dial(endpoint, () => {
      socket.write(
        encodeIntroduction([this.owner.clusterId, this.owner.id, this.peer, ...this.owner.ownUrls]),
      );
    });
    this.socket = socket;
    let failure = 'the connection was closed';
    this.dialTimer = this.owner.runtime.clock.setTimer(DIAL_TIMEOUT_MS, () => {
      this.drop(`no welcome within ${DIAL_TIMEOUT_MS} ms`);
    });
    socket.on('error', (error) => {
      failure = connectionProblem(error);
    });
    socket.once('close', () => this.lost(socket, failure));
    this.listenTo(socket);
  }

  /** Waits for the answer to the introduction, then for signs of life. */
  private listenTo(socket: Socket): void {
    let answer: Buffer = Buffer.alloc(0);
    const reader = new FrameReader(0);
    socket.on('data', (chunk) => {
      if (this.socket !== socket || this.closed) return;
      this.heardAt = this.owner.runtime.clock.now();
      let bytes: Buffer | null = chunk;
      if (!this.up) {
        answer = Buffer.concat([answer, chunk]);
        bytes = this.readAnswer(answer);
        if (bytes === null) return;
        this.onWelcome();
      }
      if (reader.read(bytes).length > 0) reader.failure ??= 'the peer sent a frame the wrong way';
      if (reader.failure !== null) this.drop(reader.failure);
    });
  }

  /** @returns what follows a welcome; null when there was none (yet). */
  private readAnswer(answer: Buffer): Buffer | null {
    try {
      const introduction = decodeIntroduction(answer);
      if (introduction === null) return null;
      const [verdict, reason] = introduction.strings;
      if (verdict === 'welcome') return answer.subarray(introduction.bytes);
      this.drop(`the peer refused us: ${reason}`, true);
    } catch (error) {
      this.drop((error as Error).message, true);
    }
    return null;
  }

  private onWelcome(): void {
    this.dialTimer?.cancel();
    this.up = true;
    this.backoffMs = BACKOFF_MIN_MS;
    this.lastFailure = '';
    this.urlIndex -= 1;
    this.writer = new FrameWriter();
    this.owner.runtime.log.info('peer link up', { peer: this.peer, url: this.url });
    this.owner.onUp(this.peer);
  }

  /** Gives the connection up. */
  private drop(reason: string, lasting = false): void {
    const socket = this.socket;
    if (socket === null) return;
    socket.destroy();
    this.lost(socket, reason, lasting);
  }

  private lost(socket: Socket, reason: string, lasting = false): void {
    if (this.socket !== socket) return;
    const wasUp = this.up;
    this.socket = null;
    this.up = false;
    this.dialTimer?.cancel();
    this.pending = [];
    this.pendingBytes = 0;
    this.inFlightBytes = 0;
    if (wasUp) this.owner.onDown(this.peer);
    this.failed(reason, lasting, wasUp);
  }

  /** @param lasting the next attempt will hardly go better, so it may wait. */
  private failed(reason: string, lasting: boolean, wasUp = false): void {
    if (this.closed) return;
    const { clock, log, random } = this.owner.runtime;
    const facts = { peer: this.peer, url: this.url, reason };
    if (reason === this.lastFailure) log.debug('peer still not reached', facts);
    else if (lasting) log.error('peer link refused', facts);
    else if (wasUp) log.warn('peer link lost', facts);
    else log.info('peer not reached', facts);
    this.lastFailure = reason;
    if (lasting) this.backoffMs = BACKOFF_MAX_MS;
    // Half of the wait is drawn, so that members that lost each other do not dial in step.
    const delayMs = this.backoffMs / 2 + ((random.uint32() / 2 ** 32) * this.backoffMs) / 2;
    this.backoffMs = Math.min(this.backoffMs * 2, BACKOFF_MAX_MS);
    this.retry = clock.setTimer(delayMs, () => {
      this.retry = null;
      this.dial();
    });
  }
}
