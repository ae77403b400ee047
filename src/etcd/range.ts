/**
 * `Range` and `RangeStream` of `etcdserverpb.KV`.
 *
 * A read is linearizable unless the request says otherwise: the member first finds a point at which its store shows
 * everything acknowledged before, and then, if its caller may, the store is read. A large answer is read in chunks: `RangeStream` sends each
 * as it comes and no faster than the client takes them, `Range` puts them together (`large-ranges.ts`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import { isPlain, type RangeChunks } from '../mvcc/range-chunks.ts';
import { checkRange } from '../mvcc/request-checks.ts';
import type { RpcCall, RpcStatus, RpcStream, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeRangeRequest, encodeRangeResponse, encodeRangeStreamResponse } from '../wire/kv-codec.ts';
import type { RangeRequest } from '../wire/messages.ts';
import { SortOrder, SortTarget } from '../wire/messages.ts';
import type { ServiceContext } from './context.ts';
import { Code, statusOf } from './errors.ts';
import { type ServiceMethod, serverStream, unary } from './guard.ts';
import { LargeRanges, rangeChunkBytes } from './large-ranges.ts';
import { WorkSlice } from './work-slice.ts';

/** Keys in the first message of a stream, so that it leaves soon; as in etcd. */
const firstChunkKeys = 10;

export function rangeMethod(context: ServiceContext): ServiceMethod {
  const { member, authorizer, work } = context;
  const large = new LargeRanges(context);
  const slice = new WorkSlice(member.runtime.clock);
  const read = (request: RangeRequest, call: RpcCall, reply: UnaryReply): void => {
    const beganAt = work.now;
    let isRead = false;
    try {
      answer(request, call, reply);
      isRead = true;
    } finally {
      work.countRange(beganAt, isRead);
    }
  };
  const answer = (request: RangeRequest, call: RpcCall, reply: UnaryReply): void => {
    const { store } = context;
    const caller = authorizer.callerOf(call);
    authorizer.checks.range(caller, request);
    const isCountedAtOnce = request.countOnly && request.revision <= 0;
    if (request.rangeEnd.length === 0 || isCountedAtOnce) {
      const result = store.range(request);
      reply(null, encodeRangeResponse(context.header(result.revision), result));
      return;
    }
    const chunks = store.rangeChunks(request, rangeChunkBytes);
    const first = chunks.next(undefined, slice.begin());
    if (first.isLast) reply(null, encodeRangeResponse(context.header(first.revision), first));
    else large.answer(request, caller, call, reply, { chunks, first });
  };
  return unary((body, call, reply) => {
    const request = decodeRangeRequest(body);
    if (member.isLearner && !request.serializable) throw new Failure('notSupportedForLearner');
    checkRange(request);
    if (request.serializable) read(request, call, reply);
    else context.linearized(reply, () => read(request, call, reply));
  }, true);
}

/** What cannot be streamed: the client falls back to Range when it sees this code. */
function streamRefusal(request: RangeRequest): RpcStatus | null {
  const { sortOrder, sortTarget } = request;
  const isKeyOrder = sortTarget === SortTarget.Key && sortOrder !== SortOrder.Descend;
  if (!isKeyOrder) {
    return { code: Code.Unimplemented, message: 'RangeStream does not support custom sort orders' };
  }
  if (!isPlain(request)) {
    return { code: Code.Unimplemented, message: 'RangeStream does not support revision filters' };
  }
  return null;
}

export function rangeStreamMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  return serverStream(context, (body, stream) => {
    const request = decodeRangeRequest(body);
    checkRange(request);
    const refusal = streamRefusal(request);
    if (refusal !== null) {
      stream.end(refusal);
      return;
    }
    if (request.serializable) {
      new ChunkSender(context, request, stream).start();
      return;
    }
    member.linearize((failure) => {
      if (failure !== null) stream.end(statusOf(failure));
      else new ChunkSender(context, request, stream).start();
    });
  });
}

/** Sends the chunks of one range, as long as its caller may see them; only the last has a header, `more` and `count`. */
class ChunkSender {
  readonly #context: ServiceContext;
  readonly #request: RangeRequest;
  readonly #stream: RpcStream;
  readonly #slice: WorkSlice;
  #caller: Caller = nobody;
  #isOver = false;
  #isDue = false;

  constructor(context: ServiceContext, request: RangeRequest, stream: RpcStream) {
    this.#context = context;
    this.#request = request;
    this.#stream = stream;
    this.#slice = new WorkSlice(context.member.runtime.clock);
    stream.onCancel(() => {
      this.#isOver = true;
    });
  }

  start(): void {
    const { authorizer, store } = this.#context;
    try {
      this.#caller = authorizer.callerOf(this.#stream);
      authorizer.checks.range(this.#caller, this.#request);
      const chunks = store.rangeChunks(this.#request, rangeChunkBytes);
      this.#stream.onDrain(() => this.#goOn(chunks));
      this.#send(chunks, firstChunkKeys);
    } catch (error) {
      this.#end(this.#context.statusOf(error));
    }
  }

  /** Goes on in a turn of its own: what drains at once would keep everybody waiting. */
  #goOn(chunks: RangeChunks): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#context.member.runtime.scheduler.defer(() => {
      this.#isDue = false;
      this.#send(chunks, undefined);
    });
  }

  /** Sends until the stream is full, or others wait. Must not throw. */
  #send(chunks: RangeChunks, maxKeys: number | undefined): void {
    try {
      let keys = maxKeys;
      const slice = this.#slice.begin();
      for (let hasRoom = true; hasRoom && !this.#isOver; ) {
        if (slice.isOver) {
          this.#goOn(chunks);
          return;
        }
        const chunk = chunks.next(keys, slice);
        this.#context.authorizer.checks.unchanged(this.#caller);
        if (chunk.kvs.length === 0 && !chunk.isLast) continue;
        const header = chunk.isLast ? this.#context.header(chunk.revision) : null;
        hasRoom = this.#stream.write(encodeRangeStreamResponse(header, chunk));
        keys = undefined;
        if (!chunk.isLast) continue;
        this.#end(null);
        return;
      }
    } catch (error) {
      this.#end(this.#context.statusOf(error));
    }
  }

  #end(status: RpcStatus | null): void {
    this.#isOver = true;
    this.#stream.end(status);
  }
}
