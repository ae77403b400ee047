/** A member behind a real port on loopback, with gRPC and HTTP, and clients for both. */

import type { ClientDuplexStream } from '@grpc/grpc-js';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { versionsOf } from '../../src/embed/client-ports.ts';
import { statusOf } from '../../src/etcd/errors.ts';
import { type EtcdOptions, etcdMethods, maxReceiveBytes, unknownMethod } from '../../src/etcd/services.ts';
import { httpHandler } from '../../src/http/handler.ts';
import type { MemberLimits } from '../../src/member/types.ts';
import { grpcJsTransport } from '../../src/rpc/grpc-js-transport.ts';
import { listen, type Port } from '../../src/rpc/port.ts';
import { type Answer, asIs, unary } from '../rpc/grpc-harness.ts';
import { FakeMember } from './fake-member.ts';

/** What came over a stream so far. */
export class StreamLog {
  readonly messages: Buffer[] = [];
  /** `code text`, once it has ended. */
  ended: string | null = null;
  readonly call: ClientDuplexStream<Buffer, Buffer>;

  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    this.call = call;
    call.on('data', (message: Buffer) => this.messages.push(message));
    call.on('error', () => {});
    // The status overtakes messages that wait in the client; the end of the stream does not.
    let status = '';
    let isEnd = false;
    const look = (): void => {
      if (status !== '' && isEnd) this.ended = status;
    };
    call.on('status', ({ code, details }: { code: number; details: string }) => {
      status = `${code} ${details}`;
      look();
    });
    call.on('end', () => {
      isEnd = true;
      look();
    });
  }

  send(message: Uint8Array): void {
    this.call.write(Buffer.from(message));
  }
}

/** A client of the gRPC port at an address. */
export class Caller {
  readonly client: Client;
  readonly #streams: StreamLog[] = [];

  /** @param address `host:port` */
  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_retries': 0,
    });
  }

  /** Closing the client alone would leave its streams open. */
  closeClient(): void {
    for (const { call } of this.#streams) call.cancel();
    this.client.close();
  }

  /** @param path without its leading `/etcdserverpb.`, or a whole one */
  call(path: string, request: Uint8Array, metadata: Record<string, string> = {}): Promise<Answer> {
    return unary(this.client, fullPath(path), request, metadataOf(metadata));
  }

  /** `code text` of a call, `0 ` when it went well. */
  async outcome(path: string, request: Uint8Array, metadata: Record<string, string> = {}): Promise<string> {
    const { code, message } = await this.call(path, request, metadata);
    return `${code} ${message}`;
  }

  /** The response of a call that must go well. */
  async response(path: string, request: Uint8Array): Promise<Buffer> {
    const { code, message, response } = await this.call(path, request);
    if (response === null) throw new Error(`${path}: ${code} ${message}`);
    return response;
  }

  stream(path: string, metadata: Record<string, string> = {}): StreamLog {
    const call = this.client.makeBidiStreamRequest(fullPath(path), asIs, asIs, metadataOf(metadata));
    const log = new StreamLog(call);
    this.#streams.push(log);
    return log;
  }
}

export class Served extends Caller {
  readonly member: FakeMember;
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(member: FakeMember, port: Port, close: () => Promise<void>) {
    super(`127.0.0.1:${port.port}`);
    this.member = member;
    this.url = `http://127.0.0.1:${port.port}`;
    this.#close = close;
  }

  /** Closed with the test. */
  static async open(t: Test, limits: Partial<MemberLimits> = {}, options: EtcdOptions = {}): Promise<Served> {
    const member = await FakeMember.open(limits);
    const { runtime } = member;
    const transport = grpcJsTransport({
      methods: etcdMethods(member, options),
      unknownMethod,
      maxReceiveBytes: maxReceiveBytes(member.limits),
      maxConcurrentStreams: 4096,
      runtime,
    });
    const http = httpHandler(member, {
      versions: () => versionsOf(member),
      failureText: (failure) => statusOf(failure).message,
    });
    const port = await new Promise<Port>((resolve, reject) => {
      listen({ host: '127.0.0.1', port: 0, grpc: transport, http, runtime }, (failure, opened) =>
        opened === null ? reject(failure) : resolve(opened),
      );
    });
    const served = new Served(member, port, async () => {
      const ends = [port.close.bind(port), transport.close.bind(transport)];
      await Promise.all(ends.map((end) => new Promise<void>((resolve) => end(0, resolve))));
    });
    t.teardown(async () => {
      served.closeClient();
      await served.#close();
    });
    return served;
  }
}

function fullPath(path: string): string {
  return path.startsWith('/') ? path : `/etcdserverpb.${path}`;
}

function metadataOf(entries: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}
