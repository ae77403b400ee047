/**
 * Clients that ask for everything, at random, of any member: the load of a simulated run.
 *
 * Each client has one request under way at a time and thinks in between. It mostly stays with one member and changes
 * when that one dies or refuses. Every value written is used once, so the log can be searched for it.
 */

import type { Caller } from '../../auth/types.ts';
import type { AuthOperation } from '../../wire/auth-messages.ts';
import {
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeTxnRequest,
} from '../../wire/kv-codec.ts';
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeResult,
  RequestOp,
  TxnRequest,
} from '../../wire/messages.ts';
import { CompareResult, CompareTarget, OpKind, plainRange } from '../../wire/messages.ts';
import type { SimClock } from '../sim-clock.ts';
import type { SimRandom } from '../sim-random.ts';
import type { Swarm } from '../swarm.ts';
import { userCount, userName } from './administrator.ts';
import type { Asked, History, Operation } from './history.ts';
import { versionOf } from './render.ts';

export type LeaseDone = (reason: string | null, ttl: number) => void;
export type AnswerDone = (reason: string | null, result: unknown) => void;

/** One member as a client reaches it. Callbacks come later or never; never before the call returns. */
export interface MemberPort {
  /** `node/life`. */
  readonly name: string;
  readonly node: number;
  /** Who a token of this user stands for there; '' is nobody. */
  callerOf(user: string): Caller;
  changeUsers(operation: AuthOperation): void;
  /** Without a caller nobody asks. */
  write(asked: Asked, body: Uint8Array, done: AnswerDone, caller?: Caller): void;
  range(request: RangeRequest, done: AnswerDone, caller?: Caller): void;
  /** `done` gets the seconds that were granted. */
  grant(id: bigint, ttl: number, done: LeaseDone): void;
  /** `done` gets the seconds from when it was asked, 0 for a lease that is gone. */
  renew(id: bigint, done: LeaseDone): void;
  revoke(id: bigint): void;
}

const noBytes = new Uint8Array(0);

/** A range of keys that are binary strings. */
export function rangeOf(key: string, end: string): RangeRequest {
  return plainRange(Buffer.from(key, 'latin1'), Buffer.from(end, 'latin1'));
}

interface Client {
  readonly index: number;
  /** The member it stays with; -1 for none. */
  node: number;
  operation: Operation | null;
  written: number;
  /** Mod revision last read, by key: what its next compare-and-set expects. */
  readonly known: Map<string, number>;
}

export class Workload {
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private readonly swarm: Swarm;
  private readonly history: History;
  /** A port of a member that takes requests, or null. */
  private readonly portOf: (node: number) => MemberPort | null;
  private readonly clients: Client[] = [];
  private running = false;
  /** A lease that some writes may be attached to; 0n for none. */
  pickLease: () => bigint = () => 0n;
  private thinkMs: number;

  constructor(
    clock: SimClock,
    random: SimRandom,
    swarm: Swarm,
    history: History,
    portOf: (node: number) => MemberPort | null,
  ) {
    this.clock = clock;
    this.random = random;
    this.swarm = swarm;
    this.history = history;
    this.portOf = portOf;
    this.thinkMs = swarm.thinkMs;
  }

  start(): void {
    this.running = true;
    for (let index = 0; index < this.swarm.clients; index++) {
      const client: Client = { index, node: -1, operation: null, written: 0, known: new Map() };
      this.clients.push(client);
      this.think(client);
    }
    if (Number.isFinite(this.swarm.compactEveryMs)) this.compactLater();
  }

  /** What is to be seen now is that the cluster serves: nobody thinks for long any more. */
  hurry(): void {
    this.thinkMs = this.swarm.thinkMs / this.swarm.stretch;
    for (const client of this.clients) if (client.operation === null) this.think(client);
  }

  stop(): void {
    this.running = false;
  }

  /** Requests that wait for an answer. */
  get pending(): number {
    return this.clients.filter((client) => client.operation !== null).length;
  }

  /** A member died: nobody will answer what was asked of it. */
  memberDied(node: number): void {
    for (const client of this.clients) {
      if (client.node !== node) continue;
      client.node = -1;
      if (client.operation === null) continue;
      this.history.abandon(client.operation);
      client.operation = null;
      this.think(client);
    }
  }

  private think(client: Client): void {
    this.clock.schedule(this.random.exponential(this.thinkMs), null, () => this.act(client));
  }

  private act(client: Client): void {
    if (!this.running || client.operation !== null) return;
    if (client.node < 0 || this.random.chance(0.05))
      client.node = this.random.below(this.swarm.nodes + this.swarm.spares);
    const port = this.portOf(client.node);
    if (port === null) {
      client.node = -1;
      this.think(client);
      return;
    }
    const asked = this.draw(client);
    if (asked.kind === 'range') this.read(client, port, asked);
    else this.write(client, port, asked);
  }

  private write(client: Client, port: MemberPort, asked: Exclude<Asked, { kind: 'range' }>): void {
    const body = encode(asked);
    const caller = this.callerOf(client, port);
    const operation = this.history.invoke(client.index, port.name, asked, body, this.clock.now, caller);
    this.await(client, operation);
    port.write(asked, body, (reason, result) => this.answered(client, operation, reason, result), caller);
  }

  private read(client: Client, port: MemberPort, asked: Extract<Asked, { kind: 'range' }>): void {
    const caller = this.callerOf(client, port);
    const operation = this.history.invoke(client.index, port.name, asked, null, this.clock.now, caller);
    this.await(client, operation);
    const take: AnswerDone = (reason, result) => {
      if (reason === null) for (const kv of (result as RangeResult).kvs) this.learn(client, kv);
      this.answered(client, operation, reason, result);
    };
    port.range(asked.request, take, caller);
  }

  /** Every fourth client is root. */
  private callerOf({ index }: Client, port: MemberPort): Caller {
    if (!this.swarm.auth) return port.callerOf('');
    const at = index % (userCount + 1);
    return port.callerOf(at === userCount ? 'root' : userName(at));
  }

  private await(client: Client, operation: Operation): void {
    client.operation = operation;
    this.clock.schedule(this.swarm.patienceMs, null, () => {
      if (client.operation !== operation) return;
      this.history.abandon(operation);
      client.operation = null;
      client.node = -1;
      this.think(client);
    });
  }

  private learn(client: Client, kv: Uint8Array): void {
    const version = versionOf(kv);
    client.known.set(version.key, version.mod);
  }

  private answered(client: Client, operation: Operation, reason: string | null, result: unknown): void {
    this.history.answer(operation, reason, result);
    if (client.operation !== operation) return;
    client.operation = null;
    if (reason !== null && this.random.chance(0.5)) client.node = -1;
    this.think(client);
  }

  private compactLater(): void {
    this.clock.schedule(this.random.exponential(this.swarm.compactEveryMs), null, () => {
      if (!this.running) return;
      const node = this.random.below(this.swarm.nodes + this.swarm.spares);
      const port = this.portOf(node);
      if (port !== null) {
        const revision = Math.max(1, this.history.floor - this.random.below(20));
        const request: CompactionRequest = { revision, physical: false };
        const body = encodeCompactionRequest(request);
        const asked: Asked = { kind: 'compact', request };
        const caller = port.callerOf('root');
        const operation = this.history.invoke(-1, port.name, asked, body, this.clock.now, caller);
        port.write(asked, body, (reason, result) => this.history.answer(operation, reason, result), caller);
      }
      this.compactLater();
    });
  }

  private draw(client: Client): Asked {
    const weights = this.swarm.weights;
    let left =
      this.random.unit() * Object.values(weights).reduce((sum: number, weight: number) => sum + weight, 0);
    for (const [kind, weight] of Object.entries(weights) as [keyof typeof weights, number][]) {
      left -= weight;
      if (left < 0) return this.make(kind, client);
    }
    return this.make('put', client);
  }

  private make(kind: keyof Swarm['weights'], client: Client): Asked {
    switch (kind) {
      case 'put':
        return {
          kind: 'put',
          request: this.put(client, this.key(), this.random.chance(0.3), this.pickLease()),
        };
      case 'delete':
        return { kind: 'delete', request: this.deletion() };
      case 'compareAndSet':
        return { kind: 'txn', request: this.compareAndSet(client) };
      case 'transfer':
        return { kind: 'txn', request: this.transfer(client) };
      case 'rangeSerializable':
        return { kind: 'range', request: { ...this.range(), serializable: true } };
      case 'rangeHistorical': {
        const revision = Math.max(1, this.history.floor + 3 - this.random.below(30));
        return {
          kind: 'range',
          request: { ...this.range(), revision, serializable: this.random.chance(0.3) },
        };
      }
      default:
        return { kind: 'range', request: this.range() };
    }
  }

  private key(): string {
    return `k/${this.random.below(this.swarm.keys)}`;
  }

  private put(client: Client, key: string, prevKv: boolean, lease: bigint = 0n): PutRequest {
    const padding = '.'.repeat(this.random.below(this.swarm.limits.valueBytes + 1));
    const value = Buffer.from(`${client.index}:${++client.written}${padding}`, 'latin1');
    return {
      key: Buffer.from(key, 'latin1'),
      value,
      lease,
      prevKv,
      ignoreValue: false,
      ignoreLease: false,
    };
  }

  private deletion(): DeleteRangeRequest {
    const rangeEnd = this.random.chance(0.2) ? Buffer.from('k0', 'latin1') : noBytes;
    return { key: Buffer.from(this.key(), 'latin1'), rangeEnd, prevKv: this.random.chance(0.5) };
  }

  private range(): RangeRequest {
    const request = this.random.chance(0.5) ? rangeOf(this.key(), '') : rangeOf('k/', 'k0');
    const limit = this.random.chance(0.2) ? 1 + this.random.below(4) : 0;
    return { ...request, limit, keysOnly: this.random.chance(0.1), countOnly: this.random.chance(0.05) };
  }

  /** If the key is as this client last saw it, write it, else read it. */
  private compareAndSet(client: Client): TxnRequest {
    const key = this.key();
    return {
      compare: [
        {
          result: CompareResult.Equal,
          target: CompareTarget.Mod,
          key: Buffer.from(key, 'latin1'),
          rangeEnd: noBytes,
          number: client.known.get(key) ?? 0,
          value: noBytes,
          lease: 0n,
        },
      ],
      success: [{ kind: OpKind.Put, request: this.put(client, key, true) }],
      failure: [{ kind: OpKind.Range, request: rangeOf(key, '') }],
    };
  }

  /** Several keys in one go: some written, one perhaps deleted, all read. */
  private transfer(client: Client): TxnRequest {
    const keys = this.random
      .shuffle(Array.from({ length: this.swarm.keys }, (_, at) => `k/${at}`))
      .slice(0, 3);
    const success: RequestOp[] = keys.map((key) => ({
      kind: OpKind.Put,
      request: this.put(client, key, false),
    }));
    if (keys.length > 1 && this.random.chance(0.3)) {
      const key = Buffer.from(keys[0]!, 'latin1');
      success[0] = { kind: OpKind.DeleteRange, request: { key, rangeEnd: noBytes, prevKv: true } };
    }
    success.push({ kind: OpKind.Range, request: rangeOf('k/', 'k0') });
    return { compare: [], success, failure: [] };
  }
}

function encode(asked: Exclude<Asked, { kind: 'range' }>): Uint8Array {
  switch (asked.kind) {
    case 'put':
      return encodePutRequest(asked.request);
    case 'delete':
      return encodeDeleteRangeRequest(asked.request);
    case 'txn':
      return encodeTxnRequest(asked.request);
    default:
      return encodeCompactionRequest(asked.request);
  }
}
