/**
 * `RpcChannel` on `@grpc/grpc-js`, with its public API alone.
 *
 * Two traps of grpc-js are dealt with here. A failure does not say whether the request left: only its text tells a pick
 * that found no connection, and a stream that the server refused unseen, from everything else. And channels of equal
 * options share their connections process-wide unless each has a pool of its own: a client that is closed would leave
 * them open.
 */

import type {
  ChannelCredentials,
  ChannelOptions,
  Client,
  ClientDuplexStream,
  Metadata,
  ServiceError,
} from '@grpc/grpc-js';
import type { Runtime } from '../util/runtime.ts';
import type {
  ChannelTls,
  RpcChannel,
  RpcChannelCall,
  RpcChannelListener,
  RpcChannelOptions,
  RpcChannelStream,
  RpcFailure,
  RpcMetadata,
  UnaryDone,
} from './channel.ts';
import { grpcJs } from './grpc-js.ts';

/** Bytes of one call that may be under way to us. HTTP/2's 64 KiB would stall large ranges and snapshots. */
const receiveWindowBytes = 4 * 1024 * 1024;

/** How the texts of failures begin for which the request never reached a handler. */
const unsentTexts: readonly string[] = [
  'No connection established',
  'Name resolution failed',
  'Stream refused by server',
  'Channel closed before call started',
  'Failed to start HTTP/2 stream',
];

const closedFailure: RpcFailure = { code: 14, message: 'Channel closed before call started', sent: false };

function ignore(): void {}

/** A call on a closed channel, which grpc-js would throw at: it fails a moment later, unless it is cancelled. */
function closedCall(fail: () => void): RpcChannelStream {
  let isCancelled = false;
  Promise.resolve().then(() => {
    if (!isCancelled) fail();
  });
  const cancel = (): void => {
    isCancelled = true;
  };
  return { write: ignore, halfClose: ignore, pause: ignore, resume: ignore, cancel };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asBytes(bytes: Buffer): Uint8Array {
  return bytes;
}

function pem(part: string | Uint8Array | undefined): Buffer | null {
  if (part === undefined) return null;
  return typeof part === 'string' ? Buffer.from(part) : asBuffer(part);
}

function channelCredentials(tls: ChannelTls | null): ChannelCredentials {
  const { credentials } = grpcJs();
  if (tls === null) return credentials.createInsecure();
  const verify = tls.insecureSkipVerify === true ? { rejectUnauthorized: false } : {};
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), verify);
}

function failureOf(error: ServiceError): RpcFailure {
  const { code, details } = error;
  return { code, message: details, sent: !unsentTexts.some((text) => details.startsWith(text)) };
}

/** The channel to one endpoint. Nothing is connected before it is needed. */
export function grpcJsChannel(options: RpcChannelOptions): RpcChannel {
  return new GrpcJsChannel(options);
}

class GrpcJsChannel implements RpcChannel {
  readonly #client: Client;
  readonly #runtime: Runtime;
  /** Metadata of the calls so far, which are few different ones: grpc-js copies what it is given. */
  readonly #metadata = new WeakMap<RpcMetadata, Metadata>();
  #isClosed = false;

  constructor(options: RpcChannelOptions) {
    const { address, tls } = options;
    this.#runtime = options.runtime;
    const channelOptions: ChannelOptions = {
      'grpc.enable_channelz': 0,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.service_config_disable_resolution': 1,
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': options.maxReceiveBytes,
      'grpc.keepalive_time_ms': options.keepaliveMs,
      'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
      'grpc.initial_reconnect_backoff_ms': options.reconnectMinMs,
      'grpc.max_reconnect_backoff_ms': options.reconnectMaxMs,
      'grpc.dns_min_time_between_resolutions_ms': options.reconnectMinMs,
      'grpc-node.flow_control_window': receiveWindowBytes,
    };
    if (tls?.serverName !== undefined) {
      channelOptions['grpc.ssl_target_name_override'] = tls.serverName;
      channelOptions['grpc.default_authority'] = tls.serverName;
    }
    const target = address.startsWith('unix:') ? address : `dns:${address}`;
    this.#client = new (grpcJs().Client)(target, channelCredentials(tls), channelOptions);
  }

  get isReady(): boolean {
    return (
      !this.#isClosed &&
      this.#client.getChannel().getConnectivityState(false) === grpcJs().connectivityState.READY
    );
  }

  connect(): void {
    if (!this.#isClosed) this.#client.getChannel().getConnectivityState(true);
  }

  unary(
    path: string,
    request: Uint8Array,
    metadata: RpcMetadata,
    done: UnaryDone,
    timeoutMs = 0,
  ): RpcChannelCall {
    let isOver = false;
    if (this.#isClosed) return closedCall(() => done(closedFailure, null));
    const call = this.#client.makeUnaryRequest(
      path,
      asBuffer,
      asBytes,
      request,
      this.#metadataOf(metadata),
      timeoutMs > 0 ? { deadline: this.#deadline(timeoutMs) } : {},
      (error, response) => {
        if (isOver) return;
        isOver = true;
        if (error !== null) done(failureOf(error), null);
        else done(null, response!);
      },
    );
    return {
      cancel: () => {
        if (isOver) return;
        isOver = true;
        call.cancel();
      },
    };
  }

  stream(path: string, metadata: RpcMetadata, listener: RpcChannelListener): RpcChannelStream {
    if (this.#isClosed) return closedCall(() => listener.onEnd(closedFailure));
    const call = this.#client.makeBidiStreamRequest(path, asBuffer, asBytes, this.#metadataOf(metadata), {});
    return new GrpcJsStream(call, listener);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.close();
  }

  /** grpc-js wants an instant of the wall clock. */
  #deadline(timeoutMs: number): number {
    return this.#runtime.clock.wallNow() + timeoutMs;
  }

  #metadataOf(entries: RpcMetadata): Metadata {
    let metadata = this.#metadata.get(entries);
    if (metadata === undefined) {
      metadata = new (grpcJs().Metadata)();
      for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
      this.#metadata.set(entries, metadata);
    }
    return metadata;
  }
}

class GrpcJsStream implements RpcChannelStream {
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #listener: RpcChannelListener;
  #isOver = false;

  constructor(call: ClientDuplexStream<Uint8Array, Uint8Array>, listener: RpcChannelListener) {
    this.#call = call;
    this.#listener = listener;
    call.on('data', (response: Uint8Array) => {
      if (!this.#isOver) listener.onMessage(response);
    });
    // A failure comes as `error` before any `end`; messages that were not read by then are lost with it.
    call.on('error', (error: ServiceError) => this.#finish(failureOf(error)));
    call.on('end', () => this.#finish(null));
  }

  #finish(failure: RpcFailure | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.onEnd(failure);
  }

  write(request: Uint8Array): void {
    if (!this.#isOver) this.#call.write(request);
  }

  halfClose(): void {
    if (!this.#isOver) this.#call.end();
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.cancel();
  }
}
