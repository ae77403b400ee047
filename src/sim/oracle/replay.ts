/**
 * The committed log, replayed through the model as it grows: the truth that answers and events are held against.
 *
 * Invariant: the model has applied exactly the entries 1 … `applied` of the ledger, each once, in order.
 */

import { nobody } from '../../auth/types.ts';
import type { Entry } from '../../raft/types.ts';
import { EntryType } from '../../raft/types.ts';
import type { AuthOperation } from '../../wire/auth-messages.ts';
import type { CompactionRequest, DeleteRangeRequest, PutRequest, TxnRequest } from '../../wire/messages.ts';
import { type Asker, AuthModel } from './auth-model.ts';
import { binary, Model, type ModelResult } from './model.ts';

/** A request of the log, decoded. */
export type LoggedRequest =
  | { readonly kind: 'put'; readonly request: PutRequest }
  | { readonly kind: 'delete'; readonly request: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly request: TxnRequest }
  | { readonly kind: 'compact'; readonly request: CompactionRequest }
  | { readonly kind: 'leaseGrant' | 'leaseRevoke'; readonly id: bigint }
  /** Counts in the term in which it was decided only. */
  | { readonly kind: 'leaseExpire'; readonly term: number; readonly ids: readonly bigint[] }
  | { readonly kind: 'auth'; readonly operation: AuthOperation }
  | { readonly kind: 'other' };

export interface Logged {
  readonly what: LoggedRequest;
  /** The request bytes as the client sent them. */
  readonly body: Uint8Array;
  /** Nobody when it is not there. */
  readonly asker?: Asker;
}

/** What one revision came from. */
export interface Origin {
  readonly body: string;
  readonly result: ModelResult;
}

export class Replay {
  readonly model: Model = new Model();
  readonly auth: AuthModel = new AuthModel((lease) => [...(this.model.leases.get(lease) ?? [])]);
  /** By revision. */
  readonly origins: (Origin | undefined)[] = [];
  /** Revision of the state after each log index. */
  readonly revisionAt: number[] = [1];
  /** How often each request body stands in the log. */
  readonly appearances: Map<string, number> = new Map();
  /** Compaction revisions, in log order. */
  readonly compactions: number[] = [];
  applied = 0;
  /** Requests of the log whose callers might not do that. */
  refusals = 0;
  /** Told when a lease has come to its end by itself. */
  onExpired: (lease: bigint) => void = () => {};
  private readonly open: (entry: Entry) => readonly Logged[];

  /** @param open reads the requests of an entry that holds some */
  constructor(open: (entry: Entry) => readonly Logged[]) {
    this.open = open;
  }

  advance(entry: Entry): void {
    if (entry.index !== this.applied + 1) throw new Error(`replay of ${entry.index} after ${this.applied}`);
    this.applied = entry.index;
    if (entry.type === EntryType.Normal && entry.data.length > 0) {
      for (const logged of this.open(entry)) {
        if (logged.what.kind === 'auth') this.auth.apply(logged.what.operation, logged.asker ?? nobody);
        else if (this.refused(logged)) this.refusals++;
        else if (!this.applyLease(entry, logged.what)) this.apply(logged);
      }
    }
    this.revisionAt[entry.index] = this.model.revision;
  }

  /** True for what its caller may not do, as the model of users says. */
  private refused({ what, asker = nobody }: Logged): boolean {
    const { auth } = this;
    if (!auth.enabled) return false;
    switch (what.kind) {
      case 'put':
        return auth.refusal(asker, auth.touchesOfPut(what.request)) !== null;
      case 'delete':
        return auth.refusal(asker, auth.touchesOfDelete(what.request)) !== null;
      case 'txn':
        return auth.refusal(asker, auth.touchesOfTxn(what.request)) !== null;
      case 'leaseRevoke':
        return auth.refusalOfRevoke(asker, what.id) !== null;
      case 'leaseGrant':
        return auth.refusal(asker, 'named') !== null;
      case 'compact':
        return auth.refusal(asker, 'admin') !== null;
      default:
        return false;
    }
  }

  /** False when it is not about leases. */
  private applyLease({ term }: Entry, what: LoggedRequest): boolean {
    switch (what.kind) {
      case 'leaseGrant':
        this.model.grant(what.id);
        return true;
      case 'leaseRevoke':
        this.model.revoke(what.id);
        return true;
      case 'leaseExpire':
        if (what.term !== term) return true;
        for (const id of what.ids) {
          if (this.model.leases.has(id)) this.onExpired(id);
          this.model.revoke(id);
        }
        return true;
      default:
        return false;
    }
  }

  private apply({ what, body }: Logged): void {
    if (what.kind !== 'put' && what.kind !== 'delete' && what.kind !== 'txn' && what.kind !== 'compact')
      return;
    const text = binary(body);
    this.appearances.set(text, (this.appearances.get(text) ?? 0) + 1);
    const before = this.model.revision;
    let result: ModelResult | null = null;
    if (what.kind === 'put') result = this.model.put(what.request);
    else if (what.kind === 'delete') result = this.model.deleteRange(what.request);
    else if (what.kind === 'txn') result = this.model.txn(what.request);
    else if (this.model.compact(what.request.revision)) this.compactions.push(what.request.revision);
    if (result !== null && this.model.revision > before) {
      this.origins[this.model.revision] = { body: text, result };
    }
  }
}
