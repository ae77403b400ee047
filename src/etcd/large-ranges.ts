/**
 * Answers to `Range` that take more than one chunk to read.
 *
 * Between two chunks the member gets its turn, so a list of a million keys delays nobody by more than a chunk. All chunks
 * are of one revision. If a compaction overtakes it, a request that did not ask for that revision is read anew. If
 * users or roles change, what its caller might see is no longer known, and it is refused.
 *
 * The answer has to be there before its first byte leaves, for it is one message, which begins with its length. That is
 * bounded: a few are read at a time, the others wait without holding anything, and one beyond what etcd can send is refused
 * in its words. It leaves as the parts that were read, as the client takes them: nobody puts them together.
 *
 *     first part:  header | pairs        further parts:  pairs        last part:  pairs | more | count
 *
 * The parts, one after the other, are the encoded RangeResponse.
 */

import type { Caller } from '../auth/types.ts';
import type { RangeChunk, RangeChunks } from '../mvcc/range-chunks.ts';
import { type RpcCall, type RpcStatus, SplitMessage, type UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { encodeRangeResponse } from '../wire/kv-codec.ts';
import type { RangeRequest } from '../wire/messages.ts';
import type { ServiceContext } from './context.ts';
import { Code } from './errors.ts';
import { maxSendBytes, sendTooLargeText } from './limits.ts';
import { WorkSlice } from './work-slice.ts';

/** Pairs read in one go, in bytes: a millisecond or two of work. */
export const rangeChunkBytes: number = 512 * 1024;
/** Large answers put together at the same time. */
const maxRunning = 4;
/** Times that a read of the latest state begins anew because of a compaction. */
const maxRestarts = 3;

interface LargeRange {
  readonly request: RangeRequest;
  readonly caller: Caller;
  readonly reply: UnaryReply;
  isCanceled: boolean;
  restarts: number;
  chunks: RangeChunks | null;
  parts: Uint8Array[];
  bytes: number;
}

export class LargeRanges {
  readonly #context: ServiceContext;
  readonly #slice: WorkSlice;
  #waiting: LargeRange[] = [];
  #running = 0;

  constructor(context: ServiceContext) {
    this.#context = context;
    this.#slice = new WorkSlice(context.member.runtime.clock);
  }

  /**
   * @param caller who may see the whole range, at this moment
   * @param begun what has been read of it
   */
  answer(
    request: RangeRequest,
    caller: Caller,
    call: RpcCall,
    reply: UnaryReply,
    begun: { readonly chunks: RangeChunks; readonly first: RangeChunk },
  ): void {
    const range: LargeRange = {
      request,
      caller,
      reply,
      isCanceled: false,
      restarts: 0,
      chunks: null,
      parts: [],
      bytes: 0,
    };
    call.onCancel(() => {
      range.isCanceled = true;
      this.#waiting = this.#waiting.filter((waiting) => waiting !== range);
    });
    if (this.#running >= maxRunning) {
      this.#waiting.push(range);
      return;
    }
    range.chunks = begun.chunks;
    this.#take(range, begun.first);
    this.#running++;
    this.#goOn(range);
  }

  /** In a turn of its own, also one that begins: those that a compaction has overtaken end at once, one after another. */
  #goOn(range: LargeRange): void {
    this.#context.member.runtime.scheduler.defer(() => this.#step(range));
  }

  #step(range: LargeRange): void {
    let status: RpcStatus | null = null;
    let isDone = true;
    try {
      isDone = range.isCanceled || this.#readChunk(range);
      if (isDone && !range.isCanceled) range.reply(null, new SplitMessage(range.parts, range.bytes));
    } catch (error) {
      if (mayRestart(range, error)) {
        restart(range);
        isDone = false;
      } else {
        isDone = true;
        status = error instanceof TooLarge ? error.status : this.#context.statusOf(error);
      }
    }
    if (status !== null) range.reply(status, null);
    if (isDone) this.#finish();
    else this.#goOn(range);
  }

  /** Returns true when there is nothing left to read. */
  #readChunk(range: LargeRange): boolean {
    range.chunks ??= this.#context.store.rangeChunks(range.request, rangeChunkBytes);
    const chunk: RangeChunk = range.chunks.next(undefined, this.#slice.begin());
    this.#context.authorizer.checks.unchanged(range.caller);
    return this.#take(range, chunk);
  }

  #take(range: LargeRange, chunk: RangeChunk): boolean {
    if (chunk.kvs.length === 0 && !chunk.isLast) return false;
    const header = range.parts.length === 0 ? this.#context.header(chunk.revision) : null;
    const part = encodeRangeResponse(header, chunk);
    range.parts.push(part);
    range.bytes += part.length;
    if (range.bytes > maxSendBytes) throw new TooLarge(range.bytes);
    return chunk.isLast;
  }

  #finish(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else this.#goOn(next);
  }
}

class TooLarge extends Error {
  readonly status: RpcStatus;

  constructor(bytes: number) {
    super(sendTooLargeText(bytes));
    this.status = { code: Code.ResourceExhausted, message: this.message };
  }
}

function mayRestart(range: LargeRange, error: unknown): boolean {
  const isOvertaken = error instanceof Failure && error.reason === 'compacted';
  return isOvertaken && range.request.revision <= 0 && range.restarts < maxRestarts;
}

function restart(range: LargeRange): void {
  range.restarts++;
  range.chunks = null;
  range.parts = [];
  range.bytes = 0;
}
