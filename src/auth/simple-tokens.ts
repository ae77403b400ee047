/**
 * Simple tokens: 16 random letters, a dot, and the index of the log entry that made the token, as etcd's.
 *
 * Every member learns of a token when it applies that entry, and keeps it in memory until it was not used for a while, its
 * user got another password or went, or auth was disabled. Each member counts the time by itself, from the last use there.
 *
 * Tokens are found by their hash, which the engine seeds anew in each process: how long that takes tells nothing of letters
 * that are right. They are kept in the order of their last use, which is the order of their deadlines: the ones that are over
 * are always the first.
 */

import type { Clock, Random } from '../util/runtime.ts';
import type { Tokens } from './tokens.ts';
import type { Caller } from './types.ts';

/** etcd's `--auth-token-ttl`, in milliseconds. */
export const defaultTokenTtlMs = 300_000;
/** Tokens that are kept; the one unused for longest goes first. */
export const maxSimpleTokens = 100_000;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const prefixLetters = 16;
/** Numbers at and above would make the first letters of the alphabet more likely. */
const fairBelow = 2 ** 32 - (2 ** 32 % letters.length);
const form = /^([a-zA-Z]{16})\.([1-9][0-9]{0,14})$/;

interface SimpleToken {
  readonly user: string;
  /** By the monotonic clock. */
  deadline: number;
}

export class SimpleTokens implements Tokens {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Random;
  readonly #ttlMs: number;
  readonly #maxTokens: number;
  /**
   * Ascending by deadline. By the whole token: users who authenticate at the same time may share an entry of the log, and
   * have the index in common.
   */
  readonly #tokens = new Map<string, SimpleToken>();

  /** @param ttlMs how long an unused token lives; 0 and less are etcd's default. */
  constructor(
    clock: Pick<Clock, 'now'>,
    random: Random,
    ttlMs: number = defaultTokenTtlMs,
    maxTokens: number = maxSimpleTokens,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#ttlMs = ttlMs > 0 ? ttlMs : defaultTokenTtlMs;
    this.#maxTokens = maxTokens;
  }

  /** Tokens that are kept. */
  get size(): number {
    return this.#tokens.size;
  }

  newPrefix(): string {
    let prefix = '';
    while (prefix.length < prefixLetters) {
      const drawn = this.#random.uint32();
      if (drawn < fairBelow) prefix += letters[drawn % letters.length]!;
    }
    return prefix;
  }

  issue(_user: string, prefix: string, index: number): string {
    return `${prefix}.${index}`;
  }

  awaits(token: string): number {
    const parts = form.exec(token);
    return parts === null ? 0 : Number(parts[2]);
  }

  judge(token: string, authRevision: number): Caller | null {
    this.#sweep();
    const known = this.#tokens.get(token);
    if (known === undefined) return null;
    // To the end of the row.
    this.#tokens.delete(token);
    known.deadline = this.#clock.now() + this.#ttlMs;
    this.#tokens.set(token, known);
    return { user: known.user, revision: authRevision };
  }

  /** Prefixes of another form come from members with other options: such tokens are no simple ones. */
  authenticated(user: string, prefix: string, index: number): void {
    const token = this.issue(user, prefix, index);
    if (!form.test(token)) return;
    this.#sweep();
    if (this.#tokens.size >= this.#maxTokens) {
      for (const oldest of this.#tokens.keys()) {
        this.#tokens.delete(oldest);
        break;
      }
    }
    const deadline = this.#clock.now() + this.#ttlMs;
    this.#tokens.set(token, { user, deadline });
  }

  userChanged(user: string): void {
    for (const [token, known] of this.#tokens) {
      if (known.user === user) this.#tokens.delete(token);
    }
  }

  disabled(): void {
    this.#tokens.clear();
  }

  forget(): void {
    this.#tokens.clear();
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [token, { deadline }] of this.#tokens) {
      if (deadline > now) return;
      this.#tokens.delete(token);
    }
  }
}
