/**
 * A whole etcd inside of a test, a tool or a service: one member in memory, on a port that is free. Any client of etcd
 * can use it while it runs; nothing is left when it closes.
 *
 *     node --import tsx examples/member-in-memory.ts
 */

import { startMember } from 'keelson';
import { connect } from './grpc-from-proto.ts';

await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
const [url] = member.clientUrls;
console.log(`serving etcd v3 at ${url}`);

using kv = connect('etcdserverpb.KV', url!);
await kv.call('Put', { key: Buffer.from('greeting'), value: Buffer.from('hello') });
await kv.call('Put', { key: Buffer.from('greeting'), value: Buffer.from('hello again') });

interface Answer {
  readonly header: { readonly revision: string };
  readonly kvs: readonly { readonly value: Buffer }[];
}

const now = (await kv.call('Range', { key: Buffer.from('greeting') })) as unknown as Answer;
console.log(`revision ${now.header.revision}: ${now.kvs[0]!.value}`);

// History is kept until it is compacted.
const before = (await kv.call('Range', { key: Buffer.from('greeting'), revision: 2 })) as unknown as Answer;
console.log(`revision 2: ${before.kvs[0]!.value}`);
