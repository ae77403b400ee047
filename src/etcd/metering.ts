/**
 * Counts calls and messages, under the names that grpc-go's servers and etcd's have for them.
 *
 * What is counted are plain numbers per method, at the edge to the transport: whoever ended a call, and however, it ends
 * once. Calls that are under way are those begun less those ended, which is how dashboards see streams that are open.
 */

import {
  type CallObserver,
  type DirectHandler,
  type RpcMethod,
  type RpcStatus,
  type RpcStream,
  writeNumbered,
} from '../rpc/transport.ts';
import { type AddSeries, Histogram, type Labels, type Metrics } from '../util/metrics.ts';
import type { Clock } from '../util/runtime.ts';
import { varintBytes } from '../wire/proto-writer.ts';
import type { RpcShape } from './catalog.ts';
import { Code, codeNames } from './errors.ts';
import { RelayedStream } from './relayed-stream.ts';

export interface MethodFigures {
  readonly labels: Labels;
  started: number;
  received: number;
  sent: number;
  /** By status code; the last is for codes that gRPC does not know. */
  readonly handled: number[];
  /** From beginning to end; null unless it is wanted. */
  readonly seconds: Histogram | null;
}

/** Prometheus' own bounds, which grpc-go's servers use. */
const secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const unknownVersion = 'unknown';
/** Clients may write anything into their version: the names that are kept are bounded. */
const maxClientVersions = 100;

/** Methods whose failures are counted by themselves, and how etcd calls them. */
const streamNames: Readonly<Record<string, string>> = { Watch: 'watch', LeaseKeepAlive: 'lease-keepalive' };

export interface ClientFigures {
  unary: number;
  stream: number;
}

export class RpcMeter {
  readonly #methods: MethodFigures[] = [];
  readonly #clients = new Map<string, ClientFigures>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #timesCalls: boolean;
  /** Bytes of messages, without their frames. */
  receivedBytes = 0;
  sentBytes = 0;

  /** @param timesCalls histograms of how long calls take, per method: many series */
  constructor(clock: Pick<Clock, 'now'>, timesCalls: boolean) {
    this.#clock = clock;
    this.#timesCalls = timesCalls;
  }

  /** A method of the transport that counts its calls. */
  metered(service: string, name: string, shape: RpcShape, method: RpcMethod): RpcMethod {
    const figures: MethodFigures = {
      labels: { grpc_type: shape, grpc_service: service, grpc_method: name },
      started: 0,
      received: 0,
      sent: 0,
      handled: new Array<number>(codeNames.length + 1).fill(0),
      seconds: this.#timesCalls ? new Histogram(secondsBounds) : null,
    };
    this.#methods.push(figures);
    if (method.kind === 'stream') {
      const { handle } = method;
      return { kind: 'stream', handle: (stream) => handle(new MeteredStream(stream, figures, this)) };
    }
    const { handle, direct } = method;
    return {
      kind: 'unary',
      direct: direct === undefined ? undefined : this.#meteredDirect(figures, direct),
      handle: (request, call, reply) => {
        figures.received++;
        this.receivedBytes += request.length;
        const beganAt = this.begin(figures);
        let isOpen = true;
        handle(request, call, (status, response) => {
          if (isOpen) {
            isOpen = false;
            this.end(figures, status, beganAt);
            if (response !== null) {
              figures.sent++;
              this.sentBytes += response.length;
            }
          }
          reply(status, response);
        });
      },
    };
  }

  #meteredDirect(figures: MethodFigures, direct: DirectHandler): DirectHandler {
    const observer: CallObserver = {
      replied: (status, responseBytes, beganAt) => {
        this.end(figures, status, beganAt);
        if (responseBytes < 0) return;
        figures.sent++;
        this.sentBytes += responseBytes;
      },
    };
    return (request, call) => {
      figures.received++;
      this.receivedBytes += request.length;
      call.observer = observer;
      call.beganAt = this.begin(figures);
      direct(request, call);
    };
  }

  /** @returns what `end` wants to know */
  begin(figures: MethodFigures): number {
    figures.started++;
    return this.#timesCalls ? this.#clock.now() : 0;
  }

  end(figures: MethodFigures, status: RpcStatus | null, beganAt: number): void {
    const { handled, seconds } = figures;
    handled[status === null ? Code.Ok : Math.min(status.code, codeNames.length)]!++;
    seconds?.observe((this.#clock.now() - beganAt) / 1000);
  }

  /**
   * Where the calls of a client are counted.
   * @param version what the client calls itself, one character per byte, or undefined
   */
  client(version: string | undefined): ClientFigures {
    const name = version ?? unknownVersion;
    let figures = this.#clients.get(name);
    if (figures === undefined) {
      if (this.#clients.size >= maxClientVersions && name !== unknownVersion) return this.client(undefined);
      figures = { unary: 0, stream: 0 };
      this.#clients.set(name, figures);
    }
    return figures;
  }

  register(metrics: Metrics): void {
    const each = (read: (figures: MethodFigures) => number) => (add: AddSeries<number>) => {
      for (const figures of this.#methods) add(figures.labels, read(figures));
    };
    metrics.family(
      'counter',
      'grpc_server_started_total',
      'Calls that began.',
      each(({ started }) => started),
    );
    metrics.family(
      'counter',
      'grpc_server_msg_received_total',
      'Messages that came from clients.',
      each(({ received }) => received),
    );
    metrics.family(
      'counter',
      'grpc_server_msg_sent_total',
      'Messages that were sent to clients.',
      each(({ sent }) => sent),
    );
    metrics.family('counter', 'grpc_server_handled_total', 'Calls that ended, by their status.', (add) =>
      this.#addHandled(add),
    );
    if (this.#timesCalls) {
      metrics.histograms('grpc_server_handling_seconds', 'How long calls took.', (add) => {
        for (const { labels, seconds } of this.#methods) add(labels, seconds!);
      });
    }
    metrics.family(
      'counter',
      'etcd_network_server_stream_failures_total',
      'Streams of watches and of renewals that ended with an error of this member.',
      (add) => this.#addFailedStreams(add),
    );
    metrics.counter(
      'etcd_network_client_grpc_received_bytes_total',
      'Bytes of messages that came from clients.',
      () => this.receivedBytes,
    );
    metrics.counter(
      'etcd_network_client_grpc_sent_bytes_total',
      'Bytes of messages that were sent to clients.',
      () => this.sentBytes,
    );
    metrics.family(
      'counter',
      'etcd_server_client_requests_total',
      'Calls by the version that their client names.',
      (add) => this.#addClients(add),
    );
  }

  #addHandled(add: AddSeries<number>): void {
    for (const { labels, handled } of this.#methods) {
      for (let code = 0; code < codeNames.length; code++) {
        add({ ...labels, grpc_code: codeNames[code]! }, handled[code]!);
      }
      const others = handled[codeNames.length]!;
      if (others > 0) add({ ...labels, grpc_code: 'Code' }, others);
    }
  }

  /** In etcd's words. A client that leaves is no failure. */
  #addFailedStreams(add: AddSeries<number>): void {
    for (const { labels, handled } of this.#methods) {
      const name = streamNames[labels['grpc_method']!];
      if (name === undefined || !labels['grpc_service']!.startsWith('etcdserverpb.')) continue;
      const all = handled.reduce((sum, count) => sum + count, 0);
      add({ API: name, Type: 'receive' }, all - handled[Code.Ok]! - handled[Code.Canceled]!);
    }
  }

  #addClients(add: AddSeries<number>): void {
    for (const [version, { unary, stream }] of this.#clients) {
      const name = Buffer.from(version, 'latin1').toString();
      if (unary > 0) add({ type: 'unary', client_api_version: name }, unary);
      if (stream > 0) add({ type: 'stream', client_api_version: name }, stream);
    }
  }
}

/** Passes everything on, and counts it. */
class MeteredStream extends RelayedStream {
  readonly #figures: MethodFigures;
  readonly #meter: RpcMeter;
  readonly #beganAt: number;
  #isOver = false;

  constructor(stream: RpcStream, figures: MethodFigures, meter: RpcMeter) {
    super(stream);
    this.#figures = figures;
    this.#meter = meter;
    this.#beganAt = meter.begin(figures);
    stream.onCancel(() => {
      this.#end(canceled);
      this.tellCanceled();
    });
  }

  override onMessage(listener: (request: Uint8Array) => void): void {
    this.stream.onMessage((request) => {
      this.#figures.received++;
      this.#meter.receivedBytes += request.length;
      listener(request);
    });
  }

  override write(response: Uint8Array): boolean {
    if (!this.#isOver) {
      this.#figures.sent++;
      this.#meter.sentBytes += response.length;
    }
    return this.stream.write(response);
  }

  override writeNumbered(head: Uint8Array, number: number, tail: Uint8Array): boolean {
    if (!this.#isOver) {
      this.#figures.sent++;
      this.#meter.sentBytes += head.length + varintBytes(number) + tail.length;
    }
    return writeNumbered(this.stream, head, number, tail);
  }

  end(status: RpcStatus | null): void {
    this.#end(status);
    this.stream.end(status);
  }

  #end(status: RpcStatus | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#meter.end(this.#figures, status, this.#beganAt);
  }
}

const canceled: RpcStatus = { code: Code.Canceled, message: '' };
