/**
 * Hashing of passwords, with bcrypt as in etcd, so that the hashes of an etcd snapshot go on working here and ours there.
 *
 * It is slow on purpose (some 60 ms at the usual cost) and so never runs on the thread that serves: see
 * `password-worker.ts`. It is done by the member that is asked, before anything is proposed, which keeps passwords out of
 * the log and apply deterministic.
 */

import { compareSync, encodeBase64, hashSync } from 'bcryptjs';
import { Failure } from '../util/failure.ts';
import type { Logger, Random, Scheduler } from '../util/runtime.ts';

/** etcd's `--bcrypt-cost`; each step up doubles the time. */
export const defaultBcryptCost = 10;
const minBcryptCost = 4;
const maxBcryptCost = 31;
/** bcrypt looks at no more; longer passwords are refused, because their end would not count. */
export const maxPasswordBytes = 72;
/** Passwords that may wait to be hashed or compared. What comes beyond is refused. */
export const maxWaitingPasswords = 256;

const saltBytes = 16;

/** `done` is called once, not before the call returns. No error, text or log line holds a password or a hash. */
export interface Passwords {
  /** Fails with 'passwordTooLong', 'tooManyRequests'. */
  hash(password: string, done: (error: Error | null, hash: string) => void): void;
  /**
   * In constant time.
   * @param hash a bcrypt hash; any other text matches nothing. Null when there is no such user: takes as long as with
   *   one, so that the time does not tell which users there are.
   */
  compare(password: string, hash: string | null, done: (error: Error | null, matches: boolean) => void): void;
  close(): void;
}

/** What is compared with when there is nothing to compare with: a salt and no hash that a password could have. */
export function unmatchableHash(cost: number): string {
  return `${saltText(cost, new Uint8Array(saltBytes))}${'.'.repeat(31)}`;
}

/** A cost that bcrypt takes, or etcd's default with a warning. */
export function bcryptCost(given: number, log: Pick<Logger, 'warn'>): number {
  if (Number.isInteger(given) && given >= minBcryptCost && given <= maxBcryptCost) return given;
  log.warn('the bcrypt cost is out of range, the default is taken', {
    given,
    min: minBcryptCost,
    max: maxBcryptCost,
    default: defaultBcryptCost,
  });
  return defaultBcryptCost;
}

export function isTooLong(password: string): boolean {
  return Buffer.byteLength(password, 'utf8') > maxPasswordBytes;
}

/** A new salt with the version `2a` that Go's bcrypt writes. */
export function newSalt(cost: number, random: Random): string {
  const bytes = new Uint8Array(saltBytes);
  for (let at = 0; at < saltBytes; at += 4) new DataView(bytes.buffer).setUint32(at, random.uint32());
  return saltText(cost, bytes);
}

function saltText(cost: number, bytes: Uint8Array): string {
  return `$2a$${String(cost).padStart(2, '0')}$${encodeBase64(bytes, saltBytes)}`;
}

/** Hashes on this very thread, which waits: for tools that have nothing else to do. What is too long is cut, as bcrypt does. */
export function hashAtOnce(password: string, random: Random): string {
  return hashSync(password, newSalt(defaultBcryptCost, random));
}

/** Hashes on this very thread, in a later turn and at the lowest cost: for tests and the simulator. */
export class InlinePasswords implements Passwords {
  readonly #random: Random;
  readonly #scheduler: Scheduler;

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  hash(password: string, done: (error: Error | null, hash: string) => void): void {
    this.#scheduler.defer(() => {
      if (isTooLong(password)) done(new Failure('passwordTooLong'), '');
      else done(null, hashSync(password, newSalt(minBcryptCost, this.#random)));
    });
  }

  compare(
    password: string,
    hash: string | null,
    done: (error: Error | null, matches: boolean) => void,
  ): void {
    this.#scheduler.defer(() => done(null, compareSync(password, hash ?? unmatchableHash(minBcryptCost))));
  }

  close(): void {}
}
