/**
 * What clients find at a member that is not there yet because its log is damaged and the others have not taken it in anew
 * (`replacement.ts`): its health, and why. Nothing else is served.
 */

import type { HttpHandler } from '../rpc/http1.ts';
import { listen, type Port } from '../rpc/port.ts';
import type { Runtime } from '../util/runtime.ts';
import { called } from './client-ports.ts';
import type { ResolvedOptions } from './options.ts';

export class WaitingPorts {
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  #ports: Promise<readonly (Port | null)[]> | null = null;
  #why = '';

  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Says why, from now on. A port that is taken is left to the member itself to complain of. */
  tell(why: string): void {
    this.#why = why;
    const { listenClientUrls, listenClientHttpUrls, listenMetricsUrls, clientTls } = this.#options;
    const endpoints = [...listenClientUrls, ...listenClientHttpUrls, ...listenMetricsUrls];
    this.#ports ??= Promise.all(
      endpoints.map(
        ({ address, secure }) =>
          new Promise<Port | null>((resolve) => {
            const options = {
              ...(address.kind === 'tcp' ? address : { host: '', port: 0, path: address.path }),
              tls: secure ? clientTls : null,
              grpc: null,
              http: this.#handle,
              runtime: this.#runtime,
            };
            listen(options, (_failure, port) => resolve(port));
          }),
      ),
    );
  }

  readonly #handle: HttpHandler = (_request, response) => {
    response.statusCode = 503;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ health: 'false', reason: `CORRUPT: ${this.#why}` }));
  };

  async close(): Promise<void> {
    const ports = (await this.#ports) ?? [];
    await Promise.all(ports.map((port) => port && called((done) => port.close(0, done))));
  }
}
