/**
 * The one door by which work comes into a member's loop: requests of clients and of the member itself, reads, questions
 * to the leader. Each is answered exactly once and never before the call returns; once the member stops, with 'stopped'.
 */

import { type Caller, nobody } from '../auth/types.ts';
import { Failure } from '../util/failure.ts';
import type { Scheduler } from '../util/runtime.ts';
import type { LeaderCalls, LeaderMethod, LeaderReply } from './leader-calls.ts';
import type { MemberLoop } from './member-loop.ts';
import type { Quota } from './quota.ts';
import type { ProposeDone, ReadDone, RequestKind } from './types.ts';

export interface RequestsOptions {
  readonly loop: MemberLoop;
  readonly quota: Quota;
  readonly leaderCalls: LeaderCalls;
  readonly scheduler: Scheduler;
  readonly hasStopped: () => boolean;
  /** There is no sound state to read from or write to. */
  readonly isRebuilding: () => boolean;
  /** A write was refused for want of room. */
  readonly ranOut: () => void;
}

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  propose<T>(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    done: ProposeDone<T>,
    caller: Caller = nobody,
    about: unknown = null,
  ): void {
    const { loop, scheduler } = this.#options;
    const { raft, proposals } = loop;
    const applyLag = raft.commit - raft.appliedIndex;
    const failure =
      this.#refuse(kind, request) ??
      proposals.add(kind, body, request, caller, applyLag, done as ProposeDone<unknown>, about);
    if (failure === null) loop.proposed();
    else scheduler.defer(() => done(failure, null, about));
  }

  /** What this member asks for itself: no limit holds it back. */
  proposeOwn(kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>): void {
    const { loop, scheduler, hasStopped } = this.#options;
    if (hasStopped()) {
      const stopped = new Failure('stopped');
      scheduler.defer(() => done(stopped, null));
      return;
    }
    loop.proposals.addOwn(kind, body, done);
    loop.proposed();
  }

  linearize(done: ReadDone): void {
    const failure = this.#refuseAll();
    if (failure !== null) this.#options.scheduler.defer(() => done(failure));
    else this.#options.loop.linearize(done);
  }

  /** @param repeatable it may be asked twice without harm */
  callLeader(method: LeaderMethod, body: unknown, repeatable: boolean, done: LeaderReply): void {
    const { loop, scheduler, leaderCalls, hasStopped } = this.#options;
    const failure = hasStopped() ? new Failure('stopped') : leaderCalls.call(method, body, repeatable, done);
    if (failure === null) loop.schedule();
    else scheduler.defer(() => done(failure, null));
  }

  #refuse(kind: RequestKind, request: unknown): Failure | null {
    const failure = this.#refuseAll();
    if (failure !== null) return failure;
    const { quota, ranOut } = this.#options;
    const cost = quota.costOf(kind, request);
    if (cost === 0 || quota.hasRoom(cost)) return null;
    ranOut();
    return new Failure('noSpace');
  }

  #refuseAll(): Failure | null {
    const { hasStopped, isRebuilding } = this.#options;
    if (hasStopped()) return new Failure('stopped');
    return isRebuilding() ? new Failure('corrupt') : null;
  }
}
