/**
 * Questions that only the leader can answer, asked from any member: changes of membership, renewals of leases.
 *
 *     ask     | kind u8 | call u32 | method u8 | msgpack body |
 *     answer  | kind u8 | call u32 | msgpack [reason, detail, result] |
 *
 * A call waits while there is no leader. One whose repetition changes nothing is asked again when the leader changes, or is
 * silent; of any other the outcome is then unknown, and it fails when its time is over.
 *
 * Each is a frame, which has a limit: nothing is asked whose answer may be of any length.
 *
 * Calls are numbered from a number that is drawn, so that an answer to an earlier life of this member answers none of now.
 */

import { Packr } from 'msgpackr';
import { type NodeId, nobody } from '../raft/types.ts';
import { Failure, type FailureReason } from '../util/failure.ts';
import { FrameKind } from './peer-codec.ts';

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'bigint' });

/** Calls that wait here at once; more are refused. */
const maxCalls = 20_000;

/** What is asked. The numbers travel between versions: never reuse one. */
export const LeaderMethod = {
  ChangeMembers: 1,
  RenewLease: 2,
  LeaseTimeToLive: 3,
  CompareDigest: 4,
  CompareHash: 5,
  SendState: 6,
} as const;
export type LeaderMethod = (typeof LeaderMethod)[keyof typeof LeaderMethod];

export type LeaderReply = (failure: Failure | null, result: unknown) => void;

export interface LeaderCallsOptions {
  readonly id: NodeId;
  /** Drawn at each start of the member. */
  readonly run: number;
  /** Whom this member follows, itself included; empty for nobody. */
  readonly leader: () => NodeId;
  readonly send: (to: NodeId, frame: Uint8Array) => boolean;
  readonly now: () => number;
  /** Answers on the leader. Called there only; `reply` exactly once, at any time. */
  readonly serve: (method: LeaderMethod, body: unknown, reply: LeaderReply) => void;
}

interface Call {
  readonly id: number;
  readonly method: LeaderMethod;
  readonly body: unknown;
  readonly repeatable: boolean;
  readonly startedAt: number;
  readonly done: LeaderReply;
  askedAt: number;
  /** Who was asked; nobody yet when empty. */
  asked: NodeId;
}

/** A repeatable call without an answer is asked again after this. */
const retryMs = 500;

export class LeaderCalls {
  readonly #options: LeaderCallsOptions;
  readonly #calls = new Map<number, Call>();
  #lastId: number;

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
    this.#lastId = options.run;
  }

  /** @param repeatable asking twice is the same as asking once */
  call(method: LeaderMethod, body: unknown, repeatable: boolean, done: LeaderReply): Failure | null {
    if (this.#calls.size >= maxCalls) return new Failure('tooManyRequests');
    this.#lastId = (this.#lastId + 1) >>> 0;
    const startedAt = this.#options.now();
    const call = { id: this.#lastId, method, body, repeatable, startedAt, done, askedAt: 0, asked: nobody };
    this.#calls.set(call.id, call);
    return null;
  }

  get isWaiting(): boolean {
    return this.#calls.size > 0;
  }

  /** Asks what has not been asked yet, or not the one who leads now. */
  pump(): void {
    if (this.#calls.size === 0) return;
    const leader = this.#options.leader();
    if (leader === nobody) return;
    const now = this.#options.now();
    for (const call of [...this.#calls.values()]) {
      const isStale = call.repeatable && (call.asked !== leader || now - call.askedAt >= retryMs);
      if (call.asked === nobody || isStale) this.#ask(call, leader, now);
    }
  }

  #ask(call: Call, leader: NodeId, now: number): void {
    const { id, serve, send } = this.#options;
    if (leader === id) {
      call.asked = leader;
      call.askedAt = now;
      serve(call.method, call.body, (failure, result) => this.#settle(call, failure, result));
      return;
    }
    const body = packr.pack(call.body);
    const frame = Buffer.allocUnsafe(6 + body.length);
    frame[0] = FrameKind.Ask;
    frame.writeUInt32LE(call.id, 1);
    frame[5] = call.method;
    frame.set(body, 6);
    if (!send(leader, frame)) return;
    call.asked = leader;
    call.askedAt = now;
  }

  /** A question or an answer. @throws Error when it does not parse */
  onFrame(from: NodeId, bytes: Uint8Array): void {
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = frame.readUInt32LE(1);
    if (frame[0] === FrameKind.Ask) {
      const method = frame.readUInt8(5) as LeaderMethod;
      this.#serve(from, id, method, packr.unpack(Buffer.from(frame.subarray(6))));
      return;
    }
    const call = this.#calls.get(id);
    if (call === undefined || call.asked !== from) return;
    const [reason, detail, result] = packr.unpack(Buffer.from(frame.subarray(5))) as [
      string,
      string,
      unknown,
    ];
    this.#settle(call, reason === '' ? null : new Failure(reason as FailureReason, detail), result);
  }

  #serve(from: NodeId, id: number, method: LeaderMethod, body: unknown): void {
    const { leader, serve, send } = this.#options;
    const answer: LeaderReply = (failure, result) => {
      const said = packr.pack([failure?.reason ?? '', failure?.message ?? '', result]);
      const frame = Buffer.allocUnsafe(5 + said.length);
      frame[0] = FrameKind.Answer;
      frame.writeUInt32LE(id, 1);
      frame.set(said, 5);
      send(from, frame);
    };
    if (leader() === this.#options.id) serve(method, body, answer);
    else answer(new Failure('notLeader'), null);
  }

  #settle(call: Call, failure: Failure | null, result: unknown): void {
    if (this.#calls.get(call.id) !== call) return;
    // Whoever was asked did not do it: the one who leads now shall.
    if (failure?.reason === 'notLeader') {
      call.asked = nobody;
      return;
    }
    this.#calls.delete(call.id);
    call.done(failure, failure === null ? result : null);
  }

  /** Fails what began before `startedBefore`. */
  expire(startedBefore: number): void {
    for (const call of this.#calls.values()) {
      if (call.startedAt >= startedBefore) return;
      this.#calls.delete(call.id);
      call.done(new Failure('timeout'), null);
    }
  }

  failAll(failure: Failure): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.done(failure, null);
  }
}
