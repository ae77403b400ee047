/**
 * A gRPC client made from the files in `proto/` while the program runs: no generated code, and nothing of Keelson but its
 * contracts. It speaks to any etcd just as well. The other examples read and write with it.
 */

import { join } from 'node:path';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { credentials, Metadata, type MethodDefinition, makeGenericClientConstructor } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

export type Message = Record<string, unknown>;

type Headers = Readonly<Record<string, string>>;

export interface Client extends Disposable {
  /**
   * Calls a method that answers once, within five seconds. Rejects with the `code` and `details` of the refusal.
   * @param headers metadata to send along, such as the `token` of a user
   */
  call(method: string, request: Message, headers?: Headers): Promise<Message>;
  /** Opens a stream; what it brings can be read with `for await`. */
  stream(method: string, headers?: Headers): ClientDuplexStream<Message, Message>;
}

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(import.meta.dirname, '../proto', target);
for (const file of ['etcdserverpb/rpc.proto', 'v3lockpb/lock.proto', 'v3electionpb/election.proto'])
  root.loadSync(file, { keepCase: true });

/** How messages look here: 64-bit numbers as text, bytes as buffers, and what is not on the wire as its default. */
const plain = { longs: String, enums: String, bytes: Buffer, defaults: true };

function codec(type: protobuf.Type) {
  return {
    serialize: (message: Message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    deserialize: (bytes: Buffer): Message => type.toObject(type.decode(bytes), plain),
  };
}

function definitionOf(method: protobuf.Method, path: string): MethodDefinition<Message, Message> {
  method.resolve();
  const request = codec(method.resolvedRequestType!);
  const response = codec(method.resolvedResponseType!);
  return {
    path,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

/** A client of one service, such as `etcdserverpb.KV`, at `http://host:port`. Connects when it is first used. */
export function connect(service: string, url: string): Client {
  const methods = root
    .lookupService(service)
    .methodsArray.map((method): [string, MethodDefinition<Message, Message>] => {
      return [method.name, definitionOf(method, `/${service}/${method.name}`)];
    });
  const Generic = makeGenericClientConstructor(Object.fromEntries(methods), service);
  const client = new Generic(new URL(url).host, credentials.createInsecure());
  return {
    call: (method, request, headers = {}) =>
      new Promise((resolve, reject) => {
        const done = (error: Error | null, answer: Message) =>
          error === null ? resolve(answer) : reject(error);
        client[method]!(request, metadataOf(headers), { deadline: Date.now() + 5000 }, done);
      }),
    stream: (method, headers = {}) =>
      client[method]!(metadataOf(headers)) as ClientDuplexStream<Message, Message>,
    [Symbol.dispose]: () => client.close(),
  };
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
