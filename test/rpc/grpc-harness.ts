/** A transport behind a plain listening socket, and the clients that the tests speak to it with. */

import type { ClientHttp2Session } from 'node:http2';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { ServiceError } from '@grpc/grpc-js';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { RpcMethods, RpcTransport, RpcTransportOptions } from '../../src/rpc/transport.ts';
import { nodeRuntime } from '../../src/util/node-runtime.ts';
import type { Logger, Runtime } from '../../src/util/runtime.ts';
import { silentLogger } from '../../src/util/runtime.ts';

export type MakeTransport = (options: RpcTransportOptions) => RpcTransport;

export const MAX_RECEIVE_BYTES = 2 * 1024 * 1024;

/** Remembers the error lines. */
export class ErrorLog implements Logger {
  readonly lines: string[] = [];
  debug = silentLogger.debug;
  info = silentLogger.info;
  warn = silentLogger.warn;
  error = (message: string): void => {
    this.lines.push(message);
  };
}

export class Harness {
  readonly transport: RpcTransport;
  readonly errors = new ErrorLog();
  readonly runtime: Runtime;
  readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private readonly clients: Client[] = [];
  private readonly sessions: ClientHttp2Session[] = [];

  private constructor(make: MakeTransport, methods: RpcMethods) {
    this.runtime = nodeRuntime({ log: this.errors });
    this.transport = make({
      methods,
      unknownMethod: (path) => `unknown method 100% ${path}`,
      maxReceiveBytes: MAX_RECEIVE_BYTES,
      maxConcurrentStreams: 4096,
      runtime: this.runtime,
    });
    this.server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      this.transport.accept(socket);
    });
  }

  static async open(make: MakeTransport, methods: RpcMethods): Promise<Harness> {
    const harness = new Harness(make, methods);
    await new Promise<void>((resolve) => harness.server.listen(0, '127.0.0.1', resolve));
    return harness;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  client(): Client {
    const client = new Client(`127.0.0.1:${this.port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_retries': 0,
    });
    this.clients.push(client);
    return client;
  }

  http2(): ClientHttp2Session {
    const session = connectHttp2(`http://127.0.0.1:${this.port}`);
    session.on('error', () => {});
    this.sessions.push(session);
    return session;
  }

  raw(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  }

  async close(graceMs = 0): Promise<void> {
    for (const client of this.clients) client.close();
    for (const session of this.sessions) session.destroy();
    await new Promise<void>((resolve) => this.transport.close(graceMs, resolve));
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

export const asIs = (bytes: Buffer): Buffer => bytes;

export interface Answer {
  code: number;
  message: string;
  response: Buffer | null;
}

/** One unary call; never rejects. */
export function unary(
  client: Client,
  path: string,
  request: Uint8Array,
  metadata: Metadata = new Metadata(),
  deadlineMs?: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    const answered = (error: ServiceError | null, response?: Buffer): void => {
      if (error === null) resolve({ code: 0, message: '', response: response ?? null });
      else resolve({ code: error.code, message: error.details, response: null });
    };
    client.makeUnaryRequest(path, asIs, asIs, Buffer.from(request), metadata, options, answered);
  });
}

/** A message with its gRPC prefix. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The headers of a gRPC request, for clients that speak HTTP/2 themselves. */
export function requestHeaders(path: string): Record<string, string> {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}
