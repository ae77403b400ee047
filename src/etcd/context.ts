/** What every service has at hand: the member it speaks for, the headers of its answers, and what becomes of errors. */

import type { ServedMember, ServedStore } from '../member/types.ts';
import type { RpcStatus, UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { headerIdBytes } from '../wire/kv-codec.ts';
import type { ResponseHeader } from '../wire/messages.ts';
import { Authorizer } from './authorize.ts';
import { Code, statusOfError } from './errors.ts';
import { RpcMeter } from './metering.ts';
import { WorkFigures } from './work-figures.ts';

/** The number behind an id of 16 hexadecimal digits; 0n for an empty one. */
export function idNumber(id: string): bigint {
  return id === '' ? 0n : BigInt(`0x${id}`);
}

/** The 16 hexadecimal digits of an id; empty for 0n, which is nobody. */
export function idText(id: bigint): string {
  return id === 0n ? '' : id.toString(16).padStart(16, '0');
}

export class ServiceContext {
  readonly member: ServedMember;
  readonly authorizer: Authorizer;
  readonly meter: RpcMeter;
  readonly work: WorkFigures;
  readonly #idBytes: Uint8Array;

  /** @param timesCalls see `RpcMeter` */
  constructor(member: ServedMember, timesCalls: boolean = false) {
    this.member = member;
    this.meter = new RpcMeter(member.runtime.clock, timesCalls);
    this.work = new WorkFigures(member.runtime.clock);
    this.authorizer = new Authorizer(member.auth);
    this.#idBytes = headerIdBytes(idNumber(member.clusterId), idNumber(member.id));
  }

  /** Not kept by anyone: a member may replace its store. */
  get store(): ServedStore {
    return this.member.store;
  }

  /** @param revision 0 for answers that have nothing to do with the store */
  header(revision: number): ResponseHeader {
    return { idBytes: this.#idBytes, revision, raftTerm: this.member.term };
  }

  /** The status for what was thrown; a defect is written to the log. */
  statusOf(error: unknown): RpcStatus {
    if (!(error instanceof Failure)) this.member.runtime.log.error('a request hit a defect', { error });
    return statusOfError(error);
  }

  /** The same for a request that came on a stream: grpc-go has other words there for one that is no message. */
  streamStatusOf(error: unknown): RpcStatus {
    if (!(error instanceof Failure) || error.reason !== 'malformedRequest') return this.statusOf(error);
    const message = `grpc: failed to unmarshal the received message: ${error.message}`;
    return { code: Code.Internal, message };
  }

  /**
   * The end of a proposal: encodes its result or tells its failure. What it returns must never throw, because the
   * member calls it in the middle of its turn.
   */
  answer<T extends { readonly revision: number }>(
    reply: UnaryReply,
    encode: (header: ResponseHeader, result: T) => Uint8Array,
  ): (failure: Failure | null, result: T | null) => void {
    return (failure, result) => {
      try {
        if (failure !== null) reply(statusOfError(failure), null);
        else reply(null, encode(this.header(result!.revision), result!));
      } catch (error) {
        reply(this.statusOf(error), null);
      }
    };
  }

  /** Reads at a linearizable point. `read` may throw. */
  linearized(reply: UnaryReply, read: () => void): void {
    this.member.linearize((failure) => {
      try {
        if (failure !== null) reply(statusOfError(failure), null);
        else read();
      } catch (error) {
        reply(this.statusOf(error), null);
      }
    });
  }
}
