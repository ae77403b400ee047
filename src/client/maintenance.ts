/**
 * What operators ask. Most of it is about one member: `endpoint` says which, by its URL as it was given to `connect`; left
 * out, any one answers.
 */

import {
  DowngradeAction,
  decodeDowngradeResponse,
  decodeHashKvResponse,
  decodeHashResponse,
  encodeDowngradeRequest,
  encodeHashKvRequest,
  encodeMoveLeaderRequest,
  type HashAnswer,
  type HashKvAnswer,
} from '../wire/client-messages.ts';
import {
  AlarmAction,
  type AlarmMember,
  AlarmType,
  decodeAlarmResponse,
  decodeStatusResponse,
  encodeAlarmRequest,
  type Status,
} from '../wire/cold-messages.ts';
import { emptyBytes } from '../wire/proto.ts';
import type { Caller, Effect } from './caller.ts';
import { EtcdError, StatusCode } from './errors.ts';
import type { Header } from './operations.ts';
import type { CallOptions } from './options.ts';
import { Snapshot, type SnapshotOptions } from './snapshot.ts';

export interface EndpointOptions extends CallOptions {
  /** Which member to ask: one of the client's endpoints. @default any */
  readonly endpoint?: string;
}

/** What a member says of itself. */
export type MemberState = Status & { readonly header: Header; readonly endpoint: string };

export type AlarmName = 'noSpace' | 'corrupt';

export interface Alarm {
  readonly memberId: bigint;
  /** `unknown` for one that this version has no name for. */
  readonly alarm: AlarmName | 'unknown';
}

function alarmOf({ memberId, alarm }: AlarmMember): Alarm {
  const name = alarm === AlarmType.NoSpace ? 'noSpace' : alarm === AlarmType.Corrupt ? 'corrupt' : 'unknown';
  return { memberId, alarm: name };
}

function nothing(): void {}

export class Maintenance {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** What a member says of itself; it answers without a majority. */
  async status(options: EndpointOptions = {}): Promise<MemberState> {
    const endpoint = options.endpoint ?? this.#caller.endpoints.pick().url;
    const state = await this.#call('Status', emptyBytes, decodeStatusResponse, 'read', {
      ...options,
      endpoint,
    });
    return { ...state, endpoint };
  }

  /** Gives space back to the file system; etcd answers nothing else meanwhile. No time limit unless one is given. */
  defragment(options: EndpointOptions = {}): Promise<void> {
    const unlimited = { timeoutMs: Number.POSITIVE_INFINITY, ...options };
    return this.#call('Defragment', emptyBytes, nothing, 'write', unlimited);
  }

  /** Hash of everything that a member has on disk; may differ between members that agree. */
  hash(options: EndpointOptions = {}): Promise<HashAnswer> {
    return this.#call('Hash', emptyBytes, decodeHashResponse, 'read', options);
  }

  /**
   * Hash of all keys with their history up to a revision: members that agree have the same.
   * @param options.revision @default the latest
   */
  hashKv(options: { readonly revision?: number } & EndpointOptions = {}): Promise<HashKvAnswer> {
    const request = encodeHashKvRequest(options.revision ?? 0);
    return this.#call('HashKV', request, decodeHashKvResponse, 'read', options);
  }

  /** Begins to read a member's whole state: iterate over it for its bytes, which make a file that etcd restores. */
  snapshot(options: SnapshotOptions = {}): Snapshot {
    return new Snapshot(this.#caller, options);
  }

  /** The alarms that are raised. */
  async alarms(options: CallOptions = {}): Promise<readonly Alarm[]> {
    const request = { action: AlarmAction.Get, memberId: 0n, alarm: AlarmType.None };
    return this.#alarm(request, options);
  }

  /** Clears an alarm of a member. Resolves with what was cleared. */
  disarm(
    { memberId, alarm }: { readonly memberId: bigint; readonly alarm: AlarmName },
    options: CallOptions = {},
  ): Promise<readonly Alarm[]> {
    const type = alarm === 'noSpace' ? AlarmType.NoSpace : AlarmType.Corrupt;
    return this.#alarm({ action: AlarmAction.Deactivate, memberId, alarm: type }, options);
  }

  /** Clears every alarm there is. Resolves with what was cleared. */
  async disarmAll(options: CallOptions = {}): Promise<readonly Alarm[]> {
    const cleared: Alarm[] = [];
    for (const { memberId, alarm } of await this.alarms(options)) {
      if (alarm !== 'unknown') cleared.push(...(await this.disarm({ memberId, alarm }, options)));
    }
    return cleared;
  }

  /**
   * Hands leadership to a member. The leader is looked for among the client's endpoints, unless one is given.
   * @throws EtcdError 'notLeader' when no endpoint of the client leads; 'badLeaderTransferee'
   */
  async moveLeader(targetId: bigint, options: EndpointOptions = {}): Promise<void> {
    const endpoint = options.endpoint ?? (await this.leaderEndpoint(options));
    if (endpoint === null) {
      throw new EtcdError('notLeader', 'etcdserver: not leader', { code: StatusCode.FailedPrecondition });
    }
    await this.#call('MoveLeader', encodeMoveLeaderRequest(targetId), nothing, 'write', {
      ...options,
      endpoint,
    });
  }

  /** The client's endpoint that leads, or null. */
  async leaderEndpoint(options: CallOptions = {}): Promise<string | null> {
    const states = await Promise.allSettled(
      this.#caller.endpoints.urls.map((endpoint) => this.status({ ...options, endpoint })),
    );
    options.signal?.throwIfAborted();
    for (const state of states) {
      if (state.status === 'fulfilled' && state.value.leader === state.value.header.memberId) {
        return state.value.endpoint;
      }
    }
    return null;
  }

  /**
   * Prepares or stops going back by one minor version. Resolves with the cluster's present version.
   * @param version the target; not needed for 'cancel'
   * @throws EtcdError 'invalidDowngradeTarget', 'wrongDowngradeVersionFormat', 'downgradeInProgress'
   */
  downgrade(
    action: 'validate' | 'enable' | 'cancel',
    version = '',
    options: CallOptions = {},
  ): Promise<string> {
    const { Validate, Enable, Cancel } = DowngradeAction;
    const code = action === 'validate' ? Validate : action === 'enable' ? Enable : Cancel;
    const request = encodeDowngradeRequest(code, version);
    return this.#call('Downgrade', request, decodeDowngradeResponse, 'write', options);
  }

  async #alarm(
    request: Parameters<typeof encodeAlarmRequest>[0],
    options: CallOptions,
  ): Promise<readonly Alarm[]> {
    const effect = request.action === AlarmAction.Get ? 'read' : 'idempotent';
    const { alarms } = await this.#call(
      'Alarm',
      encodeAlarmRequest(request),
      decodeAlarmResponse,
      effect,
      options,
    );
    return alarms.map(alarmOf);
  }

  #call<T>(
    method: string,
    request: Uint8Array,
    decode: (bytes: Uint8Array) => T,
    effect: Effect,
    options: EndpointOptions,
  ): Promise<T> {
    const { endpoint } = options;
    const path = `/etcdserverpb.Maintenance/${method}`;
    const where = endpoint === undefined ? {} : { endpoint: this.#caller.endpoints.named(endpoint) };
    return this.#caller.call({ path, request, decode, effect, ...where }, options);
  }
}
