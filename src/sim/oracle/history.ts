/**
 * What clients asked and were told, judged in linear time.
 *
 * Every write has a revision of its own and every answer says at which revision it holds, so linearizability needs no
 * search. With the replay of the committed log as truth it comes down to:
 *
 *   - an acknowledged write is in the log: its revision came from its bytes, with its result, and from no other client's;
 *   - a write without an answer stands in the log at most once, a refused one not at all, and nothing that nobody sent;
 *   - revisions respect real time: the revision of an answer is not below that of any answer given before the request
 *     was made (above it, for a write that made the revision);
 *   - a read answers the state at its revision.
 *
 * These are the invariants I22 and I24 to I27 for a store whose order is visible; etcd's robustness tests and openraft's
 * oracle use the same short cut.
 */

import { type Caller, nobody } from '../../auth/types.ts';
import type { RequestReason } from '../../util/failure.ts';
import {
  type CompactionRequest,
  type DeleteRangeRequest,
  type DeleteRangeResult,
  type PutRequest,
  type PutResult,
  plainRange,
  type RangeRequest,
  type RangeResult,
  type TxnRequest,
  type TxnResult,
} from '../../wire/messages.ts';
import { Violation } from '../invariants/invariant.ts';
import { judgeRights } from './judge-rights.ts';
import { binary } from './model.ts';
import { showDelete, showModel, showPut, showRange, showTxn } from './render.ts';
import type { Replay } from './replay.ts';

export type Asked =
  | { readonly kind: 'put'; readonly request: PutRequest }
  | { readonly kind: 'delete'; readonly request: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly request: TxnRequest }
  | { readonly kind: 'compact'; readonly request: CompactionRequest }
  | { readonly kind: 'range'; readonly request: RangeRequest };

export interface Operation {
  /** As the member that was asked knew him. */
  readonly caller: Caller;
  readonly id: number;
  readonly client: number;
  /** The member asked, as `node/life`. */
  readonly member: string;
  readonly asked: Asked;
  /** The request as it enters the log; empty for reads. */
  readonly body: string;
  readonly invokedAt: number;
  /** No answer given before this operation began had a higher revision. */
  readonly floor: number;
  /** Highest revision that this member (in this life) had told anybody. */
  readonly memberFloor: number;
  settled: boolean;
}

interface Answered {
  readonly operation: Operation;
  readonly reason: string | null;
  readonly result: unknown;
}

/** Refusals after which a request is certain not to be in the log. */
const certainRefusals: ReadonlySet<string> = new Set<RequestReason>([
  'requestTooLarge',
  'tooManyRequests',
  'corrupt',
  'tooManyOps',
  'keyNotProvided',
  'duplicateKey',
  'userNameEmpty',
  'authRevisionOld',
  'permissionDenied',
]);

export class History {
  /** Writes that were refused for want of rights. */
  deniedWrites = 0;
  private readonly replay: Replay;
  private waiting: Answered[] = [];
  private readonly memberFloors = new Map<string, number>();
  /** Requests by their bytes: how many were sent, and how many of those were certainly refused. */
  private readonly sent = new Map<string, { sent: number; refused: number }>();
  private readonly claimed = new Map<number, number>();
  private nextId = 1;
  floor = 1;
  /** Counts for the report of a run. */
  readonly counts = { asked: 0, answered: 0, refused: 0, unknown: 0 };

  constructor(replay: Replay) {
    this.replay = replay;
  }

  invoke(
    client: number,
    member: string,
    asked: Asked,
    body: Uint8Array | null,
    now: number,
    caller: Caller = nobody,
  ): Operation {
    const text = body === null ? '' : binary(body);
    if (body !== null) {
      const known = this.sent.get(text);
      if (known === undefined) this.sent.set(text, { sent: 1, refused: 0 });
      else known.sent++;
    }
    this.counts.asked++;
    return {
      caller,
      id: this.nextId++,
      client,
      member,
      asked,
      body: text,
      invokedAt: now,
      floor: this.floor,
      memberFloor: this.memberFloors.get(member) ?? 0,
      settled: false,
    };
  }

  /** The member answered, with a result or a refusal. Only the first word counts. */
  answer(operation: Operation, reason: string | null, result: unknown): void {
    if (operation.settled) return;
    operation.settled = true;
    if (reason === null) this.counts.answered++;
    else if (certainRefusals.has(reason)) this.counts.refused++;
    else this.counts.unknown++;
    if (reason === 'permissionDenied' && operation.body !== '') this.deniedWrites++;
    this.waiting.push({ operation, reason, result });
    if (reason !== null || result === null) return;
    const revision = (result as { revision: number }).revision;
    if (revision > this.floor && !isSerializable(operation.asked)) this.floor = revision;
    if (revision > (this.memberFloors.get(operation.member) ?? 0))
      this.memberFloors.set(operation.member, revision);
  }

  /** Nobody will ever answer: the member died or the client gave up. */
  abandon(operation: Operation): void {
    if (operation.settled) return;
    operation.settled = true;
    this.counts.unknown++;
  }

  /**
   * Judges every answer that the replay has caught up with.
   * @throws Violation
   */
  judge(): void {
    if (this.waiting.length === 0) return;
    const later: Answered[] = [];
    for (const answered of this.waiting) {
      if (!this.judgeOne(answered)) later.push(answered);
    }
    this.waiting = later;
  }

  /**
   * Looks at the log as a whole, at the end of a run.
   * @throws Violation
   */
  judgeLog(): void {
    if (this.waiting.length > 0) {
      const { operation, result } = this.waiting[0]!;
      throw new Violation(
        'I24',
        `${describe(operation)} was answered at revision ${revisionOf(result)}, which was never committed`,
      );
    }
    for (const [body, times] of this.replay.appearances) {
      const known = this.sent.get(body);
      if (known === undefined)
        throw new Violation('I24', `the log holds a request that nobody sent: ${printable(body)}`);
      if (times > known.sent - known.refused) {
        throw new Violation(
          'I24',
          `the log holds ${times} times what was sent ${known.sent} and refused ${known.refused} times: ${printable(body)}`,
        );
      }
    }
  }

  /** False: the replay has not come so far yet. */
  private judgeOne({ operation, reason, result }: Answered): boolean {
    const { auth } = this.replay;
    if (operation.caller.revision > auth.revision) return false;
    const wrong = judgeRights(auth, operation.asked, operation.caller, reason);
    if (wrong !== null) throw new Violation('I46', `${describe(operation)} ${wrong}`);
    if (reason !== null) {
      if (certainRefusals.has(reason) && operation.body !== '') this.sent.get(operation.body)!.refused++;
      return this.judgeRefusal(operation, reason);
    }
    const revision = revisionOf(result);
    if (revision > this.replay.model.revision) return false;
    const fail = (id: string, text: string): never => {
      throw new Violation(id, `${describe(operation)} was answered at revision ${revision}: ${text}`);
    };
    const floor = isSerializable(operation.asked) ? operation.memberFloor : operation.floor;
    if (revision < floor) fail('I22', `revision ${floor} had been answered before it was asked`);
    const problem = this.judgeResult(operation, revision, result);
    if (problem !== null) fail('I26', problem);
    return true;
  }

  private judgeRefusal(operation: Operation, reason: string): boolean {
    const { asked } = operation;
    if (asked.kind !== 'range' || asked.request.revision === 0) return true;
    if (reason === 'compacted' && asked.request.revision >= this.replay.model.compactRevision) {
      // The compaction may be applied there and not replayed yet; then it is looked at again.
      return false;
    }
    if (
      reason === 'futureRevision' &&
      !asked.request.serializable &&
      asked.request.revision <= operation.floor
    ) {
      throw new Violation(
        'I27',
        `${describe(operation)}: revision ${asked.request.revision} was called future after ${operation.floor} had been answered`,
      );
    }
    return true;
  }

  private judgeResult(operation: Operation, revision: number, result: unknown): string | null {
    const { asked } = operation;
    const model = this.replay.model;
    switch (asked.kind) {
      case 'put':
        return this.judgeWrite(operation, revision, showPut(result as PutResult));
      case 'delete': {
        const shown = showDelete(result as DeleteRangeResult);
        if ((result as DeleteRangeResult).deleted > 0) return this.judgeWrite(operation, revision, shown);
        const { key, rangeEnd } = asked.request;
        const there = model.rangeAt(plainRange(key, rangeEnd), revision);
        return there.kind === 'range' && there.count === 0 ? null : `deleted none of ${showModel(there)}`;
      }
      case 'txn': {
        const shown = showTxn(result as TxnResult);
        // The state before tells whether it changed anything; that revision is its own if it did.
        if (
          model.wouldChange(asked.request, revision - 1) &&
          this.replay.origins[revision]?.body === operation.body
        ) {
          return this.judgeWrite(operation, revision, shown);
        }
        if (model.wouldChange(asked.request, revision))
          return 'it has to change something, and no revision is its own';
        return differ(shown, showModel(model.readTxnAt(asked.request, revision)));
      }
      case 'range': {
        const { request } = asked;
        if (request.revision > revision) return `revision ${request.revision} was read before it was there`;
        return differ(showRange(result as RangeResult), showModel(model.rangeAt(request, revision)));
      }
      default:
        return null;
    }
  }

  private judgeWrite(operation: Operation, revision: number, shown: string): string | null {
    const origin = this.replay.origins[revision];
    if (origin === undefined || origin.body !== operation.body) {
      return `that revision came from ${origin === undefined ? 'nothing' : printable(origin.body)}`;
    }
    const other = this.claimed.get(revision);
    if (other !== undefined) return `the revision was given to operation ${other} too`;
    this.claimed.set(revision, operation.id);
    if (revision <= operation.floor)
      return `revision ${operation.floor} had been answered before it was asked`;
    return differ(shown, showModel(origin.result));
  }
}

function isSerializable(asked: Asked): boolean {
  return asked.kind === 'range' && asked.request.serializable;
}

function revisionOf(result: unknown): number {
  return (result as { revision: number }).revision;
}

function differ(answered: string, expected: string): string | null {
  return answered === expected
    ? null
    : `answered «${printable(answered)}», the log says «${printable(expected)}»`;
}

function printable(text: string): string {
  const shown = JSON.stringify(text);
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

function describe({ id, client, member, asked, invokedAt }: Operation): string {
  return `operation ${id} (${asked.kind} of client ${client} at ${member}, asked at ${invokedAt.toFixed(3)} ms)`;
}
