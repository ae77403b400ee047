/**
 * Alarms: replicated marks that restrict what is applied until an operator clears them (etcd's NOSPACE and CORRUPT).
 * Kept on the backend under table `a`, changed by applied entries only.
 */

import type { Backend } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import { OpKind, type RequestOp, type TxnRequest } from '../wire/messages.ts';
import type { AlarmRecord } from './types.ts';

const table = 'a';
const nothing = new Uint8Array(0);
/** The value of an alarm that a comparison has raised. */
const found = new Uint8Array([1]);
/** A bound that no real cluster reaches: three kinds for each of its members. */
const maxAlarms = 1000;

export class Alarms {
  readonly #backend: Backend;
  #records: AlarmRecord[];

  constructor(backend: Backend, records: AlarmRecord[]) {
    this.#backend = backend;
    this.#records = records;
  }

  list(): readonly AlarmRecord[] {
    return this.#records;
  }

  has(alarm: number): boolean {
    return this.#records.some((record) => record.alarm === alarm);
  }

  /**
   * Returns the record, also when it was raised before.
   * @throws Failure 'tooManyRequests' when there are far too many already
   */
  raise(memberId: string, alarm: number, isFound: boolean = false): AlarmRecord {
    const known = this.#find(memberId, alarm);
    if (known !== undefined) return known;
    if (this.#records.length >= maxAlarms) throw new Failure('tooManyRequests');
    const record = recordOf(memberId, alarm, isFound);
    this.#records = [...this.#records, record];
    this.#backend.put(keyOf(record), isFound ? found : nothing);
    return record;
  }

  /** Ends what was found out about members that do not belong to the cluster any more. */
  forget(belongs: (memberId: string) => boolean): void {
    for (const { memberId, alarm, isFound } of this.#records) {
      if (isFound === true && memberId !== '' && !belongs(memberId)) this.clear(memberId, alarm);
    }
  }

  /** Returns the record that was cleared, if there was one. */
  clear(memberId: string, alarm: number): AlarmRecord | null {
    const known = this.#find(memberId, alarm);
    if (known === undefined) return null;
    this.#records = this.#records.filter((record) => record !== known);
    this.#backend.delete(keyOf(known));
    return known;
  }

  #find(memberId: string, alarm: number): AlarmRecord | undefined {
    return this.#records.find((record) => record.memberId === memberId && record.alarm === alarm);
  }
}

function recordOf(memberId: string, alarm: number, isFound: boolean): AlarmRecord {
  return isFound ? { memberId, alarm, isFound } : { memberId, alarm };
}

function keyOf({ memberId, alarm }: AlarmRecord): string {
  return `${table}${alarm}/${memberId}`;
}

export function loadAlarms(
  backend: Backend,
  done: (error: Error | null, alarms: Alarms | null) => void,
): void {
  backend.scan(table, String.fromCharCode(table.charCodeAt(0) + 1), maxAlarms, (error, entries) => {
    if (error !== null) return done(error, null);
    const records = entries.map(({ key, value }) => {
      const [alarm, memberId] = key.slice(1).split('/') as [string, string];
      return recordOf(memberId, Number(alarm), value.length > 0);
    });
    done(null, new Alarms(backend, records));
  });
}

/** Whether a txn could put something, in either branch and at any depth: what NOSPACE refuses. */
export function txnPuts(request: TxnRequest): boolean {
  return request.success.some(opPuts) || request.failure.some(opPuts);
}

function opPuts(op: RequestOp): boolean {
  if (op.kind === OpKind.Put) return true;
  return op.kind === OpKind.Txn && txnPuts(op.request);
}

const putOverheadBytes = 256;

/** Bytes that a put may add to the state, as etcd reckons. */
export function putCost(keyBytes: number, valueBytes: number): number {
  return putOverheadBytes + keyBytes + valueBytes;
}

/** The larger branch counts. */
export function txnCost(request: TxnRequest): number {
  return Math.max(branchCost(request.success), branchCost(request.failure));
}

function branchCost(ops: readonly RequestOp[]): number {
  let cost = 0;
  for (const op of ops) {
    if (op.kind === OpKind.Put) cost += putCost(op.request.key.length, op.request.value.length);
    else if (op.kind === OpKind.Txn) cost += txnCost(op.request);
  }
  return cost;
}
