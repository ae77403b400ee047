/**
 * The one place every call passes on its way to a service (etcd's interceptors). Before the service: a learner refuses
 * nearly everything, `client-api-version` must be text, a call that asks for a leader (`hasleader: true`) is refused
 * while there is none, and, while auth is on, a path that is not open to the caller is refused too (`authorize.ts`).
 * After it: whatever it throws becomes a status.
 *
 * A stream that asked for a leader is also cut when the leader stays away: see `leader-guard.ts`.
 */

import { isUtf8 } from 'node:buffer';
import type {
  DirectHandler,
  RpcCall,
  RpcMethod,
  RpcStatus,
  RpcStream,
  UnaryHandler,
  UnaryReply,
} from '../rpc/transport.ts';
import type { Authorizer } from './authorize.ts';
import type { ServiceContext } from './context.ts';
import { Code, statuses } from './errors.ts';
import type { LeaderGuard } from './leader-guard.ts';
import type { ClientFigures, RpcMeter } from './metering.ts';

/** A method of a service, not yet guarded. */
export type ServiceMethod = RpcMethod & {
  /** A learner answers it too, or decides itself by the request. */
  readonly servesLearner: boolean;
};

type UnaryServiceMethod = Extract<ServiceMethod, { kind: 'unary' }>;

/** By the method's name. */
export type ServiceMethods = Readonly<Record<string, ServiceMethod>>;

/** A unary method. What `handle` throws before it returns becomes the answer. */
export function unary(handle: UnaryHandler, servesLearner: boolean = false): ServiceMethod {
  return { kind: 'unary', handle, servesLearner };
}

/** A unary method of which there are many calls: `direct` is the same as `handle`, and called while auth is off. */
export function directUnary(handle: UnaryHandler, direct: DirectHandler): ServiceMethod {
  return { kind: 'unary', handle, direct, servesLearner: false };
}

/** A streaming method. What `handle` throws before it returns ends the stream. */
export function stream(handle: (stream: RpcStream) => void, servesLearner: boolean = false): ServiceMethod {
  return { kind: 'stream', handle, servesLearner };
}

/** A method with one request and a stream of answers. What `handle` throws before it returns ends the stream. */
export function serverStream(
  context: ServiceContext,
  handle: (request: Uint8Array, stream: RpcStream) => void,
): ServiceMethod {
  return stream((stream) => {
    let hasRequest = false;
    stream.onMessage((request) => {
      if (hasRequest) return;
      hasRequest = true;
      try {
        if (context.authorizer.enabled) context.authorizer.admit(stream);
        handle(request, stream);
      } catch (error) {
        stream.end(context.streamStatusOf(error));
      }
    });
    stream.onHalfClose(() => {
      if (!hasRequest) stream.end({ code: Code.Internal, message: 'the call carried no request message' });
    });
  });
}

const HAS_LEADER_KEY = 'hasleader';
const CLIENT_API_VERSION_KEY = 'client-api-version';

/** Metadata values arrive with one character per byte. */
function isText(value: string | undefined): boolean {
  if (value === undefined) return true;
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7f) return isUtf8(Buffer.from(value, 'latin1'));
  }
  return true;
}

/** A client as it is counted, known from a call with the same metadata. */
class KnownClient {
  readonly meter: RpcMeter;
  readonly figures: ClientFigures;

  constructor(meter: RpcMeter, figures: ClientFigures) {
    this.meter = meter;
    this.figures = figures;
  }
}

/** Where the calls of the client are counted; null when its version is not text. */
function clientOf(meter: RpcMeter, call: RpcCall): ClientFigures | null {
  const { shared } = call;
  const note = shared?.note;
  if (note instanceof KnownClient && note.meter === meter) return note.figures;
  const version = call.metadata(CLIENT_API_VERSION_KEY);
  if (!isText(version)) return null;
  const figures = meter.client(version);
  if (shared !== undefined) shared.note = new KnownClient(meter, figures);
  return figures;
}

function refusalOf(
  context: ServiceContext,
  method: ServiceMethod,
  needsState: boolean,
  call: RpcCall,
): RpcStatus | null {
  const { member, meter } = context;
  if (needsState && member.isRebuilding) return statuses.corrupt;
  if (member.isLearner && !method.servesLearner) return statuses.notSupportedForLearner;
  const client = clientOf(meter, call);
  if (client === null) return statuses.invalidClientApiVersion;
  client[method.kind]++;
  if (!member.hasLeader && call.metadata(HAS_LEADER_KEY) === 'true') return statuses.noLeader;
  return null;
}

/** Serves a unary call while auth is on: perhaps later, when its token can be judged. */
function admitted(
  context: ServiceContext,
  handle: UnaryHandler,
  request: Uint8Array,
  call: RpcCall,
  reply: UnaryReply,
): void {
  const { authorizer } = context;
  authorizer.whenJudgeable(call, () => {
    try {
      authorizer.admit(call);
      handle(request, call, reply);
    } catch (error) {
      reply(context.statusOf(error), null);
    }
  });
}

/** Reads nothing from a stream before its token can be judged. */
function holdBack(authorizer: Authorizer, stream: RpcStream): void {
  let isJudgeable = false;
  let isHeld = false;
  authorizer.whenJudgeable(stream, () => {
    isJudgeable = true;
    if (isHeld) stream.resume();
  });
  if (isJudgeable) return;
  isHeld = true;
  stream.pause();
}

function guardedDirect(
  context: ServiceContext,
  method: UnaryServiceMethod,
  direct: DirectHandler,
  needsState: boolean,
): DirectHandler {
  return (request, call) => {
    try {
      const refusal = refusalOf(context, method, needsState, call);
      if (refusal !== null) call.reply(refusal, null);
      else if (!context.authorizer.enabled) direct(request, call);
      else
        admitted(context, method.handle, request, call, (status, response) => call.reply(status, response));
    } catch (error) {
      call.reply(context.statusOf(error), null);
    }
  };
}

/**
 * The method as the transport calls it.
 * @param needsState it answers from the state: not while that is lost or wrong, and another one is waited for
 */
export function guarded(
  context: ServiceContext,
  leaders: LeaderGuard,
  method: ServiceMethod,
  needsState: boolean = true,
): RpcMethod {
  if (method.kind === 'unary') {
    const { handle } = method;
    return {
      kind: 'unary',
      direct:
        method.direct === undefined ? undefined : guardedDirect(context, method, method.direct, needsState),
      handle: (request, call, reply) => {
        try {
          const refusal = refusalOf(context, method, needsState, call);
          if (refusal !== null) reply(refusal, null);
          else if (context.authorizer.enabled) admitted(context, handle, request, call, reply);
          else handle(request, call, reply);
        } catch (error) {
          reply(context.statusOf(error), null);
        }
      },
    };
  }
  const { handle } = method;
  return {
    kind: 'stream',
    handle: (stream) => {
      const refusal = refusalOf(context, method, needsState, stream);
      if (refusal !== null) {
        stream.end(refusal);
        return;
      }
      const served = stream.metadata(HAS_LEADER_KEY) === 'true' ? leaders.watch(stream) : stream;
      if (context.authorizer.enabled) holdBack(context.authorizer, served);
      try {
        handle(served);
      } catch (error) {
        served.end(context.statusOf(error));
      }
    },
  };
}
