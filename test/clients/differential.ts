/**
 * Sends the same calls to etcd and to Keelson, one after the other, by gRPC or by the JSON gateway, and compares every
 * field of every answer that is no id and no time, code and text of refusals included.
 *
 * The etcd at hand may be older than the one that Keelson stands in for. What has changed between the two is named in
 * `older-etcd.ts`, each with a reason; anything else is a difference.
 */

import { type Client, connect, type Message } from '../../examples/grpc-from-proto.ts';
import type { Servers } from './harness.ts';
import { olderEtcd } from './older-etcd.ts';
import { type Call, nobody, passwords, RandomCalls, stranger } from './random-calls.ts';

export type Transport = 'grpc' | 'gateway';

/** Fields that two clusters with the same history need not have in common. */
const ids = new Set(['cluster_id', 'member_id', 'raft_term', 'memberID', 'token']);
/** Fields of members that differ with their ports. */
const places = new Set(['ID', 'peerURLs', 'clientURLs']);

/** What an answer says that is the same for two clusters with the same history. */
export function comparable(answer: unknown, without: ReadonlySet<string> = ids): unknown {
  if (Buffer.isBuffer(answer)) return answer.toString('utf8');
  if (Array.isArray(answer)) return answer.map((item) => comparable(item, without));
  if (answer === null || typeof answer !== 'object') return answer;
  const kept = Object.entries(answer).filter(([name]) => !without.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, comparable(value, without)]));
}

/** One system, as its clients see it. */
class Asked {
  readonly #url: string;
  readonly #transport: Transport;
  readonly #clients = new Map<string, Client>();
  readonly #tokens = new Map<string, string>();

  constructor(servers: Servers, transport: Transport) {
    this.#url = servers.members[0]!.clientUrl;
    this.#transport = transport;
  }

  hasToken(user: string): boolean {
    return this.#tokens.has(user);
  }

  forget(user: string): void {
    this.#tokens.delete(user);
  }

  close(): void {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
  }

  /** The answer, or the refusal as text. */
  async ask(call: Call): Promise<unknown> {
    const token = call.user === stranger ? 'nonsense' : this.#tokens.get(call.user);
    const answer =
      this.#transport === 'grpc' ? await this.#byGrpc(call, token) : await this.#byGateway(call, token);
    const { token: newToken } = (typeof answer === 'string' ? {} : answer) as { token?: string };
    if (call.method === 'Authenticate' && newToken !== undefined)
      this.#tokens.set(String(call.message['name']), newToken);
    return settled(call, answer);
  }

  #client(service: string): Client {
    const client = this.#clients.get(service) ?? connect(`${packageOf(service)}.${service}`, this.#url);
    this.#clients.set(service, client);
    return client;
  }

  async #byGrpc({ service, method, message }: Call, token: string | undefined): Promise<unknown> {
    const headers: Record<string, string> = token === undefined ? {} : { token };
    try {
      const client = this.#client(service);
      if (method !== 'LeaseKeepAlive') return await client.call(method, message, headers);
      const stream = client.stream(method, headers);
      stream.end(message);
      let last: Message = {};
      for await (const answer of stream) last = answer as Message;
      return last;
    } catch (error) {
      const { code, details } = error as { code?: number; details?: string };
      if (code === undefined) throw error;
      return `code ${code}: ${details}`;
    }
  }

  async #byGateway({ service, method, message }: Call, token: string | undefined): Promise<unknown> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
    const body = JSON.stringify(asJson(message));
    const answer = await fetch(`${this.#url}/v3/${gatewayPath(service, method)}`, {
      method: 'POST',
      body,
      headers,
    });
    const text = await answer.text();
    if (!text.startsWith('{')) return `status ${answer.status}: ${text.trim()}`;
    const said = JSON.parse(text) as Message;
    if (answer.ok) return said;
    const refusal = typeof said['error'] === 'object' ? (said['error'] as Message) : said;
    return `code ${refusal['code'] ?? refusal['grpc_code']}: ${refusal['message'] ?? refusal['error']}`;
  }
}

function packageOf(service: string): string {
  return service === 'Lock' || service === 'Election' ? `v3${service.toLowerCase()}pb` : 'etcdserverpb';
}

/** Messages as JSON takes them: bytes in base64. */
function asJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asJson(item)]));
}

const otherPaths: Readonly<Record<string, string>> = {
  DeleteRange: 'kv/deleterange',
  Compact: 'kv/compaction',
  MoveLeader: 'maintenance/transfer-leadership',
  UserChangePassword: 'auth/user/changepw',
  UserGrantRole: 'auth/user/grant',
  UserRevokeRole: 'auth/user/revoke',
  RoleGrantPermission: 'auth/role/grant',
  RoleRevokePermission: 'auth/role/revoke',
};

function gatewayPath(service: string, method: string): string {
  const other = otherPaths[method];
  if (other !== undefined) return other;
  if (service === 'Lease') return `lease/${method.slice('Lease'.length).toLowerCase()}`;
  const words = method.replace(/^Auth(?!enticate)/, '').replace(/^(User|Role|Member)/, '$1/');
  return `${service === 'Cluster' ? 'cluster' : service.toLowerCase()}/${words.toLowerCase()}`;
}

/** An answer without what is not the same for two systems, and with what has no order in an order. */
function settled({ method, message }: Call, answer: unknown): unknown {
  if (typeof answer === 'string') return answer;
  if (method === 'Status')
    return { isLearner: (answer as Message)['isLearner'], errors: comparable((answer as Message)['errors']) };
  const said = comparable(
    answer,
    method.startsWith('Member') ? new Set([...ids, ...places]) : ids,
  ) as Message;
  if (method === 'LeaseTimeToLive') {
    const { TTL, keys = [] } = said as { TTL?: string; keys?: string[] };
    return { ...said, TTL: Number(TTL) > 500 ? 'most of it' : TTL, keys: [...keys].sort() };
  }
  if (method === 'LeaseLeases') {
    const { leases = [] } = said as { leases?: { ID: string }[] };
    return { ...said, leases: leases.map(({ ID }) => ID).sort() };
  }
  // etcd remembers hashes that it made at compactions, with the compaction before.
  if (method === 'HashKV' && message['revision'] !== 0) return { ...said, compact_revision: 'any' };
  if (method === 'MemberList') {
    const { members = [] } = said as { members?: { name: string }[] };
    return { ...said, members: members.map(({ name }) => name) };
  }
  if (method === 'Alarm') return { alarms: said['alarms'] ?? [], action: message['action'] };
  return said;
}

export interface Difference {
  readonly count: number;
  readonly call: Call;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface Compared {
  readonly calls: number;
  readonly differences: readonly Difference[];
  /** The kinds of answers and refusals that there were, each with how often. */
  readonly kinds: ReadonlyMap<string, number>;
  /** What was put down to the age of the etcd at hand, each with how often. */
  readonly older: ReadonlyMap<string, number>;
}

export interface DifferentialOptions {
  readonly seed: number;
  readonly calls: number;
  readonly transport: Transport;
  readonly asksAuth: boolean;
  /** Stops after so many. */
  readonly maxDifferences: number;
  /** The release of the etcd. */
  readonly version: string;
}

/** What older releases let others do: left out when root could not log in. */
const forRootHere = new Set(['LeaseGrant', 'LeaseRevoke', 'Compact']);

/** Runs the calls of a seed on two fresh systems. */
export async function compareSystems(
  etcd: Servers,
  keelson: Servers,
  options: DifferentialOptions,
): Promise<Compared> {
  const calls = new RandomCalls(options.seed, options.asksAuth);
  const both = [new Asked(etcd, options.transport), new Asked(keelson, options.transport)] as const;
  const differences: Difference[] = [];
  const kinds = new Map<string, number>();
  const older = new Map<string, number>();
  const tally = (map: Map<string, number>, name: string): unknown => map.set(name, (map.get(name) ?? 0) + 1);
  const context = { authOn: false, compacted: false };
  const { transport, version } = options;

  const one = async (call: Call, count: number): Promise<void> => {
    const [expected, actual] = await Promise.all(both.map((asked) => asked.ask(call)));
    tally(kinds, typeof expected === 'string' ? expected : `${call.service}/${call.method}`);
    const { header } = (typeof expected === 'string' ? {} : expected) as { header?: { revision?: string } };
    calls.revision = Number(header?.revision ?? 0);
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      const reason = olderEtcd(call, expected, actual, { ...context, transport, version });
      if (reason === null) differences.push({ count, call, expected, actual });
      else tally(older, reason);
    }
    if (typeof actual === 'string') {
      if (actual.includes('invalid auth token')) for (const asked of both) asked.forget(call.user);
      return;
    }
    if (call.method === 'Alarm' && call.message['action'] !== 0)
      calls.hasAlarm = call.message['action'] === 1;
    if (call.method === 'AuthEnable') context.authOn = true;
    if (call.method === 'AuthDisable') context.authOn = false;
    if (call.method === 'Compact') context.compacted = true;
    calls.isAuthOn = context.authOn;
  };

  const logIn = async (user: string, count: number): Promise<void> => {
    for (const password of passwords) {
      if (both.every((asked) => asked.hasToken(user))) return;
      await one(
        { service: 'Auth', method: 'Authenticate', message: { name: user, password }, user: nobody },
        count,
      );
    }
  };

  let count = 0;
  try {
    for (; count < options.calls && differences.length < options.maxDifferences; count++) {
      const call = calls.next();
      if (calls.isAuthOn && call.user !== nobody && call.user !== stranger) await logIn(call.user, count);
      const mayDo = !calls.isAuthOn || both.every((asked) => asked.hasToken(call.user));
      if (mayDo || !forRootHere.has(call.method)) await one(call, count);
    }
  } finally {
    for (const asked of both) asked.close();
  }
  return { calls: count, differences, kinds, older };
}

/** A call or an answer, as a line. */
export function shown(message: unknown): string {
  return JSON.stringify(comparable(message));
}
