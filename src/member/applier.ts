/**
 * Turns committed entries into state: the only writer of the store and the membership.
 *
 * Deterministic: the same entries give the same state on every member. No clock, no random, no outcome that depends
 * on which member was asked. A refused request (`Failure`) is an outcome like any other; any other error is a defect
 * and stops the member before it can diverge.
 */

import { Packr } from 'msgpackr';
import { nobody } from '../auth/types.ts';
import { decodeCheckpoints, decodeExpiry, type Expiry } from '../lease/commands.ts';
import { decodeConfigEntry } from '../raft/conf-codec.ts';
import type { ConfState, Entry } from '../raft/types.ts';
import { EntryType } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import { decodeAuthOperation } from '../wire/auth-codec.ts';
import { locateGuardedPut } from '../wire/guarded-put.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
  locatePut,
} from '../wire/kv-codec.ts';
import {
  decodeLeaseGrantRequest,
  decodeLeaseRevokeRequest,
  type LeaseGrantRequest,
} from '../wire/lease-codec.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutResult,
  TxnRequest,
  TxnResult,
} from '../wire/messages.ts';
import { OpKind } from '../wire/messages.ts';
import { txnPuts } from './alarms.ts';
import type { ApplyFigures } from './apply-figures.ts';
import { checkpointLeases, expireLeases, grantLease, revokeLease } from './apply-leases.ts';
import { checkPermission } from './check-permission.ts';
import type { EnvelopeCodec, OpenedEntry } from './envelope.ts';
import type { PendingRequest, PendingRequests } from './pending.ts';
import type { AppliedState } from './state.ts';
import { AlarmKind, type AlarmRecord, type AlarmResult, RequestKind } from './types.ts';

/** What a member says of itself once it serves. */
export interface PublishRequest {
  readonly id: string;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

const packr = new Packr({ useRecords: false, moreTypes: false });

export function encodeAlarm(record: AlarmRecord): Uint8Array {
  return packr.pack(record);
}

export function encodePublish(request: PublishRequest): Uint8Array {
  return packr.pack(request);
}

const changesKeys: ReadonlySet<RequestKind> = new Set([
  RequestKind.Put,
  RequestKind.DeleteRange,
  RequestKind.Txn,
  RequestKind.Compact,
  RequestKind.LeaseGrant,
  RequestKind.LeaseRevoke,
]);

export class Applier {
  readonly #state: AppliedState;
  readonly #codec: EnvelopeCodec;
  readonly #pending: PendingRequests;
  readonly #figures: ApplyFigures;
  readonly #onConfig: (entry: Entry, conf: ConfState) => void;
  readonly #mutant: string;

  /** @param state read anew at every entry: a snapshot replaces what is in it. */
  constructor(
    state: AppliedState,
    codec: EnvelopeCodec,
    pending: PendingRequests,
    figures: ApplyFigures,
    onConfig: (entry: Entry, conf: ConfState) => void,
    mutant = '',
  ) {
    this.#onConfig = onConfig;
    this.#mutant = mutant;
    this.#state = state;
    this.#codec = codec;
    this.#pending = pending;
    this.#figures = figures;
  }

  apply(entry: Entry): void {
    if (entry.type === EntryType.Config) {
      const { conf, context } = decodeConfigEntry(entry.data);
      const { membership, alarms } = this.#state;
      membership.applyConfig(conf, context);
      alarms.forget((id) => membership.get(id) !== undefined);
      this.#onConfig(entry, conf);
      return;
    }
    if (entry.data.length === 0) return;
    const opened = this.#codec.open(entry.data);
    this.#figures.begin();
    while (opened.next()) this.#applyOne(opened, entry);
    this.#figures.settle();
  }

  #applyOne(opened: OpenedEntry, entry: Entry): void {
    const pending = opened.isOwn ? this.#pending.get(opened.sequence) : undefined;
    let result: unknown = null;
    let failure: Failure | null = null;
    this.#figures.next(opened.kind);
    try {
      if (opened.kind === RequestKind.Put) result = this.#put(opened, pending);
      else if (opened.kind === RequestKind.Txn) result = this.#txn(opened, pending);
      else result = this.#execute(opened, pending?.request, entry);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
    }
    this.#count(opened, failure !== null);
    if (pending !== undefined) this.#pending.resolve(pending, failure, result);
  }

  #count(opened: OpenedEntry, isRefused: boolean): void {
    const figures = this.#figures;
    const { kind } = opened;
    if ((kind === RequestKind.Put || kind === RequestKind.Txn) && !isRefused) figures.appliedWrite(kind);
    else if (kind === RequestKind.Auth) figures.appliedAuth(decodeAuthOperation(opened.body).kind, isRefused);
    else {
      figures.settle();
      figures.applied(kind, isRefused);
    }
  }

  /** What an alarm forbids is refused when it is applied: on every member alike. */
  #checkAlarms(kind: RequestKind, body: Uint8Array, decoded: unknown): void {
    const { alarms } = this.#state;
    if (alarms.has(AlarmKind.Corrupt) && changesKeys.has(kind)) throw new Failure('corrupt');
    if (!alarms.has(AlarmKind.NoSpace)) return;
    const puts =
      kind === RequestKind.Put ||
      kind === RequestKind.LeaseGrant ||
      (kind === RequestKind.Txn && txnPuts((decoded as TxnRequest | undefined) ?? decodeTxnRequest(body)));
    if (puts) throw new Failure('noSpace');
  }

  #expire(expiry: Expiry, term: number): null {
    return expireLeases(this.#state, expiry, this.#mutant === 'expiryOfAnyTerm' ? expiry.term : term);
  }

  #check(opened: OpenedEntry, decoded: unknown): void {
    const { auth, alarms } = this.#state;
    const { kind, asker } = opened;
    if (auth.enabled && asker !== 'member') checkPermission(auth, asker, kind, opened.body, decoded);
    if (alarms.list().length > 0) this.#checkAlarms(kind, opened.body, decoded);
  }

  /** Most requests are puts: they are read where they stand, and have a result only if somebody here waits for it. */
  #put(opened: OpenedEntry, pending: PendingRequest | undefined): PutResult | null {
    const { store } = this.#state;
    const { data, from, to } = opened;
    this.#check(opened, pending?.request);
    const put = locatePut(data, from, to);
    if (put.asksMore) return store.put(decodePutRequest(data, from, to));
    store.putPlaced(put);
    return pending === undefined ? null : { prevKv: null, revision: store.revision };
  }

  /** Most txns are guarded puts: they are read where they stand, too. */
  #txn(opened: OpenedEntry, pending: PendingRequest | undefined): TxnResult | null {
    const { store } = this.#state;
    const { data, from, to } = opened;
    const decoded = pending?.request as TxnRequest | undefined;
    this.#check(opened, decoded);
    const guarded = locateGuardedPut(data, from, to);
    if (guarded === null || !store.putGuarded(guarded)) {
      return store.txn(decoded ?? decodeTxnRequest(opened.body));
    }
    if (pending === undefined) return null;
    const { revision } = store;
    const put = { kind: OpKind.Put, result: { prevKv: null, revision } };
    return { succeeded: true, responses: [put], revision };
  }

  #execute(opened: OpenedEntry, decoded: unknown, { term, index }: Entry): unknown {
    const { store, auth } = this.#state;
    const { kind, asker, body } = opened;
    this.#check(opened, decoded);
    switch (kind) {
      case RequestKind.DeleteRange:
        return store.deleteRange(
          (decoded as DeleteRangeRequest | undefined) ?? decodeDeleteRangeRequest(body),
        );
      case RequestKind.Compact: {
        const request = (decoded as CompactionRequest | undefined) ?? decodeCompactionRequest(body);
        store.compact(request.revision);
        return { revision: store.revision };
      }
      case RequestKind.LeaseGrant:
        return grantLease(
          this.#state,
          (decoded as LeaseGrantRequest | undefined) ?? decodeLeaseGrantRequest(body),
        );
      case RequestKind.LeaseRevoke:
        return revokeLease(this.#state, (decoded as bigint | undefined) ?? decodeLeaseRevokeRequest(body));
      case RequestKind.LeaseExpire:
        return this.#expire(decodeExpiry(body), term);
      case RequestKind.LeaseCheckpoint:
        return checkpointLeases(this.#state, decodeCheckpoints(body), term);
      case RequestKind.Auth:
        return auth.apply(decodeAuthOperation(body), asker === 'member' ? nobody : asker, index);
      case RequestKind.PublishMember: {
        const publish = packr.unpack(Buffer.from(body)) as PublishRequest;
        this.#state.membership.publish(publish.id, publish.name, publish.clientUrls);
        return null;
      }
      case RequestKind.AlarmGet:
        return { alarms: this.#state.alarms.list() } satisfies AlarmResult;
      case RequestKind.AlarmRaise: {
        const { memberId, alarm, isFound } = packr.unpack(Buffer.from(body)) as AlarmRecord;
        return {
          alarms: [this.#state.alarms.raise(memberId, alarm, isFound === true)],
        } satisfies AlarmResult;
      }
      case RequestKind.AlarmClear: {
        const { memberId, alarm } = packr.unpack(Buffer.from(body)) as AlarmRecord;
        const cleared = this.#state.alarms.clear(memberId, alarm);
        return { alarms: cleared === null ? [] : [cleared] } satisfies AlarmResult;
      }
      case RequestKind.DowngradeEnable:
        return this.#state.downgrade.enable(Buffer.from(body).toString());
      case RequestKind.DowngradeCancel:
        return this.#state.downgrade.cancel();
      default:
        throw new Error(`log entry of unknown kind ${String(kind)}: written by a newer version`);
    }
  }
}
