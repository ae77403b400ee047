/** Puts and txns are answered without a function per call: with the same outcome as any other unary call, and counted the same. */

import t from 'tap';
import { etcdMethods } from '../../src/etcd/services.ts';
import {
  type CallObserver,
  type DirectCall,
  numbered,
  type RpcMethod,
  type RpcStatus,
  type UnaryResponse,
  wholeOf,
} from '../../src/rpc/transport.ts';
import { Failure } from '../../src/util/failure.ts';
import { Metrics } from '../../src/util/metrics.ts';
import { encodePutRequest, encodeTxnRequest } from '../../src/wire/kv-codec.ts';
import { CompareTarget } from '../../src/wire/messages.ts';
import { compare, del, delOp, put, putOp, range, rangeOp, txn } from '../mvcc/requests.ts';
import { until } from '../waiting.ts';
import { FakeMember } from './fake-member.ts';

type Outcome = readonly [RpcStatus | null, Uint8Array | null];

/** A call as our own transport makes it, without a transport. */
class FakeCall implements DirectCall {
  readonly peer = 'test';
  readonly commonName = '';
  readonly shared: { note: unknown } = { note: null };
  observer: CallObserver | null = null;
  beganAt = 0;
  outcome: Outcome | null = null;
  readonly path: string;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(path: string, metadata: Readonly<Record<string, string>>) {
    this.path = path;
    this.#metadata = metadata;
  }

  metadata(key: string): string | undefined {
    return this.#metadata[key];
  }

  onCancel(): void {}

  reply(status: RpcStatus | null, response: UnaryResponse | null): void {
    this.outcome ??= [status, response === null ? null : wholeOf(response)];
    this.observer?.replied(status, response === null ? -1 : response.length, this.beganAt);
    this.observer = null;
  }

  replyNumbered(head: Uint8Array, number: number, tail: Uint8Array): void {
    this.reply(null, numbered(head, number, tail));
  }
}

interface Situation {
  /** @default 'Put' */
  readonly method?: 'Txn';
  readonly title: string;
  readonly request: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly prepare?: (member: FakeMember) => void;
}

const good = encodePutRequest(put('key', 'value'));
const isNew = [compare('key', { target: CompareTarget.Mod })];
const aPut = putOp(put('key', 'w'));
const guarded = encodeTxnRequest(txn([aPut], [rangeOp(range('key'))], isNew));
const situations: readonly Situation[] = [
  { title: 'a put', request: good },
  {
    title: 'a put that asks for the former pair',
    request: encodePutRequest(put('key', 'v', { prevKv: true })),
  },
  { title: 'no key', request: encodePutRequest(put('', 'value')) },
  { title: 'no message', request: Buffer.from([0x0a, 0x7f]) },
  { title: 'a learner', request: good, prepare: (member) => Object.assign(member, { isLearner: true }) },
  { title: 'a version that is no text', request: good, metadata: { 'client-api-version': '3\xff' } },
  {
    title: 'no room',
    request: good,
    prepare: (member) => Object.assign(member, { refusal: new Failure('noSpace') }),
  },
  {
    title: 'no state',
    request: good,
    prepare: (member) => Object.assign(member, { isRebuilding: true }),
  },
  { method: 'Txn', title: 'a txn whose guard fails', request: guarded },
  {
    method: 'Txn',
    title: 'a txn that deletes',
    request: encodeTxnRequest(txn([delOp(del('key', '', true))])),
  },
  { method: 'Txn', title: 'a txn that reads', request: encodeTxnRequest(txn([rangeOp(range('key'))])) },
  {
    method: 'Txn',
    title: 'a txn that reads what this member has',
    request: encodeTxnRequest(txn([rangeOp(range('key', { serializable: true }))])),
  },
  {
    method: 'Txn',
    title: 'a txn that reads the future',
    request: encodeTxnRequest(txn([rangeOp(range('key', { revision: 99 }))])),
  },
  { method: 'Txn', title: 'a txn that puts a key twice', request: encodeTxnRequest(txn([aPut, aPut])) },
  { method: 'Txn', title: 'a txn without a key', request: encodeTxnRequest(txn([putOp(put('', 'v'))])) },
  { method: 'Txn', title: 'no txn', request: Buffer.from([0x0a, 0x7f]) },
  {
    method: 'Txn',
    title: 'no room for a txn',
    request: guarded,
    prepare: (member) => Object.assign(member, { refusal: new Failure('noSpace') }),
  },
];

function pathOf(name: 'Put' | 'Txn'): string {
  return `/etcdserverpb.KV/${name}`;
}

function methodOf(
  name: 'Put' | 'Txn',
  member: FakeMember,
  metrics: Metrics,
): Extract<RpcMethod, { kind: 'unary' }> {
  const method = etcdMethods(member, { metrics }).get(pathOf(name))!;
  if (method.kind !== 'unary') throw new Error(`${name} is unary`);
  return method;
}

/** The lines of `/metrics` that have to do with calls, but for how long they took. */
function counted(metrics: Metrics): string[] {
  const text = metrics.text();
  return text
    .split('\n')
    .filter((line) => /^(grpc_server|etcd_network|etcd_server_client)/.test(line) && !/ 0$/.test(line));
}

for (const { method: name = 'Put', title, request, metadata = {}, prepare = () => {} } of situations) {
  t.test(`the outcome is the same either way: ${title}`, async (t) => {
    const outcomes: Outcome[] = [];
    const figures: string[][] = [];
    for (const way of ['handle', 'direct'] as const) {
      const member = await FakeMember.open();
      const metrics = new Metrics();
      const method = methodOf(name, member, metrics);
      const first = name === 'Put' ? good : guarded;
      const ask = async (bytes: Uint8Array): Promise<Outcome> => {
        const call = new FakeCall(pathOf(name), metadata);
        if (way === 'handle') method.handle(bytes, call, (status, response) => call.reply(status, response));
        else method.direct!(bytes, call);
        await until('it is answered', () => call.outcome !== null);
        return call.outcome!;
      };
      await ask(first);
      prepare(member);
      outcomes.push(await ask(request));
      figures.push(counted(metrics));
    }
    t.same(outcomes[1], outcomes[0]);
    t.same(figures[1], figures[0]);
    t.ok(figures[0]!.length > 3);
  });
}

t.test('a client is known by its metadata, to the member that has heard it', async (t) => {
  const member = await FakeMember.open();
  const metrics = [new Metrics(), new Metrics()];
  const methods = metrics.map((one) => methodOf('Put', member, one));
  const call = new FakeCall(pathOf('Put'), { 'client-api-version': '3.6' });
  for (const method of [methods[0]!, methods[0]!, methods[1]!]) {
    call.outcome = null;
    method.direct!(good, call);
    await until('it is answered', () => call.outcome !== null);
  }
  const counts = metrics.map((one) => /client_api_version="3.6".* (\d+)/.exec(one.text())?.[1]);
  t.same(counts, ['2', '1']);
});
