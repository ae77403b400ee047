/**
 * The same txns to etcd and to Keelson, as the same bytes, one after the other, to any of their members and as any of some
 * users: every answer and every refusal must be the same, and so must be what each member holds at the end.
 */

import { join } from 'node:path';
import { credentials, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { connect, type Message } from '../../examples/grpc-from-proto.ts';
import { comparable } from './differential.ts';
import type { Servers } from './harness.ts';
import { noisyBytes } from './noisy-bytes.ts';
import { RandomDraws } from './random-draws.ts';
import { RandomTxns } from './random-txns.ts';

const proto = new protobuf.Root();
proto.resolvePath = (_origin, target) => join(import.meta.dirname, '../../proto', target);
proto.loadSync('etcdserverpb/rpc.proto', { keepCase: true });
const plain = { longs: String, bytes: Buffer, defaults: true };

const leases = [1, 2, 77];
const leaseThatIsNot = 5;
const root = 'root';
const password = 'p';
/** Who may do what: type (0 read, 1 write, 2 both), first key, end. */
const permissions: Readonly<Record<string, readonly (readonly [number, string, string])[]>> = {
  bob: [[2, 'a', 'c']],
  eve: [
    [0, 'a', 'ab'],
    [1, 'b', 'b0'],
    [2, 'aa', ''],
  ],
  zoe: [],
};
const callTimeoutMs = 60_000;

/** A call of the KV service. */
interface Asked {
  readonly member: number;
  readonly user: string;
  readonly method: 'Range' | 'Txn' | 'Compact';
  readonly message: Message;
}

export interface TxnDifference extends Asked {
  /** How many txns there were before. */
  readonly count: number;
  readonly bytes: Buffer;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface ComparedTxns {
  readonly calls: number;
  readonly difference: TxnDifference | null;
  /** Answers by the branch that ran, and refusals by their text, each with how many there were. */
  readonly kinds: ReadonlyMap<string, number>;
}

function requestType(method: string): protobuf.Type {
  return proto.lookupType(`etcdserverpb.${method === 'Compact' ? 'Compaction' : method}Request`);
}

function responseType(method: string): protobuf.Type {
  return proto.lookupType(`etcdserverpb.${method === 'Compact' ? 'Compaction' : method}Response`);
}

/** One system: its members, asked with bytes. */
class System {
  readonly #urls: readonly string[];
  readonly #members: readonly GrpcClient[];
  readonly #tokens = new Map<string, string>();

  constructor({ members }: Servers) {
    this.#urls = members.map(({ clientUrl }) => clientUrl);
    this.#members = this.#urls.map((url) => new GrpcClient(new URL(url).host, credentials.createInsecure()));
  }

  close(): void {
    for (const member of this.#members) member.close();
  }

  /** Leases, and users if there are to be some. */
  async prepare(asksAuth: boolean): Promise<void> {
    for (const ID of leases) await this.#call('Lease', 'LeaseGrant', { ID, TTL: 9_000_000 });
    if (!asksAuth) return;
    for (const name of [root, ...Object.keys(permissions)]) {
      await this.#call('Auth', 'UserAdd', { name, password });
      await this.#call('Auth', 'RoleAdd', { name });
      await this.#call('Auth', 'UserGrantRole', { user: name, role: name });
      for (const [permType, key, end] of permissions[name] ?? []) {
        const perm = { permType, key: Buffer.from(key), range_end: Buffer.from(end) };
        await this.#call('Auth', 'RoleGrantPermission', { name, perm });
      }
    }
    await this.#call('Auth', 'AuthEnable', {});
    for (const name of [root, ...Object.keys(permissions)]) {
      const { token } = await this.#call('Auth', 'Authenticate', { name, password });
      this.#tokens.set(name, token as string);
    }
  }

  /** The hash of all that a member holds. */
  async hash(member: number): Promise<unknown> {
    const { hash, compact_revision } = await this.#call('Maintenance', 'HashKV', { revision: 0 }, member);
    return { hash, compact_revision };
  }

  /** The answer, or the refusal as text. */
  ask({ member, user, method }: Asked, bytes: Buffer): Promise<unknown> {
    const metadata = new Metadata();
    const token = this.#tokens.get(user);
    if (token !== undefined) metadata.set('token', token);
    const answers = responseType(method);
    return new Promise((resolve) => {
      this.#members[member]!.makeUnaryRequest<Buffer, Buffer>(
        `/etcdserverpb.KV/${method}`,
        (request) => request,
        (answer) => answer,
        bytes,
        metadata,
        { deadline: Date.now() + callTimeoutMs },
        (error, answer) => {
          if (error !== null) resolve(`code ${error.code}: ${error.details}`);
          else resolve(comparable(answers.toObject(answers.decode(answer!), plain)));
        },
      );
    });
  }

  async #call(service: string, method: string, message: Message, member = 0): Promise<Message> {
    using client = connect(`etcdserverpb.${service}`, this.#urls[member]!);
    const token = this.#tokens.get(root);
    return await client.call(method, message, token === undefined ? {} : { token });
  }
}

/** etcd and Keelson, asked the same. */
class Comparison {
  readonly kinds = new Map<string, number>();
  difference: TxnDifference | null = null;
  readonly #systems: readonly [System, System];
  readonly #draws: RandomDraws;

  constructor(systems: readonly [System, System], draws: RandomDraws) {
    this.#systems = systems;
    this.#draws = draws;
  }

  /** @returns etcd's answer */
  async ask(asked: Asked, count: number): Promise<unknown> {
    const bytes = noisyBytes(this.#draws, requestType(asked.method), asked.message);
    const [expected, actual] = await Promise.all(this.#systems.map((system) => system.ask(asked, bytes)));
    const kind = typeof expected === 'string' ? expected : `${asked.method}${branchOf(expected)}`;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      this.difference = { ...asked, count, bytes, expected, actual };
    return expected;
  }
}

function branchOf(answer: unknown): string {
  const { succeeded } = answer as Message;
  return succeeded === undefined ? '' : succeeded === true ? ' success' : ' failure';
}

export interface TxnOptions {
  readonly seed: number;
  /** How many txns; every third one is preceded by a range of everything. */
  readonly calls: number;
  /** Whether there are users. */
  readonly asksAuth: boolean;
}

/**
 * Runs the txns of a seed on two fresh systems of the same number of members, up to the first difference.
 * @throws Error when members of a system hold different things at the end
 */
export async function compareTxns(
  etcd: Servers,
  keelson: Servers,
  { seed, calls, asksAuth }: TxnOptions,
): Promise<ComparedTxns> {
  const systems = [new System(etcd), new System(keelson)] as const;
  const draws = new RandomDraws(seed);
  const txns = new RandomTxns(seed, [...leases, leaseThatIsNot], etcd.members.length === 1);
  const comparison = new Comparison(systems, draws);
  const users = asksAuth ? [root, root, ...Object.keys(permissions), ''] : [''];
  const admin = users[0]!;
  const all = { key: Buffer.of(0), range_end: Buffer.of(0) };
  let count = 0;
  try {
    for (const system of systems) await system.prepare(asksAuth);
    const member = (): number => draws.below(etcd.members.length);
    const look = async (): Promise<void> => {
      const asked: Asked = { member: member(), user: admin, method: 'Range', message: all };
      const answer = await comparison.ask(asked, count);
      if (typeof answer === 'string') throw new Error(`etcd does not tell what there is: ${answer}`);
      const said = answer as { kvs: Message[]; header: { revision: string } };
      txns.know(said.kvs, Number(said.header.revision));
    };
    for (; count < calls && comparison.difference === null; count++) {
      if (draws.chance(3)) await look(); // Who writes with care has looked before.
      if (draws.chance(50)) {
        const message = { revision: txns.compaction() };
        await comparison.ask({ member: member(), user: admin, method: 'Compact', message }, count);
      }
      const user = draws.one(users);
      const message = txns.next(user === admin);
      await comparison.ask({ member: member(), user, method: 'Txn', message }, count);
    }
    if (comparison.difference === null) await checkMembers(systems, etcd.members.length, look);
    return { calls: count, difference: comparison.difference, kinds: comparison.kinds };
  } finally {
    for (const system of systems) system.close();
  }
}

/** Every member of both systems holds the same. */
async function checkMembers(
  systems: readonly [System, System],
  count: number,
  look: () => Promise<void>,
): Promise<void> {
  for (let at = 0; at < 2 * count; at++) await look(); // Members have applied what there is when they have answered.
  const hashes: unknown[] = [];
  for (const system of systems) {
    for (let member = 0; member < count; member++) hashes.push(JSON.stringify(await system.hash(member)));
  }
  if (new Set(hashes).size > 1) throw new Error(`members hold different things: ${hashes.join(' ')}`);
}
