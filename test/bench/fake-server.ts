/** A gRPC server made of node:http2 that accepts every put; for tests of the generator. */

import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface FakeServer {
  readonly port: number;
  /** Message bytes of every put, without the gRPC prefix. */
  readonly requests: Buffer[];
  /** While true, answers are held back. */
  hold: boolean;
  /** Answers what was held back. */
  release(): void;
  close(): Promise<void>;
}

export interface FakeOptions {
  readonly settings?: http2.Settings;
  /** Code and text of every answer. @default 0 */
  readonly code?: number;
  readonly message?: string;
}

export async function fakeServer(options: FakeOptions = {}): Promise<FakeServer> {
  const server = http2.createServer({ settings: options.settings ?? {} });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  const held: (() => void)[] = [];
  const fake: FakeServer = {
    port: 0,
    requests: [],
    hold: false,
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      fake.requests.push(Buffer.concat(chunks).subarray(5));
      const answer = (): void => {
        if (stream.destroyed) return;
        const { code = 0, message = '' } = options;
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) }),
        );
        if (code === 0) stream.end(Buffer.from([0, 0, 0, 0, 2, 10, 0]));
        else stream.end();
      };
      if (fake.hold) held.push(answer);
      else answer();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(fake, { port: (server.address() as AddressInfo).port });
}
