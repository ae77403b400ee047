/**
 * How long requests take to be applied, by what they ask for and whether they were refused: for metrics, under the words
 * that etcd has for them. Nothing of it is replicated, and nothing decides by it.
 *
 * Requests of an entry follow each other without a pause: the end of one is the beginning of the next, so that the clock
 * is read once for each; and for puts and txns, of which there may be hundreds in an entry, once for a few of a kind that follow
 * each other, among whom the time is shared out.
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
const writesPerReading = 16;

/** The kinds of which there are many. */
type Frequent = typeof RequestKind.Put | typeof RequestKind.Txn;

export class ApplyFigures {
  readonly #now: () => number;
  readonly #byKind: (ApplyTimes | undefined)[] = [];
  readonly #byWord = new Map<string, ApplyTimes>();
  #since = 0;
  /** Puts, or txns, since then. */
  #writes = 0;
  #kind: Frequent = RequestKind.Put;

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

  /** To be called before a request is applied: the time of those before, of another kind, is not its own. */
  next(kind: RequestKind): void {
    if (kind !== this.#kind) this.settle();
  }

  /** A put or a txn is applied. */
  appliedWrite(kind: Frequent): void {
    this.#kind = kind;
    this.#writes++;
    if (this.#writes === writesPerReading) this.settle();
  }

  /** To be called when nothing comes next, or what came was refused. */
  settle(): void {
    const writes = this.#writes;
    if (writes === 0) return;
    this.#writes = 0;
    this.#observe(this.#timesFor(this.#kind).succeeded, writes);
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
