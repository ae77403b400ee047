/**
 * Clients that write without a break while something is done to the cluster, each put under a key of its own, and that
 * remember what they were told.
 *
 * Half of them are `keelson/client` with all members' addresses, which moves to another member and repeats what certainly
 * did not happen; half are plain connections to one member each, which repeat nothing and dial the next member
 * when theirs is gone.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { connect, EtcdError } from '../src/client/index.ts';
import { H2Client } from './h2-client.ts';
import { PUT_PATH, putRequest } from './messages.ts';

export interface WriterOptions {
  /** Ports of the members; may be changed while writing. */
  readonly ports: () => readonly number[];
  /** Of each kind. */
  readonly writers: number;
  /** In flight per writer. */
  readonly streams: number;
  readonly valueBytes: number;
}

/** What was counted since the last `take`. */
export interface WriterFigures {
  readonly clientAcknowledged: number;
  /** Refused for certain, by what the client said. */
  readonly clientFailed: number;
  /** The answer was lost: the put may have happened. */
  readonly clientInDoubt: number;
  readonly plainAcknowledged: number;
  /** Refused, or the connection broke with the put under way. */
  readonly plainFailed: number;
  /** The longest time without any acknowledgement, by kind. */
  readonly clientPauseMs: number;
  readonly plainPauseMs: number;
  readonly failures: Readonly<Record<string, number>>;
}

export const WRITTEN_FROM = 'written/';
export const WRITTEN_TO = 'written0';
const REDIAL_MS = 20;
const FAILED_REST_MS = 5;

class Tally {
  acknowledged = 0;
  failed = 0;
  inDoubt = 0;
  pauseMs = 0;
  #lastAt = performance.now();

  acknowledge(): void {
    this.acknowledged++;
    this.look();
    this.#lastAt = performance.now();
  }

  /** A pause that still lasts counts as far as it has come. */
  look(): void {
    this.pauseMs = Math.max(this.pauseMs, performance.now() - this.#lastAt);
  }

  clear(): void {
    this.acknowledged = 0;
    this.failed = 0;
    this.inDoubt = 0;
    this.pauseMs = 0;
  }
}

export class Writers {
  /** Keys that were acknowledged, since the beginning. */
  readonly acknowledged: Set<string> = new Set();
  readonly #options: WriterOptions;
  readonly #value: Buffer;
  readonly #client = new Tally();
  readonly #plain = new Tally();
  readonly #ended: Promise<void>[] = [];
  #failures: Record<string, number> = {};
  #isStopped = false;
  #next = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#value = Buffer.alloc(options.valueBytes, 0x76);
  }

  start(): void {
    for (let writer = 0; writer < this.#options.writers; writer++) {
      this.#ended.push(this.#writeByClient(writer), this.#writePlainly(writer));
    }
  }

  /** What was counted since the last call. */
  take(): WriterFigures {
    const [client, plain] = [this.#client, this.#plain];
    client.look();
    plain.look();
    const figures = {
      clientAcknowledged: client.acknowledged,
      clientFailed: client.failed,
      clientInDoubt: client.inDoubt,
      plainAcknowledged: plain.acknowledged,
      plainFailed: plain.failed,
      clientPauseMs: client.pauseMs,
      plainPauseMs: plain.pauseMs,
      failures: this.#failures,
    };
    client.clear();
    plain.clear();
    this.#failures = {};
    return figures;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#ended);
  }

  #key(): string {
    return `${WRITTEN_FROM}${String(this.#next++).padStart(10, '0')}`;
  }

  #note(text: string): void {
    this.#failures[text] = (this.#failures[text] ?? 0) + 1;
  }

  async #writeByClient(writer: number): Promise<void> {
    const ports = this.#options.ports();
    const first = writer % ports.length;
    const turned = [...ports.slice(first), ...ports.slice(0, first)];
    const client = connect({ endpoints: turned.map((port) => `http://127.0.0.1:${port}`) });
    const stream = async (): Promise<void> => {
      for (let key = this.#key(); !this.#isStopped; key = this.#key()) {
        try {
          await client.put(key, this.#value);
          this.acknowledged.add(key);
          this.#client.acknowledge();
        } catch (error) {
          const { reason, mayHaveHappened } = error as EtcdError;
          if (error instanceof EtcdError && mayHaveHappened) this.#client.inDoubt++;
          else this.#client.failed++;
          this.#note(`client: ${reason ?? String(error)}`);
          await pause(FAILED_REST_MS);
        }
      }
    };
    // Those who follow members as they come and go ask for them, as clients of etcd do.
    const sync = setInterval(() => void client.syncEndpoints().catch(() => {}), 1000);
    await Promise.all(Array.from({ length: this.#options.streams }, stream));
    clearInterval(sync);
    await client.close();
  }

  async #writePlainly(writer: number): Promise<void> {
    for (let turn = writer; !this.#isStopped; turn++) {
      const ports = this.#options.ports();
      await this.#usePort(ports[turn % ports.length]!);
      if (!this.#isStopped) await pause(REDIAL_MS);
    }
  }

  /** Writes over one connection for as long as it lasts. */
  #usePort(port: number): Promise<void> {
    return new Promise((resolve) => {
      const keys: string[] = [];
      let client: H2Client;
      let underWay = 0;
      let isClosed = false;
      const put = (slot: number): void => {
        const key = this.#key();
        keys[slot] = key;
        underWay++;
        client.start(slot, PUT_PATH, putRequest(Buffer.from(key), this.#value));
      };
      const done = (slot: number, code: number, message: string): void => {
        underWay--;
        if (code === 0) {
          this.acknowledged.add(keys[slot]!);
          this.#plain.acknowledge();
        } else {
          this.#plain.failed++;
          this.#note(`plain: ${code} ${message.slice(0, 60)}`);
        }
        if (isClosed || client.isDraining) return;
        if (this.#isStopped) {
          if (underWay === 0) client.close();
        } else if (code === 0) put(slot);
        else setTimeout(() => again(slot), FAILED_REST_MS);
      };
      const again = (slot: number): void => {
        if (isClosed || client.isDraining) return;
        if (!this.#isStopped) put(slot);
        else if (underWay === 0) client.close();
      };
      const closed = (): void => {
        isClosed = true;
        resolve();
      };
      client = new H2Client(
        { host: '127.0.0.1', port, keepBodies: false, onDone: done, onClose: closed },
        () => {
          for (let slot = 0; slot < this.#options.streams; slot++) put(slot);
        },
      );
    });
  }
}
