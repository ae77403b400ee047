/**
 * The incoming half of a link: a connection that another member dialled. It is checked once, at the introduction, and
 * then hands every frame of what was read to the handler.
 *
 * Who introduces himself must belong to this cluster and mean this member. He need not be among our peers: a member
 * that was away while others joined must hear them to learn of them. For the same reason he says where he can be dialled:
 * a leader that joined meanwhile learns where our log ends from our answers alone.
 */

import type { Socket } from 'node:net';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { Introduction } from './peer-frames.ts';
import { decodeIntroduction, encodeIntroduction, FrameReader, SIGN_OF_LIFE } from './peer-frames.ts';
import { SILENCE_LIMIT_MS } from './peer-link.ts';

/** A connection has this long to introduce itself. */
const INTRODUCTION_TIMEOUT_MS = 5000;

/** What an incoming connection needs of the network it belongs to. */
export interface InboundOwner {
  readonly id: string;
  readonly clusterId: string;
  readonly runtime: Runtime;
  readonly maxFrameBytes: number;
  /** False while the member is not ready to hear anyone. */
  readonly ready: boolean;
  /** The connection is welcome; an older one of the same member is to be cut. */
  onIntroduced(from: string, inbound: PeerInbound, urls: readonly string[]): void;
  onFrame(from: string, frame: Uint8Array): void;
  onGone(inbound: PeerInbound): void;
}

export class PeerInbound {
  /** The member at the other end; empty before the introduction. */
  from = '';
  private readonly socket: Socket;
  private readonly owner: InboundOwner;
  private readonly timer: Timer;
  private introduction: Buffer | null = Buffer.alloc(0);
  private readonly reader: FrameReader;
  private heardAt: number;
  private cutOff = false;

  constructor(socket: Socket, owner: InboundOwner) {
    this.socket = socket;
    this.owner = owner;
    this.reader = new FrameReader(owner.maxFrameBytes);
    this.heardAt = owner.runtime.clock.now();
    this.timer = owner.runtime.clock.setTimer(INTRODUCTION_TIMEOUT_MS, () => {
      this.cut(`no introduction within ${INTRODUCTION_TIMEOUT_MS} ms`);
    });
    socket.on('data', (chunk) => this.onData(chunk));
    socket.once('close', () => {
      this.timer.cancel();
      this.cutOff = true;
      owner.onGone(this);
    });
    socket.resume();
  }

  tick(nowMs: number): void {
    if (this.introduction !== null) return;
    if (nowMs - this.heardAt > SILENCE_LIMIT_MS) this.cut(`nothing heard for ${SILENCE_LIMIT_MS} ms`);
    else this.socket.write(SIGN_OF_LIFE);
  }

  forgiveSilence(nowMs: number): void {
    this.heardAt = nowMs;
  }

  /** @param reason for the log; null when there is nothing to say. */
  cut(reason: string | null): void {
    if (this.cutOff) return;
    this.cutOff = true;
    if (reason !== null) {
      const { from, socket, owner } = this;
      owner.runtime.log.warn('peer connection cut', { from, address: socket.remoteAddress, reason });
    }
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    if (this.cutOff) return;
    this.heardAt = this.owner.runtime.clock.now();
    const bytes = this.introduction === null ? chunk : this.introduce(this.introduction, chunk);
    if (bytes === null) return;
    for (const payload of this.reader.read(bytes)) {
      // The handler may close the network, or a newer connection may have taken over.
      if (this.cutOff) return;
      this.owner.onFrame(this.from, payload);
    }
    if (this.reader.failure !== null) this.cut(this.reader.failure);
  }

  /** @returns the bytes behind the introduction; null when it is not complete or was refused. */
  private introduce(before: Buffer, chunk: Buffer): Buffer | null {
    const input = Buffer.concat([before, chunk]);
    let introduction: Introduction | null;
    try {
      introduction = decodeIntroduction(input);
    } catch (error) {
      this.refuse((error as Error).message);
      return null;
    }
    if (introduction === null) {
      this.introduction = input;
      return null;
    }
    const objection = this.objectionTo(introduction.strings);
    if (objection !== null) {
      this.refuse(objection);
      return null;
    }
    if (!this.owner.ready) {
      // No refusal: the dialler is right, and comes again soon.
      this.cut(null);
      return null;
    }
    this.accept(introduction.strings[1]!, introduction.strings.slice(3));
    return input.subarray(introduction.bytes);
  }

  private objectionTo(strings: readonly string[]): string | null {
    const { id, clusterId } = this.owner;
    const [cluster, from, to] = strings;
    if (cluster === undefined || !from || to === undefined) return 'the introduction is not complete';
    if (cluster !== clusterId) {
      return (
        `cluster id mismatch: the dialler belongs to cluster ${cluster}, this member to ${clusterId}; ` +
        'one of the two was started with the --data-dir or the --initial-cluster-token of another cluster'
      );
    }
    if (to !== id) return `this is member ${id}, not ${to}; the peer URL leads to the wrong member`;
    if (from === id) return `the dialler has the id of this member, ${id}`;
    return null;
  }

  private accept(from: string, urls: readonly string[]): void {
    this.timer.cancel();
    this.introduction = null;
    this.from = from;
    this.socket.write(encodeIntroduction(['welcome', '']));
    this.owner.onIntroduced(from, this, urls);
  }

  /** Says goodbye with the reason, which goes to both logs. */
  private refuse(reason: string): void {
    this.timer.cancel();
    this.cutOff = true;
    const { socket } = this;
    this.owner.runtime.log.warn('peer connection refused', { address: socket.remoteAddress, reason });
    socket.write(encodeIntroduction(['refused', clip(reason)]));
    socket.destroySoon();
  }
}

/** An introduction carries at most 255 bytes per string. */
function clip(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= 255 ? reason : bytes.toString('utf8', 0, 250);
}
