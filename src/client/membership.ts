/** The members of the cluster. */

import {
  decodeMemberAddResponse,
  decodeMembersResponse,
  encodeMemberAddRequest,
  encodeMemberPromoteRequest,
  encodeMemberRemoveRequest,
  encodeMemberUpdateRequest,
} from '../wire/client-messages.ts';
import type { WireMember } from '../wire/cold-messages.ts';
import { encodeMemberListRequest } from '../wire/cold-messages.ts';
import type { Caller, Effect } from './caller.ts';
import type { CallOptions } from './options.ts';

/** A member of the cluster; its name is empty until it has started. */
export type ClusterMember = WireMember;

export class Membership {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * The members, by id.
   * @param options.linearizable ask a majority, so that the answer is not old; etcd before 3.5 ignores it. @default true
   */
  list(options: { readonly linearizable?: boolean } & CallOptions = {}): Promise<readonly ClusterMember[]> {
    const request = encodeMemberListRequest(options.linearizable ?? true);
    return this.#call('MemberList', request, options, 'read');
  }

  /**
   * Adds a member, which can then be started with these peer URLs.
   * @param options.learner it receives the log but has no vote until it is promoted. @default false
   * @throws EtcdError 'peerUrlExists', 'tooManyLearners', 'unhealthyCluster', 'notEnoughStartedMembers', 'memberUrlsInvalid'
   */
  async add(
    peerUrls: readonly string[],
    options: { readonly learner?: boolean } & CallOptions = {},
  ): Promise<ClusterMember> {
    const spec = {
      path: '/etcdserverpb.Cluster/MemberAdd',
      request: encodeMemberAddRequest(peerUrls, options.learner ?? false),
      decode: decodeMemberAddResponse,
      effect: 'write' as const,
    };
    const { member } = await this.#caller.call(spec, options);
    if (member === null) throw new Error('the answer to MemberAdd has no member');
    return member;
  }

  /** Removes a member for good: its id never comes back. Resolves with those that stay. @throws EtcdError 'memberNotFound' */
  remove(id: bigint, options: CallOptions = {}): Promise<readonly ClusterMember[]> {
    return this.#call('MemberRemove', encodeMemberRemoveRequest(id), options, 'write');
  }

  /** Tells the cluster where a member's peers reach it. @throws EtcdError 'memberNotFound', 'peerUrlExists' */
  update(
    id: bigint,
    peerUrls: readonly string[],
    options: CallOptions = {},
  ): Promise<readonly ClusterMember[]> {
    return this.#call('MemberUpdate', encodeMemberUpdateRequest(id, peerUrls), options, 'write');
  }

  /** Gives a learner its vote. @throws EtcdError 'learnerNotReady', 'memberNotLearner', 'memberNotFound' */
  promote(id: bigint, options: CallOptions = {}): Promise<readonly ClusterMember[]> {
    return this.#call('MemberPromote', encodeMemberPromoteRequest(id), options, 'write');
  }

  async #call(
    method: string,
    request: Uint8Array,
    options: CallOptions,
    effect: Effect,
  ): Promise<readonly ClusterMember[]> {
    const path = `/etcdserverpb.Cluster/${method}`;
    const { members } = await this.#caller.call(
      { path, request, decode: decodeMembersResponse, effect },
      options,
    );
    return members;
  }
}
