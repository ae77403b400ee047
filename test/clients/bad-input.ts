/**
 * Requests that nobody should make, for every method and every path: empty ones, every field with what it must not hold,
 * bytes that are no message, requests that are too large, callers that may not. What a server answers is put into a line of
 * text, so that the answers of etcd can be kept and Keelson be held to them.
 *
 * The probes depend on each other's effects, so they are sent one after the other to a fresh member.
 */

import { join } from 'node:path';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { gatewayMethods } from '../../src/http/gateway-paths.ts';

export interface Probe {
  readonly name: string;
  readonly send: (server: Server) => Promise<string>;
}

/** Methods that would end the session, or whose answers depend on the time or on chance. */
const left: ReadonlySet<string> = new Set([
  'Maintenance/Snapshot',
  'Maintenance/Status',
  'Maintenance/HashKV',
  'KV/RangeStream',
]);

/** Requests that etcd 3.5 answers with the end of its process, and those that nobody answers, or not always alike. */
const unanswered: ReadonlySet<string> = new Set([
  'KV/Range {"key":"a","sort_target":99,"sort_order":1}',
  'Maintenance/Alarm {"action":99}',
  'Watch/Watch {}',
  'Watch/Watch {"cancel_request":{}}',
  'Watch/Watch {"progress_request":{}}',
  'Election/Campaign {}',
  'Election/Campaign {"name":"x"}',
  'Election/Campaign {"value":"x"}',
  // These leases would end soon, and what is asked of them later would depend on the time.
  'Lease/LeaseGrant {"ID":"-1"}',
  'Lease/LeaseGrant {"ID":"9223372036854775807"}',
  'Lease/LeaseGrant {"ID":"-9223372036854775808"}',
]);

export const protoRoot: protobuf.Root = new protobuf.Root();
const root = protoRoot;
root.resolvePath = (_origin, target) => join(import.meta.dirname, '../../proto', target);
for (const file of ['etcdserverpb/rpc.proto', 'v3lockpb/lock.proto', 'v3electionpb/election.proto'])
  root.loadSync(file, { keepCase: true });

const services = ['KV', 'Watch', 'Lease', 'Cluster', 'Maintenance', 'Auth'].map(
  (name) => `etcdserverpb.${name}`,
);
services.push('v3lockpb.Lock', 'v3electionpb.Election');

const patienceMs = 60_000;
/** What is wrong with bytes that are no message is said in words of the library that reads them. */
function plain(refusal: string): string {
  return refusal.replace(/(unmarshalling request|unmarshal the received message): .*/s, '$1');
}

const identity = (bytes: Buffer): Buffer => bytes;

export class Server implements Disposable {
  readonly #client: Client;
  readonly #url: string;
  /** Of a user who may do nothing. */
  token = '';

  constructor(url: string) {
    this.#url = url;
    this.#client = new Client(new URL(url).host, credentials.createInsecure());
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** The first answer, or how the call ended. */
  call(path: string, body: Buffer, token?: string): Promise<Buffer | string> {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('token', token);
    return new Promise((resolve) => {
      const options = { deadline: Date.now() + patienceMs };
      const stream = this.#client.makeBidiStreamRequest(path, identity, identity, metadata, options);
      stream.on('data', (answer: Buffer) => {
        resolve(answer);
        stream.cancel();
      });
      stream.on('error', () => {});
      stream.on('status', ({ code, details }: StatusObject) =>
        resolve(code === 0 ? 'nothing' : plain(`${code} ${details}`)),
      );
      stream.end(body);
    });
  }

  async ask(method: string, path: string, body: string | undefined): Promise<string> {
    const answer = await fetch(`${this.#url}${path}`, { method, ...(body === undefined ? {} : { body }) });
    return `${answer.status} ${await textOf(answer)}`;
  }
}

/** What is said besides the status: code and text of a refusal, without words about JSON that are those of a parser. */
async function textOf(answer: Response): Promise<string> {
  const text = (await answer.text()).trim();
  if (answer.ok) return '';
  if (!text.startsWith('{')) return text;
  const { code, message } = JSON.parse(text) as { code?: number; message?: string };
  const isAboutJson = code === 3 && !/^(etcdserver|election): /.test(message ?? '');
  return isAboutJson ? `${code} about JSON` : `${code} ${message}`;
}

// Messages

type Fields = Record<string, unknown>;

function encoded(type: protobuf.Type, fields: Fields): Buffer {
  return Buffer.from(type.encode(type.fromObject(fields)).finish());
}

/** What a field of a type must not hold, or holds at its ends. */
function extremes(field: protobuf.Field): readonly unknown[] {
  const type = field.resolve().resolvedType;
  if (type instanceof protobuf.Enum) return [99];
  if (type instanceof protobuf.Type) return [{}];
  switch (field.type) {
    case 'int64':
      return ['-1', '9223372036854775807', '-9223372036854775808'];
    case 'uint64':
      return ['1', '18446744073709551615'];
    case 'bool':
      return [true];
    case 'bytes':
      return [Buffer.from('x')];
    default:
      return ['nonsense'];
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_name, item) =>
    item?.type === 'Buffer' ? Buffer.from(item.data).toString() : item,
  );
}

/** Beyond what is made by itself: messages within messages. */
const special: Readonly<Record<string, readonly Fields[]>> = {
  'KV/Txn': [
    { compare: [{}] },
    { success: [{}] },
    { success: [{ request_put: {} }] },
    { success: [{ request_range: {} }] },
    { failure: [{ request_delete_range: {} }] },
    { failure: [{ request_txn: { success: [{ request_put: {} }] } }] },
    { compare: [{ key: Buffer.from('a'), target: 99 }] },
    { compare: [{ key: Buffer.from('a'), result: 99 }] },
    { success: [{ request_range: { key: Buffer.from('a'), sort_order: 99 } }] },
    { success: [{ request_range: { key: Buffer.from('a'), revision: 99 } }] },
    { success: [{ request_put: { key: Buffer.from('a'), lease: 99 } }] },
    { success: [{ request_put: { key: Buffer.from('a') } }, { request_put: { key: Buffer.from('a') } }] },
    { success: Array.from({ length: 129 }, () => ({ request_range: { key: Buffer.from('a') } })) },
    { compare: Array.from({ length: 129 }, () => ({ key: Buffer.from('a') })) },
  ],
  'KV/Put': [
    { key: Buffer.from('a'), lease: -1 },
    { key: Buffer.from('none'), ignore_value: true },
    { key: Buffer.from('none'), ignore_lease: true },
    { key: Buffer.from('a'), value: Buffer.from('x'), ignore_value: true },
    { key: Buffer.from('a'), lease: 5, ignore_lease: true },
    { key: Buffer.from('a'), value: Buffer.alloc(1_572_900, 'v') },
    { key: Buffer.alloc(1_572_900, 'v') },
    { key: Buffer.from('a'), value: Buffer.alloc(4_000_000, 'v') },
  ],
  'KV/Range': [
    { key: Buffer.from('a'), sort_order: 99 },
    { key: Buffer.from('a'), sort_target: 99, sort_order: 1 },
    { key: Buffer.from('a'), revision: 1_000_000 },
    { key: Buffer.from('a'), limit: -1, range_end: Buffer.of(0) },
    { key: Buffer.from('b'), range_end: Buffer.from('a') },
  ],
  'KV/DeleteRange': [{ key: Buffer.from('b'), range_end: Buffer.from('a') }],
  'KV/Compact': [{ revision: 1_000_000 }, { revision: 0 }],
  'Lease/LeaseGrant': [
    { ID: 5, TTL: 1000 },
    { ID: 5, TTL: 1000 },
    { TTL: '9000000001', ID: 6 },
    { TTL: 0, ID: 7 },
    { TTL: 1000, ID: '-1' },
    { TTL: 1000, ID: '9223372036854775807' },
    { TTL: 1000, ID: '-9223372036854775808' },
  ],
  'Watch/Watch': [
    { create_request: { key: Buffer.from('a'), start_revision: -1 } },
    { create_request: { key: Buffer.from('a'), watch_id: -7 } },
    { create_request: { key: Buffer.from('a'), filters: [99] } },
    { create_request: { key: Buffer.from('b'), range_end: Buffer.from('a') } },
    { create_request: { key: Buffer.from('a'), start_revision: 1 } },
  ],
  'Cluster/MemberAdd': [
    { peerURLs: ['http://127.0.0.1'] },
    { peerURLs: ['127.0.0.1:2380'] },
    { peerURLs: ['http://127.0.0.1:1/path'] },
    { peerURLs: ['ftp://127.0.0.1:1'] },
    { peerURLs: ['http://127.0.0.1:x'] },
    { peerURLs: [''] },
  ],
  'Cluster/MemberUpdate': [
    { ID: 12, peerURLs: ['http://127.0.0.1:1'] },
    { ID: 12, peerURLs: ['nonsense'] },
  ],
  'Auth/UserAdd': [
    { name: 'user', password: '' },
    { name: 'user', password: 'x' },
    { name: '', password: 'x' },
    { name: 'long', password: 'v'.repeat(73) },
  ],
  'Auth/RoleGrantPermission': [
    { name: 'none', perm: { key: Buffer.from('a') } },
    { name: 'none', perm: { key: Buffer.from('b'), range_end: Buffer.from('a') } },
    { name: 'none', perm: { permType: 99, key: Buffer.from('a') } },
  ],
  'Auth/UserGrantRole': [
    { user: 'user', role: 'none' },
    { user: 'none', role: 'root' },
  ],
  'Lock/Lock': [{ name: Buffer.from('a'), lease: 99 }],
  'Election/Campaign': [{ name: Buffer.from('a'), lease: 99 }],
};

/** What is no message, or one that nobody would write. */
const malformed: readonly (readonly [name: string, hex: string])[] = [
  ['a field without its value', '0a'],
  ['a length beyond the end', '0aff01'],
  ['a length without end', '0affffffffffffffffffff01'],
  ['a tag of eleven bytes', 'ffffffffffffffffffffff01'],
  ['a field of number 0', '0200'],
  ['an end of a group', '0c'],
  ['a wire type that there is not', '0f'],
];

function methodProbes(service: protobuf.Service, method: protobuf.Method): Probe[] {
  const short = `${service.name}/${method.name}`;
  const path = `/${service.fullName.slice(1)}/${method.name}`;
  const { resolvedRequestType, resolvedResponseType } = method.resolve() as protobuf.Method;
  const type = resolvedRequestType!;
  const answers = resolvedResponseType!;
  const probe = (name: string, body: Buffer): Probe => ({
    name: `${short} ${name}`,
    send: async (server) => told(answers, await server.call(path, body)),
  });
  const probes = [probe('{}', Buffer.alloc(0))];
  for (const field of type.fieldsArray) {
    for (const value of extremes(field)) {
      const fields = { [field.name]: field.repeated ? [value] : value };
      probes.push(probe(shown(fields), encoded(type, fields)));
    }
  }
  for (const fields of special[short] ?? []) {
    const text = shown(fields);
    const name = text.length < 120 ? text : `${text.slice(0, 80)}… (${encoded(type, fields).length} bytes)`;
    probes.push(probe(name, encoded(type, fields)));
  }
  for (const [name, hex] of type.fieldsArray.length === 0 ? malformed.slice(0, 2) : malformed)
    probes.push(probe(name, Buffer.from(hex, 'hex')));
  return probes.filter(({ name }) => !unanswered.has(name));
}

/** Fields of an answer that say what is wrong in it. */
function told(type: protobuf.Type, answer: Buffer | string): string {
  if (typeof answer === 'string') return answer;
  const said = type.toObject(type.decode(answer), { longs: String }) as Fields;
  const parts = [
    'canceled',
    'cancel_reason',
    'compact_revision',
    'created',
    'error',
    'TTL',
    'succeeded',
    'count',
  ];
  return ['ok', ...parts.flatMap((part) => (part in said ? [`${part}=${said[part]}`] : []))].join(' ');
}

/** With auth on: who may not, and whose token is bad. */
function callerProbes(service: protobuf.Service, method: protobuf.Method): Probe[] {
  const short = `${service.name}/${method.name}`;
  const path = `/${service.fullName.slice(1)}/${method.name}`;
  const { resolvedRequestType, resolvedResponseType } = method.resolve() as protobuf.Method;
  const answers = resolvedResponseType!;
  const body = encoded(resolvedRequestType!, permitted[short] ?? {});
  const probe = (who: string, token: (server: Server) => string | undefined): Probe => ({
    name: `${short} by ${who}`,
    send: async (server) => told(answers, await server.call(path, body, token(server))),
  });
  return [
    probe('nobody', () => undefined),
    probe('a bad token', () => 'nonsense'),
    probe('who may do nothing', ({ token }) => token),
  ];
}

const key = Buffer.from('a');
/** Requests that would be fine but for who makes them. */
const permitted: Readonly<Record<string, Fields>> = {
  'KV/Range': { key },
  'KV/Put': { key },
  'KV/DeleteRange': { key },
  'KV/Txn': { success: [{ request_put: { key } }] },
  'Watch/Watch': { create_request: { key } },
  'Lease/LeaseGrant': { ID: 77, TTL: 1000 },
  'Lease/LeaseRevoke': { ID: 12 },
  'Lease/LeaseTimeToLive': { ID: 12 },
  'Lease/LeaseKeepAlive': { ID: 12 },
  'Cluster/MemberRemove': { ID: 12 },
  'Cluster/MemberAdd': { peerURLs: ['http://127.0.0.1:1'] },
  'Auth/UserGet': { name: 'poor' },
  'Auth/RoleGet': { role: 'root' },
  'Lock/Lock': { name: key },
  'Election/Leader': { name: key },
};

/** Bodies for each path of the gateway. */
const bodies: readonly string[] = ['', '{', '[1]', '5', '"x"', 'null', '{"nothing":1}'];

function pathProbes(path: string, requestType: string): Probe[] {
  const type = root.lookupType(requestType);
  const probe = (method: string, body?: string): Probe => ({
    name: `${method} ${path}${body === undefined ? '' : ` ${body}`}`,
    send: (server) => server.ask(method, path, body),
  });
  const probes = [probe('GET'), probe('PUT', '{}'), ...bodies.map((body) => probe('POST', body))];
  for (const field of type.fieldsArray) {
    const isEnum = field.resolve().resolvedType instanceof protobuf.Enum;
    for (const value of isEnum ? [{}, 1.5] : [{ x: 1 }, 'not this', 1.5, [[]]])
      probes.push(probe('POST', JSON.stringify({ [field.name]: value })));
  }
  return probes;
}

const plainPaths = ['/health', '/version', '/metrics', '/nothing', '/v3/nothing', '/v2/keys', '/'];

function isServed(service: protobuf.Service, method: protobuf.Method): boolean {
  return !left.has(`${service.name}/${method.name}`);
}

function allMethods(): readonly (readonly [protobuf.Service, protobuf.Method])[] {
  return services.flatMap((name) => {
    const service = root.lookupService(name);
    return service.methodsArray
      .filter((method) => isServed(service, method))
      .map((method) => [service, method] as const);
  });
}

/** Everything that is asked while auth is off, in order. */
export function openProbes(): readonly Probe[] {
  const probes = allMethods().flatMap(([service, method]) => methodProbes(service, method));
  // Of these the answers come later, or depend on the time.
  const others = new Set([
    ...['/v3/lock/lock', '/v3/election/campaign', '/v3/maintenance/hashkv'],
    ...['/v3/watch', '/v3/election/observe', '/v3/maintenance/snapshot', '/v3/lease/keepalive'],
  ]);
  for (const [path, { requestType }] of gatewayMethods) {
    const isLeft = others.has(path) || path.startsWith('/v3/auth') || path === '/v3/maintenance/status';
    if (!isLeft) probes.push(...pathProbes(path, requestType));
  }
  for (const path of plainPaths) {
    for (const method of ['GET', 'POST', 'DELETE'])
      probes.push({ name: `${method} ${path}`, send: (server) => server.ask(method, path, undefined) });
  }
  return probes;
}

/** Everything that is asked while auth is on; `enableAuth` comes before. */
export function guardedProbes(): readonly Probe[] {
  return allMethods().flatMap(([service, method]) => callerProbes(service, method));
}

/** Makes root and a user without any role, and switches auth on. */
export async function enableAuth(server: Server): Promise<void> {
  const call = async (method: string, fields: Fields): Promise<Fields> => {
    const [, name] = method.split('/') as [string, string];
    const { resolvedRequestType: type, resolvedResponseType: answers } = root
      .lookupService('etcdserverpb.Auth')
      .methods[name]!.resolve() as protobuf.Method;
    const answer = await server.call(`/etcdserverpb.Auth/${name}`, encoded(type!, fields));
    if (typeof answer === 'string') throw new Error(`${method}: ${answer}`);
    return answers!.toObject(answers!.decode(answer)) as Fields;
  };
  await call('Auth/UserAdd', { name: 'root', password: 'p' });
  await call('Auth/UserAdd', { name: 'poor', password: 'p' });
  await call('Auth/RoleAdd', { name: 'root' });
  await call('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await call('Auth/AuthEnable', {});
  const { token } = await call('Auth/Authenticate', { name: 'poor', password: 'p' });
  server.token = token as string;
}
