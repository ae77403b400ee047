/**
 * A member without consensus: a real store that applies what is proposed on the next turn, and switches for everything
 * that a cluster can do to a service.
 */

import { Auth } from '../../src/auth/auth.ts';
import { InlinePasswords } from '../../src/auth/passwords.ts';
import { noTokens } from '../../src/auth/tokens.ts';
import { noLeaseKeys } from '../../src/auth/types.ts';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import type { ServedAuth } from '../../src/member/auth-types.ts';
import type { MemberFigures } from '../../src/member/figures.ts';
import type { ServedLeases } from '../../src/member/lease-types.ts';
import {
  type AlarmRecord,
  type DowngradeRecord,
  defaultLimits,
  type MemberChange,
  type MemberChangeResult,
  type MemberLimits,
  type MemberRecord,
  type MemberStatus,
  type ProposeDone,
  type ReadDone,
  RequestKind,
  type ServedMember,
} from '../../src/member/types.ts';
import { noWatchFigures, type WatchFigures } from '../../src/mvcc/figures.ts';
import type { Store } from '../../src/mvcc/store.ts';
import type { WatchCreate, WatchHub, WatchNotice, WatchSink, WatchStream } from '../../src/mvcc/types.ts';
import { Role } from '../../src/raft/types.ts';
import { Failure } from '../../src/util/failure.ts';
import { Histogram } from '../../src/util/metrics.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Runtime } from '../../src/util/runtime.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
} from '../../src/wire/kv-codec.ts';
import { openStore } from '../mvcc/requests.ts';
import { ErrorLog } from '../rpc/grpc-harness.ts';

export const MEMBER_ID = 'f0000000000000aa';
export const CLUSTER_ID = 'e0000000000000bb';
export const TERM = 7;

/** A hub stream that writes down what it is asked, and answers what the test tells it. */
export class FakeWatchStream implements WatchStream {
  readonly sink: WatchSink;
  readonly asked: unknown[] = [];
  isClosed = false;
  /** Called on `create`; may answer through the sink. */
  onCreate: (request: WatchCreate) => void = () => {};
  onResume: () => void = () => {};

  constructor(sink: WatchSink) {
    this.sink = sink;
  }

  create(request: WatchCreate): void {
    this.asked.push(request);
    this.onCreate(request);
  }

  refuse(reason: string): void {
    this.asked.push({ refuse: reason });
  }

  cancel(watchId: number): void {
    this.asked.push({ cancel: watchId });
  }

  requestProgress(): void {
    this.asked.push('progress');
  }

  resume(): void {
    this.asked.push('resume');
    this.onResume();
  }

  close(): void {
    this.isClosed = true;
  }
}

class FakeHub implements WatchHub {
  readonly streams: FakeWatchStream[] = [];
  ticks = 0;
  onOpen: (stream: FakeWatchStream) => void = () => {};

  open(sink: WatchSink): WatchStream {
    const stream = new FakeWatchStream(sink);
    this.streams.push(stream);
    this.onOpen(stream);
    return stream;
  }

  pump(): void {}

  progressTick(): void {
    this.ticks++;
  }

  resync(): void {}

  get watcherCount(): number {
    return 0;
  }

  figures(): WatchFigures {
    return noWatchFigures;
  }
}

export function notice(fields: Partial<WatchNotice>): WatchNotice {
  return {
    watchId: 0,
    revision: 1,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    events: [],
    ...fields,
  };
}

const refuseLeases = (...args: unknown[]): void => {
  const done = args[args.length - 1] as (failure: Failure) => void;
  setImmediate(() => done(new Failure('unimplemented')));
};

/** A member whose leases answer nothing. */
const noServedLeases: ServedLeases = {
  grant: refuseLeases,
  revoke: refuseLeases,
  renew: refuseLeases,
  timeToLive: refuseLeases,
  list: () => [],
};

export class FakeMember implements ServedMember {
  readonly id = MEMBER_ID;
  readonly clusterId = CLUSTER_ID;
  readonly term = TERM;
  readonly limits: MemberLimits;
  readonly errors = new ErrorLog();
  readonly runtime: Runtime = nodeRuntime({ log: this.errors });
  readonly store: Store;
  readonly leases: ServedLeases = noServedLeases;
  readonly auth: ServedAuth;
  readonly hub: FakeHub;
  /** Requests and reads fail with it. */
  refusal: Failure | null = null;
  /** Reads wait here instead of being answered. */
  heldReads: ReadDone[] | null = null;
  linearized = 0;
  readonly proposed: { kind: RequestKind; body: Uint8Array }[] = [];
  isLearner = false;
  isRebuilding = false;
  alarmList: AlarmRecord[] = [];
  memberList: MemberRecord[] = [];
  downgradeRecord: DowngradeRecord = { enabled: false, targetVersion: '' };
  readonly #leaderListeners = new Set<() => void>();
  #hasLeader = true;

  private constructor(store: Store, hub: FakeHub, auth: Auth, limits: Partial<MemberLimits>) {
    this.store = store;
    this.auth = {
      auth,
      passwords: new InlinePasswords(this.runtime.random, this.runtime.scheduler),
      trustsCommonName: false,
      proposeAuth: (_operation, _caller, done) =>
        setImmediate(() => done(new Failure('unimplemented'), null)),
      linearize: (done) => this.linearize(done),
    };
    this.hub = hub;
    this.limits = { ...defaultLimits, ...limits };
  }

  static async open(limits: Partial<MemberLimits> = {}): Promise<FakeMember> {
    const { clock, scheduler } = nodeRuntime();
    const backend = memoryBackend({ scheduler });
    const auth = await new Promise<Auth>((resolve, reject) =>
      Auth.open(backend, { clock, tokens: noTokens, leases: noLeaseKeys }, (error, opened) =>
        opened === null ? reject(error) : resolve(opened),
      ),
    );
    const store = await openStore(backend);
    const hub = new FakeHub();
    store.attach(hub, () => {});
    return new FakeMember(store, hub, auth, limits);
  }

  get hasLeader(): boolean {
    return this.#hasLeader;
  }

  set hasLeader(hasLeader: boolean) {
    this.#hasLeader = hasLeader;
    for (const listener of [...this.#leaderListeners]) listener();
  }

  get leaderListenerCount(): number {
    return this.#leaderListeners.size;
  }

  propose<T>(
    kind: RequestKind,
    body: Uint8Array,
    _request: unknown,
    done: ProposeDone<T>,
    _caller?: unknown,
    about?: unknown,
  ): void {
    this.proposed.push({ kind, body });
    this.runtime.scheduler.defer(() => {
      if (this.refusal !== null) return done(this.refusal, null, about);
      let result: unknown;
      try {
        result = this.#apply(kind, body);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return done(error, null, about);
      }
      done(null, result as T, about);
    });
  }

  changeMembers(_change: MemberChange, done: ProposeDone<MemberChangeResult>): void {
    this.runtime.scheduler.defer(() => done(this.refusal ?? new Failure('unimplemented'), null));
  }

  exportState(done: (error: Error | null, state: null) => void): void {
    this.runtime.scheduler.defer(() => done(this.refusal ?? new Failure('unimplemented'), null));
  }

  moveLeader(_target: string, done: (failure: Failure | null) => void): void {
    this.runtime.scheduler.defer(() => done(this.refusal));
  }

  downgrade(): DowngradeRecord {
    return this.downgradeRecord;
  }

  hashState(done: (error: Error | null, hash: number) => void): void {
    this.runtime.scheduler.defer(() => done(this.refusal, 7));
  }

  defragment(done: (error: Error | null) => void): void {
    this.runtime.scheduler.defer(() => done(this.refusal));
  }

  #apply(kind: RequestKind, body: Uint8Array): unknown {
    const { store } = this;
    switch (kind) {
      case RequestKind.Put:
        return store.put(decodePutRequest(body));
      case RequestKind.DeleteRange:
        return store.deleteRange(decodeDeleteRangeRequest(body));
      case RequestKind.Txn:
        return store.txn(decodeTxnRequest(body));
      case RequestKind.Compact:
        store.compact(decodeCompactionRequest(body).revision);
        return { revision: store.revision };
      case RequestKind.AlarmGet:
        return { alarms: this.alarmList };
      default:
        throw new Error(`unexpected request ${kind}`);
    }
  }

  linearize(done: ReadDone): void {
    this.linearized++;
    if (this.heldReads !== null) this.heldReads.push(done);
    else this.runtime.scheduler.defer(() => done(this.refusal));
  }

  status(): MemberStatus {
    return {
      id: MEMBER_ID,
      clusterId: CLUSTER_ID,
      role: this.#hasLeader ? Role.Leader : Role.Candidate,
      leader: this.#hasLeader ? MEMBER_ID : '',
      term: TERM,
      committedIndex: 12,
      appliedIndex: 11,
      isLearner: this.isLearner,
      dbSizeBytes: 0,
      dbSizeInUseBytes: this.store.sizeInUseBytes,
    };
  }

  members(): readonly MemberRecord[] {
    return this.memberList;
  }

  figures(): MemberFigures {
    const histogram = new Histogram([1]);
    return {
      leaderChanges: 1,
      proposalsPending: 2,
      proposalsFailed: 3,
      slowReads: 4,
      failedReads: 5,
      slowApplies: 6,
      applies: new Map([['Put', { succeeded: histogram, refused: histogram }]]),
      sends: new Map([['2', { running: 1, succeeded: 2, failed: 3, seconds: histogram }]]),
      receipts: new Map([['3', { running: 0, succeeded: 5, failed: 6, seconds: histogram }]]),
      lateHeartbeats: 7,
      isInstalling: false,
      wal: { writtenBytes: 8, writeSeconds: histogram, syncSeconds: histogram },
      flushSeconds: histogram,
      compaction: { steps: histogram, totals: histogram, endedAt: 0 },
      leases: { granted: 9, revoked: 10, ttls: histogram },
      leasesRenewed: 11,
      leasesExpired: 12,
    };
  }

  alarms(): readonly AlarmRecord[] {
    return this.alarmList;
  }

  onLeaderChange(listener: () => void): () => void {
    this.#leaderListeners.add(listener);
    return () => this.#leaderListeners.delete(listener);
  }
}
