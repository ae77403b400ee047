/**
 * `etcdserverpb.KV` but for ranges (`range.ts`): requests that write, and transactions.
 *
 * What can be refused whatever the state is refused here, in etcd's order; the rest is decided when the request is
 * applied. A write travels on as the bytes that came, so nobody encodes it again.
 */

import { nobody } from '../auth/types.ts';
import { type ProposeDone, RequestKind } from '../member/types.ts';
import { checkDeleteRange, checkPut, checkTxn } from '../mvcc/request-checks.ts';
import { isReadOnlyTxn, isSerializableTxn } from '../mvcc/txn-check.ts';
import type { DirectCall, DirectHandler, RpcCall, UnaryReply } from '../rpc/transport.ts';
import type { Timer } from '../util/runtime.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
  encodeCompactionResponse,
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeTxnResponse,
  locatePut,
  PutAnswers,
} from '../wire/kv-codec.ts';
import type { DeleteRangeResult, PutResult, TxnRequest, TxnResult } from '../wire/messages.ts';
import type { ServiceContext } from './context.ts';
import { statusOf, statusOfError } from './errors.ts';
import type { ServiceMethod, ServiceMethods } from './guard.ts';
import { directUnary, unary } from './guard.ts';
import { rangeMethod, rangeStreamMethod } from './range.ts';

/** A compaction that is to be waited for is looked after this often. */
const compactionPollMs = 10;

interface CompactResult {
  readonly revision: number;
}

export function kvMethods(context: ServiceContext): ServiceMethods {
  return {
    Range: rangeMethod(context),
    Put: putMethod(context),
    DeleteRange: deleteRangeMethod(context),
    Txn: txnMethod(context),
    Compact: compactMethod(context),
    RangeStream: rangeStreamMethod(context),
  };
}

function putMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  const answer = putAnswer(context);
  const direct: DirectHandler = (body, call) => {
    const placed = locatePut(body, 0, body.length);
    if (placed.asksMore || placed.keyStart === placed.keyEnd) {
      const request = decodePutRequest(body);
      checkPut(request);
      member.propose(RequestKind.Put, body, request, answer, nobody, call);
    } else member.propose(RequestKind.Put, body, placed, answer, nobody, call);
  };
  return directUnary((body, call, reply) => {
    const request = decodePutRequest(body);
    checkPut(request);
    const done = context.answer<PutResult>(reply, encodePutResponse);
    member.propose(RequestKind.Put, body, request, done, context.authorizer.callerOf(call));
  }, direct);
}

/** One for all calls: which one it is comes along. As for what `context.answer` returns, nothing may be thrown. */
function putAnswer(context: ServiceContext): ProposeDone<PutResult> {
  const answers = new PutAnswers(context.header(0).idBytes);
  return (failure, result, about) => {
    const call = about as DirectCall;
    try {
      if (failure !== null) call.reply(statusOfError(failure), null);
      else if (result!.prevKv !== null) {
        call.reply(null, encodePutResponse(context.header(result!.revision), result!));
      } else {
        answers.fit(result!.revision, context.member.term);
        call.replyNumbered(answers.head, result!.revision, answers.tail);
      }
    } catch (error) {
      call.reply(context.statusOf(error), null);
    }
  };
}

function deleteRangeMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  return unary((body, call, reply) => {
    const request = decodeDeleteRangeRequest(body);
    checkDeleteRange(request);
    const done = context.answer<DeleteRangeResult>(reply, encodeDeleteRangeResponse);
    member.propose(RequestKind.DeleteRange, body, request, done, context.authorizer.callerOf(call));
  });
}

/** A txn that only reads is a read: without the log, and without asking anybody if all its ranges are serializable. */
function txnMethod(context: ServiceContext): ServiceMethod {
  const { member, authorizer } = context;
  const { maxTxnOps } = member.limits;
  const read = (request: TxnRequest, call: RpcCall, reply: UnaryReply): void => {
    authorizer.checks.txn(authorizer.callerOf(call), request);
    const result = context.store.readOnlyTxn(request);
    reply(null, encodeTxnResponse(context.header(result.revision), result));
  };
  const answerRead = (request: TxnRequest, call: RpcCall, reply: UnaryReply): void => {
    if (isSerializableTxn(request)) read(request, call, reply);
    else context.linearized(reply, () => read(request, call, reply));
  };
  const checked = (body: Uint8Array): TxnRequest => {
    const request = decodeTxnRequest(body, maxTxnOps);
    checkTxn(request, maxTxnOps);
    return request;
  };
  const answer = txnAnswer(context);
  const direct: DirectHandler = (body, call) => {
    const request = checked(body);
    if (!isReadOnlyTxn(request)) member.propose(RequestKind.Txn, body, request, answer, nobody, call);
    else answerRead(request, call, (status, response) => call.reply(status, response));
  };
  return directUnary((body, call, reply) => {
    const request = checked(body);
    if (isReadOnlyTxn(request)) {
      answerRead(request, call, reply);
      return;
    }
    const done = context.answer<TxnResult>(reply, encodeTxnResponse);
    member.propose(RequestKind.Txn, body, request, done, authorizer.callerOf(call));
  }, direct);
}

/** One for all calls, as for puts. */
function txnAnswer(context: ServiceContext): ProposeDone<TxnResult> {
  return (failure, result, about) => {
    const call = about as DirectCall;
    try {
      if (failure !== null) call.reply(statusOfError(failure), null);
      else call.reply(null, encodeTxnResponse(context.header(result!.revision), result!));
    } catch (error) {
      call.reply(context.statusOf(error), null);
    }
  };
}

function compactMethod(context: ServiceContext): ServiceMethod {
  const { member } = context;
  return unary((body, call, reply) => {
    const request = decodeCompactionRequest(body);
    const done: ProposeDone<CompactResult> = (failure, result) => {
      if (failure !== null) reply(statusOf(failure), null);
      else if (request.physical) awaitCompaction(context, call, reply);
      else reply(null, encodeCompactionResponse(context.header(result!.revision)));
    };
    member.propose(RequestKind.Compact, body, request, done, context.authorizer.callerOf(call));
  });
}

/** Answers when this member has removed what the compaction made unreadable. */
function awaitCompaction(context: ServiceContext, call: RpcCall, reply: UnaryReply): void {
  const { clock } = context.member.runtime;
  let timer: Timer | null = null;
  let isCanceled = false;
  call.onCancel(() => {
    isCanceled = true;
    timer?.cancel();
  });
  const look = (): void => {
    const { store } = context;
    if (isCanceled) return;
    if (store.isCompacting) timer = clock.setTimer(compactionPollMs, look);
    else reply(null, encodeCompactionResponse(context.header(store.revision)));
  };
  look();
}
