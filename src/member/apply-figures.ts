/**
 * How long requests take to be applied, by what they ask for and whether they were refused: for metrics, under the words
 * that etcd has for them. Nothing of it is replicated, and nothing decides by it.
 *
 * Requests of an entry follow each other without a pause: the end of one is the beginning of the next, so that the clock
 * is read once for each; and for puts, of which there may be hundreds in an entry, once for a few of them, among whom the time is shared out.
 */

import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { AuthOperation } from '../wire/auth-messages.ts';
import { RequestKind } from './types.ts';

/** 0.1 ms and up. */
const bounds: readonly number[] = exponentialBounds(0.0001, 2, 20);

const words: Readonly<Record<Exclude<RequestKind, typeof RequestKind.Auth>, string>> = {
  [RequestKind.Put]: 'Put',
  [RequestKind.DeleteRange]: 'DeleteRange',
  [RequestKind.Txn]: 'Txn',
  [RequestKind.Compact]: 'Compaction',
  [RequestKind.PublishMember]: 'ClusterMemberAttrSet',
  [RequestKind.AlarmGet]: 'Alarm',
  [RequestKind.AlarmRaise]: 'Alarm',
  [RequestKind.AlarmClear]: 'Alarm',
  [RequestKind.DowngradeEnable]: 'DowngradeInfoSet',
  [RequestKind.DowngradeCancel]: 'DowngradeInfoSet',
  [RequestKind.LeaseGrant]: 'LeaseGrant',
  [RequestKind.LeaseRevoke]: 'LeaseRevoke',
  [RequestKind.LeaseExpire]: 'LeaseRevoke',
  [RequestKind.LeaseCheckpoint]: 'LeaseCheckpoint',
};

const authWords: Readonly<Record<AuthOperation['kind'], string>> = {
  enable: 'AuthEnable',
  disable: 'AuthDisable',
  status: 'AuthStatus',
  authenticate: 'Authenticate',
  userAdd: 'AuthUserAdd',
  userGet: 'AuthUserGet',
  userList: 'AuthUserList',
  userDelete: 'AuthUserDelete',
  userChangePassword: 'AuthUserChangePassword',
  userGrantRole: 'AuthUserGrantRole',
  userRevokeRole: 'AuthUserRevokeRole',
  roleAdd: 'AuthRoleAdd',
  roleGet: 'AuthRoleGet',
  roleList: 'AuthRoleList',
  roleDelete: 'AuthRoleDelete',
  roleGrantPermission: 'AuthRoleGrantPermission',
  roleRevokePermission: 'AuthRoleRevokePermission',
};

export interface ApplyTimes {
  readonly succeeded: Histogram;
  readonly refused: Histogram;
}

/** To read the clock costs a twentieth of what it measures. */
const putsPerReading = 16;

export class ApplyFigures {
  readonly #now: () => number;
  readonly #byKind: (ApplyTimes | undefined)[] = [];
  readonly #byWord = new Map<string, ApplyTimes>();
  #since = 0;
  /** Puts since then. */
  #puts = 0;

  /** @param now in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What was applied so far, by etcd's word for it. */
  get times(): ReadonlyMap<string, ApplyTimes> {
    return this.#byWord;
  }

  /** An entry begins. */
  begin(): void {
    this.#since = this.#now();
  }

  /** A put is applied. */
  appliedPut(): void {
    this.#puts++;
    if (this.#puts === putsPerReading) this.settle();
  }

  /** To be called when what comes next is no put, or nothing. */
  settle(): void {
    const puts = this.#puts;
    if (puts === 0) return;
    this.#puts = 0;
    this.#observe(this.#timesFor(RequestKind.Put).succeeded, puts);
  }

  /** A request is applied, or refused; one for users and roles is told to `appliedAuth`. */
  applied(kind: Exclude<RequestKind, typeof RequestKind.Auth>, isRefused: boolean): void {
    const times = this.#timesFor(kind);
    this.#observe(isRefused ? times.refused : times.succeeded, 1);
  }

  /** An operation on users and roles is applied, or refused. */
  appliedAuth(kind: AuthOperation['kind'], isRefused: boolean): void {
    const times = this.#timesOf(authWords[kind]);
    this.#observe(isRefused ? times.refused : times.succeeded, 1);
  }

  /** So many requests took the time since the last reading. */
  #observe(histogram: Histogram, requests: number): void {
    const now = this.#now();
    histogram.observe((now - this.#since) / 1000 / requests, requests);
    this.#since = now;
  }

  #timesFor(kind: Exclude<RequestKind, typeof RequestKind.Auth>): ApplyTimes {
    const times = this.#byKind[kind] ?? this.#timesOf(words[kind]);
    this.#byKind[kind] = times;
    return times;
  }

  #timesOf(word: string): ApplyTimes {
    const known = this.#byWord.get(word);
    if (known !== undefined) return known;
    const times = { succeeded: new Histogram(bounds), refused: new Histogram(bounds) };
    this.#byWord.set(word, times);
    return times;
  }
}
