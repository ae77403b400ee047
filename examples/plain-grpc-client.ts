/**
 * No library of ours: a client made from the files in `proto/`, as any language with gRPC could make one.
 *
 *     node --import tsx examples/plain-grpc-client.ts                   # against a member of its own, in memory
 *     node --import tsx examples/plain-grpc-client.ts 127.0.0.1:2379    # against any Keelson, or any etcd
 */

import { join } from 'node:path';
import {
  type ClientDuplexStream,
  credentials,
  type MethodDefinition,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import { startMember } from 'keelson';
import protobuf from 'protobufjs';

type Message = Record<string, unknown>;
type Call = (
  request: Message,
  options: { deadline: number },
  done: (error: Error | null, answer: Message) => void,
) => void;
type OpenStream = () => ClientDuplexStream<Message, Message>;

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(import.meta.dirname, '../proto', target);
root.loadSync('etcdserverpb/rpc.proto', { keepCase: true });

/** How messages look here: 64-bit numbers as text, and fields that are not on the wire as their defaults. */
const plain = { longs: String, enums: String, bytes: Buffer, defaults: true };

function codec(type: protobuf.Type) {
  return {
    serialize: (message: Message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    deserialize: (bytes: Buffer): Message => type.toObject(type.decode(bytes), plain),
  };
}

function connect(serviceName: string, endpoint: string) {
  const service = root.lookupService(serviceName);
  const definition: Record<string, MethodDefinition<Message, Message>> = {};
  for (const method of service.methodsArray) {
    method.resolve();
    const request = codec(method.resolvedRequestType!);
    const response = codec(method.resolvedResponseType!);
    definition[method.name] = {
      path: `/${serviceName}/${method.name}`,
      requestStream: method.requestStream ?? false,
      responseStream: method.responseStream ?? false,
      requestSerialize: request.serialize,
      requestDeserialize: request.deserialize,
      responseSerialize: response.serialize,
      responseDeserialize: response.deserialize,
    };
  }
  const Client = makeGenericClientConstructor(definition, service.name);
  const client = new Client(endpoint, credentials.createInsecure());
  return {
    call: (name: string, request: Message) =>
      new Promise<Message>((resolve, reject) => {
        const method = (client[name] as Call).bind(client);
        method(request, { deadline: Date.now() + 5000 }, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      }),
    stream: (name: string) => (client[name] as OpenStream).call(client),
    close: () => client.close(),
  };
}

interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly version: string;
}

async function session(endpoint: string): Promise<void> {
  const kv = connect('etcdserverpb.KV', endpoint);
  const watch = connect('etcdserverpb.Watch', endpoint);
  const prefix = { key: Buffer.from('fruit/'), range_end: Buffer.from('fruit0') };

  await kv.call('DeleteRange', prefix);

  const watching = watch.stream('Watch');
  watching.on('error', () => {}); // It is cancelled below.
  watching.write({ create_request: prefix });
  const watched = watching[Symbol.asyncIterator]() as AsyncIterator<{ events: { type: string; kv: Pair }[] }>;
  await watched.next(); // The first response says that the watcher is there.

  await kv.call('Put', { key: Buffer.from('fruit/apple'), value: Buffer.from('red') });
  await kv.call('Put', { key: Buffer.from('fruit/pear'), value: Buffer.from('green') });
  await kv.call('Put', { key: Buffer.from('fruit/apple'), value: Buffer.from('yellow'), prev_kv: true });

  const { kvs, count } = (await kv.call('Range', prefix)) as { kvs: Pair[]; count: string };
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
  kv.close();
  watch.close();
}

const given = process.argv[2];
if (given === undefined) {
  await using member = await startMember({ memory: true, listenClientUrls: ['http://127.0.0.1:0'] });
  await session(new URL(member.clientUrls[0]!).host);
} else {
  await session(given);
}
