/**
 * Holders of one lock with fencing tokens: each takes it under a lease, writes what it guards a few times, and lets go or
 * is forgotten. Some hold on for longer than their lease lives, as a process does that was suspended.
 *
 * I40 A guarded write with an old token is never let through: the tokens of the writes in the log never fall. What makes it
 * so is that each write compares the create revision of the holder's key. Jepsen's report on etcd 3.4.3.
 */

import { encodeTxnRequest } from '../../wire/kv-codec.ts';
import {
  CompareResult,
  CompareTarget,
  OpKind,
  type TxnRequest,
  type TxnResult,
} from '../../wire/messages.ts';
import { Violation } from '../invariants/invariant.ts';
import type { SimClock } from '../sim-clock.ts';
import type { SimRandom } from '../sim-random.ts';
import type { Swarm } from '../swarm.ts';
import type { Asked, History } from './history.ts';
import type { Replay } from './replay.ts';
import type { MemberPort } from './workload.ts';

const holderKey = 'l/holder';
const guardedKey = 'l/guarded';
const noBytes = new Uint8Array(0);

export interface LocksOptions {
  readonly clock: SimClock;
  readonly random: SimRandom;
  readonly swarm: Swarm;
  readonly history: History;
  readonly replay: Replay;
  readonly portOf: (node: number) => MemberPort | null;
  /** For a control: writes compare nothing. */
  readonly isUnguarded: boolean;
}

export class Locks {
  private readonly options: LocksOptions;
  private running = false;
  private lastLease = 1n << 40n;
  private written = 0;
  private judged = 1;
  private newest = 0;
  readonly counts = { locksTaken: 0, guardedWrites: 0, guardedRefused: 0 };

  constructor(options: LocksOptions) {
    this.options = options;
  }

  start(): void {
    this.running = true;
    for (let holder = 0; holder < this.options.swarm.lockers; holder++) this.later(400, () => this.take());
  }

  stop(): void {
    this.running = false;
  }

  /** @throws Violation */
  judge(): void {
    const { changes } = this.options.replay.model;
    for (; this.judged < changes.length; this.judged++) {
      for (const { version } of changes[this.judged]!) {
        if (version.key !== guardedKey || version.version === 0) continue;
        const token = Number(version.value.split('.')[0]);
        if (token < this.newest)
          throw new Violation(
            'I40',
            `token ${token} wrote at revision ${version.mod}, after token ${this.newest}`,
          );
        this.newest = token;
      }
    }
  }

  private later(meanMs: number, what: () => void): void {
    const { clock, random, swarm } = this.options;
    clock.schedule(random.exponential(meanMs * swarm.pace * swarm.stretch), null, () => {
      if (this.running) what();
    });
  }

  private anyone(): MemberPort | null {
    const { random, swarm, portOf } = this.options;
    return portOf(random.below(swarm.nodes + swarm.spares));
  }

  private take(): void {
    this.later(3000, () => this.take());
    const port = this.anyone();
    if (port === null) return;
    const lease = ++this.lastLease;
    port.grant(lease, Math.ceil(this.options.swarm.pace), (reason) => {
      if (reason !== null) return;
      this.txn(lockTxn(lease), (taken) => {
        if (!taken.succeeded) return;
        this.counts.locksTaken++;
        this.write(taken.revision, 1 + this.options.random.below(6));
      });
    });
  }

  private write(token: number, left: number): void {
    if (left === 0) return;
    // Now and then longer than any lease lives.
    this.later(this.options.random.chance(0.3) ? 3000 : 100, () => {
      const value = `${token}.${++this.written}`;
      this.txn(guardedTxn(this.options.isUnguarded ? null : token, value), ({ succeeded }) => {
        if (succeeded) this.counts.guardedWrites++;
        else this.counts.guardedRefused++;
        if (succeeded) this.write(token, left - 1);
      });
    });
  }

  private txn(request: TxnRequest, done: (result: TxnResult) => void): void {
    const { history, clock } = this.options;
    const port = this.anyone();
    if (port === null) return;
    const asked: Asked = { kind: 'txn', request };
    const body = encodeTxnRequest(request);
    const caller = port.callerOf('root');
    const operation = history.invoke(-2, port.name, asked, body, clock.now, caller);
    port.write(
      asked,
      body,
      (reason, result) => {
        history.answer(operation, reason, result);
        if (reason === null) done(result as TxnResult);
      },
      caller,
    );
  }
}

function ifCreatedAt(revision: number): TxnRequest['compare'][number] {
  return {
    result: CompareResult.Equal,
    target: CompareTarget.Create,
    key: Buffer.from(holderKey),
    rangeEnd: noBytes,
    number: revision,
    value: noBytes,
    lease: 0n,
  };
}

function put(key: string, value: string, lease: bigint): TxnRequest['success'][number] {
  const bytes = { key: Buffer.from(key), value: Buffer.from(value), lease };
  return { kind: OpKind.Put, request: { ...bytes, prevKv: false, ignoreValue: false, ignoreLease: false } };
}

function lockTxn(lease: bigint): TxnRequest {
  return { compare: [ifCreatedAt(0)], success: [put(holderKey, `${lease}`, lease)], failure: [] };
}

function guardedTxn(token: number | null, value: string): TxnRequest {
  const compare = token === null ? [] : [ifCreatedAt(token)];
  return { compare, success: [put(guardedKey, value, 0n)], failure: [] };
}
