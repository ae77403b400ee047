/**
 * A member as a client of the simulated world reaches it. What a process that has died would still say reaches nobody.
 */

import { type Caller, nobody } from '../auth/types.ts';
import { Failure } from '../util/failure.ts';
import type { RangeRequest, RangeResult } from '../wire/messages.ts';
import type { AnswerDone, LeaseDone, MemberPort } from './oracle/workload.ts';
import type { SimClock, SimProcess } from './sim-clock.ts';
import type { LiveMember } from './sim-member.ts';
import type { Trace } from './trace.ts';

export interface PortOptions {
  readonly node: { readonly index: number; readonly name: string; readonly life: number };
  readonly member: LiveMember;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly trace: Trace;
  /** The member is about to be called: it is looked at after the step. */
  readonly touch: (index: number) => void;
}

export function clientPort(options: PortOptions): MemberPort {
  const { node, member, process, clock, trace, touch } = options;
  const { index } = node;
  const said = (done: AnswerDone): AnswerDone => {
    return (reason, result) => {
      if (process.state === 'dead') return;
      const revision = (result as { revision?: number } | null)?.revision ?? 0;
      trace.note(clock.now, 'answer', index, revision, reason ?? 'ok');
      done(reason, result);
    };
  };
  const saidOfLease = (done: LeaseDone): LeaseDone => {
    return (reason, ttl) => {
      if (process.state === 'dead') return;
      trace.note(clock.now, 'lease', index, ttl, reason ?? 'ok');
      done(reason, ttl);
    };
  };
  const ask = (what: string, bytes: number): void => {
    touch(index);
    trace.note(clock.now, 'ask', index, bytes, what);
  };
  return {
    name: `${node.name}/${node.life}`,
    node: index,
    callerOf: (user) => member.callerOf(user),
    changeUsers(operation) {
      ask(operation.kind, 0);
      member.changeUsers(operation);
    },
    write(asked, body, done, caller = nobody) {
      ask(asked.kind, body.length);
      member.write(asked, body, caller, said(done));
    },
    range(request, done, caller = nobody) {
      ask(request.serializable ? 'serializable range' : 'range', 0);
      const answer = said(done);
      const read = (reason: string | null): void => {
        if (process.state === 'dead') return;
        if (reason === null) readStore(member, request, caller, answer);
        else answer(reason, null);
      };
      if (request.serializable) clock.schedule(0, process, () => read(null));
      else member.linearize(read);
    },
    grant(id, ttl, done) {
      ask('lease', ttl);
      member.grant(id, ttl, saidOfLease(done));
    },
    renew(id, done) {
      ask('renewal', 0);
      member.renew(id, saidOfLease(done));
    },
    revoke(id) {
      ask('revocation', 0);
      member.revoke(id);
    },
  };
}

function readStore(member: LiveMember, request: RangeRequest, caller: Caller, done: AnswerDone): void {
  let answer: RangeResult;
  try {
    member.checkRange(caller, request);
    answer = member.store.range(request);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    done(error.reason, null);
    return;
  }
  done(null, answer);
}
