/**
 * Keeps the leases of a client alive, all on one stream.
 *
 * A lease is renewed every third of its time. It counts as lost at once when a server says that it is gone, and when
 * no renewal was answered for its whole time, counted from when the last answered one was *sent*: the server counts from
 * later, so it is never thought alive here when it is dead there. A server that lets a renewal wait for a third of the
 * time is left for another.
 */

import type { RpcChannelStream } from '../rpc/channel.ts';
import type { Clock, Timer } from '../util/runtime.ts';
import { decodeLeaseKeepAliveResponse, encodeLeaseKeepAliveRequest } from '../wire/lease-codec.ts';
import type { Caller } from './caller.ts';
import { SteadyStream } from './steady-stream.ts';

/** A lease as the keeper sees it. */
export interface Kept {
  readonly id: bigint;
  /** Seconds the server gave it when it was last asked. */
  ttl: number;
  /** A renewal was answered; `ttl` is up to date. */
  renewed(): void;
  lost(why: string): void;
}

interface Entry {
  readonly kept: Kept;
  /** When the renewal was sent that is not answered yet; null: none is. */
  sentAt: number | null;
  nextAt: number;
  expiresAt: number;
}

const renewalsPerTtl = 3;

export class KeepAlive {
  readonly #caller: Caller;
  readonly #clock: Clock;
  readonly #entries = new Map<bigint, Entry>();
  #steady: SteadyStream | null = null;
  #stream: RpcChannelStream | null = null;
  #timer: Timer | null = null;

  constructor(caller: Caller) {
    this.#caller = caller;
    this.#clock = caller.options.runtime.clock;
  }

  /** @param grantedAt when the lease was asked for, by the clock */
  add(kept: Kept, grantedAt: number): void {
    const entry = {
      kept,
      sentAt: null,
      nextAt: grantedAt + intervalMs(kept),
      expiresAt: grantedAt + kept.ttl * 1000,
    };
    this.#entries.set(kept.id, entry);
    if (this.#steady === null) this.#open();
    this.#schedule();
  }

  /** It may run out; nothing more is said of it. */
  remove(id: bigint): void {
    this.#entries.delete(id);
    if (this.#entries.size === 0) this.close();
    else this.#schedule();
  }

  /** Milliseconds that are left for sure; 0 for a lease that is not kept. */
  remainingMs(id: bigint): number {
    const entry = this.#entries.get(id);
    return entry === undefined ? 0 : Math.max(0, entry.expiresAt - this.#clock.now());
  }

  /** Stops renewing. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#stream = null;
    this.#steady?.close();
    this.#steady = null;
  }

  /** The client is closed: every lease is on its own. */
  abandon(why: string): void {
    this.close();
    for (const [id, { kept }] of [...this.#entries]) {
      this.#entries.delete(id);
      kept.lost(why);
    }
  }

  #open(): void {
    const spec = { path: '/etcdserverpb.Lease/LeaseKeepAlive', requireLeader: false };
    this.#steady = new SteadyStream(this.#caller, spec, {
      onOpen: (stream) => {
        this.#stream = stream;
        for (const entry of this.#entries.values()) {
          // What was sent on the stream before may have been lost with it.
          if (entry.sentAt !== null) entry.nextAt = this.#clock.now();
          entry.sentAt = null;
        }
        this.#tick();
      },
      onMessage: (response) => this.#onAnswer(response),
      onInterrupted: () => {
        this.#stream = null;
      },
      onFailed: (error) => {
        this.#steady = null;
        this.#stream = null;
        for (const [id, { kept }] of [...this.#entries]) {
          this.#entries.delete(id);
          kept.lost(error.message);
        }
      },
    });
    this.#steady.start();
  }

  #onAnswer(bytes: Uint8Array): void {
    const { id, ttl } = decodeLeaseKeepAliveResponse(bytes);
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.sentAt === null) return;
    if (ttl <= 0) {
      this.#lose(entry, 'it ran out or was revoked');
      return;
    }
    const { kept, sentAt } = entry;
    kept.ttl = ttl;
    entry.expiresAt = sentAt + ttl * 1000;
    entry.nextAt = sentAt + intervalMs(kept);
    entry.sentAt = null;
    kept.renewed();
    this.#schedule();
  }

  #lose(entry: Entry, why: string): void {
    this.#entries.delete(entry.kept.id);
    if (this.#entries.size === 0) this.close();
    entry.kept.lost(why);
  }

  /** Does what is due: losses first, then renewals. */
  #tick(): void {
    const now = this.#clock.now();
    let isStuck = false;
    for (const entry of [...this.#entries.values()]) {
      const { kept, sentAt } = entry;
      if (entry.expiresAt <= now) {
        this.#lose(entry, `no renewal was answered within ${kept.ttl} s`);
      } else if (sentAt !== null) {
        isStuck ||= sentAt + intervalMs(kept) <= now;
      } else if (entry.nextAt <= now && this.#stream !== null) {
        entry.sentAt = now;
        this.#stream.write(encodeLeaseKeepAliveRequest(kept.id));
      }
    }
    if (isStuck && this.#stream !== null) {
      this.#stream = null;
      this.#steady!.blameEndpoint();
      this.#steady!.reopen(null);
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = null;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { kept, sentAt, nextAt, expiresAt } of this.#entries.values()) {
      dueAt = Math.min(dueAt, expiresAt);
      if (this.#stream !== null)
        dueAt = Math.min(dueAt, sentAt === null ? nextAt : sentAt + intervalMs(kept));
    }
    if (dueAt === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(Math.max(0, dueAt - this.#clock.now()), () => this.#tick());
  }
}

function intervalMs({ ttl }: Kept): number {
  return (ttl * 1000) / renewalsPerTtl;
}
