/** Single questions to one member, as promises: for health, leadership and probes, never for load. */

import { H2Client, UNAVAILABLE } from './h2-client.ts';
import {
  countRequest,
  PUT_PATH,
  putRequest,
  RANGE_PATH,
  rangeCount,
  responseHeader,
  STATUS_PATH,
  type Status,
  statusResponse,
} from './messages.ts';

export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly response: Buffer | null;
}

type Listener = (answer: Answer) => void;

/** One connection, opened at the first question and again after it broke. */
export class Asker {
  readonly host = '127.0.0.1';
  readonly port: number;
  #client: H2Client | null = null;
  readonly #listeners = new Map<number, Listener>();
  #nextSlot = 0;

  constructor(port: number) {
    this.port = port;
  }

  /** Asks; the listener is called once. An answer that never comes is the caller's to give up on. */
  ask(path: string, message: Uint8Array, listener: Listener): void {
    const slot = this.#nextSlot++;
    this.#listeners.set(slot, listener);
    this.#client ??= this.#connect();
    this.#client.start(slot, path, message);
  }

  #connect(): H2Client {
    const client: H2Client = new H2Client(
      {
        host: this.host,
        port: this.port,
        keepBodies: true,
        onDone: (slot, code, message, response) => {
          const listener = this.#listeners.get(slot);
          this.#listeners.delete(slot);
          listener?.({ code, message, response });
        },
        onClose: () => {
          if (this.#client === client) this.#client = null;
        },
      },
      () => {},
    );
    return client;
  }

  /** @returns the answer, or UNAVAILABLE after the time is up. */
  call(path: string, message: Uint8Array, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve({ code: UNAVAILABLE, message: `no answer within ${timeoutMs} ms`, response: null });
      }, timeoutMs);
      this.ask(path, message, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  put(key: string, value: string, timeoutMs: number): Promise<Answer> {
    return this.call(PUT_PATH, putRequest(Buffer.from(key), Buffer.from(value)), timeoutMs);
  }

  /** Null while the member does not answer. */
  async status(timeoutMs: number): Promise<Status | null> {
    const answer = await this.call(STATUS_PATH, Buffer.alloc(0), timeoutMs);
    return answer.response === null ? null : statusResponse(answer.response);
  }

  /** Number of keys in [from, to) and the revision of the store, from a linearizable read. */
  async count(from: string, to: string, timeoutMs: number): Promise<{ count: number; revision: number }> {
    const message = countRequest(Buffer.from(from), Buffer.from(to));
    const answer = await this.call(RANGE_PATH, message, timeoutMs);
    if (answer.response === null) throw new Error(`counting keys failed: ${answer.message}`);
    return { count: rangeCount(answer.response), revision: responseHeader(answer.response).revision };
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}
