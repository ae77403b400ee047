/**
 * etcd's API, spoken plainly: a range, a transaction and a watch, with a client made from `proto/`.
 *
 *     node --import tsx examples/plain-grpc-client.ts                          # a member of its own, in memory
 *     node --import tsx examples/plain-grpc-client.ts http://127.0.0.1:2379    # any Keelson, any etcd
 */

import { startMember } from 'keelson';
import { connect } from './grpc-from-proto.ts';

interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly version: string;
}

interface WatchResponse {
  readonly events: readonly { readonly type: string; readonly kv: KeyValue }[];
}

async function session(url: string): Promise<void> {
  using kv = connect('etcdserverpb.KV', url);
  using watch = connect('etcdserverpb.Watch', url);

  // Keys are bytes. All that begin with "fruit/" lie from it up to "fruit0", for 0 follows / in ASCII.
  const fruit = { key: Buffer.from('fruit/'), range_end: Buffer.from('fruit0') };
  await kv.call('DeleteRange', fruit);

  const watching = watch.stream('Watch');
  watching.on('error', () => {}); // How a stream says that it was cancelled.
  watching.write({ create_request: fruit });
  const watched = watching[Symbol.asyncIterator]() as AsyncIterator<WatchResponse>;
  await watched.next(); // The first response says that the watcher is there.

  await kv.call('Put', { key: Buffer.from('fruit/apple'), value: Buffer.from('red') });
  await kv.call('Put', { key: Buffer.from('fruit/pear'), value: Buffer.from('green') });
  await kv.call('Put', { key: Buffer.from('fruit/apple'), value: Buffer.from('yellow') });

  const { kvs, count } = (await kv.call('Range', fruit)) as { kvs: KeyValue[]; count: string };
  console.log(`${count} keys`);
  for (const { key, value, version } of kvs) console.log(`${key} = ${value}, version ${version}`);

  const { succeeded } = await kv.call('Txn', {
    compare: [{ key: Buffer.from('fruit/pear'), target: 'VERSION', result: 'EQUAL', version: 7 }],
    success: [{ request_delete_range: { key: Buffer.from('fruit/pear') } }],
  });
  console.log(`delete the pear if it is at version 7: ${succeeded ? 'done' : 'it is not'}`);

  for (let seen = 0; seen < 3; ) {
    const { events } = (await watched.next()).value;
    for (const { type, kv } of events) console.log(`watched: ${type} ${kv.key} = ${kv.value}`);
    seen += events.length;
  }
  watching.cancel();
}

const given = process.argv[2];
if (given === undefined) {
  await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  await session(member.clientUrls[0]!);
} else {
  await session(given);
}
