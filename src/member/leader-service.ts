/** What the members ask of the one that leads: each method of `leader-calls.ts`, by whoever does it. */

import type { NodeId } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Clock } from '../util/runtime.ts';
import type { CorruptionWatch } from './corruption.ts';
import { LeaderMethod, type LeaderReply } from './leader-calls.ts';
import type { MemberLeases } from './member-leases.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import type { MemberChange } from './types.ts';

export interface LeaderServiceOptions {
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly reconfiguration: Reconfiguration;
  readonly corruption: CorruptionWatch;
  readonly leases: MemberLeases;
  /** This member's own state is sound and in force. */
  readonly isSound: () => boolean;
  readonly sendState: (to: NodeId) => void;
}

export class LeaderService {
  readonly #options: LeaderServiceOptions;

  constructor(options: LeaderServiceOptions) {
    this.#options = options;
  }

  serve(method: LeaderMethod, body: unknown, reply: LeaderReply): void {
    const { clock, reconfiguration, corruption, leases } = this.#options;
    switch (method) {
      case LeaderMethod.ChangeMembers:
        reconfiguration.ask(body as MemberChange, Math.floor(clock.wallNow() / 1000), reply);
        break;
      case LeaderMethod.RenewLease:
        leases.serveRenewal(BigInt(body as string), reply);
        break;
      case LeaderMethod.LeaseTimeToLive:
        leases.serveTimeToLive(body, reply);
        break;
      case LeaderMethod.CompareDigest:
      case LeaderMethod.CompareHash:
        corruption.serve(method, body, reply);
        break;
      case LeaderMethod.SendState:
        this.#serveState((body as { readonly id: NodeId }).id, reply);
        break;
      default:
        reply(new Failure('unimplemented', `this member knows no call ${String(method)}`), null);
    }
  }

  /** A member that has no state, or a wrong one, wants this one's. */
  #serveState(id: NodeId, reply: LeaderReply): void {
    if (!this.#options.isSound()) {
      reply(new Failure('corrupt', 'the leader has no sound state itself'), null);
      return;
    }
    this.#options.sendState(id);
    reply(null, null);
  }
}
