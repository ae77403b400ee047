/** Limits that clients meet, at their edges: the last that is taken, and the first that is not. */

import t from 'tap';
import { connect, type Message } from '../../examples/grpc-from-proto.ts';
import { maxPasswordBytes } from '../../src/auth/passwords.ts';
import { startMember } from '../../src/index.ts';
import { maxTtlSeconds } from '../../src/lease/limits.ts';

t.setTimeout(600_000); // The machine may be busy.

const maxRequestBytes = 20_000;
/** What a message may be longer than a request, as in etcd. */
const overheadBytes = 512 * 1024;
const key = Buffer.from('a');

interface Edge {
  readonly limit: string;
  readonly method: string;
  readonly last: Message;
  readonly first: Message;
  readonly refusal: string;
}

const ranges = (count: number): Message[] =>
  Array.from({ length: count }, () => ({ request_range: { key } }));
const compares = (count: number): Message[] => Array.from({ length: count }, () => ({ key }));
const put = (bytes: number): Message => ({ key, value: Buffer.alloc(bytes, 'x') });
/** Of a put of `key` with a value beyond 16 KiB: tags, lengths and the key. */
const putBytes = 3 + 4;

const edges: readonly Edge[] = [
  {
    limit: '--max-txn-ops, of the operations',
    method: 'KV/Txn',
    last: { success: ranges(128), failure: ranges(128) },
    first: { success: ranges(128), failure: ranges(129) },
    refusal: '3 etcdserver: too many operations in txn request',
  },
  {
    limit: '--max-txn-ops, of the comparisons',
    method: 'KV/Txn',
    last: { compare: compares(128) },
    first: { compare: compares(129) },
    refusal: '3 etcdserver: too many operations in txn request',
  },
  {
    limit: '--max-txn-ops, of a txn within another',
    method: 'KV/Txn',
    // The outer one takes a place.
    last: { success: [{ request_txn: { success: ranges(127) } }] },
    first: { success: [{ request_txn: { success: ranges(128) } }] },
    refusal: '3 etcdserver: too many operations in txn request',
  },
  {
    limit: 'the longest lease', // maxTtlSeconds of lease/limits
    method: 'Lease/LeaseGrant',
    last: { ID: 1, TTL: maxTtlSeconds },
    first: { ID: 2, TTL: maxTtlSeconds + 1 },
    refusal: '11 etcdserver: too large lease TTL',
  },
  {
    limit: '--max-request-bytes',
    method: 'KV/Put',
    // What stands around a request in the log has some bytes, too.
    last: put(maxRequestBytes - 100),
    first: put(maxRequestBytes - putBytes + 1),
    refusal: '3 etcdserver: request is too large',
  },
  {
    limit: 'bytes of a key',
    method: 'KV/Put',
    last: { key: Buffer.alloc(maxRequestBytes - 100, 'k') },
    first: { key: Buffer.alloc(maxRequestBytes, 'k') },
    refusal: '3 etcdserver: request is too large',
  },
  {
    limit: 'newest revision',
    method: 'KV/Range',
    last: { key, revision: 1 },
    first: { key, revision: 1000 },
    refusal: '11 etcdserver: mvcc: required revision is a future revision',
  },
];

t.test('what clients may ask ends where it is said to end', async (t) => {
  const member = await startMember({
    ...{ memory: true, bcryptCost: 4, maxRequestBytes },
    listenClientUrls: ['http://127.0.0.1:0'],
  });
  t.teardown(() => member.close());
  const [url] = member.clientUrls;
  const ask = async (method: string, message: Message): Promise<string> => {
    const [service, name] = method.split('/') as [string, string];
    using client = connect(`etcdserverpb.${service}`, url!);
    try {
      await client.call(name, message);
      return 'ok';
    } catch (error) {
      const { code, details } = error as { code: number; details: string };
      return `${code} ${details}`;
    }
  };
  for (const { limit, method, last, first, refusal } of edges) {
    t.equal(await ask(method, last), 'ok', `${limit}: the last`);
    t.equal(await ask(method, first), refusal, `${limit}: the first beyond`);
  }
  // A message that is longer than any request is not read at all.
  const most = maxRequestBytes + overheadBytes;
  const head = 3 + 4;
  t.equal(await ask('KV/Put', put(most - head)), '3 etcdserver: request is too large');
  t.equal(
    await ask('KV/Put', put(most - head + 1)),
    `8 grpc: received message larger than max (${most + 1} vs. ${most})`,
  );
  t.equal(await ask('Auth/UserAdd', { name: 'a', password: 'x'.repeat(maxPasswordBytes) }), 'ok');
  t.not(await ask('Auth/UserAdd', { name: 'b', password: 'x'.repeat(maxPasswordBytes + 1) }), 'ok');
});
